#include "backend/broker_settings.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "scenario/value.h"

#define AT(member) offsetof(struct broker_options, member)

const struct broker_settings_row broker_settings_rows[] = {
    {"service", BROKER_SETTINGS_DIST, AT(service), UNITS_DURATION, 0, 0,
     "every answer leaves that much later, in order per connection; a duration or a distribution (default 0ms)"},
    {"admit", BROKER_SETTINGS_RATE, AT(admit_per_s), UNITS_RATE, 0.001, 1e6,
     "CONNECTs accepted per second; the rest is refused with 0x9F (3.1.1: return code 3) (default: no limit)"},
    {"admit_window", BROKER_SETTINGS_SPAN, AT(admit_window), UNITS_DURATION, 0, 3600e9,
     "counts admissions in windows of this length, as quotas do: with 1s a whole second's share may come at one "
     "instant "
     "(default 0s: evenly)"},
    {"connections", BROKER_SETTINGS_U32, AT(limits.connections_max), UNITS_PLAIN, 1, 1 << 30,
     "open connections (default: what the descriptor limit allows)"},
    {"sessions", BROKER_SETTINGS_U32, AT(limits.sessions_max), UNITS_PLAIN, 1, 1 << 30,
     "sessions, connected or not (default 1048576)"},
    {"memory", BROKER_SETTINGS_SIZE, AT(limits.memory_max), UNITS_BYTES, 1 << 20, 1e15,
     "everything that clients can make it keep (default 4GiB)"},
    {"packet", BROKER_SETTINGS_U32, AT(limits.packet_max), UNITS_BYTES, 32, 268435460,
     "largest packet accepted; 5.0: Maximum Packet Size (default 16MiB)"},
    {"queue", BROKER_SETTINGS_U32, AT(limits.queue_max), UNITS_PLAIN, 0, 1 << 30,
     "messages that wait for one session; beyond it new ones are dropped (default 100000)"},
    {"inflight", BROKER_SETTINGS_U16, AT(limits.inflight_max), UNITS_PLAIN, 1, 32767,
     "unacknowledged QoS 1 and 2 messages to one client (default 1000)"},
    {"receive_maximum", BROKER_SETTINGS_U16, AT(limits.receive_maximum), UNITS_PLAIN, 1, 65535,
     "unacknowledged QoS 1 and 2 messages from one 5.0 client (default 1000)"},
    {"topic_aliases", BROKER_SETTINGS_U16, AT(limits.topic_alias_maximum), UNITS_PLAIN, 0, 65535,
     "topic aliases that a 5.0 client may use (default 16)"},
    {"keep_alive", BROKER_SETTINGS_SECONDS_16, AT(limits.server_keep_alive_s), UNITS_DURATION, 0, 65535e9,
     "5.0: Server Keep Alive (default 0s: the client's own)"},
    {"session_expiry", BROKER_SETTINGS_SECONDS_32, AT(limits.session_expiry_max_s), UNITS_DURATION, 0, 4294967295e9,
     "longest session expiry granted, 3.1.1 sessions included (default: no limit)"},
    {"backlog", BROKER_SETTINGS_SIZE, AT(limits.backlog_max), UNITS_BYTES, 1, 1 << 30,
     "bytes unsent on a connection from which on its messages wait in the session (default 1MiB)"},
    {"connect_timeout", BROKER_SETTINGS_SPAN, AT(limits.connect_timeout), UNITS_DURATION, 1e6, 3600e9,
     "from the opening of a connection to CONNECT, and for each answer of an AUTH exchange (default 10s)"},
    {"seed", BROKER_SETTINGS_U64, AT(seed), UNITS_PLAIN, 0, 0, "seed of the drawn delays (default 1)"},
    {NULL, BROKER_SETTINGS_U16, 0, UNITS_PLAIN, 0, 0, NULL},
};

static const struct broker_settings_row *row_of(const char *name, size_t size) {
    for (const struct broker_settings_row *r = broker_settings_rows; r->name != NULL; r++)
        if (strlen(r->name) == size && memcmp(r->name, name, size) == 0)
            return r;
    return NULL;
}

static void store(struct broker_options *o, const struct broker_settings_row *row, double value) {
    char *at = (char *)o + row->offset;
    switch (row->type) {
    case BROKER_SETTINGS_U16:
        *(uint16_t *)(void *)at = (uint16_t)value;
        break;
    case BROKER_SETTINGS_U32:
        *(uint32_t *)(void *)at = (uint32_t)value;
        break;
    case BROKER_SETTINGS_SIZE:
        *(size_t *)(void *)at = (size_t)value;
        break;
    case BROKER_SETTINGS_SPAN:
        *(span *)(void *)at = (span)value;
        break;
    case BROKER_SETTINGS_SECONDS_16:
        *(uint16_t *)(void *)at = (uint16_t)(value / 1e9);
        break;
    case BROKER_SETTINGS_SECONDS_32:
        *(uint32_t *)(void *)at = (uint32_t)(value / 1e9);
        break;
    case BROKER_SETTINGS_RATE:
        *(double *)(void *)at = value;
        break;
    case BROKER_SETTINGS_DIST:
    case BROKER_SETTINGS_U64:
        CHECK(false);
    }
}

static int read_value(struct broker_options *o, const struct broker_settings_row *row, const char *text, char *why) {
    if (row->type == BROKER_SETTINGS_DIST)
        return value_dist(text, row->dimension, (struct dist *)(void *)((char *)o + row->offset), why);
    uint64_t whole;
    if (row->type == BROKER_SETTINGS_U64) {
        int result = value_integer(text, 0, UINT64_MAX, &whole, why);
        if (result == 0)
            memcpy((char *)o + row->offset, &whole, sizeof whole);
        return result;
    }
    double value = 0;
    int result;
    if (row->dimension == UNITS_PLAIN) {
        result = value_integer(text, (uint64_t)row->min, (uint64_t)row->max, &whole, why);
        value = result == 0 ? (double)whole : 0;
    } else {
        result = value_number(text, row->dimension, row->min, row->max, &value, why);
    }
    if (result == 0)
        store(o, row, value);
    return result;
}

int broker_settings_set(struct broker_options *o, const char *argument, char *why, size_t why_size) {
    const char *equals = strchr(argument, '=');
    const struct broker_settings_row *row =
        row_of(argument, equals != NULL ? (size_t)(equals - argument) : strlen(argument));
    if (row == NULL) {
        CHECK(o->misbehave != NULL);
        return misbehave_set(o->misbehave, argument, why, why_size);
    }
    char reason[VALUE_WHY_MAX] = "";
    if (equals == NULL) {
        snprintf(why, why_size, "'%s' needs a value: %s", row->name, row->doc);
        return ERR_MALFORMED;
    }
    if (read_value(o, row, equals + 1, reason) < 0) {
        snprintf(why, why_size, "%s: %s", row->name, reason);
        return ERR_MALFORMED;
    }
    return 0;
}
