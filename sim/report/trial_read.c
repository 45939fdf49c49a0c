#include "report/trial_read.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json_read.h"
#include "base/text.h"
#include "report/csv_read.h"
#include "report/log_map.h"

enum { COLUMNS_MAX = 128, NAME_MAX_SHOWN = 120 };

/* --- summary.json --------------------------------------------------------------------------------------------------- */

static double number_at(const struct json_read *r, const struct json_value *from, const char *path) {
    double value;
    return json_read_double(json_read_at(r, from, path), &value) ? value : NAN;
}

static uint64_t count_at(const struct json_read *r, const struct json_value *from, const char *path) {
    uint64_t value;
    return json_read_uint(json_read_at(r, from, path), &value) ? value : 0;
}

/* The operation of that name; its name has dots, which paths cannot have. */
static const struct json_value *operation(const struct json_read *r, const char *name) {
    return json_read_get(r, json_read_at(r, NULL, "operations"), name);
}

/* "p99(mqtt.publish.ack) < 200ms: 1340 ms, limit 200 ms" */
static void append_check(struct text *out, const struct json_read *r, const struct json_value *check) {
    char name[NAME_MAX_SHOWN + 8] = "", reason[200], unit[24] = "";
    char *whole = json_read_dup(json_read_get(r, check, "name"));
    snprintf(name, sizeof name, "%.*s", NAME_MAX_SHOWN, whole == NULL ? "" : whole);
    free(whole);
    text_printf(out, "%s%s: ", out->size > 0 ? "; " : "", name);
    json_read_string(json_read_get(r, check, "unit"), unit, sizeof unit);
    double value = number_at(r, check, "value"), limit = number_at(r, check, "limit");
    const char *space = unit[0] == '\0' || unit[0] == '%' ? "" : " ";
    if (!isnan(value))
        text_printf(out, "%.4g%s%s", value, space, unit);
    else if (json_read_string(json_read_get(r, check, "reason"), reason, sizeof reason))
        text_append(out, reason);
    else
        text_append(out, "no value");
    if (!isnan(limit))
        text_printf(out, ", limit %.4g%s%s", limit, space, unit);
}

/* Of the judge (scenario/judge.c): fewer samples than the check wants. */
static bool lacks_samples(const struct json_read *r, const struct json_value *check) {
    char reason[200];
    return json_read_string(json_read_get(r, check, "reason"), reason, sizeof reason) &&
           strstr(reason, "(min_samples)") != NULL;
}

static void read_checks(const struct json_read *r, struct text *out, bool *too_few) {
    const struct json_value *checks = json_read_at(r, NULL, "checks");
    for (const struct json_value *c = json_read_first(r, checks); c != NULL; c = json_read_next(r, checks, c)) {
        bool pass = true;
        json_read_bool(json_read_get(r, c, "pass"), &pass);
        if (!pass && !json_read_equals(json_read_get(r, c, "check_kind"), "info")) {
            append_check(out, r, c);
            *too_few = *too_few || lacks_samples(r, c);
        }
    }
}

/* Which operation failed most, when no check says anything. */
static void read_failures(const struct json_read *r, struct text *out) {
    const struct json_value *all = json_read_at(r, NULL, "operations");
    uint64_t most = 0;
    for (const struct json_value *o = json_read_first(r, all); o != NULL; o = json_read_next(r, all, o)) {
        uint64_t failed = count_at(r, o, "failed");
        if (failed <= most)
            continue;
        most = failed;
        text_free(out);
        text_printf(out, "%.*s: %llu of %llu failed", (int)o->key_size, o->key, (unsigned long long)failed,
                    (unsigned long long)count_at(r, o, "count"));
    }
}

static void read_trust(const struct json_read *r, char *out, size_t size) {
    const struct json_value *first = json_read_first(r, json_read_at(r, NULL, "trust.findings"));
    char *text = json_read_dup(json_read_get(r, first, "text"));
    snprintf(out, size, "%s", text == NULL ? "" : text);
    free(text);
}

static void read_summary(const struct json_read *r, struct trial_facts *out, double *unacknowledged) {
    const struct json_value *connect = operation(r, "mqtt.connect.ack"), *ack = operation(r, "mqtt.publish.ack"),
                            *sent = operation(r, "mqtt.publish.sent");
    json_read_string(json_read_at(r, NULL, "verdict"), out->verdict, sizeof out->verdict);
    out->online_peak = count_at(r, NULL, "devices.online_peak");
    out->publish_p50_ms = number_at(r, ack, "response_ms.p50");
    out->publish_p99_ms = number_at(r, ack, "response_ms.p99");
    out->connect_p99_ms = number_at(r, connect, "response_ms.p99");
    out->failed = count_at(r, connect, "failed") + count_at(r, ack, "failed") + count_at(r, sent, "failed");
    out->lost = count_at(r, NULL, "messages.lost");
    out->guard_held = count_at(r, NULL, "tool.guard_held");
    uint64_t all = count_at(r, NULL, "messages.sent");
    *unacknowledged = all == 0 ? 0 : (double)count_at(r, sent, "ok") / (double)all;
    struct text broke = {0};
    read_checks(r, &broke, &out->too_few);
    if (broke.size == 0)
        read_failures(r, &broke);
    snprintf(out->broke, sizeof out->broke, "%s", text_get(&broke));
    text_free(&broke);
    read_trust(r, out->trust, sizeof out->trust);
}

/* --- series.csv ----------------------------------------------------------------------------------------------------- */

enum column { TIME, SENT, ACKED, CONNECTS, CPU, BACKEND, COLUMNS };
static const char *const column_names[COLUMNS] = {"time_s", "publishes_sent", "publishes_acked", "connects_ok",
                                                  "cpu",    "backend_cpu"};

struct sums {
    double values[COLUMNS];
    unsigned rows, counts[COLUMNS]; /* of seconds with a value */
    double connects_most;
};

static void add_row(struct sums *s, const double *row, double from_s, double to_s) {
    if (row[CONNECTS] > s->connects_most)
        s->connects_most = row[CONNECTS];
    /* a row's time is the end of its second: whole seconds within the stretch count */
    if (!(row[TIME] >= from_s + 1 - 1e-6 && row[TIME] <= to_s + 1e-6))
        return;
    s->rows++;
    for (int i = SENT; i < COLUMNS; i++) {
        s->values[i] += isnan(row[i]) ? 0 : row[i];
        s->counts[i] += isnan(row[i]) ? 0 : 1;
    }
}

static void add_part(struct sums *s, const struct log_map *part, double from_s, double to_s) {
    struct csv_read reader = {.data = part->data, .size = part->size};
    struct csv_field fields[COLUMNS_MAX];
    size_t places[COLUMNS], count = csv_read_next(&reader, fields, COLUMNS_MAX);
    for (int c = 0; c < COLUMNS; c++) {
        places[c] = COLUMNS_MAX;
        for (size_t i = 0; i < count && i < COLUMNS_MAX; i++)
            if (csv_read_is(&fields[i], column_names[c]))
                places[c] = i;
    }
    while ((count = csv_read_next(&reader, fields, COLUMNS_MAX)) > 0) {
        double row[COLUMNS];
        for (int c = 0; c < COLUMNS; c++)
            row[c] = places[c] < count && places[c] < COLUMNS_MAX ? csv_read_number(&fields[places[c]]) : NAN;
        add_row(s, row, from_s, to_s);
    }
}

static void read_series(const char *directory, double from_s, double to_s, double unacknowledged,
                        struct trial_facts *out) {
    struct sums s = {.rows = 0};
    for (unsigned part = 0;; part++) {
        struct log_map map = log_map_open_part(directory, "series.csv", part);
        if (map.data == NULL)
            break;
        add_part(&s, &map, from_s, to_s);
        log_map_close(&map);
    }
    double rows = s.rows > 0 ? (double)s.rows : (double)NAN;
    out->messages_per_s = (s.values[ACKED] + s.values[SENT] * unacknowledged) / rows;
    out->connects_per_s = s.connects_most;
    out->cpu = s.counts[CPU] > 0 ? s.values[CPU] / s.counts[CPU] : (double)NAN;
    out->backend_cores = s.counts[BACKEND] > 0 ? s.values[BACKEND] / s.counts[BACKEND] : (double)NAN;
}

int trial_read(const char *directory, double from_s, double to_s, struct trial_facts *out) {
    char path[PATH_MAX];
    struct json_read document = {0};
    *out = (struct trial_facts){.verdict = ""};
    if ((size_t)snprintf(path, sizeof path, "%s/summary.json", directory) >= sizeof path)
        return ERR_TOO_BIG;
    struct log_map map = log_map_open(path);
    if (map.data == NULL)
        return ERR_NOT_FOUND;
    double unacknowledged = 0;
    int error = json_read_parse(&document, map.data, map.size);
    if (error == 0)
        read_summary(&document, out, &unacknowledged);
    json_read_free(&document);
    log_map_close(&map);
    if (error < 0 || out->verdict[0] == '\0')
        return ERR_MALFORMED;
    read_series(directory, from_s, to_s, unacknowledged, out);
    return 0;
}
