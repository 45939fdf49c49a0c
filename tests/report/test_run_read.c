#include "report/run_read.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "base/json_read.h"
#include "harness.h"
#include "report/hlog_read.h"
#include "report/log_map.h"
#include "report/made_run.h"
#include "report/temporary.h"

static struct temporary t;
static char one[256], two[256];

static void begin(void) {
    t = temporary_make();
    temporary_path(&t, "one", one, sizeof one);
    temporary_path(&t, "two", two, sizeof two);
}

static void end(void) {
    temporary_remove(&t);
}

static struct run_read *open_runs(const char *const *directories, unsigned count) {
    struct run_read *r = NULL;
    char why[512] = "";
    int status = run_read_open(directories, count, &r, why, sizeof why);
    if (status == 0)
        status = run_read_replay(r, NULL, why, sizeof why);
    if (status != 0)
        printf("     %s\n", why);
    CU_ASSERT_EQUAL_FATAL(status, 0);
    return r;
}

static struct run_read *open_run(const char *const *directory) {
    return open_runs(directory, 1);
}

/* Which document differs from what the run wrote; NULL: none. */
static const char *differing(const struct report *r, const char *directory) {
    const char *wrong = NULL;
    for (const struct report_ops *ops = report_table; ops->name != NULL; ops++) {
        char path[512];
        struct text document = {0};
        snprintf(path, sizeof path, "%s/%s", directory, ops->file);
        struct log_map written = log_map_open(path);
        ops->write(&document, r);
        if (written.size != document.size || memcmp(written.data, document.data, document.size) != 0)
            wrong = ops->file;
        log_map_close(&written);
        text_free(&document);
    }
    return wrong;
}

static void documents_of_a_whole_run_are_the_same_to_the_byte(void) {
    static const struct made_run rows[] = {
        {.shard = 1, .shards = 1},
        {.shard = 1, .shards = 1, .healthy = true},
        {.shard = 2, .shards = 2},
        {.shard = 1, .shards = 1, .fail_code = 77},
        {.shard = 1, .shards = 1, .signal = SIGTERM},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        begin();
        struct made_run m = rows[i];
        m.directory = one;
        int code = made_run_write(&m);
        const char *directories[] = {one};
        struct run_read *r = open_run(directories);
        struct report report = run_read_report(r);
        CU_ASSERT_EQUAL(report.facts->exit_code, code);
        const char *wrong = differing(&report, one);
        if (wrong != NULL)
            printf("     run %zu: %s differs\n", i, wrong);
        CU_ASSERT_PTR_NULL(wrong);
        run_read_free(r);
        end();
    }
}

static void cut(const char *directory, const char *name, off_t size) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    CU_ASSERT_EQUAL(truncate(path, size), 0);
}

static struct log_map map_of(const char *directory, const char *name) {
    char path[512];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return log_map_open(path);
}

/* Where the lines that close seconds end, in events.ndjson. */
static unsigned ends_of_seconds(const struct log_map *events, size_t ends[MADE_RUN_SECONDS]) {
    unsigned count = 0;
    struct events_cursor c = events_read_begin(events->data, events->size);
    struct events_line line;
    while (events_read_next(&c, &line))
        if (memmem(line.text, line.size, "\"kind\":\"second\"", 15) != NULL && count < MADE_RUN_SECONDS)
            ends[count++] = c.at;
    return count;
}

static void of_a_killed_run_every_whole_second_is_there(void) {
    begin();
    made_run_write(&(struct made_run){.directory = one, .shard = 1, .shards = 1});
    struct log_map events = map_of(one, "events.ndjson");
    size_t ends[MADE_RUN_SECONDS];
    CU_ASSERT_EQUAL_FATAL(ends_of_seconds(&events, ends), MADE_RUN_SECONDS);
    size_t size = events.size;
    log_map_close(&events);
    const char *directories[] = {one};
    for (unsigned whole = MADE_RUN_SECONDS; whole-- > 0;) {
        size_t next = whole + 1 < MADE_RUN_SECONDS ? ends[whole + 1] : size;
        cut(one, "events.ndjson", (off_t)(next - 1 - (next - ends[whole]) / 3)); /* within the lines that follow */
        struct run_read *r = open_run(directories);
        struct report report = run_read_report(r);
        CU_ASSERT_EQUAL(report.facts->result->gauge_count, whole + 1);
        CU_ASSERT_EQUAL(report.facts->verdict, VERDICT_INCOMPLETE);
        CU_ASSERT_EQUAL(report.facts->exit_code, EXIT_INCOMPLETE);
        CU_ASSERT_FALSE(report.facts->finished);
        CU_ASSERT_PTR_NOT_NULL_FATAL(report.note);
        CU_ASSERT_PTR_NOT_NULL(strstr(report.note, "the run was killed"));
        if (whole + 1 < MADE_RUN_SECONDS)
            CU_ASSERT_EQUAL(report.facts->ended, (whole + 1) * SPAN_S);
        run_read_free(r);
    }
    end();
}

static void a_killed_run_has_its_causes_addresses_and_devices(void) {
    begin();
    made_run_write(&(struct made_run){.directory = one, .shard = 1, .shards = 1});
    struct log_map events = map_of(one, "events.ndjson");
    size_t ends[MADE_RUN_SECONDS];
    ends_of_seconds(&events, ends);
    log_map_close(&events);
    cut(one, "events.ndjson", (off_t)ends[4]);
    const char *directories[] = {one};
    struct run_read *r = open_run(directories);
    struct report report = run_read_report(r);
    CU_ASSERT_TRUE(report.facts->result->reason_count > 0);
    CU_ASSERT_EQUAL(report.facts->devices_here, 12);
    CU_ASSERT_EQUAL(report.facts->online_end, 12);
    CU_ASSERT_EQUAL(report.facts->plan->targets[0].node_count, 1);
    CU_ASSERT_EQUAL(report.facts->started_unix_ns, 1795336200 * SPAN_S + 123456789);
    for (const struct report_ops *ops = report_table; ops->name != NULL; ops++) {
        struct text document = {0};
        ops->write(&document, &report);
        bool tells = ops->early || strstr(text_get(&document), "incomplete") != NULL ||
                     strstr(text_get(&document), "INCOMPLETE") != NULL ||
                     strstr(text_get(&document), "did not come to its end") != NULL;
        CU_ASSERT_TRUE(tells);
        text_free(&document);
    }
    run_read_free(r);
    end();
}

/* The writer puts a second's histograms before its closing line, but files reach the disk on their own. */
static void a_last_second_without_its_histograms_does_not_count(void) {
    begin();
    made_run_write(&(struct made_run){.directory = one, .shard = 1, .shards = 1});
    struct log_map events = map_of(one, "events.ndjson"), intervals = map_of(one, "intervals.hlog");
    size_t ends[MADE_RUN_SECONDS];
    ends_of_seconds(&events, ends);
    const char *last = memmem(intervals.data, intervals.size, ",4.000,1.000,", 13);
    CU_ASSERT_PTR_NOT_NULL_FATAL(last);
    off_t size = last - intervals.data;
    log_map_close(&events);
    log_map_close(&intervals);
    cut(one, "events.ndjson", (off_t)ends[4]);
    cut(one, "intervals.hlog", size);
    const char *directories[] = {one};
    struct run_read *r = open_run(directories);
    CU_ASSERT_EQUAL(run_read_report(r).facts->result->gauge_count, 4);
    run_read_free(r);
    end();
}

static void histograms_that_a_full_disk_took_are_told_and_not_made_up(void) {
    begin();
    made_run_write(&(struct made_run){.directory = one, .shard = 1, .shards = 1});
    cut(one, "intervals.hlog", 2000);
    const char *directories[] = {one};
    struct run_read *r = open_run(directories);
    struct report report = run_read_report(r);
    CU_ASSERT_EQUAL(report.facts->result->gauge_count, MADE_RUN_SECONDS);
    CU_ASSERT_TRUE(report.facts->finished);
    CU_ASSERT_PTR_NOT_NULL_FATAL(report.note);
    for (size_t i = 0; i < report.facts->result->series_count; i++)
        for (int c = 0; c < CLOCK_KINDS; c++) {
            const struct histogram *h = report.facts->result->series[i]->clocks[c];
            CU_ASSERT_TRUE(h == NULL || h->count == h->exact);
        }
    run_read_free(r);
    end();
}

/* Moves what follows the line end behind `at` to the file's first part; each part begins with the `head` bytes of the file. */
static void divide(const char *name, const char *part, size_t at, size_t head) {
    char path[512];
    struct log_map map = map_of(one, name);
    const char *end = memchr(map.data + at, '\n', map.size - at);
    CU_ASSERT_PTR_NOT_NULL_FATAL(end);
    snprintf(path, sizeof path, "%s/%s", one, part);
    FILE *f = fopen(path, "we");
    fwrite(map.data, 1, head, f);
    fwrite(end + 1, 1, map.size - (size_t)(end + 1 - map.data), f);
    fclose(f);
    off_t size = end + 1 - map.data;
    log_map_close(&map);
    cut(one, name, size);
}

static void logs_in_parts_are_read_as_one(void) {
    const char *directories[] = {one};
    begin();
    made_run_write(&(struct made_run){.directory = one, .shard = 1, .shards = 1});
    struct log_map intervals = map_of(one, "intervals.hlog");
    const char *record = memmem(intervals.data, intervals.size, "\nTag=", 5);
    CU_ASSERT_PTR_NOT_NULL_FATAL(record);
    size_t head = (size_t)(record + 1 - intervals.data), size = intervals.size;
    log_map_close(&intervals);
    divide("events.ndjson", "events.1.ndjson", 9000, 0);
    divide("intervals.hlog", "intervals.1.hlog", size / 2, head);
    struct run_read *r = open_run(directories);
    struct report report = run_read_report(r);
    CU_ASSERT_PTR_NULL(report.note);
    const char *wrong = differing(&report, one);
    if (wrong != NULL)
        printf("     %s differs\n", wrong);
    CU_ASSERT_PTR_NULL(wrong);
    run_read_free(r);
    end();
}

static uint64_t clock_count(const struct result *r, enum clock_kind clock, uint64_t *buckets) {
    uint64_t count = 0;
    for (size_t i = 0; i < r->series_count; i++) {
        const struct histogram *h = r->series[i]->clocks[clock];
        for (unsigned b = 0; h != NULL && b < HISTOGRAM_BUCKETS; b++)
            buckets[b] += h->counts[b];
        count += h != NULL ? h->count : 0;
    }
    return count;
}

static void shards_add_up_bucket_by_bucket(void) {
    static uint64_t sum[HISTOGRAM_BUCKETS], whole[HISTOGRAM_BUCKETS];
    begin();
    made_run_write(&(struct made_run){.directory = one, .shard = 1, .shards = 2});
    made_run_write(&(struct made_run){.directory = two, .shard = 2, .shards = 2});
    const char *both[] = {two, one}, *first[] = {one}, *second[] = {two};
    struct run_read *a = open_run(first), *b = open_run(second), *ab = open_runs(both, 2);
    const struct run_facts *fa = run_read_report(a).facts, *fb = run_read_report(b).facts,
                           *f = run_read_report(ab).facts;
    for (int c = 0; c < CLOCK_KINDS; c++) {
        memset(sum, 0, sizeof sum);
        memset(whole, 0, sizeof whole);
        uint64_t parts =
            clock_count(fa->result, (enum clock_kind)c, sum) + clock_count(fb->result, (enum clock_kind)c, sum);
        CU_ASSERT_EQUAL(clock_count(f->result, (enum clock_kind)c, whole), parts);
        CU_ASSERT_EQUAL(memcmp(sum, whole, sizeof sum), 0);
    }
    CU_ASSERT_EQUAL(f->decisions_hash, fa->decisions_hash + fb->decisions_hash);
    CU_ASSERT_STRING_EQUAL(f->plan->plan_hash, fa->plan->plan_hash);
    CU_ASSERT_EQUAL(f->devices_here, 12);
    CU_ASSERT_EQUAL(f->shards, 1);
    CU_ASSERT_EQUAL(f->result->online_peak, 12);
    CU_ASSERT_EQUAL(f->result->gauge_count, MADE_RUN_SECONDS);
    CU_ASSERT_EQUAL(f->workers, 4);
    CU_ASSERT_EQUAL(f->result->emitted_all, fa->result->emitted_all + fb->result->emitted_all);
    run_read_free(a);
    run_read_free(b);
    run_read_free(ab);
    end();
}

static void one_killed_shard_makes_the_whole_incomplete(void) {
    begin();
    made_run_write(&(struct made_run){.directory = one, .shard = 1, .shards = 2});
    made_run_write(&(struct made_run){.directory = two, .shard = 2, .shards = 2});
    struct log_map events = map_of(two, "events.ndjson");
    size_t ends[MADE_RUN_SECONDS];
    ends_of_seconds(&events, ends);
    log_map_close(&events);
    cut(two, "events.ndjson", (off_t)ends[2]);
    const char *both[] = {one, two};
    struct run_read *r = open_runs(both, 2);
    const struct run_facts *f = run_read_report(r).facts;
    CU_ASSERT_EQUAL(f->verdict, VERDICT_INCOMPLETE);
    CU_ASSERT_EQUAL(f->result->gauge_count, MADE_RUN_SECONDS);
    CU_ASSERT_EQUAL(f->result->gauges[MADE_RUN_SECONDS - 1].counts[STATE_ONLINE] +
                        f->result->gauges[MADE_RUN_SECONDS - 1].counts[STATE_KINDS + STATE_ONLINE],
                    12); /* its devices stay what they were */
    run_read_free(r);
    end();
}

static void a_part_of_the_shards_says_so(void) {
    begin();
    made_run_write(&(struct made_run){.directory = one, .shard = 1, .shards = 3});
    made_run_write(&(struct made_run){.directory = two, .shard = 3, .shards = 3});
    const char *both[] = {one, two};
    struct run_read *r = open_runs(both, 2);
    struct report report = run_read_report(r);
    struct text summary = {0};
    report_find("json")->write(&summary, &report);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&summary), "not all of 3 shards are here: 8 of 12 devices"));
    text_free(&summary);
    run_read_free(r);
    end();
}

static int refusal(const char *const *directories, unsigned count, char *why, size_t size) {
    struct run_read *r = NULL;
    int status = run_read_open(directories, count, &r, why, size);
    if (status == 0) {
        status = run_read_replay(r, NULL, why, size);
        run_read_free(r);
    }
    return status;
}

static void what_does_not_belong_together_is_refused(void) {
    char why[512], three[256];
    begin();
    temporary_path(&t, "three", three, sizeof three);
    made_run_write(&(struct made_run){.directory = one, .shard = 1, .shards = 2});
    made_run_write(&(struct made_run){.directory = two, .shard = 2, .shards = 2, .seed = "8"});
    made_run_write(&(struct made_run){.directory = three, .shard = 1, .shards = 1});
    const char *plans[] = {one, two}, *twice[] = {one, one}, *alone[] = {one, three}, *none[] = {t.path};
    CU_ASSERT_EQUAL(refusal(plans, 2, why, sizeof why), ERR_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "different plans"));
    CU_ASSERT_EQUAL(refusal(twice, 2, why, sizeof why), ERR_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "same shard"));
    CU_ASSERT_EQUAL(refusal(alone, 2, why, sizeof why), ERR_INVALID);
    CU_ASSERT_EQUAL(refusal(none, 1, why, sizeof why), ERR_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "no run directory"));
    end();
}

static void overwrite(const char *directory, const char *name, const char *from, const char *to) {
    struct log_map map = map_of(directory, name);
    char *data = malloc(map.size), path[512];
    CU_ASSERT_PTR_NOT_NULL_FATAL(data);
    memcpy(data, map.data, map.size);
    char *at = memmem(data, map.size, from, strlen(from));
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    memcpy(at, to, strlen(to));
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *f = fopen(path, "we");
    fwrite(data, 1, map.size, f);
    fclose(f);
    free(data);
    log_map_close(&map);
}

static void a_scenario_that_was_changed_is_refused(void) {
    char why[512];
    const char *directories[] = {one};
    begin();
    made_run_write(&(struct made_run){.directory = one, .shard = 1, .shards = 1});
    overwrite(one, "scenario.resolved.yaml", "duration: 8s", "duration: 9s");
    CU_ASSERT_EQUAL(refusal(directories, 1, why, sizeof why), ERR_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "is not what was run"));
    overwrite(one, "scenario.resolved.yaml", "duration: 9s", "durasion: 9s");
    CU_ASSERT_EQUAL(refusal(directories, 1, why, sizeof why), ERR_MALFORMED);
    overwrite(one, "manifest.json", "\"schema\": 1", "\"schema\": 9");
    CU_ASSERT_EQUAL(refusal(directories, 1, why, sizeof why), ERR_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "schema 9"));
    cut(one, "manifest.json", 100);
    CU_ASSERT_EQUAL(refusal(directories, 1, why, sizeof why), ERR_MALFORMED);
    end();
}

struct told {
    unsigned begins, lines, seconds;
    instant last;
};

static void on_begin(void *context, int64_t unix_ns) {
    struct told *told = context;
    told->begins++;
    CU_ASSERT_EQUAL(unix_ns, 1795336200 * SPAN_S + 123456789);
}

static void on_line(void *context, const struct events_line *line) {
    struct told *told = context;
    told->lines++;
    CU_ASSERT_PTR_NOT_NULL(memmem(line->text, line->size, "\"kind\":\"phase\"", 14));
}

static void on_second(void *context, const struct run_second *second) {
    struct told *told = context;
    CU_ASSERT_TRUE(second->at > told->last);
    CU_ASSERT_EQUAL(second->rss_bytes, 1000000 + told->seconds);
    told->last = second->at;
    told->seconds++;
}

static void the_sink_gets_what_the_run_told(void) {
    char why[512];
    struct run_read *r = NULL;
    struct told told = {0};
    const char *directories[] = {one};
    begin();
    made_run_write(&(struct made_run){.directory = one, .shard = 1, .shards = 1});
    CU_ASSERT_EQUAL_FATAL(run_read_open(directories, 1, &r, why, sizeof why), 0);
    struct run_read_sink sink = {.context = &told, .begin = on_begin, .line = on_line, .second = on_second};
    CU_ASSERT_EQUAL(run_read_replay(r, &sink, why, sizeof why), 0);
    CU_ASSERT_EQUAL(told.begins, 1);
    CU_ASSERT_EQUAL(told.lines, 1);
    CU_ASSERT_EQUAL(told.seconds, MADE_RUN_SECONDS);
    CU_ASSERT_EQUAL(told.last, 8 * SPAN_S + 500 * SPAN_MS);
    run_read_free(r);
    end();
}

HARNESS_MAIN("report/run_read", HARNESS_CASE(documents_of_a_whole_run_are_the_same_to_the_byte),
             HARNESS_CASE(of_a_killed_run_every_whole_second_is_there),
             HARNESS_CASE(a_killed_run_has_its_causes_addresses_and_devices),
             HARNESS_CASE(a_last_second_without_its_histograms_does_not_count),
             HARNESS_CASE(histograms_that_a_full_disk_took_are_told_and_not_made_up),
             HARNESS_CASE(logs_in_parts_are_read_as_one), HARNESS_CASE(shards_add_up_bucket_by_bucket),
             HARNESS_CASE(one_killed_shard_makes_the_whole_incomplete), HARNESS_CASE(a_part_of_the_shards_says_so),
             HARNESS_CASE(what_does_not_belong_together_is_refused),
             HARNESS_CASE(a_scenario_that_was_changed_is_refused), HARNESS_CASE(the_sink_gets_what_the_run_told))
