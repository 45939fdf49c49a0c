#include "fleet/evidence.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "device/drivers.h"
#include "fleet/evidence_record.h"
#include "fleet/sample.h"
#include "fleet/wire.h"
#include "fleet/worker.h"

/* One packet of a ring; its bytes follow. Small, since most packets are. */
struct kept {
    struct kept *next;
    instant at;
    uint32_t link_us;
    uint32_t size, original;
    uint16_t port; /* of the device, in network order */
    uint16_t node;
    uint8_t flags; /* enum evidence_flags: SENT, FIRST, TORN */
    uint8_t data[];
};

struct watch {
    uint32_t number;      /* of the device in its worker */
    bool asked;           /* by name: everything goes out */
    bool fresh;           /* nothing was sent yet on this connection */
    struct address local; /* of this connection; those of the ring differ by port alone */
    struct kept *
        opening; /* the first packet of the connection, when the ring has lost it: without it no reader knows the version */
    struct kept *first, *last;
    const struct kept *blamed; /* the packet that caused this step's trouble */
    unsigned count;
    size_t bytes;
};

struct evidence {
    struct watch *watches; /* by number */
    unsigned count;
    /* in this interval */
    unsigned violations, refusals, rings, notes;
};

/* --- who is watched --------------------------------------------------------------------------------------------------- */

static int by_number(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static bool is_asked(const uint32_t *asked, unsigned count, uint32_t device) {
    return count > 0 && bsearch(&device, asked, count, sizeof *asked, by_number) != NULL;
}

/* Counts the watched devices of the worker, and lists them if there is a list. */
static unsigned list_watches(const struct worker *w, const uint32_t *asked, unsigned asked_count,
                             struct watch *watches) {
    unsigned count = 0;
    for (uint32_t number = 0; number < w->count; number++) {
        uint32_t id = w->lives[number].id;
        bool wanted = is_asked(asked, asked_count, id);
        if (!wanted && sample_place(w->plan, id) >= w->host.sampled_below)
            continue;
        if (watches != NULL)
            watches[count] = (struct watch){.number = number, .asked = wanted};
        count++;
    }
    return count;
}

int evidence_init(struct worker *w, uint64_t sampled_below, const uint32_t *asked, unsigned asked_count) {
    w->host.sampled_below = sampled_below;
    w->evidence = calloc(1, sizeof *w->evidence);
    uint32_t *sorted = malloc((asked_count + 1) * sizeof *sorted);
    if (w->evidence == NULL || sorted == NULL) {
        free(sorted);
        return ERR_NO_MEMORY;
    }
    if (asked_count > 0)
        memcpy(sorted, asked, asked_count * sizeof *sorted);
    qsort(sorted, asked_count, sizeof *sorted, by_number);
    struct evidence *e = w->evidence;
    e->count = list_watches(w, sorted, asked_count, NULL);
    e->watches = calloc(e->count + 1, sizeof *e->watches);
    if (e->watches != NULL)
        list_watches(w, sorted, asked_count, e->watches);
    free(sorted);
    return e->watches == NULL ? ERR_NO_MEMORY : 0;
}

void evidence_free(struct worker *w) {
    if (w->evidence == NULL)
        return;
    free(w->evidence->watches);
    free(w->evidence);
    w->evidence = NULL;
}

static struct watch *watch_of(const struct worker *w, uint32_t number) {
    struct evidence *e = w->evidence;
    unsigned low = 0, high = e == NULL ? 0 : e->count;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (e->watches[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return e != NULL && low < e->count && e->watches[low].number == number ? &e->watches[low] : NULL;
}

bool evidence_watches(const struct worker *w, uint32_t number) {
    return watch_of(w, number) != NULL;
}

/* --- out -------------------------------------------------------------------------------------------------------------- */

static struct address peer_address(const struct worker *w, unsigned node) {
    const struct plan *p = w->plan;
    for (unsigned t = 0; t < p->target_count; t++) {
        unsigned first = w->dialer.target_first[t];
        if (node >= first && node - first < p->targets[t].node_count)
            return p->targets[t].nodes[node - first];
    }
    return (struct address){0};
}

static struct address local_address(const struct connection *c) {
    struct address a;
    bool known = c != NULL && c->fd >= 0 && transport_table[c->kind]->where(c, &a) == 0;
    return known ? a : (struct address){0};
}

static uint16_t port_of(const struct address *a) {
    return a->any.sa_family == AF_INET6 ? a->v6.sin6_port : a->v4.sin_port;
}

static void set_port(struct address *a, uint16_t port) {
    if (a->any.sa_family == AF_INET6)
        a->v6.sin6_port = port;
    else
        a->v4.sin_port = port;
}

static uint32_t overwrite(uint8_t *data, size_t size) {
    uint32_t changed = 0;
    for (size_t i = 0; i < size; i++) {
        changed += data[i] != '*';
        data[i] = '*';
    }
    return changed;
}

/* Overwrites in `copy` what is secret in `data`, of which it is one: a secret may hold another, or begin inside it. */
static uint32_t mask_secrets(const struct secret_table *secrets, const uint8_t *data, uint8_t *copy, size_t size) {
    uint32_t masked = 0;
    for (unsigned i = 0; secrets != NULL && i < secrets->count; i++) {
        const struct secret *secret = &secrets->rows[i];
        const uint8_t *at = data, *end = data + size, *found;
        while (at < end && (found = memmem(at, (size_t)(end - at), secret->data, secret->size)) != NULL) {
            masked += overwrite(copy + (found - data), secret->size);
            at = found + 1;
        }
    }
    return masked;
}

/* Appends a packet to the interval, with what must not be written anywhere overwritten. */
static void put_out(struct worker *w, struct evidence_record *record, const uint8_t *data) {
    const struct fleet_group *group = &w->plan->groups[record->group];
    const struct driver_ops *driver = drivers_of(group);
    record->dissector = driver->dissector;
    uint8_t *copy = evidence_record_add(w->recorder, record);
    if (copy == NULL || data == NULL)
        return;
    memcpy(copy, data, record->size);
    uint32_t masked = 0;
    if ((record->flags & EVIDENCE_SENT) != 0)
        masked += (uint32_t)driver->mask(copy, record->size);
    masked += mask_secrets(w->host.secrets, data, copy, record->size);
    evidence_record_masked(copy, masked);
}

static struct evidence_record describe(const struct worker *w, const struct watch *watch, const struct kept *k) {
    struct address local = watch->local;
    set_port(&local, k->port);
    return (struct evidence_record){.at = k->at,
                                    .link = k->link_us * SPAN_US,
                                    .local = local,
                                    .peer = peer_address(w, k->node),
                                    .device = w->lives[watch->number].id,
                                    .group = w->lives[watch->number].group,
                                    .size = k->size,
                                    .original = k->original,
                                    .flags = k->flags};
}

static void add_trouble(const struct worker *w, struct evidence_record *r, const struct device_trouble *t,
                        enum evidence_flags how) {
    r->flags |= (uint8_t)how;
    r->violated = t->violated;
    r->op = t->op;
    r->outcome = t->outcome;
    r->reason_code = t->reason_code;
    r->close_reason = t->close_reason;
    r->failed = t->failed;
    r->trouble_at = w->host.step.now;
    r->statement = t->statement;
    r->detail = t->detail;
}

/* --- rings ------------------------------------------------------------------------------------------------------------ */

static void give(struct worker *w, struct kept *k) {
    if (k != NULL)
        pool_give(w->pool, k, sizeof *k + k->size);
}

static void forget_oldest(struct worker *w, struct watch *watch) {
    struct kept *oldest = watch->first;
    watch->first = oldest->next;
    if (watch->first == NULL)
        watch->last = NULL;
    watch->count--;
    watch->bytes -= oldest->size;
    if (watch->blamed == oldest)
        watch->blamed = NULL;
    if ((oldest->flags & EVIDENCE_FIRST) != 0) {
        give(w, watch->opening);
        watch->opening = oldest;
    } else {
        give(w, oldest);
    }
}

static void empty(struct worker *w, struct watch *watch) {
    while (watch->first != NULL)
        forget_oldest(w, watch);
    give(w, watch->opening);
    watch->opening = NULL;
    watch->blamed = NULL;
}

/* The whole ring goes out; `t` NULL: nothing went wrong, it was asked for. */
static void send_out(struct worker *w, struct watch *watch, const struct device_trouble *t) {
    if (watch->opening != NULL) {
        watch->opening->next = watch->first;
        watch->first = watch->opening;
        watch->opening = NULL;
        watch->bytes += watch->first->size;
        watch->count++;
    }
    const struct kept *told = watch->blamed != NULL ? watch->blamed : watch->last;
    for (const struct kept *k = watch->first; k != NULL; k = k->next) {
        struct evidence_record r = describe(w, watch, k);
        r.violated = t != NULL && t->violated;
        if (t == NULL)
            r.flags |= EVIDENCE_STREAMED;
        else if (k == told)
            add_trouble(w, &r, t, watch->blamed != NULL ? EVIDENCE_BLAMED : EVIDENCE_AFTER);
        put_out(w, &r, k->data);
    }
    empty(w, watch);
}

static struct kept *keep(struct worker *w, struct watch *watch, struct bytes packet, span link, unsigned flags) {
    instant now = loop_now(w->loop);
    size_t size = packet.size < EVIDENCE_PACKET_MAX ? packet.size : EVIDENCE_PACKET_MAX;
    while (watch->first != NULL && (watch->count >= EVIDENCE_RING_PACKETS || watch->bytes + size > EVIDENCE_RING_BYTES))
        if (watch->asked)
            send_out(w, watch, NULL);
        else
            forget_oldest(w, watch);
    struct kept *k = pool_take(w->pool, sizeof *k + size);
    if (k == NULL)
        return NULL;
    *k = (struct kept){.at = now,
                       .link_us = (uint32_t)(link / SPAN_US < UINT32_MAX ? link / SPAN_US : UINT32_MAX),
                       .port = port_of(&watch->local),
                       .size = (uint32_t)size,
                       .original = (uint32_t)packet.size,
                       .node = w->lives[watch->number].connection->node,
                       .flags = (uint8_t)flags};
    memcpy(k->data, packet.data, size);
    if (watch->last == NULL)
        watch->first = k;
    else
        watch->last->next = k;
    watch->last = k;
    watch->count++;
    watch->bytes += size;
    return k;
}

/* The packet at the start of `data`, all of it where its end cannot be told. */
static struct bytes first_packet(const struct worker *w, uint32_t number, struct bytes data) {
    size_t size = drivers_of(&w->plan->groups[w->lives[number].group])->frame(data);
    return size == 0 || size > data.size ? data : bytes_of(data.data, size);
}

void evidence_connected(struct worker *w, uint32_t number) {
    struct watch *watch = watch_of(w, number);
    struct address local = local_address(w->lives[number].connection), before = watch->local;
    set_port(&before, port_of(&local));
    if (!address_equal(&before, &local)) { /* another node may be reached from another address */
        if (watch->asked)
            send_out(w, watch, NULL);
        empty(w, watch);
    }
    watch->local = local;
    watch->fresh = true;
}

void evidence_sent(struct worker *w, uint32_t number, struct bytes packets, span link) {
    struct watch *watch = watch_of(w, number);
    while (packets.size > 0) {
        struct bytes one = first_packet(w, number, packets);
        keep(w, watch, one, link, EVIDENCE_SENT | (watch->fresh ? (unsigned)EVIDENCE_FIRST : 0));
        watch->fresh = false;
        packets = bytes_of(packets.data + one.size, packets.size - one.size);
    }
}

void evidence_received(struct worker *w, uint32_t number, struct bytes input, size_t used, span link) {
    struct watch *watch = watch_of(w, number);
    const struct device_trouble *t = &w->host.trouble;
    const uint8_t *culprit = t->count > 0 ? t->packet.data : NULL;
    struct bytes rest = bytes_of(input.data, used);
    while (rest.size > 0) {
        struct bytes one = first_packet(w, number, rest);
        const struct kept *k = keep(w, watch, one, link, 0);
        if (culprit == one.data)
            watch->blamed = k;
        rest = bytes_of(one.data + one.size, rest.size - one.size);
    }
    if (culprit != NULL && culprit >= input.data + used && culprit < input.data + input.size)
        watch->blamed = keep(w, watch, t->packet, link, 0); /* it was refused, so it was not consumed */
}

void evidence_torn(struct worker *w, uint32_t number) {
    struct bytes half = wire_half(w, number);
    if (half.size > 0)
        keep(w, watch_of(w, number), half, 0, EVIDENCE_TORN);
}

/* --- trouble ---------------------------------------------------------------------------------------------------------- */

/* The finding that belongs to it; broken rules have one already. */
static void note_operation(struct worker *w, uint32_t number, const struct device_trouble *t) {
    if (t->violated || w->evidence->notes >= EVIDENCE_NOTES_MAX)
        return;
    w->evidence->notes++;
    recorder_note(w->recorder, &(struct note){.at = w->host.step.now,
                                              .device = w->lives[number].id,
                                              .group = w->lives[number].group,
                                              .kind = EVENT_OP_END,
                                              .op = t->op,
                                              .outcome = t->outcome,
                                              .reason_code = t->reason_code,
                                              .close_reason = t->close_reason});
}

static bool may_go_alone(struct evidence *e, bool violated) {
    return violated ? e->violations++ < EVIDENCE_VIOLATIONS_MAX : e->refusals++ < EVIDENCE_REFUSALS_MAX;
}

static void alone(struct worker *w, uint32_t number, const struct device_trouble *t) {
    const struct connection *c = w->lives[number].connection;
    if (t->packet.size == 0 || c == NULL)
        return;
    if (!may_go_alone(w->evidence, t->violated)) {
        recorder_evidence_omitted(w->recorder);
        return;
    }
    struct bytes packet = first_packet(w, number, t->packet);
    struct evidence_record r = {.at = w->host.step.now,
                                .link = w->host.step.now - w->host.step.answered,
                                .local = local_address(c),
                                .peer = peer_address(w, c->node),
                                .device = w->lives[number].id,
                                .group = w->lives[number].group,
                                .size =
                                    (uint32_t)(packet.size < EVIDENCE_PACKET_MAX ? packet.size : EVIDENCE_PACKET_MAX),
                                .original = (uint32_t)packet.size,
                                .flags = EVIDENCE_ALONE};
    add_trouble(w, &r, t, EVIDENCE_BLAMED);
    put_out(w, &r, packet.data);
    note_operation(w, number, t);
}

void evidence_trouble(struct worker *w, uint32_t number) {
    struct device_trouble t = w->host.trouble;
    w->host.trouble = (struct device_trouble){0};
    if (w->evidence == NULL)
        return;
    struct watch *watch = watch_of(w, number);
    if (watch == NULL) {
        alone(w, number, &t);
        return;
    }
    if (!t.violated && !watch->asked && w->evidence->rings++ >= EVIDENCE_RINGS_MAX) {
        watch->blamed = NULL;
        recorder_evidence_omitted(w->recorder);
        return;
    }
    bool open = w->lives[number].connection != NULL && !device_opening(&w->lives[number]);
    if (open && t.outcome == OP_TIMEOUT && !t.violated)
        evidence_torn(w, number);
    if (watch->first != NULL || watch->opening != NULL) {
        send_out(w, watch, &t);
    } else {
        struct evidence_record r = {
            .at = w->host.step.now, .device = w->lives[number].id, .group = w->lives[number].group};
        add_trouble(w, &r, &t, EVIDENCE_EMPTY);
        put_out(w, &r, NULL);
    }
    note_operation(w, number, &t);
}

void evidence_swap(struct worker *w) {
    struct evidence *e = w->evidence;
    if (e == NULL)
        return;
    for (unsigned i = 0; i < e->count; i++)
        if (e->watches[i].asked && e->watches[i].first != NULL)
            send_out(w, &e->watches[i], NULL);
    e->violations = e->refusals = e->rings = e->notes = 0;
}

void evidence_finish(struct worker *w) {
    for (unsigned i = 0; w->evidence != NULL && i < w->evidence->count; i++)
        empty(w, &w->evidence->watches[i]);
}
