/* Captures made in memory: classic pcap of raw IPv4, as a sniffer between one device and one server would have written them. */
#ifndef MUSTER_TESTS_IMPORT_MADE_H
#define MUSTER_TESTS_IMPORT_MADE_H

#include <stdio.h>

#include "base/bytes.h"
#include "import/frame.h"
#include "import/imported.h"
#include "mqtt/mqtt_codec.h"
#include "scenario/diagnostic.h"
#include "scenario/plan.h"

enum { MADE_ROOM = 1 << 20 };
#define MADE_START_S 1795336200 /* when captures begin */

struct made {
    uint8_t data[MADE_ROOM];
    struct bytes_writer w;
};
/* One TCP connection: 10.0.0.<host>:<port> to 192.0.2.1:1883. */
struct made_connection {
    struct made *made;
    uint8_t host;
    uint16_t port;
    uint32_t next[2]; /* sequence numbers */
};

void made_begin(struct made *m);
FILE *made_file(const struct made *m); /* to be closed by the caller */
struct made_connection made_connection(struct made *m, uint8_t host, uint16_t port);

/* A segment `ms` after the start; side 0 is the client. Sequence numbers follow by themselves. */
void made_segment(struct made_connection *c, unsigned side, int64_t ms, unsigned flags, struct bytes payload);
void made_open(struct made_connection *c, int64_t ms);                 /* SYN, SYN+ACK */
void made_close(struct made_connection *c, unsigned side, int64_t ms); /* FIN of both, first that side's */

/* An MQTT packet in a segment. */
void made_say(struct made_connection *c, unsigned side, int64_t ms, const struct mqtt_packet *p);
/* Opens at `ms`; CONNECT 1 ms later, CONNACK another one. */
void made_join(struct made_connection *c, int64_t ms, const char *client_id, enum mqtt_version version);
/* 3.1.1 */
void made_publish(struct made_connection *c, int64_t ms, const char *topic, unsigned qos, struct bytes payload);

/* Imports client id "one" and compiles the scenario, which replaces what `scenario` and `found` had. NULL, and everything printed, when it
 * does not compile. */
struct plan *made_import(const struct made *m, const struct imported_options *options, struct text *scenario,
                         struct diagnostic_list *found);

#endif
