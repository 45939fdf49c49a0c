#include "metrics/cell.h"

const char *const clock_names[CLOCK_KINDS] = {
    [CLOCK_LAG] = "lag",
    [CLOCK_SERVICE] = "service",
    [CLOCK_RESPONSE] = "response",
};

const char *const state_names[STATE_KINDS] = {
    [STATE_DEAD] = "dead",       [STATE_ASLEEP] = "asleep",
    [STATE_OFFLINE] = "offline", [STATE_CONNECTING] = "connecting",
    [STATE_BACKOFF] = "backoff", [STATE_ONLINE] = "online",
};

const struct tally_row tally_rows[TALLY_KINDS] = {
    {TALLY_BYTES_UP, "net.bytes_up", "application bytes handed to the transport"},
    {TALLY_BYTES_DOWN, "net.bytes_down", "application bytes that the transport delivered"},
    {TALLY_CONNECTIONS, "net.connections", "transport connections that came up"},
    {TALLY_RECONNECTS, "mqtt.reconnect", "connections that the backend accepted after a device's first"},
    {TALLY_SESSION_LOST, "mqtt.session.lost", "accepted connections whose session the backend no longer had"},
    {TALLY_SESSION_EXPECTED, "mqtt.session.expected", "accepted connections of devices that counted on their session"},
    {TALLY_VIOLATIONS, "mqtt.violation", "packets from the backend that broke a rule of the specification"},
    {TALLY_LATE_ANSWERS, "mqtt.late_answer", "answers to operations that had already ended by timeout"},
    {TALLY_RESENT, "mqtt.resent", "messages in flight that were sent again"},
    {TALLY_REDIRECTS, "mqtt.redirect", "server references seen; none is followed"},
    {TALLY_RECEIVED, "mqtt.received", "publishes that devices got"},
    {TALLY_DUPLICATED, "mqtt.received.duplicate",
     "copies of a message after the first, per subscriber and subscription"},
    {TALLY_LOST, "mqtt.publish.lost", "messages that count as lost"},
    {TALLY_SENT, "mqtt.publish.messages_sent", "messages handed over at least once"},
    {TALLY_ACKED, "mqtt.publish.messages_acked", "messages answered by PUBACK or PUBCOMP below 0x80"},
    {TALLY_GHOSTS_RESET, "net.ghost.reset", "abandoned sockets that were reset because descriptors ran short"},
    {TALLY_LINK_LOST, "net.link.lost", "units that the modelled link lost; on streams they arrive later"},
    {TALLY_GAVE_UP, "device.gave_up", "devices that stopped reconnecting"},
    {TALLY_AUDITED, "mqtt.audit.messages", "sent messages that the audit judged"},
    {TALLY_AUDIT_RECEIVED, "mqtt.audit.received", "of the audited messages, those that the observer got"},
    {TALLY_AUDIT_DUPLICATED, "mqtt.audit.duplicated", "copies of audited messages after the first"},
    {TALLY_AUDIT_REORDERED, "mqtt.audit.reordered", "audited messages that a later one overtook"},
    {TALLY_AUDIT_EXCLUDED, "mqtt.audit.excluded", "sent messages of a time when the observer could not see"},
    {TALLY_OUTAGES_DEVICE, "net.outage.device", "outages of a device alone"},
    {TALLY_OUTAGES_CELL, "net.outage.cell", "outages of its cell that a device was in"},
    {TALLY_OUTAGES_REGION, "net.outage.region", "outages of its region that a device was in"},
    {TALLY_OUTAGES_BACKEND, "net.outage.backend", "outages of the way to its backend that a device was in"},
    {TALLY_REGISTRATIONS, "net.registration", "registrations with a network"},
    {TALLY_HANDOVERS, "net.handover", "changes from one cell to another"},
    {TALLY_ADDRESS_CHANGES, "net.address_change", "changes of address that ended a device's connections unheard"},
    {TALLY_NAT_EXPIRED, "net.nat.expired", "connections that a middlebox had forgotten when the next packet came"},
    {TALLY_LOOKUPS_FAILED, "net.dns.failed", "name lookups that failed, and attempts with them"},
    {TALLY_TLS_BYTES_UP, "tls.handshake.bytes_up", "bytes that devices sent in TLS handshakes"},
    {TALLY_TLS_BYTES_DOWN, "tls.handshake.bytes_down", "bytes that devices received in TLS handshakes"},
    {TALLY_ENERGY_FLOOR, "energy.floor", "microjoules: board and sleeping radio"},
    {TALLY_ENERGY_SENSING, "energy.sensing", "microjoules: measurements"},
    {TALLY_ENERGY_ATTACH, "energy.attach", "microjoules: registration with the network"},
    {TALLY_ENERGY_CONNECT, "energy.connect", "microjoules: connecting by the device's own plan"},
    {TALLY_ENERGY_RECONNECT, "energy.reconnect", "microjoules: connecting again after a connection was lost"},
    {TALLY_ENERGY_SESSION_LOST, "energy.session_lost",
     "microjoules: what was sent only because the backend forgot the session"},
    {TALLY_ENERGY_MESSAGE, "energy.message", "microjoules: messages and their answers"},
    {TALLY_ENERGY_KEEPALIVE, "energy.keepalive", "microjoules: pings and their answers"},
    {TALLY_ENERGY_RECEIVE, "energy.receive", "microjoules: what came unasked, and its answers"},
    {TALLY_ENERGY_RETRANSMISSION, "energy.retransmission",
     "microjoules: what the network lost, and messages sent again"},
    {TALLY_ENERGY_TRACKING, "energy.tracking", "microjoules: periodic tracking-area updates"},
    {TALLY_ENERGY_SELF_DISCHARGE, "energy.self_discharge",
     "microjoules: the battery's own, and the leak of its buffer"},
    {TALLY_ENERGY_TAIL, "energy.tail", "microjoules: of all of these, the radio connected and waiting"},
    {TALLY_ENERGY_HARVESTED, "energy.harvested", "microjoules that charged batteries"},
    {TALLY_BROWNOUTS, "device.brownout", "resets because the voltage broke down under a burst"},
    {TALLY_POWER_LOST, "device.power_lost", "devices that lost their power: by the timeline, or the battery was empty"},
    {TALLY_REFUSED_WORK, "device.refused_work", "messages that devices did not intend because their battery was low"},
};

unsigned segments_find(const struct segments *s, instant at) {
    unsigned low = 0, high = s->count; /* edges[low] <= at < edges[high] */
    while (high - low > 1) {
        unsigned middle = low + (high - low) / 2;
        if (s->edges[middle] <= at)
            low = middle;
        else
            high = middle;
    }
    return low;
}
