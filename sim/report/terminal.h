/* What the far end of a descriptor can show: how wide it is, whether it redraws and colours, and which letters it has. */
#ifndef MUSTER_REPORT_TERMINAL_H
#define MUSTER_REPORT_TERMINAL_H

#include <stdbool.h>

#include "base/text.h"

enum { TERMINAL_COLUMNS = 80, TERMINAL_COLUMNS_MIN = 20 };

/* Width now, so that a resized window counts from the next call on; TERMINAL_COLUMNS where there is no terminal. */
unsigned terminal_columns(int fd);
/* A terminal that moves its cursor when told so: its TERM is set, and not "dumb". */
bool terminal_redraws(int fd);
/* Such a terminal, and neither `no_color` nor the variable NO_COLOR (https://no-color.org) says no. */
bool terminal_colors(int fd, bool no_color);
/* The locale's letters are UTF-8, by LC_ALL, LC_CTYPE or LANG: the first that is set decides. */
bool terminal_utf8(void);
enum terminal_form {
    TERMINAL_DATA,  /* for programs: printed as it is */
    TERMINAL_TABLE, /* for people, with columns of its own: in ASCII where the locale asks for it */
    TERMINAL_PROSE  /* for people, and on a terminal folded to its width */
};
/* Prints to stdout, and empties the text. */
void terminal_print(struct text *t, enum terminal_form form);
/* Breaks lines wider than `columns` at blanks; what follows is indented two more than the line. */
void terminal_fold(struct text *t, unsigned columns);
/* Puts ASCII in the place of the signs that our own texts use (✓ ✗ → … and the like), each as wide as before. */
void terminal_ascii(struct text *t);

#endif
