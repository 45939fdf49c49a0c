/* The logs of a run directory as a stranger would write them: each line of the input becomes a line of events.ndjson with a right number and
 * checksum (those alone are fuzz_events_read's), the lines behind the first empty one are the interval log. Reader and judge keep their heads, and
 * what they take as seconds is in order. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/text.h"
#include "report/events.h"
#include "report/run_log.h"
#include "scenario/judge.h"
#include "scenario/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char scenario[] =
    "version: 1\nname: f\ntarget: mqtt://127.0.0.1:1883\nduration: 5s\nseed: 1\nwarmup: 1s\n"
    "profiles: {p: {protocol: mqtt5}}\n"
    "fleets:\n  a: {count: 3, profile: p, telemetry: {every: 1s, topic: t, payload: x, qos: 1}}\n"
    "checks:\n  - expect: 'p90(mqtt.publish.ack) < 1s'\n  - expect: 'ratio(mqtt.connect.ok, over=2s) > 10%'\n"
    "  - expect: 'time_to(online == 100%) < 2s'\n  - expect: 'lost(mqtt.publish) == 0'\n";

/* Compiled anew for every input: readers put addresses into it. */
static struct plan *compile(struct diagnostic_list *found) {
    static const char *const files[] = {"f.yaml"};
    struct load_options load = {.files = files, .file_count = 1, .text = scenario, .text_size = sizeof scenario - 1};
    struct node *root = NULL;
    diagnostic_init(found);
    CHECK(load_scenario(&load, &root, found) == 0);
    struct plan *plan = plan_compile(root, &(struct plan_options){.skip_resources = true}, found);
    CHECK(plan != NULL);
    return plan;
}

static size_t seal_lines(const char *data, size_t size, struct text *out) {
    unsigned n = 0;
    size_t at = 0;
    while (at < size && data[at] != '\n') {
        const char *end = memchr(data + at, '\n', size - at);
        size_t length = end != NULL ? (size_t)(end - (data + at)) : size - at;
        struct text line = {0};
        text_printf(&line, "{\"n\":%u,\"t\":0,", n++);
        text_append_n(&line, data + at, length);
        events_seal(&line);
        text_append_n(out, line.data, line.size);
        text_free(&line);
        at += length + (end != NULL ? 1 : 0);
    }
    return at < size ? at + 1 : size;
}

static void judge_all(struct run_log *l, const struct plan *plan) {
    struct result *total = result_new(plan->group_count, &plan->segments);
    struct judge *judge = judge_new(plan);
    struct check_verdict *verdicts = calloc(plan->check_count + 1, sizeof *verdicts);
    CHECK(total != NULL && judge != NULL && verdicts != NULL);
    const struct run_log_second *second;
    instant last = 0;
    while ((second = run_log_next(l)) != NULL) {
        CHECK(second->from == last && second->at > second->from);
        last = second->at;
        result_merge(total, second->result);
        judge_second(judge, second->at, second->result, total);
    }
    judge_finish(judge, total, verdicts);
    const struct run_log_end *end = run_log_end(l);
    CHECK(!end->aborted || end->aborted_by < plan->check_count);
    CHECK(!end->broken || end->why[0] != '\0');
    free(verdicts);
    judge_free(judge);
    result_free(total);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct diagnostic_list found;
    struct plan *plan = compile(&found);
    struct text events = {0};
    size_t split = seal_lines((const char *)data, size, &events);
    struct run_log_part parts[] = {{events.data, events.size}, {(const char *)data + split, size - split}};
    struct run_log_texts texts = {&parts[0], &parts[1], 1, 1};
    struct run_log *l = run_log_new(plan, &texts);
    CHECK(l != NULL);
    judge_all(l, plan);
    run_log_free(l);
    text_free(&events);
    plan_free(plan);
    diagnostic_free(&found);
    return 0;
}
