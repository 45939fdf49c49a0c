#include "codec/senml_json.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "codec/json_bytes.h"

/* --- data as base64url without padding (RFC 4648 section 5) ----------------------------------------------------------- */

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void write_data(struct bytes_writer *w, struct bytes data) {
    bytes_write_u8(w, '"');
    for (size_t i = 0; i < data.size; i += 3) {
        size_t left = data.size - i;
        uint32_t group = (uint32_t)data.data[i] << 16 | (left > 1 ? (uint32_t)data.data[i + 1] << 8 : 0) |
                         (left > 2 ? data.data[i + 2] : 0);
        unsigned characters = left > 2 ? 4 : (unsigned)left + 1;
        for (unsigned k = 0; k < characters; k++)
            bytes_write_u8(w, (uint8_t)alphabet[group >> (18 - 6 * k) & 0x3f]);
    }
    bytes_write_u8(w, '"');
}

/* False: a foreign character, a length that cannot be, or bits left over. */
static bool read_data(struct bytes text, struct bytes_writer *w, struct bytes *out) {
    const uint8_t *start = w->at;
    uint32_t group = 0;
    unsigned bits = 0;
    for (size_t i = 0; i < text.size; i++) {
        const char *place = text.data[i] == 0 ? NULL : strchr(alphabet, text.data[i]);
        if (place == NULL)
            return false;
        group = (group << 6 | (uint32_t)(place - alphabet)) & 0xffff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            bytes_write_u8(w, (uint8_t)(group >> bits));
        }
    }
    if (w->failed || bits == 6 || (group & ((1U << bits) - 1)) != 0)
        return false;
    *out = bytes_of(start, (size_t)(w->at - start));
    return true;
}

/* --- writing -------------------------------------------------------------------------------------------------------- */

struct senml_json_writer senml_json_begin(struct bytes_writer *out) {
    bytes_write_u8(out, '[');
    return (struct senml_json_writer){.out = out};
}

static void write_value(struct bytes_writer *out, const struct senml_label *l, struct senml_record *r) {
    struct senml_place place = senml_place_of(r, l->field);
    if (l->field == SENML_BASE_VERSION)
        json_bytes_int(out, r->base_version);
    else if (l->kind == 'b')
        json_bytes_literal(out, r->boolean ? "true" : "false");
    else if (l->kind == 'd')
        write_data(out, *place.bytes);
    else if (l->kind == 't')
        json_bytes_string(out, *place.bytes);
    else
        json_bytes_number(out, *place.number);
}

/* Base fields first, as everybody writes them: they stand last in the table. */
void senml_json_record(struct senml_json_writer *w, const struct senml_record *r) {
    struct senml_record copy = *r;
    bool first = true;
    bytes_write(w->out, bytes_of_text(w->begun ? ",{" : "{"));
    w->begun = true;
    for (int turn = 0; turn < 2; turn++)
        for (size_t i = 0; i < SENML_LABELS; i++) {
            const struct senml_label *l = &senml_labels[i];
            if ((l->number < 0) != (turn == 0) || (r->has & (uint32_t)l->field) == 0)
                continue;
            json_bytes_literal(w->out, first ? "\"" : ",\"");
            json_bytes_literal(w->out, l->text);
            json_bytes_literal(w->out, "\":");
            write_value(w->out, l, &copy);
            first = false;
        }
    bytes_write_u8(w->out, '}');
}

void senml_json_end(struct senml_json_writer *w) {
    bytes_write_u8(w->out, ']');
}

/* --- reading -------------------------------------------------------------------------------------------------------- */

struct senml_json_reader senml_json_reader_of(struct bytes b, void *room, size_t room_size) {
    return (struct senml_json_reader){.in = bytes_reader_of(b), .strings = bytes_writer_of(room, room_size)};
}

static bool read_boolean(struct bytes_reader *in, bool *out) {
    *out = json_bytes_peek(in) == 't';
    return json_bytes_read_word(in, *out ? "true" : "false");
}

static bool read_version(struct bytes_reader *in, uint32_t *out) {
    double number;
    if (!json_bytes_read_number(in, &number) || number < 0 || number > UINT32_MAX || number != floor(number))
        return false;
    *out = (uint32_t)number;
    return true;
}

static bool read_value(struct senml_json_reader *r, const struct senml_label *l, struct senml_record *out) {
    struct senml_place place = senml_place_of(out, l->field);
    struct bytes text;
    if (l->field == SENML_BASE_VERSION)
        return read_version(&r->in, &out->base_version);
    if (l->kind == 'b')
        return read_boolean(&r->in, &out->boolean);
    if (l->kind == 'n')
        return json_bytes_read_number(&r->in, place.number);
    if (!json_bytes_read_string(&r->in, &r->strings, &text))
        return false;
    if (l->kind == 'd')
        return read_data(text, &r->strings, place.bytes);
    *place.bytes = text;
    return true;
}

static const struct senml_label *label_of(struct bytes name) {
    for (size_t i = 0; i < SENML_LABELS; i++)
        if (bytes_equal(name, bytes_of_text(senml_labels[i].text)))
            return &senml_labels[i];
    return NULL;
}

static bool read_member(struct senml_json_reader *r, struct senml_record *out) {
    struct bytes name;
    if (!json_bytes_read_string(&r->in, &r->strings, &name) || !json_bytes_take(&r->in, ':'))
        return false;
    const struct senml_label *l = label_of(name);
    if (l == NULL)
        return (name.size == 0 || name.data[name.size - 1] != '_') && json_bytes_skip(&r->in);
    if ((out->has & (uint32_t)l->field) != 0)
        return false;
    out->has |= (uint32_t)l->field;
    return read_value(r, l, out);
}

static bool read_record(struct senml_json_reader *r, struct senml_record *out) {
    if (!json_bytes_take(&r->in, '{'))
        return false;
    if (json_bytes_peek(&r->in) == '}')
        return false; /* a record without a field means nothing */
    do {
        if (!read_member(r, out))
            return false;
    } while (json_bytes_peek(&r->in) == ',' && json_bytes_take(&r->in, ','));
    return json_bytes_take(&r->in, '}') && senml_valid(out);
}

static int malformed(struct senml_json_reader *r) {
    r->in.failed = true;
    return r->strings.failed ? ERR_TOO_BIG : ERR_MALFORMED;
}

int senml_json_next(struct senml_json_reader *r, struct senml_record *out) {
    if (r->done)
        return ERR_CLOSED;
    if (r->in.failed)
        return malformed(r);
    if (!r->begun && !json_bytes_take(&r->in, '['))
        return malformed(r);
    bool last = json_bytes_peek(&r->in) == ']';
    if (last) {
        r->in.at++;
        if (json_bytes_peek(&r->in) != 0 || bytes_left(&r->in) > 0)
            return malformed(r);
        r->done = true;
        return ERR_CLOSED;
    }
    if (r->begun && !json_bytes_take(&r->in, ','))
        return malformed(r);
    r->begun = true;
    r->strings.at = r->strings.start;
    struct senml_record record = {0};
    if (!read_record(r, &record))
        return malformed(r);
    *out = record;
    return 0;
}
