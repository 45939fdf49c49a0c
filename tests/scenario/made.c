#include "made.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "scenario/expr.h"

static const struct telemetry qos1[] = {{.name = "0", .qos = 1}};
static const struct telemetry qos01[] = {{.name = "0", .qos = 0}, {.name = "1", .qos = 1}};
static struct fleet_group groups[] = {
    {.fleet = "meters",
     .profile_name = "new",
     .region = "north",
     .target_name = "broker",
     .telemetry = qos1,
     .telemetry_count = 1},
    {.fleet = "meters",
     .profile_name = "old",
     .region = "south",
     .target_name = "broker",
     .telemetry = qos01,
     .telemetry_count = 2},
};
static const uint32_t devices_of[] = {60, 40};
static struct phase phases[] = {
    {.id = "ramp", .start = 0, .end = 10 * SPAN_S, .implicit = true, .action = -1},
    {.id = "steady", .start = 10 * SPAN_S, .end = 60 * SPAN_S, .implicit = true, .action = -1},
    {.id = "settle", .start = 60 * SPAN_S, .end = 70 * SPAN_S, .implicit = true, .action = -1},
    {.id = "outage", .start = 20 * SPAN_S, .end = 30 * SPAN_S, .action = 0},
};
static instant edges[] = {INT64_MIN, 0, 10 * SPAN_S, 20 * SPAN_S, 30 * SPAN_S, 60 * SPAN_S, 70 * SPAN_S};
static const struct action outage = {.id = "outage", .verb = DO_LINK_DOWN, .start = 20 * SPAN_S, .end = 30 * SPAN_S};
static const struct action *excluded[] = {&outage};

struct made *made_new(const char *const *checks) {
    struct made *m = calloc(1, sizeof *m);
    CHECK(m != NULL);
    struct plan *p = &m->plan;
    p->duration = 60 * SPAN_S;
    p->interval = SPAN_S;
    p->device_count = 100;
    p->groups = groups;
    p->group_count = COUNT_OF(groups);
    p->phases = phases;
    p->phase_count = COUNT_OF(phases);
    p->segments = (struct segments){edges, COUNT_OF(edges)};
    p->excluded[0] = (struct excluded_set){excluded, 1};
    p->excluded_count = 1;
    p->checks = m->checks;
    for (; checks[p->check_count] != NULL; p->check_count++) {
        struct expr_error error;
        struct check *c = &m->checks[p->check_count];
        CHECK(p->check_count < MADE_CHECKS_MAX);
        c->name = c->expect = checks[p->check_count];
        CHECK(expr_parse(c->expect, &c->expr, &error) == 0);
    }
    m->total = result_new(p->group_count, &p->segments);
    m->second = result_new(p->group_count, &p->segments);
    return m;
}

void made_free(struct made *m) {
    judge_free(m->judge);
    result_free(m->total);
    result_free(m->second);
    for (unsigned i = 0; i < m->plan.check_count; i++)
        expr_free(m->checks[i].expr);
    free(m);
}

static struct series *series_of(struct made *m, struct result *r, unsigned group, enum op_kind op, uint8_t qos,
                                instant intended) {
    struct cell_key key = {.group = (uint16_t)group,
                           .segment = (uint16_t)segments_find(&m->plan.segments, intended),
                           .op = (uint8_t)op,
                           .qos = qos};
    return result_series(r, key, true);
}

struct series *made_series(struct made *m, unsigned group, enum op_kind op, uint8_t qos, instant intended) {
    return series_of(m, m->total, group, op, qos, intended);
}

void made_answer(struct made *m, unsigned group, enum op_kind op, uint8_t qos, instant intended, int64_t ns,
                 uint64_t count) {
    struct result *results[] = {m->total, m->second};
    for (size_t i = 0; i < COUNT_OF(results); i++) {
        struct series *s = series_of(m, results[i], group, op, qos, intended);
        s->outcomes[OP_OK] += count;
        int clocks = op == OP_MQTT_PUBLISH && qos == 0 ? CLOCK_LAG + 1 : CLOCK_KINDS; /* QoS 0 has no answer */
        for (int clock = CLOCK_LAG; clock < clocks; clock++) {
            if (s->clocks[clock] == NULL)
                s->clocks[clock] = calloc(1, sizeof *s->clocks[clock]);
            CHECK(s->clocks[clock] != NULL);
            for (uint64_t n = 0; n < count; n++)
                histogram_record(s->clocks[clock], clock == CLOCK_LAG ? SPAN_US : clock == CLOCK_SERVICE ? ns / 2 : ns);
        }
    }
}

void made_end(struct made *m, unsigned group, enum op_kind op, uint8_t qos, instant intended, enum op_outcome outcome,
              uint64_t count) {
    series_of(m, m->total, group, op, qos, intended)->outcomes[outcome] += count;
    series_of(m, m->second, group, op, qos, intended)->outcomes[outcome] += count;
}

/* Adds what a recorder holds to both results, as the control thread does; `gauges`: with the devices by state. */
static void pour(struct made *m, struct recorder *r, instant at, bool gauges) {
    struct interval *i = recorder_swap(r, NULL, at);
    struct result *fresh = result_new(m->plan.group_count, &m->plan.segments);
    result_add(fresh, i, SPAN_S);
    if (gauges)
        result_end_second(fresh, at);
    result_merge(m->total, fresh);
    result_merge(m->second, fresh);
    result_free(fresh);
    interval_free(i);
    recorder_free(r);
}

void made_messages(struct made *m, unsigned group, uint8_t qos, instant at, enum tally_kind kind, uint64_t count) {
    struct recorder *r = recorder_new(m->plan.group_count, &m->plan.segments);
    recorder_tally_message(r, group, qos, at, kind, count);
    pour(m, r, at, false);
}

void made_tally(struct made *m, unsigned group, instant at, enum tally_kind kind, uint64_t count) {
    made_messages(m, group, 0, at, kind, count);
}

static void say_states(struct made *m, instant at, const uint32_t *online) {
    struct recorder *r = recorder_new(m->plan.group_count, &m->plan.segments);
    for (unsigned g = 0; g < m->plan.group_count; g++)
        for (uint32_t d = 0; d < devices_of[g]; d++) {
            enum device_state s = d < online[g] ? STATE_ONLINE : STATE_BACKOFF;
            recorder_state(r, g, s, s);
        }
    pour(m, r, at, true);
}

int made_second(struct made *m, instant at, uint32_t online0, uint32_t online1) {
    const uint32_t online[] = {online0, online1};
    say_states(m, at, online);
    if (m->judge == NULL)
        m->judge = judge_new(&m->plan);
    int abort = judge_second(m->judge, at, m->second, m->total);
    result_clear(m->second);
    return abort;
}

struct check_verdict made_verdict(struct made *m, unsigned index) {
    struct check_verdict verdicts[MADE_CHECKS_MAX];
    if (m->judge == NULL)
        m->judge = judge_new(&m->plan);
    judge_finish(m->judge, m->total, verdicts);
    return verdicts[index];
}
