#include "report/summary_json.h"

#include <math.h>
#include <stdio.h>

#include "base/json_write.h"
#include "base/version.h"
#include "report/backend_cost.h"
#include "report/energy.h"
#include "report/figures.h"
#include "report/headroom.h"
#include "report/judged.h"
#include "report/summary_shape.h"
#include "scenario/plan_observe.h"

static void object(struct json_write *w, const char *key) {
    json_write_key(w, key);
    json_write_open_object(w);
}

static void array(struct json_write *w, const char *key) {
    json_write_key(w, key);
    json_write_open_array(w);
}

static void write_scenario(struct json_write *w, const struct run_facts *f) {
    char hash[24];
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)f->decisions_hash);
    object(w, "scenario");
    json_write_member_string(w, "name", f->plan->name);
    json_write_member_string(w, "file", f->plan->file);
    json_write_member_string(w, "hash", f->plan->scenario_hash);
    json_write_member_uint(w, "seed", f->plan->seed);
    json_write_member_string(w, "plan_hash", f->plan->plan_hash);
    json_write_member_string(w, "decisions_hash", hash);
    json_write_member_string(w, "run_id", f->plan->run_id);
    json_write_close_object(w);
}

static void write_simulation(struct json_write *w, const struct run_facts *f) {
    char hash[24];
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)f->trace_hash);
    object(w, "simulation");
    json_write_member_string(w, "trace_hash", hash);
    json_write_member_uint(w, "steps", f->steps);
    json_write_member_uint(w, "interval_s", (uint64_t)(f->plan->interval / SPAN_S));
    json_write_close_object(w);
}

static void write_targets(struct json_write *w, const struct plan *p) {
    array(w, "target");
    for (unsigned t = 0; t < p->target_count; t++)
        json_write_string(w, p->targets[t].builtin ? "builtin" : p->targets[t].url);
    json_write_close_array(w);
    array(w, "nodes");
    for (unsigned t = 0; t < p->target_count; t++)
        for (unsigned n = 0; n < p->targets[t].node_count; n++) {
            char address[64];
            json_write_string(w, address_format(&p->targets[t].nodes[n], address, sizeof address));
        }
    json_write_close_array(w);
}

static void write_devices(struct json_write *w, const struct run_facts *f) {
    struct figures connects = figures_of(f->result, NULL, FIGURES_CONNECT, NULL);
    object(w, "devices");
    json_write_member_uint(w, "count", f->devices_here);
    json_write_member_uint(w, "online_peak", f->result->online_peak);
    json_write_member_uint(w, "online_end", f->online_end);
    json_write_member_uint(w, "connect_attempts", connects.intended - connects.outcomes[OP_DROPPED]);
    json_write_member_uint(w, "reconnects", figures_tally(f->result, f->plan, TALLY_RECONNECTS, true, NULL));
    json_write_member_uint(w, "gave_up", figures_tally(f->result, f->plan, TALLY_GAVE_UP, true, NULL));
    json_write_close_object(w);
    figures_free(&connects);
}

static void write_checks(struct json_write *w, const struct run_facts *f) {
    array(w, "checks");
    for (unsigned i = 0; i < f->plan->check_count; i++) {
        json_write_open_object(w);
        judged_members(w, &f->checks[i]);
        json_write_close_object(w);
    }
    json_write_close_array(w);
}

/* Percentiles over answered operations; null without any. */
static void write_clock(struct json_write *w, const char *key, const struct histogram *h) {
    static const struct {
        const char *key;
        double q;
    } quantiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}};
    object(w, key);
    for (size_t i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++)
        json_write_member_double(w, quantiles[i].key, figures_quantile_ms(h, quantiles[i].q));
    json_write_member_double(w, "max", figures_max_ms(h));
    int64_t mean = histogram_mean(h);
    json_write_member_double(w, "mean", h->count == 0 ? NAN : (double)mean / 1e6);
    json_write_member_uint(w, "samples", h->count);
    json_write_close_object(w);
}

static void write_parts(struct json_write *w, const char *key, const uint64_t *counts, const char *const *names,
                        int count) {
    object(w, key);
    for (int i = 1; i < count; i++) /* 0 is "none" */
        if (counts[i] > 0)
            json_write_member_uint(w, names[i], counts[i]);
    json_write_close_object(w);
}

static void write_operation(struct json_write *w, const char *key, const struct figures *f) {
    object(w, key);
    json_write_member_uint(w, "intended", f->intended);
    json_write_member_uint(w, "count", f->count);
    json_write_member_uint(w, "ok", f->outcomes[OP_OK]);
    json_write_member_uint(w, "failed", f->failed);
    json_write_member_uint(w, "refused", f->outcomes[OP_REFUSED]);
    json_write_member_uint(w, "timeout", f->outcomes[OP_TIMEOUT]);
    json_write_member_uint(w, "broken", f->outcomes[OP_BROKEN]);
    json_write_member_uint(w, "withdrawn", f->outcomes[OP_WITHDRAWN]);
    json_write_member_uint(w, "dropped", f->outcomes[OP_DROPPED]);
    json_write_member_uint(w, "open", f->outcomes[OP_OPEN]);
    write_parts(w, "dropped_because", f->drops, op_drop_names, OP_DROP_REASONS);
    write_parts(w, "held_because", f->held, op_held_names, OP_HELD_REASONS);
    json_write_member_uint(w, "late", f->late);
    write_clock(w, "response_ms", &f->clocks[CLOCK_RESPONSE]);
    write_clock(w, "service_ms", &f->clocks[CLOCK_SERVICE]);
    write_clock(w, "lag_ms", &f->clocks[CLOCK_LAG]);
    json_write_close_object(w);
}

static void write_operations(struct json_write *w, const struct run_facts *f, const char *fleet) {
    object(w, "operations");
    for (int i = 0; i < FIGURES_ROWS; i++) {
        struct figures figures = figures_of(f->result, f->plan, (enum figures_id)i, fleet);
        if (figures.intended > 0)
            write_operation(w, figures_rows[i].key, &figures);
        figures_free(&figures);
    }
    json_write_close_object(w);
}

static uint64_t run_tally(const struct run_facts *f, enum tally_kind kind, const char *fleet) {
    return figures_tally(f->result, f->plan, kind, false, fleet);
}

/* What became of messages: of one QoS, −1: of all. */
static void write_fates(struct json_write *w, const struct run_facts *f, const char *fleet, int qos) {
    static const struct {
        const char *key;
        enum tally_kind kind;
    } fates[] = {
        {"sent", TALLY_SENT},
        {"acked", TALLY_ACKED},
        {"audited", TALLY_AUDITED},
        {"received", TALLY_AUDIT_RECEIVED},
        {"lost", TALLY_LOST},
        {"duplicated", TALLY_AUDIT_DUPLICATED},
        {"reordered", TALLY_AUDIT_REORDERED},
        {"excluded", TALLY_AUDIT_EXCLUDED},
    };
    for (size_t i = 0; i < sizeof fates / sizeof fates[0]; i++)
        json_write_member_uint(w, fates[i].key, figures_messages(f->result, f->plan, fates[i].kind, qos, fleet));
}

/* Received, duplicated and reordered rest on `audited` messages and are 0 when nobody observes. What subscribing devices saw stands
 * beside them. */
static void write_messages(struct json_write *w, const struct run_facts *f, const char *fleet) {
    static const char *const levels[] = {"0", "1", "2"};
    object(w, "messages");
    write_fates(w, f, fleet, -1);
    object(w, "qos");
    for (int qos = 0; qos <= 2; qos++) {
        if (figures_messages(f->result, f->plan, TALLY_SENT, qos, fleet) == 0)
            continue;
        object(w, levels[qos]);
        write_fates(w, f, fleet, qos);
        json_write_close_object(w);
    }
    json_write_close_object(w);
    json_write_member_uint(w, "resent", run_tally(f, TALLY_RESENT, fleet));
    json_write_member_uint(w, "device_received", run_tally(f, TALLY_RECEIVED, fleet));
    json_write_member_uint(w, "device_duplicated", run_tally(f, TALLY_DUPLICATED, fleet));
    json_write_close_object(w);
}

static void write_network(struct json_write *w, const struct run_facts *f, const char *fleet) {
    object(w, "network");
    json_write_member_uint(w, "bytes_up", figures_tally(f->result, f->plan, TALLY_BYTES_UP, true, fleet));
    json_write_member_uint(w, "bytes_down", figures_tally(f->result, f->plan, TALLY_BYTES_DOWN, true, fleet));
    json_write_member_uint(w, "connections_opened", figures_tally(f->result, f->plan, TALLY_CONNECTIONS, true, fleet));
    json_write_member_uint(w, "link_lost", figures_tally(f->result, f->plan, TALLY_LINK_LOST, true, fleet));
    json_write_member_uint(w, "ghosts_reset", figures_tally(f->result, f->plan, TALLY_GHOSTS_RESET, true, fleet));
    json_write_close_object(w);
}

static void write_protocol(struct json_write *w, const struct run_facts *f) {
    object(w, "mqtt");
    json_write_member_uint(w, "violations", run_tally(f, TALLY_VIOLATIONS, NULL));
    json_write_member_uint(w, "sessions_expected", run_tally(f, TALLY_SESSION_EXPECTED, NULL));
    json_write_member_uint(w, "sessions_lost", run_tally(f, TALLY_SESSION_LOST, NULL));
    json_write_member_uint(w, "late_answers", run_tally(f, TALLY_LATE_ANSWERS, NULL));
    json_write_member_uint(w, "redirects", run_tally(f, TALLY_REDIRECTS, NULL));
    json_write_close_object(w);
}

static void write_fleets(struct json_write *w, const struct run_facts *f) {
    object(w, "fleets");
    for (unsigned i = 0; i < f->plan->fleet_count; i++) {
        const struct fleet *fleet = &f->plan->fleets[i];
        object(w, fleet->name);
        json_write_member_uint(w, "devices", fleet->count);
        write_operations(w, f, fleet->name);
        write_messages(w, f, fleet->name);
        write_network(w, f, fleet->name);
        if (energy_modelled(f->plan))
            energy_write_json(w, f, fleet->name);
        json_write_close_object(w);
    }
    json_write_close_object(w);
}

static void write_causes(struct json_write *w, const struct run_facts *f) {
    array(w, "causes");
    for (size_t i = 0; i < f->result->reason_count; i++) {
        const struct reason_row *row = &f->result->reasons[i];
        json_write_open_object(w);
        json_write_member_string(w, "fleet", f->plan->groups[row->group].fleet);
        json_write_member_string(w, "region", f->plan->groups[row->group].region);
        json_write_member_string(w, "operation", row->op < OP_KINDS ? op_kinds[row->op].name : "others");
        if (row->op < OP_KINDS && row->outcome < OP_OUTCOMES)
            json_write_member_string(w, "outcome", op_outcome_names[row->outcome]);
        json_write_member_uint(w, "reason_code", row->reason_code);
        json_write_member_string(w, "connection",
                                 row->close_reason < CLOSE_REASONS ? close_reason_names[row->close_reason] : "");
        json_write_member_uint(w, "count", row->count);
        json_write_member_double(w, "first_s", span_seconds(row->first_at));
        json_write_member_uint(w, "example_device", row->example_device);
        json_write_close_object(w);
    }
    json_write_close_array(w);
}

/* null: this host was not measured, or is not what it was then. */
static void write_headroom(struct json_write *w, const struct report *r) {
    struct headroom h = headroom_of(r);
    json_write_key(w, "headroom");
    if (!h.known) {
        json_write_null(w);
        return;
    }
    json_write_open_object(w);
    json_write_member_double(w, "factor", h.factor);
    json_write_member_string(w, "first", h.first);
    json_write_member_string(w, "shape", r->ceiling->shape);
    json_write_close_object(w);
}

static void write_tool(struct json_write *w, const struct report *r) {
    const struct run_facts *f = r->facts;
    const struct histogram *lag = &f->result->lag_all;
    object(w, "tool");
    json_write_member_double(w, "lag_p999_ms", figures_quantile_ms(lag, 0.999));
    json_write_member_uint(w, "late", f->result->late_all);
    json_write_member_uint(w, "dropped", r->log_records_dropped);
    json_write_member_double(w, "cpu_s", f->cpu_s);
    json_write_member_uint(w, "rss_peak_bytes", f->rss_peak_bytes);
    json_write_member_double(w, "bytes_per_device", f->bytes_per_device);
    json_write_member_double(w, "lag_p99_ms", figures_quantile_ms(lag, 0.99));
    json_write_member_double(w, "lag_max_ms", figures_max_ms(lag));
    json_write_member_double(w, "lag_limit_ms", span_millis(f->plan->trust.lag));
    json_write_member_double(w, "loop_late_max_ms", span_millis(f->result->loop_late_max));
    json_write_member_uint(w, "emitted", f->result->emitted_all);
    json_write_member_uint(w, "workers", f->workers);
    json_write_member_bool(w, "private_descriptor_tables", f->private_descriptor_tables);
    json_write_member_bool(w, "true_silence", f->true_silence);
    json_write_member_uint(w, "guard_held", f->guard_held);
    json_write_member_uint(w, "guard_refused", f->guard_refused);
    write_headroom(w, r);
    json_write_close_object(w);
}

static void write_trust(struct json_write *w, const struct run_facts *f) {
    object(w, "trust");
    json_write_member_bool(w, "trustworthy", f->trust_count == 0);
    json_write_member_bool(w, "widened", f->plan->trust.widened);
    array(w, "findings");
    for (unsigned i = 0; i < f->trust_count; i++) {
        json_write_open_object(w);
        json_write_member_string(w, "text", f->trust[i].text);
        json_write_member_double(w, "from_s", span_seconds(f->trust[i].from));
        json_write_member_double(w, "to_s", span_seconds(f->trust[i].to));
        json_write_close_object(w);
    }
    json_write_close_array(w);
    json_write_close_object(w);
}

static void write_gaps(struct json_write *w, const struct run_audit *a) {
    array(w, "gaps");
    for (size_t i = 0; i < a->gap_count; i++) {
        const struct audit_gap *gap = &a->gaps[i];
        json_write_open_object(w);
        json_write_member_string(w, "kind", audit_gap_names[gap->kind]);
        json_write_member_double(w, "from_s", span_seconds(gap->from));
        json_write_key(w, "to_s");
        if (gap->to == INSTANT_NEVER)
            json_write_null(w);
        else
            json_write_double(w, span_seconds(gap->to));
        json_write_member_uint(w, "messages", gap->messages);
        json_write_close_object(w);
    }
    json_write_close_array(w);
}

static void write_audit(struct json_write *w, const struct run_facts *f) {
    const struct plan_observe *o = f->plan->observe;
    object(w, "audit");
    json_write_member_bool(w, "observed", o != NULL && f->audit.on);
    json_write_member_uint(w, "devices", o == NULL ? 0 : o->audited);
    json_write_member_uint(w, "of_devices", o == NULL ? 0 : o->candidates);
    json_write_member_uint(w, "granted_qos", f->audit.granted);
    write_gaps(w, &f->audit);
    json_write_close_object(w);
}

static void write_caveat(void *context, const char *sentence) {
    json_write_string(context, sentence);
}

void summary_json_write_to(struct json_write *w, const struct report *r) {
    const struct run_facts *f = r->facts;
    json_write_open_object(w);
    json_write_member_uint(w, "schema", 1);
    object(w, "muster");
    json_write_member_string(w, "version", VERSION_TEXT);
    json_write_close_object(w);
    write_scenario(w, f);
    write_targets(w, f->plan);
    json_write_member_string(w, "mode", f->plan->virtual_time ? "virtual" : "real");
    if (f->plan->virtual_time)
        write_simulation(w, f);
    json_write_member_string(w, "verdict", run_verdict_names[f->verdict]);
    json_write_member_int(w, "exit_code", f->exit_code);
    json_write_member_double(w, "duration_s", span_seconds(f->ended));
    json_write_member_double(w, "started_unix_s", (double)f->started_unix_ns / 1e9);
    object(w, "shard");
    json_write_member_uint(w, "number", f->shard);
    json_write_member_uint(w, "of", f->shards);
    json_write_close_object(w);
    array(w, "caveats");
    report_caveats(r, write_caveat, w);
    json_write_close_array(w);
    write_devices(w, f);
    write_checks(w, f);
    write_operations(w, f, NULL);
    write_messages(w, f, NULL);
    write_audit(w, f);
    write_network(w, f, NULL);
    if (energy_modelled(f->plan))
        energy_write_json(w, f, NULL);
    write_protocol(w, f);
    write_tool(w, r);
    json_write_key(w, "backend");
    backend_cost_write(w, f);
    write_trust(w, f);
    write_causes(w, f);
    write_fleets(w, f);
    json_write_close_object(w);
}

void summary_json_write(struct text *out, const struct report *r) {
    struct json_write w = json_write_to(out, 2);
    struct json_schema_check check;
    json_schema_watch(&check, &w, &summary_shape);
    summary_json_write_to(&w, r);
    json_schema_report(&check, "summary.json");
    text_append(out, "\n");
}
