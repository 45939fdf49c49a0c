/* An endpoint on a test bed: a pool, a step, datagrams in as text, datagrams and events out. Its message ids and tokens count from 1. */
#ifndef MUSTER_TESTS_COAP_BED_H
#define MUSTER_TESTS_COAP_BED_H

#include "base/check.h"
#include "base/err.h"
#include "coap/coap_endpoint.h"
#include "harness.h"
#include "mqtt/vector.h"

enum { BED_OUT = 1 << 14 };

struct bed {
    struct coap_endpoint endpoint;
    struct coap_config config;
    struct coap_step step;
    struct pool *pool;
    uint8_t out[BED_OUT];
    uint32_t ops;
};

static inline void bed_begin(struct bed *b) {
    *b = (struct bed){.config = {.timing = coap_timing_default, .token_size = 4}};
    b->pool = pool_new(1 << 24);
    CHECK(b->pool);
    b->step.pool = b->pool;
    b->step.seed = 1;
    b->step.device = 7;
    b->step.out = bytes_writer_of(b->out, sizeof b->out);
    coap_endpoint_init(&b->endpoint);
    b->endpoint.started = true;
    b->endpoint.next_id = 1;
    coap_step_begin(&b->step, 0);
}

static inline void bed_at(struct bed *b, instant now) {
    coap_step_begin(&b->step, now);
}

/* Nothing of the pool may be left lent. */
static inline void bed_end(struct bed *b) {
    do
        bed_at(b, b->step.now);
    while (coap_endpoint_finish(&b->endpoint, &b->step, OP_OPEN));
    CU_ASSERT_EQUAL(pool_in_use(b->pool), 0);
    CU_ASSERT_EQUAL(b->endpoint.exchange_count, 0);
    CU_ASSERT_EQUAL(b->endpoint.seen_count, 0);
    pool_free(b->pool);
}

static inline int bed_request(struct bed *b, uint8_t code, bool confirmable, bool observe) {
    struct coap_option path = {COAP_URI_PATH, bytes_of("a", 1)};
    struct coap_sending request = {
        .code = code, .confirmable = confirmable, .observe = observe, .list = &path, .count = 1};
    struct op op = {.n = ++b->ops};
    return coap_endpoint_request(&b->endpoint, &b->config, &b->step, &request, &op);
}

/* Feeds a datagram into a fresh step at the present instant. */
static inline void bed_feed(struct bed *b, const char *text) {
    static struct vector in; /* events borrow from it until the next feed */
    vector_parse(&in, text);
    bed_at(b, b->step.now);
    coap_endpoint_input(&b->endpoint, &b->config, &b->step, vector_bytes(&in));
    CU_ASSERT(b->step.event_count <= 2 && b->step.datagrams <= 1);
}

static inline void bed_due(struct bed *b, instant at) {
    bed_at(b, at);
    coap_endpoint_due(&b->endpoint, &b->config, &b->step);
}

/* The step wrote exactly these datagrams, parted by "|"; "": none. */
static inline bool bed_wrote(const struct bed *b, const char *text) {
    static struct vector expected;
    unsigned n = 0;
    bool ok = true;
    while (*text && ok) {
        char one[1024];
        size_t size = strcspn(text, "|");
        CHECK(size < sizeof one);
        memcpy(one, text, size);
        one[size] = 0;
        vector_parse(&expected, one);
        ok = n < b->step.datagrams && bytes_equal(coap_step_datagram(&b->step, n), vector_bytes(&expected));
        n++;
        text += size + (text[size] == '|');
    }
    ok = ok && n == b->step.datagrams;
    for (unsigned i = 0; !ok && i < b->step.datagrams; i++)
        vector_dump("wrote", coap_step_datagram(&b->step, i));
    return ok;
}

/* The step's events are exactly these kinds, one letter each: Q request, R response, E end, A resent, D duplicate, L late, V violation. */
static inline bool bed_told(const struct bed *b, const char *kinds) {
    static const char letters[COAP_EVENT_KINDS + 1] = "QREADLV";
    bool ok = strlen(kinds) == b->step.event_count;
    for (unsigned i = 0; ok && i < b->step.event_count; i++)
        ok = letters[b->step.events[i].kind] == kinds[i];
    for (unsigned i = 0; !ok && i < b->step.event_count; i++)
        printf("  told %c\n", letters[b->step.events[i].kind]);
    return ok;
}

static inline const struct coap_event *bed_event(const struct bed *b, unsigned n) {
    CHECK(n < b->step.event_count);
    return &b->step.events[n];
}

#endif
