#include "base/draw.h"

#include <endian.h>
#include <string.h>

#include "base/check.h"
#include "base/hash.h"

const struct draw_stream draw_streams[DRAW_STREAMS] = {
    {DRAW_TELEMETRY_PHASE, "telemetry.phase"},
    {DRAW_TELEMETRY_EVERY, "telemetry.every"},
    {DRAW_PAYLOAD_RANDOM, "payload.random"},
    {DRAW_PAYLOAD_CHOICE, "payload.choice"},
    {DRAW_CONNECT_OFFSET, "connect.offset"},
    {DRAW_RECONNECT_JITTER, "reconnect.jitter"},
    {DRAW_RECONNECT_SPREAD, "reconnect.spread"},
    {DRAW_LINK_RTT, "link.rtt"},
    {DRAW_LINK_LOSS, "link.loss"},
    {DRAW_LINK_HANDSHAKE, "link.handshake"},
    {DRAW_TIMELINE_FOR, "timeline.for"},
    {DRAW_DEAL_MIX, "deal.mix"},
    {DRAW_DEAL_REGION, "deal.region"},
    {DRAW_IMEI, "identity.imei"},
    {DRAW_BURST, "burst"},
    {DRAW_SAMPLE, "sample"},
    {DRAW_COMMANDS_DELAY, "commands.delay"},
    {DRAW_LINK_BURST, "link.burst"},
    {DRAW_LINK_DATAGRAM, "link.datagram"},
    {DRAW_LINK_COVERAGE, "link.coverage"},
    {DRAW_LINK_QUALITY, "link.quality"},
    {DRAW_LINK_ATTACH, "link.attach"},
    {DRAW_LINK_CELL, "link.cell"},
    {DRAW_LINK_DNS, "link.dns"},
    {DRAW_CLOCK_DRIFT, "clock.drift"},
    {DRAW_TELEMETRY_JITTER, "telemetry.jitter"},
    {DRAW_TELEMETRY_MOTION, "telemetry.motion"},
    {DRAW_WEATHER_STAY, "weather.stay"},
    {DRAW_WEATHER_NEXT, "weather.next"},
    {DRAW_POWER_BOOT, "power.boot"},
    {DRAW_COAP_TIMEOUT, "coap.timeout"},
    {DRAW_COAP_START, "coap.start"},
    {DRAW_TLS_RESUME, "tls.resume"},
};

/* hash_name of each row above, written out because a draw must not hash a string (test: they agree). */
static const uint32_t keys[DRAW_STREAMS] = {
    [DRAW_TELEMETRY_PHASE] = 0x65a0cb51,
    [DRAW_TELEMETRY_EVERY] = 0x0b676109,
    [DRAW_PAYLOAD_RANDOM] = 0xa67a6f2e,
    [DRAW_PAYLOAD_CHOICE] = 0x84de3ff2,
    [DRAW_CONNECT_OFFSET] = 0xf8a1d57a,
    [DRAW_RECONNECT_JITTER] = 0xd59a48ee,
    [DRAW_RECONNECT_SPREAD] = 0x92904227,
    [DRAW_LINK_RTT] = 0x02698c45,
    [DRAW_LINK_LOSS] = 0x6a82ff1a,
    [DRAW_LINK_HANDSHAKE] = 0xc34a7126,
    [DRAW_TIMELINE_FOR] = 0xff8261f7,
    [DRAW_DEAL_MIX] = 0x03ab5303,
    [DRAW_DEAL_REGION] = 0x1185f55b,
    [DRAW_IMEI] = 0xd51a0643,
    [DRAW_BURST] = 0xfd3600a1,
    [DRAW_SAMPLE] = 0x96e382a7,
    [DRAW_COMMANDS_DELAY] = 0x33911336,
    [DRAW_LINK_BURST] = 0xb1cfcca1,
    [DRAW_LINK_DATAGRAM] = 0xdba8ecfe,
    [DRAW_LINK_COVERAGE] = 0xb2a47a1b,
    [DRAW_LINK_QUALITY] = 0x9121fc26,
    [DRAW_LINK_ATTACH] = 0x90b1d844,
    [DRAW_LINK_CELL] = 0xec2b20b5,
    [DRAW_LINK_DNS] = 0xa604d4bc,
    [DRAW_CLOCK_DRIFT] = 0x5f329d68,
    [DRAW_TELEMETRY_JITTER] = 0xc6116d78,
    [DRAW_TELEMETRY_MOTION] = 0x68398660,
    [DRAW_WEATHER_STAY] = 0x9dcd5bc6,
    [DRAW_WEATHER_NEXT] = 0xed1a7f06,
    [DRAW_POWER_BOOT] = 0xc9b7c900,
    [DRAW_COAP_TIMEOUT] = 0x2fe29cab,
    [DRAW_COAP_START] = 0xf1c58ac4,
    [DRAW_TLS_RESUME] = 0x552229ef,
};

enum { PHILOX_ROUNDS = 10, FILL_MAX = 1 << 20 };

uint32_t draw_stream_key(enum draw_stream_id id) {
    CHECK((unsigned)id < DRAW_STREAMS);
    return keys[id];
}

uint32_t draw_stream_named(const char *prefix, const char *name) {
    uint32_t hash = hash_fnv1a32_more(hash_name(prefix), ":", 1);
    return hash_fnv1a32_more(hash, name, strlen(name));
}

struct draw128 draw_block(uint64_t seed, uint32_t device, uint32_t stream, uint64_t n) {
    uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);
    uint32_t c0 = device, c1 = stream, c2 = (uint32_t)n, c3 = (uint32_t)(n >> 32);
    for (int round = 0; round < PHILOX_ROUNDS; round++) {
        uint64_t product0 = UINT64_C(0xd2511f53) * c0;
        uint64_t product1 = UINT64_C(0xcd9e8d57) * c2;
        c0 = (uint32_t)(product1 >> 32) ^ c1 ^ key0;
        c1 = (uint32_t)product1;
        c2 = (uint32_t)(product0 >> 32) ^ c3 ^ key1;
        c3 = (uint32_t)product0;
        key0 += 0x9e3779b9U;
        key1 += 0xbb67ae85U;
    }
    return (struct draw128){{c0, c1, c2, c3}};
}

uint64_t draw_u64(uint64_t seed, uint32_t device, uint32_t stream, uint64_t n) {
    struct draw128 block = draw_block(seed, device, stream, n);
    return (uint64_t)block.word[1] << 32 | block.word[0];
}

uint64_t draw_below(uint64_t bits, uint64_t bound) {
    return (uint64_t)(((unsigned __int128)bits * bound) >> 64);
}

double draw_unit(uint64_t bits) {
    return ((double)(bits >> 12) + 0.5) * 0x1p-52;
}

void draw_fill(uint64_t seed, uint32_t device, uint32_t stream, uint64_t n, void *data, size_t size) {
    CHECK(size <= FILL_MAX && n < UINT64_C(1) << 48);
    uint8_t *out = data;
    for (uint64_t k = 0; size > 0; k++) {
        struct draw128 block = draw_block(seed, device, stream, n | k << 48);
        for (unsigned i = 0; i < 4; i++)
            block.word[i] = htole32(block.word[i]);
        size_t part = size < sizeof block ? size : sizeof block;
        memcpy(out, &block, part);
        out += part;
        size -= part;
    }
}
