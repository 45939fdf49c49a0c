/* How a device reacts to commands: messages that come in on the topic of its profile's `commands`. Each is reacted to once, some time after
 * it came: with a reply, which takes the way of all its messages (online, window, guard, buffer) and is a publish like them, or with
 * silence; and then the device may restart, leave or stop. A command that comes twice is reacted to twice. */
#ifndef MUSTER_DEVICE_BEHAVE_COMMAND_H
#define MUSTER_DEVICE_BEHAVE_COMMAND_H

#include "device/device.h"

enum {
    BEHAVE_COMMAND_PENDING_MAX = 16, /* commands that a device has not reacted to yet; it ignores more */
    BEHAVE_COMMAND_ASKED_MAX = 4096, /* bytes of Response Topic and Correlation Data together; it ignores longer ones */
    BEHAVE_COMMAND_STREAM = 254      /* op.stream of replies: nobody audits them */
};

/* A message arrived. False: it is no command to this device, whatever else it is. */
bool behave_command_arrived(struct device_host *h, const struct device_slot *s, const struct event *e);
/* The earliest reaction; INSTANT_NEVER: none is due. */
instant behave_command_next(const struct device_slot *s);
/* Reacts to one command whose reaction is due at `at`. */
void behave_command_due(struct device_host *h, const struct device_slot *s, instant at);
/* Commands so far, and those that are still to be reacted to. */
uint32_t behave_command_received(const struct device_slot *s);
unsigned behave_command_pending(const struct device_slot *s);
/* Forgets what is pending. */
void behave_command_drop(struct device_host *h, const struct device_slot *s);

#endif
