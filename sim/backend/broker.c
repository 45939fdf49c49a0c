#include "backend/broker.h"

#include <stdlib.h>
#include <string.h>

#include "backend/broker_state.h"
#include "base/check.h"
#include "base/err.h"
#include "mqtt/mqtt_rule.h"

enum { INFLIGHT_MOST = 32767, PARTIAL_FIRST = 256 };

void broker_options_default(struct broker_options *o) {
    *o = (struct broker_options){
        .limits = {.connections_max = 65536,
                   .sessions_max = 1048576,
                   .memory_max = (size_t)4 << 30,
                   .packet_max = 16 << 20,
                   .queue_max = 100000,
                   .inflight_max = 1000,
                   .receive_maximum = 1000,
                   .topic_alias_maximum = 16,
                   .session_expiry_max_s = BROKER_EXPIRY_NEVER,
                   .backlog_max = 1 << 20,
                   .connect_timeout = 10 * SPAN_S},
        .seed = 1,
    };
}

static bool sane(const struct broker_limits *l) {
    return l->connections_max > 0 && l->sessions_max > 0 && l->packet_max > 0 && l->receive_maximum > 0 &&
           l->inflight_max > 0 && l->inflight_max <= INFLIGHT_MOST && l->backlog_max > 0 && l->connect_timeout > 0 &&
           (uint64_t)l->connections_max + l->sessions_max + 1 < UINT32_MAX;
}

int broker_new(const struct broker_options *options, const struct broker_sink *sink, struct broker **out) {
    if (!sane(&options->limits))
        return ERR_INVALID;
    const struct broker_limits *l = &options->limits;
    struct broker *b = calloc(1, sizeof *b);
    if (b == NULL)
        return ERR_NO_MEMORY;
    b->options = *options;
    b->sink = *sink;
    b->misbehave = options->misbehave != NULL ? options->misbehave : &b->none;
    b->now = b->busy_until = b->admit_next = INT64_MIN;
    /* Large and mostly empty: the system backs only what is touched. */
    b->connections = calloc(l->connections_max, sizeof(*b->connections));
    b->free_connections = calloc(l->connections_max, sizeof *b->free_connections);
    b->sessions = calloc(l->sessions_max, sizeof(*b->sessions));
    b->free_sessions = calloc(l->sessions_max, sizeof *b->free_sessions);
    b->pool = pool_new(l->memory_max);
    bool whole = b->connections != NULL && b->free_connections != NULL && b->sessions != NULL &&
                 b->free_sessions != NULL && b->pool != NULL;
    if (whole) {
        broker_table_init(&b->session_table, b->pool);
        broker_table_init(&b->subscription_table, b->pool);
        broker_table_init(&b->group_table, b->pool);
        whole = timers_init(&b->timers, l->connections_max + l->sessions_max + 1) == 0 &&
                broker_tree_init(&b->filters, b->pool) == 0 && broker_tree_init(&b->retained, b->pool) == 0;
    }
    if (!whole) {
        broker_free(b);
        return ERR_NO_MEMORY;
    }
    *out = b;
    return 0;
}

void broker_free(struct broker *b) {
    if (b == NULL)
        return;
    /* Everything that clients made lies in the pool. */
    timers_free(&b->timers);
    free(b->filters.steps);
    free(b->retained.steps);
    pool_free(b->pool);
    free(b->connections);
    free(b->free_connections);
    free(b->sessions);
    free(b->free_sessions);
    free(b);
}

/* --- the end of connections ---------------------------------------------------------------------------------------- */

static bool is_up(const struct broker_connection *c) {
    return c->phase == BROKER_UP;
}

void broker_arm_connection(struct broker *b, struct broker_connection *c) {
    timers_set(&b->timers, c->slot, instant_min(c->alive_until, broker_out_deadline(b, c)));
}

static void detach(struct broker *b, struct broker_connection *c, bool with_will) {
    struct broker_session *s = c->session;
    c->session = NULL;
    if (s == NULL)
        return;
    s->connection = NULL;
    s->resend = NULL;
    broker_session_detach(b, s, with_will);
}

/* Forgets the connection; its memory goes back in settle. */
static void close_connection(struct broker *b, struct broker_connection *c, bool with_will) {
    if (c->phase == BROKER_QUEUED)
        broker_connect_unqueue(b, c);
    c->phase = BROKER_GONE;
    broker_out_discard(b, c);
    timers_set(&b->timers, c->slot, INSTANT_NEVER);
    c->next_queued = b->gone;
    b->gone = c;
    detach(b, c, with_will);
}

static void close_and_tell(struct broker *b, struct broker_connection *c, bool reset, bool with_will) {
    if (c->phase == BROKER_GONE)
        return;
    b->sink.close(b->sink.context, c->peer, reset);
    close_connection(b, c, with_will);
}

static void say_disconnect(struct broker *b, struct broker_connection *c, uint8_t reason, const char *detail) {
    /* Never before CONNACK (MQTT-3.14.0-1), and not in 3.1.1. */
    if (reason == 0 || !is_up(c) || c->version != MQTT_5_0 || c->greeting != NULL)
        return;
    struct mqtt_packet p = {.type = MQTT_DISCONNECT};
    p.ack.reason_code = reason;
    broker_out_discard(b, c);
    if (detail != NULL) {
        mqtt_properties_mark(&p.properties, MQTT_REASON_STRING);
        p.properties.reason_string = bytes_of_text(detail);
    }
    if (broker_out_packet(b, c, &p, BROKER_OUT_PROMPT) == 0)
        return;
    p.properties = (struct mqtt_properties){0}; /* MQTT-3.14.2-3 */
    broker_out_packet(b, c, &p, BROKER_OUT_PROMPT);
}

void broker_end(struct broker *b, struct broker_connection *c, uint8_t reason, const char *detail) {
    say_disconnect(b, c, reason, detail);
    close_and_tell(b, c, false, true);
}

void broker_end_in_order(struct broker *b, struct broker_connection *c) {
    if (c->pending == NULL) {
        close_and_tell(b, c, false, true);
        return;
    }
    c->phase = BROKER_CLOSING;
    c->alive_until = INSTANT_NEVER;
    broker_arm_connection(b, c);
    detach(b, c, true);
}

void broker_doom(struct broker *b, struct broker_connection *c, uint8_t reason, bool reset) {
    if (c->doomed || c->phase == BROKER_GONE)
        return;
    c->doomed = true;
    c->doomed_reason = reason;
    c->doomed_reset = reset;
    *(b->last_doomed != NULL ? &b->last_doomed->next_doomed : &b->doomed) = c;
    b->last_doomed = c;
}

void broker_violation(struct broker *b, struct broker_connection *c, uint8_t reason, const char *detail) {
    b->counts.violations++;
    if (c->version == MQTT_5_0 && (c->phase == BROKER_NEW || c->phase == BROKER_AUTH))
        broker_connect_refuse(b, c, reason, detail);
    else
        broker_end(b, c, reason, detail);
}

static void free_connection(struct broker *b, struct broker_connection *c) {
    pool_give(b->pool, c->partial, c->partial_room);
    pool_give(b->pool, c->held_connect, c->held_connect_size);
    broker_publish_free_aliases(b, c->aliases_in, b->options.limits.topic_alias_maximum);
    broker_publish_free_aliases(b, c->aliases_out, BROKER_ALIASES_OUT_MAX);
    b->connections[c->slot] = NULL;
    b->free_connections[b->free_connection_count++] = c->slot;
    b->counts.connections--;
    pool_give(b->pool, c, sizeof *c);
}

/* Closes what was doomed meanwhile, and frees what is gone. */
static void settle(struct broker *b) {
    while (b->doomed != NULL) {
        struct broker_connection *c = b->doomed;
        b->doomed = c->next_doomed;
        if (b->doomed == NULL)
            b->last_doomed = NULL;
        c->doomed = false;
        if (c->phase == BROKER_GONE)
            continue;
        if (!c->doomed_reset)
            say_disconnect(b, c, c->doomed_reason, NULL);
        close_and_tell(b, c, c->doomed_reset, true);
    }
    while (b->gone != NULL) {
        struct broker_connection *c = b->gone;
        b->gone = c->next_queued;
        free_connection(b, c);
    }
}

static void set_now(struct broker *b, instant now) {
    b->now = instant_max(b->now, now);
}

/* --- input --------------------------------------------------------------------------------------------------------- */

struct broker_connection *broker_open(struct broker *b, void *peer, instant now) {
    set_now(b, now);
    if (b->counts.connections >= b->options.limits.connections_max)
        return NULL;
    struct broker_connection *c = pool_take(b->pool, sizeof *c);
    if (c == NULL)
        return NULL;
    uint32_t slot =
        b->free_connection_count > 0 ? b->free_connections[--b->free_connection_count] : b->connection_slots++;
    *c = (struct broker_connection){.peer = peer,
                                    .slot = slot,
                                    .serial = ++b->connection_serial,
                                    .heard = b->now,
                                    .last_release = INT64_MIN,
                                    .next_drip = INT64_MIN,
                                    .alive_until = instant_add(b->now, b->options.limits.connect_timeout),
                                    .receive_maximum = UINT16_MAX};
    b->connections[slot] = c;
    b->counts.connections++;
    b->counts.opened++;
    broker_arm_connection(b, c);
    return c;
}

static void handle_disconnect(struct broker *b, struct broker_connection *c, const struct mqtt_packet *p) {
    struct broker_session *s = c->session;
    if (s != NULL && c->version == MQTT_5_0 && mqtt_properties_has(&p->properties, MQTT_SESSION_EXPIRY_INTERVAL)) {
        uint32_t wanted = p->properties.session_expiry_interval, most = b->options.limits.session_expiry_max_s;
        if (c->connect_expiry_s == 0 && wanted > 0) { /* section 3.14.2.2.2 */
            broker_violation(b, c, MQTT_REASON_PROTOCOL_ERROR, "a session expiry above 0 after one of 0 in CONNECT");
            return;
        }
        s->expiry_s = wanted < most ? wanted : most;
    }
    close_and_tell(b, c, false, p->ack.reason_code != MQTT_REASON_SUCCESS);
}

static void handle_ping(struct broker *b, struct broker_connection *c) {
    static const uint8_t answer[] = {0xD0, 0x00};
    if (!misbehave_act(b->misbehave, MISBEHAVE_IGNORE_PINGS))
        broker_out_bytes(b, c, bytes_of(answer, sizeof answer), BROKER_OUT_ANSWER);
}

static void handle(struct broker *b, struct broker_connection *c, const struct mqtt_packet *p, struct bytes raw) {
    if (c->phase == BROKER_NEW) {
        c->version = p->version;
        broker_connect_packet(b, c, p, raw);
        return;
    }
    if (c->phase == BROKER_AUTH && p->type != MQTT_AUTH && p->type != MQTT_DISCONNECT) { /* MQTT-3.1.2-30 */
        broker_violation(b, c, MQTT_REASON_PROTOCOL_ERROR, "only AUTH or DISCONNECT before CONNACK");
        return;
    }
    switch (p->type) {
    case MQTT_PUBLISH:
        broker_publish_packet(b, c, p);
        break;
    case MQTT_PUBACK:
    case MQTT_PUBREC:
    case MQTT_PUBCOMP:
        broker_deliver_acked(b, c, p);
        break;
    case MQTT_PUBREL:
        broker_publish_release(b, c, p);
        break;
    case MQTT_SUBSCRIBE:
        broker_subscribe_packet(b, c, p);
        break;
    case MQTT_UNSUBSCRIBE:
        broker_subscribe_unsubscribe(b, c, p);
        break;
    case MQTT_PINGREQ:
        handle_ping(b, c);
        break;
    case MQTT_DISCONNECT:
        handle_disconnect(b, c, p);
        break;
    case MQTT_AUTH:
        broker_connect_auth(b, c, p);
        break;
    default: /* MQTT-3.1.0-2; the decoder lets nothing else through */
        broker_violation(b, c, MQTT_REASON_PROTOCOL_ERROR, "a second CONNECT");
    }
}

static void handle_fault(struct broker *b, struct broker_connection *c, const struct mqtt_packet *p,
                         const struct mqtt_fault *fault) {
    if (c->phase != BROKER_NEW) {
        broker_violation(b, c, fault->reason_code, fault->detail);
        return;
    }
    /* Before CONNECT was understood: an unknown level is told so, in the form of 3.1.1, which every version has in common (3.1.1:
     * MQTT-3.1.2-2); a 5.0 client gets a CONNACK with the reason; everyone else is closed without a word (3.1.1: MQTT-3.1.4-1). */
    bool level = fault->detail == mqtt_rule_rows[MQTT_RULE_PROTOCOL_LEVEL].detail;
    c->version = p->type == MQTT_CONNECT ? p->version : 0;
    b->counts.violations++;
    if (level || c->version == MQTT_5_0)
        broker_connect_refuse(b, c, fault->reason_code, fault->detail);
    else
        broker_end(b, c, 0, NULL);
}

static bool reads(const struct broker_connection *c) {
    return !c->doomed && (c->phase == BROKER_NEW || c->phase == BROKER_AUTH || c->phase == BROKER_UP);
}

/* Handles the whole packets at the start of `in`; returns the number of bytes that are used up. */
static size_t consume(struct broker *b, struct broker_connection *c, struct bytes in) {
    size_t at = 0;
    while (reads(c) && at < in.size) {
        struct mqtt_packet p;
        struct mqtt_fault fault;
        size_t used;
        struct bytes rest = bytes_of(in.data + at, in.size - at);
        enum mqtt_version version = c->phase == BROKER_NEW ? MQTT_ANY : c->version == MQTT_5_0 ? MQTT_5_0 : MQTT_3_1_1;
        p.version = 0;
        int result = mqtt_codec_decode(rest, version, MQTT_CLIENT, b->options.limits.packet_max, &p, &used, &fault);
        if (result == ERR_AGAIN)
            return at;
        if (result < 0) {
            handle_fault(b, c, &p, &fault);
            return in.size;
        }
        c->heard = b->now;
        at += used;
        handle(b, c, &p, bytes_of(rest.data, used));
    }
    return reads(c) || c->phase == BROKER_QUEUED ? at : in.size;
}

static void keep_partial(struct broker *b, struct broker_connection *c, struct bytes in) {
    size_t needed = c->partial_size + in.size, room = c->partial_room;
    if (c->phase == BROKER_QUEUED && needed > b->options.limits.packet_max) {
        broker_doom(b, c, 0, true); /* whoever waits for admission may not fill our memory meanwhile */
        return;
    }
    if (needed > room) {
        room = room > 0 ? room : PARTIAL_FIRST;
        while (room < needed)
            room *= 2;
        uint8_t *bigger = pool_take(b->pool, room);
        if (bigger == NULL) {
            broker_doom(b, c, MQTT_REASON_QUOTA_EXCEEDED, false);
            return;
        }
        if (c->partial_size > 0)
            memcpy(bigger, c->partial, c->partial_size);
        pool_give(b->pool, c->partial, c->partial_room);
        c->partial = bigger;
        c->partial_room = (uint32_t)room;
    }
    memcpy(c->partial + c->partial_size, in.data, in.size);
    c->partial_size = (uint32_t)needed;
}

void broker_resume_input(struct broker *b, struct broker_connection *c) {
    size_t used = consume(b, c, bytes_of(c->partial, c->partial_size));
    c->partial_size -= (uint32_t)used;
    if (c->partial_size > 0) {
        memmove(c->partial, c->partial + used, c->partial_size);
        return;
    }
    pool_give(b->pool, c->partial, c->partial_room);
    c->partial = NULL;
    c->partial_room = 0;
}

void broker_input(struct broker *b, struct broker_connection *c, struct bytes in, instant now) {
    set_now(b, now);
    if (c->partial_size == 0) {
        size_t used = consume(b, c, in);
        in = bytes_of(in.data + used, in.size - used);
        if (in.size > 0)
            keep_partial(b, c, in);
    } else {
        keep_partial(b, c, in);
        broker_resume_input(b, c);
    }
    settle(b);
}

void broker_closed(struct broker *b, struct broker_connection *c, instant now) {
    set_now(b, now);
    close_connection(b, c, true);
    settle(b);
}

void broker_drained(struct broker *b, struct broker_connection *c, instant now) {
    set_now(b, now);
    if (c->session != NULL)
        broker_deliver_pump(b, c->session);
    settle(b);
}

/* --- deadlines ----------------------------------------------------------------------------------------------------- */

static void connection_due(struct broker *b, struct broker_connection *c) {
    broker_out_due(b, c);
    if (c->phase == BROKER_CLOSING && c->pending == NULL) {
        close_and_tell(b, c, false, true);
        return;
    }
    if (c->session != NULL && c->session->waiting.count > 0)
        broker_deliver_pump(b, c->session);
    if (c->alive_until <= b->now && !is_up(c)) { /* no CONNECT, or no answer to AUTH, in time */
        broker_end(b, c, 0, NULL);
        return;
    }
    if (c->alive_until <= b->now) {
        c->alive_until = instant_add(c->heard, (span)c->keep_alive_s * SPAN_S * 3 / 2);
        if (c->alive_until <= b->now) { /* MQTT-3.1.2-22 */
            b->counts.keep_alive_timeouts++;
            broker_end(b, c, MQTT_REASON_KEEP_ALIVE_TIMEOUT, NULL);
            return;
        }
    }
    broker_arm_connection(b, c);
}

void broker_due(struct broker *b, instant now) {
    set_now(b, now);
    uint32_t token, first_session = b->options.limits.connections_max;
    uint32_t admission = first_session + b->options.limits.sessions_max;
    instant deadline;
    while (timers_pop(&b->timers, b->now, &token, &deadline)) {
        if (token == admission)
            broker_connect_admit(b);
        else if (token >= first_session)
            broker_session_due(b, b->sessions[token - first_session]);
        else
            connection_due(b, b->connections[token]);
        settle(b);
    }
}

instant broker_next_deadline(const struct broker *b) {
    return timers_next(&b->timers);
}

void broker_shut_down(struct broker *b, instant now) {
    set_now(b, now);
    for (uint32_t i = 0; i < b->connection_slots; i++) {
        struct broker_connection *c = b->connections[i];
        if (c == NULL || c->phase == BROKER_GONE)
            continue;
        say_disconnect(b, c, MQTT_REASON_SERVER_SHUTTING_DOWN, NULL);
        if (c->session != NULL)
            broker_session_forget_will(b, c->session);
        close_and_tell(b, c, false, false);
    }
    settle(b);
}

/* --- counts -------------------------------------------------------------------------------------------------------- */

const struct broker_counts *broker_counts_of(const struct broker *b) {
    return &b->counts;
}

size_t broker_memory(const struct broker *b) {
    return pool_in_use(b->pool) - b->scratch_size;
}

void broker_report(const struct broker *b, struct json_write *w) {
    const struct broker_counts *n = &b->counts;
    const struct {
        const char *name;
        uint64_t value;
    } rows[] = {
        {"opened", n->opened},
        {"accepted", n->accepted},
        {"refused", n->refused},
        {"resumed", n->resumed},
        {"taken_over", n->taken_over},
        {"published_qos0", n->published[0]},
        {"published_qos1", n->published[1]},
        {"published_qos2", n->published[2]},
        {"delivered_qos0", n->delivered[0]},
        {"delivered_qos1", n->delivered[1]},
        {"delivered_qos2", n->delivered[2]},
        {"acknowledged", n->acknowledged},
        {"repeated", n->repeated},
        {"unmatched", n->unmatched},
        {"dropped_queue", n->dropped_queue},
        {"dropped_offline", n->dropped_offline},
        {"dropped_expired", n->dropped_expired},
        {"dropped_too_large", n->dropped_too_large},
        {"dropped_memory", n->dropped_memory},
        {"wills", n->wills},
        {"violations", n->violations},
        {"keep_alive_timeouts", n->keep_alive_timeouts},
        {"overflows", n->overflows},
    };
    json_write_open_object(w);
    for (unsigned i = 0; i < COUNT_OF(rows); i++)
        json_write_member_uint(w, rows[i].name, rows[i].value);
    json_write_key(w, "misbehave");
    misbehave_report(b->misbehave, w);
    json_write_close_object(w);
}
