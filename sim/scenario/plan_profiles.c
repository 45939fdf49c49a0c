#include "scenario/plan_profiles.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "device/reconnect.h"
#include "scenario/plan_power.h"
#include "scenario/plan_tls.h"
#include "scenario/schema.h"
#include "scenario/value.h"

static void release_template(void *what) {
    template_free(what);
    free(what);
}

struct template plan_profiles_template(const struct plan_build *b, const char *text, unsigned scope,
                                       const char *const *signals, unsigned signal_count) {
    struct template t = {0};
    struct template_error error;
    if (text == NULL || text[0] == '\0')
        return t;
    CHECK(template_compile(text, scope, signals, signal_count, &t, &error) == 0);
    struct template *owned = calloc(1, sizeof *owned); /* copies of it borrow the same tokens */
    CHECK(owned != NULL);
    *owned = t;
    plan_memory_defer(b->memory, release_template, owned);
    return t;
}

static struct template template_at(const struct plan_build *b, const struct node *map, const char *pattern) {
    return plan_profiles_template(b, value_text_at(map, pattern), schema_find(pattern)->scope, NULL, 0);
}

const struct mqtt_user_property *plan_profiles_properties(const struct plan_build *b, const struct node *map,
                                                          unsigned *count) {
    *count = 0;
    if (map == NULL || map->kind != NODE_MAP || map->count == 0)
        return NULL;
    struct mqtt_user_property *properties = plan_memory_take(b->memory, map->count, sizeof *properties);
    for (size_t i = 0; i < map->count; i++) {
        const char *value = node_text(map->entries[i].value);
        properties[i].name = plan_memory_bytes(b->memory, map->entries[i].key);
        properties[i].value = plan_memory_bytes(b->memory, value == NULL ? "" : value);
    }
    *count = (unsigned)map->count;
    return properties;
}

static uint32_t seconds_at(const struct node *map, const char *pattern) {
    return (uint32_t)(value_span_at(map, pattern) / SPAN_S);
}

/* --- profiles ------------------------------------------------------------------------------------------------------- */

static void read_mqtt(const struct plan_build *b, const struct node *mqtt, struct mqtt_config *c) {
    c->keepalive_s = (uint16_t)seconds_at(mqtt, "profiles.*.mqtt.keepalive");
    c->clean_start = value_bool_at(mqtt, "profiles.*.mqtt.clean_start");
    bool never = value_word_at(mqtt, "profiles.*.mqtt.session_expiry") >= 0;
    c->session_expiry_s = never ? UINT32_MAX : seconds_at(mqtt, "profiles.*.mqtt.session_expiry");
    c->receive_maximum = (uint16_t)value_integer_at(mqtt, "profiles.*.mqtt.receive_maximum");
    c->maximum_packet_size = (uint32_t)value_number_at(mqtt, "profiles.*.mqtt.maximum_packet_size");
    c->topic_alias_maximum = (uint16_t)value_integer_at(mqtt, "profiles.*.mqtt.topic_alias_maximum");
    c->use_topic_aliases = value_bool_at(mqtt, "profiles.*.mqtt.topic_aliases");
    c->inflight_max = (uint16_t)value_integer_at(mqtt, "profiles.*.mqtt.inflight");
    c->request_response_information = value_bool_at(mqtt, "profiles.*.mqtt.request_response_information");
    c->no_problem_information = !value_bool_at(mqtt, "profiles.*.mqtt.request_problem_information");
    c->drop_on_session_lost = value_word_at(mqtt, "profiles.*.mqtt.on_session_lost") == 1;
    c->user_properties = plan_profiles_properties(b, node_get(mqtt, "user_properties"), &c->user_property_count);
    const struct node *auth = node_get(mqtt, "auth");
    if (auth == NULL)
        return;
    const char *data = value_text_at(auth, "profiles.*.mqtt.auth.data");
    c->authentication_method = plan_memory_bytes(b->memory, value_text_at(auth, "profiles.*.mqtt.auth.method"));
    if (data != NULL)
        c->authentication_data = plan_memory_bytes(b->memory, data);
}

static void read_will(const struct plan_build *b, const struct node *will, struct profile *p) {
    if (will == NULL)
        return;
    p->will_topic = template_at(b, will, "profiles.*.mqtt.will.topic");
    p->will_payload = template_at(b, will, "profiles.*.mqtt.will.payload");
    p->will_qos = (uint8_t)value_integer_at(will, "profiles.*.mqtt.will.qos");
    p->will_retain = value_bool_at(will, "profiles.*.mqtt.will.retain");
    p->will_delay_s = seconds_at(will, "profiles.*.mqtt.will.delay");
    p->will_expiry_s = seconds_at(will, "profiles.*.mqtt.will.expiry");
}

/* The policy is a rule, whose values are those of the reference, or a personality, which brings its own. Keys that are given win. */
static void read_reconnect(const struct node *n, struct reconnect *r) {
    const struct reconnect_personality *who = reconnect_personality(value_text_at(n, "profiles.*.reconnect.policy"));
    if (who != NULL)
        *r = who->values;
    else
        r->policy = (enum reconnect_policy)value_word_at(n, "profiles.*.reconnect.policy");
#define WANTED(key) (who == NULL || value_given(n, "profiles.*.reconnect." key))
    if (WANTED("jitter"))
        r->jitter = (enum reconnect_jitter)value_word_at(n, "profiles.*.reconnect.jitter");
    if (WANTED("first"))
        r->first = value_span_at(n, "profiles.*.reconnect.first");
    if (WANTED("max"))
        r->max = value_span_at(n, "profiles.*.reconnect.max");
    if (WANTED("factor"))
        r->factor = value_number_at(n, "profiles.*.reconnect.factor");
    if (WANTED("repeat"))
        r->repeat = (uint32_t)value_integer_at(n, "profiles.*.reconnect.repeat");
    if (WANTED("at_once"))
        r->at_once = value_bool_at(n, "profiles.*.reconnect.at_once");
    if (WANTED("spread"))
        r->spread = value_span_at(n, "profiles.*.reconnect.spread");
    if (WANTED("attempts"))
        r->attempts = (uint32_t)value_integer_at(n, "profiles.*.reconnect.attempts");
    if (WANTED("reset_after"))
        r->reset_after = value_span_at(n, "profiles.*.reconnect.reset_after");
#undef WANTED
}

static void read_timeouts(const struct node *n, struct profile *p) {
    p->timeouts.connect = value_span_at(n, "profiles.*.timeouts.connect");
    p->timeouts.handshake = value_span_at(n, "profiles.*.timeouts.handshake");
    p->timeouts.stream = value_span_at(n, "profiles.*.timeouts.stream");
    p->mqtt.connack_timeout = value_span_at(n, "profiles.*.timeouts.connack");
    p->mqtt.suback_timeout = value_span_at(n, "profiles.*.timeouts.suback");
    p->mqtt.ping_timeout = value_span_at(n, "profiles.*.timeouts.ping");
    p->mqtt.ack_timeout = value_span_at(n, "profiles.*.timeouts.ack");
}

static void read_commands(const struct plan_build *b, const struct node *n, struct commands *c) {
    if (n == NULL || n->kind != NODE_MAP)
        return;
    c->on = true;
    c->topic = template_at(b, n, "profiles.*.commands.topic");
    c->reply_topic = template_at(b, n, "profiles.*.commands.reply_topic");
    c->payload = template_at(b, n, "profiles.*.commands.payload");
    c->qos = (uint8_t)value_integer_at(n, "profiles.*.commands.qos");
    c->reply_qos = (uint8_t)value_integer_at(n, "profiles.*.commands.reply_qos");
    c->reply = (enum command_reply)value_word_at(n, "profiles.*.commands.reply");
    c->then = (enum command_then)value_word_at(n, "profiles.*.commands.then");
    c->delay = value_dist_at(n, "profiles.*.commands.delay");
}

struct profile *plan_profiles_make(const struct plan_build *b, const char *name, const char *protocol) {
    struct profile *p = plan_memory_take(b->memory, 1, sizeof *p);
    const struct node *n = name == NULL ? NULL : node_get(node_get(b->root, "profiles"), name);
    const struct node *mqtt = node_get(n, "mqtt"), *buffer = node_get(n, "buffer");
    p->name = plan_memory_text(b->memory, name == NULL ? PLAN_PROFILES_UNNAMED : name);
    int word = protocol != NULL ? schema_word(schema_find("profiles.*.protocol"), protocol)
                                : value_word_at(n, "profiles.*.protocol");
    read_mqtt(b, mqtt, &p->mqtt);
    p->mqtt.version = word == 0 ? MQTT_3_1_1 : MQTT_5_0;
    read_will(b, node_get(mqtt, "will"), p);
    read_reconnect(node_get(n, "reconnect"), &p->reconnect);
    p->buffer.messages = (uint32_t)value_integer_at(buffer, "profiles.*.buffer.messages");
    p->buffer.on_full = (enum buffer_policy)value_word_at(buffer, "profiles.*.buffer.on_full");
    p->buffer.keep_qos0 = value_bool_at(buffer, "profiles.*.buffer.qos0");
    double forward = value_number_at(buffer, "profiles.*.buffer.forward");
    p->buffer.forward_gap = forward > 0 ? (span)((double)SPAN_S / forward) : 0;
    read_timeouts(node_get(n, "timeouts"), p);
    p->tls_resume_ppm = (uint32_t)(value_number_at(node_get(n, "tls"), "profiles.*.tls.resume") * 1e6 + 0.5);
    read_commands(b, node_get(n, "commands"), &p->commands);
    const struct node *clock = node_get(n, "clock");
    p->clock = (struct clock_model){.drift_ppm = value_number_at(clock, "profiles.*.clock.drift"),
                                    .sync = value_span_at(clock, "profiles.*.clock.sync"),
                                    .cold_boot = value_bool_at(clock, "profiles.*.clock.cold_boot")};
    plan_power_profile(b, n, p);
    return p;
}

/* --- identities --------------------------------------------------------------------------------------------------- */

const struct identity *plan_profiles_identity(const struct plan_build *b, const char *name) {
    if (name == NULL)
        return NULL;
    const struct node *n = node_get(node_get(b->root, "identities"), name);
    struct identity *made = plan_memory_take(b->memory, 1, sizeof *made);
    int kind = value_word_at(n, "identities.*.kind");
    bool password = kind != 0;
    made->name = plan_memory_text(b->memory, name);
    made->client_id = template_at(b, n, "identities.*.client_id");
    if (made->client_id.count == 0) { /* given as "": the server assigns one, which is not the same as no template */
        made->client_id.tokens = plan_memory_take(b->memory, 1, sizeof *made->client_id.tokens);
        made->client_id.count = 1;
    }
    made->has_user = password && value_given(n, "identities.*.user");
    made->has_password = password && value_given(n, "identities.*.password");
    if (made->has_user)
        made->user = template_at(b, n, "identities.*.user");
    if (made->has_password)
        made->password = template_at(b, n, "identities.*.password");
    if (kind == 2) {
        made->certificate = plan_tls_path(b, node_get(n, "certificate"));
        made->private_key = plan_tls_path(b, node_get(n, "private_key"));
    }
    made->has_psk = kind == 3;
    if (made->has_psk && value_given(n, "identities.*.psk_id"))
        made->psk_id = template_at(b, n, "identities.*.psk_id");
    if (made->has_psk && value_given(n, "identities.*.psk_key"))
        made->psk_key = template_at(b, n, "identities.*.psk_key");
    plan_tls_identity(b, n, made);
    return made;
}
