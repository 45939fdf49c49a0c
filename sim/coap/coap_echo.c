#include "coap/coap_echo.h"

#include <string.h>

#include "coap/coap_judge.h"
#include "crypto/crypto_digest.h"

enum { TIME_BYTES = 8, MAC_BYTES = COAP_ECHO_OURS - TIME_BYTES, ADDRESS_MAX = 64 };

bool coap_echo_learn(struct coap_echo *e, const struct coap_message *response) {
    struct bytes value;
    if (!coap_judge_find(response, COAP_ECHO, &value))
        return false;
    e->size = (uint8_t)value.size;
    memcpy(e->value, value.data, value.size);
    return response->code == COAP_UNAUTHORIZED;
}

static void make(struct bytes key, struct bytes address, uint64_t at, uint8_t out[COAP_ECHO_OURS]) {
    uint8_t text[TIME_BYTES + ADDRESS_MAX], mac[CRYPTO_DIGEST_BYTES];
    struct bytes_writer w = bytes_writer_of(text, sizeof text);
    bytes_write_u32(&w, (uint32_t)(at >> 32));
    bytes_write_u32(&w, (uint32_t)at);
    bytes_write(&w, bytes_of(address.data, address.size < ADDRESS_MAX ? address.size : ADDRESS_MAX));
    crypto_digest_hmac_sha256(key.data, key.size, text, bytes_written(&w), mac);
    memcpy(out, text, TIME_BYTES);
    memcpy(out + TIME_BYTES, mac, MAC_BYTES);
}

void coap_echo_make(struct bytes key, struct bytes address, instant now, uint8_t out[COAP_ECHO_OURS]) {
    make(key, address, (uint64_t)now, out);
}

bool coap_echo_is_fresh(struct bytes key, struct bytes address, instant now, span max_age, struct bytes value) {
    uint8_t ours[COAP_ECHO_OURS];
    if (value.size != COAP_ECHO_OURS)
        return false;
    struct bytes_reader r = bytes_reader_of(value);
    uint64_t high = bytes_read_u32(&r), at = high << 32 | bytes_read_u32(&r);
    make(key, address, at, ours);
    unsigned difference = 0; /* in the same time for every value, so that it cannot be guessed byte by byte */
    for (unsigned i = 0; i < COAP_ECHO_OURS; i++)
        difference |= ours[i] ^ value.data[i];
    return difference == 0 && (instant)at <= now && now - (instant)at <= max_age;
}
