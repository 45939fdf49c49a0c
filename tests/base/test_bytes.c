#include "base/bytes.h"

#include <string.h>

#include "harness.h"

static const uint8_t wire[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08};

static void numbers_are_read_in_network_order(void) {
    struct bytes_reader r = bytes_reader_of(bytes_of(wire, sizeof wire));
    CU_ASSERT_EQUAL(bytes_read_u8(&r), 0x01);
    CU_ASSERT_EQUAL(bytes_read_u16(&r), 0x0203);
    CU_ASSERT_EQUAL(bytes_read_u32(&r), 0x04050607);
    CU_ASSERT_EQUAL(bytes_left(&r), 1);
    CU_ASSERT_FALSE(r.failed);
}

static void a_short_read_gives_zero_and_all_later_reads_too(void) {
    struct bytes_reader r = bytes_reader_of(bytes_of(wire, 3));
    CU_ASSERT_EQUAL(bytes_read_u32(&r), 0);
    CU_ASSERT_TRUE(r.failed);
    CU_ASSERT_EQUAL(bytes_read_u8(&r), 0);
    CU_ASSERT_EQUAL(bytes_read_u16(&r), 0);
    CU_ASSERT_EQUAL(bytes_read(&r, 0).size, 0);
    CU_ASSERT_EQUAL(bytes_left(&r), 3);
}

static void a_string_is_borrowed_from_the_input(void) {
    struct bytes_reader r = bytes_reader_of(bytes_of(wire, sizeof wire));
    struct bytes b = bytes_read(&r, 5);
    CU_ASSERT_PTR_EQUAL(b.data, wire);
    CU_ASSERT_EQUAL(b.size, 5);
    b = bytes_read(&r, 4);
    CU_ASSERT_PTR_NULL(b.data);
    CU_ASSERT_EQUAL(b.size, 0);
    CU_ASSERT_TRUE(r.failed);
}

static void a_size_that_would_wrap_the_pointer_fails(void) {
    struct bytes_reader r = bytes_reader_of(bytes_of(wire, sizeof wire));
    CU_ASSERT_EQUAL(bytes_read(&r, SIZE_MAX).size, 0);
    CU_ASSERT_TRUE(r.failed);
    uint8_t buffer[4];
    struct bytes_writer w = bytes_writer_of(buffer, sizeof buffer);
    bytes_write(&w, (struct bytes){wire, SIZE_MAX});
    CU_ASSERT_TRUE(w.failed);
}

static void an_empty_input_may_be_null(void) {
    struct bytes_reader r = bytes_reader_of(bytes_of(NULL, 0));
    CU_ASSERT_EQUAL(bytes_read(&r, 0).size, 0);
    CU_ASSERT_FALSE(r.failed);
    bytes_read_u8(&r);
    CU_ASSERT_TRUE(r.failed);
}

static void numbers_are_written_in_network_order(void) {
    uint8_t buffer[8];
    struct bytes_writer w = bytes_writer_of(buffer, sizeof buffer);
    bytes_write_u8(&w, 0x01);
    bytes_write_u16(&w, 0x0203);
    bytes_write_u32(&w, 0x04050607);
    bytes_write(&w, bytes_of(wire + 7, 1));
    CU_ASSERT_FALSE(w.failed);
    CU_ASSERT_EQUAL(bytes_written(&w), 8);
    CU_ASSERT_EQUAL(bytes_room(&w), 0);
    CU_ASSERT_EQUAL(memcmp(buffer, wire, 8), 0);
}

static void nothing_is_written_past_the_end_nor_after_a_failure(void) {
    uint8_t buffer[4] = {9, 9, 9, 9};
    struct bytes_writer w = bytes_writer_of(buffer, 3);
    bytes_write_u16(&w, 0x0102);
    bytes_write_u32(&w, 0xffffffff);
    CU_ASSERT_TRUE(w.failed);
    bytes_write_u8(&w, 0xff);
    bytes_write(&w, bytes_of(wire, 1));
    CU_ASSERT_EQUAL(bytes_written(&w), 2);
    CU_ASSERT_EQUAL(memcmp(buffer, "\x01\x02\x09\x09", 4), 0);
}

static void equal_means_same_size_and_bytes(void) {
    CU_ASSERT_TRUE(bytes_equal(bytes_of_text("abc"), bytes_of("abcd", 3)));
    CU_ASSERT_FALSE(bytes_equal(bytes_of_text("abc"), bytes_of_text("abcd")));
    CU_ASSERT_FALSE(bytes_equal(bytes_of_text("abc"), bytes_of_text("abd")));
    CU_ASSERT_TRUE(bytes_equal(bytes_of(NULL, 0), bytes_of_text("")));
}

HARNESS_MAIN("base/bytes", HARNESS_CASE(numbers_are_read_in_network_order),
             HARNESS_CASE(a_short_read_gives_zero_and_all_later_reads_too),
             HARNESS_CASE(a_string_is_borrowed_from_the_input), HARNESS_CASE(a_size_that_would_wrap_the_pointer_fails),
             HARNESS_CASE(an_empty_input_may_be_null), HARNESS_CASE(numbers_are_written_in_network_order),
             HARNESS_CASE(nothing_is_written_past_the_end_nor_after_a_failure),
             HARNESS_CASE(equal_means_same_size_and_bytes))
