#include "metrics/result.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "metrics/interval.h"
#include "metrics/keymap.h"

/* What the plain data needs to grow and to be found. A row's memory outlives result_clear. */
struct result_index {
    struct keymap series, tallies, reasons;
    uint32_t series_room, tally_room, reason_room, gauge_room, gauge_clean;
    /* Devices by state as each worker last said, so that one that is late keeps its place in the sum. Workers are told apart by the
     * address of their recorder. */
    struct keymap workers;
    uint32_t **latest;
    uint32_t worker_room;
};

struct result *result_new(unsigned groups, const struct segments *segments) {
    struct result *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    r->group_count = groups;
    r->segments = segments;
    r->index = calloc(1, sizeof *r->index);
    if (r->index == NULL) {
        free(r);
        return NULL;
    }
    return r;
}

void result_free(struct result *r) {
    if (r == NULL)
        return;
    for (size_t i = 0; i < r->series_count; i++) {
        for (int c = 0; c < CLOCK_KINDS; c++)
            free(r->series[i]->clocks[c]);
        free(r->series[i]);
    }
    free(r->series);
    free(r->tallies);
    for (uint32_t i = 0; i < r->index->gauge_clean; i++)
        free(r->gauges[i].counts);
    free(r->gauges);
    free(r->reasons);
    for (uint32_t i = 0; i < r->index->workers.count; i++)
        free(r->index->latest[i]);
    free(r->index->latest);
    keymap_free(&r->index->series);
    keymap_free(&r->index->tallies);
    keymap_free(&r->index->reasons);
    keymap_free(&r->index->workers);
    free(r->index);
    free(r);
}

void result_clear(struct result *r) {
    for (size_t i = 0; i < r->series_count; i++) {
        struct series *s = r->series[i];
        memset(s->outcomes, 0, sizeof s->outcomes);
        memset(s->drops, 0, sizeof s->drops);
        memset(s->held, 0, sizeof s->held);
        s->late = 0;
        for (int c = 0; c < CLOCK_KINDS; c++)
            if (s->clocks[c] != NULL && s->clocks[c]->count > 0)
                histogram_reset(s->clocks[c]);
    }
    r->tally_count = r->reason_count = r->gauge_count = 0;
    keymap_clear(&r->index->tallies);
    keymap_clear(&r->index->reasons);
    histogram_reset(&r->lag_all);
    r->late_all = r->emitted_all = r->dropped_records = r->notes_omitted = 0;
    r->loop_late_max = 0;
    r->online_peak = 0;
}

static size_t gauge_bytes(const struct result *r) {
    return (size_t)r->group_count * STATE_KINDS * sizeof(uint32_t);
}

static void *take_zeroed(size_t size) {
    void *block = calloc(1, size > 0 ? size : 1);
    CHECK(block != NULL);
    return block;
}

struct series *result_series(struct result *r, struct cell_key key, bool make) {
    uint64_t word;
    memcpy(&word, &key, sizeof word);
    uint32_t found = keymap_find(&r->index->series, word);
    if (found != KEYMAP_NONE)
        return r->series[found];
    if (!make)
        return NULL;
    uint32_t count = (uint32_t)r->series_count;
    r->series = interval_grow(r->series, &r->index->series_room, count + 1, sizeof(struct series *));
    keymap_put(&r->index->series, word, count);
    struct series *s = take_zeroed(sizeof *s);
    s->key = key;
    r->series[r->series_count++] = s;
    return s;
}

static struct tally_series *tally_of(struct result *r, uint16_t group, uint16_t segment, uint8_t qos) {
    uint64_t key = interval_tally_key(group, segment, qos);
    uint32_t found = keymap_find(&r->index->tallies, key);
    if (found != KEYMAP_NONE)
        return &r->tallies[found];
    uint32_t count = (uint32_t)r->tally_count;
    r->tallies = interval_grow(r->tallies, &r->index->tally_room, count + 1, sizeof *r->tallies);
    keymap_put(&r->index->tallies, key, count);
    r->tallies[count] = (struct tally_series){.group = group, .segment = segment, .qos = qos};
    r->tally_count++;
    return &r->tallies[count];
}

void result_add_tally(struct result *r, const struct tally_series *from) {
    struct tally_series *into = tally_of(r, from->group, from->segment, from->qos);
    for (int k = 0; k < TALLY_KINDS; k++)
        into->counts[k] += from->counts[k];
}

/* The example is the earliest, of the lowest device: the same whatever the order of merging. */
void result_add_reason(struct result *r, const struct reason_row *from) {
    uint64_t key = interval_reason_key(from);
    uint32_t found = keymap_find(&r->index->reasons, key);
    if (found == KEYMAP_NONE) {
        uint32_t count = (uint32_t)r->reason_count;
        r->reasons = interval_grow(r->reasons, &r->index->reason_room, count + 1, sizeof *r->reasons);
        keymap_put(&r->index->reasons, key, count);
        r->reasons[count] = *from;
        r->reason_count++;
        return;
    }
    struct reason_row *into = &r->reasons[found];
    into->count += from->count;
    if (from->first_at < into->first_at ||
        (from->first_at == into->first_at && from->example_device < into->example_device)) {
        into->first_at = from->first_at;
        into->example_device = from->example_device;
    }
}

static void add_clock(struct histogram *h, const struct interval_clock *c) {
    if (c->busy)
        for (unsigned b = 0; b < HISTOGRAM_BUCKETS; b++)
            h->counts[b] += c->counts[b];
    else
        for (uint64_t n = 0; n < c->count; n++)
            h->counts[c->list[n]]++;
    h->count += c->count;
    histogram_add_exact(h, c->count, c->sum, c->min, c->max);
}

/* Samples above the limit, counted by bucket: one whose bucket reaches across the limit is late only if the exact maximum
 * says that at least one is. */
static uint64_t count_late(const struct interval_clock *c, span limit) {
    if (c->count == 0 || c->max <= limit)
        return 0;
    unsigned first = histogram_bucket(limit) + 1U;
    uint64_t late = 0;
    if (c->busy)
        for (unsigned b = first; b < HISTOGRAM_BUCKETS; b++)
            late += c->counts[b];
    else
        for (uint64_t n = 0; n < c->count; n++)
            late += c->list[n] >= first;
    return late > 0 ? late : 1;
}

static void add_series(struct result *r, const struct interval_series *from, span late_limit) {
    struct series *into = result_series(r, from->key, true);
    for (int o = 0; o < OP_OUTCOMES; o++)
        into->outcomes[o] += from->outcomes[o];
    for (int d = 0; d < OP_DROP_REASONS; d++)
        into->drops[d] += from->drops[d];
    for (int h = 0; h < OP_HELD_REASONS; h++)
        into->held[h] += from->held[h];
    for (int c = 0; c < CLOCK_KINDS; c++)
        if (from->clocks[c].count > 0)
            add_clock(series_clock(into, (enum clock_kind)c), &from->clocks[c]);
    const struct interval_clock *lag = &from->clocks[CLOCK_LAG];
    if (lag->count == 0)
        return;
    uint64_t late = count_late(lag, late_limit);
    into->late += late;
    r->late_all += late;
    r->emitted_all += lag->count;
    add_clock(&r->lag_all, lag);
}

static uint32_t *latest_of(struct result *r, const void *owner) {
    uint64_t key = (uint64_t)(uintptr_t)owner;
    uint32_t found = keymap_find(&r->index->workers, key);
    if (found != KEYMAP_NONE)
        return r->index->latest[found];
    uint32_t count = r->index->workers.count;
    r->index->latest = interval_grow(r->index->latest, &r->index->worker_room, count + 1, sizeof(uint32_t *));
    r->index->latest[count] = take_zeroed(gauge_bytes(r));
    keymap_put(&r->index->workers, key, count);
    return r->index->latest[count];
}

void result_add(struct result *r, const struct interval *i, span late_limit) {
    CHECK(i->group_count == r->group_count);
    for (uint32_t s = 0; s < i->series_count; s++)
        add_series(r, &i->series[s], late_limit);
    for (uint32_t t = 0; t < i->tally_count; t++)
        result_add_tally(r, &i->tallies[t]);
    for (uint32_t n = 0; n < i->reason_count; n++)
        result_add_reason(r, &i->reasons[n]);
    if (r->group_count > 0)
        memcpy(latest_of(r, i->owner), i->states, gauge_bytes(r));
    if (i->loop_late_max > r->loop_late_max)
        r->loop_late_max = i->loop_late_max;
    r->notes_omitted += i->notes_omitted;
}

/* A row for `at`, zeroed, at its place in time order; the one that is there if there is one. */
static struct gauge_row *gauge_at(struct result *r, instant at) {
    size_t place = r->gauge_count;
    while (place > 0 && r->gauges[place - 1].at >= at)
        place--;
    if (place < r->gauge_count && r->gauges[place].at == at)
        return &r->gauges[place];
    uint32_t count = (uint32_t)r->gauge_count;
    r->gauges = interval_grow(r->gauges, &r->index->gauge_room, count + 1, sizeof *r->gauges);
    if (count == r->index->gauge_clean) {
        r->gauges[count].counts = take_zeroed(gauge_bytes(r));
        r->index->gauge_clean++;
    }
    struct gauge_row row = {.at = at, .counts = r->gauges[count].counts};
    memset(row.counts, 0, gauge_bytes(r));
    memmove(&r->gauges[place + 1], &r->gauges[place], (r->gauge_count - place) * sizeof *r->gauges);
    r->gauges[place] = row;
    r->gauge_count++;
    return &r->gauges[place];
}

static void add_gauge(struct result *r, struct gauge_row *row, const uint32_t *counts) {
    uint64_t online = 0;
    for (size_t k = 0; k < (size_t)r->group_count * STATE_KINDS; k++) {
        row->counts[k] += counts[k];
        if (k % STATE_KINDS == STATE_ONLINE)
            online += row->counts[k];
    }
    if (online > r->online_peak)
        r->online_peak = online;
}

void result_add_gauge(struct result *r, instant at, const uint32_t *counts) {
    add_gauge(r, gauge_at(r, at), counts);
}

void result_end_second(struct result *r, instant at) {
    struct gauge_row *row = gauge_at(r, at);
    for (uint32_t w = 0; w < r->index->workers.count; w++)
        add_gauge(r, row, r->index->latest[w]);
}

static void merge_series(struct result *r, const struct series *from) {
    struct series *into = result_series(r, from->key, true);
    for (int o = 0; o < OP_OUTCOMES; o++)
        into->outcomes[o] += from->outcomes[o];
    for (int d = 0; d < OP_DROP_REASONS; d++)
        into->drops[d] += from->drops[d];
    for (int h = 0; h < OP_HELD_REASONS; h++)
        into->held[h] += from->held[h];
    into->late += from->late;
    for (int c = 0; c < CLOCK_KINDS; c++)
        if (from->clocks[c] != NULL && from->clocks[c]->count > 0)
            histogram_add(series_clock(into, (enum clock_kind)c), from->clocks[c]);
}

static bool has_counts(const struct series *s) {
    for (int o = 0; o < OP_OUTCOMES; o++)
        if (s->outcomes[o] > 0)
            return true;
    return false;
}

void result_merge(struct result *into, const struct result *from) {
    CHECK(into->group_count == from->group_count && into != from);
    for (size_t i = 0; i < from->series_count; i++)
        if (has_counts(from->series[i]))
            merge_series(into, from->series[i]);
    for (size_t i = 0; i < from->tally_count; i++)
        result_add_tally(into, &from->tallies[i]);
    for (size_t i = 0; i < from->reason_count; i++)
        result_add_reason(into, &from->reasons[i]);
    for (size_t i = 0; i < from->gauge_count; i++)
        result_add_gauge(into, from->gauges[i].at, from->gauges[i].counts);
    if (from->lag_all.count > 0)
        histogram_add(&into->lag_all, &from->lag_all);
    into->late_all += from->late_all;
    into->emitted_all += from->emitted_all;
    into->dropped_records += from->dropped_records;
    into->notes_omitted += from->notes_omitted;
    if (from->loop_late_max > into->loop_late_max)
        into->loop_late_max = from->loop_late_max;
}

size_t result_next(const struct result *r, size_t from, int op, int group, int qos) {
    for (size_t i = from; i < r->series_count; i++) {
        const struct cell_key *key = &r->series[i]->key;
        if ((op < 0 || key->op == op) && (group < 0 || key->group == group) && (qos < 0 || key->qos == qos))
            return i;
    }
    return r->series_count;
}
