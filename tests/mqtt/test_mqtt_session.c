#include "mqtt/mqtt_session.h"

#include "base/draw.h"
#include "bed.h"

static struct bed bed;

/* ---- keep alive and timeouts ------------------------------------------------------------------------------------- */

static void begin_with_keepalive(uint16_t seconds) {
    bed_begin(&bed, MQTT_5_0);
    bed.config.keepalive_s = seconds;
    bed_accept(&bed, false, "00");
    bed_step(&bed, 0);
}

static instant next(void) {
    return mqtt_session_next_deadline(&bed.session, &bed.config);
}

static void ping_comes_a_keep_alive_after_the_last_sending(void) { /* MQTT-3.1.2-20 */
    begin_with_keepalive(30);
    CU_ASSERT_EQUAL(next(), 30 * SPAN_S);
    bed_step(&bed, 20 * SPAN_S);
    bed_publish(&bed, 0, "a", "x");
    CU_ASSERT_EQUAL(next(), 50 * SPAN_S);
    bed_step(&bed, 40 * SPAN_S);
    bed_feed(&bed, "30 * 00 01 'a' 00"); /* receiving is not sending */
    CU_ASSERT_EQUAL(next(), 50 * SPAN_S);
    bed_feed(&bed, "32 * 00 01 'a' 00 01 00"); /* its PUBACK is */
    CU_ASSERT_EQUAL(next(), 70 * SPAN_S);
    bed_due(&bed, 69 * SPAN_S);
    CU_ASSERT(bed_wrote(&bed, ""));
    bed_due(&bed, 70 * SPAN_S);
    CU_ASSERT(bed_wrote(&bed, "C0 00"));
    CU_ASSERT(bed.step.op_count == 1 && bed.step.ops[0]->kind == OP_MQTT_PING);
    CU_ASSERT(bed.step.ops[0]->intended == 70 * SPAN_S && bed.step.ops[0]->emitted == 70 * SPAN_S);
    bed_step(&bed, 71 * SPAN_S);
    bed_feed(&bed, "D0 00");
    const struct event *e = bed_event(&bed, EVENT_OP_END, 0);
    CU_ASSERT(e && e->op.kind == OP_MQTT_PING && e->outcome == OP_OK);
    CU_ASSERT_EQUAL(next(), 100 * SPAN_S);
    bed_end(&bed);
}

static void a_busy_device_never_pings(void) {
    begin_with_keepalive(30);
    for (unsigned i = 1; i < 20; i++) {
        bed_step(&bed, i * 29 * SPAN_S);
        bed_publish(&bed, 0, "a", "x");
        bed_due(&bed, i * 29 * SPAN_S);
        CU_ASSERT(bed_wrote(&bed, ""));
    }
    bed_end(&bed);
}

static void the_servers_keep_alive_rules(void) { /* MQTT-3.1.2-21, MQTT-3.2.2-21 */
    bed_begin(&bed, MQTT_5_0);
    bed.config.keepalive_s = 30;
    bed_accept(&bed, false, "03 13 00 05");
    CU_ASSERT_EQUAL(next(), 5 * SPAN_S);
    bed_down(&bed);
    bed_accept(&bed, false, "00"); /* and on the next connection ours again */
    CU_ASSERT_EQUAL(next(), 30 * SPAN_S);
    bed_down(&bed);
    bed_accept(&bed, false, "03 13 00 00");
    CU_ASSERT_EQUAL(next(), INSTANT_NEVER);
    bed_end(&bed);
}

static void no_keep_alive_no_ping(void) {
    begin_with_keepalive(0);
    CU_ASSERT_EQUAL(next(), INSTANT_NEVER);
    bed_due(&bed, SPAN_DAY);
    CU_ASSERT(bed_wrote(&bed, "") && bed.step.event_count == 0);
    bed_end(&bed);
}

static void a_missing_pingresp_closes(void) {
    begin_with_keepalive(30);
    bed_due(&bed, 30 * SPAN_S);
    CU_ASSERT_EQUAL(next(), 40 * SPAN_S);
    bed_step(&bed, 35 * SPAN_S);
    bed_publish(&bed, 0, "a", "x");
    bed_due(&bed, 40 * SPAN_S);
    const struct event *e = bed_event(&bed, EVENT_OP_END, 0);
    CU_ASSERT(e && e->op.kind == OP_MQTT_PING && e->outcome == OP_TIMEOUT);
    CU_ASSERT(bed_closes(&bed, CLOSE_PING_TIMEOUT, 0) && bed_wrote(&bed, ""));
    CU_ASSERT_EQUAL(next(), INSTANT_NEVER);
    bed_end(&bed);
}

static void a_missing_connack_closes(void) {
    bed_begin(&bed, MQTT_3_1_1);
    bed_step(&bed, SPAN_S);
    bed_connect(&bed);
    CU_ASSERT_EQUAL(next(), 11 * SPAN_S);
    bed_due(&bed, 11 * SPAN_S - 1);
    CU_ASSERT_EQUAL(bed.step.event_count, 0);
    bed_due(&bed, 11 * SPAN_S);
    CU_ASSERT(bed_ended(&bed, 1, OP_TIMEOUT, 0) && bed_closes(&bed, CLOSE_CONNACK_TIMEOUT, 0));
    bed_down(&bed);
    CU_ASSERT_EQUAL(bed.step.event_count, 0); /* it ends once */
    bed_end(&bed);
}

/* ---- life ---------------------------------------------------------------------------------------------------------- */

static void disconnect_says_so_and_closes(void) {
    bed_online(&bed, MQTT_5_0);
    CU_ASSERT_EQUAL(mqtt_session_disconnect(&bed.session, &bed.config, &bed.step, 0), 0);
    CU_ASSERT(bed_wrote(&bed, "E0 00") && bed_closes(&bed, CLOSE_POLITE, 0));
    CU_ASSERT_EQUAL(bed_publish(&bed, 0, "a", "x"), ERR_AGAIN); /* MQTT-3.14.4-1 */
    CU_ASSERT_EQUAL(mqtt_session_disconnect(&bed.session, &bed.config, &bed.step, 0), ERR_AGAIN);
    bed_end(&bed);
    bed_online(&bed, MQTT_5_0);
    mqtt_session_disconnect(&bed.session, &bed.config, &bed.step, 0x04); /* the will is kept */
    CU_ASSERT(bed_wrote(&bed, "E0 01 04"));
    bed_end(&bed);
    bed_online(&bed, MQTT_3_1_1);
    mqtt_session_disconnect(&bed.session, &bed.config, &bed.step, 0x04);
    CU_ASSERT(bed_wrote(&bed, "E0 00"));
    bed_end(&bed);
}

static void a_connection_that_ends_before_connack_breaks_the_connect(void) {
    bed_begin(&bed, MQTT_3_1_1);
    bed_connect(&bed);
    CU_ASSERT_EQUAL(bed_connect(&bed), ERR_PROTOCOL);
    bed_step(&bed, 5);
    CU_ASSERT(!mqtt_session_down(&bed.session, &bed.config, &bed.step, OP_TIMEOUT));
    CU_ASSERT(bed_ended(&bed, 1, OP_TIMEOUT, 0) && bed.step.event_count == 1);
    CU_ASSERT_EQUAL(mqtt_session_state(&bed.session), MQTT_IDLE);
    bed_end(&bed);
}

static void nothing_happens_while_idle(void) {
    bed_begin(&bed, MQTT_5_0);
    CU_ASSERT_EQUAL(bed_feed(&bed, "20 03 00 00 00"), 0);
    CU_ASSERT_EQUAL(bed_publish(&bed, 0, "a", "x"), ERR_AGAIN);
    CU_ASSERT_EQUAL(mqtt_session_disconnect(&bed.session, &bed.config, &bed.step, 0), ERR_AGAIN);
    bed_due(&bed, SPAN_H);
    CU_ASSERT(bed.step.event_count == 0 && bed_wrote(&bed, "") && next() == INSTANT_NEVER);
    CU_ASSERT_EQUAL(mqtt_session_window(&bed.session, &bed.config), 0);
    bed_end(&bed);
}

static void the_packet_size_is_known_from_the_header(void) {
    bed_online(&bed, MQTT_5_0);
    CU_ASSERT_EQUAL(mqtt_session_packet_size(&bed.session, &bed.config, bytes_of("\x30", 1)), 0);
    CU_ASSERT_EQUAL(mqtt_session_packet_size(&bed.session, &bed.config, bytes_of("\x30\x80\x01", 3)), 131);
    CU_ASSERT_EQUAL(mqtt_session_packet_size(&bed.session, &bed.config, bytes_of("\x30\xff\xff\xff\x7f", 5)), 0);
    bed.config.maximum_packet_size = 100;
    CU_ASSERT_EQUAL(mqtt_session_packet_size(&bed.session, &bed.config, bytes_of("\x30\x80\x01", 3)), 0);
    bed_end(&bed);
}

static void an_idle_session_holds_no_memory(void) {
    bed_online(&bed, MQTT_5_0);
    CU_ASSERT_EQUAL(pool_in_use(bed.pool), 0);
    bed_publish(&bed, 1, "a", "x");
    bed_subscribe(&bed, "a");
    bed_feed(&bed, "40 02 00 01");
    bed_feed(&bed, "90 04 00 02 00 00");
    bed_feed(&bed, "34 * 00 01 'a' 00 07 00 'x'");
    CU_ASSERT(pool_in_use(bed.pool) > 0);
    bed_feed(&bed, "62 02 00 07");
    CU_ASSERT_EQUAL(pool_in_use(bed.pool), 0);
    bed_end(&bed);
}

/* ---- however the bytes come ---------------------------------------------------------------------------------------- */

struct record {
    uint8_t data[1 << 14];
    size_t size;
};

static void note(struct record *r, const void *data, size_t size) {
    CHECK(r->size + size <= sizeof r->data);
    if (size)
        memcpy(r->data + r->size, data, size);
    r->size += size;
}

/* All of an event that may not depend on how the input was cut; how much of a broken packet was there does. */
static void note_step(struct record *events, struct record *out) {
    for (unsigned i = 0; i < bed.step.event_count; i++) {
        const struct event *e = &bed.step.events[i];
        const uint8_t head[] = {e->kind,          e->outcome,         e->reason_code, e->close_reason, e->qos,
                                (uint8_t)e->op.n, e->session_present, e->retain,      e->duplicate};
        note(events, head, sizeof head);
        note(events, e->topic.data, e->topic.size);
        note(events, e->payload.data, e->payload.size);
        note(events, e->mark.data, e->mark.size);
        note(events, e->statement, e->statement ? strlen(e->statement) : 0);
    }
    note(out, bed.step.out.start, bytes_written(&bed.step.out));
}

/* Gives `in` in pieces that end at the set cuts, with the reassembly that a caller does. */
static void deliver(struct bytes in, const bool *cut, struct record *events, struct record *out) {
    size_t used = 0;
    for (size_t given = 1; given <= in.size; given++) {
        if (!cut[given] && given < in.size)
            continue;
        size_t size;
        do {
            /* a copy of just these bytes: a sanitizer sees what looks beyond */
            uint8_t *copy = malloc(given - used + 1);
            memcpy(copy, in.data + used, given - used);
            bed_step(&bed, bed.step.now);
            size = mqtt_session_input(&bed.session, &bed.config, &bed.step, bytes_of(copy, given - used));
            note_step(events, out);
            free(copy);
            used += size;
        } while (size > 0 && used < given);
    }
}

struct conversation {
    const char *name;
    enum mqtt_version version;
    bool auth;
    const char *greeting, *rest; /* up to CONNACK; after our messages 1 (QoS 1), 2 (QoS 2) and SUBSCRIBE 3 */
};

static const struct conversation conversations[] = {
    {"3.1.1", MQTT_3_1_1, false, "20 02 00 00",
     "40 02 00 01 50 02 00 02 90 03 00 03 01 70 02 00 02 | 30 * 00 03 'a/b' 'hello' | 32 * 00 01 'a' 00 05 'x' |"
     "34 * 00 01 'a' 00 06 'y' | 3C * 00 01 'a' 00 06 'y' | 62 02 00 06 62 02 00 06 D0 00 | 30 * 00 01 'a' 'end'"},
    {"5.0", MQTT_5_0, true,
     "F0 * 18 0A 15 00 02 'pw' 16 00 02 'ch' | 20 * 00 00 10 15 00 02 'pw' 16 00 02 'ok' 21 00 08 22 00 05",
     "40 * 00 01 87 05 1F 00 02 'no' | 50 03 00 02 10 | 90 * 00 03 05 1F 00 02 'ok' 01 | 70 04 00 02 00 00 |"
     "30 * 00 03 'a/b' 0D 23 00 01 26 00 01 'm' 00 04 'MARK' 'hello' | 31 * 00 00 03 23 00 01 'again' |"
     "34 * 00 01 'a' 00 06 02 0B 07 'y' | 62 03 00 06 92 | 62 02 00 09 | E0 * 9D 0B 1C 00 01 'o' 1F 00 04 'gone'"},
    {"3.1.1, hostile", MQTT_3_1_1, false, "20 02 00 00", "30 * 00 01 'a' | 40 02 00 01 | 30 07 FF FF 'ABCDE' | D0 00"},
    {"5.0, hostile length", MQTT_5_0, false, "20 03 00 00 00", "30 * 00 01 'a' 00 | 30 FF FF FF FF 7F | D0 00"},
    {"5.0, hostile properties", MQTT_5_0, false, "20 0B 00 00 80 FF FF 0A 27 00 98 96 80", "D0 00"},
    {"5.0, too large", MQTT_5_0, false, "20 03 00 00 00", "30 * 00 01 'a' 00 | 30 80 80 80 01 00"},
    {"5.0, wrong role", MQTT_5_0, false, "20 03 00 00 00", "C0 00"},
    {"5.0, alias unknown", MQTT_5_0, false, "20 03 00 00 00", "30 * 00 00 03 23 00 02"},
    {"5.0, stray ack", MQTT_5_0, false, "20 03 00 00 00", "40 02 00 09 D0 00"},
};
enum { CONVERSATIONS = sizeof conversations / sizeof conversations[0] };

static void parse_parts(struct vector *v, const char *text) {
    static struct vector part;
    v->size = 0;
    for (const char *at = text; *at;) {
        char one[1024];
        size_t size = strcspn(at, "|");
        CHECK(size < sizeof one);
        memcpy(one, at, size);
        one[size] = 0;
        vector_parse(&part, one);
        vector_put(v, part.data, part.size);
        at += size + (at[size] == '|');
    }
}

static void talk(const struct conversation *c, const bool *cut, size_t *sizes, struct record *events,
                 struct record *out) {
    static struct vector greeting, rest;
    events->size = out->size = 0;
    bed_begin(&bed, c->version);
    bed.config.topic_alias_maximum = c->auth ? 5 : 0;
    bed.config.maximum_packet_size = c->version == MQTT_5_0 ? 1000 : 0;
    if (c->auth)
        bed.config.authentication_method = bytes_of_text("pw");
    bed_connect(&bed);
    parse_parts(&greeting, c->greeting);
    parse_parts(&rest, c->rest);
    deliver(vector_bytes(&greeting), cut, events, out);
    bed_step(&bed, 0);
    bed_publish(&bed, 1, "a", "1");
    bed_publish(&bed, 2, "a", "2");
    bed_subscribe(&bed, "a");
    note_step(events, out);
    deliver(vector_bytes(&rest), cut + greeting.size, events, out);
    sizes[0] = greeting.size;
    sizes[1] = rest.size;
    bed_end(&bed);
}

static bool same(const struct record *a, const struct record *b) {
    return a->size == b->size && memcmp(a->data, b->data, a->size) == 0;
}

static void events_do_not_depend_on_how_the_bytes_come(void) {
    static struct record whole, whole_out, got, got_out;
    static bool cut[2048];
    size_t sizes[2];
    for (unsigned i = 0; i < CONVERSATIONS; i++) {
        const struct conversation *c = &conversations[i];
        memset(cut, 0, sizeof cut);
        talk(c, cut, sizes, &whole, &whole_out);
        CU_ASSERT(whole.size > 0 && whole_out.size > 0);
        size_t total = sizes[0] + sizes[1];
        CHECK(total < 2000);
        for (size_t at = 1; at < total; at++) { /* split at every offset */
            memset(cut, 0, sizeof cut);
            cut[at] = true;
            talk(c, cut, sizes, &got, &got_out);
            CU_ASSERT(same(&whole, &got) && same(&whole_out, &got_out));
        }
        memset(cut, 1, sizeof cut); /* one byte at a time */
        talk(c, cut, sizes, &got, &got_out);
        bool ok = same(&whole, &got) && same(&whole_out, &got_out);
        CU_ASSERT(ok);
        if (!ok)
            vector_blame(c->name, "byte by byte differs");
        for (unsigned seed = 0; seed < 50; seed++) { /* any pieces */
            for (size_t at = 0; at < total; at++)
                cut[at] = draw_below(draw_u64(seed, i, 0, at), 4) == 0;
            talk(c, cut, sizes, &got, &got_out);
            CU_ASSERT(same(&whole, &got) && same(&whole_out, &got_out));
        }
    }
}

static void operations_in_flight_can_be_walked(void) {
    begin_with_keepalive(10);
    CU_ASSERT_PTR_NULL(mqtt_session_next_op(&bed.session, NULL));
    bed_due(&bed, 10 * SPAN_S); /* the ping */
    bed_publish(&bed, 1, "t", "a");
    bed_publish(&bed, 2, "t", "b");
    bed_subscribe(&bed, "f");
    static const uint8_t kinds[] = {OP_MQTT_PUBLISH, OP_MQTT_PUBLISH, OP_MQTT_SUBSCRIBE, OP_MQTT_PING};
    struct op *op = NULL;
    for (size_t i = 0; i < sizeof kinds; i++) {
        op = mqtt_session_next_op(&bed.session, op);
        CU_ASSERT_PTR_NOT_NULL_FATAL(op);
        CU_ASSERT_EQUAL(op->kind, kinds[i]);
    }
    CU_ASSERT_PTR_NULL(mqtt_session_next_op(&bed.session, op));
    bed_end(&bed);
}

/* ---- no memory ------------------------------------------------------------------------------------------------------ */

static uint32_t begun, ended;

static void count_ends(void) {
    for (unsigned i = 0; i < bed.step.event_count; i++)
        ended += bed.step.events[i].kind == EVENT_OP_END;
    bed_step(&bed, bed.step.now);
}

static void try_publish(uint8_t qos) {
    int result = bed_publish(&bed, qos, "topic", "payload");
    CU_ASSERT(result == 0 || result == ERR_NO_MEMORY || result == ERR_AGAIN);
    begun += result == 0;
    count_ends();
}

static void try_feed(const char *packet) {
    bed_feed(&bed, packet);
    count_ends();
}

/* A life in which everything allocates once or more. */
static void live(void) {
    begun += bed_connect(&bed) == 0;
    count_ends();
    try_feed("20 * 00 00 06 22 00 05 21 00 09");
    try_publish(1);
    try_publish(2);
    try_publish(0);
    int result = bed_subscribe(&bed, "a");
    CU_ASSERT(result == 0 || result == ERR_NO_MEMORY || result == ERR_AGAIN);
    begun += result == 0;
    count_ends();
    for (unsigned id = 1; id <= 20; id++) {
        char packet[64];
        snprintf(packet, sizeof packet, "34 * 00 01 'a' 00 %02X 03 23 00 %02X", id, id % 16 + 1);
        try_feed(packet);
        snprintf(packet, sizeof packet, "30 * 00 02 'bc' 03 23 00 %02X", id % 16 + 1);
        try_feed(packet);
    }
    bed_due(&bed, 60 * SPAN_S);
    begun += bed.step.op_count;
    count_ends();
    bed_step(&bed, 61 * SPAN_S);
    while (mqtt_session_down(&bed.session, &bed.config, &bed.step, OP_BROKEN))
        count_ends();
    count_ends();
    begun += bed_connect(&bed) == 0;
    count_ends();
    try_feed("20 03 00 00 00");
    try_publish(1);
}

static void live_with(size_t pool_bytes, bool drop) {
    bed_begin_with(&bed, MQTT_5_0, pool_bytes);
    bed.config.keepalive_s = 60;
    bed.config.suback_timeout = 0;
    bed.config.topic_alias_maximum = 20;
    bed.config.use_topic_aliases = true;
    bed.config.drop_on_session_lost = drop;
    begun = ended = 0;
    live();
    while (mqtt_session_finish(&bed.session, &bed.step))
        count_ends();
    count_ends();
    CU_ASSERT_EQUAL(begun, ended);
    bed_end(&bed);
}

/* Under the address sanitizer every block counts by itself, so that each allocation is the failing one for some cap. */
static void a_pool_that_fails_anywhere_leaks_nothing_and_ends_every_operation(void) {
    for (size_t cap = 0; cap < 12000; cap += 40)
        live_with(cap, cap % 80 == 0);
    live_with(64 << 20, false);
    CU_ASSERT_EQUAL(begun, 8);
}

HARNESS_MAIN("mqtt_session", HARNESS_CASE(ping_comes_a_keep_alive_after_the_last_sending),
             HARNESS_CASE(a_busy_device_never_pings), HARNESS_CASE(the_servers_keep_alive_rules),
             HARNESS_CASE(no_keep_alive_no_ping), HARNESS_CASE(a_missing_pingresp_closes),
             HARNESS_CASE(a_missing_connack_closes), HARNESS_CASE(disconnect_says_so_and_closes),
             HARNESS_CASE(a_connection_that_ends_before_connack_breaks_the_connect),
             HARNESS_CASE(nothing_happens_while_idle), HARNESS_CASE(the_packet_size_is_known_from_the_header),
             HARNESS_CASE(an_idle_session_holds_no_memory), HARNESS_CASE(operations_in_flight_can_be_walked),
             HARNESS_CASE(events_do_not_depend_on_how_the_bytes_come),
             HARNESS_CASE(a_pool_that_fails_anywhere_leaks_nothing_and_ends_every_operation))
