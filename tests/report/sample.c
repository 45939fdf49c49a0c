#include "report/sample.h"

#include <math.h>
#include <string.h>

#include "harness.h"
#include "scenario/load.h"

const char sample_hostile[] = "</failure>\"'&<script>]]>|`*_\x1b[31m\x01\n::error::\xff\xc3=cmd()";

static const char scenario[] =
    "version: 1\nname: sample\nseed: 7\nfleets:\n  meters:\n    count: 8\n  gates: {count: 2}\n";

static void make_plan(struct sample *s) {
    static const struct network no_network = {.name = "none"};
    s->target = (struct target){.name = "main", .url = "mqtt://127.0.0.1:1883"};
    s->telemetry = (struct telemetry){.name = "t", .qos = 1};
    s->fleets[0] = (struct fleet){"meters", 0, 8};
    s->fleets[1] = (struct fleet){"gates", 8, 2};
    for (unsigned g = 0; g < SAMPLE_GROUPS; g++)
        s->groups[g] = (struct fleet_group){.fleet = s->fleets[g / 2].name,
                                            .profile_name = "plain",
                                            .region = g == 1 ? "eu" : "",
                                            .target_name = "main",
                                            .fleet_index = (uint16_t)(g / 2),
                                            .network = &no_network,
                                            .target = &s->target,
                                            .telemetry = &s->telemetry,
                                            .telemetry_count = 1};
    for (unsigned d = 0; d < SAMPLE_DEVICES; d++)
        s->group_of[d] = (uint16_t)(d < 4 ? 0 : d < 8 ? 1 : 2);
    s->edges[0] = INT64_MIN;
    s->edges[1] = 5 * SPAN_S; /* end of the warm-up */
    s->edges[2] = 30 * SPAN_S;
    diagnostic_init(&s->sources);
    s->plan = (struct plan){
        .name = "sample",
        .file = "scenarios/sample.yaml",
        .seed = 7,
        .seed_given = true,
        .duration = 60 * SPAN_S,
        .interval = SPAN_S,
        .warmup = 5 * SPAN_S,
        .device_count = SAMPLE_DEVICES,
        .fleets = s->fleets,
        .fleet_count = 2,
        .groups = s->groups,
        .group_count = SAMPLE_GROUPS,
        .group_of = s->group_of,
        .targets = &s->target,
        .target_count = 1,
        .segments = {s->edges, 3},
        .checks = s->checks,
        .check_count = SAMPLE_CHECKS,
        .trust = {.lag = 10 * SPAN_MS},
        .scenario_hash = "aa",
        .plan_hash = "bb",
        .run_id = "3f9a",
        .root = load_text("scenarios/sample.yaml", scenario, sizeof scenario - 1, &s->sources),
    };
    CU_ASSERT_PTR_NOT_NULL_FATAL(s->plan.root);
}

static void make_checks(struct sample *s) {
    s->checks[0] = (struct check){.name = "fast enough", .expect = "p99(mqtt.publish.ack) < 250ms"};
    s->checks[1] = (struct check){.name = "nothing lost", .expect = "lost(mqtt.publish) == 0"};
    s->checks[2] = (struct check){.name = "back again", .expect = "time_to(online == 100%, from=outage.end) < 3min"};
    s->checks[3] = (struct check){.name = "for the record", .expect = "max(mqtt.ping.ack) < 1s", .kind = CHECK_INFO};
    s->verdicts[0] = (struct check_verdict){.check = &s->checks[0],
                                            .value_known = true,
                                            .value = 312e6,
                                            .limit_known = true,
                                            .limit = 250e6,
                                            .unit = "ms",
                                            .unit_factor = 1e6,
                                            .samples = 600};
    s->verdicts[1] = (struct check_verdict){.check = &s->checks[1],
                                            .pass = true,
                                            .value_known = true,
                                            .limit_known = true,
                                            .unit = "",
                                            .unit_factor = 1,
                                            .samples = 1912404};
    s->verdicts[2] = (struct check_verdict){.check = &s->checks[2],
                                            .value_known = true,
                                            .value_infinite = true,
                                            .limit_known = true,
                                            .limit = 180e9,
                                            .unit = "ms",
                                            .unit_factor = 1e6,
                                            .samples = 30,
                                            .reason = "two devices never came back"};
    s->verdicts[3] = (struct check_verdict){.check = &s->checks[3],
                                            .limit_known = true,
                                            .limit = 1e9,
                                            .unit = "ms",
                                            .unit_factor = 1e6,
                                            .reason = "no data"};
}

void sample_add(struct sample *s, unsigned group, enum op_kind kind, unsigned qos, enum op_outcome outcome, instant at,
                span response, unsigned count) {
    struct recorder *r = recorder_new(SAMPLE_GROUPS, &s->plan.segments);
    struct op op = {.intended = at, .ready = at, .kind = (uint8_t)kind, .qos = (uint8_t)qos};
    if (outcome != OP_DROPPED)
        op.emitted = op.sent = at + SPAN_MS;
    for (unsigned i = 0; i < count; i++) {
        recorder_end(r, group, &op, outcome, outcome == OP_DROPPED ? OP_DROP_BUFFER_FULL : OP_DROP_NONE, at + response,
                     at + response, 0);
        if (kind == OP_MQTT_PUBLISH && outcome != OP_DROPPED)
            recorder_tally(r, group, at, TALLY_SENT, 1);
        if (kind == OP_MQTT_PUBLISH && outcome == OP_OK && qos > 0)
            recorder_tally(r, group, at, TALLY_ACKED, 1);
        if (outcome == OP_REFUSED)
            recorder_reason(r, group, i, kind, outcome, 0x97, CLOSE_NONE, at);
    }
    struct interval *i = recorder_swap(r, NULL, at);
    result_add(s->result, i, s->plan.trust.lag);
    interval_free(i);
    recorder_free(r);
}

void sample_tally(struct sample *s, enum tally_kind kind, uint64_t count) {
    struct recorder *r = recorder_new(SAMPLE_GROUPS, &s->plan.segments);
    recorder_tally(r, 0, 10 * SPAN_S, kind, count);
    struct interval *i = recorder_swap(r, NULL, 10 * SPAN_S);
    result_add(s->result, i, s->plan.trust.lag);
    interval_free(i);
    recorder_free(r);
}

static void make_result(struct sample *s) {
    s->result = result_new(SAMPLE_GROUPS, &s->plan.segments);
    struct recorder *r = recorder_new(SAMPLE_GROUPS, &s->plan.segments);
    for (unsigned d = 0; d < SAMPLE_DEVICES; d++)
        recorder_state(r, s->group_of[d], STATE_ONLINE, STATE_ONLINE);
    recorder_tally(r, 0, 10 * SPAN_S, TALLY_BYTES_UP, 1000);
    recorder_tally(r, 2, 10 * SPAN_S, TALLY_BYTES_DOWN, 50);
    recorder_tally(r, 0, 1 * SPAN_S, TALLY_CONNECTIONS, 10);
    recorder_tally(r, 0, 10 * SPAN_S, TALLY_RECEIVED, 3);
    struct interval *i = recorder_swap(r, NULL, SPAN_S);
    result_add(s->result, i, s->plan.trust.lag);
    result_end_second(s->result, SPAN_S);
    interval_free(i);
    recorder_free(r);
    sample_add(s, 0, OP_MQTT_CONNECT, 0, OP_OK, SPAN_S, 5 * SPAN_MS, 10); /* in the warm-up */
    sample_add(s, 0, OP_MQTT_CONNECT, 0, OP_REFUSED, 10 * SPAN_S, 5 * SPAN_MS, 3);
    sample_add(s, 0, OP_MQTT_PUBLISH, 1, OP_OK, 10 * SPAN_S, 20 * SPAN_MS, 600);
    sample_add(s, 1, OP_MQTT_PUBLISH, 2, OP_OK, 40 * SPAN_S, 40 * SPAN_MS, 100);
    sample_add(s, 1, OP_MQTT_PUBLISH, 1, OP_TIMEOUT, 10 * SPAN_S, 0, 4);
    sample_add(s, 0, OP_MQTT_PUBLISH, 1, OP_BROKEN, 10 * SPAN_S, 0, 5);
    sample_add(s, 0, OP_MQTT_PUBLISH, 1, OP_WITHDRAWN, 10 * SPAN_S, 0, 6);
    sample_add(s, 0, OP_MQTT_PUBLISH, 1, OP_DROPPED, 10 * SPAN_S, 0, 7);
    sample_add(s, 0, OP_MQTT_PUBLISH, 1, OP_OPEN, 10 * SPAN_S, 0, 8);
    sample_add(s, 2, OP_MQTT_PUBLISH, 0, OP_OK, 10 * SPAN_S, 0, 50);
    sample_add(s, 2, OP_MQTT_PUBLISH, 1, OP_OK, SPAN_S, 20 * SPAN_MS, 1000); /* in the warm-up */
}

void sample_make(struct sample *s) {
    static char *argv[] = {"muster", "run", "scenarios/sample.yaml", "--out", "out/a b"};
    memset(s, 0, sizeof *s);
    make_plan(s);
    make_checks(s);
    make_result(s);
    s->facts = (struct run_facts){
        .plan = &s->plan,
        .finished = true,
        .verdict = VERDICT_FAIL,
        .exit_code = EXIT_CHECK_FAILED,
        .started_unix_ns = 1795336200 * SPAN_S,
        .ended = 61200 * SPAN_MS,
        .checks = s->verdicts,
        .devices_here = SAMPLE_DEVICES,
        .shard = 1,
        .shards = 1,
        .workers = 2,
        .online_end = 10,
        .decisions_hash = 0x1234,
        .cpu_s = 1.5,
        .rss_peak_bytes = 10 << 20,
        .bytes_per_device = 512,
        .result = s->result,
    };
    s->report = (struct report){
        .facts = &s->facts, .host = &s->host, .argc = 5, .argv = argv, .directory = "out/a b", .complete = true};
}

void sample_free(struct sample *s) {
    result_free(s->result);
    node_free(s->plan.root);
    diagnostic_free(&s->sources);
}
