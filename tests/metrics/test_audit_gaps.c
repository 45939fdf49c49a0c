#include "metrics/audit_gaps.h"

#include <stdlib.h>

#include "harness.h"

static struct audit_gaps *g;

static void begin(void) {
    g = calloc(1, sizeof *g);
    CU_ASSERT_FATAL(g != NULL && audit_gaps_init(g) == 0);
}

static void end(void) {
    audit_gaps_free(g);
    free(g);
}

static void gaps_are_found_by_any_instant_in_common(void) {
    begin();
    audit_gaps_add(g, AUDIT_GAP_CONNECTION, 10 * SPAN_S, 20 * SPAN_S);
    audit_gaps_add(g, AUDIT_GAP_CONNECTION, 30 * SPAN_S, INSTANT_NEVER);
    CU_ASSERT_EQUAL(audit_gaps_find(g, 0, 10 * SPAN_S - 1), AUDIT_GAPS_NONE);
    CU_ASSERT_EQUAL(audit_gaps_find(g, 0, 10 * SPAN_S), 0);
    CU_ASSERT_EQUAL(audit_gaps_find(g, 15 * SPAN_S, 15 * SPAN_S), 0);
    CU_ASSERT_EQUAL(audit_gaps_find(g, 20 * SPAN_S, 25 * SPAN_S), 0);
    CU_ASSERT_EQUAL(audit_gaps_find(g, 20 * SPAN_S + 1, 25 * SPAN_S), AUDIT_GAPS_NONE);
    CU_ASSERT_EQUAL(audit_gaps_find(g, 99 * SPAN_S, 99 * SPAN_S), 1);
    end();
}

static void our_own_slowness_lasts_until_the_backlog_is_worked_off(void) {
    begin();
    audit_gaps_add(g, AUDIT_GAP_QUEUE, 10 * SPAN_S, 11 * SPAN_S);
    audit_gaps_add(g, AUDIT_GAP_STALL, 20 * SPAN_S, 20 * SPAN_S + 30 * SPAN_MS);
    CU_ASSERT_EQUAL(audit_gaps_find(g, 12 * SPAN_S, 13 * SPAN_S), 0);
    CU_ASSERT_EQUAL(audit_gaps_find(g, 12 * SPAN_S + 1, 13 * SPAN_S), AUDIT_GAPS_NONE);
    CU_ASSERT_EQUAL(audit_gaps_find(g, 20130 * SPAN_MS, 21 * SPAN_S), 1);
    CU_ASSERT_EQUAL(audit_gaps_find(g, 20131 * SPAN_MS, 21 * SPAN_S), AUDIT_GAPS_NONE);
    end();
}

static void a_gap_that_is_told_again_has_a_new_end(void) {
    begin();
    audit_gaps_add(g, AUDIT_GAP_CONNECTION, 10 * SPAN_S, INSTANT_NEVER);
    audit_gaps_add(g, AUDIT_GAP_CONNECTION, 10 * SPAN_S, 12 * SPAN_S);
    CU_ASSERT_EQUAL(g->count, 1);
    CU_ASSERT_EQUAL(g->gaps[0].to, 12 * SPAN_S);
    end();
}

static void gaps_of_a_kind_that_touch_become_one(void) {
    begin();
    audit_gaps_add(g, AUDIT_GAP_STALL, SPAN_S, 2 * SPAN_S);
    audit_gaps_add(g, AUDIT_GAP_STALL, 2 * SPAN_S, 3 * SPAN_S);
    audit_gaps_add(g, AUDIT_GAP_CONNECTION, 2 * SPAN_S, 3 * SPAN_S);
    CU_ASSERT_EQUAL(g->count, 2);
    CU_ASSERT_EQUAL(g->gaps[0].to, 3 * SPAN_S);
    end();
}

static void too_many_gaps_lose_their_distances_and_no_time(void) {
    begin();
    for (int i = 0; i < AUDIT_GAPS_MAX; i++)
        audit_gaps_add(g, AUDIT_GAP_CONNECTION, i * 10 * SPAN_S, i * 10 * SPAN_S + SPAN_S);
    audit_gaps_add(g, AUDIT_GAP_STALL, 12 * SPAN_S, 14 * SPAN_S); /* 1 s behind the second one */
    CU_ASSERT_EQUAL(g->count, AUDIT_GAPS_MAX);
    CU_ASSERT_EQUAL(audit_gaps_find(g, 11500 * SPAN_MS, 11500 * SPAN_MS), 1);
    CU_ASSERT_EQUAL((int)g->gaps[1].kind, AUDIT_GAP_STALL); /* the longer of the two */
    end();
}

/* The nearest two become one, but not while it would be forgotten which end belongs to which. */
static void a_gap_that_goes_on_ends_however_many_there_are(void) {
    begin();
    for (int i = 0; i < AUDIT_GAPS_MAX; i++)
        audit_gaps_add(g, AUDIT_GAP_CONNECTION, i * 10 * SPAN_S, i * 10 * SPAN_S + SPAN_S);
    instant last = AUDIT_GAPS_MAX * 10 * SPAN_S, from = last - 8 * SPAN_S; /* 1 s behind the one before */
    audit_gaps_add(g, AUDIT_GAP_CONNECTION, from, INSTANT_NEVER);
    CU_ASSERT_EQUAL(g->count, AUDIT_GAPS_MAX);
    CU_ASSERT(audit_gaps_find(g, last + SPAN_H, last + SPAN_H) != AUDIT_GAPS_NONE);
    audit_gaps_add(g, AUDIT_GAP_CONNECTION, from, last);
    CU_ASSERT(audit_gaps_find(g, last, last) != AUDIT_GAPS_NONE);
    CU_ASSERT_EQUAL(audit_gaps_find(g, last + 1, last + SPAN_H), AUDIT_GAPS_NONE);
    end();
}

/* Two observers, of which the second is away for longer. */
static void gaps_that_go_on_end_each_by_itself(void) {
    begin();
    audit_gaps_add(g, AUDIT_GAP_CONNECTION, 10 * SPAN_S, INSTANT_NEVER);
    audit_gaps_add(g, AUDIT_GAP_CONNECTION, 12 * SPAN_S, INSTANT_NEVER);
    audit_gaps_add(g, AUDIT_GAP_CONNECTION, 10 * SPAN_S, 15 * SPAN_S);
    CU_ASSERT(audit_gaps_find(g, 16 * SPAN_S, 16 * SPAN_S) != AUDIT_GAPS_NONE);
    audit_gaps_add(g, AUDIT_GAP_CONNECTION, 12 * SPAN_S, 20 * SPAN_S);
    CU_ASSERT_EQUAL_FATAL(g->count, 1);
    CU_ASSERT(g->gaps[0].from == 10 * SPAN_S && g->gaps[0].to == 20 * SPAN_S);
    end();
}

static void a_suspect_is_decided_when_its_time_is_known(void) {
    begin();
    for (int i = 0; i < 2 * AUDIT_STALL_MESSAGES; i++)
        audit_gaps_due(g, 10 * SPAN_S + i * SPAN_MS, 10 * SPAN_S + i * SPAN_MS);
    audit_gaps_suspect(g, 10 * SPAN_S, 10400 * SPAN_MS); /* some 400 messages */
    audit_gaps_suspect(g, 10 * SPAN_S, 10600 * SPAN_MS); /* some 600 */
    audit_gaps_decide(g, 10500 * SPAN_MS);
    CU_ASSERT_EQUAL(g->count, 0);
    audit_gaps_decide(g, 11 * SPAN_S);
    CU_ASSERT_EQUAL_FATAL(g->count, 1);
    CU_ASSERT_EQUAL(g->gaps[0].to, 10600 * SPAN_MS);
    CU_ASSERT_EQUAL(g->suspect_count, 0);
    end();
}

/* The messages of a stall end behind it, and are reported when they have ended. */
static void a_suspect_that_was_cleared_becomes_a_gap_when_more_is_told(void) {
    begin();
    audit_gaps_suspect(g, 10 * SPAN_S, 11 * SPAN_S);
    audit_gaps_decide(g, 11 * SPAN_S);
    CU_ASSERT(g->count == 0 && g->suspect_count == 0);
    for (int i = 0; i <= AUDIT_STALL_MESSAGES; i++)
        audit_gaps_due(g, 10 * SPAN_S + i * SPAN_MS, 10 * SPAN_S + i * SPAN_MS);
    audit_gaps_decide(g, 12 * SPAN_S);
    CU_ASSERT_EQUAL(g->count, 1);
    audit_gaps_decide(g, 13 * SPAN_S);
    CU_ASSERT_EQUAL(g->count, 1);
    CU_ASSERT(g->gaps[0].from == 10 * SPAN_S && g->gaps[0].to == 11 * SPAN_S);
    end();
}

static void the_oldest_of_too_many_cleared_suspects_is_forgotten(void) {
    begin();
    for (int i = 0; i <= AUDIT_GAPS_CLEARED_MAX; i++) {
        audit_gaps_suspect(g, i * 40 * SPAN_MS, i * 40 * SPAN_MS + 20 * SPAN_MS);
        audit_gaps_decide(g, i * 40 * SPAN_MS + 20 * SPAN_MS);
    }
    for (int i = 0; i <= AUDIT_STALL_MESSAGES; i++) {
        audit_gaps_due(g, 0, 0);
        audit_gaps_due(g, 40 * SPAN_MS, 40 * SPAN_MS);
    }
    audit_gaps_decide(g, 100 * SPAN_S);
    CU_ASSERT_EQUAL_FATAL(g->count, 1);
    CU_ASSERT_EQUAL(g->gaps[0].from, 40 * SPAN_MS);
    end();
}

/* A burst that waited for its devices: it falls due long before, and is in the way when it is sent. */
static void messages_count_when_they_are_meant_and_when_they_are_sent(void) {
    begin();
    for (int i = 0; i <= AUDIT_STALL_MESSAGES; i++)
        audit_gaps_due(g, 10 * SPAN_S, 20 * SPAN_S);
    audit_gaps_suspect(g, 9900 * SPAN_MS, 10100 * SPAN_MS);
    audit_gaps_suspect(g, 15 * SPAN_S, 16 * SPAN_S);
    audit_gaps_suspect(g, 19900 * SPAN_MS, 20100 * SPAN_MS);
    audit_gaps_decide(g, 30 * SPAN_S);
    CU_ASSERT_EQUAL(g->count, 2);
    end();
}

static void the_ring_forgets_what_is_long_past(void) {
    begin();
    for (int i = 0; i <= AUDIT_STALL_MESSAGES; i++)
        audit_gaps_due(g, SPAN_S, SPAN_S);
    audit_gaps_due(g, 1000 * SPAN_S, 1000 * SPAN_S);
    for (int i = 0; i <= AUDIT_STALL_MESSAGES; i++)
        audit_gaps_due(g, 2 * SPAN_S, 1100 * SPAN_S); /* too old to be counted there */
    audit_gaps_suspect(g, 900 * SPAN_S, 1050 * SPAN_S);
    audit_gaps_suspect(g, 0, 10 * SPAN_S);
    audit_gaps_decide(g, INSTANT_NEVER);
    CU_ASSERT_EQUAL(g->count, 0);
    CU_ASSERT(audit_gaps_bytes(g) > 0);
    end();
}

HARNESS_MAIN("metrics/audit_gaps", HARNESS_CASE(gaps_are_found_by_any_instant_in_common),
             HARNESS_CASE(our_own_slowness_lasts_until_the_backlog_is_worked_off),
             HARNESS_CASE(a_gap_that_is_told_again_has_a_new_end), HARNESS_CASE(gaps_of_a_kind_that_touch_become_one),
             HARNESS_CASE(too_many_gaps_lose_their_distances_and_no_time),
             HARNESS_CASE(a_gap_that_goes_on_ends_however_many_there_are),
             HARNESS_CASE(gaps_that_go_on_end_each_by_itself),
             HARNESS_CASE(a_suspect_is_decided_when_its_time_is_known),
             HARNESS_CASE(a_suspect_that_was_cleared_becomes_a_gap_when_more_is_told),
             HARNESS_CASE(the_oldest_of_too_many_cleared_suspects_is_forgotten),
             HARNESS_CASE(messages_count_when_they_are_meant_and_when_they_are_sent),
             HARNESS_CASE(the_ring_forgets_what_is_long_past))
