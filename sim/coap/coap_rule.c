#include "coap/coap_rule.h"

#include <stddef.h>

#include "base/err.h"

#define REJECT     ERR_MALFORMED, COAP_REJECT, COAP_HANG_UP, 0
#define IGNORE     ERR_PROTOCOL, COAP_IGNORE, COAP_IGNORE, 0
#define BAD_OPTION ERR_PROTOCOL, COAP_ANSWER, COAP_ANSWER, COAP_BAD_OPTION
#define BAD        ERR_PROTOCOL, COAP_ANSWER, COAP_ANSWER, COAP_BAD_REQUEST
#define NOTE       ERR_PROTOCOL, COAP_NOTE, COAP_NOTE, 0
#define SYNTAX     "COAP-8323-5.6-2"
#define BOTH(id)   id, id

/* Acknowledgements and Resets that break a rule are never answered (RFC 7252 section 4.2): the endpoint sees to it by their type, whatever the
 * reaction here. */
const struct coap_rule_row coap_rule_rows[COAP_RULES] = {
    [COAP_RULE_SHORT] = {"COAP-7252-3-7", SYNTAX, ERR_MALFORMED, COAP_IGNORE, COAP_HANG_UP, 0,
                         "the message is shorter than its header"},
    [COAP_RULE_VERSION] = {"COAP-7252-3-2", NULL, ERR_PROTOCOL, COAP_IGNORE, COAP_IGNORE, 0, "the version is not 1"},
    [COAP_RULE_TOKEN_LENGTH] = {"COAP-7252-3-3", SYNTAX, REJECT, "a token length of 9 to 15"},
    [COAP_RULE_TOKEN_PAST_END] = {"COAP-7252-3-5", SYNTAX, REJECT, "the token runs past the end of the message"},
    [COAP_RULE_EMPTY_WITH_BYTES] = {"COAP-7252-4.1-2", NULL, REJECT,
                                    "an Empty message with bytes after the message id"},
    [COAP_RULE_NON_EMPTY] = {"COAP-7252-4.3-2", NULL, ERR_PROTOCOL, COAP_REJECT, COAP_IGNORE, 0,
                             "a non-confirmable Empty message"},
    [COAP_RULE_CON_CLASS] = {"COAP-7252-4.2-4", NULL, ERR_PROTOCOL, COAP_REJECT, COAP_IGNORE, 0,
                             "a confirmable message with a reserved code class"},
    [COAP_RULE_NON_CLASS] = {"COAP-7252-4.3-3", NULL, ERR_PROTOCOL, COAP_REJECT, COAP_IGNORE, 0,
                             "a non-confirmable message with a reserved code class"},
    [COAP_RULE_ACK_CODE] = {"COAP-7252-4.2-2", NULL, IGNORE, "an acknowledgement that is neither Empty nor a response"},
    [COAP_RULE_RST_CODE] = {"COAP-7252-4.2-7", NULL, IGNORE, "a Reset that is not Empty"},
    [COAP_RULE_ACK_TOKEN] = {"COAP-7252-5.3.2-2", NULL, IGNORE,
                             "a piggybacked response with another token than its request"},
    [COAP_RULE_SECOND_ACK] = {"COAP-7252-5.2.2-1", NULL, IGNORE,
                              "a response in a second acknowledgement, after an Empty one"},
    [COAP_RULE_STREAM_CLASS] = {NULL, SYNTAX, IGNORE, "a message with a reserved code class"},
    [COAP_RULE_TOO_BIG] = {"COAP-7252-4.6-1", "COAP-8323-5.3.1-1", ERR_TOO_BIG, COAP_IGNORE, COAP_HANG_UP, 0,
                           "the message is larger than what we accept"},
    [COAP_RULE_FRAME_LENGTH] = {NULL, "COAP-8323-4.2-1", REJECT,
                                "a length field that is not zero in a WebSocket frame"},

    [COAP_RULE_DELTA_15] = {"COAP-7252-3.1-2", SYNTAX, REJECT, "an option delta of 15 that is no payload marker"},
    [COAP_RULE_LENGTH_15] = {"COAP-7252-3.1-3", SYNTAX, REJECT, "an option length of 15"},
    [COAP_RULE_OPTION_PAST_END] = {"COAP-7252-3.1-5", SYNTAX, REJECT, "an option runs past the end of the message"},
    [COAP_RULE_OPTION_NUMBER] = {"COAP-7252-3.1-6", SYNTAX, REJECT, "an option number above 65535"},
    [COAP_RULE_PAYLOAD_EMPTY] = {"COAP-7252-3-4", SYNTAX, REJECT, "a payload marker with nothing after it"},

    [COAP_RULE_CRITICAL_UNKNOWN] = {BOTH("COAP-7252-5.4.1-2"), BAD_OPTION, "an unknown critical option"},
    [COAP_RULE_SIGNAL_CRITICAL_UNKNOWN] = {NULL, "COAP-8323-5.2-1", ERR_PROTOCOL, COAP_HANG_UP, COAP_HANG_UP, 0,
                                           "an unknown critical option of a signaling message"},
    [COAP_RULE_OPTION_LENGTH] = {BOTH("COAP-7252-5.4.3-1"), BAD_OPTION, "a critical option of illegal length"},
    [COAP_RULE_OPTION_PLACE] = {BOTH("COAP-7252-5.4-1"), BAD_OPTION,
                                "a critical option without meaning in this message"},
    [COAP_RULE_OPTION_TWICE] = {BOTH("COAP-7252-5.4.5-1"), BAD_OPTION,
                                "a critical option that may occur once occurs twice"},
    [COAP_RULE_BLOCK_TWICE] = {BOTH("COAP-7959-2.1-2"), BAD_OPTION, "a Block option occurs twice"},
    [COAP_RULE_BLOCK_SIZE_REQUEST] = {BOTH("COAP-7959-2.2-2"), BAD, "size exponent 7 in a request"},
    [COAP_RULE_BLOCK_SIZE_RESPONSE] = {BOTH("COAP-7959-2.2-3"), BAD, "size exponent 7 in a response"},
    [COAP_RULE_BLOCK1_NUMBER] = {BOTH("COAP-7959-2.3-4"), BAD, "the answer names another block than was sent"},
    [COAP_RULE_BLOCK2_NUMBER] = {BOTH("COAP-7959-2.4-6"), BAD, "another block than was asked for"},
    [COAP_RULE_BLOCK_LARGER] = {BOTH("COAP-7959-2.4-1"), BAD, "a larger block than was asked for"},
    [COAP_RULE_BLOCK_LENGTH] = {BOTH("COAP-7959-2.3-1"), BAD, "a block whose length is not that of its size exponent"},
    [COAP_RULE_HOP_LIMIT] = {BOTH("COAP-8768-3-2"), BAD, "a Hop-Limit of 0 or of illegal length"},
    [COAP_RULE_ETAGS] = {BOTH("COAP-7252-5.10.6.1-1"), NOTE, "a response with several ETags"},
    [COAP_RULE_LOCATION_DOTS] = {BOTH("COAP-7252-5.10.7-1"), NOTE, "a Location-Path of one or two dots"},
    [COAP_RULE_OBSERVE_ERROR] = {BOTH("COAP-7641-4.2-5"), NOTE, "an Observe option in an error response"},
    [COAP_RULE_PAYLOAD_PLACE] = {BOTH("COAP-7252-5.5-2"), NOTE, "a payload on a response code that has none"},
    [COAP_RULE_DIAGNOSTIC_TEXT] = {BOTH("COAP-7252-5.5.2-1"), NOTE, "a diagnostic payload that is not UTF-8"},
};

int coap_rule_break(enum coap_rule rule, enum coap_framing framing, uint32_t option, struct coap_fault *fault) {
    const struct coap_rule_row *row = &coap_rule_rows[rule];
    const char *statement = framing == COAP_UDP ? row->statement_udp : row->statement_tcp;
    if (!statement)
        statement = row->statement_udp ? row->statement_udp : row->statement_tcp;
    *fault = (struct coap_fault){.statement = statement,
                                 .detail = row->detail,
                                 .reaction = framing == COAP_UDP ? row->reaction_udp : row->reaction_tcp,
                                 .code = row->code,
                                 .option = option};
    return row->result;
}
