#include "device/behaviour.h"

bool behaviour_tracks(const struct action *a) {
    return a->when || a->where.count > 0;
}

static size_t sampled_offset(const struct fleet_group *g) {
    return sizeof(struct behaviour) + g->telemetry_count * sizeof(struct stream_state) +
           g->signal_count * sizeof(double);
}

static size_t triggers_offset(const struct fleet_group *g) {
    return sampled_offset(g) + (g->signals_evolve ? sizeof(instant) : 0);
}

static size_t forward_offset(const struct fleet_group *g) {
    return triggers_offset(g) + (g->triggers ? g->telemetry_count * sizeof(struct trigger_state) : 0);
}

static size_t commands_offset(const struct fleet_group *g) {
    return forward_offset(g) + (g->profile->buffer.forward_gap > 0 ? sizeof(instant) : 0);
}

static size_t fired_offset(const struct fleet_group *g) {
    return commands_offset(g) + (g->profile->commands.on ? sizeof(struct command_state) : 0);
}

size_t behaviour_size(const struct fleet_group *g, unsigned tracked) {
    return fired_offset(g) + tracked * sizeof(struct fired);
}

struct stream_state *behaviour_streams(struct behaviour *b) {
    return (struct stream_state *)(void *)b->tail;
}

double *behaviour_signals(const struct fleet_group *g, struct behaviour *b) {
    return (double *)(void *)(b->tail + g->telemetry_count * sizeof(struct stream_state));
}

instant *behaviour_sampled(const struct fleet_group *g, struct behaviour *b) {
    return g->signals_evolve ? (instant *)(void *)((uint8_t *)b + sampled_offset(g)) : NULL;
}

struct trigger_state *behaviour_triggers(const struct fleet_group *g, struct behaviour *b) {
    return g->triggers ? (struct trigger_state *)(void *)((uint8_t *)b + triggers_offset(g)) : NULL;
}

instant *behaviour_forward(const struct fleet_group *g, struct behaviour *b) {
    return g->profile->buffer.forward_gap > 0 ? (instant *)(void *)((uint8_t *)b + forward_offset(g)) : NULL;
}

struct command_state *behaviour_commands(const struct fleet_group *g, struct behaviour *b) {
    return g->profile->commands.on ? (struct command_state *)(void *)((uint8_t *)b + commands_offset(g)) : NULL;
}

struct fired *behaviour_fired(const struct fleet_group *g, struct behaviour *b) {
    return (struct fired *)(void *)((uint8_t *)b + fired_offset(g));
}
