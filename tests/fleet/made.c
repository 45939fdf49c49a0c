#include "made.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "device/schedule.h"
#include "fleet/evidence.h"
#include "fleet/secure.h"
#include "fleet/virtual.h"
#include "harness.h"
#include "metrics/interval.h"

static void literal(struct template *t, const char *text) {
    struct template_error error;
    CHECK(template_compile(text, TEMPLATE_OF_DEVICE | TEMPLATE_OF_MESSAGE, NULL, 0, t, &error) == 0);
}

void made_plan(struct made *m, uint32_t devices, const struct peer *peer) {
    *m = (struct made){.edges = {INT64_MIN}};
    m->fleet = (struct fleet){.name = "fleet", .count = devices};
    unsigned nodes = 0;
    if (peer == NULL)
        m->nodes[nodes++] = virtual_node(0);
    while (peer != NULL && nodes < PEER_PORTS_MAX && peer->ports[nodes] != 0) {
        CHECK(address_parse("127.0.0.1", peer->ports[nodes], &m->nodes[nodes]) == 0);
        nodes++;
    }
    m->target = (struct target){.name = "t", .url = "mqtt://127.0.0.1", .nodes = m->nodes, .node_count = nodes};
    m->profile = (struct profile){.name = "p",
                                  .mqtt = {.version = MQTT_3_1_1,
                                           .keepalive_s = 60,
                                           .clean_start = true,
                                           .connack_timeout = 10 * SPAN_S,
                                           .suback_timeout = 10 * SPAN_S,
                                           .ping_timeout = 10 * SPAN_S},
                                  .reconnect = {.policy = RECONNECT_FIXED, .first = 50 * SPAN_MS, .factor = 1},
                                  .buffer = {.messages = 100},
                                  .timeouts = {.connect = 10 * SPAN_S, .stream = 15 * SPAN_MIN}};
    m->telemetry = (struct telemetry){.name = "t", .every = {.kind = DIST_CONSTANT, .a = 100e6}, .qos = 1};
    literal(&m->telemetry.topic, "a/${device.id}");
    literal(&m->telemetry.payload, "${msg.seq}");
    literal(&m->subscription.filter, "t");
    m->group = (struct fleet_group){.fleet = "fleet",
                                    .profile_name = "p",
                                    .region = "",
                                    .target_name = "t",
                                    .profile = &m->profile,
                                    .target = &m->target,
                                    .telemetry = &m->telemetry,
                                    .telemetry_count = 1};
    m->rank = calloc(devices, sizeof *m->rank);
    CHECK(m->rank != NULL);
    for (uint32_t i = 0; i < devices; i++)
        m->rank[i] = i;
    m->plan = (struct plan){.name = "made",
                            .interval = SPAN_S,
                            .virtual_time = peer == NULL,
                            .seed = 7,
                            .duration = 300 * SPAN_MS,
                            .settle = 300 * SPAN_MS,
                            .device_count = devices,
                            .fleets = &m->fleet,
                            .fleet_count = 1,
                            .groups = &m->group,
                            .group_count = 1,
                            .group_of = calloc(devices, sizeof(uint16_t)),
                            .targets = &m->target,
                            .target_count = 1,
                            .actions = m->actions,
                            .segments = {m->edges, 1},
                            /* a loaded test machine is nobody's finding */
                            .trust = {.lag = 10 * SPAN_S, .stall = 10 * SPAN_S, .cpu = 100, .widened = true},
                            .run_id = "00aa"};
    CHECK(m->plan.group_of != NULL && guard_limits_allow(&m->plan.safety, &m->nodes[0], 8) == 0);
    m->plan.safety.max_outstanding_connects = 1000;
    made_action(m, DO_CONNECT, 0, 0);
}

void made_free(struct made *m) {
    guard_limits_free(&m->plan.safety);
    free(m->plan.group_of);
    free(m->rank);
    template_free(&m->telemetry.topic);
    template_free(&m->telemetry.payload);
    template_free(&m->subscription.filter);
}

struct action *made_action(struct made *m, enum action_verb verb, instant start, span lasting) {
    unsigned index = m->plan.action_count++;
    CHECK(index < MADE_ACTIONS);
    bool value = verb == DO_LINK || verb == DO_SET;
    m->actions[index] = (struct action){.id = "entry",
                                        .verb = verb,
                                        .index = (uint16_t)index,
                                        .value_bit = value ? (int8_t)index : (int8_t)-1,
                                        .start = start,
                                        .end = start + lasting,
                                        .has_for = lasting > 0,
                                        .lasting = {.kind = DIST_CONSTANT, .a = (double)lasting},
                                        .lasting_max = lasting,
                                        .times = 1,
                                        .rank = m->rank,
                                        .selected = m->plan.device_count};
    return &m->actions[index];
}

void made_subscribe(struct made *m) {
    m->group.subscriptions = &m->subscription;
    m->group.subscription_count = 1;
}

void made_network(struct made *m, span rtt) {
    m->network = (struct network){.name = "n", .rtt = {.kind = DIST_CONSTANT, .a = (double)rtt}};
    m->group.network = &m->network;
}

uint64_t made_intended(const struct made *m) {
    uint64_t count = 0;
    for (uint32_t id = 0; id < m->plan.device_count; id++)
        for (unsigned i = 0; i < m->group.telemetry_count; i++) {
            struct schedule s = schedule_of(&m->group, i, m->plan.seed, m->plan.epoch_unix_ms);
            instant at = schedule_first(&s, id, plan_first_connect(&m->plan, id));
            for (uint64_t n = 1; at < m->plan.duration; n++) {
                count++;
                at = schedule_next(&s, id, n, at);
            }
        }
    return count;
}

static void pause_until(int64_t monotonic_ns) {
    struct timespec at = {.tv_sec = monotonic_ns / SPAN_S, .tv_nsec = monotonic_ns % SPAN_S};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) != 0)
        ;
}

static void wait_for(_Atomic bool *flag) {
    for (int i = 0; i < PEER_PATIENCE_MS && !atomic_load_explicit(flag, memory_order_acquire); i++)
        nanosleep(&(struct timespec){.tv_nsec = SPAN_MS}, NULL);
    CU_ASSERT_TRUE(atomic_load(flag));
}

static bool all_idle(struct made_work *work) {
    for (unsigned i = 0; i < work->count; i++)
        if (atomic_load(&work->workers[i].busy))
            return false;
    return true;
}

/* To the end of settling, or until nobody has anything in flight. */
static void settle(const struct made *m, struct made_work *work, int64_t origin) {
    enum { BEATS = 210 }; /* workers look once in 100 ms who is busy */
    int64_t end = origin + m->plan.duration + m->plan.settle;
    bool listens = m->group.subscription_count > 0;
    pause_until(origin + m->plan.duration);
    if (m->awaits != NULL)
        (void)peer_reaches(m->awaits, m->awaited); /* the test itself asks whether it did */
    pause_until(listens ? end : instant_min(end, loop_clock_monotonic() + BEATS * SPAN_MS));
    while (loop_clock_monotonic() < end && !all_idle(work))
        nanosleep(&(struct timespec){.tv_nsec = SPAN_MS}, NULL);
}

static void run_all(const struct made *m, struct made_work *work) {
    for (unsigned i = 0; i < work->count; i++)
        CHECK(worker_start(&work->workers[i]) == 0);
    for (unsigned i = 0; i < work->count; i++)
        wait_for(&work->workers[i].ready);
    int64_t origin = loop_clock_monotonic() + 20 * SPAN_MS;
    for (unsigned i = 0; i < work->count; i++) {
        work->workers[i].origin_ns = origin;
        atomic_store(&work->workers[i].busy, true); /* until it has looked */
        worker_tell(&work->workers[i], WORKER_RUN);
    }
    settle(m, work, origin);
    for (unsigned i = 0; i < work->count; i++)
        worker_tell(&work->workers[i], WORKER_FAREWELL);
    for (unsigned i = 0; i < work->count; i++)
        wait_for(&work->workers[i].said_goodbye);
    for (unsigned i = 0; i < work->count; i++)
        worker_tell(&work->workers[i], WORKER_FINISH);
    for (unsigned i = 0; i < work->count; i++)
        pthread_join(work->workers[i].thread, NULL);
}

static void look_at(const struct made *m, struct made_work *work, const struct interval *i) {
    if (i == NULL)
        return;
    result_add(work->result, i, SPAN_S);
    work->evidence_omitted += i->evidence_omitted;
    if (m->evidence != NULL)
        evidence_record_each(i, m->evidence, NULL);
}

static void look_into(const struct made *m, struct made_work *work, struct worker *w) {
    struct interval *filled = atomic_exchange(&w->filled, NULL);
    look_at(m, work, filled);
    interval_free(filled);
    look_at(m, work, w->last);
    work->decisions_hash += w->host.decisions_hash;
    for (uint32_t i = 0; i < w->count; i++)
        work->attempts += w->lives[i].attempts;
    work->pool_in_use += pool_in_use(w->pool);
    for (unsigned i = 0; i < w->dialer.node_count; i++) {
        work->slots += w->guard.outstanding[i];
        work->queued += w->dialer.queues[i].first != DIALER_NONE;
    }
}

void made_work(struct made *m, unsigned count, struct made_work *work) {
    CHECK(count <= MADE_WORKERS);
    *work = (struct made_work){.count = count, .result = result_new(1, &m->plan.segments)};
    CHECK(work->result != NULL);
    for (unsigned i = 0; i < count; i++)
        CHECK(worker_build(&work->workers[i], &m->plan, i, count, 1, 1, NULL, m->secrets) == 0);
    for (unsigned i = 0; i < count; i++) {
        work->workers[i].secure = work->secure = m->secure;
        CHECK(secure_staff(m->secure, &work->workers[i], 2) == 0);
    }
    for (unsigned i = 0; i < count && m->keeps_evidence; i++)
        CHECK(evidence_init(&work->workers[i], m->sampled_below, m->asked, m->asked_count) == 0);
    run_all(m, work);
    for (unsigned i = 0; i < count; i++)
        look_into(m, work, &work->workers[i]);
    result_end_second(work->result, m->plan.duration);
}

void made_work_free(struct made_work *work) {
    secure_dismiss(work->secure, work->workers, work->count);
    for (unsigned i = 0; i < work->count; i++)
        worker_build_free(&work->workers[i]);
    result_free(work->result);
}

void made_books_balance(const struct made *m, const struct made_work *work) {
    CU_ASSERT_EQUAL(made_sum(work->result, OP_MQTT_PUBLISH), made_intended(m));
    CU_ASSERT(made_sum(work->result, OP_MQTT_CONNECT) <= work->attempts); /* while settling they are not counted */
    CU_ASSERT_EQUAL(work->pool_in_use, 0);
    CU_ASSERT_EQUAL(work->slots, 0);
    CU_ASSERT_EQUAL(work->queued, 0);
}

uint64_t made_outcome(const struct result *r, enum op_kind op, enum op_outcome outcome) {
    uint64_t sum = 0;
    for (size_t i = result_next(r, 0, op, -1, -1); i < r->series_count; i = result_next(r, i + 1, op, -1, -1))
        sum += r->series[i]->outcomes[outcome];
    return sum;
}

uint64_t made_sum(const struct result *r, enum op_kind op) {
    uint64_t sum = 0;
    for (int o = 0; o < OP_OUTCOMES; o++)
        sum += made_outcome(r, op, (enum op_outcome)o);
    return sum;
}

uint64_t made_held(const struct result *r, enum op_kind op, enum op_held held) {
    uint64_t sum = 0;
    for (size_t i = result_next(r, 0, op, -1, -1); i < r->series_count; i = result_next(r, i + 1, op, -1, -1))
        sum += r->series[i]->held[held];
    return sum;
}

uint64_t made_tally(const struct result *r, enum tally_kind kind) {
    uint64_t sum = 0;
    for (size_t i = 0; i < r->tally_count; i++)
        sum += r->tallies[i].counts[kind];
    return sum;
}

span made_longest(const struct result *r, enum op_kind op, enum clock_kind clock) {
    span longest = -1;
    for (size_t i = result_next(r, 0, op, -1, -1); i < r->series_count; i = result_next(r, i + 1, op, -1, -1)) {
        const struct histogram *h = r->series[i]->clocks[clock];
        if (h != NULL && h->count > 0)
            longest = instant_max(longest, h->max_ns);
    }
    return longest;
}

span made_usual(const struct result *r, enum op_kind op, enum clock_kind clock) {
    struct histogram all = {0};
    for (size_t i = result_next(r, 0, op, -1, -1); i < r->series_count; i = result_next(r, i + 1, op, -1, -1))
        if (r->series[i]->clocks[clock] != NULL)
            histogram_add(&all, r->series[i]->clocks[clock]);
    return histogram_quantile(&all, 0.5, false);
}

uint64_t made_reasons(const struct result *r, enum close_reason why) {
    uint64_t sum = 0;
    for (size_t i = 0; i < r->reason_count; i++)
        if (r->reasons[i].close_reason == why)
            sum += r->reasons[i].count;
    return sum;
}
