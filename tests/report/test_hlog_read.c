#include "report/hlog_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/draw.h"
#include "base/err.h"
#include "base/text.h"
#include "harness.h"
#include "report/hlog.h"
#include "sample.h"

static struct histogram h;
static struct hlog *writer; /* to make records */
static struct sample s;

static void begin(void) {
    sample_make(&s);
    writer = hlog_new(&s.plan, NULL, 0);
    histogram_reset(&h);
}

static void end(void) {
    hlog_free(writer);
    sample_free(&s);
}

static struct hlog_read *read_text(const char *text) {
    return hlog_read_new(text, strlen(text), HLOG_READ_OURS);
}

/* Written by HdrHistogram 2.1.11: nanoseconds, three digits from 1 ns, and one digit from 1 us. */
static const char java_log[] =
    "#[Histogram log format version 1.3]\n"
    "#[StartTime: 1700000000.000 (seconds since epoch), Tue Nov 14 22:13:20 UTC 2023]\n"
    "#[BaseTime: 1700000000.000 (seconds since epoch)]\n"
    "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\r\n"
    "2.000,1.500,7784.628,HISTFAAAACh42pNpmSzMwMDAxgABjBCK+QUQuxnsWMBg/wEicpSJ6TwTEwCE0wbV\r\n";

static void other_configurations_fold_into_our_buckets(void) {
    struct hlog_read *r = hlog_read_new(java_log, sizeof java_log - 1, 1);
    const struct hlog_record *record = hlog_read_next(r);
    CU_ASSERT_PTR_NOT_NULL_FATAL(record);
    CU_ASSERT_EQUAL(record->tag.kind, HLOG_FOREIGN);
    CU_ASSERT_STRING_EQUAL(record->tag.text, "");
    CU_ASSERT_EQUAL(record->start, 2 * SPAN_S);
    CU_ASSERT_EQUAL(record->length, 1500 * SPAN_MS);
    CU_ASSERT_EQUAL(record->histogram->count, 2);
    /* one digit: 5 ms lies somewhere from 4.85 to 5.11 ms, 7.8 s from 7.52 to 7.78 s */
    CU_ASSERT_TRUE(histogram_quantile(record->histogram, 0.5, false) >= 4800 * SPAN_US);
    CU_ASSERT_TRUE(histogram_quantile(record->histogram, 0.5, false) <= 5200 * SPAN_US);
    CU_ASSERT_TRUE(histogram_quantile(record->histogram, 1, false) >= 7400 * SPAN_MS);
    CU_ASSERT_TRUE(histogram_quantile(record->histogram, 1, false) <= 8000 * SPAN_MS);
    CU_ASSERT_PTR_NULL(hlog_read_next(r));
    CU_ASSERT_EQUAL(hlog_read_end(r)->error, 0);
    CU_ASSERT_EQUAL(hlog_read_end(r)->records, 1);
    hlog_read_free(r);
}

static void histograms_of_other_encodings_get_one_clear_error(void) {
    static const char *const rows[][2] = {
        /* a DoubleHistogram; the V1 encoding, compressed */
        {"0.001,0.001,0.000,"
         "DHISTwAAAAMAAAAAAAAAAhyEkxQAAAAgeNqTaZkszMDAwMwAATCaEULJ/7d3gLD+8zMBAEu3A/s=\n",
         "compressed V2"},
        {"0.001,0.001,0.000,HISTAgAAAAB42gMAAAAAAQ==\n", "compressed V2"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hlog_read *r = read_text(rows[i][0]);
        CU_ASSERT_PTR_NULL(hlog_read_next(r));
        CU_ASSERT_EQUAL(hlog_read_end(r)->error, ERR_INVALID);
        CU_ASSERT_PTR_NOT_NULL(strstr(hlog_read_end(r)->why, rows[i][1]));
        CU_ASSERT_EQUAL(hlog_read_end(r)->bytes_ignored, strlen(rows[i][0]));
        CU_ASSERT_EQUAL(hlog_read_end(r)->line, 1);
        hlog_read_free(r);
    }
}

static void every_histogram_reads_back_as_it_was(void) {
    begin();
    unsigned wrong = 0;
    for (uint64_t round = 0; round < 200; round++) {
        struct text line = {0};
        histogram_reset(&h);
        for (uint64_t i = 0; i < 1 + round * 7; i++) {
            uint64_t word = draw_u64(round, 1, 1, i);
            histogram_record(&h, (int64_t)(word >> (20 + word % 40)));
        }
        h.counts[round] += UINT64_C(1) << (round % 62); /* also counts of nine bytes */
        h.count += UINT64_C(1) << (round % 62);
        h.exact = 0; /* its maximum covers not all of it */
        hlog_record(writer, &line, "t", 0, SPAN_S, &h);
        struct hlog_read *r = read_text(text_get(&line));
        const struct hlog_record *record = hlog_read_next(r);
        wrong += record == NULL || record->histogram->count != h.count ||
                 memcmp(record->histogram->counts, h.counts, sizeof h.counts) != 0;
        hlog_read_free(r);
        text_free(&line);
    }
    CU_ASSERT_EQUAL(wrong, 0);
    end();
}

static void a_tag_of_ours_is_split(void) {
    static const char tag[] = "mqtt.publish.ack/service/meters/standard/eu-west/default/1/0/3";
    char room[HLOG_TAG_MAX];
    struct hlog_tag t = hlog_read_tag(tag, sizeof tag - 1, room);
    CU_ASSERT_EQUAL_FATAL(t.kind, HLOG_CELL);
    CU_ASSERT_EQUAL(t.op, OP_MQTT_PUBLISH);
    CU_ASSERT_EQUAL(t.clock, CLOCK_SERVICE);
    CU_ASSERT_STRING_EQUAL(t.operation, "mqtt.publish.ack");
    CU_ASSERT_STRING_EQUAL(t.fleet, "meters");
    CU_ASSERT_STRING_EQUAL(t.profile, "standard");
    CU_ASSERT_STRING_EQUAL(t.region, "eu-west");
    CU_ASSERT_STRING_EQUAL(t.target, "default");
    CU_ASSERT_STRING_EQUAL(t.text, tag);
    CU_ASSERT_TRUE(t.qos == 1 && !t.held && t.segment == 3 && t.excluded == 0);
    static const char more[] = "mqtt.ping.ack/lag/a/b/c/d/0/1/65535/255";
    t = hlog_read_tag(more, sizeof more - 1, room);
    CU_ASSERT_EQUAL(t.kind, HLOG_CELL);
    CU_ASSERT_TRUE(t.held && t.segment == 65535 && t.excluded == 255);
    CU_ASSERT_EQUAL(hlog_read_tag("tool/lag", 8, room).kind, HLOG_TOOL);
}

static void other_tags_are_foreign(void) {
    static const char *const rows[] = {
        "",
        "other",
        "mqtt.publish.ack/service/a/b/c/d/1/0",
        "mqtt.publish.ack/service/a/b/c/d/1/0/1/2/3",
        "mqtt.publish.ack/patience/a/b/c/d/1/0/1",
        "mqtt.dance/service/a/b/c/d/1/0/1",
        "mqtt.publish.ack/service/a/b/c/d/256/0/1",
        "mqtt.publish.ack/service/a/b/c/d/1/2/1",
        "mqtt.publish.ack/service/a/b/c/d/1/0/65536",
        "mqtt.publish.ack/service/a/b/c/d/1/0/99999999999999999999",
        "mqtt.publish.ack/service/a/b/c/d/1/0/",
        "mqtt.publish.ack/service/a/b/c/d/1/0/x",
        "//////////////////////////",
    };
    char room[HLOG_TAG_MAX];
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hlog_tag t = hlog_read_tag(rows[i], strlen(rows[i]), room);
        CU_ASSERT_EQUAL(t.kind, HLOG_FOREIGN);
        CU_ASSERT_STRING_EQUAL(t.text, rows[i]);
        CU_ASSERT_STRING_EQUAL(t.fleet, "");
    }
    char longest[2 * HLOG_TAG_MAX];
    memset(longest, '/', sizeof longest);
    CU_ASSERT_EQUAL(hlog_read_tag(longest, sizeof longest, room).kind, HLOG_FOREIGN);
}

static void the_walk_ends_at_the_first_line_that_is_not_whole(void) {
    begin();
    struct text log = {0};
    hlog_header(&log, SPAN_S);
    histogram_record(&h, SPAN_MS);
    hlog_record(writer, &log, "a", 0, SPAN_S, &h);
    size_t first = log.size;
    hlog_record(writer, &log, "b", SPAN_S, 2 * SPAN_S, &h);
    for (size_t cut = first; cut <= log.size; cut++) {
        struct hlog_read *r = hlog_read_new(log.data, cut, HLOG_READ_OURS);
        uint64_t records = 0;
        while (hlog_read_next(r) != NULL)
            records++;
        bool whole = cut == log.size, nothing = cut == first;
        CU_ASSERT_EQUAL(records, whole ? 2 : 1);
        CU_ASSERT_EQUAL(hlog_read_end(r)->error, whole || nothing ? 0 : ERR_MALFORMED);
        CU_ASSERT_EQUAL(hlog_read_end(r)->bytes_ignored, whole ? 0 : cut - first);
        hlog_read_free(r);
    }
    text_free(&log);
    end();
}

static void damage_is_noticed(void) {
    begin();
    for (int64_t i = 1; i < 300; i++)
        histogram_record(&h, i * 37 * SPAN_US);
    struct text log = {0};
    hlog_record(writer, &log, "", 0, SPAN_S, &h);
    unsigned wrong = 0;
    size_t body = (size_t)(strrchr(log.data, ',') - log.data) + 1;
    for (size_t at = body; at + 1 < log.size; at++) {
        char kept = log.data[at];
        log.data[at] = kept == 'A' ? 'B' : 'A';
        struct hlog_read *r = hlog_read_new(log.data, log.size, HLOG_READ_OURS);
        const struct hlog_record *record = hlog_read_next(r);
        /* what still reads must be the same: a bit of the padding, for instance */
        wrong += record != NULL && memcmp(record->histogram->counts, h.counts, sizeof h.counts) != 0;
        hlog_read_free(r);
        log.data[at] = kept;
    }
    CU_ASSERT_EQUAL(wrong, 0);
    text_free(&log);
    end();
}

static void times_count_from_the_start_of_the_log(void) {
    static const struct {
        const char *head, *stamp;
        instant start;
    } rows[] = {
        {"", "1234.500", 0},
        {"#[StartTime: 1700000000.000 (seconds since epoch)]\n", "1700000003.250", 3250 * SPAN_MS},
        {"#[StartTime: 1700000000.000 (seconds since epoch)]\n", "3.25", 3250 * SPAN_MS},
        {"#[StartTime: 1700000000.000 (x)]\n#[BaseTime: 1699999990.5 (x)]\n", "10.000", 500 * SPAN_MS},
    };
    begin();
    histogram_record(&h, SPAN_MS);
    struct text record = {0};
    hlog_record(writer, &record, "", 0, SPAN_S, &h);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct text log = {0};
        text_printf(&log, "%s%s%s", rows[i].head, rows[i].stamp, strchr(text_get(&record), ','));
        struct hlog_read *r = hlog_read_new(log.data, log.size, HLOG_READ_OURS);
        const struct hlog_record *read = hlog_read_next(r);
        CU_ASSERT_PTR_NOT_NULL_FATAL(read);
        CU_ASSERT_EQUAL(read->start, rows[i].start);
        hlog_read_free(r);
        text_free(&log);
    }
    text_free(&record);
    end();
}

static void what_is_no_record_is_refused(void) {
    static const char *const rows[] = {
        "x\n",
        "1,2\n",
        "1.0,1.0,1.0,\n",
        "1.0,1.0,1.0,!!!!\n",
        "-1.0,1.0,1.0,HISTFAAAAAA=\n",
        "99999999999,1,1,HISTFAAAAAA=\n",
        "1.0,1.0,1.0,HISTFAAAAAAA\n",
        "Tag=a\n",
        "Tag=a,1.0\n",
        "1e3,1,1,HISTFAAAAAA=\n",
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hlog_read *r = read_text(rows[i]);
        CU_ASSERT_PTR_NULL(hlog_read_next(r));
        CU_ASSERT_EQUAL(hlog_read_end(r)->error, ERR_MALFORMED);
        CU_ASSERT_PTR_NULL(hlog_read_next(r)); /* and stays so */
        hlog_read_free(r);
    }
}

static void an_empty_log_and_one_of_comments_have_no_records(void) {
    static const char *const rows[] = {"", "#[Histogram log format version 1.3]\n", "\n\n# x\n\"StartTimestamp\"\n"};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hlog_read *r = read_text(rows[i]);
        CU_ASSERT_PTR_NULL(hlog_read_next(r));
        CU_ASSERT_EQUAL(hlog_read_end(r)->error, 0);
        hlog_read_free(r);
    }
}

HARNESS_MAIN("report/hlog_read", HARNESS_CASE(every_histogram_reads_back_as_it_was),
             HARNESS_CASE(other_configurations_fold_into_our_buckets),
             HARNESS_CASE(histograms_of_other_encodings_get_one_clear_error), HARNESS_CASE(a_tag_of_ours_is_split),
             HARNESS_CASE(other_tags_are_foreign), HARNESS_CASE(the_walk_ends_at_the_first_line_that_is_not_whole),
             HARNESS_CASE(damage_is_noticed), HARNESS_CASE(times_count_from_the_start_of_the_log),
             HARNESS_CASE(what_is_no_record_is_refused), HARNESS_CASE(an_empty_log_and_one_of_comments_have_no_records))
