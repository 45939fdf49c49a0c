#include "goodness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static const double ks_limit = 1.95, z_limit = 3.3, chi_z = 3.09; /* 99.9 % */

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool holds(const char *what, double value, double limit) {
    if (!(value < limit))
        printf("%s: %.3f, limit %.3f\n", what, value, limit);
    return value < limit;
}

/* The largest distance between the sample's steps and F(x) = cdf((x − shift) / scale). */
static double distance(double *x, size_t n, double (*cdf)(double), double shift, double scale) {
    double worst = 0;
    qsort(x, n, sizeof *x, ascending);
    for (size_t i = 0; i < n; i++) {
        double f = cdf((x[i] - shift) / scale);
        worst = fmax(worst, fmax(f - (double)i / (double)n, (double)(i + 1) / (double)n - f));
    }
    return worst * sqrt((double)n);
}

bool goodness_ks(double *x, size_t n, double (*cdf)(double)) {
    return holds("KS", distance(x, n, cdf, 0, 1), ks_limit);
}

static double uniform(double x) {
    return x < 0 ? 0 : x > 1 ? 1 : x;
}
static double normal(double x) {
    return 0.5 * erfc(-x / sqrt(2));
}
static double exponential(double x) {
    return x < 0 ? 0 : 1 - exp(-x);
}

bool goodness_uniform(double *x, size_t n, double low, double high) {
    return holds("KS, uniform", distance(x, n, uniform, low, high - low), ks_limit);
}

bool goodness_normal(double *x, size_t n, double mean, double sd) {
    return holds("KS, normal", distance(x, n, normal, mean, sd), ks_limit);
}

bool goodness_exponential(double *x, size_t n, double mean) {
    return holds("KS, exponential", distance(x, n, exponential, 0, mean), ks_limit);
}

bool goodness_chi(const unsigned *seen, const double *expected, unsigned rows) {
    double sum = 0, freedom = rows - 1.0, ninth = 2 / (9 * freedom);
    for (unsigned i = 0; i < rows; i++)
        sum += (seen[i] - expected[i]) * (seen[i] - expected[i]) / expected[i];
    double root = 1 - ninth + chi_z * sqrt(ninth); /* Wilson and Hilferty */
    return holds("chi-square", sum, freedom * root * root * root);
}

bool goodness_share(double seen, double n, double probability) {
    return holds("share", fabs(seen - n * probability) / sqrt(n * probability * (1 - probability)), z_limit);
}
