#include "scenario/plan_streams.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/draw.h"
#include "base/suggest.h"
#include "device/payload.h"
#include "device/signal.h"
#include "scenario/include.h"
#include "scenario/plan_payload.h"
#include "scenario/plan_profiles.h"
#include "scenario/schema.h"
#include "scenario/signal_trace.h"
#include "scenario/value.h"

static void release_signal(void *what) {
    value_signal_free(what);
    free(what);
}

static void release_array(void *what) {
    free(what);
}

/* A trace lies beside the file that names it, or below. */
static void read_trace(const struct plan_build *b, const struct node *n, struct signal_trace *t) {
    char directory[PATH_MAX], path[2 * PATH_MAX],
        why[SIGNAL_TRACE_WHY_MAX] = "it is not below the scenario's directory";
    include_directory(n->mark.file == NULL ? "" : n->mark.file, directory, sizeof directory);
    snprintf(path, sizeof path, "%s/%s", directory, t->file);
    bool below = t->file[0] != '/' && strstr(t->file, "..") == NULL;
    if (!below || signal_trace_read(path, t, why) != 0) {
        static const double nothing[1] = {0};
        diagnostic_add(b->found, "E114", n->mark, "cannot use the trace '%s': %s", t->file, why);
        t->seconds = t->values = nothing;
        t->count = 1;
        return;
    }
    plan_memory_defer(b->memory, release_array, (void *)(uintptr_t)t->seconds);
    plan_memory_defer(b->memory, release_array, (void *)(uintptr_t)t->values);
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
        if (signals[i].kind == SIGNAL_TRACE)
            read_trace(b, map->entries[i].value, &signals[i].of.trace);
        g->signals_evolve = g->signals_evolve || signal_evolves(&signals[i]);
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
    if (wanted && t->format != NULL && t->format->has_mark)
        return MARK_TEMPLATE;
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

/* --- when they are due ---------------------------------------------------------------------------------------------- */

/* A plain duration J means U(0, J). Clock errors go to both sides. */
static struct dist jitter_of(const struct node *n) {
    struct dist jitter = value_dist_at(n, "fleets.*.telemetry.jitter");
    if (jitter.kind == DIST_CONSTANT && jitter.a > 0)
        jitter = (struct dist){.kind = DIST_UNIFORM, .a = 0, .b = jitter.a};
    jitter.cut_at_zero = false;
    return jitter;
}

static void read_shape(const struct plan_build *b, const struct node *n, struct daily *shape) {
    if (n == NULL || n->kind != NODE_MAP)
        return;
    *shape = (struct daily){.on = true,
                            .day = value_number_at(n, "fleets.*.telemetry.shape.day"),
                            .day_peak = value_span_at(n, "fleets.*.telemetry.shape.day_peak"),
                            .half_day = value_number_at(n, "fleets.*.telemetry.shape.half_day"),
                            .half_day_peak = value_span_at(n, "fleets.*.telemetry.shape.half_day_peak"),
                            .weekend = value_number_at(n, "fleets.*.telemetry.shape.weekend")};
    if (shape->day + shape->half_day > 1)
        diagnostic_help(
            diagnostic_add(b->found, "E205", n->mark,
                           "`day` and `half_day` are more than 100 %% together: the rate would be negative"),
            "make one of them smaller");
}

static void read_motion(const struct node *n, struct motion *m) {
    if (n == NULL || n->kind != NODE_MAP)
        return;
    *m = (struct motion){.trips = (uint16_t)value_integer_at(n, "fleets.*.telemetry.motion.trips"),
                         .moving = value_span_at(n, "fleets.*.telemetry.motion.moving"),
                         .still = value_span_at(n, "fleets.*.telemetry.motion.still")};
}

static void read_trigger(const struct plan_build *b, const struct node *n, const struct stream_names *signals,
                         struct trigger *t) {
    if (n == NULL || n->kind != NODE_MAP)
        return;
    const char *name = value_text_at(n, "fleets.*.telemetry.trigger.signal");
    unsigned i = 0;
    while (i < signals->count && strcmp(signals->names[i], name) != 0)
        i++;
    if (i == signals->count) {
        const struct node *where = node_get(n, "signal");
        diagnostic_suggest(diagnostic_add(b->found, "E301", where->mark, "the fleet has no signal '%s'", name),
                           suggest_nearest(name, (const char **)(uintptr_t)signals->names, signals->count));
        return;
    }
    *t = (struct trigger){.on = true,
                          .signal = (uint8_t)i,
                          .change = value_number_at(n, "fleets.*.telemetry.trigger.change"),
                          .has_above = value_given(n, "fleets.*.telemetry.trigger.above"),
                          .has_below = value_given(n, "fleets.*.telemetry.trigger.below"),
                          .at_least = value_span_at(n, "fleets.*.telemetry.trigger.at_least")};
    if (t->has_above)
        t->above = value_number_at(n, "fleets.*.telemetry.trigger.above");
    if (t->has_below)
        t->below = value_number_at(n, "fleets.*.telemetry.trigger.below");
    if (!t->has_above && !t->has_below && t->change == 0 && t->at_least == 0)
        diagnostic_help(diagnostic_add(b->found, "W401", n->mark, "a trigger without a cause sends one message only"),
                        "give `change`, `above`, `below` or `at_least`");
}

/* Two ways to say when a message is due exclude each other. */
static void refuse_mixtures(const struct plan_build *b, const struct node *n, const struct telemetry *t) {
    bool jitters = t->jitter.kind != DIST_CONSTANT, aligned = t->alignment != ALIGN_NONE, moves = t->motion.trips > 0;
    const struct {
        bool wrong;
        const char *key, *why;
    } rows[] = {
        {jitters && !dist_is_constant(&t->every), "jitter", "`jitter` goes with a constant `every`"},
        {jitters && (t->shape.on || moves), "jitter", "`jitter` does not go with `shape` or `motion`"},
        {t->shape.on && (aligned || moves), "shape", "`shape` goes with neither `alignment` nor `motion`"},
        {moves && aligned, "motion", "`motion` does not go with `alignment`"},
        {t->pace == PACE_CLOSED && (jitters || t->shape.on || moves || t->trigger.on), "pace",
         "pace closed takes no `jitter`, `shape`, `motion` or `trigger`: the answers decide when"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].wrong) {
            const struct node *at = node_get(n, rows[i].key);
            diagnostic_add(b->found, "E209", at == NULL ? n->mark : at->mark, "%s", rows[i].why);
        }
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
    if (t->alignment != ALIGN_NONE)
        refuse_with_messages(b, stream, "alignment");
    if (t->format != NULL)
        diagnostic_add(b->found, "E209", node_get(stream, "payload")->mark,
                       "a payload in a format does not go with `messages`, which have payloads of their own");
    static const char *const ours[] = {"jitter", "shape", "motion", "trigger"};
    for (size_t i = 0; i < COUNT_OF(ours); i++)
        if (node_get(stream, ours[i]) != NULL)
            refuse_with_messages(b, stream, ours[i]);
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
    t->alignment = (enum telemetry_alignment)value_word_at(n, "fleets.*.telemetry.alignment");
    if (messages != NULL && messages->count > 0) {
        read_messages(b, n, signals, t);
        return;
    }
    t->every = value_dist_at(n, "fleets.*.telemetry.every");
    t->has_first = value_given(n, "fleets.*.telemetry.first");
    t->first = value_span_at(n, "fleets.*.telemetry.first");
    if (t->has_first && (t->pace == PACE_CLOSED || t->alignment != ALIGN_NONE))
        diagnostic_add(b->found, "E419", node_get(n, "first")->mark,
                       "'first' goes with an open schedule that is not aligned");
    t->jitter = jitter_of(n);
    read_shape(b, node_get(n, "shape"), &t->shape);
    read_motion(node_get(n, "motion"), &t->motion);
    read_trigger(b, node_get(n, "trigger"), signals, &t->trigger);
    refuse_mixtures(b, n, t);
}

static void read_stream(const struct plan_build *b, const struct node *n, const struct fleet_group *g,
                        const struct stream_names *signals, struct telemetry *t) {
    t->topic = message_template(b, n, "fleets.*.telemetry.topic", signals);
    t->format = plan_payload_format(b, node_get(n, "payload"), g);
    if (t->format == NULL)
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
        g->triggers = g->triggers || streams[i].trigger.on;
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
