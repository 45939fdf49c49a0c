#include "report/facts.h"

#include <string.h>

#include "base/check.h"
#include "documented.h"
#include "harness.h"

static struct text out;
static struct json_read doc;

static void write_and_parse(const struct run_facts *f) {
    out.size = 0;
    struct json_write w = json_write_to(&out, 0);
    json_write_open_object(&w);
    facts_write(&w, f);
    json_write_close_object(&w);
    CU_ASSERT_EQUAL_FATAL(json_read_parse(&doc, out.data, out.size), 0);
}

static const struct run_facts sample = {.finished = true,
                                        .signal = 15,
                                        .started_unix_ns = INT64_C(1795336200123456789),
                                        .ended = INT64_C(61234567891),
                                        .settle_start = 60 * SPAN_S,
                                        .settle_end = 61 * SPAN_S,
                                        .devices_here = 10,
                                        .workers = 2,
                                        .true_silence = true,
                                        .online_end = 9,
                                        .decisions_hash = 0xfedcba9876543210,
                                        .guard_held = 3,
                                        .guard_refused = 4,
                                        .cpu_s = 0.1,
                                        .rss_peak_bytes = UINT64_MAX,
                                        .bytes_per_device = 512.25,
                                        .builtin_target = true};

static void every_row_reads_back_what_it_wrote(void) {
    struct run_facts f = {0};
    write_and_parse(&sample);
    CU_ASSERT_TRUE(facts_read(&doc, json_read_root(&doc), &f));
    CU_ASSERT_EQUAL(memcmp(&f, &sample, sizeof f), 0);
}

static void a_missing_member_stays_and_a_wrong_one_is_told(void) {
    static const char *const wrong[] = {
        "{\"finished\":1}",
        "{\"signal\":1.5}",
        "{\"workers\":4294967296}",
        "{\"devices_here\":-1}",
        "{\"online_end\":\"9\"}",
        "{\"decisions_hash\":\"12\"}",
        "{\"decisions_hash\":\"xedcba9876543210\"}",
    };
    struct run_facts f = {.workers = 3, .cpu_s = 2};
    CU_ASSERT_EQUAL_FATAL(json_read_parse(&doc, "{\"cpu_s\":4}", 11), 0);
    CU_ASSERT_TRUE(facts_read(&doc, json_read_root(&doc), &f));
    CU_ASSERT_TRUE(f.workers == 3 && f.cpu_s == 4);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        CU_ASSERT_EQUAL_FATAL(json_read_parse(&doc, wrong[i], strlen(wrong[i])), 0);
        CU_ASSERT_FALSE(facts_read(&doc, json_read_root(&doc), &f));
    }
}

static void shards_become_one(void) {
    struct run_facts into = {0}, second = sample;
    second.finished = false;
    second.started_unix_ns += 5;
    second.ended = 70 * SPAN_S;
    second.decisions_hash = 0x1111111111111111;
    second.rss_peak_bytes = 1;
    second.bytes_per_device = 511.75;
    second.true_silence = false;
    facts_merge(&into, &sample, 0);
    CU_ASSERT_EQUAL(memcmp(&into, &sample, sizeof into), 0);
    facts_merge(&into, &second, 1);
    CU_ASSERT_FALSE(into.finished);
    CU_ASSERT_FALSE(into.true_silence);
    CU_ASSERT_EQUAL(into.started_unix_ns, sample.started_unix_ns);
    CU_ASSERT_EQUAL(into.ended, 70 * SPAN_S);
    CU_ASSERT_EQUAL(into.decisions_hash, 0x0fedcba987654321);
    CU_ASSERT_EQUAL(into.devices_here, 20);
    CU_ASSERT_EQUAL(into.workers, 4);
    CU_ASSERT_EQUAL(into.bytes_per_device, 512);
}

static void every_key_is_documented(void) {
    for (const struct facts_row *row = facts_rows; row->key != NULL; row++) {
        CU_ASSERT_TRUE(documented(row->key));
        CU_ASSERT_PTR_NOT_NULL(row->doc);
    }
}

static void end(void) {
    text_free(&out);
    json_read_free(&doc);
}

static void nothing_is_left(void) {
    end();
    CU_ASSERT_PTR_NULL(out.data);
}

HARNESS_MAIN("report/facts", HARNESS_CASE(every_row_reads_back_what_it_wrote),
             HARNESS_CASE(a_missing_member_stays_and_a_wrong_one_is_told), HARNESS_CASE(shards_become_one),
             HARNESS_CASE(every_key_is_documented), HARNESS_CASE(nothing_is_left))
