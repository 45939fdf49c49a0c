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

static void a_filter_covers_what_it_matches_all_of(void) {
    static const struct {
        const char *wide, *narrow;
        bool covers, overlaps;
    } cases[] = {
        {"a/b", "a/b", true, true},    {"a/b", "a/c", false, false},    {"a/+", "a/b", true, true},
        {"a/b", "a/+", false, true},   {"a/+", "a/+", true, true},      {"a/+", "+/b", false, true},
        {"#", "a/b/c", true, true},    {"#", "+", true, true},          {"+", "#", false, true},
        {"a/#", "a", true, true},      {"a", "a/#", false, true},       {"a/#", "a/+/c", true, true},
        {"a/+/#", "a/b", true, true},  {"a/+/#", "a", false, false},    {"a/+", "a/b/c", false, false},
        {"a/+/c", "a/#", false, true}, {"a//c", "a/+/c", false, true},  {"a/+/c", "a//c", true, true},
        {"#", "$SYS/x", false, false}, {"+/x", "$SYS/x", false, false}, {"$SYS/#", "$SYS/x", true, true},
        {"a/", "a", false, false},     {"a/+", "a", false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes wide = bytes_of_text(cases[i].wide), narrow = bytes_of_text(cases[i].narrow);
        CU_ASSERT_EQUAL(mqtt_topic_covers(wide, narrow), cases[i].covers);
        CU_ASSERT_EQUAL(mqtt_topic_overlaps(wide, narrow), cases[i].overlaps);
        CU_ASSERT_EQUAL(mqtt_topic_overlaps(narrow, wide), cases[i].overlaps);
    }
    CU_ASSERT(!mqtt_topic_covers(bytes_of(NULL, 0), bytes_of_text("a")) &&
              !mqtt_topic_overlaps(bytes_of_text("a"), bytes_of(NULL, 0)));
}

/* Held against matching: over all names of up to three levels of a, b and the empty one. */
static void covering_and_overlapping_agree_with_matching(void) {
    static const char *const levels[] = {"a", "b", "", "+", "#"};
    static char filters[125][8], names[39][8];
    unsigned filter_count = 0, name_count = 0;
    for (int n = 1; n <= 3; n++)
        for (int i = 0; i < (n == 1 ? 5 : n == 2 ? 25 : 125); i++) {
            char text[16] = "";
            bool name = true, valid = true;
            for (int k = 0, rest = i; k < n; k++, rest /= 5) {
                name = name && rest % 5 < 3;
                valid = valid && (rest % 5 != 4 || k == n - 1);
                snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", k == 0 ? "" : "/", levels[rest % 5]);
            }
            if (text[0] == '\0' || !valid)
                continue;
            if (filter_count < 125)
                memcpy(filters[filter_count++], text, 8);
            if (name && name_count < 39)
                memcpy(names[name_count++], text, 8);
        }
    unsigned wrong = 0;
    for (unsigned f = 0; f < filter_count; f++)
        for (unsigned g = 0; g < filter_count; g++) {
            struct bytes a = bytes_of_text(filters[f]), b = bytes_of_text(filters[g]);
            bool common = false, all = true;
            for (unsigned n = 0; n < name_count; n++) {
                bool of_a = mqtt_topic_matches(a, bytes_of_text(names[n]));
                bool of_b = mqtt_topic_matches(b, bytes_of_text(names[n]));
                common = common || (of_a && of_b);
                all = all && (of_a || !of_b);
            }
            /* "/#" matches its parent, too, which is the empty name and no topic */
            bool of_the_empty = strcmp(filters[f], "/#") == 0 || strcmp(filters[g], "/#") == 0;
            wrong += mqtt_topic_overlaps(a, b) != common && !of_the_empty;
            wrong += mqtt_topic_covers(a, b) && !all;
        }
    CU_ASSERT_EQUAL(wrong, 0);
}

HARNESS_MAIN("mqtt_topic", HARNESS_CASE(exact_filters_match_themselves_only),
             HARNESS_CASE(plus_matches_one_level_which_may_be_empty),
             HARNESS_CASE(hash_matches_the_rest_and_its_parent),
             HARNESS_CASE(a_leading_wildcard_matches_no_dollar_topic), HARNESS_CASE(nothing_matches_the_empty),
             HARNESS_CASE(filters_are_checked), HARNESS_CASE(names_are_checked), HARNESS_CASE(shared_filters_are_split),
             HARNESS_CASE(slashes_without_end_are_matched_in_one_pass),
             HARNESS_CASE(a_filter_covers_what_it_matches_all_of),
             HARNESS_CASE(covering_and_overlapping_agree_with_matching))
