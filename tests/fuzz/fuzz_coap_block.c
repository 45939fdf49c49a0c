/* Block-wise transfers under a peer that sends any messages: nothing grows past its limit, chunks lie inside their message, and every transfer
 * ends or makes progress.
 *
 * Input: one byte (bits 0-2: size exponent), then datagrams, each after a byte with its length. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "coap/coap_block.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT = 2000, UPLOAD = 5000 };

static bool lies_inside(struct bytes part, struct bytes whole) {
    return part.size == 0 || (part.data >= whole.data && part.data + part.size <= whole.data + whole.size);
}

static void check_fault(enum coap_block_result result, const struct coap_fault *fault) {
    CHECK(result != COAP_BLOCK_BROKEN || (fault->statement && fault->detail));
}

static void feed(struct coap_upload *u, struct coap_download *d, struct coap_collect *c, const struct coap_message *m) {
    struct coap_fault fault = {0};
    struct bytes chunk = bytes_of(NULL, 0);
    struct coap_slice slice;
    struct coap_block block;
    uint8_t answer;
    uint32_t before = u->offset;
    enum coap_block_result result = coap_block_upload_answer(u, m, &fault);
    check_fault(result, &fault);
    CHECK(result != COAP_BLOCK_MORE || u->offset > before);
    CHECK(coap_block_upload_next(u, &slice) == 0 && slice.offset == u->offset && slice.offset + slice.length <= UPLOAD);
    before = d->offset;
    fault = (struct coap_fault){0};
    result = coap_block_download_answer(d, m, &chunk, &fault);
    check_fault(result, &fault);
    CHECK(lies_inside(chunk, m->payload));
    CHECK(result != COAP_BLOCK_MORE || d->offset == before + chunk.size);
    CHECK(result != COAP_BLOCK_MORE || chunk.size >= 16);
    chunk = bytes_of(NULL, 0);
    result = coap_block_collect_part(c, m, &chunk, &answer, &block);
    CHECK(lies_inside(chunk, m->payload) && c->offset <= LIMIT);
    CHECK((result == COAP_BLOCK_DONE) == (answer == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes_reader r = bytes_reader_of(bytes_of(data, size));
    struct coap_upload u;
    struct coap_download d;
    struct coap_collect c;
    uint8_t exponent = bytes_read_u8(&r) % 7;
    coap_block_upload_begin(&u, UPLOAD, exponent);
    coap_block_download_begin(&d, exponent);
    coap_block_collect_begin(&c, LIMIT, exponent);
    while (bytes_left(&r) > 0) {
        size_t length = bytes_read_u8(&r);
        struct coap_message m;
        struct coap_fault fault;
        size_t consumed;
        struct bytes datagram = bytes_read(&r, length < bytes_left(&r) ? length : bytes_left(&r));
        if (coap_codec_decode(datagram, COAP_UDP, 0, &m, &consumed, &fault) == 0)
            feed(&u, &d, &c, &m);
        struct coap_block wanted;
        struct coap_slice slice;
        if (coap_option_find_block(m.options, COAP_BLOCK2, &wanted) &&
            coap_block_slice(UPLOAD, wanted, exponent, &slice) == 0)
            CHECK(slice.offset + slice.length <= UPLOAD && slice.block.exponent <= wanted.exponent);
    }
    return 0;
}
