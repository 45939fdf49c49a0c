/* Lines of fixed width for people: labels, wrapped text, numbers in groups. Widths count characters, not bytes. */
#ifndef MUSTER_REPORT_LAYOUT_H
#define MUSTER_REPORT_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

enum { LAYOUT_COLUMNS = 80, LAYOUT_INDENT = 10 };

size_t layout_width(const char *s); /* columns that valid UTF-8 takes, one per character */
/* Appends `s`, safe for terminals, cut with "…" to at most `columns` or padded with spaces to exactly that many. */
void layout_cell(struct text *out, const char *s, size_t columns);
/* Appends `s`, safe for terminals, after `first` columns that the current line already has: breaks at spaces so that no line passes
 * LAYOUT_COLUMNS, further lines begin at column `indent`. `join` is put before each line break: " \\" for commands,
 * in which an option and its value stay together, else "". Ends the line. */
void layout_wrap(struct text *out, const char *s, size_t first, size_t indent, const char *join);
/* " label    " so that what follows begins at LAYOUT_INDENT. */
void layout_label(struct text *out, const char *label);
/* "1 912 404"; returns `text`, size ≥ 32. */
char *layout_count(uint64_t n, char *text, size_t size);

#endif
