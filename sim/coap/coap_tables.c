#include "coap/coap_tables.h"

#include <stddef.h>
#include <string.h>

enum { C = COAP_CLIENT, S = COAP_SERVER, BOTH = COAP_CLIENT | COAP_SERVER };

const char *const coap_tables_types[4] = {"CON", "NON", "ACK", "RST"};

const struct coap_code_row coap_tables_codes[] = {
    {COAP_EMPTY, false, "Empty"},
    {COAP_GET, false, "GET"},
    {COAP_POST, true, "POST"},
    {COAP_PUT, true, "PUT"},
    {COAP_DELETE, false, "DELETE"},
    {COAP_FETCH, true, "FETCH"},
    {COAP_PATCH, true, "PATCH"},
    {COAP_IPATCH, true, "iPATCH"},
    {COAP_CREATED, true, "Created"},
    {COAP_DELETED, true, "Deleted"},
    {COAP_VALID, false, "Valid"},
    {COAP_CHANGED, true, "Changed"},
    {COAP_CONTENT, true, "Content"},
    {COAP_CONTINUE, true, "Continue"},
    {COAP_BAD_REQUEST, true, "Bad Request"},
    {COAP_UNAUTHORIZED, true, "Unauthorized"},
    {COAP_BAD_OPTION, true, "Bad Option"},
    {COAP_FORBIDDEN, true, "Forbidden"},
    {COAP_NOT_FOUND, true, "Not Found"},
    {COAP_METHOD_NOT_ALLOWED, true, "Method Not Allowed"},
    {COAP_NOT_ACCEPTABLE, true, "Not Acceptable"},
    {COAP_REQUEST_ENTITY_INCOMPLETE, true, "Request Entity Incomplete"},
    {COAP_CONFLICT, true, "Conflict"},
    {COAP_PRECONDITION_FAILED, true, "Precondition Failed"},
    {COAP_REQUEST_ENTITY_TOO_LARGE, true, "Request Entity Too Large"},
    {COAP_UNSUPPORTED_CONTENT_FORMAT, true, "Unsupported Content-Format"},
    {COAP_UNPROCESSABLE_ENTITY, true, "Unprocessable Entity"},
    {COAP_TOO_MANY_REQUESTS, true, "Too Many Requests"},
    {COAP_INTERNAL_SERVER_ERROR, true, "Internal Server Error"},
    {COAP_NOT_IMPLEMENTED, true, "Not Implemented"},
    {COAP_BAD_GATEWAY, true, "Bad Gateway"},
    {COAP_SERVICE_UNAVAILABLE, true, "Service Unavailable"},
    {COAP_GATEWAY_TIMEOUT, true, "Gateway Timeout"},
    {COAP_PROXYING_NOT_SUPPORTED, true, "Proxying Not Supported"},
    {COAP_HOP_LIMIT_REACHED, true, "Hop Limit Reached"},
    {COAP_CSM, false, "CSM"},
    {COAP_PING, false, "Ping"},
    {COAP_PONG, false, "Pong"},
    {COAP_RELEASE, true, "Release"},
    {COAP_ABORT, true, "Abort"},
    {0, false, NULL},
};

/* Lengths: RFC 7252 table 4 and the tables of the RFCs named in the header. A response has at most one ETag (RFC 7252 section 5.10.6.1). */
const struct coap_option_row coap_tables_options[] = {
    {COAP_IF_MATCH, COAP_FORMAT_OPAQUE, C, C, 0, 8, "If-Match"},
    {COAP_URI_HOST, COAP_FORMAT_STRING, C, 0, 1, 255, "Uri-Host"},
    {COAP_ETAG, COAP_FORMAT_OPAQUE, BOTH, C, 1, 8, "ETag"},
    {COAP_IF_NONE_MATCH, COAP_FORMAT_EMPTY, C, 0, 0, 0, "If-None-Match"},
    {COAP_OBSERVE, COAP_FORMAT_UINT, BOTH, 0, 0, 3, "Observe"},
    {COAP_URI_PORT, COAP_FORMAT_UINT, C, 0, 0, 2, "Uri-Port"},
    {COAP_LOCATION_PATH, COAP_FORMAT_STRING, S, S, 0, 255, "Location-Path"},
    {COAP_URI_PATH, COAP_FORMAT_STRING, C, C, 0, 255, "Uri-Path"},
    {COAP_CONTENT_FORMAT, COAP_FORMAT_UINT, BOTH, 0, 0, 2, "Content-Format"},
    {COAP_MAX_AGE, COAP_FORMAT_UINT, S, 0, 0, 4, "Max-Age"},
    {COAP_URI_QUERY, COAP_FORMAT_STRING, C, C, 0, 255, "Uri-Query"},
    {COAP_HOP_LIMIT, COAP_FORMAT_UINT, C, 0, 1, 1, "Hop-Limit"},
    {COAP_ACCEPT, COAP_FORMAT_UINT, C, 0, 0, 2, "Accept"},
    {COAP_LOCATION_QUERY, COAP_FORMAT_STRING, S, S, 0, 255, "Location-Query"},
    {COAP_BLOCK2, COAP_FORMAT_UINT, BOTH, 0, 0, 3, "Block2"},
    {COAP_BLOCK1, COAP_FORMAT_UINT, BOTH, 0, 0, 3, "Block1"},
    {COAP_SIZE2, COAP_FORMAT_UINT, BOTH, 0, 0, 4, "Size2"},
    {COAP_PROXY_URI, COAP_FORMAT_STRING, C, 0, 1, 1034, "Proxy-Uri"},
    {COAP_PROXY_SCHEME, COAP_FORMAT_STRING, C, 0, 1, 255, "Proxy-Scheme"},
    {COAP_SIZE1, COAP_FORMAT_UINT, BOTH, 0, 0, 4, "Size1"},
    {COAP_ECHO, COAP_FORMAT_OPAQUE, BOTH, 0, 1, 40, "Echo"},
    {COAP_NO_RESPONSE, COAP_FORMAT_UINT, C, 0, 0, 1, "No-Response"},
    {COAP_REQUEST_TAG, COAP_FORMAT_OPAQUE, C, C, 0, 8, "Request-Tag"},
    {0, 0, 0, 0, 0, 0, NULL},
};

const struct coap_signal_row coap_tables_signals[] = {
    {COAP_CSM, {COAP_CSM_MAX_MESSAGE_SIZE, COAP_FORMAT_UINT, BOTH, 0, 0, 4, "Max-Message-Size"}},
    {COAP_CSM, {COAP_CSM_BLOCK_WISE_TRANSFER, COAP_FORMAT_EMPTY, BOTH, 0, 0, 0, "Block-Wise-Transfer"}},
    {COAP_PING, {COAP_PING_CUSTODY, COAP_FORMAT_EMPTY, BOTH, 0, 0, 0, "Custody"}},
    {COAP_PONG, {COAP_PING_CUSTODY, COAP_FORMAT_EMPTY, BOTH, 0, 0, 0, "Custody"}},
    {COAP_RELEASE, {COAP_RELEASE_ALTERNATIVE_ADDRESS, COAP_FORMAT_STRING, BOTH, BOTH, 1, 255, "Alternative-Address"}},
    {COAP_RELEASE, {COAP_RELEASE_HOLD_OFF, COAP_FORMAT_UINT, BOTH, 0, 0, 3, "Hold-Off"}},
    {COAP_ABORT, {COAP_ABORT_BAD_CSM_OPTION, COAP_FORMAT_UINT, BOTH, 0, 0, 2, "Bad-CSM-Option"}},
    {0, {0, 0, 0, 0, 0, 0, NULL}},
};

const struct coap_content_row coap_tables_contents[] = {
    {0, "text/plain;charset=utf-8"},
    {40, "application/link-format"},
    {41, "application/xml"},
    {42, "application/octet-stream"},
    {47, "application/exi"},
    {50, "application/json"},
    {51, "application/json-patch+json"},
    {52, "application/merge-patch+json"},
    {60, "application/cbor"},
    {61, "application/cwt"},
    {62, "application/multipart-core"},
    {63, "application/cbor-seq"},
    {110, "application/senml+json"},
    {111, "application/sensml+json"},
    {112, "application/senml+cbor"},
    {113, "application/sensml+cbor"},
    {114, "application/senml-exi"},
    {115, "application/sensml-exi"},
    {310, "application/senml+xml"},
    {311, "application/sensml+xml"},
    {320, "application/senml-etch+json"},
    {322, "application/senml-etch+cbor"},
    {11542, "application/vnd.oma.lwm2m+tlv"},
    {11543, "application/vnd.oma.lwm2m+json"},
    {11544, "application/vnd.oma.lwm2m+cbor"},
    {0, NULL},
};

enum coap_kind coap_tables_kind(uint8_t code, enum coap_framing framing) {
    if (code == COAP_EMPTY)
        return COAP_KIND_EMPTY;
    switch (coap_code_class(code)) {
    case 0:
        return COAP_KIND_REQUEST;
    case 2:
    case 3: /* unassigned, but no format error; RFC 7252 section 5.9 treats it as the generic code of its class */
    case 4:
    case 5:
        return COAP_KIND_RESPONSE;
    case 7:
        return framing == COAP_UDP ? COAP_KIND_RESERVED : COAP_KIND_SIGNAL;
    default:
        return COAP_KIND_RESERVED;
    }
}

const struct coap_code_row *coap_tables_code(uint8_t code) {
    for (const struct coap_code_row *row = coap_tables_codes; row->name; row++)
        if (row->code == code)
            return row;
    return NULL;
}

const struct coap_option_row *coap_tables_option(uint8_t code, uint32_t number) {
    if (coap_code_class(code) == coap_code_class(COAP_CSM)) {
        for (const struct coap_signal_row *row = coap_tables_signals; row->code; row++)
            if (row->code == code && row->option.number == number)
                return &row->option;
        return NULL;
    }
    for (const struct coap_option_row *row = coap_tables_options; row->name; row++)
        if (row->number == number)
            return row;
    return NULL;
}

const char *coap_tables_content_name(uint32_t number) {
    for (const struct coap_content_row *row = coap_tables_contents; row->name; row++)
        if (row->number == number)
            return row->name;
    return NULL;
}

int coap_tables_content_number(const char *name) {
    for (const struct coap_content_row *row = coap_tables_contents; row->name; row++)
        if (strcmp(row->name, name) == 0)
            return row->number;
    return -1;
}
