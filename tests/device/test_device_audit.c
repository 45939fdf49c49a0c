#include "device/device_audit.h"

#include "device/behaviour.h"
#include "harness.h"
#include "metrics/audit.h"
#include "metrics/interval.h"
#include "rig.h"

static struct rig r;
static const uint64_t everybody[] = {UINT64_MAX}, nobody[] = {0};

static void begin(const uint64_t *audited) {
    rig_make(&r);
    r.telemetry.observed = true;
    rig_begin(&r, INSTANT_NEVER);
    r.host.audited = audited;
    step_begin(&r.host.step, 9 * SPAN_S, 9 * SPAN_S);
}

static struct op op_of(uint8_t qos, uint8_t stream) {
    return (struct op){.intended = 5 * SPAN_S,
                       .emitted = 6 * SPAN_S,
                       .n = 7,
                       .kind = OP_MQTT_PUBLISH,
                       .qos = qos,
                       .held = OP_HELD_WINDOW,
                       .stream = stream};
}

static struct interval *swap(void) {
    return recorder_swap(r.host.recorder, NULL, 10 * SPAN_S);
}

static void end(struct interval *i) {
    interval_free(i);
    rig_free(&r);
}

/* The verdict of the only report; −1: there is none. */
static int verdict(uint8_t qos, uint8_t stream, enum audit_verdict said) {
    struct op op = op_of(qos, stream);
    device_audit_ended(&r.host, &r.slot, &op, said, 0);
    struct interval *i = swap();
    int found = i->report_count == 1 ? i->reports[0].verdict : -1;
    interval_free(i);
    return found;
}

static void nobody_reports_unless_asked(void) {
    static const uint64_t *const silent[] = {NULL, nobody};
    for (int i = 0; i < 2; i++) {
        begin(silent[i]);
        CU_ASSERT_EQUAL(verdict(1, 0, AUDIT_OWED), -1);
        device_audit_cut(&r.host, &r.slot);
        struct interval *interval = swap();
        CU_ASSERT_EQUAL(interval->report_count, 0);
        end(interval);
    }
}

static void a_report_says_all_that_the_audit_needs(void) {
    begin(everybody);
    struct op op = op_of(1, 0);
    CU_ASSERT_TRUE(device_audit_ended(&r.host, &r.slot, &op, AUDIT_OWED, 3));
    struct interval *i = swap();
    CU_ASSERT_EQUAL_FATAL(i->report_count, 1);
    const struct audit_report *report = &i->reports[0];
    CU_ASSERT(report->device == r.life.id && report->sequence == 7 && report->group == r.life.group);
    CU_ASSERT(report->intended == 5 * SPAN_S && report->emitted == 6 * SPAN_S && report->ended == 9 * SPAN_S);
    CU_ASSERT(report->qos == 1 && report->excluded == 3 && report->held == OP_HELD_WINDOW);
    end(i);
}

static void the_verdict_follows_from_the_end(void) {
    begin(everybody);
    CU_ASSERT_EQUAL(verdict(1, 0, AUDIT_OWED), AUDIT_OWED);
    CU_ASSERT_EQUAL(verdict(1, 0, AUDIT_FREE), AUDIT_FREE);
    CU_ASSERT_EQUAL(verdict(1, 0, AUDIT_UNANSWERED), AUDIT_UNANSWERED);
    CU_ASSERT_EQUAL(verdict(1, 0, AUDIT_UNSENT), AUDIT_UNSENT);
    CU_ASSERT_EQUAL(verdict(0, 0, AUDIT_OWED), AUDIT_OWED);
    CU_ASSERT_EQUAL(verdict(0, UINT8_MAX, AUDIT_OWED), AUDIT_OWED); /* a burst: the first stream's */
    r.telemetry.observed = false;
    CU_ASSERT_EQUAL(verdict(1, 0, AUDIT_OWED), AUDIT_UNSENT);
    struct op op = op_of(1, 0);
    CU_ASSERT_FALSE(device_audit_ended(&r.host, &r.slot, &op, AUDIT_OWED, 0)); /* acknowledgements must do */
    end(swap());
}

static void qos_0_into_a_cut_link_is_owed_to_nobody(void) {
    begin(everybody);
    r.slot.behaviour->cuts = 1;
    CU_ASSERT_EQUAL(verdict(0, 0, AUDIT_OWED), AUDIT_FREE);
    CU_ASSERT_EQUAL(verdict(1, 0, AUDIT_OWED), AUDIT_OWED);
    end(swap());
}

static void a_cut_is_reported_with_its_instant(void) {
    begin(everybody);
    device_audit_cut(&r.host, &r.slot);
    struct interval *i = swap();
    CU_ASSERT_EQUAL_FATAL(i->report_count, 1);
    CU_ASSERT(i->reports[0].verdict == AUDIT_CUT && i->reports[0].emitted == 9 * SPAN_S);
    end(i);
}

/* Every number of a device is reported exactly once, whatever becomes of its messages. */
static void each_message_is_reported_once(void) {
    rig_make(&r);
    r.telemetry.observed = true;
    r.profile.buffer.messages = 2;
    r.host.audited = everybody;
    rig_begin(&r, 0);
    r.host.audited = everybody;
    rig_due(&r, 0);
    rig_run(&r, 5 * SPAN_S + SPAN_MS); /* offline: the oldest are dropped */
    rig_online(&r, 6 * SPAN_S, false);
    rig_run(&r, 9 * SPAN_S);
    rig_lose(&r, 9 * SPAN_S + SPAN_MS, CLOSE_RESET);
    step_begin(&r.host.step, 10 * SPAN_S, 10 * SPAN_S);
    while (device_finish(&r.host, &r.slot))
        step_begin(&r.host.step, 10 * SPAN_S, 10 * SPAN_S);
    struct interval *i = swap();
    uint32_t seen = 0;
    for (uint32_t n = 0; n < i->report_count; n++)
        if (i->reports[n].verdict != AUDIT_CUT) {
            CU_ASSERT_FALSE(seen & 1U << i->reports[n].sequence);
            seen |= 1U << i->reports[n].sequence;
        }
    uint32_t last = r.slot.behaviour->sequence;
    CU_ASSERT(last >= 8);
    CU_ASSERT_EQUAL(seen, (1U << (last + 1)) - 2);
    end(i);
}

HARNESS_MAIN("device/device_audit", HARNESS_CASE(nobody_reports_unless_asked),
             HARNESS_CASE(a_report_says_all_that_the_audit_needs), HARNESS_CASE(the_verdict_follows_from_the_end),
             HARNESS_CASE(qos_0_into_a_cut_link_is_owed_to_nobody), HARNESS_CASE(a_cut_is_reported_with_its_instant),
             HARNESS_CASE(each_message_is_reported_once))
