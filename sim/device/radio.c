#include "device/radio.h"

#include <string.h>

#include "base/draw.h"
#include "base/hash.h"
#include "device/device.h"
#include "device/device_power.h"
#include "device/device_step.h"

enum { MILLION = 1000000, CELL_DRAWS = 4 };
enum { CELL_WHICH, CELL_HOW_LONG, CELL_GAP, CELL_LUCK }; /* draws of one move */

static bool is_nothing(const struct dist *d) {
    return dist_is_constant(d) && d->a <= 0;
}

bool radio_needed(const struct network *n) {
    return n != NULL && (n->burst.kind != BURST_NONE || !is_nothing(&n->attach) || n->nat.tcp > 0 || n->nat.udp > 0 ||
                         n->coverage_count > 0 || n->quality_count > 0 || n->cells.count > 0 || n->dns.fail_ppm > 0);
}

size_t radio_size(const struct fleet_group *g) {
    return g->radio ? sizeof(struct radio_state) + g->outage_count * sizeof(struct outage_cursor) : 0;
}

const struct network *radio_network(const struct device_slot *s) {
    return s->radio == NULL ? s->group->network : s->radio->seen;
}

static uint64_t luck(const struct device_host *h, uint32_t whose, enum draw_stream_id stream, uint64_t n) {
    return draw_u64(h->seed, whose, draw_stream_key(stream), n);
}

/* --- where it is ---------------------------------------------------------------------------------------------------- */

/* The class that so many parts per million fall into; NULL: what the shares leave over. */
static const struct network *choose(const struct network_class *classes, unsigned count, uint64_t bits) {
    uint64_t place = draw_below(bits, MILLION);
    for (unsigned i = 0; i < count; i++) {
        if (place < classes[i].share_ppm)
            return &classes[i].network;
        place -= classes[i].share_ppm;
    }
    return NULL;
}

/* A site is a cell, or the device itself where there are none. Its quality comes before a device's own coverage: an operator's mistake
 * spoils good signals too. */
static const struct network *as_seen(const struct device_host *h, const struct device_slot *s,
                                     const struct network *n) {
    if (n == NULL)
        return NULL;
    uint32_t site = n->cells.count > 0 ? s->radio->cell : s->life->id;
    const struct network *seen = choose(n->quality, n->quality_count, luck(h, site, DRAW_LINK_QUALITY, 0));
    if (seen == NULL)
        seen = choose(n->coverage, n->coverage_count, luck(h, s->life->id, DRAW_LINK_COVERAGE, 0));
    return seen == NULL ? n : seen;
}

uint32_t radio_cell(uint64_t seed, uint32_t device, const struct network *n, const char *region, uint32_t moves) {
    if (n == NULL || n->cells.count == 0)
        return 0;
    uint64_t bits = draw_u64(seed, device, draw_stream_key(DRAW_LINK_CELL), (uint64_t)moves * CELL_DRAWS + CELL_WHICH);
    uint64_t name = (uint64_t)hash_name(n->name) << 32 | hash_name(region);
    return (uint32_t)hash_fold(name, draw_below(bits, n->cells.count));
}

static void enter_cell(const struct device_host *h, const struct device_slot *s, const struct network *n) {
    struct radio_state *r = s->radio;
    r->moves_at = INSTANT_NEVER;
    r->cell = radio_cell(h->seed, s->life->id, n, s->group->region, r->moves);
    if (n == NULL || n->cells.count == 0)
        return;
    uint64_t bits = luck(h, s->life->id, DRAW_LINK_CELL, (uint64_t)r->moves * CELL_DRAWS + CELL_HOW_LONG);
    if (!is_nothing(&n->cells.dwell))
        r->moves_at = instant_add(instant_max(h->step.now, 0), 1 + dist_sample_span(&n->cells.dwell, bits));
}

/* --- outages -------------------------------------------------------------------------------------------------------- */

static uint32_t scope_number(const struct device_slot *s, const struct outage *o) {
    switch (o->scope) {
    case OUTAGE_DEVICE:
        return s->life->id;
    case OUTAGE_CELL:
        return s->radio->cell;
    case OUTAGE_REGION:
        return hash_name(s->group->region);
    case OUTAGE_BACKEND:
        return hash_name(s->group->target_name);
    case OUTAGE_SCOPES:
        break;
    }
    return 0;
}

static const enum tally_kind scope_tallies[OUTAGE_SCOPES] = {
    [OUTAGE_DEVICE] = TALLY_OUTAGES_DEVICE,
    [OUTAGE_CELL] = TALLY_OUTAGES_CELL,
    [OUTAGE_REGION] = TALLY_OUTAGES_REGION,
    [OUTAGE_BACKEND] = TALLY_OUTAGES_BACKEND,
};

static void count(struct device_host *h, const struct device_slot *s, enum tally_kind kind, uint64_t n) {
    recorder_tally(h->recorder, s->life->group, h->step.now, kind, n);
}

/* Is cut until then: for want of a registration, or between two cells. */
static void be_busy(struct device_host *h, const struct device_slot *s, span lasting) {
    struct radio_state *r = s->radio;
    r->flags &= (uint8_t)~RADIO_LOOKING_UP;
    bool already = (r->flags & RADIO_BUSY) != 0;
    r->flags |= RADIO_BUSY;
    r->ready_at = instant_add(h->step.now, lasting);
    if (!already)
        device_timeline_cut(h, s, LINK_SILENT);
}

static span registration(struct device_host *h, const struct device_slot *s) {
    struct radio_state *r = s->radio;
    if (r->seen == NULL || is_nothing(&r->seen->attach))
        return 0;
    count(h, s, TALLY_REGISTRATIONS, 1);
    device_power_registers(h, s);
    span lasting = dist_sample_span(&r->seen->attach, luck(h, s->life->id, DRAW_LINK_ATTACH, r->registrations++));
    return lasting > 0 ? lasting : 0;
}

/* Begins to register, if that takes any time. */
static void enrol(struct device_host *h, const struct device_slot *s) {
    span lasting = registration(h, s);
    s->radio->flags |= RADIO_REGISTERED;
    if (lasting > 0)
        be_busy(h, s, lasting);
}

static bool is_wanted(const struct device_slot *s) {
    bool on = s->life->state != STATE_DEAD && s->life->state != STATE_ASLEEP;
    return on && (s->life->flags & DEVICE_WANTED) != 0 && (s->life->flags & DEVICE_STOPPED) == 0;
}

/* A backend that is down costs nobody the registration with the network. */
static void fall(struct device_host *h, const struct device_slot *s, const struct outage *o) {
    count(h, s, scope_tallies[o->scope], 1);
    if (o->scope != OUTAGE_BACKEND)
        s->radio->flags &= (uint8_t)~RADIO_REGISTERED;
    device_timeline_cut(h, s, (enum link_down_how)o->how);
}

static void rise(struct device_host *h, const struct device_slot *s) {
    if ((s->radio->flags & RADIO_REGISTERED) == 0 && is_wanted(s))
        enrol(h, s);
    device_timeline_mend(h, s);
}

static void pass(struct device_host *h, const struct device_slot *s, unsigned i) {
    const struct outage *o = &s->group->outages[i];
    struct outage_cursor *c = &s->radio->outages[i];
    outage_pass(o, h->seed, scope_number(s, o), h->epoch_unix_ms, c);
    if (c->down != 0)
        fall(h, s, o);
    else
        rise(h, s);
}

/* The device belongs to another cell or network now: what holds there holds for it. */
static void join_outages(struct device_host *h, const struct device_slot *s, const struct network *n, bool cells_only) {
    for (unsigned i = 0; i < s->group->outage_count; i++) {
        const struct outage *o = &s->group->outages[i];
        struct outage_cursor *c = &s->radio->outages[i];
        bool was_down = c->down != 0;
        if (cells_only && o->scope != OUTAGE_CELL)
            continue;
        bool here = o->network == NULL || o->network == n;
        if (here && (o->scope != OUTAGE_CELL || s->radio->cell != 0))
            outage_at(o, h->seed, scope_number(s, o), h->epoch_unix_ms, h->step.now, c);
        else
            *c = (struct outage_cursor){.edge = INSTANT_NEVER};
        if (!was_down && c->down != 0)
            fall(h, s, o);
        else if (was_down && c->down == 0)
            rise(h, s);
    }
}

void radio_begin(struct device_host *h, const struct device_slot *s) {
    struct radio_state *r = s->radio;
    memset(r, 0, radio_size(s->group));
    r->ready_at = INSTANT_NEVER;
    enter_cell(h, s, s->group->network);
    r->seen = as_seen(h, s, s->group->network);
    join_outages(h, s, s->group->network, false);
}

/* --- changes -------------------------------------------------------------------------------------------------------- */

instant radio_next(const struct device_slot *s) {
    const struct radio_state *r = s->radio;
    instant next = instant_min(r->ready_at, r->moves_at);
    for (unsigned i = 0; i < s->group->outage_count; i++)
        next = instant_min(next, r->outages[i].edge);
    return next;
}

/* Its connections end here; the backend hears nothing of it. */
static void lose_address(struct device_host *h, const struct device_slot *s) {
    count(h, s, TALLY_ADDRESS_CHANGES, 1);
    if (s->life->connection == NULL)
        return;
    s->life->down_last = h->step.now;
    if (device_opening(s->life)) {
        device_step_abort_attempt(h, s, CLOSE_LINK_DOWN);
        return;
    }
    h->orders.close = CLOSE_AS_GHOST;
    device_step_close(h, s, CLOSE_LINK_DOWN);
}

static void see(struct device_host *h, const struct device_slot *s, const struct network *n) {
    const struct network *seen = as_seen(h, s, n);
    if (seen != s->radio->seen)
        device_power_moves(h, s);
    s->radio->seen = seen;
}

static void move(struct device_host *h, const struct device_slot *s, const struct network *home) {
    struct radio_state *r = s->radio;
    r->moves++;
    uint64_t first = (uint64_t)r->moves * CELL_DRAWS;
    uint64_t place = draw_below(luck(h, s->life->id, DRAW_LINK_CELL, first + CELL_LUCK), MILLION);
    span gap = dist_sample_span(&home->cells.gap, luck(h, s->life->id, DRAW_LINK_CELL, first + CELL_GAP));
    enter_cell(h, s, home);
    see(h, s, home);
    count(h, s, TALLY_HANDOVERS, 1);
    if (place < home->cells.new_address_ppm)
        lose_address(h, s);
    if (home->cells.reselects)
        gap = instant_add(gap, registration(h, s));
    if (gap > 0 && (r->flags & RADIO_BUSY) == 0)
        be_busy(h, s, gap);
    join_outages(h, s, home, true);
}

/* The network whose cells and classes these are. */
static const struct network *home_of(const struct radio_state *r) {
    return r->seen == NULL || r->seen->parent == NULL ? r->seen : r->seen->parent;
}

static bool lookup_fails(struct device_host *h, const struct device_slot *s) {
    const struct network *n = s->radio->seen;
    if (n == NULL || n->dns.fail_ppm == 0 ||
        draw_below(luck(h, s->life->id, DRAW_LINK_DNS, s->life->attempts), MILLION) >= n->dns.fail_ppm)
        return false;
    s->radio->flags |= RADIO_LOOKING_UP;
    s->radio->ready_at = instant_add(h->step.now, n->dns.timeout * n->dns.tries);
    return true;
}

/* What it was busy with is over. */
static void be_ready(struct device_host *h, const struct device_slot *s) {
    struct radio_state *r = s->radio;
    uint8_t was = r->flags;
    r->ready_at = INSTANT_NEVER;
    r->flags &= (uint8_t) ~(RADIO_BUSY | RADIO_LOOKING_UP);
    if ((was & RADIO_BUSY) != 0) {
        device_timeline_mend(h, s);
        if (h->orders.open && lookup_fails(h, s))
            h->orders.open = false;
    } else if (s->life->state == STATE_CONNECTING && s->life->connection == NULL) {
        count(h, s, TALLY_LOOKUPS_FAILED, 1);
        s->life->down_last = h->step.now;
        device_step_abort_attempt(h, s, CLOSE_LINK_DOWN);
    }
}

void radio_due(struct device_host *h, const struct device_slot *s) {
    struct radio_state *r = s->radio;
    instant now = h->step.now;
    for (unsigned i = 0; i < s->group->outage_count; i++)
        if (r->outages[i].edge <= now)
            pass(h, s, i);
    if (r->moves_at <= now)
        move(h, s, home_of(r));
    if (r->ready_at <= now)
        be_ready(h, s);
}

bool radio_attempt(struct device_host *h, const struct device_slot *s) {
    struct radio_state *r = s->radio;
    r->flags &= (uint8_t)~RADIO_LOOKING_UP;
    r->ready_at = INSTANT_NEVER;
    if ((r->flags & RADIO_REGISTERED) == 0)
        enrol(h, s);
    return !device_step_cut(s) && !lookup_fails(h, s);
}

bool radio_registers(const struct device_slot *s) {
    return s->radio != NULL && (s->radio->flags & RADIO_BUSY) != 0;
}

/* --- the connection ------------------------------------------------------------------------------------------------- */

void radio_opened(struct device_host *h, const struct device_slot *s) {
    if (s->radio == NULL)
        return;
    s->radio->flags &= (uint8_t)~RADIO_SWALLOWED;
    s->radio->used = h->step.now;
}

void radio_closed(struct device_host *h, const struct device_slot *s) {
    if (s->radio == NULL || (s->radio->flags & RADIO_SWALLOWED) == 0)
        return;
    s->radio->flags &= (uint8_t)~RADIO_SWALLOWED;
    s->life->down_last = h->step.now;
}

enum nat_fate radio_passes(struct device_host *h, const struct device_slot *s, instant now) {
    struct radio_state *r = s->radio;
    if (r == NULL || r->seen == NULL || (r->flags & RADIO_SWALLOWED) != 0)
        return NAT_PASSES;
    enum nat_fate fate = nat_fate(&r->seen->nat, true, r->used, now);
    r->used = now;
    if (fate == NAT_PASSES)
        return fate;
    recorder_tally(h->recorder, s->life->group, now, TALLY_NAT_EXPIRED, 1);
    s->life->down_last = now;
    if (fate != NAT_REBINDS)
        r->flags |= RADIO_SWALLOWED;
    return fate;
}

void radio_roam(struct device_host *h, const struct device_slot *s, const struct network *to) {
    struct radio_state *r = s->radio;
    r->moves++;
    enter_cell(h, s, to);
    see(h, s, to);
    r->burst = (struct burst_state){0};
    r->flags &= (uint8_t)~RADIO_REGISTERED;
    lose_address(h, s);
    join_outages(h, s, to, false);
    if (is_wanted(s) && (r->flags & RADIO_REGISTERED) == 0)
        enrol(h, s);
}
