#include "mqtt/mqtt_packet_id.h"

#include <string.h>

#include "mqtt/mqtt_inflight.h"
#include "mqtt/mqtt_requests.h"

enum { IDS = 65536, WORD_BITS = 64 };

static void mark(uint64_t *used, uint16_t id) {
    used[id / WORD_BITS] |= (uint64_t)1 << (id % WORD_BITS);
}

static bool is_used(const uint64_t *used, uint16_t id) {
    return (used[id / WORD_BITS] >> (id % WORD_BITS)) & 1;
}

/* Calls `see` with every id that is outstanding, and with 0, which is never used. */
static void each_used(const struct mqtt_session *s, void (*see)(void *context, uint16_t id), void *context) {
    see(context, 0);
    for (const struct mqtt_flight *f = s->published.first; f; f = f->next)
        see(context, f->packet_id);
    for (const struct mqtt_flight *f = s->released.first; f; f = f->next)
        see(context, f->packet_id);
    for (const struct mqtt_request *r = s->requests; r; r = r->next)
        see(context, r->packet_id);
}

struct run {
    uint16_t from, free; /* ids from `from` on that nobody uses */
};

static void cut_run(void *context, uint16_t id) {
    struct run *run = (struct run *)context;
    uint16_t distance = (uint16_t)(id - run->from);
    if (distance < run->free)
        run->free = distance;
}

static void mark_used(void *context, uint16_t id) {
    mark((uint64_t *)context, id);
}

/* The next id stands among used ones: goes on to the first that is free. */
static void skip_used(struct mqtt_session *s) {
    uint64_t used[IDS / WORD_BITS];
    memset(used, 0, sizeof used);
    each_used(s, mark_used, used);
    for (unsigned i = 0; i < IDS && is_used(used, s->next_id); i++)
        s->next_id++;
}

/* Looks at everything outstanding once and remembers how many ids ahead are free, so that taking one is usually a
 * decrement. Ids that become free in between only make that number too small. */
static void find_free_run(struct mqtt_session *s) {
    for (int pass = 0; pass < 2 && s->ids_free == 0; pass++) {
        if (pass > 0)
            skip_used(s);
        struct run run = {s->next_id, UINT16_MAX};
        each_used(s, cut_run, &run);
        s->ids_free = run.free;
    }
}

uint16_t mqtt_packet_id_take(struct mqtt_session *s) {
    if (s->ids_free == 0)
        find_free_run(s);
    if (s->ids_free == 0)
        return 0;
    s->ids_free--;
    return s->next_id++;
}
