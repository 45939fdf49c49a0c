/* Checks as written, parsed and typed: "p99(mqtt.publish.ack{region=eu}, during=steady) < 250ms". The grammar stands in docs/checks.md.
 *
 * Parsing knows metrics, functions and labels (scenario/metric.h); names of fleets, regions and phases are left to the caller
 * (scenario/checks.h). Bounded: at most EXPR_TEXT_MAX bytes, EXPR_NODES_MAX nodes, EXPR_DEPTH_MAX open parentheses; no recursion. */
#ifndef MUSTER_SCENARIO_EXPR_H
#define MUSTER_SCENARIO_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/instant.h"
#include "base/units.h"
#include "device/action.h"
#include "scenario/metric.h"

enum {
    EXPR_TEXT_MAX = 2000,
    EXPR_NODES_MAX = 64,
    EXPR_CALLS_MAX = 16,
    EXPR_LABELS_MAX = 8, /* per call */
    EXPR_DEPTH_MAX = 32,
    EXPR_WORD_MAX = 64,
    EXPR_WHY_MAX = 240
};

/* Dimensions: enum units_dimension, and devices: a gauge that is compared with a plain number. Compared with a share it becomes one. */
typedef int expr_dimension;
enum { EXPR_DEVICES = UNITS_DIMENSIONS };

struct expr_literal {
    double value; /* base unit */
    expr_dimension dimension;
    bool exact;        /* value == numerator / denominator, as written: for comparing shares */
    int64_t numerator; /* may be negative */
    int64_t denominator;
};

struct expr_piece {
    size_t offset, size; /* of the expression's text, in bytes */
};

struct expr_condition_label {
    enum metric_label label;
    bool equal; /* =, not != */
    char word[EXPR_WORD_MAX];
    struct expr_piece piece; /* the word */
};

struct expr_edge {
    bool given;
    char id[EXPR_WORD_MAX];
    bool end;                /* id.end, not id.start */
    struct expr_piece piece; /* the id */
};

struct expr_call {
    enum metric_function function;
    uint32_t quantile_ppm; /* METRIC_P: 0 … 1,000,000 (p99.9: 999,000) */
    const struct metric *metric;
    struct expr_condition_label labels[EXPR_LABELS_MAX];
    unsigned label_count;
    bool as_share; /* a gauge in parts of its devices */
    /* time_to: */
    bool compares;
    enum relop relop;
    struct expr_literal threshold;
    /* scopes: */
    char during[EXPR_WORD_MAX]; /* "" : none */
    struct expr_piece during_piece;
    struct expr_edge from, to;
    span over;               /* 0: none */
    struct expr_piece piece; /* the whole call */
    struct expr_piece subject;
};

enum expr_node_kind { EXPR_LITERAL, EXPR_CALL, EXPR_ADD, EXPR_SUBTRACT, EXPR_MULTIPLY, EXPR_DIVIDE };

/* Children stand before their parent, so that one pass from the front evaluates everything. */
struct expr_node {
    enum expr_node_kind kind;
    expr_dimension dimension;
    int left, right; /* indexes; operators only */
    int call;        /* index; EXPR_CALL only */
    struct expr_literal literal;
    struct expr_piece piece;
};

struct expr {
    char *text;
    struct expr_node nodes[EXPR_NODES_MAX];
    int node_count;
    int left, right; /* roots of the two sides: nodes 0 … left are the left side, left + 1 … right the right one */
    enum relop relop;
    struct expr_piece relop_piece;
    struct expr_call calls[EXPR_CALLS_MAX];
    int call_count;
};

struct expr_error {
    struct expr_piece piece;
    char why[EXPR_WHY_MAX];
    char suggestion[EXPR_WORD_MAX]; /* "" : none */
    char help[EXPR_WHY_MAX];        /* "" : none */
};

/* Parses and types `text`. On failure ERR_MALFORMED and *error; *out is then NULL. The caller frees with expr_free. */
int expr_parse(const char *text, struct expr **out, struct expr_error *error);
void expr_free(struct expr *e); /* NULL is ignored */

#endif
