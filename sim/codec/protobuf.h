/* The wire format of Protocol Buffers (protobuf.dev, "Encoding"), as far as payloads need it: fields of the four kinds that are in use,
 * without allocation and without a schema. Groups, which nobody writes any more, are refused. */
#ifndef MUSTER_CODEC_PROTOBUF_H
#define MUSTER_CODEC_PROTOBUF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

enum protobuf_wire { PROTOBUF_VARINT = 0, PROTOBUF_FIXED64 = 1, PROTOBUF_LENGTH = 2, PROTOBUF_FIXED32 = 5 };

struct protobuf_field {
    uint32_t number;
    enum protobuf_wire wire;
    uint64_t value;      /* of a varint or a fixed field */
    struct bytes string; /* PROTOBUF_LENGTH: borrowed */
};

/* The next field. ERR_CLOSED: none is left · ERR_MALFORMED: cut short, number 0 or above 2^29 − 1, a group, a varint of more than 64 bits. */
int protobuf_next(struct bytes_reader *r, struct protobuf_field *out);

void protobuf_varint(struct bytes_writer *w, uint32_t field, uint64_t value);
void protobuf_fixed32(struct bytes_writer *w, uint32_t field, uint32_t value);
void protobuf_fixed64(struct bytes_writer *w, uint32_t field, uint64_t value);
void protobuf_string(struct bytes_writer *w, uint32_t field, struct bytes b);
/* A message within the message: what is written between `begin` and `end` is its content. */
size_t protobuf_begin(struct bytes_writer *w, uint32_t field);
void protobuf_end(struct bytes_writer *w, size_t begun);

#endif
