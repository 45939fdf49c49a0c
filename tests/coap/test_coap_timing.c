#include "base/draw.h"
#include "coap/coap_timing.h"
#include "goodness.h"
#include "harness.h"

/* RFC 7252 table 3. */
static void derived_times_are_those_of_the_specification(void) {
    const struct coap_timing *t = &coap_timing_default;
    CU_ASSERT_EQUAL(coap_timing_transmit_span(t), 45 * SPAN_S);
    CU_ASSERT_EQUAL(coap_timing_transmit_wait(t), 93 * SPAN_S);
    CU_ASSERT_EQUAL(coap_timing_max_rtt(t), 202 * SPAN_S);
    CU_ASSERT_EQUAL(coap_timing_exchange_lifetime(t), 247 * SPAN_S);
    CU_ASSERT_EQUAL(coap_timing_non_lifetime(t), 145 * SPAN_S);
    CU_ASSERT_EQUAL(coap_timing_response(t), 295 * SPAN_S);
}

static void settings_count(void) {
    struct coap_timing t = coap_timing_default;
    t.max_retransmit = 0;
    CU_ASSERT_EQUAL(coap_timing_transmit_span(&t), 0);
    CU_ASSERT_EQUAL(coap_timing_transmit_wait(&t), 3 * SPAN_S);
    t.processing_delay = 10 * SPAN_S;
    CU_ASSERT_EQUAL(coap_timing_max_rtt(&t), 210 * SPAN_S);
    t.response_timeout = SPAN_MIN;
    CU_ASSERT_EQUAL(coap_timing_response(&t), SPAN_MIN);
    t.ack_random_factor = COAP_FACTOR_ONE;
    CU_ASSERT_EQUAL(coap_timing_first(&t, UINT64_MAX), 2 * SPAN_S);
    /* nothing overflows */
    t.ack_timeout = 365 * SPAN_DAY;
    t.ack_random_factor = 10000;
    t.max_retransmit = COAP_RETRANSMIT_CEILING;
    CU_ASSERT(coap_timing_exchange_lifetime(&t) > 0);
    CU_ASSERT(coap_timing_response(&t) > 0);
}

static void the_first_timeout_is_uniform(void) {
    enum { N = 5000 };
    static double drawn[N];
    for (unsigned i = 0; i < N; i++) {
        span s = coap_timing_first(&coap_timing_default, draw_u64(1, i, draw_stream_key(DRAW_COAP_TIMEOUT), 0));
        CU_ASSERT(s >= 2 * SPAN_S && s <= 3 * SPAN_S);
        drawn[i] = span_seconds(s) - 2;
    }
    CU_ASSERT_EQUAL(coap_timing_first(&coap_timing_default, 0), 2 * SPAN_S);
    CU_ASSERT_EQUAL(coap_timing_first(&coap_timing_default, UINT64_MAX), 3 * SPAN_S);
    CU_ASSERT_TRUE(goodness_uniform(drawn, N, 0, 1));
}

HARNESS_MAIN("coap_timing", HARNESS_CASE(derived_times_are_those_of_the_specification), HARNESS_CASE(settings_count),
             HARNESS_CASE(the_first_timeout_is_uniform))
