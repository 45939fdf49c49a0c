/* What CoAP numbers: types, codes, options and content formats, as tables that decoding, judging, help and tests read.
 *
 * Sources: RFC 7252 (base), 7641 (Observe), 7959 (Block, Size2), 7967 (No-Response), 8132 (FETCH, PATCH, iPATCH), 8323 (TCP, signaling),
 * 8516 (4.29), 8768 (Hop-Limit), 9175 (Echo, Request-Tag), and the registry of content formats. */
#ifndef MUSTER_COAP_COAP_TABLES_H
#define MUSTER_COAP_COAP_TABLES_H

#include <stdbool.h>
#include <stdint.h>

/* How messages are told apart on their transport. COAP_WS is RFC 8323 section 4: one message per binary frame, its length field zero. */
enum coap_framing { COAP_UDP, COAP_TCP, COAP_WS };

/* Which side of an exchange sends a message: requests come from clients, responses from servers, whatever device or backend they are. */
enum coap_role { COAP_CLIENT = 1, COAP_SERVER = 2 };

enum coap_type { COAP_CON, COAP_NON, COAP_ACK, COAP_RST };

#define COAP_CODE(class, detail) (((class) << 5) | (detail))

enum { COAP_CODE_DETAIL = 0x1f, COAP_CODE_SHIFT = 5 };

enum coap_code {
    COAP_EMPTY = 0,
    COAP_GET = COAP_CODE(0, 1),
    COAP_POST = COAP_CODE(0, 2),
    COAP_PUT = COAP_CODE(0, 3),
    COAP_DELETE = COAP_CODE(0, 4),
    COAP_FETCH = COAP_CODE(0, 5),
    COAP_PATCH = COAP_CODE(0, 6),
    COAP_IPATCH = COAP_CODE(0, 7),
    COAP_CREATED = COAP_CODE(2, 1),
    COAP_DELETED = COAP_CODE(2, 2),
    COAP_VALID = COAP_CODE(2, 3),
    COAP_CHANGED = COAP_CODE(2, 4),
    COAP_CONTENT = COAP_CODE(2, 5),
    COAP_CONTINUE = COAP_CODE(2, 31),
    COAP_BAD_REQUEST = COAP_CODE(4, 0),
    COAP_UNAUTHORIZED = COAP_CODE(4, 1),
    COAP_BAD_OPTION = COAP_CODE(4, 2),
    COAP_FORBIDDEN = COAP_CODE(4, 3),
    COAP_NOT_FOUND = COAP_CODE(4, 4),
    COAP_METHOD_NOT_ALLOWED = COAP_CODE(4, 5),
    COAP_NOT_ACCEPTABLE = COAP_CODE(4, 6),
    COAP_REQUEST_ENTITY_INCOMPLETE = COAP_CODE(4, 8),
    COAP_CONFLICT = COAP_CODE(4, 9),
    COAP_PRECONDITION_FAILED = COAP_CODE(4, 12),
    COAP_REQUEST_ENTITY_TOO_LARGE = COAP_CODE(4, 13),
    COAP_UNSUPPORTED_CONTENT_FORMAT = COAP_CODE(4, 15),
    COAP_UNPROCESSABLE_ENTITY = COAP_CODE(4, 22),
    COAP_TOO_MANY_REQUESTS = COAP_CODE(4, 29),
    COAP_INTERNAL_SERVER_ERROR = COAP_CODE(5, 0),
    COAP_NOT_IMPLEMENTED = COAP_CODE(5, 1),
    COAP_BAD_GATEWAY = COAP_CODE(5, 2),
    COAP_SERVICE_UNAVAILABLE = COAP_CODE(5, 3),
    COAP_GATEWAY_TIMEOUT = COAP_CODE(5, 4),
    COAP_PROXYING_NOT_SUPPORTED = COAP_CODE(5, 5),
    COAP_HOP_LIMIT_REACHED = COAP_CODE(5, 8),
    COAP_CSM = COAP_CODE(7, 1),
    COAP_PING = COAP_CODE(7, 2),
    COAP_PONG = COAP_CODE(7, 3),
    COAP_RELEASE = COAP_CODE(7, 4),
    COAP_ABORT = COAP_CODE(7, 5),
};

/* What a code's class makes of a message. */
enum coap_kind { COAP_KIND_EMPTY, COAP_KIND_REQUEST, COAP_KIND_RESPONSE, COAP_KIND_SIGNAL, COAP_KIND_RESERVED };

static inline unsigned coap_code_class(uint8_t code) {
    return code >> COAP_CODE_SHIFT;
}
static inline unsigned coap_code_detail(uint8_t code) {
    return code & COAP_CODE_DETAIL;
}
/* Classes 1 and 6 are reserved, and 7 too where there is no signaling (RFC 7252 section 3, RFC 8323 section 5). */
enum coap_kind coap_tables_kind(uint8_t code, enum coap_framing framing);

struct coap_code_row {
    uint8_t code;
    bool payload;     /* may carry one with a meaning (RFC 7252 section 5.5) */
    const char *name; /* "GET", "Content" */
};
extern const struct coap_code_row coap_tables_codes[]; /* in rising order; ends with name NULL */
/* NULL: no row. */
const struct coap_code_row *coap_tables_code(uint8_t code);

enum coap_option_number {
    COAP_IF_MATCH = 1,
    COAP_URI_HOST = 3,
    COAP_ETAG = 4,
    COAP_IF_NONE_MATCH = 5,
    COAP_OBSERVE = 6,
    COAP_URI_PORT = 7,
    COAP_LOCATION_PATH = 8,
    COAP_URI_PATH = 11,
    COAP_CONTENT_FORMAT = 12,
    COAP_MAX_AGE = 14,
    COAP_URI_QUERY = 15,
    COAP_HOP_LIMIT = 16,
    COAP_ACCEPT = 17,
    COAP_LOCATION_QUERY = 20,
    COAP_BLOCK2 = 23,
    COAP_BLOCK1 = 27,
    COAP_SIZE2 = 28,
    COAP_PROXY_URI = 35,
    COAP_PROXY_SCHEME = 39,
    COAP_SIZE1 = 60,
    COAP_ECHO = 252,
    COAP_NO_RESPONSE = 258,
    COAP_REQUEST_TAG = 292,
};

/* Options of signaling messages: each code has numbers of its own (RFC 8323 section 5.2). */
enum coap_signal_option {
    COAP_CSM_MAX_MESSAGE_SIZE = 2,
    COAP_CSM_BLOCK_WISE_TRANSFER = 4,
    COAP_PING_CUSTODY = 2,
    COAP_RELEASE_ALTERNATIVE_ADDRESS = 2,
    COAP_RELEASE_HOLD_OFF = 4,
    COAP_ABORT_BAD_CSM_OPTION = 2,
};

enum coap_format { COAP_FORMAT_EMPTY, COAP_FORMAT_OPAQUE, COAP_FORMAT_UINT, COAP_FORMAT_STRING };

struct coap_option_row {
    uint16_t number;
    uint8_t format;    /* enum coap_format */
    uint8_t places;    /* COAP_CLIENT: has a meaning in requests, COAP_SERVER: in responses */
    uint8_t repeats;   /* the same bits: may occur more than once there */
    uint16_t min, max; /* bytes of its value */
    const char *name;
};
extern const struct coap_option_row coap_tables_options[]; /* in rising order; ends with name NULL */
extern const struct coap_signal_row {
    uint8_t code;
    struct coap_option_row option;
} coap_tables_signals[]; /* ends with code 0 */

/* The row of an option in a message with that code; NULL: unknown there. */
const struct coap_option_row *coap_tables_option(uint8_t code, uint32_t number);

/* What a number says of itself (RFC 7252 section 5.4.6). */
static inline bool coap_option_critical(uint32_t number) {
    return number & 1;
}
static inline bool coap_option_unsafe(uint32_t number) {
    return number & 2;
}
static inline bool coap_option_no_cache_key(uint32_t number) {
    return (number & 0x1e) == 0x1c;
}

struct coap_content_row {
    uint16_t number;
    const char *name; /* the media type */
};
extern const struct coap_content_row coap_tables_contents[]; /* in rising order; ends with name NULL */
/* The media type of a content format, or NULL. */
const char *coap_tables_content_name(uint32_t number);
/* The number of a media type; -1: not in the table. */
int coap_tables_content_number(const char *name);

extern const char *const coap_tables_types[4]; /* "CON", "NON", "ACK", "RST" */

#endif
