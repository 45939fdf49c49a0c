/* An operation: one thing that a device does and a backend can delay or refuse, with its instants and its one end.
 *
 * lag = emitted − ready · service = answered − sent · response = felt − intended (docs/semantics.md, "An operation").
 * The struct travels by value: the session keeps it while the operation is in flight and hands it back with its end. */
#ifndef MUSTER_METRICS_OP_H
#define MUSTER_METRICS_OP_H

#include <stdint.h>

#include "base/instant.h"

enum op_kind {
    OP_MQTT_CONNECT,     /* TCP connect to CONNACK; every attempt is one */
    OP_MQTT_SUBSCRIBE,   /* SUBSCRIBE to SUBACK */
    OP_MQTT_UNSUBSCRIBE, /* UNSUBSCRIBE to UNSUBACK */
    OP_MQTT_PUBLISH,     /* QoS 0: ok when sent; QoS 1: PUBACK; QoS 2: PUBCOMP */
    OP_MQTT_PING,        /* PINGREQ to PINGRESP */
    OP_MQTT_END_TO_END,  /* intended at the sender to felt at a subscriber; only ever ok */
    OP_MQTT_COMMAND,     /* the observer's message to a device, to the device's reply */
    OP_TLS_HANDSHAKE,    /* from TCP's being up to the end of a full handshake */
    OP_TLS_RESUMPTION,   /* the same, of one that goes on with an earlier session */
    OP_BATTERY_SOC,      /* these are no operations but values of devices: recorder_value */
    OP_BATTERY_PROJECTED_LIFE,
    OP_BATTERY_LIFETIME,
    OP_BATTERY_LEVEL,
    OP_KINDS
};

enum op_outcome {
    OP_OK,
    OP_REFUSED, /* answered with an error code */
    OP_TIMEOUT,
    OP_BROKEN, /* its connection ended and no session carried it over */
    OP_WITHDRAWN, /* would be one of the three above, but the device's own link or power was down, or the timeline ended it */
    OP_DROPPED, /* never sent; enum op_drop says why */
    OP_OPEN,    /* sent, no end when the run closed */
    OP_OUTCOMES
};

/* Why an operation was held back between intended and ready. */
enum op_held { OP_HELD_NONE, OP_HELD_OFFLINE, OP_HELD_ASLEEP, OP_HELD_WINDOW, OP_HELD_GUARD, OP_HELD_REASONS };

/* Why it was never sent. */
enum op_drop {
    OP_DROP_NONE,
    OP_DROP_OFFLINE,
    OP_DROP_BUFFER_FULL,
    OP_DROP_DEAD,
    OP_DROP_GAVE_UP,
    OP_DROP_END,
    OP_DROP_LOCAL, /* this machine had no descriptor, port or memory for it: the tool's fault */
    OP_DROP_REASONS
};

struct op {
    instant intended; /* what schedule, timeline or reaction rule says */
    instant ready;    /* first instant at which the device's own model and the guard let it go */
    instant emitted;  /* the session wrote the bytes; 0 before */
    instant sent;     /* emitted + modelled uplink delay; set by the step's caller through step.ops */
    uint32_t n;       /* message sequence (from 1), or attempt number */
    uint8_t kind;     /* enum op_kind */
    uint8_t qos;      /* 0 when the kind has none */
    uint8_t held;     /* enum op_held */
    uint8_t stream;   /* which telemetry stream of its group; 255: none */
};
_Static_assert(sizeof(struct op) == 40, "operations are kept per message in flight");

struct op_kind_row {
    enum op_kind kind;
    const char *name;   /* "mqtt.publish" */
    const char *timing; /* "mqtt.publish.ack": the timing metric; its outcomes are name + ".ok", ".refused" … */
    const char *doc;
};
extern const struct op_kind_row op_kinds[OP_KINDS];
extern const char *const op_outcome_names[OP_OUTCOMES];  /* "ok", "refused", … */
extern const char *const op_held_names[OP_HELD_REASONS]; /* "none", "offline", "asleep", "window", "guard" */
extern const char
    *const op_drop_names[OP_DROP_REASONS]; /* "none", "offline", "buffer_full", "dead", "gave_up", "end", "local" */

#endif
