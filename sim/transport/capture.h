/* Application packets as pcapng, to be opened in Wireshark: no root, no sniffing, no keys, since this process has the plain text.
 *
 * Each packet is a Wireshark "exported PDU" (link type 252): tags that say which dissector is to read it and between which addresses it
 * went, then its bytes. Transport headers are not there, because nothing here ever saw them. Sources: draft-ietf-opsawg-pcapng,
 * sections 4.1 to 4.3; Wireshark's wsutil/exported_pdu_tlvs.h. Everything is big-endian, which readers see by the section header.
 *
 * A file is one section (capture_section) and then packets (capture_packet): each call appends whole blocks or, with the writer failed, is
 * to be forgotten. What was written before stays readable. */
#ifndef MUSTER_TRANSPORT_CAPTURE_H
#define MUSTER_TRANSPORT_CAPTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "transport/address.h"

enum {
    CAPTURE_LINK_TYPE = 252,
    CAPTURE_SNAP_MAX = 1 << 18,     /* a packet with its tags: what Wireshark reads at most */
    CAPTURE_PACKET_MAX = 240 << 10, /* bytes of a packet; longer ones are cut, their length is kept */
    CAPTURE_COMMENT_MAX = 8 << 10,  /* bytes of a comment; longer ones are cut */
    CAPTURE_DISSECTOR_MAX = 64,     /* bytes of the name of a dissector; longer ones are cut */
    CAPTURE_OVERHEAD_MAX = 512      /* what a block takes beside bytes and comment */
};

struct capture_packet {
    int64_t unix_ns;
    const char *dissector;   /* Wireshark's name of the protocol, "mqtt" */
    struct address from, to; /* both of one family; a stream's ports */
    bool sent;               /* by us */
    struct bytes data;
    size_t original;     /* bytes that the packet had; 0: all of them are in `data` */
    const char *comment; /* UTF-8; NULL: none */
};

/* Section header (comment, `application`) and the one interface, whose resolution is the nanosecond. */
void capture_section(struct bytes_writer *w, const char *application, const char *comment);
void capture_packet(struct bytes_writer *w, const struct capture_packet *p);
/* Bytes that the packet's block takes at most. */
size_t capture_packet_size(const struct capture_packet *p);

/* --- reading: for what this program wrote itself (tests, and the end of a file after a crash) ------------------------------ */

struct capture_read {
    uint64_t packets;
    size_t whole;        /* bytes of whole, well-formed blocks from the beginning */
    const char *trouble; /* what is wrong with the first bytes after them; NULL: nothing is there */
};
/* Walks `file`. `visit` (may be NULL) gets each packet; bytes and texts live until it returns. Blocks of other kinds are passed over. */
struct capture_read capture_read(struct bytes file, void (*visit)(void *context, const struct capture_packet *p),
                                 void *context);

/* An exported PDU by itself, of any file: what its tags say, and the bytes after them, borrowed. An address whose family is AF_UNSPEC is
 * not there. False when the tags do not fit. */
struct capture_exported {
    char dissector[CAPTURE_DISSECTOR_MAX + 1]; /* "" when no tag names one */
    struct address from, to;
    struct bytes data;
};
bool capture_exported(struct bytes packet, struct capture_exported *out);

#endif
