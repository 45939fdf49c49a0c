#include "mqtt/mqtt_field.h"

#include <string.h>

#include "base/utf8.h"

void mqtt_field_write_varint(struct bytes_writer *w, uint32_t value) {
    while (value >= 128) {
        bytes_write_u8(w, (uint8_t)(value | 0x80));
        value >>= 7;
    }
    bytes_write_u8(w, (uint8_t)value);
}

void mqtt_field_write_string(struct bytes_writer *w, struct bytes text) {
    bytes_write_u16(w, (uint16_t)text.size);
    bytes_write(w, text);
}

int mqtt_field_read_varint(struct bytes_reader *r, enum mqtt_rule when_short, uint32_t *out, struct mqtt_fault *fault) {
    uint32_t value = 0;
    for (unsigned i = 0; i < 4; i++) {
        if (bytes_left(r) == 0)
            return mqtt_rule_break(when_short, MQTT_5_0, fault);
        uint8_t byte = bytes_read_u8(r);
        value |= (uint32_t)(byte & 0x7f) << (7 * i);
        if (byte & 0x80)
            continue;
        if (byte == 0 && i > 0)
            return mqtt_rule_break(MQTT_RULE_VARINT_NOT_MINIMAL, MQTT_5_0, fault);
        *out = value;
        return 0;
    }
    return mqtt_rule_break(MQTT_RULE_VARINT_LONG, MQTT_5_0, fault);
}

int mqtt_field_read_binary(struct bytes_reader *r, enum mqtt_version version, enum mqtt_rule when_short,
                           struct bytes *out, struct mqtt_fault *fault) {
    if (bytes_left(r) < 2)
        return mqtt_rule_break(when_short, version, fault);
    size_t size = bytes_read_u16(r);
    if (bytes_left(r) < size)
        return mqtt_rule_break(when_short, version, fault);
    *out = bytes_read(r, size);
    return 0;
}

int mqtt_field_read_string(struct bytes_reader *r, enum mqtt_version version, enum mqtt_rule when_short,
                           struct bytes *out, struct mqtt_fault *fault) {
    int result = mqtt_field_read_binary(r, version, when_short, out, fault);
    if (result < 0 || utf8_valid(out->data, out->size))
        return result;
    bool nul = memchr(out->data, 0, out->size) != NULL;
    return mqtt_rule_break(nul ? MQTT_RULE_NUL : MQTT_RULE_UTF8, version, fault);
}
