#include "report/energy_backend.h"

#include <math.h>
#include <string.h>

#include "harness.h"
#include "sample.h"

static struct sample s;
static const struct climate here = {.mean = 20};
static struct power power;

enum { KEEPALIVE, RECONNECT, SESSION_LOST, RECEIVE };

/* Ten days of the first fleet: each device lives 100 days, pings took six tenths of what it used. */
static void begin(void) {
    sample_make(&s);
    power = (struct power){.volts = 3.6, .has_battery = true};
    for (int g = 0; g < SAMPLE_GROUPS; g++)
        if (strcmp(s.groups[g].fleet, s.fleets[0].name) == 0) {
            s.groups[g].climate = &here;
            s.groups[g].power = &power;
        }
    s.facts.ended = 10 * SPAN_DAY;
    sample_tally(&s, TALLY_ENERGY_KEEPALIVE, 6000000);
    sample_tally(&s, TALLY_ENERGY_SESSION_LOST, 1000000);
    sample_tally(&s, TALLY_ENERGY_MESSAGE, 3000000);
}

static struct energy with_life(double days) {
    struct energy e = energy_of(&s.facts, s.fleets[0].name);
    histogram_record(e.life, (int64_t)(days * (double)(SPAN_DAY / RECORDER_VALUE_SPAN)));
    return e;
}

static double modelled(void) {
    double n = 0;
    for (uint32_t d = 0; d < s.plan.device_count; d++)
        n += s.groups[s.group_of[d]].climate != NULL ? 1 : 0;
    return n;
}

static void a_behaviour_costs_what_its_cause_took(void) {
    begin();
    struct energy e = with_life(100);
    struct energy_backend cost = energy_backend_of(&s.facts, &e, KEEPALIVE, s.fleets[0].name);
    CU_ASSERT_DOUBLE_EQUAL(cost.joules, 6, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(cost.share, 0.6, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(cost.device_j, 6 / modelled(), 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(cost.device_mah_day, 6 / 3.6 / 3.6 / modelled() / 10, 1e-9);
    cost = energy_backend_of(&s.facts, &e, RECONNECT, s.fleets[0].name);
    CU_ASSERT_EQUAL(cost.joules, 0);
    CU_ASSERT_EQUAL(cost.gained, 0);
    energy_free(&e);
    sample_free(&s);
}

static void without_six_tenths_a_battery_lasts_two_and_a_half_times_as_long(void) {
    begin();
    struct energy e = with_life(100);
    struct energy_backend cost = energy_backend_of(&s.facts, &e, KEEPALIVE, s.fleets[0].name);
    CU_ASSERT_DOUBLE_EQUAL(cost.life_days, 100, 1);
    CU_ASSERT_DOUBLE_EQUAL(cost.gained, 150, 2);
    cost = energy_backend_of(&s.facts, &e, SESSION_LOST, s.fleets[0].name);
    CU_ASSERT_DOUBLE_EQUAL(cost.gained, 11.1, 0.2);
    energy_free(&e);
    sample_free(&s);
}

static void a_shelf_ends_what_less_work_could_gain(void) {
    begin();
    power.battery.shelf_s = 120 * 86400.0;
    struct energy e = with_life(100);
    CU_ASSERT_DOUBLE_EQUAL(energy_backend_of(&s.facts, &e, KEEPALIVE, s.fleets[0].name).gained, 20, 1);
    energy_free(&e);
    sample_free(&s);
}

static void what_the_sun_gave_was_not_drawn(void) {
    begin();
    sample_tally(&s, TALLY_ENERGY_HARVESTED, 2000000);
    struct energy e = with_life(100);
    CU_ASSERT_DOUBLE_EQUAL(energy_backend_of(&s.facts, &e, SESSION_LOST, s.fleets[0].name).gained, 14.3, 0.2);
    energy_free(&e);
    sample_tally(&s, TALLY_ENERGY_HARVESTED, 2000000);
    e = with_life(100);
    CU_ASSERT_TRUE(isinf(energy_backend_of(&s.facts, &e, KEEPALIVE, s.fleets[0].name).gained));
    energy_free(&e);
    sample_free(&s);
}

static void lives_of_several_fleets_are_not_mixed(void) {
    begin();
    struct energy e = energy_of(&s.facts, NULL);
    CU_ASSERT_TRUE(isnan(energy_backend_of(&s.facts, &e, KEEPALIVE, NULL).gained));
    energy_free(&e);
    sample_free(&s);
}

static void documents_name_each_behaviour_that_cost_something(void) {
    begin();
    struct text md = {0}, out = {0};
    energy_backend_write_md(&md, &s.facts);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&md), "## What the backend cost its devices"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&md), "| wanted to hear from idle connections |"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&md), "| forgot sessions |"));
    CU_ASSERT_PTR_NULL(strstr(text_get(&md), "refused connections"));
    struct json_write w = json_write_to(&out, 0);
    struct energy e = energy_of(&s.facts, NULL);
    json_write_open_object(&w);
    energy_backend_write_json(&w, &s.facts, &e, NULL);
    json_write_close_object(&w);
    CU_ASSERT_DOUBLE_EQUAL(sample_json_number(text_get(&out), "backend.0.share"), 0.6, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(sample_json_number(text_get(&out), "backend.2.used_j"), 1, 1e-9);
    CU_ASSERT_TRUE(sample_json_is_null(text_get(&out), "backend.0.life_lost_days"));
    energy_free(&e);
    text_free(&md);
    text_free(&out);
    sample_free(&s);
}

static void a_free_backend_is_not_mentioned(void) {
    sample_make(&s);
    struct text md = {0};
    energy_backend_write_md(&md, &s.facts);
    CU_ASSERT_EQUAL(md.size, 0);
    text_free(&md);
    sample_free(&s);
}

HARNESS_MAIN("report/energy_backend", HARNESS_CASE(a_behaviour_costs_what_its_cause_took),
             HARNESS_CASE(without_six_tenths_a_battery_lasts_two_and_a_half_times_as_long),
             HARNESS_CASE(a_shelf_ends_what_less_work_could_gain), HARNESS_CASE(what_the_sun_gave_was_not_drawn),
             HARNESS_CASE(lives_of_several_fleets_are_not_mixed),
             HARNESS_CASE(documents_name_each_behaviour_that_cost_something),
             HARNESS_CASE(a_free_backend_is_not_mentioned))
