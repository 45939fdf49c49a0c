#include "fleet/knee.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/check.h"

const char *const knee_verdict_names[] = {"met", "broke", "tool"};

enum { GROWTH = 2 };

enum level_state { UNDECIDED, MET_ONCE, MET_SURELY, FAILED };

static enum level_state state_of(const struct knee *k, const struct knee_level *l) {
    unsigned most = k->options.repeats / 2 + 1;
    if (l->broke >= most)
        return FAILED;
    if (l->met >= most)
        return MET_SURELY;
    if (l->tool >= k->options.repeats) /* tried often enough: what the trusted runs said has to do */
        return l->met > l->broke ? MET_SURELY : FAILED;
    return l->broke == 0 && l->met > 0 ? MET_ONCE : UNDECIDED;
}

/* The lowest load that is too much, and the highest below it that is met. NULL: none. */
static void bracket(const struct knee *k, const struct knee_level **low, const struct knee_level **high) {
    *low = *high = NULL;
    for (unsigned i = 0; i < k->count && *high == NULL; i++) {
        enum level_state state = state_of(k, &k->levels[i]);
        if (state == FAILED)
            *high = &k->levels[i];
        else if (state != UNDECIDED)
            *low = &k->levels[i];
    }
}

/* Three digits are enough for people, as long as the load stays between its neighbours. */
static double rounded(const struct knee *k, double load, double low, double high) {
    double unit = k->options.whole ? 1 : 1e-3;
    while (load / unit >= 1000)
        unit *= 10;
    double nice = floor(load / unit + 0.5) * unit;
    if (nice > low && nice < high)
        return nice;
    return k->options.whole ? fmax(floor(load), low + 1) : load;
}

static bool close_enough(const struct knee *k, double low, double high) {
    return high <= low * (1 + k->options.precision) || (k->options.whole && high - low <= 1);
}

/* The load to try between or beyond what is known; 0: none is left. */
static double step(const struct knee *k, const struct knee_level *low, const struct knee_level *high) {
    const struct knee_options *o = &k->options;
    if (low == NULL && high == NULL)
        return o->start;
    if (high == NULL)
        return low->load >= o->max ? 0 : fmin(low->load * GROWTH, o->max);
    if (low == NULL && high->load <= o->min)
        return 0;
    if (low == NULL)
        return fmax(o->whole ? floor(high->load / GROWTH) : high->load / GROWTH, o->min);
    if (close_enough(k, low->load, high->load))
        return 0;
    return rounded(k, sqrt(low->load * high->load), low->load, high->load);
}

void knee_begin(struct knee *k, const struct knee_options *options) {
    CHECK(options->min > 0 && options->min <= options->start && options->start <= options->max);
    CHECK(options->repeats % 2 == 1 && options->precision > 0);
    *k = (struct knee){.options = *options};
}

bool knee_next(const struct knee *k, double *load) {
    for (unsigned i = 0; i < k->count; i++)
        if (state_of(k, &k->levels[i]) == UNDECIDED) {
            *load = k->levels[i].load;
            return true;
        }
    const struct knee_level *low, *high;
    bracket(k, &low, &high);
    double next = step(k, low, high);
    if (next > 0 && k->count < KNEE_LEVELS_MAX) {
        *load = next;
        return true;
    }
    if (low == NULL || state_of(k, low) == MET_SURELY)
        return false;
    *load = low->load; /* met once: as the answer it is tried again */
    return true;
}

void knee_take(struct knee *k, double load, enum knee_verdict verdict) {
    unsigned at = 0;
    while (at < k->count && k->levels[at].load < load)
        at++;
    if (at == k->count || k->levels[at].load > load) {
        CHECK(k->count < KNEE_LEVELS_MAX);
        memmove(&k->levels[at + 1], &k->levels[at], (k->count - at) * sizeof k->levels[0]);
        k->levels[at] = (struct knee_level){.load = load};
        k->count++;
    }
    struct knee_level *l = &k->levels[at];
    unsigned *counts[] = {&l->met, &l->broke, &l->tool};
    (*counts[verdict])++;
}

enum knee_verdict knee_verdict_of(const struct knee *k, const struct knee_level *l) {
    if (state_of(k, l) != FAILED)
        return KNEE_MET;
    return l->broke > k->options.repeats / 2 ? KNEE_BROKE : KNEE_TOOL;
}

struct knee_result knee_result_of(const struct knee *k) {
    const struct knee_level *low, *high;
    double next;
    bracket(k, &low, &high);
    struct knee_result r = {.load = low == NULL ? 0 : low->load, .above = high == NULL ? 0 : high->load};
    if (knee_next(k, &next))
        r.end = KNEE_SEARCHING;
    else if (high == NULL)
        r.end = KNEE_AT_MAX;
    else if (low == NULL)
        r.end = knee_verdict_of(k, high) == KNEE_BROKE ? KNEE_NONE : KNEE_NONE_TRUSTED;
    else
        r.end = knee_verdict_of(k, high) == KNEE_BROKE ? KNEE_FOUND : KNEE_TOOL_LIMIT;
    return r;
}
