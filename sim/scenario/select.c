#include "scenario/select.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/draw.h"
#include "metrics/cell.h"
#include "scenario/condition.h"
#include "scenario/deal.h"
#include "scenario/schema.h"
#include "scenario/value.h"

/* Is `word` the value of a scalar, or among those of a list? True without the key. */
static bool names(const struct node *n, const char *word) {
    if (n == NULL || node_is_empty(n))
        return true;
    if (n->kind == NODE_SCALAR)
        return strcmp(n->text, word) == 0;
    for (size_t i = 0; n->kind == NODE_LIST && i < n->count; i++) {
        const char *text = node_text(n->entries[i].value);
        if (text != NULL && strcmp(text, word) == 0)
            return true;
    }
    return false;
}

static bool in_range(const char *text, uint64_t index) {
    char why[VALUE_WHY_MAX];
    uint64_t first, last;
    CHECK(value_index_range(text, &first, &last, why) == 0);
    return index >= first && index <= last;
}

bool select_has_index(const struct node *n, uint64_t index) {
    if (n == NULL || node_is_empty(n))
        return true;
    if (n->kind == NODE_SCALAR)
        return in_range(n->text, index);
    for (size_t i = 0; n->kind == NODE_LIST && i < n->count; i++)
        if (in_range(node_text(n->entries[i].value), index))
            return true;
    return false;
}

/* Devices that one map selects, in hash order, percent and count applied. Returns how many. */
static uint32_t select_map(const struct plan_build *b, const struct node *map, uint32_t stream, uint32_t *out) {
    const struct plan *p = b->plan;
    const struct node *index = node_get(map, "index");
    bool *groups = calloc(p->group_count + 1, sizeof *groups);
    uint32_t count = 0;
    CHECK(groups != NULL);
    for (unsigned i = 0; i < p->group_count; i++) {
        const struct fleet_group *g = &p->groups[i];
        groups[i] = names(node_get(map, "fleet"), g->fleet) && names(node_get(map, "region"), g->region) &&
                    names(node_get(map, "profile"), g->profile_name) && names(node_get(map, "target"), g->target_name);
    }
    for (uint32_t d = 0; d < p->device_count; d++) {
        const struct fleet_group *g = &p->groups[p->group_of[d]];
        if (groups[p->group_of[d]] && (index == NULL || select_has_index(index, d - p->fleets[g->fleet_index].first)))
            out[count++] = d;
    }
    free(groups);
    bool percent = value_given(map, "timeline.[].who.percent"), exact = value_given(map, "timeline.[].who.count");
    if (!percent && !exact)
        return count;
    deal_order(p->seed, stream, out, count);
    uint32_t wanted = count;
    if (percent)
        wanted = (uint32_t)((double)count * value_number_at(map, "timeline.[].who.percent") + 0.5);
    uint64_t limit = exact ? value_integer_at(map, "timeline.[].who.count") : wanted;
    if (exact && limit > wanted)
        diagnostic_add(b->found, "W403", node_get(map, "count")->mark, "only %u devices are there to choose from",
                       wanted);
    return limit < wanted ? (uint32_t)limit : wanted;
}

/* --- state and where ------------------------------------------------------------------------------------------------ */

static bool add_term(struct predicate *p, enum state_variable variable, enum relop relop, int64_t literal) {
    if (p->count == PREDICATE_TERMS_MAX)
        return false;
    p->terms[p->count].variable = (uint8_t)variable;
    p->terms[p->count].relop = (uint8_t)relop;
    p->terms[p->count++].literal = literal;
    return true;
}

/* One state is compared; of several, all others are excluded. */
static bool add_states(const struct node *n, struct predicate *p) {
    static const enum device_state possible[] = {STATE_OFFLINE, STATE_CONNECTING, STATE_BACKOFF, STATE_ONLINE};
    bool fits = true;
    unsigned chosen = 0;
    for (size_t i = 0; i < COUNT_OF(possible); i++)
        chosen += names(n, state_names[possible[i]]);
    for (size_t i = 0; i < COUNT_OF(possible); i++) {
        bool in = names(n, state_names[possible[i]]);
        if (chosen == 1 && in)
            fits = fits && add_term(p, VAR_STATE, REL_EQ, possible[i]);
        else if (chosen > 1 && !in)
            fits = fits && add_term(p, VAR_STATE, REL_NE, possible[i]);
    }
    return fits;
}

static void read_condition(const struct plan_build *b, const struct node *map, struct predicate *out) {
    const struct node *where = node_get(map, "where"), *state = node_get(map, "state");
    struct expr_error error;
    memset(out, 0, sizeof *out);
    if (where != NULL && condition_parse(where->text, out, &error) != 0) {
        struct diagnostic *d = diagnostic_add(
            b->found, "E409", node_mark_within(where, error.piece.offset, error.piece.size), "%s", error.why);
        diagnostic_suggest(d, error.suggestion[0] != '\0' ? error.suggestion : NULL);
        if (error.help[0] != '\0')
            diagnostic_help(d, "%s", error.help);
        return;
    }
    if (state != NULL && !add_states(state, out))
        diagnostic_add(b->found, "E409", state->mark, "state and where together have more than %d terms",
                       PREDICATE_TERMS_MAX);
}

static bool same_condition(const struct predicate *a, const struct predicate *b) {
    bool same = a->count == b->count;
    for (unsigned i = 0; same && i < a->count; i++)
        same = a->terms[i].variable == b->terms[i].variable && a->terms[i].relop == b->terms[i].relop &&
               a->terms[i].literal == b->terms[i].literal;
    return same;
}

/* --- the whole selector --------------------------------------------------------------------------------------------- */

static bool is_all(const struct node *who) {
    return who == NULL || who->kind == NODE_SCALAR || (who->kind == NODE_MAP && who->count == 0);
}

/* Adds what one item of the selector selects to `chosen`. */
static void add_item(const struct plan_build *b, const struct node *item, uint32_t stream, bool *chosen,
                     uint32_t *scratch) {
    uint32_t count = is_all(item) ? b->plan->device_count : select_map(b, item, stream, scratch);
    for (uint32_t i = 0; i < count; i++)
        chosen[is_all(item) ? i : scratch[i]] = true;
}

/* Ranks in hash order, which `over` follows. */
static void rank_devices(const struct plan_build *b, const bool *chosen, uint32_t stream, uint32_t *scratch,
                         struct action *a) {
    uint32_t devices = b->plan->device_count;
    uint32_t *rank = plan_memory_take(b->memory, devices, sizeof *rank);
    a->selected = 0;
    for (uint32_t d = 0; d < devices; d++) {
        rank[d] = UINT32_MAX;
        if (chosen[d])
            scratch[a->selected++] = d;
    }
    if (a->over > 0)
        deal_order(b->plan->seed, stream, scratch, a->selected);
    for (uint32_t i = 0; i < a->selected; i++)
        rank[scratch[i]] = i;
    a->rank = rank;
}

void select_devices(const struct plan_build *b, const struct node *who, struct action *a) {
    uint32_t devices = b->plan->device_count;
    uint32_t stream = draw_stream_named("select", a->id);
    const struct node *first = who != NULL && who->kind == NODE_LIST && who->count > 0 ? who->entries[0].value : who;
    if (first != NULL && first->kind == NODE_MAP)
        read_condition(b, first, &a->where);
    if (is_all(who) && a->over == 0) {
        a->selected = devices;
        return;
    }
    bool *chosen = calloc(devices, sizeof *chosen);
    uint32_t *scratch = calloc(devices, sizeof *scratch);
    CHECK(chosen != NULL && scratch != NULL);
    if (who == NULL || who->kind != NODE_LIST)
        add_item(b, who, stream, chosen, scratch);
    for (size_t i = 0; who != NULL && who->kind == NODE_LIST && i < who->count; i++) {
        const struct node *item = who->entries[i].value;
        struct predicate where = {0};
        if (item->kind == NODE_MAP)
            read_condition(b, item, &where);
        if (!same_condition(&where, &a->where))
            diagnostic_help(
                diagnostic_add(b->found, "E408", item->mark, "all items of a selector have the same state and where"),
                "write an entry of the timeline for each");
        add_item(b, item, stream, chosen, scratch);
    }
    rank_devices(b, chosen, stream, scratch, a);
    free(chosen);
    free(scratch);
    if (a->selected == 0)
        diagnostic_add(b->found, "W403", who == NULL ? b->root->mark : who->mark, "%s selects no device", a->id);
}
