#include "scenario/plan_power.h"

#include <string.h>

#include "base/check.h"
#include "base/hash.h"
#include "scenario/plan_profiles.h"
#include "scenario/schema.h"
#include "scenario/value.h"

enum { MS_PER_HOUR = 3600000 };

/* A supply that never fails unless the timeline cuts it, and that costs nothing. */
static const struct power mains_alone = {.volts = 1, .mains = true, .boot = {.kind = DIST_CONSTANT}};

#define POWER(key) "profiles.*.power." key

/* Ampere-hours of one cell as given; 0: the chemistry's. */
static double capacity_of(const struct plan_build *b, const struct node *n, const struct battery_chemistry *chemistry) {
    double farad = value_number_at(n, POWER("battery.capacitance"));
    if (farad <= 0)
        return value_number_at(n, POWER("battery.capacity")) / 3600;
    if (chemistry->open[0] != BATTERY_SUPERCAP_VOLTS)
        diagnostic_help(diagnostic_add(b->found, "E431", n->mark, "a %s battery is no capacitor", chemistry->name),
                        "write capacity: 5Ah");
    return farad * BATTERY_SUPERCAP_VOLTS / 3600;
}

static void read_battery(const struct plan_build *b, const struct node *n, struct power *p) {
    if (n == NULL || n->kind != NODE_MAP)
        return;
    const char *kind = value_text_at(n, POWER("battery.chemistry"));
    const struct battery_chemistry *chemistry = battery_chemistry_find(kind);
    CHECK(chemistry != NULL);
    double ah = capacity_of(b, n, chemistry);
    if (ah <= 0 && chemistry->capacity_ah <= 0) {
        diagnostic_help(diagnostic_add(b->found, "E431", n->mark, "a %s battery has no usual size", kind),
                        "write capacity: 5Ah, or capacitance: 10F for a supercap");
        return;
    }
    p->has_battery = true;
    p->battery = battery_of(chemistry, ah, (double)value_integer_at(n, POWER("battery.cells")),
                            (double)value_integer_at(n, POWER("battery.parallel")));
    p->battery.usable = value_number_at(n, POWER("battery.usable"));
    if (value_given(n, POWER("battery.self_discharge")))
        p->battery.self_discharge_a = value_number_at(n, POWER("battery.self_discharge")) * p->battery.capacity_c;
    if (value_given(n, POWER("battery.resistance")))
        p->battery.resistance_ohm = value_number_at(n, POWER("battery.resistance"));
    if (value_given(n, POWER("battery.shelf")))
        p->battery.shelf_s = span_seconds(value_span_at(n, POWER("battery.shelf")));
    const struct node *buffer = node_get(n, "buffer");
    if (buffer == NULL || buffer->kind != NODE_MAP)
        return;
    p->battery.buffer = (struct battery_buffer){
        .farad = value_number_at(buffer, POWER("battery.buffer.capacitance")),
        .esr_ohm = value_number_at(buffer, POWER("battery.buffer.resistance")),
        .leak_a = value_number_at(buffer, POWER("battery.buffer.leak")),
    };
}

static void read_radio(const struct node *n, struct power *p) {
    struct power_radio *r = &p->radio;
    p->floor_w += value_number_at(n, POWER("radio.floor")) * p->volts;
    *r = (struct power_radio){
        .event_j = value_number_at(n, POWER("radio.access")),
        .event_bytes = value_number_at(n, POWER("radio.access_size")),
        .wake_j = value_number_at(n, POWER("radio.wake")),
        .attach_j = value_number_at(n, POWER("radio.attach")),
        .tracking_j = value_number_at(n, POWER("radio.tracking")),
        .tx_w = value_number_at(n, POWER("radio.transmit")),
        .rx_w = value_number_at(n, POWER("radio.receive")),
        .connected_w = value_number_at(n, POWER("radio.connected")),
        .idle_w = value_number_at(n, POWER("radio.idle")),
        .up_bps = value_number_at(n, POWER("radio.up")),
        .down_bps = value_number_at(n, POWER("radio.down")),
        .overhead = value_number_at(n, POWER("radio.overhead")),
        .peak_w = value_number_at(n, POWER("radio.peak")),
        .burst_s = span_seconds(value_span_at(n, POWER("radio.burst"))),
        .inactivity = value_span_at(n, POWER("radio.inactivity")),
        .active = value_span_at(n, POWER("radio.active")),
        .tracking = value_span_at(n, POWER("radio.tracking_every")),
        .edrx = value_span_at(n, POWER("radio.edrx")),
        .power_saving = value_bool_at(n, POWER("radio.power_saving")),
    };
}

static void read_sleep(const struct node *n, struct power *p) {
    if (n == NULL || n->kind != NODE_MAP)
        return;
    p->sleeps = true;
    p->linger = value_span_at(n, POWER("sleep.linger"));
    p->sleeps_off = value_word_at(n, POWER("sleep.radio")) == 1;
}

static void read_low(const struct plan_build *b, const struct node *n, struct power *p) {
    p->refuse_below = value_number_at(n, POWER("low.refuse_below"));
    const struct node *steps = node_get(n, "stretch");
    if (steps == NULL || steps->kind != NODE_LIST)
        return;
    for (size_t i = 0; i < steps->count; i++) {
        const struct node *step = steps->entries[i].value;
        if (p->stretch_count == POWER_STRETCH_MAX) {
            diagnostic_add(b->found, "E431", step->mark, "more than %d steps of stretching", POWER_STRETCH_MAX);
            return;
        }
        p->stretch[p->stretch_count].below = value_number_at(step, POWER("low.stretch.[].below"));
        p->stretch[p->stretch_count++].every = value_span_at(step, POWER("low.stretch.[].every"));
    }
}

static void read_harvest(const struct node *n, struct power *p) {
    p->panel_w = value_number_at(n, POWER("harvest.panel"));
    p->panel_yield = value_number_at(n, POWER("harvest.yield"));
    p->charge_max_w = value_number_at(n, POWER("harvest.limit"));
    p->alternator_w = value_number_at(n, POWER("harvest.alternator"));
    p->drive_from = value_span_at(n, POWER("harvest.drive_from"));
    p->drive_for = value_span_at(n, POWER("harvest.drive_for"));
}

static const struct telemetry *read_last_gasp(const struct plan_build *b, const struct node *n) {
    if (n == NULL || n->kind != NODE_MAP)
        return NULL;
    struct telemetry *t = plan_memory_take(b->memory, 1, sizeof *t);
    const char *topic = POWER("last_gasp.topic"), *payload = POWER("last_gasp.payload");
    t->name = "last_gasp";
    t->topic = plan_profiles_template(b, value_text_at(n, topic), schema_find(topic)->scope, NULL, 0);
    t->payload = plan_profiles_template(b, value_text_at(n, payload), schema_find(payload)->scope, NULL, 0);
    t->qos = (uint8_t)value_integer_at(n, POWER("last_gasp.qos"));
    return t;
}

static struct climate climate_of(const struct node *n, const char *pattern, const char *name) {
    char at[64];
    double values[4];
    static const char *const keys[] = {"latitude", "temperature", "seasonal", "daily"};
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        size_t size = strlen(pattern);
        memcpy(at, pattern, size);
        memcpy(at + size, keys[i], strlen(keys[i]) + 1);
        values[i] = value_number_at(n, at);
    }
    return (struct climate){
        .name = name, .latitude_deg = values[0], .mean = values[1], .seasonal = values[2], .daily = values[3]};
}

/* The device can use no more when the battery is as far down as `usable` says, or when even without load it is below the
 * brown-out limit. */
static void find_flat(const struct plan_build *b, const struct node *limit, struct power *p) {
    double unused = 1 - p->battery.usable, cut = battery_left_at(&p->battery, p->brown_out_v);
    p->flat = p->brown_out_v > 0 && cut > unused ? cut : unused;
    if (p->flat >= 1)
        diagnostic_help(diagnostic_add(b->found, "E431", limit->mark,
                                       "brown_out.below is %gV, and a full battery of this kind has %gV",
                                       p->brown_out_v, battery_open_voltage(&p->battery, 1)),
                        "lower the limit, or write battery: {cells: …} for cells in series");
}

void plan_power_profile(const struct plan_build *b, const struct node *profile, struct profile *made) {
    const struct node *n = node_get(profile, "power");
    if (n == NULL || n->kind != NODE_MAP)
        return;
    struct power *p = plan_memory_take(b->memory, 1, sizeof *p);
    p->volts = value_number_at(n, POWER("voltage"));
    p->constant_current = value_word_at(n, POWER("load")) == 1;
    p->floor_w = value_number_at(n, POWER("floor")) * p->volts;
    p->sensing_j = value_number_at(n, POWER("sensing"));
    p->mains = value_bool_at(n, POWER("mains"));
    p->hold_up = value_span_at(n, POWER("hold_up"));
    p->charge_w = value_number_at(n, POWER("charge"));
    p->boot = value_dist_at(n, POWER("boot"));
    p->keeps_session = value_word_at(n, POWER("session")) == 1;
    p->recover = value_number_at(n, POWER("recover"));
    const struct node *brown_out = node_get(n, "brown_out");
    p->brown_out_v = value_number_at(brown_out, POWER("brown_out.below"));
    p->hold_off = value_span_at(brown_out, POWER("brown_out.hold_off"));
    p->hysteresis_v = value_number_at(brown_out, POWER("brown_out.hysteresis"));
    read_battery(b, node_get(n, "battery"), p);
    read_radio(node_get(n, "radio"), p);
    read_sleep(node_get(n, "sleep"), p);
    read_low(b, node_get(n, "low"), p);
    read_harvest(node_get(n, "harvest"), p);
    if (!p->has_battery && !p->mains)
        diagnostic_help(diagnostic_add(b->found, "E431", n->mark, "this power comes from nowhere"),
                        "write battery: {chemistry: …} or mains: true");
    if (p->has_battery)
        find_flat(b, brown_out == NULL ? n : brown_out, p);
    made->climate = climate_of(n, "profiles.*.power.", made->name);
    made->last_gasp = read_last_gasp(b, node_get(n, "last_gasp"));
    made->power = p;
}

/* --- groups --------------------------------------------------------------------------------------------------------- */

void plan_power_group(const struct plan_build *b, struct fleet_group *g) {
    const struct profile *p = g->profile;
    g->power = p->power;
    g->last_gasp = p->last_gasp;
    if (p->power == NULL)
        return;
    struct climate *c = plan_memory_take(b->memory, 1, sizeof *c);
    const struct node *region = g->region[0] == '\0' ? NULL : node_get(node_get(b->root, "climates"), g->region);
    *c = region == NULL ? p->climate : climate_of(region, "climates.*.", g->region);
    g->climate = c;
}

/* Devices of one region have one weather, whatever their fleet. */
static const float *sky_of(const struct plan_build *b, const struct fleet_group *g, int64_t first, uint32_t hours) {
    for (unsigned i = 0; i < b->plan->group_count; i++) {
        const struct climate *other = b->plan->groups[i].climate;
        if (other != NULL && other->sky != NULL && strcmp(other->name, g->climate->name) == 0 &&
            other->latitude_deg == g->climate->latitude_deg)
            return other->sky;
    }
    float *sky = plan_memory_take(b->memory, hours, sizeof *sky);
    harvest_fill(g->climate->latitude_deg, b->plan->seed, hash_name(g->climate->name), first, hours, sky);
    return sky;
}

static void fill_skies(const struct plan_build *b) {
    struct plan *p = b->plan;
    int64_t first = p->epoch_unix_ms / MS_PER_HOUR - (p->epoch_unix_ms % MS_PER_HOUR < 0);
    uint32_t hours = (uint32_t)((p->duration + p->settle) / SPAN_H) + 2;
    for (unsigned i = 0; i < p->group_count; i++) {
        struct fleet_group *g = &p->groups[i];
        if (g->power == NULL || g->power->panel_w <= 0)
            continue;
        struct climate *c = plan_memory_take(b->memory, 1, sizeof *c);
        *c = *g->climate;
        c->first_hour = first;
        c->hours = hours;
        c->sky = sky_of(b, g, first, hours);
        g->climate = c;
    }
}

void plan_power_finish(const struct plan_build *b) {
    struct plan *p = b->plan;
    bool cuts = false;
    for (unsigned i = 0; i < p->action_count; i++)
        cuts = cuts || p->actions[i].verb == DO_POWER_ON || p->actions[i].verb == DO_POWER_CUT;
    for (unsigned i = 0; i < p->group_count && cuts; i++)
        if (p->groups[i].power == NULL)
            p->groups[i].power = &mains_alone;
    fill_skies(b);
}
