#include "cli/options.h"

#include <string.h>

#include "base/check.h"
#include "fleet/run.h"
#include "harness.h"

static struct options o;
static struct text message;

static int parse(int argc, const char *const *argv) {
    text_free(&message);
    return options_parse(argc, (char **)(uintptr_t)argv, &o, &message);
}
#define WORDS(...) ((const char *[]){__VA_ARGS__, NULL})
#define PARSE(...) parse((int)(COUNT_OF(WORDS("muster", __VA_ARGS__)) - 1), WORDS("muster", __VA_ARGS__))

static bool says(const char *words) {
    return strstr(text_get(&message), words) != NULL;
}

static void options_and_operands_may_be_mixed(void) {
    CU_ASSERT_EQUAL(PARSE("run", "--seed", "7", "a.yaml", "-o", "out", "--target=mqtt://h:1"), 0);
    CU_ASSERT_EQUAL(o.verb, VERB_RUN);
    CU_ASSERT_EQUAL(o.seed, 7);
    CU_ASSERT_TRUE(o.has_seed);
    CU_ASSERT_STRING_EQUAL(o.operands[0], "a.yaml");
    CU_ASSERT_STRING_EQUAL(o.out, "out");
    CU_ASSERT_STRING_EQUAL(o.targets.items[0], "mqtt://h:1");
}

static void repeated_options_are_kept_in_order(void) {
    CU_ASSERT_EQUAL(PARSE("check", "a.yaml", "--set", "a=1", "-s", "b=2", "-f", "b.yaml"), 0);
    CU_ASSERT_EQUAL(o.sets.count, 2);
    CU_ASSERT_STRING_EQUAL(o.sets.items[1], "b=2");
}

static void settings_and_removals_keep_their_order_among_each_other(void) {
    CU_ASSERT_EQUAL(PARSE("plan", "a.yaml", "--set", "a=1", "--unset", "a", "--set", "a=2"), 0);
    static const struct {
        const char *change;
        bool removes;
    } expected[] = {{"a=1", false}, {"a", true}, {"a=2", false}};
    struct options_changes passed = {0, 0};
    bool removes;
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        CU_ASSERT_STRING_EQUAL(options_next_change(&o, &passed, &removes), expected[i].change);
        CU_ASSERT_EQUAL(removes, expected[i].removes);
    }
    CU_ASSERT_PTR_NULL(options_next_change(&o, &passed, &removes));
}

static void a_list_has_a_cap(void) {
    const char *words[2 + 2 * (OPTIONS_LIST_MAX + 1) + 1] = {"muster", "plan"};
    int count = 2;
    for (int i = 0; i <= OPTIONS_LIST_MAX; i++) {
        words[count++] = "--unset";
        words[count++] = "a";
    }
    CU_ASSERT_EQUAL(parse(count, words), EXIT_USAGE);
    CU_ASSERT_TRUE(says("64"));
}

static void files_alone_are_a_scenario(void) {
    CU_ASSERT_EQUAL(PARSE("run", "-f", "a.yaml", "-f", "b.yaml"), 0);
    CU_ASSERT_EQUAL(PARSE("run"), EXIT_USAGE);
}

static void durations_shards_times_and_codes_are_read(void) {
    CU_ASSERT_EQUAL(PARSE("run", "a.yaml", "--wait", "1min30s", "--shard", "2/3", "--start-at", "2026-11-22T08:30:00Z",
                          "--fail-code", "42"),
                    0);
    CU_ASSERT_EQUAL(o.wait, 90 * SPAN_S);
    CU_ASSERT_EQUAL(o.shard, 2);
    CU_ASSERT_EQUAL(o.shards, 3);
    CU_ASSERT_EQUAL(o.start_at_unix_ns, 1795336200 * SPAN_S);
    CU_ASSERT_EQUAL(o.fail_code, 42);
}

static void wrong_values_say_what_was_expected(void) {
    CU_ASSERT_EQUAL(PARSE("run", "a.yaml", "--shard", "3/2"), EXIT_USAGE);
    CU_ASSERT_TRUE(says("I/N"));
    CU_ASSERT_EQUAL(PARSE("run", "a.yaml", "--seed", "x"), EXIT_USAGE);
    CU_ASSERT_TRUE(says("whole number"));
    CU_ASSERT_EQUAL(PARSE("run", "a.yaml", "--wait", "10"), EXIT_USAGE);
    CU_ASSERT_TRUE(says("10s"));
    CU_ASSERT_EQUAL(PARSE("run", "a.yaml", "--fail-code", "0"), EXIT_USAGE);
    CU_ASSERT_EQUAL(PARSE("run", "a.yaml", "--out"), EXIT_USAGE);
    CU_ASSERT_TRUE(says("needs a value"));
    CU_ASSERT_EQUAL(PARSE("run", "a.yaml", "--quiet=yes"), EXIT_USAGE);
    CU_ASSERT_TRUE(says("takes no value"));
    CU_ASSERT_EQUAL(PARSE("backend", "--ready-fd", "99999999999"), EXIT_USAGE);
    CU_ASSERT_EQUAL(PARSE("run", "a.yaml", "--start-at", "tomorrow"), EXIT_USAGE);
    CU_ASSERT_TRUE(says("2026-11-22T08:30:00Z"));
    CU_ASSERT_EQUAL(PARSE("compare", "a", "b", "--margin", "0%"), EXIT_USAGE);
    CU_ASSERT_TRUE(says("above 0% and below 100%"));
}

/* Nanoseconds since 1970 are counted in 64 bits. */
static void an_instant_too_far_to_count_is_refused(void) {
    CU_ASSERT_EQUAL(PARSE("run", "a.yaml", "--start-at", "@9223372036"), 0);
    CU_ASSERT_EQUAL(o.start_at_unix_ns, 9223372036 * SPAN_S);
    CU_ASSERT_EQUAL(PARSE("run", "a.yaml", "--start-at", "@9223372037"), EXIT_USAGE);
    CU_ASSERT_EQUAL(PARSE("run", "a.yaml", "--start-at", "@18446744073709551615"), EXIT_USAGE);
    CU_ASSERT_EQUAL(PARSE("run", "a.yaml", "--start-at", "2263-01-01T00:00:00Z"), EXIT_USAGE);
    CU_ASSERT_EQUAL(PARSE("run", "a.yaml", "--start-at", "9999-12-31T23:59:59Z"), EXIT_USAGE);
}

static void numbers_outside_their_range_are_refused(void) {
    CU_ASSERT_EQUAL(PARSE("run", "a.yaml", "--devices", "0"), EXIT_USAGE);
    CU_ASSERT_EQUAL(PARSE("run", "a.yaml", "--workers", "0"), EXIT_USAGE);
    CU_ASSERT_EQUAL(PARSE("run", "a.yaml", "--workers", "1025"), EXIT_USAGE);
    CU_ASSERT_EQUAL(PARSE("run", "a.yaml", "--workers", "1024"), 0);
    CU_ASSERT_EQUAL(PARSE("run", "a.yaml", "--seed", "18446744073709551616"), EXIT_USAGE);
    CU_ASSERT_EQUAL(PARSE("run", "a.yaml", "--seed", "18446744073709551615"), 0);
    CU_ASSERT_EQUAL(PARSE("run", "a.yaml", "--wait", "-5s"), EXIT_USAGE);
    CU_ASSERT_EQUAL(PARSE("run", "a.yaml", "--wait", "1000day"), EXIT_USAGE);
    CU_ASSERT_EQUAL(PARSE("run", "a.yaml", "--wait", "0s"), 0);
}

static void what_is_repeated_in_a_message_is_safe_for_terminals(void) {
    CU_ASSERT_EQUAL(PARSE("\033[31mrun"), EXIT_USAGE);
    CU_ASSERT_FALSE(says("\033"));
    CU_ASSERT_EQUAL(PARSE("run", "--se\033ed", "1"), EXIT_USAGE);
    CU_ASSERT_FALSE(says("\033"));
    CU_ASSERT_EQUAL(PARSE("run", "--seed", "\0331"), EXIT_USAGE);
    CU_ASSERT_FALSE(says("\033"));
}

static void misspelt_verbs_and_options_get_a_suggestion(void) {
    CU_ASSERT_EQUAL(PARSE("rnu", "a.yaml"), EXIT_USAGE);
    CU_ASSERT_TRUE(says("did you mean 'run'"));
    CU_ASSERT_EQUAL(PARSE("run", "a.yaml", "--tagret", "x"), EXIT_USAGE);
    CU_ASSERT_TRUE(says("did you mean --target"));
    CU_ASSERT_EQUAL(PARSE("run", "a.yaml", "--tagret=x"), EXIT_USAGE);
    CU_ASSERT_TRUE(says("did you mean --target"));
    CU_ASSERT_EQUAL(PARSE("run", "a.yaml", "-x"), EXIT_USAGE);
    CU_ASSERT_TRUE(says("no option -x\n"));
    CU_ASSERT_EQUAL(PARSE("check", "a.yaml", "--workers", "2"), EXIT_USAGE); /* belongs to run */
}

static void help_needs_no_operands(void) {
    CU_ASSERT_EQUAL(PARSE("run", "--help"), 0);
    CU_ASSERT_TRUE(o.help);
    CU_ASSERT_EQUAL(PARSE("--help"), 0);
    CU_ASSERT_EQUAL(o.verb, VERBS);
    CU_ASSERT_EQUAL(PARSE("help", "plan"), 0);
    CU_ASSERT_TRUE(o.help);
    CU_ASSERT_EQUAL(o.verb, VERB_PLAN);
}

static void a_verb_comes_first(void) {
    CU_ASSERT_EQUAL(parse(1, WORDS("muster")), EXIT_USAGE);
    CU_ASSERT_EQUAL(PARSE("-q", "run"), EXIT_USAGE);
    CU_ASSERT_EQUAL(PARSE("--version"), 0);
    CU_ASSERT_EQUAL(o.verb, VERB_VERSION);
}

static void verbs_take_as_many_operands_as_they_say(void) {
    CU_ASSERT_EQUAL(PARSE("run", "a.yaml", "b.yaml"), EXIT_USAGE);
    CU_ASSERT_TRUE(says("takes SCENARIO; 'b.yaml' is one too many"));
    CU_ASSERT_EQUAL(PARSE("run"), EXIT_USAGE);
    CU_ASSERT_TRUE(says("expected SCENARIO"));
    CU_ASSERT_EQUAL(PARSE("check", "a.yaml", "b.yaml"), 0);
    CU_ASSERT_EQUAL(PARSE("version", "a"), EXIT_USAGE);
    CU_ASSERT_TRUE(says("no operand; 'a' is one too many"));
    CU_ASSERT_EQUAL(PARSE("schema"), 0);
    CU_ASSERT_EQUAL(PARSE("schema", "summary"), 0);
    CU_ASSERT_EQUAL(PARSE("schema", "summary", "events"), EXIT_USAGE);
    CU_ASSERT_EQUAL(PARSE("init"), EXIT_USAGE);
}

static void set_means_the_broker_for_backend_and_the_scenario_elsewhere(void) {
    CU_ASSERT_EQUAL(PARSE("backend", "--set", "queue=5", "--misbehave", "ignore_pings"), 0);
    CU_ASSERT_STRING_EQUAL(o.sets.items[0], "queue=5");
    CU_ASSERT_STRING_EQUAL(o.misbehave.items[0], "ignore_pings");
    CU_ASSERT_EQUAL(PARSE("backend", "--unset", "queue"), EXIT_USAGE);
    CU_ASSERT_EQUAL(PARSE("run", "a.yaml", "--misbehave", "drop=1"), EXIT_USAGE);
}

static void two_dashes_end_the_options(void) {
    CU_ASSERT_EQUAL(PARSE("run", "--", "--odd.yaml"), 0);
    CU_ASSERT_STRING_EQUAL(o.operands[0], "--odd.yaml");
}

HARNESS_MAIN("cli/options", HARNESS_CASE(options_and_operands_may_be_mixed),
             HARNESS_CASE(repeated_options_are_kept_in_order),
             HARNESS_CASE(settings_and_removals_keep_their_order_among_each_other), HARNESS_CASE(a_list_has_a_cap),
             HARNESS_CASE(files_alone_are_a_scenario), HARNESS_CASE(durations_shards_times_and_codes_are_read),
             HARNESS_CASE(wrong_values_say_what_was_expected), HARNESS_CASE(an_instant_too_far_to_count_is_refused),
             HARNESS_CASE(numbers_outside_their_range_are_refused),
             HARNESS_CASE(what_is_repeated_in_a_message_is_safe_for_terminals),
             HARNESS_CASE(misspelt_verbs_and_options_get_a_suggestion), HARNESS_CASE(help_needs_no_operands),
             HARNESS_CASE(a_verb_comes_first), HARNESS_CASE(verbs_take_as_many_operands_as_they_say),
             HARNESS_CASE(set_means_the_broker_for_backend_and_the_scenario_elsewhere),
             HARNESS_CASE(two_dashes_end_the_options))
