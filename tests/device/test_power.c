#include "device/power.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "harness.h"

static struct power battery_power(const char *chemistry, double cells, double parallel, double usable) {
    const struct battery_chemistry *c = battery_chemistry_find(chemistry);
    CHECK(c != NULL);
    struct power p = {.volts = c->open[5] * cells, .has_battery = true, .flat = 1 - usable, .recover = 0.05};
    p.battery = battery_of(c, c->capacity_ah > 0 ? 0 : 5, cells, parallel);
    p.battery.usable = usable;
    return p;
}

static struct power_setting setting_of(const struct power *p) {
    return (struct power_setting){.power = p, .epoch_unix_ms = INT64_C(1767225600000)};
}

/* Seconds until it is empty, with one access of that price every so often; 0: never. */
static double lifetime(const struct power *p, span every, double years_max) {
    struct power_setting set = setting_of(p);
    struct power_ledger ledger = {0};
    struct power_state s;
    power_begin(&set, &s, 0, POWER_ON);
    s.flags = 0;
    for (instant at = every; span_seconds(at) < years_max * 365 * 86400; at += every) {
        struct power_traffic t = {.cause = POWER_MESSAGE, .up = 100, .down = 4, .until = at};
        if (p->radio.event_j > 0)
            (void)power_access(&set, &s, at, &t, &ledger);
        else
            power_settle(&set, &s, at, &ledger);
        if (s.soc <= 0)
            return span_seconds(at);
    }
    return 0;
}

static void expect_life(const char *what, double seconds, double days) {
    CU_ASSERT(seconds > 0.8 * days * 86400 && seconds < 1.2 * days * 86400);
    if (!(seconds > 0.8 * days * 86400 && seconds < 1.2 * days * 86400))
        printf("%s: %.1f days, expected %.1f\n", what, seconds / 86400, days);
}

/* --- lifetimes that were computed beforehand, by hand ---------------------------------------------------------------- */

static void a_d_cell_outlives_its_shelf_and_dies_early_in_a_bad_network(void) {
    struct power p = battery_power("li-socl2-d", 1, 1, 0.8);
    p.floor_w = 10e-6 * p.volts;
    p.radio.event_j = 0.5;
    expect_life("0.5 J a day", lifetime(&p, SPAN_DAY, 80), 52 * 365);
    p.radio.event_j = 30;
    expect_life("30 J a day", lifetime(&p, SPAN_DAY, 80), 13.5 * 365);
}

static void an_aa_cell_dies_of_hourly_messages(void) {
    struct power p = battery_power("li-socl2-aa", 1, 1, 0.8);
    p.floor_w = 10e-6 * p.volts;
    p.radio.event_j = 0.5;
    expect_life("0.5 J an hour", lifetime(&p, SPAN_H, 20), 4.3 * 365);
    p.radio.event_j = 30;
    expect_life("30 J an hour", lifetime(&p, SPAN_H, 20), 34);
}

/* Three fifths of an alkaline cell: the rest is there at voltages at which such a board resets. */
static void alkaline_cells_carry_wifi_for_years_or_weeks(void) {
    struct power p = battery_power("alkaline-aa", 2, 1, 0.6);
    p.volts = 3;
    p.constant_current = true;
    p.floor_w = 15e-6 * p.volts;
    p.radio.event_j = 0.109 * p.volts; /* 109 mC */
    expect_life("109 mC an hour", lifetime(&p, SPAN_H, 20), 3.8 * 365);
    p.radio.event_j = 0.341 * p.volts;
    expect_life("341 mC an hour", lifetime(&p, SPAN_H, 20), 1.7 * 365);
    struct power always = battery_power("alkaline-aa", 2, 2, 0.6);
    always.volts = 3;
    always.constant_current = true;
    always.floor_w = 2.33e-3 * always.volts;
    expect_life("always associated", lifetime(&always, SPAN_H, 20), 63);
}

/* 0.54 J per ping at 3.7 V: 58 mAh a day every 60 s, 2.9 every 1200 s. */
static void keep_alives_cost_what_their_interval_says(void) {
    static const struct {
        span every;
        double mah_per_day;
    } rows[] = {{60 * SPAN_S, 58}, {300 * SPAN_S, 12}, {1200 * SPAN_S, 2.9}};
    struct power p = battery_power("lipo", 1, 1, 1);
    p.volts = 3.7;
    p.constant_current = true;
    p.radio.event_j = 0.54;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct power_setting set = setting_of(&p);
        struct power_ledger ledger = {0};
        struct power_state s;
        power_begin(&set, &s, 0, POWER_ON);
        s.flags = 0;
        for (instant at = rows[i].every; at <= SPAN_DAY; at += rows[i].every) {
            struct power_traffic t = {.cause = POWER_KEEPALIVE, .up = 2, .down = 2, .until = at};
            CU_ASSERT(power_access(&set, &s, at, &t, &ledger));
        }
        CU_ASSERT_DOUBLE_EQUAL(s.load_c / 3.6, rows[i].mah_per_day, rows[i].mah_per_day * 0.05);
        CU_ASSERT_DOUBLE_EQUAL(ledger.joules[POWER_KEEPALIVE], s.load_c * 3.7, 1e-6);
    }
}

/* --- accounting ----------------------------------------------------------------------------------------------------- */

static struct power lte_m(void) {
    struct power p = battery_power("lipo", 1, 1, 1);
    p.volts = 3.7;
    p.floor_w = 40e-6 * p.volts;
    p.radio = (struct power_radio){.wake_j = 0.36,
                                   .attach_j = 5,
                                   .tracking_j = 0.105,
                                   .tx_w = 0.9,
                                   .rx_w = 0.216,
                                   .connected_w = 0.03,
                                   .idle_w = 0.003,
                                   .up_bps = 200e3,
                                   .down_bps = 300e3,
                                   .overhead = 40,
                                   .inactivity = 10 * SPAN_S,
                                   .active = 20 * SPAN_S,
                                   .tracking = SPAN_H};
    return p;
}

static double sum(const struct power_ledger *l) {
    double all = 0;
    for (int i = 0; i < POWER_CAUSES; i++)
        all += l->joules[i];
    return all;
}

static void tails_belong_to_what_made_the_radio_transmit(void) {
    struct power p = lte_m();
    struct power_setting set = setting_of(&p);
    struct power_ledger l = {0};
    struct power_state s;
    power_begin(&set, &s, 0, POWER_ON);
    s.flags = 0;
    struct power_traffic ping = {.cause = POWER_KEEPALIVE, .up = 2, .until = 0};
    CU_ASSERT(power_access(&set, &s, 0, &ping, &l));
    CU_ASSERT(power_radio_active(&s, 9 * SPAN_S) && !power_radio_active(&s, 10 * SPAN_S));
    power_settle(&set, &s, 60 * SPAN_S, &l);
    double tail = 0.03 * 10 + 0.003 * 20;
    double air = 0.9 * 8 * 42 / 200e3 + 0.216 * 8 * 40 / 300e3;
    CU_ASSERT_DOUBLE_EQUAL(l.tail, tail, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(l.joules[POWER_KEEPALIVE], 0.36 + air + tail, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(l.joules[POWER_FLOOR], 40e-6 * 3.7 * 60, 1e-9);
    CU_ASSERT_EQUAL(l.joules[POWER_TRACKING], 0);
}

static void settling_often_or_once_comes_to_the_same(void) {
    struct power p = lte_m();
    struct power_setting set = setting_of(&p);
    struct power_ledger once = {0}, often = {0};
    struct power_state a, b;
    power_begin(&set, &a, 0, POWER_ON);
    power_begin(&set, &b, 0, POWER_ON);
    struct power_traffic t = {.cause = POWER_MESSAGE, .up = 200, .down = 4, .until = 2 * SPAN_S};
    CU_ASSERT(power_access(&set, &a, 0, &t, &once));
    CU_ASSERT(power_access(&set, &b, 0, &t, &often));
    power_settle(&set, &a, 9 * SPAN_H, &once);
    for (instant at = 0; at <= 9 * SPAN_H; at += 777 * SPAN_MS)
        power_settle(&set, &b, at, &often);
    power_settle(&set, &b, 9 * SPAN_H, &often);
    for (int i = 0; i < POWER_CAUSES; i++)
        CU_ASSERT_DOUBLE_EQUAL(once.joules[i], often.joules[i], 1e-6 * (1 + once.joules[i]));
    CU_ASSERT_DOUBLE_EQUAL(once.joules[POWER_TRACKING], 8 * 0.105, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(once.joules[POWER_ATTACH], 5, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(a.used_c, b.used_c, 0.01 * a.used_c);
}

static void an_access_with_a_price_is_paid_once_and_again_after_its_tail(void) {
    struct power p = lte_m();
    p.radio.event_j = 0.54;
    p.radio.event_bytes = 512;
    p.radio.tracking = 0;
    struct power_setting set = setting_of(&p);
    struct power_ledger l = {0};
    struct power_state s;
    power_begin(&set, &s, 0, POWER_ON);
    s.flags = 0;
    struct power_traffic t = {.cause = POWER_MESSAGE, .up = 300, .until = 0};
    for (instant at = 0; at < 40 * SPAN_S; at += SPAN_S) {
        t.until = at;
        CU_ASSERT(power_access(&set, &s, at, &t, &l));
    }
    CU_ASSERT_DOUBLE_EQUAL(l.joules[POWER_MESSAGE], 4 * 0.54, 1e-9);
    t.up = 512 + 100000;
    CU_ASSERT(power_access(&set, &s, SPAN_H, &t, &l));
    double more = 0.9 * 8 * (100000 + 72 * 40) / 200e3 + 0.216 * 8 * 72 * 40 / 300e3;
    CU_ASSERT_DOUBLE_EQUAL(l.joules[POWER_MESSAGE], 5 * 0.54 + more, 1e-6);
}

static void a_radio_that_is_off_costs_nothing_and_registers_anew(void) {
    struct power p = lte_m();
    struct power_setting set = setting_of(&p);
    struct power_ledger l = {0};
    struct power_state s;
    power_begin(&set, &s, 0, POWER_ON);
    struct power_traffic t = {.cause = POWER_MESSAGE, .up = 200, .until = 0};
    CU_ASSERT(power_access(&set, &s, 0, &t, &l));
    power_radio_off(&s, 0);
    double before = sum(&l);
    power_settle(&set, &s, 10 * SPAN_H, &l);
    double lost = l.joules[POWER_FLOOR] + l.joules[POWER_SELF_DISCHARGE];
    CU_ASSERT_DOUBLE_EQUAL(sum(&l) - before, lost, 1e-9);
    t.until = 10 * SPAN_H;
    CU_ASSERT(power_access(&set, &s, 10 * SPAN_H, &t, &l));
    CU_ASSERT_DOUBLE_EQUAL(l.joules[POWER_ATTACH], 10, 1e-9);
}

static void charge_out_of_the_battery_is_the_energy_at_its_voltage(void) {
    struct power p = lte_m();
    p.radio.tracking = 0;
    p.battery.self_discharge_a = 0;
    struct power_setting set = setting_of(&p);
    struct power_ledger l = {0};
    struct power_state s;
    power_begin(&set, &s, 0, POWER_ON);
    power_drain(&set, &s, 0.5);
    double before = s.used_c;
    power_spend(&set, &s, POWER_SENSING, 3.72, &l); /* a converter, at 3.72 V */
    CU_ASSERT_DOUBLE_EQUAL(s.used_c - before, 1, 1e-6);
    p.constant_current = true;
    power_spend(&set, &s, POWER_SENSING, 3.7, &l);
    CU_ASSERT_DOUBLE_EQUAL(s.used_c - before, 2, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(s.load_c, 2, 1e-6);
}

/* --- supply --------------------------------------------------------------------------------------------------------- */

static void the_mains_spares_the_battery_and_fills_it(void) {
    struct power p = lte_m();
    p.mains = true;
    p.charge_w = 5;
    struct power_setting set = setting_of(&p);
    struct power_ledger l = {0};
    struct power_state s;
    power_begin(&set, &s, 0, POWER_ON);
    power_drain(&set, &s, 0.5);
    CU_ASSERT_EQUAL(power_runs_out(&set, &s), INSTANT_NEVER);
    power_settle(&set, &s, SPAN_H, &l);
    CU_ASSERT(s.soc > 0.7 && l.joules[POWER_FLOOR] > 0);
    power_settle(&set, &s, 10 * SPAN_H, &l);
    CU_ASSERT_DOUBLE_EQUAL(s.soc, 1, 1e-6);
    s.cuts = 1;
    power_settle(&set, &s, 100 * SPAN_DAY, &l);
    CU_ASSERT(s.soc < 1);
    CU_ASSERT(power_runs_out(&set, &s) < INSTANT_NEVER);
}

/* 2 W of panel at 50 degrees north carry a station through the summer, and not through December. */
static void a_panel_carries_a_station_in_summer_and_not_in_winter(void) {
    static float sky[8760];
    const int64_t first = 490896;
    harvest_fill(50, 4, 9, first, 8760, sky);
    const struct climate c = {.latitude_deg = 50, .mean = 12, .first_hour = first, .hours = 8760, .sky = sky};
    struct power p = battery_power("lifepo4", 1, 1, 1);
    p.volts = 3.3;
    p.floor_w = 60e-3; /* 1.44 Wh a day */
    p.panel_w = 2;
    p.panel_yield = 0.63;
    struct power_setting set = {.power = &p, .climate = &c, .epoch_unix_ms = first * 3600000};
    struct power_ledger l = {0};
    struct power_state s;
    power_begin(&set, &s, 0, POWER_ON);
    double lowest_in_summer = 1;
    for (int day = 1; day < 350; day++) {
        power_settle(&set, &s, day * SPAN_DAY, &l);
        if (day > 150 && day < 240)
            lowest_in_summer = fmin(lowest_in_summer, (double)s.soc);
    }
    CU_ASSERT(lowest_in_summer > 0.8);
    CU_ASSERT(s.soc < 0.8);
    CU_ASSERT(l.harvested > 0.3 * l.joules[POWER_FLOOR]);
    CU_ASSERT(s.used_c >= 0);
}

static void lithium_is_not_charged_in_frost(void) {
    static float sky[48];
    for (int i = 0; i < 48; i++)
        sky[i] = 500;
    struct climate c = {.mean = -5, .hours = 48, .sky = sky};
    struct power p = battery_power("lipo", 1, 1, 1);
    p.panel_w = 10;
    p.panel_yield = 1;
    struct power_setting set = {.power = &p, .climate = &c};
    struct power_ledger l = {0};
    struct power_state s;
    power_begin(&set, &s, 0, POWER_ON);
    power_drain(&set, &s, 0.3);
    power_settle(&set, &s, 10 * SPAN_H, &l);
    CU_ASSERT_EQUAL(l.harvested, 0);
    c.mean = 5;
    power_settle(&set, &s, 11 * SPAN_H, &l);
    CU_ASSERT_DOUBLE_EQUAL(l.harvested, 10 * 0.5 * 3600, 1e-6);
}

/* Settled once, in the frost of the next morning: what the afternoon brought is there. */
static void frost_bars_the_hours_that_have_it(void) {
    static float sky[48];
    for (int i = 0; i < 48; i++)
        sky[i] = 500;
    const struct climate c = {.mean = 2, .daily = 8, .hours = 48, .sky = sky};
    struct power p = battery_power("lipo", 1, 1, 1);
    p.panel_w = 1;
    p.panel_yield = 1;
    struct power_setting set = {.power = &p, .climate = &c};
    struct power_ledger once = {0}, hourly = {0};
    struct power_state s;
    power_begin(&set, &s, 0, POWER_ON);
    power_drain(&set, &s, 0.3);
    power_settle(&set, &s, 27 * SPAN_H, &once);
    power_begin(&set, &s, 0, POWER_ON);
    power_drain(&set, &s, 0.3);
    for (int i = 1; i <= 27; i++)
        power_settle(&set, &s, i * SPAN_H, &hourly);
    CU_ASSERT(once.harvested > 0.5 * 3600 * 12 && once.harvested < 0.5 * 3600 * 16);
    CU_ASSERT_DOUBLE_EQUAL(once.harvested, hourly.harvested, 1e-6);
    p.panel_w = 0;
    p.mains = true;
    p.charge_w = 0.5;
    struct power_ledger mains = {0};
    power_begin(&set, &s, 0, POWER_ON);
    power_drain(&set, &s, 0.3);
    power_settle(&set, &s, 27 * SPAN_H, &mains);
    CU_ASSERT_DOUBLE_EQUAL(mains.harvested, once.harvested, 1e-6);
}

static void an_alternator_charges_at_its_hours(void) {
    struct power p = battery_power("lead-acid-12v", 1, 1, 1);
    p.alternator_w = 100;
    p.drive_from = 7 * SPAN_H;
    p.drive_for = SPAN_H;
    struct power_setting set = setting_of(&p);
    struct power_ledger l = {0};
    struct power_state s;
    power_begin(&set, &s, 0, POWER_ON);
    power_drain(&set, &s, 0.2);
    power_settle(&set, &s, 7 * SPAN_H, &l);
    CU_ASSERT_EQUAL(l.harvested, 0);
    power_settle(&set, &s, SPAN_DAY, &l);
    CU_ASSERT_DOUBLE_EQUAL(l.harvested, 100 * 3600, 1e-6);
}

static void cold_and_storage_brown_a_meter_out(void) {
    struct power p = battery_power("li-socl2-aa", 1, 1, 1);
    p.volts = 3.6;
    p.radio.wake_j = 0.25;
    p.radio.peak_w = 0.06 * 3.6;
    p.radio.burst_s = 0.5;
    p.brown_out_v = 2.6;
    struct climate c = {.mean = 25};
    struct power_setting set = {.power = &p, .climate = &c};
    struct power_ledger l = {0};
    struct power_state s;
    struct power_traffic t = {.cause = POWER_MESSAGE, .up = 100, .until = 0};
    power_begin(&set, &s, 0, POWER_ON);
    CU_ASSERT_FALSE(power_access(&set, &s, 0, &t, &l)); /* 60 mA through 15 ohm: it sags by 1.2 V */
    p.battery.buffer.farad = 0.5;
    power_begin(&set, &s, 0, POWER_ON);
    CU_ASSERT(power_access(&set, &s, 0, &t, &l));
    p.battery.buffer.farad = 0;
    p.radio.peak_w = 0.035 * 3.6;
    power_begin(&set, &s, 0, POWER_ON);
    CU_ASSERT(power_access(&set, &s, 0, &t, &l));
    c.mean = -20; /* three times the resistance */
    power_begin(&set, &s, 0, POWER_ON);
    CU_ASSERT_FALSE(power_access(&set, &s, 0, &t, &l));
    c.mean = 25;
    power_begin(&set, &s, 0, POWER_ON);
    t.until = 120 * SPAN_DAY;
    CU_ASSERT_FALSE(power_access(&set, &s, 120 * SPAN_DAY, &t, &l)); /* stored: the layer has grown */
}

static void it_knows_when_it_will_be_empty(void) {
    struct power p = battery_power("li-socl2-d", 1, 1, 0.8);
    p.floor_w = 1e-3 * p.volts;
    struct power_setting set = setting_of(&p);
    struct power_ledger l = {0};
    struct power_state s;
    power_begin(&set, &s, 0, POWER_ON);
    instant at = power_runs_out(&set, &s);
    power_settle(&set, &s, at - SPAN_DAY, &l);
    CU_ASSERT(s.soc > 0 && s.soc < 0.01);
    for (int i = 0; i < 20 && s.soc > 0; i++)
        power_settle(&set, &s, power_runs_out(&set, &s), &l);
    CU_ASSERT(s.soc <= 0);
    CU_ASSERT_DOUBLE_EQUAL(span_seconds(s.settled), span_seconds(at), 0.01 * span_seconds(at));
    CU_ASSERT_EQUAL(power_runs_out(&set, &s), s.settled + SPAN_MIN);
    s.supply = POWER_OFF;
    CU_ASSERT_EQUAL(power_runs_out(&set, &s), INSTANT_NEVER);
}

static void a_projection_from_a_month_foretells_the_life(void) {
    struct power p = battery_power("li-socl2-aa", 1, 1, 0.8);
    p.floor_w = 10e-6 * p.volts;
    p.radio.event_j = 0.5;
    struct power_setting set = setting_of(&p);
    struct power_ledger l = {0};
    struct power_state s;
    power_begin(&set, &s, 0, POWER_ON);
    s.flags = 0;
    CU_ASSERT(isinf(power_projected_life(&set, &s)));
    power_drain(&set, &s, 0.4); /* the timeline's doing is no consumption */
    for (instant at = SPAN_H; at <= 30 * SPAN_DAY; at += SPAN_H) {
        struct power_traffic t = {.cause = POWER_MESSAGE, .up = 100, .until = at};
        (void)power_access(&set, &s, at, &t, &l);
    }
    expect_life("projected", power_projected_life(&set, &s), lifetime(&p, SPAN_H, 20) / 86400);
    p.battery.shelf_s = 86400 * 100;
    CU_ASSERT_EQUAL(power_projected_life(&set, &s), 86400 * 100);
}

static void intervals_stretch_by_what_is_left(void) {
    struct power p = battery_power("lifepo4", 1, 1, 1);
    p.stretch[0].below = 0.6;
    p.stretch[0].every = 30 * SPAN_MIN;
    p.stretch[1].below = 0.3;
    p.stretch[1].every = 3 * SPAN_H;
    p.stretch_count = 2;
    struct power_state s = {.soc = 0.7F};
    CU_ASSERT_EQUAL(power_stretch(&p, &s), 0);
    s.soc = 0.5F;
    CU_ASSERT_EQUAL(power_stretch(&p, &s), 30 * SPAN_MIN);
    s.soc = 0.2F;
    CU_ASSERT_EQUAL(power_stretch(&p, &s), 3 * SPAN_H);
}

static void without_power_nothing_is_drawn(void) {
    struct power p = lte_m();
    p.battery.self_discharge_a = 0;
    struct power_setting set = setting_of(&p);
    struct power_ledger l = {0};
    struct power_state s;
    power_begin(&set, &s, 0, POWER_OFF);
    power_settle(&set, &s, SPAN_DAY, &l);
    CU_ASSERT_EQUAL(sum(&l), 0);
    CU_ASSERT_EQUAL(s.powered, 0);
    CU_ASSERT_EQUAL(s.soc, 1);
}

static void a_supercapacitor_gives_the_energy_between_two_voltages(void) {
    struct power p = battery_power("supercap", 1, 1, 1);
    p.battery = battery_of(battery_chemistry_find("supercap"), 10 * BATTERY_SUPERCAP_VOLTS / 3600, 1, 1);
    CU_ASSERT_DOUBLE_EQUAL(p.battery.self_discharge_a, 10e-6, 0.1e-6); /* 1 uA per farad */
    p.brown_out_v = 1.35;
    p.flat = battery_left_at(&p.battery, 1.35);
    p.floor_w = 10e-3;
    double seconds = lifetime(&p, SPAN_S, 1), joules = 0.5 * 10 * (2.7 * 2.7 - 1.35 * 1.35);
    CU_ASSERT_DOUBLE_EQUAL(seconds, joules / 10e-3, 0.01 * joules / 10e-3);
}

/* --- the network's terms --------------------------------------------------------------------------------------------- */

static void repetitions_cost_and_tails_do_not(void) {
    struct power p = lte_m();
    p.radio.attach_j = 5;
    p.radio.tracking_j = 0.1;
    p.radio.tracking = SPAN_H;
    struct power_terms deep = power_terms_none;
    deep.energy = 4;
    double used[2], tails[2];
    for (int i = 0; i < 2; i++) {
        struct power_setting set = setting_of(&p);
        struct power_ledger l = {0};
        struct power_state s;
        set.terms = i == 0 ? NULL : &deep;
        power_begin(&set, &s, 0, POWER_ON);
        struct power_traffic t = {.cause = POWER_MESSAGE, .up = 100, .down = 4, .until = 0};
        CU_ASSERT_TRUE(power_access(&set, &s, 0, &t, &l));
        power_settle(&set, &s, 90 * SPAN_MIN, &l);
        tails[i] = l.tail;
        used[i] = l.joules[POWER_MESSAGE] - l.tail;
        CU_ASSERT_DOUBLE_EQUAL(l.joules[POWER_ATTACH], i == 0 ? 5 : 20, 1e-9);
        CU_ASSERT_DOUBLE_EQUAL(l.joules[POWER_TRACKING], i == 0 ? 0.1 : 0.4, 1e-9);
    }
    CU_ASSERT_DOUBLE_EQUAL(used[1], 4 * used[0], 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(tails[1], tails[0], 1e-9);
    CU_ASSERT_TRUE(tails[0] > 0);
}

static void timers_are_those_that_were_granted(void) {
    struct power p = lte_m();
    p.radio.inactivity = 10 * SPAN_S;
    p.radio.connected_w = 0.1;
    p.radio.tracking = SPAN_H;
    p.radio.tracking_j = 1;
    p.radio.active = 0; /* not asked for, so not granted */
    p.radio.idle_w = 1;
    struct power_terms terms = {.energy = 1, .active = SPAN_MIN, .tracking = 10 * SPAN_MIN, .inactivity = 200 * SPAN_S};
    struct power_setting set = setting_of(&p);
    set.terms = &terms;
    struct power_ledger l = {0};
    struct power_state s;
    power_begin(&set, &s, 0, POWER_ON);
    struct power_traffic t = {.cause = POWER_MESSAGE, .up = 100, .until = 0};
    CU_ASSERT_TRUE(power_access(&set, &s, 0, &t, &l));
    power_settle(&set, &s, 200 * SPAN_S + 31 * SPAN_MIN, &l);
    CU_ASSERT_DOUBLE_EQUAL(l.tail, 20, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(l.joules[POWER_TRACKING], 3, 1e-9);
}

static void registering_switches_the_radio_on_and_costs_each_time(void) {
    struct power p = lte_m();
    p.radio.attach_j = 5;
    struct power_setting set = setting_of(&p);
    struct power_ledger l = {0};
    struct power_state s;
    power_begin(&set, &s, 0, POWER_ON);
    power_attach(&set, &s, SPAN_S, &l);
    struct power_traffic t = {.cause = POWER_CONNECT, .bare_up = 1, .until = 2 * SPAN_S};
    (void)power_access(&set, &s, 2 * SPAN_S, &t, &l);
    CU_ASSERT_DOUBLE_EQUAL(l.joules[POWER_ATTACH], 5, 1e-9); /* the access found it registered */
    power_attach(&set, &s, SPAN_H, &l);
    CU_ASSERT_DOUBLE_EQUAL(l.joules[POWER_ATTACH], 10, 1e-9);
}

/* When something that comes at `now` is heard by a radio that was last connected at 10 s. */
static instant heard(const struct power *p, instant now) {
    struct power_setting set = setting_of(p);
    struct power_state s;
    power_begin(&set, &s, 0, POWER_ON);
    s.active_until = 10 * SPAN_S;
    return power_reachable(&set, &s, now);
}

static void what_comes_down_waits_for_the_radio(void) {
    struct power p = lte_m();
    p.radio.tracking = SPAN_H;
    p.radio.active = 20 * SPAN_S;
    CU_ASSERT_EQUAL(heard(&p, SPAN_DAY), SPAN_DAY); /* it listens all the time */
    p.radio.power_saving = true;
    CU_ASSERT_EQUAL(heard(&p, 9 * SPAN_S), 9 * SPAN_S);
    CU_ASSERT_EQUAL(heard(&p, 29 * SPAN_S), 29 * SPAN_S);
    CU_ASSERT_EQUAL(heard(&p, 30 * SPAN_S), 30 * SPAN_S + SPAN_H); /* with the next tracking update */
    CU_ASSERT_EQUAL(heard(&p, 30 * SPAN_S + SPAN_H), 30 * SPAN_S + SPAN_H);
    CU_ASSERT_EQUAL(heard(&p, 31 * SPAN_S + SPAN_H), 30 * SPAN_S + 2 * SPAN_H);
    p.radio.tracking = 0;
    CU_ASSERT_EQUAL(heard(&p, SPAN_MIN), INSTANT_NEVER);
    p.radio.edrx = 8 * SPAN_S; /* windows at 18 and 26 s, then power saving */
    CU_ASSERT_EQUAL(heard(&p, 9 * SPAN_S), 9 * SPAN_S);
    CU_ASSERT_EQUAL(heard(&p, 11 * SPAN_S), 18 * SPAN_S);
    CU_ASSERT_EQUAL(heard(&p, 18 * SPAN_S), 18 * SPAN_S);
    CU_ASSERT_EQUAL(heard(&p, 20 * SPAN_S), 26 * SPAN_S);
    CU_ASSERT_EQUAL(heard(&p, 27 * SPAN_S), INSTANT_NEVER);
    p.radio.power_saving = false;
    CU_ASSERT_EQUAL(heard(&p, SPAN_H), 10 * SPAN_S + 449 * 8 * SPAN_S);
}

HARNESS_MAIN("device/power", HARNESS_CASE(a_supercapacitor_gives_the_energy_between_two_voltages),
             HARNESS_CASE(repetitions_cost_and_tails_do_not), HARNESS_CASE(timers_are_those_that_were_granted),
             HARNESS_CASE(registering_switches_the_radio_on_and_costs_each_time),
             HARNESS_CASE(what_comes_down_waits_for_the_radio),
             HARNESS_CASE(a_d_cell_outlives_its_shelf_and_dies_early_in_a_bad_network),
             HARNESS_CASE(an_aa_cell_dies_of_hourly_messages),
             HARNESS_CASE(alkaline_cells_carry_wifi_for_years_or_weeks),
             HARNESS_CASE(keep_alives_cost_what_their_interval_says),
             HARNESS_CASE(tails_belong_to_what_made_the_radio_transmit),
             HARNESS_CASE(settling_often_or_once_comes_to_the_same),
             HARNESS_CASE(an_access_with_a_price_is_paid_once_and_again_after_its_tail),
             HARNESS_CASE(a_radio_that_is_off_costs_nothing_and_registers_anew),
             HARNESS_CASE(charge_out_of_the_battery_is_the_energy_at_its_voltage),
             HARNESS_CASE(the_mains_spares_the_battery_and_fills_it),
             HARNESS_CASE(a_panel_carries_a_station_in_summer_and_not_in_winter),
             HARNESS_CASE(lithium_is_not_charged_in_frost), HARNESS_CASE(frost_bars_the_hours_that_have_it),
             HARNESS_CASE(an_alternator_charges_at_its_hours), HARNESS_CASE(cold_and_storage_brown_a_meter_out),
             HARNESS_CASE(it_knows_when_it_will_be_empty), HARNESS_CASE(a_projection_from_a_month_foretells_the_life),
             HARNESS_CASE(intervals_stretch_by_what_is_left), HARNESS_CASE(without_power_nothing_is_drawn))
