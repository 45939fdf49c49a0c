#include "device/battery.h"

#include <math.h>
#include <stdlib.h>

#include "base/check.h"
#include <string.h>

#include "harness.h"

static struct battery of(const char *name) {
    const struct battery_chemistry *c = battery_chemistry_find(name);
    CHECK(c != NULL);
    return battery_of(c, c->capacity_ah > 0 ? 0 : 1, 1, 1);
}

static void chemistries_are_found_by_name(void) {
    CU_ASSERT_STRING_EQUAL(battery_chemistry_find("li-socl2-d")->name, "li-socl2-d");
    CU_ASSERT_PTR_NULL(battery_chemistry_find("li-socl2"));
}

static void chemistries_are_sane(void) {
    for (const struct battery_chemistry *c = battery_chemistries; c->name != NULL; c++) {
        bool capacitor = strcmp(c->name, "supercap") == 0;
        for (int i = 1; i < BATTERY_OPEN_POINTS; i++)
            CU_ASSERT(c->open[i] <= c->open[i - 1] && (c->open[i] > 0 || capacitor));
        CU_ASSERT(c->self_discharge > 0 && c->resistance_ohm > 0 && c->of_ah > 0);
        CU_ASSERT(c->self_discharge < 1 || capacitor);
        CU_ASSERT_DOUBLE_EQUAL(battery_curve_at(&c->cold, 25), 1, 1e-12);
        CU_ASSERT(battery_curve_at(&c->cold, -40) < battery_curve_at(&c->cold, 0) || capacitor);
        CU_ASSERT_DOUBLE_EQUAL(battery_curve_at(&c->rate, 0), 1, 1e-12);
        CU_ASSERT(c->capacity_ah > 0 || c->rechargeable);
    }
}

static void curves_are_linear_between_points_and_constant_beyond(void) {
    const struct battery_curve c = {3, {{0, 1}, {10, 3}, {20, 0}}};
    CU_ASSERT_EQUAL(battery_curve_at(&c, -5), 1);
    CU_ASSERT_EQUAL(battery_curve_at(&c, 5), 2);
    CU_ASSERT_EQUAL(battery_curve_at(&c, 10), 3);
    CU_ASSERT_EQUAL(battery_curve_at(&c, 15), 1.5);
    CU_ASSERT_EQUAL(battery_curve_at(&c, 99), 0);
    CU_ASSERT_EQUAL(battery_curve_at(&(struct battery_curve){0}, 3), 1);
}

/* Linden, figure 14.17: 19 Ah at 4 mA, 13.5 at 20 mA, 7 at 35 mA. */
static void a_d_cell_gives_less_at_high_rates(void) {
    struct battery b = of("li-socl2-d");
    CU_ASSERT_DOUBLE_EQUAL(battery_capacity(&b, 0.004, 25) / 3600, 19, 0.01);
    CU_ASSERT_DOUBLE_EQUAL(battery_capacity(&b, 0.020, 25) / 3600, 13.5, 0.05);
    CU_ASSERT_DOUBLE_EQUAL(battery_capacity(&b, 0.035, 25) / 3600, 7, 0.05);
    CU_ASSERT_DOUBLE_EQUAL(battery_capacity(&b, 0.004, -20) / 3600, 19 * 0.7, 0.01);
}

static void smaller_cells_feel_the_same_current_more(void) {
    struct battery d = of("li-socl2-d"), aa = of("li-socl2-aa");
    CU_ASSERT_DOUBLE_EQUAL(aa.rate_scale, 1, 1e-9);              /* its curve is its own, in currents of its own size */
    struct battery small = battery_of(d.chemistry, 2.375, 1, 1); /* an eighth of a D cell: a quarter of its electrode */
    CU_ASSERT_DOUBLE_EQUAL(small.rate_scale, 4, 1e-9);
    struct battery pair = battery_of(d.chemistry, 0, 1, 2);
    CU_ASSERT_DOUBLE_EQUAL(pair.rate_scale, 0.5, 1e-9);
}

static void packs_add_up(void) {
    const struct battery_chemistry *c = battery_chemistry_find("alkaline-aa");
    struct battery b = battery_of(c, 0, 2, 2);
    CU_ASSERT_DOUBLE_EQUAL(b.capacity_c, 2 * 2.9 * 3600, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(battery_open_voltage(&b, 1), 3.16, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(b.resistance_ohm, 0.2, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(b.self_discharge_a * 365 * 86400, 0.03 * b.capacity_c, 1e-6);
}

static void open_voltage_follows_its_table_both_ways(void) {
    struct battery b = of("lipo");
    CU_ASSERT_DOUBLE_EQUAL(battery_open_voltage(&b, 1), 4.19, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(battery_open_voltage(&b, 2), 4.19, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(battery_open_voltage(&b, 0.5), 3.72, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(battery_open_voltage(&b, 0.45), 3.675, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(battery_open_voltage(&b, -1), 3.10, 1e-9);
    for (double left = 0.03; left < 1; left += 0.07)
        CU_ASSERT_DOUBLE_EQUAL(battery_left_at(&b, battery_open_voltage(&b, left)), left, 1e-9);
    CU_ASSERT_EQUAL(battery_left_at(&b, 2), 0);
    CU_ASSERT_EQUAL(battery_left_at(&b, 5), 1);
}

static void resistance_grows_with_cold_and_emptiness(void) {
    struct battery b = of("li-socl2-d");
    CU_ASSERT_DOUBLE_EQUAL(battery_resistance(&b, 25, 1), 5, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(battery_resistance(&b, 25, 0), 15, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(battery_resistance(&b, -20, 1), 5 * exp(0.025 * 45), 1e-9);
}

static void a_converter_pulls_a_sagging_battery_down_further(void) {
    struct battery b = of("lipo");
    b.resistance_ohm = 0.5;
    struct battery_burst burst = {.left = 0.2, .celsius = 25, .seconds = 1};
    double regulator = battery_voltage_at_current(&b, &burst, 1 / 3.7);
    double converter = battery_voltage_at_power(&b, &burst, 1);
    CU_ASSERT(converter < regulator);
    double r = battery_resistance(&b, 25, 0.2), open = battery_open_voltage(&b, 0.2);
    CU_ASSERT_DOUBLE_EQUAL(converter, open - r / converter, 1e-9);
    CU_ASSERT_EQUAL(battery_voltage_at_power(&b, &burst, open * open / (4 * r) + 0.01), 0);
}

/* 0.25 A for 2.5 s must not cost more than 0.6 V: 1 F, as the sizing rule says. */
static void a_buffer_carries_a_burst_that_the_cell_cannot(void) {
    struct battery b = of("li-socl2-d");
    b.resistance_ohm = 50; /* an old cell in the cold */
    struct battery_burst burst = {.left = 0.5, .celsius = 25, .seconds = 2.5};
    CU_ASSERT_EQUAL(battery_voltage_at_current(&b, &burst, 0.25), 0);
    b.buffer.farad = 1.04;
    double volts = battery_voltage_at_current(&b, &burst, 0.25);
    CU_ASSERT(volts > 3.65 - 0.6 && volts < 3.65 - 0.5);
    b.buffer.esr_ohm = 0.4;
    CU_ASSERT_DOUBLE_EQUAL(battery_voltage_at_current(&b, &burst, 0.25), volts - 0.1, 1e-9);
}

static void the_layer_grows_in_ninety_days_and_halves_with_each_mah(void) {
    CU_ASSERT_DOUBLE_EQUAL(battery_layer_grown(0, 45 * 86400.0), 0.5, 1e-12);
    CU_ASSERT_EQUAL(battery_layer_grown(0.9, 90 * 86400.0), 1);
    CU_ASSERT_DOUBLE_EQUAL(battery_layer_worn(1, 3.6), 0.5, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(battery_layer_worn(0.8, 7.2), 0.2, 1e-12);
    struct battery b = of("li-socl2-aa");
    struct battery_burst fresh = {.left = 1, .celsius = 25, .seconds = 1}, stored = fresh;
    stored.layer = 1;
    CU_ASSERT_DOUBLE_EQUAL(battery_voltage_at_current(&b, &fresh, 0.01), 3.65 - 0.15, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(battery_voltage_at_current(&b, &stored, 0.01), 3.65 - 0.45, 1e-9);
}

HARNESS_MAIN("device/battery", HARNESS_CASE(chemistries_are_found_by_name), HARNESS_CASE(chemistries_are_sane),
             HARNESS_CASE(curves_are_linear_between_points_and_constant_beyond),
             HARNESS_CASE(a_d_cell_gives_less_at_high_rates), HARNESS_CASE(smaller_cells_feel_the_same_current_more),
             HARNESS_CASE(packs_add_up), HARNESS_CASE(open_voltage_follows_its_table_both_ways),
             HARNESS_CASE(resistance_grows_with_cold_and_emptiness),
             HARNESS_CASE(a_converter_pulls_a_sagging_battery_down_further),
             HARNESS_CASE(a_buffer_carries_a_burst_that_the_cell_cannot),
             HARNESS_CASE(the_layer_grows_in_ninety_days_and_halves_with_each_mah))
