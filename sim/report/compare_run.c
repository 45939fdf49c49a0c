#include "report/compare_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/json_read.h"
#include "report/events_read.h"
#include "report/hlog_read.h"
#include "report/log_map.h"

enum { SECONDS_MAX = 1 << 30 };

/* One bucket of one second, as it was read: kept until the length of the run is known. */
struct hit {
    uint32_t second, count;
    uint16_t bucket;
    uint8_t op, clock;
};

struct reader {
    struct compare_run *run;
    struct hit *hits;
    size_t hit_count, hit_room;
    struct ended {
        uint32_t second, tried, failed;
        uint8_t op;
    } * ended;
    size_t ended_count, ended_room;
    uint32_t seconds; /* to the end of the last record */
    struct json_read line;
};

static void *grow(void *array, size_t *room, size_t needed, size_t element) {
    if (needed <= *room)
        return array;
    *room = *room == 0 ? 1024 : 2 * *room;
    array = realloc(array, *room * element);
    CHECK(array != NULL);
    return array;
}

/* The second of the compared part that ends at `end`; false for the warm-up and what cannot be. */
static bool second_of(struct reader *r, double end_s, uint32_t *second) {
    double at = end_s - r->run->warmup_s - 0.5; /* the middle of a whole second */
    if (!(at >= 0) || at > SECONDS_MAX)
        return false;
    *second = (uint32_t)at;
    if (*second >= r->seconds)
        r->seconds = *second + 1;
    return true;
}

/* --- what it was ------------------------------------------------------------------------------------------------------ */

static int parse_file(const char *directory, const char *name, struct json_read *doc, struct log_map *map, char *why,
                      size_t why_size) {
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    *map = log_map_open(path);
    if (map->data == NULL) {
        snprintf(why, why_size, "%s: cannot be read: is %s a run directory, and was its run allowed to end?", path,
                 directory);
        return ERR_NOT_FOUND;
    }
    int error = json_read_parse(doc, map->data, map->size);
    if (error < 0)
        snprintf(why, why_size, "%s: no JSON: expected %s at byte %zu", path, doc->error, doc->error_at);
    return error;
}

static void string_at(const struct json_read *doc, const char *path, char *out, size_t room) {
    if (!json_read_string(json_read_at(doc, NULL, path), out, room))
        out[0] = '\0';
}

static int read_manifest(struct compare_run *run, char *why, size_t why_size) {
    struct json_read doc = {0};
    struct log_map map = {NULL, 0};
    int error = parse_file(run->directory, "manifest.json", &doc, &map, why, why_size);
    if (error == 0) {
        uint64_t shards = 1;
        string_at(&doc, "version", run->version, sizeof run->version);
        string_at(&doc, "run_id", run->run_id, sizeof run->run_id);
        string_at(&doc, "scenario.name", run->name, sizeof run->name);
        string_at(&doc, "scenario.hash", run->scenario_hash, sizeof run->scenario_hash);
        json_read_uint(json_read_at(&doc, NULL, "scenario.seed"), &run->seed);
        json_read_bool(json_read_at(&doc, NULL, "scenario.seed_given"), &run->seed_given);
        json_read_bool(json_read_at(&doc, NULL, "complete"), &run->complete);
        json_read_uint(json_read_at(&doc, NULL, "shard.of"), &shards);
        run->shards = (unsigned)shards;
    }
    json_read_free(&doc);
    log_map_close(&map);
    return error;
}

/* A run without a summary did not come to its end: it is told apart by its manifest, too. */
static void read_trust(struct compare_run *run) {
    struct json_read doc = {0};
    struct log_map map = {NULL, 0};
    char ignored[PATH_MAX + 200];
    if (parse_file(run->directory, "summary.json", &doc, &map, ignored, sizeof ignored) == 0)
        json_read_bool(json_read_at(&doc, NULL, "trust.trustworthy"), &run->trustworthy);
    json_read_free(&doc);
    log_map_close(&map);
}

/* --- what it measured ------------------------------------------------------------------------------------------------- */

static void take_outcomes(struct reader *r, const struct json_value *line, double end_s) {
    uint64_t ok = 0, refused = 0, timeout = 0, broken = 0;
    char operation[64];
    uint32_t second;
    json_read_uint(json_read_get(&r->line, line, "ok"), &ok);
    json_read_uint(json_read_get(&r->line, line, "refused"), &refused);
    json_read_uint(json_read_get(&r->line, line, "timeout"), &timeout);
    json_read_uint(json_read_get(&r->line, line, "broken"), &broken);
    uint64_t tried = ok + refused + timeout + broken;
    if (tried == 0 || tried > UINT32_MAX || !second_of(r, end_s, &second) ||
        !json_read_string(json_read_get(&r->line, line, "operation"), operation, sizeof operation))
        return;
    for (int op = 0; op < OP_KINDS; op++)
        if (strcmp(op_kinds[op].name, operation) == 0) {
            r->ended = grow(r->ended, &r->ended_room, r->ended_count + 1, sizeof *r->ended);
            r->ended[r->ended_count++] = (struct ended){second, (uint32_t)tried, (uint32_t)(tried - ok), (uint8_t)op};
        }
}

static void take_line(void *context, uint64_t n, const char *text, size_t size) {
    struct reader *r = context;
    (void)n;
    if (json_read_parse(&r->line, text, size) < 0)
        return;
    const struct json_value *line = json_read_root(&r->line);
    const struct json_value *kind = json_read_get(&r->line, line, "kind");
    double end_s = 0;
    if (json_read_equals(kind, "started"))
        json_read_double(json_read_get(&r->line, line, "warmup_s"), &r->run->warmup_s);
    else if (json_read_equals(kind, "tally") && json_read_double(json_read_get(&r->line, line, "t"), &end_s))
        take_outcomes(r, line, end_s);
}

static void take_record(struct reader *r, const struct hlog_record *record) {
    uint32_t second;
    if (record->tag.kind != HLOG_CELL || !second_of(r, span_seconds(record->start + record->length), &second))
        return;
    for (unsigned bucket = 0; bucket < HISTOGRAM_BUCKETS; bucket++) {
        uint64_t count = record->histogram->counts[bucket];
        if (count == 0)
            continue;
        r->hits = grow(r->hits, &r->hit_room, r->hit_count + 1, sizeof *r->hits);
        r->hits[r->hit_count++] = (struct hit){.second = second,
                                               .count = count < UINT32_MAX ? (uint32_t)count : UINT32_MAX,
                                               .bucket = (uint16_t)bucket,
                                               .op = (uint8_t)record->tag.op,
                                               .clock = (uint8_t)record->tag.clock};
    }
}

static int read_part(struct reader *r, const struct log_map *map, unsigned part, char *why, size_t why_size) {
    struct hlog_read *log = hlog_read_new(map->data, map->size, HLOG_READ_OURS);
    CHECK(log != NULL);
    const struct hlog_record *record;
    while ((record = hlog_read_next(log)) != NULL)
        take_record(r, record);
    const struct hlog_read_end *end = hlog_read_end(log);
    int error = end->error == ERR_INVALID ? ERR_INVALID : 0; /* a torn end is what a killed run leaves */
    if (error < 0)
        snprintf(why, why_size, "intervals.hlog of %s, part %u, line %llu: %s", r->run->directory, part,
                 (unsigned long long)end->line, end->why);
    hlog_read_free(log);
    return error;
}

static int read_logs(struct reader *r, char *why, size_t why_size) {
    const char *directory = r->run->directory;
    struct log_map map;
    for (unsigned part = 0; (map = log_map_open_part(directory, "events.ndjson", part)).data != NULL; part++) {
        events_read(map.data, map.size, take_line, r);
        log_map_close(&map);
    }
    unsigned parts = 0;
    int error = 0;
    while (error == 0 && (map = log_map_open_part(directory, "intervals.hlog", parts)).data != NULL) {
        error = read_part(r, &map, parts++, why, why_size);
        log_map_close(&map);
    }
    if (parts > 0)
        return error;
    snprintf(why, why_size, "%s/intervals.hlog cannot be read: there is nothing to compare", directory);
    return ERR_NOT_FOUND;
}

/* --- by interval ------------------------------------------------------------------------------------------------------ */

static void find_bounds(const struct reader *r) {
    for (size_t i = 0; i < r->hit_count; i++) {
        const struct hit *h = &r->hits[i];
        struct compare_timing *t = &r->run->timings[h->op][h->clock];
        if (t->width == 0)
            t->low = h->bucket;
        unsigned end = t->low + t->width > h->bucket + 1U ? t->low + t->width : h->bucket + 1U;
        t->low = t->low < h->bucket ? t->low : h->bucket;
        t->width = end - t->low;
    }
}

static void place_hits(const struct reader *r) {
    struct compare_run *run = r->run;
    for (size_t i = 0; i < r->hit_count; i++) {
        const struct hit *h = &r->hits[i];
        struct compare_timing *t = &run->timings[h->op][h->clock];
        if (t->counts == NULL)
            t->counts = calloc((size_t)run->units * t->width, sizeof *t->counts);
        CHECK(t->counts != NULL);
        t->counts[(size_t)(h->second / run->unit_s) * t->width + (h->bucket - t->low)] += h->count;
        t->samples += h->count;
    }
    for (int op = 0; op < OP_KINDS; op++)
        for (int clock = 0; clock < CLOCK_KINDS; clock++) {
            struct compare_timing *t = &run->timings[op][clock];
            for (unsigned u = 0; u < run->units && t->counts != NULL; u++) {
                unsigned b = 0;
                while (b < t->width && t->counts[(size_t)u * t->width + b] == 0)
                    b++;
                t->units_hit += b < t->width;
            }
        }
}

static void place_outcomes(const struct reader *r) {
    struct compare_run *run = r->run;
    for (size_t i = 0; i < r->ended_count; i++) {
        const struct ended *e = &r->ended[i];
        struct compare_outcomes *o = &run->outcomes[e->op];
        if (o->tried_in == NULL) {
            o->tried_in = calloc(run->units, sizeof *o->tried_in);
            o->failed_in = calloc(run->units, sizeof *o->failed_in);
            CHECK(o->tried_in != NULL && o->failed_in != NULL);
        }
        o->tried += e->tried;
        o->failed += e->failed;
        o->tried_in[e->second / run->unit_s] += e->tried;
        o->failed_in[e->second / run->unit_s] += e->failed;
    }
}

int compare_run_read(const char *directory, struct compare_run *out, char *why, size_t why_size) {
    *out = (struct compare_run){.unit_s = 1};
    snprintf(out->directory, sizeof out->directory, "%s", directory);
    int error = read_manifest(out, why, why_size);
    if (error < 0)
        return error;
    read_trust(out);
    struct reader r = {.run = out};
    error = read_logs(&r, why, why_size);
    if (error == 0) {
        uint32_t seconds = r.seconds > 0 ? r.seconds : 1;
        out->unit_s = (seconds + COMPARE_UNITS_MAX - 1) / COMPARE_UNITS_MAX;
        out->units = (seconds + out->unit_s - 1) / out->unit_s;
        find_bounds(&r);
        place_hits(&r);
        place_outcomes(&r);
    }
    json_read_free(&r.line);
    free(r.hits);
    free(r.ended);
    return error;
}

void compare_run_free(struct compare_run *r) {
    for (int op = 0; op < OP_KINDS; op++) {
        for (int clock = 0; clock < CLOCK_KINDS; clock++)
            free(r->timings[op][clock].counts);
        free(r->outcomes[op].tried_in);
        free(r->outcomes[op].failed_in);
    }
    *r = (struct compare_run){0};
}

double compare_run_quantile_ms(const uint64_t *counts, unsigned low, unsigned width, double q) {
    uint64_t all = 0;
    for (unsigned b = 0; b < width; b++)
        all += counts[b];
    if (all == 0)
        return NAN;
    double rank = q * (double)all;
    double below = 0;
    unsigned b = 0;
    while (b + 1 < width && below + (double)counts[b] < rank)
        below += (double)counts[b++];
    uint16_t bucket = (uint16_t)(low + b);
    double from = (double)histogram_bucket_low_us(bucket), to = (double)histogram_bucket_high_us(bucket) + 1;
    double within = counts[b] == 0 ? 0 : (rank - below) / (double)counts[b];
    return (from + (to - from) * (within < 0 ? 0 : within > 1 ? 1 : within)) / 1000;
}
