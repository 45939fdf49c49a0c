#include "codec/sparkplug.h"

#include <math.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/utf8.h"
#include "codec/protobuf.h"

/* Field numbers of the two messages. */
enum { PAYLOAD_TIMESTAMP = 1, PAYLOAD_METRIC, PAYLOAD_SEQ, PAYLOAD_UUID, PAYLOAD_BODY };
enum {
    METRIC_NAME = 1,
    METRIC_ALIAS,
    METRIC_TIMESTAMP,
    METRIC_TYPE,
    METRIC_HISTORICAL,
    METRIC_TRANSIENT,
    METRIC_NULL,
    METRIC_METADATA,
    METRIC_PROPERTIES
};

static const struct type {
    const char *name;
    enum sparkplug_value kind;
    double least, most; /* of integers */
} types[SPARKPLUG_TYPES] = {
    [SPARKPLUG_INT8] = {"int8", SPARKPLUG_VALUE_INT, INT8_MIN, INT8_MAX},
    [SPARKPLUG_INT16] = {"int16", SPARKPLUG_VALUE_INT, INT16_MIN, INT16_MAX},
    [SPARKPLUG_INT32] = {"int32", SPARKPLUG_VALUE_INT, INT32_MIN, INT32_MAX},
    [SPARKPLUG_INT64] = {"int64", SPARKPLUG_VALUE_LONG, -9223372036854775808.0, 9223372036854774784.0},
    [SPARKPLUG_UINT8] = {"uint8", SPARKPLUG_VALUE_INT, 0, UINT8_MAX},
    [SPARKPLUG_UINT16] = {"uint16", SPARKPLUG_VALUE_INT, 0, UINT16_MAX},
    [SPARKPLUG_UINT32] = {"uint32", SPARKPLUG_VALUE_INT, 0, UINT32_MAX},
    [SPARKPLUG_UINT64] = {"uint64", SPARKPLUG_VALUE_LONG, 0, 18446744073709549568.0},
    [SPARKPLUG_FLOAT] = {"float", SPARKPLUG_VALUE_FLOAT, 0, 0},
    [SPARKPLUG_DOUBLE] = {"double", SPARKPLUG_VALUE_DOUBLE, 0, 0},
    [SPARKPLUG_BOOLEAN] = {"boolean", SPARKPLUG_VALUE_BOOLEAN, 0, 1},
    [SPARKPLUG_STRING] = {"string", SPARKPLUG_VALUE_STRING, 0, 0},
    [SPARKPLUG_DATETIME] = {"datetime", SPARKPLUG_VALUE_LONG, 0, 18446744073709549568.0},
    [SPARKPLUG_TEXT] = {"text", SPARKPLUG_VALUE_STRING, 0, 0},
};

const char *sparkplug_type_name(enum sparkplug_type type) {
    return (unsigned)type < SPARKPLUG_TYPES ? types[type].name : NULL;
}

/* --- writing -------------------------------------------------------------------------------------------------------- */

void sparkplug_write_timestamp(struct bytes_writer *w, uint64_t unix_ms) {
    protobuf_varint(w, PAYLOAD_TIMESTAMP, unix_ms);
}

void sparkplug_write_seq(struct bytes_writer *w, uint64_t seq) {
    protobuf_varint(w, PAYLOAD_SEQ, seq);
}

void sparkplug_write_uuid(struct bytes_writer *w, struct bytes uuid) {
    protobuf_string(w, PAYLOAD_UUID, uuid);
}

void sparkplug_write_body(struct bytes_writer *w, struct bytes body) {
    protobuf_string(w, PAYLOAD_BODY, body);
}

static void write_value(struct bytes_writer *w, const struct sparkplug_metric *m) {
    uint32_t field = (uint32_t)m->kind;
    switch (m->kind) {
    case SPARKPLUG_NO_VALUE:
        break;
    case SPARKPLUG_VALUE_INT:
    case SPARKPLUG_VALUE_LONG:
    case SPARKPLUG_VALUE_BOOLEAN:
        protobuf_varint(w, field, m->bits);
        break;
    case SPARKPLUG_VALUE_FLOAT:
        protobuf_fixed32(w, field, (uint32_t)m->bits);
        break;
    case SPARKPLUG_VALUE_DOUBLE:
        protobuf_fixed64(w, field, m->bits);
        break;
    case SPARKPLUG_VALUE_STRING:
    case SPARKPLUG_VALUE_BYTES:
    case SPARKPLUG_VALUE_DATASET:
    case SPARKPLUG_VALUE_TEMPLATE:
    case SPARKPLUG_VALUE_EXTENSION:
        protobuf_string(w, field, m->bytes);
        break;
    }
}

void sparkplug_write_metric(struct bytes_writer *w, const struct sparkplug_metric *m) {
    size_t begun = protobuf_begin(w, PAYLOAD_METRIC);
    if ((m->has & SPARKPLUG_HAS_NAME) != 0)
        protobuf_string(w, METRIC_NAME, m->name);
    const struct {
        uint32_t bit, field;
        uint64_t value;
    } numbers[] = {
        {SPARKPLUG_HAS_ALIAS, METRIC_ALIAS, m->alias},
        {SPARKPLUG_HAS_TIMESTAMP, METRIC_TIMESTAMP, m->timestamp},
        {SPARKPLUG_HAS_TYPE, METRIC_TYPE, m->type},
        {SPARKPLUG_HAS_HISTORICAL, METRIC_HISTORICAL, m->historical},
        {SPARKPLUG_HAS_TRANSIENT, METRIC_TRANSIENT, m->transient},
        {SPARKPLUG_HAS_NULL, METRIC_NULL, m->null},
    };
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        if ((m->has & numbers[i].bit) != 0)
            protobuf_varint(w, numbers[i].field, numbers[i].value);
    if ((m->has & SPARKPLUG_HAS_METADATA) != 0)
        protobuf_string(w, METRIC_METADATA, m->metadata);
    if ((m->has & SPARKPLUG_HAS_PROPERTIES) != 0)
        protobuf_string(w, METRIC_PROPERTIES, m->properties);
    write_value(w, m);
    protobuf_end(w, begun);
}

static double cut(double value, double least, double most) {
    return value < least ? least : value > most ? most : trunc(value);
}

void sparkplug_set_number(struct sparkplug_metric *m, enum sparkplug_type type, double value) {
    CHECK((unsigned)type < SPARKPLUG_TYPES && types[type].name != NULL && types[type].kind != SPARKPLUG_VALUE_STRING);
    const struct type *t = &types[type];
    m->null = value != value;
    m->has = m->null ? m->has | SPARKPLUG_HAS_NULL : m->has & ~(uint32_t)SPARKPLUG_HAS_NULL;
    m->kind = m->null ? SPARKPLUG_NO_VALUE : t->kind;
    m->bits = 0;
    if (m->null)
        return;
    float single = (float)value;
    uint32_t small;
    switch (t->kind) {
    case SPARKPLUG_VALUE_FLOAT:
        memcpy(&small, &single, sizeof small);
        m->bits = small;
        break;
    case SPARKPLUG_VALUE_DOUBLE:
        memcpy(&m->bits, &value, sizeof m->bits);
        break;
    case SPARKPLUG_VALUE_BOOLEAN:
        m->bits = value != 0;
        break;
    case SPARKPLUG_VALUE_INT:
        m->bits = (uint32_t)(int64_t)cut(value, t->least, t->most);
        break;
    default:
        value = cut(value, t->least, t->most);
        m->bits = value < 0 ? (uint64_t)(int64_t)value : (uint64_t)value;
        break;
    }
}

/* Integers of fewer bits than their field come sign-extended or not, depending on who wrote them. */
static double signed_number(uint64_t bits, unsigned width) {
    uint64_t sign = (uint64_t)1 << (width - 1), mask = width == 64 ? UINT64_MAX : ((uint64_t)1 << width) - 1;
    bits &= mask;
    return (bits & sign) != 0 ? -(double)((~bits & mask) + 1) : (double)bits;
}

bool sparkplug_number(const struct sparkplug_metric *m, enum sparkplug_type type, double *out) {
    float single;
    uint32_t small = (uint32_t)m->bits;
    unsigned width = type == SPARKPLUG_INT8    ? 8
                     : type == SPARKPLUG_INT16 ? 16
                     : type == SPARKPLUG_INT32 ? 32
                     : type == SPARKPLUG_INT64 ? 64
                                               : 0;
    switch (m->kind) {
    case SPARKPLUG_VALUE_FLOAT:
        memcpy(&single, &small, sizeof single);
        *out = (double)single;
        return true;
    case SPARKPLUG_VALUE_DOUBLE:
        memcpy(out, &m->bits, sizeof *out);
        return true;
    case SPARKPLUG_VALUE_INT:
    case SPARKPLUG_VALUE_LONG:
    case SPARKPLUG_VALUE_BOOLEAN:
        *out = width > 0 ? signed_number(m->bits, width) : (double)m->bits;
        return true;
    default:
        return false;
    }
}

/* --- reading -------------------------------------------------------------------------------------------------------- */

static bool take_text(const struct protobuf_field *f, struct bytes *out) {
    *out = f->string;
    if (f->wire != PROTOBUF_LENGTH)
        return false;
    for (size_t at = 0; at < f->string.size;) {
        size_t length = utf8_sequence(f->string.data + at, f->string.size - at);
        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

static bool take_flag(const struct protobuf_field *f, bool *out) {
    *out = f->value != 0;
    return f->wire == PROTOBUF_VARINT;
}

/* The value: of several the last counts, as everywhere in Protocol Buffers. */
static bool take_value(const struct protobuf_field *f, struct sparkplug_metric *m) {
    static const enum protobuf_wire wires[] = {PROTOBUF_VARINT, PROTOBUF_VARINT, PROTOBUF_FIXED32, PROTOBUF_FIXED64,
                                               PROTOBUF_VARINT, PROTOBUF_LENGTH, PROTOBUF_LENGTH,  PROTOBUF_LENGTH,
                                               PROTOBUF_LENGTH, PROTOBUF_LENGTH};
    m->kind = (enum sparkplug_value)f->number;
    m->bits = f->value;
    m->bytes = (struct bytes){0};
    if (f->wire != wires[f->number - SPARKPLUG_VALUE_INT])
        return false;
    if (m->kind == SPARKPLUG_VALUE_INT)
        m->bits = (uint32_t)f->value;
    else if (m->kind == SPARKPLUG_VALUE_BOOLEAN)
        m->bits = f->value != 0;
    else if (f->wire == PROTOBUF_LENGTH)
        m->bits = 0;
    if (m->kind == SPARKPLUG_VALUE_STRING)
        return take_text(f, &m->bytes);
    m->bytes = f->string;
    return true;
}

static bool take_field(const struct protobuf_field *f, struct sparkplug_metric *m) {
    bool varint = f->wire == PROTOBUF_VARINT;
    if (f->number >= SPARKPLUG_VALUE_INT && f->number <= SPARKPLUG_VALUE_EXTENSION)
        return take_value(f, m);
    if (f->number < METRIC_NAME || f->number > METRIC_PROPERTIES)
        return true;
    m->has |= 1U << (f->number - METRIC_NAME); /* the bits stand in the order of the fields */
    switch (f->number) {
    case METRIC_NAME:
        return take_text(f, &m->name);
    case METRIC_ALIAS:
        m->alias = f->value;
        return varint;
    case METRIC_TIMESTAMP:
        m->timestamp = f->value;
        return varint;
    case METRIC_TYPE:
        m->type = (uint32_t)f->value;
        return varint;
    case METRIC_HISTORICAL:
        return take_flag(f, &m->historical);
    case METRIC_TRANSIENT:
        return take_flag(f, &m->transient);
    case METRIC_NULL:
        return take_flag(f, &m->null);
    case METRIC_METADATA:
        m->metadata = f->string;
        return f->wire == PROTOBUF_LENGTH;
    default:
        m->properties = f->string;
        return f->wire == PROTOBUF_LENGTH;
    }
}

static int read_metric(struct bytes b, struct sparkplug_metric *out) {
    struct bytes_reader r = bytes_reader_of(b);
    struct sparkplug_metric m = {0};
    struct protobuf_field f;
    int error;
    while ((error = protobuf_next(&r, &f)) == 0)
        if (!take_field(&f, &m))
            return ERR_MALFORMED;
    if (error != ERR_CLOSED)
        return error;
    *out = m;
    return 0;
}

int sparkplug_next_metric(struct bytes_reader *r, struct sparkplug_metric *out) {
    struct protobuf_field f;
    int error;
    while ((error = protobuf_next(r, &f)) == 0)
        if (f.number == PAYLOAD_METRIC)
            return f.wire == PROTOBUF_LENGTH ? read_metric(f.string, out) : ERR_MALFORMED;
    return error;
}

static bool take_part(const struct protobuf_field *f, struct sparkplug_payload *p) {
    struct sparkplug_metric m;
    switch (f->number) {
    case PAYLOAD_TIMESTAMP:
        p->has_timestamp = true;
        p->timestamp = f->value;
        return f->wire == PROTOBUF_VARINT;
    case PAYLOAD_SEQ:
        p->has_seq = true;
        p->seq = f->value;
        return f->wire == PROTOBUF_VARINT;
    case PAYLOAD_METRIC:
        p->metrics++;
        return f->wire == PROTOBUF_LENGTH && read_metric(f->string, &m) == 0;
    case PAYLOAD_UUID:
        return take_text(f, &p->uuid);
    case PAYLOAD_BODY:
        p->body = f->string;
        return f->wire == PROTOBUF_LENGTH;
    default:
        return true;
    }
}

int sparkplug_read(struct bytes payload, struct sparkplug_payload *out) {
    struct bytes_reader r = bytes_reader_of(payload);
    struct sparkplug_payload p = {0};
    struct protobuf_field f;
    int error;
    while ((error = protobuf_next(&r, &f)) == 0)
        if (!take_part(&f, &p))
            return ERR_MALFORMED;
    if (error != ERR_CLOSED)
        return error;
    *out = p;
    return 0;
}

int sparkplug_historical(struct bytes payload, struct bytes_writer *w) {
    struct sparkplug_payload p;
    struct sparkplug_metric m;
    int error = sparkplug_read(payload, &p);
    if (error < 0)
        return error;
    if (p.has_timestamp)
        sparkplug_write_timestamp(w, p.timestamp);
    struct bytes_reader r = bytes_reader_of(payload);
    while (sparkplug_next_metric(&r, &m) == 0) {
        m.has |= SPARKPLUG_HAS_HISTORICAL;
        m.historical = true;
        sparkplug_write_metric(w, &m);
    }
    if (p.has_seq)
        sparkplug_write_seq(w, p.seq);
    if (p.uuid.size > 0)
        sparkplug_write_uuid(w, p.uuid);
    if (p.body.size > 0)
        sparkplug_write_body(w, p.body);
    return w->failed ? ERR_TOO_BIG : 0;
}
