#include "scenario/condition.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/suggest.h"
#include "scenario/expr_scan.h"

static int find_variable(struct expr_scan *s, const char *word, struct expr_piece piece, uint8_t *out) {
    const char *names[STATE_VARIABLES];
    for (int i = 0; i < STATE_VARIABLES; i++) {
        names[i] = state_variables[i].name;
        if (strcmp(names[i], word) == 0) {
            *out = (uint8_t)i;
            return 0;
        }
    }
    expr_scan_refuse(s, piece, "there is no variable '%s'", word);
    const char *near = suggest_nearest(word, names, STATE_VARIABLES);
    if (near != NULL)
        snprintf(s->error->suggestion, sizeof s->error->suggestion, "%s", near);
    size_t used = 0;
    for (int i = 0; i < STATE_VARIABLES && used < sizeof s->error->help; i++)
        used += (size_t)snprintf(s->error->help + used, sizeof s->error->help - used, "%s%s",
                                 i == 0 ? "variables are " : ", ", names[i]);
    return ERR_MALFORMED;
}

static int read_word(struct expr_scan *s, const struct state_variable_row *v, enum relop relop, int64_t *out) {
    char word[EXPR_WORD_MAX];
    struct expr_piece piece;
    size_t count = 0;
    int err = expr_scan_word(s, true, "a value", word, &piece);
    if (err != 0)
        return err;
    if (relop != REL_EQ && relop != REL_NE)
        return expr_scan_refuse(s, piece, "%s is compared with == or != only", v->name);
    for (; v->words[count] != NULL; count++)
        if (strcmp(v->words[count], word) == 0) {
            *out = (int64_t)count;
            return 0;
        }
    expr_scan_refuse(s, piece, "'%s' is no value of %s", word, v->name);
    const char *near = suggest_nearest(word, v->words, count);
    if (near != NULL)
        snprintf(s->error->suggestion, sizeof s->error->suggestion, "%s", near);
    return ERR_MALFORMED;
}

static int read_number(struct expr_scan *s, const struct state_variable_row *v, int64_t *out) {
    struct expr_literal l;
    struct expr_piece piece;
    int err = expr_scan_literal(s, &l, &piece);
    if (err != 0)
        return err;
    if (v->share) {
        if (l.dimension != UNITS_SHARE || l.value < 0 || l.value > 1)
            return expr_scan_refuse(s, piece, "%s is compared with a share, for instance 20%%", v->name);
        *out = (int64_t)(l.value * SHARE_PARTS + 0.5);
        return 0;
    }
    if (l.dimension != UNITS_PLAIN || l.value < 0 || l.value > 4e9 || l.value != (double)(int64_t)l.value)
        return expr_scan_refuse(s, piece, "%s is compared with a whole number", v->name);
    *out = (int64_t)l.value;
    return 0;
}

static int read_term(struct expr_scan *s, struct predicate *out) {
    char word[EXPR_WORD_MAX];
    struct expr_piece piece;
    uint8_t variable;
    enum relop relop;
    if (out->count == PREDICATE_TERMS_MAX)
        return expr_scan_refuse(s, (struct expr_piece){s->at, 1}, "a condition has at most %d terms",
                                PREDICATE_TERMS_MAX);
    int err = expr_scan_word(s, false, "a variable", word, &piece);
    if (err == 0)
        err = find_variable(s, word, piece, &variable);
    if (err != 0)
        return err;
    if (expr_scan_relop(s, &relop, &piece) != 0)
        return expr_scan_refuse(s, (struct expr_piece){s->at, 1}, "a comparison (< <= > >= == !=) is expected after %s",
                                word);
    const struct state_variable_row *v = &state_variables[variable];
    int64_t literal = 0;
    err = v->words != NULL ? read_word(s, v, relop, &literal) : read_number(s, v, &literal);
    if (err != 0)
        return err;
    out->terms[out->count].variable = variable;
    out->terms[out->count].relop = (uint8_t)relop;
    out->terms[out->count++].literal = literal;
    return 0;
}

int condition_parse(const char *text, struct predicate *out, struct expr_error *error) {
    struct expr_scan s = {.text = text, .size = strlen(text), .error = error};
    memset(out, 0, sizeof *out);
    memset(error, 0, sizeof *error);
    for (;;) {
        char word[EXPR_WORD_MAX];
        struct expr_piece piece;
        int err = read_term(&s, out);
        if (err != 0)
            return err;
        if (expr_scan_peek(&s) == '\0')
            return 0;
        err = expr_scan_word(&s, false, "'and'", word, &piece);
        if (err != 0)
            return err;
        if (strcmp(word, "and") != 0) {
            expr_scan_refuse(&s, piece, "'and' is expected here");
            snprintf(error->help, sizeof error->help,
                     "terms are joined by 'and'; for 'or' write a second entry of the timeline");
            return ERR_MALFORMED;
        }
    }
}
