/* Sparkplug payloads: what is read and written again reads the same, and then stays byte for byte; made historical it holds as many metrics. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "codec/sparkplug.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct bytes rewritten(struct bytes payload, uint8_t *room, size_t size) {
    struct sparkplug_payload p;
    struct sparkplug_metric m;
    struct bytes_writer w = bytes_writer_of(room, size);
    CHECK(sparkplug_read(payload, &p) == 0);
    if (p.has_timestamp)
        sparkplug_write_timestamp(&w, p.timestamp);
    struct bytes_reader r = bytes_reader_of(payload);
    uint32_t metrics = 0;
    int error;
    while ((error = sparkplug_next_metric(&r, &m)) == 0) {
        double number;
        (void)sparkplug_number(&m, (enum sparkplug_type)m.type, &number);
        sparkplug_write_metric(&w, &m);
        metrics++;
    }
    CHECK(error == ERR_CLOSED && metrics == p.metrics);
    if (p.has_seq)
        sparkplug_write_seq(&w, p.seq);
    CHECK(!w.failed);
    return bytes_of(room, bytes_written(&w));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct sparkplug_payload before, after;
    if (sparkplug_read(bytes_of(data, size), &before) != 0)
        return 0;
    size_t room_size = 2 * size + 64; /* what was written in a longer form gets shorter, an empty value no longer */
    uint8_t *one = malloc(room_size), *two = malloc(room_size), *late = malloc(2 * room_size);
    CHECK(one != NULL && two != NULL && late != NULL);
    struct bytes first = rewritten(bytes_of(data, size), one, room_size);
    struct bytes second = rewritten(first, two, room_size);
    CHECK(bytes_equal(first, second));
    CHECK(sparkplug_read(first, &after) == 0);
    CHECK(after.metrics == before.metrics && after.has_seq == before.has_seq && after.seq == before.seq);
    CHECK(after.has_timestamp == before.has_timestamp && after.timestamp == before.timestamp);
    struct bytes_writer w = bytes_writer_of(late, 2 * room_size);
    CHECK(sparkplug_historical(first, &w) == 0);
    CHECK(sparkplug_read(bytes_of(late, bytes_written(&w)), &after) == 0 && after.metrics == before.metrics);
    free(one);
    free(two);
    free(late);
    return 0;
}
