#include "fleet/commander.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/err.h"
#include "harness.h"
#include "loop/loop.h"
#include "metrics/interval.h"
#include "metrics/result.h"
#include "scenario/plan_command.h"
#include "serve.h"

/* Devices whose commands go to the very topic on which replies are awaited: the broker itself is the device that answers at once, with the
 * Correlation Data of the command. On any other topic nobody answers. */
enum { DEVICES = 8 };

static struct serve broker;

static struct {
    struct plan plan;
    struct fleet fleet;
    struct fleet_group groups[2];
    struct profile profile;
    struct target targets[2];
    struct address nodes[2];
    struct action action;
    struct plan_command command;
    struct plan_commander clients[2];
    uint16_t group_of[DEVICES];
    instant edges[1];
    struct observe *observe;
    struct commander *commander;
    struct result *result;
    int64_t origin_ns;
} m;
static const char *const replies[] = {"r/+"};

static void compile(struct template *t, const char *text) {
    struct template_error error;
    CHECK(template_compile(text, TEMPLATE_OF_DEVICE | TEMPLATE_OF_MESSAGE, NULL, 0, t, &error) == 0);
}

/* Every device is sent one command 100 ms after t = 0, and its reply has plenty of time. */
static void make(enum mqtt_version version, const char *topic) {
    memset(&m, 0, sizeof m);
    m.nodes[0] = broker.address;
    m.edges[0] = INT64_MIN;
    m.profile = (struct profile){.name = "p", .mqtt = {.version = version}, .commands = {.on = true}};
    compile(&m.profile.commands.topic, topic);
    compile(&m.profile.commands.reply_topic, "r/${device.id}");
    m.fleet = (struct fleet){.name = "f", .count = DEVICES};
    m.targets[0] = (struct target){.name = "t", .url = "mqtt://127.0.0.1", .nodes = &m.nodes[0], .node_count = 1};
    m.groups[0] = (struct fleet_group){.fleet = "f",
                                       .profile_name = "p",
                                       .region = "",
                                       .target_name = "t",
                                       .profile = &m.profile,
                                       .target = &m.targets[0]};
    m.action = (struct action){
        .id = "c", .verb = DO_COMMAND, .start = 100 * SPAN_MS, .value_bit = -1, .qos = 1, .within = 20 * SPAN_S};
    compile(&m.action.payload, "n ${msg.seq}");
    m.clients[0] = (struct plan_commander){.target = &m.targets[0], .replies = replies, .reply_count = 1};
    m.command = (struct plan_command){.commanders = m.clients, .commander_count = 1, .version = version};
    m.plan = (struct plan){.fleets = &m.fleet,
                           .fleet_count = 1,
                           .groups = m.groups,
                           .group_count = 1,
                           .group_of = m.group_of,
                           .targets = m.targets,
                           .target_count = 1,
                           .device_count = DEVICES,
                           .actions = &m.action,
                           .action_count = 1,
                           .segments = {m.edges, 1},
                           .run_id = "3f9a",
                           .duration = SPAN_S,
                           .command = &m.command};
    m.result = result_new(1, &m.plan.segments);
}

static void begin(unsigned shard, unsigned shards) {
    static const struct secret_table secrets;
    char why[300] = "";
    CU_ASSERT_EQUAL_FATAL(observe_open(&m.plan, shard, shards, &secrets, NULL, &m.observe, why, sizeof why), 0);
    CU_ASSERT_EQUAL_FATAL(commander_open(&m.plan, shard, shards, &secrets, m.observe, &m.commander), 0);
    m.origin_ns = loop_clock_monotonic();
    observe_begin(m.observe, m.origin_ns);
    commander_begin(m.commander, m.origin_ns, 0);
    for (uint32_t d = 0; d < DEVICES; d++) /* they are connected since */
        atomic_store(&commander_away(m.commander)[d], 0);
}

static instant now(void) {
    return loop_clock_monotonic() - m.origin_ns;
}

static void tick(instant ends) {
    observe_tick(m.observe, NULL, NULL);
    commander_tick(m.commander, now(), ends);
    nanosleep(&(struct timespec){.tv_nsec = SPAN_MS}, NULL);
}

/* Until everything that is to be sent has its end. */
static void run(void) {
    while (now() < 150 * SPAN_MS || commander_next(m.commander, m.plan.duration) != INSTANT_NEVER)
        tick(m.plan.duration);
}

static void collect(void) {
    struct interval *found = commander_swap(m.commander, now());
    result_add(m.result, found, SPAN_S);
    commander_give_back(m.commander, found);
}

static void end(void) {
    commander_finish(m.commander, now(), m.plan.duration);
    collect();
    commander_close(m.commander);
    observe_close(m.observe);
    result_free(m.result);
    template_free(&m.profile.commands.topic);
    template_free(&m.profile.commands.reply_topic);
    template_free(&m.action.payload);
}

static uint64_t ended(enum op_outcome outcome) {
    uint64_t sum = 0;
    collect();
    for (size_t i = 0; i < m.result->series_count; i++) {
        CU_ASSERT_EQUAL(m.result->series[i]->key.op, OP_MQTT_COMMAND);
        sum += m.result->series[i]->outcomes[outcome];
    }
    return sum;
}

static void replies_are_timed_in_both_versions(void) {
    broker = serve_start(NULL);
    for (int version = 0; version < 2; version++) {
        make(version == 0 ? MQTT_3_1_1 : MQTT_5_0, "r/${device.id}");
        begin(1, 1);
        CU_ASSERT_EQUAL(commander_next(m.commander, m.plan.duration), 100 * SPAN_MS);
        run();
        CU_ASSERT_EQUAL(ended(OP_OK), DEVICES);
        const struct histogram *h = series_clock(m.result->series[0], CLOCK_RESPONSE);
        CU_ASSERT(h->count == DEVICES && h->min_ns > 0 && h->max_ns <= m.action.within);
        CU_ASSERT_EQUAL(series_clock(m.result->series[0], CLOCK_LAG)->count, DEVICES);
        CU_ASSERT_FALSE(commander_waits(m.commander));
        end();
    }
    serve_stop(&broker);
}

static void who_says_nothing_is_named_and_who_was_away_is_not(void) {
    broker = serve_start(NULL);
    make(MQTT_5_0, "elsewhere/${device.id}");
    m.action.within = 200 * SPAN_MS;
    begin(1, 1);
    atomic_store(&commander_away(m.commander)[2], INSTANT_NEVER); /* away now, */
    atomic_store(&commander_away(m.commander)[3], 120 * SPAN_MS); /* was in between, */
    atomic_store(&commander_away(m.commander)[4], 50 * SPAN_MS);  /* was before */
    run();
    CU_ASSERT_EQUAL(ended(OP_TIMEOUT), DEVICES - 2);
    CU_ASSERT_EQUAL(ended(OP_WITHDRAWN), 2);
    CU_ASSERT_EQUAL_FATAL(m.result->reason_count, 2);
    CU_ASSERT(m.result->reasons[0].op == OP_MQTT_COMMAND && m.result->reasons[0].outcome == OP_TIMEOUT &&
              m.result->reasons[0].example_device == 0 && m.result->reasons[0].count == DEVICES - 2);
    end();
    serve_stop(&broker);
}

static void what_is_still_waited_for_stays_open_and_what_did_not_go_is_dropped(void) {
    broker = serve_start(NULL);
    make(MQTT_5_0, "elsewhere/${device.id}");
    m.action.within = 100 * SPAN_S;
    begin(1, 1);
    while (now() < 200 * SPAN_MS)
        tick(m.plan.duration);
    CU_ASSERT_TRUE(commander_waits(m.commander));
    commander_finish(m.commander, now(), m.plan.duration);
    CU_ASSERT_EQUAL(ended(OP_OPEN), DEVICES);
    end();
    make(MQTT_5_0, "elsewhere/${device.id}");
    begin(1, 1);
    while (now() < 150 * SPAN_MS)
        tick(0); /* the load ended at once */
    CU_ASSERT_EQUAL(commander_next(m.commander, 0), INSTANT_NEVER);
    commander_finish(m.commander, now(), 0);
    CU_ASSERT_EQUAL(ended(OP_DROPPED), 0); /* nothing was intended */
    commander_finish(m.commander, now(), m.plan.duration);
    CU_ASSERT_EQUAL(ended(OP_DROPPED), DEVICES);
    end();
    serve_stop(&broker);
}

static void a_lost_connection_breaks_what_waits_and_drops_what_comes(void) {
    broker = serve_start(NULL);
    make(MQTT_5_0, "elsewhere/${device.id}");
    m.action.within = 100 * SPAN_S;
    begin(1, 1);
    while (now() < 200 * SPAN_MS)
        tick(m.plan.duration);
    serve_stop(&broker);
    for (int waited = 0; waited < SERVE_PATIENCE_MS && commander_waits(m.commander); waited++)
        tick(m.plan.duration);
    CU_ASSERT_EQUAL(ended(OP_BROKEN), DEVICES);
    end();
}

/* Odd devices are at a backend of their own. */
static void add_target(const struct serve *other) {
    m.nodes[1] = other->address;
    m.targets[1] = m.targets[0];
    m.targets[1].nodes = &m.nodes[1];
    m.groups[1] = m.groups[0];
    m.groups[1].target = &m.targets[1];
    m.clients[1] = m.clients[0];
    m.clients[1].target = &m.targets[1];
    for (uint32_t d = 1; d < DEVICES; d += 2)
        m.group_of[d] = 1;
    m.plan.group_count = m.plan.target_count = m.command.commander_count = 2;
    result_free(m.result);
    m.result = result_new(2, &m.plan.segments);
}

/* Begins with commands that nobody replies to, for devices at two backends; returns the other one. */
static struct serve begin_with_two(span within) {
    struct serve other = serve_start(NULL);
    broker = serve_start(NULL);
    make(MQTT_5_0, "elsewhere/${device.id}");
    add_target(&other);
    m.action.within = within;
    begin(1, 1);
    return other;
}

static void a_lost_connection_breaks_nothing_at_another_backend(void) {
    struct serve other = begin_with_two(100 * SPAN_S);
    while (now() < 200 * SPAN_MS)
        tick(m.plan.duration);
    serve_stop(&other);
    uint64_t broken = 0;
    for (int waited = 0; waited < SERVE_PATIENCE_MS && broken == 0; waited++) {
        tick(m.plan.duration);
        broken = ended(OP_BROKEN);
    }
    CU_ASSERT_EQUAL(broken, DEVICES / 2);
    CU_ASSERT_TRUE(commander_waits(m.commander));
    end();
    serve_stop(&broker);
}

/* As the time runs out our thread stands still, and then once more for the other observer alone: both count. */
static void what_nobody_could_hear_is_withdrawn(void) {
    const struct timespec long_pause = {.tv_nsec = 600 * SPAN_MS}, pause = {.tv_nsec = 200 * SPAN_MS};
    struct serve other = begin_with_two(400 * SPAN_MS);
    while (!commander_waits(m.commander))
        tick(m.plan.duration);
    nanosleep(&long_pause, NULL);
    observer_drain(observe_of(m.observe, &m.targets[1]), &(struct observer_visitor){0});
    nanosleep(&pause, NULL);
    tick(m.plan.duration);
    CU_ASSERT_EQUAL(ended(OP_WITHDRAWN), DEVICES);
    CU_ASSERT_EQUAL(ended(OP_TIMEOUT), 0);
    end();
    serve_stop(&other);
    serve_stop(&broker);
}

static void a_shard_commands_its_own_devices(void) {
    broker = serve_start(NULL);
    make(MQTT_5_0, "r/${device.id}");
    begin(2, 4);
    run();
    CU_ASSERT_EQUAL(ended(OP_OK), DEVICES / 4);
    end();
    serve_stop(&broker);
}

static void the_guard_paces_commands(void) {
    broker = serve_start(NULL);
    make(MQTT_5_0, "r/${device.id}");
    m.plan.safety.max_publish_rate = 20;
    begin(1, 1);
    run();
    CU_ASSERT_EQUAL(ended(OP_OK), DEVICES);
    uint64_t held = 0;
    for (size_t i = 0; i < m.result->series_count; i++)
        held += m.result->series[i]->held[OP_HELD_GUARD];
    CU_ASSERT(held > 0);
    end();
    serve_stop(&broker);
}

static void a_run_without_commands_has_no_commander(void) {
    struct commander *c;
    struct plan plan = {.device_count = 1};
    CU_ASSERT_EQUAL(commander_open(&plan, 1, 1, NULL, NULL, &c), 0);
    CU_ASSERT_PTR_NULL(c);
    commander_begin(NULL, 0, 0);
    commander_tick(NULL, 0, 0);
    commander_finish(NULL, 0, 0);
    CU_ASSERT(commander_next(NULL, 0) == INSTANT_NEVER && !commander_waits(NULL) && commander_away(NULL) == NULL &&
              commander_swap(NULL, 0) == NULL);
    commander_close(NULL);
}

HARNESS_MAIN("fleet/commander", HARNESS_CASE(replies_are_timed_in_both_versions),
             HARNESS_CASE(who_says_nothing_is_named_and_who_was_away_is_not),
             HARNESS_CASE(what_is_still_waited_for_stays_open_and_what_did_not_go_is_dropped),
             HARNESS_CASE(a_lost_connection_breaks_what_waits_and_drops_what_comes),
             HARNESS_CASE(a_lost_connection_breaks_nothing_at_another_backend),
             HARNESS_CASE(what_nobody_could_hear_is_withdrawn), HARNESS_CASE(a_shard_commands_its_own_devices),
             HARNESS_CASE(the_guard_paces_commands), HARNESS_CASE(a_run_without_commands_has_no_commander))
