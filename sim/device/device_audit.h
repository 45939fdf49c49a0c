/* What an audited device reports about its messages (metrics/audit.h): every number once, whether the message left or not. */
#ifndef MUSTER_DEVICE_DEVICE_AUDIT_H
#define MUSTER_DEVICE_DEVICE_AUDIT_H

#include "device/device.h"
#include "metrics/audit.h"

/* A publish ended, with that verdict as far as the device knows. True when the audit decides what becomes of it; false when acknowledgements must do. */
bool device_audit_ended(struct device_host *h, const struct device_slot *s, const struct op *op,
                        enum audit_verdict verdict, uint8_t excluded);
/* A message goes out once more as a new packet, after its session was lost: the backend cannot know that it is the same. */
void device_audit_sent_anew(struct device_host *h, const struct device_slot *s, const struct op *op);
/* The device's own link, or the timeline, cuts its connection off now, whatever is on its way. */
void device_audit_cut(struct device_host *h, const struct device_slot *s);

#endif
