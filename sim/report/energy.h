/* What devices with power used, for what, and what their batteries have left: the numbers that documents show. */
#ifndef MUSTER_REPORT_ENERGY_H
#define MUSTER_REPORT_ENERGY_H

#include <stdbool.h>

#include "base/json_write.h"
#include "device/power.h"
#include "fleet/run.h"

struct energy {
    double causes[POWER_CAUSES]; /* J, of the whole run */
    double used, tail, harvested;
    double per_message; /* J used for each message that was sent; NAN without any */
    uint64_t brownouts, power_lost, refused_work, died;
    struct histogram *soc, *life; /* of devices with a battery, as op_kinds says what they stand for */
};

/* Adds up. `fleet` NULL: all. Free with energy_free. */
struct energy energy_of(const struct run_facts *f, const char *fleet);
void energy_free(struct energy *e);
/* Does any device of the plan have power to tell of? */
bool energy_modelled(const struct plan *p);

/* Values of one kind, of a fleet or (NULL; then `p` may be NULL) all; the caller frees them. */
struct histogram *energy_values(const struct result *r, const struct plan *p, enum op_kind what, const char *fleet);
/* A quantile over devices: of the state of charge as a share, of the projected life in days. NAN without devices, INFINITY for a life without
 * end. */
double energy_soc(const struct energy *e, double q);
double energy_life_days(const struct energy *e, double q);

/* The object `energy` of summary.json. */
void energy_write_json(struct json_write *w, const struct run_facts *f, const char *fleet);
/* One sentence for people: how much, for what, what is left; nothing when nothing was used. */
void energy_write_text(struct text *out, const struct run_facts *f);

#endif
