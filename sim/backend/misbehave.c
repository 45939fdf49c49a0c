#include "backend/misbehave.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/suggest.h"
#include "base/units.h"
#include "scenario/value.h"

const struct misbehave_row misbehave_rows[MISBEHAVIOURS] = {
    [MISBEHAVE_DROP] = {"drop", MISBEHAVE_EVERY, "drop=1000", "MQTT-4.5.0-1", "messages",
                        "Acknowledges every N-th PUBLISH that is no repeat, and neither delivers nor retains it."},
    [MISBEHAVE_DUPLICATE] =
        {"duplicate", MISBEHAVE_EVERY, "duplicate=1000", "MQTT-4.3.3-10", "messages",
         "Delivers every N-th PUBLISH twice, as two messages; repeats, and what nobody subscribed to, "
         "are not counted."},
    [MISBEHAVE_REORDER] =
        {"reorder", MISBEHAVE_EVERY, "reorder=1000", "MQTT-4.6.0-5", "messages",
         "Holds every N-th PUBLISH (counted as for duplicate) back until the next one of the same client, "
         "topic and QoS has been delivered. One that nothing overtakes is delivered after 30 s, or when "
         "its client goes, and not counted."},
    [MISBEHAVE_RESET_AFTER] =
        {"reset_after", MISBEHAVE_EVERY, "reset_after=500", "none", "connections",
         "Resets the connection that sends every N-th PUBLISH, in place of an answer; the message "
         "is lost with it."},
    [MISBEHAVE_ACK_DELAY] = {"ack_delay", MISBEHAVE_DURATION, "ack_delay=lognormal(p50=20ms, p99=60ms)", "none",
                             "packets",
                             "Sends PUBACK, PUBREC and PUBCOMP later by that time, in order per connection."},
    [MISBEHAVE_THROTTLE] = {"throttle", MISBEHAVE_RATE, "throttle=2000/s", "none", "packets",
                            "Sends PUBACK, PUBREC and PUBCOMP no faster than that, all connections together."},
    [MISBEHAVE_STOP_ACKS] = {"stop_acks", MISBEHAVE_AFTER, "stop_acks=100", "MQTT-3.3.4-1", "packets",
                             "Sends no PUBACK, PUBREC or PUBCOMP after the first N of all connections together."},
    [MISBEHAVE_WRONG_PACKET_ID] = {"wrong_packet_id", MISBEHAVE_EVERY, "wrong_packet_id=100", "MQTT-2.2.1-5", "packets",
                                   "Puts the next packet identifier into every N-th PUBACK, PUBREC or PUBCOMP."},
    [MISBEHAVE_IGNORE_PINGS] = {"ignore_pings", MISBEHAVE_FLAG, "ignore_pings", "MQTT-3.12.4-1", "packets",
                                "Answers no PINGREQ."},
    [MISBEHAVE_FORGET_SESSIONS] = {"forget_sessions", MISBEHAVE_FLAG, "forget_sessions", "MQTT-3.1.2-5", "sessions",
                                   "Ends every session with its connection, whatever expiry was agreed."},
    [MISBEHAVE_REFUSE_CONNECTS] = {"refuse_connects", MISBEHAVE_REASON, "refuse_connects=0x88", "none", "connects",
                                   "Refuses every CONNECT with that reason code (default 0x88; 3.1.1: the return code "
                                   "nearest to it)."},
    [MISBEHAVE_ADMIT_WAIT] = {"admit_wait", MISBEHAVE_FLAG, "admit_wait", "none", "connects",
                              "Lets a CONNECT above the admission rate wait for its turn instead of refusing it."},
    [MISBEHAVE_REDIRECT] = {"redirect", MISBEHAVE_TEXT, "redirect=192.0.2.7:1883", "none", "connects",
                            "Refuses every CONNECT with 0x9D and that Server Reference (3.1.1: return code 3)."},
    [MISBEHAVE_MUTE_CONNECTS] = {"mute_connects", MISBEHAVE_EVERY, "mute_connects=10", "MQTT-3.1.4-5", "connects",
                                 "Never answers every N-th CONNECT and leaves its connection open."},
    [MISBEHAVE_TRUNCATED_CONNACK] = {"truncated_connack", MISBEHAVE_EVERY, "truncated_connack=1", "MQTT-3.1.4-5",
                                     "packets", "Leaves the last byte of every N-th CONNACK out and falls silent."},
    [MISBEHAVE_MALFORMED_CONNACK] = {"malformed_connack", MISBEHAVE_EVERY, "malformed_connack=1", "MQTT-3.2.2-1",
                                     "packets", "Sets the reserved acknowledge flags of every N-th CONNACK."},
    [MISBEHAVE_SECOND_CONNACK] = {"second_connack", MISBEHAVE_EVERY, "second_connack=100", "MQTT-3.2.0-2", "packets",
                                  "Sends another CONNACK to the sender of every N-th PUBLISH, after the answer to it."},
    [MISBEHAVE_DRIP] = {"drip", MISBEHAVE_RATE, "drip=1/s", "none", "bytes",
                        "Sends its bytes one at a time, at that rate on each connection."},
};

void misbehave_init(struct misbehave *m) {
    memset(m, 0, sizeof *m);
}

static int unknown(const char *name, size_t size, char *why, size_t why_size) {
    const char *names[MISBEHAVIOURS];
    char word[MISBEHAVE_TEXT_MAX];
    for (unsigned i = 0; i < MISBEHAVIOURS; i++)
        names[i] = misbehave_rows[i].name;
    snprintf(word, sizeof word, "%.*s", (int)(size < sizeof word ? size : sizeof word - 1), name);
    const char *nearest = suggest_nearest(word, names, MISBEHAVIOURS);
    if (nearest != NULL)
        snprintf(why, why_size, "there is no misbehaviour '%s'; did you mean '%s'?", word, nearest);
    else
        snprintf(why, why_size, "there is no misbehaviour '%s'; docs/builtin-broker.md lists them", word);
    return ERR_NOT_FOUND;
}

static int read_number(const char *value, uint64_t min, uint64_t max, uint64_t *out, char *why, size_t why_size) {
    char reason[VALUE_WHY_MAX];
    int result = value_integer(value, min, max, out, reason);
    if (result < 0)
        snprintf(why, why_size, "%s", reason);
    return result;
}

static int read_value(struct misbehave_state *s, const struct misbehave_row *row, const char *value, char *why,
                      size_t why_size) {
    char reason[VALUE_WHY_MAX];
    int result = 0;
    switch (row->value) {
    case MISBEHAVE_FLAG:
        return 0;
    case MISBEHAVE_EVERY:
        return read_number(value, 1, UINT32_MAX, &s->n, why, why_size);
    case MISBEHAVE_AFTER:
        return read_number(value, 0, UINT32_MAX, &s->n, why, why_size);
    case MISBEHAVE_REASON:
        return read_number(value, 0x80, 0xFF, &s->n, why, why_size);
    case MISBEHAVE_TEXT:
        return 0;
    case MISBEHAVE_DURATION:
        result = value_dist(value, UNITS_DURATION, &s->delay, reason);
        break;
    case MISBEHAVE_RATE:
        result = value_number(value, UNITS_RATE, 0.001, 1e6, &s->rate, reason);
        break;
    }
    if (result < 0)
        snprintf(why, why_size, "%s", reason);
    return result;
}

int misbehave_set(struct misbehave *m, const char *argument, char *why, size_t why_size) {
    const char *equals = strchr(argument, '=');
    size_t size = equals != NULL ? (size_t)(equals - argument) : strlen(argument);
    unsigned id = 0;
    while (id < MISBEHAVIOURS &&
           !(strlen(misbehave_rows[id].name) == size && memcmp(misbehave_rows[id].name, argument, size) == 0))
        id++;
    if (id == MISBEHAVIOURS)
        return unknown(argument, size, why, why_size);
    const struct misbehave_row *row = &misbehave_rows[id];
    const char *value = equals != NULL ? equals + 1 : "";
    if (equals == NULL && row->value == MISBEHAVE_REASON)
        value = "0x88";
    if ((row->value == MISBEHAVE_FLAG) != (*value == '\0')) {
        snprintf(why, why_size, "'%s' %s; for instance %s", row->name,
                 row->value == MISBEHAVE_FLAG ? "takes no value" : "needs a value", row->example);
        return ERR_MALFORMED;
    }
    if (strlen(value) >= MISBEHAVE_TEXT_MAX) {
        snprintf(why, why_size, "the value of '%s' is longer than %d bytes", row->name, MISBEHAVE_TEXT_MAX - 1);
        return ERR_MALFORMED;
    }
    struct misbehave_state s = {.on = true};
    int result = read_value(&s, row, value, why, why_size);
    if (result < 0)
        return ERR_MALFORMED;
    memcpy(s.text, value, strlen(value) + 1);
    m->of[id] = s;
    return 0;
}

bool misbehave_due(struct misbehave *m, enum misbehave_id id) {
    struct misbehave_state *s = &m->of[id];
    if (!s->on)
        return false;
    s->seen++;
    switch (misbehave_rows[id].value) {
    case MISBEHAVE_EVERY:
        return s->seen % s->n == 0;
    case MISBEHAVE_AFTER:
        return s->seen > s->n;
    default:
        return true;
    }
}

bool misbehave_act(struct misbehave *m, enum misbehave_id id) {
    bool due = misbehave_due(m, id);
    if (due)
        misbehave_acted(m, id);
    return due;
}

void misbehave_report(const struct misbehave *m, struct json_write *w) {
    json_write_open_object(w);
    for (unsigned i = 0; i < MISBEHAVIOURS; i++) {
        if (!m->of[i].on)
            continue;
        json_write_key(w, misbehave_rows[i].name);
        json_write_open_object(w);
        json_write_member_string(w, "value", m->of[i].text);
        json_write_member_uint(w, "count", m->of[i].count);
        json_write_close_object(w);
    }
    json_write_close_object(w);
}
