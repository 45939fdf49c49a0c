#include "scenario/window.h"

#include "harness.h"
#include "made.h"

#define CHECKS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* One check with one call, pushed second by second. */
struct fixture {
    struct made *made;
    struct measure_scope scope;
    struct window *window;
};

/* The window borrows the fixture's scope. */
static void begin(struct fixture *f, const char *check, uint64_t min_samples) {
    f->made = made_new(CHECKS(check));
    measure_scope_of(&f->made->checks[0].expr->calls[0], &f->made->checks[0], &f->made->plan, &f->scope);
    f->window = window_new(&f->scope, min_samples);
}

static void finish(struct fixture *f) {
    window_free(f->window);
    measure_scope_free(&f->scope);
    made_free(f->made);
}

static void push(struct fixture *f, int second, uint64_t answers, int64_t ns) {
    if (answers > 0)
        made_answer(f->made, 0, OP_MQTT_PUBLISH, 1, (second - 1) * SPAN_S, ns, answers);
    window_push(f->window, second * SPAN_S, f->made->second);
    result_clear(f->made->second);
}

static void both_ends_of_the_values_are_kept(void) {
    struct fixture f;
    begin(&f, "count(mqtt.publish.ok, over=2s) > 0", 0);
    static const uint64_t counts[] = {1, 2, 7, 3, 1, 1};
    for (int s = 1; s <= 6; s++)
        push(&f, s, counts[s - 1], SPAN_MS);
    CU_ASSERT_EQUAL(window_complete(f.window), 5);
    CU_ASSERT_EQUAL(window_largest(f.window).value, 10);
    CU_ASSERT_EQUAL(window_smallest(f.window).value, 2);
    CU_ASSERT_EQUAL(window_samples(f.window), 15);
    finish(&f);
}

static void what_left_the_window_is_forgotten(void) {
    struct fixture f;
    begin(&f, "max(mqtt.publish.ack, over=2s) < 1s", 1);
    for (int s = 1; s <= 6; s++)
        push(&f, s, 1, s == 2 ? 9 * SPAN_MS : s * SPAN_US);
    CU_ASSERT_EQUAL(window_largest(f.window).value, 9e6);
    CU_ASSERT_EQUAL(window_smallest(f.window).value, 4e3); /* seconds 3 and 4 */
    finish(&f);
}

static void means_are_exact(void) {
    struct fixture f;
    begin(&f, "mean(mqtt.publish.ack, over=3s) < 1s", 1);
    for (int s = 1; s <= 9; s++)
        push(&f, s, 2, s * SPAN_MS + 1);
    CU_ASSERT_EQUAL(window_smallest(f.window).value, 2e6 + 1);
    CU_ASSERT_EQUAL(window_largest(f.window).value, 8e6 + 1);
    finish(&f);
}

static void windows_with_few_samples_say_nothing(void) {
    struct fixture f;
    begin(&f, "p50(mqtt.publish.ack, over=2s) < 1s", 0);
    for (int s = 1; s <= 4; s++)
        push(&f, s, 9, SPAN_MS); /* 18 of 20 */
    CU_ASSERT_FALSE(window_largest(f.window).known);
    push(&f, 5, 11, SPAN_MS);
    CU_ASSERT_TRUE(window_largest(f.window).known);
    finish(&f);
}

static void only_whole_windows_inside_the_scope_count(void) {
    struct fixture f;
    begin(&f, "count(mqtt.publish.ok, during=outage, over=4s) > 0", 0);
    for (int s = 1; s <= 60; s++)
        push(&f, s, 1, SPAN_MS);
    CU_ASSERT_EQUAL(window_complete(f.window), 7); /* of 10 s */
    CU_ASSERT_EQUAL(window_smallest(f.window).value, 4);
    finish(&f);
}

HARNESS_MAIN("scenario/window", HARNESS_CASE(both_ends_of_the_values_are_kept),
             HARNESS_CASE(what_left_the_window_is_forgotten), HARNESS_CASE(means_are_exact),
             HARNESS_CASE(windows_with_few_samples_say_nothing),
             HARNESS_CASE(only_whole_windows_inside_the_scope_count))
