#include "report/forecast.h"

#include <string.h>

#include "harness.h"

/* Ten rows of a second: 1, 2, … 10 messages of the sample, each of which stands for four. */
static struct forecast_row rows[10];

static struct forecast made(uint32_t simulated) {
    for (unsigned i = 0; i < 10; i++)
        rows[i] = (struct forecast_row){.messages = 4.0 * (i + 1), .messages_seen = i + 1, .online = 1};
    return (struct forecast){.devices = 40,
                             .simulated = simulated,
                             .duration = 10 * SPAN_S,
                             .covered = 10 * SPAN_S,
                             .interval = SPAN_S,
                             .rows = rows,
                             .row_count = 10};
}

static void all_devices_show_their_busiest_interval(void) {
    struct forecast f = made(40);
    struct forecast_peak peak = forecast_busiest(&f, true);
    CU_ASSERT_EQUAL(peak.over, SPAN_S);
    CU_ASSERT_DOUBLE_EQUAL(peak.per_s, 40, 1e-9);
}

static void a_sample_takes_as_long_as_it_needs_for_enough_events(void) {
    struct forecast f = made(10);
    struct forecast_peak peak = forecast_busiest(&f, true);
    CU_ASSERT_EQUAL(peak.over, 5 * SPAN_S); /* 10 + 9 + 8 + 7 + 6 = 40, and two seconds hold 19 */
    CU_ASSERT_DOUBLE_EQUAL(peak.per_s, 32, 1e-9);
}

static void what_never_happens_has_no_peak(void) {
    struct forecast f = made(10);
    CU_ASSERT_DOUBLE_EQUAL(forecast_busiest(&f, false).per_s, 0, 0);
}

static void what_was_scaled_is_said(void) {
    struct forecast f = made(10);
    struct text out = {0};
    f.covered = 5 * SPAN_S;
    f.sent[1] = 220;
    forecast_print(&f, &out);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), "10 of 40 devices"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), "the first 5s of 10s"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), "220 sent with QoS 1"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), "22/s on average"));
    text_free(&out);
}

static void a_refusal_is_all_that_is_said(void) {
    struct forecast f = {.refused = "no commands"};
    struct text out = {0};
    forecast_print(&f, &out);
    CU_ASSERT_STRING_EQUAL(text_get(&out), "\nforecast           none: no commands\n");
    text_free(&out);
}

HARNESS_MAIN("report/forecast", HARNESS_CASE(all_devices_show_their_busiest_interval),
             HARNESS_CASE(a_sample_takes_as_long_as_it_needs_for_enough_events),
             HARNESS_CASE(what_never_happens_has_no_peak), HARNESS_CASE(what_was_scaled_is_said),
             HARNESS_CASE(a_refusal_is_all_that_is_said))
