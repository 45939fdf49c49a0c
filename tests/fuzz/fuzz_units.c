/* Quantities from files and flags: any bytes are either a value or refused with a sentence that is safe to print. The first
 * byte chooses the wanted dimension. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/units.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A sentence must not carry what the input could do to a terminal or a log. */
static void check_sentence(const char *why) {
    size_t size = strlen(why);
    CHECK(size > 0 && utf8_valid((const uint8_t *)why, size));
    for (size_t i = 0; i < size; i++) {
        uint8_t c = (uint8_t)why[i];
        CHECK(c >= 0x20 && c != 0x7f);
        CHECK(!(c == 0xc2 && (uint8_t)why[i + 1] < 0xa0));
    }
}

/* What is shown for a value reads back as nearly that value. */
static void check_shown(struct units_quantity q) {
    char text[32];
    double back = 0;
    units_format(q.dimension, q.value, text, sizeof text);
    if (strstr(text, "e+") != NULL || strstr(text, "e-") != NULL)
        return; /* exponents are for people only */
    CHECK(units_parse_as(text, strlen(text), q.dimension, &back, NULL, 0) == 0);
    CHECK(fabs(back - q.value) <= fabs(q.value) * 0.02);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0)
        return 0;
    enum units_dimension want = (enum units_dimension)(data[0] % UNITS_DIMENSIONS);
    const char *text = (const char *)data + 1;
    size--;

    struct units_quantity q = {UNITS_DIMENSIONS, 0};
    char why[256] = "";
    int err = units_parse(text, size, &q, why, sizeof why);
    CHECK(err == 0 || err == ERR_MALFORMED);
    if (err != 0) {
        check_sentence(why);
    } else {
        CHECK(q.dimension < UNITS_DIMENSIONS && isfinite(q.value) && why[0] == '\0');
        check_shown(q);
    }

    double value = 0;
    int err_as = units_parse_as(text, size, want, &value, why, sizeof why);
    CHECK(err == 0 || err_as != 0);
    if (err_as != 0)
        check_sentence(why);
    else
        CHECK(value == q.value && (q.dimension == want || q.value == 0));
    return 0;
}
