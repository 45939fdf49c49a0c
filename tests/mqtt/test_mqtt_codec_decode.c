#include "base/err.h"
#include "harness.h"
#include "mqtt/mqtt_codec.h"
#include "vector.h"

enum { C = MQTT_CLIENT, S = MQTT_SERVER, V3 = MQTT_3_1_1, V5 = MQTT_5_0, BAD = ERR_MALFORMED, WRONG = ERR_PROTOCOL };

static struct vector vector;

static int decode(struct bytes in, int version, int from, struct mqtt_packet *out, size_t *consumed,
                  struct mqtt_fault *fault) {
    return mqtt_codec_decode(in, (enum mqtt_version)version, (enum mqtt_role)from, 0, out, consumed, fault);
}

/* ---- what is refused, statement by statement --------------------------------------------------------------------- */

static const struct refusal {
    const char *rule;
    int version, from;
    const char *packet;
    int result;
    const char *statement;
    uint8_t reason;
} refusals[] = {
    /* fixed header */
    {"type 0 is reserved", V3, S, "00 00", BAD, "MQTT-4.8.0-1", 0x81},
    {"type 0 is reserved", V5, S, "00 00", BAD, "MQTT-4.13.1-1", 0x81},
    {"type 15 does not exist in 3.1.1", V3, S, "F0 00", BAD, "MQTT-4.8.0-1", 0x81},
    {"a server sends no CONNECT", V3, S, "10 00", WRONG, "MQTT-4.8.0-1", 0x82},
    {"a server sends no CONNECT", V5, S, "10 00", WRONG, "MQTT-4.13.1-1", 0x82},
    {"a server sends no SUBSCRIBE", V5, S, "82 00", WRONG, "MQTT-4.13.1-1", 0x82},
    {"a server sends no UNSUBSCRIBE", V5, S, "A2 00", WRONG, "MQTT-4.13.1-1", 0x82},
    {"a server sends no PINGREQ", V3, S, "C0 00", WRONG, "MQTT-4.8.0-1", 0x82},
    {"a server sends no DISCONNECT in 3.1.1", V3, S, "E0 00", WRONG, "MQTT-4.8.0-1", 0x82},
    {"a client sends no CONNACK", V3, C, "20 02 00 00", WRONG, "MQTT-4.8.0-1", 0x82},
    {"a client sends no SUBACK", V5, C, "90 00", WRONG, "MQTT-4.13.1-1", 0x82},
    {"a client sends no UNSUBACK", V5, C, "B0 00", WRONG, "MQTT-4.13.1-1", 0x82},
    {"a client sends no PINGRESP", V5, C, "D0 00", WRONG, "MQTT-4.13.1-1", 0x82},
    {"flags of CONNACK are 0000", V3, S, "21 02 00 00", BAD, "MQTT-2.2.2-1", 0x81},
    {"flags of CONNACK are 0000", V5, S, "24 03 00 00 00", BAD, "MQTT-2.1.3-1", 0x81},
    {"flags of PUBACK are 0000", V5, S, "48 02 00 01", BAD, "MQTT-2.1.3-1", 0x81},
    {"flags of PUBREC are 0000", V5, S, "52 02 00 01", BAD, "MQTT-2.1.3-1", 0x81},
    {"flags of PUBREL are 0010", V3, S, "60 02 00 01", BAD, "MQTT-3.6.1-1", 0x81},
    {"flags of PUBREL are 0010", V5, C, "63 02 00 01", BAD, "MQTT-3.6.1-1", 0x81},
    {"flags of SUBSCRIBE are 0010", V3, C, "80 * 00 01 00 01 'a' 00", BAD, "MQTT-3.8.1-1", 0x81},
    {"flags of SUBSCRIBE are 0010", V5, C, "80 * 00 01 00 00 01 'a' 00", BAD, "MQTT-3.8.1-1", 0x81},
    {"flags of UNSUBSCRIBE are 0010", V3, C, "A0 * 00 01 00 01 'a'", BAD, "MQTT-3.10.1-1", 0x81},
    {"flags of UNSUBSCRIBE are 0010", V5, C, "A0 * 00 01 00 00 01 'a'", BAD, "MQTT-3.10.1-1", 0x81},
    {"flags of DISCONNECT are 0000", V3, C, "E1 00", BAD, "MQTT-3.14.1-1", 0x81},
    {"flags of DISCONNECT are 0000", V5, S, "E2 00", BAD, "MQTT-3.14.1-1", 0x81},
    {"flags of AUTH are 0000", V5, S, "F1 00", BAD, "MQTT-3.15.1-1", 0x81},
    {"flags of PINGRESP are 0000", V3, S, "D1 00", BAD, "MQTT-2.2.2-1", 0x81},
    {"flags of PINGRESP are 0000", V5, S, "D1 00", BAD, "M5U-3.12-a", 0x81},
    {"PINGRESP has no body", V3, S, "D0 01 00", BAD, "M3U-2.2.3-c", 0x81},
    {"PINGRESP has no body", V5, S, "D0 01 00", BAD, "M5U-3.12-a", 0x81},
    {"PINGREQ has no body", V5, C, "C0 01 00", BAD, "M5U-3.12-a", 0x81},
    {"the remaining length has at most four bytes", V3, S, "30 FF FF FF FF", BAD, "M3U-2.2.3-a", 0x81},
    {"the remaining length has at most four bytes", V5, S, "30 80 80 80 80 01", BAD, "M5U-2.1.4-a", 0x81},
    {"the remaining length is in shortest form", V5, S, "D0 80 00", BAD, "MQTT-1.5.5-1", 0x81},
    {"the remaining length is in shortest form", V5, S, "40 82 00 00 01", BAD, "MQTT-1.5.5-1", 0x81},
    {"the first packet is CONNECT", MQTT_ANY, C, "C0 00", WRONG, "MQTT-3.1.0-1", 0x82},
    {"the first packet is CONNECT", MQTT_ANY, C, "30 * 00 01 'a'", WRONG, "MQTT-3.1.0-1", 0x82},

    /* fields */
    {"a topic ends inside its packet", V3, S, "30 07 FF FF 'ABCDE'", BAD, "M3U-2.2.3-c", 0x81},
    {"a topic ends inside its packet", V5, S, "30 07 FF FF 'ABCDE'", BAD, "MQTT-4.13.1-1", 0x81},
    {"a packet holds its fields", V3, S, "20 01 00", BAD, "M3U-2.2.3-c", 0x81},
    {"a packet holds its fields", V5, S, "40 01 00", BAD, "MQTT-4.13.1-1", 0x81},
    {"a QoS 1 message has a packet id", V3, S, "32 03 00 01 'a'", BAD, "M3U-2.2.3-c", 0x81},
    {"nothing follows the last field", V3, S, "20 03 00 00 00", BAD, "M3U-2.2.3-c", 0x81},
    {"nothing follows the last field", V3, S, "40 03 00 01 00", BAD, "M3U-2.2.3-c", 0x81},
    {"nothing follows the last field", V3, S, "B0 03 00 01 00", BAD, "M3U-2.2.3-c", 0x81},
    {"nothing follows the last field", V5, S, "40 05 00 01 00 00 00", BAD, "MQTT-4.13.1-1", 0x81},
    {"nothing follows the last field", V3, C, "10 * 00 04 'MQTT' 04 02 00 00 00 01 'c' 00 01 'u'", BAD, "M3U-2.2.3-c",
     0x81},
    {"3.1.1 DISCONNECT has no body", V3, C, "E0 01 00", BAD, "M3U-2.2.3-c", 0x81},
    {"strings are UTF-8", V3, S, "30 * 00 02 C3 28", BAD, "MQTT-1.5.3-1", 0x81},
    {"strings are UTF-8", V5, S, "30 * 00 02 C0 AF 00", BAD, "MQTT-1.5.4-1", 0x81},
    {"strings have no surrogates", V3, S, "30 * 00 03 ED A0 80", BAD, "MQTT-1.5.3-1", 0x81},
    {"strings have no surrogates", V5, S, "30 * 00 03 ED A0 80 00", BAD, "MQTT-1.5.4-1", 0x81},
    {"strings have no U+0000", V3, S, "30 * 00 03 'a' 00 'b'", BAD, "MQTT-1.5.3-2", 0x81},
    {"strings have no U+0000", V5, S, "30 * 00 03 'a' 00 'b' 00", BAD, "MQTT-1.5.4-2", 0x81},
    {"a client id is UTF-8", V3, C, "10 * 00 04 'MQTT' 04 02 00 00 00 01 FF", BAD, "MQTT-1.5.3-1", 0x81},
    {"a server's packet id is not 0", V3, S, "32 05 00 01 'a' 00 00", WRONG, "MQTT-2.3.1-1", 0x82},
    {"a server's packet id is not 0", V5, S, "32 06 00 01 'a' 00 00 00", WRONG, "MQTT-2.2.1-4", 0x82},
    {"a client's packet id is not 0", V3, C, "82 * 00 00 00 01 'a' 00", WRONG, "MQTT-2.3.1-1", 0x82},
    {"a client's packet id is not 0", V5, C, "34 06 00 01 'a' 00 00 00", WRONG, "MQTT-2.2.1-3", 0x82},
    {"no message has the id 0", V3, S, "40 02 00 00", WRONG, "MQTT-2.3.1-6", 0x82},
    {"no message has the id 0", V5, S, "50 02 00 00", WRONG, "MQTT-2.2.1-5", 0x82},
    {"no message has the id 0", V5, S, "62 02 00 00", WRONG, "MQTT-2.2.1-5", 0x82},
    {"no message has the id 0", V5, S, "70 02 00 00", WRONG, "MQTT-2.2.1-5", 0x82},
    {"no request has the id 0", V3, S, "90 03 00 00 00", WRONG, "MQTT-2.3.1-7", 0x82},
    {"no request has the id 0", V5, S, "B0 04 00 00 00 00", WRONG, "MQTT-2.2.1-6", 0x82},

    /* CONNECT */
    {"the protocol name is MQTT", MQTT_ANY, C, "10 * 00 06 'MQIsdp' 03 02 00 00 00 01 'c'", WRONG, "MQTT-3.1.2-1",
     0x84},
    {"the protocol name is MQTT", V3, C, "10 * 00 04 'mqtt' 04 02 00 00 00 01 'c'", WRONG, "MQTT-3.1.2-1", 0x84},
    {"the level is 4 or 5", MQTT_ANY, C, "10 * 00 04 'MQTT' 06 02 00 00 00 00 01 'c'", WRONG, "MQTT-3.1.2-2", 0x84},
    {"the level is 4 or 5", V3, C, "10 * 00 04 'MQTT' 03 02 00 00 00 01 'c'", WRONG, "MQTT-3.1.2-2", 0x84},
    {"the reserved connect flag is 0", MQTT_ANY, C, "10 * 00 04 'MQTT' 04 03 00 00 00 01 'c'", BAD, "MQTT-3.1.2-3",
     0x81},
    {"the reserved connect flag is 0", MQTT_ANY, C, "10 * 00 04 'MQTT' 05 03 00 00 00 00 01 'c'", BAD, "MQTT-3.1.2-3",
     0x81},
    {"will QoS is not 3", V3, C, "10 * 00 04 'MQTT' 04 1E 00 00 00 01 'c' 00 01 't' 00 00", BAD, "MQTT-3.1.2-14", 0x81},
    {"will QoS is not 3", V5, C, "10 * 00 04 'MQTT' 05 1E 00 00 00 00 01 'c' 00 00 01 't' 00 00", BAD, "MQTT-3.1.2-12",
     0x81},
    {"no will QoS without a will", V3, C, "10 * 00 04 'MQTT' 04 0A 00 00 00 01 'c'", BAD, "MQTT-3.1.2-13", 0x81},
    {"no will QoS without a will", V5, C, "10 * 00 04 'MQTT' 05 0A 00 00 00 00 01 'c'", BAD, "MQTT-3.1.2-11", 0x81},
    {"no will retain without a will", V3, C, "10 * 00 04 'MQTT' 04 22 00 00 00 01 'c'", BAD, "MQTT-3.1.2-15", 0x81},
    {"no will retain without a will", V5, C, "10 * 00 04 'MQTT' 05 22 00 00 00 00 01 'c'", BAD, "MQTT-3.1.2-13", 0x81},
    {"3.1.1: no password without a user name", V3, C, "10 * 00 04 'MQTT' 04 42 00 00 00 01 'c' 00 01 'p'", BAD,
     "MQTT-3.1.2-22", 0x81},
    {"no wildcard in a will topic", V3, C, "10 * 00 04 'MQTT' 04 06 00 00 00 01 'c' 00 01 '#' 00 00", BAD,
     "MQTT-4.7.1-1", 0x81},
    {"no wildcard in a will topic", V5, C, "10 * 00 04 'MQTT' 05 06 00 00 00 00 01 'c' 00 00 01 '+' 00 00", BAD,
     "MQTT-4.7.0-1", 0x81},
    {"a will topic is not empty", V5, C, "10 * 00 04 'MQTT' 05 06 00 00 00 00 01 'c' 00 00 00 00 00", BAD,
     "MQTT-4.7.3-1", 0x81},
    {"a will flag brings a will", V3, C, "10 * 00 04 'MQTT' 04 06 00 00 00 01 'c' 00 01 't'", BAD, "M3U-2.2.3-c", 0x81},
    {"a user name flag brings a user name", V3, C, "10 * 00 04 'MQTT' 04 82 00 00 00 01 'c'", BAD, "M3U-2.2.3-c", 0x81},
    {"a client id is there", V3, C, "10 * 00 04 'MQTT' 04 02 00 00", BAD, "M3U-2.2.3-c", 0x81},

    /* CONNACK */
    {"acknowledge flags 7 to 1 are 0", V3, S, "20 02 02 00", BAD, "M3U-3.2.2-a", 0x81},
    {"acknowledge flags 7 to 1 are 0", V5, S, "20 03 80 00 00", BAD, "MQTT-3.2.2-1", 0x81},
    {"a refusal reports no session", V3, S, "20 02 01 02", WRONG, "MQTT-3.2.2-4", 0x82},
    {"a refusal reports no session", V5, S, "20 03 01 87 00", WRONG, "MQTT-3.2.2-6", 0x82},
    {"CONNACK codes are 0 to 5", V3, S, "20 02 00 06", WRONG, "M3U-3.2.2-b", 0x82},
    {"CONNACK uses its reason codes", V5, S, "20 03 00 8D 00", WRONG, "MQTT-3.2.2-8", 0x82},
    {"CONNACK uses its reason codes", V5, S, "20 03 00 01 00", WRONG, "MQTT-3.2.2-8", 0x82},

    /* PUBLISH */
    {"QoS is not 3", V3, S, "36 05 00 01 'a' 00 01", BAD, "MQTT-3.3.1-4", 0x81},
    {"QoS is not 3", V5, C, "36 06 00 01 'a' 00 01 00", BAD, "MQTT-3.3.1-4", 0x81},
    {"no DUP at QoS 0", V3, S, "38 03 00 01 'a'", BAD, "MQTT-3.3.1-2", 0x81},
    {"no DUP at QoS 0", V5, S, "38 04 00 01 'a' 00", BAD, "MQTT-3.3.1-2", 0x81},
    {"no wildcard in a topic name", V3, S, "30 03 00 01 '+'", BAD, "MQTT-3.3.2-2", 0x81},
    {"no wildcard in a topic name", V5, S, "30 * 00 03 'a/#' 00", BAD, "MQTT-3.3.2-2", 0x81},
    {"a topic name is not empty", V3, S, "30 02 00 00", WRONG, "MQTT-4.7.3-1", 0x82},
    {"an empty topic name needs an alias", V5, S, "30 03 00 00 00", WRONG, "M5U-3.3.2.1-a", 0x82},
    {"no wildcard in a response topic", V5, S, "30 * 00 01 'a' 04 08 00 01 '#'", BAD, "MQTT-3.3.2-14", 0x81},
    {"a response topic is not empty", V5, S, "30 * 00 01 'a' 03 08 00 00", BAD, "MQTT-4.7.3-1", 0x81},
    {"alias 0 is never sent", V5, S, "30 * 00 01 'a' 03 23 00 00", WRONG, "MQTT-3.3.2-8", 0x94},
    {"a client's PUBLISH has no subscription identifier", V5, C, "30 * 00 01 'a' 02 0B 01", WRONG, "MQTT-3.3.4-6",
     0x82},
    {"subscription identifiers are not 0", V5, S, "30 * 00 01 'a' 02 0B 00", WRONG, "M5U-3.3.2.3-e", 0x82},

    /* SUBSCRIBE, UNSUBSCRIBE and their answers */
    {"SUBSCRIBE has a filter", V3, C, "82 02 00 01", WRONG, "MQTT-3.8.3-3", 0x82},
    {"SUBSCRIBE has a filter", V5, C, "82 03 00 01 00", WRONG, "MQTT-3.8.3-2", 0x82},
    {"subscription option bits 7 to 2 are 0", V3, C, "82 * 00 01 00 01 'a' 04", BAD, "MQTT-3.8.3-4", 0x81},
    {"subscription option bits 7 and 6 are 0", V5, C, "82 * 00 01 00 00 01 'a' 40", BAD, "MQTT-3.8.3-5", 0x81},
    {"no requested QoS 3", V3, C, "82 * 00 01 00 01 'a' 03", WRONG, "MQTT-3.8.3-4", 0x82},
    {"no requested QoS 3", V5, C, "82 * 00 01 00 00 01 'a' 03", WRONG, "M5U-3.8.3-a", 0x82},
    {"no retain handling 3", V5, C, "82 * 00 01 00 00 01 'a' 30", WRONG, "M5U-3.8.3-b", 0x82},
    {"no No Local on a shared subscription", V5, C, "82 * 00 01 00 00 0A '$share/g/a' 04", WRONG, "MQTT-3.8.3-4", 0x82},
    {"# ends a filter", V3, C, "82 * 00 01 00 03 '#/a' 00", BAD, "MQTT-4.7.1-2", 0x8F},
    {"# ends a filter", V5, C, "82 * 00 01 00 00 02 'a#' 00", BAD, "MQTT-4.7.1-1", 0x8F},
    {"+ fills a level", V3, C, "82 * 00 01 00 02 'a+' 00", BAD, "MQTT-4.7.1-3", 0x8F},
    {"+ fills a level", V5, C, "82 * 00 01 00 00 02 '+a' 00", BAD, "MQTT-4.7.1-2", 0x8F},
    {"a filter is not empty", V3, C, "82 * 00 01 00 00 00", BAD, "MQTT-4.7.3-1", 0x81},
    {"a filter is not empty", V5, C, "A2 * 00 01 00 00 00", BAD, "MQTT-4.7.3-1", 0x81},
    {"a share name is not empty", V5, C, "82 * 00 01 00 00 09 '$share//a' 00", BAD, "MQTT-4.8.2-1", 0x8F},
    {"a share name is followed by a filter", V5, C, "82 * 00 01 00 00 08 '$share/g' 00", BAD, "MQTT-4.8.2-2", 0x8F},
    {"a share name has no wildcard", V5, C, "82 * 00 01 00 00 0A '$share/+/a' 00", BAD, "MQTT-4.8.2-2", 0x8F},
    {"a filter is UTF-8", V3, C, "82 * 00 01 00 01 80 00", BAD, "MQTT-1.5.3-1", 0x81},
    {"a filter has its options", V3, C, "82 * 00 01 00 01 'a'", BAD, "M3U-2.2.3-c", 0x81},
    {"UNSUBSCRIBE has a filter", V3, C, "A2 02 00 01", WRONG, "MQTT-3.10.3-2", 0x82},
    {"UNSUBSCRIBE has a filter", V5, C, "A2 03 00 01 00", WRONG, "MQTT-3.10.3-2", 0x82},
    {"SUBACK has a code", V3, S, "90 02 00 01", WRONG, "MQTT-3.8.4-5", 0x82},
    {"SUBACK has a code", V5, S, "90 03 00 01 00", WRONG, "MQTT-3.8.4-6", 0x82},
    {"UNSUBACK has a code", V5, S, "B0 03 00 01 00", WRONG, "MQTT-3.11.3-1", 0x82},
    {"SUBACK codes are 0, 1, 2 and 80", V3, S, "90 03 00 01 03", WRONG, "MQTT-3.9.3-2", 0x82},
    {"SUBACK uses its reason codes", V5, S, "90 05 00 01 00 00 10", WRONG, "MQTT-3.9.3-2", 0x82},
    {"UNSUBACK uses its reason codes", V5, S, "B0 04 00 01 00 01", WRONG, "MQTT-3.11.3-2", 0x82},

    /* reason codes */
    {"PUBACK uses its reason codes", V5, S, "40 03 00 01 92", WRONG, "MQTT-3.4.2-1", 0x82},
    {"0x10 is a server's alone", V5, C, "40 03 00 01 10", WRONG, "MQTT-3.4.2-1", 0x82},
    {"PUBREC uses its reason codes", V5, S, "50 03 00 01 01", WRONG, "MQTT-3.5.2-1", 0x82},
    {"PUBREL uses its reason codes", V5, S, "62 03 00 01 80", WRONG, "MQTT-3.6.2-1", 0x82},
    {"PUBCOMP uses its reason codes", V5, S, "70 03 00 01 91", WRONG, "MQTT-3.7.2-1", 0x82},
    {"DISCONNECT uses its reason codes", V5, S, "E0 01 04", WRONG, "MQTT-3.14.2-1", 0x82},
    {"a client does not shut servers down", V5, C, "E0 01 8B", WRONG, "MQTT-3.14.2-1", 0x82},
    {"AUTH uses its reason codes", V5, S, "F0 * 19 05 15 00 02 'pw'", WRONG, "MQTT-3.15.2-1", 0x82},
    {"a client does not end an exchange", V5, C, "F0 00", WRONG, "MQTT-3.15.2-1", 0x82},

    /* properties */
    {"a property length has at most four bytes", V5, S, "30 * 00 01 'a' 80 80 80 80 01", BAD, "MQTT-1.5.5-1", 0x81},
    {"a property length is in shortest form", V5, S, "30 * 00 01 'a' 80 00", BAD, "MQTT-1.5.5-1", 0x81},
    {"a property identifier is in shortest form", V5, S, "30 * 00 01 'a' 03 81 00 00", BAD, "MQTT-1.5.5-1", 0x81},
    {"a property length fits its packet (hostile CONNACK)", V5, S, "20 0B 00 00 80 FF FF 0A 27 00 98 96 80", BAD,
     "M5U-2.2.2-b", 0x81},
    {"a user property fits its block (hostile CONNACK)", V5, S, "20 0B 00 00 08 22 00 0A 26 00 98 96 80", BAD,
     "M5U-2.2.2-b", 0x81},
    {"a property fits its block", V5, S, "E0 * 00 03 1F 00 05 'ab'", BAD, "M5U-2.2.2-b", 0x81},
    {"a number fits its block", V5, S, "30 * 00 01 'a' 03 02 00 00 'xyz'", BAD, "M5U-2.2.2-b", 0x81},
    {"a property length is there", V5, S, "20 02 00 00", BAD, "M5U-2.2.2-b", 0x81},
    {"a property is one of the known", V5, S, "E0 * 00 02 04 00", BAD, "M5U-2.2.2-a", 0x81},
    {"a property is one of the known", V5, S, "E0 * 00 02 7F 00", BAD, "M5U-2.2.2-a", 0x81},
    {"a property stands where it may", V5, S, "E0 * 00 03 21 00 01", BAD, "M5U-2.2.2-a", 0x81},
    {"a property stands where it may", V5, S, "F0 * 18 03 23 00 01", BAD, "M5U-2.2.2-a", 0x81},
    {"a will has no topic alias", V5, C, "10 * 00 04 'MQTT' 05 06 00 00 00 00 01 'c' 03 23 00 01 00 01 't' 00 00", BAD,
     "M5U-2.2.2-a", 0x81},
    {"once in PUBACK", V5, S, "40 * 00 01 00 06 1F 00 00 1F 00 00", WRONG, "MQTT-4.13.1-1", 0x82},
    {"once in CONNACK", V5, S, "20 * 00 00 06 21 00 01 21 00 01", WRONG, "M5U-3.2.2.3-a", 0x82},
    {"once in DISCONNECT", V5, S, "E0 * 00 06 1F 00 00 1F 00 00", WRONG, "M5U-3.14.2-c", 0x82},
    {"once in PUBLISH", V5, S, "30 * 00 01 'a' 04 01 00 01 00", WRONG, "M5U-3.3.2.3-a", 0x82},
    {"one subscription identifier in SUBSCRIBE", V5, C, "82 * 00 01 04 0B 01 0B 02 00 01 'a' 00", WRONG, "M5U-3.8.2-a",
     0x82},
    {"subscription identifier 0 in SUBSCRIBE", V5, C, "82 * 00 01 02 0B 00 00 01 'a' 00", WRONG, "M5U-3.8.2-a", 0x82},
    {"once in a will", V5, C,
     "10 * 00 04 'MQTT' 05 06 00 00 00 00 01 'c' 0A 18 00 00 00 01 18 00 00 00 01 00 01 't' 00 00", WRONG,
     "M5U-3.1.3.2-a", 0x82},
    {"session expiry once", V5, C, "10 * 00 04 'MQTT' 05 02 00 00 0A 11 00 00 00 01 11 00 00 00 01 00 01 'c'", WRONG,
     "M5U-3.1.2.11-a", 0x82},
    {"receive maximum once", V5, C, "10 * 00 04 'MQTT' 05 02 00 00 06 21 00 01 21 00 01 00 01 'c'", WRONG,
     "M5U-3.1.2.11-b", 0x82},
    {"receive maximum is not 0", V5, C, "10 * 00 04 'MQTT' 05 02 00 00 03 21 00 00 00 01 'c'", WRONG, "M5U-3.1.2.11-c",
     0x82},
    {"a server's receive maximum is not 0", V5, S, "20 * 00 00 03 21 00 00", WRONG, "M5U-3.2.2.3-a", 0x82},
    {"maximum packet size once", V5, C, "10 * 00 04 'MQTT' 05 02 00 00 0A 27 00 00 00 09 27 00 00 00 09 00 01 'c'",
     WRONG, "M5U-3.1.2.11-d", 0x82},
    {"maximum packet size is not 0", V5, C, "10 * 00 04 'MQTT' 05 02 00 00 05 27 00 00 00 00 00 01 'c'", WRONG,
     "M5U-3.1.2.11-e", 0x82},
    {"topic alias maximum once", V5, C, "10 * 00 04 'MQTT' 05 02 00 00 06 22 00 01 22 00 01 00 01 'c'", WRONG,
     "M5U-3.1.2.11-f", 0x82},
    {"request response information is 0 or 1", V5, C, "10 * 00 04 'MQTT' 05 02 00 00 02 19 02 00 01 'c'", WRONG,
     "M5U-3.1.2.11-g", 0x82},
    {"request problem information is 0 or 1", V5, C, "10 * 00 04 'MQTT' 05 02 00 00 02 17 02 00 01 'c'", WRONG,
     "M5U-3.1.2.11-h", 0x82},
    {"authentication method once", V5, C, "10 * 00 04 'MQTT' 05 02 00 00 08 15 00 01 'a' 15 00 01 'a' 00 01 'c'", WRONG,
     "M5U-3.1.2.11-i", 0x82},
    {"authentication data needs a method", V5, C, "10 * 00 04 'MQTT' 05 02 00 00 04 16 00 01 'a' 00 01 'c'", WRONG,
     "M5U-3.1.2.11-j", 0x82},
    {"maximum QoS is 0 or 1", V5, S, "20 * 00 00 02 24 02", WRONG, "M5U-3.2.2.3-a", 0x82},
    {"retain available is 0 or 1", V5, S, "20 * 00 00 02 25 02", WRONG, "M5U-3.2.2.3-a", 0x82},
    {"a payload format is 0 or 1", V5, S, "30 * 00 01 'a' 02 01 02", WRONG, "MQTT-4.13.1-1", 0x82},
    {"a user property is text", V5, S, "E0 * 00 06 26 00 01 FF 00 00", BAD, "MQTT-1.5.7-1", 0x81},
    {"a user property has no U+0000", V5, S, "E0 * 00 06 26 00 00 00 01 00", BAD, "MQTT-1.5.7-1", 0x81},
    {"a reason string is text", V5, S, "E0 * 00 04 1F 00 01 FF", BAD, "MQTT-1.5.4-1", 0x81},
    {"a server's DISCONNECT has no session expiry", V5, S, "E0 * 00 05 11 00 00 00 01", WRONG, "MQTT-3.14.2-2", 0x82},
    {"AUTH has a method", V5, S, "F0 * 18 04 16 00 01 'x'", WRONG, "M5U-3.15.2-a", 0x82},
    {"AUTH has a method", V5, S, "F0 01 18", WRONG, "M5U-3.15.2-a", 0x82},
};
enum { REFUSALS = sizeof refusals / sizeof refusals[0] };

static bool refused_as(const struct refusal *r, struct bytes in, size_t given) {
    struct mqtt_packet p;
    struct mqtt_fault fault = {0};
    size_t consumed = 99;
    struct bytes part = bytes_of(in.data, given);
    int result = decode(part, r->version, r->from, &p, &consumed, &fault);
    if (result == ERR_AGAIN && given < in.size)
        return true;
    return result == r->result && consumed == 0 && fault.statement && strcmp(fault.statement, r->statement) == 0 &&
           fault.reason_code == r->reason && fault.detail;
}

static void each_breach_has_its_statement_and_reason_code(void) {
    for (unsigned i = 0; i < REFUSALS; i++) {
        vector_parse(&vector, refusals[i].packet);
        bool ok = refused_as(&refusals[i], vector_bytes(&vector), vector.size);
        CU_ASSERT(ok);
        if (!ok) {
            struct mqtt_packet p;
            struct mqtt_fault fault = {0};
            size_t consumed;
            int result = decode(vector_bytes(&vector), refusals[i].version, refusals[i].from, &p, &consumed, &fault);
            vector_blame(refusals[i].rule, fault.statement ? fault.statement : err_name(result));
        }
    }
}

/* Hostile input 4 of the reliability table: every prefix gives "more" or the same verdict, never another. */
static void a_breach_is_the_same_however_the_bytes_come(void) {
    for (unsigned i = 0; i < REFUSALS; i++) {
        vector_parse(&vector, refusals[i].packet);
        for (size_t given = 0; given <= vector.size; given++) {
            /* a copy of exactly this size, so that a sanitizer sees a read past it */
            uint8_t *copy = malloc(given ? given : 1);
            memcpy(copy, vector.data, given);
            struct mqtt_packet p;
            struct mqtt_fault fault = {0};
            size_t consumed;
            int result = decode(bytes_of(copy, given), refusals[i].version, refusals[i].from, &p, &consumed, &fault);
            CU_ASSERT(result == ERR_AGAIN || (result == refusals[i].result && fault.statement &&
                                              strcmp(fault.statement, refusals[i].statement) == 0));
            free(copy);
        }
    }
}

static bool tested(const char *statement, int version) {
    for (unsigned i = 0; i < REFUSALS; i++)
        if ((refusals[i].version == version || refusals[i].version == MQTT_ANY) &&
            strcmp(refusals[i].statement, statement) == 0)
            return true;
    return false;
}

static void every_rule_of_the_decoder_is_tested_in_each_version_that_has_it(void) {
    for (int rule = 0; rule < MQTT_RULE_BEFORE_CONNACK; rule++) {
        if (rule == MQTT_RULE_CLIENT_PACKET_SIZE || rule == MQTT_RULE_SERVER_PACKET_SIZE)
            continue; /* a_packet_above_the_limit_is_refused_at_once */
        const struct mqtt_rule_row *row = &mqtt_rule_rows[rule];
        bool ok = (!row->statement_311 || tested(row->statement_311, V3)) &&
                  (!row->statement_5 || tested(row->statement_5, V5));
        CU_ASSERT(ok);
        if (!ok)
            vector_blame(row->detail, "no case");
    }
}

/* ---- what is accepted -------------------------------------------------------------------------------------------- */

static const struct acceptance {
    const char *rule;
    int version, from;
    const char *packet;
} acceptances[] = {
    {"an empty client id", MQTT_ANY, C, "10 * 00 04 'MQTT' 04 02 00 00 00 00"},
    {"5.0 allows a password without a user name (M5U-3.1.2.9-a)", MQTT_ANY, C,
     "10 * 00 04 'MQTT' 05 42 00 00 00 00 01 'c' 00 01 'p'"},
    {"an empty user name is present", V3, C, "10 * 00 04 'MQTT' 04 82 00 00 00 01 'c' 00 00"},
    {"an empty will payload", V3, C, "10 * 00 04 'MQTT' 04 06 00 00 00 01 'c' 00 01 't' 00 00"},
    {"3.1.1 has no rule against a longer remaining length", V3, S, "D0 80 00"},
    {"U+FEFF is a character like any other", V3, S, "30 * 00 03 EF BB BF"},
    {"an empty payload", V3, S, "30 03 00 01 'a'"},
    {"an alias stands for an empty topic", V5, S, "30 * 00 00 03 23 00 01 'x'"},
    {"several subscription identifiers", V5, S, "30 * 00 01 'a' 04 0B 01 0B 02"},
    {"several user properties of one name", V5, S, "30 * 00 01 'a' 0E 26 00 01 'k' 00 01 'v' 26 00 01 'k' 00 01 'v'"},
    {"PUBACK without reason code", V5, S, "40 02 00 01"},
    {"PUBACK without properties", V5, S, "40 03 00 01 10"},
    {"PUBACK with empty properties", V5, S, "40 04 00 01 00 00"},
    {"PUBREC 0x10 is success (M5U-3.4.2-a)", V5, S, "50 03 00 01 10"},
    {"PUBREL 0x92", V5, S, "62 03 00 01 92"},
    {"PUBCOMP 0x92", V5, S, "70 03 00 01 92"},
    {"DISCONNECT without reason code", V5, S, "E0 00"},
    {"DISCONNECT without properties", V5, S, "E0 01 8B"},
    {"AUTH of no bytes stands for success", V5, S, "F0 00"},
    {"3.1.1 SUBACK failure", V3, S, "90 04 00 01 00 80"},
    {"$share is an ordinary level in 3.1.1", V3, C, "82 * 00 01 00 06 '$share' 00"},
    {"a shared filter with No Local clear", V5, C, "82 * 00 01 00 00 0C '$share/g/a/#' 2A"},
};

static void what_the_texts_allow_is_accepted_at_its_last_byte(void) {
    for (size_t i = 0; i < sizeof acceptances / sizeof acceptances[0]; i++) {
        const struct acceptance *a = &acceptances[i];
        vector_parse(&vector, a->packet);
        for (size_t given = 0; given <= vector.size; given++) {
            struct mqtt_packet p;
            struct mqtt_fault fault = {0};
            size_t consumed;
            int result = decode(bytes_of(vector.data, given), a->version, a->from, &p, &consumed, &fault);
            bool ok =
                given < vector.size ? result == ERR_AGAIN && consumed == 0 : result == 0 && consumed == vector.size;
            CU_ASSERT(ok);
            if (!ok)
                vector_blame(a->rule, fault.statement ? fault.statement : err_name(result));
        }
    }
}

static struct mqtt_packet decoded(const char *packet, int version, int from) {
    struct mqtt_packet p = {0};
    struct mqtt_fault fault;
    size_t consumed;
    vector_parse(&vector, packet);
    CU_ASSERT_EQUAL(decode(vector_bytes(&vector), version, from, &p, &consumed, &fault), 0);
    return p;
}

static bool is(struct bytes b, const char *text) {
    return bytes_equal(b, bytes_of_text(text));
}

static void connect_fields_are_read_in_their_order(void) {
    struct mqtt_packet p = decoded("10 * 00 04 'MQTT' 05 F6 00 3C 05 11 00 00 00 0A 00 02 'id' 05 18 00 00 00 07 "
                                   "00 04 'will' 00 03 'bye' 00 04 'user' 00 02 'pw'",
                                   MQTT_ANY, C);
    CU_ASSERT_EQUAL(p.version, MQTT_5_0);
    CU_ASSERT(p.connect.clean_start && p.connect.has_will && p.connect.has_user_name && p.connect.has_password);
    CU_ASSERT(p.connect.will_retain && p.connect.will_qos == 2 && p.connect.keep_alive == 60);
    CU_ASSERT(mqtt_properties_has(&p.properties, MQTT_SESSION_EXPIRY_INTERVAL));
    CU_ASSERT_EQUAL(p.properties.session_expiry_interval, 10);
    CU_ASSERT_EQUAL(p.connect.will_properties.will_delay_interval, 7);
    CU_ASSERT(is(p.connect.client_id, "id") && is(p.connect.will_topic, "will") && is(p.connect.will_payload, "bye"));
    CU_ASSERT(is(p.connect.user_name, "user") && is(p.connect.password, "pw"));
}

static void connack_properties_are_read(void) {
    struct mqtt_packet p = decoded("20 * 01 00 2F 11 00 00 00 64 21 00 0A 24 01 25 00 27 00 01 00 00 12 00 02 'id' "
                                   "22 00 05 1F 00 01 'r' 28 00 29 00 2A 00 13 00 1E 1A 00 02 'ri' 1C 00 01 's' ",
                                   V5, S);
    const struct mqtt_properties *q = &p.properties;
    CU_ASSERT(p.connack.session_present && p.connack.reason_code == 0);
    CU_ASSERT(q->session_expiry_interval == 100 && q->receive_maximum == 10 && q->maximum_qos == 1);
    CU_ASSERT(q->maximum_packet_size == 65536 && q->topic_alias_maximum == 5 && q->server_keep_alive == 30);
    CU_ASSERT(mqtt_properties_has(q, MQTT_RETAIN_AVAILABLE) && !q->retain_available);
    CU_ASSERT(mqtt_properties_has(q, MQTT_WILDCARD_SUBSCRIPTION_AVAILABLE) && !q->wildcard_subscription_available);
    CU_ASSERT(is(q->assigned_client_identifier, "id") && is(q->reason_string, "r"));
    CU_ASSERT(is(q->response_information, "ri") && is(q->server_reference, "s"));
}

static void publish_fields_are_read(void) {
    struct mqtt_packet p = decoded("3D * 00 03 'a/b' 12 34 0C 02 00 00 00 09 09 00 01 FF 0B 80 01 'hello'", V5, S);
    CU_ASSERT(p.publish.dup && p.publish.qos == 2 && p.publish.retain && p.publish.packet_id == 0x1234);
    CU_ASSERT(is(p.publish.topic, "a/b") && is(p.publish.payload, "hello"));
    CU_ASSERT_EQUAL(p.properties.message_expiry_interval, 9);
    CU_ASSERT_EQUAL(p.properties.correlation_data.size, 1);
    struct bytes rest = p.properties.raw;
    uint32_t id = 0;
    CU_ASSERT(mqtt_properties_next_subscription(&rest, &id) && id == 128);
    CU_ASSERT(!mqtt_properties_next_subscription(&rest, &id));
}

static void subscribe_filters_are_iterated(void) {
    struct mqtt_packet p = decoded("82 * 00 07 00 00 01 'a' 01 00 0A '$share/g/b' 2A", V5, C);
    CU_ASSERT(p.subscribe.packet_id == 7 && p.subscribe.count == 2);
    struct bytes rest = p.subscribe.raw;
    struct mqtt_filter f;
    CU_ASSERT(mqtt_codec_next_filter(&rest, &f) && is(f.filter, "a") && f.qos == 1 && !f.no_local);
    CU_ASSERT(mqtt_codec_next_filter(&rest, &f) && is(f.filter, "$share/g/b") && f.qos == 2);
    CU_ASSERT(f.retain_as_published && f.retain_handling == 2);
    CU_ASSERT(!mqtt_codec_next_filter(&rest, &f));
}

static void unsubscribe_names_are_iterated(void) {
    struct mqtt_packet p = decoded("A2 * 00 07 00 01 'a' 00 02 '+/'", V3, C);
    struct bytes rest = p.subscribe.raw, name;
    CU_ASSERT(mqtt_codec_next_name(&rest, &name) && is(name, "a"));
    CU_ASSERT(mqtt_codec_next_name(&rest, &name) && is(name, "+/"));
    CU_ASSERT(!mqtt_codec_next_name(&rest, &name));
}

static void a_packet_above_the_limit_is_refused_at_once(void) {
    struct mqtt_packet p;
    struct mqtt_fault fault;
    size_t consumed;
    vector_parse(&vector, "30 FF FF FF 7F");
    CU_ASSERT_EQUAL(mqtt_codec_decode(vector_bytes(&vector), MQTT_5_0, MQTT_SERVER, 1000, &p, &consumed, &fault),
                    ERR_TOO_BIG);
    CU_ASSERT_STRING_EQUAL(fault.statement, "MQTT-3.1.2-24");
    CU_ASSERT_EQUAL(fault.reason_code, 0x95);
    CU_ASSERT_EQUAL(mqtt_codec_decode(vector_bytes(&vector), MQTT_5_0, MQTT_CLIENT, 1000, &p, &consumed, &fault),
                    ERR_TOO_BIG);
    CU_ASSERT_STRING_EQUAL(fault.statement, "MQTT-3.2.2-15");
    CU_ASSERT_EQUAL(mqtt_codec_decode(vector_bytes(&vector), MQTT_3_1_1, MQTT_SERVER, 0, &p, &consumed, &fault),
                    ERR_AGAIN);
    vector_parse(&vector, "D0 00");
    CU_ASSERT_EQUAL(mqtt_codec_decode(vector_bytes(&vector), MQTT_5_0, MQTT_SERVER, 2, &p, &consumed, &fault), 0);
    CU_ASSERT_EQUAL(mqtt_codec_decode(vector_bytes(&vector), MQTT_5_0, MQTT_SERVER, 1, &p, &consumed, &fault),
                    ERR_TOO_BIG);
}

static void an_unknown_level_leaves_the_version_unset(void) {
    struct mqtt_packet p;
    struct mqtt_fault fault;
    size_t consumed;
    vector_parse(&vector, "10 * 00 04 'MQTT' 07 02 00 00 00 00");
    CU_ASSERT_EQUAL(decode(vector_bytes(&vector), MQTT_ANY, C, &p, &consumed, &fault), ERR_PROTOCOL);
    CU_ASSERT(p.type == MQTT_CONNECT && p.version == MQTT_ANY);
    vector_parse(&vector, "10 * 00 04 'MQTT' 05 03 00 00 00 00 00");
    CU_ASSERT_EQUAL(decode(vector_bytes(&vector), MQTT_ANY, C, &p, &consumed, &fault), ERR_MALFORMED);
    CU_ASSERT_EQUAL(p.version, MQTT_5_0);
}

static void a_longer_remaining_length_is_judged_by_the_level_of_connect(void) {
    struct mqtt_packet p;
    struct mqtt_fault fault;
    size_t consumed;
    vector_parse(&vector, "10 8C 00 00 04 'MQTT' 04 02 00 00 00 00");
    CU_ASSERT_EQUAL(decode(vector_bytes(&vector), MQTT_ANY, C, &p, &consumed, &fault), 0);
    vector_parse(&vector, "10 8D 00 00 04 'MQTT' 05 02 00 00 00 00 00");
    CU_ASSERT_EQUAL(decode(vector_bytes(&vector), MQTT_ANY, C, &p, &consumed, &fault), ERR_MALFORMED);
    CU_ASSERT_STRING_EQUAL(fault.statement, "MQTT-1.5.5-1");
}

static void the_frame_gives_the_total_size_as_soon_as_the_header_is_there(void) {
    size_t total = 0;
    CU_ASSERT_EQUAL(mqtt_codec_frame(bytes_of("\x30", 1), &total), ERR_AGAIN);
    CU_ASSERT_EQUAL(mqtt_codec_frame(bytes_of("\x30\x80", 2), &total), ERR_AGAIN);
    CU_ASSERT_EQUAL(mqtt_codec_frame(bytes_of("\x30\x80\x01", 3), &total), 0);
    CU_ASSERT_EQUAL(total, 131);
    CU_ASSERT_EQUAL(mqtt_codec_frame(bytes_of("\x30\xff\xff\xff\x7f", 5), &total), 0);
    CU_ASSERT_EQUAL(total, 268435460);
    CU_ASSERT_EQUAL(mqtt_codec_frame(bytes_of("\x30\xff\xff\xff\xff", 5), &total), ERR_MALFORMED);
}

/* Hostile input 11's harmless sibling: text meant for other readers is only text here. */
static void a_long_reason_string_of_controls_is_text(void) {
    uint8_t packet[5 + 1 + 3 + 3 + 65535];
    struct bytes_writer w = bytes_writer_of(packet, sizeof packet);
    bytes_write_u8(&w, 0xE0);
    mqtt_field_write_varint(&w, 1 + 3 + 3 + 65535);
    bytes_write_u8(&w, 0x8B);
    mqtt_field_write_varint(&w, 3 + 65535);
    bytes_write_u8(&w, MQTT_REASON_STRING);
    bytes_write_u16(&w, 65535);
    memset(w.at, 0x1b, 65535);
    struct mqtt_packet p;
    struct mqtt_fault fault;
    size_t consumed;
    struct bytes in = bytes_of(packet, bytes_written(&w) + 65535);
    CU_ASSERT_EQUAL(decode(in, V5, S, &p, &consumed, &fault), 0);
    CU_ASSERT_EQUAL(p.properties.reason_string.size, 65535);
}

HARNESS_MAIN("mqtt_codec_decode", HARNESS_CASE(each_breach_has_its_statement_and_reason_code),
             HARNESS_CASE(a_breach_is_the_same_however_the_bytes_come),
             HARNESS_CASE(every_rule_of_the_decoder_is_tested_in_each_version_that_has_it),
             HARNESS_CASE(what_the_texts_allow_is_accepted_at_its_last_byte),
             HARNESS_CASE(connect_fields_are_read_in_their_order), HARNESS_CASE(connack_properties_are_read),
             HARNESS_CASE(publish_fields_are_read), HARNESS_CASE(subscribe_filters_are_iterated),
             HARNESS_CASE(unsubscribe_names_are_iterated), HARNESS_CASE(a_packet_above_the_limit_is_refused_at_once),
             HARNESS_CASE(an_unknown_level_leaves_the_version_unset),
             HARNESS_CASE(a_longer_remaining_length_is_judged_by_the_level_of_connect),
             HARNESS_CASE(the_frame_gives_the_total_size_as_soon_as_the_header_is_there),
             HARNESS_CASE(a_long_reason_string_of_controls_is_text))
