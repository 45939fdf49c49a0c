/* SenML as JSON (RFC 8428 section 5): `[{"bn":"urn:dev:mac:0024befffe804ff1:","n":"temp","u":"Cel","v":23.1}, …]`.
 *
 * The reader is strict about what it understands: a label twice, a value of the wrong kind or a record without meaning is refused. Labels
 * that it does not know are passed over, unless they end with "_", which says that nobody may (section 4.4). */
#ifndef MUSTER_CODEC_SENML_JSON_H
#define MUSTER_CODEC_SENML_JSON_H

#include "codec/senml.h"

struct senml_json_writer {
    struct bytes_writer *out;
    bool begun;
};
struct senml_json_writer senml_json_begin(struct bytes_writer *out);
void senml_json_record(struct senml_json_writer *w, const struct senml_record *r);
void senml_json_end(struct senml_json_writer *w);

struct senml_json_reader {
    struct bytes_reader in;
    struct bytes_writer
        strings; /* room for texts with escapes and for data; lent by the caller, used anew for each record */
    bool begun, done;
};
struct senml_json_reader senml_json_reader_of(struct bytes b, void *room, size_t room_size);
/* The next record; texts are borrowed from the input or the room until the next call. ERR_CLOSED: that was the last ·
 * ERR_MALFORMED · ERR_TOO_BIG: the room is too small. */
int senml_json_next(struct senml_json_reader *r, struct senml_record *out);

#endif
