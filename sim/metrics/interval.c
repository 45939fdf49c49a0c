#include "metrics/interval.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum { LIST_FIRST = 32, KEEP_FACTOR = 4 };

struct interval *interval_new(unsigned groups) {
    struct interval *i = calloc(1, sizeof *i);
    if (i == NULL)
        return NULL;
    i->group_count = groups;
    i->reasons_of = calloc(groups + 1, sizeof *i->reasons_of); /* + 1: a plan without groups is no failure */
    i->states = calloc((size_t)groups * STATE_KINDS + 1, sizeof *i->states);
    if (i->reasons_of == NULL || i->states == NULL) {
        interval_free(i);
        return NULL;
    }
    return i;
}

void interval_free(struct interval *i) {
    if (i == NULL)
        return;
    for (uint32_t s = 0; s < i->series_clean; s++)
        for (int c = 0; c < CLOCK_KINDS; c++) {
            free(i->series[s].clocks[c].list);
            free(i->series[s].clocks[c].counts);
        }
    free(i->series);
    free(i->tallies);
    free(i->reasons);
    free(i->notes);
    free(i->reports);
    free(i->recorded);
    free(i->evidence);
    free(i->reasons_of);
    free(i->states);
    keymap_free(&i->series_index);
    keymap_free(&i->tally_index);
    keymap_free(&i->reason_index);
    free(i);
}

void *interval_grow(void *array, uint32_t *room, uint32_t needed, size_t element) {
    if (needed <= *room)
        return array;
    uint32_t more = *room < 4 ? 8 : *room * 2;
    if (more < needed)
        more = needed;
    char *bigger = realloc(array, more * element);
    CHECK(bigger != NULL);
    memset(bigger + *room * element, 0, (more - *room) * element);
    *room = more;
    return bigger;
}

/* Keeps the list when the interval filled a good part of it, and the histogram when it was needed: the next second is mostly
 * like this one. */
static void clear_clock(struct interval_clock *c) {
    if (c->busy) {
        memset(c->counts, 0, HISTOGRAM_BUCKETS * sizeof *c->counts);
    } else {
        free(c->counts);
        c->counts = NULL;
        if (c->list_room > LIST_FIRST && c->count < c->list_room / KEEP_FACTOR) {
            free(c->list);
            c->list = NULL;
            c->list_room = 0;
        }
    }
    c->busy = false;
    c->count = 0;
    c->sum = c->min = c->max = 0;
}

static void clear_series(struct interval_series *s) {
    memset(s->outcomes, 0, sizeof s->outcomes);
    memset(s->drops, 0, sizeof s->drops);
    memset(s->held, 0, sizeof s->held);
    for (int c = 0; c < CLOCK_KINDS; c++)
        clear_clock(&s->clocks[c]);
}

void interval_clear(struct interval *i) {
    for (uint32_t s = 0; s < i->series_clean; s++)
        clear_series(&i->series[s]);
    i->series_count = 0;
    keymap_clear(&i->series_index);
    i->tally_count = 0;
    keymap_clear(&i->tally_index);
    i->reason_count = 0;
    keymap_clear(&i->reason_index);
    memset(i->reasons_of, 0, i->group_count * sizeof *i->reasons_of);
    /* notes are 300 bytes each, evidence is larger, and both are rare: they give their memory back */
    free(i->notes);
    i->notes = NULL;
    i->note_count = i->note_room = 0;
    i->notes_omitted = 0;
    i->report_count = 0; /* the next second sends about as much */
    i->reports_omitted = 0;
    free(i->recorded);
    i->recorded = NULL;
    i->recorded_size = i->recorded_room = 0;
    free(i->evidence);
    i->evidence = NULL;
    i->evidence_size = i->evidence_room = 0;
    i->evidence_omitted = 0;
    i->loop_late_max = 0;
}

size_t interval_bytes(const struct interval *i) {
    size_t bytes = sizeof *i + i->group_count * (sizeof *i->reasons_of + STATE_KINDS * sizeof *i->states) +
                   i->series_room * sizeof *i->series + i->tally_room * sizeof *i->tallies +
                   i->reason_room * sizeof *i->reasons + i->note_room * sizeof *i->notes + i->evidence_room +
                   i->recorded_room + i->report_room * sizeof *i->reports + keymap_bytes(&i->series_index) +
                   keymap_bytes(&i->tally_index) + keymap_bytes(&i->reason_index);
    for (uint32_t s = 0; s < i->series_clean; s++)
        for (int c = 0; c < CLOCK_KINDS; c++) {
            const struct interval_clock *clock = &i->series[s].clocks[c];
            bytes += clock->list_room * sizeof *clock->list;
            bytes += clock->counts != NULL ? HISTOGRAM_BUCKETS * sizeof *clock->counts : 0;
        }
    return bytes;
}

struct interval_series *interval_series_of(struct interval *i, struct cell_key key) {
    uint64_t word;
    memcpy(&word, &key, sizeof word);
    uint32_t found = keymap_find(&i->series_index, word);
    if (found != KEYMAP_NONE)
        return &i->series[found];
    i->series = interval_grow(i->series, &i->series_room, i->series_count + 1, sizeof *i->series);
    keymap_put(&i->series_index, word, i->series_count);
    struct interval_series *s = &i->series[i->series_count++];
    if (i->series_clean < i->series_count)
        i->series_clean = i->series_count;
    s->key = key;
    return s;
}

uint64_t interval_tally_key(unsigned group, unsigned segment, uint8_t qos) {
    return (uint64_t)qos << 48 | (uint64_t)group << 32 | segment;
}

struct tally_series *interval_tally_of(struct interval *i, unsigned group, unsigned segment, uint8_t qos) {
    uint64_t key = interval_tally_key(group, segment, qos);
    uint32_t found = keymap_find(&i->tally_index, key);
    if (found != KEYMAP_NONE)
        return &i->tallies[found];
    i->tallies = interval_grow(i->tallies, &i->tally_room, i->tally_count + 1, sizeof *i->tallies);
    keymap_put(&i->tally_index, key, i->tally_count);
    struct tally_series *t = &i->tallies[i->tally_count++];
    *t = (struct tally_series){.group = (uint16_t)group, .segment = (uint16_t)segment, .qos = qos};
    return t;
}

/* The list is full: from here on its samples, and what follows, are counted per bucket. */
static void become_busy(struct interval_clock *c) {
    if (c->counts == NULL) {
        c->counts = calloc(HISTOGRAM_BUCKETS, sizeof *c->counts);
        CHECK(c->counts != NULL);
    }
    for (uint64_t n = 0; n < c->count; n++)
        c->counts[c->list[n]]++;
    c->busy = true;
}

static void grow_list(struct interval_clock *c) {
    uint32_t room = c->list_room == 0 ? LIST_FIRST : c->list_room * 2;
    uint16_t *list = realloc(c->list, room * sizeof *list);
    CHECK(list != NULL);
    c->list = list;
    c->list_room = room;
}

void interval_sample(struct interval_clock *c, span value) {
    if (value < 0) /* a clock that two threads read may step back by nanoseconds */
        value = 0;
    uint16_t bucket = histogram_bucket(value);
    if (!c->busy && c->count == RECORDER_LIST_MAX)
        become_busy(c);
    if (c->busy) {
        c->counts[bucket]++;
    } else {
        if (c->count == c->list_room)
            grow_list(c);
        c->list[c->count] = bucket;
    }
    if (c->count == 0 || value < c->min)
        c->min = value;
    if (value > c->max)
        c->max = value;
    if (__builtin_add_overflow(c->sum, value, &c->sum))
        c->sum = INT64_MAX;
    c->count++;
}

uint64_t interval_reason_key(const struct reason_row *r) {
    return (uint64_t)r->group << 32 | (uint64_t)r->op << 24 | (uint64_t)r->outcome << 16 |
           (uint64_t)r->reason_code << 8 | r->close_reason;
}

void interval_notes(const struct interval *i, void (*visit)(void *context, const struct note *), void *context) {
    for (uint32_t n = 0; n < i->note_count; n++)
        visit(context, &i->notes[n]);
}

uint64_t interval_notes_omitted(const struct interval *i) {
    return i->notes_omitted;
}
