/* What the options of a well-formed message mean: which of them an endpoint must refuse, and what a response must not carry.
 *
 * RFC 7252 section 5.4: an option that is unknown, of illegal length, in a place without meaning or repeated although it may not be, counts as
 * unrecognised; an unrecognised elective option is ignored, an unrecognised critical one is refused. */
#ifndef MUSTER_COAP_COAP_JUDGE_H
#define MUSTER_COAP_COAP_JUDGE_H

#include "coap/coap_codec.h"

/* 0; or ERR_PROTOCOL with the first breach in *fault: its statement, the option, the code of the answer to a request. A breach that does not
 * hinder the use of the message (COAP_NOTE) is reported when there is no other. Of signaling messages only unknown critical options are a
 * breach. `bert`: size exponent 7 is allowed (RFC 8323 section 6, both sides announced it). */
int coap_judge_message(const struct coap_message *m, enum coap_framing framing, bool bert, struct coap_fault *fault);

/* The first usable option with that number: in its place, of legal length, and not a forbidden repetition (the first stands). False: none. */
bool coap_judge_find(const struct coap_message *m, uint32_t number, struct bytes *value);

#endif
