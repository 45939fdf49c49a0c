/* The shape of a day: how often things happen, by the hour of the simulated clock (UTC) and the kind of day.
 *
 *   rate(t) = w · (1 + day · cos(2π(h − day_peak)/24) + half_day · cos(4π(h − half_day_peak)/24))     w = weekend on Saturday and Sunday, else 1
 *
 * as parts of the rate of a plain weekday; day + half_day ≤ 1, so it is never negative. Time is changed, not thinned: a gap of `every` is
 * measured in the time that daily_between counts, so one draw gives one message, and a constant gap follows the curve too.
 * A model of the form that load measurements are fitted with; the amplitudes of a scenario are assumptions. */
#ifndef MUSTER_DEVICE_DAILY_H
#define MUSTER_DEVICE_DAILY_H

#include <stdint.h>

#include "device/profile.h"

/* Clocks are ns since 1970-01-01T00:00:00Z, and may be negative. */
double daily_rate(const struct daily *d, int64_t clock);
/* The integral of the rate from `from` to `to` ≥ from, in ns. */
double daily_between(const struct daily *d, int64_t from, int64_t to);
/* The instant up to which the integral from `from` is `amount` ≥ 0 ns; INT64_MAX when that lies beyond 400 years, or never comes. */
int64_t daily_after(const struct daily *d, int64_t from, double amount);

#endif
