/* The times of the message layer (RFC 7252 section 4.8): what is configured, and what follows from it. */
#ifndef MUSTER_COAP_COAP_TIMING_H
#define MUSTER_COAP_COAP_TIMING_H

#include <stdint.h>

#include "base/instant.h"

enum { COAP_RETRANSMIT_CEILING = 20, COAP_FACTOR_ONE = 1000 };

struct coap_timing {
    span ack_timeout;           /* ACK_TIMEOUT, 2 s */
    uint32_t ack_random_factor; /* ACK_RANDOM_FACTOR in thousandths, 1500; at least 1000 */
    uint8_t max_retransmit;     /* MAX_RETRANSMIT, 4; at most COAP_RETRANSMIT_CEILING */
    uint8_t nstart;             /* NSTART, 1; at least 1 */
    uint32_t probing_rate;      /* PROBING_RATE, 1 byte per second; 0: no limit */
    span max_latency;           /* MAX_LATENCY, 100 s */
    span processing_delay;      /* PROCESSING_DELAY; 0: ACK_TIMEOUT */
    span
        response_timeout; /* how long a response is waited for after an Empty acknowledgement or a non-confirmable request;
                                   0: MAX_TRANSMIT_WAIT + MAX_RTT, after which no request can be answered any more */
};

/* The defaults of RFC 7252 table 2. */
extern const struct coap_timing coap_timing_default;

/* From the first transmission to the last retransmission, at most: 45 s. */
span coap_timing_transmit_span(const struct coap_timing *t);
/* From the first transmission to giving up, at most: 93 s. */
span coap_timing_transmit_wait(const struct coap_timing *t);
/* There and back: 202 s. */
span coap_timing_max_rtt(const struct coap_timing *t);
/* For how long the message id of a confirmable message may be met again: 247 s. */
span coap_timing_exchange_lifetime(const struct coap_timing *t);
/* The same for a non-confirmable one: 145 s. */
span coap_timing_non_lifetime(const struct coap_timing *t);
/* How long a response is waited for. */
span coap_timing_response(const struct coap_timing *t);

/* The first timeout of a confirmable message, uniform in [ACK_TIMEOUT, ACK_TIMEOUT × ACK_RANDOM_FACTOR], from 64 random bits. */
span coap_timing_first(const struct coap_timing *t, uint64_t bits);

#endif
