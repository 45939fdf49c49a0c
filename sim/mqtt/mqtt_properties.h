/* The property block of MQTT 5.0 (section 2.2.2): decoded into one struct with presence bits, encoded from the same struct.
 *
 * Nothing is allocated. Strings and binary data are borrowed from the packet; what may occur many times (user properties and
 * subscription identifiers) stays in the raw block and is read with iterators. */
#ifndef MUSTER_MQTT_MQTT_PROPERTIES_H
#define MUSTER_MQTT_MQTT_PROPERTIES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "mqtt/mqtt_rule.h"
#include "mqtt/mqtt_tables.h"

struct mqtt_user_property {
    struct bytes name, value;
};

/* A value counts only when its presence bit is set. */
struct mqtt_properties {
    uint64_t present; /* bit (1 << identifier); set by hand on encoding, except for the three lists at the end */
    uint8_t payload_format_indicator, request_problem_information, request_response_information, maximum_qos;
    uint8_t retain_available, wildcard_subscription_available, subscription_identifier_available,
        shared_subscription_available;
    uint16_t server_keep_alive, receive_maximum, topic_alias_maximum, topic_alias;
    uint32_t message_expiry_interval, session_expiry_interval, will_delay_interval, maximum_packet_size;
    struct bytes content_type, response_topic, correlation_data, assigned_client_identifier, authentication_method,
        authentication_data, response_information, server_reference, reason_string;
    /* Decoding: the whole block. Encoding: a block (of a received packet, say) whose user properties and subscription
     * identifiers are written again in their order; everything else in it is ignored. */
    struct bytes raw;
    /* Encoding only: written after those of `raw`. */
    const struct mqtt_user_property *user_properties;
    const uint32_t *subscription_identifiers;
    unsigned user_property_count, subscription_identifier_count;
};

static inline bool mqtt_properties_has(const struct mqtt_properties *p, enum mqtt_property id) {
    return (p->present >> id) & 1;
}
static inline void mqtt_properties_mark(struct mqtt_properties *p, enum mqtt_property id) {
    p->present |= (uint64_t)1 << id;
}

/* Reads length and block of properties of a packet of `type` (MQTT_WILL_PROPERTIES for the will) sent by `from`.
 * Fills `out` wholly. Returns 0, ERR_MALFORMED or ERR_PROTOCOL with *fault filled. */
int mqtt_properties_decode(struct bytes_reader *r, enum mqtt_role from, unsigned type, struct mqtt_properties *out,
                           struct mqtt_fault *fault);
/* Bytes of the block without its length field. */
size_t mqtt_properties_size(const struct mqtt_properties *p);
/* Writes length and block. Legality is not checked: a double that is to misbehave needs wrong packets too. */
void mqtt_properties_encode(struct bytes_writer *w, const struct mqtt_properties *p, size_t size);

/* Iterators over a decoded block: `*rest` starts as properties.raw and moves on; false at the end. */
bool mqtt_properties_next_user(struct bytes *rest, struct mqtt_user_property *out);
bool mqtt_properties_next_subscription(struct bytes *rest, uint32_t *out);

#endif
