#include "rig.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "device/behaviour.h"
#include "device/device_power.h"
#include "device/drivers.h"
#include "device/duplicates.h"
#include "harness.h"

static void literal(struct template *t, const char *text) {
    struct template_error error;
    CHECK(template_compile(text, TEMPLATE_OF_DEVICE | TEMPLATE_OF_MESSAGE, NULL, 0, t, &error) == 0);
}

void rig_make(struct rig *r) {
    memset(r, 0, sizeof *r);
    r->fleet = (struct fleet){.name = "bench", .count = 1};
    r->target = (struct target){.name = "target", .url = "mqtt://127.0.0.1:1883", .node_count = 1};
    r->profile = (struct profile){.name = "plain",
                                  .mqtt = {.version = MQTT_3_1_1,
                                           .keepalive_s = 60,
                                           .clean_start = true,
                                           .connack_timeout = 10 * SPAN_S,
                                           .suback_timeout = 10 * SPAN_S,
                                           .ping_timeout = 10 * SPAN_S},
                                  .reconnect = {.policy = RECONNECT_FIXED, .first = SPAN_S, .max = SPAN_S, .factor = 1},
                                  .buffer = {.messages = 100},
                                  .timeouts = {.connect = 10 * SPAN_S, .stream = 15 * SPAN_MIN}};
    r->telemetry = (struct telemetry){.name = "t", .every = {.kind = DIST_CONSTANT, .a = 1e9}, .qos = 1};
    literal(&r->telemetry.topic, "a/${device.id}");
    literal(&r->telemetry.payload, "${msg.seq}");
    r->group = (struct fleet_group){.fleet = "bench",
                                    .profile_name = "plain",
                                    .region = "",
                                    .target_name = "target",
                                    .profile = &r->profile,
                                    .target = &r->target,
                                    .telemetry = &r->telemetry,
                                    .telemetry_count = 1};
    r->edges[0] = INT64_MIN;
    r->segments = (struct segments){.edges = r->edges, .count = 1};
}

struct action *rig_action(struct rig *r, enum action_verb verb, instant start) {
    CHECK(r->host.action_count < RIG_ACTIONS);
    struct action *a = &r->actions[r->host.action_count];
    *a = (struct action){.id = "entry",
                         .verb = verb,
                         .index = (uint16_t)r->host.action_count,
                         .value_bit = verb == DO_LINK || verb == DO_SET ? (int8_t)r->host.action_count : (int8_t)-1,
                         .start = start,
                         .times = 1,
                         .selected = 1};
    r->host.action_count++;
    return a;
}

void rig_begin(struct rig *r, instant first_connect) {
    if (first_connect != INSTANT_NEVER)
        rig_action(r, DO_CONNECT, first_connect);
    struct device_host *h = &r->host;
    h->seed = 7;
    h->groups = &r->group;
    h->actions = r->actions;
    for (unsigned i = 0; i < h->action_count; i++)
        h->tracked_count += behaviour_tracks(&r->actions[i]);
    h->fleets = &r->fleet;
    h->device_count = h->group_count = 1;
    h->ledgers = r->group.power == NULL ? NULL : &r->ledger;
    h->segments = &r->segments;
    h->run_id = "00ff";
    h->run_number = 0xff;
    h->ends = h->closes = h->counts_until = INSTANT_NEVER;
    h->pool = h->step.pool = pool_new(1 << 24);
    h->recorder = recorder_new(1, &r->segments);
    h->duplicates = duplicates_new();
    CHECK(guard_init(&r->guard, &r->limits, 1.0, 1) == 0);
    h->guard = &r->guard;
    h->scratch = bytes_writer_of(r->scratch, sizeof r->scratch);
    h->step.out = bytes_writer_of(r->out, sizeof r->out);
    r->result = result_new(1, &r->segments);
    r->slot = (struct device_slot){.life = &r->life,
                                   .session = r->session,
                                   .link = &r->link,
                                   .radio = r->group.radio ? (struct radio_state *)(void *)r->radio : NULL,
                                   .power = r->group.power == NULL ? NULL : &r->power,
                                   .behaviour = (struct behaviour *)(void *)r->behaviour,
                                   .group = &r->group};
    CHECK(drivers_mqtt.session_size <= sizeof r->session);
    CHECK(radio_size(&r->group) <= sizeof r->radio);
    CHECK(behaviour_size(&r->group, h->tracked_count) <= sizeof r->behaviour);
    step_begin(&h->step, -1, -1);
    device_begin(h, &r->slot, first_connect);
}

void rig_step(struct rig *r, instant now) {
    step_begin(&r->host.step, now, now);
    r->host.orders = (struct device_orders){0};
    r->host.changed = 0;
    r->host.power_notes = 0;
    r->host.spent = 0;
}

void rig_carry_out(struct rig *r) {
    r->sent_size = bytes_written(&r->host.step.out);
    memcpy(r->sent, r->out, r->sent_size);
    if (r->sent_size > 0 && r->life.connection != NULL)
        device_power_sent(&r->host, &r->slot, r->sent_size, 0, r->host.step.now);
    r->host.step.out.at = r->host.step.out.start;
    for (unsigned i = 0; i < r->host.step.op_count; i++)
        r->host.step.ops[i]->sent = r->host.step.now;
    r->orders = r->host.orders;
    if (r->orders.close != KEEP_CONNECTION)
        r->life.connection = NULL;
}

void rig_due(struct rig *r, instant now) {
    rig_step(r, now);
    (void)device_due(&r->host, &r->slot);
    rig_carry_out(r);
}

void rig_run(struct rig *r, instant now) {
    instant next;
    while ((next = device_next(&r->host, &r->slot)) <= now)
        rig_due(r, next);
}

void rig_attempt(struct rig *r, instant now) {
    rig_step(r, now);
    device_attempt(&r->host, &r->slot, &r->attempt, OP_HELD_NONE);
    rig_carry_out(r);
}

void rig_opened(struct rig *r, instant now) {
    rig_step(r, now);
    r->connection = (struct connection){.fd = 3};
    r->life.connection = &r->connection;
    device_opened(&r->host, &r->slot, &r->attempt);
    rig_carry_out(r);
}

void rig_open(struct rig *r, instant now) {
    rig_attempt(r, now);
    rig_opened(r, now);
}

void rig_refuse(struct rig *r, instant now, enum close_reason why) {
    rig_step(r, now);
    device_attempt(&r->host, &r->slot, &r->attempt, OP_HELD_NONE);
    device_open_failed(&r->host, &r->slot, &r->attempt, why);
    rig_carry_out(r);
}

void rig_receive(struct rig *r, instant now, const char *hex) {
    uint8_t bytes[1024];
    size_t size = 0;
    for (const char *at = hex; *at != '\0';) {
        if (*at == ' ') {
            at++;
            continue;
        }
        char two[3] = {at[0], at[1], '\0'};
        bytes[size++] = (uint8_t)strtoul(two, NULL, 16);
        at += 2;
    }
    rig_step(r, now);
    size_t used = device_input(&r->host, &r->slot, (struct bytes){bytes, size});
    (void)used;
    rig_carry_out(r);
}

void rig_online(struct rig *r, instant now, bool session_present) {
    rig_open(r, now);
    rig_receive(r, now, session_present ? "20 02 01 00" : "20 02 00 00");
}

void rig_lose(struct rig *r, instant now, enum close_reason why) {
    rig_step(r, now);
    r->life.connection = NULL;
    device_lost(&r->host, &r->slot, why);
    rig_carry_out(r);
}

const struct result *rig_result(struct rig *r) {
    device_power_flush(&r->host, r->host.step.now);
    struct interval *i = recorder_swap(r->host.recorder, NULL, r->host.step.now);
    result_add(r->result, i, 10 * SPAN_MS);
    result_end_second(r->result, r->host.step.now);
    interval_free(i);
    return r->result;
}

uint64_t rig_outcome(struct rig *r, enum op_kind op, enum op_outcome outcome) {
    const struct result *result = rig_result(r);
    uint64_t sum = 0;
    for (size_t i = 0; i < result->series_count; i++)
        if (result->series[i]->key.op == op)
            sum += result->series[i]->outcomes[outcome];
    return sum;
}

span rig_longest(struct rig *r, enum op_kind op, enum clock_kind clock) {
    const struct result *result = rig_result(r);
    span longest = -1;
    for (size_t i = 0; i < result->series_count; i++) {
        const struct series *s = result->series[i];
        if (s->key.op == op && s->clocks[clock] != NULL && s->clocks[clock]->count > 0)
            longest = instant_max(longest, s->clocks[clock]->max_ns);
    }
    return longest;
}

uint64_t rig_tally(struct rig *r, enum tally_kind kind) {
    const struct result *result = rig_result(r);
    uint64_t sum = 0;
    for (size_t i = 0; i < result->tally_count; i++)
        sum += result->tallies[i].counts[kind];
    return sum;
}

void rig_free(struct rig *r) {
    bool more = true;
    while (more) {
        rig_step(r, r->host.step.now);
        more = device_finish(&r->host, &r->slot);
    }
    CU_ASSERT_EQUAL(pool_in_use(r->host.pool), 0);
    result_free(r->result);
    recorder_free(r->host.recorder);
    duplicates_free(r->host.duplicates);
    guard_free(&r->guard);
    pool_free(r->host.pool);
    template_free(&r->telemetry.topic);
    template_free(&r->telemetry.payload);
}
