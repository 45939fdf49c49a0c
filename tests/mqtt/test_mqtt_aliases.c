#include "mqtt/mqtt_aliases.h"

#include "bed.h"

static struct bed bed;

static bool is(struct bytes b, const char *text) {
    return bytes_equal(b, bytes_of_text(text));
}

static void learnt_topics_are_found(void) {
    bed_begin(&bed, MQTT_5_0);
    struct mqtt_session *s = &bed.session;
    CU_ASSERT_EQUAL(mqtt_aliases_topic(s, 1).size, 0);
    CU_ASSERT_EQUAL(mqtt_aliases_learn(s, bed.pool, 1, bytes_of_text("one")), 0);
    CU_ASSERT_EQUAL(mqtt_aliases_learn(s, bed.pool, 65535, bytes_of_text("last")), 0);
    CU_ASSERT(is(mqtt_aliases_topic(s, 1), "one") && is(mqtt_aliases_topic(s, 65535), "last"));
    CU_ASSERT(mqtt_aliases_topic(s, 2).size == 0 && mqtt_aliases_topic(s, 0).size == 0);
    bed_end(&bed);
}

static void a_replaced_topic_is_readable_until_settled(void) {
    bed_begin(&bed, MQTT_5_0);
    struct mqtt_session *s = &bed.session;
    mqtt_aliases_learn(s, bed.pool, 1, bytes_of_text("one"));
    struct bytes old = mqtt_aliases_topic(s, 1);
    mqtt_aliases_learn(s, bed.pool, 1, bytes_of_text("two"));
    CU_ASSERT(is(old, "one") && is(mqtt_aliases_topic(s, 1), "two"));
    size_t before = pool_in_use(bed.pool);
    mqtt_aliases_settle(s, bed.pool);
    CU_ASSERT(pool_in_use(bed.pool) < before && is(mqtt_aliases_topic(s, 1), "two"));
    before = pool_in_use(bed.pool);
    mqtt_aliases_learn(s, bed.pool, 1, bytes_of_text("two")); /* the same again costs nothing */
    CU_ASSERT_EQUAL(pool_in_use(bed.pool), before);
    bed_end(&bed);
}

static void our_aliases_are_given_to_topics_in_order(void) {
    bed_begin(&bed, MQTT_5_0);
    struct mqtt_session *s = &bed.session;
    s->alias_maximum = 2;
    bool known = true;
    CU_ASSERT(mqtt_aliases_use(s, bed.pool, bytes_of_text("a"), &known) == 1 && !known);
    CU_ASSERT(mqtt_aliases_use(s, bed.pool, bytes_of_text("b"), &known) == 2 && !known);
    CU_ASSERT(mqtt_aliases_use(s, bed.pool, bytes_of_text("c"), &known) == 0 && !known);
    CU_ASSERT(mqtt_aliases_use(s, bed.pool, bytes_of_text("b"), &known) == 2 && known);
    CU_ASSERT(mqtt_aliases_use(s, bed.pool, bytes_of_text("a"), &known) == 1 && known);
    mqtt_aliases_forget(s, bed.pool);
    CU_ASSERT_EQUAL(pool_in_use(bed.pool), 0);
    CU_ASSERT(mqtt_aliases_use(s, bed.pool, bytes_of_text("b"), &known) == 1 && !known);
    bed_end(&bed);
}

static void our_aliases_have_a_cap(void) {
    bed_begin(&bed, MQTT_5_0);
    bed.session.alias_maximum = 65535;
    bool known;
    for (unsigned i = 1; i <= MQTT_ALIASES_OUT_MAX + 1; i++) {
        char topic[16];
        snprintf(topic, sizeof topic, "t/%u", i);
        CU_ASSERT_EQUAL(mqtt_aliases_use(&bed.session, bed.pool, bytes_of_text(topic), &known),
                        i <= MQTT_ALIASES_OUT_MAX ? i : 0);
    }
    bed_end(&bed);
}

static void a_failing_pool_means_no_alias(void) {
    bed_begin_with(&bed, MQTT_5_0, 0);
    bed.session.alias_maximum = 5;
    bool known;
    CU_ASSERT_EQUAL(mqtt_aliases_use(&bed.session, bed.pool, bytes_of_text("a"), &known), 0);
    CU_ASSERT_EQUAL(mqtt_aliases_learn(&bed.session, bed.pool, 1, bytes_of_text("a")), ERR_NO_MEMORY);
    CU_ASSERT_EQUAL(mqtt_aliases_topic(&bed.session, 1).size, 0);
    bed_end(&bed);
}

HARNESS_MAIN("mqtt_aliases", HARNESS_CASE(learnt_topics_are_found),
             HARNESS_CASE(a_replaced_topic_is_readable_until_settled),
             HARNESS_CASE(our_aliases_are_given_to_topics_in_order), HARNESS_CASE(our_aliases_have_a_cap),
             HARNESS_CASE(a_failing_pool_means_no_alias))
