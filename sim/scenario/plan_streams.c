#include "scenario/plan_streams.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/draw.h"
#include "device/payload.h"
#include "scenario/plan_profiles.h"
#include "scenario/schema.h"
#include "scenario/value.h"

static void release_signal(void *what) {
    value_signal_free(what);
    free(what);
}

void plan_streams_signals(const struct plan_build *b, const struct node *fleet, struct fleet_group *g) {
    const struct node *map = node_get(fleet, "signals");
    if (map == NULL || map->kind != NODE_MAP)
        return;
    if (map->count > TEMPLATE_SIGNALS_MAX) {
        diagnostic_add(b->found, "E406", map->mark, "fleets.%s has more than %d signals", g->fleet,
                       TEMPLATE_SIGNALS_MAX);
        return;
    }
    struct signal *signals = plan_memory_take(b->memory, map->count, sizeof *signals);
    for (size_t i = 0; i < map->count; i++) {
        char why[VALUE_WHY_MAX];
        struct signal *owned = calloc(1, sizeof *owned);
        CHECK(owned != NULL && value_signal(node_text(map->entries[i].value), owned, why) == 0);
        plan_memory_defer(b->memory, release_signal, owned);
        signals[i] = *owned;
        signals[i].name = plan_memory_text(b->memory, map->entries[i].key);
        signals[i].stream = draw_stream_named("signal", signals[i].name);
    }
    g->signals = signals;
    g->signal_count = (unsigned)map->count;
}

/* --- telemetry ------------------------------------------------------------------------------------------------------ */

struct stream_names {
    const char *names[TEMPLATE_SIGNALS_MAX];
    unsigned count;
};

static struct template message_template(const struct plan_build *b, const struct node *n, const char *pattern,
                                        const struct stream_names *signals) {
    return plan_profiles_template(b, value_text_at(n, pattern), schema_find(pattern)->scope, signals->names,
                                  signals->count);
}

/* Of a stream that lists its messages, a place that all of them have. */
static enum mark_place mark_of(const struct telemetry *t, const struct profile *p, bool wanted) {
    unsigned in_template = 0, at_head = 0, payloads = t->message_count > 0 ? t->message_count : 1;
    for (unsigned i = 0; i < payloads; i++) {
        in_template += t->message_count > 0 ? t->messages[i].payload.has_mark : t->payload.has_mark;
        at_head += (t->message_count > 0 ? t->messages[i].random_size : t->random_size) >= PAYLOAD_MARK_SIZE;
    }
    if (!wanted)
        return MARK_NONE;
    if (in_template == payloads)
        return MARK_TEMPLATE;
    if (at_head == payloads)
        return MARK_HEAD;
    return p->mqtt.version == MQTT_5_0 ? MARK_PROPERTY : MARK_NONE;
}

static uint32_t random_size_of(const struct template *payload) {
    bool random = payload->count == 1 && payload->tokens[0].kind == TEMPLATE_RANDOM;
    return random ? payload->tokens[0].size : 0;
}

static void refuse_with_messages(const struct plan_build *b, const struct node *stream, const char *key) {
    diagnostic_help(diagnostic_add(b->found, "E419", node_get(stream, key)->mark,
                                   "'%s' and 'messages' exclude each other: listed messages have their times", key),
                    "leave '%s' out, or use `every`", key);
}

/* Listed messages have a mean gap as well, by which loads and sizes are estimated. */
static void read_messages(const struct plan_build *b, const struct node *stream, const struct stream_names *signals,
                          struct telemetry *t) {
    const struct node *list = node_get(stream, "messages");
    struct telemetry_message *messages = plan_memory_take(b->memory, list->count, sizeof *messages);
    for (size_t i = 0; i < list->count; i++) {
        const struct node *one = list->entries[i].value;
        bool own = node_get(one, "payload") != NULL;
        messages[i].at = value_span_at(one, "fleets.*.telemetry.messages.[].at");
        messages[i].payload =
            own ? message_template(b, one, "fleets.*.telemetry.messages.[].payload", signals) : t->payload;
        messages[i].random_size = random_size_of(&messages[i].payload);
        if (i > 0 && messages[i].at < messages[i - 1].at)
            diagnostic_help(diagnostic_add(b->found, "E419", node_get(one, "at")->mark,
                                           "this message is due before the one above it"),
                            "list messages in the order of their times");
    }
    if (t->pace == PACE_CLOSED)
        refuse_with_messages(b, stream, "pace");
    if (t->alignment == ALIGN_WALLCLOCK)
        refuse_with_messages(b, stream, "alignment");
    if (value_word_at(stream, "fleets.*.telemetry.schedule") == 1)
        refuse_with_messages(b, stream, "schedule");
    t->messages = messages;
    t->message_count = (unsigned)list->count;
    t->every = (struct dist){.kind = DIST_CONSTANT, .a = (double)b->plan->duration / (double)list->count};
}

static void read_times(const struct plan_build *b, const struct node *n, const struct stream_names *signals,
                       struct telemetry *t) {
    const struct node *messages = node_get(n, "messages");
    t->pace = value_word_at(n, "fleets.*.telemetry.pace") == 1 ? PACE_CLOSED : PACE_OPEN;
    t->alignment = value_word_at(n, "fleets.*.telemetry.alignment") == 1 ? ALIGN_WALLCLOCK : ALIGN_NONE;
    if (messages != NULL && messages->count > 0) {
        read_messages(b, n, signals, t);
        return;
    }
    t->every = value_dist_at(n, "fleets.*.telemetry.every");
    t->has_first = value_given(n, "fleets.*.telemetry.first");
    t->first = value_span_at(n, "fleets.*.telemetry.first");
    if (t->has_first && (t->pace == PACE_CLOSED || t->alignment == ALIGN_WALLCLOCK))
        diagnostic_add(b->found, "E419", node_get(n, "first")->mark,
                       "'first' goes with an open schedule that is not aligned to the clock");
}

static void read_stream(const struct plan_build *b, const struct node *n, const struct fleet_group *g,
                        const struct stream_names *signals, struct telemetry *t) {
    t->topic = message_template(b, n, "fleets.*.telemetry.topic", signals);
    t->payload = message_template(b, n, "fleets.*.telemetry.payload", signals);
    t->random_size = random_size_of(&t->payload);
    read_times(b, n, signals, t);
    t->qos = (uint8_t)value_integer_at(n, "fleets.*.telemetry.qos");
    t->retain = value_bool_at(n, "fleets.*.telemetry.retain");
    t->mark = (uint8_t)mark_of(t, g->profile, value_word_at(n, "fleets.*.telemetry.audit") == 0);
    t->message_expiry_s = (uint32_t)(value_span_at(n, "fleets.*.telemetry.message_expiry") / SPAN_S);
    t->content_type = message_template(b, n, "fleets.*.telemetry.content_type", signals);
    t->response_topic = message_template(b, n, "fleets.*.telemetry.response_topic", signals);
    t->correlation_data = message_template(b, n, "fleets.*.telemetry.correlation_data", signals);
    t->user_properties = plan_profiles_properties(b, node_get(n, "user_properties"), &t->user_property_count);
}

bool plan_streams_telemetry(const struct plan_build *b, const struct node *fleet, struct fleet_group *g) {
    const struct node *n = node_get(fleet, "telemetry");
    if (n == NULL || (n->kind == NODE_SCALAR))
        return false;
    size_t count = n->kind == NODE_LIST ? n->count : 1, restarts = 0;
    if (count > PLAN_STREAMS_MAX) {
        diagnostic_add(b->found, "E406", n->mark, "fleets.%s has more than %d telemetry streams", g->fleet,
                       PLAN_STREAMS_MAX);
        return false;
    }
    struct stream_names signals = {.count = g->signal_count};
    for (unsigned i = 0; i < g->signal_count && i < TEMPLATE_SIGNALS_MAX; i++)
        signals.names[i] = g->signals[i].name;
    struct telemetry *streams = plan_memory_take(b->memory, count, sizeof *streams);
    for (size_t i = 0; i < count; i++) {
        const struct node *one = n->kind == NODE_LIST ? n->entries[i].value : n;
        streams[i].name = plan_memory_format(b->memory, "%zu", i);
        read_stream(b, one, g, &signals, &streams[i]);
        restarts += value_word_at(one, "fleets.*.telemetry.schedule") == 1;
    }
    if (restarts > 0 && restarts < count)
        diagnostic_help(
            diagnostic_add(b->found, "E406", n->mark,
                           "streams of fleets.%s differ in schedule: either all restart on connect, or none", g->fleet),
            "put the streams into fleets of their own");
    g->telemetry = streams;
    g->telemetry_count = (unsigned)count;
    return restarts > 0;
}

/* --- subscriptions -------------------------------------------------------------------------------------------------- */

static void read_filter(const struct plan_build *b, const struct node *n, struct subscription *s) {
    unsigned scope = schema_find("fleets.*.subscribe.[].filter")->scope;
    if (n->kind == NODE_SCALAR) {
        s->filter = plan_profiles_template(b, n->text, scope, NULL, 0);
        return;
    }
    s->filter = plan_profiles_template(b, value_text_at(n, "fleets.*.subscribe.[].filter"), scope, NULL, 0);
    s->qos = (uint8_t)value_integer_at(n, "fleets.*.subscribe.[].qos");
    s->no_local = value_bool_at(n, "fleets.*.subscribe.[].no_local");
    s->retain_handling = (uint8_t)value_integer_at(n, "fleets.*.subscribe.[].retain_handling");
    s->retain_as_published = value_bool_at(n, "fleets.*.subscribe.[].retain_as_published");
    s->id = (uint32_t)value_integer_at(n, "fleets.*.subscribe.[].id");
}

/* The filters of the fleet, and after them the topic of the profile's commands. */
void plan_streams_subscriptions(const struct plan_build *b, const struct node *fleet, struct fleet_group *g) {
    const struct node *n = node_get(fleet, "subscribe");
    const struct commands *commands = &g->profile->commands;
    size_t listed = n != NULL && n->kind == NODE_LIST ? n->count : 0, count = listed + commands->on;
    if (count == 0)
        return;
    if (count > PLAN_STREAMS_FILTERS_MAX) {
        diagnostic_add(b->found, "E406", n->mark, "fleets.%s subscribes to more than %d filters%s", g->fleet,
                       PLAN_STREAMS_FILTERS_MAX, commands->on ? ", with the one of its commands" : "");
        return;
    }
    struct subscription *filters = plan_memory_take(b->memory, count, sizeof *filters);
    for (size_t i = 0; i < listed; i++)
        read_filter(b, n->entries[i].value, &filters[i]);
    if (commands->on)
        filters[listed] = (struct subscription){.filter = commands->topic, .qos = commands->qos};
    g->subscriptions = filters;
    g->subscription_count = (unsigned)count;
}
