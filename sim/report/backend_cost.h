/* What the backend paid for the load: derived figures of what was read of it. */
#ifndef MUSTER_REPORT_BACKEND_COST_H
#define MUSTER_REPORT_BACKEND_COST_H

#include "base/json_write.h"
#include "base/text.h"
#include "fleet/run.h"

/* NAN: not known, or nothing to divide by. */
struct backend_cost {
    double cpu_us_per_message; /* processor time from t = 0 on / messages that devices sent */
    double bytes_per_device;   /* memory gained since t = 0 when most devices were online / these */
};
struct backend_cost backend_cost_of(const struct run_facts *f);
/* One sentence for people; empty when nothing is known. */
void backend_cost_sentence(const struct run_facts *f, struct text *out);
/* The value of "backend" in summary.json: an object, or null. */
void backend_cost_write(struct json_write *w, const struct run_facts *f);

#endif
