/* junit.xml for CI servers: one test case per check, and one, tool.health, for the run and the tool themselves.
 *
 * What servers really show decides its form. `classname` is the suite (GitLab) or split at its last dot into package and class (Jenkins); of
 * two cases with one name the second is lost, so names are unique whatever the scenario calls its checks. The first line of a
 * failure's content says expected and observed, then come the command that repeats the run and where its results are;
 * the message attribute, which some servers ignore, says the first line again. `[[ATTACHMENT|path]]` in system-out
 * links the report (GitLab). Nothing foreign breaks the XML.
 *
 *   passed    the check held in a run that came to its end and can be trusted
 *   failure   it did not hold, or had no data: a check that matched nothing is not passed
 *   skipped   it held, but the run cannot carry a verdict; or it is for information and did not hold
 *   error     tool.health alone: the run was cut short, or the tool itself was the bottleneck */
#ifndef MUSTER_REPORT_JUNIT_H
#define MUSTER_REPORT_JUNIT_H

#include "report/report.h"

enum {
    JUNIT_NAME_MAX = 300,     /* characters of a check's name that are kept */
    JUNIT_TEXT_MAX = 8 * 1024 /* bytes of one sentence or command: parsers refuse files with huge texts */
};

void junit_write(struct text *out, const struct report *r);

#endif
