#include "report/evidence_index.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "harness.h"
#include "metrics/op.h"
#include "metrics/step.h"
#include "report/events.h"

static struct evidence_index x;

/* A log of these lines' members, numbered and sealed. */
static void take(const char *const *lines) {
    for (unsigned i = 0; lines[i] != NULL; i++) {
        struct text line = {0};
        text_printf(&line, "{\"n\":%u,\"t\":1,%s", i, lines[i]);
        events_seal(&line);
        evidence_index_add(&x, line.data, line.size - i % 2); /* with or without the line end */
        text_free(&line);
    }
}

static void read_one(const char *const *lines) {
    x = (struct evidence_index){0};
    take(lines);
}

#define FINDING  "\"kind\":\"finding\",\"device\":\"meters-7\",\"d\":7,"
#define PLACE(n) ",\"evidence\":{\"file\":\"evidence/meters-7.pcapng\",\"frame\":" #n "}"

static const char *const log_lines[] = {
    "\"kind\":\"state\",\"device\":\"meters-7\",\"d\":7",
    FINDING
    "\"what\":\"operation\",\"operation\":\"mqtt.connect\",\"outcome\":\"refused\",\"reason_code\":135" PLACE(2),
    FINDING
    "\"what\":\"operation\",\"operation\":\"mqtt.connect\",\"outcome\":\"refused\",\"reason_code\":135" PLACE(4),
    FINDING "\"what\":\"operation\",\"operation\":\"mqtt.publish\",\"outcome\":\"timeout\"",
    FINDING "\"what\":\"violation\",\"statement\":\"MQTT-3.2.2-1\",\"reason_code\":129" PLACE(9),
    FINDING
    "\"what\":\"operation\",\"operation\":\"mqtt.connect\",\"outcome\":\"broken\",\"why\":\"by_peer\"" PLACE(11),
    NULL};

static void of_each_kind_the_first_is_listed(void) {
    read_one(log_lines);
    CU_ASSERT_EQUAL_FATAL(x.count, 3);
    CU_ASSERT_STRING_EQUAL(x.entries[0].operation, "mqtt.connect");
    CU_ASSERT_EQUAL(x.entries[0].reason_code, 135);
    CU_ASSERT_EQUAL(x.entries[0].frame, 2);
    CU_ASSERT_STRING_EQUAL(x.entries[0].file, "evidence/meters-7.pcapng");
    CU_ASSERT_STRING_EQUAL(x.entries[1].statement, "MQTT-3.2.2-1");
    CU_ASSERT_STRING_EQUAL(x.entries[2].why, "by_peer");
}

static void causes_and_checks_find_theirs(void) {
    read_one(log_lines);
    struct reason_row refused = {.op = OP_MQTT_CONNECT, .outcome = OP_REFUSED, .reason_code = 135},
                      other_code = {.op = OP_MQTT_CONNECT, .outcome = OP_REFUSED, .reason_code = 3},
                      violation = {.op = OP_MQTT_CONNECT, .outcome = OP_BROKEN, .close_reason = CLOSE_VIOLATION},
                      gone = {.op = OP_MQTT_CONNECT, .outcome = OP_BROKEN, .close_reason = CLOSE_BY_PEER},
                      others = {.op = OP_KINDS};
    CU_ASSERT_EQUAL(evidence_index_cause(&x, &refused)->frame, 2);
    CU_ASSERT_PTR_NULL(evidence_index_cause(&x, &other_code));
    CU_ASSERT_EQUAL(evidence_index_cause(&x, &violation)->frame, 9);
    CU_ASSERT_EQUAL(evidence_index_cause(&x, &gone)->frame, 11);
    CU_ASSERT_PTR_NULL(evidence_index_cause(&x, &others));
    struct check connects = {.expect = "ratio(mqtt.connect.ok) == 100%"},
                 rules = {.expect = "count(mqtt.violation) == 0"}, pings = {.expect = "max(mqtt.ping.ack) < 1s"},
                 tool = {.expect = "tool.cpu_s < 10"};
    CU_ASSERT_EQUAL(evidence_index_check(&x, &connects)->frame, 2);
    CU_ASSERT_EQUAL(evidence_index_check(&x, &rules)->frame, 9);
    CU_ASSERT_EQUAL(evidence_index_check(&x, &pings)->frame, 9);
    CU_ASSERT_PTR_NULL(evidence_index_check(&x, &tool));
}

static void without_an_index_nothing_is_found(void) {
    struct reason_row cause = {.op = OP_MQTT_CONNECT, .outcome = OP_REFUSED};
    struct check check = {.expect = "count(mqtt.violation) == 0"};
    CU_ASSERT_PTR_NULL(evidence_index_cause(NULL, &cause));
    CU_ASSERT_PTR_NULL(evidence_index_check(NULL, &check));
}

static void what_is_strange_is_not_listed(void) {
    static const char *const strange[] = {FINDING "\"what\":\"operation\",\"evidence\":{\"file\":7,\"frame\":1}",
                                          FINDING
                                          "\"what\":\"operation\",\"evidence\":{\"file\":\"f\",\"frame\":\"1\"}",
                                          FINDING "\"what\":\"operation\",\"evidence\":{\"file\":\"f\",\"frame\":0}",
                                          FINDING "\"what\":3,\"evidence\":{\"file\":\"f\",\"frame\":1}", NULL};
    read_one(strange);
    CU_ASSERT_EQUAL(x.count, 1);
    evidence_index_add(&x, FINDING PLACE(1), sizeof(FINDING PLACE(1)) - 1); /* no document */
    evidence_index_add(&x, "", 0);
    CU_ASSERT_EQUAL(x.count, 1);
}

static void a_full_index_stays_as_it_is(void) {
    x = (struct evidence_index){0};
    for (unsigned i = 0; i < 2 * EVIDENCE_INDEX_MAX; i++) {
        char line[300];
        snprintf(line, sizeof line,
                 "{\"kind\":\"finding\",\"what\":\"operation\",\"reason_code\":%u,\"evidence\":{\"file\":\"f\","
                 "\"frame\":1}}",
                 i);
        evidence_index_add(&x, line, strlen(line));
    }
    CU_ASSERT_EQUAL(x.count, EVIDENCE_INDEX_MAX);
    CU_ASSERT_EQUAL(x.entries[EVIDENCE_INDEX_MAX - 1].reason_code, EVIDENCE_INDEX_MAX - 1);
}

HARNESS_MAIN("evidence_index", HARNESS_CASE(of_each_kind_the_first_is_listed),
             HARNESS_CASE(causes_and_checks_find_theirs), HARNESS_CASE(without_an_index_nothing_is_found),
             HARNESS_CASE(what_is_strange_is_not_listed), HARNESS_CASE(a_full_index_stays_as_it_is))
