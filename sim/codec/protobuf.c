#include "codec/protobuf.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"

enum { VARINT_MAX = 10, FIELD_MAX = (1 << 29) - 1, WIRE_BITS = 3 };

/* --- writing -------------------------------------------------------------------------------------------------------- */

static size_t put_varint(uint8_t room[VARINT_MAX], uint64_t value) {
    size_t size = 0;
    while (value > 0x7f) {
        room[size++] = (uint8_t)(0x80 | (value & 0x7f));
        value >>= 7;
    }
    room[size++] = (uint8_t)value;
    return size;
}

static void write_varint(struct bytes_writer *w, uint64_t value) {
    uint8_t room[VARINT_MAX];
    bytes_write(w, bytes_of(room, put_varint(room, value)));
}

static void write_key(struct bytes_writer *w, uint32_t field, enum protobuf_wire wire) {
    CHECK(field > 0 && field <= FIELD_MAX);
    write_varint(w, (uint64_t)field << WIRE_BITS | (uint64_t)wire);
}

void protobuf_varint(struct bytes_writer *w, uint32_t field, uint64_t value) {
    write_key(w, field, PROTOBUF_VARINT);
    write_varint(w, value);
}

static void write_little(struct bytes_writer *w, uint64_t value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; i++)
        bytes_write_u8(w, (uint8_t)(value >> (8 * i)));
}

void protobuf_fixed32(struct bytes_writer *w, uint32_t field, uint32_t value) {
    write_key(w, field, PROTOBUF_FIXED32);
    write_little(w, value, 4);
}

void protobuf_fixed64(struct bytes_writer *w, uint32_t field, uint64_t value) {
    write_key(w, field, PROTOBUF_FIXED64);
    write_little(w, value, 8);
}

void protobuf_string(struct bytes_writer *w, uint32_t field, struct bytes b) {
    write_key(w, field, PROTOBUF_LENGTH);
    write_varint(w, b.size);
    bytes_write(w, b);
}

/* One byte is kept for the length; a longer content moves aside when its length is known. */
size_t protobuf_begin(struct bytes_writer *w, uint32_t field) {
    write_key(w, field, PROTOBUF_LENGTH);
    bytes_write_u8(w, 0);
    return bytes_written(w);
}

void protobuf_end(struct bytes_writer *w, size_t begun) {
    uint8_t length[VARINT_MAX];
    if (w->failed)
        return;
    size_t content = bytes_written(w) - begun, size = put_varint(length, content), more = size - 1;
    if (bytes_room(w) < more) {
        w->failed = true;
        return;
    }
    if (more > 0)
        memmove(w->start + begun + more, w->start + begun, content);
    memcpy(w->start + begun - 1, length, size);
    w->at += more;
}

/* --- reading -------------------------------------------------------------------------------------------------------- */

static bool read_varint(struct bytes_reader *r, uint64_t *out) {
    uint64_t value = 0;
    for (unsigned i = 0; i < VARINT_MAX; i++) {
        uint8_t byte = bytes_read_u8(r);
        if (r->failed || (i == VARINT_MAX - 1 && byte > 1))
            return false;
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *out = value;
            return true;
        }
    }
    return false;
}

static uint64_t read_little(struct bytes_reader *r, unsigned bytes) {
    uint64_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)bytes_read_u8(r) << (8 * i);
    return value;
}

static bool read_field(struct bytes_reader *r, struct protobuf_field *f) {
    uint64_t key;
    if (!read_varint(r, &key) || key >> WIRE_BITS == 0 || key >> WIRE_BITS > FIELD_MAX)
        return false;
    *f = (struct protobuf_field){.number = (uint32_t)(key >> WIRE_BITS),
                                 .wire = (enum protobuf_wire)(key & ((1 << WIRE_BITS) - 1))};
    switch (f->wire) {
    case PROTOBUF_VARINT:
        return read_varint(r, &f->value);
    case PROTOBUF_FIXED64:
        f->value = read_little(r, 8);
        break;
    case PROTOBUF_FIXED32:
        f->value = read_little(r, 4);
        break;
    case PROTOBUF_LENGTH:
        if (!read_varint(r, &f->value) || f->value > bytes_left(r))
            return false;
        f->string = bytes_read(r, (size_t)f->value);
        break;
    default:
        return false;
    }
    return !r->failed;
}

int protobuf_next(struct bytes_reader *r, struct protobuf_field *out) {
    if (!r->failed && r->at == r->end)
        return ERR_CLOSED;
    if (r->failed || !read_field(r, out)) {
        r->failed = true;
        return ERR_MALFORMED;
    }
    return 0;
}
