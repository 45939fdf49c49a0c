#include "made.h"

#include "base/check.h"
#include "scenario/load.h"

enum { IP_HEADER = 20, TCP_HEADER = 20, LINK_RAW = 101, PACKET_ROOM = 70000 };

void made_begin(struct made *m) {
    m->w = bytes_writer_of(m->data, sizeof m->data);
    bytes_write_u32(&m->w, 0xA1B23C4D);
    bytes_write_u32(&m->w, 0x00020004);
    bytes_write_u32(&m->w, 0);
    bytes_write_u32(&m->w, 0);
    bytes_write_u32(&m->w, 1 << 18);
    bytes_write_u32(&m->w, LINK_RAW);
}

FILE *made_file(const struct made *m) {
    CHECK(!m->w.failed);
    FILE *f = fmemopen((void *)(uintptr_t)m->data, bytes_written(&m->w), "r");
    CHECK(f != NULL);
    return f;
}

struct made_connection made_connection(struct made *m, uint8_t host, uint16_t port) {
    return (struct made_connection){m, host, port, {1000, 0xFFFFFF00}};
}

void made_segment(struct made_connection *c, unsigned side, int64_t ms, unsigned flags, struct bytes payload) {
    struct bytes_writer *w = &c->made->w;
    uint32_t client = UINT32_C(0x0A000000) | c->host, server = 0xC0000201;
    uint32_t size = (uint32_t)(IP_HEADER + TCP_HEADER + payload.size);
    bytes_write_u32(w, (uint32_t)(MADE_START_S + ms / 1000));
    bytes_write_u32(w, (uint32_t)(ms % 1000 * 1000000));
    bytes_write_u32(w, size);
    bytes_write_u32(w, size);
    bytes_write_u16(w, 0x4500);
    bytes_write_u16(w, (uint16_t)size);
    bytes_write_u32(w, 0);
    bytes_write_u32(w, 0x40060000);
    bytes_write_u32(w, side == 0 ? client : server);
    bytes_write_u32(w, side == 0 ? server : client);
    bytes_write_u16(w, side == 0 ? c->port : 1883);
    bytes_write_u16(w, side == 0 ? 1883 : c->port);
    bytes_write_u32(w, c->next[side]);
    bytes_write_u32(w, c->next[1 - side]);
    bytes_write_u16(w, (uint16_t)(0x5000 | flags));
    bytes_write_u16(w, 0xFFFF);
    bytes_write_u32(w, 0);
    bytes_write(w, payload);
    c->next[side] += (uint32_t)payload.size + ((flags & (FRAME_SYN | FRAME_FIN)) != 0);
}

void made_open(struct made_connection *c, int64_t ms) {
    made_segment(c, 0, ms, FRAME_SYN, bytes_of(NULL, 0));
    made_segment(c, 1, ms, FRAME_SYN | FRAME_ACK, bytes_of(NULL, 0));
}

void made_close(struct made_connection *c, unsigned side, int64_t ms) {
    made_segment(c, side, ms, FRAME_FIN | FRAME_ACK, bytes_of(NULL, 0));
    made_segment(c, 1 - side, ms, FRAME_FIN | FRAME_ACK, bytes_of(NULL, 0));
}

void made_say(struct made_connection *c, unsigned side, int64_t ms, const struct mqtt_packet *p) {
    uint8_t buffer[PACKET_ROOM];
    struct bytes_writer w = bytes_writer_of(buffer, sizeof buffer);
    CHECK(mqtt_codec_encode(&w, p, (enum mqtt_version)p->version) == 0);
    made_segment(c, side, ms, FRAME_ACK, bytes_of(buffer, bytes_written(&w)));
}

void made_join(struct made_connection *c, int64_t ms, const char *client_id, enum mqtt_version version) {
    struct mqtt_packet connect = {.type = MQTT_CONNECT, .version = (uint8_t)version};
    struct mqtt_packet connack = {.type = MQTT_CONNACK, .version = (uint8_t)version};
    connect.connect =
        (struct mqtt_connect){.clean_start = true, .keep_alive = 60, .client_id = bytes_of_text(client_id)};
    made_open(c, ms);
    made_say(c, 0, ms + 1, &connect);
    made_say(c, 1, ms + 2, &connack);
}

void made_publish(struct made_connection *c, int64_t ms, const char *topic, unsigned qos, struct bytes payload) {
    struct mqtt_packet p = {.type = MQTT_PUBLISH, .version = MQTT_3_1_1};
    p.publish = (struct mqtt_publish){
        .qos = (uint8_t)qos, .packet_id = qos > 0, .topic = bytes_of_text(topic), .payload = payload};
    made_say(c, 0, ms, &p);
}

struct plan *made_import(const struct made *m, const struct imported_options *options, struct text *scenario,
                         struct diagnostic_list *found) {
    struct observed_who who = {.client_id = "one"};
    struct talk_counts counts;
    struct observed o;
    struct node *root = NULL;
    struct plan *plan = NULL;
    char why[TALK_WHY_MAX];
    FILE *f = made_file(m);
    CHECK(observed_read(f, &who, &o, &counts, why) == 0);
    fclose(f);
    text_free(scenario);
    imported_write(&o, &counts, options, scenario);
    observed_free(&o);
    static const char *const name = "imported.yaml";
    struct load_options load = {
        .files = &name, .file_count = 1, .text = text_get(scenario), .text_size = scenario->size};
    diagnostic_init(found);
    if (load_scenario(&load, &root, found) == 0)
        plan = plan_compile(root, &(struct plan_options){0}, found);
    else
        node_free(root);
    for (size_t i = 0; plan == NULL && i < found->count; i++)
        printf("%s %s\n", found->items[i].code, found->items[i].message);
    if (plan == NULL)
        printf("%s", text_get(scenario));
    return plan;
}
