#include "scenario/plan_resources.h"

#include <stdlib.h>

#include "metrics/histogram.h"
#include "scenario/plan_outages.h"
#include "scenario/requirement.h"
#include "transport/source.h"

enum {
    DESCRIPTORS_OF_PROCESS = 300,    /* logs, loops and what libraries open */
    BYTES_OF_PROCESS = 24 << 20,     /* program, workers' buffers, logs */
    BYTES_PER_DEVICE = 512,          /* life, session, timer, connection, loop */
    BYTES_PER_LINK = 64,             /* only with a modelled link */
    BYTES_PER_TLS = 40 << 10,        /* of a connection with TLS: mbedTLS keeps two buffers of 16 KiB (measured) */
    BYTES_PER_TLS_CLIENT = 13 << 10, /* and in a backend on this machine (mosquitto, measured) */
    BYTES_PER_PLACE = 4,             /* of a device in the ranks of an entry */
    BYTES_PER_SOCKET = 4500,         /* in the kernel, of an idle TCP connection's one end (measured, Linux 6) */
    BYTES_PER_CLIENT = 1024,         /* in a backend on this machine, of an idle client */
    OPERATIONS_MEASURED = 3          /* connect, publish and one more, each with up to three clocks */
};

_Static_assert(BYTES_PER_DEVICE + BYTES_PER_SOCKET == PLAN_RESOURCES_DEVICE_BYTES, "one sum");

/* --- what the plan needs -------------------------------------------------------------------------------------------- */

/* Sockets that stay behind a silent cut which is long enough to be noticed: one more per device that reconnects meanwhile. */
static uint64_t ghosts_of(const struct plan *p) {
    uint64_t most = 0;
    for (uint32_t d = 0; d < p->device_count; d++) /* outages that come by themselves may meet all of these at once */
        most += !plan_is_absent(p, d) && plan_outages_silences(&p->groups[p->group_of[d]]);
    for (unsigned i = 0; i < p->action_count; i++) {
        const struct action *a = &p->actions[i];
        if (a->verb != DO_LINK_DOWN || !link_down_keeps(a->how))
            continue;
        uint64_t ghosts = 0;
        for (uint32_t d = 0; d < p->device_count; d++) {
            const struct mqtt_config *c = &p->groups[p->group_of[d]].profile->mqtt;
            bool noticed = c->keepalive_s > 0 && (!a->has_for || a->lasting_max > c->keepalive_s * SPAN_S);
            ghosts += action_selects(a, d) && noticed && !plan_is_absent(p, d);
        }
        most = ghosts > most ? ghosts : most;
    }
    return most;
}

uint64_t plan_resources_connections(const struct plan *p, const struct target *t) {
    uint64_t count = 0;
    bool by_condition = false;
    for (unsigned i = 0; i < p->action_count; i++)
        by_condition = by_condition || (p->actions[i].verb == DO_CONNECT && p->actions[i].when);
    for (uint32_t d = 0; d < p->device_count; d++)
        count += (t == NULL || p->groups[p->group_of[d]].target == t) && !plan_is_absent(p, d) &&
                 (by_condition || plan_first_connect(p, d) != INSTANT_NEVER);
    return count;
}

/* Connections with TLS. */
static uint64_t secure_of(const struct plan *p) {
    uint64_t count = 0;
    for (unsigned t = 0; t < p->target_count; t++)
        count += p->targets[t].tls == NULL || p->virtual_time ? 0 : plan_resources_connections(p, &p->targets[t]);
    return count;
}

static uint64_t memory_of(const struct plan *p, uint64_t connections) {
    bool links = false;
    uint64_t bytes = BYTES_OF_PROCESS + connections * BYTES_PER_DEVICE + secure_of(p) * BYTES_PER_TLS;
    for (unsigned i = 0; i < p->group_count; i++)
        links = links || p->groups[i].network != NULL || p->groups[i].radio;
    for (unsigned i = 0; i < p->action_count; i++) {
        links = links || p->actions[i].verb == DO_LINK || p->actions[i].verb == DO_LINK_DOWN;
        if (p->actions[i].rank != NULL)
            bytes += (uint64_t)p->device_count * BYTES_PER_PLACE;
    }
    if (links)
        bytes += (uint64_t)plan_devices_here(p, 1, 1) * BYTES_PER_LINK;
    /* totals and the second under way each hold a histogram per cell, clock and segment */
    uint64_t cells = (uint64_t)p->group_count * OPERATIONS_MEASURED * CLOCK_KINDS;
    return bytes + cells * (p->segments.count + 1) * sizeof(struct histogram) +
           (uint64_t)p->device_count * sizeof *p->group_of;
}

/* The backend, or one of its nodes, is on this machine: what it needs is missing here. */
static bool is_local(const struct plan *p) {
    for (unsigned t = 0; t < p->target_count; t++) {
        const struct target *target = &p->targets[t];
        if (target->builtin)
            return true;
        for (unsigned n = 0; n < target->node_count; n++)
            if (target->nodes[n].any.sa_family != 0 && address_is_loopback(&target->nodes[n]))
                return true;
    }
    return false;
}

struct plan_resources plan_resources_of(const struct plan *p) {
    struct plan_resources r = {.connections = plan_resources_connections(p, NULL), .ghosts = ghosts_of(p)};
    r.descriptors = r.connections + r.ghosts + DESCRIPTORS_OF_PROCESS;
    for (unsigned i = 0; i < p->target_count; i++) {
        unsigned nodes = p->targets[i].node_count > 0 ? p->targets[i].node_count : 1;
        uint32_t needed = source_needed((plan_resources_connections(p, &p->targets[i]) + nodes - 1) / nodes);
        r.source_addresses = needed > r.source_addresses ? needed : r.source_addresses;
    }
    uint64_t sockets = r.connections + r.ghosts;
    r.memory_bytes = memory_of(p, sockets);
    r.local = is_local(p);
    r.kernel_bytes = sockets * BYTES_PER_SOCKET * (r.local ? 2 : 1);
    r.peer_bytes = r.local ? sockets * BYTES_PER_CLIENT + secure_of(p) * BYTES_PER_TLS_CLIENT : 0;
    return r;
}

/* --- what there is -------------------------------------------------------------------------------------------------- */

static void add_finding(const struct plan_build *b, const struct requirement *r, const char *code) {
    const struct node *at = r->row->key == NULL ? NULL : node_get(b->root, r->row->key);
    struct diagnostic *d = diagnostic_add(b->found, code, at != NULL ? at->mark : b->root->mark, "%s", r->why);
    diagnostic_help(d, "%s", r->fix);
}

/* The rows that a scenario can be blamed for; `muster doctor` shows all of them. */
void plan_resources_check(const struct plan_build *b) {
    struct machine machine;
    struct requirement list[REQUIREMENT_ROWS_MAX];
    machine_read(&machine);
    struct requirement_input in = {.machine = &machine, .plan = b->plan, .needs = plan_resources_of(b->plan)};
    unsigned count = requirement_judge(&in, list);
    for (unsigned i = 0; i < count; i++) {
        const struct requirement_row *row = list[i].row;
        const char *code = list[i].verdict == REQUIREMENT_SHORT   ? row->short_code
                           : list[i].verdict == REQUIREMENT_TIGHT ? row->tight_code
                                                                  : NULL;
        if (code != NULL)
            add_finding(b, &list[i], code);
    }
}
