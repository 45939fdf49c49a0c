#include "fleet/commander.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/hash.h"
#include "device/payload.h"
#include "loop/loop.h"
#include "metrics/interval.h"
#include "metrics/keymap.h"
#include "metrics/recorder.h"
#include "scenario/plan_command.h"
#include "transport/guard.h"

enum {
    SCRATCH_SIZE = 1 << 20, /* a rendered command */
    CORRELATION_SIZE = 14,  /* run, number of the command, device, n */
    SENT_PER_TICK = 512,    /* then the observer is asked what came meanwhile */
    RETRY_MS = 5            /* when its client has no room */
};
#define NOBODY UINT32_MAX

enum stage { TO_SEND, WAITING, ENDED };

struct command {
    instant intended, emitted, deadline;
    uint32_t device, n;    /* n: of the device's commands, from 1 */
    uint32_t seat;         /* of the device */
    uint32_t next_waiting; /* of the same device, of the whole run; NOBODY: none */
    uint8_t stage, held, reason_code;
};

/* One entry of the timeline; its commands are those from `first` on, in order of their instants. */
struct entry {
    const struct action *action;
    uint32_t first, count;
    uint32_t sent, ended; /* those before are no longer to be sent; have ended */
};

/* A commanded device: replies without Correlation Data are known by their topic, and answer what has waited longest. */
struct seat {
    uint32_t device;
    uint32_t first_waiting, last_waiting;
};

/* The last time that nobody could hear; stretches that meet are one. */
struct deaf {
    instant from, to;
};

struct commander {
    const struct plan *plan;
    const struct secret_table *secrets;
    struct observe *observe;
    struct observer_visitor listener;
    struct entry *entries;
    unsigned entry_count;
    struct command *commands;
    uint32_t command_count, waiting;
    struct seat *seats;
    uint32_t seat_count;
    struct keymap seat_of_topic; /* hash of the reply topic */
    _Atomic int64_t *away;
    struct guard guard;
    struct recorder *recorder;
    struct interval *spare;
    int64_t origin_ns, start_unix_ms;
    uint16_t run;
    struct deaf still, thrown; /* when an observer's client stood still, and when its queue was full */
    instant guard_again;
    bool *lost; /* [target_count]: the observer's connection, since the last tick */
    uint8_t *scratch;
};

/* --- building --------------------------------------------------------------------------------------------------------- */

static bool is_here(const struct plan *p, const struct action *a, uint32_t device, unsigned shard, unsigned shards) {
    return device % shards == shard - 1 && plan_command_reaches(p, a, device);
}

static int by_instant(const void *a, const void *b) {
    const struct command *left = a, *right = b;
    if (left->intended != right->intended)
        return left->intended < right->intended ? -1 : 1;
    return left->device < right->device ? -1 : left->device > right->device;
}

static void fill_entry(struct commander *c, const struct action *a, unsigned shard, unsigned shards) {
    struct entry *e = &c->entries[c->entry_count++];
    *e = (struct entry){.action = a, .first = c->command_count};
    for (uint32_t d = 0; d < c->plan->device_count; d++)
        if (is_here(c->plan, a, d, shard, shards))
            c->commands[c->command_count++] =
                (struct command){.intended = action_start(a, c->plan->seed, d), .device = d, .next_waiting = NOBODY};
    e->count = c->command_count - e->first;
    qsort(c->commands + e->first, e->count, sizeof *c->commands, by_instant);
}

static uint64_t count_commands(const struct plan *p, unsigned shard, unsigned shards, unsigned *entries) {
    uint64_t count = 0;
    for (unsigned i = 0; i < p->action_count; i++) {
        *entries += p->actions[i].verb == DO_COMMAND;
        for (uint32_t d = 0; p->actions[i].verb == DO_COMMAND && d < p->device_count; d++)
            count += is_here(p, &p->actions[i], d, shard, shards);
    }
    return count;
}

static struct payload_context context_of(const struct commander *c, uint32_t device, uint32_t n, instant at) {
    const struct plan *p = c->plan;
    const struct fleet_group *g = &p->groups[p->group_of[device]];
    return (struct payload_context){.group = g,
                                    .secrets = c->secrets,
                                    .run_id = p->run_id,
                                    .seed = p->seed,
                                    .device = device,
                                    .index = device - p->fleets[g->fleet_index].first,
                                    .seq = n,
                                    .intended = at,
                                    .unix_ms = c->start_unix_ms + at / SPAN_MS};
}

static int render(const struct template *t, const struct payload_context *context, struct bytes_writer *w,
                  struct bytes *out) {
    uint8_t *start = w->at;
    int error = t->count == 0 ? 0 : payload_render(t, context, w);
    *out = bytes_of(start, (size_t)(w->at - start));
    return error;
}

/* Gives every commanded device a seat, and numbers its commands by their instants. */
static int seat_devices(struct commander *c) {
    uint32_t *seat_of = malloc(c->plan->device_count * sizeof *seat_of);
    uint32_t *counts = calloc(c->plan->device_count, sizeof *counts);
    if (seat_of == NULL || counts == NULL) {
        free(seat_of);
        free(counts);
        return ERR_NO_MEMORY;
    }
    memset(seat_of, 0xff, c->plan->device_count * sizeof *seat_of);
    for (uint32_t i = 0; i < c->command_count; i++) {
        struct command *one = &c->commands[i];
        one->n = ++counts[one->device];
        if (seat_of[one->device] == NOBODY) {
            seat_of[one->device] = c->seat_count;
            c->seats[c->seat_count++] = (struct seat){one->device, NOBODY, NOBODY};
        }
        one->seat = seat_of[one->device];
    }
    free(seat_of);
    free(counts);
    return 0;
}

static int learn_topics(struct commander *c) {
    for (uint32_t i = 0; i < c->seat_count; i++) {
        struct payload_context context = context_of(c, c->seats[i].device, 0, 0);
        struct bytes_writer w = bytes_writer_of(c->scratch, SCRATCH_SIZE);
        struct bytes topic;
        int error = render(&context.group->profile->commands.reply_topic, &context, &w, &topic);
        if (error < 0)
            return error;
        uint64_t key = hash_fnv1a64(topic.data, topic.size);
        if (keymap_find(&c->seat_of_topic, key) == KEYMAP_NONE)
            keymap_put(&c->seat_of_topic, key, i);
    }
    return 0;
}

static int make_tools(struct commander *c, unsigned shards) {
    const struct plan *p = c->plan;
    c->scratch = malloc(SCRATCH_SIZE);
    c->recorder = recorder_new(p->group_count, &p->segments);
    c->away = malloc(p->device_count * sizeof *c->away);
    if (c->scratch == NULL || c->recorder == NULL || c->away == NULL)
        return ERR_NO_MEMORY;
    for (uint32_t d = 0; d < p->device_count; d++)
        atomic_init(&c->away[d], INSTANT_NEVER);
    return guard_init(&c->guard, &p->safety, 1.0 / shards, 1);
}

static void take_answer(void *context, const struct observer_answer *a);
static void take_published(void *context, const struct observer_published *p);
static void take_gap(void *context, const struct observer_gap *g);

int commander_open(const struct plan *plan, unsigned shard, unsigned shards, const struct secret_table *secrets,
                   struct observe *observe, struct commander **out) {
    *out = NULL;
    unsigned entries = 0;
    uint64_t count = plan->command == NULL ? 0 : count_commands(plan, shard, shards, &entries);
    if (count == 0)
        return 0;
    struct commander *c = count < NOBODY ? calloc(1, sizeof *c) : NULL;
    if (c == NULL)
        return ERR_NO_MEMORY;
    *c = (struct commander){
        .plan = plan, .secrets = secrets, .observe = observe, .still = {.to = INT64_MIN}, .thrown = {.to = INT64_MIN}};
    c->run = payload_mark_run(plan->run_id);
    c->listener =
        (struct observer_visitor){.context = c, .answer = take_answer, .published = take_published, .gap = take_gap};
    c->entries = calloc(entries, sizeof *c->entries);
    c->commands = calloc(count, sizeof *c->commands);
    c->seats = calloc(count, sizeof *c->seats);
    c->lost = calloc(plan->target_count, sizeof *c->lost);
    bool missing = c->entries == NULL || c->commands == NULL || c->seats == NULL || c->lost == NULL;
    int error = missing ? ERR_NO_MEMORY : 0;
    for (unsigned i = 0; i < plan->action_count && error == 0; i++)
        if (plan->actions[i].verb == DO_COMMAND)
            fill_entry(c, &plan->actions[i], shard, shards);
    if (error == 0)
        error = make_tools(c, shards);
    if (error == 0)
        error = seat_devices(c);
    if (error == 0)
        error = learn_topics(c);
    if (error < 0) {
        commander_close(c);
        return error;
    }
    observe_listen(observe, &c->listener);
    *out = c;
    return 0;
}

void commander_close(struct commander *c) {
    if (c == NULL)
        return;
    free(c->entries);
    free(c->commands);
    free(c->seats);
    free(c->lost);
    keymap_free(&c->seat_of_topic);
    free((void *)c->away);
    guard_free(&c->guard);
    recorder_free(c->recorder);
    interval_free(c->spare);
    free(c->scratch);
    free(c);
}

_Atomic int64_t *commander_away(struct commander *c) {
    return c == NULL ? NULL : c->away;
}

void commander_begin(struct commander *c, int64_t origin_ns, int64_t start_unix_ns) {
    if (c == NULL)
        return;
    c->origin_ns = origin_ns;
    c->start_unix_ms = start_unix_ns / SPAN_MS;
}

/* --- ends ------------------------------------------------------------------------------------------------------------- */

static struct op op_of(const struct command *one) {
    instant ready = one->held == OP_HELD_NONE ? one->intended : one->emitted;
    return (struct op){.intended = one->intended,
                       .ready = ready,
                       .emitted = one->emitted,
                       .sent = one->emitted,
                       .n = one->n,
                       .kind = OP_MQTT_COMMAND,
                       .held = one->held,
                       .stream = UINT8_MAX};
}

static void leave_row(struct commander *c, uint32_t number) {
    struct seat *seat = &c->seats[c->commands[number].seat];
    uint32_t before = NOBODY;
    for (uint32_t i = seat->first_waiting; i != number; i = c->commands[i].next_waiting) {
        CHECK(i != NOBODY);
        before = i;
    }
    uint32_t after = c->commands[number].next_waiting;
    if (before == NOBODY)
        seat->first_waiting = after;
    else
        c->commands[before].next_waiting = after;
    if (seat->last_waiting == number)
        seat->last_waiting = before;
}

/* What would count against the backend does not when the device was away of its own, or our client was not there to hear. */
static enum op_outcome judged(const struct commander *c, const struct command *one, enum op_outcome outcome) {
    bool against_backend = outcome == OP_REFUSED || outcome == OP_TIMEOUT || outcome == OP_BROKEN;
    bool device_away = atomic_load_explicit(&c->away[one->device], memory_order_relaxed) >= one->intended;
    bool stood_still = c->still.from <= one->deadline && c->still.to >= one->deadline;
    bool threw_away = c->thrown.from <= one->deadline && c->thrown.to >= one->emitted;
    bool deaf = outcome == OP_TIMEOUT && (stood_still || threw_away);
    return against_backend && (device_away || deaf) ? OP_WITHDRAWN : outcome;
}

static void end(struct commander *c, uint32_t number, enum op_outcome outcome, enum op_drop drop, instant at) {
    struct command *one = &c->commands[number];
    const struct plan *p = c->plan;
    unsigned group = p->group_of[one->device];
    if (one->stage == WAITING) {
        leave_row(c, number);
        c->waiting--;
    }
    one->stage = ENDED;
    outcome = judged(c, one, outcome);
    struct op op = op_of(one);
    uint8_t excluded = p->excluded_count == 0 ? 0 : plan_excluded(p, one->device, one->intended, at);
    recorder_end(c->recorder, group, &op, outcome, drop, at, at, excluded);
    if (outcome != OP_OK && outcome != OP_OPEN && outcome != OP_DROPPED)
        recorder_reason(c->recorder, group, one->device, OP_MQTT_COMMAND, outcome, one->reason_code, CLOSE_NONE, at);
}

/* --- sending ---------------------------------------------------------------------------------------------------------- */

/* Hands one command to the observer's client; as observer_publish. */
static int publish(struct commander *c, const struct action *a, uint32_t number) {
    const struct command *one = &c->commands[number];
    struct payload_context context = context_of(c, one->device, one->n, one->intended);
    const struct commands *how = &context.group->profile->commands;
    struct bytes_writer w = bytes_writer_of(c->scratch, SCRATCH_SIZE);
    uint8_t correlation[CORRELATION_SIZE];
    struct bytes_writer named = bytes_writer_of(correlation, sizeof correlation);
    bytes_write_u16(&named, c->run);
    bytes_write_u32(&named, number);
    bytes_write_u32(&named, one->device);
    bytes_write_u32(&named, one->n);
    struct observer_publication p = {
        .id = number, .qos = a->qos, .correlation = bytes_of(correlation, sizeof correlation)};
    int error = render(&how->topic, &context, &w, &p.topic);
    if (error == 0)
        error = render(&how->reply_topic, &context, &w, &p.response_topic);
    if (error == 0)
        error = render(&a->payload, &context, &w, &p.payload);
    struct observer *o = observe_of(c->observe, context.group->target);
    CHECK(o != NULL);
    return error < 0 ? error : observer_publish(o, &p);
}

static instant now_of(const struct commander *c) {
    return loop_clock_monotonic() - c->origin_ns;
}

static void wait_for_reply(struct commander *c, uint32_t number, const struct action *a) {
    struct command *one = &c->commands[number];
    struct seat *seat = &c->seats[one->seat];
    one->stage = WAITING;
    one->deadline = instant_add(one->emitted, a->within);
    one->next_waiting = NOBODY;
    if (seat->last_waiting == NOBODY)
        seat->first_waiting = number;
    else
        c->commands[seat->last_waiting].next_waiting = number;
    seat->last_waiting = number;
    c->waiting++;
}

static const struct target *target_of(const struct commander *c, uint32_t device) {
    return c->plan->groups[c->plan->group_of[device]].target;
}

static bool is_connected(const struct commander *c, uint32_t device) {
    return observer_state(observe_of(c->observe, target_of(c, device)), NULL, 0) == OBSERVER_READY;
}

/* Nobody heard the replies to what was sent through that observer. */
static void break_all(struct commander *c, unsigned target, instant now) {
    for (unsigned i = 0; i < c->entry_count; i++)
        for (uint32_t k = c->entries[i].ended; k < c->entries[i].sent; k++) {
            uint32_t number = c->entries[i].first + k;
            const struct command *one = &c->commands[number];
            if (one->stage == WAITING && target_of(c, one->device) == &c->plan->targets[target])
                end(c, number, OP_BROKEN, OP_DROP_NONE, now);
        }
    c->lost[target] = false;
}

/* False: the guard, or the client, wants it later. */
static bool send_one(struct commander *c, const struct action *a, uint32_t number) {
    struct command *one = &c->commands[number];
    instant now = now_of(c);
    if (guard_take(&c->guard, GUARD_PUBLISHES, 1, now, &c->guard_again) < 0) {
        one->held = OP_HELD_GUARD;
        return false;
    }
    c->guard_again = INT64_MIN;
    one->emitted = now;
    wait_for_reply(c, number, a); /* before it goes: the reply is quick */
    int error = publish(c, a, number);
    if (error == 0)
        return true;
    one->emitted = 0;
    if (error == ERR_AGAIN && is_connected(c, one->device)) {
        leave_row(c, number);
        c->waiting--;
        one->stage = TO_SEND;
        one->held = OP_HELD_WINDOW;
        c->guard_again = now + RETRY_MS * SPAN_MS;
        return false;
    }
    end(c, number, OP_DROPPED, error == ERR_AGAIN ? OP_DROP_OFFLINE : OP_DROP_LOCAL, now);
    return true;
}

void commander_tick(struct commander *c, instant now, instant ends) {
    if (c == NULL)
        return;
    for (unsigned t = 0; t < c->plan->target_count; t++)
        if (c->lost[t])
            break_all(c, t, now);
    unsigned sent = 0;
    for (unsigned i = 0; i < c->entry_count; i++) {
        struct entry *e = &c->entries[i];
        for (; e->sent < e->count && sent < SENT_PER_TICK; e->sent++, sent++) {
            const struct command *one = &c->commands[e->first + e->sent];
            if (one->intended > now || one->intended >= ends || !send_one(c, e->action, e->first + e->sent))
                break;
        }
        for (; e->ended < e->sent; e->ended++) { /* all wait equally long, so the first sent is the first to end */
            const struct command *one = &c->commands[e->first + e->ended];
            if (one->stage == WAITING && one->deadline > now)
                break;
            if (one->stage == WAITING)
                end(c, e->first + e->ended, OP_TIMEOUT, OP_DROP_NONE, now);
        }
    }
}

instant commander_next(const struct commander *c, instant ends) {
    instant next = INSTANT_NEVER;
    for (unsigned i = 0; c != NULL && i < c->entry_count; i++) {
        const struct entry *e = &c->entries[i];
        const struct command *to_send = &c->commands[e->first + e->sent], *oldest = &c->commands[e->first + e->ended];
        if (e->sent < e->count && to_send->intended < ends)
            next = instant_min(next, instant_max(to_send->intended, c->guard_again));
        if (e->ended < e->sent && oldest->stage == WAITING)
            next = instant_min(next, oldest->deadline);
    }
    return next;
}

/* --- what the observer hears ------------------------------------------------------------------------------------------ */

/* The command that the Correlation Data names; NOBODY: they are not ours. */
static uint32_t named_by(const struct commander *c, struct bytes correlation) {
    struct bytes_reader r = bytes_reader_of(correlation);
    uint16_t run = bytes_read_u16(&r);
    uint32_t number = bytes_read_u32(&r), device = bytes_read_u32(&r), n = bytes_read_u32(&r);
    if (correlation.size != CORRELATION_SIZE || run != c->run || number >= c->command_count ||
        c->commands[number].device != device || c->commands[number].n != n)
        return NOBODY;
    return number;
}

static uint32_t waiting_at(const struct commander *c, struct bytes topic) {
    uint32_t seat = keymap_find(&c->seat_of_topic, hash_fnv1a64(topic.data, topic.size));
    return seat == KEYMAP_NONE ? NOBODY : c->seats[seat].first_waiting;
}

static void take_answer(void *context, const struct observer_answer *a) {
    struct commander *c = context;
    uint32_t number = a->correlation.size > 0 ? named_by(c, a->correlation) : waiting_at(c, a->topic);
    if (number == NOBODY || c->commands[number].stage == TO_SEND)
        return;
    struct command *one = &c->commands[number];
    instant at = instant_max(a->at_ns - c->origin_ns, one->emitted);
    if (one->stage == WAITING && at <= one->deadline)
        end(c, number, OP_OK, OP_DROP_NONE, at);
    else if (one->stage == WAITING)
        end(c, number, OP_TIMEOUT, OP_DROP_NONE, at);
    else if (at > one->deadline)
        recorder_tally(c->recorder, c->plan->group_of[one->device], at, TALLY_LATE_ANSWERS, 1);
}

static void take_published(void *context, const struct observer_published *p) {
    struct commander *c = context;
    if (p->id >= c->command_count || c->commands[p->id].stage != WAITING)
        return;
    struct command *one = &c->commands[p->id];
    one->reason_code = p->reason_code; /* that nobody subscribes is worth telling, should no reply come */
    if (!p->ok)
        end(c, (uint32_t)p->id, p->reason_code > 0 ? OP_REFUSED : OP_BROKEN, OP_DROP_NONE,
            instant_max(p->at_ns - c->origin_ns, one->emitted));
}

static void add_deaf(struct deaf *d, instant from, instant to) {
    bool meets = from <= d->to && to >= d->from;
    d->from = meets ? instant_min(d->from, from) : from;
    d->to = meets ? instant_max(d->to, to) : to;
}

static void take_gap(void *context, const struct observer_gap *g) {
    struct commander *c = context;
    instant from = g->from_ns - c->origin_ns;
    instant to = g->to_ns == INT64_MAX ? INSTANT_NEVER : g->to_ns - c->origin_ns;
    switch (g->kind) {
    case OBSERVER_GAP_STALL:
        add_deaf(&c->still, from, to);
        break;
    case OBSERVER_GAP_QUEUE:
        add_deaf(&c->thrown, from, to);
        break;
    default:
        if (to == INSTANT_NEVER) /* replies that came before it are told after it */
            c->lost[observe_told_of(c->observe) - c->plan->targets] = true;
        break;
    }
}

/* --- the books -------------------------------------------------------------------------------------------------------- */

bool commander_waits(const struct commander *c) {
    return c != NULL && c->waiting > 0;
}

void commander_finish(struct commander *c, instant now, instant ends) {
    if (c == NULL)
        return;
    for (uint32_t i = 0; i < c->command_count; i++)
        if (c->commands[i].stage == WAITING)
            end(c, i, OP_OPEN, OP_DROP_NONE, now);
        else if (c->commands[i].stage == TO_SEND && c->commands[i].intended < ends)
            end(c, i, OP_DROPPED, OP_DROP_END, now);
}

struct interval *commander_swap(struct commander *c, instant at) {
    if (c == NULL)
        return NULL;
    struct interval *found = recorder_swap(c->recorder, c->spare, at);
    c->spare = NULL;
    return found;
}

void commander_give_back(struct commander *c, struct interval *i) {
    if (c != NULL)
        c->spare = i;
}
