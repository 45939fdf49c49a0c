#include "base/draw.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/hash.h"
#include "harness.h"

/* The known answers of philox4x32-10 that come with Random123 (kat_vectors). */
static void philox_gives_the_known_answers(void) {
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } rows[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint64_t seed = (uint64_t)rows[i].key[1] << 32 | rows[i].key[0];
        uint64_t n = (uint64_t)rows[i].counter[3] << 32 | rows[i].counter[2];
        struct draw128 block = draw_block(seed, rows[i].counter[0], rows[i].counter[1], n);
        CU_ASSERT_EQUAL(memcmp(block.word, rows[i].out, sizeof block.word), 0);
        uint64_t first = (uint64_t)rows[i].out[1] << 32 | rows[i].out[0];
        CU_ASSERT_EQUAL(draw_u64(seed, rows[i].counter[0], rows[i].counter[1], n), first);
    }
}

static void every_stream_has_its_row_and_its_written_key(void) {
    for (unsigned i = 0; i < DRAW_STREAMS; i++) {
        CU_ASSERT_EQUAL(draw_streams[i].id, i);
        CU_ASSERT_PTR_NOT_NULL_FATAL(draw_streams[i].name);
        CU_ASSERT_EQUAL(draw_stream_key((enum draw_stream_id)i), hash_name(draw_streams[i].name));
    }
}

static void no_two_streams_collide(void) {
    for (unsigned i = 0; i < DRAW_STREAMS; i++)
        for (unsigned j = 0; j < i; j++)
            CU_ASSERT_NOT_EQUAL(draw_stream_key((enum draw_stream_id)i), draw_stream_key((enum draw_stream_id)j));
}

static void a_named_stream_is_the_hash_of_prefix_and_name(void) {
    CU_ASSERT_EQUAL(draw_stream_named("signal", "temp"), hash_name("signal:temp"));
    CU_ASSERT_NOT_EQUAL(draw_stream_named("signal", "temp"), draw_stream_named("select", "temp"));
}

static void below_stays_below_and_reaches_both_ends(void) {
    CU_ASSERT_EQUAL(draw_below(0, 10), 0);
    CU_ASSERT_EQUAL(draw_below(UINT64_MAX, 10), 9);
    CU_ASSERT_EQUAL(draw_below(UINT64_MAX, 0), 0);
    CU_ASSERT_EQUAL(draw_below(UINT64_MAX, UINT64_MAX), UINT64_MAX - 1);
    unsigned seen[6] = {0};
    for (uint64_t n = 0; n < 60000; n++)
        seen[draw_below(draw_u64(1, 2, 3, n), 6)]++;
    for (size_t i = 0; i < COUNT_OF(seen); i++)
        CU_ASSERT(seen[i] > 9600 && seen[i] < 10400); /* 10000 ± 4.4 sigma, fixed draws */
}

static void unit_lies_strictly_between_0_and_1(void) {
    CU_ASSERT(draw_unit(0) > 0);
    CU_ASSERT(draw_unit(UINT64_MAX) < 1);
    CU_ASSERT(draw_unit(UINT64_MAX) > 0.9999999999999997);
    CU_ASSERT_EQUAL(draw_unit(0), 1 - draw_unit(UINT64_MAX));
    CU_ASSERT_DOUBLE_EQUAL(draw_unit(UINT64_MAX / 2), 0.5, 1e-15);
}

static void filling_begins_with_the_block_and_a_prefix_is_a_prefix(void) {
    struct draw128 block = draw_block(7, 8, 9, 10);
    uint8_t whole[100], part[37];
    draw_fill(7, 8, 9, 10, whole, sizeof whole);
    draw_fill(7, 8, 9, 10, part, sizeof part);
    CU_ASSERT_EQUAL(whole[0], (uint8_t)block.word[0]);
    CU_ASSERT_EQUAL(whole[3], (uint8_t)(block.word[0] >> 24));
    CU_ASSERT_EQUAL(whole[15], (uint8_t)(block.word[3] >> 24));
    CU_ASSERT_EQUAL(memcmp(whole, part, sizeof part), 0);
}

static void filling_repeats_nothing_of_the_next_message(void) {
    uint8_t a[64], b[64];
    draw_fill(7, 8, 9, 10, a, sizeof a);
    draw_fill(7, 8, 9, 11, b, sizeof b);
    for (size_t i = 0; i < sizeof a; i += 16)
        for (size_t j = 0; j < sizeof b; j += 16)
            CU_ASSERT_NOT_EQUAL(memcmp(a + i, b + j, 16), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(a, a + 16, 16), 0);
}

static void the_largest_fill_is_filled_to_its_end(void) {
    enum { LARGEST = 1 << 20 };
    uint8_t *data = calloc(1, LARGEST);
    CU_ASSERT_PTR_NOT_NULL_FATAL(data);
    draw_fill(1, 1, 1, 1, data, LARGEST);
    uint64_t last;
    memcpy(&last, data + LARGEST - sizeof last, sizeof last);
    CU_ASSERT_NOT_EQUAL(last, 0);
    free(data);
}

HARNESS_MAIN("base/draw", HARNESS_CASE(philox_gives_the_known_answers),
             HARNESS_CASE(every_stream_has_its_row_and_its_written_key), HARNESS_CASE(no_two_streams_collide),
             HARNESS_CASE(a_named_stream_is_the_hash_of_prefix_and_name),
             HARNESS_CASE(below_stays_below_and_reaches_both_ends), HARNESS_CASE(unit_lies_strictly_between_0_and_1),
             HARNESS_CASE(filling_begins_with_the_block_and_a_prefix_is_a_prefix),
             HARNESS_CASE(filling_repeats_nothing_of_the_next_message),
             HARNESS_CASE(the_largest_fill_is_filled_to_its_end))
