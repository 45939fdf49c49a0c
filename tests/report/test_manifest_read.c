#include "report/manifest_read.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "harness.h"
#include "report/manifest.h"
#include "report/sample.h"

static struct sample s;
static struct text out;
static char why[256];

static void begin(void) {
    sample_make(&s);
    memset(s.plan.plan_hash, 'b', 64);
    memcpy(s.plan.run_id, "3f9a", 5);
    snprintf(s.host.kernel, sizeof s.host.kernel, "Linux 6.1");
    s.host.cores = 8;
    s.host.memory_bytes = UINT64_C(1) << 40;
    s.report.log_records_dropped = 3;
    out.size = 0;
}

static void end(void) {
    sample_free(&s);
    text_free(&out);
}

static void what_the_writer_wrote_is_read(void) {
    begin();
    struct ceiling ceiling = {.messages_per_s = 1234.5, .devices = 20000, .cores = 8, .measured_unix_s = 99};
    snprintf(ceiling.shape, sizeof ceiling.shape, "QoS 1 fleet");
    s.report.ceiling = &ceiling;
    manifest_write(&out, &s.report);
    struct manifest m;
    CU_ASSERT_EQUAL_FATAL(manifest_read(out.data, out.size, &m, why, sizeof why), 0);
    CU_ASSERT_TRUE(m.complete);
    CU_ASSERT_STRING_EQUAL(m.file, s.plan.file);
    CU_ASSERT_STRING_EQUAL(m.plan_hash, s.plan.plan_hash);
    CU_ASSERT_STRING_EQUAL(m.run_id, "3f9a");
    CU_ASSERT_TRUE(m.seed_given);
    CU_ASSERT_EQUAL(m.started_unix_ns, s.facts.started_unix_ns);
    CU_ASSERT_EQUAL(m.shard, 1);
    CU_ASSERT_EQUAL(m.shards, 1);
    CU_ASSERT_EQUAL_FATAL(m.argc, s.report.argc);
    CU_ASSERT_STRING_EQUAL(m.argv[4], s.report.argv[4]);
    CU_ASSERT_STRING_EQUAL(m.directory, s.report.directory);
    CU_ASSERT_EQUAL(memcmp(&m.host, &s.host, sizeof m.host), 0);
    CU_ASSERT_TRUE(m.measured);
    CU_ASSERT_EQUAL(memcmp(&m.ceiling, &ceiling, sizeof ceiling), 0);
    CU_ASSERT_EQUAL(m.log_records_dropped, 3);
    manifest_read_free(&m);
    end();
}

static void without_an_end_and_a_ceiling_it_is_read_too(void) {
    begin();
    struct run_facts facts = {.plan = &s.plan, .started_unix_ns = 5 * SPAN_MS, .shard = 2, .shards = 3};
    s.report.facts = &facts;
    s.report.complete = false;
    manifest_write(&out, &s.report);
    struct manifest m;
    CU_ASSERT_EQUAL_FATAL(manifest_read(out.data, out.size, &m, why, sizeof why), 0);
    CU_ASSERT_FALSE(m.complete);
    CU_ASSERT_FALSE(m.measured);
    CU_ASSERT_EQUAL(m.shard, 2);
    CU_ASSERT_EQUAL(m.started_unix_ns, 5 * SPAN_MS);
    manifest_read_free(&m);
    end();
}

/* Replaces the first `from` by `to`, of any length, and reads. */
static int read_changed(const char *from, const char *to) {
    struct manifest m;
    struct text changed = {0};
    const char *at = strstr(text_get(&out), from);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    text_append_n(&changed, out.data, (size_t)(at - out.data));
    text_append(&changed, to);
    text_append(&changed, at + strlen(from));
    why[0] = '\0';
    int status = manifest_read(changed.data, changed.size, &m, why, sizeof why);
    manifest_read_free(&m);
    text_free(&changed);
    return status;
}

static void what_is_missing_or_wrong_is_told(void) {
    static const struct {
        const char *from, *to, *said;
        int status;
    } rows[] = {
        {"\"schema\": 1", "\"schema\": 2", "schema 2", ERR_INVALID},
        {"\"complete\": true", "\"complete\": 1", "complete", ERR_MALFORMED},
        {"\"run_id\": \"3f9a\"", "\"run_id\": \"3f9\"", "what was run", ERR_MALFORMED},
        {"\"plan_hash\": \"b", "\"plan_hash\": \"", "what was run", ERR_MALFORMED},
        {"\"seed\": 7", "\"seed\": -7", "seed", ERR_MALFORMED},
        {"\"number\": 1", "\"number\": 2", "shard", ERR_MALFORMED},
        {"\"number\": 1", "\"number\": 0", "shard", ERR_MALFORMED},
        {"T08:30:00.000Z", "T08:30:00Z", "started", ERR_MALFORMED},
        {"2026-11-22T", "9999-11-22T", "started", ERR_MALFORMED},
        {"\"command\": [", "\"commands\": [", "command", ERR_MALFORMED},
        {"\"muster\",", "7,", "command", ERR_MALFORMED},
        {"{", "[", "no JSON", ERR_MALFORMED},
    };
    begin();
    manifest_write(&out, &s.report);
    CU_ASSERT_EQUAL(read_changed("\"schema\"", "\"schema\""), 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CU_ASSERT_EQUAL(read_changed(rows[i].from, rows[i].to), rows[i].status);
        if (strstr(why, rows[i].said) == NULL)
            printf("     %s: %s\n", rows[i].to, why);
        CU_ASSERT_PTR_NOT_NULL(strstr(why, rows[i].said));
    }
    end();
}

static void cut_anywhere_it_is_refused(void) {
    begin();
    manifest_write(&out, &s.report);
    unsigned wrong = 0;
    for (size_t size = 0; size + 2 < out.size; size++) {
        struct manifest m;
        wrong += manifest_read(out.data, size, &m, why, sizeof why) != ERR_MALFORMED;
        manifest_read_free(&m);
    }
    CU_ASSERT_EQUAL(wrong, 0);
    end();
}

HARNESS_MAIN("report/manifest_read", HARNESS_CASE(what_the_writer_wrote_is_read),
             HARNESS_CASE(without_an_end_and_a_ceiling_it_is_read_too), HARNESS_CASE(what_is_missing_or_wrong_is_told),
             HARNESS_CASE(cut_anywhere_it_is_refused))
