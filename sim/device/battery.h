/* Batteries: what a cell still has, which voltage it shows, and what a burst does to it. Pure functions over const tables; who
 * draws what, and when, is power.h's business. How the chemistries were chosen stands in docs/models.md.
 *
 * Units: coulombs, volts, amperes, ohms, seconds, degrees Celsius. `left` is the share of the effective capacity that is still
 * in the battery: 1 full, 0 empty. */
#ifndef MUSTER_DEVICE_BATTERY_H
#define MUSTER_DEVICE_BATTERY_H

#include <stdbool.h>

enum { BATTERY_OPEN_POINTS = 11, BATTERY_CURVE_MAX = 5 };

/* A curve given by points with growing x, linear between them and constant beyond. */
struct battery_curve {
    unsigned count;
    struct {
        double x, y;
    } points[BATTERY_CURVE_MAX];
};
double battery_curve_at(const struct battery_curve *c, double x);

/* One kind of cell. */
struct battery_chemistry {
    const char *name;                 /* as scenarios write it: "li-socl2-d" */
    double capacity_ah;               /* of one cell at its usual current and 25 degC; 0: the product decides */
    double self_discharge;            /* share of the nominal capacity per year */
    double resistance_ohm, of_ah;     /* at 25 degC, of a cell of `of_ah`; larger cells have less in proportion */
    double passivation;               /* what a layer of 90 idle days adds, in multiples of the resistance */
    double shelf_years;               /* seals and electrolyte end it then; 0: not known */
    bool rechargeable, frost_bars;    /* frost_bars: must not be charged below 0 degC */
    double open[BATTERY_OPEN_POINTS]; /* volts of one cell at 100, 90, … 0 % */
    struct battery_curve rate;        /* mean current of a cell of `of_ah` in A → share of the capacity */
    struct battery_curve cold;        /* degC → share of the capacity */
    const char *doc;
};
/* Of one full supercapacitor, whose capacity follows from its capacitance. It leaks 1 uA per farad: 11.7 of its charges a year. */
#define BATTERY_SUPERCAP_VOLTS 2.7
extern const struct battery_chemistry battery_chemistries[];              /* ends with name NULL */
const struct battery_chemistry *battery_chemistry_find(const char *name); /* NULL: there is none */

/* A capacitor beside the battery that feeds bursts and is filled again between them. */
struct battery_buffer {
    double farad; /* 0: none */
    double esr_ohm, leak_a;
};

/* A product's battery: `cells` in series, `parallel` strings of them. */
struct battery {
    const struct battery_chemistry *chemistry;
    double capacity_c;       /* nominal, of the whole battery */
    double self_discharge_a; /* what it loses by itself, as a current */
    double resistance_ohm;   /* at 25 degC, full */
    double cells;
    double rate_scale; /* from its current to that of a cell of chemistry->of_ah */
    double usable;     /* share of the capacity that the product can use */
    double shelf_s;    /* 0: no limit */
    struct battery_buffer buffer;
};

/* A battery of that kind with the chemistry's own figures; `capacity_ah` of one cell, 0: the chemistry's. All of it usable,
 * no buffer; change members afterwards (self_discharge_a and resistance_ohm follow from capacity). */
struct battery battery_of(const struct battery_chemistry *chemistry, double capacity_ah, double cells, double parallel);

/* What there is to be had at that mean current and temperature, from full to flat. */
double battery_capacity(const struct battery *b, double mean_a, double celsius);
/* Without load. */
double battery_open_voltage(const struct battery *b, double left);
/* How much is left when the open voltage falls to `volts`; 0 when it never does. */
double battery_left_at(const struct battery *b, double volts);
/* R25 · exp(0.025 (25 − T)) · (1 + 2 (1 − left)³) */
double battery_resistance(const struct battery *b, double celsius, double left);

/* A burst of `seconds`. `layer` in 0 … 1: how far the passivation layer has grown. */
struct battery_burst {
    double left, celsius, layer, seconds;
};
/* The voltage at the end of a burst that draws `watts` whatever the voltage is (a converter: less voltage, more current).
 * 0: the battery cannot give that much. */
double battery_voltage_at_power(const struct battery *b, const struct battery_burst *burst, double watts);
/* The same for a load that draws `amperes` (a linear regulator). */
double battery_voltage_at_current(const struct battery *b, const struct battery_burst *burst, double amperes);

/* The layer after `seconds` without a burst; and after a burst that drew `coulombs`. */
double battery_layer_grown(double layer, double seconds);
double battery_layer_worn(double layer, double coulombs);

#endif
