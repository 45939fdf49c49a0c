#include "import/observed.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/hash.h"

enum { ALIASES_MAX = 1024, USER_PROPERTIES_MAX = 32, GROWTH = 16 };

/* --- memory: pieces that live as long as the whole ------------------------------------------------------------------------ */

struct observed_memory {
    struct observed_memory *next;
    uint8_t data[];
};

/* NULL: no more is kept. */
static uint8_t *keep(struct observed *o, const void *data, size_t size) {
    if (o->kept_bytes + size + sizeof(struct observed_memory) > OBSERVED_MEMORY_MAX)
        return NULL;
    o->kept_bytes += size + sizeof(struct observed_memory);
    struct observed_memory *piece = malloc(sizeof *piece + size + 1);
    CHECK(piece != NULL);
    piece->next = o->memory;
    o->memory = piece;
    if (size > 0)
        memcpy(piece->data, data, size);
    piece->data[size] = '\0';
    return piece->data;
}

static const char *keep_text(struct observed *o, struct bytes b) {
    const uint8_t *kept = keep(o, b.data, b.size);
    return kept == NULL ? "" : (const char *)kept;
}

static struct bytes keep_bytes(struct observed *o, struct bytes b) {
    const uint8_t *kept = keep(o, b.data, b.size);
    return bytes_of(kept, kept == NULL ? 0 : b.size);
}

/* Room for one more in an array that doubles. */
static void *grown(void *list, size_t count, size_t size) {
    if ((count & (count - 1)) == 0 && (count == 0 || count >= GROWTH)) {
        list = realloc(list, (count == 0 ? GROWTH : 2 * count) * size);
        CHECK(list != NULL);
    }
    return list;
}

/* Looks no further than the two are alike: lists of long texts are gone through for every packet. */
static bool is_text(struct bytes b, const char *text) {
    return b.size == 0 ? *text == '\0' : strncmp(text, (const char *)b.data, b.size) == 0 && text[b.size] == '\0';
}

/* Without its port. */
static bool same_host(const struct address *a, const struct address *b) {
    if (a->any.sa_family != b->any.sa_family)
        return false;
    return a->any.sa_family == AF_INET6 ? memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof a->v6.sin6_addr) == 0
                                        : a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
}

/* --- who there is ------------------------------------------------------------------------------------------------------ */

struct finding {
    struct observed_devices *out;
    const char *device;
    struct address address; /* that `device` is, if it is one */
    bool has_address, has_port;
};

static bool is_asked_for(struct finding *s, const struct talk *t, struct bytes client_id) {
    if (s->device == NULL)
        return false;
    if (client_id.size > 0 && is_text(client_id, s->device)) {
        s->out->by_client_id = true;
        return true;
    }
    return s->has_address &&
           (s->has_port ? address_equal(&s->address, &t->client) : same_host(&s->address, &t->client));
}

static void on_found(void *context, struct talk *t, int64_t unix_ns, const struct mqtt_packet *p) {
    struct finding *s = context;
    struct observed_devices *out = s->out;
    struct bytes id = p->connect.client_id;
    (void)unix_ns;
    unsigned i = 0;
    while (i < out->count && !(is_text(id, out->list[i].client_id) && same_host(&out->list[i].client, &t->client)))
        i++;
    if (i == OBSERVED_DEVICES_MAX) {
        out->left_out++;
        return;
    }
    if (i == out->count) {
        out->list = grown(out->list, out->count, sizeof *out->list);
        struct text name = {0};
        text_append_n(&name, (const char *)id.data, id.size);
        out->list[out->count++] =
            (struct observed_device){.client_id = text_dup(text_get(&name)), .client = t->client, .server = t->server};
        text_free(&name);
    }
    out->list[i].connections++;
    out->list[i].asked_for = is_asked_for(s, t, id) || out->list[i].asked_for;
    t->user = (void *)(uintptr_t)(i + 1);
}

static void on_counted(void *context, struct talk *t, int64_t unix_ns, enum mqtt_role by, const struct mqtt_packet *p) {
    struct finding *s = context;
    (void)unix_ns;
    if (by == MQTT_CLIENT && p->type == MQTT_PUBLISH && t->user != NULL)
        s->out->list[(uintptr_t)t->user - 1].messages++;
}

static void on_counted_end(void *context, struct talk *t, int64_t unix_ns, enum streams_end how, enum mqtt_role by) {
    (void)context, (void)t, (void)unix_ns, (void)how, (void)by;
}

int observed_devices(FILE *f, const char *device, struct observed_devices *out, struct talk_counts *counts, char *why) {
    *out = (struct observed_devices){0};
    struct finding s = {.out = out, .device = device};
    s.has_address = device != NULL && address_parse(device, 0, &s.address) == 0;
    s.has_port =
        s.has_address && (s.address.any.sa_family == AF_INET6 ? s.address.v6.sin6_port : s.address.v4.sin_port) != 0;
    struct talk_sink sink = {&s, on_found, on_counted, on_counted_end, NULL};
    return talk_read(f, &sink, counts, why);
}

void observed_devices_free(struct observed_devices *d) {
    for (unsigned i = 0; i < d->count; i++)
        free(d->list[i].client_id);
    free(d->list);
    *d = (struct observed_devices){0};
}

/* --- what one of them did: the connection ----------------------------------------------------------------------------------- */

/* A connection that is followed. */
struct followed {
    unsigned connection;
    struct bytes aliases[ALIASES_MAX]; /* topics by alias - 1; kept */
};

struct following {
    struct observed *out;
    const struct observed_who *who;
};

static bool is_one_of_us(const struct following *s, const struct talk *t, struct bytes client_id) {
    if (*s->who->client_id != '\0')
        return is_text(client_id, s->who->client_id);
    return client_id.size == 0 && same_host(&s->who->client, &t->client);
}

static struct mqtt_user_property *keep_user_properties(struct observed *o, struct bytes raw, unsigned *count) {
    struct mqtt_user_property all[USER_PROPERTIES_MAX], one;
    *count = 0;
    while (*count < USER_PROPERTIES_MAX && mqtt_properties_next_user(&raw, &one))
        all[(*count)++] = (struct mqtt_user_property){keep_bytes(o, one.name), keep_bytes(o, one.value)};
    void *kept = *count == 0 ? NULL : keep(o, all, *count * sizeof *all);
    *count = kept == NULL ? 0 : *count;
    return kept;
}

/* Borrowed bytes would outlive their packet. */
static struct mqtt_properties numbers_of(const struct mqtt_properties *p) {
    struct mqtt_properties n = *p;
    n.raw = n.content_type = n.response_topic = n.correlation_data = n.assigned_client_identifier =
        n.authentication_method = n.authentication_data = n.response_information = n.server_reference =
            n.reason_string = bytes_of(NULL, 0);
    return n;
}

static void introduce(struct observed *o, const struct talk *t, const struct mqtt_packet *p) {
    const struct mqtt_connect *c = &p->connect;
    o->version = p->version;
    o->clean_start = c->clean_start;
    o->keep_alive = c->keep_alive;
    o->has_user = c->has_user_name;
    o->has_password = c->has_password;
    o->has_will = c->has_will;
    o->will_qos = c->will_qos;
    o->will_retain = c->will_retain;
    o->client_id = keep_text(o, c->client_id);
    o->user = keep_text(o, c->user_name);
    o->will_topic = keep_text(o, c->will_topic);
    o->will_payload = keep_bytes(o, c->will_payload);
    o->will = numbers_of(&c->will_properties);
    o->properties = numbers_of(&p->properties);
    o->user_properties = keep_user_properties(o, p->properties.raw, &o->user_property_count);
    if (mqtt_properties_has(&p->properties, MQTT_AUTHENTICATION_METHOD))
        o->auth_method = keep_text(o, p->properties.authentication_method);
    o->client = t->client;
    o->server = t->server;
}

static bool is_like_the_first(const struct observed *o, const struct mqtt_packet *p) {
    const struct mqtt_connect *c = &p->connect;
    return o->version == p->version && o->clean_start == c->clean_start && o->keep_alive == c->keep_alive &&
           o->has_user == c->has_user_name && o->has_will == c->has_will && is_text(c->user_name, o->user) &&
           is_text(c->will_topic, o->will_topic) && bytes_equal(c->will_payload, o->will_payload) &&
           o->properties.present == p->properties.present &&
           o->properties.session_expiry_interval == p->properties.session_expiry_interval;
}

static void on_begun(void *context, struct talk *t, int64_t unix_ns, const struct mqtt_packet *p) {
    struct following *s = context;
    struct observed *o = s->out;
    if (!is_one_of_us(s, t, p->connect.client_id))
        return;
    if (o->connection_count == OBSERVED_CONNECTIONS_MAX) {
        o->left_out++;
        return;
    }
    if (o->connection_count == 0)
        introduce(o, t, p);
    else
        o->differing += !is_like_the_first(o, p);
    struct followed *f = calloc(1, sizeof *f);
    CHECK(f != NULL);
    f->connection = o->connection_count;
    t->user = f;
    o->connections = grown(o->connections, o->connection_count, sizeof *o->connections);
    o->connections[o->connection_count++] = (struct observed_connection){
        .opened_ns = t->opened_ns, .connect_ns = unix_ns, .last_ns = unix_ns, .how = STREAMS_UNSEEN};
}

static void on_tried(void *context, const struct address *client, const struct address *server, int64_t unix_ns) {
    struct observed *o = ((struct following *)context)->out;
    bool ours = o->connection_count > 0 && same_host(client, &o->client) && address_equal(server, &o->server);
    if (!ours || o->tried_count == OBSERVED_CONNECTIONS_MAX)
        return;
    o->tried = grown(o->tried, o->tried_count, sizeof *o->tried);
    o->tried[o->tried_count++] = unix_ns;
}

static void on_ended(void *context, struct talk *t, int64_t unix_ns, enum streams_end how, enum mqtt_role by) {
    struct following *s = context;
    struct followed *f = t->user;
    if (f == NULL)
        return;
    struct observed_connection *c = &s->out->connections[f->connection];
    c->ended_ns = unix_ns;
    c->how = how;
    c->by = by;
    c->lost = t->lost;
    c->too_large = t->too_large;
    c->deaf_ns = t->deaf_ns;
    memcpy(c->why_deaf, t->why_deaf, sizeof c->why_deaf);
    free(f);
    t->user = NULL;
}

/* --- messages ---------------------------------------------------------------------------------------------------------- */

/* The topic of a PUBLISH, through its alias where there is one; empty: the alias is not known. */
static struct bytes topic_of(struct observed *o, struct followed *f, const struct mqtt_packet *p) {
    struct bytes topic = p->publish.topic;
    unsigned alias = mqtt_properties_has(&p->properties, MQTT_TOPIC_ALIAS) ? p->properties.topic_alias : 0;
    o->uses_aliases = o->uses_aliases || alias > 0;
    if (alias == 0 || alias > ALIASES_MAX)
        return topic;
    struct bytes *known = &f->aliases[alias - 1];
    if (topic.size > 0 && !bytes_equal(topic, *known))
        *known = keep_bytes(o, topic);
    return *known;
}

static uint64_t property_hash(const struct mqtt_packet *p) {
    struct mqtt_properties n = p->properties;
    struct bytes rest = n.raw;
    struct mqtt_user_property user;
    uint64_t hash = n.present & ~((uint64_t)1 << MQTT_TOPIC_ALIAS);
    hash = hash_fold(hash, mqtt_properties_has(&n, MQTT_MESSAGE_EXPIRY_INTERVAL) ? n.message_expiry_interval : 0);
    hash = hash_fold(hash, hash_fnv1a64(n.content_type.data, n.content_type.size));
    hash = hash_fold(hash, hash_fnv1a64(n.response_topic.data, n.response_topic.size));
    hash = hash_fold(hash, hash_fnv1a64(n.correlation_data.data, n.correlation_data.size));
    while (mqtt_properties_next_user(&rest, &user)) {
        hash = hash_fold(hash, hash_fnv1a64(user.name.data, user.name.size));
        hash = hash_fold(hash, hash_fnv1a64(user.value.data, user.value.size));
    }
    return hash;
}

static void describe(struct observed *o, struct observed_stream *s, const struct mqtt_packet *p) {
    const struct mqtt_properties *n = &p->properties;
    if (mqtt_properties_has(n, MQTT_MESSAGE_EXPIRY_INTERVAL))
        s->message_expiry_s = n->message_expiry_interval;
    if (mqtt_properties_has(n, MQTT_CONTENT_TYPE))
        s->content_type = keep_text(o, n->content_type);
    if (mqtt_properties_has(n, MQTT_RESPONSE_TOPIC))
        s->response_topic = keep_text(o, n->response_topic);
    if (mqtt_properties_has(n, MQTT_CORRELATION_DATA))
        s->correlation_data = keep_bytes(o, n->correlation_data);
    s->user_properties = keep_user_properties(o, n->raw, &s->user_property_count);
}

/* The stream of a message, made if it is the first of its kind. NULL: there are too many. */
static struct observed_stream *stream_of(struct observed *o, struct bytes topic, const struct mqtt_packet *p) {
    uint64_t hash = p->version == MQTT_5_0 ? property_hash(p) : 0;
    uint64_t topic_hash = hash_fnv1a64(topic.data, topic.size);
    for (unsigned i = 0; i < o->stream_count; i++) {
        struct observed_stream *s = &o->streams[i];
        if (s->topic_hash == topic_hash && s->qos == p->publish.qos && s->retain == p->publish.retain &&
            is_text(topic, s->topic)) {
            s->varies = s->varies || s->property_hash != hash;
            return s;
        }
    }
    const char *kept = o->stream_count == OBSERVED_STREAMS_MAX ? "" : keep_text(o, topic);
    if (*kept == '\0')
        return NULL;
    o->streams = grown(o->streams, o->stream_count, sizeof *o->streams);
    struct observed_stream *s = &o->streams[o->stream_count++];
    *s = (struct observed_stream){.topic = kept,
                                  .qos = p->publish.qos,
                                  .retain = p->publish.retain,
                                  .topic_hash = topic_hash,
                                  .property_hash = hash};
    if (p->version == MQTT_5_0)
        describe(o, s, p);
    return s;
}

static void take_message(struct observed *o, struct followed *f, int64_t unix_ns, const struct mqtt_packet *p) {
    struct bytes topic = topic_of(o, f, p);
    if (p->publish.dup) {
        o->sent_again++;
        return;
    }
    struct observed_stream *s =
        topic.size == 0 || o->message_count == OBSERVED_MESSAGES_MAX ? NULL : stream_of(o, topic, p);
    if (s == NULL) {
        o->left_out++;
        return;
    }
    struct bytes payload = p->publish.payload;
    o->messages = grown(o->messages, o->message_count, sizeof *o->messages);
    struct observed_message *m = &o->messages[o->message_count++];
    *m = (struct observed_message){.unix_ns = unix_ns,
                                   .stream = (uint32_t)(s - o->streams),
                                   .connection = f->connection,
                                   .size = (uint32_t)payload.size,
                                   .number = o->message_count,
                                   .hash = hash_fnv1a64(payload.data, payload.size)};
    if (payload.size > 0 && o->payload_bytes + payload.size <= OBSERVED_PAYLOADS_MAX)
        m->payload = keep(o, payload.data, payload.size);
    if (m->payload != NULL)
        o->payload_bytes += payload.size;
    s->count++;
    o->connections[f->connection].messages++;
}

static void take_filters(struct observed *o, struct followed *f, int64_t unix_ns, const struct mqtt_packet *p) {
    const struct observed_connection *c = &o->connections[f->connection];
    struct bytes rest = p->subscribe.raw, ids = p->properties.raw;
    struct mqtt_filter one;
    uint32_t id = 0;
    if (p->version == MQTT_5_0)
        mqtt_properties_next_subscription(&ids, &id);
    while (mqtt_codec_next_filter(&rest, &one)) {
        unsigned i = 0;
        while (i < o->filter_count && !is_text(one.filter, o->filters[i].filter))
            i++;
        if (i == OBSERVED_FILTERS_MAX) {
            o->left_out++;
            return;
        }
        if (i == o->filter_count) {
            o->filters = grown(o->filters, o->filter_count, sizeof *o->filters);
            o->filters[o->filter_count++] =
                (struct observed_filter){.filter = keep_text(o, one.filter),
                                         .after_ns = unix_ns - (c->accepted_ns > 0 ? c->accepted_ns : c->connect_ns)};
        }
        struct observed_filter *known = &o->filters[i];
        known->qos = one.qos;
        known->retain_handling = one.retain_handling;
        known->no_local = one.no_local;
        known->retain_as_published = one.retain_as_published;
        known->id = id;
        known->times++;
    }
}

static void take_removals(struct observed *o, const struct mqtt_packet *p) {
    struct bytes rest = p->subscribe.raw, name;
    while (mqtt_codec_next_name(&rest, &name))
        for (unsigned i = 0; i < o->filter_count; i++)
            if (is_text(name, o->filters[i].filter))
                o->filters[i].removed = true;
}

static void take_incoming(struct observed *o, struct bytes topic) {
    unsigned i = 0;
    o->incoming_total++;
    while (i < o->incoming_count && !is_text(topic, o->incoming[i].topic))
        i++;
    if (i == OBSERVED_TOPICS_MAX || topic.size == 0)
        return;
    if (i == o->incoming_count) {
        o->incoming = grown(o->incoming, o->incoming_count, sizeof *o->incoming);
        o->incoming[o->incoming_count++] = (struct observed_topic){.topic = keep_text(o, topic)};
    }
    o->incoming[i].count++;
}

static void take_from_device(struct observed *o, struct followed *f, int64_t unix_ns, const struct mqtt_packet *p) {
    struct observed_connection *c = &o->connections[f->connection];
    if (p->type == MQTT_PUBLISH)
        take_message(o, f, unix_ns, p);
    else if (p->type == MQTT_SUBSCRIBE)
        take_filters(o, f, unix_ns, p);
    else if (p->type == MQTT_UNSUBSCRIBE)
        take_removals(o, p);
    else if (p->type == MQTT_PINGREQ)
        c->pings++;
    else if (p->type == MQTT_DISCONNECT)
        c->goodbye_ns = unix_ns;
}

static void take_from_server(struct observed *o, struct followed *f, int64_t unix_ns, const struct mqtt_packet *p) {
    struct observed_connection *c = &o->connections[f->connection];
    if (p->type == MQTT_CONNACK && c->accepted_ns == 0) {
        c->accepted_ns = unix_ns;
        c->reason = p->connack.reason_code;
        c->session_present = p->connack.session_present;
        if (o->assigned_id == NULL && mqtt_properties_has(&p->properties, MQTT_ASSIGNED_CLIENT_IDENTIFIER))
            o->assigned_id = keep_text(o, p->properties.assigned_client_identifier);
    } else if (p->type == MQTT_PUBLISH) {
        take_incoming(o, p->publish.topic);
    } else if (p->type == MQTT_DISCONNECT) {
        c->dismissed_ns = unix_ns;
        c->dismissal = p->ack.reason_code;
    }
}

static void on_said(void *context, struct talk *t, int64_t unix_ns, enum mqtt_role by, const struct mqtt_packet *p) {
    struct following *s = context;
    struct followed *f = t->user;
    if (f == NULL)
        return;
    s->out->connections[f->connection].last_ns = unix_ns;
    if (by == MQTT_CLIENT)
        take_from_device(s->out, f, unix_ns, p);
    else
        take_from_server(s->out, f, unix_ns, p);
}

/* --- all of it --------------------------------------------------------------------------------------------------------- */

static int by_time(const void *a, const void *b) {
    const struct observed_message *x = a, *y = b;
    if (x->unix_ns != y->unix_ns)
        return x->unix_ns < y->unix_ns ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

int observed_read(FILE *f, const struct observed_who *who, struct observed *out, struct talk_counts *counts,
                  char *why) {
    *out = (struct observed){0};
    struct following s = {out, who};
    struct talk_sink sink = {&s, on_begun, on_said, on_ended, on_tried};
    int error = talk_read(f, &sink, counts, why);
    if (error == 0 && out->message_count > 0)
        qsort(out->messages, out->message_count, sizeof *out->messages, by_time);
    return error;
}

void observed_free(struct observed *o) {
    while (o->memory != NULL) {
        struct observed_memory *piece = o->memory;
        o->memory = piece->next;
        free(piece);
    }
    free(o->connections);
    free(o->tried);
    free(o->streams);
    free(o->messages);
    free(o->filters);
    free(o->incoming);
    *o = (struct observed){0};
}
