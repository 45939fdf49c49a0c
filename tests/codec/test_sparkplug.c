#include "codec/sparkplug.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "harness.h"

static struct bytes written(const struct bytes_writer *w) {
    return bytes_of(w->start, bytes_written(w));
}

static struct sparkplug_metric named(const char *name, enum sparkplug_type type, double value) {
    struct sparkplug_metric m = {
        .has = SPARKPLUG_HAS_NAME | SPARKPLUG_HAS_TYPE, .name = bytes_of_text(name), .type = type};
    sparkplug_set_number(&m, type, value);
    return m;
}

static void a_payload_is_these_bytes(void) {
    static const uint8_t expected[] = {0x08, 0xe8, 0x07, /* timestamp 1000 */
                                       0x12, 0x0b, 0x0a, 0x05, 'b',  'd', 'S',
                                       'e',  'q',  0x20, 4,    0x58, 7, /* bdSeq, Int64, 7 */
                                       0x12, 0x04, 0x10, 0x05, 0x70, 1, /* alias 5, true */
                                       0x18, 0x00};
    uint8_t room[64];
    struct bytes_writer w = bytes_writer_of(room, sizeof room);
    struct sparkplug_metric m = named("bdSeq", SPARKPLUG_INT64, 7);
    sparkplug_write_timestamp(&w, 1000);
    sparkplug_write_metric(&w, &m);
    m = (struct sparkplug_metric){.has = SPARKPLUG_HAS_ALIAS, .alias = 5};
    sparkplug_set_number(&m, SPARKPLUG_BOOLEAN, 1);
    sparkplug_write_metric(&w, &m);
    sparkplug_write_seq(&w, 0);
    CU_ASSERT_EQUAL(bytes_written(&w), sizeof expected);
    CU_ASSERT_EQUAL(memcmp(room, expected, sizeof expected), 0);
    struct sparkplug_payload p;
    CU_ASSERT_EQUAL(sparkplug_read(written(&w), &p), 0);
    CU_ASSERT_TRUE(p.has_timestamp && p.timestamp == 1000 && p.has_seq && p.seq == 0 && p.metrics == 2);
}

static void numbers_go_to_the_field_of_their_type_and_come_back(void) {
    static const struct {
        enum sparkplug_type type;
        double value;
        enum sparkplug_value kind;
        uint64_t bits;
        double back;
    } rows[] = {
        {SPARKPLUG_INT8, -1, SPARKPLUG_VALUE_INT, 0xffffffff, -1},
        {SPARKPLUG_INT8, 300, SPARKPLUG_VALUE_INT, 127, 127},
        {SPARKPLUG_INT16, -300.9, SPARKPLUG_VALUE_INT, 0xfffffed4, -300},
        {SPARKPLUG_INT32, -2147483648.0, SPARKPLUG_VALUE_INT, 0x80000000, -2147483648.0},
        {SPARKPLUG_INT64, -2, SPARKPLUG_VALUE_LONG, 0xfffffffffffffffe, -2},
        {SPARKPLUG_INT64, 1e300, SPARKPLUG_VALUE_LONG, 0x7ffffffffffffc00, 9223372036854774784.0},
        {SPARKPLUG_UINT8, -5, SPARKPLUG_VALUE_INT, 0, 0},
        {SPARKPLUG_UINT16, 65535, SPARKPLUG_VALUE_INT, 65535, 65535},
        {SPARKPLUG_UINT32, 4294967295.0, SPARKPLUG_VALUE_INT, 4294967295, 4294967295.0},
        {SPARKPLUG_UINT64, 18446744073709549568.0, SPARKPLUG_VALUE_LONG, 0xfffffffffffff800, 18446744073709549568.0},
        {SPARKPLUG_FLOAT, 1.5, SPARKPLUG_VALUE_FLOAT, 0x3fc00000, 1.5},
        {SPARKPLUG_DOUBLE, 21.5, SPARKPLUG_VALUE_DOUBLE, 0x4035800000000000, 21.5},
        {SPARKPLUG_BOOLEAN, 0, SPARKPLUG_VALUE_BOOLEAN, 0, 0},
        {SPARKPLUG_BOOLEAN, 2, SPARKPLUG_VALUE_BOOLEAN, 1, 1},
        {SPARKPLUG_DATETIME, 1718000000000, SPARKPLUG_VALUE_LONG, 1718000000000, 1718000000000},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct sparkplug_metric m = named("x", rows[i].type, rows[i].value), out;
        CU_ASSERT_EQUAL(m.kind, rows[i].kind);
        CU_ASSERT_EQUAL(m.bits, rows[i].bits);
        uint8_t room[64];
        struct bytes_writer w = bytes_writer_of(room, sizeof room);
        sparkplug_write_metric(&w, &m);
        struct bytes_reader r = bytes_reader_of(written(&w));
        double back = NAN;
        CU_ASSERT_EQUAL(sparkplug_next_metric(&r, &out), 0);
        CU_ASSERT_TRUE(sparkplug_number(&out, rows[i].type, &back));
        CU_ASSERT_EQUAL(back, rows[i].back);
        CU_ASSERT_EQUAL(sparkplug_next_metric(&r, &out), ERR_CLOSED);
    }
}

static void what_is_no_number_is_null(void) {
    struct sparkplug_metric m = named("x", SPARKPLUG_DOUBLE, NAN);
    CU_ASSERT_TRUE(m.null && (m.has & SPARKPLUG_HAS_NULL) != 0 && m.kind == SPARKPLUG_NO_VALUE);
    double number;
    CU_ASSERT_FALSE(sparkplug_number(&m, SPARKPLUG_DOUBLE, &number));
    sparkplug_set_number(&m, SPARKPLUG_DOUBLE, 1);
    CU_ASSERT_FALSE(m.null || (m.has & SPARKPLUG_HAS_NULL) != 0);
}

static void every_field_of_a_metric_survives(void) {
    const struct sparkplug_metric in = {.has = 0x1ff,
                                        .type = SPARKPLUG_STRING,
                                        .name = bytes_of_text("node/name"),
                                        .alias = 300,
                                        .timestamp = 1718000000123,
                                        .historical = true,
                                        .transient = true,
                                        .metadata = bytes_of_text("\x08\x01"),
                                        .properties = bytes_of_text("\x0a\x01p"),
                                        .kind = SPARKPLUG_VALUE_STRING,
                                        .bytes = bytes_of_text("on")};
    uint8_t room[128], again[128];
    struct bytes_writer w = bytes_writer_of(room, sizeof room), w2 = bytes_writer_of(again, sizeof again);
    sparkplug_write_metric(&w, &in);
    struct bytes_reader r = bytes_reader_of(written(&w));
    struct sparkplug_metric out;
    CU_ASSERT_EQUAL(sparkplug_next_metric(&r, &out), 0);
    CU_ASSERT_EQUAL(out.has, in.has);
    CU_ASSERT_TRUE(out.alias == 300 && out.timestamp == in.timestamp && out.historical && out.transient && !out.null);
    CU_ASSERT_TRUE(bytes_equal(out.name, in.name) && bytes_equal(out.bytes, in.bytes));
    sparkplug_write_metric(&w2, &out);
    CU_ASSERT_TRUE(bytes_equal(written(&w), written(&w2)));
}

static void late_metrics_become_historical(void) {
    uint8_t room[128], late[128];
    struct bytes_writer w = bytes_writer_of(room, sizeof room), w2 = bytes_writer_of(late, sizeof late);
    sparkplug_write_timestamp(&w, 5);
    for (unsigned i = 0; i < 3; i++) {
        struct sparkplug_metric m = named("x", SPARKPLUG_DOUBLE, i);
        sparkplug_write_metric(&w, &m);
    }
    CU_ASSERT_EQUAL(sparkplug_historical(written(&w), &w2), 0);
    struct bytes_reader r = bytes_reader_of(written(&w2));
    struct sparkplug_metric m;
    unsigned count = 0;
    while (sparkplug_next_metric(&r, &m) == 0) {
        double value;
        CU_ASSERT_TRUE(m.historical && sparkplug_number(&m, SPARKPLUG_DOUBLE, &value) && value == count);
        count++;
    }
    CU_ASSERT_EQUAL(count, 3);
    struct bytes_writer small = bytes_writer_of(late, 8);
    CU_ASSERT_EQUAL(sparkplug_historical(written(&w), &small), ERR_TOO_BIG);
}

static int read_of(const char *data, size_t size) {
    struct sparkplug_payload p;
    return sparkplug_read(bytes_of(data, size), &p);
}

static void unknown_fields_are_passed_over_and_wrong_ones_refused(void) {
    CU_ASSERT_EQUAL(read_of("", 0), 0);
    CU_ASSERT_EQUAL(read_of("\x30\x01", 2), 0);                         /* field 6 */
    CU_ASSERT_EQUAL(read_of("\x12\x03\xa0\x01\x01", 5), 0);             /* field 20 of a metric */
    CU_ASSERT_EQUAL(read_of("\x0a\x01x", 3), ERR_MALFORMED);            /* timestamp as a string */
    CU_ASSERT_EQUAL(read_of("\x10\x01", 2), ERR_MALFORMED);             /* a metric as a number */
    CU_ASSERT_EQUAL(read_of("\x12\x03\x0a\x01\xff", 5), ERR_MALFORMED); /* a name that is not UTF-8 */
    CU_ASSERT_EQUAL(read_of("\x12\x03\x0a\x05x", 5), ERR_MALFORMED);    /* a name cut short */
    CU_ASSERT_EQUAL(read_of("\x12\x02\x68\x01", 4), ERR_MALFORMED);     /* a double as a varint */
    CU_ASSERT_EQUAL(read_of("\x18", 1), ERR_MALFORMED);
}

HARNESS_MAIN("sparkplug", HARNESS_CASE(a_payload_is_these_bytes),
             HARNESS_CASE(numbers_go_to_the_field_of_their_type_and_come_back), HARNESS_CASE(what_is_no_number_is_null),
             HARNESS_CASE(every_field_of_a_metric_survives), HARNESS_CASE(late_metrics_become_historical),
             HARNESS_CASE(unknown_fields_are_passed_over_and_wrong_ones_refused))
