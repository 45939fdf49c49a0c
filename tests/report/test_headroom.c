#include "report/headroom.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/version.h"
#include "harness.h"
#include "scenario/load.h"

/* 100 devices over 10 s, one message a second each. */
static const char scenario[] = "version: 1\ntarget: mqtt://127.0.0.1:1883\nduration: 1min\n"
                               "fleets: {a: {count: 100, telemetry: {every: 1s, topic: t}}}\n"
                               "timeline: [{do: connect, over: 10s}]\n";

static struct diagnostic_list found;
static struct host host = {.kernel = "Linux 6.1", .cpu = "Processor", .cores = 2};
static struct ceiling ceiling;
static struct run_facts facts;
static struct report report;

static void begin(void) {
    const char *files[] = {"made.yaml"};
    struct load_options load = {.files = files, .file_count = 1, .text = scenario, .text_size = sizeof scenario - 1};
    struct node *root = NULL;
    diagnostic_init(&found);
    CU_ASSERT_EQUAL_FATAL(load_scenario(&load, &root, &found), 0);
    struct plan *plan = plan_compile(root, &(struct plan_options){.has_seed = true, .seed = 1}, &found);
    CU_ASSERT_PTR_NOT_NULL_FATAL(plan);
    facts = (struct run_facts){.plan = plan, .devices_here = 100};
    ceiling = (struct ceiling){.messages_per_s = 1000,
                               .connects_per_s = 1000,
                               .devices = 100000,
                               .shape = "QoS 1 fleet",
                               .version = VERSION_TEXT,
                               .kernel = "Linux 6.1",
                               .cpu = "Processor",
                               .cores = 2};
    report = (struct report){.facts = &facts, .host = &host, .ceiling = &ceiling};
}

static void end(void) {
    plan_free((struct plan *)(uintptr_t)facts.plan);
    diagnostic_free(&found);
}

static void the_scarcest_of_the_three_decides(void) {
    begin();
    struct headroom h = headroom_of(&report);
    CU_ASSERT_TRUE(h.known);
    CU_ASSERT_STRING_EQUAL(h.first, "messages"); /* 1000 of 100 a second; connects 1000 of 10, devices 100000 of 100 */
    CU_ASSERT_DOUBLE_EQUAL(h.factor, 10, 0.5);
    ceiling.connects_per_s = 20;
    h = headroom_of(&report);
    CU_ASSERT_STRING_EQUAL(h.first, "connects");
    CU_ASSERT_DOUBLE_EQUAL(h.factor, 2, 0.3);
    ceiling.devices = 50;
    h = headroom_of(&report);
    CU_ASSERT_STRING_EQUAL(h.first, "devices");
    CU_ASSERT_DOUBLE_EQUAL(h.factor, 0.5, 0.001);
    end();
}

static void what_was_not_measured_does_not_decide(void) {
    begin();
    ceiling.messages_per_s = 0;
    ceiling.connects_per_s = 0;
    CU_ASSERT_STRING_EQUAL(headroom_of(&report).first, "devices");
    ceiling.devices = 0;
    CU_ASSERT_FALSE(headroom_of(&report).known);
    end();
}

static void a_shard_carries_its_part_only(void) {
    begin();
    double whole = headroom_of(&report).factor;
    facts.devices_here = 25;
    CU_ASSERT_DOUBLE_EQUAL(headroom_of(&report).factor, 4 * whole, 1e-6);
    end();
}

static void without_a_fitting_measurement_nothing_is_said(void) {
    char text[200];
    begin();
    ceiling.cores = 8;
    struct headroom h = headroom_of(&report);
    CU_ASSERT_FALSE(h.known);
    CU_ASSERT_STRING_EQUAL(headroom_sentence(&report, &h, text, sizeof text), "");
    report.ceiling = NULL;
    CU_ASSERT_FALSE(headroom_of(&report).known);
    end();
}

static void the_sentence_says_which_way(void) {
    char text[200];
    begin();
    struct headroom h = {true, 4.13, "messages"};
    CU_ASSERT_STRING_EQUAL(headroom_sentence(&report, &h, text, sizeof text),
                           "this host can do 4.1 times this load (messages run out first; measured with QoS 1 fleet)");
    h.factor = 41.3;
    CU_ASSERT_PTR_NOT_NULL(strstr(headroom_sentence(&report, &h, text, sizeof text), "can do 41 times"));
    h.factor = 0.5;
    CU_ASSERT_PTR_NOT_NULL(strstr(headroom_sentence(&report, &h, text, sizeof text), "this load is 2.0 times what"));
    end();
}

HARNESS_MAIN("report/headroom", HARNESS_CASE(the_scarcest_of_the_three_decides),
             HARNESS_CASE(what_was_not_measured_does_not_decide), HARNESS_CASE(a_shard_carries_its_part_only),
             HARNESS_CASE(without_a_fitting_measurement_nothing_is_said), HARNESS_CASE(the_sentence_says_which_way))
