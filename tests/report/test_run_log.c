#include "report/run_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "harness.h"
#include "report/events.h"
#include "report/hlog.h"
#include "report/sample.h"
#include "scenario/plan_memory.h"

static struct sample s;
static struct text events, intervals;
static unsigned n;

static void begin(void) {
    sample_make(&s);
    s.plan.memory = plan_memory_new();
    events.size = intervals.size = 0;
    n = 0;
}

static void end(void) {
    plan_memory_free(s.plan.memory);
    s.plan.memory = NULL;
    sample_free(&s);
    text_free(&events);
    text_free(&intervals);
}

/* Appends a line of events.ndjson: number and checksum come by themselves. */
static void line(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void line(const char *format, ...) {
    struct text one = {0};
    va_list args;
    va_start(args, format);
    text_printf(&one, "{\"n\":%u,\"t\":0,", n++);
    text_vprintf(&one, format, args);
    va_end(args);
    events_seal(&one);
    text_append(&events, text_get(&one));
    text_free(&one);
}

/* Labels of the sample's group `g`. */
static const char *labels(unsigned g) {
    static char text[256];
    const struct fleet_group *group = &s.plan.groups[g];
    snprintf(text, sizeof text, "\"fleet\":\"%s\",\"profile\":\"%s\",\"region\":\"%s\",\"target\":\"%s\"", group->fleet,
             group->profile_name, group->region, group->target_name);
    return text;
}

static void second(unsigned at, unsigned records) {
    line("\"kind\":\"second\",\"at_ns\":%u000000000,\"intervals\":%u,\"dropped_records\":1,\"loop_late_max_ns\":5,"
         "\"cpu_share\":0.5,\"rss_bytes\":77,\"backend_cpu_share\":0.125,\"backend_threads\":3",
         at, records);
}

/* A histogram of `count` samples of 5 ms in the interval log. */
static void interval(unsigned group, unsigned from, unsigned count) {
    static struct histogram h;
    struct hlog *log = hlog_new(&s.plan, NULL, 0);
    struct text tag = {0};
    struct cell_key key = {.group = (uint16_t)group, .op = OP_MQTT_PUBLISH, .qos = 1};
    histogram_reset(&h);
    for (unsigned i = 0; i < count; i++)
        histogram_record(&h, 5 * SPAN_MS);
    hlog_tag(&tag, &s.plan, &key, CLOCK_LAG);
    hlog_record(log, &intervals, text_get(&tag), from * SPAN_S, (from + 1) * SPAN_S, &h);
    text_free(&tag);
    hlog_free(log);
}

static void tally(unsigned group, unsigned count) {
    line("\"kind\":\"tally\",\"operation\":\"mqtt.publish\",%s,\"qos\":1,\"held\":false,\"segment\":0,\"ok\":%u,"
         "\"late\":2,"
         "\"dropped_because\":{\"dead\":3},\"lag_ns\":[%u,%u,4999999,5000001]",
         labels(group), count, count, count * 5000000);
}

static struct run_log *open_log(void) {
    static struct run_log_part parts[2];
    parts[0] = (struct run_log_part){events.data, events.size};
    parts[1] = (struct run_log_part){intervals.data, intervals.size};
    struct run_log_texts texts = {&parts[0], &parts[1], 1, 1};
    struct run_log *l = run_log_new(&s.plan, &texts);
    CU_ASSERT_PTR_NOT_NULL_FATAL(l);
    return l;
}

static void a_second_is_its_tallies_and_their_histograms(void) {
    begin();
    line("\"kind\":\"devices\",%s,\"online\":3,\"offline\":1", labels(1));
    tally(0, 7);
    line("\"kind\":\"counters\",%s,\"segment\":1,\"net.bytes_up\":9", labels(2));
    line("\"kind\":\"cause\",%s,\"operation\":\"mqtt.connect\",\"outcome\":\"refused\",\"reason_code\":151,\"why\":"
         "\"reset\","
         "\"count\":4,\"first_t\":0.25,\"d\":5",
         labels(0));
    line("\"kind\":\"finding\",\"what\":\"violation\"");
    line("\"kind\":\"left_out\",\"of\":\"note\",\"count\":6");
    second(1, 1);
    interval(0, 0, 7);
    second(2, 0);
    struct run_log *l = open_log();
    const struct run_log_second *got = run_log_next(l);
    CU_ASSERT_PTR_NOT_NULL_FATAL(got);
    const struct result *r = got->result;
    CU_ASSERT_EQUAL(got->from, 0);
    CU_ASSERT_EQUAL(got->at, SPAN_S);
    CU_ASSERT_EQUAL_FATAL(r->series_count, 1);
    const struct series *series = r->series[0];
    CU_ASSERT_EQUAL(series->outcomes[OP_OK], 7);
    CU_ASSERT_EQUAL(series->drops[OP_DROP_DEAD], 3);
    CU_ASSERT_EQUAL(series->late, 2);
    const struct histogram *h = series->clocks[CLOCK_LAG];
    CU_ASSERT_TRUE(h->count == 7 && h->exact == 7 && h->sum_ns == 35000000 && h->min_ns == 4999999);
    CU_ASSERT_EQUAL(h->max_ns, 5000001);
    CU_ASSERT_EQUAL(h->counts[histogram_bucket(5 * SPAN_MS)], 7);
    CU_ASSERT_EQUAL(r->lag_all.count, 7);
    CU_ASSERT_EQUAL(r->emitted_all, 7);
    CU_ASSERT_EQUAL(r->late_all, 2);
    CU_ASSERT_TRUE(r->tally_count == 1 && r->tallies[0].counts[TALLY_BYTES_UP] == 9 && r->tallies[0].segment == 1);
    CU_ASSERT_TRUE(r->reason_count == 1 && r->reasons[0].count == 4 && r->reasons[0].first_at == 250 * SPAN_MS);
    CU_ASSERT_EQUAL(r->reasons[0].close_reason, CLOSE_RESET);
    CU_ASSERT_EQUAL(r->notes_omitted, 6);
    CU_ASSERT_EQUAL(r->dropped_records, 1);
    CU_ASSERT_EQUAL(r->loop_late_max, 5);
    CU_ASSERT_TRUE(got->backend.has_cpu && got->backend.cpu_share == 0.125 && got->backend.threads == 3);
    CU_ASSERT_FALSE(got->backend.has_rss);
    CU_ASSERT_TRUE(r->gauge_count == 1 && r->gauges[0].counts[STATE_KINDS + STATE_ONLINE] == 3);
    CU_ASSERT_EQUAL_FATAL(got->line_count, 2);
    CU_ASSERT_PTR_NOT_NULL(memmem(got->lines[0].text, got->lines[0].size, "violation", 9));
    got = run_log_next(l);
    CU_ASSERT_PTR_NOT_NULL_FATAL(got);
    CU_ASSERT_EQUAL(got->result->series[0]->outcomes[OP_OK], 0);
    CU_ASSERT_EQUAL(got->result->gauges[0].counts[STATE_KINDS + STATE_ONLINE], 3); /* as last said */
    CU_ASSERT_PTR_NULL(run_log_next(l));
    CU_ASSERT_FALSE(run_log_end(l)->ended);
    CU_ASSERT_EQUAL(run_log_end(l)->seconds, 2);
    CU_ASSERT_EQUAL(run_log_end(l)->bytes_ignored, 0);
    CU_ASSERT_EQUAL(run_log_end(l)->facts.online_end, 3);
    run_log_free(l);
    end();
}

static void histograms_that_do_not_match_their_tally_are_none(void) {
    static const unsigned counts[] = {6, 8};
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        begin();
        tally(0, 7);
        interval(0, 0, counts[i]);
        second(1, 1);
        second(2, 0);
        struct run_log *l = open_log();
        const struct run_log_second *got = run_log_next(l);
        CU_ASSERT_PTR_NOT_NULL_FATAL(got);
        CU_ASSERT_EQUAL(got->result->series[0]->outcomes[OP_OK], 7);
        CU_ASSERT_EQUAL(got->result->series[0]->clocks[CLOCK_LAG]->count, 0);
        CU_ASSERT_EQUAL(got->result->lag_all.count, 0);
        CU_ASSERT_EQUAL(run_log_end(l)->intervals_missing, 1);
        run_log_free(l);
        end();
    }
}

static void a_dropped_second_takes_its_histograms_along(void) {
    begin();
    tally(0, 7);
    interval(0, 0, 7);
    second(1, 1);
    interval(0, 1, 9); /* of a second whose lines were dropped */
    n += 3;
    line("\"kind\":\"anchor\"");
    second(2, 0);
    tally(0, 5);
    interval(0, 2, 5);
    second(3, 1);
    struct run_log *l = open_log();
    CU_ASSERT_PTR_NOT_NULL(run_log_next(l));
    CU_ASSERT_PTR_NOT_NULL(run_log_next(l));
    const struct run_log_second *got = run_log_next(l);
    CU_ASSERT_PTR_NOT_NULL_FATAL(got);
    CU_ASSERT_EQUAL(got->result->series[0]->clocks[CLOCK_LAG]->count, 5);
    CU_ASSERT_PTR_NULL(run_log_next(l));
    CU_ASSERT_EQUAL(run_log_end(l)->lines_missing, 3);
    run_log_free(l);
    end();
}

static void parts_are_one_log(void) {
    begin();
    tally(0, 7);
    interval(0, 0, 7);
    second(1, 1);
    size_t first = events.size, first_interval = intervals.size;
    hlog_header(&intervals, 5 * SPAN_S); /* as every part has it */
    tally(0, 9);
    interval(0, 1, 9);
    second(2, 1);
    struct run_log_part e[] = {{events.data, first}, {events.data + first, events.size - first}};
    struct run_log_part i[] = {{intervals.data, first_interval},
                               {intervals.data + first_interval, intervals.size - first_interval}};
    struct run_log_texts texts = {e, i, 2, 2};
    struct run_log *l = run_log_new(&s.plan, &texts);
    const struct run_log_second *got = run_log_next(l);
    CU_ASSERT_TRUE(got != NULL && got->result->lag_all.count == 7);
    got = run_log_next(l);
    CU_ASSERT_TRUE(got != NULL && got->result->lag_all.count == 9);
    CU_ASSERT_PTR_NULL(run_log_next(l));
    CU_ASSERT_EQUAL(run_log_end(l)->bytes_ignored, 0);
    run_log_free(l);
    end();
}

static void a_run_that_was_killed_has_what_its_seconds_tell(void) {
    begin();
    line("\"kind\":\"health\",\"worker\":0,\"cpu_share\":0.25");
    line("\"kind\":\"health\",\"worker\":2,\"cpu_share\":0.5");
    second(1, 0);
    struct run_log *l = open_log();
    CU_ASSERT_PTR_NOT_NULL(run_log_next(l));
    CU_ASSERT_PTR_NULL(run_log_next(l));
    const struct run_facts *f = &run_log_end(l)->facts;
    CU_ASSERT_TRUE(f->workers == 3 && f->cpu_s == 0.75 && f->rss_peak_bytes == 77 && f->ended == SPAN_S);
    run_log_free(l);
    end();
}

static void the_end_has_facts_findings_and_who_aborted(void) {
    begin();
    second(1, 0);
    line("\"kind\":\"trust\",\"text\":\"a loop was late\",\"from_ns\":5,\"to_ns\":7");
    line("\"kind\":\"gap\",\"why\":\"stall\",\"from_ns\":1,\"to_ns\":9223372036854775807,\"messages\":12");
    line("\"kind\":\"ended\",\"verdict\":\"fail\",\"fail_code\":9,\"aborted_by\":2,\"workers\":3,\"ended_ns\":44");
    text_append(&events, "{torn");
    struct run_log *l = open_log();
    CU_ASSERT_PTR_NOT_NULL(run_log_next(l));
    CU_ASSERT_PTR_NULL(run_log_next(l));
    const struct run_log_end *e = run_log_end(l);
    CU_ASSERT_TRUE(e->ended && e->aborted && e->aborted_by == 2 && e->fail_code == 9);
    CU_ASSERT_TRUE(e->facts.workers == 3 && e->facts.ended == 44);
    CU_ASSERT_TRUE(e->facts.trust_count == 1 && e->facts.trust[0].from == 5 && e->facts.trust[0].to == 7);
    CU_ASSERT_STRING_EQUAL(e->facts.trust[0].text, "a loop was late");
    CU_ASSERT_TRUE(e->facts.audit.gap_count == 1 && e->facts.audit.gaps[0].to == INSTANT_NEVER);
    CU_ASSERT_EQUAL(e->bytes_ignored, 5);
    CU_ASSERT_FALSE(e->broken);
    run_log_free(l);
    end();
}

static void lines_that_do_not_fit_the_scenario_end_the_reading(void) {
    static const char *const rows[] = {
        "\"kind\":\"started\",\"plan_hash\":\"other\",\"unix_ns\":1",
        "\"kind\":\"group\",\"group\":99,\"fleet\":\"x\"",
        "\"kind\":\"tally\",\"operation\":\"mqtt.publish\",\"fleet\":\"stranger\",\"qos\":1,\"held\":false",
        "\"kind\":\"devices\",\"fleet\":\"stranger\"",
        "\"kind\":\"trust\",\"text\":7",
        "\"kind\":\"second\",\"at_ns\":0",
        "\"kind\":\"second\",\"at_ns\":9000000000000000000,\"loop_late_max_ns\":0,\"cpu_share\":0",
        "\"kind\":\"second\",\"at_ns\":\"1\"",
        "\"kind\":\"ended\",\"workers\":-1",
        "\"kind\":\"ended\",\"aborted_by\":99",
        "\"kind\":\"ended\",\"ended_ns\":9223372036854775807",
        "\"kind\":\"ended\",\"started_unix_ns\":-1",
        "\"kind\":\"gap\",\"why\":\"boredom\",\"from_ns\":1,\"to_ns\":2",
        "\"kind\":\"second\" no JSON",
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        begin();
        second(1, 0);
        line("%s", rows[i]);
        second(2, 0);
        struct run_log *l = open_log();
        CU_ASSERT_PTR_NOT_NULL(run_log_next(l));
        CU_ASSERT_PTR_NULL(run_log_next(l));
        if (!run_log_end(l)->broken)
            printf("     %s\n", rows[i]);
        CU_ASSERT_TRUE(run_log_end(l)->broken);
        CU_ASSERT_PTR_NOT_NULL(strstr(run_log_end(l)->why, "line 2"));
        run_log_free(l);
        end();
    }
}

/* Not even the first second can be read. */
static void expect_broken(void) {
    struct run_log *l = open_log();
    CU_ASSERT_PTR_NULL(run_log_next(l));
    CU_ASSERT_TRUE(run_log_end(l)->broken);
    run_log_free(l);
}

static void counts_that_no_run_reaches_end_the_reading(void) {
    static const char *const rows[] = {"\"ok\":1099511627777",
                                       "\"lag_ns\":[1,2,3]",
                                       "\"lag_ns\":[0,1,1,1]",
                                       "\"ok\":-1",
                                       "\"dropped_because\":{\"dead\":1.5}",
                                       "\"segment\":65535",
                                       "\"qos\":3"};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        begin();
        line("\"kind\":\"tally\",\"operation\":\"mqtt.publish\",%s,\"held\":false,%s", labels(0), rows[i]);
        second(1, 0);
        expect_broken();
        end();
    }
}

static void counters_of_a_qos_that_is_none_end_the_reading(void) {
    begin();
    line("\"kind\":\"counters\",%s,\"segment\":0,\"qos\":3,\"messages_sent\":1", labels(0));
    second(1, 0);
    expect_broken();
    end();
}

/* Each beginning takes memory for its addresses, which the plan keeps. */
static void a_run_begins_once(void) {
    begin();
    snprintf(s.plan.plan_hash, sizeof s.plan.plan_hash, "%s", "0123");
    for (int i = 0; i < 2; i++)
        line("\"kind\":\"started\",\"plan_hash\":\"0123\",\"unix_ns\":1");
    second(1, 0);
    struct run_log *l = open_log();
    CU_ASSERT_PTR_NULL(run_log_next(l));
    CU_ASSERT_TRUE(run_log_end(l)->broken);
    CU_ASSERT_PTR_NOT_NULL(strstr(run_log_end(l)->why, "line 2"));
    run_log_free(l);
    end();
}

static void no_run_lasts_for_ages(void) {
    enum { DAY_S = SPAN_DAY / SPAN_S, DAYS = 40 * 366 };
    begin();
    for (unsigned day = 1; day <= DAYS; day++)
        second(day * DAY_S, 0);
    struct run_log *l = open_log();
    while (run_log_next(l) != NULL)
        ;
    CU_ASSERT_TRUE(run_log_end(l)->broken);
    CU_ASSERT_TRUE(run_log_end(l)->seconds > DAYS / 2);
    run_log_free(l);
    end();
}

static void empty_logs_are_a_run_that_measured_nothing(void) {
    begin();
    struct run_log_texts texts = {0};
    struct run_log *l = run_log_new(&s.plan, &texts);
    CU_ASSERT_PTR_NULL(run_log_next(l));
    CU_ASSERT_FALSE(run_log_end(l)->broken || run_log_end(l)->ended);
    run_log_free(l);
    end();
}

HARNESS_MAIN("report/run_log", HARNESS_CASE(a_second_is_its_tallies_and_their_histograms),
             HARNESS_CASE(histograms_that_do_not_match_their_tally_are_none),
             HARNESS_CASE(a_dropped_second_takes_its_histograms_along), HARNESS_CASE(parts_are_one_log),
             HARNESS_CASE(a_run_that_was_killed_has_what_its_seconds_tell),
             HARNESS_CASE(the_end_has_facts_findings_and_who_aborted),
             HARNESS_CASE(lines_that_do_not_fit_the_scenario_end_the_reading),
             HARNESS_CASE(counts_that_no_run_reaches_end_the_reading),
             HARNESS_CASE(counters_of_a_qos_that_is_none_end_the_reading), HARNESS_CASE(a_run_begins_once),
             HARNESS_CASE(no_run_lasts_for_ages), HARNESS_CASE(empty_logs_are_a_run_that_measured_nothing))
