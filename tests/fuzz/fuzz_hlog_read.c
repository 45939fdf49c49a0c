/* Interval logs of strangers, and of ours after a crash: the reader stays inside the bytes, stops where it says, and what it calls whole adds
 * up. Also tags alone. */
#include <string.h>

#include "base/check.h"
#include "report/hlog_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void look_at(const struct hlog_record *record) {
    uint64_t count = 0;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++)
        count += record->histogram->counts[i];
    CHECK(count == record->histogram->count && record->length >= 0);
    CHECK(strlen(record->tag.text) < HLOG_TAG_MAX && record->tag.fleet != NULL && record->tag.operation != NULL);
    if (record->tag.kind == HLOG_CELL)
        CHECK(record->tag.op < OP_KINDS && record->tag.clock < CLOCK_KINDS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char room[HLOG_TAG_MAX];
    hlog_read_tag((const char *)data, size, room);
    struct hlog_read *r = hlog_read_new((const char *)data, size, HLOG_READ_OURS);
    CHECK(r != NULL);
    const struct hlog_record *record;
    while ((record = hlog_read_next(r)) != NULL)
        look_at(record);
    const struct hlog_read_end *end = hlog_read_end(r);
    CHECK((end->error == 0) == (end->why[0] == '\0') && end->bytes_ignored <= size);
    hlog_read_free(r);
    return 0;
}
