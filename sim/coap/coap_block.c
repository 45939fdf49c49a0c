#include "coap/coap_block.h"

#include <string.h>

#include "base/err.h"

enum { EXPONENT_BASE = 4 };
#define NO_FORMAT UINT32_MAX

int coap_block_slice(uint32_t size, struct coap_block wanted, uint8_t exponent, struct coap_slice *out) {
    uint64_t offset = (uint64_t)wanted.number << (wanted.exponent + EXPONENT_BASE);
    uint8_t used = wanted.exponent < exponent ? wanted.exponent : exponent;
    uint64_t number = offset >> (used + EXPONENT_BASE);
    if (wanted.exponent > COAP_BLOCK_EXPONENT_MAX || number > COAP_BLOCK_NUMBER_MAX || (offset >= size && offset > 0))
        return ERR_INVALID;
    uint32_t left = size - (uint32_t)offset, length = coap_block_size(used);
    out->offset = (uint32_t)offset;
    out->length = left < length ? left : length;
    out->block = (struct coap_block){(uint32_t)number, left > length, used};
    return 0;
}

void coap_block_upload_begin(struct coap_upload *u, uint32_t size, uint8_t exponent) {
    *u = (struct coap_upload){.size = size, .exponent = exponent};
}

int coap_block_upload_next(const struct coap_upload *u, struct coap_slice *out) {
    struct coap_block wanted = {u->offset >> (u->exponent + EXPONENT_BASE), false, u->exponent};
    if (((uint64_t)u->size + coap_block_size(u->exponent) - 1) >> (u->exponent + EXPONENT_BASE) >
        (uint64_t)COAP_BLOCK_NUMBER_MAX + 1)
        return ERR_INVALID;
    return coap_block_slice(u->size, wanted, u->exponent, out);
}

/* From the beginning, in blocks of at most that size. */
static enum coap_block_result restart_upload(struct coap_upload *u, uint8_t exponent) {
    if (u->restarts++ >= COAP_BLOCK_RESTARTS_MAX)
        return COAP_BLOCK_REFUSED;
    u->offset = 0;
    u->exponent = exponent < u->exponent ? exponent : u->exponent;
    return COAP_BLOCK_RESTART;
}

enum coap_block_result coap_block_upload_answer(struct coap_upload *u, const struct coap_message *response,
                                                struct coap_fault *fault) {
    struct coap_block block;
    struct coap_slice sent;
    bool has = coap_option_find_block(response->options, COAP_BLOCK1, &block);
    if (response->code == COAP_REQUEST_ENTITY_TOO_LARGE && has && block.exponent < u->exponent)
        return restart_upload(u, block.exponent);
    if (response->code == COAP_REQUEST_ENTITY_INCOMPLETE)
        return restart_upload(u, u->exponent);
    if (coap_code_class(response->code) != 2)
        return COAP_BLOCK_REFUSED;
    if (coap_block_upload_next(u, &sent) < 0)
        return COAP_BLOCK_REFUSED;
    if (has && block.number != sent.block.number) {
        coap_rule_break(COAP_RULE_BLOCK1_NUMBER, COAP_UDP, COAP_BLOCK1, fault);
        return COAP_BLOCK_BROKEN;
    }
    if (!sent.block.more)
        return COAP_BLOCK_DONE;
    if (response->code != COAP_CONTINUE) /* the server has made up its mind with a part of the body */
        return COAP_BLOCK_DONE;
    u->offset = sent.offset + sent.length;
    /* what was sent stays sent: from here on in smaller blocks */
    if (has && block.exponent < u->exponent)
        u->exponent = block.exponent;
    return COAP_BLOCK_MORE;
}

void coap_block_download_begin(struct coap_download *d, uint8_t exponent) {
    *d = (struct coap_download){.exponent = exponent, .format = NO_FORMAT};
}

struct coap_block coap_block_download_next(const struct coap_download *d) {
    return (struct coap_block){d->offset >> (d->exponent + EXPONENT_BASE), false, d->exponent};
}

static uint32_t format_of(const struct coap_message *m) {
    uint32_t format;
    return coap_option_find_uint(m->options, COAP_CONTENT_FORMAT, &format) ? format : NO_FORMAT;
}

/* Is this still the representation that the download began with? The first block says which that is. */
static bool continues(struct coap_download *d, const struct coap_message *m) {
    struct bytes etag = bytes_of(NULL, 0);
    (void)coap_option_find(m->options, COAP_ETAG, &etag);
    if (etag.size > sizeof d->etag)
        etag.size = sizeof d->etag;
    if (!d->begun) {
        d->etag_size = (uint8_t)etag.size;
        if (etag.size > 0)
            memcpy(d->etag, etag.data, etag.size);
        d->format = format_of(m);
        d->begun = true;
        return true;
    }
    return bytes_equal(etag, bytes_of(d->etag, d->etag_size)) && format_of(m) == d->format;
}

static enum coap_block_result break_download(enum coap_rule rule, struct coap_fault *fault) {
    coap_rule_break(rule, COAP_UDP, COAP_BLOCK2, fault);
    return COAP_BLOCK_BROKEN;
}

enum coap_block_result coap_block_download_answer(struct coap_download *d, const struct coap_message *response,
                                                  struct bytes *chunk, struct coap_fault *fault) {
    struct coap_block block = {0, false, d->exponent};
    if (coap_code_class(response->code) != 2)
        return COAP_BLOCK_REFUSED;
    if (!coap_option_find_block(response->options, COAP_BLOCK2, &block)) {
        if (d->offset > 0)
            return break_download(COAP_RULE_BLOCK2_NUMBER, fault);
        *chunk = response->payload;
        d->offset = (uint32_t)response->payload.size;
        return COAP_BLOCK_DONE;
    }
    uint32_t size = coap_block_size(block.exponent);
    if (block.exponent > d->exponent)
        return break_download(COAP_RULE_BLOCK_LARGER, fault);
    if ((uint64_t)block.number * size != d->offset)
        return break_download(COAP_RULE_BLOCK2_NUMBER, fault);
    if (block.more ? response->payload.size != size : response->payload.size > size)
        return break_download(COAP_RULE_BLOCK_LENGTH, fault);
    if (!continues(d, response)) {
        uint8_t restarts = d->restarts;
        coap_block_download_begin(d, d->exponent);
        d->restarts = (uint8_t)(restarts + 1);
        return restarts >= COAP_BLOCK_RESTARTS_MAX ? COAP_BLOCK_REFUSED : COAP_BLOCK_RESTART;
    }
    d->exponent = block.exponent;
    d->offset += (uint32_t)response->payload.size;
    *chunk = response->payload;
    return block.more ? COAP_BLOCK_MORE : COAP_BLOCK_DONE;
}

void coap_block_collect_begin(struct coap_collect *c, uint32_t limit, uint8_t exponent) {
    *c = (struct coap_collect){.limit = limit, .exponent = exponent, .format = NO_FORMAT};
}

/* Do the parts belong together (RFC 7959 section 2.3, RFC 9175 section 3.3)? Block 0 begins anew. */
static bool joins(struct coap_collect *c, const struct coap_message *m, bool first) {
    struct bytes tag = bytes_of(NULL, 0);
    (void)coap_option_find(m->options, COAP_REQUEST_TAG, &tag);
    if (tag.size > sizeof c->tag)
        tag.size = sizeof c->tag;
    if (first) {
        c->tag_size = (uint8_t)tag.size;
        if (tag.size > 0)
            memcpy(c->tag, tag.data, tag.size);
        c->format = format_of(m);
        c->begun = true;
        c->offset = 0;
        return true;
    }
    return c->begun && bytes_equal(tag, bytes_of(c->tag, c->tag_size)) && format_of(m) == c->format;
}

enum coap_block_result coap_block_collect_part(struct coap_collect *c, const struct coap_message *request,
                                               struct bytes *chunk, uint8_t *answer, struct coap_block *block) {
    *block = (struct coap_block){0};
    if (!coap_option_find_block(request->options, COAP_BLOCK1, block)) {
        *answer = COAP_BAD_REQUEST;
        return COAP_BLOCK_REFUSED;
    }
    uint32_t size = coap_block_size(block->exponent);
    uint64_t offset = (uint64_t)block->number * size;
    bool first = block->number == 0;
    if (block->more ? request->payload.size != size : request->payload.size > size) {
        *answer = COAP_BAD_REQUEST;
        return COAP_BLOCK_REFUSED;
    }
    if (!joins(c, request, first) || offset != c->offset) {
        *answer = COAP_REQUEST_ENTITY_INCOMPLETE;
        return COAP_BLOCK_REFUSED;
    }
    if (offset + request->payload.size > c->limit) {
        *answer = COAP_REQUEST_ENTITY_TOO_LARGE;
        c->begun = false;
        return COAP_BLOCK_REFUSED;
    }
    *chunk = request->payload;
    c->offset = (uint32_t)(offset + request->payload.size);
    /* the answer names a smaller size, which the client counts in from then on (section 2.5) */
    if (block->exponent > c->exponent)
        block->exponent = c->exponent;
    c->begun = block->more;
    *answer = block->more ? COAP_CONTINUE : 0;
    return block->more ? COAP_BLOCK_MORE : COAP_BLOCK_DONE;
}
