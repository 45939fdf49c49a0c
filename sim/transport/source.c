#include "transport/source.h"

#include <arpa/inet.h>

/* The first of the addresses that a loopback node's connections leave from: not one that services listen on by custom. */
static const uint32_t loopback_first = 0x7f010001; /* 127.1.0.1 */

uint32_t source_needed(uint64_t connections) {
    uint64_t needed = (connections + SOURCE_CONNECTIONS_MAX - 1) / SOURCE_CONNECTIONS_MAX;
    return needed > UINT32_MAX ? UINT32_MAX : (uint32_t)needed;
}

static uint32_t given_of_family(const struct address *given, unsigned given_count, const struct address *node) {
    uint32_t count = 0;
    for (unsigned i = 0; i < given_count; i++)
        count += given[i].any.sa_family == node->any.sa_family;
    return count;
}

static bool takes_any_loopback(const struct address *node) {
    return node->any.sa_family == AF_INET && address_is_loopback(node);
}

uint32_t source_available(const struct address *given, unsigned given_count, const struct address *node) {
    if (given_count > 0)
        return given_of_family(given, given_count, node);
    return takes_any_loopback(node) ? SOURCE_LOOPBACK_MAX : 1;
}

static bool choose_given(const struct address *given, unsigned given_count, const struct address *node, uint64_t k,
                         struct address *out) {
    uint32_t count = given_of_family(given, given_count, node);
    if (count == 0)
        return false;
    uint64_t place = k % count;
    for (unsigned i = 0; i < given_count; i++)
        if (given[i].any.sa_family == node->any.sa_family && place-- == 0) {
            *out = given[i];
            break;
        }
    return true;
}

bool source_choose(const struct address *given, unsigned given_count, const struct address *node, uint64_t connections,
                   uint64_t k, struct address *out) {
    if (given_count > 0)
        return choose_given(given, given_count, node, k, out);
    if (!takes_any_loopback(node))
        return false;
    uint32_t needed = source_needed(connections);
    uint32_t spread = needed == 0 ? 1 : needed > SOURCE_LOOPBACK_MAX ? SOURCE_LOOPBACK_MAX : needed;
    uint32_t place = (uint32_t)(k % spread);
    *out = (struct address){.v4 = {.sin_family = AF_INET}};
    /* last bytes 1 to 250: neither a network's nor a broadcast address by anybody's reading */
    out->v4.sin_addr.s_addr = htonl(loopback_first + place / 250 * 256 + place % 250);
    return true;
}
