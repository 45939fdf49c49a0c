/* A broker on a bench: clients 0 … 15 send bytes in a readable notation, and what comes back is compared byte by byte.
 *
 *   3c 00 'MQTT'      hexadecimal bytes, text
 *   < … >             a two-byte length before what stands between
 *   { … }             a variable byte integer before it (properties)
 *   [ … ]             the same (remaining length)
 *
 * CONNECT of 3.1.1: "10 [ <'MQTT'> 04 02 003c <'a'> ]". Time stands still unless a test moves it. */
#ifndef MUSTER_TESTS_BACKEND_TRANSCRIPT_H
#define MUSTER_TESTS_BACKEND_TRANSCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/broker.h"

enum { TRANSCRIPT_CLIENTS = 16, TRANSCRIPT_BYTES = 1 << 20 };

struct transcript_client {
    struct broker_connection *connection; /* NULL: not open */
    uint8_t *out;                         /* TRANSCRIPT_BYTES, of which `size` are in use */
    size_t size;
    size_t backlog; /* what the sink says is still unsent */
    bool closed, reset;
};

struct transcript {
    struct broker *broker;
    struct broker_options options;
    struct misbehave misbehave;
    instant now;
    struct transcript_client clients[TRANSCRIPT_CLIENTS];
};

/* Default options, no misbehaviour; change t->options before transcript_start. */
void transcript_init(struct transcript *t);
void transcript_start(struct transcript *t);
/* init, the settings "name=value" (ended by NULL), start */
void transcript_begin(struct transcript *t, const char *const *settings);
void transcript_end(struct transcript *t);
/* Clean end: closes everyone, lets every session expire, and checks that the broker holds no memory for anybody. */
void transcript_end_empty(struct transcript *t);

/* Bytes of a notation; CHECKs its syntax. Returns the size. */
size_t transcript_bytes(const char *notation, uint8_t *out, size_t size);

void transcript_open(struct transcript *t, unsigned client);
/* Opens the connection if need be and sends. */
void transcript_send(struct transcript *t, unsigned client, const char *notation);
/* All that came since the last look. Prints both when they differ. */
bool transcript_got(struct transcript *t, unsigned client, const char *notation);
/* The last of what came; for answers to CONNECT whose CONNACK is of no interest. */
bool transcript_got_last(struct transcript *t, unsigned client, const char *notation);
/* Forgets what came. */
void transcript_skip(struct transcript *t, unsigned client);
/* Closed by the broker, in order, since it was opened; opens the place for a new connection. */
bool transcript_closed(struct transcript *t, unsigned client);
bool transcript_was_reset(struct transcript *t, unsigned client);
/* The client's end: without DISCONNECT. */
void transcript_drop(struct transcript *t, unsigned client);
void transcript_advance(struct transcript *t, span by); /* step by step from deadline to deadline */

/* Connected, and CONNACK skipped. `flags`: connect flags; 0x02 is clean. */
void transcript_up4(struct transcript *t, unsigned client, const char *id);
void transcript_up5(struct transcript *t, unsigned client, const char *id);
/* 5.0 with clean start off, and properties in notation, for instance "11 00000e10". */
void transcript_resume5(struct transcript *t, unsigned client, const char *id, const char *properties);
/* SUBSCRIBE of 5.0 or 3.1.1 with packet id 1; SUBACK skipped. `options`: the subscription options. */
void transcript_subscribe5(struct transcript *t, unsigned client, const char *filter, uint8_t options);
void transcript_subscribe4(struct transcript *t, unsigned client, const char *filter, uint8_t qos);

#define GOT(client, notation)      CU_ASSERT_TRUE(transcript_got(&t, client, notation))
#define GOT_LAST(client, notation) CU_ASSERT_TRUE(transcript_got_last(&t, client, notation))
#define CLOSED(client)             CU_ASSERT_TRUE(transcript_closed(&t, client))

#endif
