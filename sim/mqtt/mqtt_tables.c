#include "mqtt/mqtt_tables.h"

#include <stddef.h>

#include "mqtt/mqtt_field.h"
#include "mqtt/mqtt_properties.h"

enum { BOTH = MQTT_CLIENT | MQTT_SERVER };

const struct mqtt_packet_row mqtt_tables_packets[MQTT_PACKET_TYPES] = {
    [0] = {"reserved", 0, 0, 0},
    [MQTT_CONNECT] = {"CONNECT", 0, MQTT_CLIENT, MQTT_CLIENT},
    [MQTT_CONNACK] = {"CONNACK", 0, MQTT_SERVER, MQTT_SERVER},
    [MQTT_PUBLISH] = {"PUBLISH", 0, BOTH, BOTH},
    [MQTT_PUBACK] = {"PUBACK", 0, BOTH, BOTH},
    [MQTT_PUBREC] = {"PUBREC", 0, BOTH, BOTH},
    [MQTT_PUBREL] = {"PUBREL", 2, BOTH, BOTH},
    [MQTT_PUBCOMP] = {"PUBCOMP", 0, BOTH, BOTH},
    [MQTT_SUBSCRIBE] = {"SUBSCRIBE", 2, MQTT_CLIENT, MQTT_CLIENT},
    [MQTT_SUBACK] = {"SUBACK", 0, MQTT_SERVER, MQTT_SERVER},
    [MQTT_UNSUBSCRIBE] = {"UNSUBSCRIBE", 2, MQTT_CLIENT, MQTT_CLIENT},
    [MQTT_UNSUBACK] = {"UNSUBACK", 0, MQTT_SERVER, MQTT_SERVER},
    [MQTT_PINGREQ] = {"PINGREQ", 0, MQTT_CLIENT, MQTT_CLIENT},
    [MQTT_PINGRESP] = {"PINGRESP", 0, MQTT_SERVER, MQTT_SERVER},
    [MQTT_DISCONNECT] = {"DISCONNECT", 0, MQTT_CLIENT, BOTH},
    [MQTT_AUTH] = {"AUTH", 0, 0, BOTH},
};

/* Sets of packets that the rows below repeat. */
#define CONNECT     MQTT_BIT(MQTT_CONNECT)
#define CONNACK     MQTT_BIT(MQTT_CONNACK)
#define PUBLISH     MQTT_BIT(MQTT_PUBLISH)
#define PUBACK      MQTT_BIT(MQTT_PUBACK)
#define PUBREC      MQTT_BIT(MQTT_PUBREC)
#define PUBREL      MQTT_BIT(MQTT_PUBREL)
#define PUBCOMP     MQTT_BIT(MQTT_PUBCOMP)
#define SUBSCRIBE   MQTT_BIT(MQTT_SUBSCRIBE)
#define SUBACK      MQTT_BIT(MQTT_SUBACK)
#define UNSUBSCRIBE MQTT_BIT(MQTT_UNSUBSCRIBE)
#define UNSUBACK    MQTT_BIT(MQTT_UNSUBACK)
#define DISCONNECT  MQTT_BIT(MQTT_DISCONNECT)
#define AUTH        MQTT_BIT(MQTT_AUTH)
#define WILL        MQTT_BIT(MQTT_WILL_PROPERTIES)
#define ACKS        (PUBACK | PUBREC | PUBREL | PUBCOMP)
#define AT(member)  (uint16_t) offsetof(struct mqtt_properties, member)

const struct mqtt_property_row mqtt_tables_properties[MQTT_PROPERTIES_END] = {
    [MQTT_PAYLOAD_FORMAT_INDICATOR] = {"Payload Format Indicator", AT(payload_format_indicator), MQTT_TYPE_BYTE,
                                       PUBLISH | WILL, PUBLISH, 0, 0, 1},
    [MQTT_MESSAGE_EXPIRY_INTERVAL] = {"Message Expiry Interval", AT(message_expiry_interval), MQTT_TYPE_U32,
                                      PUBLISH | WILL, PUBLISH, 0, 0, UINT32_MAX},
    [MQTT_CONTENT_TYPE] = {"Content Type", AT(content_type), MQTT_TYPE_STRING, PUBLISH | WILL, PUBLISH, 0, 0, 0},
    [MQTT_RESPONSE_TOPIC] = {"Response Topic", AT(response_topic), MQTT_TYPE_STRING, PUBLISH | WILL, PUBLISH, 0, 0, 0},
    [MQTT_CORRELATION_DATA] = {"Correlation Data", AT(correlation_data), MQTT_TYPE_BINARY, PUBLISH | WILL, PUBLISH, 0,
                               0, 0},
    [MQTT_SUBSCRIPTION_IDENTIFIER] = {"Subscription Identifier", 0, MQTT_TYPE_VARINT, SUBSCRIBE, PUBLISH, PUBLISH, 1,
                                      MQTT_VARINT_MAX},
    [MQTT_SESSION_EXPIRY_INTERVAL] = {"Session Expiry Interval", AT(session_expiry_interval), MQTT_TYPE_U32,
                                      CONNECT | DISCONNECT, CONNACK, 0, 0, UINT32_MAX},
    [MQTT_ASSIGNED_CLIENT_IDENTIFIER] = {"Assigned Client Identifier", AT(assigned_client_identifier), MQTT_TYPE_STRING,
                                         0, CONNACK, 0, 0, 0},
    [MQTT_SERVER_KEEP_ALIVE] = {"Server Keep Alive", AT(server_keep_alive), MQTT_TYPE_U16, 0, CONNACK, 0, 0,
                                UINT16_MAX},
    [MQTT_AUTHENTICATION_METHOD] = {"Authentication Method", AT(authentication_method), MQTT_TYPE_STRING,
                                    CONNECT | AUTH, CONNACK | AUTH, 0, 0, 0},
    [MQTT_AUTHENTICATION_DATA] = {"Authentication Data", AT(authentication_data), MQTT_TYPE_BINARY, CONNECT | AUTH,
                                  CONNACK | AUTH, 0, 0, 0},
    [MQTT_REQUEST_PROBLEM_INFORMATION] = {"Request Problem Information", AT(request_problem_information),
                                          MQTT_TYPE_BYTE, CONNECT, 0, 0, 0, 1},
    [MQTT_WILL_DELAY_INTERVAL] = {"Will Delay Interval", AT(will_delay_interval), MQTT_TYPE_U32, WILL, 0, 0, 0,
                                  UINT32_MAX},
    [MQTT_REQUEST_RESPONSE_INFORMATION] = {"Request Response Information", AT(request_response_information),
                                           MQTT_TYPE_BYTE, CONNECT, 0, 0, 0, 1},
    [MQTT_RESPONSE_INFORMATION] = {"Response Information", AT(response_information), MQTT_TYPE_STRING, 0, CONNACK, 0, 0,
                                   0},
    [MQTT_SERVER_REFERENCE] = {"Server Reference", AT(server_reference), MQTT_TYPE_STRING, 0, CONNACK | DISCONNECT, 0,
                               0, 0},
    [MQTT_REASON_STRING] = {"Reason String", AT(reason_string), MQTT_TYPE_STRING, ACKS | DISCONNECT | AUTH,
                            CONNACK | ACKS | SUBACK | UNSUBACK | DISCONNECT | AUTH, 0, 0, 0},
    [MQTT_RECEIVE_MAXIMUM] = {"Receive Maximum", AT(receive_maximum), MQTT_TYPE_U16, CONNECT, CONNACK, 0, 1,
                              UINT16_MAX},
    [MQTT_TOPIC_ALIAS_MAXIMUM] = {"Topic Alias Maximum", AT(topic_alias_maximum), MQTT_TYPE_U16, CONNECT, CONNACK, 0, 0,
                                  UINT16_MAX},
    [MQTT_TOPIC_ALIAS] = {"Topic Alias", AT(topic_alias), MQTT_TYPE_U16, PUBLISH, PUBLISH, 0, 1, UINT16_MAX},
    [MQTT_MAXIMUM_QOS] = {"Maximum QoS", AT(maximum_qos), MQTT_TYPE_BYTE, 0, CONNACK, 0, 0, 1},
    [MQTT_RETAIN_AVAILABLE] = {"Retain Available", AT(retain_available), MQTT_TYPE_BYTE, 0, CONNACK, 0, 0, 1},
    [MQTT_USER_PROPERTY] = {"User Property", 0, MQTT_TYPE_PAIR,
                            CONNECT | WILL | PUBLISH | ACKS | SUBSCRIBE | UNSUBSCRIBE | DISCONNECT | AUTH,
                            CONNACK | PUBLISH | ACKS | SUBACK | UNSUBACK | DISCONNECT | AUTH, UINT16_MAX, 0, 0},
    [MQTT_MAXIMUM_PACKET_SIZE] = {"Maximum Packet Size", AT(maximum_packet_size), MQTT_TYPE_U32, CONNECT, CONNACK, 0, 1,
                                  UINT32_MAX},
    [MQTT_WILDCARD_SUBSCRIPTION_AVAILABLE] = {"Wildcard Subscription Available", AT(wildcard_subscription_available),
                                              MQTT_TYPE_BYTE, 0, CONNACK, 0, 0, 1},
    [MQTT_SUBSCRIPTION_IDENTIFIER_AVAILABLE] = {"Subscription Identifier Available",
                                                AT(subscription_identifier_available), MQTT_TYPE_BYTE, 0, CONNACK, 0, 0,
                                                1},
    [MQTT_SHARED_SUBSCRIPTION_AVAILABLE] = {"Shared Subscription Available", AT(shared_subscription_available),
                                            MQTT_TYPE_BYTE, 0, CONNACK, 0, 0, 1},
};

/* 5.0 section 2.4, with the sender column of each packet's own table. 0x8C on DISCONNECT stands in section 2.4 only. */
const struct mqtt_reason_row mqtt_tables_reasons[] = {
    {0x00, "Success", ACKS | DISCONNECT, CONNACK | ACKS | SUBACK | UNSUBACK | DISCONNECT | AUTH},
    {0x01, "Granted QoS 1", 0, SUBACK},
    {0x02, "Granted QoS 2", 0, SUBACK},
    {0x04, "Disconnect with Will Message", DISCONNECT, 0},
    {0x10, "No matching subscribers", 0, PUBACK | PUBREC},
    {0x11, "No subscription existed", 0, UNSUBACK},
    {0x18, "Continue authentication", AUTH, AUTH},
    {0x19, "Re-authenticate", AUTH, 0},
    {0x80, "Unspecified error", PUBACK | PUBREC | DISCONNECT,
     CONNACK | PUBACK | PUBREC | SUBACK | UNSUBACK | DISCONNECT},
    {0x81, "Malformed Packet", DISCONNECT, CONNACK | DISCONNECT},
    {0x82, "Protocol Error", DISCONNECT, CONNACK | DISCONNECT},
    {0x83, "Implementation specific error", PUBACK | PUBREC | DISCONNECT,
     CONNACK | PUBACK | PUBREC | SUBACK | UNSUBACK | DISCONNECT},
    {0x84, "Unsupported Protocol Version", 0, CONNACK},
    {0x85, "Client Identifier not valid", 0, CONNACK},
    {0x86, "Bad User Name or Password", 0, CONNACK},
    {0x87, "Not authorized", PUBACK | PUBREC, CONNACK | PUBACK | PUBREC | SUBACK | UNSUBACK | DISCONNECT},
    {0x88, "Server unavailable", 0, CONNACK},
    {0x89, "Server busy", 0, CONNACK | DISCONNECT},
    {0x8A, "Banned", 0, CONNACK},
    {0x8B, "Server shutting down", 0, DISCONNECT},
    {0x8C, "Bad authentication method", 0, CONNACK | DISCONNECT},
    {0x8D, "Keep Alive timeout", 0, DISCONNECT},
    {0x8E, "Session taken over", 0, DISCONNECT},
    {0x8F, "Topic Filter invalid", 0, SUBACK | UNSUBACK | DISCONNECT},
    {0x90, "Topic Name invalid", PUBACK | PUBREC | DISCONNECT, CONNACK | PUBACK | PUBREC | DISCONNECT},
    {0x91, "Packet Identifier in use", PUBACK | PUBREC, PUBACK | PUBREC | SUBACK | UNSUBACK},
    {0x92, "Packet Identifier not found", PUBREL | PUBCOMP, PUBREL | PUBCOMP},
    {0x93, "Receive Maximum exceeded", DISCONNECT, DISCONNECT},
    {0x94, "Topic Alias invalid", DISCONNECT, DISCONNECT},
    {0x95, "Packet too large", DISCONNECT, CONNACK | DISCONNECT},
    {0x96, "Message rate too high", DISCONNECT, DISCONNECT},
    {0x97, "Quota exceeded", PUBACK | PUBREC | DISCONNECT, CONNACK | PUBACK | PUBREC | SUBACK | DISCONNECT},
    {0x98, "Administrative action", DISCONNECT, DISCONNECT},
    {0x99, "Payload format invalid", PUBACK | PUBREC | DISCONNECT, CONNACK | PUBACK | PUBREC | DISCONNECT},
    {0x9A, "Retain not supported", 0, CONNACK | DISCONNECT},
    {0x9B, "QoS not supported", 0, CONNACK | DISCONNECT},
    {0x9C, "Use another server", 0, CONNACK | DISCONNECT},
    {0x9D, "Server moved", 0, CONNACK | DISCONNECT},
    {0x9E, "Shared Subscriptions not supported", 0, SUBACK | DISCONNECT},
    {0x9F, "Connection rate exceeded", 0, CONNACK | DISCONNECT},
    {0xA0, "Maximum connect time", 0, DISCONNECT},
    {0xA1, "Subscription Identifiers not supported", 0, SUBACK | DISCONNECT},
    {0xA2, "Wildcard Subscriptions not supported", 0, SUBACK | DISCONNECT},
    {0xFF, NULL, 0, 0},
};

static const char *const return_code_names[MQTT_RETURN_CODES] = {
    "Connection accepted", "Unacceptable protocol version", "Identifier rejected",
    "Server unavailable",  "Bad user name or password",     "Not authorized",
};

static const struct mqtt_reason_row *find_reason(uint8_t code) {
    const struct mqtt_reason_row *row = mqtt_tables_reasons;
    while (row->name && row->code < code)
        row++;
    return row->name && row->code == code ? row : NULL;
}

bool mqtt_tables_reason_allowed(enum mqtt_version version, enum mqtt_role from, unsigned type, uint8_t code) {
    if (version == MQTT_3_1_1) {
        if (type == MQTT_CONNACK)
            return code < MQTT_RETURN_CODES;
        if (type == MQTT_SUBACK)
            return code <= 2 || code == MQTT_REASON_FAILURE;
        return code == 0;
    }
    const struct mqtt_reason_row *row = find_reason(code);
    return row && (((from == MQTT_CLIENT ? row->from_client : row->from_server) >> type) & 1);
}

const char *mqtt_tables_reason_name(enum mqtt_version version, unsigned type, uint8_t code) {
    if (version == MQTT_3_1_1 && type == MQTT_CONNACK)
        return code < MQTT_RETURN_CODES ? return_code_names[code] : NULL;
    if (version == MQTT_3_1_1 && code == MQTT_REASON_FAILURE)
        return "Failure";
    if (code == 0 && type == MQTT_DISCONNECT)
        return "Normal disconnection";
    if (code == 0 && type == MQTT_SUBACK)
        return "Granted QoS 0";
    const struct mqtt_reason_row *row = find_reason(code);
    return row ? row->name : NULL;
}
