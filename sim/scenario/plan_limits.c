#include "scenario/plan_limits.h"

#include <string.h>

#include "base/units.h"
#include "device/payload_format.h"
#include "scenario/value.h"

/* The limits of a target: the entry of `backends` that it names, or NULL. */
static const struct node *limits_of(const struct plan_build *b, const struct target *t, const char **name) {
    const struct node *target = node_get(node_get(b->root, "targets"), t->name);
    *name = node_text(node_get(target != NULL ? target : b->root, "limits"));
    return *name == NULL ? NULL : node_get(node_get(b->root, "backends"), *name);
}

struct linting {
    const struct plan_build *b;
    const struct node *limits;
    const char *name; /* of the backend */
    struct diagnostic_mark mark;
};

/* What is wanted of `what`, against the limit of that key; `least`: the limit is one from below. */
static void compare(const struct linting *l, const char *key, const char *pattern, enum units_dimension dimension,
                    bool least, double wanted, const char *what) {
    char has[40], allowed[40];
    if (!value_given(l->limits, pattern))
        return;
    double limit = value_number_at(l->limits, pattern);
    if (least ? wanted >= limit : wanted <= limit)
        return;
    const char *as_of = node_text(node_get(l->limits, "as_of"));
    units_format(dimension, wanted, has, sizeof has);
    units_format(dimension, limit, allowed, sizeof allowed);
    diagnostic_help(diagnostic_add(l->b->found, "W416", l->mark, "%s: %s, and backend '%s' has %s: %s", what, has,
                                   l->name, key, allowed),
                    "limits as of %s; they change", as_of == NULL ? "an unknown date" : as_of);
}

#define COMPARE(l, key, dimension, least, wanted, what)                                                                \
    compare(l, key, "backends.*." key, UNITS_##dimension, least, wanted, what)

/* Bytes that a payload has at least. */
static double payload_size(const struct telemetry *stream) {
    const struct template *t = &stream->payload;
    size_t size = stream->format != NULL ? payload_format_least(stream->format) : stream->random_size;
    for (unsigned i = 0; size == 0 && i < t->count; i++)
        size += t->tokens[i].kind == TEMPLATE_LITERAL ? t->tokens[i].text.size : 1;
    return (double)size;
}

static double rate_of(const struct telemetry *t) {
    double mean = dist_mean(&t->every);
    return t->pace == PACE_OPEN && mean > 0 ? (double)SPAN_S / mean : 0;
}

static void lint_group(const struct linting *l, const struct fleet_group *g) {
    const struct mqtt_config *c = &g->profile->mqtt;
    double rate = 0;
    for (unsigned i = 0; i < g->telemetry_count; i++) {
        const struct telemetry *t = &g->telemetry[i];
        rate += rate_of(t);
        COMPARE(l, "qos", PLAIN, false, t->qos, "quality of service of messages");
        COMPARE(l, "payload", BYTES, false, payload_size(t), "payload of messages");
    }
    COMPARE(l, "publishes_per_connection", RATE, false, rate, "messages of one device");
    COMPARE(l, "keepalive_max", DURATION, false, (double)c->keepalive_s * (double)SPAN_S, "keep-alive");
    if (c->keepalive_s > 0)
        COMPARE(l, "keepalive_min", DURATION, true, (double)c->keepalive_s * (double)SPAN_S, "keep-alive");
    if (!c->clean_start)
        COMPARE(l, "session", DURATION, false, (double)c->session_expiry_s * (double)SPAN_S, "session expiry");
    if (g->telemetry_count > 0)
        COMPARE(l, "inflight", PLAIN, false, c->inflight_max, "messages in flight of one device");
    COMPARE(l, "subscriptions", PLAIN, false, g->subscription_count, "subscriptions of one device");
}

static void lint_target(struct linting *l, const struct target *target, const char *section) {
    const struct plan *p = l->b->plan;
    double rate = 0;
    uint32_t devices = 0;
    for (uint32_t d = 0; d < p->device_count; d++) {
        const struct fleet_group *g = &p->groups[p->group_of[d]];
        if (g->target != target || plan_is_absent(p, d))
            continue;
        devices++;
        for (unsigned i = 0; i < g->telemetry_count; i++)
            rate += rate_of(&g->telemetry[i]);
    }
    const struct node *place = node_get(l->b->root, section);
    l->mark = place == NULL ? l->limits->mark : place->mark;
    COMPARE(l, "connections", PLAIN, false, devices, "devices");
    COMPARE(l, "publishes", RATE, false, rate, "messages of all devices, on average");
}

static uint32_t reached(const struct plan *p, const struct action *a, const struct target *target) {
    uint32_t devices = 0;
    for (uint32_t d = 0; d < p->device_count; d++)
        devices += !plan_is_absent(p, d) && p->groups[p->group_of[d]].target == target && action_selects(a, d);
    return devices;
}

/* Ramps of the timeline; one without `over` asks for everybody at once. */
static void lint_ramps(struct linting *l, const struct target *target) {
    const struct plan *p = l->b->plan;
    const struct node *timeline = node_get(l->b->root, "timeline");
    for (unsigned i = 0; i < p->action_count; i++) {
        const struct action *a = &p->actions[i];
        if (a->verb != DO_CONNECT || a->when || timeline == NULL || a->index >= timeline->count)
            continue;
        double devices = reached(p, a, target);
        l->mark = timeline->entries[a->index].value->mark;
        COMPARE(l, "connects", RATE, false, devices / (a->over > SPAN_S ? (double)a->over / (double)SPAN_S : 1),
                "connects of this entry");
    }
}

static bool is_first_of_target(const struct plan *p, unsigned group) {
    for (unsigned i = 0; i < group; i++)
        if (p->groups[i].target == p->groups[group].target)
            return false;
    return true;
}

void plan_limits_lint(const struct plan_build *b) {
    const struct plan *p = b->plan;
    for (unsigned i = 0; i < p->group_count; i++) {
        const struct fleet_group *g = &p->groups[i];
        struct linting l = {.b = b};
        l.limits = limits_of(b, g->target, &l.name);
        if (l.limits == NULL)
            continue;
        const struct node *fleet = node_get(node_get(b->root, "fleets"), g->fleet);
        l.mark = fleet == NULL ? l.limits->mark : fleet->mark;
        lint_group(&l, g);
        if (is_first_of_target(p, i)) {
            lint_target(&l, g->target, "fleets");
            lint_ramps(&l, g->target);
        }
    }
}
