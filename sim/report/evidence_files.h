/* evidence/: packets as pcapng, one file per device that was watched, and one, others.pcapng (of a shard others-shard2.pcapng), for offending packets of all others.
 *
 * Records come from the control thread's sink (RUN_EVIDENCE) and are written by the thread of the log writer, each whole and at once, so that
 * a run that is killed leaves readable files. Caps: EVIDENCE_FILES_BYTES_MAX for the run, of which the last parts are for what went wrong;
 * a share of the writer's queue; what comes beyond is counted. Evidence is worth less than any log and stops first.
 *
 * Findings name their evidence: a finding of `device` at the instant `at` asks evidence_files_find, since records come before the findings
 * that belong to them. */
#ifndef MUSTER_REPORT_EVIDENCE_FILES_H
#define MUSTER_REPORT_EVIDENCE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fleet/run.h"
#include "report/log_writer.h"

enum {
    EVIDENCE_FILES_BYTES_MAX = 64 << 20,    /* of all files of a run */
    EVIDENCE_FILES_FAILURES_MAX = 56 << 20, /* from here on only broken rules */
    EVIDENCE_FILES_STREAM_MAX = 48 << 20,   /* from here on only what went wrong */
    EVIDENCE_FILES_MAX = 1024,              /* files of a run */
    EVIDENCE_FILES_PATH_MAX = 160,          /* "evidence/meters-17.pcapng" and its NUL */
    EVIDENCE_FILES_FOUND_MAX = 2048         /* findings of one second that can name their evidence */
};

#define EVIDENCE_FILES_DIRECTORY "evidence" /* in the run's directory */

struct evidence_files;

/* Files are made below the run's directory `directory`. `shard`: 0 when the run is not shared. `plan` and `log` are borrowed; before the first
 * record of `log`. NULL: no memory. */
struct evidence_files *evidence_files_new(const struct plan *plan, unsigned shard, int directory,
                                          struct log_writer *log);
void evidence_files_free(struct evidence_files *f);
/* RUN_STARTED, which anchors the clock, and RUN_EVIDENCE; others do not matter. */
void evidence_files_event(struct evidence_files *f, const struct run_event *e);
/* Where the evidence of a finding lies, relative to the run's directory, and the number of its frame there, from 1. False: there is none. */
bool evidence_files_find(const struct evidence_files *f, uint32_t device, instant at, const char **path,
                         uint64_t *frame);
/* A second is over: its findings were written. Returns the packets that were left out since the last call. */
uint64_t evidence_files_second(struct evidence_files *f);

/* "evidence/meters-17.pcapng": where a watched device's packets are, if there are any. Characters of no use in a file's name become '_'. */
char *evidence_files_path(const struct plan *plan, uint32_t device, char *path, size_t size);

#endif
