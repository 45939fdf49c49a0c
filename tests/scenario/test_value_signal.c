#include "harness.h"

#include <float.h>
#include <string.h>

#include "base/err.h"
#include "scenario/value.h"

static char why[VALUE_WHY_MAX];

static void numbers_and_functions_give_signals(void) {
    struct signal s;
    CU_ASSERT(value_signal("-21.5", &s, why) == 0 && s.kind == SIGNAL_CONSTANT && s.start == -21.5);
    CU_ASSERT(value_signal("walk(start=21, step=0.1, min=15, max=28)", &s, why) == 0 && s.kind == SIGNAL_WALK);
    CU_ASSERT(s.start == 21 && s.step == 0.1 && s.min == 15 && s.max == 28);
    CU_ASSERT(value_signal("sine(mean=20, amplitude=5, period=1day, phase=25%)", &s, why) == 0 &&
              s.kind == SIGNAL_SINE);
    CU_ASSERT(s.mean == 20 && s.amplitude == 5 && s.period == SPAN_DAY && s.phase_turns == 0.25);
    CU_ASSERT(value_signal("uniform(-1, 1)", &s, why) == 0 && s.min == -1 && s.max == 1);
    CU_ASSERT(value_signal("normal(21.5, 0.3)", &s, why) == 0 && s.start == 21.5 && s.step == 0.3 && s.min == -DBL_MAX);
    CU_ASSERT(value_signal("counter()", &s, why) == 0 && s.start == 0 && s.step == 1 && s.max == 0);
}

static void a_trace_has_a_column_that_can_be(void) {
    static const char *const wrong[] = {"trace(a.csv, column=0)", "trace(a.csv, column=1.5)", "trace(a.csv, column=-1)",
                                        "trace(a.csv, column=101)", "trace(a.csv, column=4294967297)"};
    struct signal s;
    CU_ASSERT(value_signal("trace(a.csv, column=2)", &s, why) == 0 && s.of.trace.column == 2);
    value_signal_free(&s);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CU_ASSERT_NOT_EQUAL(value_signal(wrong[i], &s, why), 0);
}

static void choices_have_words_and_weights(void) {
    struct signal s;
    CU_ASSERT_EQUAL(value_signal("choice(ok:0.95, not ok: 5%)", &s, why), 0);
    CU_ASSERT(s.kind == SIGNAL_CHOICE && s.word_count == 2);
    CU_ASSERT_STRING_EQUAL(s.words[0], "ok");
    CU_ASSERT_STRING_EQUAL(s.words[1], "not ok");
    CU_ASSERT(s.weights[0] == 950000 && s.weights[1] == 50000 && s.weight_sum == 1000000);
    value_signal_free(&s);
    CU_ASSERT_EQUAL(s.word_count, 0);
}

static void impossible_signals_are_refused(void) {
    static const char *const wrong[] = {"walk(21)",
                                        "walk(start=21, step=0.1, min=28, max=15)",
                                        "walk(start=5, step=1, min=15, max=28)",
                                        "walk(start=1, step=-1)",
                                        "sine(mean=1, amplitude=2, period=0s)",
                                        "sine(mean=1, amplitude=2, period=5)",
                                        "uniform(2, 1)",
                                        "choice()",
                                        "choice(a, b)",
                                        "choice(a:0)",
                                        "choice(a:-1)",
                                        "choice(:1)",
                                        "walk(start=1, step=1, start=2)",
                                        "wakl(start=1, step=1)",
                                        "10s",
                                        "",
                                        "walk(start=1, step=1"};
    struct signal s;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        why[0] = '\0';
        CU_ASSERT_EQUAL(value_signal(wrong[i], &s, why), ERR_MALFORMED);
        CU_ASSERT(why[0] != '\0');
    }
}

HARNESS_MAIN("scenario/value_signal", HARNESS_CASE(numbers_and_functions_give_signals),
             HARNESS_CASE(a_trace_has_a_column_that_can_be), HARNESS_CASE(choices_have_words_and_weights),
             HARNESS_CASE(impossible_signals_are_refused))
