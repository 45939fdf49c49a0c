#include "report/capacity.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "report/layout.h"
#include "report/searched.h"

static struct searched s;
static struct text out;

static const char *write(void) {
    out.size = 0;
    capacity_text(&out, &s.capacity, false);
    return text_get(&out);
}

static bool has(const char *words) {
    return strstr(text_get(&out), words) != NULL;
}

static void end(void) {
    searched_free(&s);
    text_free(&out);
}

static void runs_of_one_load_are_one_row(void) {
    struct capacity_row rows[KNEE_LEVELS_MAX];
    searched_make(&s);
    CU_ASSERT_EQUAL_FATAL(capacity_rows(&s.capacity, rows), 4);
    CU_ASSERT_EQUAL(rows[0].load, 100);
    CU_ASSERT_TRUE(rows[2].load == 300 && rows[2].runs == 3 && rows[2].met == 2 && rows[2].verdict == KNEE_MET);
    CU_ASSERT_TRUE(rows[3].load == 400 && rows[3].runs == 2 && rows[3].met == 0 && rows[3].verdict == KNEE_BROKE);
    CU_ASSERT_EQUAL(rows[3].failed, 5); /* the worst */
    CU_ASSERT_DOUBLE_EQUAL(rows[3].answered_per_s, 199, 1e-9);
    CU_ASSERT_TRUE(isnan(rows[3].backend_cores));
    CU_ASSERT_STRING_EQUAL(rows[3].reason, "fast: 900 ms, limit 200 ms");
    end();
}

static void a_load_that_was_not_run_has_no_numbers(void) {
    struct capacity_row rows[KNEE_LEVELS_MAX];
    searched_make(&s);
    s.capacity.count = 0;
    knee_begin(&s.knee, &s.knee.options);
    searched_step(&s, 100, KNEE_TOOL, "too little memory")->ran = false;
    CU_ASSERT_EQUAL_FATAL(capacity_rows(&s.capacity, rows), 1);
    CU_ASSERT_TRUE(isnan(rows[0].answered_per_s) && isnan(rows[0].publish_p99_ms) && isnan(rows[0].cpu));
    end();
}

static void the_text_says_what_holds_and_what_broke(void) {
    searched_make(&s);
    write();
    CU_ASSERT_TRUE(has(" KNEE  300 devices  "));
    CU_ASSERT_TRUE(has("7 runs   seed "));
    CU_ASSERT_TRUE(has(" carries  300 devices: 150 messages/s intended, 149 answered"));
    CU_ASSERT_TRUE(has(" breaks   400 devices: fast: 900 ms, limit 200 ms\n"));
    CU_ASSERT_TRUE(has("0/2  broke\n"));
    CU_ASSERT_TRUE(has("2/3  met\n"));
    CU_ASSERT_TRUE(has(" results  out/capacity.md\n"));
    CU_ASSERT_FALSE(has("\033"));
    for (char *line = strtok(out.data, "\n"); line != NULL; line = strtok(NULL, "\n"))
        CU_ASSERT_TRUE(layout_width(line) <= LAYOUT_COLUMNS);
    end();
}

static void the_generator_s_limit_is_not_called_the_backend_s(void) {
    searched_make(&s);
    s.capacity.count = 0;
    knee_begin(&s.knee, &s.knee.options);
    searched_step(&s, 100, KNEE_MET, "");
    searched_step(&s, 100, KNEE_MET, "");
    for (int i = 0; i < 3; i++)
        searched_step(&s, 140, KNEE_TOOL, "a loop came 300ms late");
    write();
    CU_ASSERT_TRUE(has(" AT LEAST  100 devices"));
    CU_ASSERT_TRUE(has(" unknown  140 devices: this generator is the limit, not the backend: a loop came"));
    end();
}

static void a_search_that_was_stopped_says_so(void) {
    searched_make(&s);
    s.capacity.ended = false;
    s.capacity.stopped = "by a signal";
    write();
    CU_ASSERT_TRUE(has(" INCOMPLETE  300 devices"));
    CU_ASSERT_TRUE(has(" stopped  by a signal\n"));
    end();
}

static void what_never_held_has_no_load(void) {
    searched_make(&s);
    s.capacity.count = 0;
    knee_begin(&s.knee, &(struct knee_options){
                            .start = 10, .min = 10, .max = 1000, .precision = 0.5, .repeats = 1, .whole = true});
    searched_step(&s, 10, KNEE_BROKE, "fast: 900 ms, limit 200 ms");
    write();
    CU_ASSERT_TRUE(has(" NOT MET  "));
    CU_ASSERT_FALSE(has("carries"));
    CU_ASSERT_TRUE(has(" breaks   10 devices: fast"));
    end();
}

static void a_step_is_a_line_of_progress(void) {
    struct text line = {0};
    searched_make(&s);
    capacity_line(&line, &s.capacity, &s.steps[2]);
    CU_ASSERT_STRING_EQUAL(text_get(&line),
                           "400 devices             200 messages/s  broke  p99 4ms  fast: 900 ms, limit 200 ms");
    text_free(&line);
    s.steps[0].messages_per_s = 0; /* a fleet that only connects */
    s.steps[0].facts.publish_p99_ms = NAN;
    capacity_line(&line, &s.capacity, &s.steps[0]);
    CU_ASSERT_STRING_EQUAL(text_get(&line), "100 devices              10 connects/s  met");
    text_free(&line);
    s.steps[0].ran = false;
    snprintf(s.steps[0].reason, sizeof s.steps[0].reason, "\033[2J");
    capacity_line(&line, &s.capacity, &s.steps[0]);
    CU_ASSERT_PTR_NULL(strchr(text_get(&line), '\033'));
    text_free(&line);
    end();
}

static void loads_have_their_unit(void) {
    char text[64];
    CU_ASSERT_STRING_EQUAL(capacity_load(CAPACITY_DEVICES, 1, text, sizeof text), "1 device");
    CU_ASSERT_STRING_EQUAL(capacity_load(CAPACITY_DEVICES, 1200, text, sizeof text), "1200 devices");
    CU_ASSERT_STRING_EQUAL(capacity_load(CAPACITY_RATE, 2.5, text, sizeof text), "2.5 times the rate");
}

HARNESS_MAIN("report/capacity", HARNESS_CASE(runs_of_one_load_are_one_row),
             HARNESS_CASE(a_load_that_was_not_run_has_no_numbers),
             HARNESS_CASE(the_text_says_what_holds_and_what_broke),
             HARNESS_CASE(the_generator_s_limit_is_not_called_the_backend_s),
             HARNESS_CASE(a_search_that_was_stopped_says_so), HARNESS_CASE(what_never_held_has_no_load),
             HARNESS_CASE(a_step_is_a_line_of_progress), HARNESS_CASE(loads_have_their_unit))
