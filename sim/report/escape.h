/* Foreign text on its way into a document: one function per kind of document, so that nothing a scenario or a backend says
 * changes the document's structure. JSON: base/json_write.h. All of them append, take any bytes, and replace ill-formed UTF-8 by U+FFFD. */
#ifndef MUSTER_REPORT_ESCAPE_H
#define MUSTER_REPORT_ESCAPE_H

#include <stddef.h>

#include "base/text.h"

/* For element content and attribute values in double quotes. Characters that XML 1.0 forbids, even as references (section 2.2, Char),
 * become visible text: ESC gives \x1B. Line breaks stay. */
void escape_xml(struct text *out, const char *s);
/* The same for HTML, which people read: characters that turn the direction of writing around become U+FFFD as well. */
void escape_html(struct text *out, const char *s);
/* One field (RFC 4180): quoted when it must be; a leading = + - @ or tab, which spreadsheets run as a formula, gets a ' before it. */
void escape_csv(struct text *out, const char *s);
/* For Markdown table cells and running text, after other text on the line: markup characters escaped, line breaks become spaces; no HTML
 * survives, nothing becomes a link, mentions nobody, and no text runs from right to left over its neighbours. */
void escape_md(struct text *out, const char *s);
/* For terminals and CI logs: control characters shown as \xNN, line breaks too; what CI servers take for a command is broken up: "::" at the
 * start of the text, "##" anywhere in it. */
void escape_term(struct text *out, const char *s);
/* The value of a label in Prometheus' text format, between its quotes. */
void escape_label(struct text *out, const char *s);
/* One word of a POSIX shell command: bare when that is safe, otherwise in single quotes. */
void escape_shell(struct text *out, const char *s);

#endif
