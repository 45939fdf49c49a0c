#include "report/hlog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/check.h"
#include "crypto/crypto_base64.h"
#include "crypto/crypto_hex.h"
#include "harness.h"
#include "report/hlog_read.h"
#include "report/run_dir.h"
#include "sample.h"
#include "temporary.h"

static struct sample s;
static struct histogram h;

/* The bytes of HdrHistogram 2.1.11 (Java) for new Histogram(1, 2^40 - 1, 2) with the same values. */
static void counts_are_encoded_as_hdrhistogram_does(void) {
    static const char expected[] = "1c8493130000000c00000000000000020000000000000001000000ffffffffff3ff0000000000000"
                                   "0202000aab08e0c508c73b02";
    sample_make(&s);
    struct hlog *log = hlog_new(&s.plan, NULL, 0);
    histogram_reset(&h);
    histogram_record(&h, 0);
    histogram_record(&h, SPAN_US);
    for (int i = 0; i < 5; i++)
        histogram_record(&h, 3 * SPAN_US);
    for (int i = 0; i < 70000; i++)
        histogram_record(&h, 1234 * SPAN_US);
    histogram_record(&h, HISTOGRAM_HIGHEST_US * SPAN_US);
    struct text line = {0};
    hlog_record(log, &line, "", 0, SPAN_S, &h);
    const char *base64 = strrchr(text_get(&line), ',') + 1;
    uint8_t packed[512], plain[512];
    size_t size = 0;
    CU_ASSERT_EQUAL_FATAL(
        crypto_base64_decode(CRYPTO_BASE64, base64, strcspn(base64, "\n"), packed, sizeof packed, &size), 0);
    CU_ASSERT_EQUAL(memcmp(packed, "\x1c\x84\x93\x14\0\0\0", 7), 0);
    CU_ASSERT_EQUAL(packed[7], size - 8);
    uLongf plain_size = sizeof plain;
    CU_ASSERT_EQUAL_FATAL(uncompress(plain, &plain_size, packed + 8, size - 8), Z_OK);
    char hex[2 * sizeof plain + 1];
    crypto_hex_encode(plain, plain_size, hex);
    CU_ASSERT_STRING_EQUAL(hex, expected);
    text_free(&line);
    hlog_free(log);
    sample_free(&s);
}

static void a_line_has_tag_start_length_and_maximum(void) {
    sample_make(&s);
    struct hlog *log = hlog_new(&s.plan, NULL, 0);
    histogram_reset(&h);
    histogram_record(&h, 1500 * SPAN_US + 100);
    struct text line = {0};
    hlog_record(log, &line, "a/b", 61 * SPAN_S + 400 * SPAN_US, 62 * SPAN_S + 600 * SPAN_US, &h);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&line), "Tag=a/b,61.000,1.001,1.500,HIST"));
    CU_ASSERT_EQUAL(line.data[line.size - 1], '\n');
    line.size = 0;
    hlog_record(log, &line, "", 0, SPAN_S, &h);
    CU_ASSERT_EQUAL(strncmp(text_get(&line), "0.000,1.000,1.500,HIST", 22), 0);
    text_free(&line);
    hlog_free(log);
    sample_free(&s);
}

static void names_in_tags_have_a_small_alphabet_and_stay_apart(void) {
    static const char *const rows[][2] = {
        {"meters-1.a_B", "meters-1.a_B"}, {"", "-"}, {"a/b,c d", "a_b_c_d"}, {"\xc3\xa4", "__"}, {"\x1b\n", "__"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct text out = {0};
        hlog_name(&out, rows[i][0]);
        CU_ASSERT_STRING_EQUAL(text_get(&out), rows[i][1]);
        text_free(&out);
    }
    char one[400], two[400];
    memset(one, 'x', sizeof one);
    memset(two, 'x', sizeof two);
    one[399] = two[399] = '\0';
    two[398] = 'y';
    struct text first = {0}, second = {0};
    hlog_name(&first, one);
    hlog_name(&second, two);
    CU_ASSERT_EQUAL(first.size, HLOG_NAME_MAX + 9);
    CU_ASSERT_STRING_NOT_EQUAL(text_get(&first), text_get(&second));
    text_free(&first);
    text_free(&second);
}

static void the_tag_names_the_cell_and_excluded_only_when_there_is_one(void) {
    sample_make(&s);
    struct cell_key key = {.group = 0, .segment = 2, .op = OP_MQTT_PUBLISH, .qos = 1, .held = 1};
    struct text tag = {0}, expected = {0};
    const struct fleet_group *g = &s.plan.groups[0];
    text_printf(&expected, "mqtt.publish.ack/response/%s/%s/", g->fleet, g->profile_name);
    hlog_name(&expected, g->region);
    text_append(&expected, "/");
    hlog_name(&expected, g->target_name);
    text_append(&expected, "/1/1/2");
    hlog_tag(&tag, &s.plan, &key, CLOCK_RESPONSE);
    CU_ASSERT_STRING_EQUAL(text_get(&tag), text_get(&expected));
    tag.size = 0;
    key.excluded = 5;
    hlog_tag(&tag, &s.plan, &key, CLOCK_RESPONSE);
    text_append(&expected, "/5");
    CU_ASSERT_STRING_EQUAL(text_get(&tag), text_get(&expected));
    text_free(&tag);
    text_free(&expected);
    sample_free(&s);
}

static bool same_counts(const struct histogram *a, const struct histogram *b) {
    return a->count == b->count && memcmp(a->counts, b->counts, sizeof a->counts) == 0;
}

static void a_second_is_read_back_bucket_by_bucket(void) {
    sample_make(&s);
    struct temporary dir = temporary_make();
    struct run_dir run;
    char why[256];
    CU_ASSERT_EQUAL_FATAL(run_dir_open(&run, dir.path, 0, "0000", why, sizeof why), 0);
    struct log_writer *writer = log_writer_new(-1, NULL);
    int file = log_writer_add(writer, run_dir_create_log(&run, "intervals.hlog"), "intervals.hlog");
    struct hlog *log = hlog_new(&s.plan, writer, file);
    hlog_begin(log, 1700000000 * SPAN_S);
    uint64_t written = hlog_second(log, 0, SPAN_S, s.result);
    CU_ASSERT_EQUAL(log_writer_close(writer), 0);
    size_t size;
    char *data = temporary_read(&dir, "intervals.hlog", &size);
    struct hlog_read *read = hlog_read_new(data, size, HLOG_READ_OURS);
    const struct hlog_record *record;
    uint64_t cells = 0, tool = 0;
    while ((record = hlog_read_next(read)) != NULL) {
        CU_ASSERT_EQUAL(record->start, 0);
        CU_ASSERT_EQUAL(record->length, SPAN_S);
        tool += record->tag.kind == HLOG_TOOL && same_counts(record->histogram, &s.result->lag_all);
        for (size_t i = 0; i < s.result->series_count && record->tag.kind == HLOG_CELL; i++) {
            struct series *series = s.result->series[i];
            struct text tag = {0};
            hlog_tag(&tag, &s.plan, &series->key, record->tag.clock);
            if (strcmp(text_get(&tag), record->tag.text) == 0)
                cells += same_counts(record->histogram, series->clocks[record->tag.clock]);
            text_free(&tag);
        }
    }
    CU_ASSERT_TRUE(cells > 3);
    CU_ASSERT_EQUAL(tool, s.result->lag_all.count > 0);
    CU_ASSERT_EQUAL(cells + tool, written);
    CU_ASSERT_EQUAL(hlog_read_end(read)->error, 0);
    CU_ASSERT_EQUAL(hlog_read_end(read)->start_unix_ns, 1700000000 * SPAN_S);
    hlog_read_free(read);
    free(data);
    hlog_free(log);
    run_dir_close(&run);
    temporary_remove(&dir);
    sample_free(&s);
}

/* Also of a log whose stamps lie as far away as they can. */
static void instants_are_rounded_to_the_millisecond(void) {
    static const struct {
        instant at;
        int64_t ms;
    } rows[] = {{0, 0},
                {SPAN_MS / 2 - 1, 0},
                {SPAN_MS / 2, 1},
                {7 * SPAN_MS + SPAN_MS / 2 - 1, 7},
                {7 * SPAN_MS + SPAN_MS / 2, 8},
                {INT64_MAX, INT64_MAX / SPAN_MS + 1}};
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CU_ASSERT_EQUAL(hlog_ms(rows[i].at), rows[i].ms);
}

HARNESS_MAIN("report/hlog", HARNESS_CASE(instants_are_rounded_to_the_millisecond),
             HARNESS_CASE(counts_are_encoded_as_hdrhistogram_does),
             HARNESS_CASE(a_line_has_tag_start_length_and_maximum),
             HARNESS_CASE(names_in_tags_have_a_small_alphabet_and_stay_apart),
             HARNESS_CASE(the_tag_names_the_cell_and_excluded_only_when_there_is_one),
             HARNESS_CASE(a_second_is_read_back_bucket_by_bucket))
