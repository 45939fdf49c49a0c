#include "import/frame.h"

#include <string.h>

enum link {
    LINK_NULL = 0, /* the family, in the order of the machine that captured */
    LINK_ETHERNET = 1,
    LINK_RAW_BSD = 12,
    LINK_RAW_OPENBSD = 14,
    LINK_RAW = 101,
    LINK_LOOP = 108, /* the family, in network order */
    LINK_COOKED = 113,
    LINK_IPV4 = 228,
    LINK_IPV6 = 229,
    LINK_COOKED_2 = 276
};
enum ether_type {
    ETHER_IPV4 = 0x0800,
    ETHER_VLAN = 0x8100,
    ETHER_IPV6 = 0x86DD,
    ETHER_PPPOE = 0x8864,
    ETHER_SERVICE_VLAN = 0x88A8,
    ETHER_OLD_VLAN = 0x9100
};
enum { PPP_IPV4 = 0x0021, PPP_IPV6 = 0x0057 };
enum protocol { HOP_BY_HOP = 0, TCP = 6, ROUTING = 43, FRAGMENT = 44, AUTHENTICATION = 51, OPTIONS = 60 };
enum { TAGS_MAX = 4, EXTENSIONS_MAX = 8, IPV4_HEADER = 20, IPV6_HEADER = 40, TCP_HEADER = 20 };

/* --- TCP -------------------------------------------------------------------------------------------------------------- */

static void set_port(struct address *a, uint16_t port) {
    if (a->any.sa_family == AF_INET6)
        a->v6.sin6_port = htons(port);
    else
        a->v4.sin_port = htons(port);
}

/* `whole`: bytes of the segment on the wire, of which r may have fewer. */
static enum frame_kind read_tcp(struct bytes_reader r, size_t whole, struct frame_segment *out) {
    set_port(&out->from, bytes_read_u16(&r));
    set_port(&out->to, bytes_read_u16(&r));
    out->seq = bytes_read_u32(&r);
    bytes_read_u32(&r); /* acknowledgement */
    size_t header = (size_t)(bytes_read_u8(&r) >> 4) * 4;
    out->flags = bytes_read_u8(&r);
    bytes_read(&r, 6); /* window, checksum, urgent pointer */
    if (r.failed || header < TCP_HEADER || header > whole)
        return FRAME_OTHER;
    bytes_read(&r, header - TCP_HEADER);
    if (r.failed)
        return FRAME_OTHER;
    size_t size = whole - header, captured = bytes_left(&r) < size ? bytes_left(&r) : size;
    out->payload = bytes_read(&r, captured);
    out->missing = size - captured;
    return FRAME_TCP;
}

/* --- IP --------------------------------------------------------------------------------------------------------------- */

static enum frame_kind read_ipv4(struct bytes_reader r, struct frame_segment *out) {
    size_t available = bytes_left(&r);
    size_t header = (size_t)(bytes_read_u8(&r) & 15) * 4;
    bytes_read_u8(&r);
    size_t total = bytes_read_u16(&r);
    bytes_read_u16(&r);
    uint16_t fragment = bytes_read_u16(&r);
    bytes_read_u8(&r);
    uint8_t protocol = bytes_read_u8(&r);
    bytes_read_u16(&r);
    struct bytes from = bytes_read(&r, 4), to = bytes_read(&r, 4);
    if (r.failed || header < IPV4_HEADER)
        return FRAME_OTHER;
    if (total == 0) /* left to the network card, which cuts what is sent into packets after the capture */
        total = available;
    bytes_read(&r, header - IPV4_HEADER);
    if (r.failed || protocol != TCP || total < header)
        return FRAME_OTHER;
    if ((fragment & 0x3FFF) != 0) /* more fragments, or not the first */
        return FRAME_FRAGMENT;
    out->from.v4.sin_family = out->to.v4.sin_family = AF_INET;
    memcpy(&out->from.v4.sin_addr, from.data, 4);
    memcpy(&out->to.v4.sin_addr, to.data, 4);
    return read_tcp(r, total - header, out);
}

static enum frame_kind read_ipv6(struct bytes_reader r, struct frame_segment *out) {
    bytes_read_u32(&r);
    size_t rest = bytes_read_u16(&r);
    uint8_t next = bytes_read_u8(&r);
    bytes_read_u8(&r);
    struct bytes from = bytes_read(&r, 16), to = bytes_read(&r, 16);
    if (r.failed)
        return FRAME_OTHER;
    if (rest == 0)
        rest = bytes_left(&r);
    for (int i = 0; next != TCP; i++) {
        bool known = next == HOP_BY_HOP || next == ROUTING || next == OPTIONS || next == AUTHENTICATION;
        if (next == FRAGMENT)
            return FRAME_FRAGMENT;
        if (!known || i == EXTENSIONS_MAX)
            return FRAME_OTHER;
        uint8_t kind = next;
        next = bytes_read_u8(&r);
        size_t units = bytes_read_u8(&r), size = kind == AUTHENTICATION ? (units + 2) * 4 : (units + 1) * 8;
        bytes_read(&r, size - 2);
        if (r.failed || size > rest)
            return FRAME_OTHER;
        rest -= size;
    }
    out->from.v6.sin6_family = out->to.v6.sin6_family = AF_INET6;
    memcpy(&out->from.v6.sin6_addr, from.data, 16);
    memcpy(&out->to.v6.sin6_addr, to.data, 16);
    return read_tcp(r, rest, out);
}

static enum frame_kind read_ip(struct bytes_reader r, struct frame_segment *out) {
    if (bytes_left(&r) == 0)
        return FRAME_OTHER;
    return *r.at >> 4 == 4 ? read_ipv4(r, out) : *r.at >> 4 == 6 ? read_ipv6(r, out) : FRAME_OTHER;
}

/* --- links ------------------------------------------------------------------------------------------------------------ */

static enum frame_kind read_ether_type(struct bytes_reader r, uint16_t type, struct frame_segment *out) {
    for (int i = 0; i < TAGS_MAX && (type == ETHER_VLAN || type == ETHER_SERVICE_VLAN || type == ETHER_OLD_VLAN); i++) {
        bytes_read_u16(&r);
        type = bytes_read_u16(&r);
    }
    if (type == ETHER_PPPOE) {
        bytes_read(&r, 6);
        uint16_t protocol = bytes_read_u16(&r);
        type = protocol == PPP_IPV4 ? ETHER_IPV4 : protocol == PPP_IPV6 ? ETHER_IPV6 : 0;
    }
    if (r.failed || (type != ETHER_IPV4 && type != ETHER_IPV6))
        return FRAME_OTHER;
    return read_ip(r, out);
}

enum frame_kind frame_read(uint32_t link, struct bytes frame, struct frame_segment *out) {
    struct bytes_reader r = bytes_reader_of(frame);
    uint16_t type;
    *out = (struct frame_segment){0};
    switch (link) {
    case LINK_ETHERNET:
        bytes_read(&r, 12);
        type = bytes_read_u16(&r);
        return read_ether_type(r, type, out);
    case LINK_COOKED:
        bytes_read(&r, 14);
        type = bytes_read_u16(&r);
        return read_ether_type(r, type, out);
    case LINK_COOKED_2:
        type = bytes_read_u16(&r);
        bytes_read(&r, 18);
        return read_ether_type(r, type, out);
    case LINK_NULL: /* the version stands in the IP header as well, which spares telling families of systems apart */
    case LINK_LOOP:
        bytes_read_u32(&r);
        return read_ip(r, out);
    case LINK_RAW:
    case LINK_RAW_BSD:
    case LINK_RAW_OPENBSD:
    case LINK_IPV4:
    case LINK_IPV6:
        return read_ip(r, out);
    default:
        return FRAME_UNKNOWN_LINK;
    }
}
