#include "scenario/plan_filters.h"

#include <stdio.h>
#include <string.h>

#include "compiled.h"
#include "harness.h"

/* The filter of the first stream of a fleet with that topic. */
static void filter_is(const char *topic, uint32_t device, const char *wanted) {
    char scenario[1000];
    snprintf(
        scenario, sizeof scenario,
        "duration: 1min\nfleets: {a: {count: 10, regions: {north: 100%%}, signals: {s: \"choice(x:0.5, y:0.5)\", d: "
        "\"choice(x/y:1)\"}, telemetry: {every: 10s, topic: \"%s\", payload: \"random(32B)\"}}}\n",
        topic);
    struct compiled c = compiled_of(scenario);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    struct text out = {0};
    plan_filters_of_stream(c.plan, &c.plan->groups[0], &c.plan->groups[0].telemetry[0], device, &out);
    if (strcmp(text_get(&out), wanted) != 0)
        printf("     %s gives %s\n", topic, text_get(&out));
    CU_ASSERT_STRING_EQUAL(text_get(&out), wanted);
    text_free(&out);
    compiled_free(&c);
}

static void what_differs_between_devices_and_messages_becomes_a_plus(void) {
    filter_is("t", PLAN_FILTERS_ANY_DEVICE, "t");
    filter_is("home/${device.id}/temp", PLAN_FILTERS_ANY_DEVICE, "home/+/temp");
    filter_is("${device.region}/m-${device.index}/${msg.seq}", PLAN_FILTERS_ANY_DEVICE, "north/+/+");
    filter_is("${device.fleet}/${device.profile}/x", PLAN_FILTERS_ANY_DEVICE, "a/default/x");
    filter_is("a/${device.imei}-${signal.s}/b", PLAN_FILTERS_ANY_DEVICE, "a/+/b");
    filter_is("${device.id}", PLAN_FILTERS_ANY_DEVICE, "+");
}

static void a_signal_with_slashes_opens_the_rest(void) {
    filter_is("a/x${signal.d}/b", PLAN_FILTERS_ANY_DEVICE, "a/#");
}

static void one_device_has_its_own_names(void) {
    filter_is("home/${device.id}/${device.index}/temp", 3, "home/a-3/3/temp");
    filter_is("home/${device.id}/${msg.mark}", 3, "home/a-3/+");
}

/* Adds filters, separated by spaces, and compares what is left with `wanted`. */
static void set_is(const char *added, const char *wanted) {
    struct plan_filters f = {0};
    struct text all = {0};
    char copy[200];
    snprintf(copy, sizeof copy, "%s", added);
    for (char *save, *one = strtok_r(copy, " ", &save); one != NULL; one = strtok_r(NULL, " ", &save))
        plan_filters_add(&f, one);
    plan_filters_join(&f);
    for (unsigned i = 0; i < f.count; i++)
        text_printf(&all, "%s%s", i == 0 ? "" : " ", f.all[i]);
    CU_ASSERT_STRING_EQUAL(text_get(&all), wanted);
    text_free(&all);
    plan_filters_free(&f);
}

static void filters_that_overlap_become_one_that_covers_them(void) {
    set_is("a/b a/c", "a/b a/c");
    set_is("a/b a/b", "a/b");
    set_is("a/+ a/b", "a/+");
    set_is("a/b a/+", "a/+");
    set_is("a/+/c a/b/+", "a/+/+");
    set_is("a/# a/b", "a/#");
    set_is("a a/#", "a/#");
    set_is("a/b/c +/b/d a/+/d", "+/+/d a/b/c"); /* the joined one touches no third */
    set_is("a/b +/c a/c x/y", "+/c a/b x/y");
    set_is("x/1 +/+ y/2", "+/+"); /* what did not overlap before does so with the joined one */
}

static void devices_of_a_sample_are_held_against_themselves_only(void) {
    struct plan_filters f = {0};
    for (int d = 0; d < 3; d++) {
        char own[16];
        plan_filters_begin_device(&f);
        snprintf(own, sizeof own, "d/%d", d);
        plan_filters_add(&f, own);
        plan_filters_add(&f, "all");
    }
    CU_ASSERT_EQUAL(f.count, 6);
    plan_filters_join(&f);
    CU_ASSERT_EQUAL(f.count, 4);
    plan_filters_free(&f);
}

HARNESS_MAIN("scenario/plan_filters", HARNESS_CASE(what_differs_between_devices_and_messages_becomes_a_plus),
             HARNESS_CASE(a_signal_with_slashes_opens_the_rest), HARNESS_CASE(one_device_has_its_own_names),
             HARNESS_CASE(filters_that_overlap_become_one_that_covers_them),
             HARNESS_CASE(devices_of_a_sample_are_held_against_themselves_only))
