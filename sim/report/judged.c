#include "report/judged.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "device/action.h"
#include "scenario/expr.h"

const char *const judged_kinds[] = {[CHECK_SLO] = "slo", [CHECK_CONFORMANCE] = "conformance", [CHECK_INFO] = "info"};

static void side(struct json_write *w, const char *key, const struct check_verdict *v, bool known, bool infinite,
                 double value) {
    json_write_key(w, key);
    if (known && !infinite)
        json_write_double(w, value / v->unit_factor);
    else
        json_write_null(w);
}

void judged_members(struct json_write *w, const struct check_verdict *v) {
    json_write_member_string(w, "name", v->check->name);
    json_write_member_string(w, "expect", v->check->expect);
    json_write_member_string(w, "check_kind", judged_kinds[v->check->kind]);
    json_write_member_bool(w, "pass", v->pass);
    side(w, "value", v, v->value_known, v->value_infinite, v->value);
    side(w, "limit", v, v->limit_known, v->limit_infinite, v->limit);
    json_write_member_string(w, "unit", v->unit != NULL ? v->unit : "");
    json_write_member_uint(w, "samples", v->samples);
    if (v->reason[0] != '\0')
        json_write_member_string(w, "reason", v->reason);
    if (v->aborted_the_run)
        json_write_member_bool(w, "aborted", true);
}

/* A number of base units, as people say it. */
static char *format(const struct check_verdict *v, double value, char *text, size_t size) {
    const char *unit = v->unit != NULL ? v->unit : "";
    for (const struct units_row *row = units_rows; row->suffix != NULL; row++)
        if (strcmp(row->suffix, unit) == 0)
            return units_format(row->dimension, value, text, size);
    double shown = value / v->unit_factor;
    bool whole = fabs(shown) < 1e15 && floor(shown) == shown; /* counts are said to the unit */
    snprintf(text, size, whole ? "%.0f%s%s" : "%.4g%s%s", shown, *unit != '\0' ? " " : "", unit);
    return text;
}

char *judged_value(const struct check_verdict *v, char *text, size_t size) {
    if (v->value_known && !v->value_infinite)
        return format(v, v->value, text, size);
    snprintf(text, size, v->value_known ? "infinite" : "no data");
    return text;
}

char *judged_limit(const struct check_verdict *v, char *text, size_t size) {
    if (v->limit_known && !v->limit_infinite)
        return format(v, v->limit, text, size);
    snprintf(text, size, v->limit_known ? "infinite" : "no data");
    return text;
}

const char *judged_relop(const struct check_verdict *v) {
    return v->check->expr != NULL ? relop_names[v->check->expr->relop] : "";
}

void judged_sentence(struct text *out, const struct check_verdict *v) {
    char value[64];
    text_printf(out, "expected %s, observed %s", v->check->expect, judged_value(v, value, sizeof value));
    if (v->reason[0] != '\0')
        text_printf(out, " (%s)", v->reason);
}
