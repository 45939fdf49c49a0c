#include "report/command.h"

#include "harness.h"
#include "report/sample.h"

static void redacted(const char *in, const char *out) {
    struct text t = {0};
    command_redact(in, &t);
    CU_ASSERT_STRING_EQUAL(text_get(&t), out);
    text_free(&t);
}

static void secrets_are_not_shown(void) {
    redacted("mqtt://user:pw@host:1883/", "mqtt://***@host:1883/");
    redacted("cloud=mqtts://user:p@ss@host", "cloud=mqtts://***@host");
    redacted("--set=identities.a.password=hunter2", "--set=identities.a.password=***");
    redacted("identities.a.PASSWORD=hunter2=x", "identities.a.PASSWORD=***");
    redacted("vars.api_token=abc", "vars.api_token=***");
}

static void everything_else_is(void) {
    redacted("scenarios/quickstart.yaml", "scenarios/quickstart.yaml");
    redacted("fleets.meters.count=500", "fleets.meters.count=500");
    redacted("mqtt://host/a@b", "mqtt://host/a@b");
    redacted("", "");
}

static void again_gives(int argc, char *const *argv, const char *expected) {
    static struct sample s;
    sample_make(&s);
    struct text t = {0};
    command_again(&s.plan, argc, argv, &t);
    CU_ASSERT_STRING_EQUAL(text_get(&t), expected);
    text_free(&t);
    sample_free(&s);
}
#define AGAIN(expected, ...)                                                                                           \
    do {                                                                                                               \
        char *argv[] = {__VA_ARGS__};                                                                                  \
        again_gives((int)(sizeof argv / sizeof argv[0]), argv, expected);                                              \
    } while (0)

static void the_command_is_the_same_with_seed_and_target(void) {
    AGAIN("muster run a.yaml --target mqtt://127.0.0.1:1883 --seed 7", "./build/muster", "run", "a.yaml");
    AGAIN("muster run a.yaml --target=mqtt://x --seed 9", "muster", "run", "a.yaml", "--target=mqtt://x", "--seed",
          "9");
}

static void options_about_this_run_s_results_are_left_out(void) {
    AGAIN("muster run a.yaml --target t --seed 7", "muster", "run", "a.yaml", "--out", "d", "--json", "-q", "-o", "d",
          "-od", "--out=d", "--no-color", "--run-id", "3f9a", "--start-at", "@1", "--target", "t");
}

static void words_survive_the_shell_and_secrets_do_not(void) {
    AGAIN("muster run 'a b.yaml' --set 'x=it'\\''s' --target 'mqtt://***@h' --seed 7", "muster", "run", "a b.yaml",
          "--set", "x=it's", "--target", "mqtt://u:p@h");
}

static void the_built_in_backend_needs_no_target(void) {
    static struct sample s;
    sample_make(&s);
    s.target.builtin = true;
    char *argv[] = {"muster", "run", "a.yaml"};
    struct text t = {0};
    command_again(&s.plan, 3, argv, &t);
    CU_ASSERT_STRING_EQUAL(text_get(&t), "muster run a.yaml --seed 7");
    text_free(&t);
    sample_free(&s);
}

HARNESS_MAIN("report/command", HARNESS_CASE(secrets_are_not_shown), HARNESS_CASE(everything_else_is),
             HARNESS_CASE(the_command_is_the_same_with_seed_and_target),
             HARNESS_CASE(options_about_this_run_s_results_are_left_out),
             HARNESS_CASE(words_survive_the_shell_and_secrets_do_not),
             HARNESS_CASE(the_built_in_backend_needs_no_target))
