#include "fleet/trust.h"

#include <string.h>

#include "harness.h"
#include "scenario/expr.h"
#include "scenario/plan_observe.h"

static instant edges[3] = {INT64_MIN, 10 * SPAN_S, 20 * SPAN_S};
static struct segments segments = {edges, 3};
static struct phase phases[] = {{"early", 0, 10 * SPAN_S, false, -1}, {"late", 10 * SPAN_S, 20 * SPAN_S, false, -1}};
static struct check checks[] = {{.expect = "p99(mqtt.publish.ack, during=late) < 1s"}};
static struct plan plan = {.duration = 20 * SPAN_S,
                           .trust = {.lag = 10 * SPAN_MS, .stall = 250 * SPAN_MS, .cpu = 0.8},
                           .phases = phases,
                           .phase_count = 2,
                           .checks = checks,
                           .check_count = 1,
                           .segments = {edges, 3}};

static struct result *measured(uint64_t operations, uint64_t late, unsigned segment) {
    struct result *r = result_new(1, &segments);
    struct series *s = result_series(r, (struct cell_key){.op = OP_MQTT_PUBLISH, .segment = (uint16_t)segment}, true);
    s->outcomes[OP_OK] = operations;
    s->late = late;
    r->emitted_all = operations;
    r->late_all = late;
    return r;
}

static void a_quiet_run_is_trusted(void) {
    struct trust t = trust_begin(&plan, 2, 2);
    struct result *r = measured(100000, 100, 1);
    trust_end(&t, r);
    CU_ASSERT_TRUE(trust_holds(&t));
    result_free(r);
}

static void two_late_operations_are_forgiven_and_three_of_few_are_not(void) {
    for (uint64_t late = 2; late <= 3; late++) {
        struct trust t = trust_begin(&plan, 2, 2);
        struct result *r = measured(100, late, 0);
        trust_end(&t, r);
        CU_ASSERT_EQUAL(trust_holds(&t), late == 2);
        result_free(r);
    }
}

static void a_phase_that_a_check_names_is_looked_at_alone(void) {
    for (unsigned segment = 0; segment < 2; segment++) {
        struct trust t = trust_begin(&plan, 2, 2);
        struct result *r = measured(1000000, 0, 2);
        struct series *s =
            result_series(r, (struct cell_key){.op = OP_MQTT_PUBLISH, .segment = (uint16_t)segment}, true);
        s->outcomes[OP_OK] = 1000;
        s->late = 50;
        r->late_all = 50;
        r->emitted_all += 1000;
        trust_end(&t, r);
        CU_ASSERT_EQUAL(trust_holds(&t), segment == 0); /* "early" is in no check */
        result_free(r);
    }
}

static void a_stalled_loop_breaks_trust(void) {
    double cpu[2] = {0.1, 0.1};
    struct trust t = trust_begin(&plan, 2, 2);
    struct result *r = measured(1, 0, 0);
    r->loop_late_max = 250 * SPAN_MS;
    trust_second(&t, 5 * SPAN_S, cpu, r);
    CU_ASSERT_TRUE(trust_holds(&t));
    r->loop_late_max++;
    trust_second(&t, 6 * SPAN_S, cpu, r);
    CU_ASSERT_FALSE(trust_holds(&t));
    CU_ASSERT_EQUAL(t.findings[0].from, 5 * SPAN_S);
    trust_second(&t, 6500 * SPAN_MS, NULL, r); /* the rest of a second */
    CU_ASSERT_EQUAL(t.count, 2);
    result_free(r);
}

static void a_worker_that_is_busy_for_ten_seconds_breaks_trust(void) {
    double busy[2] = {0.9, 0.1}, idle[2] = {0.7, 0.1};
    struct trust t = trust_begin(&plan, 2, 2);
    struct result *r = measured(1, 0, 0);
    for (int i = 1; i <= 9; i++)
        trust_second(&t, i * SPAN_S, busy, r);
    trust_second(&t, 10 * SPAN_S, idle, r);
    for (int i = 11; i <= 19; i++)
        trust_second(&t, i * SPAN_S, busy, r);
    CU_ASSERT_TRUE(trust_holds(&t));
    trust_second(&t, 20 * SPAN_S, busy, r);
    CU_ASSERT_FALSE(trust_holds(&t));
    CU_ASSERT_PTR_NOT_NULL(strstr(t.findings[0].text, "worker 0"));
    result_free(r);
}

static void what_this_machine_lacked_is_said_once_with_the_command_that_helps(void) {
    static const char *const helps[SHORTAGES] = {"ulimit -n", "fs.file-max", "ip_local_port_range", "free -m", "nft"};
    for (unsigned i = 0; i < SHORTAGES; i++) {
        struct trust t = trust_begin(&plan, 1, 2);
        trust_shortages(&t, 5 * SPAN_S, 0);
        CU_ASSERT_TRUE(trust_holds(&t));
        trust_shortages(&t, 6 * SPAN_S, 1U << i);
        trust_shortages(&t, 7 * SPAN_S, 1U << i);
        CU_ASSERT_EQUAL_FATAL(t.count, 1);
        CU_ASSERT_PTR_NOT_NULL(strstr(t.findings[0].text, helps[i]));
        CU_ASSERT(strlen(t.findings[0].text) < sizeof t.findings[0].text - 1); /* not cut */
        CU_ASSERT_EQUAL(t.findings[0].to, 6 * SPAN_S);
    }
}

static void dropped_records_break_trust(void) {
    struct trust t = trust_begin(&plan, 1, 2);
    struct result *r = measured(1, 0, 0);
    r->dropped_records = 1;
    trust_end(&t, r);
    CU_ASSERT_FALSE(trust_holds(&t));
    result_free(r);
}

/* `excluded` of 1,000 messages fell out of the audit, with one check. */
static bool trusts_audit(const char *expect, uint64_t excluded) {
    struct expr *e;
    struct expr_error error;
    CU_ASSERT_FATAL(expr_parse(expect, &e, &error) == 0);
    struct check check = {.name = "no loss", .expect = expect, .expr = e};
    struct plan_observe observe = {.audited = 1};
    struct fleet_group group = {.fleet = "a", .profile_name = "p", .region = "", .target_name = "t"};
    struct plan audited = plan;
    audited.groups = &group;
    audited.group_count = 1;
    audited.checks = &check;
    audited.check_count = 1;
    audited.observe = &observe;
    struct recorder *recorder = recorder_new(1, &segments);
    recorder_tally_message(recorder, 0, 1, 12 * SPAN_S, TALLY_AUDITED, 1000 - excluded);
    recorder_tally_message(recorder, 0, 1, 12 * SPAN_S, TALLY_AUDIT_EXCLUDED, excluded);
    struct interval *i = recorder_swap(recorder, NULL, 20 * SPAN_S);
    struct result *r = measured(1000, 0, 0);
    result_add(r, i, SPAN_S);
    struct trust t = trust_begin(&audited, 1, 2);
    trust_end(&t, r);
    interval_free(i);
    recorder_free(recorder);
    result_free(r);
    expr_free(e);
    return trust_holds(&t);
}

static void more_than_one_percent_out_of_the_audit_breaks_trust(void) {
    CU_ASSERT_TRUE(trusts_audit("lost(mqtt.publish) == 0", 10));
    CU_ASSERT_FALSE(trusts_audit("lost(mqtt.publish) == 0", 11));
    CU_ASSERT_FALSE(trusts_audit("p99(mqtt.end_to_end) < 1s", 11));
    CU_ASSERT_TRUE(trusts_audit("lost(mqtt.publish{qos=2}) == 0", 11)); /* it covers none of them */
    CU_ASSERT_TRUE(trusts_audit("p99(mqtt.publish.ack) < 1s", 11));
}

/* So many messages of which nobody knows whether they are copies, with one check. */
static bool trusts_copies(const char *expect, uint64_t unknown) {
    struct expr *e;
    struct expr_error error;
    CU_ASSERT_FATAL(expr_parse(expect, &e, &error) == 0);
    struct check check = {.name = "no copies", .expect = expect, .expr = e};
    struct plan checked = plan;
    checked.checks = &check;
    checked.check_count = 1;
    struct trust t = trust_begin(&checked, 1, 2);
    trust_copies(&t, unknown);
    expr_free(e);
    return trust_holds(&t);
}

static void copies_that_nobody_could_know_break_trust_in_checks_that_count_them(void) {
    CU_ASSERT_TRUE(trusts_copies("duplicated(mqtt.publish) == 0", 0));
    CU_ASSERT_FALSE(trusts_copies("duplicated(mqtt.publish) == 0", 1));
    CU_ASSERT_TRUE(trusts_copies("lost(mqtt.publish) == 0", 1));
}

HARNESS_MAIN("trust", HARNESS_CASE(a_quiet_run_is_trusted),
             HARNESS_CASE(two_late_operations_are_forgiven_and_three_of_few_are_not),
             HARNESS_CASE(a_phase_that_a_check_names_is_looked_at_alone), HARNESS_CASE(a_stalled_loop_breaks_trust),
             HARNESS_CASE(a_worker_that_is_busy_for_ten_seconds_breaks_trust),
             HARNESS_CASE(what_this_machine_lacked_is_said_once_with_the_command_that_helps),
             HARNESS_CASE(dropped_records_break_trust),
             HARNESS_CASE(more_than_one_percent_out_of_the_audit_breaks_trust),
             HARNESS_CASE(copies_that_nobody_could_know_break_trust_in_checks_that_count_them))
