/* From a captured frame to the TCP segment in it: Ethernet with VLAN tags and PPPoE, Linux cooked captures (both versions), raw IP, BSD
 * loopback; IPv4 and IPv6 with extension headers. Pure, and stays inside the bytes whatever they say.
 * Sources: tcpdump.org/linktypes.html; RFC 791, RFC 8200, RFC 9293. */
#ifndef MUSTER_IMPORT_FRAME_H
#define MUSTER_IMPORT_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "transport/address.h"

enum { FRAME_FIN = 1, FRAME_SYN = 2, FRAME_RST = 4, FRAME_ACK = 16 };

struct frame_segment {
    struct address from, to;
    uint32_t seq;
    uint8_t flags;        /* FRAME_… */
    struct bytes payload; /* borrowed from the frame */
    size_t missing;       /* bytes of the payload that the capture cut off at its end */
};

enum frame_kind {
    FRAME_TCP,
    FRAME_OTHER,       /* another protocol, or too short to tell */
    FRAME_FRAGMENT,    /* an IP fragment: not put together */
    FRAME_UNKNOWN_LINK /* a kind of network that is not known here */
};

/* FRAME_TCP: *out is filled. `link`: LINKTYPE_…. */
enum frame_kind frame_read(uint32_t link, struct bytes frame, struct frame_segment *out);

#endif
