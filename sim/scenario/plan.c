#include "scenario/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/check.h"
#include "scenario/checks.h"
#include "scenario/plan_backend.h"
#include "scenario/plan_build.h"
#include "scenario/plan_command.h"
#include "scenario/plan_digest.h"
#include "scenario/plan_fleets.h"
#include "scenario/plan_limits.h"
#include "scenario/plan_lint.h"
#include "scenario/plan_observe.h"
#include "scenario/plan_outages.h"
#include "scenario/plan_power.h"
#include "scenario/plan_rate.h"
#include "scenario/plan_resources.h"
#include "scenario/plan_targets.h"
#include "scenario/plan_tls.h"
#include "scenario/timeline.h"
#include "scenario/value.h"

/* --- the scenario as a whole ---------------------------------------------------------------------------------------- */

static const struct diagnostic_mark flag = {"--set", 1, 1, 1};

static void put(struct node *map, const char *key, const char *text, const char *from) {
    struct diagnostic_mark mark = {from, 1, 1, 1};
    struct node *value = node_scalar(text, NODE_QUOTED, mark);
    value->from_flag = true;
    node_put(map, key, mark, value);
}

/* The seed stands in the resolved scenario, wherever it came from: with it the run can be repeated. */
static void choose_seed(const struct plan_build *b, struct node *root) {
    struct plan *p = b->plan;
    char text[24];
    bool written = value_given(root, "seed");
    p->seed_given = b->options->has_seed || written;
    if (b->options->has_seed)
        p->seed = b->options->seed;
    else if (written)
        p->seed = value_integer_at(root, "seed");
    else
        CHECK(getrandom(&p->seed, sizeof p->seed, 0) == (ssize_t)sizeof p->seed);
    if (b->options->has_seed || !written) {
        snprintf(text, sizeof text, "%llu", (unsigned long long)p->seed);
        put(root, "seed", text, "--seed");
        node_get(root, "seed")->style = NODE_PLAIN;
    }
}

/* What --target says stands in the resolved scenario. Lists of nodes keep their order. */
static void keep_targets(const struct plan_build *b, struct node *root) {
    struct node *targets = node_get(root, "targets");
    bool named = targets != NULL && targets->kind == NODE_MAP && targets->count > 0;
    struct node *list = node_new(NODE_LIST, flag);
    for (unsigned i = 0; i < b->options->target_count; i++) {
        const char *text = b->options->targets[i], *equals = strchr(text, '='), *scheme = strstr(text, "://");
        bool has_name = equals != NULL && (scheme == NULL || equals < scheme);
        char name[64];
        snprintf(name, sizeof name, "%.*s", has_name ? (int)(equals - text) : 0, text);
        struct node *one = named && has_name ? node_get(targets, name) : NULL;
        if (one != NULL)
            put(one, "url", equals + 1, "--target");
        else if (!has_name)
            node_add(list, NULL, flag, node_scalar(text, NODE_QUOTED, flag));
    }
    if (list->count == 0)
        node_free(list);
    else
        node_put(named ? targets->entries[0].value : root, named ? "url" : "target", flag, list);
}

static int64_t unix_ms_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Rows of logs and series of a run in simulated time: as fine as 10,000 of them allow. */
static span interval_of(span length) {
    static const span intervals[] = {SPAN_S,           10 * SPAN_S,      60 * SPAN_S,
                                     10 * 60 * SPAN_S, 60 * 60 * SPAN_S, 24 * 60 * 60 * SPAN_S};
    enum { ROWS_MAX = 10000 };
    size_t i = 0;
    while (i + 1 < COUNT_OF(intervals) && length / intervals[i] > ROWS_MAX)
        i++;
    return intervals[i];
}

static void read_times(const struct plan_build *b) {
    struct plan *p = b->plan;
    p->duration = value_span_at(b->root, "duration");
    p->warmup = value_span_at(b->root, "warmup");
    p->settle = value_span_at(b->root, "settle");
    p->virtual_time = b->options->virtual_time;
    p->interval = p->virtual_time ? interval_of(p->duration) : SPAN_S;
    p->epoch_now = value_word_at(b->root, "epoch") == 0;
    int64_t seconds;
    char why[VALUE_WHY_MAX];
    if (p->epoch_now) {
        p->epoch_unix_ms = unix_ms_now();
    } else {
        CHECK(value_timestamp(value_text_at(b->root, "epoch"), &seconds, why) == 0);
        p->epoch_unix_ms = seconds * 1000;
    }
}

static void read_names(const struct plan_build *b) {
    struct plan *p = b->plan;
    const char *name = value_text_at(b->root, "name"), *file = b->root->mark.file;
    p->file = plan_memory_text(b->memory, file == NULL ? "scenario" : file);
    const char *slash = strrchr(p->file, '/');
    p->name = name != NULL && name[0] != '\0' ? plan_memory_text(b->memory, name) : slash == NULL ? p->file : slash + 1;
}

/* ${run.id}: four hexadecimal digits, given or from the plan. */
static void choose_run_id(const struct plan_build *b) {
    const char *given = b->options->run_id;
    if (given == NULL) {
        snprintf(b->plan->run_id, sizeof b->plan->run_id, "%.4s", b->plan->plan_hash);
        return;
    }
    size_t size = strlen(given);
    struct diagnostic_mark mark = {diagnostic_source(b->found, "--run-id", given, size), 1, 1,
                                   size > 0 ? (int)size : 1};
    if (size != 4 || strspn(given, "0123456789abcdef") != 4)
        diagnostic_add(b->found, "E420", mark, "'%s' is no run id; write four digits 0-9, a-f", given);
    snprintf(b->plan->run_id, sizeof b->plan->run_id, "%.4s", given);
}

/* --- compiling ------------------------------------------------------------------------------------------------------ */

static void compile(const struct plan_build *b) {
    read_names(b);
    read_times(b);
    plan_targets_make(b);
    plan_targets_builtin(b);
    plan_targets_sources(b);
    plan_targets_safety(b);
    plan_fleets_make(b);
    size_t errors = b->found->errors;
    if (b->plan->device_count == 0 || b->plan->group_count == 0) {
        checks_validate(b->root, b->found);
        return;
    }
    timeline_make(b);
    plan_outages_make(b);
    timeline_phases(b);
    plan_power_finish(b);
    checks_make(b);
    checks_segments(b);
    checks_trust(b);
    plan_lint_scenario(b);
    plan_limits_lint(b);
    plan_tls_check(b);
    if (b->found->errors > errors)
        return;
    plan_digest_scenario(b->root, b->plan->scenario_hash);
    plan_digest_plan(b->plan, b->plan->plan_hash);
    choose_run_id(b);
    plan_observe_make(b);
    plan_command_make(b);
    plan_backend_make(b);
    if (!b->options->skip_resources)
        plan_resources_check(b);
}

static void release_limits(void *what) {
    guard_limits_free(what);
}

static void release_root(void *what) {
    node_free(what);
}

struct plan *plan_compile(struct node *root, const struct plan_options *options, struct diagnostic_list *found) {
    struct plan *p = calloc(1, sizeof *p);
    CHECK(p != NULL);
    p->memory = plan_memory_new();
    p->root = root;
    plan_memory_defer(p->memory, release_root, root);
    plan_memory_defer(p->memory, release_limits, &p->safety);
    struct plan_build b = {.plan = p, .memory = p->memory, .root = root, .options = options, .found = found};
    size_t before = found->errors;
    choose_seed(&b, root);
    if (options->devices > 0)
        plan_fleets_scale(root, options->devices);
    if (options->rate > 0)
        plan_rate_scale(root, options->rate);
    if (options->target_count > 0)
        keep_targets(&b, root);
    compile(&b);
    if (found->errors == before)
        return p;
    plan_free(p);
    return NULL;
}

void plan_free(struct plan *p) {
    if (p == NULL)
        return;
    plan_memory_free(p->memory);
    free(p);
}

uint32_t plan_devices_here(const struct plan *p, unsigned shard, unsigned shards) {
    if (p->absent == NULL)
        return p->device_count / shards + (shard - 1 < p->device_count % shards ? 1 : 0);
    uint32_t count = 0;
    for (uint64_t d = shard - 1; d < p->device_count; d += shards)
        count += !plan_is_absent(p, (uint32_t)d);
    return count;
}

void plan_keep_only(struct plan *p, const uint32_t *devices, unsigned count) {
    size_t words = p->device_count / 64 + 1;
    p->absent = plan_memory_take(p->memory, words, sizeof *p->absent);
    memset(p->absent, 0xFF, words * sizeof *p->absent);
    for (unsigned i = 0; i < count; i++)
        p->absent[devices[i] / 64] &= ~(UINT64_C(1) << devices[i] % 64);
}

/* --- questions about a device --------------------------------------------------------------------------------------- */

static void stretch_of(const struct plan *p, const struct action *a, uint32_t device, instant *start, instant *end) {
    *start = a->start;
    *end = a->end;
    if (!action_verbs[a->verb].per_device)
        return;
    *start = action_start(a, p->seed, device);
    *end = action_end(a, p->seed, device, *start, 0);
    if (*end == INSTANT_NEVER) /* no `for`: the entry is an instant */
        *end = *start;
}

static bool touches(const struct plan *p, const struct action *a, uint32_t device, instant intended, instant end) {
    instant from, to;
    if (!action_selects(a, device))
        return false;
    stretch_of(p, a, device, &from, &to);
    return end >= from && (intended < to || (from == to && intended <= from));
}

uint8_t plan_excluded(const struct plan *p, uint32_t device, instant intended, instant end) {
    uint8_t mask = 0;
    for (unsigned i = 0; i < p->excluded_count; i++)
        for (unsigned k = 0; k < p->excluded[i].count; k++)
            if (touches(p, p->excluded[i].actions[k], device, intended, end))
                mask |= (uint8_t)(1U << i);
    return mask;
}

instant plan_first_connect(const struct plan *p, uint32_t device) {
    instant first = INSTANT_NEVER;
    for (unsigned i = 0; i < p->action_count; i++) {
        const struct action *a = &p->actions[i];
        if ((a->verb == DO_CONNECT || a->verb == DO_POWER_ON) && !a->when && action_selects(a, device))
            first = instant_min(first, action_start(a, p->seed, device));
    }
    return first;
}
