/* What a device's radio and the network around it do besides delaying bytes: coverage, registration, cells, addresses, name lookups,
 * middleboxes that forget, outages (docs/models.md). State of a device exists only where its group's network or an outage asks for it.
 *
 * All of it acts through what link_down does (device_timeline_cut, device_timeline_mend): a registration, a handover's gap and an outage are
 * cuts of the device's own link, and what fails meanwhile is withdrawn. Everything is integrated from one change to the next. */
#ifndef MUSTER_DEVICE_RADIO_H
#define MUSTER_DEVICE_RADIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device/nat.h"
#include "device/outage.h"
#include "device/profile.h"
#include "transport/burst.h"

struct device_host;
struct device_slot;

enum radio_flags {
    RADIO_REGISTERED = 1,
    RADIO_BUSY = 2,       /* a registration or handover cuts the link until ready_at */
    RADIO_LOOKING_UP = 4, /* a name lookup that will fail at ready_at */
    RADIO_SWALLOWED = 8   /* a middlebox forgot the connection: nothing passes any more, or it is about to end */
};

/* One per device whose group has `radio`; the group's outage cursors follow it. */
struct radio_state {
    struct burst_state burst;   /* its channel */
    instant ready_at;           /* RADIO_BUSY, RADIO_LOOKING_UP: until then */
    instant used;               /* when a packet last passed the middlebox */
    instant moves_at;           /* it leaves its cell; INSTANT_NEVER: it stays */
    const struct network *seen; /* the network as this device has it: by coverage and by its site's quality */
    uint32_t cell;              /* number of its cell, of all cells of the run */
    uint32_t registrations;     /* keys draws */
    uint32_t moves;             /* keys draws */
    uint8_t flags;              /* enum radio_flags */
    uint8_t unused[3];
    struct outage_cursor outages[];
};
_Static_assert(sizeof(struct radio_state) <= 64, "one cache line, and 16 bytes per outage");

/* Does a device on this network need a radio's state? */
bool radio_needed(const struct network *n);
size_t radio_size(const struct fleet_group *g);

/* The network as the device has it now; NULL: no modelled link. */
const struct network *radio_network(const struct device_slot *s);

/* The number of the cell in which a device is after so many moves, of all cells of the run: by network, region and place among the region's. 0: the
 * network has none. */
uint32_t radio_cell(uint64_t seed, uint32_t device, const struct network *n, const char *region, uint32_t moves);

void radio_begin(struct device_host *h, const struct device_slot *s);
/* The next change; radio_due passes everything up to step.now. */
instant radio_next(const struct device_slot *s);
void radio_due(struct device_host *h, const struct device_slot *s);
/* An attempt to connect begins and the link is not cut: may it go on? Otherwise a registration has begun, or a lookup that will fail. */
bool radio_attempt(struct device_host *h, const struct device_slot *s);
/* No attempt times out while the device still registers. */
bool radio_registers(const struct device_slot *s);
/* The transport came up; it went. */
void radio_opened(struct device_host *h, const struct device_slot *s);
void radio_closed(struct device_host *h, const struct device_slot *s);
/* A packet of the connection, in either direction, meets the middlebox at `now`. NAT_SWALLOWS: from here on nothing passes. */
enum nat_fate radio_passes(struct device_host *h, const struct device_slot *s, instant now);
/* The device moves to another network: it registers there, and its connections are gone without a word to the backend. */
void radio_roam(struct device_host *h, const struct device_slot *s, const struct network *to);

#endif
