/* Threads beside the loops, for work that takes longer than other devices can wait. Whoever gives a job away gets it back at its desk, on the
 * thread of its loop, which is woken for that; in between nobody else touches the job. First come, first served. */
#ifndef MUSTER_LOOP_HELPERS_H
#define MUSTER_LOOP_HELPERS_H

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct helpers;
struct helpers_desk;

/* Lies in the caller's memory. */
struct helpers_job {
    void (*work)(struct helpers_job *job); /* on a helper's thread */
    struct helpers_job *next;              /* theirs */
    struct helpers_desk *desk;
    int64_t given_ns, begun_ns; /* monotonic clock */
};

enum { HELPERS_MAX = 64, HELPERS_NICE = 5 /* so much less urgent than a loop */ };

/* NULL when the system gives no threads or memory. */
struct helpers *helpers_new(unsigned threads);
/* Ends the threads; jobs that nobody had begun stay undone, and those that are done can still be taken. */
void helpers_stop(struct helpers *h);
/* Stops and frees. After that every job is its giver's, whether it was taken back or not. */
void helpers_free(struct helpers *h);
/* A place for the jobs of one loop, which outlives the helpers' threads. NULL without memory. */
struct helpers_desk *helpers_desk_new(struct helpers *h, struct loop *loop);
void helpers_desk_free(struct helpers_desk *d);

void helpers_give(struct helpers_desk *d, struct helpers_job *job);
/* Takes a job back that nobody has begun: true. False: it is being done, or done, and comes to the desk. */
bool helpers_withdraw(struct helpers_desk *d, struct helpers_job *job);
/* The next job that is done, NULL when there is none. */
struct helpers_job *helpers_take(struct helpers_desk *d);

#endif
