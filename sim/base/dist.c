#include "base/dist.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/draw.h"

#define LN2_HIGH   6.93147180369123816490e-01 /* the low 32 bits are zero: a multiple of it is exact */
#define LN2_LOW    1.90821492927058770002e-10
#define SQRT2      1.41421356237309504880
#define TWO_PI     6.28318530717958647693
#define WHOLE_FROM 4503599627370496.0 /* 2^52: larger doubles have no fraction */

static uint64_t bits_of(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static double double_of(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* 2^power for a normal result. */
static double two_to(int power) {
    return double_of((uint64_t)(power + 1023) << 52);
}

double dist_ln(double x) {
    CHECK(x > 0);
    if (x > DBL_MAX)
        return x;
    int power = 0;
    if (x < DBL_MIN) { /* subnormal: make the exponent field mean something */
        x *= 0x1p54;
        power = -54;
    }
    power += (int)(bits_of(x) >> 52) - 1023;
    double mantissa = double_of((bits_of(x) & 0x000fffffffffffffULL) | 0x3ff0000000000000ULL);
    if (mantissa > SQRT2) {
        mantissa *= 0.5;
        power++;
    }
    /* ln m = 2·artanh(s), s = (m − 1)/(m + 1), |s| < 0.172: the term after s^23 is below 2^-60 */
    double s = (mantissa - 1) / (mantissa + 1);
    double square = s * s, sum = 0;
    for (int k = 23; k >= 3; k -= 2)
        sum = (sum + 1.0 / k) * square;
    return power * LN2_HIGH + (2 * s + (2 * s * sum + power * LN2_LOW));
}

double dist_exp(double x) {
    if (x > 709.78)
        return DBL_MAX;
    if (x < -708.39) /* the result would be subnormal */
        return 0;
    double turns = x / (LN2_HIGH + LN2_LOW);
    int power = (int)(turns < 0 ? turns - 0.5 : turns + 0.5);
    double rest = (x - power * LN2_HIGH) - power * LN2_LOW; /* |rest| < 0.347 */
    double sum = 1;
    for (int k = 14; k >= 1; k--)
        sum = 1 + sum * rest / k;
    return power > 1023 ? sum * 2 * two_to(power - 1) : sum * two_to(power);
}

/* Horner, highest power first. */
static double polynomial(const double *coefficient, int count, double x) {
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum = sum * x + coefficient[i];
    return sum;
}

/* Algorithm AS 241 (Wichura, "The percentage points of the normal distribution", Applied Statistics 37, 1988),
 * PPND16: a rational function in the middle and two for the tails. */
enum { PPND_TERMS = 8 };
static const struct {
    double over[PPND_TERMS], under[PPND_TERMS];
} ppnd[3] = {
    {{2.5090809287301226727e+3, 3.3430575583588128105e+4, 6.7265770927008700853e+4, 4.5921953931549871457e+4,
      1.3731693765509461125e+4, 1.9715909503065514427e+3, 1.3314166789178437745e+2, 3.3871328727963666080e+0},
     {5.2264952788528545610e+3, 2.8729085735721942674e+4, 3.9307895800092710610e+4, 2.1213794301586595867e+4,
      5.3941960214247511077e+3, 6.8718700749205790830e+2, 4.2313330701600911252e+1, 1.0}},
    {{7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e+0,
      3.64784832476320460504e+0, 5.76949722146069140550e+0, 4.63033784615654529590e+0, 1.42343711074968357734e+0},
     {1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
      6.89767334985100004550e-1, 1.67638483018380384940e+0, 2.05319162663775882187e+0, 1.0}},
    {{2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
      2.96560571828504891230e-1, 1.78482653991729133580e+0, 5.46378491116411436990e+0, 6.65790464350110377720e+0},
     {2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
      1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0}},
};

static double ppnd_ratio(int part, double x) {
    return polynomial(ppnd[part].over, PPND_TERMS, x) / polynomial(ppnd[part].under, PPND_TERMS, x);
}

double dist_normal_quantile(double p) {
    CHECK(p > 0 && p < 1);
    double q = p - 0.5;
    if (q >= -0.425 && q <= 0.425)
        return q * ppnd_ratio(0, 0.180625 - q * q);
    double r = sqrt(-dist_ln(q < 0 ? p : 1 - p));
    double z = r <= 5 ? ppnd_ratio(1, r - 1.6) : ppnd_ratio(2, r - 5);
    return q < 0 ? -z : z;
}

double dist_sine(double turns) {
    if (!(turns > -WHOLE_FROM && turns < WHOLE_FROM)) /* also for NaN */
        return 0;
    double part = turns - (double)(int64_t)turns; /* (-1, 1) */
    if (part > 0.5)
        part -= 1;
    if (part < -0.5)
        part += 1;
    if (part > 0.25)
        part = 0.5 - part;
    if (part < -0.25)
        part = -0.5 - part;
    double x = part * TWO_PI, square = x * x, sum = 1;
    for (int k = 22; k >= 2; k -= 2)
        sum = 1 - sum * square / (k * (k + 1));
    return x * sum;
}

static double quantile(const struct dist *d, double u) {
    switch (d->kind) {
    case DIST_CONSTANT:
        return d->a;
    case DIST_UNIFORM: {
        double x = d->a + (d->b - d->a) * u;
        return x < d->b ? x : d->a; /* rounding may reach b, which is not in the range */
    }
    case DIST_NORMAL:
        return d->a + d->b * dist_normal_quantile(u);
    case DIST_EXP:
        return -d->a * dist_ln(1 - u); /* 1 - u is exact, see draw_unit */
    case DIST_LOGNORMAL:
        return d->a * dist_exp(d->b * dist_normal_quantile(u));
    case DIST_PARETO:
        return d->a * dist_exp(-dist_ln(1 - u) / d->b);
    }
    check_failed("a kind of distribution", __FILE__, __LINE__);
}

double dist_sample(const struct dist *d, uint64_t bits) {
    double x = quantile(d, draw_unit(bits));
    return d->cut_at_zero && x < 0 ? 0 : x;
}

int64_t dist_sample_span(const struct dist *d, uint64_t bits) {
    double x = dist_sample(d, bits);
    if (x >= 0x1p63)
        return INT64_MAX;
    if (x <= -0x1p63)
        return INT64_MIN;
    int64_t whole = (int64_t)x;
    double rest = x - (double)whole;
    return rest >= 0.5 ? whole + 1 : rest <= -0.5 ? whole - 1 : whole;
}

uint32_t dist_poisson(double mean, uint64_t bits) {
    enum { COUNT_MAX = 1000 }; /* far beyond what 52 bits of u can ask for */
    double u = draw_unit(bits);
    if (!(mean > 0))
        return 0;
    if (mean > DIST_POISSON_EXACT) {
        double z = dist_normal_quantile(u);
        double x = mean + sqrt(mean) * z + (z * z - 1) / 6 + 0.5; /* Cornish and Fisher: the skewness counts */
        return x <= 0 ? 0 : x >= (double)INT32_MAX ? INT32_MAX : (uint32_t)x;
    }
    double part = dist_exp(-mean), sum = part;
    uint32_t n = 0;
    while (u > sum && n < COUNT_MAX) {
        n++;
        part *= mean / n;
        sum += part;
    }
    return n;
}

double dist_mean(const struct dist *d) {
    switch (d->kind) {
    case DIST_CONSTANT:
    case DIST_NORMAL:
    case DIST_EXP:
        return d->a;
    case DIST_UNIFORM:
        return d->a + (d->b - d->a) / 2;
    case DIST_LOGNORMAL:
        return d->a * dist_exp(d->b * d->b / 2);
    case DIST_PARETO:
        return d->b > 1 ? d->a * d->b / (d->b - 1) : (double)INFINITY;
    }
    check_failed("a kind of distribution", __FILE__, __LINE__);
}

double dist_median(const struct dist *d) {
    bool halved_by_a = d->kind == DIST_NORMAL || d->kind == DIST_LOGNORMAL;
    return halved_by_a ? d->a : quantile(d, 0.5); /* the same to the last bit: links ask for each packet */
}

double dist_lognormal_sigma(double p50, double quantile_share, double value) {
    CHECK(p50 > 0 && value > 0 && quantile_share > 0.5);
    return dist_ln(value / p50) / dist_normal_quantile(quantile_share);
}

bool dist_is_constant(const struct dist *d) {
    switch (d->kind) {
    case DIST_CONSTANT:
        return true;
    case DIST_UNIFORM:
        return !(d->a < d->b);
    case DIST_NORMAL:
        return d->b <= 0;
    case DIST_EXP:
        return d->a <= 0;
    case DIST_LOGNORMAL:
        return d->a <= 0 || d->b <= 0;
    case DIST_PARETO:
        return d->a <= 0;
    }
    check_failed("a kind of distribution", __FILE__, __LINE__);
}
