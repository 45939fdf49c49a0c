#include "backend/broker.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "harness.h"
#include "transcript.h"

static struct transcript t;

#define BEGIN(...)             transcript_begin(&t, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})
#define SEND(client, notation) transcript_send(&t, client, notation)

/* --- framing ------------------------------------------------------------------------------------------------------- */

static const char conversation[] =
    "10 [ <'MQTT'> 05 02 0000 {} <'a'> ] 82 [ 0001 { 0b 07 } <'x/#'> 02 <'$share/g/x/y'> 01 ] "
    "34 [ <'x/y'> 0002 { 23 0001 26 <'k'> <'v'> } 'hello' ] 62 02 0002 32 [ <> 0003 { 23 0001 } 'again' ] "
    "50 02 0001 70 02 0001 40 02 0002 40 02 0003 40 02 0004 a2 [ 0004 {} <'x/#'> <'no'> ] c0 00 e0 00";

/* What the broker says to the conversation, cut into pieces of the given sizes. */
static uint64_t answers(const uint8_t *data, size_t size, size_t first, size_t then) {
    BEGIN();
    transcript_open(&t, 0);
    for (size_t at = 0; at < size;) {
        size_t piece = at == 0 ? first : then;
        piece = piece < size - at ? piece : size - at;
        if (t.clients[0].connection != NULL)
            broker_input(t.broker, t.clients[0].connection, bytes_of(data + at, piece), t.now);
        at += piece;
    }
    uint64_t hash = hash_fnv1a64(t.clients[0].out, t.clients[0].size) + t.clients[0].size + t.clients[0].closed;
    transcript_end_empty(&t);
    return hash;
}

static void packets_may_be_cut_and_glued_anywhere(void) {
    uint8_t data[1024];
    size_t size = transcript_bytes(conversation, data, sizeof data);
    uint64_t whole = answers(data, size, size, size);
    unsigned different = answers(data, size, 1, 1) != whole; /* M5U-ROB-c */
    for (size_t cut = 1; cut < size; cut++)
        different += answers(data, size, cut, size) != whole;
    CU_ASSERT_EQUAL(different, 0);
    CU_ASSERT_NOT_EQUAL(whole, answers(data, size - 2, size, size));
}

static void an_idle_connection_keeps_no_buffer(void) {
    BEGIN();
    transcript_up4(&t, 0, "a");
    SEND(0, "c0 00");
    size_t idle = broker_memory(t.broker);
    SEND(0, "30 ff 7f 00");
    CU_ASSERT_TRUE(broker_memory(t.broker) > idle);
    static uint8_t rest[16384];
    rest[0] = 1;
    rest[1] = 'x';
    broker_input(t.broker, t.clients[0].connection, bytes_of(rest, 16382), t.now);
    CU_ASSERT_EQUAL(broker_memory(t.broker), idle);
    CU_ASSERT_TRUE(idle < 2048);
    transcript_end_empty(&t);
}

static void a_size_that_is_only_announced_costs_nothing(void) {
    BEGIN();
    transcript_up4(&t, 0, "a");
    size_t idle = broker_memory(t.broker);
    SEND(0, "30 ff ff ff 07 00 01"); /* 16 MiB */
    CU_ASSERT_TRUE(broker_memory(t.broker) <= idle + 1024);
    transcript_end_empty(&t);
}

/* --- ends ---------------------------------------------------------------------------------------------------------- */

static void violations_end_the_connection_with_their_reason(void) {
    static const struct {
        const char *sent;
        uint8_t reason;
        bool legal_in_3_1_1;
    } rows[] = {
        {"c1 00", 0x81, false},                       /* M5U-3.12-a */
        {"c0 01 00", 0x81, false},                    /* M5U-3.12-a */
        {"60 02 0001", 0x81, false},                  /* MQTT-3.6.1-1 */
        {"36 [ <'x'> 0001 {} ]", 0x81, false},        /* MQTT-3.3.1-4 */
        {"38 [ <'x'> {} ]", 0x81, false},             /* MQTT-3.3.1-2 */
        {"30 [ <'x+'> {} ]", 0x81, false},            /* MQTT-3.3.2-2 */
        {"30 [ <c080> {} ]", 0x81, false},            /* MQTT-1.5.4-1 */
        {"30 [ <'x'> { 01 00 01 00 } ]", 0x82, true}, /* M5U-3.3.2.3-a */
        {"30 ff ff ff ff 01", 0x81, false},           /* M5U-2.1.4-a */
        {"32 [ <'x'> 0000 {} ]", 0x82, false},        /* MQTT-2.2.1-3 */
        {"20 [ 00 00 {} ]", 0x82, false},             /* CONNACK is the server's */
        {"f0 [ 00 {} ]", 0x82, false},                /* AUTH without a method */
        {"e0 [ 00 { 11 00000001 } ]", 0x82, false},   /* M5U-3.14.2-a */
    };
    BEGIN();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        transcript_up5(&t, 0, "a");
        SEND(0, rows[i].sent);
        struct transcript_client *c = &t.clients[0];
        bool right = c->size > 2 && c->out[0] == 0xE0 && c->out[2] == rows[i].reason;
        CU_ASSERT_TRUE(right);
        if (!right)
            printf("  row %zu: %s: %02x\n", i, rows[i].sent, c->size > 2 ? c->out[2] : 0);
        CLOSED(0);
        transcript_up4(&t, 1, "b");
        SEND(1, rows[i].sent);
        GOT(1, ""); /* 3.1.1 has no DISCONNECT for that: MQTT-4.8.0-1 */
        CU_ASSERT_EQUAL(transcript_closed(&t, 1), !rows[i].legal_in_3_1_1);
        if (t.clients[1].connection != NULL)
            transcript_drop(&t, 1);
    }
    transcript_end_empty(&t);
}

static void silence_ends_at_one_and_a_half_keep_alives(void) {
    BEGIN();
    SEND(0, "10 [ <'MQTT'> 05 02 000a {} <'a'> ]");
    SEND(1, "10 [ <'MQTT'> 04 02 0000 <'b'> ]"); /* M3U-3.1.2-a */
    transcript_skip(&t, 0);
    transcript_skip(&t, 1);
    transcript_advance(&t, 10 * SPAN_S);
    SEND(0, "c0 00");
    GOT(0, "d0 00");
    transcript_advance(&t, 15 * SPAN_S - 1);
    SEND(0, "c0"); /* half a packet is no packet */
    GOT(0, "");
    transcript_advance(&t, 1); /* MQTT-3.1.2-22, M5U-3.1.2.10-a */
    GOT(0, "e0 01 8d");
    CLOSED(0);
    transcript_advance(&t, SPAN_DAY);
    CU_ASSERT_FALSE(transcript_closed(&t, 1));
    CU_ASSERT_EQUAL(broker_counts_of(t.broker)->keep_alive_timeouts, 1);
    transcript_end_empty(&t);
}

static void the_keep_alive_of_the_server_replaces_the_clients(void) {
    BEGIN("keep_alive=10s");
    SEND(0, "10 [ <'MQTT'> 05 02 0000 {} <'a'> ]");
    SEND(1, "10 [ <'MQTT'> 04 02 0000 <'b'> ]"); /* 3.1.1 cannot be told */
    transcript_advance(&t, 15 * SPAN_S);
    CLOSED(0);
    CU_ASSERT_FALSE(transcript_closed(&t, 1));
    transcript_end_empty(&t);
}

static void ignore_pings_ignores_them(void) {
    BEGIN("ignore_pings");
    transcript_up4(&t, 0, "a");
    SEND(0, "c0 00 c0 00");
    GOT(0, "");
    CU_ASSERT_EQUAL(t.misbehave.of[MISBEHAVE_IGNORE_PINGS].count, 2);
    transcript_end_empty(&t);
}

static void shutting_down_says_goodbye_without_wills(void) {
    BEGIN();
    transcript_up5(&t, 0, "a");
    transcript_subscribe5(&t, 0, "#", 0);
    SEND(1, "10 [ <'MQTT'> 04 0e 0000 <'b'> <'w'> <'gone'> ]");
    transcript_skip(&t, 1);
    transcript_open(&t, 2);
    broker_shut_down(t.broker, t.now);
    GOT(0, "e0 01 8b");
    CLOSED(0);
    GOT(1, "");
    CLOSED(1);
    GOT(2, "");
    CLOSED(2);
    CU_ASSERT_EQUAL(broker_counts_of(t.broker)->connections, 0);
    transcript_end(&t);
}

static void a_reason_string_never_makes_disconnect_too_large(void) {
    BEGIN();
    SEND(0, "10 [ <'MQTT'> 05 02 0000 { 27 00000014 } <'a'> ]");
    transcript_skip(&t, 0);
    SEND(0, "10 [ <'MQTT'> 05 02 0000 {} <'a'> ]"); /* MQTT-3.14.2-3 */
    GOT(0, "e0 01 82");
    CLOSED(0);
    transcript_end_empty(&t);
}

/* --- limits, options ----------------------------------------------------------------------------------------------- */

static void connections_are_limited(void) {
    BEGIN("connections=2");
    transcript_open(&t, 0);
    transcript_open(&t, 1);
    CU_ASSERT_PTR_NULL(broker_open(t.broker, &t.clients[2], 0));
    transcript_drop(&t, 0);
    transcript_open(&t, 2);
    transcript_end_empty(&t);
}

static void senseless_limits_are_refused(void) {
    struct broker_sink sink = {0};
    struct broker_options o;
    struct broker *b;
    broker_options_default(&o);
    o.limits.receive_maximum = 0;
    CU_ASSERT_EQUAL(broker_new(&o, &sink, &b), ERR_INVALID);
    broker_options_default(&o);
    o.limits.inflight_max = 40000;
    CU_ASSERT_EQUAL(broker_new(&o, &sink, &b), ERR_INVALID);
    broker_free(NULL);
}

static void what_waits_for_admission_is_bounded(void) {
    BEGIN("packet=1KiB", "admit=0.001/s", "admit_wait");
    SEND(1, "10 [ <'MQTT'> 04 02 0000 <'x'> ]");
    SEND(2, "10 [ <'MQTT'> 04 02 0000 <'y'> ]");
    SEND(0, "10 [ <'MQTT'> 04 02 0000 <'a'> ]");
    uint8_t filler[600] = {0};
    broker_input(t.broker, t.clients[0].connection, bytes_of(filler, sizeof filler), t.now);
    CU_ASSERT_PTR_NOT_NULL(t.clients[0].connection);
    broker_input(t.broker, t.clients[0].connection, bytes_of(filler, sizeof filler), t.now);
    CU_ASSERT_TRUE(transcript_was_reset(&t, 0));
    transcript_end(&t);
}

static void ten_thousand_subscribers_get_one_message(void) {
    transcript_init(&t);
    t.options.limits.connections_max = 10001;
    t.options.limits.sessions_max = 10001;
    transcript_start(&t);
    static struct broker_connection *crowd[10000];
    static struct transcript_client shared;
    shared.out = t.clients[15].out;
    uint8_t data[128];
    for (unsigned i = 0; i < 10000; i++) {
        char text[128];
        snprintf(text, sizeof text, "10 [ <'MQTT'> 04 02 0000 <'c%u'> ] 82 [ 0001 <'news'> 00 ]", i);
        crowd[i] = broker_open(t.broker, &shared, 0);
        size_t size = transcript_bytes(text, data, sizeof data);
        broker_input(t.broker, crowd[i], bytes_of(data, size), 0);
    }
    shared.size = 0;
    transcript_up4(&t, 0, "p");
    SEND(0, "30 [ <'news'> 'x' ]");
    CU_ASSERT_EQUAL(shared.size, 10000 * 9);
    CU_ASSERT_EQUAL(broker_counts_of(t.broker)->delivered[0], 10000);
    CU_ASSERT_TRUE(broker_memory(t.broker) < 10000 * 1024);
    transcript_end(&t);
}

static void the_report_has_every_count(void) {
    BEGIN("drop=2");
    transcript_up4(&t, 0, "a");
    SEND(0, "32 [ <'x'> 0001 ] 32 [ <'x'> 0002 ]");
    struct text text = {0};
    struct json_write w = json_write_to(&text, 0);
    broker_report(t.broker, &w);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&text), "\"accepted\":1"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&text), "\"published_qos1\":2"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&text), "\"misbehave\":{\"drop\":{\"value\":\"2\",\"count\":1}}"));
    text_free(&text);
    transcript_end_empty(&t);
}

static void the_same_calls_give_the_same_bytes(void) {
    uint64_t hashes[2];
    for (int round = 0; round < 2; round++) {
        BEGIN("service=exp(5ms)", "duplicate=3", "reorder=5");
        uint64_t hash = 0;
        for (unsigned i = 0; i < 8; i++) {
            char text[128];
            snprintf(text, sizeof text,
                     "10 [ <'MQTT'> 05 02 0000 {} <'c%u'> ] 82 [ 0001 {} <'$share/g/#'> 00 <'%u/+'> 01 ]", i, i % 3);
            SEND(i, text);
        }
        for (unsigned i = 0; i < 200; i++) {
            char text[128];
            snprintf(text, sizeof text, "32 [ <'%u/x'> %04x {} '%u' ]", i % 3, i + 1, i);
            SEND(i % 8, text);
            transcript_advance(&t, SPAN_MS);
        }
        transcript_advance(&t, SPAN_S);
        for (unsigned i = 0; i < 8; i++)
            hash = hash_fold(hash, hash_fnv1a64(t.clients[i].out, t.clients[i].size));
        hashes[round] = hash;
        transcript_end_empty(&t);
    }
    CU_ASSERT_EQUAL(hashes[0], hashes[1]);
}

HARNESS_MAIN("broker", HARNESS_CASE(packets_may_be_cut_and_glued_anywhere),
             HARNESS_CASE(an_idle_connection_keeps_no_buffer),
             HARNESS_CASE(a_size_that_is_only_announced_costs_nothing),
             HARNESS_CASE(violations_end_the_connection_with_their_reason),
             HARNESS_CASE(silence_ends_at_one_and_a_half_keep_alives),
             HARNESS_CASE(the_keep_alive_of_the_server_replaces_the_clients), HARNESS_CASE(ignore_pings_ignores_them),
             HARNESS_CASE(shutting_down_says_goodbye_without_wills),
             HARNESS_CASE(a_reason_string_never_makes_disconnect_too_large), HARNESS_CASE(connections_are_limited),
             HARNESS_CASE(senseless_limits_are_refused), HARNESS_CASE(what_waits_for_admission_is_bounded),
             HARNESS_CASE(ten_thousand_subscribers_get_one_message), HARNESS_CASE(the_report_has_every_count),
             HARNESS_CASE(the_same_calls_give_the_same_bytes))
