#include "metrics/audit_entries.h"

#include <stdbool.h>
#include <stdlib.h>

#include "base/draw.h"
#include "harness.h"

static void what_was_added_is_found_until_it_is_removed(void) {
    struct audit_entries e = {0};
    CU_ASSERT_PTR_NULL(audit_entries_find(&e, 1, 1));
    struct audit_entry *one = audit_entries_add(&e, 1, 2);
    CU_ASSERT(one->device == 1 && one->sequence == 2 && one->flags == 0);
    CU_ASSERT_PTR_EQUAL(audit_entries_find(&e, 1, 2), one);
    CU_ASSERT_PTR_NULL(audit_entries_find(&e, 2, 1));
    audit_entries_remove(&e, one);
    CU_ASSERT_PTR_NULL(audit_entries_find(&e, 1, 2));
    CU_ASSERT_EQUAL(e.count, 0);
    audit_entries_free(&e);
}

/* Against an array: adding and removing at random, so that chains of the index wrap, grow and close. */
static void any_order_of_adding_and_removing_is_right(void) {
    enum { DEVICES = 40, NUMBERS = 200, TURNS = 200000 };
    struct audit_entries e = {0};
    bool *there = calloc(DEVICES * NUMBERS, sizeof *there);
    uint32_t count = 0;
    bool right = true;
    for (uint64_t n = 0; n < TURNS; n++) {
        uint32_t device = (uint32_t)draw_below(draw_u64(5, 0, 1, n), DEVICES);
        uint32_t number = (uint32_t)draw_below(draw_u64(5, 1, 1, n), NUMBERS);
        bool *is = &there[device * NUMBERS + number];
        struct audit_entry *entry = audit_entries_find(&e, device, number);
        right = right && (entry != NULL) == *is;
        if (*is)
            audit_entries_remove(&e, entry);
        else
            audit_entries_add(&e, device, number);
        *is = !*is;
        count = *is ? count + 1 : count - 1;
        right = right && e.count == count;
    }
    for (uint32_t d = 0; d < DEVICES; d++)
        for (uint32_t n = 0; n < NUMBERS; n++)
            right = right && (audit_entries_find(&e, d, n) != NULL) == there[d * NUMBERS + n];
    CU_ASSERT_TRUE(right);
    CU_ASSERT(e.used <= DEVICES * NUMBERS);
    free(there);
    audit_entries_free(&e);
}

static void lists_keep_the_order_of_moving(void) {
    struct audit_entries e = {0};
    for (uint32_t n = 1; n <= 5; n++)
        audit_entries_add(&e, 0, n);
    static const uint32_t moved[] = {3, 1, 5};
    for (unsigned i = 0; i < 3; i++)
        audit_entries_move(&e, audit_entries_find(&e, 0, moved[i]), AUDIT_ENTRIES_MISSING);
    const struct audit_entry *at = audit_entries_first(&e, AUDIT_ENTRIES_MISSING);
    for (unsigned i = 0; i < 3; i++, at = audit_entries_next(&e, at))
        CU_ASSERT_EQUAL(at->sequence, moved[i]);
    CU_ASSERT_PTR_NULL(at);
    audit_entries_remove(&e, audit_entries_find(&e, 0, 1));
    at = audit_entries_next(&e, audit_entries_first(&e, AUDIT_ENTRIES_MISSING));
    CU_ASSERT_EQUAL(at->sequence, 5);
    CU_ASSERT_EQUAL(audit_entries_first(&e, AUDIT_ENTRIES_EARLY)->sequence, 2);
    CU_ASSERT_PTR_NULL(audit_entries_first(&e, AUDIT_ENTRIES_SETTLED));
    audit_entries_free(&e);
}

static void places_are_used_again(void) {
    struct audit_entries e = {0};
    for (uint32_t n = 1; n <= 10000; n++)
        audit_entries_remove(&e, audit_entries_add(&e, 0, n));
    CU_ASSERT_EQUAL(e.used, 1);
    CU_ASSERT(audit_entries_bytes(&e) < 16384);
    audit_entries_free(&e);
}

HARNESS_MAIN("metrics/audit_entries", HARNESS_CASE(what_was_added_is_found_until_it_is_removed),
             HARNESS_CASE(any_order_of_adding_and_removing_is_right), HARNESS_CASE(lists_keep_the_order_of_moving),
             HARNESS_CASE(places_are_used_again))
