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

/* Looks at everything outstanding once and remembers how many ids ahead are free, so that taking one is usually a
 * decrement. Ids that become free in between only make that number too small. */
static void find_free_run(struct mqtt_session *s) {
    uint64_t used[IDS / WORD_BITS];
    memset(used, 0, sizeof used);
    mark(used, 0);
    for (const struct mqtt_flight *f = s->published.first; f; f = f->next)
        mark(used, f->packet_id);
    for (const struct mqtt_flight *f = s->released.first; f; f = f->next)
        mark(used, f->packet_id);
    for (const struct mqtt_request *r = s->requests; r; r = r->next)
        mark(used, r->packet_id);
    uint16_t id = s->next_id;
    for (unsigned i = 0; i < IDS && is_used(used, id); i++)
        id++;
    s->next_id = id;
    for (; s->ids_free < UINT16_MAX && !is_used(used, id); id++)
        s->ids_free++;
}

uint16_t mqtt_packet_id_take(struct mqtt_session *s) {
    if (s->ids_free == 0)
        find_free_run(s);
    if (s->ids_free == 0)
        return 0;
    s->ids_free--;
    return s->next_id++;
}
