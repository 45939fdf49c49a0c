/* The application's seat: an independent MQTT client, with threads of its own, that subscribes beside the fleet, tells what arrives, and
 * publishes commands. It never judges; that is metrics/audit.h. Loss of its own making must not look like the backend's, so it also tells
 * every stretch of time in which it was away or too slow.
 *
 * One thread calls these functions (control). What the client's own threads have to say waits in bounded queues until
 * observer_drain. Times are loop_clock_monotonic() nanoseconds. */
#ifndef MUSTER_BACKEND_OBSERVER_H
#define MUSTER_BACKEND_OBSERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/instant.h"
#include "device/payload.h"
#include "mqtt/mqtt_codec.h"
#include "transport/address.h"

enum {
    OBSERVER_QUEUE_MAX = 1 << 16,        /* arrivals that wait to be drained; what exceeds it is told as a gap */
    OBSERVER_ANSWERS_MAX = 4096,         /* answers that wait to be drained, */
    OBSERVER_ANSWER_BYTES_MAX = 4 << 20, /* and their bytes together */
    OBSERVER_ANSWER_MAX = 64 << 10,      /* a larger payload is cut there */
    OBSERVER_PUBLISHING_MAX = 65535,     /* publications without an end at one time */
    OBSERVER_FILTERS_PER_PACKET = 100,   /* filters in one SUBSCRIBE; in 3.1.1, SUBSCRIBEs at a time */
    OBSERVER_KEEPALIVE_S = 10
};

/* Everything is borrowed until observer_close. */
struct observer_config {
    struct address node; /* the guard has passed it */
    enum mqtt_version version;
    const char *client_id;
    struct bytes user, password;
    bool has_user, has_password;
    const char *const *filters; /* of the audited messages; none overlaps another */
    unsigned filter_count;
    const char *const *answers; /* filters of what is told as answers, overlapping none of the others */
    unsigned answer_count;
    uint8_t qos;  /* asked for, 1 or 2 */
    uint16_t run; /* of the marks that are ours: payload_mark_run */
    uint32_t device_count;
};

enum observer_state {
    OBSERVER_CONNECTING, /* for the first time */
    OBSERVER_READY,      /* every filter is granted QoS 1 or 2 */
    OBSERVER_AWAY,       /* was ready, lost its connection, and tries again by itself */
    OBSERVER_FAILED      /* never got ready: `why` of observer_state says what the backend or the system said */
};

/* A message with a mark of this run. Retained ones are left out: they are of another time. */
struct observer_arrival {
    int64_t at_ns;
    struct payload_mark mark;
    uint64_t topic; /* hash of the topic */
    uint8_t qos;    /* of the delivery */
    bool repeated;  /* the DUP flag */
};

/* A message that matched one of `answers`: a reply to what observer_publish sent, or what the backend says of itself under $SYS. The bytes
 * are valid during the visit. */
struct observer_answer {
    int64_t at_ns;
    struct bytes topic, payload;
    struct bytes correlation; /* 5.0: Correlation Data; empty without */
    bool cut;                 /* the payload was longer than OBSERVER_ANSWER_MAX */
};

/* How a publication of ours ended: the backend acknowledged it (QoS 0: it was written), or it did not. */
struct observer_published {
    uint64_t id; /* as given */
    int64_t at_ns;
    bool ok;
    uint8_t reason_code; /* 5.0, of a refusal */
};

enum observer_gap_kind {
    OBSERVER_GAP_CONNECTION, /* no connection, or not all filters granted */
    OBSERVER_GAP_STALL,      /* our thread wanted to run and did not */
    OBSERVER_GAP_QUEUE,      /* our queue was full: messages were thrown away */
    OBSERVER_GAP_KINDS
};
struct observer_gap {
    enum observer_gap_kind kind;
    int64_t from_ns, to_ns; /* to_ns INT64_MAX: it goes on; told again, with the same from_ns, when it is over */
    uint64_t thrown_away;   /* OBSERVER_GAP_QUEUE */
};

/* A slot may be NULL: what it would be told is then forgotten. */
struct observer_visitor {
    void *context;
    void (*arrival)(void *context, const struct observer_arrival *a);
    void (*answer)(void *context, const struct observer_answer *a);
    void (*published)(void *context, const struct observer_published *p);
    void (*gap)(void *context, const struct observer_gap *g);
};

struct observer_publication {
    uint64_t id; /* of the caller's choice, comes back in observer_published */
    struct bytes topic, payload;
    uint8_t qos;
    bool retain;
    struct bytes response_topic, correlation; /* 5.0; empty: not sent; in 3.1.1 never */
    uint32_t message_expiry_s;                /* 5.0; 0: not sent */
};

struct observer;

/* Begins to connect; returns at once. ERR_NO_MEMORY, ERR_INVALID (what the client library refuses, with a sentence in `why`). */
int observer_open(const struct observer_config *config, struct observer **out, char *why, size_t why_size);
/* Leaves politely and ends the threads; NULL is ignored. Takes up to a second. */
void observer_close(struct observer *o);
/* `why` is filled for OBSERVER_FAILED and OBSERVER_AWAY; NULL: not wanted. */
enum observer_state observer_state(struct observer *o, char *why, size_t why_size);
/* The lowest QoS that the backend granted to a filter; valid when ready. */
uint8_t observer_granted(struct observer *o);
/* Asks the backend for a sign of life (a filter is subscribed to again, which changes nothing). ERR_AGAIN: away. */
int observer_probe(struct observer *o);
/* Has it answered the last probe? *heard_ns (or NULL): the last sign of it at all. */
bool observer_answered(struct observer *o, int64_t *heard_ns);
/* Tells what has happened since the last call, gaps before the arrivals that came after them, and tries again to connect when that is
 * due. Call it often: at least every 50 ms. Returns how many arrivals there were. */
size_t observer_drain(struct observer *o, const struct observer_visitor *visitor);
/* Hands a message to the client. 0: it will be told how it ended. ERR_AGAIN: away, or OBSERVER_PUBLISHING_MAX are under way ·
 * ERR_INVALID: the client refused it. Bytes are copied. */
int observer_publish(struct observer *o, const struct observer_publication *p);

#endif
