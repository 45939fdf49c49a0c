#include <string.h>

#include "backend/broker_state.h"
#include "base/check.h"
#include "base/err.h"
#include "base/hash.h"

static bool same_client(const struct broker_entry *e, const void *key) {
    const struct broker_session *s = (const struct broker_session *)e;
    return bytes_equal(bytes_of(s->client_id, s->client_id_size), *(const struct bytes *)key);
}

struct broker_session *broker_session_find(const struct broker *b, struct bytes client_id) {
    uint64_t hash = hash_fnv1a64(client_id.data, client_id.size);
    return (struct broker_session *)broker_table_find(&b->session_table, hash_mix(hash), same_client, &client_id);
}

static bool take_slot(struct broker *b, uint32_t *slot) {
    if (b->free_session_count > 0)
        *slot = b->free_sessions[--b->free_session_count];
    else if (b->session_slots < b->options.limits.sessions_max)
        *slot = b->session_slots++;
    else
        return false;
    return true;
}

static void give_slot(struct broker *b, uint32_t slot) {
    b->sessions[slot] = NULL;
    b->free_sessions[b->free_session_count++] = slot;
}

struct broker_session *broker_session_new(struct broker *b, struct bytes client_id) {
    uint32_t slot;
    size_t size = sizeof(struct broker_session) + client_id.size;
    struct broker_session *s = pool_take(b->pool, size);
    if (s == NULL)
        return NULL;
    if (!take_slot(b, &slot)) {
        pool_give(b->pool, s, size);
        return NULL;
    }
    *s = (struct broker_session){.slot = slot,
                                 .ends_at = INSTANT_NEVER,
                                 .will_at = INSTANT_NEVER,
                                 .held_until = INSTANT_NEVER,
                                 .client_id_size = (uint16_t)client_id.size};
    memcpy(s->client_id, client_id.data, client_id.size);
    if (broker_table_add(&b->session_table, &s->entry, hash_mix(hash_fnv1a64(client_id.data, client_id.size))) < 0) {
        give_slot(b, slot);
        pool_give(b->pool, s, size);
        return NULL;
    }
    b->sessions[slot] = s;
    b->counts.sessions++;
    return s;
}

void broker_session_forget_will(struct broker *b, struct broker_session *s) {
    broker_message_drop(b, s->will.message);
    s->will = (struct broker_will){0};
    s->will_at = INSTANT_NEVER;
}

static void publish_will(struct broker *b, struct broker_session *s) {
    struct broker_will will = s->will;
    s->will = (struct broker_will){0};
    s->will_at = INSTANT_NEVER;
    if (will.message == NULL)
        return;
    /* The expiry interval of a will counts from its publication (MQTT-3.1.3.2.4): so far `expires` held the interval. */
    if (will.message->expires != INSTANT_NEVER)
        will.message->expires = instant_add(b->now, will.message->expires);
    b->counts.wills++;
    broker_route_message(b, will.message, will.retain, NULL);
    broker_message_drop(b, will.message);
}

void broker_session_free(struct broker *b, struct broker_session *s) {
    CHECK(s->connection == NULL);
    broker_session_forget_will(b, s);
    broker_message_drop(b, s->held);
    broker_subscribe_remove_all(b, s);
    broker_deliver_discard(b, s);
    pool_give(b->pool, s->received, s->received_room * sizeof *s->received);
    broker_table_remove(&b->session_table, &s->entry);
    timers_set(&b->timers, b->options.limits.connections_max + s->slot, INSTANT_NEVER);
    give_slot(b, s->slot);
    b->counts.sessions--;
    pool_give(b->pool, s, sizeof *s + s->client_id_size);
}

void broker_session_end(struct broker *b, struct broker_session *s) {
    publish_will(b, s);
    broker_publish_held(b, s);
    broker_session_free(b, s);
}

void broker_session_arm(struct broker *b, struct broker_session *s) {
    instant at = instant_min(s->held_until, instant_min(s->ends_at, s->will_at));
    timers_set(&b->timers, b->options.limits.connections_max + s->slot, at);
}

void broker_session_detach(struct broker *b, struct broker_session *s, bool with_will) {
    if (!with_will)
        broker_session_forget_will(b, s);
    broker_publish_held(b, s);
    uint32_t expiry = s->expiry_s;
    if (expiry > 0 && misbehave_act(b->misbehave, MISBEHAVE_FORGET_SESSIONS))
        expiry = 0;
    if (expiry == 0) { /* a will with a delay goes with the session (5.0 section 3.1.3.2.2) */
        broker_session_end(b, s);
        return;
    }
    s->ends_at = expiry == BROKER_EXPIRY_NEVER ? INSTANT_NEVER : instant_add(b->now, (span)expiry * SPAN_S);
    if (s->will.message != NULL && s->will.delay_s == 0)
        publish_will(b, s);
    else if (s->will.message != NULL)
        s->will_at = instant_add(b->now, (span)s->will.delay_s * SPAN_S);
    broker_session_arm(b, s);
}

void broker_session_due(struct broker *b, struct broker_session *s) {
    if (s->ends_at <= b->now) {
        broker_session_end(b, s);
        return;
    }
    if (s->will_at <= b->now)
        publish_will(b, s);
    if (s->held_until <= b->now)
        broker_publish_held(b, s);
    broker_session_arm(b, s);
}

/* --- QoS 2 identifiers received ------------------------------------------------------------------------------------ */

/* Where the identifier stands, or would stand. */
static unsigned place_of(const struct broker_session *s, uint16_t packet_id) {
    unsigned low = 0, high = s->received_count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (s->received[middle] < packet_id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool broker_session_has_received(const struct broker_session *s, uint16_t packet_id) {
    unsigned at = place_of(s, packet_id);
    return at < s->received_count && s->received[at] == packet_id;
}

int broker_session_add_received(struct broker *b, struct broker_session *s, uint16_t packet_id) {
    if (s->received_count == s->received_room) {
        uint16_t room = s->received_room == 0               ? 16
                        : s->received_room > UINT16_MAX / 2 ? UINT16_MAX
                                                            : (uint16_t)(2 * s->received_room);
        uint16_t *bigger = pool_take(b->pool, room * sizeof *bigger);
        if (bigger == NULL)
            return ERR_NO_MEMORY;
        if (s->received_count > 0)
            memcpy(bigger, s->received, s->received_count * sizeof *bigger);
        pool_give(b->pool, s->received, s->received_room * sizeof *s->received);
        s->received = bigger;
        s->received_room = room;
    }
    unsigned at = place_of(s, packet_id);
    memmove(s->received + at + 1, s->received + at, (s->received_count - at) * sizeof *s->received);
    s->received[at] = packet_id;
    s->received_count++;
    return 0;
}

bool broker_session_remove_received(struct broker_session *s, uint16_t packet_id) {
    unsigned at = place_of(s, packet_id);
    if (at == s->received_count || s->received[at] != packet_id)
        return false;
    s->received_count--;
    memmove(s->received + at, s->received + at + 1, (s->received_count - at) * sizeof *s->received);
    return true;
}
