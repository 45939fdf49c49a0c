#include <string.h>

#include "base/check.h"
#include "device/action.h"
#include "harness.h"

static void relations_hold_as_they_are_written(void) {
    static const struct {
        const char *name;
        bool less, equal, greater;
    } rows[RELOPS] = {
        [REL_LT] = {"<", true, false, false},  [REL_LE] = {"<=", true, true, false},
        [REL_GT] = {">", false, false, true},  [REL_GE] = {">=", false, true, true},
        [REL_EQ] = {"==", false, true, false}, [REL_NE] = {"!=", true, false, true},
    };
    for (int i = 0; i < RELOPS; i++) {
        CU_ASSERT_STRING_EQUAL(relop_names[i], rows[i].name);
        CU_ASSERT_EQUAL(relop_holds((enum relop)i, -3, 2), rows[i].less);
        CU_ASSERT_EQUAL(relop_holds((enum relop)i, 2, 2), rows[i].equal);
        CU_ASSERT_EQUAL(relop_holds((enum relop)i, INT64_MAX, INT64_MIN), rows[i].greater);
    }
}

HARNESS_MAIN("relop", HARNESS_CASE(relations_hold_as_they_are_written))
