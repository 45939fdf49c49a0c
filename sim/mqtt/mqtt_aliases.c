#include "mqtt/mqtt_aliases.h"

#include <string.h>

#include "base/err.h"
#include "base/hash.h"

/* What aliases may take of the session's share; the rest is for the set of inbound QoS 2 ids. */
enum { PEER_BYTES_MAX = MQTT_SESSION_POOL_CAP - MQTT_IDSET_BITMAP_BYTES };

struct alias_topic {
    struct alias_topic *retired; /* the next in the list of replaced topics */
    uint32_t hash;
    uint16_t size;
    uint8_t text[];
};

struct mqtt_aliases_in {
    struct alias_topic *retired;
    size_t held; /* bytes of pool memory for the peer's sake */
    uint32_t room;
    struct alias_topic *topics[]; /* by alias − 1; NULL: not set */
};

struct mqtt_aliases_out {
    uint32_t count;
    struct alias_topic *topics[MQTT_ALIASES_OUT_MAX];
};

static size_t topic_bytes(size_t size) {
    return sizeof(struct alias_topic) + size;
}

static size_t table_bytes(uint32_t room) {
    return sizeof(struct mqtt_aliases_in) + room * sizeof(struct alias_topic *);
}

static struct alias_topic *keep(struct pool *pool, struct bytes topic, uint32_t hash) {
    struct alias_topic *t = pool_take(pool, topic_bytes(topic.size));
    if (!t)
        return NULL;
    *t = (struct alias_topic){.hash = hash, .size = (uint16_t)topic.size};
    memcpy(t->text, topic.data, topic.size);
    return t;
}

static void give(struct pool *pool, struct alias_topic *t) {
    pool_give(pool, t, topic_bytes(t->size));
}

/* Doubles the table until it has a place for `alias`. */
static int make_place(struct mqtt_session *s, struct pool *pool, uint16_t alias) {
    struct mqtt_aliases_in *old = s->aliases_in;
    uint32_t room = old ? old->room : 8;
    if (old && alias <= room)
        return 0;
    while (room < alias)
        room *= 2;
    size_t held = old ? old->held - table_bytes(old->room) : 0;
    if (held + table_bytes(room) > PEER_BYTES_MAX)
        return ERR_NO_MEMORY;
    struct mqtt_aliases_in *a = pool_take(pool, table_bytes(room));
    if (!a)
        return ERR_NO_MEMORY;
    memset(a, 0, table_bytes(room));
    if (old) {
        memcpy(a, old, table_bytes(old->room));
        pool_give(pool, old, table_bytes(old->room));
    }
    a->room = room;
    a->held = held + table_bytes(room);
    s->aliases_in = a;
    return 0;
}

int mqtt_aliases_learn(struct mqtt_session *s, struct pool *pool, uint16_t alias, struct bytes topic) {
    int error = make_place(s, pool, alias);
    if (error < 0)
        return error;
    struct mqtt_aliases_in *a = s->aliases_in;
    struct alias_topic **place = &a->topics[alias - 1];
    if (*place && bytes_equal(bytes_of((*place)->text, (*place)->size), topic))
        return 0;
    if (a->held + topic_bytes(topic.size) > PEER_BYTES_MAX)
        return ERR_NO_MEMORY;
    struct alias_topic *t = keep(pool, topic, 0);
    if (!t)
        return ERR_NO_MEMORY;
    a->held += topic_bytes(topic.size);
    if (*place) {
        (*place)->retired = a->retired;
        a->retired = *place;
    }
    *place = t;
    return 0;
}

struct bytes mqtt_aliases_topic(const struct mqtt_session *s, uint16_t alias) {
    const struct mqtt_aliases_in *a = s->aliases_in;
    if (!a || alias == 0 || alias > a->room || !a->topics[alias - 1])
        return bytes_of(NULL, 0);
    return bytes_of(a->topics[alias - 1]->text, a->topics[alias - 1]->size);
}

void mqtt_aliases_settle(struct mqtt_session *s, struct pool *pool) {
    struct mqtt_aliases_in *a = s->aliases_in;
    while (a && a->retired) {
        struct alias_topic *t = a->retired;
        a->retired = t->retired;
        a->held -= topic_bytes(t->size);
        give(pool, t);
    }
}

uint16_t mqtt_aliases_use(struct mqtt_session *s, struct pool *pool, struct bytes topic, bool *known) {
    *known = false;
    if (s->alias_maximum == 0 || topic.size == 0)
        return 0;
    if (!s->aliases_out) {
        s->aliases_out = pool_take(pool, sizeof *s->aliases_out);
        if (!s->aliases_out)
            return 0;
        s->aliases_out->count = 0;
    }
    struct mqtt_aliases_out *a = s->aliases_out;
    uint32_t hash = hash_fnv1a32(topic.data, topic.size);
    for (uint32_t i = 0; i < a->count; i++) {
        const struct alias_topic *t = a->topics[i];
        if (t->hash == hash && bytes_equal(bytes_of(t->text, t->size), topic)) {
            *known = true;
            return (uint16_t)(i + 1);
        }
    }
    if (a->count == MQTT_ALIASES_OUT_MAX || a->count == s->alias_maximum)
        return 0;
    struct alias_topic *t = keep(pool, topic, hash);
    if (!t)
        return 0;
    a->topics[a->count++] = t;
    return (uint16_t)a->count;
}

void mqtt_aliases_forget(struct mqtt_session *s, struct pool *pool) {
    mqtt_aliases_settle(s, pool);
    struct mqtt_aliases_in *in = s->aliases_in;
    if (in) {
        for (uint32_t i = 0; i < in->room; i++)
            if (in->topics[i])
                give(pool, in->topics[i]);
        pool_give(pool, in, table_bytes(in->room));
        s->aliases_in = NULL;
    }
    struct mqtt_aliases_out *out = s->aliases_out;
    if (out) {
        for (uint32_t i = 0; i < out->count; i++)
            give(pool, out->topics[i]);
        pool_give(pool, out, sizeof *out);
        s->aliases_out = NULL;
    }
}
