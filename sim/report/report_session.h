/* Everything that is written about a run, while it runs and afterwards: the run directory, the logs, the progress on stderr, the final
 * documents, and the text at the end. What `muster run` calls, in this order:
 *
 *     report_session_open     before anything is sent: a used directory is refused here
 *     report_session_sink     for run_plan
 *     report_session_close    with its facts, or report_session_discard when the run never began */
#ifndef MUSTER_REPORT_REPORT_SESSION_H
#define MUSTER_REPORT_REPORT_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "fleet/run.h"
#include "report/events_read.h"
#include "report/report.h"

struct report_options {
    const char *out; /* --out; NULL: a new directory with a name of its own */
    int argc;        /* the command line as given; secrets in it are redacted before it is written anywhere */
    char **argv;
    bool json;              /* stdout gets summary.json instead of the text */
    bool quiet;             /* no progress */
    bool records;           /* what peers do goes to recording.bin */
    const char *prometheus; /* --prometheus; NULL: the numbers are not served */
    bool no_color;          /* NO_COLOR and a stdout that is no terminal count as well */
    unsigned shard, shards; /* 1-based; 0: the run is not shared */
    int fail_code;          /* --fail-code; 0: none */
    /* The run is over and was read back (report/run_read.h): machine, command and note are these, as they stand when the session is closed, and
     * nothing is copied to `outputs`. NULL: it is run here and now. */
    const struct report *again;
};

struct report_session;

/* `plan` and `o->argv` are borrowed until the session ends. On failure a negative error, a sentence in `why`, and *exit_code: 2 when the
 * directory is used, 4 when it cannot be written. */
int report_session_open(const struct plan *plan, const struct report_options *o, struct report_session **out,
                        int *exit_code, char *why, size_t why_size);
/* What the run says goes here; the sink lives as long as the session. */
struct run_sink report_session_sink(struct report_session *s);
/* A line of the log of the run that is written again. */
void report_session_line(struct report_session *s, const struct events_line *line);
const char *report_session_directory(const struct report_session *s);
/* The run never began: ends the session and leaves nothing behind. */
void report_session_discard(struct report_session *s);
/* Writes all final documents (and the copies that `outputs` asks for), then the result to stdout, and ends the session. Records that the logs
 * had to drop become a finding in *facts and count in its verdict. Returns the exit code: facts->exit_code, or 1 when a
 * document could not be written. */
int report_session_close(struct report_session *s, struct run_facts *facts);

#endif
