#include "metrics/result.h"

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
