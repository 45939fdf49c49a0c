/* What went wrong, in the one form that all verbs use, on stderr:
 *
 *     error: --seed abc: expected a whole number
 *     hint:  muster run --help
 *
 * The first line says where, what and what was expected; the second is the next command to try. Findings in scenarios have
 * a form of their own (scenario/diagnostic.h). */
#ifndef MUSTER_CLI_COMPLAIN_H
#define MUSTER_CLI_COMPLAIN_H

#include "base/text.h"

struct complain_hint {
    int code; /* enum exit_code */
    const char *hint;
};
/* What to try after an exit code when nothing better is known; ends with hint NULL. */
extern const struct complain_hint complain_hints[];
const char *complain_hint_of(int code);

/* Appends both lines. Foreign bytes in them are made safe for terminals. */
void complain_to(struct text *out, const char *hint, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Says it and returns `code`. `hint` NULL: that of the code. */
int complain(int code, const char *hint, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
