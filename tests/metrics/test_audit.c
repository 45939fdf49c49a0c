#include "metrics/audit.h"

#include "harness.h"
#include "metrics/interval.h"

enum { GROUPS = 2, DEVICES = 100, TOPIC = 7 };
static instant edges[] = {INT64_MIN, 10 * SPAN_S};
static const struct segments segments = {edges, 2};

static struct audit *audit;
static struct result *found;

static void begin(void) {
    audit = audit_new(GROUPS, &segments, DEVICES);
    found = result_new(GROUPS, &segments);
}

static void end(void) {
    audit_free(audit);
    result_free(found);
}

/* A message that is emitted at `at`, and 2 ms later acknowledged. */
static struct audit_report message(uint32_t device, uint32_t sequence, instant at) {
    return (struct audit_report){.device = device,
                                 .sequence = sequence,
                                 .intended = at - SPAN_MS,
                                 .emitted = at,
                                 .ended = at + 2 * SPAN_MS,
                                 .group = (uint16_t)(device % GROUPS),
                                 .qos = 1,
                                 .verdict = AUDIT_OWED};
}

static void report(uint32_t device, uint32_t sequence, instant at, enum audit_verdict verdict) {
    struct audit_report r = message(device, sequence, at);
    r.verdict = (uint8_t)verdict;
    audit_report(audit, &r);
}

static void arrive_on(uint32_t device, uint32_t sequence, instant at, uint64_t topic, uint8_t qos) {
    audit_arrival(audit, &(struct audit_arrival){.device = device,
                                                 .sequence = sequence,
                                                 .intended = at - 2 * SPAN_MS,
                                                 .at = at,
                                                 .topic = topic,
                                                 .group = (uint16_t)(device % GROUPS),
                                                 .qos = qos});
}

static void arrive(uint32_t device, uint32_t sequence, instant at) {
    arrive_on(device, sequence, at, TOPIC, 1);
}

static void collect(void) {
    struct interval *i = audit_swap(audit, NULL, SPAN_S);
    result_add(found, i, SPAN_S);
    interval_free(i);
}

static uint64_t tally(enum tally_kind kind) {
    uint64_t sum = 0;
    for (size_t i = 0; i < found->tally_count; i++)
        sum += found->tallies[i].counts[kind];
    return sum;
}

static void counts(uint64_t audited, uint64_t received, uint64_t lost, uint64_t duplicated, uint64_t reordered,
                   uint64_t excluded) {
    collect();
    CU_ASSERT_EQUAL(tally(TALLY_AUDITED), audited);
    CU_ASSERT_EQUAL(tally(TALLY_AUDIT_RECEIVED), received);
    CU_ASSERT_EQUAL(tally(TALLY_LOST), lost);
    CU_ASSERT_EQUAL(tally(TALLY_AUDIT_DUPLICATED), duplicated);
    CU_ASSERT_EQUAL(tally(TALLY_AUDIT_REORDERED), reordered);
    CU_ASSERT_EQUAL(tally(TALLY_AUDIT_EXCLUDED), excluded);
}

static void a_message_that_arrives_is_received_whichever_side_comes_first(void) {
    begin();
    arrive(1, 1, SPAN_S + SPAN_MS);
    report(1, 1, SPAN_S, AUDIT_OWED);
    report(1, 2, 2 * SPAN_S, AUDIT_OWED);
    audit_settle(audit, 2 * SPAN_S);
    CU_ASSERT_TRUE(audit_waits(audit));
    arrive(1, 2, 3 * SPAN_S);
    CU_ASSERT_FALSE(audit_waits(audit));
    audit_close(audit);
    counts(2, 2, 0, 0, 0, 0);
    end();
}

static void what_is_owed_and_never_arrives_is_lost_when_the_run_closes(void) {
    begin();
    report(1, 1, SPAN_S, AUDIT_OWED);
    audit_settle(audit, 2 * SPAN_S);
    counts(0, 0, 0, 0, 0, 0);
    audit_close(audit);
    counts(1, 0, 1, 0, 0, 0);
    end();
}

static void what_is_excused_is_not_lost_and_may_arrive(void) {
    begin();
    report(1, 1, SPAN_S, AUDIT_FREE);
    report(1, 2, SPAN_S, AUDIT_FREE);
    audit_settle(audit, 2 * SPAN_S);
    CU_ASSERT_FALSE(audit_waits(audit));
    arrive(1, 2, 2 * SPAN_S);
    audit_close(audit);
    counts(2, 1, 0, 0, 0, 0);
    end();
}

static void what_was_never_sent_counts_nowhere(void) {
    begin();
    report(1, 1, SPAN_S, AUDIT_UNSENT);
    report(1, 2, SPAN_S, AUDIT_OWED);
    audit_settle(audit, 2 * SPAN_S);
    arrive(1, 2, 2 * SPAN_S);
    audit_close(audit);
    counts(1, 1, 0, 0, 0, 0);
    end();
}

static void copies_are_counted_before_and_after_the_report(void) {
    begin();
    arrive(1, 1, SPAN_S);
    arrive(1, 1, SPAN_S);
    report(1, 1, SPAN_S, AUDIT_OWED);
    audit_settle(audit, 2 * SPAN_S);
    arrive(1, 1, 2 * SPAN_S);
    report(1, 2, 3 * SPAN_S, AUDIT_OWED);
    audit_settle(audit, 4 * SPAN_S);
    arrive(1, 2, 4 * SPAN_S);
    arrive(1, 2, 4 * SPAN_S);
    audit_close(audit);
    counts(2, 2, 0, 3, 0, 0);
    end();
}

static void copies_that_the_device_sent_itself_are_its_own(void) {
    begin();
    report(1, 1, SPAN_S, AUDIT_SENT_ANEW);
    arrive(1, 2, SPAN_S);
    report(1, 2, SPAN_S, AUDIT_SENT_ANEW);
    audit_settle(audit, 2 * SPAN_S);
    arrive(1, 2, SPAN_S);
    arrive(1, 2, SPAN_S); /* one more than were sent */
    arrive(1, 1, SPAN_S);
    arrive(1, 1, SPAN_S);
    report(1, 1, SPAN_S, AUDIT_OWED);
    report(1, 2, SPAN_S, AUDIT_OWED);
    report(1, 3, SPAN_S, AUDIT_SENT_ANEW);
    report(1, 3, SPAN_S, AUDIT_OWED);
    audit_close(audit);
    counts(3, 2, 1, 1, 1, 0);
    end();
}

/* An observer that is behind: the device's report is there before the copies are. */
static void copies_that_the_device_sent_itself_may_come_late(void) {
    begin();
    report(1, 2, SPAN_S, AUDIT_SENT_ANEW);
    report(1, 2, SPAN_S, AUDIT_OWED);
    audit_settle(audit, 2 * SPAN_S);
    arrive(1, 2, 3 * SPAN_S);
    report(1, 1, SPAN_S, AUDIT_SENT_ANEW);
    report(1, 1, SPAN_S, AUDIT_OWED);
    audit_settle(audit, 4 * SPAN_S);
    arrive_on(1, 1, 5 * SPAN_S, TOPIC + 1, 1);
    for (uint32_t n = 1; n <= 2; n++) {
        arrive(1, n, 6 * SPAN_S);
        counts(2, 2, 0, n - 1, 0, 0);
        arrive(1, n, 7 * SPAN_S); /* one more than were sent */
        counts(2, 2, 0, n, 0, 0);
    }
    audit_close(audit);
    counts(2, 2, 0, 2, 0, 0);
    end();
}

/* Message 2 is acknowledged long before message 1. */
static void copies_are_known_behind_a_message_that_is_still_open(void) {
    begin();
    arrive(1, 2, SPAN_S);
    report(1, 2, SPAN_S, AUDIT_OWED);
    report(1, 3, SPAN_S, AUDIT_OWED);
    audit_settle(audit, 2 * SPAN_S);
    arrive(1, 2, 3 * SPAN_S);
    arrive(1, 3, 3 * SPAN_S);
    arrive(1, 3, 3 * SPAN_S);
    arrive(1, 1, 4 * SPAN_S);
    report(1, 1, SPAN_S, AUDIT_OWED);
    audit_settle(audit, 5 * SPAN_S);
    arrive(1, 3, 6 * SPAN_S);
    arrive(1, 1, 6 * SPAN_S);
    audit_close(audit);
    counts(3, 3, 0, 4, 1, 0);
    CU_ASSERT(audit_bytes(audit) > 0);
    end();
}

static void a_first_copy_below_one_that_has_arrived_is_reordered(void) {
    begin();
    static const uint32_t order[] = {1, 3, 2, 6, 4, 5, 5, 7};
    for (unsigned i = 0; i < 8; i++)
        arrive(1, order[i], SPAN_S + i * SPAN_MS);
    for (uint32_t n = 1; n <= 7; n++)
        report(1, n, SPAN_S, AUDIT_OWED);
    audit_close(audit);
    counts(7, 7, 0, 1, 3, 0);
    end();
}

static void order_is_of_one_device_topic_and_qos(void) {
    begin();
    arrive_on(1, 9, SPAN_S, TOPIC, 1);
    arrive_on(1, 8, SPAN_S, TOPIC + 1, 1);
    arrive_on(1, 7, SPAN_S, TOPIC, 0);
    arrive_on(2, 1, SPAN_S, TOPIC, 1);
    arrive_on(1, 6, SPAN_S, 0, 1); /* topic 0: not followed */
    arrive_on(1, 5, SPAN_S, TOPIC, 1);
    for (uint32_t n = 1; n <= 9; n++)
        report(1, n, SPAN_S, n < 5 ? AUDIT_UNSENT : AUDIT_OWED);
    report(2, 1, SPAN_S, AUDIT_OWED);
    audit_close(audit);
    counts(6, 6, 0, 0, 1, 0);
    end();
}

static void messages_of_a_gap_are_out_of_the_audit_whatever_became_of_them(void) {
    begin();
    audit_gap(audit, AUDIT_GAP_CONNECTION, 5 * SPAN_S, INSTANT_NEVER);
    audit_gap(audit, AUDIT_GAP_CONNECTION, 5 * SPAN_S, 6 * SPAN_S);
    report(1, 1, SPAN_S, AUDIT_OWED); /* long before: lost */
    report(1, 2, 5500 * SPAN_MS, AUDIT_OWED);
    report(1, 3, 5600 * SPAN_MS, AUDIT_OWED);
    report(1, 4, 7 * SPAN_S, AUDIT_OWED);
    report(1, 5, 7 * SPAN_S, AUDIT_OWED); /* after: lost */
    audit_settle(audit, 8 * SPAN_S);
    arrive(1, 3, 6500 * SPAN_MS);
    arrive(1, 4, 7 * SPAN_S + SPAN_MS);
    audit_close(audit);
    counts(3, 1, 2, 0, 0, 2);
    const struct audit_gap *gaps;
    CU_ASSERT_EQUAL_FATAL(audit_gaps_told(audit, &gaps), 1);
    CU_ASSERT_EQUAL(gaps[0].messages, 2);
    CU_ASSERT_EQUAL(gaps[0].to, 6 * SPAN_S);
    end();
}

/* A backend that hangs answers neither devices nor observer. */
static void what_was_never_acknowledged_is_lost_in_a_gap_too(void) {
    begin();
    audit_gap(audit, AUDIT_GAP_CONNECTION, 5 * SPAN_S, INSTANT_NEVER);
    report(1, 1, 6 * SPAN_S, AUDIT_UNANSWERED);
    report(1, 2, 6 * SPAN_S, AUDIT_OWED);
    report(1, 3, 6 * SPAN_S, AUDIT_FREE);
    audit_settle(audit, 7 * SPAN_S);
    CU_ASSERT_TRUE(audit_waits(audit));
    audit_close(audit);
    counts(1, 0, 1, 0, 0, 2);
    end();
}

/* The slowest message so far took 2 s: one that was sent 2.5 s before the gap may have been on its way into it. */
static void a_missing_message_whose_way_led_into_a_gap_is_out_of_the_audit(void) {
    begin();
    arrive(1, 1, 3 * SPAN_S);
    report(1, 1, SPAN_S, AUDIT_OWED);
    audit_gap(audit, AUDIT_GAP_CONNECTION, 10 * SPAN_S, 11 * SPAN_S);
    report(1, 2, 7500 * SPAN_MS, AUDIT_OWED);
    report(1, 3, 5 * SPAN_S, AUDIT_OWED);
    report(1, 4, 7500 * SPAN_MS, AUDIT_OWED);
    audit_settle(audit, 11 * SPAN_S);
    arrive(1, 4, 7600 * SPAN_MS);
    audit_close(audit);
    counts(3, 2, 1, 0, 0, 1);
    end();
}

static void copies_that_come_in_a_gap_are_not_counted(void) {
    begin();
    arrive(1, 1, SPAN_S);
    report(1, 1, SPAN_S, AUDIT_OWED);
    audit_settle(audit, 2 * SPAN_S);
    audit_gap(audit, AUDIT_GAP_QUEUE, 3 * SPAN_S, 4 * SPAN_S);
    arrive(1, 1, 3500 * SPAN_MS);
    arrive(1, 1, 9 * SPAN_S);
    audit_close(audit);
    counts(1, 1, 0, 1, 0, 0);
    end();
}

/* `sent` messages fall due between 5 s and 6 s, of which every second one never comes. */
static void stall(unsigned sent) {
    begin();
    audit_gap(audit, AUDIT_GAP_STALL, 5 * SPAN_S, 6 * SPAN_S);
    for (uint32_t n = 1; n <= sent; n++) {
        if (n % 2 == 0)
            arrive(1, n, 6 * SPAN_S);
        report(1, n, 5 * SPAN_S + (instant)n * (SPAN_S / (sent + 2)), AUDIT_OWED);
    }
    audit_settle(audit, 7 * SPAN_S);
    audit_close(audit);
}

static void a_stall_counts_only_when_more_than_500_messages_fell_due(void) {
    stall(AUDIT_STALL_MESSAGES);
    counts(500, 250, 250, 0, 0, 0);
    end();
    stall(AUDIT_STALL_MESSAGES + 1);
    counts(0, 0, 0, 0, 0, 501);
    end();
}

/* The second of the stall is complete before the first answer is in. */
static void a_stall_whose_messages_end_later_loses_nothing(void) {
    begin();
    audit_gap(audit, AUDIT_GAP_STALL, 5 * SPAN_S, 6 * SPAN_S);
    audit_settle(audit, 6 * SPAN_S);
    for (uint32_t n = 1; n <= AUDIT_STALL_MESSAGES + 1; n++)
        report(1, n, 5 * SPAN_S + (instant)n * SPAN_MS, AUDIT_OWED);
    audit_settle(audit, 7 * SPAN_S);
    CU_ASSERT_FALSE(audit_waits(audit));
    audit_close(audit);
    counts(0, 0, 0, 0, 0, AUDIT_STALL_MESSAGES + 1);
    end();
}

/* A worker that stood still, too, is two seconds behind with its reports. */
static void a_stall_waits_for_the_reports_of_every_worker(void) {
    int workers[2];
    begin();
    audit_gap(audit, AUDIT_GAP_STALL, 5 * SPAN_S, 6 * SPAN_S);
    for (int w = 0; w < 2; w++) {
        struct interval *i = interval_new(GROUPS);
        i->owner = &workers[w];
        i->at = w == 0 ? 7 * SPAN_S : 5 * SPAN_S;
        audit_interval(audit, i);
        interval_free(i);
    }
    report(1, 1, SPAN_S, AUDIT_OWED);
    audit_settle(audit, 7 * SPAN_S);
    counts(0, 0, 0, 0, 0, 0); /* it waits */
    CU_ASSERT_TRUE(audit_waits(audit));
    for (uint32_t n = 2; n <= AUDIT_STALL_MESSAGES + 2; n++)
        report(1, n, 5 * SPAN_S + (instant)n * SPAN_MS, AUDIT_OWED);
    struct interval *late = interval_new(GROUPS);
    late->owner = &workers[1];
    late->at = 7 * SPAN_S;
    audit_interval(audit, late);
    interval_free(late);
    audit_settle(audit, 8 * SPAN_S);
    audit_close(audit);
    counts(1, 0, 1, 0, 0, AUDIT_STALL_MESSAGES + 1);
    end();
}

static void qos_0_that_its_own_link_cut_off_is_not_lost(void) {
    begin();
    static const instant at[] = {SPAN_S, 29 * SPAN_S, 31 * SPAN_S};
    for (uint32_t n = 1; n <= 3; n++) {
        struct audit_report r = message(1, n, at[n - 1]);
        r.qos = 0;
        audit_report(audit, &r);
    }
    audit_report(audit, &(struct audit_report){.device = 1, .emitted = 30 * SPAN_S, .verdict = AUDIT_CUT});
    report(1, 4, 29 * SPAN_S, AUDIT_OWED); /* QoS 1 was acknowledged: it is lost all the same */
    audit_close(audit);
    counts(4, 0, 3, 0, 0, 0);
    end();
}

/* Devices that their links cut off for days: what was cut off stays excused, and the cuts take no memory without end. */
static void cuts_are_forgotten_when_they_have_said_what_they_know(void) {
    begin();
    for (uint32_t device = 1; device <= 2; device++) {
        struct audit_report r = message(device, 1, 29 * SPAN_S);
        r.qos = 0;
        audit_report(audit, &r);
    }
    for (uint32_t n = 0; n <= 2 * AUDIT_CUTS_MAX; n++) {
        instant at = n == 0 ? 30 * SPAN_S : (1000 + n) * SPAN_S; /* the first is of device 1, no other soon enough */
        audit_report(audit, &(struct audit_report){.device = (1 + n) % DEVICES, .emitted = at, .verdict = AUDIT_CUT});
        if (n % 10000 == 0)
            audit_settle(audit, at);
    }
    CU_ASSERT(audit_bytes(audit) < (size_t)AUDIT_CUTS_MAX * 48);
    audit_close(audit);
    counts(2, 0, 1, 0, 0, 0);
    end();
}

static void counts_are_of_group_qos_and_segment_of_the_intended_instant(void) {
    begin();
    struct audit_report r = message(1, 1, 10 * SPAN_S + SPAN_MS / 2); /* intended before the edge */
    audit_report(audit, &r);
    r = message(2, 1, 20 * SPAN_S);
    r.qos = 2;
    audit_report(audit, &r);
    audit_close(audit);
    collect();
    CU_ASSERT_EQUAL_FATAL(found->tally_count, 2);
    CU_ASSERT(found->tallies[0].group == 1 && found->tallies[0].qos == 1 && found->tallies[0].segment == 0);
    CU_ASSERT(found->tallies[1].group == 0 && found->tallies[1].qos == 2 && found->tallies[1].segment == 1);
    end();
}

static void end_to_end_runs_from_the_intended_instant_in_the_senders_cell(void) {
    begin();
    struct audit_report r = message(1, 1, 5 * SPAN_S);
    r.held = OP_HELD_GUARD;
    r.excluded = 2;
    audit_report(audit, &r);
    arrive(1, 1, 5 * SPAN_S + 9 * SPAN_MS);
    audit_close(audit);
    collect();
    struct cell_key key = {.group = 1, .op = OP_MQTT_END_TO_END, .qos = 1, .held = 1, .excluded = 2};
    const struct series *s = result_series(found, key, false);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s);
    CU_ASSERT_EQUAL(s->outcomes[OP_OK], 1);
    CU_ASSERT_EQUAL(s->clocks[CLOCK_RESPONSE]->sum_ns, 10 * SPAN_MS);
    end();
}

static void a_gap_takes_its_latencies_with_it(void) {
    begin();
    audit_gap(audit, AUDIT_GAP_QUEUE, 5 * SPAN_S, 6 * SPAN_S);
    arrive(1, 1, 8 * SPAN_S);
    report(1, 1, 5500 * SPAN_MS, AUDIT_OWED);
    audit_close(audit);
    collect();
    CU_ASSERT_EQUAL(found->series_count, 0);
    end();
}

/* The reports of one interval that had no room for all. */
static void lost_reports_end_the_audit(void) {
    begin();
    struct audit_report known = message(1, 1, SPAN_S);
    struct interval *i = interval_new(GROUPS);
    i->reports = interval_grow(i->reports, &i->report_room, 1, sizeof *i->reports);
    i->reports[0] = known;
    i->report_count = 1;
    i->reports_omitted = 3;
    i->reports_omitted_from = SPAN_S;
    audit_interval(audit, i);
    interval_free(i);
    audit_settle(audit, 2 * SPAN_S);
    arrive(1, 1, 2 * SPAN_S);
    report(1, 6, 3 * SPAN_S, AUDIT_OWED);
    CU_ASSERT_FALSE(audit_waits(audit));
    audit_close(audit);
    counts(0, 0, 0, 0, 0, 2);
    const struct audit_gap *gaps;
    CU_ASSERT_EQUAL_FATAL(audit_gaps_told(audit, &gaps), 1);
    CU_ASSERT_EQUAL((int)gaps[0].kind, AUDIT_GAP_REPORTS);
    CU_ASSERT_EQUAL(gaps[0].from, SPAN_S);
    end();
}

/* A long run of messages that arrive out of turn, twice, or never: the counts are exact and the memory is that of what is open. */
static void counts_are_exact_over_many_messages(void) {
    enum { MANY = 200000 };
    begin();
    uint64_t lost = 0, twice = 0, late = 0;
    for (uint32_t n = 1; n <= MANY; n++) {
        uint32_t device = n % 50, sequence = (n - 1) / 50 + 1;
        instant at = (instant)n * SPAN_MS;
        bool drop = n % 997 == 0, hold = n % 1009 == 0 && n % 50 != 0;
        lost += drop;
        report(device, sequence, at, AUDIT_OWED);
        if (!drop && !hold) {
            arrive(device, sequence, at + SPAN_MS);
            if (n % 911 == 0) {
                arrive(device, sequence, at + SPAN_MS);
                twice++;
            }
        }
        if (n > 50 && (n - 50) % 1009 == 0 && (n - 50) % 50 != 0 && (n - 50) % 997 != 0) { /* overtaken by this one */
            arrive(device, sequence - 1, at + 2 * SPAN_MS);
            late += !drop;
        }
        if (n % 1000 == 0)
            audit_settle(audit, at);
    }
    audit_close(audit);
    collect();
    CU_ASSERT_EQUAL(tally(TALLY_AUDITED), MANY);
    CU_ASSERT_EQUAL(tally(TALLY_AUDIT_DUPLICATED), twice);
    CU_ASSERT_EQUAL(tally(TALLY_AUDIT_REORDERED), late);
    CU_ASSERT(tally(TALLY_LOST) >= lost && tally(TALLY_LOST) <= lost + 2); /* the last ones that were held back */
    CU_ASSERT(audit_bytes(audit) < (size_t)4 << 20);
    end();
}

static void foreign_numbers_are_ignored(void) {
    begin();
    arrive(DEVICES, 1, SPAN_S);
    arrive(1, 0, SPAN_S);
    report(1, 1, SPAN_S, AUDIT_OWED);
    report(1, 1, SPAN_S, AUDIT_OWED); /* twice: the first counts */
    audit_close(audit);
    counts(1, 0, 1, 0, 0, 0);
    end();
}

HARNESS_MAIN("metrics/audit", HARNESS_CASE(a_message_that_arrives_is_received_whichever_side_comes_first),
             HARNESS_CASE(what_is_owed_and_never_arrives_is_lost_when_the_run_closes),
             HARNESS_CASE(what_is_excused_is_not_lost_and_may_arrive), HARNESS_CASE(what_was_never_sent_counts_nowhere),
             HARNESS_CASE(copies_are_counted_before_and_after_the_report),
             HARNESS_CASE(copies_that_the_device_sent_itself_are_its_own),
             HARNESS_CASE(copies_that_the_device_sent_itself_may_come_late),
             HARNESS_CASE(copies_are_known_behind_a_message_that_is_still_open),
             HARNESS_CASE(a_first_copy_below_one_that_has_arrived_is_reordered),
             HARNESS_CASE(order_is_of_one_device_topic_and_qos),
             HARNESS_CASE(messages_of_a_gap_are_out_of_the_audit_whatever_became_of_them),
             HARNESS_CASE(what_was_never_acknowledged_is_lost_in_a_gap_too),
             HARNESS_CASE(a_missing_message_whose_way_led_into_a_gap_is_out_of_the_audit),
             HARNESS_CASE(copies_that_come_in_a_gap_are_not_counted),
             HARNESS_CASE(a_stall_counts_only_when_more_than_500_messages_fell_due),
             HARNESS_CASE(a_stall_whose_messages_end_later_loses_nothing),
             HARNESS_CASE(a_stall_waits_for_the_reports_of_every_worker),
             HARNESS_CASE(qos_0_that_its_own_link_cut_off_is_not_lost),
             HARNESS_CASE(cuts_are_forgotten_when_they_have_said_what_they_know),
             HARNESS_CASE(counts_are_of_group_qos_and_segment_of_the_intended_instant),
             HARNESS_CASE(end_to_end_runs_from_the_intended_instant_in_the_senders_cell),
             HARNESS_CASE(a_gap_takes_its_latencies_with_it), HARNESS_CASE(lost_reports_end_the_audit),
             HARNESS_CASE(counts_are_exact_over_many_messages), HARNESS_CASE(foreign_numbers_are_ignored))
