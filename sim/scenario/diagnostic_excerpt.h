/* The line of a source that a finding is about, with carets below what is meant:
 *
 *     3 |     mqtt: {keepalve: 5min}
 *       |            ^^^^^^^^ did you mean 'keepalive'?
 */
#ifndef MUSTER_SCENARIO_DIAGNOSTIC_EXCERPT_H
#define MUSTER_SCENARIO_DIAGNOSTIC_EXCERPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "scenario/diagnostic.h"

enum { DIAGNOSTIC_EXCERPT_COLUMNS_MIN = 40 };

/* `line`: the source's bytes without the line end. No line of the excerpt is wider than `columns` (but a long suggestion); a longer source line is
 * cut around the mark, with "…" for what is missing. A tab is shown as one space, a control or what is not UTF-8 as "�",
 * so that every character takes one column and the carets stand where they should. `suggestion` may be NULL. */
void diagnostic_excerpt(const char *line, size_t size, struct diagnostic_mark mark, const char *suggestion,
                        unsigned columns, bool color, struct text *out);

#endif
