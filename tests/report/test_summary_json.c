#include "report/summary_json.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "report/documented.h"
#include "report/sample.h"
#include "scenario/plan_observe.h"

static struct sample s;
static struct text json;

static const char *write(void) {
    json.size = 0;
    summary_json_write(&json, &s.report);
    return text_get(&json);
}

static void begin(void) {
    sample_make(&s);
    write();
}

static void end(void) {
    sample_free(&s);
    text_free(&json);
}

static double number(const char *path) {
    return sample_json_number(text_get(&json), path);
}

static void every_key_of_the_contract_is_there_and_has_its_type(void) {
    static const char *const numbers[] = {"schema",
                                          "scenario.seed",
                                          "exit_code",
                                          "duration_s",
                                          "devices.count",
                                          "devices.online_peak",
                                          "devices.online_end",
                                          "devices.connect_attempts",
                                          "devices.reconnects",
                                          "checks.0.value",
                                          "checks.0.limit",
                                          "checks.0.samples",
                                          "messages.sent",
                                          "messages.acked",
                                          "messages.audited",
                                          "messages.received",
                                          "messages.lost",
                                          "messages.duplicated",
                                          "messages.reordered",
                                          "network.bytes_up",
                                          "network.bytes_down",
                                          "network.connections_opened",
                                          "tool.lag_p999_ms",
                                          "tool.late",
                                          "tool.dropped",
                                          "tool.cpu_s",
                                          "tool.rss_peak_bytes",
                                          "tool.bytes_per_device"};
    static const char *const strings[] = {
        "muster.version",          "scenario.name",   "scenario.hash", "scenario.plan_hash",
        "scenario.decisions_hash", "target.0",        "mode",          "verdict",
        "checks.0.name",           "checks.0.expect", "checks.0.unit"};
    begin();
    CU_ASSERT_TRUE(sample_json_valid(text_get(&json), json.size));
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (isnan(number(numbers[i])))
            printf("     no number at %s\n", numbers[i]);
        CU_ASSERT_FALSE(isnan(number(numbers[i])));
    }
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        char text[128];
        CU_ASSERT_PTR_NOT_NULL(sample_json_string(text_get(&json), strings[i], text, sizeof text));
    }
    bool pass;
    CU_ASSERT_TRUE(sample_json_bool(text_get(&json), "checks.0.pass", &pass) && !pass);
    CU_ASSERT_TRUE(sample_json_bool(text_get(&json), "checks.1.pass", &pass) && pass);
    end();
}

static void intended_is_count_withdrawn_dropped_and_open(void) {
    begin();
    static const char prefix[] = "operations.mqtt\\.publish\\.ack.";
    double sum = 0;
    static const char *const parts[] = {"count", "withdrawn", "dropped", "open"};
    for (size_t i = 0; i < 4; i++) {
        char path[96];
        snprintf(path, sizeof path, "%s%s", prefix, parts[i]);
        sum += number(path);
    }
    CU_ASSERT_EQUAL(sum, 730);
    CU_ASSERT_EQUAL(number("operations.mqtt\\.publish\\.ack.intended"), sum);
    CU_ASSERT_EQUAL(number("operations.mqtt\\.publish\\.ack.count"), 709);
    CU_ASSERT_EQUAL(number("operations.mqtt\\.publish\\.ack.ok"), 700);
    CU_ASSERT_EQUAL(number("operations.mqtt\\.publish\\.ack.failed"), 9);
    CU_ASSERT_EQUAL(number("operations.mqtt\\.publish\\.ack.dropped_because.buffer_full"), 7);
    end();
}

static void percentiles_are_over_answered_operations(void) {
    begin();
    CU_ASSERT_EQUAL(number("operations.mqtt\\.publish\\.ack.response_ms.samples"), 700);
    CU_ASSERT_DOUBLE_EQUAL(number("operations.mqtt\\.publish\\.ack.response_ms.p50"), 20, 0.2);
    CU_ASSERT_EQUAL(number("operations.mqtt\\.publish\\.ack.response_ms.p99"), 40);
    CU_ASSERT_EQUAL(number("operations.mqtt\\.publish\\.ack.response_ms.max"), 40);
    CU_ASSERT_EQUAL(number("operations.mqtt\\.publish\\.ack.service_ms.max"), 39);
    end();
}

static void qos_0_stands_apart_and_its_percentiles_are_null(void) {
    begin();
    CU_ASSERT_EQUAL(number("operations.mqtt\\.publish\\.sent.ok"), 50);
    CU_ASSERT_TRUE(sample_json_is_null(text_get(&json), "operations.mqtt\\.publish\\.sent.response_ms.p50"));
    CU_ASSERT_TRUE(sample_json_is_null(text_get(&json), "operations.mqtt\\.publish\\.sent.service_ms.max"));
    end();
}

static void operations_without_any_are_not_listed(void) {
    begin();
    CU_ASSERT_TRUE(isnan(number("operations.mqtt\\.ping\\.ack.count")));
    end();
}

static void the_warm_up_counts_for_devices_and_not_for_operations(void) {
    begin();
    CU_ASSERT_EQUAL(number("devices.connect_attempts"), 13);
    CU_ASSERT_EQUAL(number("operations.mqtt\\.connect\\.ack.count"), 3);
    CU_ASSERT_EQUAL(number("messages.sent"), 600 + 100 + 4 + 5 + 6 + 8 + 50);
    CU_ASSERT_EQUAL(number("messages.acked"), 700);
    CU_ASSERT_EQUAL(number("network.connections_opened"), 10);
    end();
}

static void without_an_auditor_received_is_zero_and_devices_have_their_own_count(void) {
    begin();
    CU_ASSERT_EQUAL(number("messages.audited"), 0);
    CU_ASSERT_EQUAL(number("messages.received"), 0);
    CU_ASSERT_EQUAL(number("messages.device_received"), 3);
    end();
}

static void an_audit_has_its_gaps_and_counts_by_qos(void) {
    sample_make(&s);
    struct plan_observe observe = {.audited = 3, .candidates = 10, .qos = 2};
    struct audit_gap gaps[] = {{AUDIT_GAP_STALL, 2 * SPAN_S, 3 * SPAN_S, 7},
                               {AUDIT_GAP_CONNECTION, 5 * SPAN_S, INSTANT_NEVER, 0}};
    s.plan.observe = &observe;
    s.facts.audit = (struct run_audit){.on = true, .granted = 2, .gaps = gaps, .gap_count = 2};
    sample_tally(&s, TALLY_AUDITED, 93);
    sample_tally(&s, TALLY_AUDIT_REORDERED, 2);
    sample_tally(&s, TALLY_AUDIT_EXCLUDED, 7);
    summary_json_write(&json, &s.report);
    char text[32];
    CU_ASSERT_EQUAL(number("messages.audited"), 93);
    CU_ASSERT_EQUAL(number("messages.reordered"), 2);
    CU_ASSERT_EQUAL(number("messages.excluded"), 7);
    CU_ASSERT_EQUAL(number("messages.qos.0.audited"), 93);
    CU_ASSERT_EQUAL(number("audit.of_devices"), 10);
    CU_ASSERT_STRING_EQUAL(sample_json_string(text_get(&json), "audit.gaps.0.kind", text, sizeof text), "stall");
    CU_ASSERT_EQUAL(number("audit.gaps.0.to_s"), 3);
    CU_ASSERT_TRUE(sample_json_is_null(text_get(&json), "audit.gaps.1.to_s"));
    s.facts.audit = (struct run_audit){0};
    end();
}

static void values_are_in_their_unit_and_null_when_infinite_or_missing(void) {
    begin();
    char text[64];
    CU_ASSERT_EQUAL(number("checks.0.value"), 312);
    CU_ASSERT_EQUAL(number("checks.0.limit"), 250);
    CU_ASSERT_TRUE(sample_json_is_null(text_get(&json), "checks.2.value"));
    CU_ASSERT_STRING_EQUAL(sample_json_string(text_get(&json), "checks.2.reason", text, sizeof text),
                           "two devices never came back");
    CU_ASSERT_TRUE(sample_json_is_null(text_get(&json), "checks.3.value"));
    end();
}

static void fleets_add_up_to_the_whole(void) {
    begin();
    CU_ASSERT_EQUAL(number("fleets.meters.operations.mqtt\\.publish\\.ack.intended"), 730);
    CU_ASSERT_EQUAL(number("fleets.gates.operations.mqtt\\.publish\\.sent.intended"), 50);
    CU_ASSERT_EQUAL(number("fleets.meters.messages.sent") + number("fleets.gates.messages.sent"),
                    number("messages.sent"));
    CU_ASSERT_EQUAL(number("fleets.meters.devices") + number("fleets.gates.devices"), number("devices.count"));
    end();
}

static void causes_name_an_example(void) {
    begin();
    CU_ASSERT_EQUAL(number("causes.0.count"), 3);
    CU_ASSERT_EQUAL(number("causes.0.reason_code"), 0x97);
    CU_ASSERT_EQUAL(number("causes.0.example_device"), 0);
    end();
}

static void hostile_names_change_nothing_but_themselves(void) {
    begin();
    s.plan.name = s.checks[0].name = s.groups[0].fleet = s.fleets[0].name = s.target.url = sample_hostile;
    write();
    CU_ASSERT_TRUE(sample_json_valid(text_get(&json), json.size));
    CU_ASSERT_PTR_NULL(strstr(text_get(&json), "\x1b"));
    CU_ASSERT_PTR_NULL(strstr(text_get(&json), "<script"));
    CU_ASSERT_EQUAL(number("exit_code"), 10);
    end();
}

static void a_run_without_samples_has_nulls_and_no_division(void) {
    begin();
    result_clear(s.result);
    write();
    CU_ASSERT_TRUE(sample_json_valid(text_get(&json), json.size));
    CU_ASSERT_TRUE(sample_json_is_null(text_get(&json), "tool.lag_p999_ms"));
    CU_ASSERT_EQUAL(number("messages.sent"), 0);
    end();
}

static void every_key_is_documented(void) {
    begin();
    char key[64];
    for (const char *at = text_get(&json); (at = strstr(at, "\": ")) != NULL; at++) {
        const char *start = at;
        while (start[-1] != '"')
            start--;
        snprintf(key, sizeof key, "%.*s", (int)(at - start), start);
        if (strcmp(key, "meters") != 0 && strcmp(key, "gates") != 0) /* names of the scenario */
            CU_ASSERT_TRUE(documented(key));
    }
    end();
}

HARNESS_MAIN("report/summary_json", HARNESS_CASE(every_key_of_the_contract_is_there_and_has_its_type),
             HARNESS_CASE(every_key_is_documented), HARNESS_CASE(intended_is_count_withdrawn_dropped_and_open),
             HARNESS_CASE(percentiles_are_over_answered_operations),
             HARNESS_CASE(qos_0_stands_apart_and_its_percentiles_are_null),
             HARNESS_CASE(operations_without_any_are_not_listed),
             HARNESS_CASE(the_warm_up_counts_for_devices_and_not_for_operations),
             HARNESS_CASE(without_an_auditor_received_is_zero_and_devices_have_their_own_count),
             HARNESS_CASE(an_audit_has_its_gaps_and_counts_by_qos),
             HARNESS_CASE(values_are_in_their_unit_and_null_when_infinite_or_missing),
             HARNESS_CASE(fleets_add_up_to_the_whole), HARNESS_CASE(causes_name_an_example),
             HARNESS_CASE(hostile_names_change_nothing_but_themselves),
             HARNESS_CASE(a_run_without_samples_has_nulls_and_no_division))
