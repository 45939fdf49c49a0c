#include "codec/senml_cbor.h"

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

static int count(const char *hex) {
    uint8_t room[256];
    struct senml_cbor_reader r = senml_cbor_reader_of(from_hex(hex, room));
    struct senml_record record;
    int records = 0, error;
    while ((error = senml_cbor_next(&r, &record)) == 0)
        records++;
    return error == ERR_CLOSED ? records : error;
}

/* The two records of RFC 8428 section 6 with our shortest floats. */
static void records_are_maps_of_small_integers(void) {
    uint8_t room[128], expected[128];
    struct bytes_writer w = bytes_writer_of(room, sizeof room);
    senml_cbor_begin(&w, 2);
    senml_cbor_record(
        &w, &(struct senml_record){.has = SENML_BASE_NAME | SENML_BASE_TIME | SENML_NAME | SENML_UNIT | SENML_VALUE,
                                   .base_name = bytes_of_text("d:"),
                                   .base_time = 1276020076,
                                   .name = bytes_of_text("t"),
                                   .unit = bytes_of_text("Cel"),
                                   .value = 21.5});
    senml_cbor_record(
        &w, &(struct senml_record){.has = SENML_NAME | SENML_BOOLEAN, .name = bytes_of_text("o"), .boolean = true});
    struct bytes hex = from_hex("82a50061740163"
                                "43656c"
                                "02f94d60"
                                "2162643a"
                                "221a4c0e856c"
                                "a200616f04f5",
                                expected);
    CU_ASSERT_TRUE(bytes_equal(bytes_of(room, bytes_written(&w)), hex));
    CU_ASSERT_EQUAL(count("82a5006174016343656c02f94d602162643a221a4c0e856ca200616f04f5"), 2);
}

static void every_field_survives(void) {
    for (size_t i = 0; i < SENML_LABELS; i++) {
        const struct senml_label *l = &senml_labels[i];
        struct senml_record in = {.has = (uint32_t)l->field |
                                         (l->number == 2 || l->number == 3 || l->number == 4 || l->number == 8
                                              ? 0
                                              : SENML_BOOLEAN),
                                  .base_version = 10,
                                  .boolean = true},
                            out;
        struct senml_place place = senml_place_of(&in, l->field);
        if (place.number != NULL)
            *place.number = 1.25;
        if (place.bytes != NULL)
            *place.bytes = bytes_of_text("ab");
        uint8_t room[64];
        struct bytes_writer w = bytes_writer_of(room, sizeof room);
        senml_cbor_begin(&w, 1);
        senml_cbor_record(&w, &in);
        struct senml_cbor_reader r = senml_cbor_reader_of(bytes_of(room, bytes_written(&w)));
        CU_ASSERT_EQUAL_FATAL(senml_cbor_next(&r, &out), 0);
        CU_ASSERT_EQUAL(out.has, in.has);
        if (place.number != NULL)
            CU_ASSERT_EQUAL(*senml_place_of(&out, l->field).number, 1.25);
        if (place.bytes != NULL)
            CU_ASSERT_TRUE(bytes_equal(*senml_place_of(&out, l->field).bytes, bytes_of_text("ab")));
        CU_ASSERT_EQUAL(senml_cbor_next(&r, &out), ERR_CLOSED);
        CU_ASSERT_EQUAL(senml_cbor_next(&r, &out), ERR_CLOSED);
    }
}

static void other_forms_and_unknown_keys_are_read(void) {
    CU_ASSERT_EQUAL(count("80"), 0);
    CU_ASSERT_EQUAL(count("9fbf006161021801ffff"), 1);
    CU_ASSERT_EQUAL(count("81a3006161020109820102"), 1);   /* label 9 */
    CU_ASSERT_EQUAL(count("81a300616102016178a10102"), 1); /* label "x" */
}

static void what_is_malformed_is_refused(void) {
    static const char *const rows[] = {
        "",
        "a0",
        "81",
        "81a0",
        "8101",
        "81a1006161",           /* no value */
        "81a2006161026131",     /* v a text */
        "81a2006161020102",     /* bytes left over */
        "81a300616102010201",   /* v twice */
        "81a30061610201036162", /* v and vs */
        "81a300616102016178"
        "5f01",                   /* a chunked string */
        "81a3006161020162785f01", /* must understand x_ */
        "81a2f5010201",           /* a key that is true */
        "81a20061610401",         /* vb a number */
        "81a2006161086161",       /* vd a text */
        "81a200616102f97e00",     /* v not a number */
        "81a320f93c0000616102"
        "01",
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int error = count(rows[i]);
        CU_ASSERT_EQUAL(error, ERR_MALFORMED);
        if (error != ERR_MALFORMED)
            printf("%s: %d\n", rows[i], error);
    }
}

HARNESS_MAIN("senml_cbor", HARNESS_CASE(records_are_maps_of_small_integers), HARNESS_CASE(every_field_survives),
             HARNESS_CASE(other_forms_and_unknown_keys_are_read), HARNESS_CASE(what_is_malformed_is_refused))
