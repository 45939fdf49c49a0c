#include "report/report.h"

#include <string.h>

#include "harness.h"
#include "report/run_dir.h"
#include "report/sample.h"
#include "scenario/plan_observe.h"

static void every_document_is_a_file_of_a_run_and_writes_something(void) {
    static struct sample s;
    sample_make(&s);
    for (const struct report_ops *ops = report_table; ops->name != NULL; ops++) {
        struct text out = {0};
        bool known = false;
        for (size_t i = 0; run_dir_files[i] != NULL; i++)
            known |= strcmp(run_dir_files[i], ops->file) == 0;
        CU_ASSERT_TRUE(known);
        size_t name = strlen(ops->file), extension = strlen(ops->extension);
        CU_ASSERT_STRING_EQUAL(ops->file + name - extension, ops->extension);
        ops->write(&out, &s.report);
        CU_ASSERT_TRUE(out.size > 0 && out.data[out.size - 1] == '\n');
        text_free(&out);
    }
    sample_free(&s);
}

static void the_manifest_is_written_last_and_first(void) {
    const struct report_ops *last = report_table;
    while (last[1].name != NULL)
        last++;
    CU_ASSERT_STRING_EQUAL(last->file, "manifest.json");
    CU_ASSERT_TRUE(last->early);
}

static void documents_are_found_by_extension(void) {
    CU_ASSERT_STRING_EQUAL(report_find("json")->file, "summary.json");
    CU_ASSERT_STRING_EQUAL(report_find("xml")->file, "junit.xml");
    CU_ASSERT_PTR_NULL(report_find("pdf"));
}

static void every_verdict_has_its_sentence(void) {
    static struct sample s;
    sample_make(&s);
    const char *sentences[VERDICT_INCOMPLETE + 1];
    for (int v = VERDICT_PASS; v <= VERDICT_INCOMPLETE; v++) {
        s.facts.verdict = (enum run_verdict)v;
        sentences[v] = report_verdict_sentence(&s.facts);
        for (int before = VERDICT_PASS; before < v; before++)
            CU_ASSERT_STRING_NOT_EQUAL(sentences[v], sentences[before]);
    }
    s.plan.check_count = 0;
    s.facts.verdict = VERDICT_PASS;
    CU_ASSERT_PTR_NOT_NULL(strstr(report_verdict_sentence(&s.facts), "no checks"));
    sample_free(&s);
}

static void collect(void *context, const char *sentence) {
    text_append(context, sentence);
    text_append(context, "\n");
}

static void every_caveat_is_said_when_it_applies_and_only_then(void) {
    static struct sample s;
    struct text none = {0}, all = {0};
    sample_make(&s);
    s.groups[0].telemetry_count = s.groups[1].telemetry_count = s.groups[2].telemetry_count = 0;
    s.plan.warmup = 0;
    report_caveats(&s.report, collect, &none);
    CU_ASSERT_STRING_EQUAL(text_get(&none), "");
    struct action silent = {.verb = DO_LINK_DOWN, .how = LINK_SILENT};
    s.plan.actions = &silent;
    s.plan.action_count = 1;
    s.plan.warmup = 5 * SPAN_S;
    s.telemetry.pace = PACE_CLOSED;
    s.groups[0].telemetry_count = 1;
    s.plan.trust.widened = s.facts.builtin_target = true;
    s.facts.guard_refused = 2;
    s.facts.shards = 2;
    s.facts.settle_end = SPAN_S;
    struct series *series = result_series(s.result, (struct cell_key){.segment = 1, .held = 1}, true);
    series->outcomes[OP_OK] = series->held[OP_HELD_GUARD] = 500;
    report_caveats(&s.report, collect, &all);
    static const char *const said[] = {"held back 500 of", "refused 2 connects",  "widened",
                                       "built-in broker",  "no observer audited", "above TCP only",
                                       "closed:",          "shard 1 of 2",        "warm-up"};
    for (size_t i = 0; i < sizeof said / sizeof said[0]; i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&all), said[i]));
    s.facts.settle_end = 0; /* it never came to its end: what silence was like is not known */
    all.size = 0;
    report_caveats(&s.report, collect, &all);
    CU_ASSERT_PTR_NULL(strstr(text_get(&all), "above TCP only"));
    s.facts.settle_end = SPAN_S;
    s.facts.true_silence = true;
    all.size = 0;
    report_caveats(&s.report, collect, &all);
    CU_ASSERT_PTR_NULL(strstr(text_get(&all), "above TCP only"));
    text_free(&none);
    text_free(&all);
    sample_free(&s);
}

static void the_audit_says_how_far_it_reaches(void) {
    static struct sample s;
    struct text said = {0};
    sample_make(&s);
    struct plan_observe observe = {.audited = 3, .candidates = 10, .by_rate = true, .qos = 2};
    struct audit_gap gaps[] = {{AUDIT_GAP_STALL, 2 * SPAN_S, 3 * SPAN_S, 7}};
    s.plan.observe = &observe;
    s.telemetry.observed = true;
    s.groups[1].telemetry_count = s.groups[2].telemetry_count = 0;
    s.facts.audit = (struct run_audit){.on = true, .granted = 1, .gaps = gaps, .gap_count = 1};
    sample_tally(&s, TALLY_AUDIT_EXCLUDED, 7);
    sample_tally(&s, TALLY_AUDITED, 93);
    report_caveats(&s.report, collect, &said);
    static const char *const sentences[] = {"3 of 10 devices, a sample by hash: all of them send more than 20,000",
                                            "granted the observer QoS 1 at most",
                                            "7 of 100 messages are out of the audit (stall from 2s on)"};
    for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++)
        CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&said), sentences[i]));
    CU_ASSERT_PTR_NULL(strstr(text_get(&said), "no observer"));
    CU_ASSERT_PTR_NULL(strstr(text_get(&said), "kinds of messages"));
    struct audit_gap many[] = {{AUDIT_GAP_STALL, SPAN_S, 2 * SPAN_S, 5},
                               {AUDIT_GAP_STALL, 3 * SPAN_S, 4 * SPAN_S, 1},
                               {AUDIT_GAP_STALL, 5 * SPAN_S, 6 * SPAN_S, 5},
                               {AUDIT_GAP_CONNECTION, 7 * SPAN_S, 8 * SPAN_S, 900}};
    s.facts.audit.gaps = many;
    s.facts.audit.gap_count = 4;
    said.size = 0;
    report_caveats(&s.report, collect, &said);
    CU_ASSERT_PTR_NOT_NULL(strstr(
        text_get(&said), "(connection from 7s on, stall from 1s on, stall from 5s on ...)")); /* the worst first */
    s.telemetry.observed = false;
    report_caveats(&s.report, collect, &said);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&said), "1 of 1 kinds of messages are not audited"));
    s.facts.audit = (struct run_audit){0};
    text_free(&said);
    sample_free(&s);
}

HARNESS_MAIN("report/report", HARNESS_CASE(every_document_is_a_file_of_a_run_and_writes_something),
             HARNESS_CASE(the_manifest_is_written_last_and_first), HARNESS_CASE(documents_are_found_by_extension),
             HARNESS_CASE(every_verdict_has_its_sentence),
             HARNESS_CASE(every_caveat_is_said_when_it_applies_and_only_then),
             HARNESS_CASE(the_audit_says_how_far_it_reaches))
