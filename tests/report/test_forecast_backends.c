#include "report/forecast_backends.h"

#include <string.h>

#include "harness.h"
#include "scenario/load.h"

static const char yaml[] =
    "a: {as_of: 2026-08, connects: 10/s, publishes: 100/s, metered: 100B, messages_per_day: 1000}\n"
    "b: {extends: a, as_of: 2026-09, connects: 1000/s}\n";

static struct diagnostic_list found;
static struct node *tree;

/* 86400 messages a day of 150 bytes each, 20 connects a second at most. */
static struct forecast made(void) {
    diagnostic_init(&found);
    tree = load_text("limits.yaml", yaml, sizeof yaml - 1, &found);
    CU_ASSERT_PTR_NOT_NULL_FATAL(tree);
    return (struct forecast){.duration = 100 * SPAN_S,
                             .interval = SPAN_S,
                             .sent = {0, 100, 0},
                             .bytes_up = 15000,
                             .online_peak = 7,
                             .connects = {20, SPAN_S},
                             .messages = {100, SPAN_S}};
}

static void done(void) {
    node_free(tree);
    diagnostic_free(&found);
}

static void a_limit_is_hit_when_it_is_passed_not_when_it_is_met(void) {
    struct forecast f = made();
    struct forecast_backend b;
    CU_ASSERT_TRUE_FATAL(forecast_backends_hold(&f, tree, "a", &b));
    CU_ASSERT_EQUAL(b.exceeded, 2); /* connects and messages of a day; 100/s is allowed */
    CU_ASSERT_STRING_EQUAL(b.as_of, "2026-08");
    CU_ASSERT_DOUBLE_EQUAL(b.limits[0].wants / b.limits[0].limit, 2, 1e-9);
    done();
}

static void what_is_not_said_comes_from_where_it_extends(void) {
    struct forecast f = made();
    struct forecast_backend b;
    CU_ASSERT_TRUE_FATAL(forecast_backends_hold(&f, tree, "b", &b));
    CU_ASSERT_DOUBLE_EQUAL(b.limits[0].limit, 1000, 0);
    CU_ASSERT_DOUBLE_EQUAL(b.limits[2].limit, 100, 0);
    CU_ASSERT_EQUAL(b.exceeded, 1);
    CU_ASSERT_FALSE(forecast_backends_hold(&f, tree, "c", &b));
    done();
}

static void messages_are_metered_in_whole_units(void) {
    struct forecast f = made();
    struct forecast_backend b;
    CU_ASSERT_TRUE_FATAL(forecast_backends_hold(&f, tree, "a", &b));
    CU_ASSERT_DOUBLE_EQUAL(b.metered_a_day, 2 * 86400, 1e-6);
    f.bytes_up = 20000;
    CU_ASSERT_TRUE_FATAL(forecast_backends_hold(&f, tree, "a", &b));
    CU_ASSERT_DOUBLE_EQUAL(b.metered_a_day, 2 * 86400, 1e-6); /* 200 bytes are two units exactly */
    done();
}

static void the_text_names_what_is_hit(void) {
    struct forecast f = made();
    struct forecast_backend b;
    struct text out = {0};
    CU_ASSERT_TRUE_FATAL(forecast_backends_hold(&f, tree, "a", &b));
    forecast_backends_print(&f, &b, 1, &out);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), "connects of all devices: 20/s of 10/s, 2 times the limit"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), "172 800 messages a day at this pace, metered by 100B: 173 units"));
    text_free(&out);
    done();
}

HARNESS_MAIN("report/forecast_backends", HARNESS_CASE(a_limit_is_hit_when_it_is_passed_not_when_it_is_met),
             HARNESS_CASE(what_is_not_said_comes_from_where_it_extends),
             HARNESS_CASE(messages_are_metered_in_whole_units), HARNESS_CASE(the_text_names_what_is_hit))
