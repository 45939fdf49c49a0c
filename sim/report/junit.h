/* junit.xml for CI servers: one test case per check, one for the tool's own health, one for the run as such. Rules: names are unique and stable; the
 * first line of a failure's content says expected and observed (some servers ignore the message attribute), then comes the
 * command that repeats the run; nothing foreign breaks the XML. */
#ifndef MUSTER_REPORT_JUNIT_H
#define MUSTER_REPORT_JUNIT_H

#include "report/report.h"

void junit_write(struct text *out, const struct report *r);

#endif
