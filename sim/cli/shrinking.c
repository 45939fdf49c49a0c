#include "cli/shrinking.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "base/units.h"
#include "fleet/run.h"
#include "fleet/virtual.h"
#include "scenario/validate.h"

static const span shortest = SPAN_S; /* a duration that is not made shorter */
enum { TRIAL_HOLDS = 0, TRIAL_DOES_NOT = 1, DURATION_STEPS = 12, KEY_DEPTH_MAX = 5, TEXT_ROOM = 64 };

struct search {
    const struct shrinking_request *request;
    struct shrinking_facts *facts;
    struct node *best;
    uint64_t *present; /* bit per device of the plan */
    uint32_t device_count;
    const struct fleet *fleets;
    unsigned fleet_count;
};

static bool is_over(const struct search *s) {
    return s->facts->trials >= s->request->trials_max || (s->request->signals != NULL && *s->request->signals > 0);
}

/* --- a trial ---------------------------------------------------------------------------------------------------------- */

/* In the child. Whether the scenario can be run at all is part of the question. */
static int run_tree(struct node *tree) {
    struct diagnostic_list found;
    diagnostic_init(&found);
    validate_keys(tree, &found);
    validate_references(tree, &found);
    if (found.errors > 0)
        return TRIAL_DOES_NOT;
    struct plan_options options = {.virtual_time = true, .skip_resources = true};
    struct plan *plan = plan_compile(tree, &options, &found);
    if (plan == NULL)
        return TRIAL_DOES_NOT;
    virtual_point_at(plan);
    struct run_facts facts;
    const struct run_sink sink = {0};
    char why[256];
    bool ran = run_plan(plan, &(struct run_options){0}, &sink, &facts, why, sizeof why) == 0;
    return ran && facts.checks[0].pass ? TRIAL_HOLDS : TRIAL_DOES_NOT;
}

static bool holds(struct search *s, const struct node *tree) {
    if (is_over(s))
        return false;
    s->facts->trials++;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGINT, SIG_DFL); /* a trial that nobody waits for any more just ends */
        signal(SIGTERM, SIG_DFL);
        int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        if (nowhere >= 0)
            dup2(nowhere, STDERR_FILENO);
        _exit(run_tree(node_copy(tree)));
    }
    int status = -1;
    bool ended = child > 0;
    while (ended && waitpid(child, &status, 0) < 0)
        ended = errno == EINTR;
    if (s->request->progress != NULL)
        s->request->progress(s->request->context, s->facts);
    return ended && WIFEXITED(status) && WEXITSTATUS(status) == TRIAL_HOLDS;
}

/* Takes `tree` over: it becomes the best, or goes. */
static bool keep_if_it_holds(struct search *s, struct node *tree) {
    if (!holds(s, tree)) {
        node_free(tree);
        return false;
    }
    node_free(s->best);
    s->best = tree;
    return true;
}

/* --- entries of the timeline ------------------------------------------------------------------------------------------- */

static size_t entry_count(const struct node *tree) {
    const struct node *timeline = node_get(tree, "timeline");
    return timeline == NULL || timeline->kind != NODE_LIST ? 0 : timeline->count;
}

static struct node *without_entries(const struct node *tree, size_t first, size_t count) {
    struct node *copy = node_copy(tree);
    struct node *old = node_get(copy, "timeline"), *kept = node_new(NODE_LIST, old->mark);
    for (size_t i = 0; i < old->count; i++)
        if (i < first || i >= first + count)
            node_add(kept, NULL, old->mark, node_copy(old->entries[i].value));
    node_put(copy, "timeline", old->mark, kept);
    return copy;
}

static bool shrink_entries(struct search *s) {
    bool smaller = false;
    size_t chunk = entry_count(s->best);
    for (; chunk > 0 && !is_over(s); chunk /= 2)
        for (size_t first = 0; first < entry_count(s->best) && !is_over(s);)
            if (keep_if_it_holds(s, without_entries(s->best, first, chunk)))
                smaller = true;
            else
                first += chunk;
    s->facts->entries = entry_count(s->best);
    return smaller;
}

/* --- devices ----------------------------------------------------------------------------------------------------------- */

static bool has(const uint64_t *bits, uint32_t device) {
    return (bits[device / 64] >> device % 64 & 1) != 0;
}

/* "17" or "200-299", as many as the fleet's devices make. */
static struct node *index_list(const uint64_t *bits, const struct fleet *f, struct diagnostic_mark mark) {
    struct node *list = node_new(NODE_LIST, mark);
    list->flow = true;
    for (uint32_t i = 0; i < f->count; i++) {
        if (!has(bits, f->first + i))
            continue;
        uint32_t last = i;
        while (last + 1 < f->count && has(bits, f->first + last + 1))
            last++;
        char text[TEXT_ROOM];
        if (last == i)
            snprintf(text, sizeof text, "%u", i);
        else
            snprintf(text, sizeof text, "%u-%u", i, last);
        node_add(list, NULL, mark, node_scalar(text, NODE_PLAIN, mark));
        i = last;
    }
    return list;
}

static struct node *with_devices(const struct search *s, const uint64_t *bits) {
    struct node *copy = node_copy(s->best), *fleets = node_get(copy, "fleets");
    for (unsigned f = 0; f < s->fleet_count; f++) {
        struct node *fleet = node_get(fleets, s->fleets[f].name);
        bool all = true;
        for (uint32_t i = 0; i < s->fleets[f].count; i++)
            all = all && has(bits, s->fleets[f].first + i);
        node_remove(fleet, "only");
        if (!all)
            node_put(fleet, "only", fleet->mark, index_list(bits, &s->fleets[f], fleet->mark));
    }
    return copy;
}

static size_t words_of(const struct search *s) {
    return s->device_count / 64 + 1;
}

/* Those of the present devices that come first-th and the count − 1 after it, or all others. */
static void part_of(const struct search *s, uint32_t first, uint32_t count, bool others, uint64_t *out) {
    uint32_t place = 0;
    memset(out, 0, words_of(s) * sizeof *out);
    for (uint32_t d = 0; d < s->device_count; d++)
        if (has(s->present, d)) {
            bool inside = place >= first && place < first + count;
            if (inside != others)
                out[d / 64] |= UINT64_C(1) << d % 64;
            place++;
        }
}

static uint32_t count_bits(const struct search *s, const uint64_t *bits) {
    uint32_t count = 0;
    for (size_t i = 0; i < words_of(s); i++)
        count += (uint32_t)__builtin_popcountll(bits[i]);
    return count;
}

static bool try_devices(struct search *s, const uint64_t *bits) {
    if (count_bits(s, bits) == 0 || !keep_if_it_holds(s, with_devices(s, bits)))
        return false;
    memcpy(s->present, bits, words_of(s) * sizeof *bits);
    s->facts->devices = count_bits(s, bits);
    return true;
}

/* A part alone is tried before a part is left out: one device of thousands is found by halving. */
static bool shrink_devices(struct search *s) {
    uint64_t *bits = calloc(words_of(s), sizeof *bits);
    CHECK(bits != NULL);
    bool smaller = false;
    for (uint32_t parts = 2; s->facts->devices > 1 && !is_over(s);) {
        uint32_t size = (s->facts->devices + parts - 1) / parts;
        bool found = false;
        for (int others = 0; others < 2 && !found; others++)
            for (uint32_t first = 0; first < s->facts->devices && !found; first += size) {
                part_of(s, first, size, others != 0, bits);
                found = try_devices(s, bits);
            }
        smaller = smaller || found;
        if (found)
            parts = 2;
        else if (size == 1)
            break;
        else
            parts = parts * 2 < s->facts->devices ? parts * 2 : s->facts->devices;
    }
    free(bits);
    return smaller;
}

/* --- duration ---------------------------------------------------------------------------------------------------------- */

static struct node *with_duration(const struct node *tree, span duration) {
    struct node *copy = node_copy(tree), *old = node_get(copy, "duration");
    char text[TEXT_ROOM];
    snprintf(text, sizeof text, "%llds", (long long)(duration / SPAN_S));
    node_put(copy, "duration", old->mark, node_scalar(text, NODE_PLAIN, old->mark));
    return copy;
}

/* Between one that is too short and the best so far. */
static bool shrink_duration(struct search *s) {
    span low = 0, high = s->facts->duration;
    for (int i = 0; i < DURATION_STEPS && high - low > shortest && !is_over(s); i++) {
        span middle = (low + high) / 2 / SPAN_S * SPAN_S;
        if (middle <= low || middle < shortest)
            break;
        if (keep_if_it_holds(s, with_duration(s->best, middle)))
            high = middle;
        else
            low = middle;
    }
    bool smaller = high < s->facts->duration;
    s->facts->duration = high;
    return smaller;
}

/* --- keys -------------------------------------------------------------------------------------------------------------- */

static bool can_be_missed(const struct node_walk *w) {
    static const char *const needed[] = {"version", "seed",   "duration", "checks", "timeline",
                                         "fleets",  "target", "count",    "only"};
    if (w->entry == NULL || w->entry->key == NULL || w->depth > KEY_DEPTH_MAX)
        return false;
    for (size_t i = 0; i < sizeof needed / sizeof needed[0]; i++)
        if (strcmp(w->entry->key, needed[i]) == 0)
            return false;
    return true;
}

static struct node *without_key(const struct node *tree, const char *path) {
    char parent[NODE_PATH_MAX];
    snprintf(parent, sizeof parent, "%s", path);
    char *dot = strrchr(parent, '.');
    struct node *copy = node_copy(tree);
    if (dot != NULL)
        *dot = '\0';
    struct node *map = dot == NULL ? copy : node_at(copy, parent);
    if (map != NULL && map->kind == NODE_MAP)
        node_remove(map, dot == NULL ? path : dot + 1);
    return copy;
}

/* The n-th key that can be missed; false: there are fewer. */
static bool nth_key(struct node *tree, size_t n, char *path, size_t size) {
    struct node_walk w = node_walk_of(tree);
    while (node_walk_next(&w))
        if (can_be_missed(&w) && n-- == 0) {
            node_walk_path(&w, path, size);
            return true;
        }
    return false;
}

/* Larger parts come first: a walk meets a map before what is in it. */
static bool shrink_keys(struct search *s) {
    char path[NODE_PATH_MAX];
    bool smaller = false;
    for (size_t n = 0; !is_over(s) && nth_key(s->best, n, path, sizeof path);)
        if (keep_if_it_holds(s, without_key(s->best, path)))
            smaller = true;
        else
            n++;
    return smaller;
}

/* --- the search -------------------------------------------------------------------------------------------------------- */

/* With its seed, and without files of its own and whom simulated time does not have. */
struct node *shrinking_whole(const struct plan *plan, const char *expression) {
    struct node *tree = node_copy(plan->root);
    struct diagnostic_mark mark = tree->mark;
    struct node *checks = node_new(NODE_LIST, mark), *check = node_new(NODE_MAP, mark);
    char seed[TEXT_ROOM];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)plan->seed);
    node_put(tree, "seed", mark, node_scalar(seed, NODE_PLAIN, mark));
    node_put(check, "expect", mark, node_scalar(expression, NODE_QUOTED, mark));
    node_put(check, "min_samples", mark, node_scalar("1", NODE_PLAIN, mark));
    node_add(checks, NULL, mark, check);
    node_put(tree, "checks", mark, checks);
    node_remove(tree, "outputs");
    node_remove(tree, "observe");
    return tree;
}

static void all_present(struct search *s, const struct plan *p) {
    s->present = calloc(words_of(s), sizeof *s->present);
    CHECK(s->present != NULL);
    for (uint32_t d = 0; d < p->device_count; d++)
        if (!plan_is_absent(p, d))
            s->present[d / 64] |= UINT64_C(1) << d % 64;
}

int shrinking_search(const struct shrinking_request *request, struct node **out, struct shrinking_facts *facts) {
    const struct plan *p = request->plan;
    *facts = (struct shrinking_facts){.duration = p->duration, .duration_before = p->duration};
    struct search s = {.request = request,
                       .facts = facts,
                       .best = shrinking_whole(p, request->expression),
                       .device_count = p->device_count,
                       .fleets = p->fleets,
                       .fleet_count = p->fleet_count};
    all_present(&s, p);
    facts->devices = facts->devices_before = count_bits(&s, s.present);
    facts->entries = facts->entries_before = entry_count(s.best);
    bool shown = holds(&s, s.best), smaller = shown;
    while (smaller && !is_over(&s)) {
        smaller = shrink_entries(&s);
        smaller = shrink_devices(&s) || smaller;
        smaller = shrink_duration(&s) || smaller;
        smaller = shrink_keys(&s) || smaller;
    }
    free(s.present);
    if (!shown) {
        node_free(s.best);
        return request->signals != NULL && *request->signals > 0 ? ERR_AGAIN : ERR_NOT_FOUND;
    }
    *out = s.best;
    return 0;
}
