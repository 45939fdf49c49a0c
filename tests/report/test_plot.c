#include "report/plot.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "harness.h"
#include "report/logged.h"

static const char raw[] = "<?xml version=\"1.0\"?>\n<!-- a comment --><svg \n width=\"9\" viewBox=\"0 0 960 250\"\n>\n"
                          "<title>Gnuplot</title>\n<desc>Produced by</desc>\n<g id=\"canvas\" fill=\"none\">\n"
                          "<path id='gpPt0' stroke='rgb(  0, 114, 178)' fill=\"rgb(0,0,0)\"/><use xlink:href='#gpPt0'/>"
                          "<polygon fill = 'url(#gpPat1)'/></g></svg>\n";

static void an_svg_becomes_an_element_of_a_page(void) {
    struct text out = {0};
    CU_ASSERT_EQUAL(plot_inline(&out, raw, "tool-", "A title", "What is drawn"), 0);
    CU_ASSERT_STRING_EQUAL(
        text_get(&out),
        "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" role=\"img\" "
        "aria-label=\"A title What is drawn\" viewBox=\"0 0 960 250\">\n<title>A title</title>\n"
        "<desc>What is drawn</desc>\n\n\n\n<g id=\"tool-canvas\" fill=\"none\">\n"
        "<path id='tool-gpPt0' stroke='#0072b2' fill=\"#000000\"/><use xlink:href='#tool-gpPt0'/>"
        "<polygon fill = 'url(#tool-gpPat1)'/></g></svg>\n");
    text_free(&out);
}

static void what_is_no_svg_is_refused(void) {
    static const char *const wrong[] = {
        "", "<svg", "<svg>", "<svg viewBox=\"0 0 1 1\">", "<svg></svg>", "<svg><g viewBox=\"\"></g></svg>"};
    struct text out = {0};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CU_ASSERT_EQUAL(plot_inline(&out, wrong[i], "p", "t", "d"), ERR_MALFORMED);
    CU_ASSERT_EQUAL(out.size, 0);
    text_free(&out);
}

static int run(const char *commands, struct text *svg, char *why) {
    struct text script = {0};
    text_append(&script, commands);
    int status = plot_run(&script, svg, why);
    text_free(&script);
    return status;
}

static void gnuplot_draws_the_same_every_time(void) {
    struct text first = {0}, second = {0};
    char why[PLOT_WHY_MAX] = "";
    static const char script[] = "set terminal svg dynamic\n$d << EOD\n1 2\n2 3\nEOD\nplot $d with lines\n";
    if (!logged_gnuplot())
        return;
    CU_ASSERT_EQUAL(run(script, &first, why), 0);
    CU_ASSERT_EQUAL(run(script, &second, why), 0);
    CU_ASSERT_STRING_EQUAL(why, "");
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&first), "</svg>"));
    CU_ASSERT_STRING_EQUAL(text_get(&first), text_get(&second));
    text_free(&first);
    text_free(&second);
}

static void a_script_that_fails_says_why_and_writes_nothing(void) {
    struct text svg = {0};
    char why[PLOT_WHY_MAX] = "";
    if (!logged_gnuplot())
        return;
    text_append(&svg, "before");
    CU_ASSERT_EQUAL(run("plot \x1b[31m nonsense(\n", &svg, why), ERR_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "gnuplot failed: "));
    CU_ASSERT_PTR_NULL(strchr(why, '\x1b'));
    CU_ASSERT_EQUAL(svg.size, 6);
    text_free(&svg);
}

static void without_gnuplot_the_package_is_named(void) {
    struct text svg = {0};
    char why[PLOT_WHY_MAX] = "";
    char *path = getenv("PATH") != NULL ? strdup(getenv("PATH")) : NULL;
    setenv("PATH", "/nonexistent", 1);
    CU_ASSERT_EQUAL(run("plot x\n", &svg, why), ERR_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "apt install gnuplot-nox"));
    setenv("PATH", path != NULL ? path : "/usr/bin:/bin", 1);
    free(path);
    text_free(&svg);
}

HARNESS_MAIN("report/plot", HARNESS_CASE(an_svg_becomes_an_element_of_a_page), HARNESS_CASE(what_is_no_svg_is_refused),
             HARNESS_CASE(gnuplot_draws_the_same_every_time),
             HARNESS_CASE(a_script_that_fails_says_why_and_writes_nothing),
             HARNESS_CASE(without_gnuplot_the_package_is_named))
