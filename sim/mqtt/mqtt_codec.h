/* Packets of MQTT 3.1.1 and 5.0 in both directions: for the devices (client role) and for the built-in broker (server role).
 *
 * Decoding is strict and allocates nothing: every string in the result is borrowed from the input, lists (filters, reason
 * codes, user properties) stay raw and have iterators. Encoding writes what it is told without judging it. */
#ifndef MUSTER_MQTT_MQTT_CODEC_H
#define MUSTER_MQTT_MQTT_CODEC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "mqtt/mqtt_properties.h"
#include "mqtt/mqtt_rule.h"
#include "mqtt/mqtt_tables.h"

/* One topic filter of a SUBSCRIBE with its options. */
struct mqtt_filter {
    struct bytes filter; /* may be $share/… */
    uint8_t qos;
    bool no_local, retain_as_published; /* 5.0 */
    uint8_t retain_handling;            /* 5.0: 0–2 */
};

struct mqtt_connect {
    bool clean_start; /* 3.1.1: clean session */
    bool has_user_name, has_password, has_will;
    uint8_t will_qos;
    bool will_retain;
    uint16_t keep_alive; /* seconds */
    struct bytes client_id, will_topic, will_payload, user_name, password;
    struct mqtt_properties will_properties;
};

struct mqtt_connack {
    bool session_present;
    uint8_t reason_code; /* 3.1.1: the return code */
};

struct mqtt_publish {
    bool dup, retain;
    uint8_t qos;
    uint16_t packet_id; /* 0 at QoS 0 */
    struct bytes topic; /* 5.0: empty when an alias stands for it */
    struct bytes payload;
};

/* PUBACK, PUBREC, PUBREL, PUBCOMP; DISCONNECT and AUTH use reason_code alone. 3.1.1: reason_code 0. */
struct mqtt_ack {
    uint16_t packet_id;
    uint8_t reason_code;
};

/* SUBSCRIBE and UNSUBSCRIBE. Decoded: `raw` and `count`. Encoded: `raw` if it is not empty, else the list with `count`. */
struct mqtt_subscribe {
    uint16_t packet_id;
    unsigned count;
    struct bytes raw;
    const struct mqtt_filter *filters; /* SUBSCRIBE, encoding */
    const struct bytes *names;         /* UNSUBSCRIBE, encoding */
};

/* SUBACK and UNSUBACK; a 3.1.1 UNSUBACK has no codes. */
struct mqtt_suback {
    uint16_t packet_id;
    struct bytes codes;
};

struct mqtt_packet {
    uint8_t type;    /* enum mqtt_packet_type: tells the member of the union */
    uint8_t version; /* enum mqtt_version that it was decoded by; CONNECT: its own level. Ignored on encoding */
    struct mqtt_properties properties; /* 5.0; of a decoded packet all zero when it has none */
    union {
        struct mqtt_connect connect;
        struct mqtt_connack connack;
        struct mqtt_publish publish;
        struct mqtt_ack ack;             /* PUBACK, PUBREC, PUBREL, PUBCOMP, DISCONNECT, AUTH */
        struct mqtt_subscribe subscribe; /* SUBSCRIBE, UNSUBSCRIBE */
        struct mqtt_suback suback;       /* SUBACK, UNSUBACK */
    };
};

/* Decodes the packet at the start of `in`, sent by `from`. `max_size`: largest packet accepted, header included; 0: none.
 *
 * `version` MQTT_ANY is a server's first packet: it must be CONNECT, whose own protocol level then rules. After that pass
 * the version of the connection; a second CONNECT decodes well (the server answers it as MQTT-3.1.0-2).
 *
 *   0              *consumed bytes used, *out filled; only the member of the union that belongs to out->type is set
 *   ERR_AGAIN      the packet is not complete; *consumed is 0
 *   ERR_MALFORMED  cannot be parsed            } *fault says which statement is broken, in words, and the reason code of
 *   ERR_PROTOCOL   parsed, but not allowed     } 5.0; *consumed is 0, *out is undefined, except that out->type, and for
 *   ERR_TOO_BIG    larger than max_size        } CONNECT out->version once it was read (else 0), are set
 *
 * What the first bytes already show (type, role, flags, remaining length, size) is reported without waiting for the rest;
 * everything else when the packet is complete, so that the result does not depend on how the bytes were split.
 * An unknown level is ERR_PROTOCOL with reason code MQTT_REASON_UNSUPPORTED_VERSION: a server answers 3.1.1's return
 * code 1 or 5.0's CONNACK as it likes. Non-minimal remaining lengths are legal in 3.1.1 and accepted there. */
int mqtt_codec_decode(struct bytes in, enum mqtt_version version, enum mqtt_role from, uint32_t max_size,
                      struct mqtt_packet *out, size_t *consumed, struct mqtt_fault *fault);

/* Total size of the packet at the start of `in`, from its fixed header: 0 with *total set, ERR_AGAIN while the header is
 * incomplete, ERR_MALFORMED when the remaining length is longer than four bytes. */
int mqtt_codec_frame(struct bytes in, size_t *total);

/* Size that mqtt_codec_encode will write; 0 when the packet cannot be encoded (a string over 65,535 bytes, a remaining length over
 * 268,435,455, an unknown type). */
size_t mqtt_codec_size(const struct mqtt_packet *p, enum mqtt_version version);
/* Writes the packet. ERR_AGAIN: the writer has no room; ERR_INVALID: it cannot be encoded. On failure nothing is written and the
 * writer is not failed. Whether the protocol allows the packet is the caller's business.
 * Reason codes and properties are left out where the shortest form allows it (acks, DISCONNECT, AUTH). */
int mqtt_codec_encode(struct bytes_writer *w, const struct mqtt_packet *p, enum mqtt_version version);

/* Iterators over the list of a decoded SUBSCRIBE or UNSUBSCRIBE: `*rest` starts as subscribe.raw; false at the end. */
bool mqtt_codec_next_filter(struct bytes *rest, struct mqtt_filter *out);
bool mqtt_codec_next_name(struct bytes *rest, struct bytes *out);

#endif
