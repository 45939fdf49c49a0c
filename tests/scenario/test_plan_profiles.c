#include "scenario/plan_profiles.h"

#include <string.h>

#include "compiled.h"
#include "harness.h"

static const char text[] = "duration: 1min\n"
                           "networks: {slow: {rtt: 200ms, loss: 0.5%, up: 16kbps}}\n"
                           "identities:\n"
                           "  keyed: {kind: password, client_id: \"c-${device.index}\", user: \"${device.id}\", "
                           "password: \"hmac(${secret.K}, ${device.id})\"}\n"
                           "  assigned: {client_id: \"\"}\n"
                           "profiles:\n"
                           "  base:\n"
                           "    protocol: mqtt5\n"
                           "    mqtt: {keepalive: 90s, clean_start: false, session_expiry: never, inflight: 3, "
                           "maximum_packet_size: 2KiB, user_properties: {fw: 1.2},\n"
                           "      will: {topic: \"gone/${device.id}\", payload: bye, qos: 1, retain: true, delay: "
                           "30s}, auth: {method: M, data: D},\n"
                           "      request_problem_information: false, on_session_lost: drop}\n"
                           "    reconnect: {policy: quadratic, first: 2s, max: 1min, jitter: equal, spread: 3s, "
                           "attempts: 4, reset_after: 20s}\n"
                           "    buffer: {messages: 7, on_full: drop_newest, qos0: true, forward: 4/s}\n"
                           "    timeouts: {connect: 1s, connack: 2s, suback: 3s, ping: 4s, ack: 5s, stream: 6s}\n"
                           "fleets:\n"
                           "  a: {count: 1, profile: base, network: slow, identity: keyed}\n"
                           "  b: {count: 1, protocol: mqtt311, identity: assigned}\n"
                           "  c: {count: 1}\n";

static void every_key_of_a_profile_arrives(void) {
    struct compiled c = compiled_of(text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    const struct profile *p = c.plan->groups[0].profile;
    CU_ASSERT_TRUE(p->mqtt.version == MQTT_5_0 && p->mqtt.keepalive_s == 90 && !p->mqtt.clean_start);
    CU_ASSERT_TRUE(p->mqtt.session_expiry_s == UINT32_MAX && p->mqtt.inflight_max == 3 &&
                   p->mqtt.maximum_packet_size == 2048);
    CU_ASSERT_TRUE(p->mqtt.no_problem_information && p->mqtt.drop_on_session_lost && p->mqtt.user_property_count == 1);
    CU_ASSERT_TRUE(bytes_equal(p->mqtt.user_properties[0].name, bytes_of_text("fw")));
    CU_ASSERT_TRUE(bytes_equal(p->mqtt.user_properties[0].value, bytes_of_text("1.2")));
    CU_ASSERT_TRUE(bytes_equal(p->mqtt.authentication_method, bytes_of_text("M")));
    CU_ASSERT_TRUE(bytes_equal(p->mqtt.authentication_data, bytes_of_text("D")));
    CU_ASSERT_TRUE(p->will_topic.count == 2 && p->will_payload.count == 1 && p->will_qos == 1 && p->will_retain &&
                   p->will_delay_s == 30);
    CU_ASSERT_TRUE(p->reconnect.policy == RECONNECT_QUADRATIC && p->reconnect.jitter == JITTER_EQUAL);
    CU_ASSERT_TRUE(p->reconnect.first == 2 * SPAN_S && p->reconnect.max == 60 * SPAN_S &&
                   p->reconnect.spread == 3 * SPAN_S);
    CU_ASSERT_TRUE(p->reconnect.attempts == 4 && p->reconnect.reset_after == 20 * SPAN_S);
    CU_ASSERT_TRUE(p->buffer.messages == 7 && p->buffer.on_full == BUFFER_DROP_NEWEST && p->buffer.keep_qos0 &&
                   p->buffer.forward_gap == SPAN_S / 4);
    CU_ASSERT_TRUE(p->timeouts.connect == SPAN_S && p->mqtt.connack_timeout == 2 * SPAN_S &&
                   p->mqtt.suback_timeout == 3 * SPAN_S);
    CU_ASSERT_TRUE(p->mqtt.ping_timeout == 4 * SPAN_S && p->mqtt.ack_timeout == 5 * SPAN_S &&
                   p->timeouts.stream == 6 * SPAN_S);
    compiled_free(&c);
}

static void defaults_are_those_of_the_reference(void) {
    struct compiled c = compiled_of(text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    const struct profile *p = c.plan->groups[2].profile;
    CU_ASSERT_TRUE(p->mqtt.version == MQTT_5_0 && p->mqtt.keepalive_s == 60 && p->mqtt.clean_start &&
                   p->mqtt.inflight_max == 20);
    CU_ASSERT_TRUE(p->reconnect.policy == RECONNECT_EXPONENTIAL && p->reconnect.jitter == JITTER_FULL &&
                   p->reconnect.attempts == 0);
    CU_ASSERT_TRUE(p->buffer.messages == 100 && p->buffer.on_full == BUFFER_DROP_OLDEST && !p->buffer.keep_qos0);
    CU_ASSERT_TRUE(p->timeouts.connect == 10 * SPAN_S && p->mqtt.ack_timeout == 0 &&
                   p->timeouts.stream == 900 * SPAN_S);
    CU_ASSERT_PTR_NULL(c.plan->groups[2].network);
    CU_ASSERT_PTR_NULL(c.plan->groups[2].identity);
    CU_ASSERT_EQUAL(c.plan->groups[1].profile->mqtt.version, MQTT_3_1_1);
    compiled_free(&c);
}

static void a_personality_stands_for_all_values_but_those_that_are_given(void) {
    struct compiled c = compiled_of("duration: 1min\n"
                                    "profiles:\n"
                                    "  ios: {reconnect: {policy: expo}}\n"
                                    "  mender: {reconnect: {policy: step-60, max: 4min, attempts: 12}}\n"
                                    "  ours: {extends: ios, reconnect: {jitter: equal, spread: 5s}}\n"
                                    "  steps: {reconnect: {repeat: 2, at_once: true}}\n"
                                    "fleets: {a: {count: 8, mix: {ios: 25%, mender: 25%, ours: 25%, steps: 25%}}}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    CU_ASSERT_EQUAL_FATAL(c.plan->group_count, 4);
    for (unsigned i = 0; i < 4; i++) {
        const struct profile *p = c.plan->groups[i].profile;
        const struct reconnect *r = &p->reconnect;
        CU_ASSERT(r->policy == RECONNECT_EXPONENTIAL && r->factor == 2);
        if (strcmp(p->name, "ios") == 0)
            CU_ASSERT(r->jitter == JITTER_NONE && r->max == 128 * SPAN_S && r->reset_after == 20 * SPAN_S &&
                      r->spread == 0 && r->attempts == 0);
        if (strcmp(p->name, "mender") == 0)
            CU_ASSERT(r->first == SPAN_MIN && r->repeat == 3 && r->max == 4 * SPAN_MIN && r->attempts == 12);
        if (strcmp(p->name, "ours") == 0)
            CU_ASSERT(r->jitter == JITTER_EQUAL && r->spread == 5 * SPAN_S && r->max == 128 * SPAN_S);
        if (strcmp(p->name, "steps") == 0)
            CU_ASSERT(r->repeat == 2 && r->at_once && r->jitter == JITTER_FULL);
    }
    compiled_free(&c);
}

static void networks_and_identities_arrive(void) {
    struct compiled c = compiled_of(text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    const struct network *n = c.plan->groups[0].network;
    CU_ASSERT_TRUE(dist_is_constant(&n->rtt) && n->rtt.a == 2e8 && n->loss_ppm == 5000 && n->up_bps == 16000 &&
                   n->down_bps == 0);
    const struct identity *i = c.plan->groups[0].identity;
    CU_ASSERT_TRUE(i->has_user && i->has_password && i->client_id.count == 2);
    const struct identity *assigned = c.plan->groups[1].identity;
    CU_ASSERT_TRUE(!assigned->has_user && assigned->client_id.count == 1 &&
                   assigned->client_id.tokens[0].text.size == 0);
    compiled_free(&c);
}

HARNESS_MAIN("scenario/plan_profiles", HARNESS_CASE(every_key_of_a_profile_arrives),
             HARNESS_CASE(defaults_are_those_of_the_reference),
             HARNESS_CASE(a_personality_stands_for_all_values_but_those_that_are_given),
             HARNESS_CASE(networks_and_identities_arrive))
