#include "metrics/op.h"

const struct op_kind_row op_kinds[OP_KINDS] = {
    {OP_MQTT_CONNECT, "mqtt.connect", "mqtt.connect.ack",
     "A connection attempt, from the start of the transport's connect to the CONNACK; every attempt is one."},
    {OP_MQTT_SUBSCRIBE, "mqtt.subscribe", "mqtt.subscribe.ack", "A SUBSCRIBE, to its SUBACK."},
    {OP_MQTT_UNSUBSCRIBE, "mqtt.unsubscribe", "mqtt.unsubscribe.ack", "An UNSUBSCRIBE, to its UNSUBACK."},
    {OP_MQTT_PUBLISH, "mqtt.publish", "mqtt.publish.ack",
     "A message, to its PUBACK (QoS 1) or PUBCOMP (QoS 2); QoS 0 is ok when sent and has no timing."},
    {OP_MQTT_PING, "mqtt.ping", "mqtt.ping.ack", "A PINGREQ, to its PINGRESP."},
    {OP_MQTT_END_TO_END, "mqtt.end_to_end", "mqtt.end_to_end",
     "A message from its intended instant at the sender to its arrival at a subscriber; only ever ok."},
    {OP_MQTT_COMMAND, "mqtt.command", "mqtt.command.reply",
     "A message of the observer to a device, to the device's reply; it counts for the device."},
    {OP_TLS_HANDSHAKE, "tls.handshake", "tls.handshake.ack",
     "A full TLS handshake, from the moment TCP is up until both sides have finished; a part of the attempt to "
     "connect."},
    {OP_TLS_RESUMPTION, "tls.resumption", "tls.resumption.ack",
     "A TLS handshake in which the backend went on with an earlier session, by ticket or id."},
    {OP_BATTERY_SOC, "battery.soc", "battery.soc",
     "A device's state of charge at the end of the run; 1 s stands for 100 %."},
    {OP_BATTERY_PROJECTED_LIFE, "battery.projected_life", "battery.projected_life",
     "How long a device's full battery would last; 1 us stands for 1 s."},
    {OP_BATTERY_LIFETIME, "battery.lifetime", "battery.lifetime",
     "How long a device's battery lasted until it was empty; 1 us stands for 1 s."},
    {OP_BATTERY_LEVEL, "battery.level", "battery.level",
     "A device's state of charge when an interval ends, of some devices; 1 s stands for 100 %."},
};

const char *const op_outcome_names[OP_OUTCOMES] = {
    [OP_OK] = "ok",         [OP_REFUSED] = "refused",     [OP_TIMEOUT] = "timeout",
    [OP_BROKEN] = "broken", [OP_WITHDRAWN] = "withdrawn", [OP_DROPPED] = "dropped",
    [OP_OPEN] = "open",
};

const char *const op_held_names[OP_HELD_REASONS] = {
    [OP_HELD_NONE] = "none",     [OP_HELD_OFFLINE] = "offline", [OP_HELD_ASLEEP] = "asleep",
    [OP_HELD_WINDOW] = "window", [OP_HELD_GUARD] = "guard",
};

const char *const op_drop_names[OP_DROP_REASONS] = {
    [OP_DROP_NONE] = "none",   [OP_DROP_OFFLINE] = "offline", [OP_DROP_BUFFER_FULL] = "buffer_full",
    [OP_DROP_DEAD] = "dead",   [OP_DROP_GAVE_UP] = "gave_up", [OP_DROP_END] = "end",
    [OP_DROP_LOCAL] = "local",
};
