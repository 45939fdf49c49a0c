#include <math.h>
#include <string.h>

#include "harness.h"
#include "report/searched.h"

static struct searched s;
static struct text out;

static const char *write(void) {
    out.size = 0;
    capacity_json(&out, &s.capacity);
    CU_ASSERT_TRUE_FATAL(sample_json_valid(text_get(&out), out.size));
    return text_get(&out);
}

static bool is(const char *path, const char *expected) {
    char text[400];
    const char *found = sample_json_string(text_get(&out), path, text, sizeof text);
    return found != NULL && strcmp(found, expected) == 0;
}

static double number(const char *path) {
    return sample_json_number(text_get(&out), path);
}

static void the_answer_stands_at_the_top(void) {
    bool complete = false;
    searched_make(&s);
    write();
    CU_ASSERT_EQUAL(number("schema"), 1);
    CU_ASSERT_TRUE(is("by", "devices"));
    CU_ASSERT_TRUE(is("end", "found"));
    CU_ASSERT_TRUE(sample_json_bool(text_get(&out), "complete", &complete) && complete);
    CU_ASSERT_EQUAL(number("knee.load"), 300);
    CU_ASSERT_EQUAL(number("knee.messages_per_s"), 150);
    CU_ASSERT_EQUAL(number("knee.answered_per_s"), 149);
    CU_ASSERT_EQUAL(number("above.load"), 400);
    CU_ASSERT_TRUE(is("above.reason", "fast: 900 ms, limit 200 ms"));
    CU_ASSERT_EQUAL(number("exit_code"), 0);
    searched_free(&s);
    text_free(&out);
}

static void every_load_and_every_run_is_in_it(void) {
    searched_make(&s);
    write();
    CU_ASSERT_EQUAL(number("table.3.load"), 400);
    CU_ASSERT_EQUAL(number("table.3.met"), 0);
    CU_ASSERT_EQUAL(number("table.3.runs"), 2);
    CU_ASSERT_TRUE(is("table.3.verdict", "broke"));
    CU_ASSERT_TRUE(is("steps.4.verdict", "tool"));
    CU_ASSERT_TRUE(is("steps.4.directory", "step-05-300"));
    CU_ASSERT_TRUE(isnan(number("steps.7.load")));
    CU_ASSERT_TRUE(sample_json_is_null(text_get(&out), "knee.backend_cores"));
    searched_free(&s);
    text_free(&out);
}

static void secrets_of_the_command_stay_out(void) {
    searched_make(&s);
    write();
    CU_ASSERT_PTR_NULL(strstr(text_get(&out), "hunter2"));
    CU_ASSERT_TRUE(is("command.1", "capacity"));
    searched_free(&s);
    text_free(&out);
}

static void a_search_without_an_end_says_so(void) {
    searched_make(&s);
    s.capacity.ended = false;
    s.capacity.stopped = "by a signal";
    s.capacity.count = 0;
    knee_begin(&s.knee, &s.knee.options);
    write();
    CU_ASSERT_TRUE(is("end", "searching"));
    CU_ASSERT_TRUE(is("stopped", "by a signal"));
    CU_ASSERT_TRUE(sample_json_is_null(text_get(&out), "knee"));
    CU_ASSERT_TRUE(sample_json_is_null(text_get(&out), "above"));
    searched_free(&s);
    text_free(&out);
}

HARNESS_MAIN("report/capacity_json", HARNESS_CASE(the_answer_stands_at_the_top),
             HARNESS_CASE(every_load_and_every_run_is_in_it), HARNESS_CASE(secrets_of_the_command_stay_out),
             HARNESS_CASE(a_search_without_an_end_says_so))
