#include "report/escape.h"

#include <string.h>

#include "harness.h"

typedef void (*escape)(struct text *, const char *);

static void expect(escape e, const char *in, const char *out) {
    struct text t = {0};
    e(&t, in);
    if (strcmp(text_get(&t), out) != 0)
        printf("     %s gives %s, not %s\n", in, text_get(&t), out);
    CU_ASSERT_STRING_EQUAL(text_get(&t), out);
    text_free(&t);
}

static void xml_markup_becomes_references(void) {
    expect(escape_xml, "a<b>&\"c\"", "a&lt;b&gt;&amp;&quot;c&quot;");
    expect(escape_xml, "]]>", "]]&gt;");
}

static void xml_gets_no_character_that_it_forbids(void) {
    expect(escape_xml, "\x1b[31m\x01\x7f", "\\x1B[31m\\x01\\x7F");
    expect(escape_xml, "a\tb\nc\rd", "a\tb\nc\\x0Dd");
    expect(escape_xml, "\xff\xc3(", "\xef\xbf\xbd\xef\xbf\xbd(");
    expect(escape_xml, "\xef\xbf\xbe\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
    expect(escape_xml, "grüße ✓", "grüße ✓");
}

static void html_is_xml_that_cannot_be_read_backwards(void) {
    expect(escape_html, "a<b>&\"c\"\x1b", "a&lt;b&gt;&amp;&quot;c&quot;\\x1B");
    expect(escape_html, "\xe2\x80\xaelive", "\xef\xbf\xbdlive");
    expect(escape_xml, "\xe2\x80\xaelive", "\xe2\x80\xaelive");
}

static void csv_fields_are_quoted_when_they_must_be(void) {
    expect(escape_csv, "plain", "plain");
    expect(escape_csv, "a,b", "\"a,b\"");
    expect(escape_csv, "say \"hi\"\n", "\"say \"\"hi\"\"\n\"");
}

static void csv_runs_no_formula(void) {
    expect(escape_csv, "=cmd()", "'=cmd()");
    expect(escape_csv, "+1", "'+1");
    expect(escape_csv, "-1", "'-1");
    expect(escape_csv, "@a", "'@a");
}

static void markdown_shows_markup_as_text(void) {
    expect(escape_md, "a|b", "a\\|b");
    expect(escape_md, "*x* _y_ `z` [l](u)", "\\*x\\* \\_y\\_ \\`z\\` \\[l\\]\\(u\\)");
    expect(escape_md, "<script>&", "&lt;script&gt;&amp;");
    expect(escape_md, "two\nlines\x1b", "two lines\\\\x1B");
    expect(escape_md, "see http://evil.example or www.evil.example", "see http\\://evil.example or www\\.evil.example");
    expect(escape_md, "@everyone",
           "@\xe2\x80\x8b"
           "everyone");
    expect(escape_md,
           "a\xe2\x80\xae"
           "b",
           "a\xef\xbf\xbd"
           "b");
}

static void terminals_get_no_control_characters(void) {
    expect(escape_term, "\x1b]0;title\x07", "\\x1B]0;title\\x07");
    expect(escape_term, "a\nb", "a\\x0Ab");
    expect(escape_term, "\xc2\x9b", "\\xC2\\x9B");
}

static void ci_commands_are_broken_up(void) {
    expect(escape_term, "::error::x", "\\x3A:error::x");
    expect(escape_term, "  ::error::x", "  \\x3A:error::x"); /* blanks before it do not count */
    expect(escape_term, "a ##[error]x", "a #\\x23[error]x");
    expect(escape_term, "##vso[task.complete]###", "#\\x23vso[task.complete]#\\x23#");
}

static void labels_of_metrics_stay_between_their_quotes(void) {
    expect(escape_label, "a\"} 1\nb\\ \xff", "a\\\"} 1\\nb\\\\ \xef\xbf\xbd");
}

static void shell_words_stay_one_word(void) {
    expect(escape_shell, "a/b.yaml", "a/b.yaml");
    expect(escape_shell, "", "''");
    expect(escape_shell, "a b;rm $x", "'a b;rm $x'");
    expect(escape_shell, "it's", "'it'\\''s'");
}

HARNESS_MAIN("report/escape", HARNESS_CASE(xml_markup_becomes_references),
             HARNESS_CASE(xml_gets_no_character_that_it_forbids),
             HARNESS_CASE(html_is_xml_that_cannot_be_read_backwards),
             HARNESS_CASE(csv_fields_are_quoted_when_they_must_be), HARNESS_CASE(csv_runs_no_formula),
             HARNESS_CASE(markdown_shows_markup_as_text), HARNESS_CASE(terminals_get_no_control_characters),
             HARNESS_CASE(ci_commands_are_broken_up), HARNESS_CASE(labels_of_metrics_stay_between_their_quotes),
             HARNESS_CASE(shell_words_stay_one_word))
