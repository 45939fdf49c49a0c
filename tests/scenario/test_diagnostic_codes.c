#include "harness.h"

#include <string.h>

#include "scenario/diagnostic.h"

static void codes_are_ordered_and_say_what_they_mean(void) {
    for (const struct diagnostic_code *c = diagnostic_codes; c->code != NULL; c++) {
        CU_ASSERT_EQUAL(strlen(c->code), 4);
        CU_ASSERT(c->code[0] == 'E' || c->code[0] == 'W');
        CU_ASSERT(c->code[1] >= '1' && c->code[1] <= '5');
        CU_ASSERT(c->title[0] != '\0' && c->doc[0] != '\0' && c->doc[strlen(c->doc) - 1] == '.');
        if (c[1].code != NULL)
            CU_ASSERT(strcmp(c->code, c[1].code) < 0);
    }
}

HARNESS_MAIN("scenario/diagnostic_codes", HARNESS_CASE(codes_are_ordered_and_say_what_they_mean))
