/* What a forecast would hit of the limits that backends have (`backends` of a scenario, profiles/backends), and how their operators would
 * meter it. */
#ifndef MUSTER_REPORT_FORECAST_BACKENDS_H
#define MUSTER_REPORT_FORECAST_BACKENDS_H

#include "report/forecast.h"
#include "scenario/node.h"

enum { FORECAST_LIMITS = 5 };

struct forecast_limit {
    const char *key;     /* of the language: "connects" */
    double limit, wants; /* base units; limit 0: the backend has none */
};

struct forecast_backend {
    const char *name, *as_of; /* borrowed from the tree */
    struct forecast_limit limits[FORECAST_LIMITS];
    double metered_bytes;  /* of one unit; 0: not metered */
    double metered_a_day;  /* units that the messages of a day come to */
    double messages_a_day; /* units that one unit of the service takes in a day; 0: not said */
    unsigned exceeded;
};

/* Holds the forecast against the entry `name` of a map of backends, in which `extends` may still stand. False: there is none. */
bool forecast_backends_hold(const struct forecast *f, const struct node *backends, const char *name,
                            struct forecast_backend *out);
void forecast_backends_print(const struct forecast *f, const struct forecast_backend *all, unsigned count,
                             struct text *out);
/* The list `backends` of an open object. */
void forecast_backends_write(const struct forecast_backend *all, unsigned count, struct json_write *w);

#endif
