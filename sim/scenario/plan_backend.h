/* observe.backend: where the backend's own CPU, memory and counters are read while the run goes on. */
#ifndef MUSTER_SCENARIO_PLAN_BACKEND_H
#define MUSTER_SCENARIO_PLAN_BACKEND_H

#include "scenario/plan_build.h"

#define PLAN_BACKEND_SYS_FILTER "$SYS/broker/#"

enum { PLAN_BACKEND_METRICS_MAX = 16, PLAN_BACKEND_URL_MAX = 512 };

struct plan_backend {
    uint32_t pid;               /* 0: none named */
    const char *prometheus;     /* URL, http or https; NULL: none */
    const char *const *metrics; /* counters and gauges to be kept of it, besides CPU and memory */
    unsigned metric_count;
    bool sys_topics;
    enum mqtt_version version; /* of the observer that reads them, when nothing else needs one */
    const struct identity *identity;
};

/* Fills plan->backend; NULL without `observe: {backend: ...}`. */
void plan_backend_make(const struct plan_build *b);

#endif
