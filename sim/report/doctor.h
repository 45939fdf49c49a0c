/* What `muster doctor` says: one line per requirement, and for each that is not met the command that changes it. */
#ifndef MUSTER_REPORT_DOCTOR_H
#define MUSTER_REPORT_DOCTOR_H

#include <stdbool.h>

#include "base/text.h"
#include "scenario/requirement.h"

struct doctor {
    const struct machine *machine;
    const struct plan *plan; /* NULL: the machine in general */
    const struct requirement *list;
    unsigned count;
};

/* Worst first, in lines of 80 columns. */
void doctor_text(struct text *out, const struct doctor *d, bool color);
/* One object (docs/doctor.md); rows in the order of the table. */
void doctor_json(struct text *out, const struct doctor *d);

#endif
