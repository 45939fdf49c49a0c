#include "scenario/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/draw.h"
#include "scenario/condition.h"
#include "scenario/plan_networks.h"
#include "scenario/plan_profiles.h"
#include "scenario/schema.h"
#include "scenario/select.h"
#include "scenario/timeline_settings.h"
#include "scenario/value.h"

static const struct node *entries_of(const struct plan_build *b) {
    const struct node *n = node_get(b->root, "timeline");
    return n != NULL && n->kind == NODE_LIST && n->count > 0 ? n : NULL;
}

const struct node *timeline_node(const struct plan_build *b, const struct action *a) {
    const struct node *entries = entries_of(b);
    return entries == NULL ? NULL : entries->entries[a->index].value;
}

/* --- one entry ------------------------------------------------------------------------------------------------------ */

static void read_when(const struct plan_build *b, const struct node *n, struct action *a) {
    const struct node *when = node_get(n, "when");
    struct expr_error error;
    if (node_is_empty(when))
        return;
    a->when = true;
    a->times = (uint16_t)value_integer_at(n, "timeline.[].times");
    if (condition_parse(when->text, &a->condition, &error) == 0)
        return;
    struct diagnostic *d =
        diagnostic_add(b->found, "E409", node_mark_within(when, error.piece.offset, error.piece.size), "%s", error.why);
    diagnostic_suggest(d, error.suggestion[0] != '\0' ? error.suggestion : NULL);
    if (error.help[0] != '\0')
        diagnostic_help(d, "%s", error.help);
}

/* The longest `for` that a selected device draws, exactly as action_end draws it. */
static span longest(const struct plan_build *b, const struct action *a) {
    span most = 0;
    if (!a->has_for)
        return 0;
    if (dist_is_constant(&a->lasting) || !action_verbs[a->verb].per_device) {
        instant end = action_end(a, b->plan->seed, 0, 0, 0);
        return end;
    }
    for (uint32_t d = 0; d < b->plan->device_count; d++)
        if (action_selects(a, d)) {
            instant end = action_end(a, b->plan->seed, d, 0, 0);
            most = end > most ? end : most;
        }
    return most;
}

static void read_command(const struct plan_build *b, const struct node *n, struct action *a) {
    a->payload = plan_profiles_template(b, value_text_at(n, "timeline.[].payload"),
                                        schema_find("timeline.[].payload")->scope, NULL, 0);
    a->qos = (uint8_t)value_integer_at(n, "timeline.[].qos");
    a->within = value_span_at(n, "timeline.[].within");
}

static void read_skew(const struct plan_build *b, const struct node *n, struct action *a) {
    bool fast = value_given(n, "timeline.[].fast"), slow = value_given(n, "timeline.[].slow");
    a->skew = value_span_at(n, "timeline.[].fast") - value_span_at(n, "timeline.[].slow");
    if (fast == slow)
        diagnostic_help(diagnostic_add(b->found, "E443", n->mark, "%s makes clocks fast or slow, one of them", a->id),
                        "write fast: 5min, or slow: 5min");
    if (a->where.count > 0)
        diagnostic_help(diagnostic_add(b->found, "E443", n->mark,
                                       "%s cannot choose devices by what they do at that instant", a->id),
                        "choose by fleet, region, profile, index, percent or count");
}

static void read_entry(const struct plan_build *b, const struct node *n, unsigned *numbers, struct action *a) {
    const char *id = node_text(node_get(n, "id"));
    a->verb = (enum action_verb)value_word_at(n, "timeline.[].do");
    numbers[a->verb]++;
    a->id = id != NULL && id[0] != '\0'
                ? plan_memory_text(b->memory, id)
                : plan_memory_format(b->memory, "%s#%u", action_verbs[a->verb].name, numbers[a->verb]);
    a->value_bit = -1;
    a->over = value_span_at(n, "timeline.[].over");
    a->uniform = value_word_at(n, "timeline.[].spread") == 1;
    a->steps = (uint16_t)value_integer_at(n, "timeline.[].steps");
    if (a->steps > 0 && (a->uniform || a->over == 0))
        diagnostic_help(diagnostic_add(b->found, "E419", n->mark, "%s has steps that cannot fill `over`", a->id),
                        a->uniform ? "leave out spread: uniform" : "write over: 5min");
    a->has_for = value_given(n, "timeline.[].for");
    if (a->has_for)
        a->lasting = value_dist_at(n, "timeline.[].for");
    a->how = (enum link_down_how)value_word_at(n, "timeline.[].how");
    if (a->verb == DO_ROAM)
        a->network = plan_networks_find(b, value_text_at(n, "timeline.[].to"));
    a->messages = (uint32_t)value_integer_at(n, "timeline.[].messages");
    if (a->verb == DO_DRAIN)
        a->soc = value_number_at(n, "timeline.[].soc");
    if (a->verb == DO_COMMAND)
        read_command(b, n, a);
    read_when(b, n, a);
    if (action_verbs[a->verb].per_device)
        select_devices(b, node_get(n, "who"), a);
    else
        a->selected = b->plan->device_count;
    if (a->verb == DO_CLOCK_SKEW)
        read_skew(b, n, a);
    a->lasting_max = longest(b, a);
    timeline_settings_read(b, node_get(n, "set"), a);
}

/* Room for the values of entries that change some: a bit of each device's mask. */
static void number_values(const struct plan_build *b) {
    int8_t next = 0;
    for (unsigned i = 0; i < b->plan->action_count; i++) {
        struct action *a = &b->plan->actions[i];
        if (a->verb != DO_LINK && a->verb != DO_SET)
            continue;
        if (next == VALUE_ACTIONS_MAX) {
            diagnostic_add(b->found, "E410", timeline_node(b, a)->mark, "more than %d entries change values",
                           VALUE_ACTIONS_MAX);
            return;
        }
        a->value_bit = next++;
    }
}

/* --- starts --------------------------------------------------------------------------------------------------------- */

static const struct action *find_action(const struct plan *p, const char *id) {
    for (unsigned i = 0; i < p->action_count; i++)
        if (strcmp(p->actions[i].id, id) == 0)
            return &p->actions[i];
    return NULL;
}

static void place(struct action *a, instant start) {
    a->start = start;
    a->end = instant_add(instant_add(start, a->over), a->lasting_max);
}

/* Starts an entry whose predecessor is placed; false while it is not. Cycles and conditions were refused before. */
static bool try_place(const struct plan_build *b, struct action *a, const bool *placed) {
    const struct node *n = timeline_node(b, a);
    const char *text = value_text_at(n, "timeline.[].after");
    struct value_after after;
    char why[VALUE_WHY_MAX];
    if (a->when) {
        a->start = a->end = INSTANT_NEVER;
        return true;
    }
    if (text == NULL) {
        place(a, value_span_at(n, "timeline.[].at"));
        return true;
    }
    CHECK(value_after(text, &after, why) == 0);
    const struct action *before = find_action(b->plan, after.id);
    CHECK(before != NULL);
    if (!placed[before->index])
        return false;
    place(a, instant_add(after.from_start ? before->start : before->end, after.offset));
    return true;
}

static void place_all(const struct plan_build *b) {
    bool placed[ACTIONS_MAX] = {false};
    bool progress = true;
    while (progress) {
        progress = false;
        for (unsigned i = 0; i < b->plan->action_count; i++)
            if (!placed[i] && try_place(b, &b->plan->actions[i], placed))
                placed[i] = progress = true;
    }
    for (unsigned i = 0; i < b->plan->action_count; i++)
        CHECK(placed[i]);
}

/* --- the timeline --------------------------------------------------------------------------------------------------- */

/* Which variables the steps of a group's devices must watch for. */
static void watch(const struct plan_build *b, const struct action *a) {
    struct plan *p = b->plan;
    if (!a->when)
        return;
    for (uint32_t d = 0; d < p->device_count; d++)
        if (action_selects(a, d))
            p->groups[p->group_of[d]].watched |= predicate_mask(&a->condition);
}

static void connect_all(const struct plan_build *b) {
    struct plan *p = b->plan;
    p->action_count = 1;
    p->actions = plan_memory_take(b->memory, 1, sizeof *p->actions);
    struct action *a = &p->actions[0];
    a->id = plan_memory_text(b->memory, "connect#1");
    a->verb = DO_CONNECT;
    a->value_bit = -1;
    a->over = TIMELINE_CONNECT_OVER;
    select_devices(b, NULL, a);
    place(a, 0);
}

void timeline_make(const struct plan_build *b) {
    struct plan *p = b->plan;
    const struct node *entries = entries_of(b);
    unsigned numbers[ACTION_VERBS] = {0};
    if (entries == NULL) {
        connect_all(b);
        return;
    }
    if (entries->count > ACTIONS_MAX) {
        diagnostic_add(b->found, "E410", entries->mark, "the timeline has more than %d entries", ACTIONS_MAX);
        return;
    }
    p->action_count = (unsigned)entries->count;
    p->actions = plan_memory_take(b->memory, p->action_count, sizeof *p->actions);
    for (unsigned i = 0; i < p->action_count; i++) {
        p->actions[i].index = (uint16_t)i;
        read_entry(b, entries->entries[i].value, numbers, &p->actions[i]);
    }
    number_values(b);
    place_all(b);
    for (unsigned i = 0; i < p->action_count; i++)
        watch(b, &p->actions[i]);
}

/* --- phases --------------------------------------------------------------------------------------------------------- */

static void add_phase(struct plan *p, const char *id, instant start, instant end, int action) {
    p->phases[p->phase_count++] = (struct phase){
        .id = id, .start = start, .end = end > start ? end : start, .implicit = action < 0, .action = action};
}

void timeline_phases(const struct plan_build *b) {
    struct plan *p = b->plan;
    instant ramp_end = 0;
    for (unsigned i = 0; i < p->action_count; i++) {
        const struct action *a = &p->actions[i];
        if ((a->verb == DO_CONNECT || a->verb == DO_POWER_ON) && !a->when)
            ramp_end = instant_max(ramp_end, instant_add(a->start, a->over));
    }
    ramp_end = instant_min(ramp_end, p->duration);
    p->phases = plan_memory_take(b->memory, p->action_count + 3, sizeof *p->phases);
    const struct {
        const char *id;
        instant start, end;
    } implicit[] = {{"ramp", 0, ramp_end},
                    {"steady", ramp_end, p->duration},
                    {"settle", p->duration, instant_add(p->duration, p->settle)}};
    for (size_t i = 0; i < COUNT_OF(implicit); i++)
        if (find_action(p, implicit[i].id) == NULL)
            add_phase(p, implicit[i].id, implicit[i].start, implicit[i].end, -1);
    for (unsigned i = 0; i < p->action_count; i++)
        if (!p->actions[i].when)
            add_phase(p, p->actions[i].id, p->actions[i].start, p->actions[i].end, (int)i);
}
