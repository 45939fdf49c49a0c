#include "scenario/expr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "harness.h"

static void good(const char *text) {
    struct expr *e;
    struct expr_error error;
    int err = expr_parse(text, &e, &error);
    if (err != 0)
        printf("     %s\n     %zu: %s\n", text, error.piece.offset + 1, error.why);
    CU_ASSERT_EQUAL(err, 0);
    expr_free(e);
}

/* The error stands at the "^" line's first caret, is as long as its carets and has `why` in its sentence. */
struct bad {
    const char *text, *carets, *why, *suggestion;
};

static void is_bad(const struct bad *b) {
    struct expr *e = NULL;
    struct expr_error error;
    int err = expr_parse(b->text, &e, &error);
    size_t offset = strspn(b->carets, " "), size = strlen(b->carets) - offset;
    bool right = err == ERR_MALFORMED && error.piece.offset == offset && error.piece.size == size &&
                 strstr(error.why, b->why) != NULL &&
                 strcmp(error.suggestion, b->suggestion != NULL ? b->suggestion : "") == 0;
    if (!right)
        printf("     %s\n     %s\n     found %d at %zu+%zu: %s (%s)\n", b->text, b->carets, err, error.piece.offset,
               error.piece.size, error.why, error.suggestion);
    CU_ASSERT_TRUE(right);
    CU_ASSERT_PTR_NULL(e);
    expr_free(e);
}

static void checks_of_the_guide_parse(void) {
    static const char *const texts[] = {
        "ratio(mqtt.connect.ok) == 100%",
        "p99(mqtt.publish.ack) < 250ms",
        "time_to(online{region=eu-west} >= 99%, from=outage.end) < 3min",
        "p99(mqtt.publish.ack{region!=eu-west}, during=recovery) < 1.5 * p99(mqtt.publish.ack{region!=eu-west}, "
        "during=steady)",
        "lost(mqtt.publish{qos=1}) == 0",
        "ratio(mqtt.connect.refused, during=recovery, over=30s) < 50%",
        "p95(mqtt.end_to_end) < 500ms",
        "count(device.gave_up) == 0",
        "p99.999( mqtt.publish.ack { clock = service , held=false } )<=1s500ms",
        "rate(mqtt.publish.ok, from=a-b.start, to=c.d.end) > 6_000/s",
        "rate(net.bytes_up) < 10Mbps",
        "count(net.bytes) / count(mqtt.publish) < 200B",
        "min(online, during=steady) >= 99%",
        "max(backoff) <= 10",
        "mean(online) / 2 > 10%",
        "min(online) - max(offline) >= 90%",
        "0 == count(mqtt.violation)",
        "(count(mqtt.reconnect) + 2 * (3 - 1)) / 10 < 5",
        "count(mqtt.publish.dropped{reason=buffer_full}) == 0",
        "p50(mqtt.connect.ack)-p10(mqtt.connect.ack)<5ms",
        "count(mqtt.connect)/2 > -1",
        "p100(mqtt.ping.ack) < 1h30min",
        "p0(mqtt.ping.ack) > 0",
        "rate(mqtt.publish.ok)/p50(mqtt.connect.ack) < 1",
    };
    for (size_t i = 0; i + 1 < COUNT_OF(texts); i++)
        good(texts[i]);
    struct expr *e;
    struct expr_error error; /* a rate by a duration has no dimension of its own here */
    CU_ASSERT_EQUAL(expr_parse(texts[COUNT_OF(texts) - 1], &e, &error), ERR_MALFORMED);
}

static const struct bad bad_checks[] = {
    {"", "^", "this ends where", NULL},
    {"p99(mqtt.publish.ack)", "                    ^", "nothing is compared", NULL},
    {"p99(mqtt.publish.ack) = 5ms", "                      ^", "write ==", NULL},
    {"p99(mqtt.publish.ack) < 250", "                        ^^^", "a duration cannot be compared with a number", NULL},
    {"p99(mqtt.publish.ack) < 250 ms", "                            ^", "an operator (+ - * /) or the end", NULL},
    {"p99(mqtt.publish.ack) < 250m", "                        ^^^^", "ambiguous", NULL},
    {"p99(mqtt.publsh.ack) < 250ms", "    ^^^^^^^^^^^^^^^", "unknown metric", "mqtt.publish.ack"},
    {"p99(online) < 5", "    ^^^^^^", "does not apply to online, which is a gauge", NULL},
    {"ratio(mqtt.publish.ack) < 5%", "      ^^^^^^^^^^^^^^^^", "ratio does not apply", NULL},
    {"count(mqtt.publish.ack", "                      ^", "')' is expected", NULL},
    {"ratioo(mqtt.connect.ok) == 1", "^^^^^^", "unknown function", "ratio"},
    {"avg(mqtt.connect.ack) < 1s", "^^^", "unknown function", "mean"},
    {"p101(mqtt.connect.ack) < 1s", "^^^^", "above p100", NULL},
    {"p99.99999(mqtt.connect.ack) < 1s", "^^^^^^^^^", "no percentile", NULL},
    {"p99x(mqtt.connect.ack) < 1s", "^^^^", "no percentile", NULL},
    {"online > 5", "^^^^^^", "needs a function", NULL},
    {"count(mqtt.connect.ok{fleets=a}) > 5", "                      ^^^^^^", "unknown label", "fleet"},
    {"count(mqtt.connect.ok{fleet:a}) > 5", "                           ^", "'=' or '!='", NULL},
    {"count(mqtt.connect.ok{fleet=a) > 5", "                             ^", "'}' or ','", NULL},
    {"count(mqtt.connect.ok{qos=1}) > 5", "                      ^^^", "has no label 'qos'", NULL},
    {"count(mqtt.publish.ok{qos=3}) > 5", "                          ^", "is no value of the label qos", NULL},
    {"p9(mqtt.publish.ack{clock=servise}) > 0", "                          ^^^^^^^", "no value of", "service"},
    {"p9(mqtt.publish.ack{clock!=service}) > 0", "                         ^^", "takes = only", NULL},
    {"lost(mqtt.publish{held=true}) == 0", "                  ^^^^", "has no label", NULL},
    {"max(online >= 5) < 7", "           ^^", "only time_to", NULL},
    {"time_to(online) < 7s", "              ^", "needs a comparison", NULL},
    {"time_to(online >= 5s) < 7s", "                  ^^", "compared with a number", NULL},
    {"time_to(online >= 5, over=3s) < 7s", "                          ^^", "takes no window", NULL},
    {"min(online, while=steady) > 5", "            ^^^^^", "unknown scope", NULL},
    {"min(online, durin=steady) > 5", "            ^^^^^", "unknown scope", "during"},
    {"min(online, during steady) > 5", "                   ^", "'=' is expected", NULL},
    {"min(online, from=steady) > 5", "                 ^^^^^^", "no edge", NULL},
    {"min(online, from=.end) > 5", "                 ^^^^", "no edge", NULL},
    {"min(online, over=500ms) > 5", "                 ^^^^^", "1s to 1h", NULL},
    {"min(online, over=1s500ms) > 5", "                 ^^^^^^^", "whole seconds", NULL},
    {"min(online, over=5) > 5", "                 ^", "takes a duration", NULL},
    {"min(online, over=5s, over=6s) > 5", "                          ^", "given twice", NULL},
    {"max(online, over=5s) != 5", "                     ^^", "no worst window", NULL},
    {"(count(mqtt.connect.ok) > 5", "^", "never closed", NULL},
    {"count(mqtt.connect.ok)) > 5", "                      ^", "')' without '('", NULL},
    {"count(mqtt.connect.ok) + > 5", "                         ^", "is expected here", NULL},
    {"count(mqtt.connect.ok) > 5 > 4", "                           ^", "one comparison", NULL},
    {"5 > 4", "^^^^^", "measures nothing", NULL},
    {"count(mqtt.connect.ok) # 5", "                       ^", "a comparison", NULL},
    {"p99(mqtt.connect.ack) + 5 < 1s", "                        ^", "a duration cannot be added to a number", NULL},
    {"p99(mqtt.connect.ack) * p50(mqtt.connect.ack) < 1s", "^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^",
     "multiplied by", NULL},
    {"5 / p50(mqtt.connect.ack) < 1", "^", "divided by", NULL},
    {"ratio(mqtt.connect.ok) > 0.5", "                         ^^^", "a share cannot be compared with a number", NULL},
    {"min(online) + 5 > 50%", "                  ^^^", "devices cannot be compared with a share", NULL},
    {"count(mqtt.connect.ok) > 50%", "                         ^^^", "number cannot be compared with a share", NULL},
    {"rate(mqtt.connect.ok) > 50", "                        ^^", "a rate cannot be compared", NULL},
};

static void wrong_checks_are_refused_at_the_right_column(void) {
    for (size_t i = 0; i < COUNT_OF(bad_checks); i++)
        is_bad(&bad_checks[i]);
}

static void every_cut_of_a_check_is_refused(void) {
    const char *whole =
        "p99(mqtt.publish.ack{region=eu, held!=true}, during=a, from=b.end, over=30s) < 1.5 * 3ms + 2ms";
    char cut[200];
    good(whole);
    for (size_t size = 0; size < strlen(whole); size++) {
        struct expr *e = NULL;
        struct expr_error error;
        memcpy(cut, whole, size);
        cut[size] = '\0';
        if (strstr(cut, "3ms") != NULL)
            continue; /* whole checks of their own, but for the last "+" */
        CU_ASSERT_EQUAL(expr_parse(cut, &e, &error), ERR_MALFORMED);
        CU_ASSERT_TRUE(error.piece.offset <= size);
        expr_free(e);
    }
}

static void operators_bind_as_in_arithmetic(void) {
    struct expr *e;
    struct expr_error error;
    CU_ASSERT_EQUAL_FATAL(expr_parse("1 + 2 * 3 - 4 / 5 > count(mqtt.connect.ok)", &e, &error), 0);
    const struct expr_node *minus = &e->nodes[e->left];
    CU_ASSERT_EQUAL(minus->kind, EXPR_SUBTRACT);
    CU_ASSERT_EQUAL(e->nodes[minus->left].kind, EXPR_ADD);
    CU_ASSERT_EQUAL(e->nodes[e->nodes[minus->left].right].kind, EXPR_MULTIPLY);
    CU_ASSERT_EQUAL(e->nodes[minus->right].kind, EXPR_DIVIDE);
    CU_ASSERT_EQUAL(e->relop, REL_GT);
    expr_free(e);
    CU_ASSERT_EQUAL_FATAL(expr_parse("8 - 4 - 2 > count(mqtt.connect.ok)", &e, &error), 0);
    CU_ASSERT_EQUAL(e->nodes[e->nodes[e->left].left].kind, EXPR_SUBTRACT); /* from the left */
    expr_free(e);
}

static void a_call_keeps_all_it_was_given(void) {
    struct expr *e;
    struct expr_error error;
    const char *text =
        "p99.95(mqtt.publish.ack{region!=eu-west,clock=lag}, during=x.y, from=a.end, to=b-c.start, over=1min) > 0";
    CU_ASSERT_EQUAL_FATAL(expr_parse(text, &e, &error), 0);
    const struct expr_call *c = &e->calls[0];
    CU_ASSERT_EQUAL(c->function, METRIC_P);
    CU_ASSERT_EQUAL(c->quantile_ppm, 999500);
    CU_ASSERT_STRING_EQUAL(c->metric->name, "mqtt.publish.ack");
    CU_ASSERT_EQUAL(c->label_count, 2);
    CU_ASSERT_EQUAL(c->labels[0].label, LABEL_REGION);
    CU_ASSERT_FALSE(c->labels[0].equal);
    CU_ASSERT_STRING_EQUAL(c->labels[0].word, "eu-west");
    CU_ASSERT_STRING_EQUAL(c->during, "x.y");
    CU_ASSERT_TRUE(c->from.given && c->from.end && c->to.given && !c->to.end);
    CU_ASSERT_STRING_EQUAL(c->from.id, "a");
    CU_ASSERT_STRING_EQUAL(c->to.id, "b-c");
    CU_ASSERT_EQUAL(c->over, SPAN_MIN);
    CU_ASSERT_EQUAL(c->piece.size, strlen(text) - 4);
    CU_ASSERT_EQUAL(strncmp(text + c->subject.offset, "mqtt.publish.ack{region!=eu-west,clock=lag}", c->subject.size),
                    0);
    expr_free(e);
}

static void shares_are_kept_as_whole_numbers(void) {
    struct expr *e;
    struct expr_error error;
    CU_ASSERT_EQUAL_FATAL(expr_parse("ratio(mqtt.connect.ok) >= 99.95%", &e, &error), 0);
    const struct expr_literal *l = &e->nodes[e->right].literal;
    CU_ASSERT_TRUE(l->exact);
    CU_ASSERT_EQUAL(l->numerator, 9995);
    CU_ASSERT_EQUAL(l->denominator, 10000);
    expr_free(e);
}

static void gauges_become_shares_where_shares_are_meant(void) {
    struct expr *e;
    struct expr_error error;
    CU_ASSERT_EQUAL_FATAL(expr_parse("min(online) * (min(online) / max(online)) > 50%", &e, &error), 0);
    CU_ASSERT_TRUE(e->calls[0].as_share);
    CU_ASSERT_FALSE(e->calls[1].as_share); /* devices by devices is a plain number */
    CU_ASSERT_FALSE(e->calls[2].as_share);
    expr_free(e);
    CU_ASSERT_EQUAL_FATAL(expr_parse("min(online) > 50", &e, &error), 0);
    CU_ASSERT_FALSE(e->calls[0].as_share);
    expr_free(e);
}

static void deep_and_long_checks_are_refused(void) {
    struct expr *e = NULL;
    struct expr_error error;
    char text[EXPR_TEXT_MAX + 100];
    memset(text, '(', 40);
    strcpy(text + 40, "1");
    CU_ASSERT_EQUAL(expr_parse(text, &e, &error), ERR_MALFORMED);
    CU_ASSERT_EQUAL(error.piece.offset, EXPR_DEPTH_MAX);
    text[0] = '\0';
    for (int i = 0; i < 100; i++)
        strcat(text, "1+");
    CU_ASSERT_EQUAL(expr_parse(text, &e, &error), ERR_MALFORMED);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.why, "at most 64 parts"));
    text[0] = '\0';
    for (int i = 0; i <= EXPR_CALLS_MAX; i++)
        strcat(text, "count(mqtt.connect)+");
    CU_ASSERT_EQUAL(expr_parse(text, &e, &error), ERR_MALFORMED);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.why, "at most 16 calls"));
    memset(text, ' ', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    CU_ASSERT_EQUAL(expr_parse(text, &e, &error), ERR_MALFORMED);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.why, "at most 2000 characters"));
}

HARNESS_MAIN("scenario/expr", HARNESS_CASE(checks_of_the_guide_parse),
             HARNESS_CASE(wrong_checks_are_refused_at_the_right_column), HARNESS_CASE(every_cut_of_a_check_is_refused),
             HARNESS_CASE(operators_bind_as_in_arithmetic), HARNESS_CASE(a_call_keeps_all_it_was_given),
             HARNESS_CASE(shares_are_kept_as_whole_numbers), HARNESS_CASE(gauges_become_shares_where_shares_are_meant),
             HARNESS_CASE(deep_and_long_checks_are_refused))
