/* What gaps between events say: a period, or a distribution that the scenario language has. Plain statistics without chance. */
#ifndef MUSTER_IMPORT_ESTIMATE_H
#define MUSTER_IMPORT_ESTIMATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"
#include "base/text.h"

enum estimate_kind {
    ESTIMATE_NONE,     /* no gaps */
    ESTIMATE_REGULAR,  /* nine of ten gaps within 5 % (or 20 ms) of the median */
    ESTIMATE_NORMAL,   /* sd below a third of the mean */
    ESTIMATE_EXP,      /* sd within a quarter of the mean, as an exponential distribution has it */
    ESTIMATE_LOGNORMAL /* anything else, by its median and highest percentile */
};

struct estimate {
    enum estimate_kind kind;
    uint32_t gaps;
    span least, median, p99, most;
    double mean, sd; /* ns */
};

/* Sorts `gaps`. */
struct estimate estimate_of(span *gaps, uint32_t count);
/* The gaps as a value of the language: "10s", "normal(10s, 500ms)"; never 0, and with about as many events in all. */
void estimate_write(const struct estimate *e, struct text *out);

/* Do `count` ≥ 2 instants lie at first + i · period, each within *tolerance? Then the period, and the largest distance in *tolerance; else 0. */
span estimate_period(const int64_t *at, uint32_t count, span *tolerance);

/* A span as the language writes it, exactly: "2.5s", "250ms", "0s". Negative ones are written as 0s. */
void estimate_write_span(span s, struct text *out);
void estimate_write_about(span s, struct text *out); /* rounded, for comments */
/* The coarsest of s, 100 ms, 10 ms, 1 ms that is within half a percent; else whole microseconds. */
span estimate_rounded(double ns);

#endif
