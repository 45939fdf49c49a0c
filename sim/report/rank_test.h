/* Two small samples compared by rank: Mann and Whitney (1947), "On a test of whether one of two random variables is stochastically
 * larger than the other"; the shift by Hodges and Lehmann (1963). Probabilities are exact, ties included: all ways to
 * deal the mid-ranks to the two sides are counted. */
#ifndef MUSTER_REPORT_RANK_TEST_H
#define MUSTER_REPORT_RANK_TEST_H

enum { RANK_TEST_MAX = 64 }; /* values of one side */

/* The probability, if both sides came from one distribution, that `b` ranks as high above `a` as it does, or higher. Small: b is
 * greater. 1 when a side is empty or too large. */
double rank_test_greater(const double *a, unsigned a_count, const double *b, unsigned b_count);

/* The median of all b[j] − a[i], and an interval that holds the true shift with at least `confidence` (0.95). Without
 * ties; with few values the interval is all there is: 3 and 3 reach 0.90 only, and then `low` and `high` are infinite. */
struct rank_shift {
    double shift, low, high;
};
struct rank_shift rank_test_shift(const double *a, unsigned a_count, const double *b, unsigned b_count,
                                  double confidence);

/* The least two-sided probability that so many values a side can reach. */
double rank_test_least_p(unsigned a_count, unsigned b_count);

#endif
