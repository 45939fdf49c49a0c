/* An endpoint under a peer that sends anything at any time: bounded events, datagrams and memory, and nothing left behind.
 *
 * Input: a script. A byte's low three bits choose: 0-3 a datagram (next byte: its length, then its bytes), 4 a request (bits 3 to 5:
 * confirmable, observe, unanswered), 5 a ping or a response, 6 time passes (next byte: seconds), 7 the next deadline comes. */
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "coap/coap_endpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OUT = 4096, POOL = 1 << 22, STEPS_MAX = 2000 };

static const struct coap_config config = {
    .timing = {2 * SPAN_S, 1500, 4, 4, 1000, 100 * SPAN_S, 0, 0}, .token_size = 1, .max_size = 1200};

static void send_something(struct coap_endpoint *e, struct coap_step *s, uint8_t bits) {
    struct coap_option path = {COAP_URI_PATH, bytes_of("a", 1)};
    struct op op = {0};
    struct coap_sending sending = {.code = COAP_GET,
                                   .confirmable = bits & 8,
                                   .observe = bits & 16,
                                   .unanswered = bits & 32,
                                   .list = &path,
                                   .count = 1};
    int result;
    if ((bits & 7) == 4) {
        result = coap_endpoint_request(e, &config, s, &sending, &op);
    } else if (bits & 8) {
        result = coap_endpoint_ping(e, &config, s, &op);
    } else {
        sending = (struct coap_sending){.code = COAP_CONTENT, .confirmable = bits & 16, .token = bytes_of("t", 1)};
        result = coap_endpoint_respond(e, &config, s, &sending, &op, NULL);
    }
    CHECK(result == 0 ? s->datagrams == 1 : result == ERR_AGAIN && s->datagrams == 0);
}

/* Replies to what the peer asked, some of it later. */
static void serve(struct coap_endpoint *e, struct coap_step *s) {
    for (unsigned i = 0; i < s->event_count; i++) {
        const struct coap_event *event = &s->events[i];
        if (event->kind != COAP_EVENT_REQUEST)
            continue;
        struct coap_message response = {.code = event->message.id & 1 ? COAP_CONTENT : COAP_EMPTY,
                                        .payload = event->message.id & 1 ? event->message.payload : bytes_of(NULL, 0)};
        CHECK(coap_endpoint_reply(e, &config, s, &event->message, &response) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static uint8_t out[OUT];
    static struct coap_step s;
    struct coap_endpoint e;
    struct bytes_reader r = bytes_reader_of(bytes_of(data, size));
    s = (struct coap_step){.seed = 1, .out = bytes_writer_of(out, OUT), .pool = pool_new(POOL)};
    CHECK(s.pool);
    coap_endpoint_init(&e);
    instant now = 0;
    for (unsigned n = 0; n < STEPS_MAX && bytes_left(&r) > 0; n++) {
        uint8_t what = bytes_read_u8(&r);
        coap_step_begin(&s, now);
        if ((what & 7) < 4) {
            size_t length = bytes_read_u8(&r);
            coap_endpoint_input(&e, &config, &s, bytes_read(&r, length < bytes_left(&r) ? length : bytes_left(&r)));
            CHECK(s.event_count <= 2 && s.datagrams <= 1);
            serve(&e, &s);
        } else if ((what & 7) < 6) {
            send_something(&e, &s, what);
        } else {
            instant deadline = coap_endpoint_next_deadline(&e);
            now = (what & 7) == 7 && deadline != INSTANT_NEVER ? instant_max(now, deadline)
                                                               : now + bytes_read_u8(&r) * SPAN_S;
            coap_step_begin(&s, now);
            coap_endpoint_due(&e, &config, &s);
        }
        CHECK(e.exchange_count <= COAP_EXCHANGES_MAX && e.seen_count <= COAP_SEEN_MAX);
    }
    do
        coap_step_begin(&s, now);
    while (coap_endpoint_finish(&e, &s, OP_OPEN));
    CHECK(pool_in_use(s.pool) == 0);
    pool_free(s.pool);
    return 0;
}
