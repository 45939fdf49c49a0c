/* Messages of CoAP over datagrams (RFC 7252 section 3), streams and WebSocket frames (RFC 8323), for clients and servers alike.
 *
 * Decoding is strict about form and allocates nothing: token, options and payload are borrowed from the input, options stay in their wire
 * form (coap_option.h walks them). What options mean is judged apart (coap_judge.h), since a request with a bad option is answered, not
 * rejected. Encoding writes what it is told without judging it. */
#ifndef MUSTER_COAP_COAP_CODEC_H
#define MUSTER_COAP_COAP_CODEC_H

#include "base/bytes.h"
#include "coap/coap_option.h"
#include "coap/coap_rule.h"
#include "coap/coap_tables.h"

enum {
    COAP_HEADER = 4, /* bytes before the token of a datagram */
    COAP_TOKEN_MAX = 8,
    COAP_DATAGRAM_MAX = 65535,
    COAP_STREAM_MESSAGE_DEFAULT = 1152 /* what a peer accepts that has not said otherwise (RFC 8323 section 5.3.1) */
};

struct coap_message {
    uint8_t type; /* enum coap_type; streams have none: COAP_CON when decoded */
    uint8_t code;
    uint16_t id; /* datagrams only; 0 otherwise */
    struct bytes token, payload;
    /* Decoded: `options`. Encoded: `options` if it is not empty, else `list`, which must not fall in its numbers. */
    struct bytes options;
    const struct coap_option *list;
    unsigned count;
};

/* Decodes the message at the start of `in`. A datagram or a frame is one message; a stream holds one after the other.
 * `max_size`: largest message accepted, header included; 0: none.
 *
 *   0              *consumed bytes used, *out filled
 *   ERR_AGAIN      streams: the message is not complete; *consumed is 0
 *   ERR_MALFORMED  cannot be parsed            } *fault says which statement is broken, in words, and what to do about it;
 *   ERR_PROTOCOL   parsed, but not allowed     } *consumed is 0, except for ERR_PROTOCOL in a stream, which passes over the message;
 *   ERR_TOO_BIG    larger than max_size        } out->type, code and id are set as far as they were read (else 0)
 *
 * Over streams an Empty message may carry anything that parses, and means nothing (RFC 8323 section 3.4). */
int coap_codec_decode(struct bytes in, enum coap_framing framing, size_t max_size, struct coap_message *out,
                      size_t *consumed, struct coap_fault *fault);

/* Total size of the message at the start of a stream, from its first bytes: 0 with *total set, ERR_AGAIN while they are incomplete. */
int coap_codec_frame(struct bytes in, size_t *total);

/* Size that coap_codec_encode will write; 0 when the message cannot be encoded: options that fall or are too long, a token of more than 8
 * bytes, an Empty datagram that is not empty, more than 4 GiB. */
size_t coap_codec_size(const struct coap_message *m, enum coap_framing framing);
/* Writes the message. ERR_AGAIN: the writer has no room; ERR_INVALID: it cannot be encoded. On failure nothing is written and the writer is
 * not failed. */
int coap_codec_encode(struct bytes_writer *w, const struct coap_message *m, enum coap_framing framing);

#endif
