/* Between the files of the device: what one part asks of another inside a step. Callers outside sim/device use device.h. */
#ifndef MUSTER_DEVICE_DEVICE_STEP_H
#define MUSTER_DEVICE_DEVICE_STEP_H

#include "device/clock.h"
#include "device/device.h"
#include "device/payload.h"

/* device_step.c: states, attempts and ends of connections */
void device_step_state(struct device_host *h, const struct device_slot *s, enum device_state to);
/* Wants to connect; the attempt is intended at `intended`. */
void device_step_attempt(struct device_host *h, const struct device_slot *s, instant intended);
/* The connection (or the attempt) ends for `why`; the device decides what comes next: back-off, giving up, or nothing. */
void device_step_disconnected(struct device_host *h, const struct device_slot *s, enum close_reason why);
/* Ends an attempt whose transport has not come up, and closes what there is of it. */
void device_step_abort_attempt(struct device_host *h, const struct device_slot *s, enum close_reason why);
/* The session loses its connection; what it says is handled. */
void device_step_down(struct device_host *h, const struct device_slot *s, enum close_reason why);
/* Ends the connection from our side in this step: session down, close order, then as device_step_disconnected. */
void device_step_close(struct device_host *h, const struct device_slot *s, enum close_reason why);
/* What the operations of a connection become that ends for this reason, before the device's own link is looked at. */
enum op_outcome device_step_ended_as(enum close_reason why);
/* Is it an operation of the run? What a device does while it settles, such as calling again, is not. */
static inline bool device_step_counts(const struct device_host *h, const struct op *op) {
    return op->intended < h->counts_until;
}
/* An operation ends; returns as what: failures of its own link's time are withdrawn. `why` CLOSE_NONE: the caller tells the reason. */
enum op_outcome device_step_end_op(struct device_host *h, const struct device_slot *s, const struct op *op,
                                   enum op_outcome outcome, enum op_drop drop, enum close_reason why);
/* Something failed: its reason is counted, and told to whoever keeps evidence. `packet`: what said so, empty if nothing did. */
void device_step_failed(struct device_host *h, const struct device_slot *s, enum op_kind op, enum op_outcome outcome,
                        uint8_t reason_code, enum close_reason why, struct bytes packet);
/* What the worker hears of this step's trouble, of which there is one more now. */
struct device_trouble *device_step_trouble(struct device_host *h);
/* Why a connection that was up has ended. */
void device_step_tell_end(struct device_host *h, const struct device_slot *s, enum close_reason why,
                          uint8_t reason_code);
/* An operation that the session refuses in the backend's name, as its CONNACK said; nothing was sent. */
void device_step_refuse(struct device_host *h, const struct device_slot *s, const struct op *op, uint8_t reason_code);
/* The modelled link is cut now. */
static inline bool device_step_cut(const struct device_slot *s) {
    return s->behaviour->cuts > 0;
}
/* Nothing of its connection gets through, or everything is refused: by a cut, or because a middlebox forgot it. */
static inline bool device_step_unheard(const struct device_slot *s) {
    return device_step_cut(s) || (s->radio != NULL && (s->radio->flags & RADIO_SWALLOWED) != 0);
}

/* The device's own clock. */
static inline struct clock_view device_step_clock(const struct device_host *h, const struct device_slot *s) {
    return (struct clock_view){.model = &s->group->profile->clock,
                               .actions = h->actions,
                               .action_count = h->action_count,
                               .device = s->life->id};
}
/* What templates are filled with for this device at that instant; `seq` and `signals` are a message's. */
struct payload_context device_step_context(const struct device_host *h, const struct device_slot *s, instant at);

/* How many bytes a step may write before its way out is full, new messages and those sent again alike: a socket that takes no more has no
 * room, a modelled link as much as half its queue. */
size_t device_step_way_out(const struct device_slot *s);

/* device_events.c: what the session said in this step reaches metrics and behaviour, in that order */
void device_events_handle(struct device_host *h, const struct device_slot *s);

/* device_timeline.c */
/* Next edge of the timeline after `after` for this device. */
instant device_timeline_next(const struct device_host *h, const struct device_slot *s, instant after);
/* Does what the timeline says for life->action_at and moves it on. */
void device_timeline_apply(struct device_host *h, const struct device_slot *s);
/* The device's own link is cut, or one cut of it ends, as link_down does; cuts nest. */
void device_timeline_cut(struct device_host *h, const struct device_slot *s, enum link_down_how how);
void device_timeline_mend(struct device_host *h, const struct device_slot *s);
/* Does at once what an entry of that verb would begin: connect, disconnect or stop. */
void device_timeline_do(struct device_host *h, const struct device_slot *s, enum action_verb verb, instant at);
/* Earliest end of a tracked entry that is active. */
instant device_timeline_fired_end(const struct device_host *h, const struct device_slot *s);
void device_timeline_fired_due(struct device_host *h, const struct device_slot *s);
/* Tests `when` entries whose variables changed in this step; they act at the same instant. */
void device_timeline_triggers(struct device_host *h, const struct device_slot *s);
/* The variables' values now; `values` has STATE_VARIABLES entries. */
void device_timeline_variables(const struct device_slot *s, int64_t *values);

#endif
