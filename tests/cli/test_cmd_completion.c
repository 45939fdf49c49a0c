#include "cli/capture.h"
#include "cli/cmd.h"
#include "fleet/run.h"
#include "harness.h"

static void each_shell_gets_its_script(void) {
    static const char *const shells[][2] = {
        {"bash", "complete -F _muster muster"}, {"zsh", "#compdef muster"}, {"fish", "complete -c muster"}};
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        const char *const line[] = {"muster", "completion", shells[i][0], NULL};
        struct capture c = capture_run(cmd_completion, line);
        CU_ASSERT_EQUAL(c.code, EXIT_PASS);
        CU_ASSERT_TRUE(capture_says(&c, shells[i][1]));
        CU_ASSERT_STRING_EQUAL(c.err, "");
        capture_free(&c);
    }
}

static void another_shell_is_refused(void) {
    struct capture c = CAPTURE(cmd_completion, "completion", "tcsh");
    CU_ASSERT_EQUAL(c.code, EXIT_USAGE);
    CU_ASSERT_STRING_EQUAL(c.out, "");
    CU_ASSERT_TRUE(capture_warns(&c, "there are bash, zsh and fish"));
    capture_free(&c);
}

HARNESS_MAIN("cli/cmd_completion", HARNESS_CASE(each_shell_gets_its_script), HARNESS_CASE(another_shell_is_refused))
