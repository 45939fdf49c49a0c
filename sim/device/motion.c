#include "device/motion.h"

#include "base/check.h"
#include "base/draw.h"

static span part_of(const struct motion *m) {
    return SPAN_DAY / m->trips;
}

static int64_t part_number(const struct motion *m, int64_t clock) {
    span part = part_of(m);
    return clock / part - (clock % part < 0);
}

static struct motion_trip trip(const struct motion *m, uint64_t seed, uint32_t device, int64_t number) {
    span part = part_of(m), mean = m->moving / m->trips;
    struct draw128 block = draw_block(seed, device, draw_stream_key(DRAW_TELEMETRY_MOTION), (uint64_t)number);
    uint64_t first = (uint64_t)block.word[1] << 32 | block.word[0],
             second = (uint64_t)block.word[3] << 32 | block.word[2];
    span length = mean / 2 + (span)draw_below(first, (uint64_t)mean);
    if (length > part)
        length = part;
    int64_t start = number * part + (span)draw_below(second, (uint64_t)(part - length));
    return (struct motion_trip){start, start + length};
}

struct motion_trip motion_trip_at(const struct motion *m, uint64_t seed, uint32_t device, int64_t clock) {
    CHECK(m->trips > 0);
    return trip(m, seed, device, part_number(m, clock));
}

bool motion_moves(const struct motion *m, uint64_t seed, uint32_t device, int64_t clock) {
    struct motion_trip t = motion_trip_at(m, seed, device, clock);
    return t.start <= clock && clock < t.end;
}

int64_t motion_next_start(const struct motion *m, uint64_t seed, uint32_t device, int64_t clock) {
    int64_t number = part_number(m, clock);
    struct motion_trip t = trip(m, seed, device, number);
    return t.start > clock ? t.start : trip(m, seed, device, number + 1).start;
}

span motion_between(const struct motion *m, uint64_t seed, uint32_t device, int64_t from, int64_t to) {
    int64_t last = part_number(m, to);
    span sum = 0;
    for (int64_t number = part_number(m, from); number <= last; number++) {
        struct motion_trip t = trip(m, seed, device, number);
        int64_t start = t.start > from ? t.start : from, end = t.end < to ? t.end : to;
        sum += end > start ? end - start : 0;
    }
    return sum;
}
