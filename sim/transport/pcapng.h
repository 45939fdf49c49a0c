/* The blocks that pcapng files are made of, in both byte orders. What stands in a packet is not looked at here: transport/capture.h
 * knows the packets that this program writes, import/ those of network interfaces.
 *
 * Nothing is copied: what is read is borrowed from the bytes that it is read from. Source: draft-ietf-opsawg-pcapng, sections 3 and 4. */
#ifndef MUSTER_TRANSPORT_PCAPNG_H
#define MUSTER_TRANSPORT_PCAPNG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

enum pcapng_type {
    PCAPNG_SECTION = 0x0A0D0D0A,
    PCAPNG_INTERFACE = 1,
    PCAPNG_PACKET_OBSOLETE = 2,
    PCAPNG_PACKET_SIMPLE = 3,
    PCAPNG_PACKET = 6, /* the "enhanced" one */
};
enum {
    PCAPNG_ORDER_MAGIC = 0x1A2B3C4D,
    PCAPNG_BLOCK_LEAST = 12, /* type, length, length again */
    PCAPNG_HEAD = 12,        /* bytes that tell type, length and, of a section, the order */
};
/* Options of all blocks; then of interfaces and of packets. */
enum pcapng_option {
    PCAPNG_OPTION_END,
    PCAPNG_OPTION_COMMENT,
    PCAPNG_OPTION_FLAGS = 2,       /* of a packet: the lowest two bits are its direction */
    PCAPNG_OPTION_APPLICATION = 4, /* of a section */
    PCAPNG_OPTION_RESOLUTION = 9,  /* of an interface: 10^-n s, or 2^-n with the highest bit set */
    PCAPNG_OPTION_OFFSET = 14      /* of an interface: seconds to be added, 64 bit */
};

/* Numbers in the order of the section. */
uint16_t pcapng_read_u16(struct bytes_reader *r, bool little);
uint32_t pcapng_read_u32(struct bytes_reader *r, bool little);

/* From the first PCAPNG_HEAD bytes of a block: its type and whole length. A section's own order goes to *little. False when the
 * length cannot be, or a section's magic is none. */
bool pcapng_head(const uint8_t head[PCAPNG_HEAD], bool *little, uint32_t *type, uint32_t *size);
/* The body of the block at `r`, or NULL data and why not in *trouble (else NULL). */
struct bytes pcapng_block(struct bytes_reader *r, bool little, uint32_t *type, const char **trouble);
/* The next option, or tag of a packet, which look alike; false at the end, or when it does not fit (the reader has failed then). */
bool pcapng_option(struct bytes_reader *r, bool little, unsigned *code, struct bytes *value);

struct pcapng_packet {
    uint32_t interface;
    uint64_t time; /* in units of the interface's resolution */
    struct bytes data;
    uint32_t original;           /* bytes that it had; never fewer than data has */
    struct bytes_reader options; /* what follows, for pcapng_option */
};
/* The fields of a PCAPNG_PACKET's body. False when they do not fit. */
bool pcapng_packet(struct bytes body, bool little, struct pcapng_packet *out);

#endif
