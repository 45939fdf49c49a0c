/* Payloads in a format instead of a template: the values of signals as JSON, CBOR or SenML (docs/payloads.md). */
#ifndef MUSTER_DEVICE_PAYLOAD_FORMAT_H
#define MUSTER_DEVICE_PAYLOAD_FORMAT_H

#include "device/payload.h"

/* What a field holds in one message. */
enum payload_format_kind { PAYLOAD_FORMAT_NOTHING, PAYLOAD_FORMAT_NUMBER, PAYLOAD_FORMAT_BOOLEAN, PAYLOAD_FORMAT_TEXT };
struct payload_format_value {
    enum payload_format_kind kind; /* NOTHING: the sensor gave no value */
    double number;                 /* rounded and cut as the field wants it; BOOLEAN: 0 or 1 */
    struct bytes text;             /* borrowed from the plan, or from `mark` */
    char mark[PAYLOAD_MARK_SIZE];
};
void payload_format_value(const struct payload_field *f, const struct payload_context *c,
                          struct payload_format_value *out);

/* Appends the payload of the message that the context describes. ERR_TOO_BIG: `out` is too small. */
int payload_format_write(const struct payload_format *f, const struct payload_context *c, struct bytes_writer *out);
/* Bytes that every payload of the format has at least. */
size_t payload_format_least(const struct payload_format *f);

#endif
