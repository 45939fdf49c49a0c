/* What a sample or a count belongs to. A cell is the finest thing that has histograms:
 * fleet × profile × region × target (together a group of devices) × operation × QoS × held, per segment of the run. */
#ifndef MUSTER_METRICS_CELL_H
#define MUSTER_METRICS_CELL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "metrics/op.h"

enum clock_kind { CLOCK_LAG, CLOCK_SERVICE, CLOCK_RESPONSE, CLOCK_KINDS };
extern const char *const clock_names[CLOCK_KINDS]; /* "lag", "service", "response" */

/* One device state at a time (docs: "Devices"). */
enum device_state {
    STATE_DEAD,
    STATE_ASLEEP,
    STATE_OFFLINE,
    STATE_CONNECTING,
    STATE_BACKOFF,
    STATE_ONLINE,
    STATE_KINDS
};
extern const char *const state_names[STATE_KINDS];

/* Counters beside the operations' outcomes, per group and segment. The rows give each its metric name for checks. */
enum tally_kind {
    TALLY_BYTES_UP,         /* net.bytes_up: application bytes handed to the transport */
    TALLY_BYTES_DOWN,       /* net.bytes_down */
    TALLY_CONNECTIONS,      /* net.connections: transports that came up */
    TALLY_RECONNECTS,       /* mqtt.reconnect: accepted connections after a device's first */
    TALLY_SESSION_LOST,     /* mqtt.session.lost; of: accepted connections that expected a session */
    TALLY_SESSION_EXPECTED, /* mqtt.session.expected */
    TALLY_VIOLATIONS,       /* mqtt.violation */
    TALLY_LATE_ANSWERS,     /* mqtt.late_answer */
    TALLY_RESENT,           /* mqtt.resent */
    TALLY_REDIRECTS,        /* mqtt.redirect: Server Reference seen, never followed */
    TALLY_RECEIVED,         /* mqtt.received: publishes that devices got */
    TALLY_DUPLICATED,       /* mqtt.received.duplicate: copies after the first, per subscriber and subscription */
    TALLY_LOST,             /* mqtt.publish messages counted as lost (see docs/semantics.md, "Messages") */
    TALLY_SENT,             /* messages handed over at least once */
    TALLY_ACKED,            /* messages answered by PUBACK or PUBCOMP below 0x80 */
    TALLY_GHOSTS_RESET,     /* net.ghost.reset: abandoned sockets reset because descriptors ran short */
    TALLY_LINK_LOST,        /* net.link.lost: units that the modelled link lost (streams: delayed by retransmission) */
    TALLY_GAVE_UP,          /* device.gave_up: devices that stopped reconnecting */
    TALLY_AUDITED,          /* mqtt.audit.messages: sent messages that the audit judged */
    TALLY_AUDIT_RECEIVED,   /* mqtt.audit.received: of these, the ones that the observer got */
    TALLY_AUDIT_DUPLICATED, /* mqtt.audit.duplicated: copies after the first */
    TALLY_AUDIT_REORDERED,  /* mqtt.audit.reordered: first copies overtaken by a later message */
    TALLY_AUDIT_EXCLUDED,   /* mqtt.audit.excluded: sent messages of a time when the observer could not see */
    TALLY_OUTAGES_DEVICE,   /* net.outage.device */
    TALLY_OUTAGES_CELL,     /* net.outage.cell */
    TALLY_OUTAGES_REGION,   /* net.outage.region */
    TALLY_OUTAGES_BACKEND,  /* net.outage.backend */
    TALLY_REGISTRATIONS,    /* net.registration */
    TALLY_HANDOVERS,        /* net.handover */
    TALLY_ADDRESS_CHANGES,  /* net.address_change */
    TALLY_NAT_EXPIRED,      /* net.nat.expired */
    TALLY_LOOKUPS_FAILED,   /* net.dns.failed */
    TALLY_TLS_BYTES_UP,     /* tls.handshake.bytes_up: of handshakes, as they went over TCP */
    TALLY_TLS_BYTES_DOWN,   /* tls.handshake.bytes_down */
    TALLY_ENERGY_FLOOR,     /* energy.floor … energy.self_discharge: uJ by cause, in the order of enum power_cause */
    TALLY_ENERGY_SENSING,
    TALLY_ENERGY_ATTACH,
    TALLY_ENERGY_CONNECT,
    TALLY_ENERGY_RECONNECT,
    TALLY_ENERGY_SESSION_LOST,
    TALLY_ENERGY_MESSAGE,
    TALLY_ENERGY_KEEPALIVE,
    TALLY_ENERGY_RECEIVE,
    TALLY_ENERGY_RETRANSMISSION,
    TALLY_ENERGY_TRACKING,
    TALLY_ENERGY_SELF_DISCHARGE,
    TALLY_ENERGY_TAIL,      /* energy.tail: of these, the radio's tails */
    TALLY_ENERGY_HARVESTED, /* energy.harvested */
    TALLY_BROWNOUTS,        /* device.brownout */
    TALLY_POWER_LOST,       /* device.power_lost: by the timeline, or empty */
    TALLY_REFUSED_WORK,     /* device.refused_work: messages not even intended, the battery being low */
    TALLY_KINDS
};
struct tally_row {
    enum tally_kind kind;
    const char *metric; /* "net.bytes_up" */
    const char *doc;
};
extern const struct tally_row tally_rows[TALLY_KINDS];

struct cell_key {
    uint16_t group;   /* index into the plan's groups */
    uint16_t segment; /* by the intended instant */
    uint8_t op;       /* enum op_kind */
    uint8_t qos;
    uint8_t held;     /* 0 or 1 */
    uint8_t excluded; /* bit i: touched by the i-th expected_during set of the plan's checks */
};
_Static_assert(sizeof(struct cell_key) == 8, "keys are compared as one word");

/* The run cut at every edge that a check, a phase or the warm-up names: segment i = [edges[i], edges[i + 1]), the first begins
 * before everything (edges[0] = INT64_MIN), the last never ends. */
struct segments {
    instant *edges;
    unsigned count;
};
unsigned segments_find(const struct segments *s, instant at);

#endif
