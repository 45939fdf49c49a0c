/* From a topic to the sessions that get it. Matching collects them in lists that run through the subscriptions and sessions
 * themselves, and only then is anything delivered: delivering must find the tree as matching left it.
 *
 * A session with several matching subscriptions gets one copy, at the highest QoS among them and with all their identifiers
 * (MQTT-3.3.4-2, -4). A share group gets a copy of its own, for one member. */
#include "backend/broker_state.h"

static void match_subscription(struct broker *b, struct broker_subscription *sub) {
    struct broker_session *s = sub->session;
    sub->next_match = NULL;
    if (s->match_serial != b->match_serial) {
        s->match_serial = b->match_serial;
        s->matches = s->last_match = sub;
        s->next_match = NULL;
        *(b->last_matched != NULL ? &b->last_matched->next_match : &b->matched) = s;
        b->last_matched = s;
        return;
    }
    s->last_match->next_match = sub;
    s->last_match = sub;
}

static void match_group(struct broker *b, struct broker_group *g) {
    g->next_match = NULL;
    *(b->last_matched_group != NULL ? &b->last_matched_group->next_match : &b->matched_groups) = g;
    b->last_matched_group = g;
}

bool broker_route_match(struct broker *b, struct bytes topic, const struct broker_session *publisher) {
    b->match_serial++;
    b->matched = b->last_matched = NULL;
    b->matched_groups = b->last_matched_group = NULL;
    struct broker_tree_walk walk = broker_tree_matching(&b->filters, topic);
    for (struct broker_node *n; (n = broker_tree_next_matching(&walk)) != NULL;) {
        for (struct broker_subscription *s = n->first; s != NULL; s = s->next)
            if (!(s->no_local && s->session == publisher)) /* MQTT-3.8.3-3 */
                match_subscription(b, s);
        for (struct broker_group *g = n->groups; g != NULL; g = g->next)
            match_group(b, g);
    }
    return b->matched != NULL || b->matched_groups != NULL;
}

static uint8_t lower(uint8_t a, uint8_t b) {
    return a < b ? a : b;
}

static void deliver_to_session(struct broker *b, struct broker_session *s, struct broker_message *m, bool retain) {
    uint8_t granted = 0;
    bool as_published = false;
    for (const struct broker_subscription *sub = s->matches; sub != NULL; sub = sub->next_match) {
        granted = sub->qos > granted ? sub->qos : granted;
        as_published |= sub->retain_as_published;
    }
    broker_deliver_message(b, s, m, lower(m->qos, granted), retain && as_published, s->matches);
}

/* The first from `from` up to, not including, `to` who can take the message now, or for whom it can wait. */
static struct broker_subscription *taker(struct broker_subscription *from, const struct broker_subscription *to,
                                         uint8_t qos, bool now) {
    for (struct broker_subscription *s = from; s != to; s = s->next) {
        const struct broker_connection *c = s->session->connection;
        if (now ? c != NULL && !c->doomed : lower(s->qos, qos) > 0)
            return s;
    }
    return NULL;
}

static struct broker_subscription *taker_in_turn(const struct broker_group *g, uint8_t qos, bool now) {
    struct broker_subscription *s = taker(g->turn, NULL, qos, now);
    return s != NULL ? s : taker(g->first, g->turn, qos, now);
}

/* The members take turns; one who is connected is preferred to one for whom the message would have to wait. */
static void deliver_to_group(struct broker *b, struct broker_group *g, struct broker_message *m, bool retain) {
    struct broker_subscription *s = taker_in_turn(g, m->qos, true);
    if (s == NULL)
        s = taker_in_turn(g, m->qos, false);
    if (s == NULL) {
        b->counts.dropped_offline++;
        return;
    }
    g->turn = s->next;
    s->next_match = NULL;
    broker_deliver_message(b, s->session, m, lower(m->qos, s->qos), retain && s->retain_as_published, s);
}

void broker_route_deliver(struct broker *b, struct broker_message *m, bool retain, unsigned copies) {
    if (retain && broker_retained_store(b, m) < 0)
        b->counts.dropped_memory++;
    for (unsigned i = 0; i < copies; i++) {
        for (struct broker_session *s = b->matched; s != NULL; s = s->next_match)
            deliver_to_session(b, s, m, retain);
        for (struct broker_group *g = b->matched_groups; g != NULL; g = g->next_match)
            deliver_to_group(b, g, m, retain);
    }
}

void broker_route_message(struct broker *b, struct broker_message *m, bool retain,
                          const struct broker_session *publisher) {
    if (!broker_route_match(b, m->topic, publisher))
        b->counts.unmatched++;
    broker_route_deliver(b, m, retain, 1);
}
