/* The rules that decoder and session hold a peer to: one row per rule with the statement's id in each version, how bad a
 * breach is, and the reason code that 5.0 answers it with.
 *
 * Ids are those of the specifications ("MQTT-3.3.1-4"); the same id may mean another thing in the other version, so the
 * session's version belongs to it. Rules that the texts state without a number have ids "M3U-…" (3.1.1) and "M5U-…" (5.0).
 * General violations stand under MQTT-4.8.0-1 (3.1.1) and MQTT-4.13.1-1 (5.0). */
#ifndef MUSTER_MQTT_MQTT_RULE_H
#define MUSTER_MQTT_MQTT_RULE_H

#include <stdint.h>

#include "mqtt/mqtt_tables.h"

/* What was wrong with a packet. */
struct mqtt_fault {
    const char *statement; /* static */
    const char *detail;    /* static, for people */
    uint8_t reason_code;   /* for DISCONNECT or CONNACK in 5.0 */
};

enum mqtt_rule {
    /* fixed header */
    MQTT_RULE_TYPE,
    MQTT_RULE_ROLE,
    MQTT_RULE_FLAGS,
    MQTT_RULE_PUBREL_FLAGS,
    MQTT_RULE_SUBSCRIBE_FLAGS,
    MQTT_RULE_UNSUBSCRIBE_FLAGS,
    MQTT_RULE_DISCONNECT_FLAGS,
    MQTT_RULE_AUTH_FLAGS,
    MQTT_RULE_HEADER_ONLY_FLAGS,
    MQTT_RULE_HEADER_ONLY_BODY,
    MQTT_RULE_LENGTH_LONG,
    MQTT_RULE_LENGTH_NOT_MINIMAL,
    MQTT_RULE_CLIENT_PACKET_SIZE,
    MQTT_RULE_SERVER_PACKET_SIZE,
    MQTT_RULE_FIRST_PACKET,
    /* fields */
    MQTT_RULE_SHORT,
    MQTT_RULE_TRAILING,
    MQTT_RULE_UTF8,
    MQTT_RULE_NUL,
    MQTT_RULE_CLIENT_PACKET_ID,
    MQTT_RULE_SERVER_PACKET_ID,
    MQTT_RULE_ACK_PACKET_ID,
    MQTT_RULE_SUBACK_PACKET_ID,
    /* CONNECT */
    MQTT_RULE_PROTOCOL_NAME,
    MQTT_RULE_PROTOCOL_LEVEL,
    MQTT_RULE_CONNECT_RESERVED,
    MQTT_RULE_WILL_QOS_3,
    MQTT_RULE_WILL_QOS_WITHOUT_WILL,
    MQTT_RULE_WILL_RETAIN_WITHOUT_WILL,
    MQTT_RULE_PASSWORD_WITHOUT_USER_NAME,
    MQTT_RULE_WILL_TOPIC_WILDCARD,
    /* CONNACK */
    MQTT_RULE_CONNACK_FLAGS,
    MQTT_RULE_CONNACK_PRESENT_ON_ERROR,
    /* PUBLISH */
    MQTT_RULE_QOS_3,
    MQTT_RULE_DUP_QOS_0,
    MQTT_RULE_TOPIC_WILDCARD,
    MQTT_RULE_TOPIC_EMPTY,
    MQTT_RULE_NAME_EMPTY,
    MQTT_RULE_RESPONSE_TOPIC_WILDCARD,
    MQTT_RULE_ALIAS_ZERO,
    MQTT_RULE_CLIENT_SUBSCRIPTION_ID,
    /* SUBSCRIBE, UNSUBSCRIBE and their answers */
    MQTT_RULE_SUBSCRIBE_EMPTY,
    MQTT_RULE_SUBSCRIBE_RESERVED,
    MQTT_RULE_SUBSCRIBE_QOS_3,
    MQTT_RULE_RETAIN_HANDLING_3,
    MQTT_RULE_NO_LOCAL_SHARED,
    MQTT_RULE_FILTER_MULTI_LEVEL,
    MQTT_RULE_FILTER_SINGLE_LEVEL,
    MQTT_RULE_SHARE_NAME,
    MQTT_RULE_SHARE_FILTER,
    MQTT_RULE_UNSUBSCRIBE_EMPTY,
    MQTT_RULE_SUBACK_COUNT,
    MQTT_RULE_UNSUBACK_COUNT,
    /* reason codes */
    MQTT_RULE_CONNACK_REASON,
    MQTT_RULE_PUBACK_REASON,
    MQTT_RULE_PUBREC_REASON,
    MQTT_RULE_PUBREL_REASON,
    MQTT_RULE_PUBCOMP_REASON,
    MQTT_RULE_SUBACK_REASON,
    MQTT_RULE_UNSUBACK_REASON,
    MQTT_RULE_DISCONNECT_REASON,
    MQTT_RULE_AUTH_REASON,
    /* properties (5.0) */
    MQTT_RULE_VARINT_LONG,
    MQTT_RULE_VARINT_NOT_MINIMAL,
    MQTT_RULE_PROPERTY_LENGTH,
    MQTT_RULE_PROPERTY_UNKNOWN,
    MQTT_RULE_PROPERTY_PLACE,
    MQTT_RULE_PROPERTY_TWICE,
    MQTT_RULE_PROPERTY_VALUE,
    MQTT_RULE_USER_PROPERTY_TEXT,
    MQTT_RULE_SERVER_SESSION_EXPIRY,
    MQTT_RULE_AUTH_DATA_WITHOUT_METHOD,
    MQTT_RULE_AUTH_WITHOUT_METHOD,
    /* what a client holds a server to beyond single packets */
    MQTT_RULE_BEFORE_CONNACK,
    MQTT_RULE_SECOND_CONNACK,
    MQTT_RULE_EARLY_DISCONNECT,
    MQTT_RULE_SESSION_NOT_OURS,
    MQTT_RULE_SESSION_AFTER_CLEAN,
    MQTT_RULE_NO_ASSIGNED_ID,
    MQTT_RULE_RESPONSE_INFORMATION,
    MQTT_RULE_PROBLEM_INFORMATION,
    MQTT_RULE_RECEIVE_MAXIMUM,
    MQTT_RULE_PACKET_ID_IN_USE,
    MQTT_RULE_ALIAS_TOO_HIGH,
    MQTT_RULE_ALIAS_NOT_OFFERED,
    MQTT_RULE_ALIAS_UNKNOWN,
    MQTT_RULE_PUBACK_UNKNOWN,
    MQTT_RULE_PUBACK_FOR_QOS_2,
    MQTT_RULE_PUBREC_FOR_QOS_1,
    MQTT_RULE_PUBCOMP_EARLY,
    MQTT_RULE_SUBACK_UNKNOWN,
    MQTT_RULE_AUTH_UNASKED,
    MQTT_RULE_AUTH_METHOD,
    MQTT_RULE_AUTH_STEP,
    MQTT_RULES
};

struct mqtt_rule_row {
    const char *statement_311, *statement_5; /* NULL: the version has no such rule */
    int8_t result;                           /* ERR_MALFORMED, ERR_PROTOCOL or ERR_TOO_BIG */
    uint8_t reason_code;
    const char *detail;
};
extern const struct mqtt_rule_row mqtt_rule_rows[MQTT_RULES];

/* Fills *fault from the row and returns its result. */
int mqtt_rule_break(enum mqtt_rule rule, enum mqtt_version version, struct mqtt_fault *fault);

#endif
