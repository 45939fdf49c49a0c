#include "loop/timers.h"

#include <stddef.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/err.h"

enum {
    ARITY = 4,
    CACHE_LINE = 64,
    /* The root stands at the end of a line, so that every family of four siblings begins one. */
    LEAD = ARITY - 1,
};

int timers_init(struct timers *t, uint32_t tokens) {
    *t = (struct timers){.tokens = tokens};
    size_t bytes = ((size_t)tokens + LEAD) * sizeof(struct timers_entry);
    bytes = (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    t->storage = aligned_alloc(CACHE_LINE, bytes);
    t->place = calloc((size_t)tokens + 1, sizeof *t->place);
    if (t->storage == NULL || t->place == NULL) {
        timers_free(t);
        return ERR_NO_MEMORY;
    }
    t->heap = (struct timers_entry *)t->storage + LEAD;
    return 0;
}

void timers_free(struct timers *t) {
    free(t->storage);
    free(t->place);
    *t = (struct timers){0};
}

static bool before(const struct timers_entry *a, const struct timers_entry *b) {
    return a->deadline != b->deadline ? a->deadline < b->deadline : a->token < b->token;
}

static void put(struct timers *t, size_t at, struct timers_entry entry) {
    t->heap[at] = entry;
    t->place[entry.token] = (uint32_t)at + 1;
}

/* Moves the hole at `at` up to where `entry` belongs, and fills it. */
static void sift_up(struct timers *t, size_t at, struct timers_entry entry) {
    while (at > 0) {
        size_t parent = (at - 1) / ARITY;
        if (!before(&entry, &t->heap[parent]))
            break;
        put(t, at, t->heap[parent]);
        at = parent;
    }
    put(t, at, entry);
}

static void sift_down(struct timers *t, size_t at, struct timers_entry entry) {
    for (;;) {
        size_t child = at * ARITY + 1, end = child + ARITY < t->count ? child + ARITY : t->count;
        if (child >= end)
            break;
        size_t least = child;
        for (size_t i = child + 1; i < end; i++)
            if (before(&t->heap[i], &t->heap[least]))
                least = i;
        if (!before(&t->heap[least], &entry))
            break;
        put(t, at, t->heap[least]);
        at = least;
    }
    put(t, at, entry);
}

/* Fills the place `at`, whose old entry is gone, with `entry`. */
static void settle(struct timers *t, size_t at, struct timers_entry entry) {
    if (at > 0 && before(&entry, &t->heap[(at - 1) / ARITY]))
        sift_up(t, at, entry);
    else
        sift_down(t, at, entry);
}

static void remove_at(struct timers *t, size_t at) {
    t->place[t->heap[at].token] = 0;
    struct timers_entry last = t->heap[--t->count];
    if (at < t->count)
        settle(t, at, last);
}

void timers_set(struct timers *t, uint32_t token, instant deadline) {
    CHECK(token < t->tokens);
    uint32_t place = t->place[token];
    struct timers_entry entry = {deadline, token};
    if (place == 0 && deadline != INSTANT_NEVER)
        sift_up(t, t->count++, entry);
    else if (place != 0 && deadline == INSTANT_NEVER)
        remove_at(t, place - 1);
    else if (place != 0 && t->heap[place - 1].deadline != deadline)
        settle(t, place - 1, entry);
}

instant timers_deadline(const struct timers *t, uint32_t token) {
    CHECK(token < t->tokens);
    uint32_t place = t->place[token];
    return place == 0 ? INSTANT_NEVER : t->heap[place - 1].deadline;
}

bool timers_pop(struct timers *t, instant now, uint32_t *token, instant *deadline) {
    if (t->count == 0 || t->heap[0].deadline > now)
        return false;
    *token = t->heap[0].token;
    *deadline = t->heap[0].deadline;
    remove_at(t, 0);
    return true;
}
