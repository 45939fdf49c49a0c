#include "scenario/plan_observe.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/draw.h"
#include "device/payload.h"
#include "mqtt/mqtt_topic.h"
#include "scenario/deal.h"
#include "scenario/plan_filters.h"
#include "scenario/plan_profiles.h"
#include "scenario/value.h"

static const double answer_s = 0.01; /* closed pacing waits for an answer; how long is not known before the run */

struct making {
    const struct plan_build *b;
    const struct node *n; /* `observe`; a word when everything is as it comes */
    struct plan_observe *o;
    const char *topics[PLAN_OBSERVE_TOPICS_MAX];
    unsigned topic_count;
    uint32_t *chosen; /* devices that are audited, by number */
};

static const struct node *key(const struct making *m, const char *name) {
    return m->n->kind == NODE_MAP ? node_get(m->n, name) : NULL;
}

static struct diagnostic_mark mark_of(const struct making *m, const char *name) {
    const struct node *n = key(m, name);
    return n != NULL ? n->mark : m->n->mark;
}

/* --- what is given ---------------------------------------------------------------------------------------------------- */

static void read_topics(struct making *m) {
    const struct node *list = key(m, "topics");
    size_t count = list == NULL || node_is_empty(list) ? 0 : list->kind == NODE_LIST ? list->count : 1;
    if (count > PLAN_OBSERVE_TOPICS_MAX) {
        diagnostic_add(m->b->found, "E421", list->mark, "an observer takes at most %d topics", PLAN_OBSERVE_TOPICS_MAX);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct node *n = list->kind == NODE_LIST ? list->entries[i].value : list;
        struct bytes filter = bytes_of_text(n->text);
        struct mqtt_share share;
        if (!mqtt_topic_filter_valid(filter, m->o->version) || mqtt_topic_share(filter, &share)) {
            diagnostic_help(
                diagnostic_add(m->b->found, "E421", n->mark, "this is no topic filter for an observer"),
                "# stands alone at the end, + alone between slashes; a shared filter would not see everything");
            continue;
        }
        for (unsigned k = 0; k < m->topic_count; k++)
            if (mqtt_topic_overlaps(bytes_of_text(m->topics[k]), filter))
                diagnostic_help(
                    diagnostic_add(m->b->found, "E422", n->mark, "this filter overlaps with '%s'", m->topics[k]),
                    "a message that matches both may come twice, and would count as duplicated");
        m->topics[m->topic_count++] = plan_memory_text(m->b->memory, n->text);
    }
}

static bool names_fleet(const struct making *m, const char *fleet) {
    const struct node *n = key(m, "fleets");
    if (n == NULL || node_is_empty(n))
        return true;
    for (size_t i = 0; n->kind == NODE_LIST && i < n->count; i++)
        if (strcmp(n->entries[i].value->text, fleet) == 0)
            return true;
    return n->kind == NODE_SCALAR && strcmp(n->text, fleet) == 0;
}

/* Properties are a thing of 5.0: a 3.1.1 observer gets the message without its mark. */
static bool sees_mark(const struct making *m, const struct telemetry *t) {
    return t->mark != MARK_NONE && (t->mark != MARK_PROPERTY || m->o->version == MQTT_5_0);
}

static bool is_observed(const struct making *m, const struct fleet_group *g, const struct telemetry *t) {
    if (!sees_mark(m, t) || !names_fleet(m, g->fleet))
        return false;
    if (m->topic_count == 0)
        return true;
    struct text filter = {0};
    bool covered = false;
    plan_filters_of_stream(m->b->plan, g, t, PLAN_FILTERS_ANY_DEVICE, &filter);
    for (unsigned i = 0; i < m->topic_count; i++)
        covered = covered || mqtt_topic_covers(bytes_of_text(m->topics[i]), bytes_of(text_get(&filter), filter.size));
    text_free(&filter);
    return covered;
}

/* audit: none, which needs no warning. */
static bool is_switched_off(const struct making *m, const struct fleet_group *g, size_t stream) {
    const struct node *n = node_get(node_get(node_get(m->b->root, "fleets"), g->fleet), "telemetry");
    const struct node *one = n != NULL && n->kind == NODE_LIST ? n->entries[stream].value : n;
    const char *audit = node_text(node_get(one, "audit"));
    return audit != NULL && strcmp(audit, "none") == 0;
}

static void warn_unobserved(const struct making *m, const struct fleet_group *g, const struct telemetry *t) {
    bool first = g == m->b->plan->groups || g->fleet_index != g[-1].fleet_index;
    if (!first || !names_fleet(m, g->fleet) || is_switched_off(m, g, (size_t)(t - g->telemetry)))
        return;
    if (t->mark == MARK_NONE)
        diagnostic_help(diagnostic_add(m->b->found, "W411", mark_of(m, "fleets"),
                                       "messages of fleets.%s carry no mark: they are not audited", g->fleet),
                        "put ${msg.mark} into the payload, or use random(N) of 22 B or more");
    else if (!sees_mark(m, t))
        diagnostic_help(diagnostic_add(m->b->found, "W413", mark_of(m, "protocol"),
                                       "messages of fleets.%s carry their mark as a property, which an observer of "
                                       "MQTT 3.1.1 does not see: they are not audited",
                                       g->fleet),
                        "write protocol: mqtt5, or put ${msg.mark} into the payload");
    else
        diagnostic_add(m->b->found, "W413", mark_of(m, "topics"),
                       "no filter under topics covers '%s' of fleets.%s: its messages are not audited", t->name,
                       g->fleet);
}

static void mark_streams(struct making *m) {
    struct plan *p = m->b->plan;
    for (unsigned i = 0; i < p->group_count; i++) {
        struct fleet_group *g = &p->groups[i];
        struct telemetry *streams =
            (struct telemetry *)(uintptr_t)g->telemetry; /* the plan's own, still in the making */
        for (unsigned t = 0; t < g->telemetry_count; t++) {
            streams[t].observed = is_observed(m, g, &streams[t]);
            if (!streams[t].observed)
                warn_unobserved(m, g, &streams[t]);
        }
    }
}

/* --- who is audited --------------------------------------------------------------------------------------------------- */

static double rate_of(const struct fleet_group *g) {
    double rate = 0;
    for (unsigned t = 0; t < g->telemetry_count; t++) {
        double every_s = dist_mean(&g->telemetry[t].every) / 1e9;
        if (g->telemetry[t].pace == PACE_CLOSED)
            every_s += answer_s;
        if (g->telemetry[t].observed && every_s > 0)
            rate += 1 / every_s;
    }
    return rate;
}

static bool can_be_audited(const struct fleet_group *g) {
    for (unsigned t = 0; t < g->telemetry_count; t++)
        if (g->telemetry[t].observed)
            return true;
    return false;
}

static double share_of(struct making *m) {
    struct plan_observe *o = m->o;
    const struct node *given = key(m, "share");
    if (given != NULL && !node_is_empty(given))
        return value_number_at(m->n, "observe.share");
    o->by_rate = o->rate > PLAN_OBSERVE_RATE_MAX;
    return o->by_rate ? PLAN_OBSERVE_RATE_MAX / o->rate : 1;
}

static int compare_numbers(const void *a, const void *b) {
    const uint32_t *left = a, *right = b;
    return *left < *right ? -1 : *left > *right;
}

/* Fills `chosen` and the bits. */
static void choose_devices(struct making *m) {
    const struct plan *p = m->b->plan;
    struct plan_observe *o = m->o;
    m->chosen = calloc(p->device_count, sizeof *m->chosen);
    CHECK(m->chosen != NULL);
    for (uint32_t d = 0; d < p->device_count; d++) {
        const struct fleet_group *g = &p->groups[p->group_of[d]];
        if (!can_be_audited(g))
            continue;
        m->chosen[o->candidates++] = d;
        o->rate += rate_of(g);
    }
    double share = share_of(m);
    o->audited = o->candidates;
    if (share < 1) {
        o->audited = (uint32_t)(share * o->candidates);
        if (o->audited == 0 && o->candidates > 0)
            o->audited = 1;
        deal_order(p->seed, draw_stream_named("observe", "share"), m->chosen, o->candidates);
        qsort(m->chosen, o->audited, sizeof *m->chosen, compare_numbers);
    }
    uint64_t *bits = plan_memory_take(m->b->memory, p->device_count / 64 + 1, sizeof *bits);
    for (uint32_t i = 0; i < o->audited; i++)
        bits[m->chosen[i] / 64] |= (uint64_t)1 << (m->chosen[i] % 64);
    o->devices = bits;
}

/* --- through which filters -------------------------------------------------------------------------------------------- */

static void add_all_streams(const struct making *m, const struct target *target, struct plan_filters *filters) {
    const struct plan *p = m->b->plan;
    for (unsigned i = 0; i < p->group_count; i++)
        for (unsigned t = 0; p->groups[i].target == target && t < p->groups[i].telemetry_count; t++)
            if (p->groups[i].telemetry[t].observed)
                plan_filters_add_stream(filters, p, &p->groups[i], &p->groups[i].telemetry[t], PLAN_FILTERS_ANY_DEVICE);
}

static void add_sampled_devices(const struct making *m, const struct target *target, struct plan_filters *filters) {
    const struct plan *p = m->b->plan;
    for (uint32_t i = 0; i < m->o->audited && filters->count <= PLAN_OBSERVE_FILTERS_MAX; i++) {
        const struct fleet_group *g = &p->groups[p->group_of[m->chosen[i]]];
        plan_filters_begin_device(filters);
        for (unsigned t = 0; g->target == target && t < g->telemetry_count; t++)
            if (g->telemetry[t].observed)
                plan_filters_add_stream(filters, p, g, &g->telemetry[t], m->chosen[i]);
    }
    plan_filters_join(filters);
}

static void too_many_filters(const struct making *m) {
    diagnostic_help(diagnostic_add(m->b->found, "E423", mark_of(m, "share"),
                                   "to observe %u devices takes more than %d topic filters", m->o->audited,
                                   PLAN_OBSERVE_FILTERS_MAX),
                    "a smaller share, or all devices (share: 100%%), or filters of your own under topics");
}

static void make_observer(struct making *m, const struct target *target) {
    struct plan_filters filters = {0};
    bool sampled = m->o->audited < m->o->candidates;
    if (m->topic_count > 0)
        for (unsigned i = 0; i < m->topic_count; i++)
            plan_filters_add(&filters, m->topics[i]);
    else if (sampled)
        add_sampled_devices(m, target, &filters);
    else
        add_all_streams(m, target, &filters);
    if (filters.count > PLAN_OBSERVE_FILTERS_MAX) {
        too_many_filters(m);
    } else if (filters.count > 0) {
        const char **kept = plan_memory_take(m->b->memory, filters.count, sizeof *kept);
        for (unsigned i = 0; i < filters.count; i++)
            kept[i] = plan_memory_text(m->b->memory, filters.all[i]);
        m->o->observers[m->o->observer_count++] =
            (struct plan_observer){.target = target, .filters = kept, .filter_count = filters.count};
    }
    plan_filters_free(&filters);
}

static bool is_target_of_audited(const struct making *m, const struct target *target) {
    const struct plan *p = m->b->plan;
    for (uint32_t i = 0; i < m->o->audited; i++)
        if (p->groups[p->group_of[m->chosen[i]]].target == target)
            return true;
    return false;
}

/* A rate above the cap is sampled as far as filters reach. */
static void fit_sample_to_filters(struct making *m) {
    uint32_t streams = 0;
    const struct plan *p = m->b->plan;
    for (unsigned i = 0; i < p->group_count; i++)
        for (unsigned t = 0, observed = 0; t < p->groups[i].telemetry_count; t++) {
            observed += p->groups[i].telemetry[t].observed;
            streams = observed > streams ? observed : streams;
        }
    uint32_t most = streams == 0 ? 0 : PLAN_OBSERVE_FILTERS_MAX / streams;
    if (!m->o->by_rate || m->topic_count > 0 || m->o->audited <= most)
        return;
    uint64_t *bits = (uint64_t *)(uintptr_t)m->o->devices;
    deal_order(p->seed, draw_stream_named("observe", "share"), m->chosen, m->o->audited);
    for (uint32_t i = most; i < m->o->audited; i++)
        bits[m->chosen[i] / 64] &= ~((uint64_t)1 << (m->chosen[i] % 64));
    m->o->audited = most;
    qsort(m->chosen, most, sizeof *m->chosen, compare_numbers);
}

bool plan_observe_wanted(const struct node *root) {
    const struct node *n = node_get(root, "observe");
    if (n == NULL || (n->kind == NODE_SCALAR && (node_is_empty(n) || strcmp(n->text, "none") == 0)))
        return false;
    return n->kind != NODE_MAP || value_word_at(n, "observe.audit") == 0;
}

enum mqtt_version plan_observe_version(const struct plan_build *b, const struct fleet_group *first) {
    const struct node *n = node_get(b->root, "observe");
    if (n == NULL || n->kind != NODE_MAP || !value_given(n, "observe.protocol"))
        return first->profile->mqtt.version;
    return value_word_at(n, "observe.protocol") == 0 ? MQTT_3_1_1 : MQTT_5_0;
}

const struct identity *plan_observe_identity(const struct plan_build *b) {
    const struct node *n = node_get(b->root, "observe");
    if (n == NULL || n->kind != NODE_MAP)
        return NULL;
    return plan_profiles_identity(b, value_text_at(n, "observe.identity"));
}

static const struct fleet_group *first_observed(const struct making *m) {
    const struct plan *p = m->b->plan;
    for (unsigned g = 0; g < p->group_count; g++)
        if (names_fleet(m, p->groups[g].fleet))
            return &p->groups[g];
    return &p->groups[0];
}

/* The protocol that is asked for; else that of the first fleet, but 5.0 where a mark travels as a property. */
static enum mqtt_version version_of(const struct making *m) {
    const struct plan *p = m->b->plan;
    enum mqtt_version version = plan_observe_version(m->b, first_observed(m));
    if (m->n->kind == NODE_MAP && value_given(m->n, "observe.protocol"))
        return version;
    for (unsigned g = 0; g < p->group_count; g++)
        for (unsigned t = 0; names_fleet(m, p->groups[g].fleet) && t < p->groups[g].telemetry_count; t++)
            if (p->groups[g].telemetry[t].mark == MARK_PROPERTY)
                version = MQTT_5_0;
    return version;
}

void plan_observe_make(const struct plan_build *b) {
    struct plan *p = b->plan;
    const struct node *n = node_get(b->root, "observe");
    if (!plan_observe_wanted(b->root))
        return;
    struct making m = {.b = b, .n = n, .o = plan_memory_take(b->memory, 1, sizeof *m.o)};
    struct plan_observe *o = m.o;
    o->version = version_of(&m);
    o->qos = n->kind == NODE_MAP ? (uint8_t)value_integer_at(n, "observe.qos") : 2;
    o->identity = plan_observe_identity(b);
    o->observers = plan_memory_take(b->memory, p->target_count, sizeof *o->observers);
    size_t errors = b->found->errors;
    read_topics(&m);
    if (b->found->errors > errors)
        return;
    mark_streams(&m);
    choose_devices(&m);
    fit_sample_to_filters(&m);
    for (unsigned t = 0; t < p->target_count; t++)
        if (is_target_of_audited(&m, &p->targets[t]))
            make_observer(&m, &p->targets[t]);
    free(m.chosen);
    if (o->candidates == 0)
        diagnostic_help(
            diagnostic_add(b->found, "E424", n->mark, "there is nothing to observe: no message carries a mark"),
            "put ${msg.mark} into the payload, or use random(N) of 22 B or more; or write observe: none");
    else
        p->observe = o;
}
