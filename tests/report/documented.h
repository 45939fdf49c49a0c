/* docs/results.md must name what the program writes. */
#ifndef MUSTER_TESTS_REPORT_DOCUMENTED_H
#define MUSTER_TESTS_REPORT_DOCUMENTED_H

#include <stdbool.h>

/* The page has `name` in backquotes, alone or as the last part of a dotted one. Tests run at the root of the project. */
bool documented(const char *name);

#endif
