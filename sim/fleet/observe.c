#include "fleet/observe.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/err.h"
#include "device/identity.h"
#include "loop/loop.h"
#include "scenario/plan_backend.h"
#include "scenario/plan_command.h"
#include "scenario/plan_observe.h"
#include "transport/guard.h"

enum {
    NAMES_SIZE = 16 << 10, /* client id, user name and password of one observer */
    LOOK_MS = 5,
    STRAGGLERS_MS = 250, /* what devices' farewells set free */
    PROBE_MS = 2000      /* for an observer's sign of life */
};

struct watched {
    const struct target *target;
    const char *const *filters;
    unsigned filter_count;
    const char **answers; /* filters of replies to commands, and of what the backend says of itself */
    unsigned answer_count;
    struct observer *observer;
    bool probed; /* a probe is under way */
    unsigned node;
    uint8_t names[NAMES_SIZE];
    char client_id[256];
};

struct observe {
    const struct plan *plan;
    unsigned shard, shards;
    struct audit *audit;
    struct watched *watched;
    unsigned watched_count;
    bool *ordered; /* [group_count]: it has topics that are the same for all messages of a device */
    int64_t origin_ns;
    struct interval *spare;
    const struct observer_visitor *listeners[OBSERVE_LISTENERS_MAX];
    unsigned listener_count;
    const struct target *told_of; /* whose observer is being drained */
    void (*tell)(void *context, instant at, const char *text);
    void *context;
};

/* --- opening ---------------------------------------------------------------------------------------------------------- */

/* A message-by-message topic says nothing about order. */
static bool has_order(const struct fleet_group *g) {
    for (unsigned t = 0; t < g->telemetry_count; t++)
        if (g->telemetry[t].observed && (g->telemetry[t].topic.uses & TEMPLATE_OF_MESSAGE) == 0)
            return true;
    return false;
}

const struct identity *observe_identity(const struct plan *p) {
    return p->observe != NULL   ? p->observe->identity
           : p->command != NULL ? p->command->identity
           : p->backend != NULL ? p->backend->identity
                                : NULL;
}

static enum mqtt_version version_of(const struct plan *p) {
    return p->observe != NULL ? p->observe->version : p->command != NULL ? p->command->version : p->backend->version;
}

/* An observer is a device of a fleet called "observer", as far as names go. */
static int name_observer(const struct observe *o, const struct secret_table *secrets, unsigned number,
                         struct watched *w, struct observer_config *config) {
    const struct plan *p = o->plan;
    struct fleet_group group = {
        .fleet = "observer", .profile_name = "observer", .region = "", .identity = observe_identity(p)};
    uint32_t index = (o->shard - 1) * o->watched_count + number;
    struct payload_context context = {
        .group = &group, .secrets = secrets, .run_id = p->run_id, .seed = p->seed, .device = index, .index = index};
    struct bytes_writer out = bytes_writer_of(w->names, sizeof w->names);
    struct identity_names names;
    int error = identity_render(&context, &out, &names);
    if (error < 0)
        return error;
    if (names.client_id.size >= sizeof w->client_id)
        return ERR_TOO_BIG;
    snprintf(w->client_id, sizeof w->client_id, "%.*s", (int)names.client_id.size, (const char *)names.client_id.data);
    config->client_id = w->client_id;
    config->user = names.user;
    config->password = names.password;
    config->has_user = names.has_user;
    config->has_password = names.has_password;
    return 0;
}

/* The next node that the guard permits, from w->node on. */
static bool find_node(const struct plan *p, struct watched *w) {
    while (w->node < w->target->node_count && !guard_limits_permit(&p->safety, &w->target->nodes[w->node]))
        w->node++;
    return w->node < w->target->node_count;
}

static int open_one(struct observe *o, const struct secret_table *secrets, unsigned number, char *why,
                    size_t why_size) {
    struct watched *w = &o->watched[number];
    const struct plan *p = o->plan;
    const struct target *target = w->target;
    if (!find_node(p, w)) {
        snprintf(why, why_size, "the observer may connect to no address of %s; add it to 'safety: {allow: [...]}'",
                 target->url);
        return ERR_DENIED;
    }
    struct observer_config config = {.node = target->nodes[w->node],
                                     .version = version_of(p),
                                     .filters = w->filters,
                                     .filter_count = w->filter_count,
                                     .answers = w->answers,
                                     .answer_count = w->answer_count,
                                     .qos = p->observe != NULL ? p->observe->qos : 2,
                                     .run = payload_mark_run(p->run_id),
                                     .device_count = p->device_count};
    int error = name_observer(o, secrets, number, w, &config);
    if (error < 0) {
        snprintf(why, why_size, "the observer's identity cannot be made: %s", err_name(error));
        return error;
    }
    return observer_open(&config, &w->observer, why, why_size);
}

static int open_all(struct observe *o, const struct secret_table *secrets, char *why, size_t why_size) {
    for (unsigned i = 0; i < o->watched_count; i++) {
        int error = open_one(o, secrets, i, why, why_size);
        if (error < 0)
            return error;
    }
    return 0;
}

/* 0: not yet; 1: all ready; negative: one failed on its last node. */
static int look(struct observe *o, const struct secret_table *secrets, char *why, size_t why_size) {
    unsigned ready = 0;
    for (unsigned i = 0; i < o->watched_count; i++) {
        struct watched *w = &o->watched[i];
        char said[256];
        enum observer_state state = observer_state(w->observer, said, sizeof said);
        ready += state == OBSERVER_READY;
        if (state != OBSERVER_FAILED)
            continue;
        w->node++;
        if (find_node(o->plan, w)) {
            observer_close(w->observer);
            w->observer = NULL;
            int error = open_one(o, secrets, i, why, why_size);
            if (error < 0)
                return error;
            continue;
        }
        snprintf(why, why_size, "the observer cannot %s %s: %s (%sobserve: {identity: ...} gives it credentials)",
                 o->audit != NULL ? "audit" : "work with", w->target->url, said,
                 o->audit != NULL ? "observe: none runs without it; " : "");
        return ERR_UNREACHABLE;
    }
    return ready == o->watched_count;
}

static int wait_for_all(struct observe *o, const struct secret_table *secrets, volatile const int *signals, char *why,
                        size_t why_size) {
    int64_t end = loop_clock_monotonic() + OBSERVE_PATIENCE_MS * SPAN_MS;
    for (;;) {
        int result = look(o, secrets, why, why_size);
        if (result != 0)
            return result < 0 ? result : 0;
        if (signals != NULL && *signals > 0) {
            snprintf(why, why_size, "interrupted before the observer was ready");
            return ERR_CLOSED;
        }
        if (loop_clock_monotonic() > end) {
            snprintf(why, why_size, "the observer was not connected and subscribed within %d s",
                     OBSERVE_PATIENCE_MS / 1000);
            return ERR_UNREACHABLE;
        }
        nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * SPAN_MS}, NULL);
    }
}

/* The client of a target, made when there is none yet. */
static struct watched *watch(struct observe *o, const struct target *target) {
    for (unsigned i = 0; i < o->watched_count; i++)
        if (o->watched[i].target == target)
            return &o->watched[i];
    struct watched *w = &o->watched[o->watched_count++];
    w->target = target;
    return w;
}

static int add_answers(struct watched *w, const char *const *filters, unsigned count) {
    const char **all = realloc(w->answers, (w->answer_count + count) * sizeof *all);
    if (all == NULL)
        return ERR_NO_MEMORY;
    memcpy(all + w->answer_count, filters, count * sizeof *all);
    w->answers = all;
    w->answer_count += count;
    return 0;
}

/* Who is needed for the audit, for commands, and for what the backend says of itself. */
static int choose_clients(struct observe *o) {
    static const char *const sys_filter = PLAN_BACKEND_SYS_FILTER;
    const struct plan *p = o->plan;
    int error = 0;
    for (unsigned i = 0; p->observe != NULL && i < p->observe->observer_count; i++) {
        const struct plan_observer *plan = &p->observe->observers[i];
        struct watched *w = watch(o, plan->target);
        w->filters = plan->filters;
        w->filter_count = plan->filter_count;
    }
    for (unsigned i = 0; p->command != NULL && error == 0 && i < p->command->commander_count; i++) {
        const struct plan_commander *plan = &p->command->commanders[i];
        error = add_answers(watch(o, plan->target), plan->replies, plan->reply_count);
    }
    if (error == 0 && p->backend != NULL && p->backend->sys_topics)
        error = add_answers(watch(o, &p->targets[0]), &sys_filter, 1);
    return error;
}

static bool is_needed(const struct plan *p) {
    return p->observe != NULL || p->command != NULL || (p->backend != NULL && p->backend->sys_topics);
}

int observe_open(const struct plan *plan, unsigned shard, unsigned shards, const struct secret_table *secrets,
                 volatile const int *signals, struct observe **out, char *why, size_t why_size) {
    *out = NULL;
    if (!is_needed(plan))
        return 0;
    struct observe *o = calloc(1, sizeof *o);
    if (o == NULL)
        return ERR_NO_MEMORY;
    *o = (struct observe){.plan = plan, .shard = shard, .shards = shards};
    o->watched = calloc(plan->target_count + 1, sizeof *o->watched);
    o->ordered = calloc(plan->group_count + 1, sizeof *o->ordered);
    if (plan->observe != NULL)
        o->audit = audit_new(plan->group_count, &plan->segments, plan->device_count);
    bool missing = o->watched == NULL || o->ordered == NULL || (o->audit == NULL && plan->observe != NULL);
    int error = missing ? ERR_NO_MEMORY : choose_clients(o);
    for (unsigned g = 0; error == 0 && g < plan->group_count; g++)
        o->ordered[g] = has_order(&plan->groups[g]);
    if (error == 0)
        error = open_all(o, secrets, why, why_size);
    if (error == 0)
        error = wait_for_all(o, secrets, signals, why, why_size);
    if (error < 0)
        observe_close(o);
    else
        *out = o;
    return error;
}

void observe_close(struct observe *o) {
    if (o == NULL)
        return;
    for (unsigned i = 0; o->watched != NULL && i < o->watched_count; i++) {
        observer_close(o->watched[i].observer);
        explicit_bzero(o->watched[i].names, sizeof o->watched[i].names);
        free(o->watched[i].answers);
    }
    free(o->watched);
    free(o->ordered);
    audit_free(o->audit);
    interval_free(o->spare);
    free(o);
}

/* --- while the run goes on -------------------------------------------------------------------------------------------- */

void observe_begin(struct observe *o, int64_t origin_ns) {
    if (o == NULL)
        return;
    o->origin_ns = origin_ns;
    observe_tick(o, NULL, NULL); /* what goes on at t = 0 is a connection that was lost */
}

static void take_arrival(void *context, const struct observer_arrival *a) {
    struct observe *o = context;
    uint32_t device = a->mark.device;
    instant at = a->at_ns - o->origin_ns;
    if (o->audit == NULL || at < 0 || device % o->shards != o->shard - 1 || !plan_observe_has(o->plan->observe, device))
        return;
    uint16_t group = o->plan->group_of[device];
    audit_arrival(o->audit, &(struct audit_arrival){.device = device,
                                                    .sequence = a->mark.sequence,
                                                    .intended = (instant)a->mark.intended_us * SPAN_US,
                                                    .at = at,
                                                    .topic = o->ordered[group] ? a->topic : 0,
                                                    .group = group,
                                                    .qos = a->qos});
}

static void tell_gap(const struct observe *o, const struct observer_gap *g, instant from, instant to) {
    char text[256], length[32];
    if (o->tell == NULL || g->kind == OBSERVER_GAP_STALL) /* whether a stall matters is decided later */
        return;
    instant_format_span(to - from, length, sizeof length);
    if (to == INSTANT_NEVER)
        snprintf(text, sizeof text, "the observer lost its connection%s",
                 o->audit != NULL ? "; what it may miss is out of the audit" : "");
    else if (g->kind == OBSERVER_GAP_CONNECTION)
        snprintf(text, sizeof text, "the observer is back after %s", length);
    else
        snprintf(text, sizeof text, "the observer's queue was full for %s: %llu messages thrown away", length,
                 (unsigned long long)g->thrown_away);
    o->tell(o->context, to == INSTANT_NEVER ? from : to, text);
}

static void take_gap(void *context, const struct observer_gap *g) {
    static const enum audit_gap_kind kinds[OBSERVER_GAP_KINDS] = {
        [OBSERVER_GAP_CONNECTION] = AUDIT_GAP_CONNECTION,
        [OBSERVER_GAP_STALL] = AUDIT_GAP_STALL,
        [OBSERVER_GAP_QUEUE] = AUDIT_GAP_QUEUE,
    };
    struct observe *o = context;
    instant from = instant_max(g->from_ns - o->origin_ns, 0);
    instant to = g->to_ns == INT64_MAX ? INSTANT_NEVER : g->to_ns - o->origin_ns;
    if (to < 0)
        return;
    for (unsigned i = 0; i < o->listener_count; i++)
        if (o->listeners[i]->gap != NULL)
            o->listeners[i]->gap(o->listeners[i]->context, g);
    if (o->audit != NULL)
        audit_gap(o->audit, kinds[g->kind], from, to);
    tell_gap(o, g, from, to);
}

static void take_answer(void *context, const struct observer_answer *a) {
    const struct observe *o = context;
    for (unsigned i = 0; i < o->listener_count; i++)
        if (o->listeners[i]->answer != NULL)
            o->listeners[i]->answer(o->listeners[i]->context, a);
}

static void take_published(void *context, const struct observer_published *p) {
    const struct observe *o = context;
    for (unsigned i = 0; i < o->listener_count; i++)
        if (o->listeners[i]->published != NULL)
            o->listeners[i]->published(o->listeners[i]->context, p);
}

void observe_listen(struct observe *o, const struct observer_visitor *listener) {
    CHECK(o->listener_count < OBSERVE_LISTENERS_MAX);
    o->listeners[o->listener_count++] = listener;
}

void observe_tick(struct observe *o, void (*tell)(void *context, instant at, const char *text), void *context) {
    if (o == NULL)
        return;
    const struct observer_visitor visitor = {
        .context = o, .arrival = take_arrival, .answer = take_answer, .published = take_published, .gap = take_gap};
    o->tell = tell;
    o->context = context;
    for (unsigned i = 0; i < o->watched_count; i++) {
        o->told_of = o->watched[i].target;
        observer_drain(o->watched[i].observer, &visitor);
    }
}

void observe_interval(struct observe *o, const struct interval *i) {
    if (o != NULL && o->audit != NULL)
        audit_interval(o->audit, i);
}

struct interval *observe_swap(struct observe *o, instant at) {
    if (o == NULL || o->audit == NULL)
        return NULL;
    audit_settle(o->audit, at);
    struct interval *found = audit_swap(o->audit, o->spare, at);
    o->spare = NULL;
    return found;
}

void observe_give_back(struct observe *o, struct interval *i) {
    if (o != NULL)
        o->spare = i;
}

bool observe_waits(const struct observe *o) {
    return o != NULL && o->audit != NULL && audit_waits(o->audit);
}

/* Drains for so long, or until nothing is waited for any more. */
static void wait_for(struct observe *o, int ms, bool (*done)(const struct observe *)) {
    for (int waited = 0; waited < ms && !done(o); waited += LOOK_MS) {
        nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * SPAN_MS}, NULL);
        observe_tick(o, o->tell, o->context);
    }
}

static bool has_all(const struct observe *o) {
    return !audit_waits(o->audit);
}

static bool all_answered(const struct observe *o) {
    for (unsigned i = 0; i < o->watched_count; i++)
        if (o->watched[i].probed && !observer_answered(o->watched[i].observer, NULL))
            return false;
    return true;
}

/* Something is missing: is it lost, or does the observer sit on a connection that died in silence? */
static void look_for_signs_of_life(struct observe *o) {
    for (unsigned i = 0; i < o->watched_count; i++)
        o->watched[i].probed = observer_probe(o->watched[i].observer) == 0;
    wait_for(o, PROBE_MS, all_answered);
    for (unsigned i = 0; i < o->watched_count; i++) {
        int64_t heard_ns;
        if (!o->watched[i].probed || observer_answered(o->watched[i].observer, &heard_ns))
            continue;
        o->told_of = o->watched[i].target;
        take_gap(o, &(struct observer_gap){.kind = OBSERVER_GAP_CONNECTION, .from_ns = heard_ns, .to_ns = INT64_MAX});
    }
}

void observe_finish(struct observe *o) {
    if (o == NULL)
        return;
    observe_tick(o, o->tell, o->context);
    if (o->audit == NULL)
        return;
    audit_settle(o->audit, INSTANT_NEVER);
    wait_for(o, STRAGGLERS_MS, has_all);
    if (audit_waits(o->audit))
        look_for_signs_of_life(o);
    audit_close(o->audit);
}

/* --- afterwards ------------------------------------------------------------------------------------------------------- */

void observe_facts(const struct observe *o, struct run_audit *facts) {
    *facts = (struct run_audit){0};
    if (o == NULL || o->audit == NULL)
        return;
    facts->on = true;
    facts->granted = 2;
    for (unsigned i = 0; i < o->watched_count; i++) {
        uint8_t granted = observer_granted(o->watched[i].observer);
        facts->granted = granted < facts->granted ? granted : facts->granted;
    }
    const struct audit_gap *gaps;
    facts->gap_count = audit_gaps_told(o->audit, &gaps);
    facts->gaps = calloc(facts->gap_count + 1, sizeof *facts->gaps);
    CHECK(facts->gaps != NULL);
    memcpy(facts->gaps, gaps, facts->gap_count * sizeof *gaps);
}

size_t observe_bytes(const struct observe *o) {
    return o == NULL || o->audit == NULL ? 0 : audit_bytes(o->audit);
}

struct observer *observe_of(struct observe *o, const struct target *target) {
    for (unsigned i = 0; o != NULL && i < o->watched_count; i++)
        if (o->watched[i].target == target)
            return o->watched[i].observer;
    return NULL;
}

const struct target *observe_told_of(const struct observe *o) {
    return o->told_of;
}
