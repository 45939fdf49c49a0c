#include "base/check.h"
#include "device/action.h"

bool predicate_holds(const struct predicate *p, const int64_t *values) {
    CHECK(p->count <= PREDICATE_TERMS_MAX);
    for (unsigned i = 0; i < p->count; i++) {
        CHECK(p->terms[i].variable < STATE_VARIABLES);
        if (!relop_holds((enum relop)p->terms[i].relop, values[p->terms[i].variable], p->terms[i].literal))
            return false;
    }
    return true;
}

uint32_t predicate_mask(const struct predicate *p) {
    uint32_t mask = 0;
    for (unsigned i = 0; i < p->count; i++)
        mask |= (uint32_t)1 << p->terms[i].variable;
    return mask;
}
