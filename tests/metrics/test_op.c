#include "metrics/op.h"

#include <string.h>

#include "harness.h"

static void every_kind_has_its_row(void) {
    for (unsigned i = 0; i < OP_KINDS; i++) {
        CU_ASSERT_EQUAL(op_kinds[i].kind, i);
        CU_ASSERT_PTR_NOT_NULL_FATAL(op_kinds[i].name);
        CU_ASSERT_PTR_NOT_NULL_FATAL(op_kinds[i].timing);
        CU_ASSERT(op_kinds[i].doc != NULL && strlen(op_kinds[i].doc) > 10);
        CU_ASSERT_EQUAL(strncmp(op_kinds[i].timing, op_kinds[i].name, strlen(op_kinds[i].name)), 0);
    }
}

static void names_are_the_words_of_the_language(void) {
    CU_ASSERT_STRING_EQUAL(op_kinds[OP_MQTT_PUBLISH].name, "mqtt.publish");
    CU_ASSERT_STRING_EQUAL(op_kinds[OP_MQTT_PUBLISH].timing, "mqtt.publish.ack");
    CU_ASSERT_STRING_EQUAL(op_kinds[OP_MQTT_END_TO_END].timing, "mqtt.end_to_end");
    CU_ASSERT_STRING_EQUAL(op_outcome_names[OP_WITHDRAWN], "withdrawn");
    CU_ASSERT_STRING_EQUAL(op_held_names[OP_HELD_GUARD], "guard");
    CU_ASSERT_STRING_EQUAL(op_drop_names[OP_DROP_BUFFER_FULL], "buffer_full");
}

static void names_are_distinct(const char *const *names, int count) {
    for (int i = 0; i < count; i++) {
        CU_ASSERT_PTR_NOT_NULL_FATAL(names[i]);
        for (int j = 0; j < i; j++)
            CU_ASSERT_STRING_NOT_EQUAL(names[i], names[j]);
    }
}

static void every_value_has_a_name_of_its_own(void) {
    names_are_distinct(op_outcome_names, OP_OUTCOMES);
    names_are_distinct(op_held_names, OP_HELD_REASONS);
    names_are_distinct(op_drop_names, OP_DROP_REASONS);
}

HARNESS_MAIN("metrics/op", HARNESS_CASE(every_kind_has_its_row), HARNESS_CASE(names_are_the_words_of_the_language),
             HARNESS_CASE(every_value_has_a_name_of_its_own))
