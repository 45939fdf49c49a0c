#include "import/imported_streams.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "harness.h"
#include "made.h"
#include "scenario/plan_walk.h"

static struct made made;
static struct text scenario;
static struct diagnostic_list found;
static struct plan *plan;
static struct made_connection c;

static const struct imported_options exact = {.source = "made.pcap"}, model = {.source = "made.pcap", .model = true},
                                     sizes = {.source = "made.pcap", .sizes = true};

static void begin(void) {
    made_begin(&made);
    c = made_connection(&made, 7, 40001);
    made_join(&c, 0, "one", MQTT_3_1_1);
}

static const struct telemetry *import(const struct imported_options *options) {
    plan = made_import(&made, options, &scenario, &found);
    CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
    return plan->groups[0].telemetry;
}

static void done(void) {
    plan_free(plan);
    diagnostic_free(&found);
    text_free(&scenario);
}

/* The instants at which the plan's device means to publish are those of the capture. */
static void messages_are_intended_when_they_were_seen(void) {
    static const int64_t ms[] = {10, 10, 250, 251, 900, 5000};
    begin();
    for (size_t i = 0; i < COUNT_OF(ms); i++)
        made_publish(&c, ms[i], i % 2 ? "a" : "b", 1, bytes_of_text(i % 2 ? "odd" : "even"));
    const struct telemetry *t = import(&exact);
    CU_ASSERT_TRUE(t[0].message_count == 3 && t[1].message_count == 3);
    struct plan_walk *w = plan_walk_new(plan, 0, false);
    struct plan_walk_step step;
    size_t seen = 0;
    while (plan_walk_next(w, &step))
        if (step.kind == PLAN_WALK_MESSAGE && seen < COUNT_OF(ms))
            CU_ASSERT_EQUAL(step.at, ms[seen++] * SPAN_MS);
    CU_ASSERT_EQUAL(seen, COUNT_OF(ms));
    plan_walk_free(w);
    done();
}

static void a_heartbeat_that_goes_on_is_a_period(void) {
    begin();
    for (int i = 0; i < 20; i++)
        made_publish(&c, 300 + 1000 * i + i % 3, "beat", 0, bytes_of_text("on"));
    const struct telemetry *t = import(&exact);
    CU_ASSERT_TRUE(t->message_count == 0 && t->has_first && t->first == 300 * SPAN_MS);
    CU_ASSERT_TRUE(dist_is_constant(&t->every) && t->every.a == 1e9 && t->mark == MARK_NONE);
    done();
    made_publish(&c, 60000, "other", 0, bytes_of_text("x")); /* it stopped: a period would not */
    t = import(&exact);
    CU_ASSERT_EQUAL(t->message_count, 20);
    CU_ASSERT_TRUE(bytes_equal(t->payload.tokens[0].text, bytes_of_text("on")));
    done();
}

static void a_model_has_gaps_and_sizes(void) {
    begin();
    for (int i = 0; i < 30; i++)
        made_publish(&c, 300 + 1000 * i + 13 * (i % 4), "beat", 0, bytes_of("0123456789", (size_t)(i % 5) + 4));
    const struct telemetry *t = import(&model);
    CU_ASSERT_TRUE(t->message_count == 0 && !t->has_first && t->every.a == 1e9 && t->random_size == 6);
    done();
}

static void sizes_may_stand_for_payloads(void) {
    begin();
    made_publish(&c, 10, "t", 0, bytes_of_text("private"));
    made_publish(&c, 35, "t", 0, bytes_of_text("words"));
    const struct telemetry *t = import(&sizes);
    CU_ASSERT_TRUE(t->message_count == 2 && t->messages[0].random_size == 7 && t->messages[1].random_size == 5);
    CU_ASSERT_PTR_NULL(strstr(text_get(&scenario), "private"));
    done();
}

static void topics_a_scenario_cannot_say_are_left_out(void) {
    begin();
    made_publish(&c, 10, "random(5B)", 0, bytes_of_text("x"));
    made_publish(&c, 20, "a\x01", 0, bytes_of_text("x"));
    import(&exact);
    CU_ASSERT_EQUAL(plan->groups[0].telemetry_count, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&scenario), "# left out: random(5B), 1 messages"));
    done();
}

static void too_much_for_a_file_becomes_less_exact(void) {
    static uint8_t payload[300];
    begin();
    for (int i = 0; i < 2000; i++) { /* 600 kB of bytes that are no text, so twice as much in hexadecimal */
        payload[0] = (uint8_t)(i % 256);
        made_publish(&c, 300 + 17 * i, "much", 0, bytes_of(payload, sizeof payload));
    }
    const struct telemetry *t = import(&exact);
    CU_ASSERT_TRUE(t->message_count == 2000 && t->messages[7].random_size == 300);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&scenario), "only the sizes"));
    CU_ASSERT_TRUE(scenario.size < 1 << 20);
    done();
}

static void long_lists_are_divided(void) {
    begin();
    for (int i = 0; i < 9000; i++)
        made_publish(&c, 300 + 17 * i + i % 5, "long", 0, bytes_of_text("x"));
    const struct telemetry *t = import(&exact);
    CU_ASSERT_EQUAL_FATAL(plan->groups[0].telemetry_count, 3);
    CU_ASSERT_EQUAL(t[0].message_count + t[1].message_count + t[2].message_count, 9000);
    done();
}

static void there_are_so_many_streams(void) {
    begin();
    for (int i = 0; i < 100; i++) {
        char topic[16];
        snprintf(topic, sizeof topic, "t/%d", i);
        made_publish(&c, 300 + i, topic, 0, bytes_of_text("x"));
    }
    import(&exact);
    CU_ASSERT_EQUAL(plan->groups[0].telemetry_count, 64);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&scenario), "left out in all: 36 streams"));
    done();
}

HARNESS_MAIN("import/imported_streams", HARNESS_CASE(messages_are_intended_when_they_were_seen),
             HARNESS_CASE(a_heartbeat_that_goes_on_is_a_period), HARNESS_CASE(a_model_has_gaps_and_sizes),
             HARNESS_CASE(sizes_may_stand_for_payloads), HARNESS_CASE(topics_a_scenario_cannot_say_are_left_out),
             HARNESS_CASE(too_much_for_a_file_becomes_less_exact), HARNESS_CASE(long_lists_are_divided),
             HARNESS_CASE(there_are_so_many_streams))
