#include "harness.h"

#include <string.h>

#include "base/err.h"
#include "scenario/value.h"

static char why[VALUE_WHY_MAX];

static bool is(const char *text, size_t size, const char *expected) {
    return size == strlen(expected) && memcmp(text, expected, size) == 0;
}

static void arguments_are_split_and_trimmed(void) {
    struct value_call c;
    CU_ASSERT_EQUAL(value_call("walk(start=21, step = 0.1 ,min=15,28)", &c, why), 0);
    CU_ASSERT(is(c.name, c.name_size, "walk") && c.count == 4);
    CU_ASSERT(is(c.arguments[0].key, c.arguments[0].key_size, "start") &&
              is(c.arguments[0].text, c.arguments[0].size, "21"));
    CU_ASSERT(is(c.arguments[1].key, c.arguments[1].key_size, "step") &&
              is(c.arguments[1].text, c.arguments[1].size, "0.1"));
    CU_ASSERT(c.arguments[3].key == NULL && is(c.arguments[3].text, c.arguments[3].size, "28"));
}

static void no_arguments_are_allowed(void) {
    struct value_call c;
    CU_ASSERT(value_call("counter()", &c, why) == 0 && c.count == 0);
    CU_ASSERT(value_call("counter( ) ", &c, why) == 0 && c.count == 0);
}

static void only_a_word_before_a_parenthesis_begins_a_call(void) {
    CU_ASSERT(value_call_begins("exp(") && value_call_begins("exp(60s)"));
    CU_ASSERT_FALSE(value_call_begins("60s") || value_call_begins("(a)") || value_call_begins("exp") ||
                    value_call_begins("") || value_call_begins("Exp(1)"));
}

static void malformed_calls_are_refused_with_a_reason(void) {
    static const char *const wrong[] = {
        "exp(60s", "exp(60s))", "exp(60s) x", "exp(,)",
        "exp(a,)", "f(g(1))",   "60s",        "f(1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17)"};
    struct value_call c;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        why[0] = '\0';
        CU_ASSERT_EQUAL(value_call(wrong[i], &c, why), ERR_MALFORMED);
        CU_ASSERT(why[0] != '\0');
    }
}

HARNESS_MAIN("scenario/value_call", HARNESS_CASE(arguments_are_split_and_trimmed),
             HARNESS_CASE(no_arguments_are_allowed), HARNESS_CASE(only_a_word_before_a_parenthesis_begins_a_call),
             HARNESS_CASE(malformed_calls_are_refused_with_a_reason))
