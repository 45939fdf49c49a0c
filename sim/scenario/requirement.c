#include "scenario/requirement.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "scenario/plan_outages.h"
#include "transport/source.h"

const char *const requirement_verdict_names[] = {"met", "unknown", "tight", "short"};

enum {
    TABLES_MAX = 64,      /* workers with descriptor tables of their own */
    TABLE_RESERVED = 300, /* descriptors of each table that are no sockets */
    PORTS_MAX = 64512,    /* 1024 to 65535 */
    BUFFER_BYTES = 4096,  /* of a socket in which one segment waits */
    UNLIMITED_BITS = 50,  /* limits beyond 2^50 are none */
    DISK_LOW = 1 << 30,   /* less free space than this is said without a plan, too */
    OPEN_FILES_LOW = 1024 /* a hard limit that ordinary fleets outgrow */
};

/* Measured on one loopback with 64-byte messages and 10,000 devices: seconds of CPU, kernel included. */
static const double cpu_per_message = 10e-6, cpu_per_connect = 25e-6;
/* A worker that is busy for more of its time has no reserve for the next burst. */
static const double cpu_comfort = 0.6;
/* Of memory and disk that may be planned for. */
static const double fill_max = 0.9;

struct shown {
    char text[40];
};

static struct shown bytes(uint64_t n) {
    struct shown s;
    if (n >= (uint64_t)10 << 30) /* disks and memories are spoken of in these */
        snprintf(s.text, sizeof s.text, "%.0f GiB", (double)n / (1 << 30));
    else if (n >= (uint64_t)1 << 30)
        snprintf(s.text, sizeof s.text, "%.1f GiB", (double)n / (1 << 30));
    else
        snprintf(s.text, sizeof s.text, "%.0f MiB", (double)n / (1 << 20));
    return s;
}

static struct shown count(uint64_t n) {
    struct shown s;
    if (n >> UNLIMITED_BITS != 0)
        snprintf(s.text, sizeof s.text, "no limit");
    else
        snprintf(s.text, sizeof s.text, "%llu", (unsigned long long)n);
    return s;
}

#define SAY(member, ...) snprintf((member), sizeof(member), __VA_ARGS__)

/* Sockets of the run: connections, and those that silent cuts leave behind. */
static uint64_t sockets_of(const struct requirement_input *in) {
    return in->needs.connections + in->needs.ghosts;
}

static uint64_t round_up(uint64_t n) {
    uint64_t step = n < 10000 ? 1000 : n < 100000 ? 10000 : 100000;
    return (n + step - 1) / step * step;
}

/* --- descriptors ---------------------------------------------------------------------------------------------------- */

static unsigned tables_of(const struct machine *m) {
    return m->private_tables == MACHINE_NO ? 1 : TABLES_MAX;
}

static uint64_t descriptors_of(const struct machine *m) {
    uint64_t hard = m->nofile_hard;
    if (hard >> UNLIMITED_BITS != 0)
        return UINT64_MAX;
    return (hard > TABLE_RESERVED ? hard - TABLE_RESERVED : 0) * tables_of(m);
}

/* The hard limit with which one table is enough. */
static uint64_t nofile_wanted(const struct requirement_input *in) {
    return round_up(in->plan == NULL ? 100000 : in->needs.descriptors + TABLE_RESERVED);
}

static bool judge_descriptors(const struct requirement_input *in, struct requirement *out) {
    const struct machine *m = in->machine;
    uint64_t have = descriptors_of(m), need = in->plan == NULL ? 0 : in->needs.descriptors;
    if (m->nofile_hard == 0)
        return false;
    if (m->nofile_soft < m->nofile_hard)
        SAY(out->have, "%s a table, %u table%s (soft limit %s is raised)", count(m->nofile_hard).text, tables_of(m),
            tables_of(m) == 1 ? "" : "s", count(m->nofile_soft).text);
    else
        SAY(out->have, "%s a table, %u table%s", count(m->nofile_hard).text, tables_of(m),
            tables_of(m) == 1 ? "" : "s");
    if (in->plan != NULL)
        SAY(out->need, "%s", count(need).text);
    bool low = in->plan == NULL && m->nofile_hard < OPEN_FILES_LOW;
    if (need <= have && !low)
        return true;
    out->verdict = low ? REQUIREMENT_TIGHT : REQUIREMENT_SHORT;
    if (low)
        SAY(out->why, "the hard limit of %llu descriptors is lower than systems have by default",
            (unsigned long long)m->nofile_hard);
    else
        SAY(out->why, "%llu descriptors are needed, and the hard limit of %llu allows %llu in %u workers",
            (unsigned long long)need, (unsigned long long)m->nofile_hard, (unsigned long long)have, tables_of(m));
    SAY(out->fix, "sudo prlimit --pid $$ --nofile=%llu:%llu", (unsigned long long)nofile_wanted(in),
        (unsigned long long)nofile_wanted(in));
    return true;
}

/* The kernel lets nobody set a higher hard limit. Of interest only where the limit has to be raised. */
static bool judge_nr_open(const struct requirement_input *in, struct requirement *out) {
    const struct machine *m = in->machine;
    if (m->nr_open == 0)
        return false;
    SAY(out->have, "%s", count(m->nr_open).text);
    if (in->plan == NULL || in->needs.descriptors <= descriptors_of(m))
        return true;
    SAY(out->need, "%s", count(nofile_wanted(in)).text);
    if (nofile_wanted(in) <= m->nr_open)
        return true;
    out->verdict = REQUIREMENT_SHORT;
    SAY(out->why, "a limit of %llu descriptors cannot be set while fs.nr_open is %llu",
        (unsigned long long)nofile_wanted(in), (unsigned long long)m->nr_open);
    SAY(out->fix, "sudo sysctl -w fs.nr_open=%llu", (unsigned long long)nofile_wanted(in));
    return true;
}

static bool judge_files(const struct requirement_input *in, struct requirement *out) {
    const struct machine *m = in->machine;
    if (m->files_max == 0)
        return false;
    uint64_t have = m->files_max > m->files_used ? m->files_max - m->files_used : 0;
    SAY(out->have, "%s", count(have).text);
    if (in->plan == NULL)
        return true;
    uint64_t need = in->needs.descriptors + (in->needs.local ? sockets_of(in) : 0);
    SAY(out->need, "%s%s", count(need).text, in->needs.local ? ", both ends" : "");
    if (need <= have)
        return true;
    out->verdict = REQUIREMENT_SHORT;
    SAY(out->why, "%llu files will be open in the whole system, and fs.file-max leaves %llu", (unsigned long long)need,
        (unsigned long long)have);
    SAY(out->fix, "sudo sysctl -w fs.file-max=%llu", (unsigned long long)round_up(need + m->files_used));
    return true;
}

/* --- addresses and ports -------------------------------------------------------------------------------------------- */

static bool judge_target_ports(const struct requirement_input *in, const struct target *t, struct requirement *out) {
    for (unsigned i = 0; i < t->node_count; i++) {
        const struct address *node = &t->nodes[i];
        if (node->any.sa_family == 0)
            continue;
        uint64_t connections = (plan_resources_connections(in->plan, t) + t->node_count - 1) / t->node_count;
        uint32_t available = source_available(in->plan->sources, in->plan->source_count, node);
        char text[64];
        if (source_needed(connections) <= available)
            continue;
        out->verdict =
            connections > (uint64_t)available * machine_ports(in->machine) ? REQUIREMENT_SHORT : REQUIREMENT_TIGHT;
        SAY(out->why, "%llu connections to %s need %u source addresses, and there %s %u",
            (unsigned long long)connections, address_format(node, text, sizeof text), source_needed(connections),
            available == 1 ? "is" : "are", available);
        return true;
    }
    return false;
}

static bool judge_ports(const struct requirement_input *in, struct requirement *out) {
    SAY(out->have, "%u per source address and destination", machine_ports(in->machine));
    if (in->plan == NULL)
        return true;
    SAY(out->need, "%u source address%s", in->needs.source_addresses, in->needs.source_addresses == 1 ? "" : "es");
    for (unsigned i = 0; i < in->plan->target_count; i++)
        if (judge_target_ports(in, &in->plan->targets[i], out)) {
            SAY(out->fix, "list local addresses under `sources`, or give the target more nodes");
            return true;
        }
    return true;
}

/* --- memory --------------------------------------------------------------------------------------------------------- */

static void say_fewer_devices(const struct requirement_input *in, double share, struct requirement *out) {
    double devices = (double)in->plan->device_count * share;
    SAY(out->fix, "muster run %s --devices %.0f", in->plan->file, devices < 1 ? 1 : devices);
}

static bool judge_memory(const struct requirement_input *in, struct requirement *out) {
    const struct machine *m = in->machine;
    uint64_t have = machine_memory(m), free_now = m->memory_available_bytes < have ? m->memory_available_bytes : have;
    if (have == 0)
        return false;
    SAY(out->have, "%s, %s of it free%s", bytes(have).text, bytes(free_now).text,
        have < m->memory_bytes ? " (limit of the control group)" : "");
    if (in->plan == NULL)
        return true;
    const struct plan_resources *n = &in->needs;
    uint64_t need = n->memory_bytes + n->kernel_bytes + n->peer_bytes;
    SAY(out->need, "%s%s", bytes(need).text, n->local ? ", both ends" : "");
    if (need <= free_now)
        return true;
    bool is_short = (double)need > (double)have * fill_max;
    out->verdict = is_short ? REQUIREMENT_SHORT : REQUIREMENT_TIGHT;
    if (is_short)
        SAY(out->why, "about %llu MiB of memory are needed, and this machine has %llu",
            (unsigned long long)(need >> 20), (unsigned long long)(have >> 20));
    else
        SAY(out->why, "about %llu MiB of memory are needed, and %llu are free now", (unsigned long long)(need >> 20),
            (unsigned long long)(free_now >> 20));
    say_fewer_devices(in, (double)(is_short ? have : free_now) * fill_max / (double)need, out);
    return true;
}

/* Idle connections need none of it; one that waits for its peer does. */
static bool judge_socket_memory(const struct requirement_input *in, struct requirement *out) {
    const struct machine *m = in->machine;
    if (m->tcp_memory_bytes == 0)
        return false;
    SAY(out->have, "TCP %s, UDP %s", bytes(m->tcp_memory_bytes).text, bytes(m->udp_memory_bytes).text);
    if (in->plan == NULL)
        return true;
    uint64_t need = sockets_of(in) * BUFFER_BYTES * (in->needs.local ? 2 : 1);
    SAY(out->need, "up to %s", bytes(need).text);
    if (need <= m->tcp_memory_bytes)
        return true;
    unsigned long long pages = round_up(need / BUFFER_BYTES);
    out->verdict = REQUIREMENT_TIGHT;
    SAY(out->why,
        "if all connections have a packet waiting, they want %s of socket memory, and net.ipv4.tcp_mem grants %s",
        bytes(need).text, bytes(m->tcp_memory_bytes).text);
    SAY(out->fix, "sudo sysctl -w net.ipv4.tcp_mem=\"%llu %llu %llu\"", pages / 2, pages / 4 * 3, pages);
    return true;
}

/* --- the kernel's tables and queues --------------------------------------------------------------------------------- */

static bool judge_conntrack(const struct requirement_input *in, struct requirement *out) {
    const struct machine *m = in->machine;
    if (!m->conntrack) {
        SAY(out->have, "not in use");
        return true;
    }
    uint64_t have = m->conntrack_max > m->conntrack_used ? m->conntrack_max - m->conntrack_used : 0;
    SAY(out->have, "%llu free entries", (unsigned long long)have);
    if (in->plan == NULL)
        return true;
    SAY(out->need, "%llu", (unsigned long long)sockets_of(in));
    if (sockets_of(in) <= have)
        return true;
    out->verdict = REQUIREMENT_SHORT;
    SAY(out->why, "the firewall follows at most %llu more connections, and drops the packets of others",
        (unsigned long long)have);
    SAY(out->fix, "sudo sysctl -w net.netfilter.nf_conntrack_max=%llu",
        (unsigned long long)round_up(sockets_of(in) + m->conntrack_used));
    return true;
}

/* Of the listening side, so it counts here only when the backend is here, too. */
static bool judge_backlog(const struct requirement_input *in, struct requirement *out) {
    const struct machine *m = in->machine;
    if (m->somaxconn == 0)
        return false;
    bool here = in->plan != NULL && in->needs.local;
    SAY(out->have, "%llu%s", (unsigned long long)m->somaxconn,
        in->plan != NULL && !here ? " here; the backend's own counts" : "");
    if (!here)
        return true;
    uint64_t need = in->plan->safety.max_outstanding_connects;
    need = need > in->needs.connections ? in->needs.connections : need;
    SAY(out->need, "%llu, and as much in the backend", (unsigned long long)need);
    if (need <= m->somaxconn)
        return true;
    out->verdict = REQUIREMENT_TIGHT;
    SAY(out->why, "with %llu connects on their way, those beyond a queue of %llu wait a second and more",
        (unsigned long long)need, (unsigned long long)m->somaxconn);
    SAY(out->fix, "sudo sysctl -w net.core.somaxconn=%llu", (unsigned long long)round_up(need));
    return true;
}

/* --- time ----------------------------------------------------------------------------------------------------------- */

static bool judge_clock(const struct requirement_input *in, struct requirement *out) {
    static const char *const slow[] = {"hpet", "acpi_pm", "jiffies", "refined-jiffies", "pit"};
    const struct machine *m = in->machine;
    if (m->clock_source[0] == '\0')
        return false;
    SAY(out->have, "%s, wall clock %s", m->clock_source,
        m->clock_synchronised == MACHINE_YES  ? "synchronised"
        : m->clock_synchronised == MACHINE_NO ? "not synchronised"
                                              : "unknown");
    for (size_t i = 0; i < COUNT_OF(slow); i++)
        if (strcmp(m->clock_source, slow[i]) == 0) {
            out->verdict = REQUIREMENT_TIGHT;
            SAY(out->why, "reading the clock from %s takes microseconds, and every operation reads it", slow[i]);
            SAY(out->fix, "echo tsc | sudo tee /sys/devices/system/clocksource/clocksource0/current_clocksource");
        }
    return true;
}

/* --- disk, processors ----------------------------------------------------------------------------------------------- */

static bool judge_disk(const struct requirement_input *in, struct requirement *out) {
    const struct machine *m = in->machine;
    if (!m->disk)
        return false;
    SAY(out->have, "%s free", bytes(m->disk_free_bytes).text);
    uint64_t need = in->plan == NULL ? 0 : in->log_bytes;
    if (need > 0)
        SAY(out->need, "about %s of logs", bytes(need).text);
    bool full = (double)need > (double)m->disk_free_bytes * fill_max, low = m->disk_free_bytes < DISK_LOW;
    if (!full && !low)
        return true;
    out->verdict = full ? REQUIREMENT_SHORT : REQUIREMENT_TIGHT;
    if (full)
        SAY(out->why, "the run will write about %s, and %s are free", bytes(need).text, bytes(m->disk_free_bytes).text);
    else
        SAY(out->why, "only %s are free where runs are written", bytes(m->disk_free_bytes).text);
    SAY(out->fix, "write to another file system: muster run %s --out DIR",
        in->plan == NULL ? "SCENARIO" : in->plan->file);
    return true;
}

static bool judge_cores(const struct requirement_input *in, struct requirement *out) {
    double have = machine_cores(in->machine);
    if (have <= 0)
        return false;
    SAY(out->have, "%.3g core%s%s", have, have <= 1 ? "" : "s",
        have < in->machine->cores ? " (quota of the control group)" : "");
    if (in->plan == NULL || in->messages_per_s + in->connects_per_s <= 0)
        return true;
    double need = in->messages_per_s * cpu_per_message + in->connects_per_s * cpu_per_connect;
    if (in->needs.local)
        need *= 2; /* the backend's part, which is about as large */
    SAY(out->need, "about %.2f core%s%s", need, need <= 1 ? "" : "s", in->needs.local ? ", both ends" : "");
    if (need <= have * cpu_comfort)
        return true;
    int machines = (int)(need / (have * cpu_comfort)) + 1;
    out->verdict = need > have ? REQUIREMENT_SHORT : REQUIREMENT_TIGHT;
    SAY(out->why, "the peak of %.0f messages/s and %.0f connects/s takes about %.1f cores of CPU, and there are %.3g",
        in->messages_per_s, in->connects_per_s, need, have);
    SAY(out->fix, "share it among %d machines: muster run %s --shard 1/%d", machines, in->plan->file, machines);
    return true;
}

static bool judge_ceiling(const struct requirement_input *in, struct requirement *out) {
    const struct ceiling *c = in->ceiling;
    if (!in->ceiling_asked)
        return false;
    if (c == NULL) {
        out->verdict = REQUIREMENT_UNKNOWN;
        SAY(out->have, "not measured");
        SAY(out->why, "how much this machine can carry was not measured, or it has changed since");
        SAY(out->fix, "muster doctor --capacity");
        return true;
    }
    struct tm day;
    time_t at = (time_t)c->measured_unix_s;
    gmtime_r(&at, &day);
    SAY(out->have, "%.0f messages/s, %.0f connects/s (%04d-%02d-%02d)", c->messages_per_s, c->connects_per_s,
        day.tm_year + 1900, day.tm_mon + 1, day.tm_mday);
    if (in->plan == NULL || in->messages_per_s + in->connects_per_s <= 0)
        return true;
    SAY(out->need, "%.0f and %.0f", in->messages_per_s, in->connects_per_s);
    double share = c->messages_per_s > 0 ? in->messages_per_s / c->messages_per_s : 0;
    if (c->connects_per_s > 0 && in->connects_per_s / c->connects_per_s > share)
        share = in->connects_per_s / c->connects_per_s;
    if (share <= fill_max)
        return true;
    out->verdict = share > 1 ? REQUIREMENT_SHORT : REQUIREMENT_TIGHT;
    SAY(out->why, "this is %.1f times what this machine was measured to carry with %s", share, c->shape);
    SAY(out->fix, "share it among %d machines: muster run %s --shard 1/%d", (int)(share / fill_max) + 1, in->plan->file,
        (int)(share / fill_max) + 1);
    return true;
}

/* --- what the system allows and has --------------------------------------------------------------------------------- */

static bool judge_silence(const struct requirement_input *in, struct requirement *out) {
    enum machine_answer filter = in->machine->drop_filter;
    if (filter == MACHINE_UNKNOWN)
        return false;
    bool wanted = in->plan != NULL && plan_outages_silent(in->plan);
    SAY(out->have, filter == MACHINE_YES ? "drop-all filters" : "no drop-all filters");
    SAY(out->need, wanted ? "drop-all filters" : "");
    if (filter == MACHINE_YES || (in->plan != NULL && !wanted))
        return true;
    out->verdict = REQUIREMENT_TIGHT;
    SAY(out->why, "a silent device stops reading and writing, but this kernel still answers the backend's TCP for it");
    SAY(out->fix, "sudo setcap cap_net_admin+ep \"$(command -v muster)\"");
    return true;
}

static bool judge_plots(const struct requirement_input *in, struct requirement *out) {
    if (in->machine->gnuplot == MACHINE_UNKNOWN)
        return false;
    SAY(out->have, in->machine->gnuplot == MACHINE_YES ? "gnuplot" : "no gnuplot");
    if (in->machine->gnuplot == MACHINE_YES)
        return true;
    out->verdict = REQUIREMENT_TIGHT;
    SAY(out->why, "without gnuplot report.html has no plots");
    SAY(out->fix, "sudo apt-get install gnuplot-nox");
    return true;
}

static bool judge_names(const struct requirement_input *in, struct requirement *out) {
    if (in->plan == NULL || !in->names_looked_up)
        return false;
    unsigned nodes = 0;
    for (unsigned i = 0; i < in->plan->target_count; i++) {
        const struct target *t = &in->plan->targets[i];
        struct url url;
        char ignored[320];
        nodes += t->node_count;
        if (t->node_count > 0)
            continue;
        bool parsed = url_parse(t->url, &url, ignored, sizeof ignored) == 0;
        out->verdict = REQUIREMENT_SHORT;
        SAY(out->why, "%s has no address: its name does not resolve", t->url);
        SAY(out->fix, "getent hosts %s", parsed ? url.host : "HOST");
    }
    SAY(out->have, "%u node%s", nodes, nodes == 1 ? "" : "s");
    return true;
}

const struct requirement_row requirement_table[] = {
    {"descriptors", "descriptors", "W503", NULL, NULL, judge_descriptors},
    {"nr_open", "fs.nr_open", NULL, NULL, NULL, judge_nr_open},
    {"system_files", "open files", "W503", NULL, NULL, judge_files},
    {"local_ports", "local ports", "E502", "W502", "sources", judge_ports},
    {"memory", "memory", "W503", NULL, NULL, judge_memory},
    {"socket_memory", "socket memory", NULL, NULL, NULL, judge_socket_memory},
    {"conntrack", "conntrack", NULL, NULL, NULL, judge_conntrack},
    {"backlog", "listen backlog", NULL, NULL, NULL, judge_backlog},
    {"cores", "processors", NULL, NULL, NULL, judge_cores},
    {"ceiling", "ceiling", NULL, NULL, NULL, judge_ceiling},
    {"clock", "time source", NULL, NULL, NULL, judge_clock},
    {"disk", "disk", NULL, NULL, NULL, judge_disk},
    {"silence", "true silence", NULL, NULL, NULL, judge_silence},
    {"plots", "plots", NULL, NULL, NULL, judge_plots},
    {"names", "target names", NULL, NULL, NULL, judge_names},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
_Static_assert(COUNT_OF(requirement_table) - 1 <= REQUIREMENT_ROWS_MAX, "all rows fit");

unsigned requirement_judge(const struct requirement_input *in, struct requirement *out) {
    unsigned count_of_rows = 0;
    for (const struct requirement_row *row = requirement_table; row->id != NULL; row++) {
        out[count_of_rows] = (struct requirement){.row = row};
        count_of_rows += row->judge(in, &out[count_of_rows]);
    }
    return count_of_rows;
}

uint64_t requirement_devices(const struct machine *m) {
    uint64_t by_memory = (uint64_t)((double)machine_memory(m) * fill_max) / PLAN_RESOURCES_DEVICE_BYTES;
    uint64_t by_descriptors = m->nofile_hard == 0 ? UINT64_MAX : descriptors_of(m);
    return by_memory == 0 ? by_descriptors : by_memory < by_descriptors ? by_memory : by_descriptors;
}

enum requirement_verdict requirement_worst(const struct requirement *list, unsigned count_of_rows) {
    enum requirement_verdict worst = REQUIREMENT_MET;
    for (unsigned i = 0; i < count_of_rows; i++)
        worst = list[i].verdict > worst ? list[i].verdict : worst;
    return worst;
}
