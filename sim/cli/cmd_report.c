#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"
#include "cli/cmd.h"
#include "cli/complain.h"
#include "report/report_session.h"
#include "report/report_text.h"
#include "report/run_dir.h"
#include "report/run_read.h"
#include "report/terminal.h"

/* What product and semantics want of `report`: the run's own code, except for a run that did not come to its end. */
static int exit_code_of(const struct run_facts *f) {
    return f->finished ? f->exit_code : EXIT_INCOMPLETE;
}

/* --- one directory: its documents anew ---------------------------------------------------------------------------------- */

static int write_document(const char *directory, const struct report_ops *ops, const struct report *r) {
    char path[PATH_MAX];
    struct text document = {0};
    ops->write(&document, r);
    snprintf(path, sizeof path, "%s/%s", directory, ops->file);
    int status = run_dir_write_path(path, text_get(&document), document.size);
    if (status < 0)
        log_line(LOG_ERROR, "cannot write %s: %s", path, strerror(errno));
    text_free(&document);
    return status;
}

/* The directory may have moved since: people are told where it is now. */
static void print(const struct options *o, const struct report *r, const char *directory) {
    struct text out = {0};
    struct report here = *r;
    here.directory = directory;
    if (o->json)
        report_find("json")->write(&out, r);
    else
        report_text_write(&out, &here, terminal_colors(STDOUT_FILENO, o->no_color));
    terminal_print(&out, o->json ? TERMINAL_DATA : TERMINAL_TABLE);
}

static int rebuild(const struct options *o, struct run_read *read) {
    char why[PATH_MAX + 400];
    if (run_read_replay(read, NULL, why, sizeof why) < 0)
        return complain(EXIT_USAGE, "muster report --help", "%s", why);
    struct report r = run_read_report(read);
    int code = exit_code_of(r.facts);
    for (const struct report_ops *ops = report_table; ops->name != NULL; ops++)
        if (!ops->early && write_document(o->operands[0], ops, &r) < 0)
            code = EXIT_INTERNAL;
    print(o, &r, o->operands[0]);
    return code;
}

/* --- several: a directory of their sum ---------------------------------------------------------------------------------- */

struct merge {
    struct report_session *session;
    struct run_sink sink;
};

static void on_begin(void *context, int64_t started_unix_ns) {
    const struct merge *m = context;
    m->sink.event(m->sink.context, &(struct run_event){.kind = RUN_STARTED, .unix_ns = started_unix_ns});
}

static void on_line(void *context, const struct events_line *line) {
    const struct merge *m = context;
    report_session_line(m->session, line);
}

static void on_second(void *context, const struct run_second *second) {
    const struct merge *m = context;
    m->sink.second(m->sink.context, second);
}

/* The command of the first shard without what made it one: the command for the whole. */
static int whole_command(const struct report *r, char **argv) {
    static const char *const of_shards[] = {"--shard", "--start-at"};
    int count = 0;
    for (int i = 0; i < r->argc; i++) {
        bool drop = false, takes_next = false;
        for (size_t k = 0; k < COUNT_OF(of_shards); k++) {
            size_t size = strlen(of_shards[k]);
            bool same = strncmp(r->argv[i], of_shards[k], size) == 0;
            drop = drop || (same && (r->argv[i][size] == '\0' || r->argv[i][size] == '='));
            takes_next = takes_next || (same && r->argv[i][size] == '\0');
        }
        if (!drop)
            argv[count++] = r->argv[i];
        i += takes_next;
    }
    return count;
}

static int merge(const struct options *o, struct run_read *read) {
    char why[PATH_MAX + 400];
    int code = EXIT_INTERNAL;
    struct report again = run_read_report(read);
    char **argv = calloc((size_t)again.argc + 1, sizeof *argv);
    CHECK(argv != NULL);
    struct report_options options = {.out = o->out,
                                     .argc = whole_command(&again, argv),
                                     .argv = argv,
                                     .json = o->json,
                                     .quiet = true,
                                     .no_color = o->no_color,
                                     .again = &again};
    struct merge m = {NULL, {0}};
    if (report_session_open(run_read_plan(read), &options, &m.session, &code, why, sizeof why) < 0) {
        free(argv);
        return complain(code, "muster report --help", "%s", why);
    }
    m.sink = report_session_sink(m.session);
    struct run_read_sink sink = {.context = &m, .begin = on_begin, .line = on_line, .second = on_second};
    if (run_read_replay(read, &sink, why, sizeof why) < 0) {
        report_session_discard(m.session);
        code = complain(EXIT_USAGE, "muster report --help", "%s", why);
    } else {
        again = run_read_report(read);
        code = report_session_close(m.session, run_read_facts(read));
        if (code != EXIT_INTERNAL)
            code = exit_code_of(run_read_facts(read));
    }
    free(argv);
    return code;
}

int cmd_report(const struct options *o) {
    char why[PATH_MAX + 400];
    struct run_read *read;
    if (o->operand_count > 1 && o->out == NULL)
        return complain(EXIT_USAGE, "muster report --help",
                        "what several directories add up to needs a directory of its own: --out DIR");
    if (run_read_open(o->operands, o->operand_count, &read, why, sizeof why) < 0)
        return complain(EXIT_USAGE, "muster report --help", "%s", why);
    int code = o->out == NULL ? rebuild(o, read) : merge(o, read);
    run_read_free(read);
    return code;
}
