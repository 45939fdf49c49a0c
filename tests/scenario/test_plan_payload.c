#include "scenario/plan_payload.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "codec/sparkplug.h"
#include "compiled.h"
#include "harness.h"

static struct compiled with(const char *payload, const char *more) {
    char text[1000];
    snprintf(text, sizeof text,
             "duration: 1min\nfleets:\n  a:\n    count: 1\n    signals: {temperature: 21, hum: 40, door: \"choice(a:1, "
             "b:1)\"}\n    telemetry: {every: 10s, topic: t%s, payload: %s}\n",
             more, payload);
    return compiled_of(text);
}

static const struct telemetry *first(struct compiled *c) {
    if (c->plan == NULL)
        compiled_print(c);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c->plan);
    return &c->plan->groups[0].telemetry[0];
}

static bool called(const struct payload_field *f, const char *name) {
    return bytes_equal(f->name, bytes_of_text(name));
}

static void without_a_list_all_signals_are_carried(void) {
    struct compiled c = with("{format: json}", "");
    const struct payload_format *f = first(&c)->format;
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    CU_ASSERT_TRUE(f->kind == PAYLOAD_JSON && f->time == PAYLOAD_TIME_MS && !f->has_mark);
    CU_ASSERT_EQUAL_FATAL(f->field_count, 4);
    CU_ASSERT_TRUE(called(&f->fields[0], "ts") && f->fields[0].source == PAYLOAD_OF_TIME);
    CU_ASSERT_TRUE(called(&f->fields[1], "temperature") && called(&f->fields[2], "hum") &&
                   called(&f->fields[3], "door"));
    CU_ASSERT_TRUE(f->fields[1].decimals == -1 && f->fields[1].type == SPARKPLUG_UNKNOWN && f->fields[3].signal == 2);
    compiled_free(&c);
}

static void a_list_says_which_how_and_in_what_order(void) {
    struct compiled c = with("{format: senml-cbor, time: none, mark: m, base_name: \"x${device.index}/\", signals: "
                             "{hum: {unit: \"%RH\", type: float}, "
                             "temperature: {name: t, decimals: 2}}}",
                             "");
    const struct payload_format *f = first(&c)->format;
    CU_ASSERT_EQUAL_FATAL(f->field_count, 3);
    CU_ASSERT_TRUE(called(&f->fields[0], "hum") && f->fields[0].signal == 1 && f->fields[0].type == SPARKPLUG_FLOAT);
    CU_ASSERT_TRUE(bytes_equal(f->fields[0].unit, bytes_of_text("%RH")));
    CU_ASSERT_TRUE(called(&f->fields[1], "t") && f->fields[1].signal == 0 && f->fields[1].decimals == 2);
    CU_ASSERT_TRUE(f->fields[2].source == PAYLOAD_OF_MARK && f->has_mark);
    CU_ASSERT_TRUE(first(&c)->mark == MARK_TEMPLATE && f->base_name.count == 3);
    compiled_free(&c);
}

static void keys_of_cbor_are_sorted_or_counted(void) {
    struct compiled c = with("{format: cbor, mark: m}", "");
    const struct payload_format *f = first(&c)->format;
    CU_ASSERT_EQUAL_FATAL(f->field_count, 5);
    static const char *const sorted[] = {"m", "ts", "hum", "door", "temperature"};
    for (unsigned i = 0; i < 5; i++)
        CU_ASSERT_TRUE(called(&f->fields[i], sorted[i]));
    compiled_free(&c);
    c = with("{format: cbor, keys: numbers, time: none}", "");
    f = first(&c)->format;
    CU_ASSERT_EQUAL_FATAL(f->field_count, 3);
    CU_ASSERT_TRUE(f->numbered && f->fields[0].number == 1 && f->fields[2].number == 3);
    compiled_free(&c);
}

static void what_is_wrong_is_said(void) {
    static const struct {
        const char *payload, *more, *code, *words;
    } rows[] = {
        {"{format: jason}", "", "E204", "jason"},
        {"{signals: {hum: {}}}", "", "E203", "format"},
        {"{format: json, signals: {humm: {}}}", "", "E301", "no signal 'humm'"},
        {"{format: json, keys: numbers}", "", "E209", "'keys' is for"},
        {"{format: cbor, base_name: x}", "", "E209", "'base_name' is for"},
        {"{format: json, signals: {hum: {unit: Cel}}}", "", "E209", "'unit' is for"},
        {"{format: senml-json, signals: {temperature: {unit: celsius}}}", "", "E204", "no unit 'celsius'"},
        {"{format: senml-json, signals: {temperature: {name: \"a b\"}}}", "", "E208", "no name in SenML"},
        {"{format: json, signals: {door: {type: int8}}}", "", "E209", "is a text"},
        {"{format: json, mark: ts}", "", "E112", "called 'ts'"},
        {"{format: json, signals: {hum: {decimals: 10}}}", "", "E205", ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct compiled c = with(rows[i].payload, rows[i].more);
        bool found = compiled_found(&c, rows[i].code, rows[i].words);
        CU_ASSERT_TRUE(found);
        if (!found) {
            printf("row %zu\n", i);
            compiled_print(&c);
        }
        compiled_free(&c);
    }
    struct compiled c = compiled_of(
        "duration: 1min\nfleets: {a: {count: 1, telemetry: {every: 1s, topic: t, payload: {format: json}}}}\n");
    CU_ASSERT_TRUE(compiled_found(&c, "E406", "carries no signal"));
    compiled_free(&c);
    c = compiled_of(
        "duration: 1min\nfleets: {a: {count: 1, signals: {x: 1}, telemetry: {topic: t, messages: [{at: 1s}], payload: "
        "{format: json}}}}\n");
    CU_ASSERT_TRUE(compiled_found(&c, "E209", "does not go with `messages`"));
    compiled_free(&c);
}

HARNESS_MAIN("plan_payload", HARNESS_CASE(without_a_list_all_signals_are_carried),
             HARNESS_CASE(a_list_says_which_how_and_in_what_order), HARNESS_CASE(keys_of_cbor_are_sorted_or_counted),
             HARNESS_CASE(what_is_wrong_is_said))
