#include "report/events.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "report/documented.h"
#include "report/events_read.h"
#include "report/evidence_files.h"
#include "report/sample.h"
#include "report/temporary.h"

/* Events of a sample run, written to a file and read back. */
struct session {
    struct sample sample;
    struct temporary t;
    struct log_writer *log;
    struct events *events;
    struct text lines; /* NUL between them, once read */
    struct events_read read;
};
static struct session s;

static void begin(void) {
    memset(&s, 0, sizeof s);
    sample_make(&s.sample);
    s.t = temporary_make();
    s.log = log_writer_new(-1, NULL);
    char path[256];
    int fd = open(temporary_path(&s.t, "events.ndjson", path, sizeof path), O_WRONLY | O_CREAT | O_APPEND, 0600);
    s.events = events_new(&s.sample.plan, s.log, log_writer_add(s.log, fd, "events.ndjson"));
}

static void keep(void *context, uint64_t n, const char *line, size_t size) {
    (void)n;
    struct text *all = context;
    char *copy = strndup(line, size);
    if (!sample_json_valid(copy, size))
        CU_FAIL("a line is no JSON");
    free(copy);
    text_append_n(all, line, size);
    text_append_n(all, "", 1);
}

static void finish(void) {
    char path[256];
    CU_ASSERT_TRUE(events_keep_to_schema(s.events));
    events_free(s.events);
    CU_ASSERT_EQUAL(log_writer_close(s.log), 0);
    CU_ASSERT_EQUAL(events_read_file(temporary_path(&s.t, "events.ndjson", path, sizeof path), keep, &s.lines, &s.read),
                    0);
    CU_ASSERT_EQUAL(s.read.bytes_ignored, 0);
    CU_ASSERT_EQUAL(s.read.missing, 0);
}

static void end(void) {
    text_free(&s.lines);
    temporary_remove(&s.t);
    sample_free(&s.sample);
}

/* The index-th line of that kind; NULL when there are fewer. */
static const char *line_of(const char *kind, unsigned index) {
    char text[64];
    for (const char *at = s.lines.data; at != NULL && at < s.lines.data + s.lines.size; at += strlen(at) + 1)
        if (sample_json_string(at, "kind", text, sizeof text) != NULL && strcmp(text, kind) == 0 && index-- == 0)
            return at;
    return NULL;
}

static unsigned count_of(const char *kind) {
    unsigned count = 0;
    while (line_of(kind, count) != NULL)
        count++;
    return count;
}

static struct run_second second_of(const struct result *r) {
    return (struct run_second){.at = 61 * SPAN_S, .second = r, .total = r, .phase = "steady", .trustworthy = true};
}

static void every_row_stands_at_its_own_number(void) {
    for (int i = 0; i < EVENTS_KINDS; i++) {
        CU_ASSERT_EQUAL((int)events_rows[i].kind, i);
        CU_ASSERT_PTR_NOT_NULL(events_rows[i].doc);
    }
}

static void the_first_lines_say_what_runs(void) {
    begin();
    events_event(s.events, &(struct run_event){.kind = RUN_STARTED, .unix_ns = 5});
    finish();
    const char *line = line_of("started", 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(line);
    CU_ASSERT_EQUAL(sample_json_number(line, "n"), 0);
    CU_ASSERT_EQUAL(sample_json_number(line, "seed"), 7);
    CU_ASSERT_EQUAL(sample_json_number(line, "edges.0"), 5);
    CU_ASSERT_EQUAL(sample_json_number(line, "edges.1"), 30);
    CU_ASSERT_EQUAL(count_of("group"), SAMPLE_GROUPS);
    CU_ASSERT_EQUAL(sample_json_number(line_of("group", 1), "devices"), 4);
    end();
}

static void tallies_add_up_to_the_result(void) {
    begin();
    struct run_second second = second_of(s.sample.result);
    events_second(s.events, &second, 7);
    finish();
    double publishes = 0, held = 0;
    for (unsigned i = 0; line_of("tally", i) != NULL; i++) {
        const char *line = line_of("tally", i);
        char text[64];
        for (int o = 0; o < OP_OUTCOMES; o++)
            if (strcmp(sample_json_string(line, "operation", text, sizeof text), "mqtt.publish") == 0)
                publishes += sample_json_number(line, op_outcome_names[o]);
        bool flag;
        held += sample_json_bool(line, "held", &flag) && flag;
    }
    CU_ASSERT_EQUAL(publishes, 600 + 100 + 4 + 5 + 6 + 7 + 8 + 50 + 1000);
    CU_ASSERT_EQUAL(held, 0);
    double up = 0;
    for (unsigned i = 0; line_of("counters", i) != NULL; i++)
        if (!isnan(sample_json_number(line_of("counters", i), "net\\.bytes_up")))
            up += sample_json_number(line_of("counters", i), "net\\.bytes_up");
    CU_ASSERT_EQUAL(up, 1000);
    end();
}

static void tallies_carry_what_a_histogram_cannot(void) {
    begin();
    struct run_second second = second_of(s.sample.result);
    events_second(s.events, &second, 7);
    finish();
    double samples = 0, sum = 0, least = 1e18, greatest = 0;
    for (unsigned i = 0; line_of("tally", i) != NULL; i++) {
        const char *line = line_of("tally", i);
        char text[64];
        if (strcmp(sample_json_string(line, "operation", text, sizeof text), "mqtt.publish") != 0 ||
            isnan(sample_json_number(line, "response_ns.0")))
            continue;
        samples += sample_json_number(line, "response_ns.0");
        sum += sample_json_number(line, "response_ns.1");
        least = fmin(least, sample_json_number(line, "response_ns.2"));
        greatest = fmax(greatest, sample_json_number(line, "response_ns.3"));
    }
    CU_ASSERT_EQUAL(samples, 600 + 100 + 1000);
    CU_ASSERT_EQUAL(sum, 600 * 20e6 + 100 * 40e6 + 1000 * 20e6);
    CU_ASSERT_EQUAL(least, 20e6);
    CU_ASSERT_EQUAL(greatest, 40e6);
    end();
}

static void a_second_ends_with_a_line_that_closes_it(void) {
    begin();
    s.sample.result->loop_late_max = 3 * SPAN_MS;
    struct run_second second = second_of(s.sample.result);
    events_second(s.events, &second, 7);
    finish();
    const char *line = line_of("second", 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(line);
    CU_ASSERT_EQUAL(sample_json_number(line, "n"), (double)s.read.lines - 1);
    CU_ASSERT_EQUAL(sample_json_number(line, "at_ns"), 61e9);
    CU_ASSERT_EQUAL(sample_json_number(line, "intervals"), 7);
    CU_ASSERT_EQUAL(sample_json_number(line, "loop_late_max_ns"), 3e6);
    CU_ASSERT_EQUAL(count_of("cause"), 1);
    CU_ASSERT_EQUAL(sample_json_number(line_of("cause", 0), "count"), 3);
    end();
}

static void states_are_written_when_they_change(void) {
    begin();
    struct run_second second = second_of(s.sample.result);
    events_second(s.events, &second, 7);
    events_second(s.events, &second, 7);
    s.sample.result->gauges[0].counts[STATE_ONLINE]--;
    s.sample.result->gauges[0].counts[STATE_BACKOFF]++;
    events_second(s.events, &second, 7);
    finish();
    CU_ASSERT_EQUAL(count_of("devices"), SAMPLE_GROUPS + 1);
    CU_ASSERT_EQUAL(sample_json_number(line_of("devices", SAMPLE_GROUPS), "backoff"), 1);
    end();
}

static void kinds_that_devices_cause_are_capped_and_the_rest_is_counted(void) {
    begin();
    struct note note = {.kind = NOTE_STATE,
                        .device = 5,
                        .group = 1,
                        .from = STATE_ONLINE,
                        .to = STATE_BACKOFF,
                        .close_reason = CLOSE_RESET};
    for (int i = 0; i < EVENTS_PER_SECOND_MAX + 23; i++)
        events_event(s.events, &(struct run_event){.kind = RUN_NOTE, .note = &note});
    s.sample.result->notes_omitted = 9;
    struct run_second second = second_of(s.sample.result);
    events_second(s.events, &second, 7);
    events_event(s.events, &(struct run_event){.kind = RUN_NOTE, .note = &note});
    finish();
    CU_ASSERT_EQUAL(count_of("state"), EVENTS_PER_SECOND_MAX + 1);
    char text[64];
    CU_ASSERT_STRING_EQUAL(sample_json_string(line_of("state", 0), "device", text, sizeof text), "meters-5");
    CU_ASSERT_STRING_EQUAL(sample_json_string(line_of("state", 0), "why", text, sizeof text), "reset");
    CU_ASSERT_EQUAL(count_of("left_out"), 2);
    CU_ASSERT_EQUAL(sample_json_number(line_of("left_out", 0), "count"), 23);
    CU_ASSERT_EQUAL(sample_json_number(line_of("left_out", 1), "count"), 9);
    end();
}

static void a_violation_keeps_its_statement_and_packet(void) {
    begin();
    struct note note = {.at = 3 * SPAN_S,
                        .kind = EVENT_VIOLATION,
                        .device = 9,
                        .group = 2,
                        .statement = "MQTT-3.2.2-6",
                        .detail = "session present with a refusal",
                        .packet_size = 4,
                        .packet = {0x20, 0x02, 0x01, 0x05}};
    events_event(s.events, &(struct run_event){.kind = RUN_NOTE, .note = &note});
    finish();
    char text[64];
    const char *line = line_of("finding", 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(line);
    CU_ASSERT_STRING_EQUAL(sample_json_string(line, "what", text, sizeof text), "violation");
    CU_ASSERT_STRING_EQUAL(sample_json_string(line, "device", text, sizeof text), "gates-1");
    CU_ASSERT_STRING_EQUAL(sample_json_string(line, "statement", text, sizeof text), "MQTT-3.2.2-6");
    CU_ASSERT_STRING_EQUAL(sample_json_string(line, "packet", text, sizeof text), "20020105");
    end();
}

static void a_line_of_another_log_gets_a_number_of_this_one(void) {
    static const char copied[] = "{\"n\":77,\"t\":1.5,\"kind\":\"phase\",\"edge\":\"end\",\"crc\":\"00000000\"}";
    begin();
    events_event(s.events, &(struct run_event){.kind = RUN_PHASE, .id = "ramp", .start = true});
    events_copy(s.events, copied, sizeof copied - 1);
    finish();
    CU_ASSERT_EQUAL(s.read.lines, 2);
    CU_ASSERT_EQUAL(s.read.missing, 0);
    CU_ASSERT_EQUAL(sample_json_number(line_of("phase", 1), "t"), 1.5);
    end();
}

static void foreign_text_stays_one_line(void) {
    begin();
    events_event(s.events, &(struct run_event){.kind = RUN_MESSAGE, .id = "x", .text = sample_hostile});
    char *long_text = malloc(1 << 20);
    memset(long_text, '<', 1 << 20);
    long_text[(1 << 20) - 1] = '\0';
    events_event(s.events, &(struct run_event){.kind = RUN_MESSAGE, .id = "y", .text = long_text});
    free(long_text);
    finish();
    CU_ASSERT_EQUAL(s.read.lines, 2);
    end();
}

static void after_the_run_come_findings_verdicts_and_the_end(void) {
    begin();
    s.sample.facts.trust_count = 2;
    s.sample.facts.trust[1] = (struct trust_finding){.text = "only known at the end", .from = SPAN_S, .to = 2 * SPAN_S};
    events_event(s.events, &(struct run_event){.kind = RUN_TRUST, .text = "said while it ran"});
    events_facts(s.events, &s.sample.facts, 17);
    finish();
    CU_ASSERT_EQUAL(count_of("trust"), 2);
    CU_ASSERT_EQUAL(sample_json_number(line_of("trust", 1), "to_ns"), 2e9);
    CU_ASSERT_EQUAL(sample_json_number(line_of("ended", 0), "fail_code"), 17);
    CU_ASSERT_EQUAL(sample_json_number(line_of("ended", 0), "ended_ns"), 61.2e9);
    CU_ASSERT_EQUAL(count_of("check"), SAMPLE_CHECKS);
    CU_ASSERT_EQUAL(sample_json_number(line_of("check", 0), "value"), 312);
    char text[64];
    CU_ASSERT_STRING_EQUAL(sample_json_string(line_of("ended", 0), "verdict", text, sizeof text), "fail");
    CU_ASSERT_EQUAL(sample_json_number(line_of("ended", 0), "n"), (double)s.read.lines - 1);
    end();
}

static void the_other_kinds_carry_what_they_say(void) {
    begin();
    struct health health = {.worker = 3, .cpu_share = 0.5, .loop_late_max = 2 * SPAN_MS};
    events_event(s.events, &(struct run_event){.kind = RUN_PHASE, .id = "ramp", .start = true});
    events_event(s.events, &(struct run_event){.kind = RUN_ACTION, .id = "outage", .at = SPAN_S});
    events_event(s.events, &(struct run_event){.kind = RUN_TRUST, .text = "a loop was late"});
    events_event(s.events, &(struct run_event){.kind = RUN_HEALTH, .health = &health});
    events_event(s.events, &(struct run_event){.kind = RUN_ANCHOR, .unix_ns = INT64_C(1795336200123456789)});
    events_event(s.events, &(struct run_event){.kind = RUN_CHECK, .verdict = &s.sample.verdicts[0]});
    events_event(s.events, &(struct run_event){.kind = RUN_ENDED});
    finish();
    char text[64];
    CU_ASSERT_STRING_EQUAL(sample_json_string(line_of("phase", 0), "edge", text, sizeof text), "start");
    CU_ASSERT_STRING_EQUAL(sample_json_string(line_of("action", 0), "edge", text, sizeof text), "end");
    CU_ASSERT_STRING_EQUAL(sample_json_string(line_of("trust", 0), "text", text, sizeof text), "a loop was late");
    CU_ASSERT_EQUAL(sample_json_number(line_of("health", 0), "loop_late_max_ms"), 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(line_of("anchor", 0), "\"unix_ns\":1795336200123456789"));
    CU_ASSERT_EQUAL(count_of("check"), 1);
    CU_ASSERT_EQUAL(count_of("ended"), 0);
    end();
}

static void every_kind_is_documented(void) {
    for (int i = 0; i < EVENTS_KINDS; i++)
        CU_ASSERT_TRUE(documented(events_rows[i].name));
}

static void findings_say_where_their_packets_are(void) {
    begin();
    int directory = open(s.t.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct evidence_files *files = evidence_files_new(&s.sample.plan, 0, directory, s.log);
    events_use_evidence(s.events, files);
    static const uint8_t data[4] = {0x20, 0x02, 0x01, 0x00};
    struct evidence_record record = {.at = SPAN_S,
                                     .trouble_at = SPAN_S,
                                     .device = 4,
                                     .group = 1,
                                     .flags = EVIDENCE_BLAMED,
                                     .violated = true,
                                     .dissector = "mqtt",
                                     .size = sizeof data};
    evidence_files_event(files, &(struct run_event){.kind = RUN_EVIDENCE, .evidence = &record, .evidence_data = data});
    struct note note = {.at = SPAN_S, .device = 4, .group = 1, .kind = EVENT_VIOLATION};
    events_event(s.events, &(struct run_event){.kind = RUN_NOTE, .at = note.at, .note = &note});
    note.device = 5;
    events_event(s.events, &(struct run_event){.kind = RUN_NOTE, .at = note.at, .note = &note});
    events_left_out(s.events, SPAN_S, "evidence", 0);
    events_left_out(s.events, SPAN_S, "evidence", 3);
    finish();
    char text[64];
    CU_ASSERT_STRING_EQUAL(sample_json_string(line_of("finding", 0), "evidence.file", text, sizeof text),
                           "evidence/meters-4.pcapng");
    CU_ASSERT_EQUAL(sample_json_number(line_of("finding", 0), "evidence.frame"), 1);
    CU_ASSERT_PTR_NULL(sample_json_string(line_of("finding", 1), "evidence.file", text, sizeof text));
    CU_ASSERT_EQUAL(count_of("left_out"), 1);
    CU_ASSERT_EQUAL(sample_json_number(line_of("left_out", 0), "count"), 3);
    CU_ASSERT_TRUE(temporary_has(&s.t, "evidence/meters-4.pcapng"));
    evidence_files_free(files);
    close(directory);
    end();
}

HARNESS_MAIN("report/events", HARNESS_CASE(every_row_stands_at_its_own_number), HARNESS_CASE(every_kind_is_documented),
             HARNESS_CASE(the_first_lines_say_what_runs), HARNESS_CASE(tallies_add_up_to_the_result),
             HARNESS_CASE(tallies_carry_what_a_histogram_cannot),
             HARNESS_CASE(a_second_ends_with_a_line_that_closes_it), HARNESS_CASE(states_are_written_when_they_change),
             HARNESS_CASE(kinds_that_devices_cause_are_capped_and_the_rest_is_counted),
             HARNESS_CASE(a_violation_keeps_its_statement_and_packet), HARNESS_CASE(foreign_text_stays_one_line),
             HARNESS_CASE(a_line_of_another_log_gets_a_number_of_this_one),
             HARNESS_CASE(after_the_run_come_findings_verdicts_and_the_end),
             HARNESS_CASE(the_other_kinds_carry_what_they_say), HARNESS_CASE(findings_say_where_their_packets_are))
