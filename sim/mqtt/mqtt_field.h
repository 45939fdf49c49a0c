/* The fields that packets are made of (5.0 section 1.5, 3.1.1 section 1.5): variable byte integers, strings, binary data. */
#ifndef MUSTER_MQTT_MQTT_FIELD_H
#define MUSTER_MQTT_MQTT_FIELD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "mqtt/mqtt_rule.h"

enum { MQTT_VARINT_MAX = 268435455, MQTT_STRING_MAX = 65535 };

/* Bytes of a variable byte integer; value ≤ MQTT_VARINT_MAX. */
static inline size_t mqtt_field_varint_size(uint32_t value) {
    return value < 128 ? 1 : value < 16384 ? 2 : value < 2097152 ? 3 : 4;
}
void mqtt_field_write_varint(struct bytes_writer *w, uint32_t value);
/* A two-byte length and the bytes; size ≤ MQTT_STRING_MAX. */
void mqtt_field_write_string(struct bytes_writer *w, struct bytes text);

/* Reading: 0, or the result of the broken rule with *fault filled. `when_short` is the rule that a field breaks which runs past the
 * end of the reader. Results are borrowed. */
int mqtt_field_read_varint(struct bytes_reader *r, enum mqtt_rule when_short, uint32_t *out, struct mqtt_fault *fault);
int mqtt_field_read_binary(struct bytes_reader *r, enum mqtt_version version, enum mqtt_rule when_short,
                           struct bytes *out, struct mqtt_fault *fault);
/* As binary, and well-formed UTF-8 without U+0000. */
int mqtt_field_read_string(struct bytes_reader *r, enum mqtt_version version, enum mqtt_rule when_short,
                           struct bytes *out, struct mqtt_fault *fault);

#endif
