#include "scenario/condition.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "harness.h"
#include "metrics/cell.h"

static void conditions_become_terms(void) {
    struct predicate p;
    struct expr_error error;
    CU_ASSERT_EQUAL(condition_parse("state == backoff and attempts>=3 and session_present != true", &p, &error), 0);
    CU_ASSERT_EQUAL(p.count, 3);
    CU_ASSERT_TRUE(p.terms[0].variable == VAR_STATE && p.terms[0].relop == REL_EQ &&
                   p.terms[0].literal == STATE_BACKOFF);
    CU_ASSERT_TRUE(p.terms[1].variable == VAR_ATTEMPTS && p.terms[1].relop == REL_GE && p.terms[1].literal == 3);
    CU_ASSERT_TRUE(p.terms[2].variable == VAR_SESSION_PRESENT && p.terms[2].relop == REL_NE && p.terms[2].literal == 1);
    CU_ASSERT_EQUAL(predicate_mask(&p), 1U << VAR_STATE | 1U << VAR_ATTEMPTS | 1U << VAR_SESSION_PRESENT);
}

static void wrong_conditions_are_refused_at_the_right_column(void) {
    static const struct {
        const char *text, *carets, *why, *suggestion;
    } rows[] = {
        {"", "^", "ends where a variable is expected", ""},
        {"stat == online", "^^^^", "no variable 'stat'", "state"},
        {"state = online", "      ^", "a comparison", ""},
        {"state == onlin", "         ^^^^^", "no value of state", "online"},
        {"state > online", "        ^^^^^^", "== or != only", ""},
        {"attempts > 3s", "           ^^", "a whole number", ""},
        {"attempts > 1.5", "           ^^^", "a whole number", ""},
        {"attempts > 3 or attempts < 2", "             ^^", "'and' is expected", ""},
        {"attempts > 3 and", "                ^", "ends where a variable", ""},
        {"queued > 1 and queued > 2 and queued > 3 and queued > 4 and queued > 5",
         "                                                           ^", "at most 4 terms", ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct predicate p;
        struct expr_error e;
        int err = condition_parse(rows[i].text, &p, &e);
        size_t offset = strspn(rows[i].carets, " "), size = strlen(rows[i].carets) - offset;
        bool right = err == ERR_MALFORMED && e.piece.offset == offset && e.piece.size == size &&
                     strstr(e.why, rows[i].why) != NULL && strcmp(e.suggestion, rows[i].suggestion) == 0;
        if (!right)
            printf("     %s\n     %zu+%zu: %s (%s)\n", rows[i].text, e.piece.offset, e.piece.size, e.why, e.suggestion);
        CU_ASSERT_TRUE(right);
    }
}

HARNESS_MAIN("scenario/condition", HARNESS_CASE(conditions_become_terms),
             HARNESS_CASE(wrong_conditions_are_refused_at_the_right_column))
