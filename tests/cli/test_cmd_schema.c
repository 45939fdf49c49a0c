#include "cli/capture.h"
#include "cli/cmd.h"
#include "fleet/run.h"
#include "harness.h"

static void the_schema_is_one_json_document_on_stdout(void) {
    struct capture c = CAPTURE(cmd_schema, "schema");
    CU_ASSERT_EQUAL(c.code, EXIT_PASS);
    CU_ASSERT_TRUE(capture_is_json(c.out));
    CU_ASSERT_TRUE(capture_says(&c, "http://json-schema.org/draft-07/schema#"));
    CU_ASSERT_TRUE(capture_says(&c, "\"keepalive\""));
    CU_ASSERT_STRING_EQUAL(c.err, "");
    capture_free(&c);
}

static void other_documents_have_schemas_too(void) {
    struct capture c = CAPTURE(cmd_schema, "schema", "summary");
    CU_ASSERT_EQUAL(c.code, EXIT_PASS);
    CU_ASSERT_TRUE(capture_is_json(c.out));
    CU_ASSERT_TRUE(capture_says(&c, "\"bytes_per_device\""));
    capture_free(&c);
    c = CAPTURE(cmd_schema, "schema", "events");
    CU_ASSERT_EQUAL(c.code, EXIT_PASS);
    CU_ASSERT_TRUE(capture_is_json(c.out));
    CU_ASSERT_TRUE(capture_says(&c, "\"dropped_because\""));
    capture_free(&c);
}

static void an_unknown_document_is_refused_with_the_nearest(void) {
    struct capture c = CAPTURE(cmd_schema, "schema", "event");
    CU_ASSERT_EQUAL(c.code, EXIT_USAGE);
    CU_ASSERT_STRING_EQUAL(c.out, "");
    CU_ASSERT_TRUE(capture_warns(&c, "did you mean 'events'?"));
    capture_free(&c);
}

HARNESS_MAIN("cli/cmd_schema", HARNESS_CASE(the_schema_is_one_json_document_on_stdout),
             HARNESS_CASE(other_documents_have_schemas_too),
             HARNESS_CASE(an_unknown_document_is_refused_with_the_nearest))
