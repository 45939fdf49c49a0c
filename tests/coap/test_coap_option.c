#include "base/check.h"
#include "base/err.h"
#include "coap/coap_option.h"
#include "harness.h"
#include "mqtt/vector.h"

static struct vector vector;

static uint8_t value[COAP_OPTION_VALUE_MAX + 1], wire[COAP_OPTION_VALUE_MAX + 8];

/* Writes one option and walks it. */
static void round_trip(uint32_t previous, uint16_t number, size_t size) {
    struct coap_option option = {number, bytes_of(value, size)}, again;
    struct bytes_writer w = bytes_writer_of(wire, sizeof wire);
    size_t expected = coap_option_size(previous, &option);
    coap_option_write(&w, previous, &option);
    CU_ASSERT(!w.failed);
    CU_ASSERT_EQUAL(bytes_written(&w), expected);
    struct coap_option_walk walk = {bytes_reader_of(bytes_of(wire, expected)), previous};
    enum coap_rule rule;
    CU_ASSERT_EQUAL(coap_option_step(&walk, &again, &rule), 0);
    CU_ASSERT_EQUAL(again.number, number);
    CU_ASSERT(bytes_equal(again.value, option.value));
    CU_ASSERT_EQUAL(coap_option_step(&walk, &again, &rule), ERR_CLOSED);
    /* every truncation is seen */
    size_t step = expected > 600 ? 997 : 1;
    for (size_t cut = 1; cut < expected; cut += step) {
        walk = (struct coap_option_walk){bytes_reader_of(bytes_of(wire, cut)), previous};
        CU_ASSERT_EQUAL(coap_option_step(&walk, &again, &rule), ERR_MALFORMED);
        CU_ASSERT_EQUAL(rule, COAP_RULE_OPTION_PAST_END);
    }
}

static void every_length_form_comes_back(void) {
    static const uint32_t edges[] = {0, 1, 12, 13, 14, 268, 269, 270, 524, 525, 65535};
    for (size_t i = 0; i < sizeof value; i++)
        value[i] = (uint8_t)(i * 7);
    for (unsigned d = 0; d < COUNT_OF(edges); d++)
        for (unsigned n = 0; n < COUNT_OF(edges); n++)
            round_trip(0, (uint16_t)edges[d], edges[n]);
    round_trip(0, 65535, COAP_OPTION_VALUE_MAX);
    round_trip(65266, 65535, 3);
    struct coap_option longer = {1, bytes_of(value, sizeof value)}, falling = {1, bytes_of(value, 1)};
    CU_ASSERT_EQUAL(coap_option_size(0, &longer), 0);
    CU_ASSERT_EQUAL(coap_option_size(2, &falling), 0);
}

static void shortest_forms_are_written(void) {
    struct coap_option options[] = {
        {12, bytes_of("", 0)}, {25, bytes_of("0123456789012", 13)}, {294, bytes_of("a", 1)}};
    struct bytes_writer w = bytes_writer_of(wire, sizeof wire);
    uint32_t previous = 0;
    for (unsigned i = 0; i < COUNT_OF(options); i++) {
        coap_option_write(&w, previous, &options[i]);
        previous = options[i].number;
    }
    vector_parse(&vector, "C0 DD 00 00 '0123456789012' E1 00 00 'a'");
    CU_ASSERT(bytes_equal(bytes_of(wire, bytes_written(&w)), vector_bytes(&vector)));
}

static const struct {
    const char *rule, *options;
    enum coap_rule broken;
} refusals[] = {
    {"[COAP-7252-3.1-2] delta nibble 15", "F0", COAP_RULE_DELTA_15},
    {"[COAP-7252-3.1-2] delta nibble 15 with length", "FE 00 00", COAP_RULE_DELTA_15},
    {"[COAP-7252-3.1-3] length nibble 15", "0F 00", COAP_RULE_LENGTH_15},
    {"[COAP-7252-3.1-5] no byte after delta 13", "D0", COAP_RULE_OPTION_PAST_END},
    {"[COAP-7252-3.1-5] one byte after delta 14", "E0 00", COAP_RULE_OPTION_PAST_END},
    {"[COAP-7252-3.1-5] no byte after length 13", "0D", COAP_RULE_OPTION_PAST_END},
    {"[COAP-7252-3.1-5] one byte after length 14", "0E 00", COAP_RULE_OPTION_PAST_END},
    {"[COAP-7252-3.1-5] a value that is short by one", "B4 'abc'", COAP_RULE_OPTION_PAST_END},
    {"[COAP-7252-3.1-5] the largest length of all", "0E FF FF 'abc'", COAP_RULE_OPTION_PAST_END},
    {"[COAP-7252-3.1-6] number 65536", "E0 FE F2 10", COAP_RULE_OPTION_NUMBER},
    {"[COAP-7252-3.1-6] one delta above 65535", "E0 FE F3", COAP_RULE_OPTION_NUMBER},
    {"[COAP-7252-3.1-6] deltas that would wrap 16 bits", "E0 FF FF E0 FF FF", COAP_RULE_OPTION_NUMBER},
};

static void bad_options_are_refused(void) {
    for (unsigned i = 0; i < COUNT_OF(refusals); i++) {
        vector_parse(&vector, refusals[i].options);
        struct coap_option_walk walk = coap_option_walk_of(vector_bytes(&vector));
        struct coap_option option;
        enum coap_rule rule = COAP_RULES;
        int result;
        while ((result = coap_option_step(&walk, &option, &rule)) == 0)
            ;
        CU_ASSERT_EQUAL(result, ERR_MALFORMED);
        CU_ASSERT_EQUAL(rule, refusals[i].broken);
        if (result != ERR_MALFORMED || rule != refusals[i].broken)
            vector_blame(refusals[i].rule, "not refused as it should be");
    }
    /* the last number that there is */
    vector_parse(&vector, "E0 FE F2");
    struct coap_option_walk walk = coap_option_walk_of(vector_bytes(&vector));
    struct coap_option option;
    CU_ASSERT(coap_option_next(&walk, &option));
    CU_ASSERT_EQUAL(option.number, 65535);
}

static void options_are_found_by_number(void) {
    struct bytes found;
    uint32_t number;
    vector_parse(&vector, "B1 'a' 01 'b' 12 01 02 D1 24 07"); /* 11, 11, 12, 61 */
    struct bytes options = vector_bytes(&vector);
    CU_ASSERT(coap_option_find(options, COAP_URI_PATH, &found));
    CU_ASSERT(bytes_equal(found, bytes_of("a", 1)));
    CU_ASSERT(coap_option_find_uint(options, COAP_CONTENT_FORMAT, &number));
    CU_ASSERT_EQUAL(number, 0x102);
    CU_ASSERT(coap_option_find_uint(options, 61, &number));
    CU_ASSERT_EQUAL(number, 7);
    CU_ASSERT(!coap_option_find(options, 13, &found));
    CU_ASSERT(!coap_option_find(options, 62, &found));
    CU_ASSERT(!coap_option_find(bytes_of(NULL, 0), 1, &found));
}

static void unsigned_values_may_have_leading_zeros(void) {
    uint32_t number;
    CU_ASSERT(coap_option_uint(bytes_of(NULL, 0), &number));
    CU_ASSERT_EQUAL(number, 0);
    CU_ASSERT(coap_option_uint(bytes_of("\x00\x00\x28", 3), &number));
    CU_ASSERT_EQUAL(number, 40);
    CU_ASSERT(coap_option_uint(bytes_of("\xff\xff\xff\xff", 4), &number));
    CU_ASSERT_EQUAL(number, UINT32_MAX);
    CU_ASSERT(!coap_option_uint(bytes_of("\x00\x00\x00\x00\x01", 5), &number));
}

static void blocks_come_back(void) {
    static const uint32_t numbers[] = {0, 1, 15, 16, 4095, 4096, COAP_BLOCK_NUMBER_MAX};
    static const size_t sizes[] = {0, 1, 1, 2, 2, 3, 3};
    for (unsigned n = 0; n < COUNT_OF(numbers); n++) {
        for (unsigned exponent = 0; exponent <= 7; exponent++) {
            for (unsigned more = 0; more < 2; more++) {
                struct coap_options o = {0};
                struct coap_block block = {numbers[n], more, (uint8_t)exponent}, again;
                CU_ASSERT_EQUAL(coap_option_add_block(&o, COAP_BLOCK2, block), 0);
                CU_ASSERT_EQUAL(o.list[0].value.size, n == 0 && (exponent || more) ? 1 : sizes[n]);
                CU_ASSERT(coap_option_block(o.list[0].value, &again));
                CU_ASSERT(again.number == block.number && again.more == block.more && again.exponent == exponent);
            }
        }
    }
    struct coap_options o = {0};
    CU_ASSERT_EQUAL(coap_option_add_block(&o, COAP_BLOCK2, (struct coap_block){COAP_BLOCK_NUMBER_MAX + 1, false, 0}),
                    ERR_INVALID);
    struct coap_block block;
    CU_ASSERT(!coap_option_block(bytes_of("\0\0\0\0", 4), &block));
    CU_ASSERT_EQUAL(coap_block_size(0), 16);
    CU_ASSERT_EQUAL(coap_block_size(6), 1024);
    CU_ASSERT_EQUAL(coap_block_size(7), 1024);
}

static void collections_sort_and_keep_the_order_of_equals(void) {
    struct coap_options o = {0};
    coap_option_add_uint(&o, COAP_CONTENT_FORMAT, 65536 + 50);
    coap_option_add_parts(&o, COAP_URI_QUERY, bytes_of_text("a=1&b=2"), '&');
    coap_option_add_parts(&o, COAP_URI_PATH, bytes_of_text("/one//two"), '/');
    coap_option_add_uint(&o, COAP_OBSERVE, 0);
    static const struct {
        unsigned number;
        const char *value;
        size_t size;
    } expected[] = {{6, "", 0},     {11, "one", 3}, {11, "", 0}, {11, "two", 3}, {12, "\x01\x00\x32", 3},
                    {15, "a=1", 3}, {15, "b=2", 3}};
    CU_ASSERT_EQUAL_FATAL(o.count, COUNT_OF(expected));
    for (unsigned i = 0; i < o.count; i++) {
        CU_ASSERT_EQUAL(o.list[i].number, expected[i].number);
        CU_ASSERT(bytes_equal(o.list[i].value, bytes_of(expected[i].value, expected[i].size)));
    }
    static const struct {
        const char *path;
        unsigned parts;
    } paths[] = {{"", 0}, {"/", 0}, {"a", 1}, {"/a", 1}, {"/a/", 2}, {"//", 2}, {"/a/b/c", 3}};
    for (unsigned i = 0; i < COUNT_OF(paths); i++) {
        struct coap_options p = {0};
        CU_ASSERT_EQUAL(coap_option_add_parts(&p, COAP_URI_PATH, bytes_of_text(paths[i].path), '/'), 0);
        CU_ASSERT_EQUAL(p.count, paths[i].parts);
    }
    while (o.count < COAP_OPTIONS_MAX)
        CU_ASSERT_EQUAL(coap_option_add_uint(&o, 1, 1), 0);
    CU_ASSERT_EQUAL(coap_option_add_uint(&o, 1, 1), ERR_TOO_BIG);
    CU_ASSERT_EQUAL(coap_option_add(&o, 1, bytes_of(NULL, 0)), ERR_TOO_BIG);
    CU_ASSERT_EQUAL(coap_option_add_parts(&o, 1, bytes_of_text("a"), '/'), ERR_TOO_BIG);
}

HARNESS_MAIN("coap_option", HARNESS_CASE(every_length_form_comes_back), HARNESS_CASE(shortest_forms_are_written),
             HARNESS_CASE(bad_options_are_refused), HARNESS_CASE(options_are_found_by_number),
             HARNESS_CASE(unsigned_values_may_have_leading_zeros), HARNESS_CASE(blocks_come_back),
             HARNESS_CASE(collections_sort_and_keep_the_order_of_equals))
