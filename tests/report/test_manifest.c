#include "report/manifest.h"

#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "report/sample.h"

static struct sample s;
static struct text out;
static char text[256];

static void write(void) {
    out.size = 0;
    manifest_write(&out, &s.report);
    CU_ASSERT_TRUE(sample_json_valid(text_get(&out), out.size));
}

static void end(void) {
    sample_free(&s);
    text_free(&out);
}

static const char *string(const char *path) {
    return sample_json_string(text_get(&out), path, text, sizeof text);
}

static void before_the_run_it_says_what_and_not_complete(void) {
    bool complete = true;
    sample_make(&s);
    struct run_facts facts = {.plan = &s.plan, .started_unix_ns = s.facts.started_unix_ns, .shard = 1, .shards = 1};
    s.report.facts = &facts;
    s.report.complete = false;
    write();
    CU_ASSERT_TRUE(sample_json_bool(text_get(&out), "complete", &complete) && !complete);
    CU_ASSERT_STRING_EQUAL(string("started"), "2026-11-22T08:30:00.000Z");
    CU_ASSERT_STRING_EQUAL(string("scenario.hash"), "aa");
    CU_ASSERT_EQUAL(sample_json_number(text_get(&out), "scenario.seed"), 7);
    CU_ASSERT_PTR_NULL(string("verdict"));
    end();
}

static void after_the_run_it_says_how_it_ended(void) {
    bool complete = false;
    sample_make(&s);
    s.host = host_read();
    write();
    CU_ASSERT_TRUE(sample_json_bool(text_get(&out), "complete", &complete) && complete);
    CU_ASSERT_STRING_EQUAL(string("ended"), "2026-11-22T08:31:01.200Z");
    CU_ASSERT_STRING_EQUAL(string("verdict"), "fail");
    CU_ASSERT_STRING_EQUAL(string("decisions_hash"), "0000000000001234");
    CU_ASSERT_TRUE(strlen(string("host.kernel")) > 0);
    CU_ASSERT_EQUAL(sample_json_number(text_get(&out), "interval_s"), 1);
    end();
}

static void secrets_of_the_command_line_are_redacted(void) {
    char *argv[] = {"muster", "run", "--target", "mqtt://me:hunter2@h", "--set", "identities.a.password=hunter2"};
    sample_make(&s);
    s.report.argv = argv;
    s.report.argc = 6;
    write();
    CU_ASSERT_PTR_NULL(strstr(text_get(&out), "hunter2"));
    CU_ASSERT_STRING_EQUAL(string("command.3"), "mqtt://***@h");
    end();
}

HARNESS_MAIN("report/manifest", HARNESS_CASE(before_the_run_it_says_what_and_not_complete),
             HARNESS_CASE(after_the_run_it_says_how_it_ended), HARNESS_CASE(secrets_of_the_command_line_are_redacted))
