/* The Echo option (RFC 9175 section 2): a server asks a client to prove that its request is fresh and its address its own.
 *
 * The server keeps nothing: its values are a time and a keyed digest over it and the client's address. */
#ifndef MUSTER_COAP_COAP_ECHO_H
#define MUSTER_COAP_COAP_ECHO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/instant.h"
#include "coap/coap_codec.h"

enum { COAP_ECHO_MAX = 40, COAP_ECHO_OURS = 16 };

/* The client's side: the value that the next request carries. */
struct coap_echo {
    uint8_t size; /* 0: none */
    uint8_t value[COAP_ECHO_MAX];
};
/* Notes the Echo value of a response for the next request. True: the response is 4.01 with a value, so the request is to be repeated with it. */
bool coap_echo_learn(struct coap_echo *e, const struct coap_message *response);

/* The server's side: a value for the client at `address` (whatever names it: address and port), made at `now`. */
void coap_echo_make(struct bytes key, struct bytes address, instant now, uint8_t out[COAP_ECHO_OURS]);
/* Did this server make the value for that address at most `max_age` ago? */
bool coap_echo_is_fresh(struct bytes key, struct bytes address, instant now, span max_age, struct bytes value);

#endif
