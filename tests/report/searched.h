/* A made-up search for capacity: 100 and 200 devices are met, 400 broke twice, and 300 could not be trusted once. */
#ifndef MUSTER_TESTS_REPORT_SEARCHED_H
#define MUSTER_TESTS_REPORT_SEARCHED_H

#include "report/capacity.h"
#include "report/sample.h"

enum { SEARCHED_STEPS = 7 };

struct searched {
    struct sample sample;
    struct knee knee;
    struct capacity_step steps[SEARCHED_STEPS];
    struct capacity capacity;
};

void searched_make(struct searched *s);
void searched_free(struct searched *s);
/* One more step, known to the search as well. Returns it, to be changed. */
struct capacity_step *searched_step(struct searched *s, double load, enum knee_verdict verdict, const char *reason);

#endif
