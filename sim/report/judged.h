/* How a check ended, in words and as JSON: used by every document and by the event log. */
#ifndef MUSTER_REPORT_JUDGED_H
#define MUSTER_REPORT_JUDGED_H

#include <stddef.h>

#include "base/json_write.h"
#include "base/text.h"
#include "scenario/judge.h"

extern const char *const judged_kinds[]; /* "slo", "conformance", "info" by enum check_kind */

/* The members of a check's object: name, expect, check_kind, pass, value, limit, unit, samples; reason and aborted when there is something to say.
 * value and limit are in `unit`, null when infinite or without data. */
void judged_members(struct json_write *w, const struct check_verdict *v);

/* Value and limit for people, with unit: "3m41s", "99.5%", "no data", "no limit". Return `text`; size ≥ 48. */
char *judged_value(const struct check_verdict *v, char *text, size_t size);
char *judged_limit(const struct check_verdict *v, char *text, size_t size);
/* The comparison that the check makes between its two sides: "<", "==" …; "" when the text has none. Borrowed, at most 2 characters, static. */
const char *judged_relop(const struct check_verdict *v);
/* One line: "expected p99(…) < 250ms, observed 312ms" and, when there is one, the reason. */
void judged_sentence(struct text *out, const struct check_verdict *v);

#endif
