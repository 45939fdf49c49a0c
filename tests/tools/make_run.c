/* Writes the run directory of a run that never was, with the program's own writers and without waiting: for tests of what reads large runs.
 *
 *   make_run SCENARIO DIRECTORY SECONDS
 *
 * Every device of the scenario connects in the first minute and publishes every ten seconds, QoS 1, with latencies around 2 ms. The first
 * group is away for a twentieth of the run: its publishes wait, it comes back within seconds, and its connects are refused at first. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/draw.h"
#include "cli/front.h"
#include "fleet/run.h"
#include "metrics/recorder.h"
#include "report/report_session.h"

enum { PUBLISH_EVERY_S = 10, RAMP_S = 60, BACK_S = 20 };

struct made {
    const struct plan *plan;
    struct recorder *recorder;
    struct interval *spare;
    struct result *second, *total;
    uint32_t *devices, *online; /* [group_count] */
    uint64_t draws;
    unsigned length;
};

static double chance(struct made *m) {
    return draw_unit(draw_u64(1, 0, 0, m->draws++));
}

/* Bell-shaped on a logarithmic scale: a few hundred microseconds to some tens of milliseconds. */
static span latency(struct made *m, double median_us) {
    double bell = chance(m) + chance(m) + chance(m) + chance(m) - 2;
    return (span)(median_us * exp2(bell * 3) * 1000);
}

static void end_operations(struct made *m, unsigned group, enum op_kind kind, enum op_outcome outcome, instant at,
                           double median_us, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        instant intended = at + (instant)(chance(m) * SPAN_S);
        struct op op = {.intended = intended, .ready = intended, .kind = (uint8_t)kind, .qos = kind == OP_MQTT_PUBLISH};
        op.emitted = op.sent = intended + (span)(chance(m) * 200000);
        instant answered = op.sent + latency(m, median_us);
        recorder_end(m->recorder, group, &op, outcome, OP_DROP_NONE, answered, answered, 0);
        if (kind == OP_MQTT_PUBLISH) {
            recorder_tally(m->recorder, group, intended, TALLY_SENT, 1);
            recorder_tally(m->recorder, group, intended, TALLY_ACKED, 1);
            recorder_tally(m->recorder, group, intended, TALLY_BYTES_UP, 96);
        }
        if (outcome == OP_REFUSED)
            recorder_reason(m->recorder, group, i, kind, outcome, 0x97, CLOSE_NONE, intended);
    }
}

static void move(struct made *m, unsigned group, uint32_t to) {
    for (; m->online[group] < to; m->online[group]++)
        recorder_state(m->recorder, group, STATE_BACKOFF, STATE_ONLINE);
    for (; m->online[group] > to; m->online[group]--)
        recorder_state(m->recorder, group, STATE_ONLINE, STATE_BACKOFF);
}

static void live(struct made *m, unsigned group, unsigned second) {
    instant at = second * SPAN_S;
    unsigned gone = m->length * 2 / 5, back = gone + m->length / 20;
    uint32_t all = m->devices[group], per_second = (all + RAMP_S - 1) / RAMP_S;
    if (second < RAMP_S) {
        uint32_t next = m->online[group] + per_second > all ? all : m->online[group] + per_second;
        end_operations(m, group, OP_MQTT_CONNECT, OP_OK, at, 4000, next - m->online[group]);
        move(m, group, next);
    } else if (group == 0 && second >= gone && second < back) {
        move(m, group, 0);
    } else if (group == 0 && second >= back && m->online[group] < all) {
        uint32_t more = all / BACK_S + 1, next = m->online[group] + more > all ? all : m->online[group] + more;
        end_operations(m, group, OP_MQTT_CONNECT, OP_REFUSED, at, 20000, (all - next) / 8);
        end_operations(m, group, OP_MQTT_CONNECT, OP_OK, at, 60000, next - m->online[group]);
        end_operations(m, group, OP_MQTT_PUBLISH, OP_OK, at, 2e6, (next - m->online[group]) * 4);
        move(m, group, next);
    }
    end_operations(m, group, OP_MQTT_PUBLISH, OP_OK, at, 2000, m->online[group] / PUBLISH_EVERY_S);
}

static void tell_phases(const struct made *m, const struct run_sink *sink, instant from, instant to) {
    for (unsigned i = 0; i < m->plan->phase_count; i++) {
        const struct phase *p = &m->plan->phases[i];
        for (int start = 1; start >= 0; start--) {
            instant at = start ? p->start : p->end;
            if (from <= at && at < to)
                sink->event(sink->context,
                            &(struct run_event){.kind = RUN_PHASE, .at = at, .id = p->id, .start = start});
        }
    }
}

static void pass_second(struct made *m, const struct run_sink *sink, unsigned second) {
    instant to = (second + 1) * SPAN_S;
    tell_phases(m, sink, second * SPAN_S, to);
    for (unsigned g = 0; g < m->plan->group_count; g++)
        live(m, g, second);
    struct interval *full = recorder_swap(m->recorder, m->spare, to);
    result_clear(m->second);
    result_add(m->second, full, m->plan->trust.lag);
    result_end_second(m->second, to);
    result_merge(m->total, m->second);
    m->spare = full;
    struct run_second told = {.at = to,
                              .second = m->second,
                              .total = m->total,
                              .cpu_share_max = 0.2,
                              .rss_bytes = 20 << 20,
                              .phase = "steady",
                              .trustworthy = true};
    sink->second(sink->context, &told);
}

static void count_in(struct made *m) {
    for (uint32_t d = 0; d < m->plan->device_count; d++) {
        unsigned group = m->plan->group_of[d];
        m->devices[group]++;
        recorder_state(m->recorder, group, STATE_BACKOFF, STATE_BACKOFF);
    }
}

static int make(const struct plan *plan, struct report_options *options, unsigned seconds) {
    struct made m = {.plan = plan, .length = seconds};
    struct report_session *session;
    char why[512];
    int code;
    if (report_session_open(plan, options, &session, &code, why, sizeof why) != 0) {
        fprintf(stderr, "%s\n", why);
        return code;
    }
    m.recorder = recorder_new(plan->group_count, &plan->segments);
    m.second = result_new(plan->group_count, &plan->segments);
    m.total = result_new(plan->group_count, &plan->segments);
    m.devices = calloc(plan->group_count, sizeof *m.devices);
    m.online = calloc(plan->group_count, sizeof *m.online);
    count_in(&m);
    struct run_sink sink = report_session_sink(session);
    sink.event(sink.context, &(struct run_event){.kind = RUN_STARTED, .unix_ns = 1795336200 * SPAN_S});
    for (unsigned s = 0; s < seconds; s++)
        pass_second(&m, &sink, s);
    struct run_facts facts = {.plan = plan,
                              .finished = true,
                              .started_unix_ns = 1795336200 * SPAN_S,
                              .ended = seconds * SPAN_S,
                              .checks = calloc(plan->check_count + 1, sizeof *facts.checks),
                              .devices_here = plan->device_count,
                              .shard = 1,
                              .shards = 1,
                              .workers = 1,
                              .online_end = plan->device_count,
                              .result = m.total};
    struct judge *judge = judge_new(plan);
    judge_finish(judge, m.total, facts.checks);
    judge_free(judge);
    run_decide(&facts, false, 0);
    code = report_session_close(session, &facts);
    free(facts.checks);
    recorder_free(m.recorder);
    interval_free(m.spare);
    result_free(m.second);
    result_free(m.total);
    free(m.devices);
    free(m.online);
    return code;
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fputs("usage: make_run SCENARIO DIRECTORY SECONDS\n", stderr);
        return 2;
    }
    struct options o = {.quiet = true};
    struct front f;
    int code = front_open(&f, &o, argv[1], false);
    if (code == 0) {
        char *words[] = {"muster", "run", argv[1]};
        struct report_options options = {.out = argv[2], .argc = 3, .argv = words, .quiet = true, .no_color = true};
        code = make(f.plan, &options, (unsigned)strtoul(argv[3], NULL, 10));
    }
    front_free(&f);
    return code;
}
