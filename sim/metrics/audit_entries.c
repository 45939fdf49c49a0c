#include "metrics/audit_entries.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/hash.h"
#include "metrics/interval.h"

enum { INDEX_FIRST = 1024 };

static uint32_t home_of(const struct audit_entries *e, uint32_t device, uint32_t sequence) {
    return (uint32_t)hash_mix((uint64_t)device << 32 | sequence) & (e->index_room - 1);
}

/* The place in the index of that message, or the free one where it would go. */
static uint32_t slot_of(const struct audit_entries *e, uint32_t device, uint32_t sequence) {
    uint32_t slot = home_of(e, device, sequence);
    while (e->index[slot] != 0) {
        const struct audit_entry *entry = &e->all[e->index[slot] - 1];
        if (entry->device == device && entry->sequence == sequence)
            break;
        slot = (slot + 1) & (e->index_room - 1);
    }
    return slot;
}

static void grow_index(struct audit_entries *e) {
    uint32_t *old = e->index, old_room = e->index_room;
    e->index_room = old_room == 0 ? INDEX_FIRST : 2 * old_room;
    e->index = calloc(e->index_room, sizeof *e->index);
    CHECK(e->index != NULL);
    for (uint32_t i = 0; i < old_room; i++)
        if (old[i] != 0)
            e->index[slot_of(e, e->all[old[i] - 1].device, e->all[old[i] - 1].sequence)] = old[i];
    free(old);
}

static void list_append(struct audit_entries *e, struct audit_entry *entry, enum audit_entry_list list) {
    uint32_t place = (uint32_t)(entry - e->all) + 1;
    entry->list = (uint8_t)list;
    entry->next = 0;
    entry->previous = e->lists[list].last;
    if (entry->previous != 0)
        e->all[entry->previous - 1].next = place;
    else
        e->lists[list].first = place;
    e->lists[list].last = place;
}

static void list_take(struct audit_entries *e, const struct audit_entry *entry) {
    if (entry->previous != 0)
        e->all[entry->previous - 1].next = entry->next;
    else
        e->lists[entry->list].first = entry->next;
    if (entry->next != 0)
        e->all[entry->next - 1].previous = entry->previous;
    else
        e->lists[entry->list].last = entry->previous;
}

struct audit_entry *audit_entries_find(const struct audit_entries *e, uint32_t device, uint32_t sequence) {
    if (e->index_room == 0)
        return NULL;
    uint32_t place = e->index[slot_of(e, device, sequence)];
    return place == 0 ? NULL : &e->all[place - 1];
}

struct audit_entry *audit_entries_add(struct audit_entries *e, uint32_t device, uint32_t sequence) {
    if (2 * (e->count + 1) > e->index_room)
        grow_index(e);
    uint32_t place = e->free;
    if (place != 0) {
        e->free = e->all[place - 1].next;
    } else {
        e->all = interval_grow(e->all, &e->room, e->used + 1, sizeof *e->all);
        place = ++e->used;
    }
    struct audit_entry *entry = &e->all[place - 1];
    *entry = (struct audit_entry){.device = device, .sequence = sequence};
    e->index[slot_of(e, device, sequence)] = place;
    e->count++;
    list_append(e, entry, AUDIT_ENTRIES_EARLY);
    return entry;
}

/* Closes the hole in the index: what stands behind it and could stand in it moves there. */
static void unindex(struct audit_entries *e, uint32_t hole) {
    uint32_t mask = e->index_room - 1, slot = hole;
    for (;;) {
        slot = (slot + 1) & mask;
        if (e->index[slot] == 0)
            break;
        const struct audit_entry *entry = &e->all[e->index[slot] - 1];
        uint32_t home = home_of(e, entry->device, entry->sequence);
        if (((slot - home) & mask) >= ((slot - hole) & mask)) {
            e->index[hole] = e->index[slot];
            hole = slot;
        }
    }
    e->index[hole] = 0;
}

void audit_entries_remove(struct audit_entries *e, struct audit_entry *entry) {
    unindex(e, slot_of(e, entry->device, entry->sequence));
    list_take(e, entry);
    entry->next = e->free;
    e->free = (uint32_t)(entry - e->all) + 1;
    e->count--;
}

void audit_entries_move(struct audit_entries *e, struct audit_entry *entry, enum audit_entry_list list) {
    list_take(e, entry);
    list_append(e, entry, list);
}

struct audit_entry *audit_entries_first(const struct audit_entries *e, enum audit_entry_list list) {
    return e->lists[list].first == 0 ? NULL : &e->all[e->lists[list].first - 1];
}

struct audit_entry *audit_entries_next(const struct audit_entries *e, const struct audit_entry *entry) {
    return entry->next == 0 ? NULL : &e->all[entry->next - 1];
}

void audit_entries_free(struct audit_entries *e) {
    free(e->all);
    free(e->index);
    *e = (struct audit_entries){0};
}

size_t audit_entries_bytes(const struct audit_entries *e) {
    return e->room * sizeof *e->all + e->index_room * sizeof *e->index;
}
