#include "device/behaviour.h"

bool behaviour_tracks(const struct action *a) {
    return a->when || a->where.count > 0;
}

size_t behaviour_size(const struct fleet_group *g, unsigned tracked) {
    return sizeof(struct behaviour) + g->telemetry_count * sizeof(struct stream_state) +
           g->signal_count * sizeof(double) + tracked * sizeof(struct fired);
}

struct stream_state *behaviour_streams(struct behaviour *b) {
    return (struct stream_state *)(void *)b->tail;
}

double *behaviour_signals(const struct fleet_group *g, struct behaviour *b) {
    return (double *)(void *)(b->tail + g->telemetry_count * sizeof(struct stream_state));
}

struct fired *behaviour_fired(const struct fleet_group *g, struct behaviour *b) {
    return (struct fired *)(void *)(b->tail + g->telemetry_count * sizeof(struct stream_state) +
                                    g->signal_count * sizeof(double));
}
