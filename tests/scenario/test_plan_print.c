#include "scenario/plan_print.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "compiled.h"
#include "harness.h"
#include "scenario/plan_walk.h"

static const char scenario[] = "duration: 2min\nfleets: {a: {count: 30, regions: {x: 50%, y: 50%}, signals: {t: 5}, "
                               "telemetry: {every: 10s, topic: t, payload: \"${signal.t}\"}}}\n"
                               "timeline: [{do: connect, over: 10s}, {id: b, at: 1min, do: burst, messages: 2}]\n"
                               "checks: [{name: fine, expect: ratio(mqtt.connect.ok) == 100%}]\n";

static void has(const struct text *t, const char *words) {
    bool found = strstr(text_get(t), words) != NULL;
    if (!found)
        printf("     missing: %s\n", words);
    CU_ASSERT_TRUE(found);
}

static void the_text_names_what_matters(void) {
    struct compiled c = compiled_of(scenario);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    struct text out = {0};
    plan_print_text(c.plan, &out);
    has(&out, c.plan->plan_hash);
    has(&out, "devices            30");
    has(&out, "15  fleet a, profile default, region y");
    has(&out, "30 at the peak");
    has(&out, "b: burst 30 devices");
    has(&out, "intended load");
    has(&out, "fine: ratio(mqtt.connect.ok) == 100% (slo)");
    has(&out, "the built-in broker");
    text_free(&out);
    compiled_free(&c);
}

static void it_says_who_audits(void) {
    static const struct {
        const char *observe, *words;
    } cases[] = {
        {"", "audited            nobody observes: loss is counted by acknowledgement alone"},
        {"observe: {share: 50%, qos: 1}\n", "audited            5 of 10 devices, through 5 filters at QoS 1\n"},
        {"observe: all\n", "audited            10 of 10 devices, through 1 filter at QoS 2\n"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[500];
        snprintf(text, sizeof text,
                 "duration: 10s\n%sfleets: {a: {count: 10, telemetry: {every: 1s, topic: \"t/${device.id}\", payload: "
                 "\"random(22B)\"}}}\n",
                 cases[i].observe);
        struct compiled c = compiled_of(text);
        struct text out = {0};
        CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
        plan_print_text(c.plan, &out);
        has(&out, cases[i].words);
        text_free(&out);
        compiled_free(&c);
    }
}

static void a_target_is_named_when_the_scenario_names_it(void) {
    struct text out = {0};
    struct compiled c = compiled_of(scenario);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    plan_print_text(c.plan, &out);
    has(&out, "  target           builtin (the built-in broker");
    text_free(&out);
    compiled_free(&c);
    c = compiled_with("version: 1\ntargets: {b: {url: [mqtt://127.0.0.1, mqtt://127.0.0.2]}}\nduration: 1s\n"
                      "fleets: {a: {count: 1}}\n",
                      &(struct plan_options){.target_count = 0});
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    plan_print_text(c.plan, &out);
    has(&out, "  target           b: mqtt://127.0.0.1 and 1 more node\n");
    CU_ASSERT_PTR_NULL(strstr(text_get(&out), " \n"));
    text_free(&out);
    compiled_free(&c);
}

static void the_json_has_its_keys(void) {
    static const char *const keys[] = {
        "plan_hash",          "devices",     "connections_peak",       "connects_per_s_peak",
        "messages_total",     "bytes_total", "messages_per_s_peak",    "memory_bytes_estimate",
        "descriptors_needed", "estimate",    "source_addresses_needed"};
    struct compiled c = compiled_of(scenario);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    struct text out = {0};
    plan_print_json(c.plan, &out);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        char quoted[64];
        snprintf(quoted, sizeof quoted, "\"%s\":", keys[i]);
        has(&out, quoted);
    }
    has(&out, "\"devices\": 30,");
    has(&out, "\"connections_peak\": 30,");
    text_free(&out);
    compiled_free(&c);
}

static void one_device_is_listed_with_its_decisions(void) {
    struct compiled c = compiled_of(scenario);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    struct text out = {0};
    char hash[64];
    CU_ASSERT_EQUAL(plan_print_device(c.plan, 7, false, &out), 0);
    has(&out, "device 7: a-7, profile default, region ");
    has(&out, "connect      connect#1");
    has(&out, "publish      n=1 of b t=5");
    has(&out, "publish      n=10 t=5");
    snprintf(hash, sizeof hash, "decisions_hash %016llx", (unsigned long long)plan_walk_decisions(c.plan, 7));
    has(&out, hash);
    text_free(&out);
    CU_ASSERT_EQUAL(plan_print_device(c.plan, 7, true, &out), 0);
    snprintf(hash, sizeof hash, "\"decisions_hash\":\"%016llx\"", (unsigned long long)plan_walk_decisions(c.plan, 7));
    has(&out, hash);
    text_free(&out);
    CU_ASSERT_EQUAL(plan_print_device(c.plan, 30, false, &out), ERR_NOT_FOUND);
    has(&out, "there is no device 30; the plan has 30");
    text_free(&out);
    compiled_free(&c);
}

static void origins_are_shown(void) {
    struct compiled c = compiled_of(scenario);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    struct text out = {0};
    plan_print_origin(c.plan, &out);
    has(&out, "test.yaml:4");
    text_free(&out);
    compiled_free(&c);
}

HARNESS_MAIN("scenario/plan_print", HARNESS_CASE(the_text_names_what_matters), HARNESS_CASE(it_says_who_audits),
             HARNESS_CASE(a_target_is_named_when_the_scenario_names_it), HARNESS_CASE(the_json_has_its_keys),
             HARNESS_CASE(one_device_is_listed_with_its_decisions), HARNESS_CASE(origins_are_shown))
