#include "loop/helpers.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "loop/loop.h"

struct queue {
    struct helpers_job *first, *last;
};

struct helpers {
    pthread_mutex_t lock;
    pthread_cond_t given;
    struct queue waiting;
    bool ends;
    unsigned count;
    pthread_t threads[HELPERS_MAX];
};

struct helpers_desk {
    struct helpers *helpers;
    struct loop *loop;
    struct queue done; /* under the helpers' lock */
};

static void append(struct queue *q, struct helpers_job *job) {
    job->next = NULL;
    if (q->last == NULL)
        q->first = job;
    else
        q->last->next = job;
    q->last = job;
}

static struct helpers_job *take_first(struct queue *q) {
    struct helpers_job *job = q->first;
    if (job == NULL)
        return NULL;
    q->first = job->next;
    if (q->first == NULL)
        q->last = NULL;
    return job;
}

/* Waits for a job; NULL: there will be none any more. */
static struct helpers_job *wait_for_job(struct helpers *h) {
    pthread_mutex_lock(&h->lock);
    while (!h->ends && h->waiting.first == NULL)
        pthread_cond_wait(&h->given, &h->lock);
    struct helpers_job *job = h->ends ? NULL : take_first(&h->waiting);
    pthread_mutex_unlock(&h->lock);
    return job;
}

static void *help(void *context) {
    struct helpers *h = context;
    struct helpers_job *job;
    setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + HELPERS_NICE); /* on Linux of this thread alone */
    while ((job = wait_for_job(h)) != NULL) {
        struct helpers_desk *desk = job->desk;
        job->begun_ns = loop_clock_monotonic();
        job->work(job);
        pthread_mutex_lock(&h->lock);
        bool alone = desk->done.first == NULL;
        append(&desk->done, job); /* from here on it may be gone */
        pthread_mutex_unlock(&h->lock);
        if (alone)
            loop_wake(desk->loop);
    }
    return NULL;
}

struct helpers *helpers_new(unsigned threads) {
    struct helpers *h = calloc(1, sizeof *h);
    if (h == NULL)
        return NULL;
    pthread_mutex_init(&h->lock, NULL);
    pthread_cond_init(&h->given, NULL);
    unsigned wanted = threads < HELPERS_MAX ? threads : HELPERS_MAX;
    while (h->count < wanted && pthread_create(&h->threads[h->count], NULL, help, h) == 0)
        h->count++;
    if (h->count > 0)
        return h;
    helpers_free(h);
    return NULL;
}

void helpers_stop(struct helpers *h) {
    pthread_mutex_lock(&h->lock);
    h->ends = true;
    pthread_cond_broadcast(&h->given);
    pthread_mutex_unlock(&h->lock);
    for (unsigned i = 0; i < h->count; i++)
        pthread_join(h->threads[i], NULL);
    h->count = 0;
}

void helpers_free(struct helpers *h) {
    if (h == NULL)
        return;
    helpers_stop(h);
    pthread_cond_destroy(&h->given);
    pthread_mutex_destroy(&h->lock);
    free(h);
}

struct helpers_desk *helpers_desk_new(struct helpers *h, struct loop *loop) {
    struct helpers_desk *d = calloc(1, sizeof *d);
    if (d != NULL)
        *d = (struct helpers_desk){.helpers = h, .loop = loop};
    return d;
}

void helpers_desk_free(struct helpers_desk *d) {
    free(d);
}

void helpers_give(struct helpers_desk *d, struct helpers_job *job) {
    struct helpers *h = d->helpers;
    job->desk = d;
    job->given_ns = loop_clock_monotonic();
    pthread_mutex_lock(&h->lock);
    append(&h->waiting, job);
    pthread_cond_signal(&h->given);
    pthread_mutex_unlock(&h->lock);
}

bool helpers_withdraw(struct helpers_desk *d, struct helpers_job *job) {
    struct helpers *h = d->helpers;
    bool found = false;
    pthread_mutex_lock(&h->lock);
    struct queue kept = {0};
    struct helpers_job *each;
    while ((each = take_first(&h->waiting)) != NULL) {
        if (each == job)
            found = true;
        else
            append(&kept, each);
    }
    h->waiting = kept;
    pthread_mutex_unlock(&h->lock);
    return found;
}

struct helpers_job *helpers_take(struct helpers_desk *d) {
    pthread_mutex_lock(&d->helpers->lock);
    struct helpers_job *job = take_first(&d->done);
    pthread_mutex_unlock(&d->helpers->lock);
    return job;
}
