#include <string.h>

#include "base/draw.h"
#include "crypto/crypto_base64.h"
#include "device/payload.h"
#include "harness.h"

enum { DEVICES = 1000000 };

static struct payload_mark drawn(uint64_t n) {
    struct draw128 d = draw_block(1, 2, 3, n);
    return (struct payload_mark){.run = (uint16_t)d.word[0],
                                 .device = d.word[1],
                                 .sequence = d.word[2],
                                 .intended_us = ((uint64_t)d.word[0] << 16) | d.word[3] >> 16};
}

static bool same(const struct payload_mark *a, const struct payload_mark *b) {
    return a->run == b->run && a->device == b->device && a->sequence == b->sequence && a->intended_us == b->intended_us;
}

static void a_mark_is_its_16_bytes_in_base64url(void) {
    struct payload_mark m = {0xa1b2, 0x00010203, 0x04050607, 0x08090a0b0c0dULL};
    static const uint8_t data[] = {0xa1, 0xb2, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05,
                                   0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d};
    char text[PAYLOAD_MARK_SIZE], want[PAYLOAD_MARK_SIZE + 1];
    payload_mark_encode(&m, text);
    CU_ASSERT_EQUAL(crypto_base64_encode(CRYPTO_BASE64_URL, data, sizeof data, want, sizeof want), 0);
    CU_ASSERT_EQUAL(strlen(want), PAYLOAD_MARK_SIZE);
    CU_ASSERT_EQUAL(memcmp(text, want, PAYLOAD_MARK_SIZE), 0);
}

static void marks_come_back_as_they_were(void) {
    for (uint64_t n = 0; n < 20000; n++) {
        struct payload_mark m = drawn(n), back;
        char text[PAYLOAD_MARK_SIZE];
        payload_mark_encode(&m, text);
        if (!payload_mark_decode(text, &back) || !same(&m, &back))
            CU_FAIL("a mark changed on its way");
    }
}

static void foreign_characters_and_spare_bits_are_refused(void) {
    struct payload_mark m = drawn(5), back = {0}, zero = {0};
    char text[PAYLOAD_MARK_SIZE];
    payload_mark_encode(&m, text);
    for (int i = 0; i < PAYLOAD_MARK_SIZE; i++) {
        char kept = text[i];
        static const char foreign[] = {'+', '/', '=', ' ', '.', '\0', '\x80', '\xff', '@', '[', '`', '{'};
        for (size_t k = 0; k < sizeof foreign; k++) {
            text[i] = foreign[k];
            CU_ASSERT_FALSE(payload_mark_decode(text, &back));
        }
        text[i] = kept;
    }
    text[PAYLOAD_MARK_SIZE - 1] = 'B'; /* its low four bits say nothing in a mark */
    CU_ASSERT_FALSE(payload_mark_decode(text, &back));
    CU_ASSERT(same(&back, &zero));
}

static void the_run_id_is_its_hex_digits_or_a_hash(void) {
    CU_ASSERT_EQUAL(payload_mark_run("0000"), 0);
    CU_ASSERT_EQUAL(payload_mark_run("a1b2"), 0xa1b2);
    CU_ASSERT_EQUAL(payload_mark_run("A1B2"), 0xa1b2);
    CU_ASSERT_NOT_EQUAL(payload_mark_run("nightly"), payload_mark_run("weekly"));
    CU_ASSERT_NOT_EQUAL(payload_mark_run("a1b2c"), 0xa1b2);
    CU_ASSERT_EQUAL(payload_mark_run("nightly"), payload_mark_run("nightly"));
}

static void an_intended_instant_is_kept_to_the_microsecond(void) {
    struct payload_context c = {.run_id = "00ff", .device = 7, .seq = 9, .intended = 3 * SPAN_S + 1999};
    struct payload_mark m = payload_mark_of(&c);
    CU_ASSERT_EQUAL(m.run, 0xff);
    CU_ASSERT_EQUAL(m.device, 7);
    CU_ASSERT_EQUAL(m.sequence, 9);
    CU_ASSERT_EQUAL(m.intended_us, 3000001);
    c.intended = -1;
    CU_ASSERT_EQUAL(payload_mark_of(&c).intended_us, 0);
}

/* `before` + mark + `after`; returns whether the mark was found there. */
static bool found_in(const char *before, const char *after) {
    struct payload_mark m = {0x1234, 77, 5, 1000000}, back;
    char text[256];
    size_t at = strlen(before), size = at + PAYLOAD_MARK_SIZE + strlen(after);
    memcpy(text, before, at);
    payload_mark_encode(&m, text + at);
    memcpy(text + at + PAYLOAD_MARK_SIZE, after, strlen(after));
    return payload_mark_find(bytes_of(text, size), 0x1234, DEVICES, &back) && same(&m, &back);
}

static void a_mark_is_found_wherever_it_stands(void) {
    CU_ASSERT(found_in("", ""));
    CU_ASSERT(found_in("", "\x80\xff\x01 random bytes"));
    CU_ASSERT(found_in("{\"m\":\"", "\",\"t\":21.5}"));
    CU_ASSERT(found_in("x-", "_y"));                                   /* neighbours of its own alphabet */
    CU_ASSERT(found_in("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef", "ABCDEF")); /* a long run of them */
}

static void what_is_not_ours_is_not_found(void) {
    struct payload_mark m = {0x1234, 77, 5, 1000000}, back = {0};
    char text[PAYLOAD_MARK_SIZE];
    payload_mark_encode(&m, text);
    CU_ASSERT_FALSE(payload_mark_find(bytes_of(text, sizeof text), 0x1235, DEVICES, &back));
    CU_ASSERT_FALSE(payload_mark_find(bytes_of(text, sizeof text), 0x1234, 77, &back));
    CU_ASSERT(payload_mark_find(bytes_of(text, sizeof text), 0x1234, 78, &back));
    CU_ASSERT_FALSE(payload_mark_find(bytes_of(text, sizeof text - 1), 0x1234, DEVICES, &back));
    CU_ASSERT_FALSE(payload_mark_find(bytes_of(NULL, 0), 0x1234, DEVICES, &back));
}

static void random_text_is_hardly_ever_taken_for_a_mark(void) {
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    static char text[1 << 20];
    draw_fill(8, 0, 0, 0, text, sizeof text);
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = alphabet[text[i] & 63];
    unsigned found = 0;
    struct payload_mark back;
    for (unsigned run = 0; run < 200; run++)
        found += payload_mark_find(bytes_of(text, sizeof text), (uint16_t)(run * 331), DEVICES, &back);
    CU_ASSERT(found <= 2); /* a million places, 2^-16 by run id, 2^-4 by spare bits, 2^-12 by device */
}

HARNESS_MAIN("payload_mark", HARNESS_CASE(a_mark_is_its_16_bytes_in_base64url),
             HARNESS_CASE(marks_come_back_as_they_were), HARNESS_CASE(foreign_characters_and_spare_bits_are_refused),
             HARNESS_CASE(the_run_id_is_its_hex_digits_or_a_hash),
             HARNESS_CASE(an_intended_instant_is_kept_to_the_microsecond),
             HARNESS_CASE(a_mark_is_found_wherever_it_stands), HARNESS_CASE(what_is_not_ours_is_not_found),
             HARNESS_CASE(random_text_is_hardly_ever_taken_for_a_mark))
