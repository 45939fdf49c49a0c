#include "mqtt/mqtt_topic.h"

#include "base/err.h"
#include "harness.h"
#include "vector.h"

static bool matches(const char *filter, const char *name) {
    return mqtt_topic_matches(bytes_of_text(filter), bytes_of_text(name));
}

static void exact_filters_match_themselves_only(void) { /* MQTT-4.7.3-4, M3U-4.7.3-a */
    CU_ASSERT(matches("a/b", "a/b") && matches("/", "/") && matches("a b", "a b"));
    CU_ASSERT(!matches("a/b", "a/B") && !matches("a", "/a") && !matches("a", "a/") && !matches("a/", "a"));
    CU_ASSERT(!matches("a/b", "a/b/c") && !matches("a/b/c", "a/b") && !matches("ab", "a") && !matches("a", "ab"));
}

static void plus_matches_one_level_which_may_be_empty(void) { /* M3U-4.7.1-b */
    CU_ASSERT(matches("+", "a") && matches("+/b", "a/b") && matches("a/+", "a/b") && matches("a/+/c", "a/b/c"));
    CU_ASSERT(matches("+/+", "/a") && matches("/+", "/a") && matches("a/+", "a/") && matches("+/", "a/"));
    CU_ASSERT(!matches("+", "/a") && !matches("+", "a/b") && !matches("a/+", "a") && !matches("a/+", "a/b/c"));
}

static void hash_matches_the_rest_and_its_parent(void) { /* M3U-4.7.1-a */
    CU_ASSERT(matches("#", "a") && matches("#", "a/b/c") && matches("a/#", "a/b") && matches("a/#", "a/b/c"));
    CU_ASSERT(matches("a/#", "a") && matches("a/#", "a/") && matches("+/#", "a") && matches("a/+/#", "a/b"));
    CU_ASSERT(!matches("a/#", "ab") && !matches("a/#", "b") && !matches("a/+/#", "a") && !matches("a/b/#", "a"));
}

static void a_leading_wildcard_matches_no_dollar_topic(void) { /* MQTT-4.7.2-1 */
    CU_ASSERT(!matches("#", "$SYS/a") && !matches("+/a", "$SYS/a") && !matches("+", "$SYS"));
    CU_ASSERT(matches("$SYS/#", "$SYS/a") && matches("$SYS/+", "$SYS/a") && matches("a/#", "a/$SYS"));
}

static void nothing_matches_the_empty(void) {
    CU_ASSERT(!matches("", "a") && !matches("a", "") && !matches("#", "") && !matches("", ""));
}

static const char *fault_of(const char *filter, enum mqtt_version version) {
    struct mqtt_fault fault;
    return mqtt_topic_check_filter(bytes_of_text(filter), version, &fault) < 0 ? fault.statement : "fine";
}

static void filters_are_checked(void) {
    static const struct {
        const char *filter, *in_3_1_1, *in_5_0;
    } cases[] = {
        {"a", "fine", "fine"},
        {"#", "fine", "fine"},
        {"+", "fine", "fine"},
        {"/", "fine", "fine"},
        {"+/+/#", "fine", "fine"},
        {"a//b", "fine", "fine"},
        {"", "MQTT-4.7.3-1", "MQTT-4.7.3-1"},
        {"a#", "MQTT-4.7.1-2", "MQTT-4.7.1-1"},
        {"#/a", "MQTT-4.7.1-2", "MQTT-4.7.1-1"},
        {"a/#/", "MQTT-4.7.1-2", "MQTT-4.7.1-1"},
        {"##", "MQTT-4.7.1-2", "MQTT-4.7.1-1"},
        {"a+", "MQTT-4.7.1-3", "MQTT-4.7.1-2"},
        {"+a", "MQTT-4.7.1-3", "MQTT-4.7.1-2"},
        {"a/b+/c", "MQTT-4.7.1-3", "MQTT-4.7.1-2"},
        {"++", "MQTT-4.7.1-3", "MQTT-4.7.1-2"},
        {"$share/g/a/#", "fine", "fine"},
        {"$share/g//", "fine", "fine"},
        {"$share/", "fine", "MQTT-4.8.2-1"},
        {"$share//a", "fine", "MQTT-4.8.2-1"},
        {"$share/g", "fine", "MQTT-4.8.2-2"},
        {"$share/g/", "fine", "MQTT-4.8.2-2"},
        {"$share/+/a", "fine", "MQTT-4.8.2-2"},
        {"$share/g#/a", "MQTT-4.7.1-2", "MQTT-4.8.2-2"},
        {"$share/g/a#", "MQTT-4.7.1-2", "MQTT-4.7.1-1"},
        {"$share", "fine", "fine"},
        {"$shared/g", "fine", "fine"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bool ok = strcmp(fault_of(cases[i].filter, MQTT_3_1_1), cases[i].in_3_1_1) == 0 &&
                  strcmp(fault_of(cases[i].filter, MQTT_5_0), cases[i].in_5_0) == 0;
        CU_ASSERT(ok);
        if (!ok)
            vector_blame(cases[i].filter, fault_of(cases[i].filter, MQTT_5_0));
    }
}

static void names_are_checked(void) { /* MQTT-4.7.3-1 to -3, MQTT-4.7.0-1 */
    static uint8_t longest[65536];
    memset(longest, 'a', sizeof longest);
    CU_ASSERT(mqtt_topic_name_valid(bytes_of_text("a/b")) && mqtt_topic_name_valid(bytes_of_text("$SYS")));
    CU_ASSERT(!mqtt_topic_name_valid(bytes_of_text("")) && !mqtt_topic_name_valid(bytes_of("a\0b", 3)));
    CU_ASSERT(!mqtt_topic_name_valid(bytes_of_text("a/+")) && !mqtt_topic_name_valid(bytes_of_text("#")));
    CU_ASSERT(!mqtt_topic_name_valid(bytes_of_text("\xff")));
    CU_ASSERT(mqtt_topic_name_valid(bytes_of(longest, 65535)) && !mqtt_topic_name_valid(bytes_of(longest, 65536)));
    CU_ASSERT(mqtt_topic_filter_valid(bytes_of_text("a/#"), MQTT_3_1_1));
    CU_ASSERT(!mqtt_topic_filter_valid(bytes_of_text("a/\xff"), MQTT_3_1_1));
    CU_ASSERT(!mqtt_topic_filter_valid(bytes_of_text("$share/g"), MQTT_5_0));
    CU_ASSERT(!mqtt_topic_filter_valid(bytes_of(longest, 65536), MQTT_5_0));
}

static void shared_filters_are_split(void) {
    struct mqtt_share share;
    CU_ASSERT(mqtt_topic_share(bytes_of_text("$share/group/a/#"), &share));
    CU_ASSERT(bytes_equal(share.name, bytes_of_text("group")) && bytes_equal(share.filter, bytes_of_text("a/#")));
    CU_ASSERT(!mqtt_topic_share(bytes_of_text("a/b"), &share) && !mqtt_topic_share(bytes_of_text("$share"), &share));
    CU_ASSERT(!mqtt_topic_share(bytes_of_text("$share/g"), &share) && !mqtt_topic_share(bytes_of(NULL, 0), &share));
}

/* Hostile input 10: recursion would need as many frames, a naive matcher as many times squared. */
static void slashes_without_end_are_matched_in_one_pass(void) {
    static uint8_t name[65535], plus[65535];
    memset(name, '/', sizeof name);
    for (size_t i = 0; i < sizeof plus; i++)
        plus[i] = i % 2 ? '/' : '+';
    struct bytes all = bytes_of(name, sizeof name);
    CU_ASSERT(mqtt_topic_matches(all, all));
    CU_ASSERT(!mqtt_topic_matches(all, bytes_of(name, sizeof name - 1)));
    CU_ASSERT(mqtt_topic_matches(bytes_of_text("#"), all) && mqtt_topic_matches(bytes_of_text("/#"), all));
    CU_ASSERT(mqtt_topic_matches(bytes_of(plus, sizeof plus), bytes_of(name, 32767)));
    CU_ASSERT(!mqtt_topic_matches(bytes_of(plus, sizeof plus), all));
    struct mqtt_fault fault;
    CU_ASSERT_EQUAL(mqtt_topic_check_filter(all, MQTT_5_0, &fault), 0);
    CU_ASSERT_EQUAL(mqtt_topic_check_filter(bytes_of(plus, sizeof plus), MQTT_5_0, &fault), 0);
}

HARNESS_MAIN("mqtt_topic", HARNESS_CASE(exact_filters_match_themselves_only),
             HARNESS_CASE(plus_matches_one_level_which_may_be_empty),
             HARNESS_CASE(hash_matches_the_rest_and_its_parent),
             HARNESS_CASE(a_leading_wildcard_matches_no_dollar_topic), HARNESS_CASE(nothing_matches_the_empty),
             HARNESS_CASE(filters_are_checked), HARNESS_CASE(names_are_checked), HARNESS_CASE(shared_filters_are_split),
             HARNESS_CASE(slashes_without_end_are_matched_in_one_pass))
