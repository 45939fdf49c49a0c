#include "metrics/trace.h"

#include <string.h>

#include "harness.h"

static uint64_t hash_of_bytes(const char *text) {
    struct trace t = {0};
    trace_bytes(&t, bytes_of((const uint8_t *)text, strlen(text)));
    return t.hash;
}

static void the_hash_is_the_same_everywhere(void) {
    struct trace t = {0};
    trace_step(&t, 1500 * SPAN_MS, 7, 3);
    trace_bytes(&t, bytes_of((const uint8_t *)"muster run", 10));
    trace_step(&t, 1500 * SPAN_MS, 8, 3);
    CU_ASSERT_EQUAL(t.hash, 0x35f791d79932cda7U);
}

static void each_part_of_a_step_counts(void) {
    struct trace base = {0}, later = {0}, other = {0}, state = {0};
    trace_step(&base, 10, 1, 2);
    trace_step(&later, 11, 1, 2);
    trace_step(&other, 10, 2, 2);
    trace_step(&state, 10, 1, 3);
    CU_ASSERT_NOT_EQUAL(base.hash, later.hash);
    CU_ASSERT_NOT_EQUAL(base.hash, other.hash);
    CU_ASSERT_NOT_EQUAL(base.hash, state.hash);
}

static void the_order_of_steps_counts(void) {
    struct trace a = {0}, b = {0};
    trace_step(&a, 10, 1, 2);
    trace_step(&a, 10, 2, 2);
    trace_step(&b, 10, 2, 2);
    trace_step(&b, 10, 1, 2);
    CU_ASSERT_NOT_EQUAL(a.hash, b.hash);
}

static void every_byte_counts_and_so_does_where_bytes_end(void) {
    CU_ASSERT_NOT_EQUAL(hash_of_bytes("abcdefgh"), hash_of_bytes("abcdefgi"));
    CU_ASSERT_NOT_EQUAL(hash_of_bytes("abcdefghi"), hash_of_bytes("abcdefghj"));
    CU_ASSERT_NOT_EQUAL(hash_of_bytes("abcdefgh"), hash_of_bytes("abcdefg"));
    struct trace one = {0}, two = {0};
    trace_bytes(&one, bytes_of((const uint8_t *)"ab", 2));
    trace_bytes(&two, bytes_of((const uint8_t *)"a", 1));
    trace_bytes(&two, bytes_of((const uint8_t *)"b", 1));
    CU_ASSERT_NOT_EQUAL(one.hash, two.hash);
}

HARNESS_MAIN("metrics/trace", HARNESS_CASE(the_hash_is_the_same_everywhere), HARNESS_CASE(each_part_of_a_step_counts),
             HARNESS_CASE(the_order_of_steps_counts), HARNESS_CASE(every_byte_counts_and_so_does_where_bytes_end))
