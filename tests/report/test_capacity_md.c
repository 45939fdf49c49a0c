#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "report/searched.h"

static struct searched s;
static struct text out;

static void write(void) {
    out.size = 0;
    capacity_md(&out, &s.capacity);
}

static bool has(const char *words) {
    return strstr(text_get(&out), words) != NULL;
}

static void end(void) {
    searched_free(&s);
    text_free(&out);
}

static void the_first_sentence_is_the_answer(void) {
    searched_make(&s);
    write();
    CU_ASSERT_TRUE(has("\n\nThe checks hold up to **300 devices** and no longer hold at 400 devices.\n"));
    end();
}

static void the_table_has_a_row_per_load_and_a_link_per_run(void) {
    searched_make(&s);
    write();
    CU_ASSERT_TRUE(has("\n| 400 | 200 | 199 | 40 | 4 ms | 5 | 0 | 25 % | \342\200\223 | 0 of 2 | **broke** |\n"));
    CU_ASSERT_TRUE(has("\n3. 400 devices: **broke**, [step-03-400](step-03-400/summary.md)\n"));
    CU_ASSERT_TRUE(has("- 400 devices: fast: 900 ms, limit 200 ms\n"));
    end();
}

static void other_ends_have_their_sentence(void) {
    searched_make(&s);
    s.capacity.ended = false;
    s.capacity.stopped = "by a signal";
    write();
    CU_ASSERT_TRUE(has("**INCOMPLETE**"));
    CU_ASSERT_TRUE(has("So far the checks hold at 300 devices."));
    s.capacity.ended = true;
    s.capacity.count = 0;
    knee_begin(&s.knee, &(struct knee_options){
                            .start = 10, .min = 10, .max = 10, .precision = 0.5, .repeats = 1, .whole = true});
    searched_step(&s, 10, KNEE_MET, "");
    write();
    CU_ASSERT_TRUE(has("hold at **10 devices**, the highest load that was allowed"));
    knee_begin(&s.knee, &s.knee.options);
    searched_step(&s, 10, KNEE_TOOL, "late");
    write();
    CU_ASSERT_TRUE(has("Even at 10 devices this generator was the limit"));
    end();
}

static void foreign_text_is_no_markup(void) {
    searched_make(&s);
    snprintf(s.steps[2].reason, sizeof s.steps[2].reason, "<script>|**x**\n# y");
    s.sample.plan.name = "a | b <b>";
    write();
    CU_ASSERT_FALSE(has("<script>"));
    CU_ASSERT_FALSE(has("\n# y"));
    CU_ASSERT_FALSE(has("<b>"));
    CU_ASSERT_FALSE(has("hunter2"));
    end();
}

HARNESS_MAIN("report/capacity_md", HARNESS_CASE(the_first_sentence_is_the_answer),
             HARNESS_CASE(the_table_has_a_row_per_load_and_a_link_per_run),
             HARNESS_CASE(other_ends_have_their_sentence), HARNESS_CASE(foreign_text_is_no_markup))
