#include "cli/sizing.h"

#include <string.h>

#include "base/check.h"
#include "capture.h"
#include "cli/cmd.h"
#include "fleet/run.h"
#include "harness.h"

static struct options options;
static const char *argv[SIZING_ARGUMENTS_MAX];
static char line[2000];

/* The arguments of one run of that command line. */
static const char *arguments(enum capacity_by by, int count, const char *const *words, const char *duration) {
    struct text message = {0};
    CU_ASSERT_EQUAL_FATAL(options_parse(count, (char **)(uintptr_t)words, &options, &message), 0);
    text_free(&message);
    struct sizing_request request = {
        .options = &options, .scenario = options.operand_count > 0 ? options.operands[0] : NULL, .by = by};
    int n =
        sizing_arguments(&request, &(struct sizing_words){"200", "7", duration, "30.000000s", "out/step-01-200"}, argv);
    CU_ASSERT_PTR_NULL(argv[n]);
    line[0] = '\0';
    for (int i = 0; i < n; i++) {
        strcat(line, i == 0 ? "" : " ");
        strcat(line, argv[i]);
    }
    return line;
}
#define WORDS(...)                   ((const char *[]){"muster", "capacity", __VA_ARGS__})
#define ARGUMENTS(by, duration, ...) arguments(by, (int)COUNT_OF(WORDS(__VA_ARGS__)), WORDS(__VA_ARGS__), duration)

static void a_run_is_a_command_that_can_be_typed_again(void) {
    CU_ASSERT_STRING_EQUAL(
        ARGUMENTS(CAPACITY_DEVICES, "", "s.yaml", "--target", "mqtt://h:1"),
        "muster run s.yaml --target mqtt://h:1 --devices 200 --seed 7 --wait 30.000000s --quiet --out "
        "out/step-01-200");
    CU_ASSERT_STRING_EQUAL(
        ARGUMENTS(CAPACITY_RATE, "duration=5s", "s.yaml", "--yes"),
        "muster run s.yaml --set duration=5s --rate 200 --seed 7 --wait 30.000000s --yes --quiet --out "
        "out/step-01-200");
}

static void files_and_changes_keep_their_order(void) {
    CU_ASSERT_STRING_EQUAL(
        ARGUMENTS(CAPACITY_DEVICES, "", "-f", "a.yaml", "--set", "a=1", "--unset", "a", "--set", "a=2", "-f", "b.yaml"),
        "muster run --file a.yaml --file b.yaml --set a=1 --unset a --set a=2 --devices 200 --seed 7 "
        "--wait 30.000000s --quiet --out out/step-01-200");
}

static void all_that_a_command_line_can_hold_fits(void) {
    const char *words[2 + 4 * OPTIONS_LIST_MAX * 2 + 1] = {"muster", "capacity"};
    static const char *const names[] = {"--target", "--file", "--set", "--unset"};
    int count = 2;
    struct text message = {0};
    for (size_t k = 0; k < COUNT_OF(names); k++)
        for (int i = 0; i < OPTIONS_LIST_MAX; i++) {
            words[count++] = names[k];
            words[count++] = "x=1";
        }
    words[count++] = "s.yaml";
    CU_ASSERT_EQUAL_FATAL(options_parse(count, (char **)(uintptr_t)words, &options, &message), 0);
    struct sizing_request request = {.options = &options, .scenario = "s.yaml"};
    CU_ASSERT_TRUE(sizing_arguments(&request, &(struct sizing_words){"1", "1", "duration=1s", "1s", "d"}, argv) + 3 <
                   SIZING_ARGUMENTS_MAX);
}

HARNESS_MAIN("cli/sizing", HARNESS_CASE(a_run_is_a_command_that_can_be_typed_again),
             HARNESS_CASE(files_and_changes_keep_their_order), HARNESS_CASE(all_that_a_command_line_can_hold_fits))
