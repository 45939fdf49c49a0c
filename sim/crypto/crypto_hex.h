/* Hexadecimal text. */
#ifndef MUSTER_CRYPTO_CRYPTO_HEX_H
#define MUSTER_CRYPTO_CRYPTO_HEX_H

#include <stddef.h>
#include <stdint.h>

/* Writes 2 · size lower-case digits and a NUL; `out` has room for them. */
void crypto_hex_encode(const void *data, size_t size, char *out);
/* Either case. ERR_MALFORMED for an odd number of digits or anything else; ERR_TOO_BIG when the bytes exceed `room`. */
int crypto_hex_decode(const char *text, size_t size, uint8_t *out, size_t room, size_t *decoded);

#endif
