#include "fleet/control.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "harness.h"
#include "made.h"

static struct made m;
static struct control c;
static struct run_options options;
static int64_t start_at; /* 0: now */

/* What control told, in order. */
static struct told {
    unsigned seconds, phases, ends, anchors, healths;
    instant last_second;
    bool in_order, started_first, ended_last;
    uint64_t connects_by_second;
    const char *phase_ids[16];
    bool phase_starts[16];
    volatile int signals, signal_number;
    unsigned signal_in_second;
    bool drops;
    unsigned actions, messages;
    struct {
        const char *id;
        instant at;
        bool start;
    } action[16];
    const char *message;
} told;

static void on_event(void *context, const struct run_event *e) {
    struct told *t = context;
    t->ended_last = false;
    switch (e->kind) {
    case RUN_STARTED:
        t->started_first = t->seconds == 0 && t->phases == 0 && e->unix_ns > 0;
        break;
    case RUN_PHASE:
        if (t->phases < 16) {
            t->phase_ids[t->phases] = e->id;
            t->phase_starts[t->phases] = e->start;
        }
        t->phases++;
        break;
    case RUN_ACTION:
        if (t->actions < 16) {
            t->action[t->actions].id = e->id;
            t->action[t->actions].at = e->at;
            t->action[t->actions].start = e->start;
        }
        t->actions++;
        break;
    case RUN_MESSAGE:
        t->messages++;
        t->message = e->id;
        break;
    case RUN_HEALTH:
        t->healths++;
        break;
    case RUN_ANCHOR:
        t->anchors++;
        break;
    case RUN_ENDED:
        t->ends++;
        t->ended_last = true;
        break;
    default:
        break;
    }
}

static void on_second(void *context, const struct run_second *s) {
    struct told *t = context;
    t->in_order = t->in_order && s->at > t->last_second;
    t->last_second = s->at;
    t->connects_by_second += made_sum(s->second, OP_MQTT_CONNECT);
    if (++t->seconds == t->signal_in_second) {
        t->signals++;
        t->signal_number = SIGTERM;
    }
}

/* Two records by the first second, three in all. */
static uint64_t dropped(void *context) {
    const struct told *t = context;
    return !t->drops ? 0 : t->seconds == 0 ? 2 : 3;
}

static const struct run_sink sink = {.context = &told, .event = on_event, .second = on_second, .dropped = dropped};

static void go(unsigned workers) {
    unsigned in_second = told.signal_in_second;
    told = (struct told){.in_order = true, .signal_in_second = in_second, .drops = told.drops};
    options = (struct run_options){
        .signals = &told.signals, .signal_number = &told.signal_number, .start_at_unix_ns = start_at};
    c = (struct control){.plan = &m.plan,
                         .options = &options,
                         .sink = &sink,
                         .pace = &pace_real,
                         .workers = calloc(workers, sizeof *c.workers),
                         .worker_count = workers,
                         .cores = 2,
                         .devices = m.plan.device_count,
                         .second = result_new(1, &m.plan.segments),
                         .total = result_new(1, &m.plan.segments),
                         .judge = judge_new(&m.plan),
                         .trust = trust_begin(&m.plan, workers, 2),
                         .aborted_by = -1};
    for (unsigned i = 0; i < workers; i++)
        CU_ASSERT_EQUAL_FATAL(worker_build(&c.workers[i], &m.plan, i, workers, 1, 1, NULL, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(control_run(&c), 0);
}

static void done(struct peer *peer) {
    for (unsigned i = 0; i < c.worker_count; i++) {
        CU_ASSERT_EQUAL(pool_in_use(c.workers[i].pool), 0);
        worker_build_free(&c.workers[i]);
    }
    free(c.workers);
    free(c.cpu_before);
    free(c.cpu_share);
    free(c.phase_open);
    judge_free(c.judge);
    result_free(c.second);
    result_free(c.total);
    made_free(&m);
    peer_free(peer);
    told.signal_in_second = 0;
}

static void each_second_is_told_once_and_the_total_is_their_sum(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    made_plan(&m, 20, &peer);
    m.actions[0].over = SPAN_S;
    m.plan.duration = 1200 * SPAN_MS;
    go(2);
    CU_ASSERT(told.seconds >= 2); /* the first, and what was left */
    CU_ASSERT_TRUE(told.in_order);
    CU_ASSERT_TRUE(told.started_first && told.ended_last);
    CU_ASSERT_EQUAL(told.ends, 1);
    CU_ASSERT_EQUAL(told.connects_by_second, 20);
    CU_ASSERT_EQUAL(made_sum(c.total, OP_MQTT_CONNECT), 20);
    CU_ASSERT_EQUAL(made_sum(c.total, OP_MQTT_PUBLISH), made_intended(&m));
    CU_ASSERT_EQUAL(told.healths, told.seconds * 2);
    CU_ASSERT_EQUAL(told.anchors, told.seconds);
    CU_ASSERT_EQUAL(c.online_peak, 20);
    CU_ASSERT_EQUAL(c.total->gauge_count, told.seconds);
    done(&peer);
}

static void records_that_the_logs_dropped_are_in_the_result(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    made_plan(&m, 2, &peer);
    m.plan.duration = 1200 * SPAN_MS;
    told.drops = true;
    go(1);
    CU_ASSERT_EQUAL(c.total->dropped_records, 3);
    told.drops = false;
    done(&peer);
}

static void phases_begin_and_end_in_their_time(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    made_plan(&m, 2, &peer);
    m.plan.duration = 1200 * SPAN_MS;
    struct phase phases[] = {{"ramp", 0, SPAN_S, true, -1}, {"steady", SPAN_S, 1200 * SPAN_MS, true, -1}};
    m.plan.phases = phases;
    m.plan.phase_count = 2;
    go(1);
    CU_ASSERT_EQUAL_FATAL(told.phases, 4);
    CU_ASSERT_STRING_EQUAL(told.phase_ids[0], "ramp");
    CU_ASSERT_TRUE(told.phase_starts[0]);
    CU_ASSERT_FALSE(told.phase_starts[1]);
    CU_ASSERT_STRING_EQUAL(told.phase_ids[2], "steady");
    CU_ASSERT_TRUE(told.phase_starts[2]);
    CU_ASSERT_FALSE(told.phase_starts[3]);
    done(&peer);
}

static void entries_are_told_when_they_start_and_end(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    made_plan(&m, 2, &peer);
    m.plan.duration = 1200 * SPAN_MS;
    m.actions[0].over = m.actions[0].end = 200 * SPAN_MS;
    m.actions[0].id = "join";
    made_action(&m, DO_MARK, SPAN_S, 0)->id = "mark";
    made_action(&m, DO_RESET, 1300 * SPAN_MS, 0)->id = "never";
    struct action *a = made_action(&m, DO_RESET, INSTANT_NEVER, 0);
    a->when = true;
    go(1);
    CU_ASSERT_EQUAL_FATAL(told.actions, 3);
    CU_ASSERT_STRING_EQUAL(told.action[0].id, "join");
    CU_ASSERT(told.action[0].start && told.action[0].at == 0);
    CU_ASSERT(!told.action[1].start && told.action[1].at == 200 * SPAN_MS);
    CU_ASSERT_STRING_EQUAL(told.action[2].id, "mark");
    CU_ASSERT(told.action[2].start && told.action[2].at == SPAN_S);
    done(&peer);
}

static void what_silent_links_were_like_is_told(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    made_plan(&m, 2, &peer);
    made_action(&m, DO_LINK_DOWN, 100 * SPAN_MS, 50 * SPAN_MS)->how = LINK_SILENT;
    go(1);
    CU_ASSERT_EQUAL_FATAL(told.messages, 1);
    CU_ASSERT_STRING_EQUAL(told.message, "silence");
    done(&peer);
}

static void settling_ends_when_nothing_is_in_flight(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    made_plan(&m, 5, &peer);
    m.plan.settle = 60 * SPAN_S;
    go(1);
    CU_ASSERT(c.settle_start >= m.plan.duration);
    CU_ASSERT(c.settle_end - c.settle_start < 10 * SPAN_S);
    CU_ASSERT_EQUAL(made_outcome(c.total, OP_MQTT_PUBLISH, OP_OK), made_intended(&m));
    done(&peer);
}

static void settling_waits_for_answers_as_long_as_it_may(void) {
    const struct peer_script script = {.no_acks = true};
    struct peer peer = peer_start(&script);
    made_plan(&m, 5, &peer);
    m.plan.settle = 700 * SPAN_MS;
    go(1);
    CU_ASSERT(c.settle_end - c.settle_start >= 700 * SPAN_MS);
    CU_ASSERT_EQUAL(made_outcome(c.total, OP_MQTT_PUBLISH, OP_OPEN), made_intended(&m));
    CU_ASSERT_EQUAL(made_tally(c.total, TALLY_LOST), made_intended(&m));
    done(&peer);
}

static void a_signal_cuts_short_and_devices_say_goodbye(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    made_plan(&m, 10, &peer);
    m.plan.duration = 60 * SPAN_S;
    told.signal_in_second = 1;
    go(2);
    CU_ASSERT_EQUAL(c.signal, SIGTERM);
    CU_ASSERT_EQUAL_FATAL(told.messages, 1); /* at once */
    CU_ASSERT_STRING_EQUAL(told.message, "signal");
    CU_ASSERT(c.ended < 20 * SPAN_S);
    CU_ASSERT_TRUE(peer_reaches(&peer.seen->polite_ends, 10));
    CU_ASSERT_EQUAL(made_sum(c.total, OP_MQTT_CONNECT), 10);
    done(&peer);
}

static void a_stall_in_the_last_part_of_a_second_is_judged(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    made_plan(&m, 2, &peer); /* over before its first second is */
    m.plan.trust.stall = -1; /* whatever the loop measured is too much */
    go(1);
    CU_ASSERT(c.trust.count > 0);
    done(&peer);
}

static void a_start_in_the_future_is_waited_for(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    made_plan(&m, 2, &peer);
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    start_at = (int64_t)wall.tv_sec * SPAN_S + wall.tv_nsec + 700 * SPAN_MS;
    go(1);
    CU_ASSERT(c.start_unix_ns >= start_at);
    CU_ASSERT(peer.seen->log[0].at_ms >= 600);
    start_at = 0;
    done(&peer);
}

HARNESS_MAIN("control", HARNESS_CASE(each_second_is_told_once_and_the_total_is_their_sum),
             HARNESS_CASE(records_that_the_logs_dropped_are_in_the_result),
             HARNESS_CASE(phases_begin_and_end_in_their_time), HARNESS_CASE(entries_are_told_when_they_start_and_end),
             HARNESS_CASE(what_silent_links_were_like_is_told), HARNESS_CASE(settling_ends_when_nothing_is_in_flight),
             HARNESS_CASE(settling_waits_for_answers_as_long_as_it_may),
             HARNESS_CASE(a_signal_cuts_short_and_devices_say_goodbye),
             HARNESS_CASE(a_stall_in_the_last_part_of_a_second_is_judged),
             HARNESS_CASE(a_start_in_the_future_is_waited_for))
