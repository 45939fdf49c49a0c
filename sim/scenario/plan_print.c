#include "scenario/plan_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json_write.h"
#include "base/units.h"
#include "scenario/node_write.h"
#include "scenario/plan_build.h"
#include "scenario/plan_downtime.h"
#include "scenario/plan_load.h"
#include "scenario/plan_logs.h"
#include "scenario/plan_observe.h"
#include "scenario/plan_resources.h"
#include "scenario/plan_targets.h"
#include "scenario/plan_walk.h"

_Static_assert(PLAN_OBSERVE_RATE_MAX == 20000, "as print_audit says");

enum { CURVE_ROWS = 20, SPAN_TEXT = 32, BAR = 30 };

/* Everything that both forms of the plan print. */
struct numbers {
    struct plan_load load;
    struct plan_resources resources;
    struct plan_logs logs;
};

static struct numbers numbers_of(const struct plan *p) {
    struct numbers n;
    plan_load_of(p, 0, &n.load);
    n.resources = plan_resources_of(p);
    n.logs = plan_logs_of(p);
    return n;
}

static uint64_t whole(double value) {
    return (uint64_t)(value + 0.5);
}

/* --- text ----------------------------------------------------------------------------------------------------------- */

struct shown {
    char text[SPAN_TEXT];
};

static struct shown time_of(instant at) {
    struct shown s = {""};
    instant_format_span(at, s.text, sizeof s.text);
    return s;
}

static struct shown bytes_of_number(double bytes) {
    struct shown s = {""};
    units_format(UNITS_BYTES, bytes, s.text, sizeof s.text);
    return s;
}

static void print_head(const struct plan *p, struct text *out) {
    text_printf(out, "plan of %s\n", p->name);
    text_printf(out, "  plan_hash        %s\n", p->plan_hash);
    text_printf(out, "  scenario_hash    %s\n", p->scenario_hash);
    text_printf(out, "  seed             %llu%s\n", (unsigned long long)p->seed, p->seed_given ? "" : " (drawn)");
    text_printf(out, "  length           %s", time_of(p->duration).text);
    if (p->warmup > 0)
        text_printf(out, ", of which %s warm-up", time_of(p->warmup).text);
    text_printf(out, ", then up to %s settling\n", time_of(p->settle).text);
    for (unsigned i = 0; i < p->target_count; i++) {
        const struct target *t = &p->targets[i];
        text_append(out, "  target           ");
        if (strcmp(t->name, PLAN_TARGETS_UNNAMED) != 0)
            text_printf(out, "%s: ", t->name);
        text_append_safe(out, t->url, strlen(t->url), 200);
        if (t->node_count > 1)
            text_printf(out, " and %u more node%s", t->node_count - 1, t->node_count == 2 ? "" : "s");
        text_append(out, t->builtin ? " (the built-in broker: for demonstrations, not for measurements)\n" : "\n");
    }
}

static void print_devices(const struct plan *p, struct text *out) {
    text_printf(out, "\ndevices            %u\n", plan_devices_here(p, 1, 1));
    for (unsigned g = 0; g < p->group_count; g++) {
        const struct fleet_group *group = &p->groups[g];
        uint32_t count = 0;
        for (uint32_t d = 0; d < p->device_count; d++)
            count += p->group_of[d] == g && !plan_is_absent(p, d);
        text_printf(out, "  %10u  fleet %s, profile %s", count, group->fleet, group->profile_name);
        if (group->region[0] != '\0')
            text_printf(out, ", region %s", group->region);
        if (group->network != NULL)
            text_printf(out, ", network %s", group->network->name);
        text_append(out, "\n");
    }
}

static const char *const scope_words[OUTAGE_SCOPES] = {"devices", "cells", "regions", "backends"};

static void print_outages(const struct plan *p, struct text *out) {
    unsigned count;
    struct plan_downtime *all = plan_downtime_of(p, &count);
    if (count > 0)
        text_append(out, "outages            by chance and planned, as this seed has them\n");
    for (unsigned i = 0; i < count; i++) {
        const struct plan_downtime *d = &all[i];
        text_printf(out, "  %10llu  %s, in %u of %u %s", (unsigned long long)d->outages, d->outage->id, d->scopes_hit,
                    d->scopes, scope_words[d->outage->scope]);
        if (d->outages > 0)
            text_printf(out, ": %s on average, the first at %s", time_of(d->down / (span)d->outages).text,
                        time_of(instant_max(d->first_start, 0)).text);
        text_append(out, "\n");
    }
    free(all);
}

/* Who will know what became of the messages. */
static void print_audit(const struct plan *p, struct text *out) {
    const struct plan_observe *o = p->observe;
    unsigned filters = 0;
    if (o == NULL) {
        text_append(out,
                    "audited            nobody observes: loss is counted by acknowledgement alone (observe: all)\n");
        return;
    }
    for (unsigned i = 0; i < o->observer_count; i++)
        filters += o->observers[i].filter_count;
    text_printf(out, "audited            %u of %u devices, through %u filter%s at QoS %u%s\n", o->audited,
                o->candidates, filters, filters == 1 ? "" : "s", o->qos,
                o->by_rate ? ": all of them send more than 20,000 messages/s" : "");
}

static void print_numbers(const struct plan *p, const struct numbers *n, struct text *out) {
    const char *about = n->load.estimate ? " (estimate)" : "";
    text_printf(out, "\nload\n  connections      %llu at the peak\n",
                (unsigned long long)whole(n->load.connections_peak));
    text_printf(out, "  connects         %.0f/s at the peak, reconnects not counted\n", n->load.connects_per_s_peak);
    text_printf(out, "  messages         %llu%s, %.0f/s at the peak\n",
                (unsigned long long)whole(n->load.messages_total), about, n->load.messages_per_s_peak);
    text_printf(out, "  bytes            %s, both ways, without TCP and IP\n",
                bytes_of_number(n->load.bytes_total).text);
    text_printf(out, "\nneeds\n  descriptors      %llu", (unsigned long long)n->resources.descriptors);
    if (n->resources.ghosts > 0)
        text_printf(out, ", of which %llu for connections that a silent cut leaves behind",
                    (unsigned long long)n->resources.ghosts);
    text_printf(out, "\n  source addresses %u per node\n", n->resources.source_addresses);
    text_printf(out, "  memory           about %s\n", bytes_of_number((double)n->resources.memory_bytes).text);
    text_printf(out, "  disk             about %s of logs", bytes_of_number((double)n->logs.total).text);
    text_printf(out, ": events %s, histograms %s, series %s\n", bytes_of_number((double)n->logs.events).text,
                bytes_of_number((double)n->logs.intervals).text, bytes_of_number((double)n->logs.series).text);
    text_printf(out, "  trust            lag up to %s, loops late up to %s%s\n", time_of(p->trust.lag).text,
                time_of(p->trust.stall).text, p->trust.widened ? " (widened by the scenario)" : "");
}

static void print_phases(const struct plan *p, struct text *out) {
    text_append(out, "\nphases and entries\n");
    for (unsigned i = 0; i < p->phase_count; i++) {
        const struct phase *phase = &p->phases[i];
        text_printf(out, "  %9s – %-9s %s", time_of(phase->start).text, time_of(phase->end).text, phase->id);
        if (phase->action >= 0) {
            const struct action *a = &p->actions[phase->action];
            text_printf(out, ": %s", action_verbs[a->verb].name);
            if (action_verbs[a->verb].per_device)
                text_printf(out, " %u device%s", a->selected, a->selected == 1 ? "" : "s");
        }
        text_append(out, "\n");
    }
    for (unsigned i = 0; i < p->action_count; i++)
        if (p->actions[i].when)
            text_printf(out, "  by condition          %s: %s, %u device%s\n", p->actions[i].id,
                        action_verbs[p->actions[i].verb].name, p->actions[i].selected,
                        p->actions[i].selected == 1 ? "" : "s");
}

static void print_bar(double part, struct text *out) {
    int length = (int)(part * BAR + 0.5);
    text_append(out, length > 0 ? "  " : "");
    for (int i = 0; i < length; i++)
        text_append(out, "#");
}

/* Rows of equal length; the bar shows messages, relative to the fullest row. */
static void print_curve(const struct plan_load *l, struct text *out) {
    unsigned rows = l->bucket_count < CURVE_ROWS ? l->bucket_count : CURVE_ROWS;
    double most = 0, connected = 0;
    text_append(out, "\nintended load\n       from        to   connects/s  connected   messages/s\n");
    for (int pass = 0; pass < 2; pass++)
        for (unsigned r = 0; r < rows; r++) {
            unsigned first = (unsigned)((uint64_t)r * l->bucket_count / rows);
            unsigned end = (unsigned)((uint64_t)(r + 1) * l->bucket_count / rows);
            double connects = 0, messages = 0, seconds = span_seconds((end - first) * l->width);
            for (unsigned i = first; i < end; i++) {
                connects += l->buckets[i].connects;
                messages += l->buckets[i].messages;
                connected += pass == 0 ? 0 : l->buckets[i].joined - l->buckets[i].left;
            }
            if (pass == 0) {
                most = messages / seconds > most ? messages / seconds : most;
                continue;
            }
            text_printf(out, "  %9s %9s   %10.1f %10.0f   %10.1f", time_of(first * l->width).text,
                        time_of(end * l->width).text, connects / seconds, connected, messages / seconds);
            print_bar(most > 0 ? messages / seconds / most : 0, out);
            text_append(out, "\n");
        }
}

static void print_checks(const struct plan *p, struct text *out) {
    static const char *const kinds[] = {"slo", "conformance", "info"};
    if (p->check_count == 0) {
        text_append(out, "\nno checks: this run cannot fail\n");
        return;
    }
    text_append(out, "\nchecks\n");
    for (unsigned i = 0; i < p->check_count; i++) {
        const struct check *c = &p->checks[i];
        text_append(out, "  ");
        text_append_safe(out, c->name, strlen(c->name), 200);
        if (c->name != c->expect) {
            text_append(out, ": ");
            text_append_safe(out, c->expect, strlen(c->expect), 400);
        }
        text_printf(out, " (%s%s)\n", kinds[c->kind], c->abort ? ", aborts" : "");
    }
}

void plan_print_text(const struct plan *p, struct text *out) {
    struct numbers n = numbers_of(p);
    print_head(p, out);
    print_devices(p, out);
    print_outages(p, out);
    print_audit(p, out);
    print_numbers(p, &n, out);
    print_phases(p, out);
    print_curve(&n.load, out);
    print_checks(p, out);
    plan_load_free(&n.load);
}

/* --- JSON ----------------------------------------------------------------------------------------------------------- */

static void write_phases(const struct plan *p, struct json_write *w) {
    json_write_key(w, "phases");
    json_write_open_array(w);
    for (unsigned i = 0; i < p->phase_count; i++) {
        json_write_open_object(w);
        json_write_member_string(w, "id", p->phases[i].id);
        json_write_member_double(w, "start_s", span_seconds(p->phases[i].start));
        json_write_member_double(w, "end_s", span_seconds(p->phases[i].end));
        json_write_member_bool(w, "implicit", p->phases[i].implicit);
        json_write_close_object(w);
    }
    json_write_close_array(w);
}

static void write_load(const struct plan_load *l, struct json_write *w) {
    double connected = 0;
    json_write_key(w, "load");
    json_write_open_object(w);
    json_write_member_double(w, "interval_s", span_seconds(l->width));
    json_write_key(w, "rows");
    json_write_open_array(w);
    for (unsigned i = 0; i < l->bucket_count; i++) {
        const struct plan_load_bucket *b = &l->buckets[i];
        connected += b->joined - b->left;
        json_write_open_array(w);
        json_write_uint(w, whole(b->connects));
        json_write_uint(w, whole(connected));
        json_write_uint(w, whole(b->messages));
        json_write_close_array(w);
    }
    json_write_close_array(w);
    json_write_close_object(w);
}

static void write_logs(const struct plan_logs *l, const struct plan *p, struct json_write *w) {
    json_write_key(w, "logs");
    json_write_open_object(w);
    json_write_member_uint(w, "events_bytes", l->events);
    json_write_member_uint(w, "intervals_bytes", l->intervals);
    json_write_member_uint(w, "series_bytes", l->series);
    json_write_member_uint(w, "cap_bytes", plan_logs_cap(p->root));
    json_write_close_object(w);
}

void plan_print_json(const struct plan *p, struct text *out) {
    plan_print_json_with(p, NULL, NULL, out);
}

void plan_print_json_with(const struct plan *p, void (*more)(void *context, struct json_write *w), void *context,
                          struct text *out) {
    struct numbers n = numbers_of(p);
    struct json_write w = json_write_to(out, 2);
    json_write_open_object(&w);
    json_write_member_uint(&w, "schema", 1);
    json_write_member_string(&w, "name", p->name);
    json_write_member_string(&w, "plan_hash", p->plan_hash);
    json_write_member_string(&w, "scenario_hash", p->scenario_hash);
    json_write_member_uint(&w, "seed", p->seed);
    json_write_member_double(&w, "duration_s", span_seconds(p->duration));
    json_write_member_uint(&w, "devices", plan_devices_here(p, 1, 1));
    json_write_member_uint(&w, "connections_peak", whole(n.load.connections_peak));
    json_write_member_double(&w, "connects_per_s_peak", n.load.connects_per_s_peak);
    json_write_member_uint(&w, "messages_total", whole(n.load.messages_total));
    json_write_member_double(&w, "messages_per_s_peak", n.load.messages_per_s_peak);
    json_write_member_uint(&w, "bytes_total", whole(n.load.bytes_total));
    json_write_member_uint(&w, "memory_bytes_estimate", n.resources.memory_bytes);
    json_write_member_uint(&w, "descriptors_needed", n.resources.descriptors);
    json_write_member_uint(&w, "source_addresses_needed", n.resources.source_addresses);
    json_write_member_uint(&w, "log_bytes_estimate", n.logs.total);
    write_logs(&n.logs, p, &w);
    json_write_member_bool(&w, "estimate", n.load.estimate);
    write_phases(p, &w);
    write_load(&n.load, &w);
    if (more != NULL)
        more(context, &w);
    json_write_close_object(&w);
    text_append(out, "\n");
    plan_load_free(&n.load);
}

/* --- one device ----------------------------------------------------------------------------------------------------- */

static void write_step(const struct fleet_group *g, const struct plan_walk_step *s, struct text *out) {
    struct json_write w = json_write_to(out, 0);
    json_write_open_object(&w);
    json_write_member_int(&w, "at_ns", s->at);
    bool message = s->kind == PLAN_WALK_MESSAGE;
    if (message)
        json_write_member_string(&w, "op", "mqtt.publish");
    else
        json_write_member_string(&w, "op", action_verbs[s->entry->verb].name);
    if (!message || s->entry != NULL)
        json_write_member_string(&w, "entry", s->entry->id);
    if (s->kind == PLAN_WALK_END)
        json_write_member_bool(&w, "undo", true);
    if (message) {
        json_write_member_uint(&w, "stream", s->stream);
        json_write_member_uint(&w, "n", s->n);
        json_write_member_uint(&w, "seq", s->sequence);
        json_write_key(&w, "signals");
        json_write_open_object(&w);
        for (unsigned i = 0; i < g->signal_count && s->values != NULL; i++)
            json_write_member_double(&w, g->signals[i].name, s->values[i]);
        json_write_close_object(&w);
    }
    json_write_close_object(&w);
    text_append(out, "\n");
}

static void print_step(const struct fleet_group *g, const struct plan_walk_step *s, struct text *out) {
    text_printf(out, "  %14.6f s  ", span_seconds(s->at));
    if (s->kind != PLAN_WALK_MESSAGE) {
        text_printf(out, "%-12s %s%s%s\n", action_verbs[s->entry->verb].name, s->entry->id,
                    s->kind == PLAN_WALK_END ? " is undone" : "",
                    s->entry->where.count > 0 ? " (if its condition holds)" : "");
        return;
    }
    text_printf(out, "%-12s n=%llu", "publish", (unsigned long long)s->n);
    if (s->entry != NULL)
        text_printf(out, " of %s", s->entry->id);
    else if (g->telemetry_count > 1)
        text_printf(out, " of stream %u", s->stream);
    for (unsigned i = 0; i < g->signal_count && s->values != NULL; i++)
        text_printf(out, " %s=%.6g", g->signals[i].name, s->values[i]);
    text_append(out, s->decides ? "\n" : " (as its answers allow)\n");
}

int plan_print_device(const struct plan *p, uint64_t device, bool json, struct text *out) {
    if (device >= p->device_count) {
        text_printf(out, "there is no device %llu; the plan has %u, numbered from 0", (unsigned long long)device,
                    p->device_count);
        return ERR_NOT_FOUND;
    }
    const struct fleet_group *g = &p->groups[p->group_of[device]];
    struct plan_walk *w = plan_walk_new(p, (uint32_t)device, true);
    struct plan_walk_step step;
    uint64_t sum = 0;
    unsigned long long index = device - p->fleets[g->fleet_index].first;
    if (!json)
        text_printf(out, "device %llu: %s-%llu, profile %s%s%s\n", (unsigned long long)device, g->fleet, index,
                    g->profile_name, g->region[0] != '\0' ? ", region " : "", g->region);
    while (plan_walk_next(w, &step)) {
        sum += step.decides ? step.decision : 0;
        if (json)
            write_step(g, &step, out);
        else
            print_step(g, &step, out);
    }
    plan_walk_free(w);
    if (json)
        text_printf(out, "{\"device\":%llu,\"decisions_hash\":\"%016llx\"}\n", (unsigned long long)device,
                    (unsigned long long)sum);
    else
        text_printf(out, "decisions_hash %016llx\n%s", (unsigned long long)sum,
                    plan_walk_reacts(p, (uint32_t)device)
                        ? "What depends on answers or conditions is not listed, and may shift message numbers.\n"
                        : "");
    return 0;
}

void plan_print_origin(const struct plan *p, struct text *out) {
    node_write_yaml(p->root, true, out);
}
