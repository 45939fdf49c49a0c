#include "report/html.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "report/html_parts.h"
#include "report/logged.h"

static struct sample s;
static struct temporary t;
static struct text out;
static const char *logs[1];

static void begin(void) {
    sample_make(&s);
    t = temporary_make();
    logs[0] = t.path;
    s.report.logs = logs;
    s.report.log_count = 1;
}

static void end(void) {
    sample_free(&s);
    temporary_remove(&t);
    text_free(&out);
}

static void write(void) {
    out.size = 0;
    html_write(&out, &s.report);
}

static bool has(const char *piece) {
    return strstr(text_get(&out), piece) != NULL;
}

static void the_parts_stand_in_the_order_of_the_design(void) {
    static const char *const order[] = {"<!DOCTYPE html>",
                                        "<html lang=\"en\">",
                                        "http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ",
                                        "<title>sample – Muster</title>",
                                        "class=\"banner fail\"",
                                        "<h1>sample</h1>",
                                        "<main id=\"main\">",
                                        "id=\"before\"",
                                        "id=\"again\"",
                                        "<h2 id=\"checks\">",
                                        "<h2 id=\"health\">",
                                        "<h2 id=\"plots\">",
                                        "<h2 id=\"operations\">",
                                        "<h2 id=\"errors\">",
                                        "<h2 id=\"fleets\">",
                                        "<h2 id=\"appendix\">",
                                        "</main>",
                                        "</html>\n"};
    begin();
    write();
    const char *at = text_get(&out);
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        const char *found = strstr(at, order[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(found);
        at = found;
    }
    end();
}

static void the_page_needs_no_script_and_no_network(void) {
    begin();
    logged_run(&t, &s, 10, 5);
    write();
    CU_ASSERT_FALSE(has("<script"));
    CU_ASSERT_FALSE(has("<link"));
    CU_ASSERT_FALSE(has("src=\"http"));
    CU_ASSERT_FALSE(has("href=\"http"));
    CU_ASSERT_FALSE(has("href='http"));
    end();
}

static void without_logs_the_page_says_that_there_are_no_plots(void) {
    begin();
    s.report.log_count = 0;
    s.report.logs = NULL;
    write();
    CU_ASSERT_TRUE(has("There are no plots over time: the run left no series.csv."));
    end();
}

static void without_gnuplot_the_page_is_whole_and_names_the_package(void) {
    begin();
    char *path = getenv("PATH") != NULL ? strdup(getenv("PATH")) : NULL;
    logged_run(&t, &s, 10, 5);
    setenv("PATH", "/nonexistent", 1);
    write();
    setenv("PATH", path != NULL ? path : "/usr/bin:/bin", 1);
    free(path);
    CU_ASSERT_TRUE(has("gnuplot is not installed (Debian: apt install gnuplot-nox)"));
    CU_ASSERT_FALSE(has("<svg"));
    CU_ASSERT_TRUE(has("</html>"));
    end();
}

static void the_same_run_gives_the_same_page(void) {
    begin();
    logged_run(&t, &s, 10, 5);
    write();
    char *first = text_take(&out);
    write();
    CU_ASSERT_STRING_EQUAL(first, text_get(&out));
    free(first);
    end();
}

static void hostile_text_is_only_text(void) {
    begin();
    s.plan.name = s.plan.file = s.checks[0].name = s.checks[0].expect = s.groups[0].fleet = sample_hostile;
    s.groups[0].region = s.target.url = s.fleets[0].name = sample_hostile;
    memcpy(s.verdicts[0].reason, sample_hostile, strlen(sample_hostile) + 1);
    memcpy(s.host.cpu, sample_hostile, strlen(sample_hostile) + 1);
    s.facts.trust_count = 1;
    memcpy(s.facts.trust[0].text, sample_hostile, strlen(sample_hostile) + 1);
    write();
    CU_ASSERT_FALSE(has("<script>"));
    CU_ASSERT_FALSE(has("</failure>"));
    CU_ASSERT_FALSE(has("\x1b"));
    CU_ASSERT_FALSE(has("\x01"));
    CU_ASSERT_FALSE(has("\xff"));
    CU_ASSERT_TRUE(has("&lt;script&gt;"));
    end();
}

HARNESS_MAIN("report/html", HARNESS_CASE(the_parts_stand_in_the_order_of_the_design),
             HARNESS_CASE(the_page_needs_no_script_and_no_network),
             HARNESS_CASE(without_logs_the_page_says_that_there_are_no_plots),
             HARNESS_CASE(without_gnuplot_the_page_is_whole_and_names_the_package),
             HARNESS_CASE(the_same_run_gives_the_same_page), HARNESS_CASE(hostile_text_is_only_text))
