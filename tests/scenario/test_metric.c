#include "scenario/metric.h"

#include <stdio.h>
#include <string.h>

#include "harness.h"

static void every_operation_has_its_rows(void) {
    static const char *const ends[] = {"ok",        "refused", "timeout", "broken", "failed",
                                       "withdrawn", "dropped", "open",    "held"};
    for (int op = 0; op < OP_MQTT_END_TO_END; op++) {
        const struct metric *timing = metric_find(op_kinds[op].timing);
        CU_ASSERT_PTR_NOT_NULL_FATAL(timing);
        CU_ASSERT_EQUAL(timing->kind, METRIC_TIMING);
        CU_ASSERT_EQUAL((int)timing->op, op);
        CU_ASSERT_PTR_NOT_NULL(metric_find(op_kinds[op].name));
        for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
            char name[64];
            snprintf(name, sizeof name, "%s.%s", op_kinds[op].name, ends[i]);
            const struct metric *m = metric_find(name);
            CU_ASSERT_PTR_NOT_NULL_FATAL(m);
            CU_ASSERT_EQUAL((int)m->op, op);
            if (m->source == METRIC_FROM_OUTCOME)
                CU_ASSERT_STRING_EQUAL(op_outcome_names[m->outcome], ends[i]);
        }
    }
    CU_ASSERT_STRING_EQUAL(op_kinds[OP_MQTT_END_TO_END].timing, "mqtt.end_to_end");
    CU_ASSERT_PTR_NOT_NULL(metric_find("mqtt.end_to_end"));
}

static void every_counter_of_results_can_be_checked(void) {
    for (int t = 0; t < TALLY_KINDS; t++) {
        if (t == TALLY_LOST || t == TALLY_SENT || t == TALLY_ACKED)
            continue; /* functions of mqtt.publish */
        const struct metric *m = metric_find(tally_rows[t].metric);
        CU_ASSERT_PTR_NOT_NULL_FATAL(m);
        CU_ASSERT_EQUAL(m->source, METRIC_FROM_TALLY);
        CU_ASSERT_EQUAL((int)m->tally, t);
    }
}

static void every_state_is_a_gauge(void) {
    for (int s = 0; s < STATE_KINDS; s++) {
        const struct metric *m = metric_find(state_names[s]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(m);
        CU_ASSERT_EQUAL(m->kind, METRIC_GAUGE);
        CU_ASSERT_EQUAL((int)m->state, s);
    }
}

static void names_are_unique_and_rows_documented(void) {
    for (const struct metric *m = metric_table; m->name != NULL; m++) {
        CU_ASSERT_PTR_EQUAL(metric_find(m->name), m);
        CU_ASSERT_TRUE(strlen(m->doc) > 10);
    }
    for (int f = 0; f < METRIC_FUNCTIONS; f++)
        CU_ASSERT_EQUAL((int)metric_functions[f].function, f);
    for (int l = 0; l < METRIC_LABELS; l++)
        CU_ASSERT_EQUAL((int)metric_labels[l].label, l);
}

static void functions_are_found_by_name(void) {
    CU_ASSERT_EQUAL(metric_function_find("p99"), METRIC_P);
    CU_ASSERT_EQUAL(metric_function_find("time_to"), METRIC_TIME_TO);
    CU_ASSERT_EQUAL(metric_function_find("p"), METRIC_FUNCTIONS);
    CU_ASSERT_EQUAL(metric_function_find("avg"), METRIC_FUNCTIONS);
    CU_ASSERT_STRING_EQUAL(metric_function_nearest("avg"), "mean");
    CU_ASSERT_STRING_EQUAL(metric_function_nearest("ration"), "ratio");
    CU_ASSERT_STRING_EQUAL(metric_nearest("mqtt.publsh.ack"), "mqtt.publish.ack");
}

static void labels_belong_to_metrics(void) {
    CU_ASSERT_TRUE(metric_has_label(metric_find("mqtt.publish.ack"), LABEL_QOS));
    CU_ASSERT_FALSE(metric_has_label(metric_find("mqtt.connect.ack"), LABEL_QOS));
    CU_ASSERT_TRUE(metric_has_label(metric_find("mqtt.publish.dropped"), LABEL_REASON));
    CU_ASSERT_FALSE(metric_has_label(metric_find("mqtt.publish.ok"), LABEL_REASON));
    CU_ASSERT_TRUE(metric_has_label(metric_find("online"), LABEL_REGION));
    CU_ASSERT_FALSE(metric_has_label(metric_find("online"), LABEL_HELD));
    CU_ASSERT_FALSE(metric_has_label(metric_find("tool.dropped"), LABEL_FLEET));
}

static void words_of_the_label_reason_depend_on_the_metric(void) {
    const char *const *drops = metric_label_words(metric_find("mqtt.publish.dropped"), LABEL_REASON);
    const char *const *holds = metric_label_words(metric_find("mqtt.publish.held"), LABEL_REASON);
    for (int i = 1; i < OP_DROP_REASONS; i++)
        CU_ASSERT_STRING_EQUAL(drops[i - 1], op_drop_names[i]);
    CU_ASSERT_PTR_NULL(drops[OP_DROP_REASONS - 1]);
    for (int i = 1; i < OP_HELD_REASONS; i++)
        CU_ASSERT_STRING_EQUAL(holds[i - 1], op_held_names[i]);
    CU_ASSERT_PTR_NULL(holds[OP_HELD_REASONS - 1]);
    CU_ASSERT_PTR_NULL(metric_label_words(metric_find("online"), LABEL_REGION));
}

static void topics_end_with_an_empty_row(void) {
    struct explain_topic topics[200];
    size_t count = metric_topics(topics, 200);
    CU_ASSERT_TRUE(count > 80 && count < 200);
    CU_ASSERT_PTR_NULL(topics[count].name);
    CU_ASSERT_EQUAL(metric_topics(topics, 3), count);
}

HARNESS_MAIN("scenario/metric", HARNESS_CASE(every_operation_has_its_rows),
             HARNESS_CASE(every_counter_of_results_can_be_checked), HARNESS_CASE(every_state_is_a_gauge),
             HARNESS_CASE(names_are_unique_and_rows_documented), HARNESS_CASE(functions_are_found_by_name),
             HARNESS_CASE(labels_belong_to_metrics), HARNESS_CASE(words_of_the_label_reason_depend_on_the_metric),
             HARNESS_CASE(topics_end_with_an_empty_row))
