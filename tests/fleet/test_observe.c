#include "fleet/observe.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/err.h"
#include "harness.h"
#include "loop/loop.h"
#include "metrics/interval.h"
#include "scenario/plan_observe.h"
#include "serve.h"

enum { DEVICES = 4 };
#define LATER (3600 * SPAN_S)

static struct serve broker;

/* A plan with one audited group of four devices that publish to a/<device>, QoS 1. */
static struct {
    struct plan plan;
    struct fleet fleet;
    struct fleet_group group;
    struct telemetry telemetry;
    struct target target;
    struct address node;
    struct plan_observe observe;
    struct plan_observer observer;
    uint16_t group_of[DEVICES];
    uint64_t devices[1];
    instant edges[1];
} m;
static const char *const filters[] = {"a/+"};

static void make_plan(void) {
    memset(&m, 0, sizeof m);
    m.node = broker.address;
    m.edges[0] = INT64_MIN;
    m.devices[0] = 0xf;
    m.telemetry = (struct telemetry){.observed = true, .qos = 1};
    m.fleet = (struct fleet){.name = "f", .count = DEVICES};
    m.target = (struct target){.name = "t", .url = "mqtt://127.0.0.1", .nodes = &m.node, .node_count = 1};
    m.group = (struct fleet_group){.fleet = "f",
                                   .profile_name = "p",
                                   .region = "",
                                   .target_name = "t",
                                   .target = &m.target,
                                   .telemetry = &m.telemetry,
                                   .telemetry_count = 1};
    m.observer = (struct plan_observer){.target = &m.target, .filters = filters, .filter_count = 1};
    m.observe = (struct plan_observe){.observers = &m.observer,
                                      .observer_count = 1,
                                      .devices = m.devices,
                                      .audited = DEVICES,
                                      .candidates = DEVICES,
                                      .qos = 2,
                                      .version = MQTT_5_0};
    m.plan = (struct plan){.fleets = &m.fleet,
                           .fleet_count = 1,
                           .groups = &m.group,
                           .group_count = 1,
                           .group_of = m.group_of,
                           .targets = &m.target,
                           .target_count = 1,
                           .device_count = DEVICES,
                           .segments = {m.edges, 1},
                           .run_id = "3f9a",
                           .observe = &m.observe};
}

static struct observe *open_observe(unsigned shard, unsigned shards) {
    struct observe *o;
    char why[300] = "";
    static const struct secret_table secrets;
    int error = observe_open(&m.plan, shard, shards, &secrets, NULL, &o, why, sizeof why);
    if (error < 0)
        printf("     %s\n", why);
    CU_ASSERT_EQUAL_FATAL(error, 0);
    return o;
}

/* A device's message, published by the observer itself. */
static void publish(struct observe *o, uint32_t device, uint32_t sequence) {
    char payload[PAYLOAD_MARK_SIZE];
    struct payload_mark mark = {.run = 0x3f9a, .device = device, .sequence = sequence};
    payload_mark_encode(&mark, payload);
    struct observer_publication p = {
        .topic = bytes_of_text("a/x"), .payload = bytes_of(payload, sizeof payload), .qos = 1};
    CU_ASSERT_EQUAL(observer_publish(observe_of(o, &m.target), &p), 0);
}

/* What the device says of it: acknowledged. */
static void report(struct observe *o, uint32_t device, uint32_t sequence, instant at) {
    struct interval *i = interval_new(1);
    i->at = LATER; /* complete up to then, so that no stall of a slow machine stays undecided */
    i->reports = interval_grow(i->reports, &i->report_room, 1, sizeof *i->reports);
    i->reports[i->report_count++] = (struct audit_report){.device = device,
                                                          .sequence = sequence,
                                                          .intended = at,
                                                          .emitted = at,
                                                          .ended = at,
                                                          .qos = 1,
                                                          .verdict = AUDIT_OWED};
    observe_interval(o, i);
    interval_free(i);
}

static uint64_t found[TALLY_KINDS];

static void collect(struct observe *o, instant at) {
    struct interval *i = observe_swap(o, at);
    CU_ASSERT_PTR_NOT_NULL_FATAL(i);
    for (uint32_t t = 0; t < i->tally_count; t++)
        for (int k = 0; k < TALLY_KINDS; k++)
            found[k] += i->tallies[t].counts[k];
    observe_give_back(o, i);
}

static void wait_for_arrivals(struct observe *o) {
    for (int waited = 0; waited < SERVE_PATIENCE_MS && observe_waits(o); waited += 5) {
        nanosleep(&(struct timespec){.tv_nsec = 5 * SPAN_MS}, NULL);
        observe_tick(o, NULL, NULL);
    }
    CU_ASSERT_FALSE(observe_waits(o));
}

static void what_arrives_meets_what_was_reported(void) {
    broker = serve_start(NULL);
    make_plan();
    memset(found, 0, sizeof found);
    struct observe *o = open_observe(1, 1);
    observe_begin(o, loop_clock_monotonic());
    publish(o, 0, 1);
    publish(o, 3, 1);
    report(o, 0, 1, 0);
    report(o, 3, 1, 0);
    report(o, 2, 1, 0); /* nobody sent it */
    collect(o, LATER);
    CU_ASSERT_TRUE(observe_waits(o));
    observe_finish(o);
    collect(o, LATER);
    CU_ASSERT_EQUAL(found[TALLY_AUDITED], 3);
    CU_ASSERT_EQUAL(found[TALLY_AUDIT_RECEIVED], 2);
    CU_ASSERT_EQUAL(found[TALLY_LOST], 1);
    struct run_audit facts;
    observe_facts(o, &facts);
    CU_ASSERT(facts.on && facts.granted == 2 && facts.gap_count == 0);
    CU_ASSERT(observe_bytes(o) > 0);
    free(facts.gaps);
    observe_close(o);
    serve_stop(&broker);
}

/* Devices 0 and 2 are this shard's. */
static void other_shards_and_earlier_messages_are_left_out(void) {
    broker = serve_start(NULL);
    make_plan();
    memset(found, 0, sizeof found);
    struct observe *o = open_observe(1, 2);
    publish(o, 0, 9);
    nanosleep(&(struct timespec){.tv_nsec = 200 * SPAN_MS}, NULL);
    observe_begin(o, loop_clock_monotonic());
    publish(o, 1, 1);
    publish(o, 2, 1);
    report(o, 2, 1, 0);
    collect(o, LATER);
    wait_for_arrivals(o);
    observe_finish(o);
    collect(o, LATER);
    CU_ASSERT_EQUAL(found[TALLY_AUDITED], 1);
    CU_ASSERT_EQUAL(found[TALLY_AUDIT_RECEIVED], 1);
    observe_close(o);
    serve_stop(&broker);
}

static void remember(void *context, instant at, const char *text) {
    (void)at;
    snprintf(context, 200, "%s", text);
}

static void a_lost_connection_is_told_and_takes_its_time_out_of_the_audit(void) {
    broker = serve_start(NULL);
    make_plan();
    memset(found, 0, sizeof found);
    struct observe *o = open_observe(1, 1);
    char said[200] = "";
    observe_begin(o, loop_clock_monotonic());
    int64_t begun = loop_clock_monotonic();
    serve_stop(&broker);
    for (int waited = 0; waited < SERVE_PATIENCE_MS && said[0] == '\0'; waited += 5) {
        nanosleep(&(struct timespec){.tv_nsec = 5 * SPAN_MS}, NULL);
        observe_tick(o, remember, said);
    }
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "lost its connection"));
    report(o, 1, 1, loop_clock_monotonic() - begun + SPAN_S);
    collect(o, LATER);
    CU_ASSERT_FALSE(observe_waits(o));
    observe_finish(o);
    collect(o, LATER);
    CU_ASSERT_EQUAL(found[TALLY_AUDIT_EXCLUDED], 1);
    CU_ASSERT_EQUAL(found[TALLY_LOST], 0);
    struct run_audit facts;
    observe_facts(o, &facts);
    CU_ASSERT(facts.gap_count == 1 && facts.gaps[0].kind == AUDIT_GAP_CONNECTION && facts.gaps[0].to == INSTANT_NEVER &&
              facts.gaps[0].messages == 1);
    free(facts.gaps);
    observe_close(o);
}

/* It was lost while the fleet was built, and nothing of it comes back. */
static void a_connection_that_was_lost_before_the_start_is_out_of_the_audit_too(void) {
    broker = serve_start(NULL);
    make_plan();
    memset(found, 0, sizeof found);
    struct observe *o = open_observe(1, 1);
    serve_stop(&broker);
    struct observer *client = observe_of(o, &m.target);
    for (int waited = 0; waited < SERVE_PATIENCE_MS && observer_state(client, NULL, 0) == OBSERVER_READY; waited += 5)
        nanosleep(&(struct timespec){.tv_nsec = 5 * SPAN_MS}, NULL);
    observe_begin(o, loop_clock_monotonic());
    report(o, 1, 1, SPAN_MS);
    collect(o, LATER);
    observe_finish(o);
    collect(o, LATER);
    CU_ASSERT_EQUAL(found[TALLY_AUDIT_EXCLUDED], 1);
    CU_ASSERT_EQUAL(found[TALLY_LOST], 0);
    observe_close(o);
}

/* The broker hangs: its connections stand, and nothing comes any more. What is missing then is asked about, not taken for lost. */
static void a_connection_that_died_in_silence_is_found_out_at_the_end(void) {
    broker = serve_start(NULL);
    make_plan();
    memset(found, 0, sizeof found);
    struct observe *o = open_observe(1, 1);
    observe_begin(o, loop_clock_monotonic());
    kill(broker.pid, SIGSTOP);
    report(o, 1, 1, SPAN_MS);
    collect(o, LATER);
    CU_ASSERT_TRUE(observe_waits(o));
    observe_finish(o);
    collect(o, LATER);
    CU_ASSERT_EQUAL(found[TALLY_AUDIT_EXCLUDED], 1);
    CU_ASSERT_EQUAL(found[TALLY_LOST], 0);
    kill(broker.pid, SIGCONT);
    observe_close(o);
    serve_stop(&broker);
}

static void failing(int wanted, const char *words) {
    struct observe *o;
    char why[300] = "";
    CU_ASSERT_EQUAL(observe_open(&m.plan, 1, 1, NULL, NULL, &o, why, sizeof why), wanted);
    CU_ASSERT_PTR_NULL(o);
    if (strstr(why, words) == NULL)
        printf("     %s\n", why);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, words));
}

static void a_run_without_its_observer_does_not_begin(void) {
    broker = serve_start("refuse_connects=0x87");
    make_plan();
    failing(ERR_UNREACHABLE, "the observer cannot");
    serve_stop(&broker);
    make_plan();
    failing(ERR_UNREACHABLE, "the observer cannot");
    CHECK(address_parse("192.0.2.1", 1883, &m.node) == 0);
    m.plan.safety.allow_given = true;
    failing(ERR_DENIED, "safety: {allow");
}

/* What the node that may be asked says counts, not that another may not be asked. */
static void a_refusal_is_told_even_if_another_node_is_forbidden(void) {
    struct address nodes[2];
    broker = serve_start("refuse_connects=0x87");
    make_plan();
    nodes[0] = broker.address;
    CHECK(address_parse("192.0.2.1", 1883, &nodes[1]) == 0);
    m.target.nodes = nodes;
    m.target.node_count = 2;
    m.plan.safety.allow_given = true;
    failing(ERR_UNREACHABLE, "the observer cannot");
    serve_stop(&broker);
}

static void a_plan_without_observers_needs_none(void) {
    struct observe *o;
    make_plan();
    m.plan.observe = NULL;
    CU_ASSERT_EQUAL(observe_open(&m.plan, 1, 1, NULL, NULL, &o, NULL, 0), 0);
    CU_ASSERT_PTR_NULL(o);
    observe_begin(NULL, 0);
    observe_tick(NULL, NULL, NULL);
    CU_ASSERT(!observe_waits(NULL) && observe_swap(NULL, 0) == NULL && observe_bytes(NULL) == 0);
    observe_finish(NULL);
    struct run_audit facts;
    observe_facts(NULL, &facts);
    CU_ASSERT_FALSE(facts.on);
    observe_close(NULL);
}

HARNESS_MAIN("fleet/observe", HARNESS_CASE(what_arrives_meets_what_was_reported),
             HARNESS_CASE(other_shards_and_earlier_messages_are_left_out),
             HARNESS_CASE(a_lost_connection_is_told_and_takes_its_time_out_of_the_audit),
             HARNESS_CASE(a_connection_that_was_lost_before_the_start_is_out_of_the_audit_too),
             HARNESS_CASE(a_connection_that_died_in_silence_is_found_out_at_the_end),
             HARNESS_CASE(a_run_without_its_observer_does_not_begin),
             HARNESS_CASE(a_refusal_is_told_even_if_another_node_is_forbidden),
             HARNESS_CASE(a_plan_without_observers_needs_none))
