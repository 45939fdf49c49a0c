#include "report/history.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "report/csv_read.h"
#include "report/hlog_read.h"
#include "report/log_map.h"

enum { FIELDS_MAX = 256 };

const struct history_row_info history_rows[HISTORY_ROWS] = {
    {HISTORY_DEAD, "dead", HISTORY_GAUGE},
    {HISTORY_ASLEEP, "asleep", HISTORY_GAUGE},
    {HISTORY_OFFLINE, "offline", HISTORY_GAUGE},
    {HISTORY_CONNECTING, "connecting", HISTORY_GAUGE},
    {HISTORY_BACKOFF, "backoff", HISTORY_GAUGE},
    {HISTORY_ONLINE, "online", HISTORY_GAUGE},
    {HISTORY_CONNECTS_ATTEMPTED, "connects_attempted", HISTORY_COUNT},
    {HISTORY_CONNECTS_OK, "connects_ok", HISTORY_COUNT},
    {HISTORY_CONNECTS_REFUSED, "connects_refused", HISTORY_COUNT},
    {HISTORY_CONNECTS_FAILED, "connects_failed", HISTORY_COUNT},
    {HISTORY_SENT, "publishes_sent", HISTORY_COUNT},
    {HISTORY_ACKED, "publishes_acked", HISTORY_COUNT},
    {HISTORY_FAILED, "publishes_failed", HISTORY_COUNT},
    {HISTORY_DROPPED, "publishes_dropped", HISTORY_COUNT},
    {HISTORY_RECEIVED, "received", HISTORY_COUNT},
    {HISTORY_BYTES_UP, "bytes_up", HISTORY_COUNT},
    {HISTORY_BYTES_DOWN, "bytes_down", HISTORY_COUNT},
    {HISTORY_LAG_MS, "lag_p999_ms", HISTORY_WORST},
    {HISTORY_LATE, "late", HISTORY_COUNT},
    {HISTORY_CPU, "cpu", HISTORY_WORST},
    {HISTORY_RSS, "rss_bytes", HISTORY_GAUGE},
    {HISTORY_BACKEND_CPU, "backend_cpu", HISTORY_WORST}, /* shards look at the same backend */
    {HISTORY_BACKEND_RSS, "backend_rss_bytes", HISTORY_WORST},
    {HISTORY_SOC_P5, "soc_p5", HISTORY_WORST}, /* shards have devices alike */
    {HISTORY_SOC_P25, "soc_p25", HISTORY_WORST},
    {HISTORY_SOC_P50, "soc_p50", HISTORY_WORST},
    {HISTORY_SOC_P75, "soc_p75", HISTORY_WORST},
    {HISTORY_SOC_P95, "soc_p95", HISTORY_WORST},
};

/* Widths that people read off an axis, in seconds. */
static const double column_widths[] = {1,   2,   5,    10,   15,   20,   30,    60,    120,
                                       300, 600, 1200, 1800, 3600, 7200, 14400, 43200, 86400};

/* The intervals of a run, one value per slot and row; NAN where nothing was measured. */
struct slots {
    double seconds; /* length of a slot */
    unsigned count;
    double *values; /* [HISTORY_ROWS * count] */
};

/* False when there is no such part. */
static bool open_part(const char *directory, const char *name, unsigned part, struct log_map *map) {
    *map = log_map_open_part(directory, name, part);
    return map->data != NULL;
}

static double merge(enum history_kind kind, double a, double b, bool in_time) {
    if (isnan(a))
        return b;
    if (isnan(b))
        return a;
    switch (kind) {
    case HISTORY_COUNT:
        return a + b;
    case HISTORY_GAUGE:
        return in_time ? b : a + b;
    case HISTORY_WORST:
        break;
    }
    return fmax(a, b);
}

/* --- series.csv ------------------------------------------------------------------------------------------------------- */

/* Which field holds which row; false when the text is no series. */
struct layout {
    int time;
    int rows[HISTORY_ROWS];
};
static bool read_head(struct csv_read *csv, struct csv_field *fields, struct layout *l) {
    size_t count = csv_read_next(csv, fields, FIELDS_MAX);
    l->time = -1;
    for (int r = 0; r < HISTORY_ROWS; r++)
        l->rows[r] = -1;
    for (size_t i = 0; i < count && i < FIELDS_MAX; i++) {
        if (csv_read_is(&fields[i], "time_s"))
            l->time = (int)i;
        for (int r = 0; r < HISTORY_ROWS; r++)
            if (csv_read_is(&fields[i], history_rows[r].column))
                l->rows[r] = (int)i;
    }
    return l->time >= 0;
}

/* The time of a record; NAN when it has none that counts. */
static double time_of(const struct layout *l, const struct csv_field *fields, size_t count) {
    double t = (size_t)l->time < count && l->time < FIELDS_MAX ? csv_read_number(&fields[l->time]) : NAN;
    return t > 0 ? t : NAN;
}

/* Where the series of a directory ends, and how long its intervals are: a second, or more in long runs of simulated time. The last one may be
 * shorter. */
struct extent {
    double end, interval;
};
static struct extent extent_of(const char *directory) {
    double end = 0, interval = INFINITY, last = INFINITY;
    struct log_map map;
    for (unsigned part = 0; open_part(directory, "series.csv", part, &map); part++) {
        struct csv_read csv = {map.data, map.size, 0};
        struct csv_field fields[FIELDS_MAX];
        struct layout l;
        if (read_head(&csv, fields, &l))
            for (size_t n; (n = csv_read_next(&csv, fields, FIELDS_MAX)) > 0;) {
                double t = time_of(&l, fields, n);
                if (!(t > end))
                    continue;
                interval = fmin(interval, last);
                last = t - end;
                end = t;
            }
        log_map_close(&map);
    }
    return (struct extent){end, isfinite(interval) ? interval : 1};
}

static void read_series(const char *data, size_t size, struct slots *s, bool *has) {
    struct csv_read csv = {data, size, 0};
    struct csv_field fields[FIELDS_MAX];
    struct layout l;
    if (!read_head(&csv, fields, &l))
        return;
    for (size_t n; (n = csv_read_next(&csv, fields, FIELDS_MAX)) > 0;) {
        double t = time_of(&l, fields, n);
        if (isnan(t))
            continue;
        double slot = ceil(t / s->seconds - 1e-6) - 1; /* t is where the interval ends */
        for (int r = 0; r < HISTORY_ROWS; r++) {
            if (l.rows[r] < 0 || (size_t)l.rows[r] >= n || slot < 0 || slot >= s->count)
                continue;
            double *at = &s->values[(size_t)r * s->count + (size_t)slot];
            *at = merge(history_rows[r].kind, *at, csv_read_number(&fields[l.rows[r]]), true);
            has[r] = true;
        }
    }
}

static struct slots slots_new(double seconds, unsigned count) {
    struct slots s = {seconds, count, malloc((size_t)HISTORY_ROWS * count * sizeof *s.values)};
    CHECK(s.values != NULL);
    for (size_t i = 0; i < (size_t)HISTORY_ROWS * count; i++)
        s.values[i] = NAN;
    return s;
}

static void to_columns(struct history *h, const struct slots *s, const bool *has) {
    for (int r = 0; r < HISTORY_ROWS; r++) {
        if (!has[r])
            continue;
        double per = history_rows[r].kind == HISTORY_COUNT ? s->seconds : 1;
        h->rows[r] = malloc(h->columns * sizeof *h->rows[r]);
        CHECK(h->rows[r] != NULL);
        for (unsigned c = 0; c < h->columns; c++) {
            struct history_value v = {NAN, NAN, NAN};
            double sum = 0;
            unsigned n = 0, first = (unsigned)(c * h->column_s / s->seconds + 0.5);
            unsigned end = (unsigned)((c + 1) * h->column_s / s->seconds + 0.5);
            for (unsigned i = first; i < end && i < s->count; i++) {
                double x = s->values[(size_t)r * s->count + i] / per;
                if (isnan(x))
                    continue;
                v.min = fmin(x, v.min);
                v.max = fmax(x, v.max);
                sum += x;
                n++;
            }
            v.mean = n > 0 ? sum / n : NAN;
            h->rows[r][c] = v;
        }
    }
}

static void read_all_series(const char *const *directories, unsigned count, double interval, struct history *h) {
    double seconds = fmax(ceil(h->end_s / HISTORY_SLOTS_MAX), interval);
    unsigned slots = (unsigned)ceil(h->end_s / seconds - 1e-6);
    struct slots all = slots_new(seconds, slots);
    bool has[HISTORY_ROWS] = {false};
    for (unsigned i = 0; i < count; i++) {
        struct slots one = slots_new(seconds, slots);
        struct log_map map;
        for (unsigned part = 0; open_part(directories[i], "series.csv", part, &map); part++) {
            read_series(map.data, map.size, &one, has);
            log_map_close(&map);
        }
        for (int r = 0; r < HISTORY_ROWS; r++)
            for (size_t s = (size_t)r * slots; s < (size_t)(r + 1) * slots; s++)
                all.values[s] = merge(history_rows[r].kind, all.values[s], one.values[s], false);
        free(one.values);
    }
    to_columns(h, &all, has);
    free(all.values);
}

/* --- intervals.hlog --------------------------------------------------------------------------------------------------- */

/* The level of each bucket of a histogram. */
static void level_buckets(uint16_t *level_of) {
    for (unsigned b = 0; b < HISTOGRAM_BUCKETS; b++) {
        double us = fmax(1, (double)histogram_bucket_mid_us((uint16_t)b));
        double level = floor(log2(us) * HISTORY_OCTAVE);
        level_of[b] = (uint16_t)fmin(level, HISTORY_LEVELS - 1);
    }
}

static int figures_of_operation(const char *key) {
    for (int i = 0; i < FIGURES_ROWS; i++)
        if (strcmp(figures_rows[i].key, key) == 0)
            return i;
    return -1;
}

/* The column that holds an instant of the run, in seconds. */
static unsigned column_at(const struct history *h, double at_s) {
    double column = floor(at_s / h->column_s);
    return column < 0 ? 0 : column >= h->columns ? h->columns - 1 : (unsigned)column;
}

static void add_record(struct history *h, const struct hlog_record *record, const uint16_t *level_of) {
    int id = record->tag.kind == HLOG_CELL ? figures_of_operation(record->tag.operation) : -1;
    if (id < 0 || record->histogram->count == 0)
        return;
    uint32_t **grid = &h->latency[id][record->tag.clock];
    if (*grid == NULL)
        *grid = calloc((size_t)h->columns * HISTORY_LEVELS, sizeof **grid);
    CHECK(*grid != NULL);
    double middle = span_seconds(record->start) + span_seconds(record->length) / 2;
    uint32_t *column = *grid + (size_t)column_at(h, middle) * HISTORY_LEVELS;
    for (unsigned b = 0; b < HISTOGRAM_BUCKETS; b++)
        column[level_of[b]] += (uint32_t)record->histogram->counts[b];
}

static void read_latencies(const char *directory, struct history *h, const uint16_t *level_of) {
    struct log_map map;
    for (unsigned part = 0; open_part(directory, "intervals.hlog", part, &map); part++) {
        struct hlog_read *log = hlog_read_new(map.data, map.size, HLOG_READ_OURS);
        CHECK(log != NULL);
        for (const struct hlog_record *record; (record = hlog_read_next(log)) != NULL;)
            add_record(h, record, level_of);
        hlog_read_free(log);
        log_map_close(&map);
    }
}

/* --- both ------------------------------------------------------------------------------------------------------------- */

static void cut_into_columns(double interval, struct history *h) {
    size_t i = 0, last = sizeof column_widths / sizeof column_widths[0] - 1;
    while (i < last && (h->end_s / column_widths[i] > HISTORY_COLUMNS_MAX || column_widths[i] < interval))
        i++;
    h->column_s = column_widths[i];
    if (h->end_s / h->column_s > HISTORY_COLUMNS_MAX)
        h->column_s = ceil(h->end_s / HISTORY_COLUMNS_MAX / column_widths[last]) * column_widths[last];
    h->columns = (unsigned)ceil(h->end_s / h->column_s - 1e-6);
}

void history_read(const char *const *directories, unsigned count, struct history *out) {
    *out = (struct history){.end_s = 0};
    double interval = 1;
    for (unsigned i = 0; i < count; i++) {
        struct extent extent = extent_of(directories[i]);
        out->end_s = fmax(out->end_s, extent.end);
        interval = fmax(interval, round(extent.interval));
    }
    if (out->end_s <= 0)
        return;
    uint16_t level_of[HISTOGRAM_BUCKETS];
    cut_into_columns(interval, out);
    read_all_series(directories, count, interval, out);
    level_buckets(level_of);
    for (unsigned i = 0; i < count; i++)
        read_latencies(directories[i], out, level_of);
}

void history_free(struct history *h) {
    for (int r = 0; r < HISTORY_ROWS; r++)
        free(h->rows[r]);
    for (int id = 0; id < FIGURES_ROWS; id++)
        for (int c = 0; c < CLOCK_KINDS; c++)
            free(h->latency[id][c]);
    *h = (struct history){.end_s = 0};
}

double history_time(const struct history *h, unsigned column) {
    return (column + 0.5) * h->column_s;
}

double history_level_ms(unsigned level) {
    return exp2((double)level / HISTORY_OCTAVE) / 1000;
}

double history_quantile_ms(const struct history *h, enum figures_id id, enum clock_kind clock, unsigned column,
                           double q) {
    const uint32_t *grid = h->latency[id][clock];
    if (grid == NULL)
        return NAN;
    const uint32_t *levels = grid + (size_t)column * HISTORY_LEVELS;
    uint64_t all = 0, seen = 0;
    for (unsigned l = 0; l < HISTORY_LEVELS; l++)
        all += levels[l];
    if (all == 0)
        return NAN;
    uint64_t rank = (uint64_t)fmax(1, ceil(q * (double)all));
    unsigned level = 0;
    while (level < HISTORY_LEVELS - 1 && (seen += levels[level]) < rank)
        level++;
    return history_level_ms(level) * exp2(0.5 / HISTORY_OCTAVE);
}
