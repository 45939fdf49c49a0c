/* Bodies in blocks (RFC 7959), without the bodies: who sends or receives one keeps a few numbers here, and asks for slices or is given chunks.
 *
 *   upload     client of Block1: sends a body with a request     collect  server of Block1: receives it
 *   download   client of Block2: receives a body                 slice    server of Block2: sends it, and keeps nothing at all
 *
 * Each answer is judged by its statement; nothing here sends, so that losses are the endpoint's business (a message is sent again, and a copy
 * never arrives here). Datagrams only: exponent 7 has no meaning. */
#ifndef MUSTER_COAP_COAP_BLOCK_H
#define MUSTER_COAP_COAP_BLOCK_H

#include "coap/coap_codec.h"

enum coap_block_result {
    COAP_BLOCK_MORE, /* go on with the next block */
    COAP_BLOCK_DONE, /* the body is whole */
    COAP_BLOCK_RESTART, /* begin again at block 0: the peer wants smaller blocks, lost the parts, or the resource changed */
    COAP_BLOCK_REFUSED, /* the peer answered with an error, or without understanding blocks */
    COAP_BLOCK_BROKEN   /* the peer broke a rule: fault */
};

/* A piece of a body of `size` bytes. */
struct coap_slice {
    struct coap_block block;
    uint32_t offset, length;
};

/* The piece with the number and exponent of `wanted`, in blocks of at most `exponent`; a smaller exponent counts the same bytes in other
 * numbers. ERR_INVALID: it lies past the end of the body (an empty body has one empty block), or beyond block number 2^20 - 1. */
int coap_block_slice(uint32_t size, struct coap_block wanted, uint8_t exponent, struct coap_slice *out);

struct coap_upload {
    uint32_t size, offset;
    uint8_t exponent;
    uint8_t restarts;
};
enum { COAP_BLOCK_RESTARTS_MAX = 3 }; /* a peer that wants to begin again and again is refused */

void coap_block_upload_begin(struct coap_upload *u, uint32_t size, uint8_t exponent);
/* The block to send now. ERR_INVALID: the body has more than 2^20 blocks of this size. */
int coap_block_upload_next(const struct coap_upload *u, struct coap_slice *out);
/* The response to it. COAP_BLOCK_DONE: it is the response to the whole request, whatever its code (2.xx); REFUSED: an error code. */
enum coap_block_result coap_block_upload_answer(struct coap_upload *u, const struct coap_message *response,
                                                struct coap_fault *fault);

struct coap_download {
    uint32_t offset; /* bytes received */
    uint8_t exponent;
    uint8_t restarts;
    bool begun; /* the first block came */
    uint8_t etag_size;
    uint8_t etag[8];
    uint32_t format; /* Content-Format; UINT32_MAX: none */
};
/* `exponent`: of the blocks that are asked for. */
void coap_block_download_begin(struct coap_download *d, uint8_t exponent);
/* The block to ask for now; at the beginning a server needs not be asked at all (it offers blocks itself). */
struct coap_block coap_block_download_next(const struct coap_download *d);
/* The response to it; *chunk (borrowed) belongs at the old d->offset. With DONE the last chunk; with RESTART the body changed underway, and
 * what was received is void. A response without Block2 is a whole body. */
enum coap_block_result coap_block_download_answer(struct coap_download *d, const struct coap_message *response,
                                                  struct bytes *chunk, struct coap_fault *fault);

struct coap_collect {
    uint32_t offset, limit;
    uint8_t exponent; /* the largest that we take */
    bool begun;
    uint8_t tag_size; /* Request-Tag of the parts (RFC 9175) */
    uint8_t tag[8];
    uint32_t format;
};
/* `limit`: largest body that is taken. */
void coap_block_collect_begin(struct coap_collect *c, uint32_t limit, uint8_t exponent);
/* A request with Block1; *chunk belongs at the old c->offset, or at 0 when this is block 0, with which every body begins anew. *answer is the code to
 * respond with: 2.31 with MORE, 4.08 or 4.13 with REFUSED, 0 with DONE: the caller carries the request out. `block` is the Block1 of the
 * response. */
enum coap_block_result coap_block_collect_part(struct coap_collect *c, const struct coap_message *request,
                                               struct bytes *chunk, uint8_t *answer, struct coap_block *block);

#endif
