#include <string.h>

#include "base/check.h"
#include "device/action.h"
#include "harness.h"
#include "metrics/cell.h"

static void rows_stand_in_the_order_of_their_enum(void) {
    for (int i = 0; i < STATE_VARIABLES; i++) {
        CU_ASSERT_EQUAL(state_variables[i].variable, (enum state_variable)i);
        CU_ASSERT(strlen(state_variables[i].name) > 0 && strlen(state_variables[i].doc) > 0);
    }
}

static void words_are_those_of_the_metrics(void) {
    for (int i = 0; i < STATE_KINDS; i++)
        CU_ASSERT_STRING_EQUAL(state_variables[VAR_STATE].words[i], state_names[i]);
    CU_ASSERT_PTR_NULL(state_variables[VAR_STATE].words[STATE_KINDS]);
    CU_ASSERT_STRING_EQUAL(state_variables[VAR_SESSION_PRESENT].words[0], "false");
    CU_ASSERT_STRING_EQUAL(state_variables[VAR_SESSION_PRESENT].words[1], "true");
    CU_ASSERT_PTR_NULL(state_variables[VAR_SESSION_PRESENT].words[2]);
}

HARNESS_MAIN("state_variable", HARNESS_CASE(rows_stand_in_the_order_of_their_enum),
             HARNESS_CASE(words_are_those_of_the_metrics))
