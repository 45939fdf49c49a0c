#include "scenario/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "scratch.h"

static char *root;

/* A made-up /proc and /sys below a directory of our own. */
static void put(const char *path, const char *text) {
    free(scratch_write(root, path + 1, text));
}

static void begin(void) {
    root = scratch_new();
}

static void end(void) {
    scratch_remove(root);
}

static struct machine read_made(void) {
    struct machine m = {.cores = 4};
    machine_read_files(&m, root);
    return m;
}

static void limits_come_from_the_kernel_s_files(void) {
    begin();
    put("/proc/cpuinfo", "processor\t: 0\nmodel name\t: A Processor @ 2.10GHz\n");
    put("/proc/meminfo", "MemTotal:        8000000 kB\nMemFree:           10000 kB\nMemAvailable:    6000000 kB\n");
    put("/proc/sys/fs/nr_open", "1048576\n");
    put("/proc/sys/fs/file-max", "2000000\n");
    put("/proc/sys/fs/file-nr", "1504\t0\t2000000\n");
    put("/proc/sys/net/ipv4/ip_local_port_range", "32768\t60999\n");
    put("/proc/sys/net/ipv4/tcp_mem", "100\t200\t300\n");
    put("/proc/sys/net/core/somaxconn", "4096\n");
    put("/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n");
    struct machine m = read_made();
    CU_ASSERT_STRING_EQUAL(m.cpu, "A Processor @ 2.10GHz");
    CU_ASSERT_STRING_EQUAL(m.clock_source, "tsc");
    CU_ASSERT_EQUAL(m.memory_bytes, 8000000ull * 1024);
    CU_ASSERT_EQUAL(m.memory_available_bytes, 6000000ull * 1024);
    CU_ASSERT_EQUAL(m.nr_open, 1048576);
    CU_ASSERT_EQUAL(m.files_max, 2000000);
    CU_ASSERT_EQUAL(m.files_used, 1504);
    CU_ASSERT_EQUAL(machine_ports(&m), 28232);
    CU_ASSERT_EQUAL(m.tcp_memory_bytes, 300 * (uint64_t)sysconf(_SC_PAGESIZE));
    CU_ASSERT_EQUAL(m.somaxconn, 4096);
    CU_ASSERT_FALSE(m.conntrack);
    end();
}

static void conntrack_counts_only_where_it_is(void) {
    begin();
    put("/proc/sys/net/netfilter/nf_conntrack_max", "65536\n");
    put("/proc/sys/net/netfilter/nf_conntrack_count", "120\n");
    struct machine m = read_made();
    CU_ASSERT_TRUE(m.conntrack);
    CU_ASSERT_EQUAL(m.conntrack_max, 65536);
    CU_ASSERT_EQUAL(m.conntrack_used, 120);
    end();
}

static void the_tightest_control_group_on_the_way_up_counts(void) {
    begin();
    put("/proc/meminfo", "MemTotal: 8000000 kB\n");
    put("/proc/self/cgroup", "0::/outer/inner\n");
    put("/sys/fs/cgroup/outer/inner/memory.max", "max\n");
    put("/sys/fs/cgroup/outer/inner/cpu.max", "max 100000\n");
    put("/sys/fs/cgroup/outer/memory.max", "1073741824\n");
    put("/sys/fs/cgroup/outer/cpu.max", "150000 100000\n");
    struct machine m = read_made();
    CU_ASSERT_EQUAL(machine_memory(&m), 1073741824);
    CU_ASSERT_DOUBLE_EQUAL(machine_cores(&m), 1.5, 1e-9);
    end();
}

static void control_groups_of_version_1_are_read_as_well(void) {
    begin();
    put("/proc/meminfo", "MemTotal: 8000000 kB\n");
    put("/proc/self/cgroup", "7:memory:/box\n3:cpu,cpuacct:/box\n1:name=systemd:/\n");
    put("/sys/fs/cgroup/memory/box/memory.limit_in_bytes", "536870912\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"); /* how it says "no limit" */
    put("/sys/fs/cgroup/cpu/box/cpu.cfs_quota_us", "50000\n");
    put("/sys/fs/cgroup/cpu/box/cpu.cfs_period_us", "100000\n");
    put("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
    put("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
    struct machine m = read_made();
    CU_ASSERT_EQUAL(machine_memory(&m), 536870912);
    CU_ASSERT_DOUBLE_EQUAL(machine_cores(&m), 0.5, 1e-9);
    end();
}

static void a_system_that_says_nothing_gives_zeroes(void) {
    begin();
    struct machine m = read_made();
    CU_ASSERT_EQUAL(m.memory_bytes, 0);
    CU_ASSERT_EQUAL(machine_memory(&m), 0);
    CU_ASSERT_DOUBLE_EQUAL(machine_cores(&m), 4, 1e-9);
    CU_ASSERT_EQUAL(machine_ports(&m), 28232); /* the kernel's own default */
    CU_ASSERT_STRING_EQUAL(m.clock_source, "");
    end();
}

static void this_machine_answers(void) {
    struct machine m;
    machine_read(&m);
    CU_ASSERT_TRUE(m.cores >= 1);
    CU_ASSERT_TRUE(m.memory_bytes > 1 << 20);
    CU_ASSERT_TRUE(m.nofile_soft >= 1 && m.nofile_soft <= m.nofile_hard);
    CU_ASSERT_TRUE(strlen(m.kernel) > 0 && strlen(m.architecture) > 0);
    machine_probe(&m, "/");
    CU_ASSERT_NOT_EQUAL(m.private_tables, MACHINE_UNKNOWN);
    CU_ASSERT_NOT_EQUAL(m.drop_filter, MACHINE_UNKNOWN);
    CU_ASSERT_NOT_EQUAL(m.gnuplot, MACHINE_UNKNOWN);
    CU_ASSERT_TRUE(m.disk);
    setenv("PATH", "/nonexistent", 1);
    machine_probe(&m, "/nonexistent");
    CU_ASSERT_EQUAL(m.gnuplot, MACHINE_NO);
    CU_ASSERT_FALSE(m.disk);
}

HARNESS_MAIN("scenario/machine", HARNESS_CASE(limits_come_from_the_kernel_s_files),
             HARNESS_CASE(conntrack_counts_only_where_it_is),
             HARNESS_CASE(the_tightest_control_group_on_the_way_up_counts),
             HARNESS_CASE(control_groups_of_version_1_are_read_as_well),
             HARNESS_CASE(a_system_that_says_nothing_gives_zeroes), HARNESS_CASE(this_machine_answers))
