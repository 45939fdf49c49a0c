#include "report/summary_md.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "report/sample.h"

static struct sample s;
static struct text out;

static void write(void) {
    out.size = 0;
    summary_md_write(&out, &s.report);
}

static bool has(const char *piece) {
    return strstr(text_get(&out), piece) != NULL;
}

static void end(void) {
    sample_free(&s);
    text_free(&out);
}

static void the_page_says_verdict_checks_operations_and_health(void) {
    sample_make(&s);
    write();
    CU_ASSERT_TRUE(text_has_prefix(text_get(&out), "# FAIL: sample\n"));
    CU_ASSERT_TRUE(has("| ✗ | fast enough | 312ms | "));
    CU_ASSERT_TRUE(has("| mqtt.publish.ack | 700 | 9 | 6 | 7 | 8 | "));
    CU_ASSERT_TRUE(has("| mqtt.publish.sent | 50 | 0 | 0 | 0 | 0 |  |  |  |  |\n"));
    CU_ASSERT_TRUE(has("## Errors by cause"));
    CU_ASSERT_TRUE(has("    muster run scenarios/sample.yaml"));
    end();
}

static void failed_checks_come_first(void) {
    sample_make(&s);
    write();
    CU_ASSERT_TRUE(strstr(text_get(&out), "back again") < strstr(text_get(&out), "for the record"));
    CU_ASSERT_TRUE(strstr(text_get(&out), "for the record") < strstr(text_get(&out), "nothing lost"));
    end();
}

static void the_commonest_cause_comes_first(void) {
    sample_make(&s);
    sample_add(&s, 2, OP_MQTT_SUBSCRIBE, 0, OP_REFUSED, 10 * SPAN_S, SPAN_MS, 5);
    write();
    const char *commonest = strstr(text_get(&out), "| 5 | mqtt.subscribe | refused | 0x97 |");
    CU_ASSERT_PTR_NOT_NULL_FATAL(commonest);
    CU_ASSERT_PTR_NOT_NULL(strstr(commonest, "| 3 | mqtt.connect | refused | 0x97 |"));
    end();
}

static void a_run_without_checks_has_no_table_of_them(void) {
    sample_make(&s);
    s.plan.check_count = 0;
    write();
    CU_ASSERT_FALSE(has("## Checks"));
    end();
}

static void the_command_and_the_files_follow_the_checks(void) {
    sample_make(&s);
    write();
    const char *again = strstr(text_get(&out), "## Again\n\n    muster run scenarios/sample.yaml ");
    CU_ASSERT_PTR_NOT_NULL_FATAL(again);
    CU_ASSERT_TRUE(again < strstr(text_get(&out), "## Operations"));
    CU_ASSERT_PTR_NOT_NULL(strstr(again, "\nFiles in out/a b: "));
    CU_ASSERT_PTR_NOT_NULL(strstr(again, "[junit.xml](junit.xml) · [summary.json](summary.json)"));
    end();
}

static void a_hostile_command_stays_within_its_block(void) {
    char *argv[] = {"muster", "run", "a\n::error::x\n</pre>\n##[error]y.yaml"};
    sample_make(&s);
    s.report.argv = argv;
    s.report.argc = 3;
    write();
    const char *again = strstr(text_get(&out), "    muster run 'a\\x0A::error::x");
    CU_ASSERT_PTR_NOT_NULL_FATAL(again);
    CU_ASSERT_FALSE(has("\n::error"));
    CU_ASSERT_FALSE(has("##["));
    end();
}

static void hostile_text_makes_no_markup(void) {
    sample_make(&s);
    s.plan.name = s.checks[0].name = s.groups[0].fleet = sample_hostile;
    snprintf(s.verdicts[0].reason, sizeof s.verdicts[0].reason, "%s", sample_hostile);
    write();
    CU_ASSERT_FALSE(has("<script"));
    CU_ASSERT_FALSE(has("\x1b"));
    CU_ASSERT_FALSE(has("\n::error"));
    CU_ASSERT_FALSE(has(">|`"));
    end();
}

static void the_page_stays_below_its_limit_whatever_the_run(void) {
    enum { MANY = 2000 };
    sample_make(&s);
    struct check *checks = calloc(MANY, sizeof *checks);
    struct check_verdict *verdicts = calloc(MANY, sizeof *verdicts);
    char *name = malloc(4001);
    memset(name, '|', 4000);
    name[4000] = '\0';
    for (int i = 0; i < MANY; i++) {
        checks[i] = (struct check){.name = name, .expect = name};
        verdicts[i] = s.verdicts[2];
        verdicts[i].check = &checks[i];
    }
    s.plan.checks = checks;
    s.plan.check_count = MANY;
    s.facts.checks = verdicts;
    s.plan.name = name;
    for (int i = 0; i < 255; i++) {
        struct recorder *r = recorder_new(SAMPLE_GROUPS, &s.plan.segments);
        for (int k = 0; k < 20; k++)
            recorder_reason(r, 0, 1, OP_MQTT_CONNECT, OP_REFUSED, (uint8_t)i, (enum close_reason)(k % CLOSE_REASONS),
                            1);
        struct interval *interval = recorder_swap(r, NULL, 1);
        result_add(s.result, interval, SPAN_MS);
        interval_free(interval);
        recorder_free(r);
    }
    write();
    CU_ASSERT_TRUE(out.size <= SUMMARY_MD_MAX);
    CU_ASSERT_TRUE(has(" more checks are in summary.json."));
    CU_ASSERT_TRUE(has(" more causes are in summary.json."));
    CU_ASSERT_TRUE(has("## Was the tool the bottleneck?"));
    free(checks);
    free(verdicts);
    free(name);
    end();
}

HARNESS_MAIN("report/summary_md", HARNESS_CASE(the_page_says_verdict_checks_operations_and_health),
             HARNESS_CASE(failed_checks_come_first), HARNESS_CASE(the_commonest_cause_comes_first),
             HARNESS_CASE(a_run_without_checks_has_no_table_of_them),
             HARNESS_CASE(the_command_and_the_files_follow_the_checks),
             HARNESS_CASE(a_hostile_command_stays_within_its_block), HARNESS_CASE(hostile_text_makes_no_markup),
             HARNESS_CASE(the_page_stays_below_its_limit_whatever_the_run))
