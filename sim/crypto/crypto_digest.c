#include "crypto/crypto_digest.h"

#include <string.h>

#include <mbedtls/platform_util.h>
#include <mbedtls/sha256.h>
#include <mbedtls/version.h>

#include "base/check.h"

/* The names with a result code: 2.x has them under _ret, its plain names return nothing and are deprecated. */
#if MBEDTLS_VERSION_NUMBER < 0x03000000
#define SHA256_STARTS mbedtls_sha256_starts_ret
#define SHA256_UPDATE mbedtls_sha256_update_ret
#define SHA256_FINISH mbedtls_sha256_finish_ret
#else
#define SHA256_STARTS mbedtls_sha256_starts
#define SHA256_UPDATE mbedtls_sha256_update
#define SHA256_FINISH mbedtls_sha256_finish
#endif

enum { BLOCK_BYTES = 64 };

_Static_assert(sizeof(mbedtls_sha256_context) <= sizeof(struct crypto_digest), "the context lives in the storage");
_Static_assert(_Alignof(mbedtls_sha256_context) <= _Alignof(struct crypto_digest), "the context lives in the storage");

static mbedtls_sha256_context *context_of(struct crypto_digest *d) {
    return (mbedtls_sha256_context *)d->storage;
}

void crypto_digest_begin(struct crypto_digest *d) {
    mbedtls_sha256_init(context_of(d));
    CHECK(SHA256_STARTS(context_of(d), 0) == 0);
}

void crypto_digest_add(struct crypto_digest *d, const void *data, size_t size) {
    if (size > 0)
        CHECK(SHA256_UPDATE(context_of(d), data, size) == 0);
}

void crypto_digest_end(struct crypto_digest *d, uint8_t out[CRYPTO_DIGEST_BYTES]) {
    CHECK(SHA256_FINISH(context_of(d), out) == 0);
    mbedtls_sha256_free(context_of(d));
}

void crypto_digest_sha256(const void *data, size_t size, uint8_t out[CRYPTO_DIGEST_BYTES]) {
    struct crypto_digest d;
    crypto_digest_begin(&d);
    crypto_digest_add(&d, data, size);
    crypto_digest_end(&d, out);
}

/* SHA-256 of the key XORed with a constant byte, and then of the data. */
static void padded(const uint8_t key[BLOCK_BYTES], uint8_t with, const void *data, size_t size,
                   uint8_t out[CRYPTO_DIGEST_BYTES]) {
    uint8_t pad[BLOCK_BYTES];
    for (int i = 0; i < BLOCK_BYTES; i++)
        pad[i] = key[i] ^ with;
    struct crypto_digest d;
    crypto_digest_begin(&d);
    crypto_digest_add(&d, pad, sizeof pad);
    crypto_digest_add(&d, data, size);
    crypto_digest_end(&d, out);
    mbedtls_platform_zeroize(pad, sizeof pad);
}

void crypto_digest_hmac_sha256(const void *key, size_t key_size, const void *data, size_t size,
                               uint8_t out[CRYPTO_DIGEST_BYTES]) {
    uint8_t block[BLOCK_BYTES] = {0}, inner[CRYPTO_DIGEST_BYTES];
    if (key_size > BLOCK_BYTES)
        crypto_digest_sha256(key, key_size, block);
    else if (key_size > 0)
        memcpy(block, key, key_size);
    padded(block, 0x36, data, size, inner);
    padded(block, 0x5c, inner, sizeof inner, out);
    mbedtls_platform_zeroize(block, sizeof block);
}
