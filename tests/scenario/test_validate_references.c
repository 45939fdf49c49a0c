#include "harness.h"

#include <stdio.h>
#include <string.h>

#include "scenario/load.h"
#include "scenario/validate.h"

static void expect_codes(const char *yaml, const char *codes) {
    struct diagnostic_list list;
    char found[256] = "";
    diagnostic_init(&list);
    struct node *root = load_text("t.yaml", yaml, strlen(yaml), &list);
    root->mark.file = diagnostic_source(&list, "t.yaml", NULL, 0);
    validate_references(root, &list);
    diagnostic_sort(&list);
    for (size_t i = 0; i < list.count && strlen(found) < 240; i++)
        snprintf(found + strlen(found), sizeof found - strlen(found), "%s%s", i == 0 ? "" : " ", list.items[i].code);
    CU_ASSERT_STRING_EQUAL(found, codes);
    if (strcmp(found, codes) != 0)
        printf("%s\nfound '%s', expected '%s'\n", yaml, found, codes);
    node_free(root);
    diagnostic_free(&list);
}

static void names_must_exist_where_their_key_looks(void) {
    expect_codes("targets: {b: {}}\nidentities: {i: {}}\nnetworks: {n: {}}\nprofiles: {p: {}}\n"
                 "fleets: {m: {target: b, identity: i, network: n, profile: p}}\n",
                 "");
    expect_codes("fleets: {m: {target: b, identity: i, network: n, profile: p}}\n", "E301 E301 E301 E301");
    expect_codes("profiles: {p: {}, q: {}}\nfleets: {m: {mix: {p: 50%, r: 50%}}}\n", "E301");
}

static void selectors_name_fleets_regions_profiles_and_targets(void) {
    expect_codes("fleets: {m: {regions: {eu: 100%}}}\ntimeline: [{do: reset, who: {fleet: m, region: [eu]}}]\n", "");
    expect_codes("fleets: {m: {regions: {eu: 100%}}}\ntimeline: [{do: reset, who: [{fleet: n}, {region: [eu, us]}]}]\n",
                 "E301 E301");
}

static void a_missing_library_is_named(void) {
    struct diagnostic_list list;
    static const char yaml[] = "fleets: {m: {network: n}}\n";
    diagnostic_init(&list);
    struct node *root = load_text("t.yaml", yaml, strlen(yaml), &list);
    root->mark.file = diagnostic_source(&list, "t.yaml", NULL, 0);
    validate_references(root, &list);
    CU_ASSERT_EQUAL_FATAL(list.count, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(list.items[0].help, "profiles/networks of the library"));
    node_free(root);
    diagnostic_free(&list);
}

static void ids_are_found_in_the_timeline_and_phases_are_implicit(void) {
    expect_codes("timeline: [{id: a, do: hold}, {after: a + 5s, do: hold}]\nchecks: [{expected_during: [a, ramp, "
                 "steady, settle]}]\n",
                 "");
    expect_codes("timeline: [{id: a, do: hold}, {after: b, do: hold}]\nchecks: [{expected_during: c}]\n", "E304 E304");
    expect_codes("timeline: [{after: ramp, do: hold}]\n", "E304");
}

static void ids_are_unique(void) {
    expect_codes("timeline: [{id: a, do: hold}, {id: a, do: hold}, {id: b, do: hold}]\n", "E305");
}

static void nothing_comes_after_a_condition_or_itself(void) {
    expect_codes("timeline: [{id: a, when: state == online, do: reset}, {after: a, do: hold}]\n", "E306");
    expect_codes("timeline: [{id: a, after: a, do: hold}]\n", "E307");
    expect_codes("timeline: [{id: a, after: b, do: hold}, {id: b, after: c.start, do: hold}, {id: c, after: a + 1s, "
                 "do: hold}, {id: d, after: a, do: hold}]\n",
                 "E307 E307 E307");
}

static void unused_things_are_warned_about_when_all_else_is_right(void) {
    expect_codes("profiles: {p: {}, q: {}}\nnetworks: {n: {}}\nfleets: {m: {profile: p}}\n", "W301 W301");
    expect_codes("networks: {n: {}}\nfleets: {m: {}}\ntimeline: [{do: roam, to: n}]\n", "");
    expect_codes("profiles: {p: {}, q: {}}\nfleets: {m: {mix: {p: 50%, q: 50%}}}\n", "");
    expect_codes("profiles: {p: {}, q: {}}\nfleets: {m: {profile: r}}\n", "E301");
}

static void wrong_shapes_are_left_to_the_pass_before(void) {
    expect_codes("fleets: [1]\ntimeline: {a: b}\nchecks: 7\nprofiles: x\n", "");
    expect_codes("fleets: {m: 1}\ntimeline: [1, [2], {after: [3], id: {a: b}}]\n", "");
    expect_codes("fleets: {m: {profile: [a], network: {b: c}}}\n", "E301");
}

HARNESS_MAIN("scenario/validate_references", HARNESS_CASE(names_must_exist_where_their_key_looks),
             HARNESS_CASE(a_missing_library_is_named), HARNESS_CASE(selectors_name_fleets_regions_profiles_and_targets),
             HARNESS_CASE(ids_are_found_in_the_timeline_and_phases_are_implicit), HARNESS_CASE(ids_are_unique),
             HARNESS_CASE(nothing_comes_after_a_condition_or_itself),
             HARNESS_CASE(unused_things_are_warned_about_when_all_else_is_right),
             HARNESS_CASE(wrong_shapes_are_left_to_the_pass_before))
