#include "base/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/check.h"

enum { FORMAT_ROOM = 24 };

static const struct unit {
    const char *suffix;
    uint64_t ns, limit; /* shown in this unit up to and without `limit` ns */
} units[] = {
    {"ns", 1, 1000},
    {"us", 1000, 1000000},
    {"ms", 1000000, 1000000000},
    {"s", 1000000000, 60 * UINT64_C(1000000000)},
};

/* "1.5ms": three digits, no trailing zeros. False when rounding reaches the next unit. */
static bool format_decimal(const struct unit *u, const char *sign, uint64_t ns, char *text, unsigned size) {
    uint64_t step = 1; /* ns per last digit shown */
    unsigned decimals = 0;
    if (u->ns > 1) {
        decimals = ns < 10 * u->ns ? 2 : ns < 100 * u->ns ? 1 : 0;
        step = u->ns / (decimals == 2 ? 100 : decimals == 1 ? 10 : 1);
    }
    uint64_t rounded = (ns + step / 2) / step * step;
    if (rounded >= u->limit)
        return false;
    uint64_t fraction = rounded % u->ns / step;
    while (decimals > 0 && fraction % 10 == 0) {
        fraction /= 10;
        decimals--;
    }
    unsigned long long whole = rounded / u->ns;
    if (decimals > 0)
        snprintf(text, size, "%s%llu.%0*llu%s", sign, whole, (int)decimals, (unsigned long long)fraction, u->suffix);
    else
        snprintf(text, size, "%s%llu%s", sign, whole, u->suffix);
    return true;
}

char *instant_format_span(span s, char *text, unsigned size) {
    CHECK(size >= FORMAT_ROOM);
    if (s == INSTANT_NEVER) {
        snprintf(text, size, "never");
        return text;
    }
    const char *sign = s < 0 ? "-" : "";
    uint64_t ns = s < 0 ? -(uint64_t)s : (uint64_t)s;
    if (ns == 0) {
        snprintf(text, size, "0s");
        return text;
    }
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (ns < units[i].limit && format_decimal(&units[i], sign, ns, text, size))
            return text;

    unsigned long long seconds = (ns + SPAN_S / 2) / SPAN_S;
    if (seconds < 3600)
        snprintf(text, size, "%s%llum%02llus", sign, seconds / 60, seconds % 60);
    else if (seconds < 86400)
        snprintf(text, size, "%s%lluh%02llum", sign, seconds / 3600, seconds / 60 % 60);
    else
        snprintf(text, size, "%s%llud%02lluh", sign, seconds / 86400, seconds / 3600 % 24);
    return text;
}
