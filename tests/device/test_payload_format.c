#include "device/payload_format.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "codec/sparkplug.h"
#include "harness.h"

static const char *const words[] = {"closed", "open"};
static const uint32_t weights[] = {1, 1};
static const struct signal signals[] = {
    {.name = "temp", .kind = SIGNAL_WALK},
    {.name = "hum", .kind = SIGNAL_UNIFORM},
    {.name = "door", .kind = SIGNAL_CHOICE, .words = words, .weights = weights, .word_count = 2, .weight_sum = 2},
};
static const struct fleet_group group = {
    .fleet = "meters", .profile_name = "p", .region = "", .signals = signals, .signal_count = 3};

#define NAME(text)                                                                                                     \
    { (const uint8_t *)(text), sizeof(text) - 1 }

static struct payload_context context(const double *values) {
    return (struct payload_context){.group = &group,
                                    .run_id = "a1b2",
                                    .seed = 42,
                                    .device = 1007,
                                    .index = 7,
                                    .seq = 3,
                                    .intended = 5 * SPAN_S,
                                    .unix_ms = 1718000000125,
                                    .signals = values};
}

static struct bytes written(const struct payload_format *f, const double *values) {
    static uint8_t room[512];
    memset(room, 0, sizeof room);
    struct payload_context c = context(values);
    struct bytes_writer w = bytes_writer_of(room, sizeof room - 1);
    CU_ASSERT_EQUAL(payload_format_write(f, &c, &w), 0);
    return bytes_of(room, bytes_written(&w));
}

static const struct payload_field fields[] = {
    {.source = PAYLOAD_OF_TIME, .name = NAME("ts"), .number = 0},
    {.signal = 0, .decimals = 1, .name = NAME("temperature"), .number = 1, .unit = NAME("Cel")},
    {.signal = 1, .decimals = -1, .name = NAME("hum"), .number = 2, .type = SPARKPLUG_INT8},
    {.signal = 2, .decimals = -1, .name = NAME("door"), .number = 3},
};
static const double values[] = {21.4567, 48.9, 1};
static const double missing[] = {NAN, 48.9, 0};

static void json_is_a_map_in_the_order_of_the_fields(void) {
    struct payload_format f = {.kind = PAYLOAD_JSON, .fields = fields, .field_count = 4};
    CU_ASSERT_STRING_EQUAL(written(&f, values).data,
                           "{\"ts\":1718000000125,\"temperature\":21.5,\"hum\":48,\"door\":\"open\"}");
    f.time = PAYLOAD_TIME_S;
    CU_ASSERT_STRING_EQUAL(written(&f, missing).data,
                           "{\"ts\":1718000000,\"temperature\":null,\"hum\":48,\"door\":\"closed\"}");
}

static void cbor_has_names_or_numbers_as_keys(void) {
    static const uint8_t numbered[] = {0xa4, 0x00, 0x1b, 0x00, 0x00, 0x01, 0x90, 0x01, 0x2c, 0x99, 0x7d, 0x01,
                                       0xf9, 0x4d, 0x60, 0x02, 0x18, 0x30, 0x03, 0x64, 'o',  'p',  'e',  'n'};
    struct payload_format f = {.kind = PAYLOAD_CBOR, .numbered = true, .fields = fields, .field_count = 4};
    struct bytes out = written(&f, values);
    CU_ASSERT_EQUAL(out.data[0], 0xa4);
    CU_ASSERT_EQUAL(out.size, sizeof numbered);
    CU_ASSERT_EQUAL(memcmp(out.data + 11, numbered + 11, sizeof numbered - 11), 0);
    f.numbered = false;
    f.fields = fields + 2;
    f.field_count = 2;
    out = written(&f, values);
    CU_ASSERT_TRUE(bytes_equal(out, bytes_of_text("\xa2\x63hum\x18\x30\x64"
                                                  "door\x64open")));
    f.fields = fields + 1;
    f.field_count = 1;
    out = written(&f, missing);
    CU_ASSERT_TRUE(bytes_equal(out, bytes_of_text("\xa1\x6btemperature\xf6")));
}

static void senml_has_a_record_for_each_value(void) {
    struct payload_format f = {.kind = PAYLOAD_SENML_JSON, .fields = fields + 1, .field_count = 3};
    struct template_error error;
    CU_ASSERT_EQUAL_FATAL(template_compile("${device.id}:", TEMPLATE_OF_DEVICE, NULL, 0, &f.base_name, &error), 0);
    CU_ASSERT_STRING_EQUAL(
        written(&f, values).data,
        "[{\"bn\":\"meters-7:\",\"bt\":1718000000.125,\"n\":\"temperature\",\"u\":\"Cel\",\"v\":21.5},"
        "{\"n\":\"hum\",\"v\":48},{\"n\":\"door\",\"vs\":\"open\"}]");
    f.time = PAYLOAD_TIME_S;
    CU_ASSERT_STRING_EQUAL(written(&f, missing).data,
                           "[{\"bn\":\"meters-7:\",\"bt\":1718000000,\"n\":\"hum\",\"v\":48},"
                           "{\"n\":\"door\",\"vs\":\"closed\"}]");
    f.kind = PAYLOAD_SENML_CBOR;
    f.time = PAYLOAD_TIME_NONE;
    static const char cbor[] = "\x82\xa3\x00\x63hum\x02\x18\x30\x21\x69meters-7:\xa2\x00\x64"
                               "door\x03\x66"
                               "closed";
    CU_ASSERT_TRUE(bytes_equal(written(&f, missing), bytes_of(cbor, sizeof cbor - 1)));
    template_free(&f.base_name);
}

static void a_field_may_be_the_mark(void) {
    static const struct payload_field marked[] = {{.signal = 0, .decimals = 0, .name = NAME("t")},
                                                  {.source = PAYLOAD_OF_MARK, .name = NAME("m")}};
    for (unsigned kind = PAYLOAD_JSON; kind <= PAYLOAD_SENML_CBOR; kind++) {
        struct payload_format f = {
            .kind = (enum payload_kind)kind, .fields = marked, .field_count = 2, .time = PAYLOAD_TIME_NONE};
        struct payload_mark found;
        CU_ASSERT_TRUE(payload_mark_find(written(&f, values), 0xa1b2, 2000, &found));
        CU_ASSERT_TRUE(found.device == 1007 && found.sequence == 3);
    }
}

static void types_cut_and_round(void) {
    static const struct {
        enum sparkplug_type type;
        int8_t decimals;
        double value, want;
    } rows[] = {
        {SPARKPLUG_UNKNOWN, -1, 1.0 / 3, 1.0 / 3},
        {SPARKPLUG_UNKNOWN, 2, 1.0 / 3, 0.33},
        {SPARKPLUG_UNKNOWN, 0, -0.4, 0},
        {SPARKPLUG_UNKNOWN, 1, -21.46, -21.5},
        {SPARKPLUG_UINT8, -1, 300, 255},
        {SPARKPLUG_INT16, -1, -7.9, -7},
        {SPARKPLUG_FLOAT, -1, 0.1, 0.10000000149011612},
        {SPARKPLUG_BOOLEAN, -1, 3, 1},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct payload_field f = {.decimals = rows[i].decimals, .type = (uint8_t)rows[i].type};
        double v[3] = {rows[i].value, 0, 0};
        struct payload_context c = context(v);
        struct payload_format_value out;
        payload_format_value(&f, &c, &out);
        CU_ASSERT_EQUAL(out.number, rows[i].want);
        CU_ASSERT_EQUAL(out.kind, rows[i].type == SPARKPLUG_BOOLEAN ? PAYLOAD_FORMAT_BOOLEAN : PAYLOAD_FORMAT_NUMBER);
    }
}

static void the_least_size_is_no_more_than_any(void) {
    for (unsigned kind = PAYLOAD_JSON; kind <= PAYLOAD_SENML_CBOR; kind++) {
        struct payload_format f = {.kind = (enum payload_kind)kind, .fields = fields + 1, .field_count = 3};
        CU_ASSERT_TRUE(payload_format_least(&f) <= written(&f, missing).size);
        f.numbered = kind == PAYLOAD_CBOR;
        CU_ASSERT_TRUE(payload_format_least(&f) <= written(&f, missing).size);
    }
}

static void too_little_room_is_noticed(void) {
    for (unsigned kind = PAYLOAD_JSON; kind <= PAYLOAD_SENML_CBOR; kind++) {
        struct payload_format f = {.kind = (enum payload_kind)kind, .fields = fields + 1, .field_count = 3};
        size_t whole = written(&f, values).size;
        for (size_t size = 0; size <= whole; size++) {
            uint8_t room[512];
            struct payload_context c = context(values);
            struct bytes_writer w = bytes_writer_of(room, size);
            CU_ASSERT_EQUAL(payload_format_write(&f, &c, &w), size < whole ? ERR_TOO_BIG : 0);
        }
    }
}

HARNESS_MAIN("payload_format", HARNESS_CASE(json_is_a_map_in_the_order_of_the_fields),
             HARNESS_CASE(cbor_has_names_or_numbers_as_keys), HARNESS_CASE(senml_has_a_record_for_each_value),
             HARNESS_CASE(a_field_may_be_the_mark), HARNESS_CASE(types_cut_and_round),
             HARNESS_CASE(the_least_size_is_no_more_than_any), HARNESS_CASE(too_little_room_is_noticed))
