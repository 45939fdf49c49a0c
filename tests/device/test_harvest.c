#include "device/harvest.h"

#include <math.h>
#include <stdlib.h>

#include "base/check.h"
#include "harness.h"

static double day_sum_kwh(double latitude, double day) {
    double sum = 0;
    for (int i = 0; i < 24 * 60; i++)
        sum += harvest_clear_sky(latitude, day, (i + 0.5) / 60) / 60;
    return sum / 1000;
}

/* Day sums computed beforehand from the same formula, for the 21st of June, March and December. */
static void clear_days_have_known_sums(void) {
    enum { MARCH = 80, JUNE = 172, DECEMBER = 355 };
    static const struct {
        double latitude, june, march, december;
    } rows[] = {{35, 8.8, 6.1, 3.1}, {50, 8.7, 4.6, 1.2}, {60, 8.5, 3.5, 0.2}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CU_ASSERT_DOUBLE_EQUAL(day_sum_kwh(rows[i].latitude, JUNE), rows[i].june, 0.1);
        CU_ASSERT_DOUBLE_EQUAL(day_sum_kwh(rows[i].latitude, MARCH), rows[i].march, 0.1);
        CU_ASSERT_DOUBLE_EQUAL(day_sum_kwh(rows[i].latitude, DECEMBER), rows[i].december, 0.1);
    }
    CU_ASSERT_EQUAL(harvest_clear_sky(50, JUNE, 0), 0);
    CU_ASSERT_DOUBLE_EQUAL(day_sum_kwh(-50, DECEMBER), day_sum_kwh(50, JUNE), 0.1);
}

static void clouds_take_up_to_three_quarters(void) {
    CU_ASSERT_EQUAL(harvest_clouded(800, 0), 800);
    CU_ASSERT_DOUBLE_EQUAL(harvest_clouded(800, 1), 200, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(harvest_clouded(800, 0.6), 800 * (1 - 0.75 * pow(0.6, 3.4)), 1e-9);
}

enum { STAYS = 60000 };

/* Each state's stays against the exponential, by Kolmogorov and Smirnov at 0.1 %. */
static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static void stays_are_exponential(void) {
    double *stays[HARVEST_CLOUDS];
    size_t counts[HARVEST_CLOUDS] = {0};
    for (int i = 0; i < HARVEST_CLOUDS; i++) {
        stays[i] = calloc(STAYS, sizeof *stays[i]);
        CHECK(stays[i] != NULL);
    }
    struct harvest_chain c;
    harvest_chain_begin(&c, 11, 5);
    double begin = 0;
    for (int n = 0; n < STAYS; n++) {
        stays[c.state][counts[c.state]++] = c.until_h - begin;
        begin = c.until_h;
        harvest_chain_next(&c);
    }
    for (int i = 0; i < HARVEST_CLOUDS; i++) {
        double worst = 0, many = (double)counts[i];
        qsort(stays[i], counts[i], sizeof *stays[i], ascending);
        for (size_t k = 0; k < counts[i]; k++) {
            double expected = 1 - exp(-stays[i][k] / harvest_stay_h[i]);
            worst = fmax(worst, fmax(fabs(expected - (double)k / many), fabs(expected - (double)(k + 1) / many)));
        }
        CU_ASSERT(worst < 1.95 / sqrt(many));
        free(stays[i]);
    }
}

/* Both successors of each state equally often: chi-square with three degrees of freedom at 0.1 %. */
static void each_state_follows_the_others_equally_often(void) {
    double seen[HARVEST_CLOUDS][HARVEST_CLOUDS] = {{0}};
    struct harvest_chain c;
    harvest_chain_begin(&c, 12, 6);
    for (int n = 0; n < STAYS; n++) {
        enum harvest_cloud from = c.state;
        harvest_chain_next(&c);
        seen[from][c.state]++;
    }
    double chi = 0;
    for (int i = 0; i < HARVEST_CLOUDS; i++) {
        double half = (seen[i][(i + 1) % 3] + seen[i][(i + 2) % 3]) / 2;
        CU_ASSERT_EQUAL(seen[i][i], 0);
        for (int k = 1; k < 3; k++)
            chi += (seen[i][(i + k) % 3] - half) * (seen[i][(i + k) % 3] - half) / half;
    }
    CU_ASSERT(chi < 16.27);
}

static void chains_begin_in_each_state_as_often_as_they_are_in_it(void) {
    double seen[HARVEST_CLOUDS] = {0}, chi = 0;
    for (uint32_t region = 0; region < 20000; region++) {
        struct harvest_chain c;
        harvest_chain_begin(&c, 13, region);
        seen[c.state]++;
    }
    for (int i = 0; i < HARVEST_CLOUDS; i++) {
        double expected = 20000 * harvest_stay_h[i] / 23;
        chi += (seen[i] - expected) * (seen[i] - expected) / expected;
    }
    CU_ASSERT(chi < 13.82); /* two degrees of freedom, 0.1 % */
}

enum { HOURS_2026 = 490896, YEAR_H = 8760 }; /* 2026-01-01T00:00Z in hours since 1970 */

static void a_year_of_sky_is_the_same_again_and_depends_on_region(void) {
    static float one[YEAR_H], same[YEAR_H], other[YEAR_H];
    harvest_fill(50, 1, 2, HOURS_2026, YEAR_H, one);
    harvest_fill(50, 1, 2, HOURS_2026, YEAR_H, same);
    harvest_fill(50, 1, 3, HOURS_2026, YEAR_H, other);
    unsigned differ = 0;
    double june = 0, december = 0;
    for (int h = 0; h < YEAR_H; h++) {
        CU_ASSERT_EQUAL_FATAL(one[h], same[h]);
        differ += one[h] != other[h];
        if (h >= 151 * 24 && h < 181 * 24)
            june += (double)one[h] / 1000 / 30;
        if (h >= 334 * 24 && h < 364 * 24)
            december += (double)one[h] / 1000 / 30;
    }
    CU_ASSERT(differ > 2000);
    CU_ASSERT(june > 4.8 && june < 7.8); /* kWh/m2 and day: 8.6 on clear days, seven tenths with clouds */
    CU_ASSERT(december > 0.6 && december < 1.15);
}

static void temperature_follows_day_and_year(void) {
    const struct climate north = {.latitude_deg = 50, .mean = 9, .seasonal = 10, .daily = 4};
    const int64_t hour_ms = 3600000, january = HOURS_2026 * hour_ms;
    struct climate south = north;
    south.latitude_deg = -50;
    CU_ASSERT_DOUBLE_EQUAL(harvest_celsius(&north, january + (199 * 24 + 15) * hour_ms), 23, 0.1);
    CU_ASSERT_DOUBLE_EQUAL(harvest_celsius(&north, january + (199 * 24 + 3) * hour_ms), 15, 0.1);
    CU_ASSERT(harvest_celsius(&north, january + 16 * 24 * hour_ms) < 0);
    CU_ASSERT(harvest_celsius(&south, january + 16 * 24 * hour_ms) > 10);
    CU_ASSERT_EQUAL(harvest_celsius(&(struct climate){.mean = 7}, january), 7);
}

static void beyond_the_table_it_is_dark(void) {
    static const float sky[] = {1, 2};
    const struct climate c = {.first_hour = 10, .hours = 2, .sky = sky};
    CU_ASSERT_EQUAL(harvest_irradiance(&c, 9), 0);
    CU_ASSERT_EQUAL(harvest_irradiance(&c, 11), 2);
    CU_ASSERT_EQUAL(harvest_irradiance(&c, 12), 0);
    CU_ASSERT_EQUAL(harvest_irradiance(&(struct climate){0}, 0), 0);
}

HARNESS_MAIN("device/harvest", HARNESS_CASE(clear_days_have_known_sums), HARNESS_CASE(clouds_take_up_to_three_quarters),
             HARNESS_CASE(stays_are_exponential), HARNESS_CASE(each_state_follows_the_others_equally_often),
             HARNESS_CASE(chains_begin_in_each_state_as_often_as_they_are_in_it),
             HARNESS_CASE(a_year_of_sky_is_the_same_again_and_depends_on_region),
             HARNESS_CASE(temperature_follows_day_and_year), HARNESS_CASE(beyond_the_table_it_is_dark))
