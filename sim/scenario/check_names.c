#include "scenario/check_names.h"

#include <string.h>

#include "base/suggest.h"
#include "base/text.h"
#include "scenario/plan_observe.h"
#include "scenario/plan_streams.h"

enum { NAMES_MAX = 1024, NAMES_SHOWN = 10 };

struct names {
    const char *names[NAMES_MAX];
    size_t count;
};

static bool has(const struct names *n, const char *name) {
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->names[i], name) == 0)
            return true;
    return false;
}

static void add(struct names *n, const char *name) {
    if (name[0] != '\0' && n->count < NAMES_MAX && !has(n, name))
        n->names[n->count++] = name;
}

static struct diagnostic_mark mark_of(const struct node *node, struct expr_piece piece) {
    return node_mark_within(node, piece.offset, piece.size);
}

/* Suggests a near name, else lists what there is: "regions are eu-north, eu-west". */
static void help_with(struct diagnostic *d, const char *word, const struct names *names, const char *plural) {
    const char *near = suggest_nearest(word, names->names, names->count);
    struct text list = {0};
    diagnostic_suggest(d, near);
    if (names->count == 0) {
        diagnostic_help(d, "the scenario has no %s", plural);
        return;
    }
    for (size_t i = 0; i < names->count && i < NAMES_SHOWN; i++)
        text_printf(&list, "%s%s", i == 0 ? "" : ", ", names->names[i]);
    if (names->count > NAMES_SHOWN)
        text_printf(&list, " and %zu more", names->count - NAMES_SHOWN);
    diagnostic_help(d, "%s are %s", plural, text_get(&list));
    text_free(&list);
}

/* --- labels --------------------------------------------------------------------------------------------------------- */

static const char *label_of(const struct fleet_group *g, enum metric_label label) {
    switch (label) {
    case LABEL_FLEET:
        return g->fleet;
    case LABEL_PROFILE:
        return g->profile_name;
    case LABEL_REGION:
        return g->region;
    default:
        return g->target_name;
    }
}

static void find_labels(const struct plan_build *b, const struct node *node, const struct expr_call *c) {
    static const char *const plurals[] = {"fleets", "profiles", "regions", "targets"};
    for (unsigned i = 0; i < c->label_count; i++) {
        const struct expr_condition_label *l = &c->labels[i];
        struct names names = {.count = 0};
        if (l->label > LABEL_TARGET)
            continue;
        for (unsigned g = 0; g < b->plan->group_count; g++)
            add(&names, label_of(&b->plan->groups[g], l->label));
        if (!has(&names, l->word))
            help_with(diagnostic_add(b->found, "E412", mark_of(node, l->piece), "no device has the %s '%s'",
                                     metric_labels[l->label].name, l->word),
                      l->word, &names, plurals[l->label]);
    }
}

/* --- phases --------------------------------------------------------------------------------------------------------- */

static void find_phase(const struct plan_build *b, const struct node *node, const char *id, struct expr_piece piece,
                       bool stretch) {
    const struct plan *p = b->plan;
    struct names names = {.count = 0};
    for (unsigned i = 0; i < p->action_count; i++)
        if (p->actions[i].when && strcmp(p->actions[i].id, id) == 0) {
            diagnostic_add(b->found, "E413", mark_of(node, piece),
                           "'%s' happens to each device at its own time; a check needs a stretch of the run", id);
            return;
        }
    for (unsigned i = 0; i < p->phase_count; i++) {
        const struct phase *phase = &p->phases[i];
        if (strcmp(phase->id, id) == 0) {
            if (stretch && phase->end <= phase->start)
                diagnostic_help(diagnostic_add(b->found, "E413", mark_of(node, piece), "'%s' lasts no time", id),
                                "give the entry a length with `for`, or use from=%s.start", id);
            else if (stretch && phase->start >= p->duration + p->settle)
                diagnostic_add(b->found, "E413", mark_of(node, piece), "'%s' begins after the end of the run", id);
            return;
        }
        if (strchr(phase->id, '#') == NULL)
            add(&names, phase->id);
    }
    help_with(diagnostic_add(b->found, "E412", mark_of(node, piece), "there is no phase or entry '%s'", id), id, &names,
              "phases and entries");
}

static const struct phase *phase_named(const struct plan *p, const char *id) {
    for (unsigned i = 0; i < p->phase_count; i++)
        if (strcmp(p->phases[i].id, id) == 0)
            return &p->phases[i];
    return NULL;
}

/* from … to that leaves nothing. */
static void find_empty_scope(const struct plan_build *b, const struct node *node, const struct expr_call *c) {
    const struct phase *from = c->from.given ? phase_named(b->plan, c->from.id) : NULL;
    const struct phase *to = c->to.given ? phase_named(b->plan, c->to.id) : NULL;
    const struct phase *during = c->during[0] != '\0' ? phase_named(b->plan, c->during) : NULL;
    instant start = INT64_MIN, end = INSTANT_NEVER;
    if (during != NULL) {
        start = during->start;
        end = during->end;
    }
    if (from != NULL)
        start = instant_max(start, c->from.end ? from->end : from->start);
    if (to != NULL)
        end = instant_min(end, c->to.end ? to->end : to->start);
    if (end <= start && (during == NULL || during->end > during->start))
        diagnostic_help(
            diagnostic_add(b->found, "E413", mark_of(node, c->piece), "the scope of this ends before it begins"),
            "`muster plan` shows when phases and entries begin and end");
    else if (c->over > 0 && start != INT64_MIN && instant_min(end, b->plan->duration) - start < c->over)
        diagnostic_help(
            diagnostic_add(b->found, "E413", mark_of(node, c->piece), "no window of this length fits into its scope"),
            "use a shorter over=, or a longer phase");
    else if (c->over > b->plan->duration)
        diagnostic_help(
            diagnostic_add(b->found, "E413", mark_of(node, c->piece), "no window of this length fits into the run"),
            "use a shorter over=");
}

/* --- messages ------------------------------------------------------------------------------------------------------- */

/* What can be said now about data that there will never be. */
static void find_missing_data(const struct plan_build *b, const struct node *node, const struct expr_call *c) {
    bool subscribed = false, marked = false;
    for (unsigned g = 0; g < b->plan->group_count; g++) {
        const struct fleet_group *group = &b->plan->groups[g];
        subscribed = subscribed || plan_streams_listed(group) > 0;
        for (unsigned s = 0; s < group->telemetry_count; s++)
            marked = marked || group->telemetry[s].mark != MARK_NONE;
    }
    bool observed = plan_observe_wanted(b->root);
    if (c->function == METRIC_REORDERED && !observed)
        diagnostic_help(
            diagnostic_add(b->found, "W405", mark_of(node, c->piece),
                           "the order of messages needs an auditor, and there is none: this check will fail"),
            "observe: all");
    bool end_to_end = c->metric->op == OP_MQTT_END_TO_END && c->metric->kind == METRIC_TIMING &&
                      c->metric->source == METRIC_FROM_CLOCKS;
    bool received = c->function == METRIC_DUPLICATED || end_to_end;
    if (received && !subscribed && !observed)
        diagnostic_help(diagnostic_add(b->found, "W405", mark_of(node, c->piece),
                                       "no fleet subscribes, and nobody observes: this check will have no data"),
                        "observe: all");
    else if (received && !marked)
        diagnostic_help(diagnostic_add(b->found, "W405", mark_of(node, c->piece),
                                       "no message carries a mark: this check will have no data"),
                        "put ${msg.mark} into the payload, use random(N) of 22 B or more, or MQTT 5.0");
}

void check_names_find(const struct plan_build *b, const struct node *node, const struct expr *e) {
    for (int i = 0; i < e->call_count; i++) {
        const struct expr_call *c = &e->calls[i];
        find_labels(b, node, c);
        if (c->during[0] != '\0')
            find_phase(b, node, c->during, c->during_piece, true);
        if (c->from.given)
            find_phase(b, node, c->from.id, c->from.piece, false);
        if (c->to.given)
            find_phase(b, node, c->to.id, c->to.piece, false);
        find_empty_scope(b, node, c);
        find_missing_data(b, node, c);
    }
}
