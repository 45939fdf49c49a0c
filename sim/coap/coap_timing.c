#include "coap/coap_timing.h"

#include "base/draw.h"

const struct coap_timing coap_timing_default = {.ack_timeout = 2 * SPAN_S,
                                                .ack_random_factor = 1500,
                                                .max_retransmit = 4,
                                                .nstart = 1,
                                                .probing_rate = 1,
                                                .max_latency = 100 * SPAN_S};

/* The longest first timeout. Whole microseconds: a timeout of years cannot overflow on the way. */
static span longest(const struct coap_timing *t) {
    return t->ack_timeout / 1000 * t->ack_random_factor;
}

static span times(span s, int64_t by) {
    return s > INT64_MAX / 4 / by ? INT64_MAX / 4 : s * by;
}

span coap_timing_transmit_span(const struct coap_timing *t) {
    return t->max_retransmit == 0 ? 0 : times(longest(t), (INT64_C(1) << t->max_retransmit) - 1);
}

span coap_timing_transmit_wait(const struct coap_timing *t) {
    return times(longest(t), (INT64_C(2) << t->max_retransmit) - 1);
}

static span processing(const struct coap_timing *t) {
    return t->processing_delay > 0 ? t->processing_delay : t->ack_timeout;
}

span coap_timing_max_rtt(const struct coap_timing *t) {
    return 2 * t->max_latency + processing(t);
}

span coap_timing_exchange_lifetime(const struct coap_timing *t) {
    return coap_timing_transmit_span(t) + 2 * t->max_latency + processing(t);
}

span coap_timing_non_lifetime(const struct coap_timing *t) {
    return coap_timing_transmit_span(t) + t->max_latency;
}

span coap_timing_response(const struct coap_timing *t) {
    return t->response_timeout > 0 ? t->response_timeout : coap_timing_transmit_wait(t) + coap_timing_max_rtt(t);
}

span coap_timing_first(const struct coap_timing *t, uint64_t bits) {
    return t->ack_timeout + (span)draw_below(bits, (uint64_t)(longest(t) - t->ack_timeout) + 1);
}
