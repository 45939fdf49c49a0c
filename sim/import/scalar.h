/* What a capture has, as scalars of a scenario: quoted, and with nothing in it that the language would read as something else. */
#ifndef MUSTER_IMPORT_SCALAR_H
#define MUSTER_IMPORT_SCALAR_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/text.h"

/* Can a template of the language say these bytes as text? No: control characters beside line ends and tabs, what is not UTF-8, and what begins
 * like a function such as random(…). */
bool scalar_is_sayable(struct bytes b);
bool scalar_is_plain(struct bytes b); /* and has no "${" either: for texts that are no templates */
/* In double quotes; with `literal`, "${" becomes "$${". The bytes are sayable. */
void scalar_write(struct bytes b, bool literal, struct text *out);
/* As a payload: a quoted text, or hex(…) when it is none. */
void scalar_write_payload(struct bytes b, struct text *out);
/* Within a comment: at most `max` bytes, nothing that ends the line. */
void scalar_write_comment(struct bytes b, size_t max, struct text *out);

#endif
