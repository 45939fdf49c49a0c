#include "codec/senml_cbor.h"

#include <math.h>

#include "base/check.h"
#include "base/err.h"

void senml_cbor_begin(struct bytes_writer *out, unsigned records) {
    cbor_write_array(out, records);
}

static void write_value(struct bytes_writer *out, const struct senml_label *l, struct senml_record *r) {
    struct senml_place place = senml_place_of(r, l->field);
    if (l->field == SENML_BASE_VERSION)
        cbor_write_uint(out, r->base_version);
    else if (l->kind == 'b')
        cbor_write_bool(out, r->boolean);
    else if (l->kind == 'd')
        cbor_write_bytes(out, *place.bytes);
    else if (l->kind == 't')
        cbor_write_text(out, *place.bytes);
    else
        cbor_write_number(out, *place.number);
}

void senml_cbor_record(struct bytes_writer *out, const struct senml_record *r) {
    struct senml_record copy = *r;
    unsigned count = 0;
    for (size_t i = 0; i < SENML_LABELS; i++)
        count += (r->has & (uint32_t)senml_labels[i].field) != 0;
    cbor_write_map(out, count);
    for (size_t i = 0; i < SENML_LABELS; i++) {
        const struct senml_label *l = &senml_labels[i];
        if ((r->has & (uint32_t)l->field) == 0)
            continue;
        cbor_write_int(out, l->number);
        write_value(out, l, &copy);
    }
}

/* --- reading -------------------------------------------------------------------------------------------------------- */

struct senml_cbor_reader senml_cbor_reader_of(struct bytes b) {
    return (struct senml_cbor_reader){.in = cbor_reader_of(b, false)};
}

/* Keys are integers, or the names that JSON has: section 6 allows texts for fields to come. */
static const struct senml_label *label_of(const struct cbor_item *key) {
    for (size_t i = 0; i < SENML_LABELS; i++) {
        const struct senml_label *l = &senml_labels[i];
        bool same = l->number < 0 ? key->kind == CBOR_NEGATIVE && key->value == (uint64_t)(-1 - l->number)
                                  : key->kind == CBOR_UINT && key->value == (uint64_t)l->number;
        if (same)
            return l;
    }
    return NULL;
}

static bool take_value(const struct senml_label *l, const struct cbor_item *item, struct senml_record *out) {
    struct senml_place place = senml_place_of(out, l->field);
    if (l->field == SENML_BASE_VERSION) {
        out->base_version = (uint32_t)item->value;
        return item->kind == CBOR_UINT && item->value <= UINT32_MAX;
    }
    if (l->kind == 'b') {
        out->boolean = item->value == CBOR_TRUE;
        return item->kind == CBOR_SIMPLE && (item->value == CBOR_TRUE || item->value == CBOR_FALSE);
    }
    if (l->kind == 'n')
        return cbor_number(item, place.number) && isfinite(*place.number);
    *place.bytes = item->string;
    return item->kind == (l->kind == 'd' ? CBOR_BYTES : CBOR_TEXT);
}

static int read_member(struct senml_cbor_reader *r, const struct cbor_item *key, struct senml_record *out) {
    struct cbor_item item;
    if (key->kind != CBOR_UINT && key->kind != CBOR_NEGATIVE && key->kind != CBOR_TEXT)
        return ERR_MALFORMED;
    const struct senml_label *l = label_of(key);
    bool must = key->kind == CBOR_TEXT && key->string.size > 0 && key->string.data[key->string.size - 1] == '_';
    int error = cbor_next(&r->in, &item);
    if (error < 0)
        return error;
    if (l == NULL)
        return must ? ERR_MALFORMED : cbor_skip(&r->in, &item);
    if ((out->has & (uint32_t)l->field) != 0 || !take_value(l, &item, out))
        return ERR_MALFORMED;
    out->has |= (uint32_t)l->field;
    return 0;
}

static int expect(struct senml_cbor_reader *r, enum cbor_kind kind, struct cbor_item *item) {
    int error = cbor_next(&r->in, item);
    return error < 0 ? error : item->kind == kind ? 0 : ERR_MALFORMED;
}

static int read_next(struct senml_cbor_reader *r, struct senml_record *out) {
    struct cbor_item item;
    int error = r->begun ? 0 : expect(r, CBOR_ARRAY, &item);
    r->begun = true;
    if (error == 0)
        error = cbor_next(&r->in, &item);
    if (error < 0)
        return error;
    if (item.kind == CBOR_END) {
        error = cbor_next(&r->in, &item); /* nothing may follow */
        return error == 0 ? ERR_MALFORMED : error;
    }
    if (item.kind != CBOR_MAP)
        return ERR_MALFORMED;
    struct senml_record record = {0};
    while (error == 0) {
        error = cbor_next(&r->in, &item);
        if (error == 0 && item.kind == CBOR_END)
            break;
        if (error == 0)
            error = read_member(r, &item, &record);
    }
    if (error == 0 && !senml_valid(&record))
        error = ERR_MALFORMED;
    if (error == 0)
        *out = record;
    return error;
}

int senml_cbor_next(struct senml_cbor_reader *r, struct senml_record *out) {
    int error = read_next(r, out);
    if (error < 0 && error != ERR_CLOSED)
        r->in.in.failed = true;
    return error;
}
