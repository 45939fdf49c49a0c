#include "fleet/player.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "base/err.h"
#include "fleet/recording.h"
#include "fleet/virtual.h"

enum { DRAIN_SIZE = 4096 };

/* Who plays for one device: events[next..count) are still to come. */
struct part {
    struct loop_io io;
    int fd; /* the peer's end of the connection; -1: there is none */
    struct recording_event *events;
    uint32_t count, room, next;
};

struct player {
    struct virtual_run *world;
    span slack;
    struct loop *loop;
    struct part *parts;
    struct player_device *devices;
    unsigned count;
    bool out_of_memory;
};

/* --- finding ---------------------------------------------------------------------------------------------------------- */

static int compare_devices(const void *key, const void *element) {
    uint32_t device = *(const uint32_t *)key, other = ((const struct player_device *)element)->device;
    return device < other ? -1 : device > other;
}

/* The place of a device, or `count`. */
static unsigned place_of(const struct player *p, uint32_t device) {
    const struct player_device *found = bsearch(&device, p->devices, p->count, sizeof *p->devices, compare_devices);
    return found == NULL ? p->count : (unsigned)(found - p->devices);
}

static const struct recording_event *next_of(const struct part *part) {
    return part->next < part->count ? &part->events[part->next] : NULL;
}

static void depart(struct player *p, unsigned place, const char *how) {
    struct player_device *d = &p->devices[place];
    if (d->departed)
        return;
    d->departed = true;
    d->departed_at = loop_world_now(p->world->world);
    d->how = how;
}

/* --- playing ---------------------------------------------------------------------------------------------------------- */

static void hang_up(struct player *p, struct part *part, bool reset) {
    if (part->fd < 0)
        return;
    loop_unwatch(p->loop, &part->io);
    memory_net_close(p->world->net, part->fd, reset);
    part->fd = -1;
}

/* What comes next is the peer's: at its instant. What is the device's own is waited for. */
static void arm(struct player *p, unsigned place) {
    const struct recording_event *e = next_of(&p->parts[place]);
    bool ours = e != NULL && (e->kind == RECORDING_RECEIVED || e->kind == RECORDING_ENDED);
    timers_set(&p->loop->timers, place, ours ? instant_max(e->at, loop_world_now(p->world->world)) : INSTANT_NEVER);
}

static void on_timer(void *context, uint32_t place, instant deadline) {
    struct player *p = context;
    struct part *part = &p->parts[place];
    const struct recording_event *e = next_of(part);
    (void)deadline;
    if (part->fd < 0) {
        depart(p, place, "it was not connected when its peer spoke");
    } else if (e->kind == RECORDING_ENDED) {
        hang_up(p, part, e->data.data[0] != 0);
    } else {
        int sent = memory_net_send(p->world->net, part->fd, e->data.data, e->data.size);
        if (sent >= 0 && (size_t)sent < e->data.size) /* the rest when the device has read */
            part->events[part->next].data = bytes_of(e->data.data + sent, e->data.size - (size_t)sent);
        if (sent == ERR_AGAIN || (sent >= 0 && (size_t)sent < e->data.size)) {
            timers_set(&p->loop->timers, place, instant_add(loop_world_now(p->world->world), SPAN_US));
            return;
        }
    }
    part->next++;
    arm(p, place);
}

/* What the device sends was looked at before it got here. */
static void on_io(void *context, struct loop_io *io, unsigned ready) {
    struct player *p = context;
    struct part *part = (struct part *)(void *)io;
    uint8_t ignored[DRAIN_SIZE];
    (void)ready;
    int n = memory_net_recv(p->world->net, part->fd, ignored, sizeof ignored);
    if (n < 0 && n != ERR_AGAIN)
        hang_up(p, part, false);
}

static const struct recording_event *attempt_of(const struct player *p, unsigned place) {
    const struct recording_event *e = next_of(&p->parts[place]);
    return e != NULL && (e->kind == RECORDING_OPENED || e->kind == RECORDING_FAILED) ? e : NULL;
}

bool player_lets_go(struct player *p, uint32_t device, instant *again) {
    const struct recording_event *e = attempt_of(p, place_of(p, device));
    *again = e == NULL ? INSTANT_NEVER : e->at;
    return e == NULL || e->at <= loop_world_now(p->world->world);
}

int player_connect(struct player *p, uint32_t device, struct connection *c) {
    unsigned place = place_of(p, device);
    struct part *part = &p->parts[place];
    const struct recording_event *e = attempt_of(p, place);
    if (e == NULL) {
        depart(p, place, "it connected where the recording has nothing");
        return ERR_UNREACHABLE;
    }
    part->next++;
    hang_up(p, part, true);
    int error = ERR_UNREACHABLE;
    if (e->kind == RECORDING_OPENED)
        error = memory_net_pair(p->world->net, &c->fd, &part->fd);
    if (error == 0) {
        c->flags &= (uint8_t)~CONNECTION_OPENING;
        loop_watch(p->loop, &part->io, part->fd, LOOP_READ);
    }
    arm(p, place);
    return error;
}

static bool is_as_recorded(const struct recording_event *e, struct bytes data) {
    struct bytes_reader from = bytes_reader_of(e->data);
    uint64_t size = bytes_read_u32(&from), high = bytes_read_u32(&from), low = bytes_read_u32(&from);
    return size == data.size && (high << 32 | low) == recording_hash(data);
}

void player_sent(struct player *p, uint32_t device, struct bytes data) {
    unsigned place = place_of(p, device);
    struct part *part = &p->parts[place];
    const struct recording_event *e = next_of(part);
    if (e == NULL || e->kind != RECORDING_SENT) {
        depart(p, place, "it sent something where the recording has nothing");
        return;
    }
    if (!is_as_recorded(e, data))
        depart(p, place, "it sent other bytes");
    else if (llabs(e->at - loop_world_now(p->world->world)) > p->slack)
        depart(p, place, "it sent them at another instant");
    p->devices[place].sent += !p->devices[place].departed;
    part->next++;
    arm(p, place);
}

unsigned player_devices(const struct player *p, const struct player_device **out) {
    *out = p->devices;
    for (unsigned i = 0; i < p->count; i++)
        if (!p->devices[i].departed && p->devices[i].sent < p->devices[i].expected) {
            p->devices[i].departed = true;
            p->devices[i].departed_at = loop_world_now(p->world->world);
            p->devices[i].how = "it sent less than it did";
        }
    return p->count;
}

/* --- opening ---------------------------------------------------------------------------------------------------------- */

static void take(void *context, const struct recording_event *e) {
    struct player *p = context;
    unsigned place = place_of(p, e->device);
    if (place == p->count)
        return;
    struct part *part = &p->parts[place];
    if (part->count == part->room) {
        uint32_t room = part->room == 0 ? 64 : 2 * part->room;
        struct recording_event *larger = realloc(part->events, room * sizeof *larger);
        if (larger == NULL) {
            p->out_of_memory = true;
            return;
        }
        part->events = larger;
        part->room = room;
    }
    part->events[part->count++] = *e;
    p->devices[place].expected += e->kind == RECORDING_SENT;
}

static int fill(struct player *p, struct bytes recording, const uint32_t *devices, char *why, size_t why_size) {
    for (unsigned i = 0; i < p->count; i++) {
        p->devices[i].device = devices[i];
        p->parts[i].fd = -1;
    }
    int error = recording_read(recording, take, p, why, why_size);
    if (error == 0 && p->out_of_memory) {
        snprintf(why, why_size, "out of memory");
        error = ERR_NO_MEMORY;
    }
    return error;
}

int player_open(struct bytes recording, const uint32_t *devices, unsigned count, span slack, struct virtual_run *world,
                struct player **out, char *why, size_t why_size) {
    snprintf(why, why_size, "out of memory");
    struct player *p = calloc(1, sizeof *p);
    if (p == NULL)
        return ERR_NO_MEMORY;
    p->world = world;
    p->slack = slack;
    p->count = count;
    p->parts = calloc(count, sizeof *p->parts);
    p->devices = calloc(count, sizeof *p->devices);
    const struct loop_handlers handlers = {.context = p, .io = on_io, .timer = on_timer};
    int error = p->parts == NULL || p->devices == NULL ? ERR_NO_MEMORY : 0;
    if (error == 0)
        error = fill(p, recording, devices, why, why_size);
    if (error == 0)
        error = loop_virtual_new(world->world, &handlers, count, &p->loop);
    if (error < 0) {
        player_close(p);
        return error;
    }
    *out = p;
    return 0;
}

void player_close(struct player *p) {
    if (p == NULL)
        return;
    for (unsigned i = 0; p->parts != NULL && i < p->count; i++) {
        if (p->loop != NULL)
            hang_up(p, &p->parts[i], true);
        free(p->parts[i].events);
    }
    loop_close(p->loop);
    free(p->parts);
    free(p->devices);
    free(p);
}
