#include "crypto/crypto_hex.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "harness.h"

static void bytes_become_lower_case_digits(void) {
    char text[11];
    crypto_hex_encode("\x00\x01\x7f\xab\xff", 5, text);
    CU_ASSERT_STRING_EQUAL(text, "00017fabff");
    crypto_hex_encode(NULL, 0, text);
    CU_ASSERT_STRING_EQUAL(text, "");
}

static void digits_of_either_case_become_bytes(void) {
    uint8_t data[5];
    size_t size = 0;
    CU_ASSERT_EQUAL(crypto_hex_decode("00017FabFf", 10, data, sizeof data, &size), 0);
    CU_ASSERT(size == 5 && memcmp(data, "\x00\x01\x7f\xab\xff", 5) == 0);
}

static void anything_else_is_malformed(void) {
    static const char *const bad[] = {"0", "0g", "g0", "0x", " 00", "00 ", "/0", ":0", "@0", "`0", "\xff\xff"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        uint8_t data[5];
        size_t size = 99;
        CU_ASSERT_EQUAL(crypto_hex_decode(bad[i], strlen(bad[i]), data, sizeof data, &size), ERR_MALFORMED);
        CU_ASSERT_EQUAL(size, 99);
    }
}

static void room_is_never_exceeded(void) {
    uint8_t data[2] = {9, 9};
    size_t size;
    CU_ASSERT_EQUAL(crypto_hex_decode("0102", 4, data, 1, &size), ERR_TOO_BIG);
    CU_ASSERT_EQUAL(data[1], 9);
}

HARNESS_MAIN("crypto/crypto_hex", HARNESS_CASE(bytes_become_lower_case_digits),
             HARNESS_CASE(digits_of_either_case_become_bytes), HARNESS_CASE(anything_else_is_malformed),
             HARNESS_CASE(room_is_never_exceeded))
