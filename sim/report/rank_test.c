#include "report/rank_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum {
    POOL_MAX = 2 * RANK_TEST_MAX,
    SUM_MAX = 2 * POOL_MAX * RANK_TEST_MAX /* twice the greatest sum of ranks of one side */
};

/* How many ways there are to choose `chosen` of the pool with each sum of doubled ranks: ways[chosen][sum]. In double: the counts
 * of 64 and 64 have 38 digits, and only their ratios matter. */
struct ways {
    unsigned chosen, sums;
    double *counts;
};

static double *row(const struct ways *w, unsigned chosen) {
    return w->counts + (size_t)chosen * w->sums;
}

static void count_ways(struct ways *w, const unsigned *doubled_ranks, unsigned pool, unsigned choose) {
    *w = (struct ways){.chosen = choose, .sums = SUM_MAX + 1};
    w->counts = calloc((size_t)(choose + 1) * w->sums, sizeof *w->counts);
    CHECK(w->counts != NULL);
    row(w, 0)[0] = 1;
    unsigned reach = 0; /* the greatest sum so far */
    for (unsigned i = 0; i < pool; i++) {
        reach = reach + doubled_ranks[i] < SUM_MAX ? reach + doubled_ranks[i] : SUM_MAX;
        for (unsigned k = choose < i + 1 ? choose : i + 1; k >= 1; k--) {
            const double *from = row(w, k - 1);
            double *to = row(w, k);
            for (unsigned sum = doubled_ranks[i]; sum <= reach; sum++)
                to[sum] += from[sum - doubled_ranks[i]];
        }
    }
}

/* The share of the ways to choose all of one side whose sum is at least `sum`. */
static double share_from(const struct ways *w, unsigned sum) {
    const double *counts = row(w, w->chosen);
    double all = 0, above = 0;
    for (unsigned s = 0; s < w->sums; s++) {
        all += counts[s];
        above += s >= sum ? counts[s] : 0;
    }
    return above / all;
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Twice the mid-rank of a value in the sorted pool: ties share the mean of their places. */
static unsigned doubled_rank(const double *sorted, unsigned pool, double value) {
    unsigned below = 0, equal = 0;
    for (unsigned i = 0; i < pool; i++) {
        below += sorted[i] < value;
        equal += !(sorted[i] < value) && !(sorted[i] > value);
    }
    return 2 * below + equal + 1;
}

double rank_test_greater(const double *a, unsigned a_count, const double *b, unsigned b_count) {
    if (a_count == 0 || b_count == 0 || a_count > RANK_TEST_MAX || b_count > RANK_TEST_MAX)
        return 1;
    double pool[POOL_MAX];
    unsigned ranks[POOL_MAX], count = a_count + b_count, sum = 0;
    memcpy(pool, a, a_count * sizeof *a);
    memcpy(pool + a_count, b, b_count * sizeof *b);
    qsort(pool, count, sizeof *pool, compare_doubles);
    for (unsigned i = 0; i < count; i++)
        ranks[i] = doubled_rank(pool, count, pool[i]);
    for (unsigned i = 0; i < b_count; i++)
        sum += doubled_rank(pool, count, b[i]);
    struct ways w;
    count_ways(&w, ranks, count, b_count);
    double p = share_from(&w, sum);
    free(w.counts);
    return p;
}

/* How many of the sorted differences lie outside the interval at each end: the greatest k with P(U < k) ≤ tail, U the rank
 * statistic of two samples without ties. 0: none may be left out, and even all of them do not reach the confidence. */
static unsigned left_out(unsigned a_count, unsigned b_count, double tail) {
    unsigned ranks[POOL_MAX], count = a_count + b_count;
    for (unsigned i = 0; i < count; i++)
        ranks[i] = 2 * (i + 1);
    struct ways w;
    count_ways(&w, ranks, count, b_count);
    unsigned greatest = b_count * (2 * count - b_count + 1); /* twice the sum of the b_count highest ranks */
    unsigned k = 0;
    while (k < a_count * b_count / 2 && share_from(&w, greatest - 2 * k) <= tail)
        k++;
    free(w.counts);
    return k;
}

struct rank_shift rank_test_shift(const double *a, unsigned a_count, const double *b, unsigned b_count,
                                  double confidence) {
    struct rank_shift s = {NAN, -INFINITY, INFINITY};
    if (a_count == 0 || b_count == 0 || a_count > RANK_TEST_MAX || b_count > RANK_TEST_MAX)
        return s;
    size_t pairs = (size_t)a_count * b_count;
    double *differences = malloc(pairs * sizeof *differences);
    CHECK(differences != NULL);
    for (unsigned i = 0; i < a_count; i++)
        for (unsigned j = 0; j < b_count; j++)
            differences[i * b_count + j] = b[j] - a[i];
    qsort(differences, pairs, sizeof *differences, compare_doubles);
    s.shift = (differences[(pairs - 1) / 2] + differences[pairs / 2]) / 2;
    unsigned k = left_out(a_count, b_count, (1 - confidence) / 2);
    if (k > 0) {
        s.low = differences[k - 1];
        s.high = differences[pairs - k];
    }
    free(differences);
    return s;
}

double rank_test_least_p(unsigned a_count, unsigned b_count) {
    double ways = 1; /* (a + b) over a */
    for (unsigned i = 1; i <= a_count; i++)
        ways *= (double)(b_count + i) / i;
    return 2 / ways < 1 ? 2 / ways : 1;
}
