#include "harness.h"
#include "metrics/audit.h"
#include "report/page.h"
#include "scenario/plan_observe.h"

static struct page p;

static void count(unsigned group, enum tally_kind kind, uint64_t n) {
    struct recorder *r = recorder_new(SAMPLE_GROUPS, &p.s.plan.segments);
    recorder_tally(r, group, 10 * SPAN_S, kind, n);
    struct interval *i = recorder_swap(r, NULL, 10 * SPAN_S);
    result_add(p.s.result, i, SPAN_MS);
    interval_free(i);
    recorder_free(r);
}

static void without_an_observer_there_is_no_section(void) {
    page_begin(&p, 0);
    html_audit(&p.out, &p.s.report);
    CU_ASSERT_EQUAL(p.out.size, 0);
    page_end(&p);
}

static void each_fleet_tells_what_arrived_and_what_did_not(void) {
    struct plan_observe observe = {.audited = 6, .candidates = 8};
    page_begin(&p, 0);
    p.s.plan.observe = &observe;
    p.s.facts.audit.granted = 1;
    count(0, TALLY_AUDITED, 1000);
    count(0, TALLY_AUDIT_RECEIVED, 997);
    count(0, TALLY_AUDIT_DUPLICATED, 2);
    count(2, TALLY_AUDITED, 50);
    count(2, TALLY_AUDIT_RECEIVED, 50);
    html_audit(&p.out, &p.s.report);
    CU_ASSERT_TRUE(page_has(&p, "<tr><th scope=\"row\">meters</th><td class=\"number\">1\u202f000</td><td "
                                "class=\"number\">997</td><td class=\"number\">3</td><td class=\"number\">2</td>"));
    CU_ASSERT_TRUE(page_has(&p, "<tr><th scope=\"row\">gates</th><td class=\"number\">50</td>"));
    CU_ASSERT_TRUE(page_has(&p, "<tr><th scope=\"row\">All</th><td class=\"number\">1\u202f050</td>"));
    CU_ASSERT_TRUE(page_has(&p, "at QoS 1, those of 6 of 8 devices."));
    CU_ASSERT_FALSE(page_has(&p, "<ul"));
    page_end(&p);
}

static void gaps_of_the_observer_are_named(void) {
    struct audit_gap gaps[] = {{AUDIT_GAP_STALL, 20 * SPAN_S, 21 * SPAN_S, 40},
                               {AUDIT_GAP_CONNECTION, 50 * SPAN_S, INSTANT_NEVER, 1200}};
    page_begin(&p, 0);
    p.s.facts.audit.gaps = gaps;
    p.s.facts.audit.gap_count = 2;
    count(0, TALLY_AUDIT_EXCLUDED, 1240);
    html_audit(&p.out, &p.s.report);
    CU_ASSERT_TRUE(page_has(&p, "<li>stall, 0:20–0:21: 40 messages</li>"));
    CU_ASSERT_TRUE(page_has(&p, "<li>connection, 0:50–1:01: 1\u202f200 messages</li>"));
    page_end(&p);
}

HARNESS_MAIN("report/html_audit", HARNESS_CASE(without_an_observer_there_is_no_section),
             HARNESS_CASE(each_fleet_tells_what_arrived_and_what_did_not), HARNESS_CASE(gaps_of_the_observer_are_named))
