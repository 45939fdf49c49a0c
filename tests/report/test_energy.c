#include "report/energy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "metrics/interval.h"
#include "sample.h"

static struct sample s;
static const struct climate here = {.mean = 20};

/* Ten devices of two fleets, whose batteries last 1 to 9 years, and one for ever. */
static void begin(void) {
    sample_make(&s);
    s.groups[0].climate = &here;
    struct recorder *r = recorder_new(SAMPLE_GROUPS, &s.plan.segments);
    recorder_tally(r, 0, SPAN_S, TALLY_ENERGY_KEEPALIVE, 6000000);
    recorder_tally(r, 0, SPAN_S, TALLY_ENERGY_MESSAGE, 3000000);
    recorder_tally(r, 2, SPAN_S, TALLY_ENERGY_FLOOR, 1000000);
    recorder_tally(r, 0, SPAN_S, TALLY_ENERGY_TAIL, 2500000);
    for (int i = 0; i < 10; i++) {
        recorder_value(r, 0, OP_BATTERY_SOC, SPAN_S, SPAN_S * (50 + i) / 100, false);
        recorder_value(r, 0, OP_BATTERY_PROJECTED_LIFE, SPAN_S, (i + 1) * 365 * (SPAN_DAY / RECORDER_VALUE_SPAN),
                       i == 9);
    }
    recorder_value(r, 0, OP_BATTERY_LIFETIME, SPAN_S, SPAN_MIN, false);
    struct interval *interval = recorder_swap(r, NULL, SPAN_S);
    result_add(s.result, interval, SPAN_MS);
    interval_free(interval);
    recorder_free(r);
}

static void causes_add_up_over_fleets(void) {
    begin();
    struct energy all = energy_of(&s.facts, NULL), one = energy_of(&s.facts, s.fleets[0].name);
    CU_ASSERT_DOUBLE_EQUAL(all.used, 10, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(all.causes[POWER_KEEPALIVE], 6, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(all.tail, 2.5, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(one.used, 9, 1e-9);
    CU_ASSERT_EQUAL(all.died, 1);
    energy_free(&all);
    energy_free(&one);
    sample_free(&s);
}

static void batteries_are_told_by_quantiles(void) {
    begin();
    struct energy e = energy_of(&s.facts, NULL);
    CU_ASSERT_DOUBLE_EQUAL(energy_soc(&e, 0.5), 0.54, 0.006);
    CU_ASSERT_DOUBLE_EQUAL(energy_life_days(&e, 0.5), 5 * 365, 20);
    CU_ASSERT_DOUBLE_EQUAL(energy_life_days(&e, 0.05), 365, 5);
    CU_ASSERT_TRUE(isinf(energy_life_days(&e, 0.99)));
    energy_free(&e);
    e = energy_of(&s.facts, s.fleets[1].name);
    CU_ASSERT_TRUE(isnan(energy_soc(&e, 0.5)) && isnan(energy_life_days(&e, 0.5)));
    energy_free(&e);
    sample_free(&s);
}

static void only_fleets_with_power_have_some_to_tell_of(void) {
    sample_make(&s);
    CU_ASSERT_FALSE(energy_modelled(&s.plan));
    s.groups[0].climate = &here;
    CU_ASSERT_TRUE(energy_modelled(&s.plan));
    sample_free(&s);
}

static void the_summary_has_every_cause(void) {
    begin();
    struct text out = {0};
    struct json_write w = json_write_to(&out, 0);
    json_write_open_object(&w);
    energy_write_json(&w, &s.facts, NULL);
    json_write_close_object(&w);
    const char *json = text_get(&out);
    CU_ASSERT_DOUBLE_EQUAL(sample_json_number(json, "energy.used_j"), 10, 1e-9);
    for (int c = 0; c < POWER_CAUSES; c++) {
        char path[64] = "energy.causes_j.";
        strcat(path, power_causes[c].name);
        CU_ASSERT_FALSE(isnan(sample_json_number(json, path)));
    }
    CU_ASSERT_DOUBLE_EQUAL(sample_json_number(json, "energy.causes_j.keepalive"), 6, 1e-9);
    CU_ASSERT_TRUE(sample_json_is_null(json, "energy.projected_life_days.p95"));
    CU_ASSERT_EQUAL(sample_json_number(json, "energy.died"), 1);
    text_free(&out);
    sample_free(&s);
}

static void a_sentence_names_the_largest_cause_first(void) {
    begin();
    struct text out = {0};
    energy_write_text(&out, &s.facts);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), "10J: keepalive 60%, message 30%, floor 10%"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), "1 died"));
    text_free(&out);
    sample_free(&s);
}

HARNESS_MAIN("report/energy", HARNESS_CASE(causes_add_up_over_fleets), HARNESS_CASE(batteries_are_told_by_quantiles),
             HARNESS_CASE(only_fleets_with_power_have_some_to_tell_of), HARNESS_CASE(the_summary_has_every_cause),
             HARNESS_CASE(a_sentence_names_the_largest_cause_first))
