#include "cli/capture.h"
#include "cli/cmd.h"
#include "fleet/run.h"
#include "harness.h"

static void refuses(const char *option, const char *value, int code, const char *words) {
    const char *const line[] = {"muster", "backend", option, value, NULL};
    struct capture c = capture_run(cmd_backend, line);
    CU_ASSERT_EQUAL(c.code, code);
    CU_ASSERT_TRUE(capture_warns(&c, words));
    CU_ASSERT_STRING_EQUAL(c.out, "");
    capture_free(&c);
}

static void an_address_that_is_none_is_refused(void) {
    refuses("--listen", "here", EXIT_USAGE, "expected ADDRESS:PORT");
    refuses("--listen", "127.0.0.1", EXIT_USAGE, "expected ADDRESS:PORT");
    refuses("--listen", "127.0.0.1:70000", EXIT_USAGE, "expected ADDRESS:PORT");
    refuses("--listen", "127.0.0.1:1883x", EXIT_USAGE, "expected ADDRESS:PORT");
    refuses("--listen", ":1883", EXIT_USAGE, "expected ADDRESS:PORT");
    refuses("--listen", "localhost:1883", EXIT_USAGE, "expected ADDRESS:PORT");
}

/* RFC 5737 and RFC 3849: addresses that no machine has. */
static void an_address_that_is_not_ours_is_the_environments_fault(void) {
    refuses("--listen", "192.0.2.1:1883", EXIT_ENVIRONMENT, "192.0.2.1:1883");
    refuses("--listen", "[2001:db8::1]:1883", EXIT_ENVIRONMENT, "cannot listen");
}

static void settings_and_misbehaviours_are_checked(void) {
    refuses("--set", "queue=many", EXIT_USAGE, "queue");
    refuses("--set", "queue", EXIT_USAGE, "needs a value");
    refuses("--misbehave", "drop", EXIT_USAGE, "drop=1000");
}

static void misspelt_ones_get_a_suggestion(void) {
    refuses("--set", "quue=5", EXIT_USAGE, "did you mean 'queue'");
    refuses("--set", "dorp=5", EXIT_USAGE, "did you mean 'drop'");
    refuses("--misbehave", "dorp=5", EXIT_USAGE, "did you mean 'drop'");
}

HARNESS_MAIN("cli/cmd_backend", HARNESS_CASE(an_address_that_is_none_is_refused),
             HARNESS_CASE(an_address_that_is_not_ours_is_the_environments_fault),
             HARNESS_CASE(settings_and_misbehaviours_are_checked), HARNESS_CASE(misspelt_ones_get_a_suggestion))
