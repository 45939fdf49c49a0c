/* Goodness of fit: does a sample follow the distribution that it is said to come from? Seeds are fixed, so a test holds or does not; the limits are
 * those that 99.9 % of honest samples keep. */
#ifndef MUSTER_TESTS_GOODNESS_H
#define MUSTER_TESTS_GOODNESS_H

#include <stdbool.h>
#include <stddef.h>

/* Kolmogorov and Smirnov, for continuous distributions: sqrt(n)·D stays below 1.95. Sorts `x`. */
bool goodness_ks(double *x, size_t n, double (*cdf)(double));
/* The same of U(low, high), N(mean, sd) and an exponential of that mean. */
bool goodness_uniform(double *x, size_t n, double low, double high);
bool goodness_normal(double *x, size_t n, double mean, double sd);
bool goodness_exponential(double *x, size_t n, double mean);
/* χ² of counts against what is expected of each class, with rows − 1 degrees of freedom. */
bool goodness_chi(const unsigned *seen, const double *expected, unsigned rows);
/* So many of `n` independent trials of that probability: within 3.3 standard deviations. */
bool goodness_share(double seen, double n, double probability);

#endif
