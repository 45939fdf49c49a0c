#include "metrics/step.h"

#include "base/check.h"

const char *const close_reason_names[CLOSE_REASONS] = {
    [CLOSE_NONE] = "none",
    [CLOSE_POLITE] = "polite",
    [CLOSE_REFUSED] = "refused",
    [CLOSE_BY_PEER] = "by_peer",
    [CLOSE_RESET] = "reset",
    [CLOSE_CONNECT_FAILED] = "connect_failed",
    [CLOSE_CONNECT_TIMEOUT] = "connect_timeout",
    [CLOSE_CONNACK_TIMEOUT] = "connack_timeout",
    [CLOSE_PING_TIMEOUT] = "ping_timeout",
    [CLOSE_ACK_TIMEOUT] = "ack_timeout",
    [CLOSE_STREAM_TIMEOUT] = "stream_timeout",
    [CLOSE_VIOLATION] = "violation",
    [CLOSE_TIMELINE] = "timeline",
    [CLOSE_LINK_DOWN] = "link_down",
    [CLOSE_GUARD] = "guard",
    [CLOSE_LOCAL] = "local",
};

void step_begin(struct step *s, instant now, instant answered) {
    s->now = now;
    s->answered = answered;
    s->out.at = s->out.start;
    s->out.failed = false;
    s->input = (struct bytes){0};
    s->event_count = s->event_handled = 0;
    s->op_count = 0;
    s->resend_limit = SIZE_MAX;
}

struct event *step_event(struct step *s, enum event_kind kind) {
    CHECK(s->event_count < STEP_EVENTS_MAX);
    struct event *e = &s->events[s->event_count++];
    *e = (struct event){.kind = (uint8_t)kind};
    return e;
}

void step_end_op(struct step *s, const struct op *op, enum op_outcome outcome, uint8_t reason_code) {
    struct event *e = step_event(s, EVENT_OP_END);
    e->op = *op;
    e->outcome = (uint8_t)outcome;
    e->reason_code = reason_code;
    if (outcome == OP_REFUSED)
        e->packet = s->input;
}

void step_emit_op(struct step *s, struct op *op) {
    CHECK(s->op_count < STEP_OPS_MAX);
    op->emitted = s->now;
    s->ops[s->op_count++] = op;
}
