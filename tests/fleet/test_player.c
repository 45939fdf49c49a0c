#include "fleet/player.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "fleet/recording.h"
#include "harness.h"
#include "made.h"

static struct made m;
static uint8_t file[1 << 20];
static size_t size;
static char why[256];
static uint64_t absent[1];

static void on_event(void *context, const struct run_event *e) {
    (void)context;
    if (e->kind != RUN_RECORDED)
        return;
    CU_ASSERT_FATAL(size + e->recorded.size <= sizeof file);
    memcpy(file + size, e->recorded.data, e->recorded.size);
    size += e->recorded.size;
}

static struct run_facts go(const struct run_options *options) {
    struct run_facts facts;
    const struct run_sink sink = {.event = on_event};
    CU_ASSERT_EQUAL_FATAL(run_plan(&m.plan, options, &sink, &facts, why, sizeof why), 0);
    return facts;
}

/* A fleet with losses, an outage and reconnects, all of it recorded. */
static instant record(uint32_t devices) {
    made_plan(&m, devices, NULL);
    m.plan.duration = 600 * SPAN_S;
    m.plan.settle = 10 * SPAN_S;
    m.telemetry.every = (struct dist){.kind = DIST_EXP, .a = 10e9};
    made_network(&m, 150 * SPAN_MS);
    m.network.loss_ppm = 20000;
    made_action(&m, DO_LINK_DOWN, 200 * SPAN_S, 100 * SPAN_S)->how = LINK_RESET;
    size = RECORDING_MAGIC_SIZE;
    memcpy(file, recording_magic, RECORDING_MAGIC_SIZE);
    struct run_facts facts = go(&(struct run_options){.record_all = true});
    instant ended = facts.ended;
    run_facts_free(&facts);
    return ended;
}

/* These devices alone. */
static struct run_facts play(const uint32_t *devices, unsigned count, instant until) {
    absent[0] = UINT64_MAX;
    for (unsigned i = 0; i < count; i++)
        absent[0] &= ~(UINT64_C(1) << devices[i]);
    m.plan.absent = absent;
    struct run_facts facts = go(&(struct run_options){
        .recording = bytes_of(file, size), .played = devices, .played_count = count, .played_until = until});
    m.plan.absent = NULL;
    return facts;
}

static void devices_alone_do_what_they_did_among_others(void) {
    const uint32_t devices[] = {2, 11, 30};
    instant ended = record(40);
    struct run_facts facts = play(devices, 3, ended);
    CU_ASSERT_EQUAL_FATAL(facts.played_count, 3);
    for (unsigned i = 0; i < 3; i++) {
        const struct player_device *d = &facts.played[i];
        CU_ASSERT_EQUAL(d->device, devices[i]);
        CU_ASSERT_FALSE(d->departed);
        CU_ASSERT(d->sent > 40);
        CU_ASSERT_EQUAL(d->sent, d->expected);
    }
    CU_ASSERT_EQUAL(facts.online_end, 3);
    run_facts_free(&facts);
    made_free(&m);
}

static void a_device_that_does_something_else_departs_at_that_instant(void) {
    const uint32_t devices[] = {5};
    instant ended = record(10);
    m.telemetry.qos = 0;
    struct run_facts facts = play(devices, 1, ended);
    CU_ASSERT_TRUE(facts.played[0].departed);
    CU_ASSERT_STRING_EQUAL(facts.played[0].how, "it sent other bytes");
    CU_ASSERT_EQUAL(facts.played[0].sent, 1); /* CONNECT was the same */
    CU_ASSERT(facts.played[0].departed_at < 100 * SPAN_S);
    run_facts_free(&facts);
    made_free(&m);
}

static void a_device_that_falls_silent_sends_less(void) {
    const uint32_t devices[] = {5};
    instant ended = record(10);
    m.plan.duration = 100 * SPAN_S;
    struct run_facts facts = play(devices, 1, ended);
    CU_ASSERT_TRUE(facts.played[0].departed);
    CU_ASSERT(facts.played[0].sent < facts.played[0].expected);
    run_facts_free(&facts);
    made_free(&m);
}

static void a_recording_without_the_device_lets_it_connect_to_nobody(void) {
    const uint32_t devices[] = {5};
    instant ended = record(10);
    size = RECORDING_MAGIC_SIZE;
    struct run_facts facts = play(devices, 1, ended);
    CU_ASSERT_TRUE(facts.played[0].departed);
    CU_ASSERT_STRING_EQUAL(facts.played[0].how, "it connected where the recording has nothing");
    CU_ASSERT_EQUAL(facts.online_end, 0);
    run_facts_free(&facts);
    made_free(&m);
}

HARNESS_MAIN("fleet/player", HARNESS_CASE(devices_alone_do_what_they_did_among_others),
             HARNESS_CASE(a_device_that_does_something_else_departs_at_that_instant),
             HARNESS_CASE(a_device_that_falls_silent_sends_less),
             HARNESS_CASE(a_recording_without_the_device_lets_it_connect_to_nobody))
