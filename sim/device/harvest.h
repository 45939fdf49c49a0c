/* Sun and weather: what a small panel gets, and how warm it is.
 *
 * Clear sky by Haurwitz (1945; as in pvlib), less by cloud cover after Kasten and Czeplak (1980). The cloud cover is a chain of three
 * states, clear, broken and overcast, whose stays are exponential with means of 8, 5 and 10 hours and whose next state is either
 * of the others. One chain per region: all its devices have the same weather. The simulated clock is taken as local solar time.
 * Pure functions; docs/models.md tells the limits. */
#ifndef MUSTER_DEVICE_HARVEST_H
#define MUSTER_DEVICE_HARVEST_H

#include <stdint.h>

/* W/m2 on level ground. `day` of the year from 1, `hour` in 0 … 24, both may have fractions. */
double harvest_clear_sky(double latitude_deg, double day, double hour);
/* What of it passes clouds that cover this share of the sky. */
double harvest_clouded(double clear, double cover);

enum harvest_cloud { HARVEST_CLEAR, HARVEST_BROKEN, HARVEST_OVERCAST, HARVEST_CLOUDS };
extern const double harvest_cover[HARVEST_CLOUDS];  /* share of the sky */
extern const double harvest_stay_h[HARVEST_CLOUDS]; /* mean stay, hours */

/* A chain in motion: the n-th stay lasts until `until_h`, in hours since its beginning. */
struct harvest_chain {
    uint64_t seed;
    uint32_t region; /* hash of its name: keys the draws in the place of a device */
    uint64_t n;
    enum harvest_cloud state;
    double until_h;
};
void harvest_chain_begin(struct harvest_chain *c, uint64_t seed, uint32_t region);
void harvest_chain_next(struct harvest_chain *c);

/* Fills out[0 … hours) with the mean irradiance of each hour in W/m2, from the hour `first` (hours since 1970) on. */
void harvest_fill(double latitude_deg, uint64_t seed, uint32_t region, int64_t first, uint32_t hours, float *out);

/* Where devices are. Members in degrees Celsius: yearly mean, and how far summer and afternoon rise above it. */
struct climate {
    const char *name;
    double latitude_deg;
    double mean, seasonal, daily;
    int64_t first_hour; /* of `sky`, since 1970 */
    uint32_t hours;
    const float *sky; /* W/m2 by hour; NULL: no device has a panel here */
};
/* Warmest at 15 h, and on day 200 of the year north of the equator. */
double harvest_celsius(const struct climate *c, int64_t unix_ms);
/* Mean irradiance of that hour; 0 beyond the table. */
double harvest_irradiance(const struct climate *c, int64_t hour);

#endif
