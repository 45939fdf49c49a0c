#include "device/duplicates.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/hash.h"

struct pair {
    uint64_t key;    /* subscriber << 32 | publisher, plus one so that 0 is free */
    uint32_t newest; /* highest sequence */
    uint32_t unused;
    uint64_t window; /* bit i: newest - 1 - i was there */
};

struct duplicates {
    struct pair *pairs;
    size_t room, count; /* room: a power of two */
    uint64_t not_tracked;
};

enum { ROOM_FIRST = 64 };

struct duplicates *duplicates_new(void) {
    struct duplicates *d = calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    d->room = ROOM_FIRST;
    d->pairs = calloc(d->room, sizeof *d->pairs);
    if (d->pairs == NULL) {
        free(d);
        return NULL;
    }
    return d;
}

void duplicates_free(struct duplicates *d) {
    if (d == NULL)
        return;
    free(d->pairs);
    free(d);
}

static struct pair *place(struct pair *pairs, size_t room, uint64_t key) {
    size_t i = (size_t)hash_mix(key) & (room - 1);
    while (pairs[i].key != 0 && pairs[i].key != key)
        i = (i + 1) & (room - 1);
    return &pairs[i];
}

static bool grow(struct duplicates *d) {
    struct pair *larger = calloc(d->room * 2, sizeof *larger);
    if (larger == NULL)
        return false;
    for (size_t i = 0; i < d->room; i++)
        if (d->pairs[i].key != 0)
            *place(larger, d->room * 2, d->pairs[i].key) = d->pairs[i];
    free(d->pairs);
    d->pairs = larger;
    d->room *= 2;
    return true;
}

static bool seen_before(struct pair *p, uint32_t sequence) {
    if (sequence == p->newest)
        return true;
    if (sequence > p->newest) {
        uint32_t step = sequence - p->newest;
        p->window = step >= DUPLICATES_WINDOW ? 0 : p->window << step;
        if (step <= DUPLICATES_WINDOW)
            p->window |= (uint64_t)1 << (step - 1);
        p->newest = sequence;
        return false;
    }
    uint32_t back = p->newest - sequence - 1;
    if (back >= DUPLICATES_WINDOW)
        return false;
    bool seen = (p->window >> back & 1) != 0;
    p->window |= (uint64_t)1 << back;
    return seen;
}

bool duplicates_seen(struct duplicates *d, uint32_t subscriber, uint32_t publisher, uint32_t sequence) {
    uint64_t key = ((uint64_t)subscriber << 32 | publisher) + 1;
    struct pair *p = place(d->pairs, d->room, key);
    if (p->key != 0)
        return seen_before(p, sequence);
    if (d->count >= DUPLICATES_PAIRS_MAX || (d->count * 4 >= d->room * 3 && !grow(d))) {
        d->not_tracked++;
        return false;
    }
    p = place(d->pairs, d->room, key);
    CHECK(p->key == 0);
    *p = (struct pair){.key = key, .newest = sequence};
    d->count++;
    return false;
}

uint64_t duplicates_not_tracked(const struct duplicates *d) {
    return d->not_tracked;
}
