/* Topics, payloads and names rendered per device and message, and the mark by which an auditor recognises a message.
 *
 * The mark (docs/semantics.md, "Messages") is 16 bytes, big-endian: run id 16 bit, device 32, sequence 32,
 * intended instant in microseconds since t = 0 48 bit. It travels as 22 characters of base64url (RFC 4648 section
 * 5, no padding): where ${msg.mark} stands, at the head of random(N), or as MQTT 5.0 user property
 * PAYLOAD_MARK_PROPERTY. */
#ifndef MUSTER_DEVICE_PAYLOAD_H
#define MUSTER_DEVICE_PAYLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/instant.h"
#include "device/profile.h"
#include "device/secret.h"
#include "device/template.h"

#define PAYLOAD_MARK_PROPERTY "m"

enum {
    PAYLOAD_MARK_SIZE = 22, /* characters */
    PAYLOAD_HMAC_MAX = 4096 /* hmac(key, text): key and text, rendered, are at most this long */
};

struct payload_mark {
    uint16_t run;
    uint32_t device, sequence;
    uint64_t intended_us; /* 48 bit; negative instants count as 0 */
};

/* ${run.id} as a number: its four hex digits, or the hash of any other text. */
uint16_t payload_mark_run(const char *run_id);
void payload_mark_encode(const struct payload_mark *m, char text[PAYLOAD_MARK_SIZE]);
/* False when the characters are not a mark (foreign character, bits set beyond the 16 bytes). */
bool payload_mark_decode(const char text[PAYLOAD_MARK_SIZE], struct payload_mark *out);
/* Looks for a mark of this run in a received payload: first at the head; else the first 22 base64url characters in
 * a row, at whatever offset, that decode to run id `run` and a device below `device_count`. One table look-up per
 * byte, and a decoding per place where the run id fits, which foreign base64url text does once in 65,536 characters. */
bool payload_mark_find(struct bytes payload, uint16_t run, uint32_t device_count, struct payload_mark *out);

/* What a template may ask for. Everything is borrowed for the call; members that the template's scope does not
 * allow may be zero. */
struct payload_context {
    const struct fleet_group *group;
    const struct secret_table *secrets; /* NULL: none */
    const char *run_id;
    uint64_t seed;
    uint32_t device; /* number in the whole run */
    uint32_t index;  /* number in its fleet */
    uint32_t seq;    /* of the message, from 1 */
    uint32_t n;      /* of the message in its stream, from 1: which of the listed messages it is; 0: the first */
    instant intended;
    int64_t unix_ms;       /* ${msg.time}: the intended instant */
    const double *signals; /* [group->signal_count], values for this message */
};

/* Appends the rendered template. ERR_TOO_BIG: `out` (or a named cap above) is too small, `out->failed` is set ·
 * ERR_NOT_FOUND: a secret is missing. On failure `out` holds a part. */
int payload_render(const struct template *t, const struct payload_context *c, struct bytes_writer *out);
/* Appends `size` bytes of random(N) of that message; with `marked` and size ≥ PAYLOAD_MARK_SIZE the mark stands at
 * their head. */
int payload_random(const struct payload_context *c, uint32_t size, bool marked, struct bytes_writer *out);
/* The message's payload as its stream says: random(N) or template, of the stream or of its listed message n; after the last one they
 * begin again (timeline verb burst). */
int payload_of_message(const struct telemetry *t, const struct payload_context *c, struct bytes_writer *out);
/* The mark of the message that the context describes. */
struct payload_mark payload_mark_of(const struct payload_context *c);

#endif
