#include "scenario/expr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/suggest.h"
#include "base/text.h"
#include "scenario/expr_scan.h"
#include "scenario/expr_type.h"

/* Operators wait on `pending` until what binds tighter is done; finished operands wait on `done` (Dijkstra's shunting yard). */
struct parser {
    struct expr_scan scan;
    struct expr *expr;
    struct pending {
        char sign; /* + - * / or ( */
        size_t offset;
    } pending[EXPR_DEPTH_MAX + EXPR_NODES_MAX];
    int pending_count, depth;
    int done[EXPR_NODES_MAX];
    int done_count;
};

static struct expr_piece here(const struct parser *p) {
    return (struct expr_piece){p->scan.at, 1};
}

static void suggest(struct parser *p, const char *suggestion) {
    if (suggestion != NULL)
        snprintf(p->scan.error->suggestion, sizeof p->scan.error->suggestion, "%s", suggestion);
}

static void help(struct parser *p, const char *text) {
    snprintf(p->scan.error->help, sizeof p->scan.error->help, "%s", text);
}

/* --- calls ---------------------------------------------------------------------------------------------------------- */

/* "p99.9": the digits after the p in parts per million. */
static int parse_quantile(struct parser *p, const char *word, struct expr_piece piece, uint32_t *ppm) {
    uint32_t value = 0, scale = 10000;
    const char *c = word + 1;
    for (; *c >= '0' && *c <= '9' && value <= 1000; c++)
        value = 10 * value + (uint32_t)(*c - '0');
    value *= scale;
    if (*c == '.')
        for (c++; *c >= '0' && *c <= '9' && scale > 1; c++) {
            scale /= 10;
            value += scale * (uint32_t)(*c - '0');
        }
    if (*c != '\0' || word[strlen(word) - 1] == '.')
        return expr_scan_refuse(&p->scan, piece,
                                "'%s' is no percentile; write p50, p99 or p99.9, with at most four decimals", word);
    if (value > 1000000)
        return expr_scan_refuse(&p->scan, piece, "'%s' is above p100", word);
    *ppm = value;
    return 0;
}

static int parse_function(struct parser *p, const char *word, struct expr_piece piece, struct expr_call *call) {
    call->function = metric_function_find(word);
    if (call->function == METRIC_P)
        return parse_quantile(p, word, piece, &call->quantile_ppm);
    if (call->function != METRIC_FUNCTIONS)
        return 0;
    if (metric_find(word) != NULL) {
        expr_scan_refuse(&p->scan, piece, "'%s' is a metric and needs a function around it", word);
        help(p, "for instance p99(mqtt.publish.ack), ratio(mqtt.connect.ok), min(online)");
        return ERR_MALFORMED;
    }
    expr_scan_refuse(&p->scan, piece, "unknown function '%s'", word);
    suggest(p, metric_function_nearest(word));
    help(p, "functions are pN, min, mean, max, count, rate, ratio, lost, duplicated, reordered, time_to");
    return ERR_MALFORMED;
}

static int parse_metric(struct parser *p, struct expr_call *call) {
    char word[EXPR_WORD_MAX];
    struct expr_piece piece;
    int err = expr_scan_word(&p->scan, false, "a metric", word, &piece);
    if (err != 0)
        return err;
    call->subject = piece;
    call->metric = metric_find(word);
    if (call->metric == NULL) {
        expr_scan_refuse(&p->scan, piece, "unknown metric '%s'", word);
        suggest(p, metric_nearest(word));
        help(p, "muster explain lists the metrics; docs/checks.md describes them");
        return ERR_MALFORMED;
    }
    const struct metric_function_row *f = &metric_functions[call->function];
    if (f->kinds & (1U << call->metric->kind))
        return 0;
    expr_scan_refuse(&p->scan, piece, "%s does not apply to %s, which is a%s %s",
                     call->function == METRIC_P ? "a percentile" : f->name, word,
                     strchr("aeiou", metric_kind_names[call->metric->kind][0]) != NULL ? "n" : "",
                     metric_kind_names[call->metric->kind]);
    char fits[EXPR_WHY_MAX] = "";
    size_t used = 0;
    for (int i = 0; i < METRIC_FUNCTIONS; i++)
        if (metric_functions[i].kinds & (1U << call->metric->kind))
            used += (size_t)snprintf(fits + used, sizeof fits - used, "%s%s", used > 0 ? ", " : "functions for it are ",
                                     i == METRIC_P ? "pN" : metric_functions[i].name);
    help(p, fits);
    return ERR_MALFORMED;
}

static int check_label(struct parser *p, const struct expr_call *call, const char *name, struct expr_piece piece,
                       enum metric_label *label) {
    *label = metric_label_find(name);
    if (*label == METRIC_LABELS) {
        const char *names[METRIC_LABELS];
        for (int i = 0; i < METRIC_LABELS; i++)
            names[i] = metric_labels[i].name;
        expr_scan_refuse(&p->scan, piece, "unknown label '%s'", name);
        suggest(p, suggest_nearest(name, names, METRIC_LABELS));
        help(p, "labels are fleet, profile, region, target, qos, reason, held, clock");
        return ERR_MALFORMED;
    }
    bool of_messages = call->metric->kind == METRIC_MESSAGE && call->function != METRIC_COUNT &&
                       call->function != METRIC_RATE; /* known per group of devices only */
    if (!metric_has_label(call->metric, *label) || (of_messages && *label == LABEL_HELD))
        return expr_scan_refuse(&p->scan, piece, "%s has no label '%s'", call->metric->name, name);
    return 0;
}

static int check_label_word(struct parser *p, const struct expr_call *call, const struct expr_condition_label *l) {
    const char *const *words = metric_label_words(call->metric, l->label);
    if (words == NULL)
        return 0; /* a name of the scenario */
    size_t count = 0;
    char all[EXPR_WHY_MAX] = "";
    size_t used = 0;
    for (; words[count] != NULL; count++) {
        if (strcmp(words[count], l->word) == 0)
            return 0;
        used += (size_t)snprintf(all + used, sizeof all - used, "%s%s", count > 0 ? ", " : "", words[count]);
    }
    expr_scan_refuse(&p->scan, l->piece, "'%s' is no value of the label %s, which takes %s", l->word,
                     metric_labels[l->label].name, all);
    if (l->word[1] != '\0')
        suggest(p, suggest_nearest(l->word, words, count));
    return ERR_MALFORMED;
}

static int parse_labels(struct parser *p, struct expr_call *call) {
    if (!expr_scan_take(&p->scan, '{'))
        return 0;
    do {
        char name[EXPR_WORD_MAX];
        struct expr_piece piece;
        if (call->label_count == EXPR_LABELS_MAX)
            return expr_scan_refuse(&p->scan, here(p), "a metric takes at most %d labels", EXPR_LABELS_MAX);
        struct expr_condition_label *l = &call->labels[call->label_count];
        int err = expr_scan_word(&p->scan, false, "a label", name, &piece);
        if (err == 0)
            err = check_label(p, call, name, piece, &l->label);
        if (err != 0)
            return err;
        struct expr_piece sign;
        enum relop relop;
        l->equal = true;
        if (expr_scan_relop(&p->scan, &relop, &sign) == 0) {
            if (relop != REL_NE)
                return expr_scan_refuse(&p->scan, sign, "labels are compared with = or != only");
            l->equal = false;
        } else if (!expr_scan_take(&p->scan, '=')) {
            return expr_scan_refuse(&p->scan, here(p), "'=' or '!=' is expected after the label %s", name);
        }
        if (l->label == LABEL_CLOCK && !l->equal)
            return expr_scan_refuse(&p->scan, sign, "the label clock takes = only");
        err = expr_scan_word(&p->scan, true, "the label's value", l->word, &l->piece);
        if (err == 0)
            err = check_label_word(p, call, l);
        if (err != 0)
            return err;
        call->label_count++;
    } while (expr_scan_take(&p->scan, ','));
    if (!expr_scan_take(&p->scan, '}'))
        return expr_scan_refuse(&p->scan, here(p), "'}' or ',' is expected after a label");
    return 0;
}

/* The comparison inside time_to. */
static int parse_threshold(struct parser *p, struct expr_call *call) {
    struct expr_piece sign, piece;
    bool found = expr_scan_relop(&p->scan, &call->relop, &sign) == 0;
    if (call->function != METRIC_TIME_TO) {
        if (!found)
            return 0;
        return expr_scan_refuse(&p->scan, sign, "only time_to has a comparison inside its parentheses");
    }
    if (!found) {
        expr_scan_refuse(&p->scan, here(p), "time_to needs a comparison after its metric");
        help(p, "for instance time_to(online >= 99%, from=outage.end) < 3min");
        return ERR_MALFORMED;
    }
    int err = expr_scan_literal(&p->scan, &call->threshold, &piece);
    if (err != 0)
        return err;
    expr_dimension d = call->threshold.dimension;
    if (d != UNITS_PLAIN && d != UNITS_SHARE)
        return expr_scan_refuse(&p->scan, piece, "devices are compared with a number or a share such as 99%%");
    call->compares = true;
    call->as_share = d == UNITS_SHARE;
    return 0;
}

static int parse_edge(struct parser *p, struct expr_edge *edge, const char *name) {
    if (edge->given)
        return expr_scan_refuse(&p->scan, here(p), "%s= is given twice", name);
    int err = expr_scan_word(&p->scan, true, "an edge such as outage.end", edge->id, &edge->piece);
    if (err != 0)
        return err;
    char *dot = strrchr(edge->id, '.');
    bool start = dot != NULL && strcmp(dot, ".start") == 0;
    edge->end = dot != NULL && strcmp(dot, ".end") == 0;
    if ((!start && !edge->end) || dot == edge->id)
        return expr_scan_refuse(&p->scan, edge->piece, "'%s' is no edge; write %.40s.start or %.40s.end", edge->id,
                                edge->id, edge->id);
    *dot = '\0';
    edge->piece.size = strlen(edge->id);
    edge->given = true;
    return 0;
}

static int parse_over(struct parser *p, struct expr_call *call) {
    struct expr_literal l;
    struct expr_piece piece;
    if (call->over != 0)
        return expr_scan_refuse(&p->scan, here(p), "over= is given twice");
    int err = expr_scan_literal(&p->scan, &l, &piece);
    if (err != 0)
        return err;
    if (l.dimension != UNITS_DURATION)
        return expr_scan_refuse(&p->scan, piece, "over= takes a duration such as 30s");
    if (l.value < (double)SPAN_S || l.value > (double)SPAN_H)
        return expr_scan_refuse(&p->scan, piece, "a window is 1s to 1h long");
    call->over = (span)l.value;
    if (call->over % SPAN_S != 0)
        return expr_scan_refuse(&p->scan, piece, "windows slide in steps of 1s: write whole seconds");
    if (call->function == METRIC_TIME_TO)
        return expr_scan_refuse(&p->scan, piece, "time_to takes no window");
    return 0;
}

static int parse_scope(struct parser *p, struct expr_call *call) {
    char name[EXPR_WORD_MAX];
    struct expr_piece piece;
    int err = expr_scan_word(&p->scan, false, "a scope (during=, from=, to= or over=)", name, &piece);
    if (err != 0)
        return err;
    static const char *const names[] = {"during", "from", "to", "over"};
    size_t which = 0;
    while (which < COUNT_OF(names) && strcmp(names[which], name) != 0)
        which++;
    if (which == COUNT_OF(names)) {
        expr_scan_refuse(&p->scan, piece, "unknown scope '%s'", name);
        suggest(p, suggest_nearest(name, names, COUNT_OF(names)));
        help(p, "scopes are during=ID, from=ID.end, to=ID.start and over=30s");
        return ERR_MALFORMED;
    }
    if (!expr_scan_take(&p->scan, '='))
        return expr_scan_refuse(&p->scan, here(p), "'=' is expected after %s", name);
    expr_scan_space(&p->scan);
    switch (which) {
    case 0:
        if (call->during[0] != '\0')
            return expr_scan_refuse(&p->scan, here(p), "during= is given twice");
        return expr_scan_word(&p->scan, true, "the id of a phase or entry", call->during, &call->during_piece);
    case 1:
        return parse_edge(p, &call->from, name);
    case 2:
        return parse_edge(p, &call->to, name);
    default:
        return parse_over(p, call);
    }
}

/* fn "(" subject { "," scope } ")"; the word before "(" is read. */
static int parse_call(struct parser *p, const char *word, struct expr_piece piece, struct expr_node *node) {
    struct expr *e = p->expr;
    if (e->call_count == EXPR_CALLS_MAX)
        return expr_scan_refuse(&p->scan, piece, "a check has at most %d calls", EXPR_CALLS_MAX);
    struct expr_call *call = &e->calls[e->call_count];
    int err = parse_function(p, word, piece, call);
    if (err != 0)
        return err;
    if (!expr_scan_take(&p->scan, '('))
        return expr_scan_refuse(&p->scan, here(p), "'(' is expected after %s", word);
    err = parse_metric(p, call);
    if (err == 0)
        err = parse_labels(p, call);
    call->subject.size = p->scan.at - call->subject.offset;
    if (err == 0)
        err = parse_threshold(p, call);
    while (err == 0 && expr_scan_take(&p->scan, ','))
        err = parse_scope(p, call);
    if (err != 0)
        return err;
    if (!expr_scan_take(&p->scan, ')'))
        return expr_scan_refuse(&p->scan, here(p), "')' is expected at the end of %s(", word);
    call->piece = (struct expr_piece){piece.offset, p->scan.at - piece.offset};
    *node = (struct expr_node){.kind = EXPR_CALL, .call = e->call_count++, .piece = call->piece};
    return 0;
}

/* --- values --------------------------------------------------------------------------------------------------------- */

static int add_node(struct parser *p, const struct expr_node *node) {
    struct expr *e = p->expr;
    if (e->node_count == EXPR_NODES_MAX)
        return expr_scan_refuse(&p->scan, node->piece, "a check has at most %d parts", EXPR_NODES_MAX);
    e->nodes[e->node_count] = *node;
    p->done[p->done_count++] = e->node_count++;
    return 0;
}

static int parse_operand(struct parser *p) {
    struct expr_node node = {.kind = EXPR_LITERAL};
    if (expr_scan_is_literal(&p->scan)) {
        int err = expr_scan_literal(&p->scan, &node.literal, &node.piece);
        return err != 0 ? err : add_node(p, &node);
    }
    char word[EXPR_WORD_MAX];
    struct expr_piece piece;
    int err = expr_scan_word(&p->scan, false, "a number or a call such as p99(mqtt.publish.ack)", word, &piece);
    if (err == 0)
        err = parse_call(p, word, piece, &node);
    return err != 0 ? err : add_node(p, &node);
}

/* Builds the node of the topmost operator from the two topmost operands. */
static int reduce(struct parser *p) {
    struct pending *top = &p->pending[--p->pending_count];
    CHECK(p->done_count >= 2);
    int right = p->done[--p->done_count], left = p->done[--p->done_count];
    const struct expr_piece *a = &p->expr->nodes[left].piece, *b = &p->expr->nodes[right].piece;
    struct expr_node node = {.kind = top->sign == '+'   ? EXPR_ADD
                                     : top->sign == '-' ? EXPR_SUBTRACT
                                     : top->sign == '*' ? EXPR_MULTIPLY
                                                        : EXPR_DIVIDE,
                             .left = left,
                             .right = right,
                             .piece = {a->offset, b->offset + b->size - a->offset}};
    return add_node(p, &node);
}

static int strength(char sign) {
    return sign == '(' ? 0 : sign == '+' || sign == '-' ? 1 : 2;
}

static int push(struct parser *p, char sign) {
    if (sign == '(' && ++p->depth > EXPR_DEPTH_MAX)
        return expr_scan_refuse(&p->scan, here(p), "more than %d parentheses inside each other", EXPR_DEPTH_MAX);
    if ((size_t)p->pending_count == COUNT_OF(p->pending))
        return expr_scan_refuse(&p->scan, here(p), "a check has at most %d parts", EXPR_NODES_MAX);
    p->pending[p->pending_count++] = (struct pending){sign, p->scan.at};
    p->scan.at++;
    return 0;
}

/* A ")" after an operand: everything back to its "(" is done. */
static int close_parenthesis(struct parser *p) {
    int err = 0;
    while (err == 0 && p->pending_count > 0 && p->pending[p->pending_count - 1].sign != '(')
        err = reduce(p);
    if (err != 0)
        return err;
    if (p->pending_count == 0)
        return expr_scan_refuse(&p->scan, here(p), "')' without '('");
    p->pending_count--;
    p->depth--;
    p->scan.at++;
    return 0;
}

static int parse_operator(struct parser *p, char sign) {
    int err = 0;
    while (err == 0 && p->pending_count > 0 && strength(p->pending[p->pending_count - 1].sign) >= strength(sign))
        err = reduce(p);
    return err != 0 ? err : push(p, sign);
}

/* value = term { ("+" | "-") term }, up to what is neither operator nor ")". */
static int parse_value(struct parser *p, int *root) {
    p->pending_count = p->done_count = p->depth = 0;
    int err = 0;
    bool want_operand = true;
    for (;;) {
        char c = expr_scan_peek(&p->scan);
        if (want_operand) {
            err = c == '(' ? push(p, c) : parse_operand(p);
            want_operand = c == '(';
        } else if (c == ')') {
            err = close_parenthesis(p);
        } else if (c != '\0' && strchr("+-*/", c) != NULL) {
            err = parse_operator(p, c);
            want_operand = true;
        } else {
            break;
        }
        if (err != 0)
            return err;
    }
    while (p->pending_count > 0) {
        const struct pending *top = &p->pending[p->pending_count - 1];
        if (top->sign == '(')
            return expr_scan_refuse(&p->scan, (struct expr_piece){top->offset, 1}, "this '(' is never closed");
        if ((err = reduce(p)) != 0)
            return err;
    }
    CHECK(p->done_count == 1);
    *root = p->done[0];
    return 0;
}

/* What stands where a comparison was expected. */
static int refuse_missing_relop(struct parser *p) {
    struct expr_scan *s = &p->scan;
    if (s->at == s->size) {
        expr_scan_refuse(s, (struct expr_piece){s->size > 0 ? s->size - 1 : 0, 1},
                         "a check compares two values; nothing is compared here");
        help(p, "for instance p99(mqtt.publish.ack) < 250ms");
        return ERR_MALFORMED;
    }
    if (s->text[s->at] == '=')
        return expr_scan_refuse(s, here(p), "'=' does not compare; write ==");
    return expr_scan_refuse(s, here(p), "a comparison (< <= > >= == !=) or an operator (+ - * /) is expected here");
}

static int parse_check(struct parser *p) {
    struct expr *e = p->expr;
    int err = parse_value(p, &e->left);
    if (err != 0)
        return err;
    if (expr_scan_relop(&p->scan, &e->relop, &e->relop_piece) != 0)
        return refuse_missing_relop(p);
    err = parse_value(p, &e->right);
    if (err != 0)
        return err;
    enum relop relop;
    struct expr_piece piece;
    if (expr_scan_relop(&p->scan, &relop, &piece) == 0)
        return expr_scan_refuse(&p->scan, piece, "a check has one comparison; write a second check");
    if (p->scan.at < p->scan.size)
        return expr_scan_refuse(&p->scan, here(p), "an operator (+ - * /) or the end is expected here");
    if (e->call_count == 0)
        return expr_scan_refuse(&p->scan, (struct expr_piece){0, p->scan.size},
                                "this check measures nothing: no function is called");
    return 0;
}

int expr_parse(const char *text, struct expr **out, struct expr_error *error) {
    struct parser p = {.scan = {.text = text, .size = strlen(text), .error = error}};
    *out = NULL;
    memset(error, 0, sizeof *error);
    if (p.scan.size > EXPR_TEXT_MAX)
        return expr_scan_refuse(&p.scan, (struct expr_piece){0, 1}, "a check has at most %d characters", EXPR_TEXT_MAX);
    p.expr = calloc(1, sizeof *p.expr);
    CHECK(p.expr != NULL);
    p.expr->text = text_dup(text);
    int err = parse_check(&p);
    if (err == 0)
        err = expr_type_check(p.expr, error);
    if (err != 0) {
        expr_free(p.expr);
        return err;
    }
    *out = p.expr;
    return 0;
}

void expr_free(struct expr *e) {
    if (e != NULL)
        free(e->text);
    free(e);
}
