#include "device/payload_format.h"

#include <math.h>

#include "base/check.h"
#include "base/err.h"
#include "codec/json_bytes.h"
#include "codec/senml_cbor.h"
#include "codec/senml_json.h"
#include "codec/sparkplug.h"

/* --- values --------------------------------------------------------------------------------------------------------- */

static double rounded(double value, int decimals) {
    static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9};
    if (decimals < 0)
        return value;
    CHECK((size_t)decimals < COUNT_OF(powers));
    double scaled = floor(value * powers[decimals] + 0.5) / powers[decimals];
    return scaled == 0 ? 0 : scaled; /* no -0 */
}

/* As a variable of that type would hold it. */
static double typed(double value, enum sparkplug_type type) {
    struct sparkplug_metric m = {0};
    double held = value;
    if (type != SPARKPLUG_UNKNOWN) {
        sparkplug_set_number(&m, type, value);
        CHECK(sparkplug_number(&m, type, &held));
    }
    return held;
}

static double time_of(enum payload_time unit, int64_t unix_ms) {
    return unit == PAYLOAD_TIME_S ? floor((double)unix_ms / 1000) : (double)unix_ms;
}

void payload_format_value(const struct payload_field *f, const struct payload_context *c,
                          struct payload_format_value *out) {
    *out = (struct payload_format_value){.kind = PAYLOAD_FORMAT_TEXT};
    if (f->source == PAYLOAD_OF_MARK) {
        struct payload_mark mark = payload_mark_of(c);
        payload_mark_encode(&mark, out->mark);
        out->text = bytes_of(out->mark, sizeof out->mark);
        return;
    }
    CHECK(f->source == PAYLOAD_OF_SIGNAL && f->signal < c->group->signal_count && c->signals != NULL);
    const struct signal *s = &c->group->signals[f->signal];
    double value = c->signals[f->signal];
    if (s->kind == SIGNAL_CHOICE) {
        CHECK(value >= 0 && value < s->word_count);
        out->text = bytes_of_text(s->words[(unsigned)value]);
        return;
    }
    out->kind = value != value ? PAYLOAD_FORMAT_NOTHING : PAYLOAD_FORMAT_NUMBER;
    if (out->kind == PAYLOAD_FORMAT_NOTHING)
        return;
    out->number = typed(rounded(value, f->decimals), (enum sparkplug_type)f->type);
    if (f->type == SPARKPLUG_BOOLEAN)
        out->kind = PAYLOAD_FORMAT_BOOLEAN;
}

/* --- JSON and CBOR: one map ----------------------------------------------------------------------------------------- */

static void write_json(const struct payload_format *f, const struct payload_context *c, struct bytes_writer *out) {
    bytes_write_u8(out, '{');
    for (unsigned i = 0; i < f->field_count; i++) {
        const struct payload_field *field = &f->fields[i];
        if (i > 0)
            bytes_write_u8(out, ',');
        json_bytes_string(out, field->name);
        bytes_write_u8(out, ':');
        if (field->source == PAYLOAD_OF_TIME) {
            json_bytes_number(out, time_of(f->time, c->unix_ms));
            continue;
        }
        struct payload_format_value v;
        payload_format_value(field, c, &v);
        if (v.kind == PAYLOAD_FORMAT_NOTHING)
            json_bytes_literal(out, "null");
        else if (v.kind == PAYLOAD_FORMAT_BOOLEAN)
            json_bytes_literal(out, v.number != 0 ? "true" : "false");
        else if (v.kind == PAYLOAD_FORMAT_TEXT)
            json_bytes_string(out, v.text);
        else
            json_bytes_number(out, v.number);
    }
    bytes_write_u8(out, '}');
}

static void write_cbor(const struct payload_format *f, const struct payload_context *c, struct bytes_writer *out) {
    cbor_write_map(out, f->field_count);
    for (unsigned i = 0; i < f->field_count; i++) {
        const struct payload_field *field = &f->fields[i];
        if (f->numbered)
            cbor_write_uint(out, field->number);
        else
            cbor_write_text(out, field->name);
        if (field->source == PAYLOAD_OF_TIME) {
            cbor_write_number(out, time_of(f->time, c->unix_ms));
            continue;
        }
        struct payload_format_value v;
        payload_format_value(field, c, &v);
        if (v.kind == PAYLOAD_FORMAT_NOTHING)
            cbor_write_null(out);
        else if (v.kind == PAYLOAD_FORMAT_BOOLEAN)
            cbor_write_bool(out, v.number != 0);
        else if (v.kind == PAYLOAD_FORMAT_TEXT)
            cbor_write_text(out, v.text);
        else
            cbor_write_number(out, v.number);
    }
}

/* --- SenML: a record for each value that there is --------------------------------------------------------------------- */

static bool record_of(const struct payload_field *field, const struct payload_context *c,
                      struct payload_format_value *v, struct senml_record *r) {
    payload_format_value(field, c, v);
    *r = (struct senml_record){.has = SENML_NAME, .name = field->name};
    if (field->unit.size > 0) {
        r->has |= SENML_UNIT;
        r->unit = field->unit;
    }
    if (v->kind == PAYLOAD_FORMAT_NUMBER) {
        r->has |= SENML_VALUE;
        r->value = v->number;
    } else if (v->kind == PAYLOAD_FORMAT_BOOLEAN) {
        r->has |= SENML_BOOLEAN;
        r->boolean = v->number != 0;
    } else if (v->kind == PAYLOAD_FORMAT_TEXT) {
        r->has |= SENML_STRING;
        r->string = v->text;
    }
    return v->kind != PAYLOAD_FORMAT_NOTHING;
}

/* The first record carries what all have in common. */
static void add_bases(const struct payload_format *f, const struct payload_context *c, struct bytes name,
                      struct senml_record *r) {
    if (name.size > 0) {
        r->has |= SENML_BASE_NAME;
        r->base_name = name;
    }
    if (f->time != PAYLOAD_TIME_NONE) {
        r->has |= SENML_BASE_TIME;
        r->base_time = f->time == PAYLOAD_TIME_S ? time_of(f->time, c->unix_ms) : (double)c->unix_ms / 1000;
    }
}

static int write_senml(const struct payload_format *f, const struct payload_context *c, struct bytes_writer *out) {
    uint8_t room[SENML_NAME_MAX];
    struct bytes_writer name = bytes_writer_of(room, sizeof room);
    struct payload_format_value v;
    struct senml_record r;
    int error = payload_render(&f->base_name, c, &name);
    if (error < 0)
        return error;
    unsigned count = 0, written = 0;
    for (unsigned i = 0; i < f->field_count; i++)
        count += record_of(&f->fields[i], c, &v, &r);
    struct senml_json_writer json = {.out = out};
    if (f->kind == PAYLOAD_SENML_JSON)
        json = senml_json_begin(out);
    else
        senml_cbor_begin(out, count);
    for (unsigned i = 0; i < f->field_count; i++) {
        if (!record_of(&f->fields[i], c, &v, &r))
            continue;
        if (written++ == 0)
            add_bases(f, c, bytes_of(room, bytes_written(&name)), &r);
        if (f->kind == PAYLOAD_SENML_JSON)
            senml_json_record(&json, &r);
        else
            senml_cbor_record(out, &r);
    }
    if (f->kind == PAYLOAD_SENML_JSON)
        senml_json_end(&json);
    return 0;
}

int payload_format_write(const struct payload_format *f, const struct payload_context *c, struct bytes_writer *out) {
    int error = 0;
    switch (f->kind) {
    case PAYLOAD_JSON:
        write_json(f, c, out);
        break;
    case PAYLOAD_CBOR:
        write_cbor(f, c, out);
        break;
    case PAYLOAD_SENML_JSON:
    case PAYLOAD_SENML_CBOR:
        error = write_senml(f, c, out);
        break;
    }
    return error < 0 ? error : out->failed ? ERR_TOO_BIG : 0;
}

size_t payload_format_least(const struct payload_format *f) {
    bool senml = f->kind == PAYLOAD_SENML_JSON || f->kind == PAYLOAD_SENML_CBOR;
    size_t size = 1;
    for (unsigned i = 0; i < f->field_count && !senml; i++) /* in SenML any of them may be missing */
        size += (f->numbered ? 1 : f->fields[i].name.size + 1) + 1;
    return size;
}
