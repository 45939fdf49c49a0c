/* Addresses and targets' schemes. */
#ifndef MUSTER_TRANSPORT_ADDRESS_H
#define MUSTER_TRANSPORT_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum transport_kind {
    TRANSPORT_TCP,
    TRANSPORT_MEMORY,
    TRANSPORT_TLS,
    TRANSPORT_KINDS
}; /* later: UDP, DTLS, WS: rows of transport_table */

/* An IPv4 or IPv6 address with port; 28 bytes are enough, sockaddr_storage is not needed. */
struct address {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    };
};
socklen_t address_size(const struct address *a);
/* "127.0.0.1:1883", "[::1]:1883"; returns `text`, size ≥ 64. */
char *address_format(const struct address *a, char *text, size_t size);
/* Numeric only; port 0 allowed. */
int address_parse(const char *text, uint16_t port, struct address *out);
bool address_equal(const struct address *a, const struct address *b); /* with port */
bool address_is_loopback(const struct address *a);
bool address_is_private(const struct address *a); /* loopback, RFC 1918, RFC 4193, link-local */
/* The address `offset` places after `a` (last bytes counted up); for source ranges. */
struct address address_offset(const struct address *a, uint32_t offset);

/* "mqtt://host:1883/", default port by scheme. Strings are copied to `out`. */
struct url {
    char scheme[16];
    char host[256];
    uint16_t port;
    char path[256];
    bool has_credentials; /* user:password@ in a URL is refused: identities carry them */
};
int url_parse(const char *text, struct url *out, char *why, size_t why_size);
/* Resolves names to at most `max` addresses (A and AAAA, in the resolver's order, duplicates removed). */
int address_resolve(const char *host, uint16_t port, struct address *out, unsigned max, unsigned *count, char *why,
                    size_t why_size);

#endif
