/* A device and its power: what really happened on the wire is charged, and what the battery then allows happens to the device.
 * Everything here does nothing for devices without power in their profile (slot->power NULL), so callers need not ask.
 *
 *   asleep   by its own choice, between messages: the radio is off or in power saving; the next message wakes it
 *   dead     without power: cut off by the timeline, the battery empty, or reset by a brown-out. Its connection is gone without a
 *            word, what it kept in RAM is lost (power.session: kept says otherwise), and what falls due meanwhile is dropped */
#ifndef MUSTER_DEVICE_DEVICE_POWER_H
#define MUSTER_DEVICE_DEVICE_POWER_H

#include "device/device.h"
#include "device/device_step.h"

/* What this step has done, for the cause of its bytes: bits of device_host.power_notes. */
enum device_power_notes { POWER_NOTE_SESSION_LOST = 1, POWER_NOTE_RESENT = 2 };

/* First state: dead when the timeline's first word on its power is power_on. */
void device_power_begin(struct device_host *h, const struct device_slot *s);
/* When power has something to say; then device_power_due. */
instant device_power_next(const struct device_slot *s);
void device_power_due(struct device_host *h, const struct device_slot *s);

/* An attempt left the device; its transport came up; it ended before. */
void device_power_attempt(struct device_host *h, const struct device_slot *s);
void device_power_opened(struct device_host *h, const struct device_slot *s);
/* Its handshake ended, having sent and received so much. */
void device_power_secured(struct device_host *h, const struct device_slot *s, uint64_t up, uint64_t down);
void device_power_failed(struct device_host *h, const struct device_slot *s);
/* The step's bytes were sent, `size` of them, the last at `until`; `lost`: units that the network lost among them. Before step.ops and
 * `spent` are forgotten. */
void device_power_sent(struct device_host *h, const struct device_slot *s, size_t size, unsigned lost, instant until);
/* Bytes came: why, before they are looked at; and how many were taken. */
enum power_cause device_power_receiving(const struct device_host *h, const struct device_slot *s);
void device_power_received(struct device_host *h, const struct device_slot *s, size_t size, enum power_cause cause);
/* What a step sends is charged after its conditions were tested: the next step tests them again. */
static inline void device_power_look(struct device_host *h, const struct device_slot *s) {
    if (s->power != NULL)
        h->changed |= (uint32_t)1 << VAR_BATTERY_SOC;
}
/* The connection ended; `ours`: by the device's own will. Returns true when the device neither waits nor calls again: it is dead,
 * or asleep. */
bool device_power_disconnected(struct device_host *h, const struct device_slot *s, bool ours);

/* The device is about to see its network differently: what was used so far is paid on the old terms. */
void device_power_moves(struct device_host *h, const struct device_slot *s);
/* It registers with its network. */
void device_power_registers(struct device_host *h, const struct device_slot *s);
/* Can what the backend sends to devices of this group wait for their radios? */
static inline bool device_power_deaf(const struct fleet_group *g) {
    return g->power != NULL && (g->power->radio.power_saving || g->power->radio.edrx > 0);
}
/* Of such a device: when it hears what came at `now`, unless it transmits before. */
instant device_power_hears(const struct device_host *h, const struct device_slot *s, instant now);

/* A message is about to be intended: measured and paid. False: not now, the battery is too low for work. */
bool device_power_works(struct device_host *h, const struct device_slot *s);
/* A message waits for the device to wake up. */
void device_power_wake(struct device_host *h, const struct device_slot *s);
/* It sleeps between messages, and is on its way up. */
bool device_power_waking(const struct device_slot *s);
/* `every` of a telemetry stream, longer when the battery is low. */
const struct dist *device_power_every(struct device_host *h, const struct device_slot *s, const struct dist *every);

/* The timeline. */
void device_power_cut(struct device_host *h, const struct device_slot *s);
void device_power_restore(struct device_host *h, const struct device_slot *s);
void device_power_on(struct device_host *h, const struct device_slot *s);
void device_power_drain(struct device_host *h, const struct device_slot *s, double soc);

/* How full the battery is now, for the logs; changes nothing. */
void device_power_level(struct device_host *h, const struct device_slot *s, instant now);
/* The run is over: what the battery has left, and how long it would last, is recorded. */
void device_power_end(struct device_host *h, const struct device_slot *s);
/* Hands the energy of all groups to the recorder. The worker calls it before its interval goes; a new segment does as well. */
void device_power_flush(struct device_host *h, instant now);

#endif
