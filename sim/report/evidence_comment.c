#include "report/evidence_comment.h"

#include <string.h>

#include "mqtt/mqtt_tables.h"
#include "scenario/device_name.h"

enum { TEXT_MAX = 500 }; /* of a text that the scenario gives */

/* What an operation waits for, and which packet answers it. */
static const struct {
    const char *expected;
    uint8_t answer;
} operations[OP_KINDS] = {
    [OP_MQTT_CONNECT] = {"a CONNACK that accepts", MQTT_CONNACK},
    [OP_MQTT_SUBSCRIBE] = {"a SUBACK that grants every filter", MQTT_SUBACK},
    [OP_MQTT_UNSUBSCRIBE] = {"an UNSUBACK", MQTT_UNSUBACK},
    [OP_MQTT_PUBLISH] = {"PUBACK or PUBCOMP without an error", MQTT_PUBACK},
    [OP_MQTT_PING] = {"PINGRESP", MQTT_PINGRESP},
    [OP_MQTT_END_TO_END] = {"the message", MQTT_PUBLISH},
    [OP_MQTT_COMMAND] = {"the device's reply", MQTT_PUBLISH},
    [OP_TLS_HANDSHAKE] = {"the end of the handshake", 0},
    [OP_TLS_RESUMPTION] = {"the end of the handshake", 0},
};

static enum mqtt_version version_of(const struct plan *plan, const struct evidence_record *r) {
    return plan->groups[r->group].profile->mqtt.version;
}

static void put_reason(struct text *out, const struct plan *plan, const struct evidence_record *r, unsigned packet) {
    const char *name = mqtt_tables_reason_name(version_of(plan, r), packet, r->reason_code);
    text_printf(out, "reason code 0x%02x%s%s%s", r->reason_code, name != NULL ? " (" : "", name != NULL ? name : "",
                name != NULL ? ")" : "");
}

static void put_observed(struct text *out, const struct plan *plan, const struct evidence_record *r) {
    text_append(out, "\nobserved: ");
    if (r->violated)
        text_append(out, r->detail != NULL ? r->detail : "it does not");
    else if (r->outcome == OP_REFUSED && operations[r->op].answer == 0)
        text_append(out, "it was refused");
    else if (r->outcome == OP_REFUSED)
        put_reason(out, plan, r, operations[r->op].answer);
    else if (r->outcome == OP_TIMEOUT)
        text_append(out, "no answer in time");
    else
        text_append(out, "the connection ended");
    if (!r->violated && r->outcome == OP_BROKEN && r->reason_code != 0) {
        text_append(out, ", ");
        put_reason(out, plan, r, MQTT_DISCONNECT);
    }
    if (!r->violated && r->close_reason != CLOSE_NONE && r->close_reason < CLOSE_REASONS)
        text_printf(out, ", %s", close_reason_names[r->close_reason]);
}

static void put_trouble(struct text *out, const struct plan *plan, const struct evidence_record *r) {
    if ((r->flags & EVIDENCE_AFTER) != 0)
        text_printf(out, "\nafter this packet: %.6f s later", span_seconds(r->trouble_at - r->at));
    if (r->violated)
        text_printf(out, "\nexpected: [%s] holds", r->statement != NULL ? r->statement : "the protocol");
    else
        text_printf(out, "\nexpected: %s", r->failed > 0 ? operations[r->op].expected : "the connection lasts");
    put_observed(out, plan, r);
    if (r->violated)
        text_printf(out, "\nverdict: violation of [%s]", r->statement != NULL ? r->statement : "the protocol");
    else
        text_printf(out, "\nverdict: %s %s", r->failed > 0 ? "operation" : "connection", op_outcome_names[r->outcome]);
    if (r->failed > 0)
        text_printf(out, "\noperation: %s %s", op_kinds[r->op].name, op_outcome_names[r->outcome]);
    if (r->failed > 1)
        text_printf(out, ", and %u more", r->failed - 1);
}

void evidence_comment_packet(struct text *out, const struct plan *plan, const struct evidence_record *r) {
    char name[DEVICE_NAME_MAX];
    bool sent = (r->flags & EVIDENCE_SENT) != 0;
    text_printf(out, "device: %s", device_name_format(plan, r->device, name, sizeof name));
    text_printf(out, "\n%s: at %.6f s of the run", sent ? "sent" : "received", span_seconds(r->at));
    if (r->link > 0)
        text_printf(out,
                    sent ? ", and left its modelled link %.3f ms later" : ", %.3f ms after it came to this machine",
                    span_millis(r->link));
    if ((r->flags & EVIDENCE_TORN) != 0)
        text_append(out, "\nincomplete: the rest of this packet never came");
    if ((r->flags & EVIDENCE_ALONE) != 0)
        text_printf(out, "\nalone: this device was not sampled; its CONNECT named %s",
                    version_of(plan, r) == MQTT_5_0 ? "MQTT 5.0" : "MQTT 3.1.1");
    if (r->masked > 0)
        text_printf(out, "\nmasked: %u secret bytes are written as *", r->masked);
    if ((r->flags & (EVIDENCE_BLAMED | EVIDENCE_AFTER)) != 0)
        put_trouble(out, plan, r);
}

static void put_foreign(struct text *out, const char *s) {
    text_append_safe(out, s, strlen(s), TEXT_MAX);
}

void evidence_comment_file(struct text *out, const struct plan *plan, const char *of) {
    text_append(out, "scenario: ");
    put_foreign(out, plan->name);
    text_append(out, "\npackets of: ");
    put_foreign(out, of);
    text_printf(out, "\nrun: %s\nseed: %llu\nscenario hash: %s\nplan hash: %s", plan->run_id,
                (unsigned long long)plan->seed, plan->scenario_hash, plan->plan_hash);
}
