/* What an audited device reports about its messages (metrics/audit.h): every number once, whether the message left or not. */
#ifndef MUSTER_DEVICE_DEVICE_AUDIT_H
#define MUSTER_DEVICE_DEVICE_AUDIT_H

#include "device/device.h"

/* A publish ended. `sent`: handed over at least once. `owed`: it was acknowledged, or nothing excuses that it was not; of QoS 0: sent.
 * True when the audit decides what becomes of it; false when acknowledgements must do. */
bool device_audit_ended(struct device_host *h, const struct device_slot *s, const struct op *op, bool sent, bool owed,
                        uint8_t excluded);
/* A message goes out once more as a new packet, after its session was lost: the backend cannot know that it is the same. */
void device_audit_sent_anew(struct device_host *h, const struct device_slot *s, const struct op *op);
/* The device's own link, or the timeline, cuts its connection off now, whatever is on its way. */
void device_audit_cut(struct device_host *h, const struct device_slot *s);

#endif
