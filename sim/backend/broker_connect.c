/* CONNECT: admission, authentication, the session, CONNACK. A CONNECT that has to wait (for its turn, or for the end of an AUTH
 * exchange) is kept as it came and read again. */
#include <stdio.h>
#include <string.h>

#include "backend/broker_state.h"
#include "base/check.h"
#include "base/err.h"
#include "base/hash.h"
#include "mqtt/mqtt_topic.h"

/* Reason codes of 5.0 that 3.1.1 has a return code for; what is not here is "server unavailable". */
static const struct {
    uint8_t reason, code;
} return_codes[] = {
    {MQTT_REASON_SUCCESS, MQTT_RETURN_ACCEPTED},
    {MQTT_REASON_UNSUPPORTED_VERSION, MQTT_RETURN_BAD_VERSION},
    {MQTT_REASON_CLIENT_IDENTIFIER_NOT_VALID, MQTT_RETURN_BAD_IDENTIFIER},
    {MQTT_REASON_BAD_USER_NAME_OR_PASSWORD, MQTT_RETURN_BAD_USER_NAME_OR_PASSWORD},
    {MQTT_REASON_NOT_AUTHORIZED, MQTT_RETURN_NOT_AUTHORIZED},
    {MQTT_REASON_BANNED, MQTT_RETURN_NOT_AUTHORIZED},
    {MQTT_REASON_BAD_AUTHENTICATION_METHOD, MQTT_RETURN_NOT_AUTHORIZED},
};

uint8_t broker_connect_return_code(uint8_t reason) {
    for (unsigned i = 0; i < COUNT_OF(return_codes); i++)
        if (return_codes[i].reason == reason)
            return return_codes[i].code;
    return MQTT_RETURN_SERVER_UNAVAILABLE;
}

/* --- CONNACK ------------------------------------------------------------------------------------------------------- */

/* The size to send, after the misbehaviours have had their way with a CONNACK that accepts. */
static size_t spoil(struct broker *b, uint8_t *data, size_t size) {
    size_t flags = 2; /* behind the remaining length */
    while ((data[flags - 1] & 0x80) != 0)
        flags++;
    if (misbehave_act(b->misbehave, MISBEHAVE_MALFORMED_CONNACK))
        data[flags] |= 0xFE;
    return misbehave_act(b->misbehave, MISBEHAVE_TRUNCATED_CONNACK) ? size - 1 : size;
}

static void fall_silent(struct broker *b, struct broker_connection *c) {
    c->phase = BROKER_MUTE;
    c->alive_until = INSTANT_NEVER;
    broker_arm_connection(b, c);
}

/* Past broker_out_packet, which knows no way to send wrong bytes. False: the client accepts nothing that large. */
static bool send_connack(struct broker *b, struct broker_connection *c, const struct mqtt_packet *p) {
    enum mqtt_version version = c->version == MQTT_5_0 ? MQTT_5_0 : MQTT_3_1_1;
    size_t size = mqtt_codec_size(p, version);
    uint8_t *data = size == 0 || (c->packet_max > 0 && size > c->packet_max) ? NULL : pool_take(b->pool, size);
    if (data == NULL)
        return false;
    struct bytes_writer w = bytes_writer_of(data, size);
    bool written = mqtt_codec_encode(&w, p, version) == 0;
    size_t sent = written && p->connack.reason_code == 0 ? spoil(b, data, size) : size;
    if (written) {
        broker_out_bytes(b, c, bytes_of(data, sent), BROKER_OUT_ANSWER);
        c->greeting = c->last_pending;
    }
    if (sent < size)
        fall_silent(b, c);
    pool_give(b->pool, data, size);
    return written;
}

void broker_connect_refuse(struct broker *b, struct broker_connection *c, uint8_t reason, const char *detail) {
    struct mqtt_packet p = {.type = MQTT_CONNACK};
    p.connack.reason_code = c->version == MQTT_5_0 ? reason : broker_connect_return_code(reason);
    b->counts.refused++;
    if (c->version == MQTT_5_0 && detail != NULL) {
        mqtt_properties_mark(&p.properties, MQTT_REASON_STRING);
        p.properties.reason_string = bytes_of_text(detail);
    }
    if (c->version == MQTT_5_0 && reason == MQTT_REASON_SERVER_MOVED) {
        mqtt_properties_mark(&p.properties, MQTT_SERVER_REFERENCE);
        p.properties.server_reference = bytes_of_text(b->misbehave->of[MISBEHAVE_REDIRECT].text);
    }
    if (!send_connack(b, c, &p)) { /* MQTT-3.2.2-19: the reason string goes first */
        p.properties.present &= ~((uint64_t)1 << MQTT_REASON_STRING);
        send_connack(b, c, &p);
    }
    broker_end_in_order(b, c);
}

static void add_limits(const struct broker *b, const struct broker_connection *c, struct mqtt_properties *out) {
    const struct broker_limits *l = &b->options.limits;
    if (c->session->expiry_s != c->connect_expiry_s) {
        mqtt_properties_mark(out, MQTT_SESSION_EXPIRY_INTERVAL);
        out->session_expiry_interval = c->session->expiry_s;
    }
    mqtt_properties_mark(out, MQTT_RECEIVE_MAXIMUM);
    out->receive_maximum = l->receive_maximum;
    mqtt_properties_mark(out, MQTT_MAXIMUM_PACKET_SIZE);
    out->maximum_packet_size = l->packet_max;
    if (l->topic_alias_maximum > 0) {
        mqtt_properties_mark(out, MQTT_TOPIC_ALIAS_MAXIMUM);
        out->topic_alias_maximum = l->topic_alias_maximum;
    }
    if (l->server_keep_alive_s > 0) {
        mqtt_properties_mark(out, MQTT_SERVER_KEEP_ALIVE);
        out->server_keep_alive = l->server_keep_alive_s;
    }
    if (c->authenticated) { /* MQTT-4.12.0-5 */
        mqtt_properties_mark(out, MQTT_AUTHENTICATION_METHOD);
        out->authentication_method = bytes_of_text(BROKER_AUTH_METHOD);
    }
}

/* The base of a client's response topics; an identifier with wildcards in it makes none. */
static void add_response_information(const struct broker_connection *c, struct bytes id, struct mqtt_properties *out,
                                     char *text, size_t size) {
    if (!c->response_information || mqtt_topic_has_wildcard(id) || id.size + sizeof "response/" > size)
        return;
    int written = snprintf(text, size, "response/%.*s", (int)id.size, (const char *)id.data);
    mqtt_properties_mark(out, MQTT_RESPONSE_INFORMATION);
    out->response_information = bytes_of(text, (size_t)written);
}

static bool greet(struct broker *b, struct broker_connection *c, bool present, bool assigned) {
    struct mqtt_packet p = {.type = MQTT_CONNACK};
    struct bytes id = bytes_of(c->session->client_id, c->session->client_id_size);
    char response[256];
    p.connack.session_present = present;
    if (c->version == MQTT_5_0) {
        add_limits(b, c, &p.properties);
        add_response_information(c, id, &p.properties, response, sizeof response);
        if (assigned) {
            mqtt_properties_mark(&p.properties, MQTT_ASSIGNED_CLIENT_IDENTIFIER);
            p.properties.assigned_client_identifier = id;
        }
    }
    return send_connack(b, c, &p);
}

/* --- the session --------------------------------------------------------------------------------------------------- */

static void take_connect_properties(struct broker *b, struct broker_connection *c, const struct mqtt_packet *p) {
    const struct mqtt_properties *in = &p->properties;
    bool v5 = c->version == MQTT_5_0;
    c->receive_maximum = v5 && mqtt_properties_has(in, MQTT_RECEIVE_MAXIMUM) ? in->receive_maximum : UINT16_MAX;
    c->alias_maximum = v5 && mqtt_properties_has(in, MQTT_TOPIC_ALIAS_MAXIMUM) ? in->topic_alias_maximum : 0;
    c->response_information =
        mqtt_properties_has(in, MQTT_REQUEST_RESPONSE_INFORMATION) && in->request_response_information != 0;
    c->keep_alive_s = p->connect.keep_alive;
    if (v5 && b->options.limits.server_keep_alive_s > 0)
        c->keep_alive_s = b->options.limits.server_keep_alive_s;
    if (v5)
        c->connect_expiry_s = mqtt_properties_has(in, MQTT_SESSION_EXPIRY_INTERVAL) ? in->session_expiry_interval : 0;
    else
        c->connect_expiry_s = p->connect.clean_start ? 0 : BROKER_EXPIRY_NEVER;
}

static int take_will(struct broker *b, struct broker_session *s, const struct mqtt_packet *p) {
    const struct mqtt_connect *in = &p->connect;
    broker_session_forget_will(b, s);
    if (!in->has_will)
        return 0;
    struct mqtt_publish will = {.qos = in->will_qos, .payload = in->will_payload};
    struct broker_message *m = broker_message_new(b, &will, in->will_topic, &in->will_properties);
    if (m == NULL)
        return ERR_NO_MEMORY;
    if (m->expires != INSTANT_NEVER)
        m->expires -= b->now; /* an interval until it is published */
    s->will.message = m;
    s->will.retain = in->will_retain;
    s->will.delay_s = mqtt_properties_has(&in->will_properties, MQTT_WILL_DELAY_INTERVAL)
                          ? in->will_properties.will_delay_interval
                          : 0;
    return 0;
}

static struct bytes assign_id(struct broker *b, char *text, size_t size) {
    struct bytes id;
    do {
        int written = snprintf(text, size, "muster-assigned-%llu", (unsigned long long)++b->assigned_ids);
        id = bytes_of(text, (size_t)written);
    } while (broker_session_find(b, id) != NULL); /* a client may have chosen such a name itself */
    return id;
}

/* The session for this client, after whoever had the identifier has been shown out (MQTT-3.1.4-3) and Clean Start has been
 * carried out (MQTT-3.1.4-4). */
static struct broker_session *open_session(struct broker *b, struct bytes id, bool clean, bool *present) {
    struct broker_session *s = broker_session_find(b, id);
    if (s != NULL && s->connection != NULL) {
        b->counts.taken_over++;
        broker_end(b, s->connection, MQTT_REASON_SESSION_TAKEN_OVER, NULL);
        s = broker_session_find(b, id); /* it may have ended with its connection */
    }
    if (s != NULL && clean) {
        broker_session_end(b, s);
        s = NULL;
    }
    *present = s != NULL;
    return s != NULL ? s : broker_session_new(b, id);
}

static void accept_connect(struct broker *b, struct broker_connection *c, const struct mqtt_packet *p) {
    char text[64];
    struct bytes id = p->connect.client_id;
    bool assigned = id.size == 0, present;
    take_connect_properties(b, c, p);
    if (assigned && c->version != MQTT_5_0 && !p->connect.clean_start) { /* 3.1.1: MQTT-3.1.3-8 */
        broker_connect_refuse(b, c, MQTT_REASON_CLIENT_IDENTIFIER_NOT_VALID, NULL);
        return;
    }
    if (assigned)
        id = assign_id(b, text, sizeof text);
    struct broker_session *s = open_session(b, id, p->connect.clean_start, &present);
    if (s != NULL && take_will(b, s, p) < 0) {
        if (!present)
            broker_session_free(b, s);
        s = NULL;
    }
    if (s == NULL) {
        broker_connect_refuse(b, c, MQTT_REASON_QUOTA_EXCEEDED, "no room for another session");
        return;
    }
    uint32_t most = b->options.limits.session_expiry_max_s;
    s->expiry_s = c->connect_expiry_s < most ? c->connect_expiry_s : most;
    s->ends_at = INSTANT_NEVER;
    s->connection = c;
    broker_session_arm(b, s);
    c->session = s;
    c->phase = BROKER_UP;
    c->heard = b->now;
    c->alive_until = c->keep_alive_s > 0 ? instant_add(b->now, (span)c->keep_alive_s * SPAN_S * 3 / 2) : INSTANT_NEVER;
    broker_arm_connection(b, c);
    b->counts.accepted++;
    b->counts.resumed += present;
    if (!greet(b, c, present, assigned))
        broker_doom(b, c, 0, false);
    else if (present && c->phase == BROKER_UP)
        broker_deliver_resume(b, s);
}

/* --- AUTH: the method "muster-echo" -------------------------------------------------------------------------------- */

/* The server sends 16 hexadecimal digits; the client proves itself by sending them back. It protects nothing: it lets both
 * sides of an AUTH exchange be exercised. */
enum { CHALLENGE_SIZE = 16 };

static void challenge_text(const struct broker_connection *c, char text[CHALLENGE_SIZE + 1]) {
    snprintf(text, CHALLENGE_SIZE + 1, "%016llx", (unsigned long long)c->challenge);
}

static void send_auth(struct broker *b, struct broker_connection *c, uint8_t reason, struct bytes data) {
    struct mqtt_packet p = {.type = MQTT_AUTH};
    p.ack.reason_code = reason;
    mqtt_properties_mark(&p.properties, MQTT_AUTHENTICATION_METHOD);
    p.properties.authentication_method = bytes_of_text(BROKER_AUTH_METHOD);
    if (data.size > 0) {
        mqtt_properties_mark(&p.properties, MQTT_AUTHENTICATION_DATA);
        p.properties.authentication_data = data;
    }
    broker_out_must(b, c, &p, BROKER_OUT_ANSWER);
}

static void challenge(struct broker *b, struct broker_connection *c) {
    char text[CHALLENGE_SIZE + 1];
    c->challenge = hash_fold(hash_fold(b->options.seed, c->serial), ++c->draws) | 1;
    challenge_text(c, text);
    send_auth(b, c, MQTT_REASON_CONTINUE_AUTHENTICATION, bytes_of(text, CHALLENGE_SIZE));
}

static void accept_held(struct broker *b, struct broker_connection *c) {
    struct mqtt_packet p;
    struct mqtt_fault fault;
    size_t used;
    uint8_t *held = c->held_connect;
    uint32_t size = c->held_connect_size;
    c->held_connect = NULL;
    CHECK(mqtt_codec_decode(bytes_of(held, size), MQTT_ANY, MQTT_CLIENT, 0, &p, &used, &fault) == 0);
    accept_connect(b, c, &p);
    pool_give(b->pool, held, size);
}

static bool is_our_method(const struct mqtt_properties *p) {
    return mqtt_properties_has(p, MQTT_AUTHENTICATION_METHOD) &&
           bytes_equal(p->authentication_method, bytes_of_text(BROKER_AUTH_METHOD));
}

static bool answers_challenge(const struct broker_connection *c, const struct mqtt_packet *p) {
    char text[CHALLENGE_SIZE + 1];
    challenge_text(c, text);
    return mqtt_properties_has(&p->properties, MQTT_AUTHENTICATION_DATA) &&
           bytes_equal(p->properties.authentication_data, bytes_of(text, CHALLENGE_SIZE));
}

void broker_connect_auth(struct broker *b, struct broker_connection *c, const struct mqtt_packet *p) {
    bool before = c->phase == BROKER_AUTH;
    bool again = p->ack.reason_code == MQTT_REASON_REAUTHENTICATE;
    if ((!before && !c->authenticated) || again == (c->challenge != 0)) { /* MQTT-4.12.0-7, section 4.12 */
        broker_violation(b, c, MQTT_REASON_PROTOCOL_ERROR, "AUTH that nobody waits for");
        return;
    }
    if (!is_our_method(&p->properties)) { /* MQTT-4.12.1-1 */
        broker_violation(b, c, MQTT_REASON_PROTOCOL_ERROR, "another authentication method than in CONNECT");
        return;
    }
    if (again) {
        challenge(b, c);
        return;
    }
    bool right = answers_challenge(c, p);
    c->challenge = 0;
    if (!right && before)
        broker_connect_refuse(b, c, MQTT_REASON_NOT_AUTHORIZED, "the challenge was not echoed");
    else if (!right)
        broker_end(b, c, MQTT_REASON_NOT_AUTHORIZED, "the challenge was not echoed");
    else if (!before)
        send_auth(b, c, MQTT_REASON_SUCCESS, bytes_of(NULL, 0));
    else
        accept_held(b, c);
}

/* --- admission ----------------------------------------------------------------------------------------------------- */

static bool hold_connect(struct broker *b, struct broker_connection *c, struct bytes raw, enum broker_phase phase) {
    c->held_connect = pool_take(b->pool, raw.size);
    if (c->held_connect == NULL) {
        broker_connect_refuse(b, c, MQTT_REASON_QUOTA_EXCEEDED, NULL);
        return false;
    }
    memcpy(c->held_connect, raw.data, raw.size);
    c->held_connect_size = (uint32_t)raw.size;
    c->phase = (uint8_t)phase;
    return true;
}

static void authenticate(struct broker *b, struct broker_connection *c, const struct mqtt_packet *p, struct bytes raw) {
    bool method = c->version == MQTT_5_0 && mqtt_properties_has(&p->properties, MQTT_AUTHENTICATION_METHOD);
    if (!method) {
        accept_connect(b, c, p);
    } else if (!is_our_method(&p->properties)) { /* MQTT-4.12.0-1 */
        broker_connect_refuse(b, c, MQTT_REASON_BAD_AUTHENTICATION_METHOD,
                              "the only method here is " BROKER_AUTH_METHOD);
    } else if (hold_connect(b, c, raw, BROKER_AUTH)) {
        c->authenticated = true;
        c->alive_until = instant_add(b->now, b->options.limits.connect_timeout);
        broker_arm_connection(b, c);
        challenge(b, c);
    }
}

static span admission_gap(const struct broker *b) {
    return b->options.admit_per_s > 0 ? (span)(1e9 / b->options.admit_per_s) : 0;
}

/* So many in each window of that length, as quotas count. */
static bool admit_in_window(struct broker *b) {
    span window = b->options.admit_window;
    int64_t number = b->now / window - (b->now % window < 0);
    if (number != b->admit_number) {
        b->admit_number = number;
        b->admitted = 0;
    }
    b->admit_next = instant_add(number * window, window);
    if (b->admitted + 1 > b->options.admit_per_s * (double)window / (double)SPAN_S)
        return false;
    b->admitted++;
    return true;
}

/* An even rate with a tolerance of 100 ms: what was not used up earlier than that is lost. */
static bool admit(struct broker *b) {
    span gap = admission_gap(b);
    if (gap == 0)
        return true;
    if (b->options.admit_window > 0)
        return admit_in_window(b);
    instant earliest = instant_add(b->now, -100 * SPAN_MS);
    if (b->admit_next > b->now)
        return false;
    b->admit_next = instant_add(instant_max(b->admit_next, earliest), gap);
    return true;
}

static void arm_admission(struct broker *b) {
    uint32_t token = b->options.limits.connections_max + b->options.limits.sessions_max;
    timers_set(&b->timers, token, b->queue != NULL ? b->admit_next : INSTANT_NEVER);
}

static void wait_for_admission(struct broker *b, struct broker_connection *c, struct bytes raw) {
    misbehave_acted(b->misbehave, MISBEHAVE_ADMIT_WAIT);
    if (!hold_connect(b, c, raw, BROKER_QUEUED))
        return;
    c->alive_until = INSTANT_NEVER;
    broker_arm_connection(b, c);
    *(b->last_queue != NULL ? &b->last_queue->next_queued : &b->queue) = c;
    b->last_queue = c;
    arm_admission(b);
}

void broker_connect_unqueue(struct broker *b, struct broker_connection *c) {
    struct broker_connection **at = &b->queue, *previous = NULL;
    while (*at != NULL && *at != c) {
        previous = *at;
        at = &(*at)->next_queued;
    }
    if (*at == NULL)
        return;
    *at = c->next_queued;
    if (b->last_queue == c)
        b->last_queue = previous;
    c->next_queued = NULL;
    arm_admission(b);
}

void broker_connect_admit(struct broker *b) {
    while (b->queue != NULL && admit(b)) {
        struct broker_connection *c = b->queue;
        broker_connect_unqueue(b, c);
        uint8_t *held = c->held_connect;
        uint32_t size = c->held_connect_size;
        c->held_connect = NULL;
        struct mqtt_packet p;
        struct mqtt_fault fault;
        size_t used;
        CHECK(mqtt_codec_decode(bytes_of(held, size), MQTT_ANY, MQTT_CLIENT, 0, &p, &used, &fault) == 0);
        authenticate(b, c, &p, bytes_of(held, size));
        pool_give(b->pool, held, size);
        broker_resume_input(b, c);
    }
    arm_admission(b);
}

void broker_connect_packet(struct broker *b, struct broker_connection *c, const struct mqtt_packet *p,
                           struct bytes raw) {
    if (c->version == MQTT_5_0 && mqtt_properties_has(&p->properties, MQTT_MAXIMUM_PACKET_SIZE))
        c->packet_max = p->properties.maximum_packet_size; /* binds CONNACK already */
    if (misbehave_act(b->misbehave, MISBEHAVE_MUTE_CONNECTS)) {
        fall_silent(b, c);
    } else if (misbehave_act(b->misbehave, MISBEHAVE_REFUSE_CONNECTS)) {
        broker_connect_refuse(b, c, (uint8_t)b->misbehave->of[MISBEHAVE_REFUSE_CONNECTS].n, NULL);
    } else if (misbehave_act(b->misbehave, MISBEHAVE_REDIRECT)) {
        broker_connect_refuse(b, c, MQTT_REASON_SERVER_MOVED, NULL);
    } else if (b->queue == NULL && admit(b)) {
        authenticate(b, c, p, raw);
    } else if (misbehave_on(b->misbehave, MISBEHAVE_ADMIT_WAIT)) {
        wait_for_admission(b, c, raw);
    } else {
        broker_connect_refuse(b, c, MQTT_REASON_CONNECTION_RATE_EXCEEDED, NULL);
    }
}
