#include "scenario/plan_logs.h"

#include <stdlib.h>

#include "base/check.h"
#include "scenario/value.h"

/* Bytes of a line, as measured over runs of the scenarios that come with the program. */
enum {
    LINE_TALLY = 300,
    LINE_COUNTERS = 260,
    LINE_DEVICES = 230,
    LINE_STATE = 140,
    LINE_HEALTH = 160,
    LINE_ANCHOR = 100,
    LINE_OTHER = 250, /* phases, checks, causes */
    LINE_SERIES = 260,
    LINES_AT_THE_END = 200,
    RECORD = 190,      /* of intervals.hlog without its counts */
    RECORD_BUCKET = 3, /* for each bucket that has samples, compressed and as base64 */
    RECORD_BUCKETS = 150,
    CLOCKS = 3,
    SAMPLED_DEVICES = 256, /* whose changes of state are told */
    CHANGES = 4,           /* of state, per device and entry */
    WORKERS = 4
};

/* What one cell writes in the run's length, which is so many intervals: it is written in those in which something happened, once. */
static void add_cell(struct plan_logs *l, double rate, double intervals) {
    double lines = (rate < 1 ? rate : 1) * intervals;
    double samples = rate < 1 ? 1 : rate;
    double buckets = samples < RECORD_BUCKETS ? samples : RECORD_BUCKETS;
    l->events += (uint64_t)(lines * LINE_TALLY);
    l->intervals += (uint64_t)(lines * CLOCKS * (RECORD + buckets * RECORD_BUCKET));
}

/* Messages in an interval. */
static double rate_of(const struct telemetry *t, span interval) {
    double gap = dist_mean(&t->every), least = (double)SPAN_MS; /* closed pacing: a round trip, which is not known */
    return (double)interval / (gap < least ? least : gap);
}

static void add_group(struct plan_logs *l, const struct plan *p, const struct fleet_group *g, double devices,
                      double intervals) {
    double messages = 0, connects = 0;
    double keepalive = g->profile->mqtt.keepalive_s / span_seconds(p->interval);
    for (unsigned t = 0; t < g->telemetry_count; t++) {
        add_cell(l, devices * rate_of(&g->telemetry[t], p->interval), intervals);
        messages += rate_of(&g->telemetry[t], p->interval);
    }
    if (keepalive > 0 && messages * keepalive < 1)
        add_cell(l, devices / keepalive, intervals);
    for (unsigned a = 0; a < p->action_count; a++) /* each may make devices connect, or connect again */
        connects += devices;
    double busy = connects < intervals ? connects : intervals;
    add_cell(l, connects / (busy < 1 ? 1 : busy), busy);
    double rate = devices * (messages + (keepalive > 0 ? 1 / keepalive : 0)) + connects / intervals;
    l->events += (uint64_t)((rate < 1 ? rate : 1) * intervals * LINE_COUNTERS + busy * LINE_DEVICES);
}

struct plan_logs plan_logs_of(const struct plan *p) {
    struct plan_logs l = {.events = 0};
    double intervals = span_seconds(p->duration + p->settle) / span_seconds(p->interval) + 1;
    uint32_t *devices = calloc(p->group_count + 1, sizeof *devices);
    CHECK(devices != NULL);
    for (uint32_t d = 0; d < p->device_count; d++)
        devices[p->group_of[d]] += !plan_is_absent(p, d);
    for (unsigned g = 0; g < p->group_count; g++)
        add_group(&l, p, &p->groups[g], devices[g], intervals);
    free(devices);
    uint64_t present = plan_devices_here(p, 1, 1), sampled = present < SAMPLED_DEVICES ? present : SAMPLED_DEVICES;
    l.events += (uint64_t)(intervals * (LINE_ANCHOR + WORKERS * LINE_HEALTH)) + LINES_AT_THE_END * LINE_OTHER +
                sampled * CHANGES * p->action_count * LINE_STATE;
    l.series = (uint64_t)(intervals * LINE_SERIES);
    l.intervals += (uint64_t)(intervals * (RECORD + RECORD_BUCKETS * RECORD_BUCKET)); /* tool/lag */
    l.total = l.events + l.series + l.intervals;
    return l;
}

uint64_t plan_logs_cap(const struct node *root) {
    return (uint64_t)value_number_at(node_get(root, "outputs"), "outputs.logs_max");
}
