#include "scenario/plan_resources.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/check.h"
#include "metrics/histogram.h"
#include "transport/source.h"

enum {
    DESCRIPTORS_OF_PROCESS = 300, /* logs, loops and what libraries open */
    BYTES_OF_PROCESS = 24 << 20,  /* program, workers' buffers, logs */
    BYTES_PER_DEVICE = 512,       /* life, session, timer, connection, loop */
    BYTES_PER_LINK = 64,          /* only with a modelled link */
    BYTES_PER_PLACE = 4,          /* of a device in the ranks of an entry */
    OPERATIONS_MEASURED = 3,      /* connect, publish and one more, each with up to three clocks */
    PORTS_PER_SOURCE = 28000,     /* ephemeral ports of one address and destination */
    TABLES_MAX = 64               /* workers with descriptor tables of their own */
};

/* --- what the plan needs -------------------------------------------------------------------------------------------- */

/* Sockets that stay behind a silent cut which is long enough to be noticed: one more per device that reconnects meanwhile. */
static uint64_t ghosts_of(const struct plan *p) {
    uint64_t most = 0;
    for (unsigned i = 0; i < p->action_count; i++) {
        const struct action *a = &p->actions[i];
        if (a->verb != DO_LINK_DOWN || a->how != LINK_SILENT)
            continue;
        uint64_t ghosts = 0;
        for (uint32_t d = 0; d < p->device_count; d++) {
            const struct mqtt_config *c = &p->groups[p->group_of[d]].profile->mqtt;
            bool noticed = c->keepalive_s > 0 && (!a->has_for || a->lasting_max > c->keepalive_s * SPAN_S);
            ghosts += action_selects(a, d) && noticed;
        }
        most = ghosts > most ? ghosts : most;
    }
    return most;
}

static uint64_t connections_of(const struct plan *p, const struct target *t) {
    uint64_t count = 0;
    bool by_condition = false;
    for (unsigned i = 0; i < p->action_count; i++)
        by_condition = by_condition || (p->actions[i].verb == DO_CONNECT && p->actions[i].when);
    for (uint32_t d = 0; d < p->device_count; d++)
        count += (t == NULL || p->groups[p->group_of[d]].target == t) &&
                 (by_condition || plan_first_connect(p, d) != INSTANT_NEVER);
    return count;
}

static uint64_t memory_of(const struct plan *p, uint64_t connections) {
    bool links = false;
    uint64_t bytes = BYTES_OF_PROCESS + connections * BYTES_PER_DEVICE;
    for (unsigned i = 0; i < p->group_count; i++)
        links = links || p->groups[i].network != NULL;
    for (unsigned i = 0; i < p->action_count; i++) {
        links = links || p->actions[i].verb == DO_LINK || p->actions[i].verb == DO_LINK_DOWN;
        if (p->actions[i].rank != NULL)
            bytes += (uint64_t)p->device_count * BYTES_PER_PLACE;
    }
    if (links)
        bytes += (uint64_t)p->device_count * BYTES_PER_LINK;
    /* totals and the second under way each hold a histogram per cell, clock and segment */
    uint64_t cells = (uint64_t)p->group_count * OPERATIONS_MEASURED * CLOCK_KINDS;
    return bytes + cells * (p->segments.count + 1) * sizeof(struct histogram) +
           (uint64_t)p->device_count * sizeof *p->group_of;
}

struct plan_resources plan_resources_of(const struct plan *p) {
    struct plan_resources r = {.connections = connections_of(p, NULL), .ghosts = ghosts_of(p)};
    r.descriptors = r.connections + r.ghosts + DESCRIPTORS_OF_PROCESS;
    for (unsigned i = 0; i < p->target_count; i++) {
        unsigned nodes = p->targets[i].node_count > 0 ? p->targets[i].node_count : 1;
        uint32_t needed = source_needed((connections_of(p, &p->targets[i]) + nodes - 1) / nodes);
        r.source_addresses = needed > r.source_addresses ? needed : r.source_addresses;
    }
    r.memory_bytes = memory_of(p, r.connections + r.ghosts);
    return r;
}

/* --- what there is -------------------------------------------------------------------------------------------------- */

static void check_sources(const struct plan_build *b, const struct target *t) {
    const struct plan *p = b->plan;
    const struct node *at = node_get(b->root, "sources");
    struct diagnostic_mark mark = at != NULL ? at->mark : b->root->mark;
    for (unsigned i = 0; i < t->node_count; i++) {
        const struct address *node = &t->nodes[i];
        if (node->any.sa_family == 0)
            continue;
        uint64_t connections = (connections_of(p, t) + t->node_count - 1) / t->node_count;
        uint32_t available = source_available(p->sources, p->source_count, node);
        char text[64];
        if (source_needed(connections) <= available)
            continue;
        bool impossible = connections > (uint64_t)available * PORTS_PER_SOURCE;
        diagnostic_help(diagnostic_add(b->found, impossible ? "E502" : "W502", mark,
                                       "%llu connections to %s need %u source addresses, and there %s %u",
                                       (unsigned long long)connections, address_format(node, text, sizeof text),
                                       source_needed(connections), available == 1 ? "is" : "are", available),
                        "list local addresses under `sources`, or give the target more nodes");
        return;
    }
}

static void check_descriptors(const struct plan_build *b, const struct plan_resources *r) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max == RLIM_INFINITY)
        return;
    if (r->descriptors > (uint64_t)limit.rlim_max * TABLES_MAX)
        diagnostic_help(
            diagnostic_add(b->found, "W503", b->root->mark,
                           "%llu descriptors are needed, and the hard limit of %llu allows %llu in %d workers",
                           (unsigned long long)r->descriptors, (unsigned long long)limit.rlim_max,
                           (unsigned long long)limit.rlim_max * TABLES_MAX, TABLES_MAX),
            "raise it, for instance with: ulimit -Hn 1048576");
}

static void check_memory(const struct plan_build *b, const struct plan_resources *r) {
    long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    if (pages <= 0 || size <= 0)
        return;
    uint64_t memory = (uint64_t)pages * (uint64_t)size;
    if (r->memory_bytes > memory / 10 * 9)
        diagnostic_add(b->found, "W503", b->root->mark,
                       "about %llu MiB of memory are needed, and this machine has %llu",
                       (unsigned long long)(r->memory_bytes >> 20), (unsigned long long)(memory >> 20));
}

void plan_resources_check(const struct plan_build *b) {
    struct plan_resources r = plan_resources_of(b->plan);
    for (unsigned i = 0; i < b->plan->target_count; i++)
        check_sources(b, &b->plan->targets[i]);
    check_descriptors(b, &r);
    check_memory(b, &r);
}
