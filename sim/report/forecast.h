/* What a plan would lead to, as `muster plan --forecast` says: a run in simulated time, of all devices or of a sample of every fleet that
 * stands for the others. Pure: fed by a run's sink, read by the writers of its text and JSON. */
#ifndef MUSTER_REPORT_FORECAST_H
#define MUSTER_REPORT_FORECAST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json_write.h"
#include "fleet/run.h"
#include "report/energy.h"

enum {
    FORECAST_QOS = 3,
    FORECAST_HIT_EVENTS_MIN = 30, /* a rate of a sample is taken from at least so many: wrong by a fifth or so */
};

/* Devices that were simulated, and for how many each of them stands. */
struct forecast_fleet {
    const char *name; /* borrowed */
    uint32_t devices, simulated;
    double factor;        /* devices / simulated */
    double sent;          /* messages of one device in a second, on average */
    bool powered;         /* energy says something */
    struct energy energy; /* of the simulated devices */
};

struct forecast_peak {
    double per_s; /* in the busiest stretch of that length */
    span over;
};

/* What happened in one interval of the run, scaled to all devices; `seen`: in the sample. */
struct forecast_row {
    double connects, messages, online;
    uint64_t connects_seen, messages_seen;
};

struct forecast {
    const char *refused; /* why there is none: a sentence; everything else is 0 then */
    uint32_t devices, simulated;
    span duration, covered, interval; /* planned, simulated, and of a row */
    struct forecast_fleet *fleets;    /* owned */
    unsigned fleet_count;
    double *factor_of;         /* owned; by group of the simulated plan */
    struct forecast_row *rows; /* owned */
    unsigned row_count, row_room;
    double sent[FORECAST_QOS], received, lost, bytes_up, bytes_down, attempts, accepted, online_peak, device_seconds;
    struct forecast_peak connects, messages;
};

/* `plan` is what is simulated, `devices` how many devices each of its fleets has in truth. */
struct forecast *forecast_new(const struct plan *plan, const uint32_t *devices, span duration);
void forecast_free(struct forecast *f); /* NULL is ignored */
void forecast_second(struct forecast *f, const struct run_second *s);
/* After the run: totals, extended to the whole duration when the run was cut. */
void forecast_finish(struct forecast *f, const struct run_facts *facts);

double forecast_sent(const struct forecast *f);               /* messages, of every quality of service */
double forecast_mean(const struct forecast *f, double total); /* per second of the planned duration */
/* The busiest stretch of one kind: the shortest that holds enough events of a sample; a single row where all devices were simulated. */
struct forecast_peak forecast_busiest(const struct forecast *f, bool messages);

void forecast_print(const struct forecast *f, struct text *out);
void forecast_write(const struct forecast *f, struct json_write *w); /* members of an open object */

#endif
