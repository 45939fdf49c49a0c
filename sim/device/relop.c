#include "base/check.h"
#include "device/action.h"

const char *const relop_names[RELOPS] = {
    [REL_LT] = "<", [REL_LE] = "<=", [REL_GT] = ">", [REL_GE] = ">=", [REL_EQ] = "==", [REL_NE] = "!=",
};

bool relop_holds(enum relop op, int64_t left, int64_t right) {
    switch (op) {
    case REL_LT:
        return left < right;
    case REL_LE:
        return left <= right;
    case REL_GT:
        return left > right;
    case REL_GE:
        return left >= right;
    case REL_EQ:
        return left == right;
    case REL_NE:
        return left != right;
    case RELOPS:
        break;
    }
    CHECK(!"a relation");
}
