#include "scenario/requirement.h"

#include <stdio.h>
#include <string.h>

#include "compiled.h"
#include "harness.h"

/* A machine on which everything is in order. */
static const struct machine good = {.kernel = "Linux 6.1",
                                    .cpu = "Processor",
                                    .clock_source = "tsc",
                                    .clock_synchronised = MACHINE_YES,
                                    .cores = 8,
                                    .memory_bytes = 16ull << 30,
                                    .memory_available_bytes = 12ull << 30,
                                    .nofile_soft = 1024,
                                    .nofile_hard = 20000,
                                    .nr_open = 1 << 20,
                                    .files_max = 4000000,
                                    .files_used = 2000,
                                    .private_tables = MACHINE_YES,
                                    .port_first = 32768,
                                    .port_last = 60999,
                                    .conntrack = true,
                                    .conntrack_max = 262144,
                                    .conntrack_used = 144,
                                    .tcp_memory_bytes = 1ull << 30,
                                    .udp_memory_bytes = 1ull << 30,
                                    .somaxconn = 4096,
                                    .drop_filter = MACHINE_YES,
                                    .gnuplot = MACHINE_YES,
                                    .disk = true,
                                    .disk_free_bytes = 100ull << 30};

static struct machine machine;
static struct compiled compiled;
static struct requirement_input in;
static struct requirement list[REQUIREMENT_ROWS_MAX];
static unsigned count;

/* Judges that scenario (NULL: none) on the machine. */
static void judge(const char *scenario) {
    in = (struct requirement_input){.machine = &machine};
    if (scenario != NULL) {
        compiled = compiled_with(scenario, &(struct plan_options){.has_seed = true, .seed = 1, .skip_resources = true});
        if (compiled.plan == NULL)
            compiled_print(&compiled);
        CU_ASSERT_PTR_NOT_NULL_FATAL(compiled.plan);
        in.plan = compiled.plan;
        in.needs = plan_resources_of(compiled.plan);
    }
    count = requirement_judge(&in, list);
}

static void again(void) {
    count = requirement_judge(&in, list);
}

static void done(void) {
    if (in.plan != NULL)
        compiled_free(&compiled);
    in.plan = NULL;
}

static const struct requirement *row(const char *id) {
    for (unsigned i = 0; i < count; i++)
        if (strcmp(list[i].row->id, id) == 0)
            return &list[i];
    return NULL;
}

static enum requirement_verdict verdict_of(const char *id) {
    const struct requirement *r = row(id);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r);
    if (r->verdict == REQUIREMENT_MET) {
        CU_ASSERT_STRING_EQUAL(r->fix, "");
    } else {
        CU_ASSERT_TRUE(r->why[0] != '\0' && r->fix[0] != '\0');
    }
    return r->verdict;
}

static bool fixed_by(const char *id, const char *words) {
    return strstr(row(id)->fix, words) != NULL;
}

static const char far_fleet[] = "version: 1\ntarget: mqtt://10.0.0.1:1883\nduration: 1min\n"
                                "fleets: {a: {count: 5000, telemetry: {every: 1s, topic: t}}}\n";
static const char near_fleet[] = "version: 1\ntarget: mqtt://127.0.0.1:1883\nduration: 1min\n"
                                 "fleets: {a: {count: 5000, telemetry: {every: 1s, topic: t}}}\n";

static void a_good_machine_meets_everything(void) {
    machine = good;
    judge(NULL);
    CU_ASSERT_EQUAL(requirement_worst(list, count), REQUIREMENT_MET);
    CU_ASSERT_TRUE(count >= 10);
    judge(near_fleet);
    CU_ASSERT_EQUAL(requirement_worst(list, count), REQUIREMENT_MET);
    for (unsigned i = 0; i < count; i++)
        CU_ASSERT_TRUE(list[i].have[0] != '\0');
    done();
}

static void what_the_system_does_not_tell_is_left_out(void) {
    machine = (struct machine){.cores = 1};
    judge(near_fleet);
    CU_ASSERT_EQUAL(requirement_worst(list, count), REQUIREMENT_MET);
    CU_ASSERT_PTR_NULL(row("memory"));
    CU_ASSERT_PTR_NULL(row("descriptors"));
    CU_ASSERT_PTR_NULL(row("clock"));
    done();
}

static void tables_multiply_the_descriptor_limit(void) {
    machine = good;
    machine.nofile_hard = 1024; /* 64 tables of 1024 − 300 are 46336 */
    judge(near_fleet);
    CU_ASSERT_EQUAL(verdict_of("descriptors"), REQUIREMENT_MET);
    machine.private_tables = MACHINE_NO;
    again();
    CU_ASSERT_EQUAL(verdict_of("descriptors"), REQUIREMENT_SHORT);
    CU_ASSERT_TRUE(fixed_by("descriptors", "prlimit --pid $$ --nofile=6000:6000"));
    done();
}

static void a_limit_above_nr_open_needs_nr_open_first(void) {
    machine = good;
    machine.nofile_hard = 1024;
    machine.private_tables = MACHINE_NO;
    machine.nr_open = 4096;
    judge(far_fleet);
    CU_ASSERT_EQUAL(verdict_of("nr_open"), REQUIREMENT_SHORT);
    CU_ASSERT_TRUE(fixed_by("nr_open", "fs.nr_open=6000"));
    machine.nofile_hard = 1 << 20;
    again();
    CU_ASSERT_EQUAL(verdict_of("nr_open"), REQUIREMENT_MET); /* nothing has to be raised */
    done();
}

static void both_ends_open_files_when_the_backend_is_here(void) {
    machine = good;
    machine.files_max = 10000;
    machine.files_used = 1000;
    judge(far_fleet);
    CU_ASSERT_EQUAL(verdict_of("system_files"), REQUIREMENT_MET);
    done();
    judge(near_fleet);
    CU_ASSERT_EQUAL(verdict_of("system_files"), REQUIREMENT_SHORT);
    CU_ASSERT_TRUE(fixed_by("system_files", "fs.file-max="));
    done();
}

static void ports_of_a_source_address_run_out(void) {
    machine = good;
    judge("version: 1\ntarget: mqtt://10.0.0.1:1883\nduration: 1min\nsources: 10.0.0.2\nfleets: {a: {count: 30000}}\n");
    CU_ASSERT_EQUAL(verdict_of("local_ports"), REQUIREMENT_SHORT);
    CU_ASSERT_PTR_NOT_NULL(strstr(row("local_ports")->why, "30000 connections to 10.0.0.1:1883 need 3 source"));
    machine.port_first = 1024;
    machine.port_last = 65535;
    again();
    CU_ASSERT_EQUAL(verdict_of("local_ports"), REQUIREMENT_TIGHT); /* they fit, and searching for a free one is slow */
    done();
}

static void memory_counts_both_ends_and_the_control_group(void) {
    machine = good;
    machine.memory_limit_bytes = machine.memory_available_bytes = 64 << 20;
    judge(far_fleet); /* about 24 MiB and 5,000 times 5 KB */
    CU_ASSERT_EQUAL(verdict_of("memory"), REQUIREMENT_MET);
    done();
    judge(near_fleet); /* and as many sockets at the other end */
    CU_ASSERT_EQUAL(verdict_of("memory"), REQUIREMENT_SHORT);
    CU_ASSERT_TRUE(fixed_by("memory", "muster run test.yaml --devices "));
    machine.memory_limit_bytes = 0;
    again();
    CU_ASSERT_EQUAL(verdict_of("memory"), REQUIREMENT_TIGHT); /* there is enough, but it is in use */
    done();
}

static void conntrack_has_to_have_room(void) {
    machine = good;
    machine.conntrack_max = 4096;
    judge(far_fleet);
    CU_ASSERT_EQUAL(verdict_of("conntrack"), REQUIREMENT_SHORT);
    CU_ASSERT_TRUE(fixed_by("conntrack", "nf_conntrack_max=6000"));
    machine.conntrack = false;
    again();
    CU_ASSERT_EQUAL(verdict_of("conntrack"), REQUIREMENT_MET);
    done();
}

static void buffers_and_backlogs_make_it_tight_never_impossible(void) {
    machine = good;
    machine.tcp_memory_bytes = 1 << 20;
    machine.somaxconn = 16;
    judge(near_fleet);
    CU_ASSERT_EQUAL(verdict_of("socket_memory"), REQUIREMENT_TIGHT);
    CU_ASSERT_EQUAL(verdict_of("backlog"), REQUIREMENT_TIGHT);
    CU_ASSERT_TRUE(fixed_by("backlog", "net.core.somaxconn="));
    done();
    judge(far_fleet); /* the backend listens elsewhere */
    CU_ASSERT_EQUAL(verdict_of("backlog"), REQUIREMENT_MET);
    done();
}

static void the_peak_load_takes_cores(void) {
    machine = good;
    machine.cores = 2;
    judge(far_fleet);
    CU_ASSERT_EQUAL(verdict_of("cores"), REQUIREMENT_MET); /* the load was not computed */
    in.messages_per_s = 50000;
    again();
    CU_ASSERT_EQUAL(verdict_of("cores"), REQUIREMENT_MET);
    in.messages_per_s = 150000;
    again();
    CU_ASSERT_EQUAL(verdict_of("cores"), REQUIREMENT_TIGHT);
    in.messages_per_s = 400000;
    again();
    CU_ASSERT_EQUAL(verdict_of("cores"), REQUIREMENT_SHORT);
    CU_ASSERT_TRUE(fixed_by("cores", "--shard 1/4"));
    machine.cores = 8;
    machine.cpu_quota = 2;
    again();
    CU_ASSERT_EQUAL(verdict_of("cores"), REQUIREMENT_SHORT);
    done();
}

static void the_measured_ceiling_judges_the_peak(void) {
    struct ceiling ceiling = {.messages_per_s = 50000, .connects_per_s = 5000, .shape = "QoS 1 fleet"};
    machine = good;
    judge(far_fleet);
    CU_ASSERT_PTR_NULL(row("ceiling"));
    in.ceiling_asked = true;
    in.messages_per_s = 5000;
    in.connects_per_s = 500;
    again();
    CU_ASSERT_EQUAL(verdict_of("ceiling"), REQUIREMENT_UNKNOWN);
    CU_ASSERT_TRUE(fixed_by("ceiling", "muster doctor --capacity"));
    in.ceiling = &ceiling;
    again();
    CU_ASSERT_EQUAL(verdict_of("ceiling"), REQUIREMENT_MET);
    in.connects_per_s = 4800;
    again();
    CU_ASSERT_EQUAL(verdict_of("ceiling"), REQUIREMENT_TIGHT);
    in.connects_per_s = 12000;
    again();
    CU_ASSERT_EQUAL(verdict_of("ceiling"), REQUIREMENT_SHORT);
    CU_ASSERT_TRUE(fixed_by("ceiling", "--shard 1/3"));
    done();
}

static void slow_clocks_are_told(void) {
    machine = good;
    judge(NULL);
    CU_ASSERT_EQUAL(verdict_of("clock"), REQUIREMENT_MET);
    snprintf(machine.clock_source, sizeof machine.clock_source, "hpet");
    again();
    CU_ASSERT_EQUAL(verdict_of("clock"), REQUIREMENT_TIGHT);
}

static void logs_have_to_fit_the_disk(void) {
    machine = good;
    judge(far_fleet);
    in.log_bytes = 1ull << 30;
    again();
    CU_ASSERT_EQUAL(verdict_of("disk"), REQUIREMENT_MET);
    in.log_bytes = 99ull << 30;
    again();
    CU_ASSERT_EQUAL(verdict_of("disk"), REQUIREMENT_SHORT);
    CU_ASSERT_TRUE(fixed_by("disk", "--out DIR"));
    machine.disk_free_bytes = 100 << 20;
    in.log_bytes = 0;
    again();
    CU_ASSERT_EQUAL(verdict_of("disk"), REQUIREMENT_TIGHT);
    machine.disk_free_bytes = 0; /* full, which is not the same as unknown */
    in.log_bytes = 1 << 20;
    again();
    CU_ASSERT_EQUAL(verdict_of("disk"), REQUIREMENT_SHORT);
    done();
}

static void filters_are_missed_only_where_links_fall_silent(void) {
    machine = good;
    machine.drop_filter = MACHINE_NO;
    judge(far_fleet);
    CU_ASSERT_EQUAL(verdict_of("silence"), REQUIREMENT_MET);
    done();
    judge("version: 1\ntarget: mqtt://10.0.0.1:1883\nduration: 2min\nfleets: {a: {count: 5}}\n"
          "timeline: [{do: connect}, {at: 30s, do: link_down, how: silent, for: 10s}]\n");
    CU_ASSERT_EQUAL(verdict_of("silence"), REQUIREMENT_TIGHT);
    CU_ASSERT_TRUE(fixed_by("silence", "cap_net_admin"));
    done();
}

static void plots_want_gnuplot(void) {
    machine = good;
    machine.gnuplot = MACHINE_NO;
    judge(NULL);
    CU_ASSERT_EQUAL(verdict_of("plots"), REQUIREMENT_TIGHT);
}

static void names_have_to_resolve(void) {
    machine = good;
    judge("version: 1\ntarget: mqtt://broker.example:1883\nduration: 1min\nfleets: {a: {count: 5}}\n");
    CU_ASSERT_PTR_NULL(row("names")); /* not looked up */
    in.names_looked_up = true;
    compiled.plan->targets[0].node_count = 0;
    again();
    CU_ASSERT_EQUAL(verdict_of("names"), REQUIREMENT_SHORT);
    CU_ASSERT_TRUE(fixed_by("names", "getent hosts broker.example"));
    done();
}

static void the_worst_row_decides(void) {
    machine = good;
    machine.gnuplot = MACHINE_NO;
    machine.conntrack_max = 200;
    judge(far_fleet);
    CU_ASSERT_EQUAL(requirement_worst(list, count), REQUIREMENT_SHORT);
    CU_ASSERT_EQUAL(requirement_worst(list, 0), REQUIREMENT_MET);
    done();
}

static void devices_are_limited_by_memory_or_descriptors(void) {
    machine = good;
    CU_ASSERT_EQUAL(requirement_devices(&machine), 64 * (20000 - 300));
    machine.memory_bytes = 1 << 30;
    CU_ASSERT_DOUBLE_EQUAL((double)requirement_devices(&machine), 0.9 * (1 << 30) / 5012, 1);
}

static void ids_and_titles_are_unique_and_fit(void) {
    for (const struct requirement_row *r = requirement_table; r->id != NULL; r++) {
        CU_ASSERT_TRUE(strlen(r->title) <= 14);
        for (const struct requirement_row *other = requirement_table; other != r; other++) {
            CU_ASSERT_STRING_NOT_EQUAL(other->id, r->id);
            CU_ASSERT_STRING_NOT_EQUAL(other->title, r->title);
        }
    }
}

HARNESS_MAIN("scenario/requirement", HARNESS_CASE(a_good_machine_meets_everything),
             HARNESS_CASE(what_the_system_does_not_tell_is_left_out),
             HARNESS_CASE(tables_multiply_the_descriptor_limit),
             HARNESS_CASE(a_limit_above_nr_open_needs_nr_open_first),
             HARNESS_CASE(both_ends_open_files_when_the_backend_is_here),
             HARNESS_CASE(ports_of_a_source_address_run_out),
             HARNESS_CASE(memory_counts_both_ends_and_the_control_group), HARNESS_CASE(conntrack_has_to_have_room),
             HARNESS_CASE(buffers_and_backlogs_make_it_tight_never_impossible), HARNESS_CASE(the_peak_load_takes_cores),
             HARNESS_CASE(the_measured_ceiling_judges_the_peak), HARNESS_CASE(slow_clocks_are_told),
             HARNESS_CASE(logs_have_to_fit_the_disk), HARNESS_CASE(filters_are_missed_only_where_links_fall_silent),
             HARNESS_CASE(plots_want_gnuplot), HARNESS_CASE(names_have_to_resolve), HARNESS_CASE(the_worst_row_decides),
             HARNESS_CASE(devices_are_limited_by_memory_or_descriptors),
             HARNESS_CASE(ids_and_titles_are_unique_and_fit))
