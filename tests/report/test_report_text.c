#include "report/report_text.h"

#include <stdio.h>
#include <string.h>

#include "harness.h"
#include "report/figures.h"
#include "report/layout.h"
#include "report/sample.h"

static struct sample s;
static struct text out;

static void write(bool color) {
    out.size = 0;
    report_text_write(&out, &s.report, color);
}

static void begin(void) {
    sample_make(&s);
    write(false);
}

static void end(void) {
    sample_free(&s);
    text_free(&out);
}

static const char *find(const char *piece) {
    return strstr(text_get(&out), piece);
}

static void expect_narrow(void) {
    char line[2048];
    for (const char *at = text_get(&out), *next; *at != '\0'; at = next + 1) {
        next = strchr(at, '\n');
        CU_ASSERT_PTR_NOT_NULL_FATAL(next);
        snprintf(line, sizeof line, "%.*s", (int)(next - at), at);
        if (layout_width(line) > REPORT_TEXT_COLUMNS)
            printf("     %zu columns: %s\n", layout_width(line), line);
        CU_ASSERT_TRUE(layout_width(line) <= REPORT_TEXT_COLUMNS);
        CU_ASSERT_TRUE(next == at || next[-1] != ' ');
    }
}

static void every_line_fits_80_columns(void) {
    begin();
    expect_narrow();
    end();
}

static void long_names_and_numbers_fit_too(void) {
    begin();
    static char long_text[2000];
    for (size_t i = 0; i + 1 < sizeof long_text; i++)
        long_text[i] = i % 11 == 10 ? ' ' : 'w';
    s.plan.name = s.checks[0].name = s.checks[1].name = s.checks[0].expect = s.groups[0].fleet = long_text;
    s.plan.seed = UINT64_MAX;
    s.facts.ended = 400 * SPAN_DAY;
    s.facts.devices_here = 4000000000U;
    snprintf(s.verdicts[2].reason, sizeof s.verdicts[2].reason, "%.250s", long_text);
    s.facts.trust_count = 1;
    snprintf(s.facts.trust[0].text, sizeof s.facts.trust[0].text, "%.199s", long_text);
    s.facts.verdict = VERDICT_NOT_TRUSTWORTHY;
    s.facts.builtin_target = s.plan.trust.widened = true;
    s.facts.guard_refused = UINT64_MAX;
    s.facts.shards = 9;
    write(false);
    expect_narrow();
    end();
}

static void the_worst_comes_first(void) {
    begin();
    s.facts.trust_count = 1;
    snprintf(s.facts.trust[0].text, sizeof s.facts.trust[0].text, "a loop was late");
    write(false);
    CU_ASSERT_TRUE(text_has_prefix(text_get(&out), " FAIL  sample "));
    CU_ASSERT_TRUE(find("a loop was late") < find("✗ fast enough"));
    CU_ASSERT_TRUE(find("✗ fast enough") < find("✓ nothing lost"));
    CU_ASSERT_TRUE(find("✗ back again") < find("✓ nothing lost"));
    CU_ASSERT_TRUE(find("✓ nothing lost") < find(" fleet "));
    end();
}

static void failed_checks_say_what_was_expected_and_why(void) {
    begin();
    CU_ASSERT_PTR_NOT_NULL(find("expected p99(mqtt.publish.ack) < 250ms"));
    CU_ASSERT_PTR_NOT_NULL(find("two devices never came back"));
    CU_ASSERT_PTR_NULL(find("lost(mqtt.publish)"));
    end();
}

static void numbers_are_those_of_the_run(void) {
    begin();
    CU_ASSERT_PTR_NOT_NULL(find("773 sent  700 acknowledged  0 lost"));
    CU_ASSERT_PTR_NOT_NULL(find("10 devices  online peak 10, at the end 10  13 connects, 3 failed"));
    CU_ASSERT_PTR_NOT_NULL(find("publish→ack"));
    CU_ASSERT_PTR_NULL(find("subscribe")); /* there was none */
    CU_ASSERT_PTR_NOT_NULL(find("3 × mqtt.connect refused, reason code 0x97"));
    end();
}

/* The column in which `word` ends, in the line where `row` stands. */
static long ends_at(const char *row, const char *word) {
    const char *line = find(row);
    CU_ASSERT_PTR_NOT_NULL_FATAL(line);
    while (line > text_get(&out) && line[-1] != '\n')
        line--;
    const char *at = strstr(line, word);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    long column = 0;
    for (const char *c = line; c < at + strlen(word); c++)
        column += ((unsigned char)*c & 0xc0) != 0x80;
    return column;
}

static void latencies_stand_below_each_other_and_the_backends_own_time_apart(void) {
    begin();
    struct figures f = figures_of(s.result, &s.plan, FIGURES_PUBLISH_ACK, NULL);
    char p99[2][32];
    instant_format_span((span)(figures_quantile_ms(&f.clocks[CLOCK_RESPONSE], 0.99) * 1e6), p99[0], sizeof p99[0]);
    instant_format_span((span)(figures_quantile_ms(&f.clocks[CLOCK_SERVICE], 0.99) * 1e6), p99[1], sizeof p99[1]);
    figures_free(&f);
    strcat(p99[0], " ");
    CU_ASSERT_EQUAL(ends_at("publish→ack", p99[0]), ends_at(" latency ", "p99 "));
    CU_ASSERT_EQUAL(ends_at("publish→ack", p99[1]), ends_at(" latency ", "service p99"));
    end();
}

static void the_audit_is_told_when_there_was_one(void) {
    begin();
    CU_ASSERT_PTR_NULL(find(" audit "));
    end();
    sample_make(&s);
    sample_tally(&s, TALLY_AUDITED, 700);
    sample_tally(&s, TALLY_AUDIT_RECEIVED, 690);
    sample_tally(&s, TALLY_AUDIT_DUPLICATED, 2);
    sample_tally(&s, TALLY_AUDIT_EXCLUDED, 73);
    write(false);
    CU_ASSERT_PTR_NOT_NULL(find(" audit    690 of 700 arrived  2 duplicated  0 reordered  73 not judged\n"));
    end();
}

static void it_ends_with_what_to_do_next(void) {
    begin();
    CU_ASSERT_PTR_NOT_NULL(find(" next     open 'out/a b/report.html'\n again    muster "));
    CU_ASSERT_PTR_NOT_NULL(strstr(find(" again "), "--seed 7\n"));
    end();
}

static void colour_comes_only_when_asked_for(void) {
    begin();
    CU_ASSERT_PTR_NULL(find("\033"));
    write(true);
    CU_ASSERT_PTR_NOT_NULL(find("\033[1;31mFAIL\033[0m"));
    CU_ASSERT_PTR_NOT_NULL(find("\033[1;32m✓\033[0m"));
    end();
}

static void hostile_text_reaches_no_terminal(void) {
    begin();
    s.plan.name = s.checks[0].name = s.checks[0].expect = s.report.directory = s.groups[0].fleet = sample_hostile;
    snprintf(s.verdicts[0].reason, sizeof s.verdicts[0].reason, "%s", sample_hostile);
    write(false);
    CU_ASSERT_PTR_NULL(find("\x1b"));
    CU_ASSERT_PTR_NULL(find("\x01"));
    CU_ASSERT_PTR_NULL(find("\n::error"));
    end();
}

static void what_must_be_known_before_the_numbers_is_said(void) {
    begin();
    CU_ASSERT_PTR_NOT_NULL(find("loss is counted by acknowledgement"));
    CU_ASSERT_PTR_NOT_NULL(find("(warm-up) are left out"));
    CU_ASSERT_PTR_NULL(find("built-in"));
    s.facts.builtin_target = true;
    s.plan.trust.widened = true;
    write(false);
    CU_ASSERT_PTR_NOT_NULL(find("the target was the built-in broker"));
    CU_ASSERT_PTR_NOT_NULL(find("widened the limits of trust"));
    end();
}

static void a_run_without_checks_says_so(void) {
    begin();
    s.plan.check_count = 0;
    s.facts.verdict = VERDICT_PASS;
    write(false);
    CU_ASSERT_PTR_NOT_NULL(find(" checks   none: nothing was judged\n"));
    end();
}

HARNESS_MAIN("report/report_text", HARNESS_CASE(every_line_fits_80_columns),
             HARNESS_CASE(long_names_and_numbers_fit_too), HARNESS_CASE(the_worst_comes_first),
             HARNESS_CASE(failed_checks_say_what_was_expected_and_why), HARNESS_CASE(numbers_are_those_of_the_run),
             HARNESS_CASE(latencies_stand_below_each_other_and_the_backends_own_time_apart),
             HARNESS_CASE(the_audit_is_told_when_there_was_one), HARNESS_CASE(it_ends_with_what_to_do_next),
             HARNESS_CASE(colour_comes_only_when_asked_for), HARNESS_CASE(hostile_text_reaches_no_terminal),
             HARNESS_CASE(what_must_be_known_before_the_numbers_is_said), HARNESS_CASE(a_run_without_checks_says_so))
