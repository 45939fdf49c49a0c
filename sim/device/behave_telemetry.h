/* The telemetry behaviour: what a device intends to publish and when, and what happens to a message that cannot go yet. */
#ifndef MUSTER_DEVICE_BEHAVE_TELEMETRY_H
#define MUSTER_DEVICE_BEHAVE_TELEMETRY_H

#include "device/device.h"

void behave_telemetry_begin(struct device_host *h, const struct device_slot *s, instant first_connect);
/* Earliest intended instant of all streams. */
instant behave_telemetry_next(const struct device_slot *s);
/* Publishes what is intended at `at`. */
void behave_telemetry_due(struct device_host *h, const struct device_slot *s, instant at);
/* `count` extra messages, intended at `at` (timeline verb burst). */
/* The one message of a device whose mains has failed, as its profile has it. */
void behave_telemetry_last_gasp(struct device_host *h, const struct device_slot *s, instant at);
void behave_telemetry_burst(struct device_host *h, const struct device_slot *s, instant at, uint32_t count);
/* A message that another behaviour composed, which takes the same way: handed over, kept, or dropped. Its bytes are borrowed. */
void behave_telemetry_publish(struct device_host *h, const struct device_slot *s, const struct mqtt_message *m,
                              struct op *op);
/* Power is back, and the firmware starts its timers at `at`: schedules with `alignment: boot` begin anew. */
void behave_telemetry_booted(struct device_host *h, const struct device_slot *s, instant at);
/* The session is up: closed streams begin, restarted ones begin again. */
void behave_telemetry_session_up(struct device_host *h, const struct device_slot *s);
/* A publish of `stream` ended: a closed stream goes on after its think time, or a little later when it did so without `answered`. */
void behave_telemetry_ended(struct device_host *h, const struct device_slot *s, unsigned stream, bool answered);
/* Hands waiting messages over as long as they are taken. */
void behave_telemetry_pump(struct device_host *h, const struct device_slot *s);
/* Ends every waiting message as dropped. */
void behave_telemetry_drop_waiting(struct device_host *h, const struct device_slot *s, enum op_drop why);
/* Nothing is intended any more (`stop`). */
void behave_telemetry_stop(struct device_host *h, const struct device_slot *s);

#endif
