#include "scenario/metric.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/suggest.h"

const char *const metric_kind_names[METRIC_KINDS] = {"timing", "outcome", "message", "counter", "gauge", "device"};

/* The outcomes that every operation has. `one`: the operation in words. */
#define OUTCOME_ROW(operation, prefix, end, end_outcome, part_of, text)                                                \
    {                                                                                                                  \
        .name = prefix "." end, .kind = METRIC_OUTCOME, .source = METRIC_FROM_OUTCOME, .of = part_of, .op = operation, \
        .outcome = end_outcome, .doc = text                                                                            \
    }
#define OPERATION_ROWS(operation, prefix, one)                                                                         \
    {.name = prefix ".ack",                                                                                            \
     .kind = METRIC_TIMING,                                                                                            \
     .source = METRIC_FROM_CLOCKS,                                                                                     \
     .op = operation,                                                                                                  \
     .doc = "How long " one " took: from the intended instant until the device had the answer."},                      \
        OUTCOME_ROW(operation, prefix, "ok", OP_OK, METRIC_OF_COUNT, "The backend said yes to " one "."),              \
        OUTCOME_ROW(operation, prefix, "refused", OP_REFUSED, METRIC_OF_COUNT,                                         \
                    "The backend answered " one " with an error code."),                                               \
        OUTCOME_ROW(operation, prefix, "timeout", OP_TIMEOUT, METRIC_OF_COUNT,                                         \
                    "The answer to " one " did not come in time."),                                                    \
        OUTCOME_ROW(operation, prefix, "broken", OP_BROKEN, METRIC_OF_COUNT,                                           \
                    "The connection ended before " one " did, and no session carried it over."),                       \
        {.name = prefix ".failed",                                                                                     \
         .kind = METRIC_OUTCOME,                                                                                       \
         .source = METRIC_FROM_FAILED,                                                                                 \
         .of = METRIC_OF_COUNT,                                                                                        \
         .op = operation,                                                                                              \
         .doc = "refused, timeout and broken together."},                                                              \
        OUTCOME_ROW(operation, prefix, "withdrawn", OP_WITHDRAWN, METRIC_OF_INTENDED,                                  \
                    "Ended without answer while the device's own link was down, or by the timeline."),                 \
        OUTCOME_ROW(operation, prefix, "dropped", OP_DROPPED, METRIC_OF_INTENDED,                                      \
                    "Never sent; the label reason says why."),                                                         \
        OUTCOME_ROW(operation, prefix, "open", OP_OPEN, METRIC_OF_INTENDED,                                            \
                    "Sent, and without an end when the run closed."),                                                  \
    {                                                                                                                  \
        .name = prefix ".held", .kind = METRIC_OUTCOME, .source = METRIC_FROM_HELD, .of = METRIC_OF_INTENDED,          \
        .op = operation, .doc = "Held back by the device's own model or by the guard; the label reason says by what."  \
    }
#define OPERATION_COUNT_ROW(operation, prefix, one)                                                                    \
    {                                                                                                                  \
        .name = prefix, .kind = METRIC_COUNTER, .source = METRIC_FROM_OPERATIONS, .of = METRIC_OF_INTENDED,            \
        .op = operation, .doc = "How often " one " ended with an answer, a timeout or a broken connection."            \
    }
#define TALLY_ROW(metric_name, which, metric_unit, text)                                                               \
    {                                                                                                                  \
        .name = metric_name, .kind = METRIC_COUNTER, .source = METRIC_FROM_TALLY, .of = METRIC_OF_DEVICES,             \
        .tally = which, .unit = metric_unit, .doc = text                                                               \
    }
#define TALLY_OF_ROW(metric_name, which, part_of, whole, text)                                                         \
    {                                                                                                                  \
        .name = metric_name, .kind = METRIC_OUTCOME, .source = METRIC_FROM_TALLY, .of = part_of, .tally = which,       \
        .of_tally = whole, .doc = text                                                                                 \
    }
#define ENERGY_ROW(metric_name, which, text) TALLY_ROW(metric_name, which, UNITS_ENERGY, text)
#define STATE_ROW(metric_name, which, text)                                                                            \
    { .name = metric_name, .kind = METRIC_GAUGE, .source = METRIC_FROM_STATE, .state = which, .doc = text }

const struct metric metric_table[] = {
    OPERATION_COUNT_ROW(OP_MQTT_CONNECT, "mqtt.connect", "an attempt to connect"),
    OPERATION_ROWS(OP_MQTT_CONNECT, "mqtt.connect", "an attempt to connect"),
    OPERATION_COUNT_ROW(OP_MQTT_SUBSCRIBE, "mqtt.subscribe", "a SUBSCRIBE"),
    OPERATION_ROWS(OP_MQTT_SUBSCRIBE, "mqtt.subscribe", "a SUBSCRIBE"),
    OPERATION_COUNT_ROW(OP_MQTT_UNSUBSCRIBE, "mqtt.unsubscribe", "an UNSUBSCRIBE"),
    OPERATION_ROWS(OP_MQTT_UNSUBSCRIBE, "mqtt.unsubscribe", "an UNSUBSCRIBE"),
    {.name = "mqtt.publish",
     .kind = METRIC_MESSAGE,
     .source = METRIC_FROM_SENT,
     .op = OP_MQTT_PUBLISH,
     .doc = "Messages that devices handed over at least once."},
    OPERATION_ROWS(OP_MQTT_PUBLISH, "mqtt.publish", "a publish"),
    OPERATION_COUNT_ROW(OP_MQTT_PING, "mqtt.ping", "a PINGREQ"),
    OPERATION_ROWS(OP_MQTT_PING, "mqtt.ping", "a PINGREQ"),
    OPERATION_COUNT_ROW(OP_TLS_HANDSHAKE, "tls.handshake", "a full TLS handshake"),
    OPERATION_ROWS(OP_TLS_HANDSHAKE, "tls.handshake", "a full TLS handshake"),
    OPERATION_COUNT_ROW(OP_TLS_RESUMPTION, "tls.resumption", "a resumed TLS handshake"),
    OPERATION_ROWS(OP_TLS_RESUMPTION, "tls.resumption", "a resumed TLS handshake"),
    TALLY_ROW("tls.handshake.bytes_up", TALLY_TLS_BYTES_UP, UNITS_BYTES,
              "Bytes that devices sent in TLS handshakes, full and resumed, as they went over TCP."),
    TALLY_ROW("tls.handshake.bytes_down", TALLY_TLS_BYTES_DOWN, UNITS_BYTES,
              "Bytes that devices received in TLS handshakes."),
    {.name = "mqtt.end_to_end",
     .kind = METRIC_TIMING,
     .source = METRIC_FROM_CLOCKS,
     .op = OP_MQTT_END_TO_END,
     .doc = "From the intended instant at the sending device until a subscribing device, or the observer, had the "
            "message. "
            "Needs marks, and both ends in one process."},
    OPERATION_COUNT_ROW(OP_MQTT_COMMAND, "mqtt.command", "a command"),
    {.name = "mqtt.command.reply",
     .kind = METRIC_TIMING,
     .source = METRIC_FROM_CLOCKS,
     .op = OP_MQTT_COMMAND,
     .doc = "How long a command took: from its instant in the timeline until the observer had the device's reply."},
    OUTCOME_ROW(OP_MQTT_COMMAND, "mqtt.command", "ok", OP_OK, METRIC_OF_COUNT, "The device replied in time."),
    OUTCOME_ROW(OP_MQTT_COMMAND, "mqtt.command", "refused", OP_REFUSED, METRIC_OF_COUNT,
                "The backend refused to take the command."),
    OUTCOME_ROW(OP_MQTT_COMMAND, "mqtt.command", "timeout", OP_TIMEOUT, METRIC_OF_COUNT,
                "The device did not reply in time (`within`)."),
    OUTCOME_ROW(OP_MQTT_COMMAND, "mqtt.command", "broken", OP_BROKEN, METRIC_OF_COUNT,
                "The observer lost its connection while it waited for the reply."),
    {.name = "mqtt.command.failed",
     .kind = METRIC_OUTCOME,
     .source = METRIC_FROM_FAILED,
     .of = METRIC_OF_COUNT,
     .op = OP_MQTT_COMMAND,
     .doc = "refused, timeout and broken together."},
    OUTCOME_ROW(OP_MQTT_COMMAND, "mqtt.command", "withdrawn", OP_WITHDRAWN, METRIC_OF_INTENDED,
                "Without a reply, and the device was away by the timeline's will or for its own link, or the observer "
                "itself was too slow."),
    OUTCOME_ROW(OP_MQTT_COMMAND, "mqtt.command", "dropped", OP_DROPPED, METRIC_OF_INTENDED,
                "Never sent, because the observer was away; the label reason says why."),
    OUTCOME_ROW(OP_MQTT_COMMAND, "mqtt.command", "open", OP_OPEN, METRIC_OF_INTENDED,
                "Still waited for when the run closed."),
    {.name = "mqtt.command.held",
     .kind = METRIC_OUTCOME,
     .source = METRIC_FROM_HELD,
     .of = METRIC_OF_INTENDED,
     .op = OP_MQTT_COMMAND,
     .doc = "Held back by the guard; the label reason says by what."},
    TALLY_ROW("mqtt.audit.messages", TALLY_AUDITED, UNITS_PLAIN, "Sent messages that the audit judged (observe:)."),
    TALLY_OF_ROW("mqtt.audit.received", TALLY_AUDIT_RECEIVED, METRIC_OF_TALLY, TALLY_AUDITED,
                 "Of the audited messages, those that the observer got."),
    TALLY_OF_ROW("mqtt.audit.duplicated", TALLY_AUDIT_DUPLICATED, METRIC_OF_TALLY, TALLY_AUDIT_RECEIVED,
                 "Copies of audited messages after the first."),
    TALLY_OF_ROW("mqtt.audit.reordered", TALLY_AUDIT_REORDERED, METRIC_OF_TALLY, TALLY_AUDIT_RECEIVED,
                 "Audited messages that a later one of the same device, topic and QoS overtook."),
    TALLY_OF_ROW("mqtt.audit.excluded", TALLY_AUDIT_EXCLUDED, METRIC_OF_TALLY, TALLY_SENT,
                 "Sent messages of a time when the observer could not see: out of the audit."),
    TALLY_OF_ROW("mqtt.reconnect", TALLY_RECONNECTS, METRIC_OF_ACCEPTED, TALLY_RECONNECTS,
                 "Accepted connections after a device's first."),
    TALLY_OF_ROW("mqtt.session.lost", TALLY_SESSION_LOST, METRIC_OF_TALLY, TALLY_SESSION_EXPECTED,
                 "Connections that expected a session at the backend, which had none."),
    TALLY_ROW("mqtt.session.expected", TALLY_SESSION_EXPECTED, UNITS_PLAIN,
              "Accepted connections that expected a session at the backend."),
    TALLY_OF_ROW("mqtt.violation", TALLY_VIOLATIONS, METRIC_OF_TALLY, TALLY_CONNECTIONS,
                 "Packets of the backend that break the protocol."),
    TALLY_ROW("mqtt.late_answer", TALLY_LATE_ANSWERS, UNITS_PLAIN, "Answers that came after their timeout."),
    TALLY_OF_ROW("mqtt.resent", TALLY_RESENT, METRIC_OF_TALLY, TALLY_SENT,
                 "Messages sent again after a reconnect; not new messages."),
    TALLY_OF_ROW("mqtt.redirect", TALLY_REDIRECTS, METRIC_OF_TALLY, TALLY_CONNECTIONS,
                 "Server references received; they are never followed."),
    TALLY_ROW("mqtt.received", TALLY_RECEIVED, UNITS_PLAIN, "Messages that subscribing devices got."),
    TALLY_OF_ROW("mqtt.received.duplicate", TALLY_DUPLICATED, METRIC_OF_TALLY, TALLY_RECEIVED,
                 "Copies after the first, per subscribing device and subscription."),
    TALLY_OF_ROW("device.gave_up", TALLY_GAVE_UP, METRIC_OF_DEVICES, TALLY_GAVE_UP,
                 "Devices that stopped trying to connect."),
    {.name = "net.bytes",
     .kind = METRIC_COUNTER,
     .source = METRIC_FROM_BYTES,
     .of = METRIC_OF_DEVICES,
     .unit = UNITS_BYTES,
     .doc = "Bytes handed to and received from the transport."},
    TALLY_ROW("net.bytes_up", TALLY_BYTES_UP, UNITS_BYTES, "Bytes handed to the transport."),
    TALLY_ROW("net.bytes_down", TALLY_BYTES_DOWN, UNITS_BYTES, "Bytes received from the transport."),
    TALLY_ROW("net.connections", TALLY_CONNECTIONS, UNITS_PLAIN, "Transport connections that came up."),
    TALLY_ROW("net.ghost.reset", TALLY_GHOSTS_RESET, UNITS_PLAIN,
              "Abandoned sockets that were reset because descriptors ran short."),
    TALLY_ROW("net.link.lost", TALLY_LINK_LOST, UNITS_PLAIN,
              "Units that the modelled link lost and had to send again."),
    TALLY_ROW("net.outage.device", TALLY_OUTAGES_DEVICE, UNITS_PLAIN,
              "Outages of devices alone (outages, networks.*.outages), counted for each device that they hit."),
    TALLY_ROW("net.outage.cell", TALLY_OUTAGES_CELL, UNITS_PLAIN,
              "Outages of cells, counted for each device that they hit."),
    TALLY_ROW("net.outage.region", TALLY_OUTAGES_REGION, UNITS_PLAIN,
              "Outages of regions, counted for each device that they hit."),
    TALLY_ROW("net.outage.backend", TALLY_OUTAGES_BACKEND, UNITS_PLAIN,
              "Outages of the way to a backend, counted for each device that they hit."),
    TALLY_ROW("net.registration", TALLY_REGISTRATIONS, UNITS_PLAIN,
              "Registrations of devices with their network (networks.*.attach)."),
    TALLY_ROW("net.handover", TALLY_HANDOVERS, UNITS_PLAIN, "Changes from one cell to another (networks.*.cells)."),
    TALLY_ROW("net.address_change", TALLY_ADDRESS_CHANGES, UNITS_PLAIN,
              "Changes of address: open connections are gone, and the backend is not told."),
    TALLY_ROW("net.nat.expired", TALLY_NAT_EXPIRED, UNITS_PLAIN,
              "Connections that a middlebox had forgotten when the next packet came (networks.*.nat)."),
    TALLY_ROW("net.dns.failed", TALLY_LOOKUPS_FAILED, UNITS_PLAIN,
              "Attempts that ended because the name lookup failed (networks.*.dns)."),
    STATE_ROW("online", STATE_ONLINE, "Devices that believe they are connected."),
    STATE_ROW("connecting", STATE_CONNECTING, "Devices with a connection attempt under way."),
    STATE_ROW("backoff", STATE_BACKOFF, "Devices that wait before they try again."),
    STATE_ROW("offline", STATE_OFFLINE, "Devices that were not asked to connect, were told to disconnect, or gave up."),
    STATE_ROW("asleep", STATE_ASLEEP, "Devices with their radio off by their own choice."),
    STATE_ROW("dead", STATE_DEAD, "Devices without power."),
    {.name = "battery.soc",
     .kind = METRIC_DEVICE,
     .source = METRIC_FROM_VALUES,
     .op = OP_BATTERY_SOC,
     .unit = UNITS_SHARE,
     .doc = "What each battery has left when the run ends, of what its device can use."},
    {.name = "battery.projected_life",
     .kind = METRIC_DEVICE,
     .source = METRIC_FROM_VALUES,
     .op = OP_BATTERY_PROJECTED_LIFE,
     .unit = UNITS_DURATION,
     .doc = "How long a full battery of each device would last at what the run took from it, at most its shelf life."},
    {.name = "battery.lifetime",
     .kind = METRIC_DEVICE,
     .source = METRIC_FROM_VALUES,
     .op = OP_BATTERY_LIFETIME,
     .unit = UNITS_DURATION,
     .doc = "How long the batteries lasted that were empty within the run."},
    {.name = "battery.level",
     .kind = METRIC_DEVICE,
     .source = METRIC_FROM_VALUES,
     .op = OP_BATTERY_LEVEL,
     .unit = UNITS_SHARE,
     .doc = "What batteries have left whenever an interval of the logs ends, of 500 devices of each worker at most."},
    {.name = "energy.used",
     .kind = METRIC_COUNTER,
     .source = METRIC_FROM_ENERGY,
     .of = METRIC_OF_DEVICES,
     .unit = UNITS_ENERGY,
     .doc = "Energy that devices used, whatever for."},
    ENERGY_ROW("energy.floor", TALLY_ENERGY_FLOOR, "Energy used by the board and the sleeping radio."),
    ENERGY_ROW("energy.sensing", TALLY_ENERGY_SENSING, "Energy used to measure."),
    ENERGY_ROW("energy.attach", TALLY_ENERGY_ATTACH, "Energy used to register with the network."),
    ENERGY_ROW("energy.connect", TALLY_ENERGY_CONNECT, "Energy used to connect by the device's own plan."),
    ENERGY_ROW("energy.reconnect", TALLY_ENERGY_RECONNECT, "Energy used to connect again after a connection was lost."),
    ENERGY_ROW("energy.session_lost", TALLY_ENERGY_SESSION_LOST,
               "Energy used to send what was sent only because the backend forgot the session."),
    ENERGY_ROW("energy.message", TALLY_ENERGY_MESSAGE, "Energy used for messages and their answers."),
    ENERGY_ROW("energy.keepalive", TALLY_ENERGY_KEEPALIVE, "Energy used for pings and their answers."),
    ENERGY_ROW("energy.receive", TALLY_ENERGY_RECEIVE, "Energy used for what came unasked, and its answers."),
    ENERGY_ROW("energy.retransmission", TALLY_ENERGY_RETRANSMISSION,
               "Energy used to send again what the network lost, and messages in flight."),
    ENERGY_ROW("energy.tracking", TALLY_ENERGY_TRACKING, "Energy used for periodic tracking-area updates."),
    ENERGY_ROW("energy.self_discharge", TALLY_ENERGY_SELF_DISCHARGE,
               "What batteries lost by themselves, and their buffers' leaks."),
    TALLY_ROW("energy.tail", TALLY_ENERGY_TAIL, UNITS_ENERGY,
              "Of energy.used: the radio connected or listening after the last byte."),
    TALLY_ROW("energy.harvested", TALLY_ENERGY_HARVESTED, UNITS_ENERGY, "Energy that charged batteries."),
    TALLY_ROW("device.brownout", TALLY_BROWNOUTS, UNITS_PLAIN, "Resets because the voltage broke down in a burst."),
    TALLY_ROW("device.power_lost", TALLY_POWER_LOST, UNITS_PLAIN,
              "Losses of power: by the timeline, or the battery was empty."),
    TALLY_ROW("device.refused_work", TALLY_REFUSED_WORK, UNITS_PLAIN,
              "Messages that devices did not even intend, their battery being too low."),
    {.name = "tool.lag",
     .kind = METRIC_TIMING,
     .source = METRIC_FROM_LAG,
     .doc = "How much later than it could operations left this tool: its own fault, all operations together."},
    {.name = "tool.late",
     .kind = METRIC_OUTCOME,
     .source = METRIC_FROM_LATE,
     .of = METRIC_OF_EMITTED,
     .doc = "Operations that left this tool later than the trust limit."},
    {.name = "tool.dropped",
     .kind = METRIC_COUNTER,
     .source = METRIC_FROM_RECORDS,
     .of = METRIC_OF_EMITTED,
     .doc = "Log records that this tool dropped."},
    {.name = NULL},
};

#define TIMING  (1U << METRIC_TIMING)
#define OUTCOME (1U << METRIC_OUTCOME)
#define MESSAGE (1U << METRIC_MESSAGE)
#define COUNTER (1U << METRIC_COUNTER)
#define GAUGE   (1U << METRIC_GAUGE)
#define DEVICE  (1U << METRIC_DEVICE)

const struct metric_function_row metric_functions[METRIC_FUNCTIONS] = {
    {METRIC_P, "p", TIMING | DEVICE, false,
     "pN: the smallest duration that N % of the operations did not exceed. Operations without an answer count as "
     "infinite.",
     "p99(mqtt.publish.ack) < 250ms"},
    {METRIC_MIN, "min", TIMING | GAUGE | DEVICE, false, "The smallest value.", "min(online, during=steady) >= 99%"},
    {METRIC_MEAN, "mean", TIMING | GAUGE | DEVICE, false,
     "The mean: of answered operations, or of a gauge over the seconds of the scope.", "mean(mqtt.publish.ack) < 50ms"},
    {METRIC_MAX, "max", TIMING | GAUGE | DEVICE, true,
     "The largest value. Of a timing, one operation without an answer makes it infinite.", "max(backoff) < 5%"},
    {METRIC_COUNT, "count", TIMING | OUTCOME | MESSAGE | COUNTER | DEVICE, true, "How many.",
     "count(mqtt.violation) == 0"},
    {METRIC_RATE, "rate", TIMING | OUTCOME | MESSAGE | COUNTER, false,
     "How many per second, over the length of the scope or window. Of bytes: in bit/s.",
     "rate(mqtt.publish.ok, during=steady) > 900/s"},
    {METRIC_RATIO, "ratio", OUTCOME, false, "The share in what the metric is a part of, compared as whole numbers.",
     "ratio(mqtt.connect.ok) == 100%"},
    {METRIC_LOST, "lost", MESSAGE, true, "Messages that were acknowledged, or had every chance, and did not arrive.",
     "lost(mqtt.publish{qos=1}) == 0"},
    {METRIC_DUPLICATED, "duplicated", MESSAGE, true, "Copies after the first at one subscriber.",
     "duplicated(mqtt.publish) == 0"},
    {METRIC_REORDERED, "reordered", MESSAGE, true,
     "First copies that came after a later message of the same device, topic and QoS.", "reordered(mqtt.publish) == 0"},
    {METRIC_TIME_TO, "time_to", GAUGE, true,
     "From the edge (the start, without one) to the first second in which the comparison holds.",
     "time_to(online >= 99%, from=outage.end) < 3min"},
};

static const char *const qos_words[] = {"0", "1", "2", NULL};
static const char *const boolean_words[] = {"true", "false", NULL};
static const char *const clock_words[] = {"response", "service", "lag", NULL};
static const char *const drop_words[] = {"offline", "buffer_full", "dead", "gave_up", "end", "local", NULL};
static const char *const held_words[] = {"offline", "asleep", "window", "guard", NULL};

const struct metric_label_row metric_labels[METRIC_LABELS] = {
    {LABEL_FLEET, "fleet", NULL, "A fleet of the scenario."},
    {LABEL_PROFILE, "profile", NULL, "The profile that a device was dealt."},
    {LABEL_REGION, "region", NULL, "The region that a device was dealt."},
    {LABEL_TARGET, "target", NULL, "A target by its name, never one of its nodes."},
    {LABEL_QOS, "qos", qos_words, "Quality of service of a publish: 0, 1 or 2."},
    {LABEL_REASON, "reason", NULL,
     "Why an operation was dropped (offline, buffer_full, dead, gave_up, end, local) or held (offline, asleep, window, "
     "guard)."},
    {LABEL_HELD, "held", boolean_words,
     "Was the operation held back by its own device or by the guard? true or false."},
    {LABEL_CLOCK, "clock", clock_words,
     "Which duration of a timing: response (from the intended instant, the default), service (the backend's) or lag "
     "(this "
     "tool's)."},
};

const struct metric *metric_find(const char *name) {
    for (const struct metric *m = metric_table; m->name != NULL; m++)
        if (strcmp(m->name, name) == 0)
            return m;
    return NULL;
}

enum { NAMES_MAX = 128 };

const char *metric_nearest(const char *name) {
    const char *names[NAMES_MAX];
    size_t count = 0;
    for (const struct metric *m = metric_table; m->name != NULL && count < NAMES_MAX; m++)
        names[count++] = m->name;
    return suggest_nearest(name, names, count);
}

enum metric_function metric_function_find(const char *name) {
    if (name[0] == 'p' && name[1] >= '0' && name[1] <= '9')
        return METRIC_P;
    for (int f = METRIC_MIN; f < METRIC_FUNCTIONS; f++)
        if (strcmp(metric_functions[f].name, name) == 0)
            return (enum metric_function)f;
    return METRIC_FUNCTIONS;
}

const char *metric_function_nearest(const char *name) {
    /* names that other tools use, and the usual percentiles: a bare "p" is no function */
    static const struct {
        const char *word, *function;
    } synonyms[] = {{"avg", "mean"}, {"average", "mean"}, {"median", "p50"}, {"sum", "count"}, {"share", "ratio"}};
    for (size_t i = 0; i < COUNT_OF(synonyms); i++)
        if (strcmp(synonyms[i].word, name) == 0)
            return synonyms[i].function;
    if (strcmp(name, "p") == 0 || strcmp(name, "percentile") == 0)
        return "p99";
    const char *names[METRIC_FUNCTIONS];
    size_t count = 0;
    for (int f = METRIC_MIN; f < METRIC_FUNCTIONS; f++)
        names[count++] = metric_functions[f].name;
    return suggest_nearest(name, names, count);
}

enum metric_label metric_label_find(const char *name) {
    for (int l = 0; l < METRIC_LABELS; l++)
        if (strcmp(metric_labels[l].name, name) == 0)
            return (enum metric_label)l;
    return METRIC_LABELS;
}

/* Found in series, the only place that knows an operation's QoS and whether it was held. */
static bool of_operations(const struct metric *m) {
    switch (m->source) {
    case METRIC_FROM_CLOCKS:
    case METRIC_FROM_LAG:
    case METRIC_FROM_OUTCOME:
    case METRIC_FROM_FAILED:
    case METRIC_FROM_HELD:
    case METRIC_FROM_OPERATIONS:
    case METRIC_FROM_SENT:
    case METRIC_FROM_LATE:
        return true;
    case METRIC_FROM_RECORDS:
    case METRIC_FROM_TALLY:
    case METRIC_FROM_BYTES:
    case METRIC_FROM_STATE:
    case METRIC_FROM_VALUES:
    case METRIC_FROM_ENERGY:
        return false;
    }
    return false;
}

bool metric_has_label(const struct metric *m, enum metric_label label) {
    switch (label) {
    case LABEL_FLEET:
    case LABEL_PROFILE:
    case LABEL_REGION:
    case LABEL_TARGET:
        return m->source != METRIC_FROM_RECORDS;
    case LABEL_QOS:
        return of_operations(m) && (m->source == METRIC_FROM_LAG || m->source == METRIC_FROM_LATE ||
                                    m->op == OP_MQTT_PUBLISH || m->op == OP_MQTT_END_TO_END);
    case LABEL_HELD:
        return of_operations(m) && m->source != METRIC_FROM_HELD;
    case LABEL_CLOCK:
        return m->source == METRIC_FROM_CLOCKS;
    case LABEL_REASON:
        return m->source == METRIC_FROM_HELD || (m->source == METRIC_FROM_OUTCOME && m->outcome == OP_DROPPED);
    case METRIC_LABELS:
        break;
    }
    return false;
}

const char *const *metric_label_words(const struct metric *m, enum metric_label label) {
    if (label == LABEL_REASON)
        return m->source == METRIC_FROM_HELD ? held_words : drop_words;
    return metric_labels[label].words;
}

static void list(const char *name, bool *first, const char *label, struct text *out) {
    text_printf(out, "%s%s", *first ? label : ", ", name);
    *first = false;
}

void metric_uses(const struct metric *m, struct text *out) {
    char label[48];
    snprintf(label, sizeof label, "  functions for this kind, %s: ", metric_kind_names[m->kind]);
    bool first = true;
    for (int f = 0; f < METRIC_FUNCTIONS; f++)
        if ((metric_functions[f].kinds & 1U << m->kind) != 0)
            list(f == METRIC_P ? "p50 to p99.999" : metric_functions[f].name, &first, label, out);
    text_append(out, first ? "" : "\n");
    first = true;
    for (int l = 0; l < METRIC_LABELS; l++)
        if (metric_has_label(m, (enum metric_label)l))
            list(metric_labels[l].name, &first, "  labels: ", out);
    text_append(out, first ? "" : "\n");
}

void metric_function_uses(enum metric_function f, struct text *out) {
    bool first = true;
    for (int k = 0; k < METRIC_KINDS; k++)
        if ((metric_functions[f].kinds & 1U << k) != 0)
            list(metric_kind_names[k], &first, "  takes metrics of the kind: ", out);
    text_append(out, "\n");
}

size_t metric_topics(struct explain_topic *out, size_t room) {
    size_t count = 0;
    for (const struct metric *m = metric_table; m->name != NULL; m++, count++)
        if (count < room)
            out[count] = (struct explain_topic){m->name, "metric", m->doc, NULL};
    for (int f = 0; f < METRIC_FUNCTIONS; f++, count++)
        if (count < room)
            out[count] = (struct explain_topic){metric_functions[f].name, "function", metric_functions[f].doc,
                                                metric_functions[f].example};
    for (int l = 0; l < METRIC_LABELS; l++, count++)
        if (count < room)
            out[count] = (struct explain_topic){metric_labels[l].name, "label", metric_labels[l].doc, NULL};
    if (count < room)
        out[count] = (struct explain_topic){NULL, NULL, NULL, NULL};
    return count;
}
