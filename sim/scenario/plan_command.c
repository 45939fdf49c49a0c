#include "scenario/plan_command.h"

#include "mqtt/mqtt_topic.h"
#include "scenario/plan_filters.h"
#include "scenario/plan_observe.h"
#include "scenario/timeline.h"

struct making {
    const struct plan_build *b;
    struct plan_command *c;
    bool *commanded; /* [group_count] */
};

const struct node *plan_command_node(const struct plan_build *b, const struct fleet_group *g) {
    return node_get(node_get(node_get(b->root, "profiles"), g->profile_name), "commands");
}

/* --- what cannot be meant --------------------------------------------------------------------------------------------- */

static void refuse_conditions(const struct plan_build *b, const struct action *a) {
    if (a->where.count == 0)
        return;
    diagnostic_help(diagnostic_add(b->found, "E427", timeline_node(b, a)->mark,
                                   "%s cannot choose devices by what they do at that instant", a->id),
                    "choose by fleet, region, profile, index, percent or count");
}

static bool has_wildcard(const struct template *t) {
    bool any = false;
    for (unsigned i = 0; i < t->count; i++)
        any = any || (t->tokens[i].kind == TEMPLATE_LITERAL && mqtt_topic_has_wildcard(t->tokens[i].text));
    return any;
}

/* A command is to one device, and without Correlation Data its reply is known by the topic alone. */
static void check_topics(const struct plan_build *b, const struct fleet_group *g, enum mqtt_version version) {
    const struct commands *c = &g->profile->commands;
    const struct node *n = plan_command_node(b, g), *topic = node_get(n, "topic"), *reply = node_get(n, "reply_topic");
    bool alone = b->plan->fleets[g->fleet_index].count == 1;
    if (has_wildcard(&c->topic))
        diagnostic_help(diagnostic_add(b->found, "E416", topic != NULL ? topic->mark : n->mark,
                                       "a topic to publish to has no wildcards"),
                        "`command` publishes to this topic; only a backend's own commands may come in through + and #");
    if (!alone && !template_tells_devices_apart(&c->topic))
        diagnostic_help(diagnostic_add(b->found, "E426", topic != NULL ? topic->mark : n->mark,
                                       "all devices of fleets.%s would get each other's commands", g->fleet),
                        "put ${device.id} into the topic");
    bool correlated = version == MQTT_5_0 && g->profile->mqtt.version == MQTT_5_0;
    if (!alone && !correlated && !template_tells_devices_apart(&c->reply_topic))
        diagnostic_help(diagnostic_add(b->found, "E426", reply != NULL ? reply->mark : n->mark,
                                       "replies of MQTT 3.1.1 are known by their topic, and this one is that of all "
                                       "devices of fleets.%s",
                                       g->fleet),
                        "put ${device.id} into reply_topic");
}

/* --- who is commanded ------------------------------------------------------------------------------------------------- */

static void warn_of_cap(const struct plan_build *b, const struct action *a, uint32_t reached) {
    double cap = b->plan->safety.max_publish_rate, over_s = span_seconds(a->over);
    if (cap > 0 && reached > cap * (over_s > 1 ? over_s : 1))
        diagnostic_help(diagnostic_add(b->found, "W409", timeline_node(b, a)->mark,
                                       "%s wants to send %u commands within %.0f s, and safety.max_publish_rate allows "
                                       "%.0f per second: they will be held back",
                                       a->id, reached, over_s, cap),
                        "use a longer `over`, at least %.0fs", (double)reached / cap + 0.5);
}

static void count_entry(const struct making *m, const struct action *a) {
    const struct plan *p = m->b->plan;
    uint32_t reached = 0, deaf = 0;
    for (uint32_t d = 0; d < p->device_count; d++) {
        if (plan_command_reaches(p, a, d)) {
            m->commanded[p->group_of[d]] = true;
            reached++;
        } else if (action_selects(a, d)) {
            deaf++;
        }
    }
    m->c->count += reached;
    warn_of_cap(m->b, a, reached);
    if (reached > 0 && deaf == 0)
        return;
    const struct node *n = timeline_node(m->b, a);
    struct diagnostic *found =
        reached == 0 ? diagnostic_add(m->b->found, "E425", n->mark, "no device of %s takes commands", a->id)
                     : diagnostic_add(m->b->found, "W415", n->mark, "%u of %u devices of %s take no commands", deaf,
                                      deaf + reached, a->id);
    diagnostic_help(found, "profiles: {NAME: {commands: {topic: \"cmd/${device.id}\"}}}");
}

/* --- where replies come in -------------------------------------------------------------------------------------------- */

static void add_replies(const struct plan *p, const struct fleet_group *g, struct plan_filters *filters) {
    struct telemetry replies = {.topic = g->profile->commands.reply_topic};
    plan_filters_add_stream(filters, p, g, &replies, PLAN_FILTERS_ANY_DEVICE);
}

/* The first group whose replies come through that filter, for a finding to point to: a filter may cover those of several. */
static const struct fleet_group *group_behind(const struct making *m, const struct target *target, const char *filter) {
    const struct plan *p = m->b->plan;
    const struct fleet_group *found = NULL;
    bool sure = false;
    for (unsigned i = 0; !sure && i < p->group_count; i++) {
        struct plan_filters own = {0};
        if (!m->commanded[i] || p->groups[i].target != target)
            continue;
        add_replies(p, &p->groups[i], &own);
        sure = mqtt_topic_overlaps(bytes_of_text(own.all[0]), bytes_of_text(filter));
        found = sure || found == NULL ? &p->groups[i] : found;
        plan_filters_free(&own);
    }
    return found;
}

static void refuse_overlap(const struct making *m, const struct target *target, const char *replies) {
    const struct plan_observe *o = m->b->plan->observe;
    for (unsigned i = 0; o != NULL && i < o->observer_count; i++)
        for (unsigned f = 0; o->observers[i].target == target && f < o->observers[i].filter_count; f++) {
            const char *audited = o->observers[i].filters[f];
            if (!mqtt_topic_overlaps(bytes_of_text(audited), bytes_of_text(replies)))
                continue;
            const struct node *at = plan_command_node(m->b, group_behind(m, target, replies));
            diagnostic_help(diagnostic_add(m->b->found, "E426", at->mark,
                                           "replies on '%s' would come through the audit's filter '%s', too", replies,
                                           audited),
                            "give replies a topic of their own: reply_topic");
        }
}

static void make_commander(const struct making *m, const struct target *target) {
    const struct plan *p = m->b->plan;
    struct plan_filters filters = {0};
    for (unsigned i = 0; i < p->group_count; i++)
        if (m->commanded[i] && p->groups[i].target == target)
            add_replies(p, &p->groups[i], &filters);
    for (unsigned f = 0; f < filters.count; f++)
        refuse_overlap(m, target, filters.all[f]);
    if (filters.count > 0) {
        const char **kept = plan_memory_take(m->b->memory, filters.count, sizeof *kept);
        for (unsigned i = 0; i < filters.count; i++)
            kept[i] = plan_memory_text(m->b->memory, filters.all[i]);
        m->c->commanders[m->c->commander_count++] =
            (struct plan_commander){.target = target, .replies = kept, .reply_count = filters.count};
    }
    plan_filters_free(&filters);
}

static bool has_commands(const struct plan *p) {
    for (unsigned i = 0; i < p->action_count; i++)
        if (p->actions[i].verb == DO_COMMAND)
            return true;
    return false;
}

void plan_command_make(const struct plan_build *b) {
    struct plan *p = b->plan;
    if (!has_commands(p))
        return;
    struct making m = {.b = b, .c = plan_memory_take(b->memory, 1, sizeof *m.c)};
    const struct fleet_group *first = NULL;
    size_t errors = b->found->errors;
    m.commanded = plan_memory_take(b->memory, p->group_count, sizeof *m.commanded);
    for (unsigned i = 0; i < p->action_count; i++)
        if (p->actions[i].verb == DO_COMMAND) {
            refuse_conditions(b, &p->actions[i]);
            if (p->virtual_time)
                diagnostic_help(diagnostic_add(b->found, "E429", timeline_node(b, &p->actions[i])->mark,
                                               "%s: commands come from an independent client, which needs real time",
                                               p->actions[i].id),
                                "run without --virtual, or take the entry out with --unset");
            count_entry(&m, &p->actions[i]);
        }
    for (unsigned g = p->group_count; g-- > 0;)
        if (m.commanded[g])
            first = &p->groups[g];
    if (first == NULL)
        return;
    m.c->version = p->observe != NULL ? p->observe->version : plan_observe_version(b, first);
    m.c->identity = p->observe != NULL ? p->observe->identity : plan_observe_identity(b);
    for (unsigned g = 0; g < p->group_count; g++)
        if (m.commanded[g])
            check_topics(b, &p->groups[g], m.c->version);
    if (b->found->errors > errors)
        return;
    m.c->commanders = plan_memory_take(b->memory, p->target_count, sizeof *m.c->commanders);
    for (unsigned t = 0; t < p->target_count; t++)
        make_commander(&m, &p->targets[t]);
    p->command = m.c;
}
