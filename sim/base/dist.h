/* Distributions of the scenario language, sampled reproducibly on every machine: only + − × ÷ and sqrt of IEEE double,
 * with ln, exp and the inverse normal of our own (tests: known answers, KS at fixed seeds). Results below 0 are cut to 0 for the kinds
 * that the language lists as durations or sizes; DIST_CUT_AT_ZERO says so.
 *
 * Units: parameters and results are in the base unit of the key (ns for durations, bytes, plain numbers). */
#ifndef MUSTER_BASE_DIST_H
#define MUSTER_BASE_DIST_H

#include <stdbool.h>
#include <stdint.h>

enum dist_kind { DIST_CONSTANT, DIST_UNIFORM, DIST_NORMAL, DIST_EXP, DIST_LOGNORMAL, DIST_PARETO };

struct dist {
    enum dist_kind kind;
    bool cut_at_zero;
    /* constant: a · uniform: [a, b) · normal: mean a, sd b · exp: mean a · lognormal: median a, sigma b · pareto: minimum a, alpha b */
    double a, b;
};

double dist_ln(double x);              /* x > 0 */
double dist_exp(double x);             /* saturates to 0 and to a large finite value */
double dist_normal_quantile(double p); /* 0 < p < 1; |error| < 1e-9 */
double dist_sine(double turns);        /* sin(2π·turns) */

/* One sample from 64 uniform bits: the quantile at draw_unit(bits), so samples grow with the bits. */
double dist_sample(const struct dist *d, uint64_t bits);
/* dist_sample rounded to a span; saturates. */
int64_t dist_sample_span(const struct dist *d, uint64_t bits);
/* A Poisson number of that mean: by inversion up to DIST_POISSON_EXACT, beyond it by the normal, corrected for skewness. Saturates at 2^31 − 1. */
enum { DIST_POISSON_EXACT = 64 };
uint32_t dist_poisson(double mean, uint64_t bits);
/* Mean and median of the distribution before any cut at zero; the mean of a pareto with alpha ≤ 1 is infinite. */
double dist_mean(const struct dist *d);
double dist_median(const struct dist *d);
/* Sigma of a log-normal with median `p50` whose quantile (in (½, 1)) lies at `value`: ln(value/p50)/z. */
double dist_lognormal_sigma(double p50, double quantile, double value);
bool dist_is_constant(const struct dist *d);

#endif
