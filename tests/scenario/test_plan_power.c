#include "scenario/plan_power.h"

#include <stdio.h>
#include <string.h>

#include "compiled.h"
#include "harness.h"

/* Ten meters with this power, in two regions; `more` at the end. */
static struct compiled scenario(const char *power, const char *more) {
    char text[2000];
    snprintf(text, sizeof text,
             "duration: 2day\n"
             "profiles: {meter: {power: {%s}}}\n"
             "fleets: {meters: {count: 10, profile: meter, regions: {north: 50%%, south: 50%%}, telemetry: {every: 1h, "
             "topic: m, payload: x}}}\n%s",
             power, more);
    return compiled_of(text);
}

static const char cell[] = "battery: {chemistry: li-socl2-d, usable: 80%}, floor: 10uA";

static void check_code(struct compiled c, const char *code, const char *words) {
    bool found = compiled_found(&c, code, words);
    CU_ASSERT_TRUE(found);
    if (!found)
        compiled_print(&c);
    compiled_free(&c);
}

static void figures_arrive_in_base_units(void) {
    struct compiled c = scenario("voltage: 3.6V, floor: 10uA, load: current, sensing: 200mJ, boot: 3s, session: kept, "
                                 "battery: {chemistry: li-socl2-d, capacity: 17Ah, usable: 80%, parallel: 2, "
                                 "self_discharge: 2%/year, resistance: 7ohm, shelf: 15year, "
                                 "buffer: {capacitance: 1F, leak: 2uA}}, "
                                 "brown_out: {below: 3.0V, hold_off: 5min, hysteresis: 0.2V}, "
                                 "radio: {access: 350mJ, floor: 5uA, inactivity: 20s, tracking_every: 4h, up: 2kbps, "
                                 "edrx: 20s, power_saving: true}, "
                                 "sleep: {linger: 4s, radio: off}, "
                                 "low: {refuse_below: 10%, stretch: [{below: 50%, every: 6h}]}",
                                 "");
    if (c.plan == NULL)
        compiled_print(&c);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    const struct power *p = c.plan->groups[0].power;
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    CU_ASSERT(p->constant_current && p->has_battery && !p->mains && p->keeps_session && p->sleeps && p->sleeps_off);
    CU_ASSERT_DOUBLE_EQUAL(p->floor_w, 15e-6 * 3.6, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(p->battery.capacity_c, 2 * 17 * 3600, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(p->battery.self_discharge_a * 365 * 86400, 0.02 * p->battery.capacity_c, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(p->battery.resistance_ohm, 7, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(p->battery.shelf_s, 15 * 365 * 86400.0, 1);
    CU_ASSERT(p->battery.buffer.farad == 1 && p->battery.buffer.leak_a == 2e-6);
    CU_ASSERT_DOUBLE_EQUAL(p->flat, 0.2, 1e-12);
    CU_ASSERT(p->brown_out_v == 3 && p->hold_off == 5 * SPAN_MIN && p->hysteresis_v == 0.2);
    CU_ASSERT_DOUBLE_EQUAL(p->radio.event_j, 0.35, 1e-12);
    CU_ASSERT(p->radio.event_bytes == 512 && p->radio.inactivity == 20 * SPAN_S && p->radio.tracking == 4 * SPAN_H);
    CU_ASSERT(p->radio.edrx == 20 * SPAN_S && p->radio.power_saving);
    CU_ASSERT(p->radio.up_bps == 2000 && p->linger == 4 * SPAN_S && p->sensing_j == 0.2);
    CU_ASSERT(p->refuse_below == 0.1 && p->stretch_count == 1 && p->stretch[0].every == 6 * SPAN_H);
    CU_ASSERT_EQUAL(dist_median(&p->boot), 3e9);
    compiled_free(&c);
}

static void a_brown_out_limit_may_leave_more_in_the_battery(void) {
    struct compiled c =
        scenario("voltage: 3V, brown_out: {below: 2.6V}, battery: {chemistry: alkaline-aa, cells: 2}", "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    CU_ASSERT(c.plan->groups[0].power->flat > 0.62 && c.plan->groups[0].power->flat < 0.63);
    compiled_free(&c);
}

static void capacitors_are_bought_by_the_farad(void) {
    struct compiled c = scenario("voltage: 3V, battery: {chemistry: supercap, capacitance: 10F, cells: 2}", "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    CU_ASSERT_DOUBLE_EQUAL(c.plan->groups[0].power->battery.capacity_c, 27, 1e-9);
    compiled_free(&c);
}

static void regions_have_their_own_climate_and_one_sky(void) {
    struct compiled c = scenario("battery: {chemistry: lifepo4, capacity: 6Ah}, harvest: {panel: 2W}, latitude: 40",
                                 "climates: {north: {latitude: 60, temperature: 4degC, seasonal: 12degC}}\n");
    if (c.plan == NULL)
        compiled_print(&c);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    CU_ASSERT_EQUAL_FATAL(c.plan->group_count, 2);
    const struct climate *north = c.plan->groups[0].climate, *south = c.plan->groups[1].climate;
    CU_ASSERT_STRING_EQUAL(c.plan->groups[0].region, "north");
    CU_ASSERT(north->latitude_deg == 60 && north->mean == 4 && north->seasonal == 12 && north->daily == 0);
    CU_ASSERT(south->latitude_deg == 40 && south->mean == 25);
    CU_ASSERT_PTR_NOT_NULL_FATAL(north->sky);
    CU_ASSERT_PTR_NOT_EQUAL(north->sky, south->sky);
    CU_ASSERT(north->hours >= 48 && north->first_hour == c.plan->epoch_unix_ms / 3600000);
    CU_ASSERT(south->sky[12] > 0 && south->sky[0] == 0);
    compiled_free(&c);
}

static void groups_without_power_get_mains_when_the_timeline_cuts_it(void) {
    const char *fleets = "duration: 1min\nfleets: {plain: {count: 3}}\n";
    struct compiled c = compiled_of(fleets);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    CU_ASSERT_PTR_NULL(c.plan->groups[0].power);
    compiled_free(&c);
    c = compiled_of("duration: 1min\nfleets: {plain: {count: 3}}\ntimeline: [{do: connect}, {id: cut, at: 10s, do: "
                    "power_cut, for: 5s}, {id: low, at: 20s, do: drain, soc: 15%}]\n");
    if (c.plan == NULL)
        compiled_print(&c);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    CU_ASSERT(c.plan->groups[0].power != NULL && c.plan->groups[0].power->mains);
    CU_ASSERT_EQUAL(compiled_action(&c, "low")->soc, 0.15);
    CU_ASSERT_EQUAL(compiled_action(&c, "cut")->end, 15 * SPAN_S);
    compiled_free(&c);
}

static void power_on_counts_as_connecting(void) {
    struct compiled c =
        compiled_of("duration: 1min\nfleets: {plain: {count: 3}}\ntimeline: [{at: 7s, do: power_on}]\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    CU_ASSERT_EQUAL(plan_first_connect(c.plan, 1), 7 * SPAN_S);
    CU_ASSERT_FALSE(compiled_found(&c, "W404", "connects"));
    compiled_free(&c);
}

static void a_last_gasp_is_a_message_of_its_own(void) {
    struct compiled c =
        scenario("mains: true, hold_up: 30s, last_gasp: {topic: \"gasp/${device.id}\", payload: off, qos: 1}", "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    const struct telemetry *t = c.plan->groups[0].last_gasp;
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    CU_ASSERT(t->qos == 1 && t->topic.count == 2 && t->payload.count == 1);
    compiled_free(&c);
}

static void what_has_no_source_or_size_is_refused(void) {
    check_code(scenario("floor: 10uA", ""), "E431", "comes from nowhere");
    check_code(scenario("battery: {chemistry: lipo}", ""), "E431", "no usual size");
    check_code(scenario("battery: {chemistry: lipo, capacitance: 1F}", ""), "E431", "no capacitor");
    check_code(scenario("battery: {chemistry: lipo, capacity: 1Ah}, brown_out: {below: 5V}", ""), "E431", "4.19V");
}

static void the_state_of_charge_can_be_a_condition(void) {
    struct compiled c =
        scenario(cell, "timeline: [{do: connect}, {id: low, when: battery.soc < 20%, do: disconnect}]\n");
    if (c.plan == NULL)
        compiled_print(&c);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    CU_ASSERT_EQUAL(compiled_action(&c, "low")->condition.terms[0].literal, 200000);
    CU_ASSERT_EQUAL(c.plan->groups[0].watched, 1U << VAR_BATTERY_SOC);
    compiled_free(&c);
    check_code(scenario(cell, "timeline: [{do: connect}, {when: battery.soc < 20, do: disconnect}]\n"), "E409",
               "a share");
}

HARNESS_MAIN("scenario/plan_power", HARNESS_CASE(figures_arrive_in_base_units),
             HARNESS_CASE(a_brown_out_limit_may_leave_more_in_the_battery),
             HARNESS_CASE(capacitors_are_bought_by_the_farad), HARNESS_CASE(regions_have_their_own_climate_and_one_sky),
             HARNESS_CASE(groups_without_power_get_mains_when_the_timeline_cuts_it),
             HARNESS_CASE(power_on_counts_as_connecting), HARNESS_CASE(a_last_gasp_is_a_message_of_its_own),
             HARNESS_CASE(what_has_no_source_or_size_is_refused), HARNESS_CASE(the_state_of_charge_can_be_a_condition))
