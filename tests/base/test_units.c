#include "base/units.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "harness.h"

static void accepted_quantities_have_these_values(void) {
    static const struct {
        const char *text;
        enum units_dimension dimension;
        double value;
    } rows[] = {
        {"0", UNITS_PLAIN, 0},
        {"100000", UNITS_PLAIN, 100000},
        {"100_000", UNITS_PLAIN, 100000},
        {"-3.25", UNITS_PLAIN, -3.25},
        {"10s", UNITS_DURATION, 10e9},
        {"250ms", UNITS_DURATION, 250e6},
        {"7us", UNITS_DURATION, 7e3},
        {"1.5h", UNITS_DURATION, 5400e9},
        {"1h30min", UNITS_DURATION, 5400e9},
        {"1day2h3min4s5ms6us", UNITS_DURATION, 93784005006e3},
        {"1year", UNITS_DURATION, 365 * 86400e9},
        {"-10ms", UNITS_DURATION, -10e6},
        {"64B", UNITS_BYTES, 64},
        {"1kB", UNITS_BYTES, 1000},
        {"16KiB", UNITS_BYTES, 16384},
        {"1.5MiB", UNITS_BYTES, 1572864},
        {"8GiB", UNITS_BYTES, 8589934592.0},
        {"2GB", UNITS_BYTES, 2e9},
        {"2MB", UNITS_BYTES, 2e6},
        {"375kbps", UNITS_BITRATE, 375e3},
        {"10Mbps", UNITS_BITRATE, 10e6},
        {"9600bps", UNITS_BITRATE, 9600},
        {"6000/s", UNITS_RATE, 6000},
        {"30/min", UNITS_RATE, 0.5},
        {"36/h", UNITS_RATE, 0.01},
        {"99.5%", UNITS_SHARE, 0.995},
        {"99.9%", UNITS_SHARE, 0.999},
        {"0.1%", UNITS_SHARE, 0.001},
        {"100%", UNITS_SHARE, 1},
        {"1.1ms", UNITS_DURATION, 1100000},
        {"4.35us", UNITS_DURATION, 4350},
        {"0.07mA", UNITS_CURRENT, 0.00007},
        {"1%/year", UNITS_RATE, 0.01 / (365 * 86400.0)},
        {"3uA", UNITS_CURRENT, 3e-6},
        {"46mA", UNITS_CURRENT, 0.046},
        {"2A", UNITS_CURRENT, 2},
        {"8500mAh", UNITS_CHARGE, 30600},
        {"1Ah", UNITS_CHARGE, 3600},
        {"3.6V", UNITS_VOLTAGE, 3.6},
        {"2800mV", UNITS_VOLTAGE, 2.8},
        {"250mW", UNITS_POWER, 0.25},
        {"12uW", UNITS_POWER, 12e-6},
        {"3J", UNITS_ENERGY, 3},
        {"5mJ", UNITS_ENERGY, 0.005},
        {"150mohm", UNITS_RESISTANCE, 0.15},
        {"10ohm", UNITS_RESISTANCE, 10},
        {"470mF", UNITS_CAPACITANCE, 0.47},
        {"1F", UNITS_CAPACITANCE, 1},
        {"-20degC", UNITS_TEMPERATURE, -20},
        {"-110dBm", UNITS_DBM, -110},
        {"20dB", UNITS_DB, 20},
        {"20ppm", UNITS_PPM, 20},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct units_quantity q = {UNITS_DIMENSIONS, 0};
        char why[200] = "";
        CU_ASSERT_EQUAL(units_parse(rows[i].text, strlen(rows[i].text), &q, why, sizeof why), 0);
        CU_ASSERT_EQUAL(q.dimension, rows[i].dimension);
        CU_ASSERT_EQUAL(q.value, rows[i].value);
        if (q.value != rows[i].value)
            printf("%s: %.17g, expected %.17g (%s)\n", rows[i].text, q.value, rows[i].value, why);
    }
}

static void refused_quantities_say_what_to_write_instead(void) {
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"", "a quantity is missing here; write for instance 10s, 64B or 99.5%"},
        {"-", "'-' is not a quantity; write a number and its unit, for instance 10s, 64B or 99.5%"},
        {"fast", "'fast' is not a quantity; write a number and its unit, for instance 10s, 64B or 99.5%"},
        {"10m", "'10m' has the ambiguous unit 'm'; write 'min' for minutes, 'ms' for milliseconds"},
        {"10K", "'10K' has the ambiguous unit 'K'; write 'kB', 'KiB' or 'kbps'"},
        {"10M", "'10M' has the ambiguous unit 'M'; write 'MB', 'MiB' or 'Mbps'"},
        {"10sec", "'10sec' has the unknown unit 'sec'; write 's'"},
        {"10MS", "'10MS' has the unknown unit 'MS'; did you mean 'ms'?"},
        {"10Kbps", "'10Kbps' has the unknown unit 'Kbps'; did you mean 'kbps'?"},
        {"10KB", "'10KB' has the unknown unit 'KB'; write 'kB' (1000 bytes) or 'KiB' (1024 bytes)"},
        {"10kbsp", "'10kbsp' has the unknown unit 'kbsp'; did you mean 'kbps'?"},
        {"10\302\265s", "'10\302\265s' has the unknown unit '\302\265s'; write 'us'"},
        {"21\302\260C", "'21\302\260C' has the unknown unit '\302\260C'; write 'degC'"},
        {"3furlong",
         "'3furlong' has the unknown unit 'furlong'; units are for instance s, ms, min, B, KiB, kbps, /s and %"},
        {"10 s", "'10 s' has a space inside; write number and unit together, for instance 10s"},
        {"1,5s", "'1,5s' has a comma inside; the decimal point is '.', and '_' may separate digits"},
        {".5s", "'.5s' has no digit before its point; write 0.5, not .5"},
        {"5.s", "'5.s' has no digit after its point"},
        {"5._1s", "'5._1s' has no digit after its point"},
        {"1.2.3s", "'1.2.3s' has two points in one number"},
        {"1__0s", "'1__0s' has '_' where it does not separate two digits"},
        {"1_s", "'1_s' has '_' where it does not separate two digits"},
        {"1._5s", "'1._5s' has no digit after its point"},
        {"+5s", "'+5s' must not begin with '+'"},
        {"--5s", "'--5s' is not a quantity; write a number and its unit, for instance 10s, 64B or 99.5%"},
        {"1h30", "the last number of '1h30' has no unit"},
        {"30min1h", "'30min1h' must name larger units first and each once, for instance 1h30min"},
        {"1s1s", "'1s1s' must name larger units first and each once, for instance 1h30min"},
        {"1MB500kB", "'1MB500kB' has several parts; only durations may, for instance 1h30min"},
        {"1h5%", "'1h5%' has several parts; only durations may, for instance 1h30min"},
        {"1h-30min", "'1h-30min' has the unknown unit 'h-'; did you mean 'h'?"},
        {"300year", "'300year' is too long; a duration ends below 292 years"},
        {"11111111111111111111111111111111111111111s",
         "'1111111111111111111111111111111111111111...' has a number of more than 40 characters"},
        {"\x1b[2Jboo", "'?[2Jboo' is not a quantity; write a number and its unit, for instance 10s, 64B or 99.5%"},
        {"10\xff", "'10?' has the unknown unit '?'; units are for instance s, ms, min, B, KiB, kbps, /s and %"},
        {"1e3s", "'1e3s' has the unknown unit 'e'; write the number in full: exponents are not read"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct units_quantity q = {UNITS_DIMENSIONS, 42};
        char why[200] = "";
        CU_ASSERT_EQUAL(units_parse(rows[i].text, strlen(rows[i].text), &q, why, sizeof why), ERR_MALFORMED);
        CU_ASSERT_EQUAL(q.value, 42);
        CU_ASSERT_STRING_EQUAL(why, rows[i].why);
        if (strcmp(why, rows[i].why) != 0)
            printf("said:     %s\nexpected: %s\n", why, rows[i].why);
    }
}

static void a_wanted_dimension_is_enforced(void) {
    static const struct {
        const char *text;
        enum units_dimension want;
        const char *why; /* NULL: accepted */
    } rows[] = {
        {"10s", UNITS_DURATION, NULL},
        {"0", UNITS_DURATION, NULL},
        {"0", UNITS_SHARE, NULL},
        {"10", UNITS_PLAIN, NULL},
        {"10", UNITS_DURATION, "'10' has no unit; write 10s, 10ms or 10min"},
        {"-1_0.5", UNITS_DURATION, "'-1_0.5' has no unit; write -1_0.5s, -1_0.5ms or -1_0.5min"},
        {"64", UNITS_BYTES, "'64' has no unit; write 64B, 64kB or 64KiB"},
        {"0.995", UNITS_SHARE, "'0.995' has no unit; write 0.995%"},
        {"5", UNITS_RATE, "'5' has no unit; write 5/s, 5/min or 5/h"},
        {"21", UNITS_TEMPERATURE, "'21' has no unit; write 21degC"},
        {"64B", UNITS_DURATION,
         "'64B' is a size in bytes; a duration is wanted here, for instance 10s, 250ms, 1h30min"},
        {"10s", UNITS_PLAIN, "'10s' is a duration; a number is wanted here, for instance 100"},
        {"3J", UNITS_POWER, "'3J' is an energy; a power is wanted here, for instance 250mW, 2W"},
        {"20dB", UNITS_DBM, "'20dB' is a level difference; a power level is wanted here, for instance -110dBm"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        double value = 42;
        char why[200] = "";
        int err = units_parse_as(rows[i].text, strlen(rows[i].text), rows[i].want, &value, why, sizeof why);
        CU_ASSERT_EQUAL(err, rows[i].why == NULL ? 0 : ERR_MALFORMED);
        CU_ASSERT_STRING_EQUAL(why, rows[i].why == NULL ? "" : rows[i].why);
        CU_ASSERT_EQUAL(value == 42, rows[i].why != NULL);
        if (rows[i].why != NULL && strcmp(why, rows[i].why) != 0)
            printf("said:     %s\nexpected: %s\n", why, rows[i].why);
    }
}

static void only_the_given_bytes_are_read(void) {
    struct units_quantity q;
    CU_ASSERT_EQUAL(units_parse("10ms", 3, &q, NULL, 0), ERR_MALFORMED); /* 10m */
    CU_ASSERT_EQUAL(units_parse("10sx", 3, &q, NULL, 0), 0);
    CU_ASSERT_EQUAL(units_parse("10\0s", 4, &q, NULL, 0), ERR_MALFORMED);
}

static void a_short_buffer_gets_the_head_of_the_sentence(void) {
    struct units_quantity q;
    char why[8] = "........";
    CU_ASSERT_EQUAL(units_parse("10m", 3, &q, why, 6), ERR_MALFORMED);
    CU_ASSERT_STRING_EQUAL(why, "'10m'");
    CU_ASSERT_EQUAL(why[6], '.');
}

static void every_unit_and_every_example_reads_back(void) {
    for (const struct units_row *row = units_rows; row->suffix != NULL; row++) {
        char text[32];
        snprintf(text, sizeof text, "1%s", row->suffix);
        struct units_quantity q;
        CU_ASSERT_EQUAL_FATAL(units_parse(text, strlen(text), &q, NULL, 0), 0);
        CU_ASSERT_EQUAL(q.dimension, row->dimension);
        CU_ASSERT(fabs(q.value - row->factor) <= row->factor * 1e-15);
    }
    for (int d = 0; d < UNITS_DIMENSIONS; d++) {
        CU_ASSERT(strlen(units_dimension_name((enum units_dimension)d)) > 0);
        char examples[64];
        snprintf(examples, sizeof examples, "%s", units_example((enum units_dimension)d));
        for (char *one = strtok(examples, ", "); one != NULL; one = strtok(NULL, ", ")) {
            double value;
            CU_ASSERT_EQUAL(units_parse_as(one, strlen(one), (enum units_dimension)d, &value, NULL, 0), 0);
        }
    }
}

static void values_are_shown_with_a_fitting_unit(void) {
    static const struct {
        enum units_dimension d;
        double value;
        const char *text;
    } rows[] = {
        {UNITS_PLAIN, 0, "0"},
        {UNITS_PLAIN, 12345678, "12345678"},
        {UNITS_PLAIN, 3.14159, "3.142"},
        {UNITS_DURATION, 0, "0s"},
        {UNITS_DURATION, 500, "0.5us"},
        {UNITS_DURATION, 92e6, "92ms"},
        {UNITS_DURATION, 1.2345e6, "1.234ms"},
        {UNITS_DURATION, 10e9, "10s"},
        {UNITS_DURATION, -10e9, "-10s"},
        {UNITS_DURATION, 59.994e9, "59.99s"},
        {UNITS_DURATION, 59.996e9, "1min"},
        {UNITS_DURATION, 221e9, "3min41s"},
        {UNITS_DURATION, 5400e9, "1h30min"},
        {UNITS_DURATION, 3599.6e9, "1h"},
        {UNITS_DURATION, 100 * 3600e9, "4day4h"},
        {UNITS_DURATION, 8.2 * 365 * 86400e9, "8.2year"},
        {UNITS_BYTES, 64, "64B"},
        {UNITS_BYTES, 1258291, "1.2MiB"},
        {UNITS_BYTES, 8589934592.0, "8GiB"},
        {UNITS_BITRATE, 375e3, "375kbps"},
        {UNITS_RATE, 6000, "6000/s"},
        {UNITS_RATE, 0.5, "30/min"},
        {UNITS_RATE, 0, "0/h"},
        {UNITS_SHARE, 0.995, "99.5%"},
        {UNITS_SHARE, 1, "100%"},
        {UNITS_SHARE, 0.999999, "99.99%"},
        {UNITS_CHARGE, 30600, "8.5Ah"},
        {UNITS_TEMPERATURE, -20, "-20degC"},
        {UNITS_DURATION, (double)INFINITY, "infinite"},
        {UNITS_DURATION, (double)NAN, "no data"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[32];
        CU_ASSERT_STRING_EQUAL(units_format(rows[i].d, rows[i].value, text, sizeof text), rows[i].text);
        if (strcmp(text, rows[i].text) != 0)
            printf("said: %s, expected: %s\n", text, rows[i].text);
    }
}

static void a_shown_duration_reads_back(void) {
    for (double ns = 1000; ns < 9e18; ns *= 1.07) {
        char text[32];
        double back = 0;
        units_format(UNITS_DURATION, ns, text, sizeof text);
        CU_ASSERT_EQUAL(units_parse_as(text, strlen(text), UNITS_DURATION, &back, NULL, 0), 0);
        CU_ASSERT(fabs(back - ns) < ns * 0.02);
    }
}

HARNESS_MAIN("base/units", HARNESS_CASE(accepted_quantities_have_these_values),
             HARNESS_CASE(refused_quantities_say_what_to_write_instead), HARNESS_CASE(a_wanted_dimension_is_enforced),
             HARNESS_CASE(only_the_given_bytes_are_read), HARNESS_CASE(a_short_buffer_gets_the_head_of_the_sentence),
             HARNESS_CASE(every_unit_and_every_example_reads_back), HARNESS_CASE(values_are_shown_with_a_fitting_unit),
             HARNESS_CASE(a_shown_duration_reads_back))
