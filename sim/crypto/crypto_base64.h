/* Base64 and base64url (RFC 4648 sections 4 and 5), strict: no line breaks, no other characters, unused bits zero. */
#ifndef MUSTER_CRYPTO_CRYPTO_BASE64_H
#define MUSTER_CRYPTO_CRYPTO_BASE64_H

#include <stddef.h>
#include <stdint.h>

enum crypto_base64_kind {
    CRYPTO_BASE64,     /* "+", "/", padded with "=" */
    CRYPTO_BASE64_URL, /* "-", "_", not padded */
};

/* Characters that `size` bytes become, without the NUL. */
size_t crypto_base64_encoded_size(enum crypto_base64_kind kind, size_t size);
/* Writes the text and a NUL. ERR_TOO_BIG when `room` is less than both. */
int crypto_base64_encode(enum crypto_base64_kind kind, const void *data, size_t size, char *out, size_t room);
/* ERR_MALFORMED; ERR_TOO_BIG when the bytes exceed `room`. What was written to `out` then has no meaning. */
int crypto_base64_decode(enum crypto_base64_kind kind, const char *text, size_t size, uint8_t *out, size_t room,
                         size_t *decoded);

#endif
