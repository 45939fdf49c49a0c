#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/hash.h"
#include "device/behaviour.h"
#include "device/device_power.h"
#include "device/drivers.h"
#include "device/payload.h"
#include "fleet/evidence.h"
#include "fleet/recording.h"
#include "fleet/virtual.h"
#include "fleet/worker.h"
#include "loop/loop_ev.h"
#include "scenario/plan_observe.h"

enum { POOL_PER_DEVICE = 64 << 10, POOL_MIN = 256 << 20, CACHE_LINE = 64 };

/* Does the modelled link of any device ever delay or cut? */
static bool needs_links(const struct plan *p) {
    for (unsigned i = 0; i < p->group_count; i++)
        if (p->groups[i].network != NULL || p->groups[i].radio || device_power_deaf(&p->groups[i]))
            return true;
    for (unsigned i = 0; i < p->action_count; i++)
        if (p->actions[i].verb == DO_LINK || p->actions[i].verb == DO_LINK_DOWN)
            return true;
    return false;
}

static bool needs_kept(const struct plan *p) {
    for (unsigned i = 0; i < p->group_count; i++)
        if (p->groups[i].target->tls != NULL && p->groups[i].profile->tls_resume_ppm > 0)
            return true;
    return false;
}

static bool needs_power(const struct plan *p) {
    for (unsigned i = 0; i < p->group_count; i++)
        if (p->groups[i].power != NULL)
            return true;
    return false;
}

/* Calls `each` for the devices that live here, in order of their index. */
static void each_device(const struct plan *p, unsigned worker, unsigned workers, unsigned shard, unsigned shards,
                        void (*each)(void *context, uint32_t id), void *context) {
    for (uint64_t id = shard - 1 + (uint64_t)worker * shards; id < p->device_count; id += (uint64_t)shards * workers)
        if (!plan_is_absent(p, (uint32_t)id))
            each(context, (uint32_t)id);
}

static void count_device(void *context, uint32_t id) {
    struct worker *w = context;
    w->count++;
    w->groups[w->plan->group_of[id] + 1].first++;
}

/* Zeroed, and each element on cache lines of its own if its size is a multiple of theirs: 10,000 loaded devices are more than the
 * nearer caches hold. */
static void *slab(size_t count, size_t size) {
    size_t bytes = (count * size + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    void *all = aligned_alloc(CACHE_LINE, bytes);
    return all == NULL ? NULL : memset(all, 0, bytes);
}

static void point_into_slabs(struct worker *w) {
    uint8_t *behaviours = w->behaviours, *radios = w->radios;
    for (unsigned g = 0; g < w->plan->group_count; g++) {
        struct worker_group *group = &w->groups[g];
        uint32_t devices = group[1].first - group->first;
        group->behaviours = behaviours;
        group->radios = w->plan->groups[g].radio ? radios : NULL;
        if (behaviours != NULL)
            behaviours += group->behaviour_size * devices;
        if (radios != NULL)
            radios += group->radio_size * devices;
    }
}

static bool lay_out_groups(struct worker *w) {
    const struct plan *p = w->plan;
    size_t at = 0, radios = 0;
    for (unsigned g = 0; g < p->group_count; g++) {
        struct worker_group *group = &w->groups[g];
        uint32_t devices = group[1].first; /* so far it is their count */
        group->radio_size = radio_size(&p->groups[g]);
        group->behaviour_size = behaviour_size(&p->groups[g], w->host.tracked_count);
        radios += group->radio_size * devices;
        at += group->behaviour_size * devices;
        group[1].first += group->first;
    }
    w->session_size = (drivers_mqtt.session_size + 7) & ~(size_t)7;
    size_t count = w->count > 0 ? w->count : 1;
    w->lives = slab(count, sizeof *w->lives);
    w->sessions = slab(count, w->session_size);
    w->behaviours = slab(1, at > 0 ? at : 1);
    w->links = needs_links(p) ? slab(count, sizeof *w->links) : NULL;
    w->radios = radios > 0 ? slab(1, radios) : NULL;
    w->powers = needs_power(p) ? slab(count, sizeof *w->powers) : NULL;
    w->kept = needs_kept(p) ? calloc(count, sizeof *w->kept) : NULL;
    w->host.ledgers = needs_power(p) ? calloc(p->group_count, sizeof *w->host.ledgers) : NULL;
    point_into_slabs(w);
    bool power = !needs_power(p) || (w->powers != NULL && w->host.ledgers != NULL);
    return w->lives != NULL && w->sessions != NULL && w->behaviours != NULL && power &&
           (w->kept != NULL || !needs_kept(p)) && (w->links != NULL || !needs_links(p)) &&
           (w->radios != NULL || radios == 0);
}

struct placing {
    struct worker *w;
    uint32_t *next;      /* [groups]: place of the group's next device */
    uint32_t *positions; /* [groups]: devices of the group met so far, of the whole plan */
};

static void begin_placing(struct placing *placing) {
    for (unsigned g = 0; g < placing->w->plan->group_count; g++)
        placing->next[g] = placing->w->groups[g].first;
}

static void place_device(void *context, uint32_t id) {
    struct placing *placing = context;
    uint16_t group = placing->w->plan->group_of[id];
    placing->w->lives[placing->next[group]++] = (struct device){.id = id, .group = group};
}

/* node = position in the group mod nodes; positions count over the whole plan, so that shards agree. */
static void choose_nodes(struct placing *placing) {
    struct worker *w = placing->w;
    if (w->dialer.device_node == NULL)
        return;
    begin_placing(placing);
    for (uint32_t id = 0; id < w->plan->device_count; id++) {
        uint16_t group = w->plan->group_of[id];
        uint32_t position = placing->positions[group]++;
        uint32_t number = placing->next[group];
        if (number < w->groups[group + 1].first && w->lives[number].id == id) {
            w->dialer.device_node[number] = (uint16_t)(position % w->plan->groups[group].target->node_count);
            placing->next[group]++;
        }
    }
}

static int place_devices(struct worker *w, unsigned worker, unsigned workers, unsigned shard, unsigned shards) {
    unsigned groups = w->plan->group_count;
    struct placing placing = {w, calloc(groups, sizeof(uint32_t)), calloc(groups, sizeof(uint32_t))};
    int error = placing.next == NULL || placing.positions == NULL ? ERR_NO_MEMORY : 0;
    if (error == 0) {
        begin_placing(&placing);
        each_device(w->plan, worker, workers, shard, shards, place_device, &placing);
        error = dialer_init(&w->dialer, w);
    }
    if (error == 0)
        choose_nodes(&placing);
    free(placing.next);
    free(placing.positions);
    return error;
}

static void fill_host(struct worker *w, const struct secret_table *secrets) {
    const struct plan *p = w->plan;
    struct device_host *h = &w->host;
    h->seed = p->seed;
    h->groups = p->groups;
    h->actions = p->actions;
    h->group_count = p->group_count;
    h->segments = &p->segments;
    h->action_count = p->action_count;
    for (unsigned i = 0; i < p->action_count; i++)
        h->tracked_count += behaviour_tracks(&p->actions[i]);
    h->plan = p;
    h->fleets = p->fleets;
    h->secrets = secrets;
    h->device_count = p->device_count;
    h->run_id = p->run_id;
    h->run_number = payload_mark_run(p->run_id);
    h->epoch_unix_ms = p->epoch_unix_ms;
    h->ends = h->counts_until = p->duration;
    h->closes = INSTANT_NEVER;
    h->audited = p->observe == NULL || p->virtual_time ? NULL : p->observe->devices;
}

static uint8_t excluded(const void *plan, uint32_t device, instant intended, instant end) {
    return plan_excluded((const struct plan *)plan, device, intended, end);
}

static int make_tools(struct worker *w, double share) {
    const struct plan *p = w->plan;
    struct device_host *h = &w->host;
    size_t cap = (size_t)w->count * POOL_PER_DEVICE;
    w->pool = pool_new(cap > POOL_MIN ? cap : POOL_MIN);
    w->recorder = recorder_new(p->group_count, &p->segments);
    h->duplicates = duplicates_new();
    w->out = malloc(WORKER_OUT_SIZE);
    w->scratch = malloc(WORKER_SCRATCH_SIZE);
    w->receive = malloc(WORKER_RECEIVE_SIZE);
    if (w->pool == NULL || w->recorder == NULL || h->duplicates == NULL || w->out == NULL || w->scratch == NULL ||
        w->receive == NULL)
        return ERR_NO_MEMORY;
    h->pool = h->step.pool = w->pool;
    h->recorder = w->recorder;
    h->guard = &w->guard;
    h->excluded = p->excluded_count > 0 ? excluded : NULL;
    h->step.out = bytes_writer_of(w->out, WORKER_OUT_SIZE);
    h->scratch = bytes_writer_of(w->scratch, WORKER_SCRATCH_SIZE);
    int error = guard_init(&w->guard, &p->safety, share, w->dialer.node_count);
    if (error == 0)
        error = waiters_init(&w->waiters, w->count);
    if (error < 0)
        return error;
    struct loop_handlers handlers = worker_handlers(w);
    return w->world == NULL ? loop_ev_new(&handlers, worker_tokens(w), &w->loop)
                            : loop_virtual_new(w->world->world, &handlers, worker_tokens(w), &w->loop);
}

int worker_build(struct worker *w, const struct plan *plan, unsigned worker, unsigned workers, unsigned shard,
                 unsigned shards, struct virtual_run *world, const struct secret_table *secrets) {
    *w = (struct worker){.index = worker, .plan = plan, .world = world};
    unsigned groups = plan->group_count;
    w->groups = calloc(groups + 1, sizeof *w->groups);
    if (w->groups == NULL)
        return ERR_NO_MEMORY;
    fill_host(w, secrets);
    atomic_store(&w->ends, plan->duration);
    each_device(plan, worker, workers, shard, shards, count_device, w);
    if (!lay_out_groups(w))
        return ERR_NO_MEMORY;
    int error = place_devices(w, worker, workers, shard, shards);
    double share = plan->device_count == 0 ? 1.0 : (double)w->count / plan->device_count;
    return error < 0 ? error : make_tools(w, share);
}

void worker_build_free(struct worker *w) {
    evidence_free(w);
    recording_free(w);
    loop_close(w->loop);
    guard_free(&w->guard);
    dialer_free(&w->dialer);
    recorder_free(w->recorder);
    duplicates_free(w->host.duplicates);
    pool_free(w->pool);
    interval_free(atomic_load(&w->filled));
    interval_free(atomic_load(&w->spare));
    interval_free(w->last);
    waiters_free(&w->waiters);
    free(w->lives);
    free(w->sessions);
    free(w->links);
    free(w->radios);
    free(w->powers);
    free(w->kept);
    free(w->host.ledgers);
    free(w->behaviours);
    free(w->groups);
    free(w->out);
    free(w->scratch);
    free(w->receive);
}
