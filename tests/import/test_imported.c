#include "import/imported.h"

#include <string.h>

#include "base/check.h"
#include "device/action.h"
#include "harness.h"
#include "made.h"

static struct made made;
static struct text scenario;
static struct diagnostic_list found;
static struct plan *plan;

static void import(const struct imported_options *options) {
    plan = made_import(&made, options, &scenario, &found);
    CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
}

static void done(void) {
    plan_free(plan);
    diagnostic_free(&found);
    text_free(&scenario);
}

static bool says(const char *words) {
    bool there = strstr(text_get(&scenario), words) != NULL;
    if (!there)
        printf("not there: %s\n%s", words, text_get(&scenario));
    return there;
}

static const struct imported_options exact = {.source = "made.pcap"}, model = {.source = "made.pcap", .model = true};

static void make_a_life(void) {
    made_begin(&made);
    struct made_connection a = made_connection(&made, 7, 40001), b = made_connection(&made, 7, 40002);
    struct made_connection c = made_connection(&made, 7, 40003);
    struct mqtt_packet bye = {.type = MQTT_DISCONNECT, .version = MQTT_3_1_1};
    made_join(&a, 1000, "one", MQTT_3_1_1);
    for (int i = 0; i < 8; i++)
        made_publish(&a, 1500 + 1000 * i, "t/regular", 1, bytes_of_text("on"));
    made_publish(&a, 3000, "t/odd", 0, bytes_of_text("${x}"));
    made_publish(&a, 3250, "t/odd", 0, bytes_of("\0\1", 2));
    made_segment(&a, 1, 8700, FRAME_RST, bytes_of(NULL, 0));
    made_join(&b, 8800, "one", MQTT_3_1_1);
    made_say(&b, 0, 8850, &bye);
    made_close(&b, 0, 8851);
    made_join(&c, 8900, "one", MQTT_3_1_1);
    made_say(&c, 0, 8950, &bye);
    made_close(&c, 0, 8951);
}

static void the_timeline_repeats_connections_at_their_instants(void) {
    make_a_life();
    import(&exact);
    static const struct {
        enum action_verb verb;
        span at;
    } expected[] = {{DO_CONNECT, 0},
                    {DO_RESET, 7700 * SPAN_MS},
                    {DO_CONNECT, 7800 * SPAN_MS},
                    {DO_DISCONNECT, 7850 * SPAN_MS},
                    {DO_CONNECT, 7900 * SPAN_MS},
                    {DO_DISCONNECT, 7950 * SPAN_MS}};
    CU_ASSERT_EQUAL_FATAL(plan->action_count, COUNT_OF(expected));
    for (unsigned i = 0; i < COUNT_OF(expected); i++)
        CU_ASSERT_TRUE(plan->actions[i].verb == expected[i].verb && plan->actions[i].start == expected[i].at);
    const struct profile *p = plan->groups[0].profile;
    CU_ASSERT_TRUE(p->reconnect.policy == RECONNECT_NEVER && p->buffer.keep_qos0 && p->mqtt.keepalive_s == 60 &&
                   p->mqtt.inflight_max == 65535);
    CU_ASSERT_TRUE(p->mqtt.version == MQTT_3_1_1 && plan->groups[0].target->builtin);
    CU_ASSERT_EQUAL(plan->duration, 8050 * SPAN_MS);
    CU_ASSERT_TRUE(says("the server reset it"));
    CU_ASSERT_TRUE(says("seen: mqtt://192.0.2.1:1883"));
    CU_ASSERT_TRUE(says("as made.pcap shows it"));
    done();
}

static void a_model_comes_back_by_a_policy(void) {
    make_a_life();
    import(&model);
    const struct reconnect *r = &plan->groups[0].profile->reconnect;
    CU_ASSERT_TRUE(r->policy == RECONNECT_FIXED && r->first == 100 * SPAN_MS && r->jitter == JITTER_NONE);
    CU_ASSERT_EQUAL(plan->action_count, 5); /* not the connect after the reset */
    done();
}

static void identity_and_will_are_as_they_were(void) {
    made_begin(&made);
    struct made_connection c = made_connection(&made, 7, 40001);
    struct mqtt_packet p = {.type = MQTT_CONNECT, .version = MQTT_5_0};
    p.connect = (struct mqtt_connect){.has_user_name = true,
                                      .has_password = true,
                                      .has_will = true,
                                      .will_qos = 1,
                                      .will_retain = true,
                                      .keep_alive = 30,
                                      .client_id = bytes_of_text("one"),
                                      .user_name = bytes_of_text("me ${x}"),
                                      .password = bytes_of_text("canary"),
                                      .will_topic = bytes_of_text("gone"),
                                      .will_payload = bytes_of("\xff", 1)};
    mqtt_properties_mark(&p.properties, MQTT_SESSION_EXPIRY_INTERVAL);
    p.properties.session_expiry_interval = UINT32_MAX;
    mqtt_properties_mark(&p.properties, MQTT_RECEIVE_MAXIMUM);
    p.properties.receive_maximum = 7;
    mqtt_properties_mark(&p.connect.will_properties, MQTT_WILL_DELAY_INTERVAL);
    p.connect.will_properties.will_delay_interval = 5;
    made_open(&c, 0);
    made_say(&c, 0, 1, &p);
    import(&exact);
    const struct profile *profile = plan->groups[0].profile;
    const struct identity *identity = plan->groups[0].identity;
    CU_ASSERT_TRUE(profile->mqtt.version == MQTT_5_0 && !profile->mqtt.clean_start && profile->mqtt.keepalive_s == 30);
    CU_ASSERT_TRUE(profile->mqtt.receive_maximum == 7 && profile->mqtt.session_expiry_s == UINT32_MAX);
    CU_ASSERT_TRUE(profile->will_qos == 1 && profile->will_retain && profile->will_delay_s == 5);
    CU_ASSERT_TRUE(bytes_equal(profile->will_payload.tokens[0].text, bytes_of("\xff", 1)));
    CU_ASSERT_TRUE(identity->has_user && identity->has_password);
    CU_ASSERT_EQUAL(identity->password.tokens[0].kind, TEMPLATE_SECRET);
    CU_ASSERT_PTR_NULL(strstr(text_get(&scenario), "canary"));
    done();
}

static void clocks_that_jump_leave_a_scenario_all_the_same(void) {
    made_begin(&made);
    struct made_connection c = made_connection(&made, 7, 40001);
    made_join(&c, 1000, "one", MQTT_3_1_1);
    made_publish(&c, INT64_C(500000) * 1000 * 1000, "t", 0, bytes_of_text("far"));
    made_close(&c, 0, 0);
    import(&exact);
    CU_ASSERT_TRUE(plan->duration > IMPORTED_SPAN_MAX);
    done();
}

static void a_timeline_has_an_end(void) {
    made_begin(&made);
    for (uint16_t i = 0; i < 300; i++) {
        struct made_connection c = made_connection(&made, 7, (uint16_t)(40000 + i));
        made_join(&c, 10 * i, "one", MQTT_3_1_1);
        made_close(&c, 0, 10 * i + 5);
    }
    import(&exact);
    CU_ASSERT_EQUAL(plan->action_count, IMPORTED_ENTRIES_MAX);
    CU_ASSERT_TRUE(says("# 175 further connections"));
    done();
}

HARNESS_MAIN("import/imported", HARNESS_CASE(the_timeline_repeats_connections_at_their_instants),
             HARNESS_CASE(a_model_comes_back_by_a_policy), HARNESS_CASE(identity_and_will_are_as_they_were),
             HARNESS_CASE(clocks_that_jump_leave_a_scenario_all_the_same), HARNESS_CASE(a_timeline_has_an_end))
