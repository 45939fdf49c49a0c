/* SenML: what either reader takes is written in both representations, and read back the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "codec/senml_cbor.h"
#include "codec/senml_json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RECORDS = 64, ROOM = 1 << 16 };

static bool same_number(double a, double b) {
    return memcmp(&a, &b, sizeof a) == 0;
}

static void compare(struct senml_record *a, struct senml_record *b) {
    CHECK(a->has == b->has);
    for (size_t i = 0; i < SENML_LABELS; i++) {
        struct senml_place x = senml_place_of(a, senml_labels[i].field), y = senml_place_of(b, senml_labels[i].field);
        if ((a->has & (uint32_t)senml_labels[i].field) == 0)
            continue;
        CHECK(x.number == NULL || same_number(*x.number, *y.number));
        CHECK(x.bytes == NULL || bytes_equal(*x.bytes, *y.bytes));
    }
    CHECK((a->has & SENML_BOOLEAN) == 0 || a->boolean == b->boolean);
    CHECK((a->has & SENML_BASE_VERSION) == 0 || a->base_version == b->base_version);
}

static void resolve(struct senml_base *base, const struct senml_record *r) {
    struct senml_record full;
    uint8_t name[SENML_NAME_MAX];
    if (senml_resolve(base, r, 1e9, name, &full) == 0)
        CHECK(senml_name_valid(full.name) && (full.has & SENML_NAME) != 0 && (full.has & SENML_BASE_NAME) == 0);
}

/* One record out and in again, in both representations. */
static void again(struct senml_record *r) {
    static uint8_t room[ROOM], strings[ROOM];
    struct senml_record back;
    struct bytes_writer w = bytes_writer_of(room, sizeof room);
    senml_cbor_begin(&w, 1);
    senml_cbor_record(&w, r);
    if (w.failed)
        return;
    struct senml_cbor_reader c = senml_cbor_reader_of(bytes_of(room, bytes_written(&w)));
    CHECK(senml_cbor_next(&c, &back) == 0);
    compare(r, &back);
    CHECK(senml_cbor_next(&c, &back) == ERR_CLOSED);
    w = bytes_writer_of(room, sizeof room);
    struct senml_json_writer out = senml_json_begin(&w);
    senml_json_record(&out, r);
    senml_json_end(&out);
    if (w.failed)
        return;
    struct senml_json_reader j = senml_json_reader_of(bytes_of(room, bytes_written(&w)), strings, sizeof strings);
    CHECK(senml_json_next(&j, &back) == 0);
    compare(r, &back);
    CHECK(senml_json_next(&j, &back) == ERR_CLOSED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t strings[ROOM];
    if (size == 0 || size > ROOM / 8)
        return 0;
    struct senml_base base = {0};
    struct senml_record r;
    struct senml_cbor_reader c = senml_cbor_reader_of(bytes_of(data, size));
    for (unsigned i = 0; i < RECORDS && senml_cbor_next(&c, &r) == 0; i++) {
        resolve(&base, &r);
        again(&r);
    }
    base = (struct senml_base){0};
    struct senml_json_reader j = senml_json_reader_of(bytes_of(data, size), strings, sizeof strings);
    for (unsigned i = 0; i < RECORDS && senml_json_next(&j, &r) == 0; i++) {
        again(&r);
        resolve(&base, &r);
        base.unit = (struct bytes){0}; /* borrowed from the record, whose room is used anew */
    }
    return 0;
}
