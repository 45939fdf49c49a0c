/* Decoding, encoding and decoding a CoAP message again agree, over datagrams, streams and frames; judging takes whatever was decoded.
 *
 * Input: one byte (bits 0-1: framing, bit 2: a limit of 64 bytes), then a datagram, a frame or a stream. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "coap/coap_judge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ROOM = 1 << 17 };

/* The same options as a list give the same message; longer input forms (13 for what fits a nibble) come out short. */
static void round_trip(const struct coap_message *m, enum coap_framing framing) {
    static uint8_t first[ROOM], second[ROOM];
    static struct coap_option list[ROOM];
    unsigned count = 0;
    struct coap_option_walk walk = coap_option_walk_of(m->options);
    while (coap_option_next(&walk, &list[count]))
        count++;
    CHECK(bytes_left(&walk.r) == 0);
    struct coap_message listed = *m, again;
    listed.options = bytes_of(NULL, 0);
    listed.list = list;
    listed.count = count;
    struct bytes_writer w = bytes_writer_of(first, ROOM), v = bytes_writer_of(second, ROOM);
    if (framing != COAP_UDP && m->code == COAP_EMPTY)
        return;
    CHECK(coap_codec_encode(&w, &listed, framing) == 0);
    CHECK(bytes_written(&w) == coap_codec_size(&listed, framing) && !w.failed);
    struct coap_fault fault;
    size_t consumed;
    struct bytes in = bytes_of(first, bytes_written(&w));
    CHECK(coap_codec_decode(in, framing, 0, &again, &consumed, &fault) == 0 && consumed == in.size);
    CHECK(again.code == m->code && again.type == m->type && again.id == m->id);
    CHECK(bytes_equal(again.token, m->token) && bytes_equal(again.payload, m->payload));
    CHECK(coap_codec_encode(&v, &again, framing) == 0);
    CHECK(bytes_equal(in, bytes_of(second, bytes_written(&v))));
    struct coap_fault other = fault;
    int judged = coap_judge_message(m, framing, false, &fault);
    CHECK(judged == coap_judge_message(&again, framing, false, &other));
    CHECK(judged == 0 || (fault.statement == other.statement && fault.option == other.option));
    for (const struct coap_option_row *row = coap_tables_options; row->name; row++) {
        struct bytes value;
        struct coap_block block;
        /* signaling messages have options of their own under these numbers */
        const struct coap_option_row *here = coap_tables_option(m->code, row->number);
        if (coap_judge_find(m, row->number, &value))
            CHECK(here && value.size >= here->min && value.size <= here->max);
        (void)coap_option_find_block(m->options, row->number, &block);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const enum coap_framing framings[] = {COAP_UDP, COAP_TCP, COAP_WS, COAP_UDP};
    if (size < 1 || size > ROOM / 2)
        return 0;
    enum coap_framing framing = framings[data[0] & 3];
    size_t limit = data[0] & 4 ? 64 : 0;
    struct bytes in = bytes_of(data + 1, size - 1);
    for (unsigned n = 0; n < 100; n++) {
        struct coap_message m;
        struct coap_fault fault = {0};
        size_t consumed = 0, total = 0;
        int result = coap_codec_decode(in, framing, limit, &m, &consumed, &fault);
        CHECK(consumed <= in.size && (limit == 0 || consumed <= limit));
        CHECK(result == 0 || result == ERR_AGAIN || (fault.statement && fault.detail));
        CHECK(result != ERR_AGAIN || framing == COAP_TCP);
        if (result == 0)
            round_trip(&m, framing);
        if (framing != COAP_TCP || consumed == 0)
            break;
        CHECK(coap_codec_frame(in, &total) == 0 && total == consumed);
        CHECK(coap_codec_decode(bytes_of(in.data, consumed - 1), framing, limit, &m, &total, &fault) == ERR_AGAIN);
        in = bytes_of(in.data + consumed, in.size - consumed);
    }
    return 0;
}
