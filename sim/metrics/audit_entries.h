/* The outstanding messages of an audit: found by device and number, and in two lists by the order in which they got there. */
#ifndef MUSTER_METRICS_AUDIT_ENTRIES_H
#define MUSTER_METRICS_AUDIT_ENTRIES_H

#include <stddef.h>
#include <stdint.h>

#include "base/instant.h"

enum audit_entry_flags { AUDIT_ENTRY_REPORTED = 1, AUDIT_ENTRY_RECEIVED = 2, AUDIT_ENTRY_REORDERED = 4 };

enum audit_entry_list {
    AUDIT_ENTRIES_EARLY,   /* received, not reported yet: in no order */
    AUDIT_ENTRIES_MISSING, /* reported, not received yet */
    AUDIT_ENTRIES_SETTLED, /* both, behind a number of its device that is not reported yet, or with copies to come */
    AUDIT_ENTRIES_LISTS
};

struct audit_entry {
    uint32_t device, sequence;
    instant intended, emitted, ended; /* once reported */
    instant received;                 /* once received */
    uint32_t previous, next;          /* in its list, or in that of free places */
    uint16_t group, copies, own; /* copies after the first that came before the report, and what its device sent anew */
    uint8_t qos, excluded, verdict, held;
    uint8_t flags, list;
};

struct audit_entries {
    struct audit_entry *all;
    uint32_t count, used, room; /* entries now, places ever used, places */
    uint32_t *index;            /* open addressing: place + 1, 0: free */
    uint32_t index_room;        /* 0 or a power of two, at most half full */
    uint32_t free;              /* place + 1 of a chain through `next`; 0: none */
    struct {
        uint32_t first, last; /* place + 1; 0: none */
    } lists[AUDIT_ENTRIES_LISTS];
};

/* A zeroed struct is empty and valid. Pointers are valid until the next audit_entries_add. Out of memory aborts through CHECK. */
struct audit_entry *audit_entries_find(const struct audit_entries *e, uint32_t device, uint32_t sequence);
/* Adds one that is not there, zeroed, to AUDIT_ENTRIES_EARLY. */
struct audit_entry *audit_entries_add(struct audit_entries *e, uint32_t device, uint32_t sequence);
void audit_entries_remove(struct audit_entries *e, struct audit_entry *entry);
/* To the end of another list. */
void audit_entries_move(struct audit_entries *e, struct audit_entry *entry, enum audit_entry_list list);
struct audit_entry *audit_entries_first(const struct audit_entries *e, enum audit_entry_list list); /* NULL: none */
struct audit_entry *audit_entries_next(const struct audit_entries *e, const struct audit_entry *entry);
void audit_entries_free(struct audit_entries *e);
size_t audit_entries_bytes(const struct audit_entries *e);

#endif
