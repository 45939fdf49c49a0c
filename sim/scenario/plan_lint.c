#include "scenario/plan_lint.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/text.h"
#include "base/units.h"
#include "mqtt/mqtt_topic.h"
#include "scenario/plan_command.h"
#include "scenario/plan_logs.h"
#include "scenario/plan_streams.h"
#include "scenario/timeline.h"

/* Rendered topic and payload of one message share the worker's scratch of 1 MiB; this leaves room for the rest. */
enum { MESSAGE_MAX = 512 * 1024 };

static const struct node *fleet_node(const struct plan_build *b, const struct fleet_group *g) {
    return node_get(node_get(b->root, "fleets"), g->fleet);
}

/* The node of a fleet's stream or filter number `i`, whether it stands in a list or alone. */
static const struct node *item_of(const struct node *n, unsigned i) {
    return n != NULL && n->kind == NODE_LIST ? n->entries[i].value : n;
}

static const struct node *node_or(const struct node *n, const struct node *otherwise) {
    return n != NULL ? n : otherwise;
}

static struct diagnostic_mark mark_or(const struct node *n, const struct node *otherwise) {
    return node_or(n, otherwise)->mark;
}

/* Groups of one fleet share all but profile and region: the first one speaks for it. */
static bool speaks_for_fleet(const struct plan *p, unsigned group) {
    return group == 0 || p->groups[group].fleet_index != p->groups[group - 1].fleet_index;
}

/* --- timeline ------------------------------------------------------------------------------------------------------- */

static void lint_place(const struct plan_build *b, const struct action *a, const struct node *n) {
    const struct plan *p = b->plan;
    const struct node *start = node_get(n, "at") != NULL ? node_get(n, "at") : node_get(n, "after");
    if (a->when) {
        if (a->over > 0)
            diagnostic_add(b->found, "W401", mark_or(node_get(n, "over"), n),
                           "'over' has no effect: each device fires at its own time");
        return;
    }
    if (a->start >= p->duration && !(a->verb == DO_STOP && a->start == p->duration)) {
        char text[32], end[32];
        diagnostic_add(b->found, "E407", mark_or(start, n), "%s starts at %s, and the run ends at %s", a->id,
                       instant_format_span(a->start, text, sizeof text),
                       instant_format_span(p->duration, end, sizeof end));
    } else if (a->end > p->duration) {
        diagnostic_add(b->found, "W402", mark_or(node_get(n, a->has_for ? "for" : "over"), n),
                       "%s is not over when the run ends", a->id);
    }
}

static void lint_ramp(const struct plan_build *b, const struct action *a, const struct node *n) {
    double cap = b->plan->safety.max_connect_rate;
    if (a->verb != DO_CONNECT || a->when || cap <= 0 || a->over <= 0)
        return;
    double rate = (double)a->selected / span_seconds(a->over);
    if (rate > cap)
        diagnostic_help(diagnostic_add(b->found, "E417", mark_or(node_get(n, "over"), n),
                                       "%s wants %.0f connects per second, and safety.max_connect_rate allows %.0f",
                                       a->id, rate, cap),
                        "use a longer `over`, at least %.0fs, or a higher cap", (double)a->selected / cap + 0.5);
}

static bool publishes(const struct plan *p, const struct action *a) {
    for (uint32_t d = 0; d < p->device_count; d++)
        if (action_selects(a, d) && p->groups[p->group_of[d]].telemetry_count > 0)
            return true;
    return false;
}

static void lint_actions(const struct plan_build *b) {
    for (unsigned i = 0; i < b->plan->action_count; i++) {
        const struct action *a = &b->plan->actions[i];
        const struct node *n = timeline_node(b, a);
        if (n == NULL)
            continue;
        lint_place(b, a, n);
        lint_ramp(b, a, n);
        if (a->verb == DO_BURST && a->selected > 0 && !publishes(b->plan, a))
            diagnostic_add(b->found, "W401", n->mark, "%s has no effect: its devices have no telemetry", a->id);
    }
}

static bool joins(const struct action *a) {
    return a->verb == DO_CONNECT || a->verb == DO_POWER_ON;
}

/* Fleets whose devices nothing ever connects. */
static void lint_never_connected(const struct plan_build *b) {
    const struct plan *p = b->plan;
    for (unsigned f = 0; f < p->fleet_count; f++) {
        bool connects = false;
        for (unsigned i = 0; i < p->action_count && !connects; i++)
            for (uint32_t d = 0; d < p->fleets[f].count && !connects && joins(&p->actions[i]); d++)
                connects = action_selects(&p->actions[i], p->fleets[f].first + d);
        if (!connects)
            diagnostic_add(b->found, "W404", node_entry_of(node_get(b->root, "fleets"), p->fleets[f].name)->key_mark,
                           "no entry of the timeline connects a device of fleets.%s", p->fleets[f].name);
    }
}

/* --- topics and filters --------------------------------------------------------------------------------------------- */

/* The template with a letter for each variable: enough to judge its syntax. */
static void sketch(const struct template *t, struct text *out) {
    for (unsigned i = 0; i < t->count; i++)
        if (t->tokens[i].kind == TEMPLATE_LITERAL)
            text_append_n(out, (const char *)t->tokens[i].text.data, t->tokens[i].text.size);
        else
            text_append(out, "x");
}

static struct bytes sketched(const struct text *t) {
    return bytes_of(text_get(t), t->size);
}

/* Of a topic that something is published to. */
static void lint_topic(const struct plan_build *b, const struct template *t, const struct node *at) {
    struct text topic = {0};
    sketch(t, &topic);
    if (mqtt_topic_has_wildcard(sketched(&topic)))
        diagnostic_help(diagnostic_add(b->found, "E416", at->mark, "a topic to publish to has no wildcards"),
                        "+ and # belong into filters of subscribe");
    else if (!mqtt_topic_name_valid(sketched(&topic)))
        diagnostic_help(diagnostic_add(b->found, "E416", at->mark, "this is no valid topic name"),
                        "a topic has 1 to 65,535 bytes and no U+0000");
    text_free(&topic);
}

static void lint_filters(const struct plan_build *b, const struct fleet_group *g, const struct node *list) {
    struct text filters[MQTT_FILTERS_MAX] = {{0}};
    for (unsigned i = 0; i < g->subscription_count; i++) {
        bool listed = i < plan_streams_listed(g);
        const struct node *n = listed ? item_of(list, i) : plan_command_node(b, g);
        const struct node *at = n->kind == NODE_MAP ? node_get(n, listed ? "filter" : "topic") : n;
        sketch(&g->subscriptions[i].filter, &filters[i]);
        if (!mqtt_topic_filter_valid(sketched(&filters[i]), g->profile->mqtt.version)) {
            diagnostic_help(diagnostic_add(b->found, "E416", mark_or(at, n), "this is no valid topic filter for %s",
                                           g->profile->mqtt.version == MQTT_5_0 ? "MQTT 5.0" : "MQTT 3.1.1"),
                            "# stands alone at the end, + alone between slashes: a/+/b, a/#");
            continue;
        }
        for (unsigned k = 0; k < i; k++) {
            bool overlap = mqtt_topic_matches(sketched(&filters[k]), sketched(&filters[i])) ||
                           mqtt_topic_matches(sketched(&filters[i]), sketched(&filters[k]));
            if (overlap)
                diagnostic_add(b->found, "W406", mark_or(at, n),
                               "this filter overlaps with '%s': messages may come twice to one device",
                               text_get(&filters[k]));
        }
    }
    for (unsigned i = 0; i < MQTT_FILTERS_MAX; i++)
        text_free(&filters[i]);
}

/* --- messages ------------------------------------------------------------------------------------------------------- */

static size_t least_size(const struct template *t) {
    size_t size = 0;
    for (unsigned i = 0; i < t->count; i++)
        size += t->tokens[i].kind == TEMPLATE_LITERAL  ? t->tokens[i].text.size
                : t->tokens[i].kind == TEMPLATE_RANDOM ? t->tokens[i].size
                                                       : 1;
    return size;
}

static void lint_payload(const struct plan_build *b, const struct template *t, const struct node *at) {
    if (least_size(t) > MESSAGE_MAX)
        diagnostic_add(b->found, "E418", at->mark, "the payload has more than %d bytes", MESSAGE_MAX);
}

/* What the device sends in reply; its own topic is one of its filters. */
static void lint_replies(const struct plan_build *b, const struct fleet_group *g) {
    const struct commands *c = &g->profile->commands;
    const struct node *n = plan_command_node(b, g);
    if (!c->on)
        return;
    lint_topic(b, &c->reply_topic, node_or(node_get(n, "reply_topic"), n));
    lint_payload(b, &c->payload, node_or(node_get(n, "payload"), n));
}

static void lint_stream(const struct plan_build *b, const struct fleet_group *g, const struct telemetry *t,
                        const struct node *n) {
    span keepalive = g->profile->mqtt.keepalive_s * SPAN_S;
    lint_topic(b, &t->topic, node_or(node_get(n, "topic"), n));
    lint_payload(b, &t->payload, node_or(node_get(n, "payload"), n));
    for (unsigned i = 0; i < t->message_count; i++)
        lint_payload(b, &t->messages[i].payload, node_get(n, "messages")->entries[i].value);
    if (t->pace == PACE_OPEN && t->message_count == 0 && keepalive > 0 && (span)dist_median(&t->every) > keepalive &&
        g->telemetry_count == 1)
        diagnostic_add(
            b->found, "W407", mark_or(node_get(n, "every"), n),
            "devices of fleets.%s publish less often than their keep-alive of %us: they will ping in between", g->fleet,
            g->profile->mqtt.keepalive_s);
    if (dist_mean(&t->every) <= 0 && t->pace == PACE_OPEN)
        diagnostic_add(b->found, "E419", mark_or(node_get(n, "every"), n),
                       "an open schedule needs a gap above 0; with `pace: closed` it may be 0");
}

static bool anybody_subscribes(const struct plan *p) {
    for (unsigned i = 0; i < p->group_count; i++)
        if (plan_streams_listed(&p->groups[i]) > 0)
            return true;
    return false;
}

/* Messages without a mark cannot be recognised by those who receive them. */
static void lint_marks(const struct plan_build *b, const struct fleet_group *g, const struct telemetry *t,
                       const struct node *n) {
    const char *audit = node_text(node_get(n, "audit"));
    bool switched_off = audit != NULL && strcmp(audit, "none") == 0;
    if (t->mark == MARK_NONE && !switched_off && anybody_subscribes(b->plan))
        diagnostic_help(
            diagnostic_add(b->found, "W411", mark_or(node_get(n, "payload"), n),
                           "messages of fleets.%s carry no mark: end-to-end times and duplicates leave them out",
                           g->fleet),
            "put ${msg.mark} into the payload, use random(N) of 22 B or more, or write audit: none");
}

static bool is_shared(const struct template *t) {
    bool assigned = t->count == 1 && t->tokens[0].kind == TEMPLATE_LITERAL && t->tokens[0].text.size == 0;
    return t->count > 0 && !assigned && !template_tells_devices_apart(t);
}

static void lint_session(const struct plan_build *b, const struct fleet_group *g, const struct node *fleet) {
    const struct mqtt_config *c = &g->profile->mqtt;
    const struct node *profile = node_get(node_get(b->root, "profiles"), g->profile_name);
    const struct node *mqtt = node_get(profile, "mqtt");
    if (c->version == MQTT_5_0 && !c->clean_start && c->session_expiry_s == 0)
        diagnostic_help(diagnostic_add(b->found, "W412", mark_or(node_get(mqtt, "clean_start"), fleet),
                                       "sessions of profile '%s' end with each connection, so there is none to resume",
                                       g->profile_name),
                        "MQTT 5.0 keeps a session only with session_expiry above 0s");
    bool many = b->plan->fleets[g->fleet_index].count > 1;
    if (speaks_for_fleet(b->plan, (unsigned)(g - b->plan->groups)) && many && g->identity != NULL &&
        is_shared(&g->identity->client_id))
        diagnostic_add(
            b->found, "W408",
            mark_or(node_get(node_get(node_get(b->root, "identities"), g->identity->name), "client_id"), fleet),
            "devices of fleets.%s share client ids: each connect ends another device's session", g->fleet);
}

static void lint_groups(const struct plan_build *b) {
    for (unsigned i = 0; i < b->plan->group_count; i++) {
        const struct fleet_group *g = &b->plan->groups[i];
        const struct node *fleet = fleet_node(b, g), *telemetry = node_get(fleet, "telemetry");
        lint_session(b, g, fleet);
        lint_replies(b, g);
        if (g->subscription_count > 0)
            lint_filters(b, g, node_get(fleet, "subscribe"));
        for (unsigned t = 0; t < g->telemetry_count; t++) {
            lint_stream(b, g, &g->telemetry[t], item_of(telemetry, t));
            lint_marks(b, g, &g->telemetry[t], item_of(telemetry, t));
        }
    }
}

/* Planned mean load against the caps: what is above them will be held back. */
static void lint_rates(const struct plan_build *b) {
    const struct plan *p = b->plan;
    const struct node *safety = node_get(b->root, "safety");
    double rate = 0;
    for (uint32_t d = 0; d < p->device_count; d++) {
        const struct fleet_group *g = &p->groups[p->group_of[d]];
        for (unsigned t = 0; !plan_is_absent(p, d) && t < g->telemetry_count; t++) {
            double mean = dist_mean(&g->telemetry[t].every);
            if (g->telemetry[t].pace == PACE_OPEN && mean > 0)
                rate += 1e9 / mean;
        }
    }
    if (p->safety.max_publish_rate > 0 && rate > p->safety.max_publish_rate)
        diagnostic_add(b->found, "W409", mark_or(node_get(safety, "max_publish_rate"), b->root),
                       "telemetry wants %.0f messages per second, and safety.max_publish_rate allows %.0f", rate,
                       p->safety.max_publish_rate);
}

static void lint_logs(const struct plan_build *b) {
    uint64_t expected = plan_logs_of(b->plan).total, cap = plan_logs_cap(b->root);
    char logs[32], limit[32];
    if (expected > cap)
        diagnostic_help(diagnostic_add(b->found, "W414", mark_or(node_at(b->root, "outputs.logs_max"), b->root),
                                       "the logs of this run may take %s, and outputs.logs_max allows %s",
                                       units_format(UNITS_BYTES, (double)expected, logs, sizeof logs),
                                       units_format(UNITS_BYTES, (double)cap, limit, sizeof limit)),
                        "raise outputs.logs_max, or shorten the run");
}

void plan_lint_scenario(const struct plan_build *b) {
    const struct plan *p = b->plan;
    const struct node *warmup = node_get(b->root, "warmup");
    if (p->warmup >= p->duration)
        diagnostic_help(diagnostic_add(b->found, "E419", mark_or(warmup, b->root), "the warm-up takes the whole run"),
                        "write a longer duration or a shorter warmup");
    lint_actions(b);
    lint_never_connected(b);
    lint_groups(b);
    lint_rates(b);
    lint_logs(b);
}
