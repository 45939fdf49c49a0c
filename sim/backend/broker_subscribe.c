#include <string.h>

#include "backend/broker_state.h"
#include "base/err.h"
#include "base/hash.h"
#include "mqtt/mqtt_topic.h"

/* --- share groups -------------------------------------------------------------------------------------------------- */

struct group_key {
    const struct broker_node *node;
    struct bytes name;
};

static bool same_group(const struct broker_entry *e, const void *key) {
    const struct broker_group *g = (const struct broker_group *)e;
    const struct group_key *k = key;
    return g->node == k->node && bytes_equal(bytes_of(g->name, g->name_size), k->name);
}

static uint64_t group_hash(const struct group_key *k) {
    return hash_fold(hash_fnv1a64(k->name.data, k->name.size), k->node->number);
}

static struct broker_group *find_group(const struct broker *b, const struct broker_node *node, struct bytes name) {
    struct group_key key = {node, name};
    return (struct broker_group *)broker_table_find(&b->group_table, group_hash(&key), same_group, &key);
}

static struct broker_group *add_group(struct broker *b, struct broker_node *node, struct bytes name) {
    struct group_key key = {node, name};
    struct broker_group *g = pool_take(b->pool, sizeof *g + name.size);
    if (g == NULL)
        return NULL;
    *g = (struct broker_group){.node = node, .name_size = (uint16_t)name.size};
    memcpy(g->name, name.data, name.size);
    if (broker_table_add(&b->group_table, &g->entry, group_hash(&key)) < 0) {
        pool_give(b->pool, g, sizeof *g + name.size);
        return NULL;
    }
    g->next = node->groups;
    if (g->next != NULL)
        g->next->previous = g;
    node->groups = g;
    return g;
}

static void drop_group_if_empty(struct broker *b, struct broker_group *g) {
    if (g->first != NULL)
        return;
    *(g->previous != NULL ? &g->previous->next : &g->node->groups) = g->next;
    if (g->next != NULL)
        g->next->previous = g->previous;
    broker_table_remove(&b->group_table, &g->entry);
    pool_give(b->pool, g, sizeof *g + g->name_size);
}

/* --- subscriptions ------------------------------------------------------------------------------------------------- */

struct subscription_key {
    const struct broker_session *session;
    const struct broker_node *node;
    const struct broker_group *group;
};

static bool same_subscription(const struct broker_entry *e, const void *key) {
    const struct broker_subscription *s = (const struct broker_subscription *)e;
    const struct subscription_key *k = key;
    return s->session == k->session && s->node == k->node && s->group == k->group;
}

static uint64_t subscription_hash(const struct subscription_key *k) {
    return hash_fold(hash_fold(k->session->slot, k->node->number), k->group != NULL ? k->group->entry.hash : 0);
}

static void link_subscription(struct broker_subscription *s) {
    struct broker_subscription **first = s->group != NULL ? &s->group->first : &s->node->first;
    struct broker_subscription **last = s->group != NULL ? &s->group->last : &s->node->last;
    s->previous = *last;
    *(*last != NULL ? &(*last)->next : first) = s;
    *last = s;
    struct broker_session *owner = s->session;
    s->previous_mine = owner->last_subscription;
    *(s->previous_mine != NULL ? &s->previous_mine->next_mine : &owner->subscriptions) = s;
    owner->last_subscription = s;
}

static void remove_subscription(struct broker *b, struct broker_subscription *s) {
    struct broker_node *node = s->node;
    struct broker_group *group = s->group;
    if (group != NULL && group->turn == s)
        group->turn = s->next;
    *(s->previous != NULL ? &s->previous->next : group != NULL ? &group->first : &node->first) = s->next;
    *(s->next != NULL ? &s->next->previous : group != NULL ? &group->last : &node->last) = s->previous;
    struct broker_session *owner = s->session;
    *(s->previous_mine != NULL ? &s->previous_mine->next_mine : &owner->subscriptions) = s->next_mine;
    *(s->next_mine != NULL ? &s->next_mine->previous_mine : &owner->last_subscription) = s->previous_mine;
    broker_table_remove(&b->subscription_table, &s->entry);
    pool_give(b->pool, s, sizeof *s);
    b->counts.subscriptions--;
    if (group != NULL)
        drop_group_if_empty(b, group);
    broker_tree_prune(&b->filters, node);
}

void broker_subscribe_remove_all(struct broker *b, struct broker_session *s) {
    while (s->subscriptions != NULL)
        remove_subscription(b, s->subscriptions);
}

/* The parts of a filter: 3.1.1 has no shared subscriptions, there $share/… is a filter like any other. */
static struct mqtt_share parts_of(const struct broker_connection *c, struct bytes filter) {
    struct mqtt_share share;
    if (c->version == MQTT_5_0 && mqtt_topic_share(filter, &share))
        return share;
    return (struct mqtt_share){{NULL, 0}, filter};
}

static struct broker_subscription *find_subscription(const struct broker *b, const struct broker_session *s,
                                                     const struct mqtt_share *parts) {
    struct broker_node *node = broker_tree_find(&b->filters, parts->filter);
    if (node == NULL)
        return NULL;
    struct broker_group *group = parts->name.size > 0 ? find_group(b, node, parts->name) : NULL;
    if (parts->name.size > 0 && group == NULL)
        return NULL;
    struct subscription_key key = {s, node, group};
    return (struct broker_subscription *)broker_table_find(&b->subscription_table, subscription_hash(&key),
                                                           same_subscription, &key);
}

static struct broker_subscription *add_subscription(struct broker *b, struct broker_session *session,
                                                    const struct mqtt_share *parts) {
    struct broker_node *node = broker_tree_make(&b->filters, parts->filter);
    if (node == NULL)
        return NULL;
    struct broker_group *group = NULL;
    struct broker_subscription *s = pool_take(b->pool, sizeof *s);
    if (s != NULL && parts->name.size > 0) {
        group = find_group(b, node, parts->name);
        if (group == NULL)
            group = add_group(b, node, parts->name);
    }
    struct subscription_key key = {session, node, group};
    bool whole = s != NULL && (parts->name.size == 0 || group != NULL) &&
                 broker_table_add(&b->subscription_table, &s->entry, subscription_hash(&key)) == 0;
    if (!whole) {
        pool_give(b->pool, s, sizeof *s);
        if (group != NULL)
            drop_group_if_empty(b, group);
        broker_tree_prune(&b->filters, node);
        return NULL;
    }
    struct broker_entry entry = s->entry;
    *s = (struct broker_subscription){.entry = entry, .session = session, .node = node, .group = group};
    link_subscription(s);
    b->counts.subscriptions++;
    return s;
}

/* --- packets ------------------------------------------------------------------------------------------------------- */

enum { IS_NEW = 0x40 }; /* kept beside a granted QoS until the retained messages have been sent */

static uint8_t subscribe(struct broker *b, struct broker_connection *c, const struct mqtt_filter *f, uint32_t id) {
    struct mqtt_share parts = parts_of(c, f->filter);
    struct broker_subscription *s = find_subscription(b, c->session, &parts);
    uint8_t code = f->qos;
    if (s == NULL) {
        s = add_subscription(b, c->session, &parts);
        code |= IS_NEW;
    }
    if (s == NULL)
        return c->version == MQTT_5_0 ? MQTT_REASON_QUOTA_EXCEEDED : MQTT_REASON_FAILURE;
    s->qos = f->qos;
    s->no_local = f->no_local;
    s->retain_as_published = f->retain_as_published;
    s->id = id;
    return code;
}

/* Retained messages after SUBACK, as the filter's Retain Handling wants them; none for a shared subscription (5.0 section
 * 4.8.2). */
static void send_retained(struct broker *b, struct broker_connection *c, const struct mqtt_filter *f, uint8_t code) {
    struct mqtt_share parts = parts_of(c, f->filter);
    bool wanted = f->retain_handling == 0 || (f->retain_handling == 1 && (code & IS_NEW) != 0);
    if (code >= MQTT_REASON_FAILURE || parts.name.size > 0 || !wanted || b->counts.retained == 0)
        return;
    struct broker_subscription *s = find_subscription(b, c->session, &parts);
    if (s != NULL)
        broker_retained_send(b, s, parts.filter);
}

void broker_subscribe_packet(struct broker *b, struct broker_connection *c, const struct mqtt_packet *p) {
    const struct mqtt_subscribe *in = &p->subscribe;
    size_t count = in->count;
    uint8_t *codes = pool_take(b->pool, 2 * count);
    if (codes == NULL) {
        broker_end(b, c, MQTT_REASON_QUOTA_EXCEEDED, NULL);
        return;
    }
    uint32_t id = 0;
    struct bytes properties = p->properties.raw;
    if (c->version == MQTT_5_0)
        mqtt_properties_next_subscription(&properties, &id);
    struct mqtt_filter f;
    struct bytes rest = in->raw;
    for (size_t i = 0; i < count && mqtt_codec_next_filter(&rest, &f); i++) {
        codes[count + i] = subscribe(b, c, &f, id);
        codes[i] = codes[count + i] >= MQTT_REASON_FAILURE ? codes[count + i] : f.qos;
    }
    struct mqtt_packet answer = {.type = MQTT_SUBACK};
    answer.suback.packet_id = in->packet_id;
    answer.suback.codes = bytes_of(codes, count);
    broker_out_must(b, c, &answer, BROKER_OUT_ANSWER);
    rest = in->raw;
    for (size_t i = 0; i < count && mqtt_codec_next_filter(&rest, &f); i++)
        send_retained(b, c, &f, codes[count + i]);
    pool_give(b->pool, codes, 2 * count);
}

void broker_subscribe_unsubscribe(struct broker *b, struct broker_connection *c, const struct mqtt_packet *p) {
    const struct mqtt_subscribe *in = &p->subscribe;
    size_t count = in->count;
    uint8_t *codes = pool_take(b->pool, count);
    if (codes == NULL) {
        broker_end(b, c, MQTT_REASON_QUOTA_EXCEEDED, NULL);
        return;
    }
    struct bytes name, rest = in->raw;
    for (size_t i = 0; i < count && mqtt_codec_next_name(&rest, &name); i++) {
        struct mqtt_share parts = parts_of(c, name);
        struct broker_subscription *s = find_subscription(b, c->session, &parts);
        codes[i] = s != NULL ? MQTT_REASON_SUCCESS : MQTT_REASON_NO_SUBSCRIPTION_EXISTED;
        if (s != NULL)
            remove_subscription(b, s);
    }
    struct mqtt_packet answer = {.type = MQTT_UNSUBACK};
    answer.suback.packet_id = in->packet_id;
    if (c->version == MQTT_5_0)
        answer.suback.codes = bytes_of(codes, count);
    broker_out_must(b, c, &answer, BROKER_OUT_ANSWER);
    pool_give(b->pool, codes, count);
}
