#include "base/pool.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/check.h"

#if defined(__SANITIZE_ADDRESS__)
#define EVERY_BLOCK_FROM_HEAP true /* so that a use after pool_give is found */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EVERY_BLOCK_FROM_HEAP true
#endif
#endif
#ifndef EVERY_BLOCK_FROM_HEAP
#define EVERY_BLOCK_FROM_HEAP false
#endif

enum {
    SMALLEST_LOG2 = 5,
    LARGEST_LOG2 = 20,
    CLASSES = 4 * (LARGEST_LOG2 - SMALLEST_LOG2) + 1,
    SLAB_BYTES = 64 * 1024,
};
static const size_t largest_pooled = (size_t)1 << LARGEST_LOG2;

struct free_block {
    struct free_block *next;
};

struct slab {
    struct slab *next;
    size_t size;
};

/* Stands before a block that came from the heap alone; the list lets pool_free find it. */
struct heap_block {
    struct heap_block *next, *previous;
    size_t size;
    size_t padding; /* keeps what follows 16-aligned */
};

struct pool {
    size_t cap, reserved, in_use;
    char *at, *end; /* uncut rest of the newest slab */
    struct slab *slabs;
    struct heap_block heap; /* head of a ring */
    struct free_block *free[CLASSES];
};

/* Class 0 holds 32 bytes; then four classes to each doubling: 40, 48, 56, 64, 80 … */
static unsigned class_of(size_t size) {
    if (size <= (size_t)1 << SMALLEST_LOG2)
        return 0;
    size_t last = size - 1;
    unsigned power = 63 - (unsigned)__builtin_clzll(last);
    return 4 * (power - SMALLEST_LOG2) + (unsigned)(last >> (power - 2) & 3) + 1;
}

static size_t class_bytes(unsigned class) {
    if (class == 0)
        return (size_t)1 << SMALLEST_LOG2;
    unsigned power = SMALLEST_LOG2 + (class - 1) / 4;
    return ((size_t)1 << power) + ((class - 1) % 4 + 1) * ((size_t)1 << (power - 2));
}

struct pool *pool_new(size_t cap_bytes) {
    struct pool *p = calloc(1, sizeof *p);
    if (p == NULL)
        return NULL;
    p->cap = cap_bytes;
    p->heap.next = p->heap.previous = &p->heap;
    return p;
}

void pool_free(struct pool *p) {
    if (p == NULL)
        return;
    for (struct slab *s = p->slabs, *next; s != NULL; s = next) {
        next = s->next;
        free(s);
    }
    for (struct heap_block *b = p->heap.next, *next; b != &p->heap; b = next) {
        next = b->next;
        free(b);
    }
    free(p);
}

static void *take_from_heap(struct pool *p, size_t bytes) {
    if (bytes > SIZE_MAX - sizeof(struct heap_block) || bytes > p->cap - p->reserved)
        return NULL;
    struct heap_block *b = malloc(sizeof *b + bytes);
    if (b == NULL)
        return NULL;
    *b = (struct heap_block){.next = p->heap.next, .previous = &p->heap, .size = bytes};
    b->next->previous = b;
    p->heap.next = b;
    p->reserved += bytes;
    return b + 1;
}

static void give_to_heap(struct pool *p, void *block, size_t bytes) {
    struct heap_block *b = (struct heap_block *)block - 1;
    CHECK(b->size == bytes);
    b->previous->next = b->next;
    b->next->previous = b->previous;
    p->reserved -= bytes;
    free(b);
}

static void put_on_list(struct pool *p, unsigned class, void *block) {
    struct free_block *b = block;
    b->next = p->free[class];
    p->free[class] = b;
}

/* The rest of a slab that is too short for what is asked next still serves smaller classes. */
static void use_up_rest(struct pool *p) {
    size_t left = (size_t)(p->end - p->at);
    while (left >= class_bytes(0)) {
        unsigned class = class_of(left);
        if (class_bytes(class) > left)
            class --;
        put_on_list(p, class, p->at);
        p->at += class_bytes(class);
        left -= class_bytes(class);
    }
}

static bool add_slab(struct pool *p, size_t bytes) {
    size_t left = p->cap - p->reserved;
    size_t needed = sizeof(struct slab) + bytes;
    size_t size = needed > SLAB_BYTES ? needed : SLAB_BYTES;
    if (size > left)
        size = left & ~(size_t)7;
    if (size < needed)
        return false;
    struct slab *s = malloc(size);
    if (s == NULL)
        return false;
    use_up_rest(p);
    *s = (struct slab){.next = p->slabs, .size = size};
    p->slabs = s;
    p->reserved += size;
    p->at = (char *)(s + 1);
    p->end = (char *)s + size;
    return true;
}

static void *take_from_class(struct pool *p, unsigned class) {
    struct free_block *b = p->free[class];
    if (b != NULL) {
        p->free[class] = b->next;
        return b;
    }
    size_t bytes = class_bytes(class);
    if ((size_t)(p->end - p->at) < bytes && !add_slab(p, bytes))
        return NULL;
    void *block = p->at;
    p->at += bytes;
    return block;
}

void *pool_take(struct pool *p, size_t size) {
    bool pooled = size <= largest_pooled;
    size_t bytes = pooled ? class_bytes(class_of(size)) : size;
    void *block = pooled && !EVERY_BLOCK_FROM_HEAP ? take_from_class(p, class_of(size)) : take_from_heap(p, bytes);
    if (block != NULL)
        p->in_use += bytes;
    return block;
}

void pool_give(struct pool *p, void *block, size_t size) {
    if (block == NULL)
        return;
    bool pooled = size <= largest_pooled;
    size_t bytes = pooled ? class_bytes(class_of(size)) : size;
    CHECK(p->in_use >= bytes);
    p->in_use -= bytes;
    if (pooled && !EVERY_BLOCK_FROM_HEAP)
        put_on_list(p, class_of(size), block);
    else
        give_to_heap(p, block, bytes);
}

size_t pool_in_use(const struct pool *p) {
    return p->in_use;
}

size_t pool_reserved(const struct pool *p) {
    return p->reserved;
}
