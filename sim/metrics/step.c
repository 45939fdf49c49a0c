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
    [CLOSE_HANDSHAKE_TIMEOUT] = "handshake_timeout",
    [CLOSE_TLS_UNKNOWN_CA] = "tls_unknown_ca",
    [CLOSE_TLS_CERTIFICATE_REVOKED] = "tls_certificate_revoked",
    [CLOSE_TLS_CERTIFICATE_EXPIRED] = "tls_certificate_expired",
    [CLOSE_TLS_CERTIFICATE_NOT_YET_VALID] = "tls_certificate_not_yet_valid",
    [CLOSE_TLS_WRONG_NAME] = "tls_wrong_name",
    [CLOSE_TLS_BAD_CERTIFICATE] = "tls_bad_certificate",
    [CLOSE_TLS_FAILED] = "tls_failed",
    [CLOSE_ALERT_BAD_RECORD_MAC] = "alert_bad_record_mac",
    [CLOSE_ALERT_HANDSHAKE_FAILURE] = "alert_handshake_failure",
    [CLOSE_ALERT_BAD_CERTIFICATE] = "alert_bad_certificate",
    [CLOSE_ALERT_CERTIFICATE_REVOKED] = "alert_certificate_revoked",
    [CLOSE_ALERT_CERTIFICATE_EXPIRED] = "alert_certificate_expired",
    [CLOSE_ALERT_CERTIFICATE_UNKNOWN] = "alert_certificate_unknown",
    [CLOSE_ALERT_UNKNOWN_CA] = "alert_unknown_ca",
    [CLOSE_ALERT_ACCESS_DENIED] = "alert_access_denied",
    [CLOSE_ALERT_DECRYPT_ERROR] = "alert_decrypt_error",
    [CLOSE_ALERT_PROTOCOL_VERSION] = "alert_protocol_version",
    [CLOSE_ALERT_UNRECOGNIZED_NAME] = "alert_unrecognized_name",
    [CLOSE_ALERT_UNKNOWN_PSK_IDENTITY] = "alert_unknown_psk_identity",
    [CLOSE_ALERT_CERTIFICATE_REQUIRED] = "alert_certificate_required",
    [CLOSE_ALERT_NO_APPLICATION_PROTOCOL] = "alert_no_application_protocol",
    [CLOSE_ALERT_OTHER] = "alert_other",
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
