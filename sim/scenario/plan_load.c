#include "scenario/plan_load.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/check.h"
#include "device/payload_format.h"
#include "device/schedule.h"
#include "scenario/plan_walk.h"

enum {
    CONNECT_BYTES = 64,   /* CONNECT with a usual client id, and CONNACK */
    SUBSCRIBE_BYTES = 48, /* one filter and its part of SUBACK */
    PUBLISH_BYTES = 7,    /* fixed header, topic length, packet identifier */
    PROPERTY_BYTES = 30,  /* properties' length, and a mark among them */
    ACK_BYTES = 4,        /* PUBACK; QoS 2 has three of them */
    SECRET_BYTES = 32,    /* of a secret whose value is not at hand */
    SCRATCH = 1 << 20
};

/* --- sizes ---------------------------------------------------------------------------------------------------------- */

static size_t rendered_size(const struct template *t, const struct payload_context *c, void *scratch) {
    struct bytes_writer w = bytes_writer_of(scratch, SCRATCH);
    if (payload_render(t, c, &w) == 0)
        return bytes_written(&w);
    size_t size = 0; /* a secret is missing, or it is too large */
    for (unsigned i = 0; i < t->count; i++)
        size += t->tokens[i].kind == TEMPLATE_LITERAL  ? t->tokens[i].text.size
                : t->tokens[i].kind == TEMPLATE_RANDOM ? t->tokens[i].size
                                                       : SECRET_BYTES;
    return size;
}

/* Of the stream's payload; of listed messages, on average. */
static double payload_size(const struct telemetry *t, const struct payload_context *c, void *scratch) {
    if (t->format != NULL) {
        struct bytes_writer w = bytes_writer_of(scratch, SCRATCH);
        return payload_format_write(t->format, c, &w) == 0 ? (double)bytes_written(&w) : SCRATCH;
    }
    if (t->message_count == 0)
        return t->random_size > 0 ? t->random_size : (double)rendered_size(&t->payload, c, scratch);
    double sum = 0;
    for (unsigned i = 0; i < t->message_count; i++)
        sum += t->messages[i].random_size > 0 ? t->messages[i].random_size
                                              : (double)rendered_size(&t->messages[i].payload, c, scratch);
    return sum / t->message_count;
}

/* Bytes of one publish and its acknowledgements, as the group's first device sends it. */
static double publish_bytes(const struct plan *p, unsigned group, const struct telemetry *t, uint32_t device,
                            void *scratch) {
    const struct fleet_group *g = &p->groups[group];
    double values[TEMPLATE_SIGNALS_MAX];
    for (unsigned i = 0; i < TEMPLATE_SIGNALS_MAX; i++)
        values[i] = i < g->signal_count ? g->signals[i].start + g->signals[i].mean : 0;
    struct payload_context c = {.group = g,
                                .run_id = p->run_id,
                                .seed = p->seed,
                                .device = device,
                                .index = device - p->fleets[g->fleet_index].first,
                                .seq = 1,
                                .unix_ms = p->epoch_unix_ms,
                                .signals = values};
    double size = (double)rendered_size(&t->topic, &c, scratch) + PUBLISH_BYTES + t->qos * ACK_BYTES +
                  (t->qos == 2 ? ACK_BYTES : 0);
    size += payload_size(t, &c, scratch);
    if (g->profile->mqtt.version == MQTT_5_0)
        size += t->mark == MARK_PROPERTY ? PROPERTY_BYTES : 1;
    return size;
}

struct sizes {
    double *publish; /* [group * streams + stream] */
    unsigned streams;
};

static struct sizes sizes_of(const struct plan *p) {
    struct sizes s = {.streams = 1};
    for (unsigned g = 0; g < p->group_count; g++)
        s.streams = p->groups[g].telemetry_count > s.streams ? p->groups[g].telemetry_count : s.streams;
    s.publish = calloc((size_t)p->group_count * s.streams + 1, sizeof *s.publish);
    bool *seen = calloc(p->group_count + 1, sizeof *seen);
    void *scratch = malloc(SCRATCH);
    CHECK(s.publish != NULL && seen != NULL && scratch != NULL);
    for (uint32_t d = 0; d < p->device_count; d++) {
        unsigned g = p->group_of[d];
        for (unsigned t = 0; !seen[g] && t < p->groups[g].telemetry_count; t++)
            s.publish[g * s.streams + t] = publish_bytes(p, g, &p->groups[g].telemetry[t], d, scratch);
        seen[g] = true;
    }
    free(seen);
    free(scratch);
    return s;
}

/* --- walking -------------------------------------------------------------------------------------------------------- */

struct counting {
    const struct plan *plan;
    struct plan_load *load;
    struct sizes sizes;
    double scale; /* devices that each walked one stands for */
};

static struct plan_load_bucket *bucket_at(struct plan_load *l, instant at) {
    int64_t i = at / l->width;
    return &l->buckets[i < 0 ? 0 : i >= l->bucket_count ? l->bucket_count - 1 : (unsigned)i];
}

static void count_message(struct counting *c, unsigned group, unsigned stream, instant at, double messages) {
    bucket_at(c->load, at)->messages += messages;
    c->load->messages_total += messages;
    c->load->bytes_total += messages * c->sizes.publish[group * c->sizes.streams + stream];
}

static void join(struct counting *c, const struct fleet_group *g, instant at) {
    struct plan_load_bucket *b = bucket_at(c->load, at);
    b->connects += c->scale;
    b->joined += c->scale;
    c->load->bytes_total += c->scale * (CONNECT_BYTES + g->subscription_count * SUBSCRIBE_BYTES);
}

/* Follows whether the device wants to be connected. */
static void follow(struct counting *c, const struct fleet_group *g, const struct plan_walk_step *s, bool *wants) {
    enum action_verb verb = s->entry->verb;
    bool end = s->kind == PLAN_WALK_END;
    bool begins = verb == DO_CONNECT || verb == DO_POWER_ON, ends = verb == DO_DISCONNECT || verb == DO_POWER_CUT;
    bool joins = end ? ends : begins;
    bool leaves = end ? begins : ends || verb == DO_STOP;
    if (joins && !*wants)
        join(c, g, s->at);
    else if (leaves && *wants)
        bucket_at(c->load, s->at)->left += c->scale;
    *wants = joins || (*wants && !leaves);
}

static void walk(struct counting *c, uint32_t device) {
    struct plan_walk *w = plan_walk_new(c->plan, device, false);
    struct plan_walk_step step;
    unsigned group = c->plan->group_of[device];
    bool wants = false;
    while (plan_walk_next(w, &step))
        if (step.kind == PLAN_WALK_MESSAGE)
            count_message(c, group, step.stream < c->sizes.streams ? step.stream : 0, step.at, c->scale);
        else
            follow(c, &c->plan->groups[group], &step, &wants);
    plan_walk_free(w);
}

/* Closed pacing and schedules that restart: at the rate of their mean gap from the intended connect on, which real answers only lower. */
static void guess_unscheduled(struct counting *c, uint32_t device) {
    const struct plan *p = c->plan;
    const struct fleet_group *g = &p->groups[p->group_of[device]];
    instant connect = plan_first_connect(p, device);
    for (unsigned i = 0; i < g->telemetry_count && connect < p->duration; i++) {
        const struct telemetry *t = &g->telemetry[i];
        if (schedule_planned(g, i))
            continue;
        double gap = dist_mean(&t->every);
        c->load->estimate = true;
        if (gap < (double)SPAN_MS)
            gap = (double)SPAN_MS; /* the round trip, which is not known */
        for (instant at = connect; at < p->duration; at = instant_add(at, c->load->width)) {
            span rest = p->duration - at < c->load->width ? p->duration - at : c->load->width;
            count_message(c, p->group_of[device], i, at, c->scale * (double)rest / gap);
        }
    }
}

/* --- the sum -------------------------------------------------------------------------------------------------------- */

static void find_peaks(struct plan_load *l) {
    double connected = 0, seconds = span_seconds(l->width);
    for (unsigned i = 0; i < l->bucket_count; i++) {
        const struct plan_load_bucket *b = &l->buckets[i];
        connected += b->joined - b->left;
        if (connected > l->connections_peak)
            l->connections_peak = connected;
        if (b->connects / seconds > l->connects_per_s_peak)
            l->connects_per_s_peak = b->connects / seconds;
        if (b->messages / seconds > l->messages_per_s_peak)
            l->messages_per_s_peak = b->messages / seconds;
    }
}

/* Steps that a device of each group takes, roughly: decides how many can be walked. */
static double steps_expected(const struct plan *p) {
    double steps = 0;
    for (uint32_t d = 0; d < p->device_count; d++) {
        const struct fleet_group *g = &p->groups[p->group_of[d]];
        if (plan_is_absent(p, d))
            continue;
        steps += 1 + p->action_count;
        for (unsigned t = 0; t < g->telemetry_count; t++) {
            double gap = dist_mean(&g->telemetry[t].every);
            if (g->telemetry[t].pace == PACE_OPEN && gap > 0)
                steps += (double)p->duration / gap;
        }
    }
    return steps;
}

void plan_load_of(const struct plan *p, uint64_t steps_max, struct plan_load *out) {
    *out = (struct plan_load){.width = SPAN_S};
    uint64_t limit = steps_max > 0 ? steps_max : PLAN_LOAD_STEPS_MAX;
    while (p->duration / out->width >= PLAN_LOAD_BUCKETS_MAX)
        out->width *= 10;
    out->bucket_count = (unsigned)((p->duration + out->width - 1) / out->width);
    out->buckets = calloc(out->bucket_count + 1, sizeof *out->buckets);
    CHECK(out->buckets != NULL);
    double expected = steps_expected(p);
    uint32_t stride = expected > (double)limit ? (uint32_t)(expected / (double)limit) + 1 : 1;
    uint32_t present = plan_devices_here(p, 1, 1), nth = 0;
    stride = stride > present ? present : stride;
    stride = stride > 0 ? stride : 1;
    uint32_t walked = (present + stride - 1) / stride;
    struct counting c = {.plan = p, .load = out, .sizes = sizes_of(p)};
    c.scale = stride == 1 ? 1 : (double)present / walked;
    out->estimate = stride > 1;
    for (uint32_t d = 0; d < p->device_count; d++) {
        if (plan_is_absent(p, d) || nth++ % stride != 0)
            continue;
        walk(&c, d);
        guess_unscheduled(&c, d);
    }
    free(c.sizes.publish);
    find_peaks(out);
}

void plan_load_free(struct plan_load *l) {
    free(l->buckets);
    l->buckets = NULL;
}

double plan_load_connected(const struct plan_load *l, unsigned i) {
    double connected = 0;
    for (unsigned k = 0; k <= i && k < l->bucket_count; k++)
        connected += l->buckets[k].joined - l->buckets[k].left;
    return connected;
}
