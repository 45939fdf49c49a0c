#include <stdlib.h>

#include "base/check.h"
#include "metrics/result.h"

struct histogram *series_clock(struct series *s, enum clock_kind clock) {
    if (s->clocks[clock] == NULL) {
        s->clocks[clock] = calloc(1, sizeof *s->clocks[clock]);
        CHECK(s->clocks[clock] != NULL);
    }
    return s->clocks[clock];
}

uint64_t series_count_answered(const struct series *s) {
    return s->outcomes[OP_OK] + s->outcomes[OP_REFUSED];
}

uint64_t series_count_failed(const struct series *s) {
    return s->outcomes[OP_REFUSED] + s->outcomes[OP_TIMEOUT] + s->outcomes[OP_BROKEN];
}

uint64_t series_count(const struct series *s) {
    return s->outcomes[OP_OK] + series_count_failed(s);
}

uint64_t series_unanswered(const struct series *s) {
    return s->outcomes[OP_TIMEOUT] + s->outcomes[OP_BROKEN] + s->outcomes[OP_OPEN];
}
