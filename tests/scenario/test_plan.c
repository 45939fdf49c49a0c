#include "scenario/plan.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "compiled.h"
#include "harness.h"
#include "scenario/load.h"

#define FLEET                                                                                                          \
    "duration: 10min\nfleets: {a: {count: 1000, telemetry: {every: exp(10s), topic: \"t/${device.id}\", payload: x, "  \
    "qos: 1}}}\n"
#define STORM                                                                                                          \
    FLEET "timeline:\n  - {do: connect, over: 1min}\n"                                                                 \
          "  - {id: cut, at: 2min, do: link_down, who: {percent: 30}, over: 10s, for: 1min}\n"                         \
          "checks: [{expect: ratio(mqtt.connect.ok) == 100%, expected_during: [cut]}]\n"

static struct compiled good(const char *text) {
    struct compiled c = compiled_of(text);
    if (c.plan == NULL)
        compiled_print(&c);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    return c;
}

static void the_same_scenario_and_seed_give_the_same_plan(void) {
    struct compiled a = good(STORM), b = good(STORM);
    CU_ASSERT_STRING_EQUAL(a.plan->plan_hash, b.plan->plan_hash);
    CU_ASSERT_EQUAL(strlen(a.plan->plan_hash), 64);
    CU_ASSERT_STRING_EQUAL(a.plan->run_id, b.plan->run_id);
    compiled_free(&a);
    compiled_free(&b);
}

static void with_options_is(const struct plan_options *options, bool same_plan, bool same_scenario) {
    static const char text[] = "version: 1\nseed: 7\ntarget: builtin\n" STORM;
    struct compiled a = compiled_with(text, &(struct plan_options){.target_count = 0}),
                    b = compiled_with(text, options);
    CU_ASSERT_PTR_NOT_NULL_FATAL(a.plan);
    if (b.plan == NULL)
        compiled_print(&b);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b.plan);
    CU_ASSERT_EQUAL(strcmp(a.plan->plan_hash, b.plan->plan_hash) == 0, same_plan);
    CU_ASSERT_EQUAL(strcmp(a.plan->scenario_hash, b.plan->scenario_hash) == 0, same_scenario);
    compiled_free(&a);
    compiled_free(&b);
}

static void what_changes_the_hashes(void) {
    static const char *const targets[] = {"mqtt://127.0.0.1:1884", "mqtt://[::1]:1885"};
    with_options_is(&(struct plan_options){.run_id = "00ff"}, true, true);
    with_options_is(&(struct plan_options){.targets = targets, .target_count = 2}, true, true);
    with_options_is(&(struct plan_options){.has_seed = true, .seed = 8}, false, true);
    with_options_is(&(struct plan_options){.devices = 500}, false, false);
}

static void names_and_notes_do_not_change_the_scenario(void) {
    struct compiled a = good(STORM),
                    b = good(STORM "name: other\nx-note: [1, 2]\ntrust: {lag: 1s}\noutputs: {json: a.json}\n"),
                    c = good(STORM "settle: 11s\n");
    CU_ASSERT_STRING_EQUAL(a.plan->scenario_hash, b.plan->scenario_hash);
    CU_ASSERT_STRING_NOT_EQUAL(a.plan->scenario_hash, c.plan->scenario_hash);
    compiled_free(&a);
    compiled_free(&b);
    compiled_free(&c);
}

static void a_seed_is_drawn_and_kept(void) {
    struct compiled c = compiled_with("version: 1\ntarget: builtin\n" FLEET, &(struct plan_options){.target_count = 0});
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)c.plan->seed);
    CU_ASSERT_FALSE(c.plan->seed_given);
    CU_ASSERT_STRING_EQUAL(node_text(node_get(c.plan->root, "seed")), text);
    compiled_free(&c);
}

static void times_are_read(void) {
    struct compiled c = good("warmup: 10s\nsettle: 1min\nepoch: 2026-01-01T00:00:01Z\n" FLEET);
    CU_ASSERT_EQUAL(c.plan->duration, 600 * SPAN_S);
    CU_ASSERT_EQUAL(c.plan->warmup, 10 * SPAN_S);
    CU_ASSERT_EQUAL(c.plan->settle, 60 * SPAN_S);
    CU_ASSERT_EQUAL(c.plan->epoch_unix_ms, INT64_C(1767225601000));
    compiled_free(&c);
}

static void first_connects_follow_the_ramp(void) {
    struct compiled c =
        good(FLEET
             "timeline: [{do: connect, who: {index: 0-499}, over: 1min}, {at: 30s, do: connect, who: {index: 0-9}}]\n");
    const struct action *ramp = &c.plan->actions[0];
    for (uint32_t d = 0; d < 1000; d++) {
        instant first = plan_first_connect(c.plan, d);
        if (d >= 500)
            CU_ASSERT_EQUAL(first, INSTANT_NEVER);
        if (d < 10)
            CU_ASSERT_TRUE(first <= 30 * SPAN_S);
        if (d >= 10 && d < 500)
            CU_ASSERT_EQUAL(first, action_start(ramp, c.plan->seed, d));
    }
    compiled_free(&c);
}

static void expected_trouble_is_a_matter_of_device_and_time(void) {
    struct compiled c = good(STORM);
    const struct action *cut = compiled_action(&c, "cut");
    for (uint32_t d = 0; d < 1000; d++) {
        if (!action_selects(cut, d)) {
            CU_ASSERT_EQUAL(plan_excluded(c.plan, d, 150 * SPAN_S, 151 * SPAN_S), 0);
            continue;
        }
        instant start = action_start(cut, c.plan->seed, d), end = start + 60 * SPAN_S;
        CU_ASSERT_EQUAL(plan_excluded(c.plan, d, start - 2, start - 1), 0);
        CU_ASSERT_EQUAL(plan_excluded(c.plan, d, start - 2, start), 1); /* in flight when it began */
        CU_ASSERT_EQUAL(plan_excluded(c.plan, d, start, end + 5), 1);
        CU_ASSERT_EQUAL(plan_excluded(c.plan, d, end - 1, end + 5), 1);
        CU_ASSERT_EQUAL(plan_excluded(c.plan, d, end, end + 5), 0);
    }
    compiled_free(&c);
}

static void phases_can_be_expected_too(void) {
    struct compiled c = good(
        FLEET "timeline: [{do: connect, over: 1min}]\n"
              "checks: [{expect: ratio(mqtt.connect.ok) == 100%, expected_during: [ramp]}, "
              "{expect: count(mqtt.connect.ok) > 5, expected_during: [ramp]}, {expect: count(mqtt.connect.ok) > 5}]\n");
    CU_ASSERT_EQUAL(c.plan->excluded_count, 1);
    CU_ASSERT_EQUAL(c.plan->checks[0].excluded_bit, 1);
    CU_ASSERT_EQUAL(c.plan->checks[1].excluded_bit, 1);
    CU_ASSERT_EQUAL(c.plan->checks[2].excluded_bit, 0);
    CU_ASSERT_EQUAL(plan_excluded(c.plan, 5, 59 * SPAN_S, 70 * SPAN_S), 1);
    CU_ASSERT_EQUAL(plan_excluded(c.plan, 5, 60 * SPAN_S, 70 * SPAN_S), 0);
    compiled_free(&c);
}

static void a_run_id_has_four_digits(void) {
    static const char text[] = "version: 1\nseed: 7\ntarget: builtin\n" FLEET;
    struct compiled a = compiled_with(text, &(struct plan_options){.run_id = "3f9a"});
    CU_ASSERT_PTR_NOT_NULL_FATAL(a.plan);
    CU_ASSERT_STRING_EQUAL(a.plan->run_id, "3f9a");
    struct compiled b = compiled_with(text, &(struct plan_options){.run_id = "3f9"});
    CU_ASSERT_PTR_NULL(b.plan);
    CU_ASSERT_TRUE(compiled_found(&b, "E420", "no run id"));
    compiled_free(&a);
    compiled_free(&b);
}

/* --- what is shipped ------------------------------------------------------------------------------------------------ */

static void loads(const char *file, const char *text) {
    struct load_options load = {
        .files = &file, .file_count = 1, .text = text, .text_size = text == NULL ? 0 : strlen(text), .data_dir = "."};
    struct compiled c = {.plan = NULL};
    struct node *root = NULL;
    diagnostic_init(&c.found);
    if (load_scenario(&load, &root, &c.found) == 0)
        c.plan = plan_compile(root, &(struct plan_options){.devices = 200}, &c.found);
    else
        node_free(root);
    if (c.plan == NULL) {
        printf("     %s\n", file);
        compiled_print(&c);
    }
    CU_ASSERT_PTR_NOT_NULL(c.plan);
    compiled_free(&c);
}

static void shipped_scenarios_compile(void) {
    static const char *const directories[] = {"scenarios", "scenarios/load", "scenarios/faults"};
    unsigned found = 0;
    for (size_t i = 0; i < sizeof directories / sizeof directories[0]; i++) {
        DIR *d = opendir(directories[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(d);
        for (struct dirent *e; (e = readdir(d)) != NULL;) {
            char path[600];
            if (strstr(e->d_name, ".yaml") == NULL)
                continue;
            snprintf(path, sizeof path, "%s/%s", directories[i], e->d_name);
            loads(path, NULL);
            found++;
        }
        closedir(d);
    }
    CU_ASSERT_TRUE(found >= 9);
}

/* Every name of the library's files, each in a scenario of its own. */
static void shelf_loads(const char *directory, const char *section, const char *pattern) {
    unsigned found = 0;
    DIR *d = opendir(directory);
    CU_ASSERT_PTR_NOT_NULL_FATAL(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        char path[600], text[900];
        struct diagnostic_list list;
        if (strstr(e->d_name, ".yaml") == NULL)
            continue;
        snprintf(path, sizeof path, "%s/%s", directory, e->d_name);
        diagnostic_init(&list);
        struct node *tree = load_file(path, (struct diagnostic_mark){0}, &list);
        const struct node *names = node_get(tree, section);
        for (size_t i = 0; names != NULL && i < names->count; i++, found++) {
            snprintf(text, sizeof text, pattern, names->entries[i].key);
            loads(path, text);
        }
        node_free(tree);
        diagnostic_free(&list);
    }
    closedir(d);
    CU_ASSERT_TRUE(found >= 6);
}

static void shipped_profiles_compile(void) {
#define SCENARIO "version: 1\ntarget: builtin\nduration: 1min\n"
    shelf_loads("profiles/devices", "profiles",
                SCENARIO "profiles: {mine: {extends: %s}}\nfleets: {a: {count: 1, profile: mine}}\n");
    shelf_loads("profiles/networks", "networks",
                SCENARIO "networks: {mine: {extends: %s}}\nfleets: {a: {count: 1, network: mine}}\n");
    shelf_loads("profiles/devices", "fleets", SCENARIO "fleets: {a: {extends: %s, count: 3}}\n");
    shelf_loads("profiles/backends", "backends",
                SCENARIO "limits: mine\nbackends: {mine: {extends: %s}}\nfleets: {a: {count: 1}}\n");
#undef SCENARIO
}

HARNESS_MAIN("scenario/plan", HARNESS_CASE(the_same_scenario_and_seed_give_the_same_plan),
             HARNESS_CASE(what_changes_the_hashes), HARNESS_CASE(names_and_notes_do_not_change_the_scenario),
             HARNESS_CASE(a_seed_is_drawn_and_kept), HARNESS_CASE(times_are_read),
             HARNESS_CASE(first_connects_follow_the_ramp),
             HARNESS_CASE(expected_trouble_is_a_matter_of_device_and_time), HARNESS_CASE(phases_can_be_expected_too),
             HARNESS_CASE(a_run_id_has_four_digits), HARNESS_CASE(shipped_scenarios_compile),
             HARNESS_CASE(shipped_profiles_compile))
