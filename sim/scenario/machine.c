#include "scenario/machine.h"

#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "transport/transport.h"

enum { LINE = 512, PORTS_DEFAULT = 28232 /* 32768 to 60999 */ };

/* --- files ---------------------------------------------------------------------------------------------------------- */

/* The first line of a file, without its end; "" when there is none. */
static const char *first_line(const char *root, const char *path, char *line) {
    char full[PATH_MAX];
    line[0] = '\0';
    if ((size_t)snprintf(full, sizeof full, "%s%s", root, path) >= sizeof full)
        return line;
    FILE *f = fopen(full, "re");
    if (f == NULL)
        return line;
    if (fgets(line, LINE, f) == NULL)
        line[0] = '\0';
    fclose(f);
    line[strcspn(line, "\n")] = '\0';
    return line;
}

/* The n-th number of a file's first line; 0 when there is none, UINT64_MAX for "max". */
static uint64_t number_of(const char *root, const char *path, unsigned n) {
    char line[LINE];
    const char *at = first_line(root, path, line);
    for (unsigned i = 0; i < n; i++) {
        at += strcspn(at, " \t");
        at += strspn(at, " \t");
    }
    if (strncmp(at, "max", 3) == 0)
        return UINT64_MAX;
    return *at >= '0' && *at <= '9' ? strtoull(at, NULL, 10) : 0;
}

/* What follows "key" and a colon on the first line that begins with it. */
static bool value_in(const char *root, const char *path, const char *key, char *value, size_t size) {
    char full[PATH_MAX], line[LINE];
    snprintf(full, sizeof full, "%s%s", root, path);
    FILE *f = fopen(full, "re");
    bool found = false;
    while (f != NULL && !found && fgets(line, sizeof line, f) != NULL) {
        const char *colon = strchr(line, ':');
        if (colon == NULL || strncmp(line, key, strlen(key)) != 0)
            continue;
        colon += 1 + strspn(colon + 1, " \t");
        snprintf(value, size, "%.*s", (int)strcspn(colon, "\n"), colon);
        found = true;
    }
    if (f != NULL)
        fclose(f);
    return found;
}

static uint64_t kilobytes_in(const char *root, const char *path, const char *key) {
    char value[LINE];
    return value_in(root, path, key, value, sizeof value) ? strtoull(value, NULL, 10) * 1024 : 0;
}

/* The limits of a control group hold for all groups below it: the tightest on the way up counts. */
static void take_memory(struct machine *m, const char *root, const char *path) {
    uint64_t bytes = number_of(root, path, 0);
    bool unlimited = bytes == 0 || bytes > (uint64_t)1 << 60; /* version 1 writes a huge number for "no limit" */
    if (!unlimited && (m->memory_limit_bytes == 0 || bytes < m->memory_limit_bytes))
        m->memory_limit_bytes = bytes;
}

static void take_quota(struct machine *m, uint64_t quota, uint64_t period) {
    double cores = quota > 0 && quota < UINT64_MAX && period > 0 ? (double)quota / (double)period : 0;
    if (cores > 0 && (m->cpu_quota <= 0 || cores < m->cpu_quota))
        m->cpu_quota = cores;
}

/* One group: of version 2, or of a version 1 hierarchy, which is mounted under its controller's name. */
static void take_group(struct machine *m, const char *root, const char *controllers, const char *group) {
    char path[LINE + 64];
    if (controllers[0] == '\0') {
        snprintf(path, sizeof path, "/sys/fs/cgroup%s/memory.max", group);
        take_memory(m, root, path);
        snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", group);
        take_quota(m, number_of(root, path, 0), number_of(root, path, 1));
    } else if (strcmp(controllers, "memory") == 0) {
        snprintf(path, sizeof path, "/sys/fs/cgroup/memory%s/memory.limit_in_bytes", group);
        take_memory(m, root, path);
    } else if (strcmp(controllers, "cpu") == 0 || strcmp(controllers, "cpu,cpuacct") == 0) {
        snprintf(path, sizeof path, "/sys/fs/cgroup/cpu%s/cpu.cfs_quota_us", group);
        uint64_t quota = number_of(root, path, 0);
        snprintf(path, sizeof path, "/sys/fs/cgroup/cpu%s/cpu.cfs_period_us", group);
        take_quota(m, quota, number_of(root, path, 0));
    }
}

/* "0::/user.slice", "4:memory:/docker/…": this process's group in each hierarchy. */
static void read_control_groups(struct machine *m, const char *root) {
    char path[PATH_MAX], line[LINE];
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *f = fopen(path, "re");
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':'), *group = controllers == NULL ? NULL : strchr(controllers + 1, ':');
        if (group == NULL)
            continue;
        *controllers++ = '\0';
        *group++ = '\0';
        for (char *end = group + strlen(group); end != NULL; end = strrchr(group, '/')) {
            *end = '\0';
            take_group(m, root, controllers, group);
        }
    }
    if (f != NULL)
        fclose(f);
}

void machine_read_files(struct machine *m, const char *root) {
    char line[LINE];
    long page = sysconf(_SC_PAGESIZE);
    uint64_t page_size = page > 0 ? (uint64_t)page : 4096;
    value_in(root, "/proc/cpuinfo", "model name", m->cpu, sizeof m->cpu);
    snprintf(m->clock_source, sizeof m->clock_source, "%.63s",
             first_line(root, "/sys/devices/system/clocksource/clocksource0/current_clocksource", line));
    m->memory_bytes = kilobytes_in(root, "/proc/meminfo", "MemTotal");
    m->memory_available_bytes = kilobytes_in(root, "/proc/meminfo", "MemAvailable");
    read_control_groups(m, root);
    m->nr_open = number_of(root, "/proc/sys/fs/nr_open", 0);
    m->files_max = number_of(root, "/proc/sys/fs/file-max", 0);
    m->files_used = number_of(root, "/proc/sys/fs/file-nr", 0);
    m->port_first = (unsigned)number_of(root, "/proc/sys/net/ipv4/ip_local_port_range", 0);
    m->port_last = (unsigned)number_of(root, "/proc/sys/net/ipv4/ip_local_port_range", 1);
    m->conntrack_max = number_of(root, "/proc/sys/net/netfilter/nf_conntrack_max", 0);
    m->conntrack_used = number_of(root, "/proc/sys/net/netfilter/nf_conntrack_count", 0);
    m->conntrack = m->conntrack_max > 0;
    m->tcp_memory_bytes = number_of(root, "/proc/sys/net/ipv4/tcp_mem", 2) * page_size;
    m->udp_memory_bytes = number_of(root, "/proc/sys/net/ipv4/udp_mem", 2) * page_size;
    m->somaxconn = number_of(root, "/proc/sys/net/core/somaxconn", 0);
}

/* --- the process ---------------------------------------------------------------------------------------------------- */

static unsigned count_cores(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return (unsigned)CPU_COUNT(&set);
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (unsigned)n : 1;
}

void machine_read(struct machine *m) {
    *m = (struct machine){.cores = count_cores()};
    machine_read_files(m, "");
    struct utsname u;
    if (uname(&u) == 0) {
        snprintf(m->name, sizeof m->name, "%s", u.nodename);
        snprintf(m->kernel, sizeof m->kernel, "%s %s", u.sysname, u.release);
        snprintf(m->architecture, sizeof m->architecture, "%s", u.machine);
    }
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        m->nofile_soft = files.rlim_cur;
        m->nofile_hard = files.rlim_max;
    }
    struct timex clock = {.modes = 0};
    int state = adjtimex(&clock);
    m->clock_synchronised = state < 0 ? MACHINE_UNKNOWN : state == TIME_ERROR ? MACHINE_NO : MACHINE_YES;
}

/* --- trying --------------------------------------------------------------------------------------------------------- */

/* A listener of the loopback and a connection to it: only an established connection shows whether a filter is allowed. */
static enum machine_answer try_filter(void) {
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof here;
    struct connection c = {.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    enum machine_answer answer = MACHINE_UNKNOWN;
    if (c.fd >= 0 && listener >= 0 && bind(listener, (struct sockaddr *)&here, size) == 0 && listen(listener, 1) == 0 &&
        getsockname(listener, (struct sockaddr *)&here, &size) == 0 &&
        connect(c.fd, (struct sockaddr *)&here, size) == 0)
        answer = transport_table[TRANSPORT_TCP]->silence(&c, true) == 0 ? MACHINE_YES : MACHINE_NO;
    if (c.fd >= 0)
        close(c.fd);
    if (listener >= 0)
        close(listener);
    return answer;
}

static bool in_path(const char *program) {
    const char *at = getenv("PATH");
    while (at != NULL && *at != '\0') {
        char full[PATH_MAX];
        size_t size = strcspn(at, ":");
        snprintf(full, sizeof full, "%.*s/%s", (int)size, at, program);
        if (size > 0 && access(full, X_OK) == 0)
            return true;
        at += size + (at[size] == ':');
    }
    return false;
}

void machine_probe(struct machine *m, const char *directory) {
    /* With one thread the table is not shared: nothing changes, and the kernel only says whether it may be asked. */
    m->private_tables = unshare(CLONE_FILES) == 0 ? MACHINE_YES : MACHINE_NO;
    m->drop_filter = try_filter();
    m->gnuplot = in_path("gnuplot") ? MACHINE_YES : MACHINE_NO;
    struct statvfs disk;
    m->disk = statvfs(directory, &disk) == 0;
    if (m->disk)
        m->disk_free_bytes = (uint64_t)disk.f_bavail * disk.f_frsize;
}

/* --- questions ------------------------------------------------------------------------------------------------------ */

uint64_t machine_memory(const struct machine *m) {
    bool limited = m->memory_limit_bytes > 0 && (m->memory_bytes == 0 || m->memory_limit_bytes < m->memory_bytes);
    return limited ? m->memory_limit_bytes : m->memory_bytes;
}

double machine_cores(const struct machine *m) {
    return m->cpu_quota > 0 && m->cpu_quota < m->cores ? m->cpu_quota : m->cores;
}

uint32_t machine_ports(const struct machine *m) {
    return m->port_first > 0 && m->port_last >= m->port_first ? m->port_last - m->port_first + 1 : PORTS_DEFAULT;
}
