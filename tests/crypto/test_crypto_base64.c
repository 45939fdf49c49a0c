#include "crypto/crypto_base64.h"

#include <string.h>

#include "base/check.h"
#include "base/draw.h"
#include "base/err.h"
#include "harness.h"

/* RFC 4648 section 10, and one that shows the two alphabets. */
static const struct {
    const char *data, *text, *url;
} rows[] = {
    {"", "", ""},
    {"f", "Zg==", "Zg"},
    {"fo", "Zm8=", "Zm8"},
    {"foo", "Zm9v", "Zm9v"},
    {"foob", "Zm9vYg==", "Zm9vYg"},
    {"fooba", "Zm9vYmE=", "Zm9vYmE"},
    {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
    {"\xfb\xff\xbf", "+/+/", "-_-_"},
};

static void encoding_gives_the_vectors_of_rfc_4648(void) {
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[16];
        size_t size = strlen(rows[i].data);
        CU_ASSERT_EQUAL(crypto_base64_encode(CRYPTO_BASE64, rows[i].data, size, text, sizeof text), 0);
        CU_ASSERT_STRING_EQUAL(text, rows[i].text);
        CU_ASSERT_EQUAL(crypto_base64_encode(CRYPTO_BASE64_URL, rows[i].data, size, text, sizeof text), 0);
        CU_ASSERT_STRING_EQUAL(text, rows[i].url);
        CU_ASSERT_EQUAL(crypto_base64_encoded_size(CRYPTO_BASE64, size), strlen(rows[i].text));
        CU_ASSERT_EQUAL(crypto_base64_encoded_size(CRYPTO_BASE64_URL, size), strlen(rows[i].url));
    }
}

static void decoding_gives_them_back(void) {
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint8_t data[16];
        size_t size = 99;
        CU_ASSERT_EQUAL(
            crypto_base64_decode(CRYPTO_BASE64, rows[i].text, strlen(rows[i].text), data, sizeof data, &size), 0);
        CU_ASSERT(size == strlen(rows[i].data) && memcmp(data, rows[i].data, size) == 0);
        CU_ASSERT_EQUAL(
            crypto_base64_decode(CRYPTO_BASE64_URL, rows[i].url, strlen(rows[i].url), data, sizeof data, &size), 0);
        CU_ASSERT(size == strlen(rows[i].data) && memcmp(data, rows[i].data, size) == 0);
    }
}

static void sixteen_bytes_are_22_url_characters(void) {
    char text[23];
    uint8_t mark[16] = {0};
    CU_ASSERT_EQUAL(crypto_base64_encode(CRYPTO_BASE64_URL, mark, sizeof mark, text, sizeof text), 0);
    CU_ASSERT_EQUAL(strlen(text), 22);
}

static void what_is_not_exactly_base64_is_malformed(void) {
    static const struct {
        enum crypto_base64_kind kind;
        const char *text;
    } bad[] = {
        {CRYPTO_BASE64, "Zg"}, /* padding is missing */
        {CRYPTO_BASE64, "Zg="},          {CRYPTO_BASE64, "Z==="},     {CRYPTO_BASE64, "===="},
        {CRYPTO_BASE64, "Zg==Zg=="}, /* padding inside */
        {CRYPTO_BASE64, "Zh=="},     /* unused bits */
        {CRYPTO_BASE64, "Zm9="},         {CRYPTO_BASE64, "-_-_"},     {CRYPTO_BASE64, "Zm9v\n"},
        {CRYPTO_BASE64, "Zm 9"},         {CRYPTO_BASE64_URL, "+/+/"}, {CRYPTO_BASE64_URL, "Zg=="},
        {CRYPTO_BASE64_URL, "Z"},        {CRYPTO_BASE64_URL, "Zh"},   {CRYPTO_BASE64_URL, "Zm9"},
        {CRYPTO_BASE64_URL, "\xff\xff"},
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        uint8_t data[16];
        size_t size = 99;
        CU_ASSERT_EQUAL(crypto_base64_decode(bad[i].kind, bad[i].text, strlen(bad[i].text), data, sizeof data, &size),
                        ERR_MALFORMED);
        CU_ASSERT_EQUAL(size, 99);
    }
}

static void room_is_never_exceeded(void) {
    char text[9] = "........";
    uint8_t data[4] = {9, 9, 9, 9};
    size_t size;
    CU_ASSERT_EQUAL(crypto_base64_encode(CRYPTO_BASE64, "foo", 3, text, 4), ERR_TOO_BIG);
    CU_ASSERT_EQUAL(crypto_base64_encode(CRYPTO_BASE64, "foo", 3, text, 5), 0);
    CU_ASSERT_EQUAL(crypto_base64_encode(CRYPTO_BASE64, "", 0, text, 0), ERR_TOO_BIG);
    CU_ASSERT_EQUAL(crypto_base64_decode(CRYPTO_BASE64, "Zm9v", 4, data, 2, &size), ERR_TOO_BIG);
    CU_ASSERT_EQUAL(crypto_base64_decode(CRYPTO_BASE64, "Zm9v", 4, data, 3, &size), 0);
    CU_ASSERT_EQUAL(data[3], 9);
}

static void every_byte_string_comes_back(void) {
    for (size_t size = 0; size <= 100; size++)
        for (int kind = CRYPTO_BASE64; kind <= CRYPTO_BASE64_URL; kind++) {
            uint8_t data[100], back[100];
            char text[140];
            size_t decoded = 999;
            draw_fill(1, 2, 3, size, data, size);
            CU_ASSERT_EQUAL(crypto_base64_encode((enum crypto_base64_kind)kind, data, size, text, sizeof text), 0);
            CU_ASSERT_EQUAL(
                crypto_base64_decode((enum crypto_base64_kind)kind, text, strlen(text), back, sizeof back, &decoded),
                0);
            CU_ASSERT(decoded == size && memcmp(data, back, size) == 0);
        }
}

HARNESS_MAIN("crypto/crypto_base64", HARNESS_CASE(encoding_gives_the_vectors_of_rfc_4648),
             HARNESS_CASE(decoding_gives_them_back), HARNESS_CASE(sixteen_bytes_are_22_url_characters),
             HARNESS_CASE(what_is_not_exactly_base64_is_malformed), HARNESS_CASE(room_is_never_exceeded),
             HARNESS_CASE(every_byte_string_comes_back))
