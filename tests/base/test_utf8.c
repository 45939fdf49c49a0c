#include "base/utf8.h"

#include <string.h>

#include "base/check.h"
#include "harness.h"

struct row {
    const char *bytes;
    size_t size;
};

static void well_formed_text_is_valid(void) {
    static const struct row rows[] = {
        {"", 0},
        {"home/t", 6},
        {"\x01\x7f", 2}, /* controls are allowed: MQTT only says that receivers may refuse them */
        {"\xc2\x80", 2},
        {"\xdf\xbf", 2},
        {"\xe0\xa0\x80", 3},
        {"\xed\x9f\xbf", 3}, /* last before the surrogates */
        {"\xee\x80\x80", 3}, /* first after them */
        {"\xef\xbb\xbf", 3}, /* U+FEFF is an ordinary character [MQTT-1.5.4-3] */
        {"\xef\xbf\xbf", 3},
        {"\xf0\x90\x80\x80", 4},
        {"\xf4\x8f\xbf\xbf", 4},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CU_ASSERT_TRUE(utf8_valid((const uint8_t *)rows[i].bytes, rows[i].size));
}

static void ill_formed_text_is_not_valid(void) {
    static const struct row rows[] = {
        {"\0", 1}, /* [MQTT-1.5.4-2] */
        {"a\0b", 3},
        {"\x80", 1},
        {"\xbf", 1},
        {"\xc0\x80", 2}, /* overlong U+0000 */
        {"\xc1\xbf", 2},
        {"\xc2", 1},
        {"\xc2\x41", 2},
        {"\xe0\x9f\xbf", 3},
        {"\xe1\x80", 2},
        {"\xe1\x80\x41", 3},
        {"\xed\xa0\x80", 3}, /* surrogate [MQTT-1.5.4-1] */
        {"\xed\xbf\xbf", 3},
        {"\xf0\x8f\xbf\xbf", 4},
        {"\xf4\x90\x80\x80", 4}, /* beyond U+10FFFF */
        {"\xf5\x80\x80\x80", 4},
        {"\xf0\x90\x80", 3},
        {"\xff", 1},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CU_ASSERT_FALSE(utf8_valid((const uint8_t *)rows[i].bytes, rows[i].size));
}

/* Encodes by the definition and compares over the whole code space. */
static void exactly_the_scalar_values_are_sequences(void) {
    unsigned wrong = 0;
    for (uint32_t c = 0; c <= 0x110000; c++) {
        uint8_t b[4];
        size_t length = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
        for (size_t i = length; i-- > 1;)
            b[i] = (uint8_t)(0x80 | (c >> 6 * (length - 1 - i) & 0x3f));
        b[0] = (uint8_t)(lead[length] | c >> 6 * (length - 1));
        bool scalar = c <= 0x10ffff && !(c >= 0xd800 && c <= 0xdfff);
        wrong += utf8_sequence(b, length) != (scalar ? length : 0);
        wrong += length > 1 && utf8_sequence(b, length - 1) != 0;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_EQUAL(utf8_sequence(NULL, 0), 0);
}

HARNESS_MAIN("base/utf8", HARNESS_CASE(well_formed_text_is_valid), HARNESS_CASE(ill_formed_text_is_not_valid),
             HARNESS_CASE(exactly_the_scalar_values_are_sequences))
