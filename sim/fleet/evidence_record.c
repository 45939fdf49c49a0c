#include "fleet/evidence_record.h"

#include <stddef.h>
#include <string.h>

#include "base/check.h"
#include "metrics/recorder.h"

uint8_t *evidence_record_add(struct recorder *r, const struct evidence_record *record) {
    uint8_t *at = recorder_evidence(r, sizeof *record + record->size);
    if (at == NULL)
        return NULL;
    memcpy(at, record, sizeof *record);
    return at + sizeof *record;
}

void evidence_record_masked(uint8_t *data, uint32_t masked) {
    size_t back = sizeof(struct evidence_record) - offsetof(struct evidence_record, masked);
    memcpy(data - back, &masked, sizeof masked);
}

void evidence_record_each(const struct interval *i,
                          void (*visit)(void *context, const struct evidence_record *record, const uint8_t *data),
                          void *context) {
    for (size_t at = 0; at < i->evidence_size;) {
        struct evidence_record record; /* records follow each other without padding */
        memcpy(&record, i->evidence + at, sizeof record);
        at += sizeof record;
        CHECK(at + record.size <= i->evidence_size);
        visit(context, &record, i->evidence + at);
        at += record.size;
    }
}
