/* Decoding, encoding and decoding again agree, in both versions and roles.
 *
 * Input: one byte (bits 0-1: version, bit 2: role, bit 3: a limit of 64 bytes), then packets. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "mqtt/mqtt_codec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 1 << 20 };

static void walk_lists(const struct mqtt_packet *p) {
    struct bytes rest = p->properties.raw;
    struct mqtt_user_property user;
    unsigned users = 0;
    while (mqtt_properties_next_user(&rest, &user))
        users++;
    CHECK((users > 0) == mqtt_properties_has(&p->properties, MQTT_USER_PROPERTY));
    uint32_t id;
    rest = p->properties.raw;
    while (mqtt_properties_next_subscription(&rest, &id))
        CHECK(id > 0);
    unsigned items = 0;
    struct mqtt_filter filter;
    struct bytes name;
    if (p->type == MQTT_SUBSCRIBE || p->type == MQTT_UNSUBSCRIBE) {
        rest = p->subscribe.raw;
        while (p->type == MQTT_SUBSCRIBE ? mqtt_codec_next_filter(&rest, &filter) : mqtt_codec_next_name(&rest, &name))
            items++;
        CHECK(items == p->subscribe.count && items > 0 && rest.size == 0);
    }
}

/* Encodes `p` and decodes the result, which must be the same packet: encoding that gives the same bytes once more. */
static void round_trip(const struct mqtt_packet *p, enum mqtt_role from) {
    static uint8_t first[ROOM], second[ROOM];
    enum mqtt_version version = (enum mqtt_version)p->version;
    struct bytes_writer w = bytes_writer_of(first, ROOM), v = bytes_writer_of(second, ROOM);
    CHECK(mqtt_codec_encode(&w, p, version) == 0);
    CHECK(mqtt_codec_size(p, version) == bytes_written(&w) && !w.failed);
    struct mqtt_packet again;
    struct mqtt_fault fault;
    size_t consumed;
    struct bytes in = bytes_of(first, bytes_written(&w));
    CHECK(mqtt_codec_decode(in, version, from, 0, &again, &consumed, &fault) == 0);
    CHECK(consumed == in.size && again.type == p->type && again.version == p->version);
    CHECK(again.properties.present == p->properties.present);
    CHECK(mqtt_codec_encode(&v, &again, version) == 0);
    CHECK(bytes_equal(in, bytes_of(second, bytes_written(&v))));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const enum mqtt_version versions[] = {MQTT_3_1_1, MQTT_5_0, MQTT_ANY, MQTT_5_0};
    if (size < 1 || size > ROOM / 2)
        return 0;
    enum mqtt_version version = versions[data[0] & 3];
    enum mqtt_role from = data[0] & 4 || version == MQTT_ANY ? MQTT_CLIENT : MQTT_SERVER;
    uint32_t limit = data[0] & 8 ? 64 : 0;
    struct bytes in = bytes_of(data + 1, size - 1);
    for (unsigned n = 0; n < 100; n++) {
        struct mqtt_packet p;
        struct mqtt_fault fault = {0};
        size_t consumed = 0, total = 0;
        int result = mqtt_codec_decode(in, version, from, limit, &p, &consumed, &fault);
        if (result < 0) {
            CHECK(consumed == 0);
            CHECK(result == ERR_AGAIN || (fault.statement && fault.detail && fault.reason_code >= 0x80));
            break;
        }
        CHECK(consumed > 0 && consumed <= in.size && (limit == 0 || consumed <= limit));
        CHECK(mqtt_codec_frame(in, &total) == 0 && total == consumed);
        walk_lists(&p);
        round_trip(&p, from);
        /* one byte less is no packet yet */
        CHECK(mqtt_codec_decode(bytes_of(in.data, consumed - 1), version, from, limit, &p, &total, &fault) ==
              ERR_AGAIN);
        if (version == MQTT_ANY)
            version = (enum mqtt_version)p.version;
        in = bytes_of(in.data + consumed, in.size - consumed);
    }
    return 0;
}
