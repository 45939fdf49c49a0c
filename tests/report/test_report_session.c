#include "report/report_session.h"

#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/draw.h"
#include "base/err.h"
#include "harness.h"
#include "report/events_read.h"
#include "report/run_dir.h"
#include "report/sample.h"
#include "report/temporary.h"
#include "scenario/load.h"

static struct sample s;
static struct temporary t;
static char out[256];
static char *argv[] = {"muster", "run", "scenarios/sample.yaml"};

static struct report_options options(void) {
    return (struct report_options){.out = out, .argc = 3, .argv = argv, .json = true, .quiet = true};
}

static void begin(void) {
    sample_make(&s);
    t = temporary_make();
    temporary_path(&t, "run", out, sizeof out);
}

static void end(void) {
    temporary_remove(&t);
    sample_free(&s);
}

static struct report_session *open_with(struct report_options o) {
    struct report_session *session = NULL;
    int code;
    char why[256] = "";
    int status = report_session_open(&s.plan, &o, &session, &code, why, sizeof why);
    if (status != 0)
        printf("     %s\n", why);
    CU_ASSERT_EQUAL_FATAL(status, 0);
    return session;
}

static struct report_session *open_session(void) {
    return open_with(options());
}

/* Seconds of a made-up run through the sink. */
static void drive(const struct run_sink *sink, int seconds) {
    sink->event(sink->context, &(struct run_event){.kind = RUN_STARTED, .unix_ns = 1});
    sink->event(sink->context, &(struct run_event){.kind = RUN_PHASE, .id = "ramp", .start = true});
    for (int i = 1; i <= seconds; i++) {
        struct run_second second = {
            .at = i * SPAN_S, .second = s.result, .total = s.result, .phase = "ramp", .trustworthy = true};
        sink->second(sink->context, &second);
    }
}

/* Closes with stdout going to the file "stdout" of the test's directory. */
static int close_session(struct report_session *session) {
    char path[256];
    fflush(stdout);
    int kept = dup(STDOUT_FILENO),
        fd = open(temporary_path(&t, "stdout", path, sizeof path), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(fd, STDOUT_FILENO);
    close(fd);
    int code = report_session_close(session, &s.facts);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    return code;
}

static char *read_file(const char *name) {
    size_t size;
    char *data = temporary_read(&t, name, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(data);
    return data;
}

static void a_run_leaves_every_file(void) {
    begin();
    struct report_session *session = open_session();
    struct run_sink sink = report_session_sink(session);
    drive(&sink, 5);
    CU_ASSERT_EQUAL(close_session(session), EXIT_CHECK_FAILED);
    for (size_t i = 0; run_dir_files[i] != NULL; i++) {
        char name[128];
        snprintf(name, sizeof name, "run/%s", run_dir_files[i]);
        CU_ASSERT_TRUE(temporary_has(&t, name));
    }
    char *summary = read_file("run/summary.json"), *printed = read_file("stdout"),
         *manifest = read_file("run/manifest.json");
    CU_ASSERT_STRING_EQUAL(summary, printed);
    bool complete = false;
    CU_ASSERT_TRUE(sample_json_bool(manifest, "complete", &complete) && complete);
    char *series = read_file("run/series.csv");
    unsigned rows = 0;
    for (const char *at = series; (at = strchr(at, '\n')) != NULL; at++)
        rows++;
    CU_ASSERT_EQUAL(rows, 6);
    struct events_read r;
    CU_ASSERT_EQUAL(events_read_file(temporary_path(&t, "run/events.ndjson", out, sizeof out), NULL, NULL, &r), 0);
    CU_ASSERT_EQUAL(r.missing, 0);
    CU_ASSERT_EQUAL(r.bytes_ignored, 0);
    free(summary);
    free(printed);
    free(manifest);
    free(series);
    end();
}

static void from_the_start_there_is_a_manifest_that_says_incomplete(void) {
    begin();
    struct report_session *session = open_session();
    char *manifest = read_file("run/manifest.json");
    bool complete = true;
    CU_ASSERT_TRUE(sample_json_bool(manifest, "complete", &complete) && !complete);
    CU_ASSERT_TRUE(temporary_has(&t, "run/scenario.resolved.yaml"));
    free(manifest);
    report_session_discard(session);
    end();
}

static void an_interrupted_run_reports_and_its_manifest_stays_incomplete(void) {
    begin();
    struct report_session *session = open_session();
    s.facts.finished = false;
    s.facts.signal = SIGINT;
    s.facts.verdict = VERDICT_INCOMPLETE;
    s.facts.exit_code = EXIT_SIGINT;
    CU_ASSERT_EQUAL(close_session(session), EXIT_SIGINT);
    char *manifest = read_file("run/manifest.json");
    bool complete = true;
    CU_ASSERT_TRUE(sample_json_bool(manifest, "complete", &complete) && !complete);
    CU_ASSERT_TRUE(temporary_has(&t, "run/junit.xml"));
    free(manifest);
    end();
}

static void records_that_shards_dropped_are_missing_from_their_sum(void) {
    enum { DROPPED = 5 };
    begin();
    s.report.log_records_dropped = DROPPED;
    struct report_options o = options();
    o.again = &s.report;
    CU_ASSERT_EQUAL(close_session(open_with(o)), EXIT_CHECK_FAILED);
    char *summary = read_file("run/summary.json"), *manifest = read_file("run/manifest.json");
    CU_ASSERT_EQUAL(sample_json_number(summary, "tool.dropped"), DROPPED);
    CU_ASSERT_EQUAL(sample_json_number(manifest, "log_records_dropped"), DROPPED);
    CU_ASSERT_EQUAL(s.facts.trust_count, 0); /* the reader has judged them */
    free(summary);
    free(manifest);
    end();
}

static void a_run_that_never_began_leaves_nothing(void) {
    begin();
    struct report_session *session = open_session();
    report_session_discard(session);
    CU_ASSERT_FALSE(temporary_has(&t, "run"));
    end();
}

static void a_used_directory_is_a_usage_error(void) {
    begin();
    report_session_discard(open_session());
    struct report_session *first = open_session(), *second = NULL;
    struct report_options o = options();
    int code = 0;
    char why[256];
    CU_ASSERT_EQUAL(report_session_open(&s.plan, &o, &second, &code, why, sizeof why), ERR_EXISTS);
    CU_ASSERT_EQUAL(code, EXIT_USAGE);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "another run"));
    report_session_discard(first);
    end();
}

static void copies_go_where_outputs_asks(void) {
    begin();
    char scenario[512];
    snprintf(scenario, sizeof scenario, "outputs:\n  junit: %s/ci/x.xml\n  json: %s/x.json\n", t.path, t.path);
    node_free(s.plan.root);
    s.plan.root = load_text("outputs.yaml", scenario, strlen(scenario), &s.sources);
    struct report_session *session = open_session();
    close_session(session);
    char *original = read_file("run/summary.json"), *copy = read_file("x.json");
    CU_ASSERT_STRING_EQUAL(copy, original);
    CU_ASSERT_TRUE(temporary_has(&t, "ci/x.xml"));
    free(original);
    free(copy);
    end();
}

static void a_document_that_cannot_be_written_is_an_internal_error(void) {
    begin();
    static const char scenario[] = "outputs: {junit: /dev/null/x.xml}\n";
    node_free(s.plan.root);
    s.plan.root = load_text("outputs.yaml", scenario, sizeof scenario - 1, &s.sources);
    struct report_session *session = open_session();
    int kept = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);
    dup2(null, STDERR_FILENO);
    int code = close_session(session);
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(null);
    CU_ASSERT_EQUAL(code, EXIT_INTERNAL);
    char *manifest = read_file("run/manifest.json");
    bool complete = true;
    CU_ASSERT_TRUE(sample_json_bool(manifest, "complete", &complete) && !complete);
    free(manifest);
    end();
}

/* --- kill -9 ---------------------------------------------------------------------------------------------------------- */

static void write_until_killed(void) {
    struct report_session *session = open_session();
    struct run_sink sink = report_session_sink(session);
    drive(&sink, 1 << 30);
    _exit(0);
}

static void count_json(void *context, uint64_t n, const char *line, size_t size) {
    char *copy = strndup(line, size);
    CU_ASSERT_EQUAL(sample_json_number(copy, "n"), (double)n);
    *(uint64_t *)context += sample_json_valid(copy, size);
    free(copy);
}

static void expect_readable(void) {
    char path[256];
    struct events_read r;
    uint64_t valid = 0;
    CU_ASSERT_EQUAL_FATAL(
        events_read_file(temporary_path(&t, "run/events.ndjson", path, sizeof path), count_json, &valid, &r), 0);
    CU_ASSERT_EQUAL(valid, r.lines);
    CU_ASSERT_TRUE(r.bytes_ignored < 4096); /* at most the line that was being written */
    char *manifest = read_file("run/manifest.json");
    bool complete = true;
    CU_ASSERT_TRUE(sample_json_bool(manifest, "complete", &complete) && !complete);
    free(manifest);
    char *series = read_file("run/series.csv");
    size_t columns = 0;
    for (char *line = series, *line_end; (line_end = strchr(line, '\n')) != NULL; line = line_end + 1) {
        size_t commas = 0;
        for (char *at = line; at < line_end; at++)
            commas += *at == ',';
        if (line == series)
            columns = commas;
        CU_ASSERT_EQUAL(commas, columns);
    }
    free(series);
}

/* Whatever the instant, the logs read back and nothing but the last line is lost. */
static void killed_at_any_instant_the_logs_read_back(void) {
    for (uint64_t round = 0; round < 20; round++) {
        begin();
        fflush(stdout);
        pid_t child = fork();
        if (child == 0)
            write_until_killed();
        while (!temporary_has(&t, "run/manifest.json")) /* the session is open */
            usleep(200);
        usleep((useconds_t)draw_below(draw_u64(5, 0, 0, round), 30000));
        kill(child, SIGKILL);
        int status;
        waitpid(child, &status, 0);
        CU_ASSERT_TRUE(WIFSIGNALED(status));
        expect_readable();
        end();
    }
}

static void a_port_for_metrics_that_cannot_be_had_leaves_no_directory(void) {
    static const struct {
        const char *port;
        int exit_code;
    } rows[] = {{"nonsense", EXIT_USAGE}, {"192.0.2.1:9464", EXIT_ENVIRONMENT}}; /* an address of nobody (RFC 5737) */
    for (size_t i = 0; i < 2; i++) {
        struct sample sample;
        struct temporary place = temporary_make();
        char path[256], why[256];
        sample_make(&sample);
        struct report_options o = {.out = temporary_path(&place, "run", path, sizeof path), .prometheus = rows[i].port};
        struct report_session *session = NULL;
        int exit_code = 0;
        CU_ASSERT_TRUE(report_session_open(&sample.plan, &o, &session, &exit_code, why, sizeof why) < 0);
        CU_ASSERT_EQUAL(exit_code, rows[i].exit_code);
        CU_ASSERT_FALSE(temporary_has(&place, "run"));
        sample_free(&sample);
        temporary_remove(&place);
    }
}

HARNESS_MAIN("report/report_session", HARNESS_CASE(a_run_leaves_every_file),
             HARNESS_CASE(from_the_start_there_is_a_manifest_that_says_incomplete),
             HARNESS_CASE(an_interrupted_run_reports_and_its_manifest_stays_incomplete),
             HARNESS_CASE(a_run_that_never_began_leaves_nothing), HARNESS_CASE(a_used_directory_is_a_usage_error),
             HARNESS_CASE(copies_go_where_outputs_asks),
             HARNESS_CASE(records_that_shards_dropped_are_missing_from_their_sum),
             HARNESS_CASE(a_document_that_cannot_be_written_is_an_internal_error),
             HARNESS_CASE(killed_at_any_instant_the_logs_read_back),
             HARNESS_CASE(a_port_for_metrics_that_cannot_be_had_leaves_no_directory))
