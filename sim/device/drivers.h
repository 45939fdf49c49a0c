/* The protocols that devices speak, one row each. A driver joins a sans-I/O session to the device: it renders what the session needs
 * from profile and identity, and translates between device and protocol. Pure: no callbacks, no I/O. All functions run
 * inside a step of the device (h->step) on the worker's thread and never block. */
#ifndef MUSTER_DEVICE_DRIVERS_H
#define MUSTER_DEVICE_DRIVERS_H

#include "device/device.h"

struct driver_ops {
    const char *name;
    const char *dissector; /* Wireshark's name of the protocol */
    size_t session_size;
    void (*init)(void *session);
    /* The transport is up. A negative error: the identity could not be rendered; the caller closes. */
    int (*up)(struct device_host *h, const struct device_slot *s, const struct op *op);
    size_t (*input)(struct device_host *h, const struct device_slot *s, struct bytes in);
    /* Total size of the packet that starts with `in`; 0 while unknown. */
    size_t (*packet_size)(const struct device_host *h, const struct device_slot *s, struct bytes in);
    /* The same for a packet of either side, without a session. */
    size_t (*frame)(struct bytes in);
    /* Overwrites credentials in a packet that a device sends, in place; how many bytes. It stays well-formed. */
    size_t (*mask)(uint8_t *packet, size_t size);
    void (*due)(struct device_host *h, const struct device_slot *s);
    /* As mqtt_session_publish. */
    int (*publish)(struct device_host *h, const struct device_slot *s, const struct mqtt_message *m,
                   const struct op *op);
    /* Subscribes to what the group lists, one operation per packet; what the backend said that it does not offer ends refused.
     * ERR_AGAIN, ERR_NO_MEMORY: this one, and those after it, could not be sent. */
    int (*subscribe)(struct device_host *h, const struct device_slot *s, const struct op *op);
    /* Answers a challenge of enhanced authentication with `data`. */
    int (*answer)(struct device_host *h, const struct device_slot *s, struct bytes data);
    int (*bye)(struct device_host *h, const struct device_slot *s);
    bool (*down)(struct device_host *h, const struct device_slot *s, enum op_outcome outcome);
    bool (*finish)(struct device_host *h, const struct device_slot *s);
    /* The device lost its memory: what it knew of the session ends withdrawn. True while there is more. */
    bool (*forget)(struct device_host *h, const struct device_slot *s);
    /* As mqtt_session_next_op. */
    struct op *(*next_op)(const struct device_slot *s, struct op *op);
    instant (*next_deadline)(struct device_host *h, const struct device_slot *s);
    /* How many more messages that are answered (QoS 1, 2) may be published now. */
    unsigned (*window)(struct device_host *h, const struct device_slot *s);
    unsigned (*in_flight)(const struct device_slot *s);
};

extern const struct driver_ops drivers_mqtt;

/* The driver of a group. */
const struct driver_ops *drivers_of(const struct fleet_group *g);

#endif
