#include "transcript.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/broker_settings.h"
#include "base/check.h"
#include "harness.h"

enum { DEPTH_MAX = 8, NOTATION_MAX = 4096 };

/* --- notation ------------------------------------------------------------------------------------------------------ */

static size_t length_bytes(char open, size_t length, uint8_t *out) {
    size_t n = 0;
    if (open == '<') {
        out[0] = (uint8_t)(length >> 8);
        out[1] = (uint8_t)length;
        return 2;
    }
    do {
        out[n++] = (uint8_t)((length & 0x7F) | (length > 0x7F ? 0x80 : 0));
        length >>= 7;
    } while (length > 0);
    return n;
}

static unsigned hex_digit(char c) {
    return (unsigned)(isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10);
}

size_t transcript_bytes(const char *s, uint8_t *out, size_t room) {
    struct {
        char open;
        size_t at;
    } stack[DEPTH_MAX];
    size_t size = 0, depth = 0;
    for (; *s != '\0'; s++) {
        CHECK(size + 8 < room);
        if (*s == ' ')
            continue;
        if (*s == '\'') {
            while (*++s != '\'') {
                CHECK(*s != '\0' && size + 8 < room);
                out[size++] = (uint8_t)*s;
            }
        } else if (strchr("<[{", *s) != NULL) {
            CHECK(depth < DEPTH_MAX);
            stack[depth].open = *s;
            stack[depth++].at = size;
        } else if (strchr(">]}", *s) != NULL) {
            uint8_t length[4];
            CHECK(depth > 0);
            size_t at = stack[--depth].at, n = length_bytes(stack[depth].open, size - at, length);
            memmove(out + at + n, out + at, size - at);
            memcpy(out + at, length, n);
            size += n;
        } else {
            CHECK(isxdigit((unsigned char)s[0]) && isxdigit((unsigned char)s[1]));
            out[size++] = (uint8_t)(hex_digit(s[0]) * 16 + hex_digit(s[1]));
            s++;
        }
    }
    CHECK(depth == 0);
    return size;
}

/* --- the sink ------------------------------------------------------------------------------------------------------ */

static void sink_send(void *context, void *peer, struct bytes data) {
    (void)context;
    struct transcript_client *c = peer;
    CHECK(!c->closed && c->size + data.size <= TRANSCRIPT_BYTES);
    memcpy(c->out + c->size, data.data, data.size);
    c->size += data.size;
}

static void sink_close(void *context, void *peer, bool reset) {
    (void)context;
    struct transcript_client *c = peer;
    CHECK(!c->closed);
    c->connection = NULL;
    c->closed = true;
    c->reset = reset;
}

static size_t sink_backlog(void *context, const void *peer) {
    (void)context;
    return ((const struct transcript_client *)peer)->backlog;
}

/* --- life ---------------------------------------------------------------------------------------------------------- */

void transcript_init(struct transcript *t) {
    memset(t, 0, sizeof *t);
    broker_options_default(&t->options);
    t->options.limits.connections_max = 64;
    t->options.limits.sessions_max = 256;
    t->options.limits.memory_max = 256 << 20;
    misbehave_init(&t->misbehave);
    t->options.misbehave = &t->misbehave;
    for (unsigned i = 0; i < TRANSCRIPT_CLIENTS; i++) {
        t->clients[i].out = malloc(TRANSCRIPT_BYTES);
        CHECK(t->clients[i].out != NULL);
    }
}

void transcript_start(struct transcript *t) {
    struct broker_sink sink = {t, sink_send, sink_close, sink_backlog};
    CU_ASSERT_EQUAL_FATAL(broker_new(&t->options, &sink, &t->broker), 0);
}

void transcript_begin(struct transcript *t, const char *const *settings) {
    char why[256];
    transcript_init(t);
    for (size_t i = 0; settings != NULL && settings[i] != NULL; i++)
        CU_ASSERT_EQUAL_FATAL(broker_settings_set(&t->options, settings[i], why, sizeof why), 0);
    transcript_start(t);
}

void transcript_end(struct transcript *t) {
    broker_free(t->broker);
    for (unsigned i = 0; i < TRANSCRIPT_CLIENTS; i++)
        free(t->clients[i].out);
}

void transcript_end_empty(struct transcript *t) {
    for (unsigned i = 0; i < TRANSCRIPT_CLIENTS; i++)
        if (t->clients[i].connection != NULL)
            transcript_drop(t, i);
    transcript_advance(t, 2 * SPAN_DAY);
    const struct broker_counts *n = broker_counts_of(t->broker);
    CU_ASSERT_EQUAL(n->connections, 0);
    CU_ASSERT_EQUAL(n->sessions, 0);
    CU_ASSERT_EQUAL(n->subscriptions, 0);
    transcript_end(t);
}

void transcript_open(struct transcript *t, unsigned client) {
    struct transcript_client *c = &t->clients[client];
    c->size = 0;
    c->closed = c->reset = false;
    c->connection = broker_open(t->broker, c, t->now);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c->connection);
}

static void send_bytes(struct transcript *t, unsigned client, const uint8_t *data, size_t size) {
    struct transcript_client *c = &t->clients[client];
    if (c->connection == NULL)
        transcript_open(t, client);
    /* A copy of exactly that size, so that a read beyond its end is found. */
    uint8_t *exact = malloc(size + 1);
    CHECK(exact != NULL);
    memcpy(exact + 1, data, size);
    broker_input(t->broker, c->connection, bytes_of(exact + 1, size), t->now);
    free(exact);
}

void transcript_send(struct transcript *t, unsigned client, const char *notation) {
    uint8_t data[NOTATION_MAX];
    send_bytes(t, client, data, transcript_bytes(notation, data, sizeof data));
}

static void show(const char *title, const uint8_t *data, size_t size) {
    printf("  %s:", title);
    for (size_t i = 0; i < size; i++)
        printf(data[i] > 32 && data[i] < 127 && data[i] != '\'' ? " %02x(%c)" : " %02x", data[i], data[i]);
    printf("\n");
}

bool transcript_got(struct transcript *t, unsigned client, const char *notation) {
    uint8_t wanted[NOTATION_MAX];
    struct transcript_client *c = &t->clients[client];
    size_t size = transcript_bytes(notation, wanted, sizeof wanted);
    bool same = size == c->size && memcmp(wanted, c->out, size) == 0;
    if (!same) {
        printf("client %u:\n", client);
        show("wanted", wanted, size);
        show("got   ", c->out, c->size);
    }
    c->size = 0;
    return same;
}

void transcript_skip(struct transcript *t, unsigned client) {
    t->clients[client].size = 0;
}

bool transcript_got_last(struct transcript *t, unsigned client, const char *notation) {
    uint8_t wanted[NOTATION_MAX];
    struct transcript_client *c = &t->clients[client];
    size_t size = transcript_bytes(notation, wanted, sizeof wanted);
    bool same = c->size >= size && memcmp(wanted, c->out + c->size - size, size) == 0;
    if (!same)
        show("got   ", c->out, c->size);
    c->size = 0;
    return same;
}

bool transcript_closed(struct transcript *t, unsigned client) {
    struct transcript_client *c = &t->clients[client];
    bool closed = c->closed && !c->reset;
    c->closed = false;
    return closed;
}

bool transcript_was_reset(struct transcript *t, unsigned client) {
    struct transcript_client *c = &t->clients[client];
    bool reset = c->closed && c->reset;
    c->closed = false;
    return reset;
}

void transcript_drop(struct transcript *t, unsigned client) {
    struct transcript_client *c = &t->clients[client];
    struct broker_connection *connection = c->connection;
    CU_ASSERT_PTR_NOT_NULL_FATAL(connection);
    c->connection = NULL;
    broker_closed(t->broker, connection, t->now);
}

void transcript_advance(struct transcript *t, span by) {
    instant end = t->now + by;
    while (broker_next_deadline(t->broker) <= end) {
        t->now = instant_max(t->now, broker_next_deadline(t->broker));
        broker_due(t->broker, t->now);
    }
    t->now = end;
}

/* --- common packets ------------------------------------------------------------------------------------------------ */

void transcript_up4(struct transcript *t, unsigned client, const char *id) {
    char text[NOTATION_MAX];
    snprintf(text, sizeof text, "10 [ <'MQTT'> 04 02 0000 <'%s'> ]", id);
    transcript_send(t, client, text);
    CU_ASSERT_TRUE(transcript_got(t, client, "20 02 00 00"));
}

static void connect5(struct transcript *t, unsigned client, const char *id, unsigned flags, const char *properties) {
    char text[NOTATION_MAX];
    snprintf(text, sizeof text, "10 [ <'MQTT'> 05 %02x 0000 {%s} <'%s'> ]", flags, properties, id);
    transcript_send(t, client, text);
    struct transcript_client *c = &t->clients[client];
    CU_ASSERT_TRUE_FATAL(c->size > 4);
    CU_ASSERT_EQUAL(c->out[0], 0x20);
    CU_ASSERT_EQUAL(c->out[3], 0);
    transcript_skip(t, client);
}

void transcript_up5(struct transcript *t, unsigned client, const char *id) {
    connect5(t, client, id, 0x02, "");
}

void transcript_resume5(struct transcript *t, unsigned client, const char *id, const char *properties) {
    connect5(t, client, id, 0x00, properties);
}

static void subscribe(struct transcript *t, unsigned client, const char *text) {
    transcript_skip(t, client);
    transcript_send(t, client, text);
    struct transcript_client *c = &t->clients[client];
    CU_ASSERT_TRUE_FATAL(c->size >= 5);
    CU_ASSERT_EQUAL(c->out[0], 0x90);
    transcript_skip(t, client);
}

void transcript_subscribe5(struct transcript *t, unsigned client, const char *filter, uint8_t options) {
    char text[NOTATION_MAX];
    snprintf(text, sizeof text, "82 [ 0001 {} <'%s'> %02x ]", filter, options);
    subscribe(t, client, text);
}

void transcript_subscribe4(struct transcript *t, unsigned client, const char *filter, uint8_t qos) {
    char text[NOTATION_MAX];
    snprintf(text, sizeof text, "82 [ 0001 <'%s'> %02x ]", filter, qos);
    subscribe(t, client, text);
}
