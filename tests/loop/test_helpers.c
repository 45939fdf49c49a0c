#include "loop/helpers.h"

#include <stdatomic.h>
#include <time.h>

#include "harness.h"
#include "loop/loop.h"
#include "loop/loop_ev.h"

enum { JOBS = 500, PATIENCE_MS = 20000 };

struct number {
    struct helpers_job job; /* first */
    unsigned value, order;
};

static _Atomic unsigned turn;
static _Atomic bool gate; /* closed: `wait_at_gate` does not return */
static struct number numbers[JOBS];

static void square(struct helpers_job *job) {
    struct number *n = (struct number *)(void *)job;
    n->value *= n->value;
    n->order = atomic_fetch_add(&turn, 1);
}

static void wait_at_gate(struct helpers_job *job) {
    while (!atomic_load(&gate))
        nanosleep(&(struct timespec){.tv_nsec = SPAN_MS}, NULL);
    square(job);
}

static void nothing_io(void *context, struct loop_io *io, unsigned ready) {
    (void)context, (void)io, (void)ready;
}
static void nothing_timer(void *context, uint32_t token, instant deadline) {
    (void)context, (void)token, (void)deadline;
}

struct taking {
    struct loop *loop;
    struct helpers_desk *desk;
    unsigned taken, wanted;
    bool right;
};

static void woken(void *context) {
    struct taking *t = context;
    struct helpers_job *job;
    while ((job = helpers_take(t->desk)) != NULL) {
        struct number *n = (struct number *)(void *)job;
        unsigned index = (unsigned)(n - numbers);
        t->right = t->right && n->value == index * index && job->begun_ns >= job->given_ns;
        t->taken++;
    }
    if (t->taken == t->wanted)
        loop_stop(t->loop);
}

static void prepare(struct taking *t, struct helpers **h, unsigned threads, unsigned wanted) {
    struct loop_handlers handlers = {.context = t, .io = nothing_io, .timer = nothing_timer, .woken = woken};
    *t = (struct taking){.wanted = wanted, .right = true};
    atomic_store(&turn, 0);
    atomic_store(&gate, false);
    CU_ASSERT_EQUAL_FATAL(loop_ev_new(&handlers, 1, &t->loop), 0);
    *h = helpers_new(threads);
    CU_ASSERT_PTR_NOT_NULL_FATAL(*h);
    t->desk = helpers_desk_new(*h, t->loop);
    for (unsigned i = 0; i < JOBS; i++)
        numbers[i] = (struct number){.job.work = square, .value = i};
}

static void done(struct taking *t, struct helpers *h) {
    helpers_free(h);
    helpers_desk_free(t->desk);
    loop_close(t->loop);
}

static void every_job_comes_back_once_and_done(void) {
    struct taking t;
    struct helpers *h;
    prepare(&t, &h, 4, JOBS);
    for (unsigned i = 0; i < JOBS; i++)
        helpers_give(t.desk, &numbers[i].job);
    loop_run(t.loop, instant_add(loop_refresh(t.loop), PATIENCE_MS * SPAN_MS));
    CU_ASSERT_EQUAL(t.taken, JOBS);
    CU_ASSERT_TRUE(t.right);
    CU_ASSERT_PTR_NULL(helpers_take(t.desk));
    done(&t, h);
}

static void who_comes_first_is_served_first(void) {
    struct taking t;
    struct helpers *h;
    prepare(&t, &h, 1, JOBS);
    for (unsigned i = 0; i < JOBS; i++)
        helpers_give(t.desk, &numbers[i].job);
    loop_run(t.loop, instant_add(loop_refresh(t.loop), PATIENCE_MS * SPAN_MS));
    bool in_order = true;
    for (unsigned i = 0; i < JOBS; i++)
        in_order = in_order && numbers[i].order == i;
    CU_ASSERT_TRUE(in_order);
    done(&t, h);
}

static void what_has_not_begun_can_be_taken_back(void) {
    struct taking t;
    struct helpers *h;
    prepare(&t, &h, 1, 2);
    numbers[0].job.work = wait_at_gate;
    for (unsigned i = 0; i < 3; i++)
        helpers_give(t.desk, &numbers[i].job);
    CU_ASSERT_TRUE(helpers_withdraw(t.desk, &numbers[1].job));
    CU_ASSERT_FALSE(helpers_withdraw(t.desk, &numbers[1].job));
    atomic_store(&gate, true);
    loop_run(t.loop, instant_add(loop_refresh(t.loop), PATIENCE_MS * SPAN_MS));
    CU_ASSERT_EQUAL(t.taken, 2);
    CU_ASSERT_EQUAL(numbers[1].value, 1);
    CU_ASSERT_EQUAL(numbers[2].value, 4);
    CU_ASSERT_FALSE(helpers_withdraw(t.desk, &numbers[2].job)); /* it was done */
    done(&t, h);
}

static void helpers_end_with_jobs_undone(void) {
    struct taking t;
    struct helpers *h;
    prepare(&t, &h, 1, JOBS);
    numbers[0].job.work = wait_at_gate;
    for (unsigned i = 0; i < JOBS; i++)
        helpers_give(t.desk, &numbers[i].job);
    atomic_store(&gate, true);
    helpers_stop(h);
    unsigned taken = 0;
    while (helpers_take(t.desk) != NULL)
        taken++;
    CU_ASSERT_EQUAL(taken, atomic_load(&turn));
    done(&t, h);
}

HARNESS_MAIN("loop/helpers", HARNESS_CASE(every_job_comes_back_once_and_done),
             HARNESS_CASE(who_comes_first_is_served_first), HARNESS_CASE(what_has_not_begun_can_be_taken_back),
             HARNESS_CASE(helpers_end_with_jobs_undone))
