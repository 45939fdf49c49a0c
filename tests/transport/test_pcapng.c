#include "transport/pcapng.h"

#include <string.h>

#include "harness.h"

static void the_order_is_that_of_the_section(void) {
    static const uint8_t big[] = {0x0a, 0x0d, 0x0d, 0x0a, 0, 0, 0, 28, 0x1a, 0x2b, 0x3c, 0x4d};
    static const uint8_t small[] = {0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a};
    static const uint8_t none[] = {0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1b};
    bool little = true;
    uint32_t type, size;
    CU_ASSERT_TRUE(pcapng_head(big, &little, &type, &size));
    CU_ASSERT_TRUE(!little && type == PCAPNG_SECTION && size == 28);
    CU_ASSERT_TRUE(pcapng_head(small, &little, &type, &size));
    CU_ASSERT_TRUE(little && size == 28);
    CU_ASSERT_FALSE(pcapng_head(none, &little, &type, &size));
}

static void a_length_that_cannot_be_is_refused(void) {
    static const uint8_t short_one[] = {0, 0, 0, 6, 0, 0, 0, 8, 0, 0, 0, 0};
    static const uint8_t odd[] = {0, 0, 0, 6, 0, 0, 0, 13, 0, 0, 0, 0};
    bool little = false;
    uint32_t type, size;
    CU_ASSERT_FALSE(pcapng_head(short_one, &little, &type, &size));
    CU_ASSERT_FALSE(pcapng_head(odd, &little, &type, &size));
}

static void a_block_has_one_length_twice(void) {
    static const uint8_t block[] = {5, 0, 0, 0, 16, 0, 0, 0, 1, 2, 3, 4, 16, 0, 0, 0};
    static const uint8_t wrong[] = {5, 0, 0, 0, 16, 0, 0, 0, 1, 2, 3, 4, 12, 0, 0, 0};
    uint32_t type;
    const char *trouble;
    struct bytes_reader r = bytes_reader_of(bytes_of(block, sizeof block));
    struct bytes body = pcapng_block(&r, true, &type, &trouble);
    CU_ASSERT_PTR_NULL(trouble);
    CU_ASSERT_TRUE(type == 5 && bytes_equal(body, bytes_of("\1\2\3\4", 4)));
    r = bytes_reader_of(bytes_of(wrong, sizeof wrong));
    pcapng_block(&r, true, &type, &trouble);
    CU_ASSERT_STRING_EQUAL(trouble, "a block's two lengths differ");
    r = bytes_reader_of(bytes_of(block, sizeof block - 1));
    pcapng_block(&r, true, &type, &trouble);
    CU_ASSERT_STRING_EQUAL(trouble, "a block is cut short");
}

static void options_are_padded_to_four_bytes(void) {
    static const uint8_t options[] = {1, 0, 3, 0, 'a', 'b', 'c', 0, 9, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0};
    struct bytes_reader r = bytes_reader_of(bytes_of(options, sizeof options));
    unsigned code;
    struct bytes value;
    CU_ASSERT_TRUE(pcapng_option(&r, true, &code, &value) && code == PCAPNG_OPTION_COMMENT);
    CU_ASSERT_TRUE(bytes_equal(value, bytes_of_text("abc")));
    CU_ASSERT_TRUE(pcapng_option(&r, true, &code, &value) && code == PCAPNG_OPTION_RESOLUTION && *value.data == 6);
    CU_ASSERT_FALSE(pcapng_option(&r, true, &code, &value));
    CU_ASSERT_FALSE(r.failed);
    r = bytes_reader_of(bytes_of(options, 6));
    CU_ASSERT_FALSE(pcapng_option(&r, true, &code, &value));
    CU_ASSERT_TRUE(r.failed);
}

static void a_packet_has_its_time_and_its_bytes(void) {
    static const uint8_t body[] = {2, 0, 0, 0, 1, 0, 0, 0, 5, 0, 0, 0, 3, 0, 0, 0, 9, 0, 0, 0, 'x', 'y', 'z', 0};
    struct pcapng_packet p;
    CU_ASSERT_TRUE(pcapng_packet(bytes_of(body, sizeof body), true, &p));
    CU_ASSERT_TRUE(p.interface == 2 && p.time == ((uint64_t)1 << 32 | 5) && p.original == 9);
    CU_ASSERT_TRUE(bytes_equal(p.data, bytes_of_text("xyz")));
    CU_ASSERT_FALSE(pcapng_packet(bytes_of(body, sizeof body - 2), true, &p));
    uint8_t fewer[sizeof body];
    memcpy(fewer, body, sizeof body);
    fewer[16] = 2; /* it had fewer bytes than are here */
    CU_ASSERT_FALSE(pcapng_packet(bytes_of(fewer, sizeof fewer), true, &p));
}

HARNESS_MAIN("transport/pcapng", HARNESS_CASE(the_order_is_that_of_the_section),
             HARNESS_CASE(a_length_that_cannot_be_is_refused), HARNESS_CASE(a_block_has_one_length_twice),
             HARNESS_CASE(options_are_padded_to_four_bytes), HARNESS_CASE(a_packet_has_its_time_and_its_bytes))
