#include "codec/senml.h"

#include <stddef.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/suggest.h"

/* By the encoded label: 0 to 8, then −1 (0x20) to −6; RFC 8949 section 4.2.1. */
const struct senml_label senml_labels[SENML_LABELS] = {
    {SENML_NAME, "n", 0, 't'},        {SENML_UNIT, "u", 1, 't'},
    {SENML_VALUE, "v", 2, 'n'},       {SENML_STRING, "vs", 3, 't'},
    {SENML_BOOLEAN, "vb", 4, 'b'},    {SENML_SUM, "s", 5, 'n'},
    {SENML_TIME, "t", 6, 'n'},        {SENML_UPDATE_TIME, "ut", 7, 'n'},
    {SENML_DATA, "vd", 8, 'd'},       {SENML_BASE_VERSION, "bver", -1, 'n'},
    {SENML_BASE_NAME, "bn", -2, 't'}, {SENML_BASE_TIME, "bt", -3, 'n'},
    {SENML_BASE_UNIT, "bu", -4, 't'}, {SENML_BASE_VALUE, "bv", -5, 'n'},
    {SENML_BASE_SUM, "bs", -6, 'n'},
};

struct senml_place senml_place_of(struct senml_record *r, enum senml_field field) {
    switch (field) {
    case SENML_BASE_NAME:
        return (struct senml_place){.bytes = &r->base_name};
    case SENML_BASE_UNIT:
        return (struct senml_place){.bytes = &r->base_unit};
    case SENML_NAME:
        return (struct senml_place){.bytes = &r->name};
    case SENML_UNIT:
        return (struct senml_place){.bytes = &r->unit};
    case SENML_STRING:
    case SENML_DATA:
        return (struct senml_place){.bytes = &r->string};
    case SENML_BASE_TIME:
        return (struct senml_place){.number = &r->base_time};
    case SENML_BASE_VALUE:
        return (struct senml_place){.number = &r->base_value};
    case SENML_BASE_SUM:
        return (struct senml_place){.number = &r->base_sum};
    case SENML_TIME:
        return (struct senml_place){.number = &r->time};
    case SENML_UPDATE_TIME:
        return (struct senml_place){.number = &r->update_time};
    case SENML_SUM:
        return (struct senml_place){.number = &r->sum};
    case SENML_VALUE:
        return (struct senml_place){.number = &r->value};
    case SENML_BASE_VERSION:
    case SENML_BOOLEAN:
        break;
    }
    return (struct senml_place){0};
}

static const uint32_t values = SENML_VALUE | SENML_STRING | SENML_BOOLEAN | SENML_DATA;
static const uint32_t bases =
    SENML_BASE_NAME | SENML_BASE_TIME | SENML_BASE_UNIT | SENML_BASE_VALUE | SENML_BASE_SUM | SENML_BASE_VERSION;

bool senml_valid(const struct senml_record *r) {
    uint32_t kind = r->has & values;
    bool one = (kind & (kind - 1)) == 0, any = kind != 0 || (r->has & SENML_SUM) != 0;
    return one && (any || (r->has & bases) != 0);
}

bool senml_name_valid(struct bytes name) {
    for (size_t i = 0; i < name.size; i++) {
        uint8_t c = name.data[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        bool mark = c == '-' || c == ':' || c == '.' || c == '/' || c == '_';
        if (!letter && !(mark && i > 0))
            return false;
    }
    return name.size > 0;
}

static int take_bases(struct senml_base *base, const struct senml_record *r) {
    if ((r->has & SENML_BASE_VERSION) != 0)
        base->version = r->base_version;
    if (base->version > SENML_VERSION || ((r->has & SENML_BASE_VERSION) != 0 && base->version == 0))
        return ERR_INVALID;
    if ((r->has & SENML_BASE_NAME) != 0) {
        if (r->base_name.size > SENML_NAME_MAX)
            return ERR_TOO_BIG;
        if (r->base_name.size > 0)
            memcpy(base->name, r->base_name.data, r->base_name.size);
        base->name_size = (uint16_t)r->base_name.size;
    }
    if ((r->has & SENML_BASE_TIME) != 0)
        base->time = r->base_time;
    if ((r->has & SENML_BASE_UNIT) != 0)
        base->unit = r->base_unit;
    if ((r->has & SENML_BASE_VALUE) != 0)
        base->value = r->base_value;
    if ((r->has & SENML_BASE_SUM) != 0)
        base->sum = r->base_sum;
    return 0;
}

int senml_resolve(struct senml_base *base, const struct senml_record *r, double now, uint8_t name[SENML_NAME_MAX],
                  struct senml_record *out) {
    int error = take_bases(base, r);
    if (error < 0)
        return error;
    if ((r->has & (values | SENML_SUM)) == 0 && base->value == 0 && base->sum == 0)
        return ERR_NOT_FOUND;
    struct bytes own = (r->has & SENML_NAME) != 0 ? r->name : (struct bytes){0};
    size_t size = base->name_size + own.size;
    if (size > SENML_NAME_MAX)
        return ERR_TOO_BIG;
    memcpy(name, base->name, base->name_size);
    if (own.size > 0)
        memcpy(name + base->name_size, own.data, own.size);
    if (!senml_name_valid(bytes_of(name, size)))
        return ERR_INVALID;
    struct senml_record full = *r;
    full.has = (r->has & ~bases) | SENML_NAME | SENML_TIME;
    full.name = bytes_of(name, size);
    full.time = base->time + ((r->has & SENML_TIME) != 0 ? r->time : 0);
    if (full.time < SENML_RELATIVE)
        full.time += now;
    if ((r->has & SENML_UNIT) == 0 && base->unit.size > 0) {
        full.unit = base->unit;
        full.has |= SENML_UNIT;
    }
    bool other = (r->has & values & ~(uint32_t)SENML_VALUE) != 0;
    if ((r->has & SENML_VALUE) != 0 || (base->value != 0 && !other)) {
        full.value = base->value + ((r->has & SENML_VALUE) != 0 ? r->value : 0);
        full.has |= SENML_VALUE;
    }
    if ((r->has & SENML_SUM) != 0 || base->sum != 0) {
        full.sum = base->sum + ((r->has & SENML_SUM) != 0 ? r->sum : 0);
        full.has |= SENML_SUM;
    }
    *out = full;
    return 0;
}

/* IANA, "SenML Units" and "Secondary Units". */
static const char *const units[] = {
    "m",     "kg",    "g",     "s",        "A",     "K",      "cd",  "mol",  "Hz",    "rad",  "sr",   "N",     "Pa",
    "J",     "W",     "C",     "V",        "F",     "Ohm",    "S",   "Wb",   "T",     "H",    "Cel",  "lm",    "lx",
    "Bq",    "Gy",    "Sv",    "kat",      "m2",    "m3",     "l",   "m/s",  "m/s2",  "m3/s", "l/s",  "W/m2",  "cd/m2",
    "bit",   "bit/s", "lat",   "lon",      "pH",    "dB",     "dBW", "Bspl", "count", "/",    "%",    "%RH",   "%EL",
    "EL",    "1/s",   "1/min", "beat/min", "beats", "S/m",    "B",   "VA",   "VAs",   "var",  "vars", "J/m",   "kg/m3",
    "deg",   "NTU",   "ms",    "min",      "h",     "MHz",    "kW",  "kVA",  "kvar",  "Ah",   "Wh",   "kWh",   "varh",
    "kvarh", "kVAh",  "Wh/km", "KiB",      "GB",    "Mbit/s", "B/s", "MB/s", "mV",    "mA",   "dBm",  "ug/m3", "mm/h",
    "m/h",   "ppm",   "/100",  "/1000",    "hPa",   "mm",     "cm",  "km",   "km/h",
};

bool senml_unit_known(struct bytes unit) {
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (bytes_equal(unit, bytes_of_text(units[i])))
            return true;
    return false;
}

const char *senml_unit_near(const char *unit) {
    return suggest_nearest(unit, (const char **)(uintptr_t)units, COUNT_OF(units));
}
