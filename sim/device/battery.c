#include "device/battery.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/dist.h"

static const double seconds_per_year = 365.0 * 86400, seconds_per_day = 86400, coulombs_per_ah = 3600;

/* Capacity against temperature by chemistry. Of lithium manganese coins the ends at −20 and 60 degC come from a data sheet
 * (CR2450); everything else is assumed, or known from memory only. */
#define COLD_SOCL2                                                                                                     \
    {                                                                                                                  \
        5, {                                                                                                           \
            {-30, 0.60}, {-20, 0.70}, {0, 0.90}, {25, 1}, {                                                            \
                60, 0.95                                                                                               \
            }                                                                                                          \
        }                                                                                                              \
    }
#define COLD_MNO2                                                                                                      \
    {                                                                                                                  \
        5, {                                                                                                           \
            {-30, 0.40}, {-20, 0.60}, {0, 0.90}, {25, 1}, {                                                            \
                60, 0.99                                                                                               \
            }                                                                                                          \
        }                                                                                                              \
    }
#define COLD_LITHIUM                                                                                                   \
    {                                                                                                                  \
        4, {                                                                                                           \
            {-30, 0.50}, {-20, 0.65}, {0, 0.85}, {                                                                     \
                25, 1                                                                                                  \
            }                                                                                                          \
        }                                                                                                              \
    }
#define COLD_ALKALINE                                                                                                  \
    {                                                                                                                  \
        4, {                                                                                                           \
            {-30, 0.15}, {-20, 0.30}, {0, 0.65}, {                                                                     \
                25, 1                                                                                                  \
            }                                                                                                          \
        }                                                                                                              \
    }
#define COLD_LEAD                                                                                                      \
    {                                                                                                                  \
        5, {                                                                                                           \
            {-30, 0.45}, {-20, 0.60}, {0, 0.80}, {25, 1}, {                                                            \
                40, 1.03                                                                                               \
            }                                                                                                          \
        }                                                                                                              \
    }

/* Linden, Handbook of Batteries, figure 14.17: a bobbin D cell. That the same figure shows less at 1 mA and below is the loss
 * of a decade on the shelf, which self-discharge accounts for already. */
#define RATE_SOCL2                                                                                                     \
    {                                                                                                                  \
        3, {                                                                                                           \
            {0.004, 1}, {0.020, 0.711}, {                                                                              \
                0.035, 0.368                                                                                           \
            }                                                                                                          \
        }                                                                                                              \
    }
#define RATE_ALKALINE                                                                                                  \
    {                                                                                                                  \
        4, {                                                                                                           \
            {0.050, 1}, {0.100, 0.931}, {0.250, 0.793}, {                                                              \
                0.500, 0.690                                                                                           \
            }                                                                                                          \
        }                                                                                                              \
    }

#define OPEN_SOCL2                                                                                                     \
    { 3.65, 3.65, 3.65, 3.65, 3.65, 3.65, 3.65, 3.65, 3.65, 3.50, 2.00 }
#define OPEN_COIN                                                                                                      \
    { 3.05, 2.98, 2.95, 2.93, 2.90, 2.87, 2.83, 2.77, 2.68, 2.50, 2.00 }
#define OPEN_ALKALINE                                                                                                  \
    { 1.58, 1.45, 1.38, 1.33, 1.29, 1.26, 1.22, 1.18, 1.12, 1.02, 0.80 }
#define OPEN_LIPO                                                                                                      \
    { 4.19, 4.05, 3.99, 3.89, 3.80, 3.72, 3.63, 3.53, 3.42, 3.30, 3.10 }
#define OPEN_LIFEPO4                                                                                                   \
    { 3.65, 3.40, 3.34, 3.32, 3.30, 3.28, 3.27, 3.26, 3.24, 3.20, 2.50 }
#define OPEN_LEAD                                                                                                      \
    { 12.70, 12.50, 12.42, 12.32, 12.20, 12.06, 11.90, 11.75, 11.58, 11.31, 10.50 }

/* A capacitor's voltage is proportional to its charge. */
#define OPEN_SUPERCAP                                                                                                  \
    { BATTERY_SUPERCAP_VOLTS, 2.43, 2.16, 1.89, 1.62, 1.35, 1.08, 0.81, 0.54, 0.27, 0 }

const struct battery_chemistry battery_chemistries[] = {
    {"li-socl2-d", 19, 0.01, 5, 19, 2, 20, false, false, OPEN_SOCL2, RATE_SOCL2, COLD_SOCL2,
     "lithium thionyl chloride bobbin cell, size D"},
    {"li-socl2-aa", 2.4, 0.01, 15, 2.4, 2, 20, false, false, OPEN_SOCL2, RATE_SOCL2, COLD_SOCL2,
     "lithium thionyl chloride bobbin cell, size AA"},
    {"li-socl2-aaa", 0.8, 0.01, 30, 0.8, 2, 20, false, false, OPEN_SOCL2, RATE_SOCL2, COLD_SOCL2,
     "lithium thionyl chloride bobbin cell, size AAA (ER10450)"},
    {"li-mno2-cr2450",
     0.6,
     0.03,
     20,
     0.6,
     0,
     10,
     false,
     false,
     OPEN_COIN,
     {0},
     COLD_MNO2,
     "lithium manganese dioxide coin cell CR2450"},
    {"li-mno2-cr2477",
     0.95,
     0.01,
     15,
     0.95,
     0,
     10,
     false,
     false,
     OPEN_COIN,
     {0},
     COLD_MNO2,
     "lithium manganese dioxide coin cell CR2477"},
    {"alkaline-aa", 2.9, 0.03, 0.2, 2.9, 0, 10, false, false, OPEN_ALKALINE, RATE_ALKALINE, COLD_ALKALINE,
     "alkaline manganese cell, size AA"},
    {"lipo",
     0,
     0.30,
     0.083,
     2.3,
     0,
     0,
     true,
     true,
     OPEN_LIPO,
     {0},
     COLD_LITHIUM,
     "lithium polymer or lithium ion cell"},
    {"lifepo4", 0, 0.24, 0.03, 6, 0, 0, true, true, OPEN_LIFEPO4, {0}, COLD_LITHIUM, "lithium iron phosphate cell"},
    {"lead-acid-12v",
     60,
     0.48,
     0.01,
     60,
     0,
     0,
     true,
     false,
     OPEN_LEAD,
     {0},
     COLD_LEAD,
     "lead-acid battery of a vehicle, six cells taken as one"},
    {"supercap", 0, 11.7, 0.05, 0.0075, 0, 0, true, false, OPEN_SUPERCAP, {0}, {0}, "supercapacitor of 2.7 V"},
    {.name = NULL},
};

const struct battery_chemistry *battery_chemistry_find(const char *name) {
    for (const struct battery_chemistry *c = battery_chemistries; c->name != NULL; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

double battery_curve_at(const struct battery_curve *c, double x) {
    if (c->count == 0)
        return 1;
    if (x <= c->points[0].x)
        return c->points[0].y;
    for (unsigned i = 1; i < c->count; i++)
        if (x <= c->points[i].x) {
            double share = (x - c->points[i - 1].x) / (c->points[i].x - c->points[i - 1].x);
            return c->points[i - 1].y + share * (c->points[i].y - c->points[i - 1].y);
        }
    return c->points[c->count - 1].y;
}

/* A current is hard on a cell by what flows through each square centimetre of its electrode, and the electrodes of cells of
 * one shape grow with capacity^(2/3). */
static double rate_scale(double of_ah, double capacity_ah) {
    return dist_exp(2.0 / 3 * dist_ln(of_ah / capacity_ah));
}

struct battery battery_of(const struct battery_chemistry *chemistry, double capacity_ah, double cells,
                          double parallel) {
    double cell_ah = capacity_ah > 0 ? capacity_ah : chemistry->capacity_ah;
    CHECK(cell_ah > 0 && cells > 0 && parallel > 0);
    double capacity_c = cell_ah * parallel * coulombs_per_ah;
    return (struct battery){
        .chemistry = chemistry,
        .capacity_c = capacity_c,
        .self_discharge_a = capacity_c * chemistry->self_discharge / seconds_per_year,
        .resistance_ohm = chemistry->resistance_ohm * chemistry->of_ah / cell_ah * cells / parallel,
        .cells = cells,
        .rate_scale = rate_scale(chemistry->of_ah, cell_ah) / parallel,
        .usable = 1,
        .shelf_s = chemistry->shelf_years * seconds_per_year,
    };
}

double battery_capacity(const struct battery *b, double mean_a, double celsius) {
    double rate = battery_curve_at(&b->chemistry->rate, mean_a * b->rate_scale);
    return b->capacity_c * rate * battery_curve_at(&b->chemistry->cold, celsius);
}

double battery_open_voltage(const struct battery *b, double left) {
    const double *open = b->chemistry->open;
    double place = (1 - left) * (BATTERY_OPEN_POINTS - 1);
    if (!(place > 0))
        return open[0] * b->cells;
    if (place >= BATTERY_OPEN_POINTS - 1)
        return open[BATTERY_OPEN_POINTS - 1] * b->cells;
    int at = (int)place;
    return (open[at] + (place - at) * (open[at + 1] - open[at])) * b->cells;
}

double battery_left_at(const struct battery *b, double volts) {
    const double *open = b->chemistry->open;
    double cell = volts / b->cells;
    if (cell > open[0])
        return 1;
    for (int i = BATTERY_OPEN_POINTS - 1; i > 0; i--)
        if (cell < open[i - 1]) {
            double share = cell <= open[i] ? 0 : (cell - open[i]) / (open[i - 1] - open[i]);
            return (BATTERY_OPEN_POINTS - 1 - i + share) / (BATTERY_OPEN_POINTS - 1);
        }
    return 1;
}

double battery_resistance(const struct battery *b, double celsius, double left) {
    static const double per_degree = 0.025, at_empty = 2;
    double gone = left < 0 ? 1 : left > 1 ? 0 : 1 - left;
    return b->resistance_ohm * dist_exp(per_degree * (25 - celsius)) * (1 + at_empty * gone * gone * gone);
}

/* What stands between the open voltage and the load at the end of a burst. A buffer takes the burst over until it has sunk as
 * far as the battery alone would. */
static double ohms_of(const struct battery *b, const struct battery_burst *burst) {
    double inner = battery_resistance(b, burst->celsius, burst->left);
    inner += burst->layer * b->chemistry->passivation * b->resistance_ohm;
    if (b->buffer.farad <= 0)
        return inner;
    return inner * (1 - dist_exp(-burst->seconds / (inner * b->buffer.farad))) + b->buffer.esr_ohm;
}

double battery_voltage_at_power(const struct battery *b, const struct battery_burst *burst, double watts) {
    double open = battery_open_voltage(b, burst->left);
    double under = open * open - 4 * ohms_of(b, burst) * watts; /* V = open − R · P/V */
    return under < 0 ? 0 : (open + sqrt(under)) / 2;
}

double battery_voltage_at_current(const struct battery *b, const struct battery_burst *burst, double amperes) {
    double volts = battery_open_voltage(b, burst->left) - amperes * ohms_of(b, burst);
    return volts > 0 ? volts : 0;
}

double battery_layer_grown(double layer, double seconds) {
    double grown = layer + seconds / (90 * seconds_per_day);
    return grown < 1 ? grown : 1;
}

double battery_layer_worn(double layer, double coulombs) {
    static const double half_at_c = 3.6, ln2 = 0.69314718055994531; /* 1 mAh */
    return layer * dist_exp(-ln2 * coulombs / half_at_c);
}
