#include "scenario/check_names.h"

#include <stdio.h>
#include <string.h>

#include "compiled.h"
#include "harness.h"

#define HEAD                                                                                                           \
    "duration: 10min\nprofiles: {new: {}}\n"                                                                           \
    "fleets:\n"                                                                                                        \
    "  a: {count: 10, profile: new, regions: {eu-west: 50%, eu-north: 50%}, telemetry: [{every: 10s, topic: t, qos: "  \
    "1}, {every: 9s, topic: u, qos: 2}]}\n"                                                                            \
    "timeline: [{do: connect, over: 1min}, {id: cut, at: 5min, do: reset}, {id: fix, when: attempts > 3, do: reset}, " \
    "{id: calm, at: 6min, do: hold, for: 1min}]\n"

/* A check with exactly this finding, and its suggestion or help. */
static void finds(const char *check, const char *code, const char *words, const char *suggestion, const char *help) {
    char text[2000];
    snprintf(text, sizeof text, "%schecks:\n  - expect: %s\n", HEAD, check);
    struct compiled c = compiled_of(text);
    const struct diagnostic *d = c.found.count == 1 ? &c.found.items[0] : NULL;
    bool right = d != NULL && strcmp(d->code, code) == 0 && strstr(d->message, words) != NULL &&
                 (suggestion == NULL || (d->suggestion != NULL && strcmp(d->suggestion, suggestion) == 0)) &&
                 (help == NULL || (d->help != NULL && strstr(d->help, help) != NULL));
    if (!right) {
        printf("     %s\n", check);
        compiled_print(&c);
    }
    CU_ASSERT_TRUE(right);
    compiled_free(&c);
}

static void names_that_do_not_exist_are_refused(void) {
    finds("count(mqtt.publish{region=eu-wset}) > 0", "E412", "no device has the region 'eu-wset'", "eu-west",
          "regions are eu-west, eu-north");
    finds("count(mqtt.publish{fleet=b}) > 0", "E412", "no device has the fleet 'b'", NULL, "fleets are a");
    finds("count(mqtt.publish{profile!=old}) > 0", "E412", "no device has the profile 'old'", NULL, "profiles are new");
    finds("count(mqtt.publish{target=x}) > 0", "E412", "no device has the target 'x'", NULL, NULL);
    finds("count(mqtt.publish, during=clam) > 0", "E412", "no phase or entry 'clam'", "calm", NULL);
    finds("count(mqtt.publish, during=stedy) > 0", "E412", "no phase or entry 'stedy'", "steady", NULL);
    finds("count(mqtt.publish, from=recovery.end) > 0", "E412", "no phase or entry 'recovery'", NULL,
          "phases and entries are ramp");
}

static void scopes_need_a_stretch_of_time(void) {
    finds("count(mqtt.publish, during=cut) > 0", "E413", "'cut' lasts no time", NULL, "from=cut.start");
    finds("count(mqtt.publish, during=fix) > 0", "E413", "at its own time", NULL, NULL);
    finds("count(mqtt.publish, from=calm.end, to=calm.start) > 0", "E413", "ends before it begins", NULL, NULL);
    finds("min(online, during=calm, over=90s) > 0", "E413", "no window of this length", NULL, NULL);
    finds("min(online, over=11min) > 0", "E413", "no window of this length fits into the run", NULL, NULL);
}

static void what_cannot_be_measured_is_said(void) {
    finds("reordered(mqtt.publish) == 0", "W405", "needs an auditor", NULL, "observe: all");
    finds("p50(mqtt.end_to_end) < 1s", "W405", "no fleet subscribes", NULL, NULL);
    finds("duplicated(mqtt.publish) == 0", "W405", "no fleet subscribes", NULL, NULL);
}

static void names_that_exist_pass(void) {
    static const char *const checks[] = {"count(mqtt.publish{region=eu-west,fleet=a,profile=new}) > 0",
                                         "count(mqtt.publish, during=calm) > 0",
                                         "count(mqtt.publish, from=cut.start, to=settle.start) > 0",
                                         "count(mqtt.publish, during=ramp) > 0",
                                         "lost(mqtt.publish) == 0",
                                         "lost(mqtt.publish{qos=1}) == 0",
                                         "time_to(online > 5, from=cut.end) < 1s"};
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        char text[2000];
        snprintf(text, sizeof text, "%schecks:\n  - expect: %s\n", HEAD, checks[i]);
        struct compiled c = compiled_of(text);
        if (c.found.count > 0)
            compiled_print(&c);
        CU_ASSERT_EQUAL(c.found.count, 0);
        compiled_free(&c);
    }
}

HARNESS_MAIN("scenario/check_names", HARNESS_CASE(names_that_do_not_exist_are_refused),
             HARNESS_CASE(scopes_need_a_stretch_of_time), HARNESS_CASE(what_cannot_be_measured_is_said),
             HARNESS_CASE(names_that_exist_pass))
