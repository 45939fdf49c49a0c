#include "report/made_run.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/draw.h"
#include "harness.h"
#include "metrics/recorder.h"
#include "metrics/result.h"
#include "report/report_session.h"
#include "scenario/load.h"

const char made_run_scenario[] =
    "version: 1\n"
    "name: made\n"
    "target: mqtt://127.0.0.1:1883\n"
    "duration: 8s\n"
    "warmup: 1s\n"
    "profiles:\n"
    "  meter: {protocol: mqtt5}\n"
    "fleets:\n"
    "  a: {count: 7, profile: meter, telemetry: {every: 1s, topic: 't', payload: x, qos: 1}}\n"
    "  b: {count: 5, profile: meter, telemetry: {every: 1s, topic: 'u', payload: y, qos: 0}}\n"
    "timeline:\n"
    "  - {do: connect, who: all, over: 2s}\n"
    "  - {do: disconnect, id: cut, who: {fleet: a, count: 2}, at: 4s, for: 2s}\n"
    "checks:\n"
    "  - {name: quick, expect: 'p90(mqtt.publish.ack, during=cut) < 250ms', min_samples: 5}\n"
    "  - {name: window, expect: 'ratio(mqtt.connect.ok, over=3s) > 10%', min_samples: 1}\n"
    "  - {name: service, expect: 'mean(mqtt.publish.ack{clock=service, fleet=a}) < 1s'}\n"
    "  - {name: lost, expect: 'lost(mqtt.publish) == 0', expected_during: [cut]}\n"
    "  - {name: back, expect: 'time_to(online == 100%) < 1s', kind: info}\n"
    "  - {name: rate, expect: 'count(net.bytes) > 1B', kind: conformance}\n";

static struct plan *compile(const char *seed, struct diagnostic_list *found) {
    static const char *const files[] = {"made.yaml"};
    struct node *root = NULL;
    char set[64];
    snprintf(set, sizeof set, "seed=%s", seed != NULL ? seed : "7");
    struct load_override with_seed = {LOAD_SET, set};
    struct load_options load = {.files = files,
                                .file_count = 1,
                                .text = made_run_scenario,
                                .text_size = strlen(made_run_scenario),
                                .overrides = &with_seed,
                                .override_count = 1};
    CU_ASSERT_EQUAL_FATAL(load_scenario(&load, &root, found), 0);
    struct plan *plan = plan_compile(root, &(struct plan_options){.resolve = true}, found);
    if (plan == NULL)
        printf("     %s\n", found->items[0].message);
    CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
    return plan;
}

static uint64_t draw(const struct made_run *m, unsigned second, unsigned k, uint64_t below) {
    return draw_below(draw_u64(m->shard, k, 77, second), below);
}

/* One operation that ended in that second. */
static void record(const struct made_run *m, const struct plan *p, struct recorder *r, unsigned second, unsigned i) {
    unsigned k = 8 * i, group = (unsigned)draw(m, second, k, p->group_count);
    struct op op = {.kind = (uint8_t)draw(m, second, k + 1, OP_MQTT_END_TO_END),
                    .intended = second * SPAN_S + (instant)draw(m, second, k + 2, (uint64_t)SPAN_S)};
    op.qos = op.kind == OP_MQTT_PUBLISH ? (uint8_t)draw(m, second, k + 3, 3) : 0;
    op.held = draw(m, second, k + 4, 5) == 0 ? OP_HELD_OFFLINE : OP_HELD_NONE;
    op.ready = op.intended + (op.held != OP_HELD_NONE ? SPAN_MS : 0);
    op.emitted = op.sent = op.ready + (instant)draw(m, second, k + 5, (uint64_t)SPAN_MS);
    enum op_outcome outcome = m->healthy ? OP_OK : (enum op_outcome)draw(m, second, k + 6, OP_OUTCOMES);
    instant end = op.sent + (instant)draw(m, second, k + 7, (uint64_t)(m->healthy ? 20 * SPAN_MS : SPAN_S));
    uint8_t excluded = plan_excluded(p, i % p->device_count, op.intended, end);
    recorder_end(r, group, &op, outcome, outcome == OP_DROPPED ? OP_DROP_BUFFER_FULL : OP_DROP_NONE, end, end,
                 excluded);
    recorder_tally(r, group, end, TALLY_BYTES_UP, 17);
    if (op.kind == OP_MQTT_PUBLISH && op.qos > 0 && outcome == OP_OK) {
        recorder_tally(r, group, end, TALLY_SENT, 1);
        recorder_tally(r, group, end, TALLY_ACKED, 1);
    }
    if (outcome == OP_REFUSED || outcome == OP_BROKEN)
        recorder_reason(r, group, i % p->device_count, (enum op_kind)op.kind, outcome, (uint8_t)(0x87 + i % 3),
                        outcome == OP_BROKEN ? CLOSE_RESET : CLOSE_NONE, end);
}

static struct interval *second_of(const struct made_run *m, const struct plan *p, struct recorder *r, unsigned second) {
    enum { OPERATIONS = 40 };
    if (second == 0)
        for (uint32_t d = m->shard - 1; d < p->device_count; d += m->shards)
            recorder_state(r, p->group_of[d], STATE_OFFLINE, STATE_OFFLINE);
    if (second == 1)
        for (uint32_t d = m->shard - 1; d < p->device_count; d += m->shards)
            recorder_state(r, p->group_of[d], STATE_OFFLINE, STATE_ONLINE);
    for (unsigned i = 0; i < OPERATIONS; i++)
        record(m, p, r, second, i);
    recorder_loop_late(r, (span)second * SPAN_MS);
    return recorder_swap(r, NULL, (second + 1) * SPAN_S);
}

/* What fleet/control.c does with a second. */
static void drive(const struct made_run *m, const struct plan *p, const struct run_sink *sink, struct run_facts *f) {
    struct result *second = result_new(p->group_count, &p->segments);
    struct result *total = result_new(p->group_count, &p->segments);
    struct judge *judge = judge_new(p);
    struct recorder *r = recorder_new(p->group_count, &p->segments);
    sink->event(sink->context, &(struct run_event){.kind = RUN_STARTED, .unix_ns = f->started_unix_ns});
    sink->event(sink->context, &(struct run_event){.kind = RUN_PHASE, .id = "ramp", .start = true});
    for (unsigned i = 0; i < MADE_RUN_SECONDS; i++) {
        instant at = i + 1 < MADE_RUN_SECONDS ? (i + 1) * SPAN_S : f->ended + 200 * SPAN_MS;
        struct interval *interval = second_of(m, p, r, i);
        result_add(second, interval, p->trust.lag);
        interval_free(interval);
        result_end_second(second, at);
        result_merge(total, second);
        judge_second(judge, at, second, total);
        struct run_second told = {.at = at,
                                  .second = second,
                                  .total = total,
                                  .cpu_share_max = 0.01 * i,
                                  .rss_bytes = 1000000 + i,
                                  .phase = i < 2 ? "ramp" : "steady",
                                  .trustworthy = true};
        sink->second(sink->context, &told);
        f->online_end = total->online_peak;
        result_clear(second);
    }
    f->checks = calloc(p->check_count + 1, sizeof *f->checks);
    judge_finish(judge, total, f->checks);
    f->result = total;
    recorder_free(r);
    judge_free(judge);
    result_free(second);
}

static int close_silently(struct report_session *session, struct run_facts *f) {
    fflush(stdout);
    int kept = dup(STDOUT_FILENO), null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(null, STDOUT_FILENO);
    close(null);
    int code = report_session_close(session, f);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    return code;
}

int made_run_write(const struct made_run *m) {
    static char *argv[] = {"muster", "run", "made.yaml", "--shard", "1/2", "--quiet"};
    struct diagnostic_list found;
    diagnostic_init(&found);
    struct plan *plan = compile(m->seed, &found);
    struct report_options o = {.out = m->directory,
                               .argc = m->shards > 1 ? 6 : 3,
                               .argv = argv,
                               .quiet = true,
                               .no_color = true,
                               .shard = m->shard,
                               .shards = m->shards,
                               .fail_code = m->fail_code};
    struct report_session *session = NULL;
    int code = 0;
    char why[512] = "";
    int status = report_session_open(plan, &o, &session, &code, why, sizeof why);
    if (status != 0)
        printf("     %s\n", why);
    CU_ASSERT_EQUAL_FATAL(status, 0);
    struct run_facts f = {.plan = plan,
                          .finished = m->signal == 0,
                          .signal = m->signal,
                          .started_unix_ns = 1795336200 * SPAN_S + 123456789,
                          .ended = 8 * SPAN_S + 300 * SPAN_MS,
                          .settle_start = 8 * SPAN_S,
                          .settle_end = 8 * SPAN_S + 300 * SPAN_MS,
                          .devices_here = plan->device_count / m->shards,
                          .shard = m->shard,
                          .shards = m->shards,
                          .workers = 2,
                          .decisions_hash = 0x1111000000000000 * m->shard,
                          .cpu_s = 0.25,
                          .rss_peak_bytes = 4096 * m->shard,
                          .bytes_per_device = 512.5};
    struct run_sink sink = report_session_sink(session);
    drive(m, plan, &sink, &f);
    run_decide(&f, false, m->fail_code);
    code = close_silently(session, &f);
    run_facts_free(&f);
    plan_free(plan);
    diagnostic_free(&found);
    return code;
}
