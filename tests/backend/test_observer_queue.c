#include "backend/observer_queue.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"

struct seen {
    uint64_t arrivals, answers, published, gaps, thrown_away;
    uint32_t last; /* sequence of the last arrival */
    bool in_order, gaps_first;
    char text[64];
};

static void see_arrival(void *context, const struct observer_arrival *a) {
    struct seen *s = context;
    s->in_order = s->in_order && a->mark.sequence == s->last + 1;
    s->last = a->mark.sequence;
    s->arrivals++;
}

static void see_answer(void *context, const struct observer_answer *a) {
    struct seen *s = context;
    snprintf(s->text, sizeof s->text, "%.*s|%.*s|%.*s%s", (int)a->topic.size, (const char *)a->topic.data,
             (int)(a->payload.size < 20 ? a->payload.size : 20), (const char *)a->payload.data,
             (int)a->correlation.size, (const char *)a->correlation.data, a->cut ? "|cut" : "");
    s->answers++;
}

static void see_published(void *context, const struct observer_published *p) {
    ((struct seen *)context)->published += p->id;
}

static void see_gap(void *context, const struct observer_gap *g) {
    struct seen *s = context;
    s->gaps_first = s->gaps_first && s->arrivals == 0;
    s->gaps++;
    s->thrown_away += g->thrown_away;
}

static struct seen visit(struct observer_queue *q, struct seen s) {
    s.in_order = s.gaps_first = true;
    const struct observer_visitor v = {&s, see_arrival, see_answer, see_published, see_gap};
    size_t told = observer_queue_visit(q, &v, 99);
    CU_ASSERT_EQUAL(told, s.arrivals);
    return s;
}

static void add(struct observer_queue *q, uint32_t sequence) {
    observer_queue_arrival(q, &(struct observer_arrival){.at_ns = sequence, .mark = {.sequence = sequence}});
}

static void everything_is_told_once_and_gaps_first(void) {
    static struct observer_queue q;
    CU_ASSERT_EQUAL_FATAL(observer_queue_init(&q), 0);
    add(&q, 1);
    observer_queue_gap(&q, &(struct observer_gap){.kind = OBSERVER_GAP_STALL});
    add(&q, 2);
    observer_queue_published(&q, &(struct observer_published){.id = 7});
    struct seen s = visit(&q, (struct seen){0});
    CU_ASSERT(s.arrivals == 2 && s.in_order && s.gaps == 1 && s.gaps_first && s.published == 7);
    s = visit(&q, (struct seen){0});
    CU_ASSERT(s.arrivals == 0 && s.gaps == 0 && s.published == 0);
    observer_queue_free(&q);
}

static void answers_are_copied_and_cut(void) {
    static struct observer_queue q;
    CU_ASSERT_EQUAL_FATAL(observer_queue_init(&q), 0);
    char topic[] = "r/1", payload[] = "done";
    observer_queue_answer(&q, &(struct observer_answer){.topic = bytes_of_text(topic),
                                                        .payload = bytes_of_text(payload),
                                                        .correlation = bytes_of_text("c")});
    memset(topic, 'x', 3);
    memset(payload, 'x', 4);
    struct seen s = visit(&q, (struct seen){0});
    CU_ASSERT_STRING_EQUAL(s.text, "r/1|done|c");
    uint8_t *large = calloc(1, OBSERVER_ANSWER_MAX + 1);
    observer_queue_answer(&q, &(struct observer_answer){.payload = bytes_of(large, OBSERVER_ANSWER_MAX + 1)});
    s = visit(&q, (struct seen){0});
    CU_ASSERT_PTR_NOT_NULL(strstr(s.text, "|cut"));
    free(large);
    observer_queue_free(&q);
}

static void what_does_not_fit_is_counted_as_a_gap(void) {
    static struct observer_queue q;
    CU_ASSERT_EQUAL_FATAL(observer_queue_init(&q), 0);
    for (uint32_t n = 1; n <= OBSERVER_QUEUE_MAX + 3; n++)
        add(&q, n);
    struct seen s = visit(&q, (struct seen){0});
    CU_ASSERT(s.arrivals == OBSERVER_QUEUE_MAX && s.in_order && s.gaps == 1 && s.thrown_away == 3);
    uint8_t *large = calloc(1, OBSERVER_ANSWER_MAX);
    unsigned fit = OBSERVER_ANSWER_BYTES_MAX / OBSERVER_ANSWER_MAX;
    for (unsigned i = 0; i < fit + 2; i++)
        observer_queue_answer(&q, &(struct observer_answer){.payload = bytes_of(large, OBSERVER_ANSWER_MAX)});
    s = visit(&q, (struct seen){0});
    CU_ASSERT(s.answers == fit && s.thrown_away == 2);
    free(large);
    observer_queue_free(&q);
}

enum { MANY = 300000 };

static void *write_many(void *context) {
    for (uint32_t n = 1; n <= MANY; n++)
        add(context, n);
    return NULL;
}

/* One thread writes while another takes: nothing is lost but what is counted, and the order stays. */
static void two_threads_lose_nothing(void) {
    static struct observer_queue q;
    CU_ASSERT_EQUAL_FATAL(observer_queue_init(&q), 0);
    pthread_t writer;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&writer, NULL, write_many, &q), 0);
    struct seen s = {.in_order = true, .gaps_first = true};
    const struct observer_visitor v = {&s, see_arrival, NULL, NULL, see_gap};
    while (s.arrivals + s.thrown_away < MANY)
        observer_queue_visit(&q, &v, 0);
    pthread_join(writer, NULL);
    CU_ASSERT_TRUE(s.in_order || s.thrown_away > 0);
    CU_ASSERT_EQUAL(s.arrivals + s.thrown_away, MANY);
    observer_queue_free(&q);
}

HARNESS_MAIN("backend/observer_queue", HARNESS_CASE(everything_is_told_once_and_gaps_first),
             HARNESS_CASE(answers_are_copied_and_cut), HARNESS_CASE(what_does_not_fit_is_counted_as_a_gap),
             HARNESS_CASE(two_threads_lose_nothing))
