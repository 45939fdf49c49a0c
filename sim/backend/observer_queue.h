/* What the observer's threads have to say, until the control thread asks: one lock, held for a few copies, and named caps. */
#ifndef MUSTER_BACKEND_OBSERVER_QUEUE_H
#define MUSTER_BACKEND_OBSERVER_QUEUE_H

#include <pthread.h>

#include "backend/observer.h"

enum { OBSERVER_QUEUE_GAPS_MAX = 256 }; /* gaps that wait; later ones become one with the last */

struct observer_queue_side {
    struct observer_arrival *arrivals; /* [OBSERVER_QUEUE_MAX] */
    size_t arrival_count;
    struct observer_answer *answers; /* [OBSERVER_ANSWERS_MAX] */
    size_t answer_count;
    uint8_t *answer_bytes; /* [OBSERVER_ANSWER_BYTES_MAX] */
    size_t answer_bytes_used;
    struct observer_published *published; /* [OBSERVER_PUBLISHING_MAX] */
    size_t published_count;
    struct observer_gap gaps[OBSERVER_QUEUE_GAPS_MAX];
    size_t gap_count;
};

struct observer_queue {
    pthread_mutex_t lock;
    struct observer_queue_side sides[2]; /* one is written while the other is visited */
    unsigned writing;
    uint64_t thrown_away; /* arrivals and answers since `full_since_ns` */
    int64_t full_since_ns;
};

int observer_queue_init(struct observer_queue *q); /* ERR_NO_MEMORY; nothing is left then */
void observer_queue_free(struct observer_queue *q);

void observer_queue_arrival(struct observer_queue *q, const struct observer_arrival *a);
void observer_queue_answer(struct observer_queue *q, const struct observer_answer *a); /* copies the bytes */
void observer_queue_published(struct observer_queue *q, const struct observer_published *p);
void observer_queue_gap(struct observer_queue *q, const struct observer_gap *g);
/* Tells all: gaps first, then arrivals, answers, ends of publications, each in its order. Returns how many arrivals there were. One thread
 * at a time. */
size_t observer_queue_visit(struct observer_queue *q, const struct observer_visitor *visitor, int64_t now_ns);

#endif
