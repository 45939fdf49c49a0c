#include "fleet/worker.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/err.h"
#include "device/behaviour.h"
#include "device/device_power.h"
#include "device/drivers.h"
#include "device/waiting.h"
#include "fleet/descriptors.h"
#include "fleet/evidence.h"
#include "fleet/secure.h"
#include "fleet/wire.h"

enum { HEARTBEAT = 100 * SPAN_MS };
enum { PUMP_PAUSE = 2 * SPAN_MS }; /* between two questions to the guard whether its publish rate lets somebody go on */

/* Tokens after the devices' own. */
enum worker_token { TOKEN_HEARTBEAT, TOKEN_GUARD, TOKEN_FAREWELL, WORKER_TOKENS };

struct device_slot worker_slot(struct worker *w, uint32_t number) {
    struct device *life = &w->lives[number];
    const struct fleet_group *group = &w->plan->groups[life->group];
    const struct worker_group *lies = &w->groups[life->group];
    size_t place = number - lies->first;
    return (struct device_slot){
        .life = life,
        .session = w->sessions + number * w->session_size,
        .link = w->links == NULL ? NULL : &w->links[number],
        .radio = lies->radios == NULL ? NULL : (struct radio_state *)(void *)(lies->radios + place * lies->radio_size),
        .power = group->power == NULL ? NULL : &w->powers[number],
        .behaviour = (struct behaviour *)(void *)(lies->behaviours + place * lies->behaviour_size),
        .group = group,
    };
}

void worker_step(struct worker *w, instant answered) {
    step_begin(&w->host.step, loop_now(w->loop), answered);
    w->trace.steps++;
    w->host.orders = (struct device_orders){0};
    w->host.trouble.count = 0;
    w->host.changed = 0;
    w->host.power_notes = 0;
    w->host.spent = 0;
}

void worker_close(struct worker *w, uint32_t number, int how) {
    struct device *life = &w->lives[number];
    struct connection *c = life->connection;
    if (c == NULL)
        return;
    bool opening = device_opening(life);
    dialer_release(w, number);
    if (!opening) {
        if (how == CLOSE_IN_ORDER)
            wire_flush(w, number);
        wire_drop(w, number);
    }
    life->connection = NULL;
    loop_unwatch(w->loop, &c->io);
    if (how == CLOSE_AS_GHOST && c->fd >= 0) {
        uint32_t keepalive_s = w->plan->groups[life->group].profile->mqtt.keepalive_s;
        instant until =
            keepalive_s == 0 ? INSTANT_NEVER : instant_add(loop_now(w->loop), keepalive_s * (SPAN_S * 3 / 2));
        if (ghosts_add(&w->ghosts, c, until, life->group))
            return;
    }
    if (c->fd >= 0)
        transport_table[c->kind]->close(c, how != CLOSE_IN_ORDER);
    pool_give(w->pool, c, sizeof *c);
}

void worker_lost(struct worker *w, uint32_t number, enum close_reason why) {
    struct device_slot s = worker_slot(w, number);
    worker_step(w, loop_now(w->loop));
    bool silent = s.life->connection != NULL && (s.life->connection->flags & CONNECTION_SILENT) != 0;
    worker_close(w, number, why == CLOSE_BY_PEER ? CLOSE_IN_ORDER : silent ? CLOSE_AS_GHOST : CLOSE_WITH_RESET);
    device_lost(&w->host, &s, why);
    worker_settle(w, number);
}

static void wait_for_guard(struct worker *w, uint32_t number) {
    if (w->waiters.count == 0)
        w->pump_at = instant_add(loop_now(w->loop), PUMP_PAUSE);
    waiters_add(&w->waiters, number);
}

/* A later deadline is not worth moving the timer for: it fires, finds nothing due, and is set then. */
static void fire_by(struct worker *w, uint32_t number, instant at) {
    if (at < timers_deadline(&w->loop->timers, number))
        timers_set(&w->loop->timers, number, at);
}

/* `next`: when the device itself has something to do. */
static void set_timer(struct worker *w, uint32_t number, instant next) {
    const struct device *life = &w->lives[number];
    next = instant_min(next, wire_next(w, number));
    if (device_opening(life)) {
        const struct dial *dial = (const struct dial *)life->connection->owner;
        if (!dial->queued && !dial->started)
            next = instant_min(next, dial->open_at);
    }
    fire_by(w, number, next);
}

void worker_linked(struct worker *w, uint32_t number) {
    fire_by(w, number, wire_next(w, number));
}

void worker_settle(struct worker *w, uint32_t number) {
    struct device_host *h = &w->host;
    if (w->world != NULL)
        trace_step(&w->trace, h->step.now, w->lives[number].id, w->lives[number].state);
    enum close_reason failed = wire_emit(w, number);
    if (h->trouble.count > 0)
        evidence_trouble(w, number);
    if (failed != CLOSE_NONE) {
        if (h->orders.close == KEEP_CONNECTION) {
            worker_lost(w, number, failed);
            return;
        }
        h->orders.close = CLOSE_WITH_RESET;
    }
    struct device_orders orders = h->orders;
    h->orders = (struct device_orders){0}; /* carried out once, whoever settles next */
    if (orders.close != KEEP_CONNECTION)
        worker_close(w, number, (int)orders.close);
    else if (orders.link != LINK_AS_IS && w->lives[number].connection != NULL)
        wire_silence(w, number, orders.link == LINK_FALLS_SILENT);
    struct device *life = &w->lives[number];
    if (life->connection != NULL && (life->connection->flags & CONNECTION_SLOT) != 0 && life->state != STATE_CONNECTING)
        dialer_release(w, number);
    if (orders.forget)
        secure_forget(w, number);
    if (orders.next_node)
        dialer_next_node(w, number);
    if (orders.guard_wait)
        wait_for_guard(w, number);
    if (orders.open && life->connection == NULL && life->state == STATE_CONNECTING)
        dialer_open(w, number);
    const struct device_slot s = worker_slot(w, number);
    set_timer(w, number, device_next(h, &s));
    if (orders.pump)
        timers_set(&w->loop->timers, number, loop_now(w->loop));
}

/* After every handler: when attempts may start and the guard is to be asked again. Slots that came free while descriptors were handled are
 * filled together, when the poll has no more of them: the far end wakes up once, not for each. */
static void between_steps(struct worker *w) {
    instant again = w->dialer.ready ? loop_now(w->loop) : w->dialer.again;
    if (w->waiters.count > 0)
        again = instant_min(again, w->pump_at);
    timers_set(&w->loop->timers, w->count + TOKEN_GUARD, again);
}

/* After the link's turn: nothing is due, and the timer is set. Steps that the turn led to have set it, the last one after all else. */
static bool rests(struct worker *w, uint32_t number, const struct device_slot *s) {
    instant set = timers_deadline(&w->loop->timers, number);
    if (set > loop_now(w->loop) && set != INSTANT_NEVER)
        return true;
    instant next = device_next(&w->host, s);
    if (next <= loop_now(w->loop))
        return false;
    set_timer(w, number, next);
    return true;
}

static void device_timer(struct worker *w, uint32_t number) {
    struct device_slot s = worker_slot(w, number);
    bool wired = wire_due(w, number);
    dialer_due(w, number);
    if (wired && waiting_first(s.life) == NULL && rests(w, number, &s)) /* the link had something to do */
        return;
    bool more;
    do {
        worker_step(w, loop_now(w->loop));
        more = device_due(&w->host, &s);
        worker_settle(w, number);
    } while (more);
}

/* Until the guard says no again. */
static void pump_guard_waiters(struct worker *w) {
    uint32_t number;
    bool refused = false;
    for (int pumped = 0; pumped < WORKER_PUMPS_MAX && !refused && waiters_take(&w->waiters, &number); pumped++) {
        struct device_slot s = worker_slot(w, number);
        if (s.life->state != STATE_ONLINE)
            continue;
        worker_step(w, loop_now(w->loop));
        device_pump(&w->host, &s);
        worker_settle(w, number);
        refused = waiters_has(&w->waiters, number);
    }
    w->pump_at = instant_add(loop_now(w->loop), refused ? PUMP_PAUSE : 0);
}

static void begin_settling(struct worker *w) {
    w->host.settling = true;
    w->heartbeat = HEARTBEAT;
    for (uint32_t i = 0; i < w->count; i++)
        if (w->lives[i].state != STATE_ONLINE)
            w->lives[i].flags |= DEVICE_AWAY;
}

/* A run that was cut short gave nobody the whole settling time. (One that ended early had nothing in flight.) */
static void end_settling(struct worker *w) {
    begin_settling(w);
    w->host.closes = loop_now(w->loop);
    w->host.counts_until = instant_min(w->host.counts_until, w->host.closes);
    bool whole = w->host.closes >= instant_add(w->plan->duration, w->plan->settle);
    for (uint32_t i = 0; i < w->count && !whole; i++)
        w->lives[i].flags |= DEVICE_AWAY;
}

/* Goes round the devices, some at each heartbeat, and stays at the first that is busy: a look at all of a large fleet at once would
 * make their last answers late. */
static bool found_busy(struct worker *w) {
    for (uint32_t looks = 0; looks < WORKER_LOOKS_MAX && w->idle_in_row < w->count; looks++) {
        const struct device_slot s = worker_slot(w, w->look_at);
        if (device_busy(&w->host, &s)) {
            w->idle_in_row = 0;
            return true;
        }
        w->look_at = (w->look_at + 1) % w->count;
        w->idle_in_row++;
    }
    if (w->idle_in_row < w->count)
        return true;
    w->idle_in_row = 0;
    return false;
}

static void note_cpu(struct worker *w) {
    struct timespec cpu;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
    atomic_store_explicit(&w->cpu_ns, (uint64_t)cpu.tv_sec * 1000000000u + (uint64_t)cpu.tv_nsec, memory_order_release);
}

/* Of batteries some tell for all: every n-th device, the same in each interval. */
static void look_at_batteries(struct worker *w, instant now) {
    uint32_t stride = w->count / WORKER_LEVELS_MAX + 1;
    for (uint32_t i = 0; w->powers != NULL && now < w->plan->duration && i < w->count; i += stride) {
        struct device_slot s = worker_slot(w, i);
        device_power_level(&w->host, &s, now);
    }
}

static void swap_interval(struct worker *w, instant now) {
    if (atomic_load_explicit(&w->filled, memory_order_acquire) != NULL)
        return; /* control is behind: this interval grows longer */
    evidence_swap(w);
    look_at_batteries(w, now);
    device_power_flush(&w->host, now);
    struct interval *spare = atomic_exchange_explicit(&w->spare, NULL, memory_order_acq_rel);
    struct interval *full = recorder_swap(w->recorder, spare, now);
    atomic_store_explicit(&w->filled, full, memory_order_release);
    note_cpu(w);
    w->next_swap += w->plan->interval;
}

/* How late the heartbeat is says how late the loop is. What the farewell costs concerns nothing that was measured. */
static void note_lateness(struct worker *w, instant deadline, instant now) {
    if (deadline >= 0 && deadline < now && w->host.closes == INSTANT_NEVER)
        recorder_loop_late(w->recorder, now - deadline);
}

static void heartbeat(struct worker *w, instant deadline) {
    instant now = loop_now(w->loop);
    note_lateness(w, deadline, now);
    w->host.ends = atomic_load_explicit(&w->ends, memory_order_relaxed);
    if (!w->host.settling && now >= w->host.ends)
        begin_settling(w);
    if (w->host.settling)
        atomic_store_explicit(&w->busy, found_busy(w), memory_order_release);
    ghosts_sweep(&w->ghosts, w->pool, now);
    if (now >= w->next_swap)
        swap_interval(w, now);
    instant next = instant_add(deadline, w->heartbeat);
    next = next > now ? next : instant_add(now, w->heartbeat);
    if (!w->host.settling)
        next = instant_min(next, w->host.ends);
    timers_set(&w->loop->timers, w->count + TOKEN_HEARTBEAT, next);
}

static void farewell_turn(struct worker *w) {
    uint32_t end = w->farewell_at + WORKER_FAREWELL_BATCH;
    for (; w->farewell_at < w->count && w->farewell_at < end; w->farewell_at++) {
        struct device_slot s = worker_slot(w, w->farewell_at);
        worker_step(w, loop_now(w->loop));
        if (device_opening(s.life)) {
            const struct dial *dial = (const struct dial *)s.life->connection->owner;
            struct op op = dial->op;
            bool started = dial->started;
            s.life->flags |= DEVICE_STOPPED;
            if (device_handshaking(s.life))
                device_secured(&w->host, &s, dial, CLOSE_POLITE);
            worker_close(w, w->farewell_at, CLOSE_WITH_RESET);
            device_open_failed(&w->host, &s, started ? &op : NULL, CLOSE_POLITE);
        }
        device_farewell(&w->host, &s);
        worker_settle(w, w->farewell_at);
    }
    if (w->farewell_at < w->count)
        timers_set(&w->loop->timers, w->count + TOKEN_FAREWELL, loop_now(w->loop));
    else
        atomic_store_explicit(&w->said_goodbye, true, memory_order_release);
}

static void on_timer(void *context, uint32_t token, instant deadline) {
    struct worker *w = context;
    if (token < w->count) {
        device_timer(w, token);
    } else {
        switch ((enum worker_token)(token - w->count)) {
        case TOKEN_HEARTBEAT:
            heartbeat(w, deadline);
            break;
        case TOKEN_GUARD:
            w->dialer.ready = true;
            if (w->pump_at <= loop_now(w->loop))
                pump_guard_waiters(w);
            break;
        case TOKEN_FAREWELL:
            farewell_turn(w);
            break;
        case WORKER_TOKENS:
            break;
        }
    }
    dialer_run(w);
    between_steps(w);
}

static void on_io(void *context, struct loop_io *io, unsigned ready) {
    struct worker *w = context;
    struct connection *c = (struct connection *)(void *)io;
    uint32_t number = c->device;
    if ((c->flags & CONNECTION_OPENING) != 0)
        dialer_progress(w, number);
    else
        wire_ready(w, number, ready);
    between_steps(w);
}

static void on_wake(void *context) {
    struct worker *w = context;
    secure_back(w);
    between_steps(w);
    int order = atomic_load_explicit(&w->order, memory_order_acquire);
    w->host.ends = atomic_load_explicit(&w->ends, memory_order_relaxed);
    if (order >= WORKER_FINISH)
        loop_stop(w->loop);
    else if (order == WORKER_FAREWELL && w->farewell_at == 0) {
        note_lateness(w, timers_deadline(&w->loop->timers, w->count + TOKEN_HEARTBEAT), loop_now(w->loop));
        end_settling(w);
        timers_set(&w->loop->timers, w->count + TOKEN_FAREWELL, loop_now(w->loop));
    }
}

static void finish(struct worker *w) {
    for (uint32_t i = 0; i < w->count; i++) {
        struct device_slot s = worker_slot(w, i);
        s.life->flags |= DEVICE_STOPPED;
        bool more;
        do {
            worker_step(w, loop_now(w->loop));
            if (device_opening(s.life)) {
                const struct dial *dial = (const struct dial *)s.life->connection->owner;
                struct op op = dial->op;
                bool started = dial->started;
                if (device_handshaking(s.life))
                    device_secured(&w->host, &s, dial, CLOSE_POLITE);
                worker_close(w, i, CLOSE_WITH_RESET);
                device_open_failed(&w->host, &s, started ? &op : NULL, CLOSE_POLITE);
            }
            more = device_finish(&w->host, &s);
        } while (more);
        worker_close(w, i, CLOSE_IN_ORDER);
        secure_forget(w, i);
    }
    ghosts_free(&w->ghosts, w->pool);
}

/* Before t = 0, so that the first operations do not wait for it. */
static void begin_all(struct worker *w) {
    for (uint32_t i = 0; i < w->count; i++) {
        struct device_slot s = worker_slot(w, i);
        step_begin(&w->host.step, -SPAN_S, -SPAN_S);
        device_begin(&w->host, &s, plan_first_connect(w->plan, s.life->id));
        set_timer(w, i, device_next(&w->host, &s));
    }
}

void worker_prepare(struct worker *w) {
    if (w->private_table) {
        descriptors_take_private(w->loop);
        descriptors_make_room(w->count);
    }
    begin_all(w);
    atomic_store_explicit(&w->ready, true, memory_order_release);
}

void worker_set_off(struct worker *w) {
    loop_set_origin(w->loop, w->origin_ns);
    w->host.ends = atomic_load_explicit(&w->ends, memory_order_relaxed);
    w->next_swap = w->plan->interval;
    w->heartbeat = w->world == NULL ? HEARTBEAT : w->plan->interval;
    timers_set(&w->loop->timers, w->count + TOKEN_HEARTBEAT, w->heartbeat);
}

void worker_leave(struct worker *w) {
    finish(w);
    device_power_flush(&w->host, loop_now(w->loop));
    evidence_swap(w);
    evidence_finish(w);
    w->last = recorder_swap(w->recorder, NULL, loop_refresh(w->loop));
    note_cpu(w);
}

static void *run(void *context) {
    struct worker *w = context;
    worker_prepare(w);
    while (atomic_load_explicit(&w->order, memory_order_acquire) == WORKER_WAIT)
        nanosleep(&(struct timespec){.tv_nsec = SPAN_MS}, NULL);
    worker_set_off(w);
    loop_run(w->loop, INSTANT_NEVER);
    worker_leave(w);
    return NULL;
}

int worker_start(struct worker *w) {
    return pthread_create(&w->thread, NULL, run, w) == 0 ? 0 : ERR_IO;
}

void worker_tell(struct worker *w, enum worker_order order) {
    atomic_store_explicit(&w->order, (int)order, memory_order_release);
    loop_wake(w->loop);
}

struct loop_handlers worker_handlers(struct worker *w) {
    return (struct loop_handlers){.context = w, .io = on_io, .timer = on_timer, .woken = on_wake};
}

uint32_t worker_tokens(const struct worker *w) {
    return w->count + WORKER_TOKENS;
}
