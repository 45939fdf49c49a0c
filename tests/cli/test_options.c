#include "cli/options.h"

#include <string.h>

#include "fleet/run.h"
#include "harness.h"

static struct options o;
static struct text message;

static int parse(int argc, const char *const *argv) {
    text_free(&message);
    return options_parse(argc, (char **)(uintptr_t)argv, &o, &message);
}
#define PARSE(...)                                                                                                     \
    parse((int)COUNT((const char *[]){"muster", __VA_ARGS__}), (const char *[]){"muster", __VA_ARGS__, NULL})
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

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
}

static void misspelt_verbs_and_options_get_a_suggestion(void) {
    CU_ASSERT_EQUAL(PARSE("rnu", "a.yaml"), EXIT_USAGE);
    CU_ASSERT_TRUE(says("did you mean 'run'"));
    CU_ASSERT_EQUAL(PARSE("run", "a.yaml", "--tagret", "x"), EXIT_USAGE);
    CU_ASSERT_TRUE(says("did you mean --target"));
    CU_ASSERT_EQUAL(PARSE("check", "a.yaml", "--workers", "2"), EXIT_USAGE); /* belongs to run */
}

static void help_needs_no_operands(void) {
    CU_ASSERT_EQUAL(PARSE("run", "--help"), 0);
    CU_ASSERT_TRUE(o.help);
    CU_ASSERT_EQUAL(PARSE("--help"), 0);
    CU_ASSERT_EQUAL(o.verb, VERBS);
}

static void two_dashes_end_the_options(void) {
    CU_ASSERT_EQUAL(PARSE("run", "--", "--odd.yaml"), 0);
    CU_ASSERT_STRING_EQUAL(o.operands[0], "--odd.yaml");
}

HARNESS_MAIN("options", HARNESS_CASE(options_and_operands_may_be_mixed),
             HARNESS_CASE(repeated_options_are_kept_in_order), HARNESS_CASE(files_alone_are_a_scenario),
             HARNESS_CASE(durations_shards_times_and_codes_are_read), HARNESS_CASE(wrong_values_say_what_was_expected),
             HARNESS_CASE(misspelt_verbs_and_options_get_a_suggestion), HARNESS_CASE(help_needs_no_operands),
             HARNESS_CASE(two_dashes_end_the_options))
