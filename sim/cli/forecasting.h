/* What `muster plan --forecast` does: runs a plan, or a sample of its devices, in simulated time, and holds what comes of it against the
 * limits of backends. The same scenario, seed and program give the same forecast. */
#ifndef MUSTER_CLI_FORECASTING_H
#define MUSTER_CLI_FORECASTING_H

#include "report/forecast.h"
#include "report/forecast_backends.h"
#include "scenario/plan.h"

enum {
    FORECASTING_DEVICES_MAX = 1000, /* simulated, and FORECASTING_FLEET_MIN of every fleet besides */
    FORECASTING_FLEET_MIN = 20,
    FORECASTING_OPERATIONS_MAX = 500000, /* that the sample may intend; at twice as many the run is cut */
    FORECASTING_BACKENDS_MAX = 64,
};

struct forecasting {
    struct plan *simulated;    /* NULL: refused */
    struct forecast *forecast; /* never NULL; `refused` says why there is none */
    char why[256];
    struct forecast_backend backends[FORECASTING_BACKENDS_MAX];
    unsigned backend_count;
    struct node *library[FORECASTING_BACKENDS_MAX]; /* files of the library */
    unsigned library_count;
};

/* Runs it. `data_dir` NULL: no library. Always follow with forecasting_free. */
void forecasting_make(struct forecasting *f, const struct plan *plan, const char *data_dir);
void forecasting_free(struct forecasting *f);

#endif
