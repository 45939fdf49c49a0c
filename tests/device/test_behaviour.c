#include "device/behaviour.h"
#include "harness.h"

static const struct profile plain, commanded = {.commands = {.on = true}};

static void a_block_holds_streams_then_signals_then_fired_entries(void) {
    struct fleet_group g = {.profile = &plain, .telemetry_count = 2, .signal_count = 3};
    union {
        struct behaviour b;
        uint8_t room[512];
    } block;
    size_t size = behaviour_size(&g, 2);
    CU_ASSERT_EQUAL(size % 8, 0);
    CU_ASSERT((uint8_t *)behaviour_streams(&block.b) >= block.b.tail);
    CU_ASSERT_PTR_EQUAL(behaviour_signals(&g, &block.b), (double *)(void *)(behaviour_streams(&block.b) + 2));
    CU_ASSERT_PTR_EQUAL(behaviour_fired(&g, &block.b), (struct fired *)(void *)(behaviour_signals(&g, &block.b) + 3));
    CU_ASSERT_PTR_EQUAL((uint8_t *)(behaviour_fired(&g, &block.b) + 2), block.room + size);
}

static void only_devices_that_take_commands_have_room_for_them(void) {
    struct fleet_group g = {.profile = &plain, .telemetry_count = 1};
    union {
        struct behaviour b;
        uint8_t room[512];
    } block;
    size_t without = behaviour_size(&g, 1);
    CU_ASSERT_PTR_NULL(behaviour_commands(&g, &block.b));
    g.profile = &commanded;
    CU_ASSERT_EQUAL(behaviour_size(&g, 1), without + sizeof(struct command_state));
    CU_ASSERT_PTR_EQUAL((uint8_t *)behaviour_commands(&g, &block.b), (uint8_t *)behaviour_signals(&g, &block.b));
    CU_ASSERT_PTR_EQUAL((uint8_t *)behaviour_fired(&g, &block.b), (uint8_t *)(behaviour_commands(&g, &block.b) + 1));
}

static void only_groups_that_need_them_have_an_instant_and_triggers(void) {
    struct fleet_group g = {.profile = &plain, .telemetry_count = 2, .signal_count = 3};
    union {
        struct behaviour b;
        uint8_t room[512];
    } block;
    size_t without = behaviour_size(&g, 1);
    CU_ASSERT_PTR_NULL(behaviour_sampled(&g, &block.b));
    CU_ASSERT_PTR_NULL(behaviour_triggers(&g, &block.b));
    g.signals_evolve = g.triggers = true;
    CU_ASSERT_EQUAL(behaviour_size(&g, 1), without + 8 + 2 * 16);
    CU_ASSERT_PTR_EQUAL((uint8_t *)behaviour_sampled(&g, &block.b), (uint8_t *)(behaviour_signals(&g, &block.b) + 3));
    CU_ASSERT_PTR_EQUAL((uint8_t *)behaviour_triggers(&g, &block.b), (uint8_t *)(behaviour_sampled(&g, &block.b) + 1));
    CU_ASSERT_PTR_EQUAL((uint8_t *)behaviour_fired(&g, &block.b), (uint8_t *)(behaviour_triggers(&g, &block.b) + 2));
    CU_ASSERT_PTR_NULL(behaviour_forward(&g, &block.b));
    struct profile paced = {.buffer = {.forward_gap = SPAN_S}};
    g.profile = &paced;
    CU_ASSERT_PTR_EQUAL((uint8_t *)behaviour_fired(&g, &block.b), (uint8_t *)(behaviour_forward(&g, &block.b) + 1));
}

static void an_idle_device_with_one_stream_and_one_signal_needs_40_bytes(void) {
    struct fleet_group g = {.profile = &plain, .telemetry_count = 1, .signal_count = 1};
    CU_ASSERT_EQUAL(behaviour_size(&g, 0), 40);
}

static void entries_with_a_condition_are_tracked(void) {
    CU_ASSERT_FALSE(behaviour_tracks(&(struct action){.verb = DO_RESET}));
    CU_ASSERT_TRUE(behaviour_tracks(&(struct action){.verb = DO_RESET, .when = true}));
    CU_ASSERT_TRUE(behaviour_tracks(&(struct action){.verb = DO_RESET, .where = {.count = 1}}));
}

HARNESS_MAIN("behaviour", HARNESS_CASE(a_block_holds_streams_then_signals_then_fired_entries),
             HARNESS_CASE(only_devices_that_take_commands_have_room_for_them),
             HARNESS_CASE(only_groups_that_need_them_have_an_instant_and_triggers),
             HARNESS_CASE(an_idle_device_with_one_stream_and_one_signal_needs_40_bytes),
             HARNESS_CASE(entries_with_a_condition_are_tracked))
