#include "report/report_session.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "fleet/recording.h"
#include "report/events.h"
#include "report/evidence_files.h"
#include "report/evidence_gather.h"
#include "report/hlog.h"
#include "report/host.h"
#include "report/log_writer.h"
#include "report/progress.h"
#include "report/prometheus.h"
#include "report/report.h"
#include "report/report_text.h"
#include "report/run_dir.h"
#include "report/series_csv.h"
#include "report/terminal.h"
#include "scenario/node.h"
#include "scenario/plan_logs.h"

struct report_session {
    const struct plan *plan;
    struct report_options options;
    struct run_dir dir;
    struct host host;
    struct ceiling ceiling;
    bool measured;          /* there is a ceiling */
    struct log_writer *log; /* NULL once closed */
    int series_file;
    struct events *events;
    struct evidence_files *evidence;
    struct hlog *intervals;
    int recording_file;  /* -1: nobody is recorded, or a part of it was lost */
    instant second_from; /* where the interval that is under way began */
    struct progress progress;
    struct prometheus *prometheus; /* NULL: not asked for */
    struct text row;               /* reused */
};

enum { RECORDING_PIECE = 1 << 20 };

static int64_t wall_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * SPAN_S + t.tv_nsec;
}

static int64_t monotonic_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * SPAN_S + t.tv_nsec;
}

static void free_session(struct report_session *s) {
    prometheus_close(s->prometheus);
    if (s->log != NULL)
        log_writer_close(s->log);
    events_free(s->events);
    evidence_files_free(s->evidence);
    hlog_free(s->intervals);
    text_free(&s->row);
    free(s);
}

/* --- while it runs ---------------------------------------------------------------------------------------------------- */

/* In pieces that the queue takes. A recording with a hole is worth nothing behind it. */
static void record(struct report_session *s, struct bytes chunk) {
    while (s->recording_file >= 0 && chunk.size > 0) {
        size_t piece = chunk.size < RECORDING_PIECE ? chunk.size : RECORDING_PIECE;
        if (!log_writer_put(s->log, s->recording_file, LOG_SERIES, (const char *)chunk.data, piece))
            s->recording_file = -1;
        chunk.data += piece;
        chunk.size -= piece;
    }
}

static void on_event(void *context, const struct run_event *e) {
    struct report_session *s = context;
    evidence_files_event(s->evidence, e);
    events_event(s->events, e);
    if (e->kind == RUN_RECORDED)
        record(s, e->recorded);
    if (e->kind == RUN_STARTED)
        hlog_begin(s->intervals, e->unix_ns);
    if (e->kind == RUN_MESSAGE && e->urgent && !s->options.quiet) {
        progress_end(&s->progress); /* its block is drawn anew below the line */
        log_line(LOG_INFO, "%s", e->text);
    }
    if (e->kind == RUN_PHASE || e->kind == RUN_ENDED)
        log_writer_sync(s->log);
}

static uint64_t dropped_so_far(void *context) {
    return log_writer_dropped(((struct report_session *)context)->log);
}

static void on_second(void *context, const struct run_second *second) {
    struct report_session *s = context;
    events_left_out(s->events, second->at, "evidence", evidence_files_second(s->evidence));
    /* the line that closes the second comes after its histograms: a reader finds it only if they are there */
    uint64_t intervals = hlog_second(s->intervals, s->second_from, second->at, second->second);
    events_second(s->events, second, intervals);
    s->second_from = second->at;
    s->row.size = 0;
    series_csv_row(&s->row, second);
    log_writer_put(s->log, s->series_file, LOG_SERIES, s->row.data, s->row.size);
    if (!s->plan->virtual_time) /* which can be run again, and fills many intervals a second */
        log_writer_sync(s->log);
    if (s->prometheus != NULL)
        prometheus_second(s->prometheus, second);
    progress_second(&s->progress, second, monotonic_ns());
}

struct run_sink report_session_sink(struct report_session *s) {
    return (struct run_sink){.context = s, .event = on_event, .second = on_second, .dropped = dropped_so_far};
}

void report_session_line(struct report_session *s, const struct events_line *line) {
    events_copy(s->events, line->text, line->size);
}

const char *report_session_directory(const struct report_session *s) {
    return s->dir.path;
}

/* --- the beginning ---------------------------------------------------------------------------------------------------- */

static int open_logs(struct report_session *s) {
    s->log = log_writer_new(s->dir.fd, NULL);
    if (s->log == NULL)
        return ERR_NO_MEMORY;
    log_writer_limit(s->log, plan_logs_cap(s->plan->root), 0);
    if (s->plan->virtual_time)
        log_writer_wait(s->log);
    int events = run_dir_create_log(&s->dir, "events.ndjson");
    if (events < 0)
        return events;
    int events_file = log_writer_add(s->log, events, "events.ndjson");
    log_writer_rotate(s->log, events_file, "");
    int series = run_dir_create_log(&s->dir, "series.csv");
    if (series < 0)
        return series;
    s->series_file = log_writer_add(s->log, series, "series.csv");
    s->recording_file = -1;
    if (s->options.records) {
        int recording = run_dir_create_log(&s->dir, "recording.bin");
        if (recording < 0)
            return recording;
        s->recording_file = log_writer_add(s->log, recording, "recording.bin");
        record(s, bytes_of(recording_magic, RECORDING_MAGIC_SIZE));
    }
    int intervals = run_dir_create_log(&s->dir, "intervals.hlog");
    if (intervals < 0)
        return intervals;
    s->events = events_new(s->plan, s->log, events_file);
    s->intervals = hlog_new(s->plan, s->log, log_writer_add(s->log, intervals, "intervals.hlog"));
    s->evidence = evidence_files_new(s->plan, s->options.shards > 1 ? s->options.shard : 0, s->dir.fd, s->log);
    if (s->events == NULL || s->intervals == NULL || s->evidence == NULL)
        return ERR_NO_MEMORY;
    events_use_evidence(s->events, s->evidence);
    series_csv_header(&s->row);
    log_writer_rotate(s->log, s->series_file, text_get(&s->row));
    log_writer_put(s->log, s->series_file, LOG_SERIES, s->row.data, s->row.size);
    return 0;
}

static int write_document(struct report_session *s, const struct report_ops *ops, const struct report *r) {
    struct text document = {0};
    ops->write(&document, r);
    int status = run_dir_write(&s->dir, ops->file, text_get(&document), document.size);
    if (status != 0)
        log_line(LOG_ERROR, "cannot write %s/%s: %s", s->dir.path, ops->file, strerror(errno));
    char key[32];
    snprintf(key, sizeof key, "outputs.%s", ops->output != NULL ? ops->output : "");
    bool copies = ops->output != NULL && s->options.again == NULL;
    const char *copy = copies ? node_text(node_at(s->plan->root, key)) : NULL;
    if (copy != NULL && run_dir_write_path(copy, text_get(&document), document.size) != 0) {
        log_line(LOG_ERROR, "cannot write %s: %s", copy, strerror(errno));
        status = ERR_IO;
    }
    text_free(&document);
    return status;
}

/* What all documents of a session have in common. */
static struct report base_report(const struct report_session *s, const struct run_facts *facts) {
    struct report r = {.facts = facts,
                       .host = &s->host,
                       .ceiling = s->measured ? &s->ceiling : NULL,
                       .argc = s->options.argc,
                       .argv = s->options.argv,
                       .evidence = events_evidence(s->events),
                       .directory = s->dir.path};
    if (s->options.again != NULL) {
        r.note = s->options.again->note;
        r.resolved = s->options.again->resolved;
        r.resolved_size = s->options.again->resolved_size;
    }
    return r;
}

/* What can be said before the run: a killed run leaves these two. */
static int write_first_documents(struct report_session *s, int64_t started_unix_ns) {
    struct run_facts facts = {.plan = s->plan,
                              .started_unix_ns = started_unix_ns,
                              .shard = s->options.shard > 0 ? s->options.shard : 1,
                              .shards = s->options.shards > 0 ? s->options.shards : 1};
    struct report r = base_report(s, &facts);
    for (const struct report_ops *ops = report_table; ops->name != NULL; ops++)
        if (ops->early && write_document(s, ops, &r) != 0)
            return ERR_IO;
    return 0;
}

/* Before the directory is made: a port that is taken leaves nothing behind. */
static int open_prometheus(struct report_session *s, int *exit_code, char *why, size_t why_size) {
    struct address where;
    if (s->options.prometheus == NULL)
        return 0;
    int error = prometheus_parse(s->options.prometheus, &where, why, why_size);
    if (error != 0) {
        *exit_code = EXIT_USAGE;
        return error;
    }
    error = prometheus_open(s->plan, &where, &s->prometheus, why, why_size);
    if (error == 0)
        log_line(LOG_INFO, "metrics for Prometheus at %s", prometheus_url(s->prometheus));
    return error;
}

int report_session_open(const struct plan *plan, const struct report_options *o, struct report_session **out,
                        int *exit_code, char *why, size_t why_size) {
    struct report_session *s = calloc(1, sizeof *s);
    *exit_code = EXIT_ENVIRONMENT;
    if (s == NULL) {
        snprintf(why, why_size, "out of memory");
        return ERR_NO_MEMORY;
    }
    s->plan = plan;
    s->options = *o;
    s->host = o->again != NULL ? *o->again->host : host_read();
    s->measured = o->again == NULL && ceiling_find(plan->name, &s->ceiling) == 0;
    int64_t started = wall_ns();
    int status = open_prometheus(s, exit_code, why, why_size);
    if (status != 0) {
        free_session(s);
        return status;
    }
    status = run_dir_open(&s->dir, o->out, started, plan->run_id, why, why_size);
    if (status != 0) {
        *exit_code = status == ERR_EXISTS ? EXIT_USAGE : EXIT_ENVIRONMENT;
        free_session(s);
        return status;
    }
    status = open_logs(s);
    if (status == 0)
        status = write_first_documents(s, started);
    if (status != 0) {
        snprintf(why, why_size, "cannot write into %s: %s", s->dir.path, strerror(errno));
        report_session_discard(s);
        return status;
    }
    progress_begin(&s->progress, plan, STDERR_FILENO, o->quiet, o->no_color);
    *out = s;
    return 0;
}

void report_session_discard(struct report_session *s) {
    progress_end(&s->progress);
    if (s->log != NULL)
        log_writer_close(s->log);
    s->log = NULL;
    run_dir_discard(&s->dir);
    free_session(s);
}

/* --- the end ---------------------------------------------------------------------------------------------------------- */

/* A log with holes cannot carry a verdict. `known`: how many dropped records it has heard of; returns how many there are. */
static uint64_t judge_logs(struct report_session *s, struct run_facts *facts, uint64_t known, uint64_t dropped) {
    if (dropped <= known)
        return known;
    bool aborted = false;
    for (unsigned i = 0; i < facts->plan->check_count; i++)
        aborted = aborted || facts->checks[i].aborted_the_run;
    if (facts->trust_count < TRUST_REASONS_MAX) {
        struct trust_finding *f = &facts->trust[facts->trust_count++];
        *f = (struct trust_finding){.from = 0, .to = facts->ended};
        snprintf(f->text, sizeof f->text, "%llu log records were dropped at the end",
                 (unsigned long long)(dropped - known));
    }
    run_decide(facts, aborted, s->options.fail_code);
    return dropped;
}

static int write_result(const struct report_session *s, const struct report *r) {
    struct text out = {0};
    if (s->options.json)
        report_find("json")->write(&out, r);
    else
        report_text_write(&out, r, terminal_colors(STDOUT_FILENO, s->options.no_color));
    if (!s->options.json && !terminal_utf8())
        terminal_ascii(&out);
    bool written = fwrite(text_get(&out), 1, out.size, stdout) == out.size && fflush(stdout) == 0;
    if (!written)
        log_line(LOG_ERROR, "cannot write the result to stdout: %s", strerror(errno));
    text_free(&out);
    return written ? 0 : ERR_IO;
}

/* What the findings of several directories name is to be found in the directory of their sum. */
static void gather_evidence(const struct report_session *s) {
    const struct report *again = s->options.again;
    for (unsigned i = 0; again != NULL && i < again->log_count; i++)
        if (evidence_gather(again->logs[i], s->dir.fd) != 0)
            log_line(LOG_ERROR, "cannot bring the evidence of %s to %s: %s", again->logs[i], s->dir.path,
                     strerror(errno));
}

int report_session_close(struct report_session *s, struct run_facts *facts) {
    progress_end(&s->progress);
    /* of a run that was read back its own logs dropped some, and the reader has judged them */
    uint64_t before = s->options.again != NULL ? s->options.again->log_records_dropped : 0;
    uint64_t known = s->options.again != NULL ? before : facts->result->dropped_records;
    /* the verdict lines go to space that was set aside for them; should even they be dropped, the documents tell */
    known = judge_logs(s, facts, known, before + log_writer_dropped(s->log));
    log_writer_release(s->log);
    events_left_out(s->events, facts->ended, "evidence", log_writer_evidence_dropped(s->log));
    events_facts(s->events, facts, s->options.fail_code);
    uint64_t dropped = before + log_writer_close(s->log);
    s->log = NULL;
    (void)judge_logs(s, facts, known, dropped);
    gather_evidence(s);
    const char *logs[] = {s->dir.path};
    struct report r = base_report(s, facts);
    r.logs = logs;
    r.log_count = 1;
    r.complete = facts->finished;
    r.log_records_dropped = dropped;
    int status = 0;
    for (const struct report_ops *ops = report_table; ops->name != NULL; ops++)
        if (write_document(s, ops, &r) != 0) {
            status = ERR_IO;
            r.complete = false; /* the manifest is written last, and tells */
        }
    if (write_result(s, &r) != 0)
        status = ERR_IO;
    int exit_code = status == 0 ? facts->exit_code : EXIT_INTERNAL;
    run_dir_close(&s->dir);
    free_session(s);
    return exit_code;
}
