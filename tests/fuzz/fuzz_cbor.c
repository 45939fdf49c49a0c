/* CBOR: what is read and written again reads the same; deterministic input comes out byte for byte. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "codec/cbor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_item(struct bytes_writer *w, const struct cbor_item *item) {
    switch (item->kind) {
    case CBOR_UINT:
        cbor_write_uint(w, item->value);
        break;
    case CBOR_NEGATIVE:
        cbor_write_negative(w, item->value);
        break;
    case CBOR_BYTES:
        cbor_write_bytes(w, item->string);
        break;
    case CBOR_TEXT:
        cbor_write_text(w, item->string);
        break;
    case CBOR_ARRAY:
        cbor_write_array(w, item->value);
        break;
    case CBOR_MAP:
        cbor_write_map(w, item->value);
        break;
    case CBOR_TAG:
        cbor_write_tag(w, item->value);
        break;
    case CBOR_SIMPLE:
        cbor_write_simple(w, (uint8_t)item->value);
        break;
    case CBOR_FLOAT:
        cbor_write_float(w, item->number);
        break;
    case CBOR_END:
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct cbor_reader strict = cbor_reader_of(bytes_of(data, size), true),
                       loose = cbor_reader_of(bytes_of(data, size), false);
    struct cbor_item item;
    uint8_t *room = malloc(size + 1);
    CHECK(room != NULL);
    struct bytes_writer w = bytes_writer_of(room, size + 1);
    int error, other;
    while ((error = cbor_next(&strict, &item)) == 0)
        write_item(&w, &item);
    if (error == ERR_CLOSED)
        CHECK(!w.failed && bytes_written(&w) == size && memcmp(room, data, size) == 0);
    while ((other = cbor_next(&loose, &item)) == 0)
        ;
    CHECK(error != ERR_CLOSED || other == ERR_CLOSED); /* the strict reader takes nothing that the other refuses */
    /* to pass over everything finds the same as to walk */
    loose = cbor_reader_of(bytes_of(data, size), false);
    if (cbor_next(&loose, &item) == 0 && cbor_skip(&loose, &item) == 0)
        CHECK((cbor_next(&loose, &item) == ERR_CLOSED) == (other == ERR_CLOSED));
    else
        CHECK(other != ERR_CLOSED);
    free(room);
    return 0;
}
