/* One device on a bench: a hand-made group (MQTT 3.1.1, one open telemetry stream of QoS 1 each second), a host, and a test in the place of
 * the worker, which carries out orders and plays the backend. */
#ifndef MUSTER_TESTS_DEVICE_RIG_H
#define MUSTER_TESTS_DEVICE_RIG_H

#include "device/device.h"
#include "metrics/result.h"
#include "transport/guard.h"

enum { RIG_ACTIONS = 8, RIG_OUT = 1 << 17 };

struct rig {
    struct fleet fleet;
    struct target target;
    struct profile profile;
    struct telemetry telemetry;
    struct fleet_group group;
    struct action actions[RIG_ACTIONS];
    struct network network;
    struct device_host host;
    struct guard_limits limits;
    struct guard guard;
    struct device life;
    uint8_t session[256] __attribute__((aligned(8)));
    struct link_state link;
    uint8_t radio[256] __attribute__((aligned(8))); /* used if the group has `radio` */
    struct power_state power;                       /* used when group.power is set */
    struct power_ledger ledger;
    uint8_t behaviour[4096] __attribute__((aligned(8)));
    struct connection connection;
    struct device_slot slot;
    struct segments segments;
    instant edges[2];
    struct result *result;
    struct device_orders orders; /* of the last step */
    uint8_t out[RIG_OUT], scratch[RIG_OUT];
    uint8_t sent[RIG_OUT]; /* bytes of the last step */
    size_t sent_size;
    struct op attempt;
};

/* The group's defaults; change them before rig_begin. */
void rig_make(struct rig *r);
/* device_begin; the first connect is intended at `first_connect` by an entry of the rig when it is not INSTANT_NEVER. */
void rig_begin(struct rig *r, instant first_connect);
/* Appends an entry that selects the device, and returns it. */
struct action *rig_action(struct rig *r, enum action_verb verb, instant start);
/* One step of what is due at `now`; orders and bytes are kept, the close order is carried out. */
void rig_due(struct rig *r, instant now);
/* Everything due up to `now`, in order, each at its own instant. */
void rig_run(struct rig *r, instant now);
/* For steps of a test's own: begins one at `now`, carries its orders out. */
void rig_step(struct rig *r, instant now);
void rig_carry_out(struct rig *r);
/* After an open order: the attempt leaves at the first `now`, the transport is up at the second; the session's bytes are kept. */
void rig_attempt(struct rig *r, instant now);
void rig_opened(struct rig *r, instant now);
/* Both at once. */
void rig_open(struct rig *r, instant now);
/* The attempt fails. */
void rig_refuse(struct rig *r, instant now, enum close_reason why);
/* The backend's bytes. */
void rig_receive(struct rig *r, instant now, const char *hex);
/* Opens and answers with CONNACK 0 (session present as given). */
void rig_online(struct rig *r, instant now, bool session_present);
void rig_lose(struct rig *r, instant now, enum close_reason why);
/* Ends the run's books and gives what was measured. */
const struct result *rig_result(struct rig *r);
/* Sum of an operation's outcome, of a tally. */
uint64_t rig_outcome(struct rig *r, enum op_kind op, enum op_outcome outcome);
/* The longest sample of a clock of all operations of a kind; −1 without any. */
span rig_longest(struct rig *r, enum op_kind op, enum clock_kind clock);
uint64_t rig_tally(struct rig *r, enum tally_kind kind);
void rig_free(struct rig *r);

#endif
