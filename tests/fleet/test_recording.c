#include "fleet/recording.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "fleet/virtual.h"
#include "harness.h"
#include "made.h"

/* What control passed on of a run that was recorded. */
static struct made m;
static uint8_t file[1 << 20];
static size_t size;
static char why[256];

static void on_event(void *context, const struct run_event *e) {
    (void)context;
    if (e->kind != RUN_RECORDED)
        return;
    CU_ASSERT_FATAL(size + e->recorded.size <= sizeof file);
    memcpy(file + size, e->recorded.data, e->recorded.size);
    size += e->recorded.size;
}

static void record(const struct run_options *options) {
    struct run_facts facts;
    const struct run_sink sink = {.event = on_event};
    size = RECORDING_MAGIC_SIZE;
    memcpy(file, recording_magic, RECORDING_MAGIC_SIZE);
    CU_ASSERT_EQUAL_FATAL(run_plan(&m.plan, options, &sink, &facts, why, sizeof why), 0);
    CU_ASSERT_EQUAL(facts.recording_omitted, 0);
    run_facts_free(&facts);
}

static struct {
    unsigned kinds[RECORDING_KINDS];
    uint64_t devices; /* a bit each */
    instant last[64];
    bool in_order;
} seen;

static void take(void *context, const struct recording_event *e) {
    (void)context;
    seen.kinds[e->kind]++;
    seen.devices |= UINT64_C(1) << e->device;
    seen.in_order = seen.in_order && e->at >= seen.last[e->device];
    seen.last[e->device] = e->at;
}

static int read_back(size_t bytes) {
    memset(&seen, 0, sizeof seen);
    seen.in_order = true;
    return recording_read(bytes_of(file, bytes), take, NULL, why, sizeof why);
}

static void plan_of_a_minute(uint32_t devices) {
    made_plan(&m, devices, NULL);
    m.plan.duration = 60 * SPAN_S;
    m.plan.settle = SPAN_S;
    m.telemetry.every = (struct dist){.kind = DIST_EXP, .a = 5e9};
}

static void what_peers_did_can_be_read_back_device_by_device_in_order(void) {
    plan_of_a_minute(10);
    record(&(struct run_options){.record_all = true});
    CU_ASSERT_EQUAL_FATAL(read_back(size), 0);
    CU_ASSERT_TRUE(seen.in_order);
    CU_ASSERT_EQUAL(seen.devices, 0x3FF);
    CU_ASSERT_EQUAL(seen.kinds[RECORDING_OPENED], 10);
    CU_ASSERT_EQUAL(seen.kinds[RECORDING_FAILED], 0);
    /* CONNECT, every message, DISCONNECT; and an answer to each but the last */
    CU_ASSERT_EQUAL(seen.kinds[RECORDING_SENT], made_intended(&m) + 20);
    CU_ASSERT_EQUAL(seen.kinds[RECORDING_RECEIVED], made_intended(&m) + 10);
    made_free(&m);
}

static void only_those_that_were_asked_for_are_recorded(void) {
    const uint32_t asked[] = {3, 7};
    plan_of_a_minute(10);
    record(&(struct run_options){.records = asked, .record_count = 2});
    CU_ASSERT_EQUAL_FATAL(read_back(size), 0);
    CU_ASSERT_EQUAL(seen.devices, 1 << 3 | 1 << 7);
    made_free(&m);
}

static void attempts_that_fail_are_there_too(void) {
    plan_of_a_minute(2);
    m.nodes[0] = virtual_node(9); /* where nobody listens */
    record(&(struct run_options){.record_all = true});
    CU_ASSERT_EQUAL_FATAL(read_back(size), 0);
    CU_ASSERT_EQUAL(seen.kinds[RECORDING_OPENED], 0);
    CU_ASSERT(seen.kinds[RECORDING_FAILED] > 100); /* every 50 ms */
    made_free(&m);
}

static void a_recording_that_is_cut_or_damaged_says_where(void) {
    plan_of_a_minute(3);
    record(&(struct run_options){.record_all = true});
    CU_ASSERT_EQUAL(read_back(size - 1), ERR_MALFORMED);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "byte "));
    CU_ASSERT_EQUAL(read_back(RECORDING_MAGIC_SIZE), 0);
    CU_ASSERT_EQUAL(read_back(3), ERR_MALFORMED);
    file[0] = 'm';
    CU_ASSERT_EQUAL(read_back(size), ERR_MALFORMED);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, recording_magic));
    made_free(&m);
}

HARNESS_MAIN("fleet/recording", HARNESS_CASE(what_peers_did_can_be_read_back_device_by_device_in_order),
             HARNESS_CASE(only_those_that_were_asked_for_are_recorded), HARNESS_CASE(attempts_that_fail_are_there_too),
             HARNESS_CASE(a_recording_that_is_cut_or_damaged_says_where))
