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

HARNESS_MAIN("scenario/value_function", HARNESS_CASE(examples_are_accepted_by_the_functions_they_show))
