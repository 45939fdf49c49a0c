#include "mqtt/mqtt_rule.h"

#include <stddef.h>

#include "base/err.h"

#define MALFORMED ERR_MALFORMED, MQTT_REASON_MALFORMED_PACKET
#define PROTOCOL  ERR_PROTOCOL, MQTT_REASON_PROTOCOL_ERROR
#define GENERAL   "MQTT-4.8.0-1", "MQTT-4.13.1-1"
#define SIZES     "M3U-2.2.3-c", "MQTT-4.13.1-1"

/* Where a general id stands beside a known number, the text has the rule without a number of its own. */
const struct mqtt_rule_row mqtt_rule_rows[MQTT_RULES] = {
    [MQTT_RULE_TYPE] = {GENERAL, MALFORMED, "a packet type that this version reserves"},
    [MQTT_RULE_ROLE] = {GENERAL, PROTOCOL, "a packet that this side never sends"},
    [MQTT_RULE_FLAGS] = {"MQTT-2.2.2-1", "MQTT-2.1.3-1", MALFORMED, "reserved header flags have the wrong value"},
    [MQTT_RULE_PUBREL_FLAGS] = {"MQTT-3.6.1-1", "MQTT-3.6.1-1", MALFORMED, "PUBREL flags are not 0010"},
    [MQTT_RULE_SUBSCRIBE_FLAGS] = {"MQTT-3.8.1-1", "MQTT-3.8.1-1", MALFORMED, "SUBSCRIBE flags are not 0010"},
    [MQTT_RULE_UNSUBSCRIBE_FLAGS] = {"MQTT-3.10.1-1", "MQTT-3.10.1-1", MALFORMED, "UNSUBSCRIBE flags are not 0010"},
    [MQTT_RULE_DISCONNECT_FLAGS] = {"MQTT-3.14.1-1", "MQTT-3.14.1-1", MALFORMED, "DISCONNECT flags are not 0000"},
    [MQTT_RULE_AUTH_FLAGS] = {NULL, "MQTT-3.15.1-1", MALFORMED, "AUTH flags are not 0000"},
    [MQTT_RULE_HEADER_ONLY_FLAGS] = {"MQTT-2.2.2-1", "M5U-3.12-a", MALFORMED, "PINGREQ or PINGRESP with flags"},
    [MQTT_RULE_HEADER_ONLY_BODY] = {"M3U-2.2.3-c", "M5U-3.12-a", MALFORMED, "PINGREQ or PINGRESP with a body"},
    [MQTT_RULE_LENGTH_LONG] = {"M3U-2.2.3-a", "M5U-2.1.4-a", MALFORMED, "the remaining length runs past four bytes"},
    [MQTT_RULE_LENGTH_NOT_MINIMAL] = {NULL, "MQTT-1.5.5-1", MALFORMED, "the remaining length is not in shortest form"},
    [MQTT_RULE_CLIENT_PACKET_SIZE] = {"MQTT-4.8.0-1", "MQTT-3.2.2-15", ERR_TOO_BIG, MQTT_REASON_PACKET_TOO_LARGE,
                                      "the packet is larger than the server's maximum"},
    [MQTT_RULE_SERVER_PACKET_SIZE] = {"MQTT-4.8.0-1", "MQTT-3.1.2-24", ERR_TOO_BIG, MQTT_REASON_PACKET_TOO_LARGE,
                                      "the packet is larger than the client's maximum"},
    [MQTT_RULE_FIRST_PACKET] = {"MQTT-3.1.0-1", "MQTT-3.1.0-1", PROTOCOL, "the first packet is not CONNECT"},

    [MQTT_RULE_SHORT] = {SIZES, MALFORMED, "the packet ends inside a field"},
    [MQTT_RULE_TRAILING] = {SIZES, MALFORMED, "bytes are left over after the last field"},
    [MQTT_RULE_UTF8] = {"MQTT-1.5.3-1", "MQTT-1.5.4-1", MALFORMED, "a string is not well-formed UTF-8"},
    [MQTT_RULE_NUL] = {"MQTT-1.5.3-2", "MQTT-1.5.4-2", MALFORMED, "a string contains U+0000"},
    [MQTT_RULE_CLIENT_PACKET_ID] = {"MQTT-2.3.1-1", "MQTT-2.2.1-3", PROTOCOL, "packet id 0"},
    [MQTT_RULE_SERVER_PACKET_ID] = {"MQTT-2.3.1-1", "MQTT-2.2.1-4", PROTOCOL, "packet id 0"},
    [MQTT_RULE_ACK_PACKET_ID] = {"MQTT-2.3.1-6", "MQTT-2.2.1-5", PROTOCOL, "an acknowledgement of packet id 0"},
    [MQTT_RULE_SUBACK_PACKET_ID] = {"MQTT-2.3.1-7", "MQTT-2.2.1-6", PROTOCOL, "an answer to packet id 0"},

    [MQTT_RULE_PROTOCOL_NAME] = {"MQTT-3.1.2-1", "MQTT-3.1.2-1", ERR_PROTOCOL, MQTT_REASON_UNSUPPORTED_VERSION,
                                 "the protocol name is not MQTT"},
    [MQTT_RULE_PROTOCOL_LEVEL] = {"MQTT-3.1.2-2", "MQTT-3.1.2-2", ERR_PROTOCOL, MQTT_REASON_UNSUPPORTED_VERSION,
                                  "the protocol level is neither 4 nor 5"},
    [MQTT_RULE_CONNECT_RESERVED] = {"MQTT-3.1.2-3", "MQTT-3.1.2-3", MALFORMED, "the reserved connect flag is set"},
    [MQTT_RULE_WILL_QOS_3] = {"MQTT-3.1.2-14", "MQTT-3.1.2-12", MALFORMED, "will QoS 3"},
    [MQTT_RULE_WILL_QOS_WITHOUT_WILL] = {"MQTT-3.1.2-13", "MQTT-3.1.2-11", MALFORMED, "a will QoS without a will"},
    [MQTT_RULE_WILL_RETAIN_WITHOUT_WILL] = {"MQTT-3.1.2-15", "MQTT-3.1.2-13", MALFORMED, "will retain without a will"},
    [MQTT_RULE_PASSWORD_WITHOUT_USER_NAME] = {"MQTT-3.1.2-22", NULL, MALFORMED, "a password without a user name"},
    [MQTT_RULE_WILL_TOPIC_WILDCARD] = {"MQTT-4.7.1-1", "MQTT-4.7.0-1", MALFORMED, "a wildcard in the will topic"},

    [MQTT_RULE_CONNACK_FLAGS] = {"M3U-3.2.2-a", "MQTT-3.2.2-1", MALFORMED, "reserved acknowledge flags are set"},
    [MQTT_RULE_CONNACK_PRESENT_ON_ERROR] = {"MQTT-3.2.2-4", "MQTT-3.2.2-6", PROTOCOL,
                                            "session present in a CONNACK that refuses"},

    [MQTT_RULE_QOS_3] = {"MQTT-3.3.1-4", "MQTT-3.3.1-4", MALFORMED, "both QoS bits are set"},
    [MQTT_RULE_DUP_QOS_0] = {"MQTT-3.3.1-2", "MQTT-3.3.1-2", MALFORMED, "DUP on a QoS 0 message"},
    [MQTT_RULE_TOPIC_WILDCARD] = {"MQTT-3.3.2-2", "MQTT-3.3.2-2", MALFORMED, "a wildcard in a topic name"},
    [MQTT_RULE_TOPIC_EMPTY] = {"MQTT-4.7.3-1", "M5U-3.3.2.1-a", PROTOCOL, "an empty topic name"},
    [MQTT_RULE_NAME_EMPTY] = {"MQTT-4.7.3-1", "MQTT-4.7.3-1", MALFORMED, "a topic name or filter of no characters"},
    [MQTT_RULE_RESPONSE_TOPIC_WILDCARD] = {NULL, "MQTT-3.3.2-14", MALFORMED, "a wildcard in a response topic"},
    [MQTT_RULE_ALIAS_ZERO] = {NULL, "MQTT-3.3.2-8", ERR_PROTOCOL, MQTT_REASON_TOPIC_ALIAS_INVALID, "topic alias 0"},
    [MQTT_RULE_CLIENT_SUBSCRIPTION_ID] = {NULL, "MQTT-3.3.4-6", PROTOCOL,
                                          "a subscription identifier in a client's PUBLISH"},

    [MQTT_RULE_SUBSCRIBE_EMPTY] = {"MQTT-3.8.3-3", "MQTT-3.8.3-2", PROTOCOL, "SUBSCRIBE without a filter"},
    [MQTT_RULE_SUBSCRIBE_RESERVED] = {"MQTT-3.8.3-4", "MQTT-3.8.3-5", MALFORMED, "reserved subscription option bits"},
    [MQTT_RULE_SUBSCRIBE_QOS_3] = {"MQTT-3.8.3-4", "M5U-3.8.3-a", PROTOCOL, "requested QoS 3"},
    [MQTT_RULE_RETAIN_HANDLING_3] = {NULL, "M5U-3.8.3-b", PROTOCOL, "retain handling 3"},
    [MQTT_RULE_NO_LOCAL_SHARED] = {NULL, "MQTT-3.8.3-4", PROTOCOL, "No Local on a shared subscription"},
    [MQTT_RULE_FILTER_MULTI_LEVEL] = {"MQTT-4.7.1-2", "MQTT-4.7.1-1", ERR_MALFORMED, MQTT_REASON_TOPIC_FILTER_INVALID,
                                      "a # that is not the whole last level"},
    [MQTT_RULE_FILTER_SINGLE_LEVEL] = {"MQTT-4.7.1-3", "MQTT-4.7.1-2", ERR_MALFORMED, MQTT_REASON_TOPIC_FILTER_INVALID,
                                       "a + that is not a whole level"},
    [MQTT_RULE_SHARE_NAME] = {NULL, "MQTT-4.8.2-1", ERR_MALFORMED, MQTT_REASON_TOPIC_FILTER_INVALID,
                              "a shared subscription without a share name"},
    [MQTT_RULE_SHARE_FILTER] = {NULL, "MQTT-4.8.2-2", ERR_MALFORMED, MQTT_REASON_TOPIC_FILTER_INVALID,
                                "a share name with a wildcard, or without a filter after it"},
    [MQTT_RULE_UNSUBSCRIBE_EMPTY] = {"MQTT-3.10.3-2", "MQTT-3.10.3-2", PROTOCOL, "UNSUBSCRIBE without a filter"},
    [MQTT_RULE_SUBACK_COUNT] = {"MQTT-3.8.4-5", "MQTT-3.8.4-6", PROTOCOL,
                                "SUBACK does not have one code for each filter"},
    [MQTT_RULE_UNSUBACK_COUNT] = {NULL, "MQTT-3.11.3-1", PROTOCOL, "UNSUBACK does not have one code for each filter"},

    [MQTT_RULE_CONNACK_REASON] = {"M3U-3.2.2-b", "MQTT-3.2.2-8", PROTOCOL, "a code that CONNACK does not have"},
    [MQTT_RULE_PUBACK_REASON] = {NULL, "MQTT-3.4.2-1", PROTOCOL, "a reason code that PUBACK does not have"},
    [MQTT_RULE_PUBREC_REASON] = {NULL, "MQTT-3.5.2-1", PROTOCOL, "a reason code that PUBREC does not have"},
    [MQTT_RULE_PUBREL_REASON] = {NULL, "MQTT-3.6.2-1", PROTOCOL, "a reason code that PUBREL does not have"},
    [MQTT_RULE_PUBCOMP_REASON] = {NULL, "MQTT-3.7.2-1", PROTOCOL, "a reason code that PUBCOMP does not have"},
    [MQTT_RULE_SUBACK_REASON] = {"MQTT-3.9.3-2", "MQTT-3.9.3-2", PROTOCOL, "a code that SUBACK does not have"},
    [MQTT_RULE_UNSUBACK_REASON] = {NULL, "MQTT-3.11.3-2", PROTOCOL, "a reason code that UNSUBACK does not have"},
    [MQTT_RULE_DISCONNECT_REASON] = {NULL, "MQTT-3.14.2-1", PROTOCOL,
                                     "a reason code that DISCONNECT from this side does not have"},
    [MQTT_RULE_AUTH_REASON] = {NULL, "MQTT-3.15.2-1", PROTOCOL, "a reason code that AUTH from this side does not have"},

    [MQTT_RULE_VARINT_LONG] = {NULL, "MQTT-1.5.5-1", MALFORMED, "a variable byte integer runs past four bytes"},
    [MQTT_RULE_VARINT_NOT_MINIMAL] = {NULL, "MQTT-1.5.5-1", MALFORMED, "a variable byte integer not in shortest form"},
    [MQTT_RULE_PROPERTY_LENGTH] = {NULL, "M5U-2.2.2-b", MALFORMED,
                                   "the property length disagrees with the packet or the properties"},
    [MQTT_RULE_PROPERTY_UNKNOWN] = {NULL, "M5U-2.2.2-a", MALFORMED, "an unknown property"},
    [MQTT_RULE_PROPERTY_PLACE] = {NULL, "M5U-2.2.2-a", MALFORMED, "a property that this packet may not carry"},
    [MQTT_RULE_PROPERTY_TWICE] = {NULL, "MQTT-4.13.1-1", PROTOCOL, "a property that may occur once occurs twice"},
    [MQTT_RULE_PROPERTY_VALUE] = {NULL, "MQTT-4.13.1-1", PROTOCOL, "a property has a forbidden value"},
    [MQTT_RULE_USER_PROPERTY_TEXT] = {NULL, "MQTT-1.5.7-1", MALFORMED, "a user property is not well-formed text"},
    [MQTT_RULE_SERVER_SESSION_EXPIRY] = {NULL, "MQTT-3.14.2-2", PROTOCOL,
                                         "a session expiry interval in the server's DISCONNECT"},
    [MQTT_RULE_AUTH_DATA_WITHOUT_METHOD] = {NULL, "M5U-3.1.2.11-j", PROTOCOL, "authentication data without a method"},
    [MQTT_RULE_AUTH_WITHOUT_METHOD] = {NULL, "M5U-3.15.2-a", PROTOCOL, "AUTH without an authentication method"},

    [MQTT_RULE_BEFORE_CONNACK] = {"MQTT-3.2.0-1", "MQTT-3.2.0-1", PROTOCOL, "a packet before CONNACK"},
    [MQTT_RULE_SECOND_CONNACK] = {"MQTT-4.8.0-1", "MQTT-3.2.0-2", PROTOCOL, "a second CONNACK"},
    [MQTT_RULE_EARLY_DISCONNECT] = {NULL, "MQTT-3.14.0-1", PROTOCOL, "DISCONNECT before CONNACK"},
    [MQTT_RULE_SESSION_NOT_OURS] = {NULL, "MQTT-3.2.2-4", PROTOCOL, "session present, but this client has no session"},
    [MQTT_RULE_SESSION_AFTER_CLEAN] = {"MQTT-3.2.2-1", "MQTT-3.2.2-2", PROTOCOL, "session present after a clean start"},
    [MQTT_RULE_NO_ASSIGNED_ID] = {NULL, "MQTT-3.2.2-16", PROTOCOL,
                                  "an empty client identifier was accepted without assigning one"},
    [MQTT_RULE_RESPONSE_INFORMATION] = {NULL, "MQTT-3.1.2-28", PROTOCOL, "response information that was not asked for"},
    [MQTT_RULE_PROBLEM_INFORMATION] = {NULL, "MQTT-3.1.2-29", PROTOCOL,
                                       "a reason string or user property although problem information is off"},
    [MQTT_RULE_RECEIVE_MAXIMUM] = {NULL, "MQTT-3.3.4-9", ERR_PROTOCOL, MQTT_REASON_RECEIVE_MAXIMUM_EXCEEDED,
                                   "more unacknowledged messages than the receive maximum"},
    [MQTT_RULE_PACKET_ID_IN_USE] = {"MQTT-2.3.1-4", "MQTT-2.2.1-4", PROTOCOL,
                                    "a new message under a packet id that is in use"},
    [MQTT_RULE_ALIAS_TOO_HIGH] = {NULL, "MQTT-3.1.2-26", ERR_PROTOCOL, MQTT_REASON_TOPIC_ALIAS_INVALID,
                                  "a topic alias above the maximum"},
    [MQTT_RULE_ALIAS_NOT_OFFERED] = {NULL, "MQTT-3.1.2-27", ERR_PROTOCOL, MQTT_REASON_TOPIC_ALIAS_INVALID,
                                     "a topic alias although none were offered"},
    [MQTT_RULE_ALIAS_UNKNOWN] = {NULL, "M5U-3.3.2.3-b", PROTOCOL, "a topic alias that was never set"},
    [MQTT_RULE_PUBACK_UNKNOWN] = {"MQTT-2.3.1-6", "MQTT-2.2.1-5", PROTOCOL,
                                  "an acknowledgement of a packet id that is not in use"},
    [MQTT_RULE_PUBACK_FOR_QOS_2] = {"MQTT-3.3.4-1", "MQTT-3.3.4-1", PROTOCOL, "PUBACK for a QoS 2 message"},
    [MQTT_RULE_PUBREC_FOR_QOS_1] = {"MQTT-3.3.4-1", "MQTT-3.3.4-1", PROTOCOL, "PUBREC for a QoS 1 message"},
    [MQTT_RULE_PUBCOMP_EARLY] = {"MQTT-4.3.3-2", "MQTT-4.3.3-11", PROTOCOL, "PUBCOMP before PUBREL"},
    [MQTT_RULE_SUBACK_UNKNOWN] = {"MQTT-2.3.1-7", "MQTT-2.2.1-6", PROTOCOL,
                                  "an answer to a request that is not outstanding"},
    [MQTT_RULE_AUTH_UNASKED] = {NULL, "MQTT-4.12.0-6", PROTOCOL, "authentication although CONNECT named no method"},
    [MQTT_RULE_AUTH_METHOD] = {NULL, "MQTT-4.12.0-5", PROTOCOL, "another authentication method than CONNECT named"},
    [MQTT_RULE_AUTH_STEP] = {NULL, "MQTT-4.12.0-2", PROTOCOL,
                             "AUTH with success outside re-authentication, or with continue outside an exchange"},
};

int mqtt_rule_break(enum mqtt_rule rule, enum mqtt_version version, struct mqtt_fault *fault) {
    const struct mqtt_rule_row *row = &mqtt_rule_rows[rule];
    const char *statement = version == MQTT_3_1_1 ? row->statement_311 : row->statement_5;
    /* a breach can be met before the version is known; then the version that has the rule names it */
    if (!statement)
        statement = row->statement_5 ? row->statement_5 : row->statement_311;
    *fault = (struct mqtt_fault){statement, row->detail, row->reason_code};
    return row->result;
}
