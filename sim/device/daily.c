#include "device/daily.h"

#include "base/dist.h"

#define DAY   ((double)SPAN_DAY)
#define TURNS 6.283185307179586 /* radians in one */

enum { WEEK = 7, SATURDAY = 6, EPOCH_WEEKDAY = 4 /* 1970-01-01 was a Thursday; Sunday is 0 */, STEPS_MAX = 60 };
static const int64_t days_max = 400 * 366;

static int64_t day_of(int64_t clock) {
    return clock / SPAN_DAY - (clock % SPAN_DAY < 0);
}

static double weight(const struct daily *d, int64_t day) {
    int64_t weekday = ((day + EPOCH_WEEKDAY) % WEEK + WEEK) % WEEK;
    return weekday == 0 || weekday == SATURDAY ? d->weekend : 1;
}

/* sin and cos of 2π · turns. */
static double cosine(double turns) {
    return dist_sine(turns + 0.25);
}

/* The rate `x` ns into a day of weight 1. */
static double rate_in_day(const struct daily *d, double x) {
    return 1 + d->day * cosine((x - (double)d->day_peak) / DAY) +
           d->half_day * cosine(2 * (x - (double)d->half_day_peak) / DAY);
}

/* Its integral from midnight; a whole day gives DAY exactly. */
static double sum_in_day(const struct daily *d, double x) {
    double day = dist_sine((x - (double)d->day_peak) / DAY) + dist_sine((double)d->day_peak / DAY);
    double half = dist_sine(2 * (x - (double)d->half_day_peak) / DAY) + dist_sine(2 * (double)d->half_day_peak / DAY);
    return x + DAY / TURNS * (d->day * day + d->half_day / 2 * half);
}

double daily_rate(const struct daily *d, int64_t clock) {
    int64_t day = day_of(clock);
    return weight(d, day) * rate_in_day(d, (double)(clock - day * SPAN_DAY));
}

double daily_between(const struct daily *d, int64_t from, int64_t to) {
    int64_t first = day_of(from), last = day_of(to);
    double sum = weight(d, last) * sum_in_day(d, (double)(to - last * SPAN_DAY)) -
                 weight(d, first) * sum_in_day(d, (double)(from - first * SPAN_DAY));
    for (int64_t day = first; day < last && day < first + days_max; day++)
        sum += weight(d, day) * DAY;
    return sum > 0 ? sum : 0;
}

/* Where in the day the sum reaches `want`: Newton's steps, kept between the walls that close in. */
static double solve(const struct daily *d, double low, double want) {
    double high = DAY, x = low + (want - sum_in_day(d, low));
    for (int i = 0; i < STEPS_MAX && high - low > 0.5; i++) {
        if (!(x > low && x < high))
            x = low + (high - low) / 2;
        double off = sum_in_day(d, x) - want, slope = rate_in_day(d, x);
        if (off > 0)
            high = x;
        else
            low = x;
        if (off < 0.25 && off > -0.25)
            return x;
        x = slope > 1e-9 ? x - off / slope : high;
    }
    return low + (high - low) / 2;
}

int64_t daily_after(const struct daily *d, int64_t from, double amount) {
    int64_t day = day_of(from), end = day + days_max;
    double x = (double)(from - day * SPAN_DAY);
    if (!(amount > 0))
        return from;
    for (; day < end; day++, x = 0) {
        double w = weight(d, day), begun = sum_in_day(d, x), left = w * (DAY - begun);
        if (amount < left) {
            double in_day = solve(d, x, begun + amount / w);
            int64_t at = day * SPAN_DAY + (int64_t)(in_day + 0.5);
            return at > from ? at : from;
        }
        amount -= left;
    }
    return INT64_MAX;
}
