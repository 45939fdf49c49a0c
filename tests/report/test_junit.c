#include "report/junit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "report/sample.h"

static struct sample s;
static struct text xml;

static void write(void) {
    xml.size = 0;
    junit_write(&xml, &s.report);
}

static void begin(void) {
    sample_make(&s);
    write();
}

static void end(void) {
    sample_free(&s);
    text_free(&xml);
}

static bool has(const char *piece) {
    return strstr(text_get(&xml), piece) != NULL;
}

static unsigned count(const char *piece) {
    unsigned n = 0;
    for (const char *at = text_get(&xml); (at = strstr(at, piece)) != NULL; at++)
        n++;
    return n;
}

static void one_case_per_check_and_one_for_the_tool(void) {
    begin();
    CU_ASSERT_EQUAL(count("<testcase "), SAMPLE_CHECKS + 1);
    CU_ASSERT_TRUE(
        has("classname=\"sample.checks\" name=\"fast enough\" file=\"scenarios/sample.yaml\" time=\"0.000\""));
    CU_ASSERT_TRUE(
        has("classname=\"sample.tool\" name=\"tool.health\" file=\"scenarios/sample.yaml\" time=\"61.200\""));
    CU_ASSERT_TRUE(has("<testsuite name=\"sample\" timestamp=\"2026-11-22T08:30:00Z\" tests=\"5\" failures=\"2\" "
                       "errors=\"0\" skipped=\"1\" time=\"61.200\">"));
    end();
}

static void a_failure_begins_with_expected_and_observed_and_names_the_command(void) {
    begin();
    CU_ASSERT_TRUE(
        has(">expected p99(mqtt.publish.ack) &lt; 250ms, observed 312ms\nagain: muster run scenarios/sample.yaml "
            "--target mqtt://127.0.0.1:1883 --seed 7\nresults: out/a b</failure>"));
    CU_ASSERT_TRUE(has("message=\"expected p99(mqtt.publish.ack) &lt; 250ms, observed 312ms\" type=\"slo\""));
    end();
}

static void a_check_without_data_fails_and_says_so(void) {
    begin();
    s.verdicts[0].value_known = false;
    write();
    CU_ASSERT_TRUE(has("observed no data\" type=\"no data\""));
    CU_ASSERT_EQUAL(count("<failure"), 2);
    end();
}

static void checks_for_information_never_fail(void) {
    begin();
    CU_ASSERT_EQUAL(count("<failure"), 2);
    CU_ASSERT_EQUAL(count("<skipped"), 1);
    CU_ASSERT_TRUE(
        has(">expected max(mqtt.ping.ack) &lt; 1s, observed no data (no data); this check is for information\n"));
    s.verdicts[3].pass = true;
    write();
    CU_ASSERT_EQUAL(count("<skipped"), 0);
    end();
}

static void the_report_is_attached_where_a_server_can_link_it(void) {
    begin();
    bool shown = report_find("html") != NULL;
    CU_ASSERT_EQUAL(count("[[ATTACHMENT|out/a b/report.html]]"),
                    shown ? 4 : 0); /* what did not pass, and tool.health */
    s.report.directory = "out/]]\nx";
    write();
    CU_ASSERT_FALSE(has("ATTACHMENT"));
    end();
}

static void names_are_unique(void) {
    begin();
    s.checks[1].name = s.checks[2].name = s.checks[0].name;
    write();
    CU_ASSERT_TRUE(has("name=\"fast enough\""));
    CU_ASSERT_TRUE(has("name=\"fast enough (2)\""));
    CU_ASSERT_TRUE(has("name=\"fast enough (3)\""));
    s.checks[2].name = "fast enough (2)";
    s.checks[3].name = "tool.health"; /* some servers look at names alone */
    write();
    CU_ASSERT_TRUE(has("name=\"fast enough (2)\""));
    CU_ASSERT_TRUE(has("name=\"fast enough (2) (2)\""));
    CU_ASSERT_TRUE(has("name=\"tool.health (2)\""));
    CU_ASSERT_EQUAL(count("name=\"tool.health\""), 1);
    s.checks[0].name = "a\nb"; /* what a parser makes equal */
    s.checks[1].name = "a b";
    write();
    CU_ASSERT_TRUE(has("name=\"a b\""));
    CU_ASSERT_TRUE(has("name=\"a b (2)\""));
    end();
}

static void dots_of_the_scenario_s_name_make_no_packages(void) {
    begin();
    s.plan.name = "eu.west outage";
    write();
    CU_ASSERT_TRUE(has("classname=\"eu_west outage.checks\""));
    end();
}

static void in_an_untrustworthy_run_nothing_passes(void) {
    begin();
    s.facts.trust_count = 1;
    snprintf(s.facts.trust[0].text, sizeof s.facts.trust[0].text, "a loop was late by 900ms");
    s.facts.verdict = VERDICT_NOT_TRUSTWORTHY;
    write();
    CU_ASSERT_TRUE(has("expected a whole run whose numbers can carry a verdict, observed a loop was late by 900ms\n"));
    CU_ASSERT_TRUE(has("<error message=\"expected a whole run"));
    CU_ASSERT_EQUAL(count("<error "), 1);
    CU_ASSERT_EQUAL(count("<failure "), 2);
    CU_ASSERT_EQUAL(count("<skipped "), 2);
    CU_ASSERT_TRUE(has("expected lost(mqtt.publish) == 0, observed 0; it held, but proves nothing: "));
    end();
}

static void a_run_that_was_cut_short_is_an_error_and_nothing_passes(void) {
    begin();
    s.facts.verdict = VERDICT_INCOMPLETE;
    s.facts.signal = 2;
    write();
    CU_ASSERT_TRUE(has("observed that the run was interrupted\" type=\"incomplete\""));
    CU_ASSERT_EQUAL(count("<error "), 1);
    CU_ASSERT_EQUAL(count("<skipped "), 2);
    s.facts.verdict = VERDICT_ABORTED;
    write();
    CU_ASSERT_TRUE(has("observed that a check ended the run early\" type=\"incomplete\""));
    end();
}

static void long_texts_are_cut_between_characters(void) {
    begin();
    char *longer = calloc(1, 3 * JUNIT_TEXT_MAX + 1);
    for (int i = 0; i < JUNIT_TEXT_MAX; i++)
        memcpy(longer + (size_t)3 * (size_t)i, "\xe2\x82\xac", 3);
    s.checks[0].name = s.checks[0].expect = longer;
    write();
    CU_ASSERT_TRUE(xml.size < 8 * JUNIT_TEXT_MAX);
    CU_ASSERT_FALSE(has("\xef\xbf\xbd"));
    CU_ASSERT_TRUE(has("\xe2\x82\xac\xe2\x80\xa6\" file="));
    free(longer);
    end();
}

/* Tags that open and close in order, attributes in quotes, references known, characters allowed: what expat insists on. */
static bool is_well_formed(const char *at) {
    char open[16][32];
    int depth = 0;
    for (; *at != '\0'; at++) {
        unsigned char c = (unsigned char)*at;
        if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
            return false;
        if (c == '&' && strncmp(at, "&lt;", 4) != 0 && strncmp(at, "&gt;", 4) != 0 && strncmp(at, "&amp;", 5) != 0 &&
            strncmp(at, "&quot;", 6) != 0)
            return false;
        if (c != '<')
            continue;
        if (at[1] == '?') {
            at = strstr(at, "?>") + 1;
            continue;
        }
        bool closes = at[1] == '/';
        const char *name = at + 1 + closes;
        size_t length = strcspn(name, " >/");
        for (at = name + length; *at != '>'; at++)
            if (*at == '"')
                for (at++; *at != '"'; at++)
                    if (*at == '<' || *at == '\0')
                        return false;
        if (closes) {
            depth--;
            if (depth < 0 || strncmp(open[depth], name, length) != 0)
                return false;
        } else if (at[-1] != '/') {
            snprintf(open[depth++], sizeof open[0], "%.*s", (int)length, name);
        }
    }
    return depth == 0;
}

static void hostile_text_leaves_the_document_well_formed(void) {
    begin();
    CU_ASSERT_TRUE(is_well_formed(text_get(&xml)));
    char *argv[] = {"muster", "run", (char *)(size_t)sample_hostile};
    s.plan.name = s.plan.file = s.checks[0].name = s.checks[0].expect = s.report.directory = sample_hostile;
    s.report.argv = argv;
    s.report.argc = 3;
    snprintf(s.verdicts[0].reason, sizeof s.verdicts[0].reason, "%s", sample_hostile);
    write();
    CU_ASSERT_TRUE(is_well_formed(text_get(&xml)));
    CU_ASSERT_EQUAL(count("<testcase "), SAMPLE_CHECKS + 1);
    CU_ASSERT_EQUAL(count("<failure"), 2);
    CU_ASSERT_FALSE(has("\x1b"));
    end();
}

HARNESS_MAIN("report/junit", HARNESS_CASE(one_case_per_check_and_one_for_the_tool),
             HARNESS_CASE(a_failure_begins_with_expected_and_observed_and_names_the_command),
             HARNESS_CASE(a_check_without_data_fails_and_says_so), HARNESS_CASE(checks_for_information_never_fail),
             HARNESS_CASE(the_report_is_attached_where_a_server_can_link_it), HARNESS_CASE(names_are_unique),
             HARNESS_CASE(dots_of_the_scenario_s_name_make_no_packages),
             HARNESS_CASE(in_an_untrustworthy_run_nothing_passes),
             HARNESS_CASE(a_run_that_was_cut_short_is_an_error_and_nothing_passes),
             HARNESS_CASE(long_texts_are_cut_between_characters),
             HARNESS_CASE(hostile_text_leaves_the_document_well_formed))
