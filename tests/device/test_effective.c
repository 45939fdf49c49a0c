#include "device/effective.h"
#include "harness.h"
#include "rig.h"

static struct rig r;

static struct action *changes(instant start, enum setting_key key, double number) {
    struct action *a = rig_action(&r, key < SET_EVERY ? DO_LINK : DO_SET, start);
    a->settings[0] = (struct setting){.key = key, .number = number, .dist = {.kind = DIST_CONSTANT, .a = number}};
    a->setting_count = 1;
    return a;
}

static void without_entries_the_groups_own_profile_holds(void) {
    rig_make(&r);
    rig_begin(&r, INSTANT_NEVER);
    CU_ASSERT_PTR_EQUAL(effective_profile(&r.host, &r.slot), &r.profile);
    struct impair_params link = effective_link(&r.host, &r.slot);
    CU_ASSERT(impair_is_clear(&link));
    rig_free(&r);
}

static void an_active_entry_changes_only_what_it_names(void) {
    rig_make(&r);
    changes(SPAN_S, SET_BUFFER_MESSAGES, 3);
    rig_begin(&r, INSTANT_NEVER);
    rig_run(&r, SPAN_S);
    CU_ASSERT_EQUAL(effective_profile(&r.host, &r.slot)->buffer.messages, 3);
    CU_ASSERT_EQUAL(effective_profile(&r.host, &r.slot)->mqtt.keepalive_s, 60);
    CU_ASSERT_EQUAL(r.profile.buffer.messages, 100);
    rig_free(&r);
}

static void the_entry_that_started_last_wins(void) {
    rig_make(&r);
    changes(2 * SPAN_S, SET_BUFFER_MESSAGES, 2);
    changes(SPAN_S, SET_BUFFER_MESSAGES, 1);
    rig_begin(&r, INSTANT_NEVER);
    rig_run(&r, 3 * SPAN_S);
    CU_ASSERT_EQUAL(effective_profile(&r.host, &r.slot)->buffer.messages, 2);
    rig_free(&r);
}

static void set_changes_the_gap_of_telemetry(void) {
    rig_make(&r);
    changes(SPAN_S, SET_EVERY, 5e9);
    rig_begin(&r, INSTANT_NEVER);
    CU_ASSERT_EQUAL(effective_every(&r.host, &r.slot, &r.telemetry)->a, 1e9);
    rig_run(&r, SPAN_S);
    CU_ASSERT_EQUAL(effective_every(&r.host, &r.slot, &r.telemetry)->a, 5e9);
    rig_free(&r);
}

static void link_entries_make_a_link_where_there_was_none(void) {
    rig_make(&r);
    changes(SPAN_S, SET_RTT, 80e6);
    rig_begin(&r, INSTANT_NEVER);
    rig_run(&r, SPAN_S);
    struct impair_params link = effective_link(&r.host, &r.slot);
    CU_ASSERT_FALSE(impair_is_clear(&link));
    CU_ASSERT_EQUAL(link.rtt_median, 80 * SPAN_MS);
    rig_free(&r);
}

HARNESS_MAIN("effective", HARNESS_CASE(without_entries_the_groups_own_profile_holds),
             HARNESS_CASE(an_active_entry_changes_only_what_it_names), HARNESS_CASE(the_entry_that_started_last_wins),
             HARNESS_CASE(set_changes_the_gap_of_telemetry),
             HARNESS_CASE(link_entries_make_a_link_where_there_was_none))
