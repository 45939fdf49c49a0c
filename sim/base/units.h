/* One grammar of quantities for files, checks and the command line: "10s", "1h30min", "64B", "375kbps", "99.5%", "6000/s".
 *
 *   quantity = [ "-" ] part { part }          more than one part only for durations, larger units first
 *   part     = number unit                    number may use "_" between digits and one "." with digits on both sides
 *
 * `m`, `K` and `M` alone are refused as ambiguous, a missing unit where the dimension has one as well. Results are in base units:
 * ns · B · bit/s · 1/s · A · Ah→C · V · W · J · ohm · F · degC · dBm · dB · ppm · share (1 = 100 %) · plain. A year has 365 days.
 * A share per time ("1%/year") is a rate. Decimal units round once: 99.9% is the double nearest to 0.999. */
#ifndef MUSTER_BASE_UNITS_H
#define MUSTER_BASE_UNITS_H

#include <stddef.h>

enum units_dimension {
    UNITS_PLAIN,
    UNITS_DURATION,
    UNITS_BYTES,
    UNITS_BITRATE,
    UNITS_RATE,
    UNITS_SHARE,
    UNITS_CURRENT,
    UNITS_CHARGE,
    UNITS_VOLTAGE,
    UNITS_POWER,
    UNITS_ENERGY,
    UNITS_RESISTANCE,
    UNITS_CAPACITANCE,
    UNITS_TEMPERATURE,
    UNITS_DBM,
    UNITS_DB,
    UNITS_PPM,
    UNITS_DIMENSIONS
};

struct units_row {
    const char *suffix; /* "min" */
    enum units_dimension dimension;
    double factor; /* to the base unit */
};
extern const struct units_row units_rows[]; /* ends with suffix NULL */

struct units_quantity {
    enum units_dimension dimension;
    double value; /* base unit */
};

/* Reads the whole of text[0..size). On failure returns ERR_MALFORMED and writes a sentence for the user to `why` (≤ why_size):
 * what is wrong and what to write instead ("'10' has no unit; write 10s, 10ms or 10min"). */
int units_parse(const char *text, size_t size, struct units_quantity *out, char *why, size_t why_size);
/* The same, and the dimension must be `want`; a plain 0 is accepted for every dimension. */
int units_parse_as(const char *text, size_t size, enum units_dimension want, double *out, char *why, size_t why_size);
const char *units_dimension_name(enum units_dimension d); /* "duration" */
const char *units_example(enum units_dimension d);        /* "10s, 250ms, 1h30min" */
/* For people: value in base units with a fitting unit, at most 4 digits unless it is whole ("92ms", "1.2MiB", "99.5%", "1h30min").
 * A share below 1 is never shown as 100%. Infinity gives "infinite", NaN "no data". Returns `text`; size ≥ 32. */
char *units_format(enum units_dimension d, double value, char *text, size_t size);

#endif
