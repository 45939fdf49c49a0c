#include "cli/complain.h"

#include <string.h>

#include "cli/capture.h"
#include "cli/help.h"
#include "fleet/run.h"
#include "harness.h"

static void an_error_is_two_lines(void) {
    struct text out = {0};
    complain_to(&out, "muster run --help", "--seed %s: expected a whole number", "abc");
    CU_ASSERT_STRING_EQUAL(text_get(&out), "error: --seed abc: expected a whole number\nhint:  muster run --help\n");
    text_free(&out);
}

static void foreign_bytes_do_not_reach_the_terminal(void) {
    struct text out = {0};
    complain_to(&out, "muster --help", "no verb '%s'", "\033[31m\nerror: x");
    CU_ASSERT_STRING_EQUAL(text_get(&out), "error: no verb '\\x1B[31m\\x0Aerror: x'\nhint:  muster --help\n");
    text_free(&out);
}

/* Codes below 10 are those of runs that did not begin. */
static void every_exit_code_that_ends_a_verb_has_a_hint(void) {
    for (const struct help_exit_code *e = help_exit_codes; e->doc != NULL; e++) {
        unsigned rows = 0;
        for (const struct complain_hint *h = complain_hints; h->hint != NULL; h++)
            rows += h->code == e->code;
        CU_ASSERT_EQUAL(rows, e->code > EXIT_PASS && e->code < EXIT_CHECK_FAILED ? 1 : 0);
    }
}

static int verb(const struct options *o) {
    (void)o;
    return complain(EXIT_GUARD, NULL, "%s", "not confirmed");
}

static void the_code_is_passed_on_and_stdout_stays_empty(void) {
    struct capture c = CAPTURE(verb, "version");
    CU_ASSERT_EQUAL(c.code, EXIT_GUARD);
    CU_ASSERT_STRING_EQUAL(c.out, "");
    CU_ASSERT_TRUE(capture_warns(&c, "error: not confirmed\nhint:  muster explain safety.allow\n"));
    capture_free(&c);
}

HARNESS_MAIN("cli/complain", HARNESS_CASE(an_error_is_two_lines), HARNESS_CASE(foreign_bytes_do_not_reach_the_terminal),
             HARNESS_CASE(every_exit_code_that_ends_a_verb_has_a_hint),
             HARNESS_CASE(the_code_is_passed_on_and_stdout_stays_empty))
