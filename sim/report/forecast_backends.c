#include "report/forecast_backends.h"

#include <string.h>

#include "base/units.h"
#include "report/layout.h"
#include "scenario/value.h"

enum { NUMBER_ROOM = 32, CHAIN_MAX = 8, NAME_COLUMNS = 18 };

static const struct {
    const char *key, *pattern, *what;
    enum units_dimension dimension;
} limit_rows[FORECAST_LIMITS] = {
    {"connects", "backends.*.connects", "connects of all devices", UNITS_RATE},
    {"connections", "backends.*.connections", "connections at one time", UNITS_PLAIN},
    {"publishes", "backends.*.publishes", "messages of all devices", UNITS_RATE},
    {"publishes_per_connection", "backends.*.publishes_per_connection", "messages of one device", UNITS_RATE},
    {"messages_per_day", "backends.*.messages_per_day", "metered messages of a day", UNITS_PLAIN},
};

static const double day_s = 86400;

/* The entry, or the nearest of those that it extends, in which that is said. */
static const struct node *where_said(const struct node *backends, const char *name, const char *pattern) {
    for (int i = 0; name != NULL && i < CHAIN_MAX; i++) {
        const struct node *entry = node_get(backends, name);
        if (entry == NULL || value_given(entry, pattern))
            return entry;
        name = node_text(node_get(entry, "extends"));
    }
    return NULL;
}

static double number(const struct node *backends, const char *name, const char *pattern) {
    const struct node *entry = where_said(backends, name, pattern);
    return entry == NULL ? 0 : value_number_at(entry, pattern);
}

/* A message is metered in whole units, here by what it came to on the wire. */
static double metered_a_day(const struct forecast *f, double unit) {
    double sent = forecast_sent(f), mean = sent > 0 ? f->bytes_up / sent : 0;
    double whole = unit > 0 ? (double)(uint64_t)(mean / unit) : 0;
    double units = whole > 0 && whole * unit >= mean ? whole : whole + 1;
    return forecast_mean(f, sent) * day_s * units;
}

static double busiest_device(const struct forecast *f) {
    double most = 0;
    for (unsigned i = 0; i < f->fleet_count; i++)
        most = f->fleets[i].sent > most ? f->fleets[i].sent : most;
    return most;
}

bool forecast_backends_hold(const struct forecast *f, const struct node *backends, const char *name,
                            struct forecast_backend *out) {
    const struct node *entry = node_get(backends, name);
    *out = (struct forecast_backend){0};
    if (entry == NULL || entry->kind != NODE_MAP)
        return false;
    out->name = name;
    out->as_of = node_text(node_get(entry, "as_of"));
    out->metered_bytes = number(backends, name, "backends.*.metered");
    out->metered_a_day = metered_a_day(f, out->metered_bytes);
    out->messages_a_day = number(backends, name, "backends.*.messages_per_day");
    const double wants[FORECAST_LIMITS] = {f->connects.per_s, f->online_peak, f->messages.per_s, busiest_device(f),
                                           out->metered_a_day};
    for (int i = 0; i < FORECAST_LIMITS; i++) {
        out->limits[i] = (struct forecast_limit){
            .key = limit_rows[i].key, .limit = number(backends, name, limit_rows[i].pattern), .wants = wants[i]};
        out->exceeded += out->limits[i].limit > 0 && wants[i] > out->limits[i].limit;
    }
    return true;
}

/* --- text ------------------------------------------------------------------------------------------------------------ */

static unsigned long long units_of_service(const struct forecast_backend *b) {
    unsigned long long units = (unsigned long long)(b->metered_a_day / b->messages_a_day);
    return units + ((double)units * b->messages_a_day < b->metered_a_day);
}

/* Large counts in groups, so that they can be told apart. */
static const char *shown(enum units_dimension dimension, double value, char *text, size_t size) {
    return dimension == UNITS_PLAIN ? layout_count((uint64_t)(value + 0.5), text, size)
                                    : units_format(dimension, value, text, size);
}

static void print_metered(const struct forecast_backend *b, struct text *out) {
    char count[NUMBER_ROOM], unit[NUMBER_ROOM];
    if (b->metered_bytes <= 0)
        return;
    text_printf(out, "                   %s messages a day at this pace, metered by %s",
                layout_count((uint64_t)(b->metered_a_day + 0.5), count, sizeof count),
                units_format(UNITS_BYTES, b->metered_bytes, unit, sizeof unit));
    if (b->messages_a_day > 0 && b->metered_a_day > b->messages_a_day)
        text_printf(out, ": %llu units", units_of_service(b));
    text_append(out, "\n");
}

static void print_backend(const struct forecast_backend *b, struct text *out) {
    text_printf(out, "  %-16s %s", b->name, strlen(b->name) > NAME_COLUMNS - 2 ? "\n                   " : "");
    if (b->exceeded == 0)
        text_append(out, "within its limits");
    else
        text_printf(out, "beyond %u of its limits", b->exceeded);
    text_printf(out, ", as of %s\n", b->as_of == NULL ? "an unknown date" : b->as_of);
    for (int i = 0; i < FORECAST_LIMITS; i++) {
        const struct forecast_limit *l = &b->limits[i];
        char wants[NUMBER_ROOM], limit[NUMBER_ROOM];
        if (l->limit <= 0 || l->wants <= l->limit)
            continue;
        text_printf(out, "                   %s: %s of %s, %.3g times the limit\n", limit_rows[i].what,
                    shown(limit_rows[i].dimension, l->wants, wants, sizeof wants),
                    shown(limit_rows[i].dimension, l->limit, limit, sizeof limit), l->wants / l->limit);
    }
    print_metered(b, out);
}

void forecast_backends_print(const struct forecast *f, const struct forecast_backend *all, unsigned count,
                             struct text *out) {
    char interval[NUMBER_ROOM];
    if (count == 0)
        return;
    text_append(out, "\nbackends           what others would say to that, by their published limits\n");
    if (f->interval > SPAN_S)
        text_printf(out, "                   bursts shorter than %s are not seen in so long a run\n",
                    units_format(UNITS_DURATION, (double)f->interval, interval, sizeof interval));
    for (unsigned i = 0; i < count; i++)
        print_backend(&all[i], out);
}

/* --- JSON ------------------------------------------------------------------------------------------------------------ */

static void write_backend(struct json_write *w, const struct forecast_backend *b) {
    json_write_open_object(w);
    json_write_member_string(w, "name", b->name);
    json_write_member_string(w, "as_of", b->as_of);
    json_write_member_uint(w, "exceeded", b->exceeded);
    json_write_key(w, "limits");
    json_write_open_array(w);
    for (int i = 0; i < FORECAST_LIMITS; i++) {
        const struct forecast_limit *l = &b->limits[i];
        if (l->limit <= 0)
            continue;
        json_write_open_object(w);
        json_write_member_string(w, "key", l->key);
        json_write_member_double(w, "limit", l->limit);
        json_write_member_double(w, "wanted", l->wants);
        json_write_member_double(w, "times", l->wants / l->limit);
        json_write_close_object(w);
    }
    json_write_close_array(w);
    if (b->metered_bytes > 0) {
        json_write_member_double(w, "metered_bytes", b->metered_bytes);
        json_write_member_double(w, "metered_messages_per_day", b->metered_a_day);
    }
    json_write_close_object(w);
}

void forecast_backends_write(const struct forecast_backend *all, unsigned count, struct json_write *w) {
    json_write_key(w, "backends");
    json_write_open_array(w);
    for (unsigned i = 0; i < count; i++)
        write_backend(w, &all[i]);
    json_write_close_array(w);
}
