#include "device/harvest.h"

#include <stddef.h>

#include "base/check.h"
#include "base/dist.h"
#include "base/draw.h"

const double harvest_cover[HARVEST_CLOUDS] = {[HARVEST_CLEAR] = 0.1, [HARVEST_BROKEN] = 0.6, [HARVEST_OVERCAST] = 0.95};
const double harvest_stay_h[HARVEST_CLOUDS] = {[HARVEST_CLEAR] = 8, [HARVEST_BROKEN] = 5, [HARVEST_OVERCAST] = 10};

enum { HOURS_PER_DAY = 24, DAYS_PER_YEAR = 365, MS_PER_HOUR = 3600000 };

static double cosine(double turns) {
    return dist_sine(turns + 0.25);
}

double harvest_clear_sky(double latitude_deg, double day, double hour) {
    double tilt = 23.45 / 360 * dist_sine((284 + day) / DAYS_PER_YEAR); /* of the sun, in turns */
    double latitude = latitude_deg / 360;
    double height =
        dist_sine(latitude) * dist_sine(tilt) + cosine(latitude) * cosine(tilt) * cosine((hour - 12) / HOURS_PER_DAY);
    return height > 0 ? 1098 * height * dist_exp(-0.059 / height) : 0;
}

double harvest_clouded(double clear, double cover) {
    return cover <= 0 ? clear : clear * (1 - 0.75 * dist_exp(3.4 * dist_ln(cover)));
}

static double stay(const struct harvest_chain *c) {
    uint64_t bits = draw_u64(c->seed, c->region, draw_stream_key(DRAW_WEATHER_STAY), c->n);
    return dist_sample(&(struct dist){.kind = DIST_EXP, .a = harvest_stay_h[c->state]}, bits);
}

/* The first state by how much of all time each has: its stay among all stays, since each follows the others equally often. */
void harvest_chain_begin(struct harvest_chain *c, uint64_t seed, uint32_t region) {
    *c = (struct harvest_chain){.seed = seed, .region = region};
    double all = 0, sum = 0;
    for (int i = 0; i < HARVEST_CLOUDS; i++)
        all += harvest_stay_h[i];
    double at = all * draw_unit(draw_u64(seed, region, draw_stream_key(DRAW_WEATHER_NEXT), 0));
    int state = 0;
    while (state < HARVEST_CLOUDS - 1 && at >= (sum += harvest_stay_h[state]))
        state++;
    c->state = (enum harvest_cloud)state;
    c->until_h = stay(c);
}

void harvest_chain_next(struct harvest_chain *c) {
    c->n++;
    uint64_t bits = draw_u64(c->seed, c->region, draw_stream_key(DRAW_WEATHER_NEXT), c->n);
    unsigned step = 1 + (unsigned)draw_below(bits, HARVEST_CLOUDS - 1);
    c->state = (enum harvest_cloud)(((unsigned)c->state + step) % HARVEST_CLOUDS);
    c->until_h += stay(c);
}

/* A year has 365 days here, and the year of the sun begins anew after them: a day's error in four years. */
static double day_of_year(double hours) {
    double days = hours / HOURS_PER_DAY;
    double years = (double)(int64_t)(days / DAYS_PER_YEAR);
    return 1 + days - years * DAYS_PER_YEAR;
}

/* 1970 to 2000 had 8 leap days, which the day of the year must not count. */
static double hours_of_calendar(double hours_since_1970) {
    double leap_days = (double)(int64_t)((hours_since_1970 / HOURS_PER_DAY + 365) / 1461);
    return hours_since_1970 - leap_days * HOURS_PER_DAY;
}

void harvest_fill(double latitude_deg, uint64_t seed, uint32_t region, int64_t first, uint32_t hours, float *out) {
    struct harvest_chain chain;
    harvest_chain_begin(&chain, seed, region);
    for (uint32_t i = 0; i < hours; i++) {
        while (chain.until_h <= i)
            harvest_chain_next(&chain);
        double middle = (double)(first + i) + 0.5;
        double days = hours_of_calendar(middle) / HOURS_PER_DAY;
        double hour = (days - (double)(int64_t)days) * HOURS_PER_DAY;
        double clear = harvest_clear_sky(latitude_deg, day_of_year(days * HOURS_PER_DAY), hour);
        out[i] = (float)harvest_clouded(clear, harvest_cover[chain.state]);
    }
}

double harvest_celsius(const struct climate *c, int64_t unix_ms) {
    if (c->seasonal == 0 && c->daily == 0)
        return c->mean;
    double hours = hours_of_calendar((double)unix_ms / MS_PER_HOUR);
    double days = hours / HOURS_PER_DAY;
    double hour = (days - (double)(int64_t)days) * HOURS_PER_DAY;
    double season = cosine((day_of_year(hours) - 200) / DAYS_PER_YEAR);
    return c->mean + (c->latitude_deg < 0 ? -season : season) * c->seasonal +
           c->daily * cosine((hour - 15) / HOURS_PER_DAY);
}

double harvest_irradiance(const struct climate *c, int64_t hour) {
    int64_t place = hour - c->first_hour;
    return c->sky == NULL || place < 0 || place >= c->hours ? 0 : (double)c->sky[place];
}
