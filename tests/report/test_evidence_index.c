#include "report/evidence_index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/text.h"
#include "harness.h"
#include "metrics/op.h"
#include "metrics/step.h"
#include "report/events.h"
#include "report/log_writer.h"
#include "report/temporary.h"

static struct evidence_index x;

/* A log of these lines' members, numbered and sealed, of which the last one is torn when `torn`. */
static void write_log(const struct temporary *t, unsigned part, unsigned first, const char *const *lines, bool torn) {
    char name[64], path[256];
    FILE *f = fopen(
        temporary_path(t, log_writer_part_name("events.ndjson", part, name, sizeof name), path, sizeof path), "w");
    CHECK(f != NULL);
    for (unsigned i = 0; lines[i] != NULL; i++) {
        struct text line = {0};
        text_printf(&line, "{\"n\":%u,\"t\":1,%s", first + i, lines[i]);
        events_seal(&line);
        fwrite(line.data, 1, line.size - (torn && lines[i + 1] == NULL ? 4 : 0), f);
        text_free(&line);
    }
    fclose(f);
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

static void read_one(const char *const *lines, bool torn) {
    struct temporary t = temporary_make();
    write_log(&t, 0, 0, lines, torn);
    const char *directories[] = {t.path};
    evidence_index_read(directories, 1, &x);
    temporary_remove(&t);
}

static void of_each_kind_the_first_is_listed(void) {
    read_one(log_lines, false);
    CU_ASSERT_EQUAL_FATAL(x.count, 3);
    CU_ASSERT_STRING_EQUAL(x.entries[0].operation, "mqtt.connect");
    CU_ASSERT_EQUAL(x.entries[0].reason_code, 135);
    CU_ASSERT_EQUAL(x.entries[0].frame, 2);
    CU_ASSERT_STRING_EQUAL(x.entries[0].file, "evidence/meters-7.pcapng");
    CU_ASSERT_STRING_EQUAL(x.entries[0].device, "meters-7");
    CU_ASSERT_STRING_EQUAL(x.entries[1].statement, "MQTT-3.2.2-1");
    CU_ASSERT_STRING_EQUAL(x.entries[2].why, "by_peer");
}

static void causes_and_checks_find_theirs(void) {
    read_one(log_lines, false);
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
                 rules = {.expect = "count(mqtt.violation) == 0"}, pings = {.expect = "max(mqtt.ping.ack) < 1s"}, tool = {.expect = "tool.cpu_s < 10"};
    CU_ASSERT_EQUAL(evidence_index_check(&x, &connects)->frame, 2);
    CU_ASSERT_EQUAL(evidence_index_check(&x, &rules)->frame, 9);
    CU_ASSERT_EQUAL(evidence_index_check(&x, &pings)->frame, 9);
    CU_ASSERT_PTR_NULL(evidence_index_check(&x, &tool));
}

static void parts_and_directories_are_read_one_after_the_other(void) {
    static const char *const more[] = {
        FINDING "\"what\":\"operation\",\"operation\":\"mqtt.ping\",\"outcome\":\"timeout\"" PLACE(1), NULL};
    struct temporary a = temporary_make(), b = temporary_make();
    write_log(&a, 0, 0, log_lines, false);
    write_log(&a, 1, 6, more, false);
    write_log(&b, 0, 0, log_lines, false);
    const char *directories[] = {a.path, b.path, "/nowhere/at/all"};
    evidence_index_read(directories, 3, &x);
    CU_ASSERT_EQUAL(x.count, 4);
    CU_ASSERT_STRING_EQUAL(x.entries[3].operation, "mqtt.ping");
    const char *turned[] = {"/nowhere/at/all", b.path};
    evidence_index_read(turned, 2, &x);
    CU_ASSERT_EQUAL(x.count, 3);
    CU_ASSERT_EQUAL(x.entries[0].directory, 1);
    temporary_remove(&a);
    temporary_remove(&b);
}

static void what_is_torn_or_strange_is_not_listed(void) {
    read_one(log_lines, true);
    CU_ASSERT_EQUAL(x.count, 2);
    static const char *const strange[] = {FINDING "\"what\":\"operation\",\"evidence\":{\"file\":7,\"frame\":1}",
                                          FINDING
                                          "\"what\":\"operation\",\"evidence\":{\"file\":\"f\",\"frame\":\"1\"}",
                                          FINDING "\"what\":3,\"evidence\":{\"file\":\"f\",\"frame\":1}", NULL};
    read_one(strange, false);
    CU_ASSERT_EQUAL(x.count, 1);
    evidence_index_read(NULL, 0, &x);
    CU_ASSERT_EQUAL(x.count, 0);
}

HARNESS_MAIN("evidence_index", HARNESS_CASE(of_each_kind_the_first_is_listed),
             HARNESS_CASE(causes_and_checks_find_theirs),
             HARNESS_CASE(parts_and_directories_are_read_one_after_the_other),
             HARNESS_CASE(what_is_torn_or_strange_is_not_listed))
