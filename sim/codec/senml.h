/* Sensor Measurement Lists (RFC 8428): one record, and what a list of them means once it is resolved. How they are written and read
 * stands in senml_json.h and senml_cbor.h, which agree about everything here.
 *
 * A list is an array of records. The base fields of a record hold for it and for all after it, until another record gives them anew
 * (section 4.6): the full name is base name + name, the time base time + time, the value base value + value. */
#ifndef MUSTER_CODEC_SENML_H
#define MUSTER_CODEC_SENML_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

/* Fields, by the bit that says whether a record has them. */
enum senml_field {
    SENML_BASE_NAME = 1,
    SENML_BASE_TIME = 2,
    SENML_BASE_UNIT = 4,
    SENML_BASE_VALUE = 8,
    SENML_BASE_SUM = 16,
    SENML_BASE_VERSION = 32,
    SENML_NAME = 64,
    SENML_UNIT = 128,
    SENML_TIME = 256,
    SENML_UPDATE_TIME = 512,
    SENML_SUM = 1024,
    SENML_VALUE = 2048, /* these four exclude each other */
    SENML_STRING = 4096,
    SENML_BOOLEAN = 8192,
    SENML_DATA = 16384
};

enum {
    SENML_VERSION = 10,      /* section 4.4: the only one that there is */
    SENML_NAME_MAX = 256,    /* bytes of a full name */
    SENML_RELATIVE = 1 << 28 /* seconds: a time below it counts from now (section 4.5.3) */
};

struct senml_record {
    uint32_t has; /* enum senml_field */
    struct bytes base_name, base_unit, name, unit;
    struct bytes string; /* SENML_STRING: text · SENML_DATA: bytes */
    double base_time, base_value, base_sum, time, update_time, sum, value;
    uint32_t base_version;
    bool boolean;
};

/* A row of both representations. `kind` n: number, t: text, b: boolean, d: data (bytes; in JSON base64url). */
struct senml_label {
    enum senml_field field;
    const char *text; /* JSON */
    int number;       /* CBOR (section 6) */
    char kind;
};
enum { SENML_LABELS = 15 };
extern const struct senml_label
    senml_labels[SENML_LABELS]; /* in the order in which they are written: by number, deterministic */
/* Where a record keeps what that label names; the one for its kind is not NULL. */
struct senml_place {
    double *number;
    struct bytes *bytes;
};
struct senml_place senml_place_of(struct senml_record *r, enum senml_field field);

/* Has it a field at all, a value or a sum or a base value, and not more than one of those that exclude each other? (Sections 4.2, 4.3; a
 * record of base fields alone is allowed.) */
bool senml_valid(const struct senml_record *r);

/* What the records so far left to the next one. Zeroed: nothing. */
struct senml_base {
    double time, value, sum;
    struct bytes unit; /* borrowed from its record */
    uint8_t name[SENML_NAME_MAX];
    uint16_t name_size;
    uint32_t version;
};
/* The record in full (section 4.6): name, time from 1970 in seconds, unit, value and sum, without base fields; `now` in seconds. The name lies
 * in `name`, at most SENML_NAME_MAX bytes. ERR_INVALID: a version that is not ours, a name that is empty or has foreign characters (section
 * 4.5.1) · ERR_TOO_BIG: a longer name · ERR_NOT_FOUND: it has no value and no sum, only bases for others. */
int senml_resolve(struct senml_base *base, const struct senml_record *r, double now, uint8_t name[SENML_NAME_MAX],
                  struct senml_record *out);

/* May a full name be this? Letters, digits and - : . / _, the first a letter or a digit. */
bool senml_name_valid(struct bytes name);
/* Is it a unit of the registry (RFC 8428 section 12.1, RFC 8798 for the secondary ones)? */
bool senml_unit_known(struct bytes unit);
/* The registered unit that looks most like it; NULL: none. */
const char *senml_unit_near(const char *unit);

#endif
