#include "codec/protobuf.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "harness.h"

static void fields_are_written_little_endian_with_their_key(void) {
    static const uint8_t expected[] = {0x08, 0x96, 0x01, 0x12, 0x02, 'h', 'i', 0x1d, 1, 2,    3,    4,
                                       0x21, 8,    7,    6,    5,    4,   3,   2,    1, 0x98, 0x01, 0};
    uint8_t room[64];
    struct bytes_writer w = bytes_writer_of(room, sizeof room);
    protobuf_varint(&w, 1, 150);
    protobuf_string(&w, 2, bytes_of_text("hi"));
    protobuf_fixed32(&w, 3, 0x04030201);
    protobuf_fixed64(&w, 4, 0x0102030405060708);
    protobuf_varint(&w, 19, 0);
    CU_ASSERT_EQUAL(bytes_written(&w), sizeof expected);
    CU_ASSERT_EQUAL(memcmp(room, expected, sizeof expected), 0);
}

static void what_is_written_is_read(void) {
    uint8_t room[64];
    struct bytes_writer w = bytes_writer_of(room, sizeof room);
    protobuf_varint(&w, 5, UINT64_MAX);
    protobuf_fixed32(&w, 6, 0xfffefdfc);
    protobuf_fixed64(&w, (1 << 29) - 1, 0x8000000000000001);
    protobuf_string(&w, 7, bytes_of("", 0));
    struct bytes_reader r = bytes_reader_of(bytes_of(room, bytes_written(&w)));
    struct protobuf_field f;
    CU_ASSERT_EQUAL(protobuf_next(&r, &f), 0);
    CU_ASSERT_TRUE(f.number == 5 && f.wire == PROTOBUF_VARINT && f.value == UINT64_MAX);
    CU_ASSERT_EQUAL(protobuf_next(&r, &f), 0);
    CU_ASSERT_TRUE(f.number == 6 && f.wire == PROTOBUF_FIXED32 && f.value == 0xfffefdfc);
    CU_ASSERT_EQUAL(protobuf_next(&r, &f), 0);
    CU_ASSERT_TRUE(f.number == (1 << 29) - 1 && f.value == 0x8000000000000001);
    CU_ASSERT_EQUAL(protobuf_next(&r, &f), 0);
    CU_ASSERT_TRUE(f.number == 7 && f.wire == PROTOBUF_LENGTH && f.string.size == 0);
    CU_ASSERT_EQUAL(protobuf_next(&r, &f), ERR_CLOSED);
}

static void inner_messages_have_lengths_of_any_size(void) {
    static const size_t sizes[] = {0, 1, 127, 128, 129, 16383, 16384, 20000};
    static uint8_t room[32768], content[32768];
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct bytes_writer w = bytes_writer_of(room, sizeof room);
        memset(content, (int)i + 1, sizeof content);
        bytes_write_u8(&w, 0x08); /* something before it */
        bytes_write_u8(&w, 0x01);
        size_t begun = protobuf_begin(&w, 2);
        bytes_write(&w, bytes_of(content, sizes[i]));
        protobuf_end(&w, begun);
        struct bytes_reader r = bytes_reader_of(bytes_of(room, bytes_written(&w)));
        struct protobuf_field f;
        CU_ASSERT_EQUAL(protobuf_next(&r, &f), 0);
        CU_ASSERT_EQUAL(protobuf_next(&r, &f), 0);
        CU_ASSERT_TRUE(f.number == 2 && bytes_equal(f.string, bytes_of(content, sizes[i])));
        CU_ASSERT_EQUAL(protobuf_next(&r, &f), ERR_CLOSED);
    }
    struct bytes_writer w = bytes_writer_of(room, 130);
    size_t begun = protobuf_begin(&w, 2);
    bytes_write(&w, bytes_of(content, 128));
    CU_ASSERT_FALSE(w.failed);
    protobuf_end(&w, begun);
    CU_ASSERT_TRUE(w.failed);
}

static void what_is_malformed_is_refused(void) {
    static const struct {
        uint8_t data[12];
        size_t size;
    } rows[] = {
        {{0x08}, 1},                 /* no value */
        {{0x08, 0x80}, 2},           /* half a varint */
        {{0x00, 0x01}, 2},           /* field 0 */
        {{0x0b, 0x0c}, 2},           /* a group */
        {{0x0e, 0x01}, 2},           /* a wire type that there is none of */
        {{0x12, 0x03, 'a', 'b'}, 4}, /* shorter than it says */
        {{0x0d, 1, 2, 3}, 4},        /* fixed32 cut short */
        {{0x09, 1, 2, 3, 4, 5, 6, 7}, 8},
        {{0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02}, 11}, /* 65 bits */
        {{0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x81, 0}, 12},
        {{0x80, 0x80, 0x80, 0x80, 0x10, 0x01}, 6}, /* field 2^29 */
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct bytes_reader r = bytes_reader_of(bytes_of(rows[i].data, rows[i].size));
        struct protobuf_field f;
        int error = protobuf_next(&r, &f);
        CU_ASSERT_EQUAL(error, ERR_MALFORMED);
        CU_ASSERT_EQUAL(protobuf_next(&r, &f), ERR_MALFORMED);
        if (error != ERR_MALFORMED)
            printf("row %zu: %d\n", i, error);
    }
}

HARNESS_MAIN("protobuf", HARNESS_CASE(fields_are_written_little_endian_with_their_key),
             HARNESS_CASE(what_is_written_is_read), HARNESS_CASE(inner_messages_have_lengths_of_any_size),
             HARNESS_CASE(what_is_malformed_is_refused))
