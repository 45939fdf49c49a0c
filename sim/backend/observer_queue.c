#include "backend/observer_queue.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"

static int init_side(struct observer_queue_side *s) {
    s->arrivals = malloc(OBSERVER_QUEUE_MAX * sizeof *s->arrivals);
    s->answers = malloc(OBSERVER_ANSWERS_MAX * sizeof *s->answers);
    s->answer_bytes = malloc(OBSERVER_ANSWER_BYTES_MAX);
    s->published = malloc(OBSERVER_PUBLISHING_MAX * sizeof *s->published);
    bool enough = s->arrivals != NULL && s->answers != NULL && s->answer_bytes != NULL && s->published != NULL;
    return enough ? 0 : ERR_NO_MEMORY;
}

int observer_queue_init(struct observer_queue *q) {
    memset(q, 0, sizeof *q);
    pthread_mutex_init(&q->lock, NULL);
    for (int i = 0; i < 2; i++)
        if (init_side(&q->sides[i]) < 0) {
            observer_queue_free(q);
            return ERR_NO_MEMORY;
        }
    return 0;
}

void observer_queue_free(struct observer_queue *q) {
    for (int i = 0; i < 2; i++) {
        free(q->sides[i].arrivals);
        free(q->sides[i].answers);
        free(q->sides[i].answer_bytes);
        free(q->sides[i].published);
        q->sides[i] = (struct observer_queue_side){0};
    }
    pthread_mutex_destroy(&q->lock);
}

static struct observer_queue_side *enter(struct observer_queue *q) {
    pthread_mutex_lock(&q->lock);
    return &q->sides[q->writing];
}

static void leave(struct observer_queue *q) {
    pthread_mutex_unlock(&q->lock);
}

static void throw_away(struct observer_queue *q, int64_t at_ns) {
    if (q->thrown_away++ == 0)
        q->full_since_ns = at_ns;
}

void observer_queue_arrival(struct observer_queue *q, const struct observer_arrival *a) {
    struct observer_queue_side *s = enter(q);
    if (s->arrival_count < OBSERVER_QUEUE_MAX)
        s->arrivals[s->arrival_count++] = *a;
    else
        throw_away(q, a->at_ns);
    leave(q);
}

static struct bytes keep(struct observer_queue_side *s, struct bytes b) {
    uint8_t *at = s->answer_bytes + s->answer_bytes_used;
    if (b.size > 0)
        memcpy(at, b.data, b.size);
    s->answer_bytes_used += b.size;
    return bytes_of(at, b.size);
}

void observer_queue_answer(struct observer_queue *q, const struct observer_answer *a) {
    struct observer_queue_side *s = enter(q);
    struct observer_answer kept = *a;
    if (kept.payload.size > OBSERVER_ANSWER_MAX) {
        kept.payload.size = OBSERVER_ANSWER_MAX;
        kept.cut = true;
    }
    size_t size = kept.topic.size + kept.payload.size + kept.correlation.size;
    if (s->answer_count < OBSERVER_ANSWERS_MAX && size <= OBSERVER_ANSWER_BYTES_MAX - s->answer_bytes_used) {
        kept.topic = keep(s, kept.topic);
        kept.payload = keep(s, kept.payload);
        kept.correlation = keep(s, kept.correlation);
        s->answers[s->answer_count++] = kept;
    } else {
        throw_away(q, a->at_ns);
    }
    leave(q);
}

/* There are never more than are under way, which observer_publish limits. */
void observer_queue_published(struct observer_queue *q, const struct observer_published *p) {
    struct observer_queue_side *s = enter(q);
    if (s->published_count < OBSERVER_PUBLISHING_MAX)
        s->published[s->published_count++] = *p;
    leave(q);
}

void observer_queue_gap(struct observer_queue *q, const struct observer_gap *g) {
    struct observer_queue_side *s = enter(q);
    if (s->gap_count < OBSERVER_QUEUE_GAPS_MAX)
        s->gaps[s->gap_count++] = *g;
    else
        s->gaps[OBSERVER_QUEUE_GAPS_MAX - 1].to_ns = g->to_ns;
    leave(q);
}

static struct observer_queue_side *change_sides(struct observer_queue *q, struct observer_gap *full, int64_t now_ns) {
    struct observer_queue_side *s = enter(q);
    *full = (struct observer_gap){
        .kind = OBSERVER_GAP_QUEUE, .from_ns = q->full_since_ns, .to_ns = now_ns, .thrown_away = q->thrown_away};
    q->thrown_away = 0;
    q->writing = 1 - q->writing;
    leave(q);
    return s;
}

size_t observer_queue_visit(struct observer_queue *q, const struct observer_visitor *v, int64_t now_ns) {
    struct observer_gap full;
    struct observer_queue_side *s = change_sides(q, &full, now_ns);
    for (size_t i = 0; v->gap != NULL && i < s->gap_count; i++)
        v->gap(v->context, &s->gaps[i]);
    if (v->gap != NULL && full.thrown_away > 0)
        v->gap(v->context, &full);
    for (size_t i = 0; v->arrival != NULL && i < s->arrival_count; i++)
        v->arrival(v->context, &s->arrivals[i]);
    for (size_t i = 0; v->answer != NULL && i < s->answer_count; i++)
        v->answer(v->context, &s->answers[i]);
    for (size_t i = 0; v->published != NULL && i < s->published_count; i++)
        v->published(v->context, &s->published[i]);
    size_t arrivals = s->arrival_count;
    s->arrival_count = s->answer_count = s->answer_bytes_used = s->published_count = s->gap_count = 0;
    return arrivals;
}
