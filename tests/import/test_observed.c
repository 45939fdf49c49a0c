#include "import/observed.h"

#include <string.h>

#include "base/check.h"
#include "base/instant.h"
#include "harness.h"
#include "made.h"

static struct made made;
static struct talk_counts counts;
static char why[TALK_WHY_MAX];

static int64_t at_ms(int64_t ms) {
    return MADE_START_S * SPAN_S + ms * SPAN_MS;
}

static struct observed observed_as(const char *client_id) {
    struct observed_who who = {.client_id = client_id};
    struct observed o;
    FILE *f = made_file(&made);
    CHECK(address_parse("10.0.0.7", 0, &who.client) == 0);
    CHECK(observed_read(f, &who, &o, &counts, why) == 0);
    fclose(f);
    return o;
}

/* Two devices, of which the first comes twice, from two addresses; one without a name. */
static void make_some(void) {
    made_begin(&made);
    struct made_connection a = made_connection(&made, 7, 40001), b = made_connection(&made, 8, 40002);
    struct made_connection again = made_connection(&made, 9, 40003), nameless = made_connection(&made, 7, 40004);
    made_join(&a, 0, "one", MQTT_3_1_1);
    made_join(&b, 0, "two", MQTT_3_1_1);
    made_publish(&a, 100, "t/1", 1, bytes_of_text("x"));
    made_publish(&b, 100, "t/2", 0, bytes_of_text("y"));
    made_join(&again, 500, "one", MQTT_3_1_1);
    made_publish(&again, 600, "t/1", 1, bytes_of_text("z"));
    made_join(&nameless, 700, "", MQTT_3_1_1);
}

static struct observed_devices asked(const char *device) {
    struct observed_devices d;
    FILE *f = made_file(&made);
    CHECK(observed_devices(f, device, &d, &counts, why) == 0);
    fclose(f);
    return d;
}

static unsigned asked_for(const char *device, bool by_client_id) {
    struct observed_devices d = asked(device);
    unsigned count = 0;
    for (unsigned i = 0; i < d.count; i++)
        count += d.list[i].asked_for;
    CU_ASSERT_EQUAL(d.by_client_id, by_client_id);
    observed_devices_free(&d);
    return count;
}

static void devices_are_client_ids_at_addresses(void) {
    make_some();
    struct observed_devices d = asked(NULL);
    CU_ASSERT_EQUAL_FATAL(d.count, 4);
    CU_ASSERT_STRING_EQUAL(d.list[0].client_id, "one");
    CU_ASSERT_TRUE(d.list[0].connections == 1 && d.list[0].messages == 1);
    CU_ASSERT_STRING_EQUAL(d.list[3].client_id, "");
    observed_devices_free(&d);
    CU_ASSERT_EQUAL(asked_for("one", true), 2);
    CU_ASSERT_EQUAL(asked_for("10.0.0.7", false), 2);
    CU_ASSERT_EQUAL(asked_for("10.0.0.7:40001", false), 1);
    CU_ASSERT_EQUAL(asked_for("10.0.0.7:1", false), 0);
    CU_ASSERT_EQUAL(asked_for("three", false), 0);
    CU_ASSERT_EQUAL(asked_for("", false), 0);
}

static void a_device_is_followed_over_its_connections(void) {
    make_some();
    struct observed o = observed_as("one");
    CU_ASSERT_EQUAL(o.connection_count, 2);
    CU_ASSERT_EQUAL(o.message_count, 2);
    CU_ASSERT_EQUAL(o.stream_count, 1);
    CU_ASSERT_TRUE(o.messages[1].unix_ns == at_ms(600) && o.messages[1].connection == 1);
    CU_ASSERT_TRUE(o.keep_alive == 60 && o.clean_start && o.version == MQTT_3_1_1 && !o.has_user);
    CU_ASSERT_TRUE(o.connections[1].opened_ns == at_ms(500) && o.connections[1].accepted_ns == at_ms(502));
    observed_free(&o);
    o = observed_as("");
    CU_ASSERT_EQUAL(o.connection_count, 1);
    observed_free(&o);
}

static void say_properties(struct made_connection *c, int64_t ms, const char *topic, unsigned alias, const char *type) {
    struct mqtt_packet p = {.type = MQTT_PUBLISH, .version = MQTT_5_0};
    p.publish.topic = bytes_of_text(topic);
    p.publish.payload = bytes_of_text("v");
    p.properties.topic_alias = (uint16_t)alias;
    p.properties.content_type = bytes_of_text(type);
    if (alias > 0)
        mqtt_properties_mark(&p.properties, MQTT_TOPIC_ALIAS);
    if (*type != '\0')
        mqtt_properties_mark(&p.properties, MQTT_CONTENT_TYPE);
    made_say(c, 0, ms, &p);
}

static void aliases_stand_for_their_topics(void) {
    made_begin(&made);
    struct made_connection c = made_connection(&made, 7, 40001);
    made_join(&c, 0, "one", MQTT_5_0);
    say_properties(&c, 10, "long/topic", 3, "");
    say_properties(&c, 20, "", 3, "");
    say_properties(&c, 30, "long/topic", 0, "text/plain");
    say_properties(&c, 40, "", 9, ""); /* an alias that was never told */
    struct observed o = observed_as("one");
    CU_ASSERT_TRUE(o.uses_aliases && o.stream_count == 1 && o.message_count == 3 && o.left_out == 1);
    CU_ASSERT_STRING_EQUAL(o.streams[0].topic, "long/topic");
    CU_ASSERT_TRUE(o.streams[0].varies && o.streams[0].content_type == NULL);
    observed_free(&o);
}

static void subscriptions_and_what_came_in_are_kept(void) {
    static const struct mqtt_filter filters[] = {{.filter = {(const uint8_t *)"cmd/#", 5}, .qos = 1}};
    struct mqtt_packet p = {.type = MQTT_SUBSCRIBE, .version = MQTT_3_1_1};
    p.subscribe = (struct mqtt_subscribe){.packet_id = 1, .count = 1, .filters = filters};
    made_begin(&made);
    struct made_connection c = made_connection(&made, 7, 40001);
    made_join(&c, 0, "one", MQTT_3_1_1);
    made_say(&c, 0, 52, &p);
    made_say(&c, 0, 60, &p);
    struct mqtt_packet in = {.type = MQTT_PUBLISH, .version = MQTT_3_1_1};
    in.publish.topic = bytes_of_text("cmd/x");
    made_say(&c, 1, 70, &in);
    in.publish.qos = 1;
    in.publish.packet_id = 2;
    in.publish.dup = true;
    made_say(&c, 0, 80, &in);
    struct observed o = observed_as("one");
    CU_ASSERT_EQUAL_FATAL(o.filter_count, 1);
    CU_ASSERT_TRUE(o.filters[0].times == 2 && o.filters[0].qos == 1 && o.filters[0].after_ns == 50 * SPAN_MS);
    CU_ASSERT_TRUE(o.incoming_total == 1 && o.incoming_count == 1);
    CU_ASSERT_TRUE(o.sent_again == 1 && o.message_count == 0);
    observed_free(&o);
}

static void ends_tell_who_and_how(void) {
    made_begin(&made);
    struct made_connection c = made_connection(&made, 7, 40001), refused = made_connection(&made, 7, 40002);
    made_join(&c, 0, "one", MQTT_3_1_1);
    made_say(&c, 0, 100, &(struct mqtt_packet){.type = MQTT_PINGREQ, .version = MQTT_3_1_1});
    made_close(&c, 1, 200);
    made_segment(&refused, 0, 300, FRAME_SYN, bytes_of(NULL, 0));
    made_segment(&refused, 1, 300, FRAME_RST | FRAME_ACK, bytes_of(NULL, 0));
    struct made_connection last = made_connection(&made, 7, 40003);
    made_join(&last, 400, "one", MQTT_3_1_1);
    made_say(&last, 0, 500, &(struct mqtt_packet){.type = MQTT_DISCONNECT, .version = MQTT_3_1_1});
    made_close(&last, 0, 501);
    struct observed o = observed_as("one");
    CU_ASSERT_EQUAL_FATAL(o.connection_count, 2);
    CU_ASSERT_TRUE(o.connections[0].by == MQTT_SERVER && o.connections[0].how == STREAMS_FIN &&
                   o.connections[0].ended_ns == at_ms(200) && o.connections[0].pings == 1);
    CU_ASSERT_TRUE(o.connections[1].goodbye_ns == at_ms(500));
    CU_ASSERT_TRUE(o.tried_count == 1 && o.tried[0] == at_ms(300));
    observed_free(&o);
}

/* The password is nowhere in what is kept. */
static void passwords_are_not_kept(void) {
    made_begin(&made);
    struct made_connection c = made_connection(&made, 7, 40001);
    struct mqtt_packet p = {.type = MQTT_CONNECT, .version = MQTT_3_1_1};
    p.connect.client_id = bytes_of_text("one");
    p.connect.clean_start = p.connect.has_user_name = p.connect.has_password = true;
    p.connect.user_name = bytes_of_text("name");
    p.connect.password = bytes_of_text("canary-in-the-mine");
    made_open(&c, 0);
    made_say(&c, 0, 1, &p);
    struct observed o = observed_as("one");
    CU_ASSERT_TRUE(o.has_user && o.has_password);
    CU_ASSERT_STRING_EQUAL(o.user, "name");
    CU_ASSERT_TRUE(o.kept_bytes < 2000); /* names and nothing else */
    observed_free(&o);
}

HARNESS_MAIN("import/observed", HARNESS_CASE(devices_are_client_ids_at_addresses),
             HARNESS_CASE(a_device_is_followed_over_its_connections), HARNESS_CASE(aliases_stand_for_their_topics),
             HARNESS_CASE(subscriptions_and_what_came_in_are_kept), HARNESS_CASE(ends_tell_who_and_how),
             HARNESS_CASE(passwords_are_not_kept))
