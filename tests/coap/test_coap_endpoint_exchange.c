#include "bed.h"
#include "coap/coap_endpoint_state.h"

/* RFC 7252 section 4.2: five sendings, each wait twice the last, the first between 2 and 3 s. */
static void sending_again_doubles_and_ends(void) {
    struct bed b;
    bed_begin(&b);
    CU_ASSERT_EQUAL(bed_request(&b, COAP_GET, true, false), 0);
    instant first = coap_endpoint_next_deadline(&b.endpoint);
    CU_ASSERT(first >= 2 * SPAN_S && first <= 3 * SPAN_S);
    instant at = 0;
    for (unsigned n = 0; n < 4; n++) {
        at += first << n;
        CU_ASSERT_EQUAL(coap_endpoint_next_deadline(&b.endpoint), at);
        bed_due(&b, at - 1);
        CU_ASSERT(bed_told(&b, "") && bed_wrote(&b, ""));
        bed_due(&b, at);
        CU_ASSERT(bed_told(&b, "A"));
        CU_ASSERT(bed_wrote(&b, "44 01 00 01 00 00 00 01 B1 'a'"));
    }
    bed_due(&b, at + (first << 4));
    CU_ASSERT(bed_told(&b, "E") && bed_wrote(&b, ""));
    CU_ASSERT_EQUAL(bed_event(&b, 0)->outcome, OP_TIMEOUT);
    CU_ASSERT(b.step.now >= 62 * SPAN_S && b.step.now <= 93 * SPAN_S);
    CU_ASSERT_EQUAL(pool_in_use(b.pool), 0);
    bed_end(&b);
}

static void timing_is_configured(void) {
    struct bed b;
    bed_begin(&b);
    b.config.timing.ack_timeout = 10 * SPAN_S;
    b.config.timing.ack_random_factor = COAP_FACTOR_ONE;
    b.config.timing.max_retransmit = 1;
    CU_ASSERT_EQUAL(bed_request(&b, COAP_GET, true, false), 0);
    bed_due(&b, 10 * SPAN_S);
    CU_ASSERT(bed_told(&b, "A"));
    bed_due(&b, 30 * SPAN_S);
    CU_ASSERT(bed_told(&b, "E"));
    bed_end(&b);
}

static void an_acknowledgement_stops_sending_and_starts_waiting(void) {
    struct bed b;
    bed_begin(&b);
    CU_ASSERT_EQUAL(bed_request(&b, COAP_GET, true, false), 0);
    bed_at(&b, SPAN_S);
    bed_feed(&b, "60 00 00 01");
    CU_ASSERT(bed_told(&b, "") && bed_wrote(&b, ""));
    CU_ASSERT_EQUAL(coap_endpoint_next_deadline(&b.endpoint), 296 * SPAN_S);
    bed_due(&b, 296 * SPAN_S);
    CU_ASSERT(bed_told(&b, "E"));
    CU_ASSERT_EQUAL(bed_event(&b, 0)->outcome, OP_TIMEOUT);
    bed_end(&b);
}

static void a_step_without_room_leaves_the_rest_due(void) {
    struct bed b;
    bed_begin(&b);
    b.config.timing.nstart = 3;
    for (unsigned n = 0; n < 3; n++)
        CU_ASSERT_EQUAL(bed_request(&b, COAP_GET, true, false), 0);
    b.step.out.end = b.step.out.start + 25; /* two of ten bytes */
    bed_due(&b, 4 * SPAN_S);
    CU_ASSERT(bed_told(&b, "AA"));
    CU_ASSERT(coap_endpoint_next_deadline(&b.endpoint) <= 4 * SPAN_S);
    bed_due(&b, 4 * SPAN_S);
    CU_ASSERT(bed_told(&b, "A"));
    CU_ASSERT(coap_endpoint_next_deadline(&b.endpoint) > 4 * SPAN_S);
    bed_end(&b);
}

/* An observation lives for months: it does not keep the bytes of its request. */
static void observations_are_small(void) {
    struct bed b;
    bed_begin(&b);
    static const uint8_t body[1000];
    struct coap_sending request = {
        .code = COAP_FETCH, .confirmable = true, .observe = true, .payload = bytes_of(body, sizeof body)};
    struct op op = {.n = 1};
    CU_ASSERT_EQUAL(coap_endpoint_request(&b.endpoint, &b.config, &b.step, &request, &op), 0);
    CU_ASSERT(pool_in_use(b.pool) > 1000);
    bed_feed(&b, "64 45 00 01 00 00 00 01 61 05");
    CU_ASSERT(bed_told(&b, "R"));
    CU_ASSERT(bed_event(&b, 0)->more);
    CU_ASSERT(pool_in_use(b.pool) <= 128);
    CU_ASSERT_EQUAL(coap_endpoint_next_deadline(&b.endpoint), INSTANT_NEVER);
    CU_ASSERT_EQUAL(coap_endpoint_outstanding(&b.endpoint), 0);
    CU_ASSERT(coap_endpoint_forget(&b.endpoint, &b.step, bytes_of("\0\0\0\1", 4)));
    CU_ASSERT(!coap_endpoint_forget(&b.endpoint, &b.step, bytes_of("\0\0\0\1", 4)));
    CU_ASSERT_EQUAL(pool_in_use(b.pool), 0);
    bed_end(&b);
}

static void a_renewed_observation_takes_the_place_of_the_old(void) {
    struct bed b;
    bed_begin(&b);
    CU_ASSERT_EQUAL(bed_request(&b, COAP_GET, true, true), 0);
    bed_feed(&b, "64 45 00 01 00 00 00 01 61 05");
    struct coap_sending again = {
        .code = COAP_GET, .confirmable = true, .observe = true, .token = bytes_of("\0\0\0\1", 4)};
    struct op op = {.n = 2};
    CU_ASSERT_EQUAL(coap_endpoint_request(&b.endpoint, &b.config, &b.step, &again, &op), 0);
    CU_ASSERT_EQUAL(b.endpoint.exchange_count, 1);
    bed_feed(&b, "64 45 00 02 00 00 00 01 61 06");
    CU_ASSERT(bed_told(&b, "R"));
    CU_ASSERT_EQUAL(bed_event(&b, 0)->op.n, 2);
    /* given up by Observe 1: the answer ends it */
    again.observe = false;
    CU_ASSERT_EQUAL(coap_endpoint_request(&b.endpoint, &b.config, &b.step, &again, &op), 0);
    bed_feed(&b, "64 45 00 03 00 00 00 01");
    CU_ASSERT(bed_told(&b, "R"));
    CU_ASSERT(!bed_event(&b, 0)->more);
    CU_ASSERT_EQUAL(b.endpoint.exchange_count, 0);
    bed_end(&b);
}

static void the_end_ends_everything_once(void) {
    struct bed b;
    bed_begin(&b);
    b.config.timing.nstart = 40;
    for (unsigned n = 0; n < 20; n++) {
        bed_at(&b, 0);
        CU_ASSERT_EQUAL(bed_request(&b, COAP_GET, true, n == 0), 0);
    }
    bed_feed(&b, "64 45 00 01 00 00 00 01 61 05"); /* observed: its operation has ended */
    bed_feed(&b, "40 01 77 77");
    unsigned ended = 0;
    bool more = true;
    while (more) {
        bed_at(&b, SPAN_S);
        more = coap_endpoint_finish(&b.endpoint, &b.step, OP_OPEN);
        for (unsigned i = 0; i < b.step.event_count; i++)
            ended += bed_event(&b, i)->kind == COAP_EVENT_END && bed_event(&b, i)->outcome == OP_OPEN;
    }
    CU_ASSERT_EQUAL(ended, 19);
    bed_end(&b);
}

HARNESS_MAIN("coap_endpoint_exchange", HARNESS_CASE(sending_again_doubles_and_ends), HARNESS_CASE(timing_is_configured),
             HARNESS_CASE(an_acknowledgement_stops_sending_and_starts_waiting),
             HARNESS_CASE(a_step_without_room_leaves_the_rest_due), HARNESS_CASE(observations_are_small),
             HARNESS_CASE(a_renewed_observation_takes_the_place_of_the_old), HARNESS_CASE(the_end_ends_everything_once))
