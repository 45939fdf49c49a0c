#include "harness.h"

#include <string.h>

#include "scenario/value.h"

static void examples_are_accepted_by_the_functions_they_show(void) {
    char why[VALUE_WHY_MAX];
    for (const struct value_function *f = value_functions; f->name != NULL; f++) {
        struct dist d;
        struct signal s;
        struct template t;
        struct template_error error;
        CU_ASSERT(strncmp(f->example, f->name, strlen(f->name)) == 0);
        if (strcmp(f->kind, "distribution") == 0) {
            CU_ASSERT_EQUAL(value_dist(f->example, UNITS_DURATION, &d, why), 0);
        } else if (strcmp(f->kind, "signal") == 0) {
            CU_ASSERT_EQUAL(value_signal(f->example, &s, why), 0);
            value_signal_free(&s);
        } else {
            CU_ASSERT_STRING_EQUAL(f->kind, "payload");
            CU_ASSERT_EQUAL(template_compile(f->example, ~0U, NULL, 0, &t, &error), 0);
            template_free(&t);
        }
    }
}

static void an_unknown_function_is_told_which_there_are(void) {
    char why[VALUE_WHY_MAX];
    struct dist d;
    struct signal s;
    CU_ASSERT_NOT_EQUAL(value_dist("gaussian(1s)", UNITS_DURATION, &d, why), 0);
    CU_ASSERT_STRING_EQUAL(
        why, "there is no distribution function 'gaussian'; there are exp, uniform, normal, lognormal and pareto");
    CU_ASSERT_NOT_EQUAL(value_signal("square(1)", &s, why), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "there is no signal function 'square'; there are constant, walk, "));
    CU_ASSERT_NOT_EQUAL(value_signal("conter(1)", &s, why), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "did you mean 'counter'?"));
}

static void arguments_that_do_not_fit_are_answered_with_an_example(void) {
    char why[VALUE_WHY_MAX];
    struct signal s;
    CU_ASSERT_NOT_EQUAL(value_signal("constant(1, 2)", &s, why), 0);
    CU_ASSERT_STRING_EQUAL(why, "'constant(1, 2)' does not fit constant(value); write for instance constant(21.5)");
}

HARNESS_MAIN("scenario/value_function", HARNESS_CASE(examples_are_accepted_by_the_functions_they_show),
             HARNESS_CASE(an_unknown_function_is_told_which_there_are),
             HARNESS_CASE(arguments_that_do_not_fit_are_answered_with_an_example))
