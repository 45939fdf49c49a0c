/* Keyed random draws: draw(seed, device, stream, n), never a stream with state. Adding a device, a worker or a fault
 * shifts nobody else's luck.
 *
 * Generator: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011); key = seed,
 * counter = (device, stream, n low, n high). A stream is the FNV-1a hash of its name; names are rows of draw_streams,
 * or made by draw_stream_named ("select:<entry>", "signal:<name>"). */
#ifndef MUSTER_BASE_DRAW_H
#define MUSTER_BASE_DRAW_H

#include <stddef.h>
#include <stdint.h>

enum draw_stream_id {
    DRAW_TELEMETRY_PHASE,  /* "telemetry.phase": U(0, mean of every) added to the intended connect */
    DRAW_TELEMETRY_EVERY,  /* "telemetry.every": the n-th gap */
    DRAW_PAYLOAD_RANDOM,   /* "payload.random": bytes of random(N) */
    DRAW_PAYLOAD_CHOICE,   /* "payload.choice" */
    DRAW_CONNECT_OFFSET,   /* "connect.offset": default connect, spread: uniform */
    DRAW_RECONNECT_JITTER, /* "reconnect.jitter" */
    DRAW_RECONNECT_SPREAD, /* "reconnect.spread": initial spread */
    DRAW_LINK_RTT,         /* "link.rtt" */
    DRAW_LINK_LOSS,        /* "link.loss" */
    DRAW_LINK_HANDSHAKE,   /* "link.handshake": rtt and loss of connecting */
    DRAW_TIMELINE_FOR,     /* "timeline.for": a drawn length */
    DRAW_DEAL_MIX,         /* "deal.mix" */
    DRAW_DEAL_REGION,      /* "deal.region" */
    DRAW_IMEI,             /* "identity.imei" */
    DRAW_BURST,            /* "burst" */
    DRAW_SAMPLE,           /* "sample": devices whose states are noted */
    DRAW_COMMANDS_DELAY,   /* "commands.delay": before the reply to the n-th command */
    DRAW_LINK_BURST,       /* "link.burst": whether the channel is good or bad, and for how long */
    DRAW_LINK_DATAGRAM,    /* "link.datagram": duplicates of single datagrams */
    DRAW_LINK_COVERAGE,    /* "link.coverage": the class of coverage that a device lives in */
    DRAW_LINK_QUALITY,     /* "link.quality": the quality of a site */
    DRAW_LINK_ATTACH,      /* "link.attach": the n-th registration with the network */
    DRAW_LINK_CELL,        /* "link.cell": cells: which, for how long, and what changing costs */
    DRAW_LINK_DNS,         /* "link.dns": the name lookup of an attempt */
    DRAW_CLOCK_DRIFT,      /* "clock.drift": how wrong a device's clock runs */
    DRAW_TELEMETRY_JITTER, /* "telemetry.jitter": the n-th message's place around its instant */
    DRAW_TELEMETRY_MOTION, /* "telemetry.motion": the n-th trip */
    DRAW_WEATHER_STAY,     /* "weather.stay": how long a region's n-th cloud cover lasts */
    DRAW_WEATHER_NEXT,     /* "weather.next": which one follows */
    DRAW_POWER_BOOT,       /* "power.boot": from the n-th return of power to the first attempt */
    DRAW_COAP_TIMEOUT,     /* "coap.timeout": the first timeout of the n-th confirmable message */
    DRAW_COAP_START,       /* "coap.start": the first message id and token of a device */
    DRAW_TLS_RESUME,       /* "tls.resume": does an attempt go on with the session that is kept? */
    DRAW_STREAMS
};

struct draw_stream {
    enum draw_stream_id id;
    const char *name;
};
extern const struct draw_stream draw_streams[DRAW_STREAMS];

uint32_t draw_stream_key(enum draw_stream_id id); /* hash_name of the row's name, cached in the table's order */
uint32_t draw_stream_named(const char *prefix, const char *name); /* hash of "<prefix>:<name>" */

struct draw128 {
    uint32_t word[4];
};

/* One Philox block. */
struct draw128 draw_block(uint64_t seed, uint32_t device, uint32_t stream, uint64_t n);
/* The first 64 bits of the block. */
uint64_t draw_u64(uint64_t seed, uint32_t device, uint32_t stream, uint64_t n);
/* Uniform in [0, bound), by multiplication; bound 0 gives 0. */
uint64_t draw_below(uint64_t bits, uint64_t bound);
/* Uniform in (0, 1): (top 52 bits + ½) / 2^52. One bit more and the largest would round up to 1. */
double draw_unit(uint64_t bits);
/* Fills `data` with the blocks (stream, n + k·2^48), k = 0, 1, …, words little-endian; size ≤ 2^20, n < 2^48. */
void draw_fill(uint64_t seed, uint32_t device, uint32_t stream, uint64_t n, void *data, size_t size);

#endif
