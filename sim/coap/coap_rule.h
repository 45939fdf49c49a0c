/* The rules that decoding, judging and the endpoint hold a peer to: one row per rule, with the statement's id on datagrams
 * (RFC 7252) and on streams (RFC 8323), and what an endpoint does about a breach.
 *
 * Ids are "COAP-<RFC>-<section>-<n>": the n-th statement that the conformance ledger takes from that section. */
#ifndef MUSTER_COAP_COAP_RULE_H
#define MUSTER_COAP_COAP_RULE_H

#include <stdint.h>

#include "coap/coap_tables.h"

/* What to do with a message that breaks a rule. */
enum coap_reaction {
    COAP_IGNORE,  /* drop it without a word */
    COAP_REJECT,  /* Reset if it was confirmable; a non-confirmable one may be dropped (RFC 7252 sections 4.2, 4.3) */
    COAP_ANSWER,  /* a request: answer with the fault's code; a response: reject it */
    COAP_HANG_UP, /* a stream: Abort and close (RFC 8323 section 5.6) */
    COAP_NOTE     /* use it all the same: only the sender was forbidden to do this */
};

/* What was wrong with a message. */
struct coap_fault {
    const char *statement; /* static */
    const char *detail;    /* static, for people */
    uint8_t reaction;      /* enum coap_reaction */
    uint8_t code;          /* with COAP_ANSWER: the answer to a request */
    uint32_t option;       /* the option it is about; 0: none */
};

enum coap_rule {
    /* header */
    COAP_RULE_SHORT,
    COAP_RULE_VERSION,
    COAP_RULE_TOKEN_LENGTH,
    COAP_RULE_TOKEN_PAST_END,
    COAP_RULE_EMPTY_WITH_BYTES,
    COAP_RULE_NON_EMPTY,
    COAP_RULE_CON_CLASS,
    COAP_RULE_NON_CLASS,
    COAP_RULE_ACK_CODE,
    COAP_RULE_RST_CODE,
    COAP_RULE_ACK_TOKEN,
    COAP_RULE_SECOND_ACK,
    COAP_RULE_STREAM_CLASS,
    COAP_RULE_TOO_BIG,
    COAP_RULE_FRAME_LENGTH,
    /* options and payload */
    COAP_RULE_DELTA_15,
    COAP_RULE_LENGTH_15,
    COAP_RULE_OPTION_PAST_END,
    COAP_RULE_OPTION_NUMBER,
    COAP_RULE_PAYLOAD_EMPTY,
    /* what options mean */
    COAP_RULE_CRITICAL_UNKNOWN,
    COAP_RULE_SIGNAL_CRITICAL_UNKNOWN,
    COAP_RULE_OPTION_LENGTH,
    COAP_RULE_OPTION_PLACE,
    COAP_RULE_OPTION_TWICE,
    COAP_RULE_BLOCK_TWICE,
    COAP_RULE_BLOCK_SIZE_REQUEST,
    COAP_RULE_BLOCK_SIZE_RESPONSE,
    COAP_RULE_BLOCK1_NUMBER,
    COAP_RULE_BLOCK2_NUMBER,
    COAP_RULE_BLOCK_LARGER,
    COAP_RULE_BLOCK_LENGTH,
    COAP_RULE_HOP_LIMIT,
    COAP_RULE_ETAGS,
    COAP_RULE_LOCATION_DOTS,
    COAP_RULE_OBSERVE_ERROR,
    COAP_RULE_PAYLOAD_PLACE,
    COAP_RULE_DIAGNOSTIC_TEXT,
    COAP_RULES
};

struct coap_rule_row {
    const char *statement_udp, *statement_tcp; /* NULL: the framing has no such rule */
    int8_t result;                             /* ERR_MALFORMED, ERR_PROTOCOL or ERR_TOO_BIG */
    uint8_t reaction_udp, reaction_tcp;
    uint8_t code; /* with COAP_ANSWER */
    const char *detail;
};
extern const struct coap_rule_row coap_rule_rows[COAP_RULES];

/* Fills *fault from the row and returns its result; `option` 0: none. */
int coap_rule_break(enum coap_rule rule, enum coap_framing framing, uint32_t option, struct coap_fault *fault);

#endif
