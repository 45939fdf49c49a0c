/* SenML as CBOR (RFC 8428 section 6): an array of maps whose keys are small integers. Written deterministically (codec/cbor.h); read
 * in any form that is well-formed, and as strictly as senml_json.h reads. */
#ifndef MUSTER_CODEC_SENML_CBOR_H
#define MUSTER_CODEC_SENML_CBOR_H

#include "codec/cbor.h"
#include "codec/senml.h"

/* Call it first, with the number of records to come. */
void senml_cbor_begin(struct bytes_writer *out, unsigned records);
void senml_cbor_record(struct bytes_writer *out, const struct senml_record *r);

struct senml_cbor_reader {
    struct cbor_reader in;
    bool begun;
};
struct senml_cbor_reader senml_cbor_reader_of(struct bytes b);
/* The next record; texts and data are borrowed from the input. ERR_CLOSED: that was the last · ERR_MALFORMED · ERR_TOO_BIG: nested too
 * deep. */
int senml_cbor_next(struct senml_cbor_reader *r, struct senml_record *out);

#endif
