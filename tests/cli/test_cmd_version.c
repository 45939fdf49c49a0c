#include "base/version.h"
#include "cli/capture.h"
#include "cli/cmd.h"
#include "fleet/run.h"
#include "harness.h"

static void the_version_comes_first(void) {
    struct capture c = CAPTURE(cmd_version, "version");
    CU_ASSERT_EQUAL(c.code, EXIT_PASS);
    CU_ASSERT_TRUE(capture_says(&c, "muster " VERSION_TEXT "\n"));
    capture_free(&c);
}

static void as_json_it_is_one_object(void) {
    struct capture c = CAPTURE(cmd_version, "version", "--json");
    CU_ASSERT_EQUAL(c.code, EXIT_PASS);
    CU_ASSERT_TRUE(capture_is_json(c.out));
    CU_ASSERT_TRUE(capture_says(&c, "\"muster\": \"" VERSION_TEXT "\""));
    CU_ASSERT_TRUE(capture_says(&c, "\"compiler\""));
    capture_free(&c);
}

HARNESS_MAIN("cli/cmd_version", HARNESS_CASE(the_version_comes_first), HARNESS_CASE(as_json_it_is_one_object))
