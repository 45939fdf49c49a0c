#include "crypto/crypto_base64.h"

#include "base/err.h"

static const char *const alphabets[] = {
    [CRYPTO_BASE64] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    [CRYPTO_BASE64_URL] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
};

size_t crypto_base64_encoded_size(enum crypto_base64_kind kind, size_t size) {
    if (kind == CRYPTO_BASE64)
        return (size + 2) / 3 * 4;
    return size / 3 * 4 + (size % 3 == 0 ? 0 : size % 3 + 1);
}

int crypto_base64_encode(enum crypto_base64_kind kind, const void *data, size_t size, char *out, size_t room) {
    if (room < 1 || crypto_base64_encoded_size(kind, size) > room - 1)
        return ERR_TOO_BIG;
    const uint8_t *in = data;
    const char *alphabet = alphabets[kind];
    for (size_t at = 0; at < size; at += 3) {
        size_t bytes = size - at < 3 ? size - at : 3;
        uint32_t group = 0;
        for (size_t i = 0; i < 3; i++)
            group = group << 8 | (i < bytes ? in[at + i] : 0U);
        for (size_t i = 0; i <= bytes; i++)
            *out++ = alphabet[group >> (18 - 6 * i) & 63];
        for (size_t i = bytes; i < 3 && kind == CRYPTO_BASE64; i++)
            *out++ = '=';
    }
    *out = '\0';
    return 0;
}

/* The 6 bits of a character; 64 for one outside the alphabet. */
static uint32_t value_of(enum crypto_base64_kind kind, char c) {
    if (c >= 'A' && c <= 'Z')
        return (uint32_t)(c - 'A');
    if (c >= 'a' && c <= 'z')
        return (uint32_t)(c - 'a' + 26);
    if (c >= '0' && c <= '9')
        return (uint32_t)(c - '0' + 52);
    if (c == alphabets[kind][62])
        return 62;
    return c == alphabets[kind][63] ? 63 : 64;
}

/* The text's size without its padding; the padding must fill the last group. */
static int strip_padding(enum crypto_base64_kind kind, const char *text, size_t *size) {
    if (kind == CRYPTO_BASE64) {
        if (*size % 4 != 0)
            return ERR_MALFORMED;
        for (int i = 0; i < 2 && *size > 0 && text[*size - 1] == '='; i++)
            (*size)--;
    }
    return *size % 4 == 1 ? ERR_MALFORMED : 0;
}

int crypto_base64_decode(enum crypto_base64_kind kind, const char *text, size_t size, uint8_t *out, size_t room,
                         size_t *decoded) {
    if (strip_padding(kind, text, &size) != 0)
        return ERR_MALFORMED;
    size_t written = 0;
    for (size_t at = 0; at < size; at += 4) {
        size_t characters = size - at < 4 ? size - at : 4;
        uint32_t group = 0;
        for (size_t i = 0; i < 4; i++) {
            uint32_t value = i < characters ? value_of(kind, text[at + i]) : 0;
            if (value > 63)
                return ERR_MALFORMED;
            group = group << 6 | value;
        }
        size_t bytes = characters - 1;
        if (bytes < 3 && (group & (0xffffffU >> 8 * bytes)) != 0) /* another text for the same bytes */
            return ERR_MALFORMED;
        if (room - written < bytes)
            return ERR_TOO_BIG;
        for (size_t i = 0; i < bytes; i++)
            out[written++] = (uint8_t)(group >> (16 - 8 * i));
    }
    *decoded = written;
    return 0;
}
