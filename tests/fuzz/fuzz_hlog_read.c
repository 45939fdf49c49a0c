/* Interval logs of strangers, and of ours after a crash: the reader stays inside the bytes, stops where it says, and what it calls whole adds
 * up. The input is tried as a log, as a tag, and as what a record holds once it is decompressed. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/check.h"
#include "base/text.h"
#include "crypto/crypto_base64.h"
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

static void read_log(const char *data, size_t size, int64_t unit_ns) {
    struct hlog_read *r = hlog_read_new(data, size, unit_ns);
    CHECK(r != NULL);
    const struct hlog_record *record;
    while ((record = hlog_read_next(r)) != NULL)
        look_at(record);
    const struct hlog_read_end *end = hlog_read_end(r);
    CHECK((end->error == 0) == (end->why[0] == '\0') && end->bytes_ignored <= size);
    hlog_read_free(r);
}

/* No mutation gets through zlib's checksum, so the harness compresses. */
static void read_packed(const uint8_t *data, size_t size) {
    uLongf packed_size = compressBound(size);
    uint8_t *packed = malloc(8 + packed_size);
    CHECK(packed != NULL && compress(packed + 8, &packed_size, data, size) == Z_OK);
    memcpy(packed, "\x1c\x84\x93\x14", 4);
    for (int i = 0; i < 4; i++)
        packed[4 + i] = (uint8_t)(packed_size >> (24 - 8 * i));
    size_t room = crypto_base64_encoded_size(CRYPTO_BASE64, 8 + packed_size) + 1;
    char *base64 = malloc(room);
    struct text log = {0};
    CHECK(base64 != NULL && crypto_base64_encode(CRYPTO_BASE64, packed, 8 + packed_size, base64, room) == 0);
    text_printf(&log, "1.0,1.0,1.0,%s\n", base64);
    read_log(log.data, log.size, 1);
    text_free(&log);
    free(base64);
    free(packed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char room[HLOG_TAG_MAX];
    hlog_read_tag((const char *)data, size, room);
    read_log((const char *)data, size, HLOG_READ_OURS);
    read_packed(data, size);
    return 0;
}
