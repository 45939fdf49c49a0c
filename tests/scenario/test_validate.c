#include "harness.h"

#include <stdio.h>
#include <string.h>

#include "scenario/load.h"
#include "scenario/validate.h"

#define HEAD      "version: 1\nduration: 1min\n"
#define TELEMETRY "telemetry: {every: 10s, topic: t}"

/* The codes of all findings in order, "E201 E110". */
static void expect_codes(const char *yaml, const char *codes) {
    struct diagnostic_list list;
    char found[256] = "";
    diagnostic_init(&list);
    struct node *root = load_text("t.yaml", yaml, strlen(yaml), &list);
    validate_keys(root, &list);
    diagnostic_sort(&list);
    for (size_t i = 0; i < list.count && strlen(found) < 240; i++)
        snprintf(found + strlen(found), sizeof found - strlen(found), "%s%s", i == 0 ? "" : " ", list.items[i].code);
    CU_ASSERT_STRING_EQUAL(found, codes);
    if (strcmp(found, codes) != 0)
        printf("%s\nfound '%s', expected '%s'\n", yaml, found, codes);
    node_free(root);
    diagnostic_free(&list);
}

static void expect_first(const char *yaml, const char *suggestion, const char *help) {
    struct diagnostic_list list;
    diagnostic_init(&list);
    struct node *root = load_text("t.yaml", yaml, strlen(yaml), &list);
    validate_keys(root, &list);
    CU_ASSERT(list.count > 0);
    if (list.count > 0 && suggestion != NULL) {
        CU_ASSERT_PTR_NOT_NULL(list.items[0].suggestion);
        CU_ASSERT_STRING_EQUAL(list.items[0].suggestion == NULL ? "" : list.items[0].suggestion, suggestion);
    }
    if (list.count > 0 && help != NULL) {
        CU_ASSERT_PTR_NULL(list.items[0].suggestion);
        CU_ASSERT_PTR_NOT_NULL(strstr(list.items[0].help, help));
    }
    node_free(root);
    diagnostic_free(&list);
}

static void a_complete_scenario_has_no_findings(void) {
    expect_codes(HEAD "fleets: {m: {count: 3, " TELEMETRY "}}\n", "");
    expect_codes(HEAD "fleets: {m: {count: 3}}\ntimeline:\n", "");
    expect_codes(HEAD "fleets: {m: {count: 3, telemetry: [{every: 1s, topic: a}, {every: exp(2s), topic: b}]}}\n", "");
    expect_codes(HEAD "fleets: {m: {count: 3, subscribe: [a/#, {filter: b, qos: 1}]}}\n", "");
    expect_codes(
        HEAD "fleets: {m: {count: 3}}\ntimeline: [{do: reset, who: [{region: a}, {fleet: [m, n], percent: 5}]}]\n", "");
}

static void all_errors_are_reported(void) {
    expect_codes(
        "version: 2\nfleets: {m: {count: 0, tlemetry: 1, telemetry: {every: 10, topic: t, qos: 7}}}\nseeed: 1\n",
        "E203 E205 E205 E201 E110 E205 E201");
}

static void unknown_keys_are_suggested_at_their_place(void) {
    expect_first("version: 1\nduration: 1s\nfleets: {m: {count: 1}}\nprofiles: {p: {mqtt: {keepalve: 1s}}}\n",
                 "keepalive", NULL);
    expect_first("version: 1\nduration: 1s\nfleets: {m: {count: 1}}\nprofiles: {p: {keepalve: 1s}}\n", "mqtt.keepalive",
                 NULL);
    expect_first("version: 1\nduration: 1s\nfleets: {m: {count: 1}}\nprofiles: {p: {mqtt: {clean_session: true}}}\n",
                 "clean_start", NULL);
    expect_first("version: 1\nduration: 1s\nfleets: {m: {count: 1, policy: fixed}}\n", NULL,
                 "is a key of profiles.*.reconnect;");
    expect_first("version: 1\nduration: 1s\nfleets: {m: {count: 1}}\nzzz: 1\n", NULL, "begin with x-");
}

static void a_misspelt_required_key_is_reported_once(void) {
    expect_codes(HEAD "fleets: {m: {cuont: 1}}\n", "E201");
    expect_codes(HEAD "fleets: {m: {count: 1, telemetry: {interval: 1s, topic: t}}}\n", "E201");
}

static void required_keys_are_missed(void) {
    expect_codes("fleets: {m: {count: 1}}\n", "E203 E203");
    expect_codes(HEAD, "E203");
    expect_codes(HEAD "fleets: {}\n", "E203");
    expect_codes(HEAD "fleets:\n", "E203");
    expect_codes(HEAD "fleets: {m: {}}\n", "E203");
    expect_codes(HEAD "fleets: {m: {count: 1}}\nchecks: [{name: x}]\n", "E203");
    expect_codes(HEAD "fleets: {m: {count: 1}}\ntimeline: [{at: 1s}]\n", "E203");
    expect_codes(HEAD "fleets: {m: {count: 1}}\ntimeline: [{do: burst}]\n", "E203");
}

static void shapes_are_checked(void) {
    expect_codes(HEAD "fleets: [a]\n", "E202");
    expect_codes(HEAD "fleets: {m: 7}\n", "E202");
    expect_codes(HEAD "fleets: {m: {count: {a: 1}}}\n", "E202");
    expect_codes(HEAD "fleets: {m: {count: 1}}\ntimeline: {do: connect}\n", "E202");
    expect_codes(HEAD "fleets: {m: {count: 1}}\ntimeline: [connect]\n", "E202");
    expect_codes(HEAD "fleets: {m: {count: }}\n", "E202");
    expect_codes(HEAD "fleets: {m: {count: 1}}\nsources: [10.0.0.1, ]\nchecks: [~]\n", "E202");
    expect_codes(HEAD "fleets: {m: {count: 1}}\nsources: [[10.0.0.1]]\n", "E202");
    expect_codes(HEAD "fleets: {m: {count: 1}}\ntimeline: [{do: reset, who: some}]\n", "E202");
}

static void keys_go_with_their_verb(void) {
    expect_codes(HEAD "fleets: {m: {count: 1}}\ntimeline: [{do: hold, who: all}, {do: mark, for: 1s}]\n", "E207 E207");
    expect_codes(
        HEAD
        "fleets: {m: {count: 1}}\ntimeline: [{do: link, set: {loss: 5%}}, {do: set, set: {reconnect: {first: 1s}}}]\n",
        "");
    expect_codes(
        HEAD
        "fleets: {m: {count: 1}}\ntimeline: [{do: set, set: {loss: 5%}}, {do: link, set: {mqtt: {keepalive: 1s}}}]\n",
        "E207 E207");
    expect_codes(HEAD "fleets: {m: {count: 1}}\ntimeline: [{do: conect, how: reset}]\n", "E204");
}

static void keys_exclude_each_other(void) {
    expect_codes(HEAD "target: builtin\ntargets: {a: {url: builtin}}\nfleets: {m: {count: 1}}\n", "E209");
    expect_codes(HEAD "fleets: {m: {count: 1, profile: a, mix: {a: 100%}}}\n", "E209");
    expect_codes(HEAD "fleets: {m: {count: 1}}\ntimeline: [{do: hold, at: 1s, after: a}]\n", "E209");
}

static void shares_add_up(void) {
    expect_codes(HEAD "fleets: {m: {count: 1, regions: {a: 33.3%, b: 33.3%, c: 33.4%}}}\n", "");
    expect_codes(HEAD "fleets: {m: {count: 1, regions: {a: 33.3%, b: 33.3%, c: 33.3%}}}\n", "E210");
    expect_codes(HEAD "fleets: {m: {count: 1, regions: {a: 50, b: 50%}}}\n", "E110");
}

static void names_are_names(void) {
    expect_codes(HEAD "fleets: {\"my meters\": {count: 1}}\n", "E208");
    expect_codes(HEAD "fleets: {m: {count: 1}}\nprofiles: {p: {mqtt: {user_properties: {\"any text at all\": 1}}}}\n",
                 "");
    expect_codes(HEAD "fleets: {m: {count: 1}}\ntimeline: [{do: hold, id: a b}]\n", "E208");
}

static void refused_values_are_passed_over(void) {
    expect_codes(HEAD "fleets: {m: {count: *x}}\n", "E107");
}

HARNESS_MAIN("scenario/validate", HARNESS_CASE(a_complete_scenario_has_no_findings),
             HARNESS_CASE(all_errors_are_reported), HARNESS_CASE(unknown_keys_are_suggested_at_their_place),
             HARNESS_CASE(a_misspelt_required_key_is_reported_once), HARNESS_CASE(required_keys_are_missed),
             HARNESS_CASE(shapes_are_checked), HARNESS_CASE(keys_go_with_their_verb),
             HARNESS_CASE(keys_exclude_each_other), HARNESS_CASE(shares_add_up), HARNESS_CASE(names_are_names),
             HARNESS_CASE(refused_values_are_passed_over))
