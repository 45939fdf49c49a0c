#include "codec/cbor.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "harness.h"

static struct bytes from_hex(const char *hex, uint8_t *room) {
    size_t size = strlen(hex) / 2;
    for (size_t i = 0; i < size; i++) {
        unsigned value = 0;
        CU_ASSERT_EQUAL(sscanf(hex + 2 * i, "%2x", &value), 1);
        room[i] = (uint8_t)value;
    }
    return bytes_of(room, size);
}

static bool same(const struct bytes_writer *w, const char *hex) {
    uint8_t room[128];
    bool equal = !w->failed && bytes_equal(bytes_of(w->start, bytes_written(w)), from_hex(hex, room));
    if (!equal)
        printf("not %s but %zu bytes, first %02x\n", hex, bytes_written(w), w->start[0]);
    return equal;
}

/* RFC 8949 appendix A */
static void integers_are_written_as_the_examples_of_the_rfc_say(void) {
    static const struct {
        int64_t value;
        const char *hex;
    } rows[] = {
        {0, "00"},
        {1, "01"},
        {10, "0a"},
        {23, "17"},
        {24, "1818"},
        {25, "1819"},
        {100, "1864"},
        {1000, "1903e8"},
        {1000000, "1a000f4240"},
        {1000000000000, "1b000000e8d4a51000"},
        {-1, "20"},
        {-10, "29"},
        {-100, "3863"},
        {-1000, "3903e7"},
        {255, "18ff"},
        {256, "190100"},
        {65535, "19ffff"},
        {65536, "1a00010000"},
        {4294967295, "1affffffff"},
        {4294967296, "1b0000000100000000"},
        {INT64_MIN, "3b7fffffffffffffff"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint8_t room[16];
        struct bytes_writer w = bytes_writer_of(room, sizeof room);
        cbor_write_int(&w, rows[i].value);
        CU_ASSERT_TRUE(same(&w, rows[i].hex));
    }
    uint8_t room[16];
    struct bytes_writer w = bytes_writer_of(room, sizeof room);
    cbor_write_uint(&w, UINT64_MAX);
    CU_ASSERT_TRUE(same(&w, "1bffffffffffffffff"));
    w = bytes_writer_of(room, sizeof room);
    cbor_write_negative(&w, UINT64_MAX);
    CU_ASSERT_TRUE(same(&w, "3bffffffffffffffff"));
}

static const struct {
    double value;
    const char *hex;
} floats[] = {
    {0.0, "f90000"},
    {-0.0, "f98000"},
    {1.0, "f93c00"},
    {1.1, "fb3ff199999999999a"},
    {1.5, "f93e00"},
    {65504.0, "f97bff"},
    {65505.0, "fa477fe100"},
    {100000.0, "fa47c35000"},
    {3.4028234663852886e+38, "fa7f7fffff"},
    {1.0e+300, "fb7e37e43c8800759c"},
    {5.960464477539063e-8, "f90001"},
    {0.00006103515625, "f90400"},
    {0.000060975551605224609375, "f903ff"},
    {8.94069671630859375e-8, "fa33c00000"}, /* a subnormal half and a half */
    {2.98023223876953125e-8, "fa33000000"}, /* half of the smallest half */
    {-4.0, "f9c400"},
    {-4.1, "fbc010666666666666"},
    {1.401298464324817e-45, "fa00000001"},         /* the smallest float of 32 bits */
    {7.006492321624085e-46, "fb3690000000000000"}, /* half of it */
    {INFINITY, "f97c00"},
    {-INFINITY, "f9fc00"},
};

static void floats_take_the_shortest_form_that_keeps_their_value(void) {
    uint8_t room[16];
    for (size_t i = 0; i < COUNT_OF(floats); i++) {
        struct bytes_writer w = bytes_writer_of(room, sizeof room);
        struct cbor_item item;
        cbor_write_float(&w, floats[i].value);
        CU_ASSERT_TRUE(same(&w, floats[i].hex));
        struct cbor_reader r = cbor_reader_of(bytes_of(room, bytes_written(&w)), true);
        CU_ASSERT_EQUAL(cbor_next(&r, &item), 0);
        CU_ASSERT_EQUAL(item.kind, CBOR_FLOAT);
        CU_ASSERT_EQUAL(memcmp(&item.number, &floats[i].value, sizeof item.number), 0);
    }
    struct bytes_writer w = bytes_writer_of(room, sizeof room);
    cbor_write_float(&w, (double)NAN);
    CU_ASSERT_TRUE(same(&w, "f97e00"));
}

static void every_half_float_survives(void) {
    for (unsigned bits = 0; bits <= UINT16_MAX; bits++) {
        uint8_t in[3] = {0xf9, (uint8_t)(bits >> 8), (uint8_t)bits}, room[16];
        struct cbor_reader r = cbor_reader_of(bytes_of(in, sizeof in), false);
        struct cbor_item item;
        CU_ASSERT_EQUAL_FATAL(cbor_next(&r, &item), 0);
        struct bytes_writer w = bytes_writer_of(room, sizeof room);
        cbor_write_float(&w, item.number);
        bool nan = item.number != item.number;
        CU_ASSERT_EQUAL_FATAL(bytes_written(&w), 3);
        CU_ASSERT_TRUE_FATAL(nan || memcmp(room, in, 3) == 0);
    }
}

static void whole_numbers_become_integers(void) {
    static const struct {
        double value;
        const char *hex;
    } rows[] = {{48, "1830"},
                {-97, "3860"},
                {21.5, "f94d60"},
                {-0.0, "f98000"},
                {9007199254740992.0, "1b0020000000000000"},
                {72057594037927936.0, "fa5b800000"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint8_t room[16];
        struct bytes_writer w = bytes_writer_of(room, sizeof room);
        cbor_write_number(&w, rows[i].value);
        CU_ASSERT_TRUE(same(&w, rows[i].hex));
    }
}

static void containers_texts_and_simple_values_are_written_as_the_rfc_says(void) {
    uint8_t room[64];
    struct bytes_writer w = bytes_writer_of(room, sizeof room);
    cbor_write_map(&w, 2);
    cbor_write_text(&w, bytes_of_text("a"));
    cbor_write_int(&w, 1);
    cbor_write_text(&w, bytes_of_text("b"));
    cbor_write_array(&w, 2);
    cbor_write_int(&w, 2);
    cbor_write_int(&w, 3);
    CU_ASSERT_TRUE(same(&w, "a26161016162820203"));
    w = bytes_writer_of(room, sizeof room);
    cbor_write_tag(&w, 32);
    cbor_write_text(&w, bytes_of_text("\xc3\xbc"));
    cbor_write_bytes(&w, bytes_of("\1\2\3\4", 4));
    cbor_write_bool(&w, false);
    cbor_write_bool(&w, true);
    cbor_write_null(&w);
    cbor_write_simple(&w, 255);
    CU_ASSERT_TRUE(same(&w, "d82062c3bc4401020304f4f5f6f8ff"));
}

/* Reads everything; how many items, ends included, or the error. */
static int walk(const char *hex, bool deterministic) {
    uint8_t room[128];
    struct cbor_reader r = cbor_reader_of(from_hex(hex, room), deterministic);
    struct cbor_item item;
    int count = 0, error;
    while ((error = cbor_next(&r, &item)) == 0)
        count++;
    return error == ERR_CLOSED ? count : error;
}

static void what_is_well_formed_is_walked_to_its_end(void) {
    static const struct {
        const char *hex;
        int items;
    } rows[] = {
        {"00", 1},
        {"80", 2},
        {"a0", 2},
        {"8301820203820405", 11},
        {"9fff", 2},
        {"bf61610161629f0203ffff", 9},
        {"c074323031332d30332d32315432303a30343a30305a", 2},
        {"c1c100", 3},
        {"82c10001", 5},
        {"9f018202039f0405ffff", 11},
        {"f0", 1},
        {"f8ff", 1},
        {"818181818181818181818181818181810000", ERR_MALFORMED},
        {"8181818181818181818181818181818100", 33},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int items = walk(rows[i].hex, false);
        CU_ASSERT_EQUAL(items, rows[i].items);
        if (items != rows[i].items)
            printf("%s: %d\n", rows[i].hex, items);
    }
}

/* RFC 8949 appendix F, and what this reader refuses beyond it */
static void what_is_not_well_formed_is_refused(void) {
    static const char *const rows[] = {
        "",
        "18",
        "19",
        "1901",
        "1a010203",
        "1b01020304050607",
        "38",
        "58",
        "41",
        "6261",
        "9a01ff00",
        "81",
        "8200",
        "a1",
        "a100",
        "a20102",
        "9f",
        "9f01",
        "bf",
        "bf0102",
        "c0",
        "1c",
        "1d",
        "1e",
        "1f",
        "3c",
        "3f",
        "5c",
        "5f00ff",
        "5f4100ff",
        "7f6100ff",
        "7c",
        "9c",
        "bc",
        "df",
        "fc",
        "fd",
        "f800",
        "f818",
        "f81f",
        "ff",
        "81ff",
        "a1ff",
        "a100ff",
        "bf00ff",
        "c0ff",
        "9fc0ff",
        "0000",
        "8000",
        "61ff",
        "62c328",
        "63eda080",
        "9bffffffffffffffff",
        "bb8000000000000000",
        "5bffffffffffffffff",
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int error = walk(rows[i], false);
        CU_ASSERT_EQUAL(error, ERR_MALFORMED);
        if (error != ERR_MALFORMED)
            printf("%s: %d\n", rows[i], error);
    }
    CU_ASSERT_EQUAL(walk("818181818181818181818181818181818100", false), ERR_TOO_BIG);
}

static void longer_forms_are_refused_where_only_the_shortest_is_allowed(void) {
    static const char *const rows[] = {
        "1817",   "190018", "1a000000ff", "1b00000000ffffffff", "5801ff",     "78026162", "9801ff",
        "9f00ff", "bfff",   "fa3fc00000", "fb3ff8000000000000", "fa7fc00000", "f97e01",   "f9fe00"};
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CU_ASSERT_EQUAL(walk(rows[i], true), ERR_MALFORMED);
    CU_ASSERT_EQUAL(walk("1817", false), 1);
    CU_ASSERT_EQUAL(walk("fb3ff8000000000000", false), 1);
    CU_ASSERT_EQUAL(walk("f97e00", true), 1);
}

static void items_tell_what_they_hold(void) {
    uint8_t room[64];
    struct cbor_reader r = cbor_reader_of(from_hex("86182a3903e743010203626869f5fb400921fb54442d18", room), true);
    struct cbor_item item;
    double number;
    CU_ASSERT_EQUAL(cbor_next(&r, &item), 0);
    CU_ASSERT_TRUE(item.kind == CBOR_ARRAY && item.value == 6 && !item.open_ended);
    CU_ASSERT_FALSE(cbor_number(&item, &number));
    CU_ASSERT_EQUAL(cbor_next(&r, &item), 0);
    CU_ASSERT_TRUE(item.kind == CBOR_UINT && cbor_number(&item, &number) && number == 42);
    CU_ASSERT_EQUAL(cbor_next(&r, &item), 0);
    CU_ASSERT_TRUE(item.kind == CBOR_NEGATIVE && cbor_number(&item, &number) && number == -1000);
    CU_ASSERT_EQUAL(cbor_next(&r, &item), 0);
    CU_ASSERT_TRUE(item.kind == CBOR_BYTES && item.string.size == 3);
    CU_ASSERT_EQUAL(cbor_next(&r, &item), 0);
    CU_ASSERT_TRUE(item.kind == CBOR_TEXT && bytes_equal(item.string, bytes_of_text("hi")));
    CU_ASSERT_EQUAL(cbor_next(&r, &item), 0);
    CU_ASSERT_TRUE(item.kind == CBOR_SIMPLE && item.value == CBOR_TRUE);
    CU_ASSERT_EQUAL(cbor_next(&r, &item), 0);
    CU_ASSERT_TRUE(item.kind == CBOR_FLOAT && item.number == 3.141592653589793);
    CU_ASSERT_EQUAL(cbor_next(&r, &item), 0);
    CU_ASSERT_EQUAL(item.kind, CBOR_END);
    CU_ASSERT_EQUAL(cbor_next(&r, &item), ERR_CLOSED);
}

static void what_is_skipped_is_skipped_whole(void) {
    static const char *const rows[] = {"8201820203", "a1018102", "c1c28101", "01", "9f9f01ff02ff", "626869"};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint8_t room[64];
        char hex[64];
        snprintf(hex, sizeof hex, "82%s07", rows[i]);
        struct cbor_reader r = cbor_reader_of(from_hex(hex, room), false);
        struct cbor_item item;
        CU_ASSERT_EQUAL(cbor_next(&r, &item), 0);
        CU_ASSERT_EQUAL(cbor_next(&r, &item), 0);
        CU_ASSERT_EQUAL(cbor_skip(&r, &item), 0);
        CU_ASSERT_EQUAL(cbor_next(&r, &item), 0);
        CU_ASSERT_TRUE(item.kind == CBOR_UINT && item.value == 7);
    }
}

static void nothing_is_written_past_the_room(void) {
    uint8_t room[8] = {0};
    struct bytes_writer w = bytes_writer_of(room, 4);
    cbor_write_float(&w, 1.1);
    CU_ASSERT_TRUE(w.failed);
    CU_ASSERT_EQUAL(room[4], 0);
}

HARNESS_MAIN("cbor", HARNESS_CASE(integers_are_written_as_the_examples_of_the_rfc_say),
             HARNESS_CASE(floats_take_the_shortest_form_that_keeps_their_value),
             HARNESS_CASE(every_half_float_survives), HARNESS_CASE(whole_numbers_become_integers),
             HARNESS_CASE(containers_texts_and_simple_values_are_written_as_the_rfc_says),
             HARNESS_CASE(what_is_well_formed_is_walked_to_its_end), HARNESS_CASE(what_is_not_well_formed_is_refused),
             HARNESS_CASE(longer_forms_are_refused_where_only_the_shortest_is_allowed),
             HARNESS_CASE(items_tell_what_they_hold), HARNESS_CASE(what_is_skipped_is_skipped_whole),
             HARNESS_CASE(nothing_is_written_past_the_room))
