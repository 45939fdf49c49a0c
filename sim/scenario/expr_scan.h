/* Words, numbers and signs of a check's text. A scanner moves over the text; the first thing that is wrong fills its error. */
#ifndef MUSTER_SCENARIO_EXPR_SCAN_H
#define MUSTER_SCENARIO_EXPR_SCAN_H

#include "scenario/expr.h"

struct expr_scan {
    const char *text;
    size_t at, size;
    struct expr_error *error;
};

/* Returns ERR_MALFORMED, having filled the error: that piece is wrong. */
int expr_scan_refuse(struct expr_scan *s, struct expr_piece piece, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void expr_scan_space(struct expr_scan *s);
/* The next byte after spaces, '\0' at the end; does not move past it. */
char expr_scan_peek(struct expr_scan *s);
/* Moves past `c` if it is next, after spaces. */
bool expr_scan_take(struct expr_scan *s, char c);
/* A name of the grammar: letters, digits, "_" and "."; for names of the scenario (`free`) also "-". Cut short, it is refused; `what` says
 * in words what is expected ("a metric"). */
int expr_scan_word(struct expr_scan *s, bool free, const char *what, char *out, struct expr_piece *piece);
/* A number with an optional unit; `negative` numbers only where they cannot be a subtraction, which the caller knows. */
int expr_scan_literal(struct expr_scan *s, struct expr_literal *out, struct expr_piece *piece);
bool expr_scan_is_literal(struct expr_scan *s); /* does one begin here? */
/* One of the six comparisons. ERR_NOT_FOUND (error untouched) when there is none here. */
int expr_scan_relop(struct expr_scan *s, enum relop *out, struct expr_piece *piece);

#endif
