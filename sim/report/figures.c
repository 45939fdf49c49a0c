#include "report/figures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

const struct figures_row figures_rows[FIGURES_ROWS] = {
    {FIGURES_CONNECT, "mqtt.connect.ack", OP_MQTT_CONNECT, 0, UINT8_MAX},
    {FIGURES_SUBSCRIBE, "mqtt.subscribe.ack", OP_MQTT_SUBSCRIBE, 0, UINT8_MAX},
    {FIGURES_UNSUBSCRIBE, "mqtt.unsubscribe.ack", OP_MQTT_UNSUBSCRIBE, 0, UINT8_MAX},
    {FIGURES_PUBLISH_ACK, "mqtt.publish.ack", OP_MQTT_PUBLISH, 1, UINT8_MAX},
    {FIGURES_PUBLISH_SENT, "mqtt.publish.sent", OP_MQTT_PUBLISH, 0, 0},
    {FIGURES_PING, "mqtt.ping.ack", OP_MQTT_PING, 0, UINT8_MAX},
    {FIGURES_END_TO_END, "mqtt.end_to_end", OP_MQTT_END_TO_END, 0, UINT8_MAX},
    {FIGURES_COMMAND, "mqtt.command.reply", OP_MQTT_COMMAND, 0, UINT8_MAX},
    {FIGURES_HANDSHAKE, "tls.handshake.ack", OP_TLS_HANDSHAKE, 0, UINT8_MAX},
    {FIGURES_RESUMPTION, "tls.resumption.ack", OP_TLS_RESUMPTION, 0, UINT8_MAX},
};

/* The warm-up ends at an edge, so that a segment lies on one side of it. */
static bool in_warmup(const struct result *r, const struct plan *plan, unsigned segment) {
    return plan != NULL && plan->warmup > 0 && r->segments != NULL && r->segments->edges[segment] < plan->warmup;
}

static bool in_fleet(const struct plan *plan, unsigned group, const char *fleet) {
    return fleet == NULL || (plan != NULL && strcmp(plan->groups[group].fleet, fleet) == 0);
}

static void add(struct figures *f, const struct series *s) {
    for (int o = 0; o < OP_OUTCOMES; o++) {
        f->outcomes[o] += s->outcomes[o];
        f->intended += s->outcomes[o];
    }
    for (int d = 0; d < OP_DROP_REASONS; d++)
        f->drops[d] += s->drops[d];
    for (int h = 0; h < OP_HELD_REASONS; h++)
        f->held[h] += s->held[h];
    f->late += s->late;
    f->count += series_count(s);
    f->failed += series_count_failed(s);
    for (int c = 0; c < CLOCK_KINDS; c++)
        if (s->clocks[c] != NULL)
            histogram_add(&f->clocks[c], s->clocks[c]);
}

struct figures figures_of(const struct result *r, const struct plan *plan, enum figures_id id, const char *fleet) {
    struct figures f = {.clocks = calloc(CLOCK_KINDS, sizeof *f.clocks)};
    CHECK(f.clocks != NULL);
    const struct figures_row *row = &figures_rows[id];
    for (size_t i = result_next(r, 0, (int)row->op, -1, -1); i < r->series_count;
         i = result_next(r, i + 1, (int)row->op, -1, -1)) {
        const struct cell_key *key = &r->series[i]->key;
        if (key->qos >= row->qos_from && key->qos <= row->qos_to && in_fleet(plan, key->group, fleet) &&
            !in_warmup(r, plan, key->segment))
            add(&f, r->series[i]);
    }
    return f;
}

void figures_free(struct figures *f) {
    free(f->clocks);
    f->clocks = NULL;
}

double figures_max_ms(const struct histogram *h) {
    return h->count == 0 ? NAN : (double)h->max_ns / 1e6;
}

double figures_quantile_ms(const struct histogram *h, double q) {
    if (h->count == 0)
        return NAN;
    int64_t ns = histogram_quantile(h, q, false);
    return (double)(ns < h->max_ns ? ns : h->max_ns) / 1e6;
}

static uint64_t sum_tallies(const struct result *r, const struct plan *plan, enum tally_kind kind, bool with_warmup,
                            int qos, const char *fleet) {
    uint64_t sum = 0;
    for (size_t i = 0; i < r->tally_count; i++) {
        const struct tally_series *t = &r->tallies[i];
        if (in_fleet(plan, t->group, fleet) && (qos < 0 || t->qos == qos) &&
            (with_warmup || !in_warmup(r, plan, t->segment)))
            sum += t->counts[kind];
    }
    return sum;
}

uint64_t figures_tally(const struct result *r, const struct plan *plan, enum tally_kind kind, bool with_warmup,
                       const char *fleet) {
    return sum_tallies(r, plan, kind, with_warmup, -1, fleet);
}

uint64_t figures_messages(const struct result *r, const struct plan *plan, enum tally_kind kind, int qos,
                          const char *fleet) {
    return sum_tallies(r, plan, kind, false, qos, fleet);
}

uint64_t figures_intended(const struct result *r, const struct plan *plan) {
    uint64_t sum = 0;
    for (size_t i = 0; i < r->series_count; i++)
        for (int o = 0; o < OP_OUTCOMES; o++)
            if (!in_warmup(r, plan, r->series[i]->key.segment))
                sum += r->series[i]->outcomes[o];
    return sum;
}

uint64_t figures_held(const struct result *r, const struct plan *plan, enum op_held reason) {
    uint64_t sum = 0;
    for (size_t i = 0; i < r->series_count; i++)
        if (!in_warmup(r, plan, r->series[i]->key.segment))
            sum += r->series[i]->held[reason];
    return sum;
}
