/* What the backend's behaviour cost its devices, behaviour by behaviour: the energy that they would not have used with a backend that neither
 * wanted to be pinged nor ended, refused or forgot anything, nor called on those that slept. The other way round: backend_cost.h. */
#ifndef MUSTER_REPORT_ENERGY_BACKEND_H
#define MUSTER_REPORT_ENERGY_BACKEND_H

#include <stdbool.h>

#include "base/json_write.h"
#include "base/text.h"
#include "device/power.h"
#include "fleet/run.h"
#include "report/energy.h"

enum { ENERGY_BACKEND_ROWS = 4 };
struct energy_backend_row {
    enum power_cause cause; /* its name is the row's in summary.json */
    const char *behaviour;  /* "forgot sessions" */
};
extern const struct energy_backend_row energy_backend_rows[ENERGY_BACKEND_ROWS];

/* Of one behaviour over one fleet, or (NULL) all. NAN where it cannot be said. */
struct energy_backend {
    double joules, share;     /* of all that was used */
    double device_j;          /* per device with power */
    double device_mah_day;    /* per device and day, at the voltages of the profiles */
    double life_days, gained; /* of the median device: projected, and how much longer without; one fleet only */
};
struct energy_backend energy_backend_of(const struct run_facts *f, const struct energy *e, unsigned row,
                                        const char *fleet);

/* Is it enough to be told of in a table for people: half a thousandth of what a fleet used. */
bool energy_backend_matters(const struct energy *e, unsigned row);

/* The list `backend` in the object `energy` of summary.json. */
void energy_backend_write_json(struct json_write *w, const struct run_facts *f, const struct energy *e,
                               const char *fleet);
/* A section of summary.md; nothing when none of it cost anything. */
void energy_backend_write_md(struct text *out, const struct run_facts *f);

#endif
