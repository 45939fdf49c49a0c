#include "device/device_audit.h"

#include "device/behave_command.h"
#include "device/device_step.h"

static bool is_audited(const struct device_host *h, const struct device_slot *s) {
    uint32_t id = s->life->id;
    return h->audited != NULL && (h->audited[id / 64] >> (id % 64) & 1) != 0;
}

/* Burst messages are of the first stream; replies to commands are of none. */
static bool is_observed(const struct fleet_group *g, const struct op *op) {
    unsigned stream = op->stream < g->telemetry_count ? op->stream : 0;
    return op->stream != BEHAVE_COMMAND_STREAM && g->telemetry_count > 0 && g->telemetry[stream].observed;
}

bool device_audit_ended(struct device_host *h, const struct device_slot *s, const struct op *op,
                        enum audit_verdict verdict, uint8_t excluded) {
    if (!is_audited(h, s))
        return false;
    bool observed = is_observed(s->group, op);
    if (op->qos == 0 && verdict == AUDIT_OWED && device_step_cut(s))
        verdict = AUDIT_FREE; /* its own link swallows it, and no acknowledgement would tell */
    struct audit_report r = {.device = s->life->id,
                             .sequence = op->n,
                             .intended = op->intended,
                             .emitted = op->emitted,
                             .ended = h->step.now,
                             .group = s->life->group,
                             .qos = op->qos,
                             .excluded = excluded,
                             .verdict = (uint8_t)(observed ? verdict : AUDIT_UNSENT),
                             .held = op->held};
    recorder_report(h->recorder, &r, h->step.now);
    return observed;
}

void device_audit_sent_anew(struct device_host *h, const struct device_slot *s, const struct op *op) {
    if (!is_audited(h, s))
        return;
    struct audit_report r = {
        .device = s->life->id, .sequence = op->n, .group = s->life->group, .verdict = AUDIT_SENT_ANEW};
    recorder_report(h->recorder, &r, h->step.now);
}

void device_audit_cut(struct device_host *h, const struct device_slot *s) {
    if (!is_audited(h, s))
        return;
    struct audit_report r = {
        .device = s->life->id, .emitted = h->step.now, .group = s->life->group, .verdict = AUDIT_CUT};
    recorder_report(h->recorder, &r, h->step.now);
}
