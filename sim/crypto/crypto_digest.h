/* SHA-256 (FIPS 180-4) and HMAC-SHA-256 (RFC 2104). Nothing here allocates. */
#ifndef MUSTER_CRYPTO_CRYPTO_DIGEST_H
#define MUSTER_CRYPTO_CRYPTO_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum { CRYPTO_DIGEST_BYTES = 32 };

/* A digest under way; opaque, may be copied to branch off. */
struct crypto_digest {
    uint64_t storage[16];
};

void crypto_digest_begin(struct crypto_digest *d);
void crypto_digest_add(struct crypto_digest *d, const void *data, size_t size);
/* Writes the digest and wipes `d`. */
void crypto_digest_end(struct crypto_digest *d, uint8_t out[CRYPTO_DIGEST_BYTES]);

void crypto_digest_sha256(const void *data, size_t size, uint8_t out[CRYPTO_DIGEST_BYTES]);
void crypto_digest_hmac_sha256(const void *key, size_t key_size, const void *data, size_t size,
                               uint8_t out[CRYPTO_DIGEST_BYTES]);

#endif
