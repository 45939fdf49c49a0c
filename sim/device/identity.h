/* Who a device says it is. Names are computed when they are needed, into a buffer that the worker lends, and never
 * kept. */
#ifndef MUSTER_DEVICE_IDENTITY_H
#define MUSTER_DEVICE_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "device/payload.h"

enum { IDENTITY_IMEI_DIGITS = 15 };

/* 15 digits: type allocation "001…" (test equipment, 3GPP TS 23.003 and GSMA TS.06), a serial that no other device
 * of the same seed has, and the Luhn check digit. Not NUL-terminated. */
void identity_imei(uint64_t seed, uint32_t device, char digits[IDENTITY_IMEI_DIGITS]);
/* Luhn check digit (ISO/IEC 7812-1 annex B) of `count` digits. */
char identity_luhn(const char *digits, unsigned count);

/* What CONNECT carries; borrowed from the buffer behind `out` of identity_render. */
struct identity_names {
    struct bytes client_id, user, password;
    bool has_user, has_password;
};

/* Renders client id (by default "muster-<run id>-<fleet>-<index>"), user name and password of the context's device
 * into `out`. Errors as payload_render. */
int identity_render(const struct payload_context *c, struct bytes_writer *out, struct identity_names *names);
/* The shared key of TLS, as its template gives it, and its name. */
int identity_shared_key(const struct payload_context *c, struct bytes_writer *out, struct bytes *name,
                        struct bytes *key);
/* The client id alone, for reports. */
int identity_client_id(const struct payload_context *c, struct bytes_writer *out);

#endif
