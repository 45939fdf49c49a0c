#include "transport/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/text.h"

enum { FORMAT_ROOM = 64, PORT_MAX = 65535, SHOWN_MAX = 80, REASON_MAX = 128 };

socklen_t address_size(const struct address *a) {
    return a->any.sa_family == AF_INET6 ? sizeof a->v6 : sizeof a->v4;
}

static uint16_t port_of(const struct address *a) {
    return ntohs(a->any.sa_family == AF_INET6 ? a->v6.sin6_port : a->v4.sin_port);
}

/* The IPv4 address in host order, also of ::ffff:a.b.c.d, which the kernel treats as a.b.c.d. */
static bool ipv4_of(const struct address *a, uint32_t *out) {
    if (a->any.sa_family == AF_INET) {
        *out = ntohl(a->v4.sin_addr.s_addr);
        return true;
    }
    if (!IN6_IS_ADDR_V4MAPPED(&a->v6.sin6_addr))
        return false;
    uint32_t order;
    memcpy(&order, a->v6.sin6_addr.s6_addr + 12, sizeof order);
    *out = ntohl(order);
    return true;
}

static struct address of_ipv4(uint32_t host_order, uint16_t port) {
    struct address a = {.v4 = {.sin_family = AF_INET, .sin_port = htons(port)}};
    a.v4.sin_addr.s_addr = htonl(host_order);
    return a;
}

static struct address without_mapping(struct address a) {
    uint32_t v4;
    return a.any.sa_family == AF_INET6 && ipv4_of(&a, &v4) ? of_ipv4(v4, port_of(&a)) : a;
}

char *address_format(const struct address *a, char *text, size_t size) {
    CHECK(size >= FORMAT_ROOM);
    char host[INET6_ADDRSTRLEN];
    bool v6 = a->any.sa_family == AF_INET6;
    const void *bytes = v6 ? (const void *)&a->v6.sin6_addr : (const void *)&a->v4.sin_addr;
    CHECK(inet_ntop(v6 ? AF_INET6 : AF_INET, bytes, host, sizeof host) != NULL);
    if (port_of(a) == 0)
        snprintf(text, size, "%s", host);
    else
        snprintf(text, size, v6 ? "[%s]:%u" : "%s:%u", host, port_of(a));
    return text;
}

/* Decimal digits and nothing else, at most PORT_MAX. */
static bool parse_port(const char *text, uint16_t *out) {
    uint32_t port = 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        port = port * 10 + (uint32_t)(*text - '0');
        if (port > PORT_MAX)
            return false;
    }
    *out = (uint16_t)port;
    return true;
}

/* Splits "host:port", "[host]:port", "host", "[host]"; a bare IPv6 address has no port. */
static bool split(const char *text, char host[INET6_ADDRSTRLEN], uint16_t *port) {
    bool bracket = text[0] == '[';
    const char *start = bracket ? text + 1 : text;
    const char *end = bracket ? strchr(start, ']') : strchr(start, ':');
    if (bracket && end == NULL)
        return false;
    if (!bracket && (end == NULL || strchr(end + 1, ':') != NULL))
        end = start + strlen(start);
    const char *rest = bracket ? end + 1 : end;
    if (*rest == ':' ? !parse_port(rest + 1, port) : *rest != '\0')
        return false;
    size_t size = (size_t)(end - start);
    if (size >= INET6_ADDRSTRLEN)
        return false;
    memcpy(host, start, size);
    host[size] = '\0';
    return !bracket || strchr(host, ':') != NULL;
}

int address_parse(const char *text, uint16_t port, struct address *out) {
    char host[INET6_ADDRSTRLEN];
    if (!split(text, host, &port))
        return ERR_MALFORMED;
    struct address a = {.v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)}};
    struct in_addr v4;
    if (inet_pton(AF_INET, host, &v4) == 1)
        a = of_ipv4(ntohl(v4.s_addr), port);
    else if (inet_pton(AF_INET6, host, &a.v6.sin6_addr) != 1)
        return ERR_MALFORMED;
    *out = without_mapping(a);
    return 0;
}

bool address_equal(const struct address *a, const struct address *b) {
    if (a->any.sa_family != b->any.sa_family || port_of(a) != port_of(b))
        return false;
    if (a->any.sa_family == AF_INET)
        return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
    return memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof a->v6.sin6_addr) == 0 &&
           a->v6.sin6_scope_id == b->v6.sin6_scope_id;
}

static bool in_ipv4_net(uint32_t address, uint32_t net, unsigned prefix) {
    return (address ^ net) >> (32 - prefix) == 0;
}

bool address_is_loopback(const struct address *a) {
    uint32_t v4;
    if (ipv4_of(a, &v4))
        return in_ipv4_net(v4, 0x7f000000, 8);
    return IN6_IS_ADDR_LOOPBACK(&a->v6.sin6_addr);
}

bool address_is_private(const struct address *a) {
    static const struct {
        uint32_t net;
        unsigned prefix;
    } nets[] = {{0x0a000000, 8}, {0xac100000, 12}, {0xc0a80000, 16}, {0xa9fe0000, 16}}; /* RFC 1918, RFC 3927 */
    if (address_is_loopback(a))
        return true;
    uint32_t v4;
    if (!ipv4_of(a, &v4)) {
        const uint8_t *byte = a->v6.sin6_addr.s6_addr;
        return (byte[0] & 0xfe) == 0xfc || IN6_IS_ADDR_LINKLOCAL(&a->v6.sin6_addr); /* RFC 4193, RFC 4291 */
    }
    for (size_t i = 0; i < COUNT_OF(nets); i++)
        if (in_ipv4_net(v4, nets[i].net, nets[i].prefix))
            return true;
    return false;
}

struct address address_offset(const struct address *a, uint32_t offset) {
    struct address b = *a;
    if (a->any.sa_family == AF_INET) {
        b.v4.sin_addr.s_addr = htonl(ntohl(a->v4.sin_addr.s_addr) + offset);
        return b;
    }
    uint64_t carry = offset;
    for (int i = 15; i >= 0 && carry > 0; i--) {
        carry += b.v6.sin6_addr.s6_addr[i];
        b.v6.sin6_addr.s6_addr[i] = (uint8_t)carry;
        carry >>= 8;
    }
    return b;
}

static bool is_known(const struct address *list, unsigned count, const struct address *a) {
    for (unsigned i = 0; i < count; i++)
        if (address_equal(&list[i], a))
            return true;
    return false;
}

static int not_found(const char *host, const char *reason, char *why, size_t why_size) {
    struct text shown = {0};
    text_append_safe(&shown, host, strlen(host), SHOWN_MAX);
    snprintf(why, why_size, "'%s' %s", text_get(&shown), reason);
    text_free(&shown);
    return ERR_NOT_FOUND;
}

int address_resolve(const char *host, uint16_t port, struct address *out, unsigned max, unsigned *count, char *why,
                    size_t why_size) {
    char service[8];
    snprintf(service, sizeof service, "%u", port);
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    int error = getaddrinfo(host, service, &hints, &found);
    if (error != 0) {
        char reason[REASON_MAX];
        snprintf(reason, sizeof reason, "does not resolve to an address: %s", gai_strerror(error));
        return not_found(host, reason, why, why_size);
    }
    unsigned n = 0;
    for (const struct addrinfo *i = found; i != NULL && n < max; i = i->ai_next) {
        struct address a = {0};
        if ((i->ai_family != AF_INET && i->ai_family != AF_INET6) || i->ai_addrlen > sizeof a)
            continue;
        memcpy(&a, i->ai_addr, i->ai_addrlen);
        a = without_mapping(a);
        if (!is_known(out, n, &a))
            out[n++] = a;
    }
    freeaddrinfo(found);
    if (n == 0)
        return not_found(host, "has neither an IPv4 nor an IPv6 address", why, why_size);
    *count = n;
    return 0;
}
