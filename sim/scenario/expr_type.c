#include "scenario/expr_type.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"

const char *expr_type_name(expr_dimension d) {
    static const char *const names[] = {
        [UNITS_PLAIN] = "a number",     [UNITS_DURATION] = "a duration", [UNITS_BYTES] = "a size in bytes",
        [UNITS_BITRATE] = "a bit rate", [UNITS_RATE] = "a rate",         [UNITS_SHARE] = "a share",
    };
    if (d == EXPR_DEVICES)
        return "a number of devices";
    CHECK(d >= 0 && d < EXPR_DEVICES);
    if ((size_t)d < COUNT_OF(names) && names[d] != NULL)
        return names[d];
    return units_dimension_name((enum units_dimension)d);
}

expr_dimension expr_type_of_call(const struct expr_call *c) {
    bool bytes = c->metric->unit == UNITS_BYTES, energy = c->metric->unit == UNITS_ENERGY;
    switch (c->function) {
    case METRIC_P:
    case METRIC_MIN:
    case METRIC_MEAN:
    case METRIC_MAX:
        if (c->metric->kind == METRIC_DEVICE)
            return (expr_dimension)c->metric->unit;
        if (c->metric->kind == METRIC_GAUGE)
            return c->as_share ? (expr_dimension)UNITS_SHARE : EXPR_DEVICES;
        return UNITS_DURATION;
    case METRIC_COUNT:
        return energy ? UNITS_ENERGY : bytes ? UNITS_BYTES : UNITS_PLAIN;
    case METRIC_RATE:
        return energy ? UNITS_POWER : bytes ? UNITS_BITRATE : UNITS_RATE;
    case METRIC_RATIO:
        return UNITS_SHARE;
    case METRIC_TIME_TO:
        return UNITS_DURATION;
    case METRIC_LOST:
    case METRIC_DUPLICATED:
    case METRIC_REORDERED:
    case METRIC_FUNCTIONS:
        break;
    }
    return UNITS_PLAIN;
}

static int refuse(struct expr_error *error, struct expr_piece piece, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int refuse(struct expr_error *error, struct expr_piece piece, const char *format, ...) {
    memset(error, 0, sizeof *error);
    error->piece = piece;
    va_list args;
    va_start(args, format);
    vsnprintf(error->why, sizeof error->why, format, args);
    va_end(args);
    return ERR_MALFORMED;
}

/* A bare 0 fits every dimension. */
static bool is_zero(const struct expr_node *n) {
    return n->kind == EXPR_LITERAL && n->dimension == UNITS_PLAIN && n->literal.value == 0;
}

/* Walks the nodes that give a value its dimension "devices", and with `change` makes them shares of the devices. False when a plain number
 * of devices is added somewhere. */
static bool walk_devices(struct expr *e, int root, bool change) {
    int stack[EXPR_NODES_MAX], top = 0;
    stack[top++] = root;
    while (top > 0) {
        struct expr_node *n = &e->nodes[stack[--top]];
        if (is_zero(n))
            continue;
        if (n->dimension != EXPR_DEVICES)
            return false;
        if (n->kind != EXPR_CALL) {
            bool sum = n->kind == EXPR_ADD || n->kind == EXPR_SUBTRACT;
            if (sum || e->nodes[n->left].dimension == EXPR_DEVICES)
                stack[top++] = n->left;
            if (sum || e->nodes[n->right].dimension == EXPR_DEVICES)
                stack[top++] = n->right;
        } else if (change) {
            e->calls[n->call].as_share = true;
        }
        if (change)
            n->dimension = UNITS_SHARE;
    }
    return true;
}

static bool make_share(struct expr *e, int root) {
    return walk_devices(e, root, false) && walk_devices(e, root, true);
}

/* The common dimension of two sides of + − or a comparison, or −1. */
static expr_dimension agree(struct expr *e, int left, int right) {
    const struct expr_node *a = &e->nodes[left], *b = &e->nodes[right];
    if (a->dimension == b->dimension || is_zero(b))
        return a->dimension;
    if (is_zero(a))
        return b->dimension;
    if ((a->dimension == EXPR_DEVICES && b->dimension == UNITS_PLAIN) ||
        (b->dimension == EXPR_DEVICES && a->dimension == UNITS_PLAIN))
        return EXPR_DEVICES;
    if (a->dimension == EXPR_DEVICES && b->dimension == UNITS_SHARE)
        return make_share(e, left) ? (expr_dimension)UNITS_SHARE : -1;
    if (b->dimension == EXPR_DEVICES && a->dimension == UNITS_SHARE)
        return make_share(e, right) ? (expr_dimension)UNITS_SHARE : -1;
    return -1;
}

/* What to write where a bare number meets a dimension. */
static void offer_unit(struct expr_error *error, expr_dimension wanted) {
    switch (wanted) {
    case UNITS_SHARE:
        snprintf(error->help, sizeof error->help, "shares are written with %%, for instance 99.5%%");
        break;
    case UNITS_DURATION:
    case UNITS_BYTES:
    case UNITS_BITRATE:
    case UNITS_RATE:
        snprintf(error->help, sizeof error->help, "write a unit, for instance %s",
                 units_example((enum units_dimension)wanted));
        break;
    default:
        break;
    }
}

static int refuse_sides(const struct expr *e, int left, int right, const char *verb, struct expr_piece whole,
                        struct expr_error *error) {
    const struct expr_node *a = &e->nodes[left], *b = &e->nodes[right];
    struct expr_piece piece = b->kind == EXPR_LITERAL ? b->piece : a->kind == EXPR_LITERAL ? a->piece : whole;
    refuse(error, piece, "%s cannot be %s %s", expr_type_name(a->dimension), verb, expr_type_name(b->dimension));
    if (b->dimension == UNITS_PLAIN)
        offer_unit(error, a->dimension);
    else if (a->dimension == UNITS_PLAIN)
        offer_unit(error, b->dimension);
    return ERR_MALFORMED;
}

static int check_node(struct expr *e, int index, struct expr_error *error) {
    struct expr_node *n = &e->nodes[index];
    if (n->kind == EXPR_LITERAL) {
        n->dimension = n->literal.dimension;
        return 0;
    }
    if (n->kind == EXPR_CALL) {
        n->dimension = expr_type_of_call(&e->calls[n->call]);
        return 0;
    }
    expr_dimension a = e->nodes[n->left].dimension, b = e->nodes[n->right].dimension;
    switch (n->kind) {
    case EXPR_ADD:
    case EXPR_SUBTRACT:
        n->dimension = agree(e, n->left, n->right);
        if (n->dimension < 0)
            return refuse_sides(e, n->left, n->right, n->kind == EXPR_ADD ? "added to" : "reduced by", n->piece, error);
        return 0;
    case EXPR_MULTIPLY:
        if (a != UNITS_PLAIN && b != UNITS_PLAIN)
            return refuse_sides(e, n->left, n->right, "multiplied by", n->piece, error);
        n->dimension = a == UNITS_PLAIN ? b : a;
        return 0;
    default:
        if (b == UNITS_PLAIN)
            n->dimension = a;
        else if (a == b || (a == UNITS_PLAIN && b == EXPR_DEVICES))
            n->dimension = UNITS_PLAIN;
        else
            return refuse_sides(e, n->left, n->right, "divided by", n->piece, error);
        return 0;
    }
}

int expr_type_check(struct expr *e, struct expr_error *error) {
    for (int i = 0; i < e->node_count; i++) {
        int err = check_node(e, i, error);
        if (err != 0)
            return err;
    }
    if (agree(e, e->left, e->right) < 0)
        return refuse_sides(e, e->left, e->right, "compared with", e->relop_piece, error);
    for (int i = 0; i < e->call_count; i++)
        if (e->calls[i].over != 0 && e->relop == REL_NE)
            return refuse(error, e->relop_piece, "!= has no worst window; over= needs another comparison");
    return 0;
}

bool expr_type_grows(const struct expr_call *c) {
    return metric_functions[c->function].grows;
}

static enum expr_worst opposite(enum expr_worst w) {
    return w == EXPR_WORST_LARGEST ? EXPR_WORST_SMALLEST : w == EXPR_WORST_SMALLEST ? EXPR_WORST_LARGEST : w;
}

static bool is_negative(const struct expr_node *n) {
    return n->kind == EXPR_LITERAL && n->literal.value < 0;
}

void expr_type_worst(const struct expr *e, enum expr_worst *worst) {
    enum expr_worst way[EXPR_NODES_MAX];
    enum expr_worst left = e->relop == REL_LT || e->relop == REL_LE   ? EXPR_WORST_LARGEST
                           : e->relop == REL_GT || e->relop == REL_GE ? EXPR_WORST_SMALLEST
                                                                      : EXPR_WORST_EITHER;
    way[e->left] = left;
    way[e->right] = opposite(left);
    for (int i = e->node_count - 1; i >= 0; i--) {
        const struct expr_node *n = &e->nodes[i];
        if (n->kind == EXPR_CALL)
            worst[n->call] = way[i];
        if (n->kind == EXPR_CALL || n->kind == EXPR_LITERAL)
            continue;
        const struct expr_node *a = &e->nodes[n->left], *b = &e->nodes[n->right];
        bool product = n->kind == EXPR_MULTIPLY || n->kind == EXPR_DIVIDE;
        way[n->left] = product && is_negative(b) ? opposite(way[i]) : way[i];
        way[n->right] = product && is_negative(a) ? opposite(way[i]) : way[i];
        if (n->kind == EXPR_SUBTRACT || n->kind == EXPR_DIVIDE)
            way[n->right] = opposite(way[n->right]);
    }
}

/* `sum of growing counts == 0`: once it is above, it stays so. */
static bool must_stay_zero(const struct expr *e) {
    if (e->relop != REL_EQ || !is_zero(&e->nodes[e->right]))
        return false;
    for (int i = 0; i <= e->left; i++)
        if (e->nodes[i].kind != EXPR_CALL && e->nodes[i].kind != EXPR_ADD)
            return false;
    return true;
}

bool expr_type_may_abort(const struct expr *e, char *why, size_t why_size) {
    enum expr_worst worst[EXPR_CALLS_MAX];
    expr_type_worst(e, worst);
    bool zero = must_stay_zero(e);
    for (int i = 0; i < e->call_count; i++) {
        const struct expr_call *c = &e->calls[i];
        if (c->over != 0)
            continue;
        int size = (int)c->piece.size;
        const char *text = e->text + c->piece.offset;
        if (!expr_type_grows(c)) {
            snprintf(why, why_size, "%.*s may still recover while the run goes on; abort needs a window (over=30s)",
                     size, text);
            return false;
        }
        if (!zero && worst[i] != EXPR_WORST_LARGEST) {
            snprintf(why, why_size, "%.*s only grows; abort needs a bound from above (<, <= or == 0) or over=", size,
                     text);
            return false;
        }
    }
    return true;
}

span expr_type_tightest_duration(const struct expr *e) {
    bool below = e->relop == REL_LT || e->relop == REL_LE, above = e->relop == REL_GT || e->relop == REL_GE;
    const struct expr_node *limit = below ? &e->nodes[e->right] : above ? &e->nodes[e->left] : NULL;
    for (int i = 0; i < e->call_count; i++) /* a limit on the tool's own lag does not make it stricter still */
        if (e->calls[i].metric->source == METRIC_FROM_LAG)
            return 0;
    if (limit == NULL || limit->kind != EXPR_LITERAL || limit->dimension != UNITS_DURATION || limit->literal.value <= 0)
        return 0;
    return (span)limit->literal.value;
}
