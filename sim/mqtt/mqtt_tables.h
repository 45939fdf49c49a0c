/* What MQTT 3.1.1 and 5.0 enumerate, as const tables: packet types, properties, reason codes. Decoder, encoder, broker and tests
 * read the same rows. Sources: MQTT 3.1.1 section 2.2; MQTT 5.0 sections 2.1.2, 2.2.2.2 and 2.4. */
#ifndef MUSTER_MQTT_MQTT_TABLES_H
#define MUSTER_MQTT_MQTT_TABLES_H

#include <stdbool.h>
#include <stdint.h>

/* The protocol level on the wire. MQTT_ANY: a server that has not seen CONNECT yet. */
enum mqtt_version { MQTT_ANY = 0, MQTT_3_1_1 = 4, MQTT_5_0 = 5 };

/* Who sent a packet. Bits, because rows of the tables name one or both. */
enum mqtt_role { MQTT_CLIENT = 1, MQTT_SERVER = 2 };

enum mqtt_packet_type {
    MQTT_CONNECT = 1,
    MQTT_CONNACK,
    MQTT_PUBLISH,
    MQTT_PUBACK,
    MQTT_PUBREC,
    MQTT_PUBREL,
    MQTT_PUBCOMP,
    MQTT_SUBSCRIBE,
    MQTT_SUBACK,
    MQTT_UNSUBSCRIBE,
    MQTT_UNSUBACK,
    MQTT_PINGREQ,
    MQTT_PINGRESP,
    MQTT_DISCONNECT,
    MQTT_AUTH,
    MQTT_PACKET_TYPES,        /* 16 */
    MQTT_WILL_PROPERTIES = 0, /* the place that type 0 leaves free: the will's properties inside CONNECT */
};
/* A set of packet types is a uint16_t with bit (1 << type). */
#define MQTT_BIT(type) ((uint16_t)(1u << (type)))

struct mqtt_packet_row {
    const char *name;
    uint8_t flags;       /* what the low four bits of the first byte must be; PUBLISH: unused */
    uint8_t senders_311; /* enum mqtt_role bits; 0: the version does not have it */
    uint8_t senders_5;
};
extern const struct mqtt_packet_row mqtt_tables_packets[MQTT_PACKET_TYPES]; /* by type; row 0 has senders 0 */

enum mqtt_property_type {
    MQTT_TYPE_BYTE,
    MQTT_TYPE_U16,
    MQTT_TYPE_U32,
    MQTT_TYPE_VARINT,
    MQTT_TYPE_STRING,
    MQTT_TYPE_BINARY,
    MQTT_TYPE_PAIR
};

enum mqtt_property {
    MQTT_PAYLOAD_FORMAT_INDICATOR = 0x01,
    MQTT_MESSAGE_EXPIRY_INTERVAL = 0x02,
    MQTT_CONTENT_TYPE = 0x03,
    MQTT_RESPONSE_TOPIC = 0x08,
    MQTT_CORRELATION_DATA = 0x09,
    MQTT_SUBSCRIPTION_IDENTIFIER = 0x0B,
    MQTT_SESSION_EXPIRY_INTERVAL = 0x11,
    MQTT_ASSIGNED_CLIENT_IDENTIFIER = 0x12,
    MQTT_SERVER_KEEP_ALIVE = 0x13,
    MQTT_AUTHENTICATION_METHOD = 0x15,
    MQTT_AUTHENTICATION_DATA = 0x16,
    MQTT_REQUEST_PROBLEM_INFORMATION = 0x17,
    MQTT_WILL_DELAY_INTERVAL = 0x18,
    MQTT_REQUEST_RESPONSE_INFORMATION = 0x19,
    MQTT_RESPONSE_INFORMATION = 0x1A,
    MQTT_SERVER_REFERENCE = 0x1C,
    MQTT_REASON_STRING = 0x1F,
    MQTT_RECEIVE_MAXIMUM = 0x21,
    MQTT_TOPIC_ALIAS_MAXIMUM = 0x22,
    MQTT_TOPIC_ALIAS = 0x23,
    MQTT_MAXIMUM_QOS = 0x24,
    MQTT_RETAIN_AVAILABLE = 0x25,
    MQTT_USER_PROPERTY = 0x26,
    MQTT_MAXIMUM_PACKET_SIZE = 0x27,
    MQTT_WILDCARD_SUBSCRIPTION_AVAILABLE = 0x28,
    MQTT_SUBSCRIPTION_IDENTIFIER_AVAILABLE = 0x29,
    MQTT_SHARED_SUBSCRIPTION_AVAILABLE = 0x2A,
    MQTT_PROPERTIES_END
};

struct mqtt_property_row {
    const char *name; /* NULL: no such property */
    uint16_t offset;  /* of its value in struct mqtt_properties; USER_PROPERTY and SUBSCRIPTION_IDENTIFIER have none */
    uint8_t type;     /* enum mqtt_property_type */
    uint16_t from_client;   /* packets of a client that may carry it */
    uint16_t from_server;   /* packets of a server */
    uint16_t many;          /* packets that may carry it more than once */
    uint32_t minimum, last; /* allowed values of numbers */
};
extern const struct mqtt_property_row mqtt_tables_properties[MQTT_PROPERTIES_END]; /* by identifier */

enum mqtt_reason {
    MQTT_REASON_SUCCESS = 0x00, /* also: normal disconnection, granted QoS 0 */
    MQTT_REASON_GRANTED_QOS_1 = 0x01,
    MQTT_REASON_GRANTED_QOS_2 = 0x02,
    MQTT_REASON_DISCONNECT_WITH_WILL = 0x04,
    MQTT_REASON_NO_MATCHING_SUBSCRIBERS = 0x10,
    MQTT_REASON_NO_SUBSCRIPTION_EXISTED = 0x11,
    MQTT_REASON_CONTINUE_AUTHENTICATION = 0x18,
    MQTT_REASON_REAUTHENTICATE = 0x19,
    MQTT_REASON_UNSPECIFIED = 0x80,
    MQTT_REASON_MALFORMED_PACKET = 0x81,
    MQTT_REASON_PROTOCOL_ERROR = 0x82,
    MQTT_REASON_IMPLEMENTATION_SPECIFIC = 0x83,
    MQTT_REASON_UNSUPPORTED_VERSION = 0x84,
    MQTT_REASON_CLIENT_IDENTIFIER_NOT_VALID = 0x85,
    MQTT_REASON_BAD_USER_NAME_OR_PASSWORD = 0x86,
    MQTT_REASON_NOT_AUTHORIZED = 0x87,
    MQTT_REASON_SERVER_UNAVAILABLE = 0x88,
    MQTT_REASON_SERVER_BUSY = 0x89,
    MQTT_REASON_BANNED = 0x8A,
    MQTT_REASON_SERVER_SHUTTING_DOWN = 0x8B,
    MQTT_REASON_BAD_AUTHENTICATION_METHOD = 0x8C,
    MQTT_REASON_KEEP_ALIVE_TIMEOUT = 0x8D,
    MQTT_REASON_SESSION_TAKEN_OVER = 0x8E,
    MQTT_REASON_TOPIC_FILTER_INVALID = 0x8F,
    MQTT_REASON_TOPIC_NAME_INVALID = 0x90,
    MQTT_REASON_PACKET_IDENTIFIER_IN_USE = 0x91,
    MQTT_REASON_PACKET_IDENTIFIER_NOT_FOUND = 0x92,
    MQTT_REASON_RECEIVE_MAXIMUM_EXCEEDED = 0x93,
    MQTT_REASON_TOPIC_ALIAS_INVALID = 0x94,
    MQTT_REASON_PACKET_TOO_LARGE = 0x95,
    MQTT_REASON_MESSAGE_RATE_TOO_HIGH = 0x96,
    MQTT_REASON_QUOTA_EXCEEDED = 0x97,
    MQTT_REASON_ADMINISTRATIVE_ACTION = 0x98,
    MQTT_REASON_PAYLOAD_FORMAT_INVALID = 0x99,
    MQTT_REASON_RETAIN_NOT_SUPPORTED = 0x9A,
    MQTT_REASON_QOS_NOT_SUPPORTED = 0x9B,
    MQTT_REASON_USE_ANOTHER_SERVER = 0x9C,
    MQTT_REASON_SERVER_MOVED = 0x9D,
    MQTT_REASON_SHARED_SUBSCRIPTIONS_NOT_SUPPORTED = 0x9E,
    MQTT_REASON_CONNECTION_RATE_EXCEEDED = 0x9F,
    MQTT_REASON_MAXIMUM_CONNECT_TIME = 0xA0,
    MQTT_REASON_SUBSCRIPTION_IDENTIFIERS_NOT_SUPPORTED = 0xA1,
    MQTT_REASON_WILDCARD_SUBSCRIPTIONS_NOT_SUPPORTED = 0xA2,
    MQTT_REASON_FAILURE = 0x80 /* first of the error codes, and the one failure code of a 3.1.1 SUBACK */
};

/* CONNACK return codes of 3.1.1 (section 3.2.2.3). */
enum mqtt_return_code {
    MQTT_RETURN_ACCEPTED,
    MQTT_RETURN_BAD_VERSION,
    MQTT_RETURN_BAD_IDENTIFIER,
    MQTT_RETURN_SERVER_UNAVAILABLE,
    MQTT_RETURN_BAD_USER_NAME_OR_PASSWORD,
    MQTT_RETURN_NOT_AUTHORIZED,
    MQTT_RETURN_CODES
};

struct mqtt_reason_row {
    uint8_t code;
    const char *name;
    uint16_t from_client, from_server; /* packets that may carry it */
};
extern const struct mqtt_reason_row mqtt_tables_reasons[]; /* ascending; the last row's name is NULL */

/* May a packet of this type, from that side, carry this code? 3.1.1 knows only CONNACK and SUBACK codes. */
bool mqtt_tables_reason_allowed(enum mqtt_version version, enum mqtt_role from, unsigned type, uint8_t code);
/* For people; "reason 0x…" is the caller's business: unknown codes give NULL. */
const char *mqtt_tables_reason_name(enum mqtt_version version, unsigned type, uint8_t code);

#endif
