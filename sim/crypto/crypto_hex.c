#include "crypto/crypto_hex.h"

#include "base/err.h"

void crypto_hex_encode(const void *data, size_t size, char *out) {
    static const char digits[] = "0123456789abcdef";
    const uint8_t *in = data;
    for (size_t i = 0; i < size; i++) {
        *out++ = digits[in[i] >> 4];
        *out++ = digits[in[i] & 15];
    }
    *out = '\0';
}

/* 16 for a character that is no digit. */
static unsigned value_of(char c) {
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    return c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10 : 16;
}

int crypto_hex_decode(const char *text, size_t size, uint8_t *out, size_t room, size_t *decoded) {
    if (size % 2 != 0)
        return ERR_MALFORMED;
    if (size / 2 > room)
        return ERR_TOO_BIG;
    for (size_t i = 0; i < size / 2; i++) {
        unsigned high = value_of(text[2 * i]), low = value_of(text[2 * i + 1]);
        if (high > 15 || low > 15)
            return ERR_MALFORMED;
        out[i] = (uint8_t)(high << 4 | low);
    }
    *decoded = size / 2;
    return 0;
}
