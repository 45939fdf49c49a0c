/* A comparison for people and for programs. */
#ifndef MUSTER_REPORT_COMPARE_PRINT_H
#define MUSTER_REPORT_COMPARE_PRINT_H

#include <stdbool.h>

#include "base/text.h"
#include "report/compare.h"

/* What is printed, beside the comparison itself. */
struct compare_report {
    const struct compare_run *before, *after; /* [before_count], [after_count] */
    const struct comparison *comparison;
    const char
        *forced; /* why the sides do not belong together, though they were compared all the same; NULL: they do */
    int exit_code;
};

/* 80 columns; what decides first, worst first. */
void compare_print_text(struct text *out, const struct compare_report *r, bool color);
/* One object; its keys stand in docs/compare.md. */
void compare_print_json(struct text *out, const struct compare_report *r);

#endif
