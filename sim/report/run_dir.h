/* The directory that a run writes into: one run, one directory.
 *
 * Final documents appear whole or not at all: temporary file in the same directory, fsync, rename, fsync of the directory (a rename alone is not
 * durable). Logs are appended to (report/log_writer.h). */
#ifndef MUSTER_REPORT_RUN_DIR_H
#define MUSTER_REPORT_RUN_DIR_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct run_dir {
    int fd; /* of the directory; -1: closed */
    char path[PATH_MAX];
    bool created; /* it did not exist before */
};

/* Opens `out`, made when missing (also its parents), or, with `out` NULL, a new directory run-YYYYMMDDTHHMMSSZ-<run_id> below the current
 * one; when that name is taken, the next free second is. A directory is used when any file that a run writes is in it.
 * ERR_EXISTS: used by another run; ERR_IO. `why` gets a sentence. */
int run_dir_open(struct run_dir *d, const char *out, int64_t started_unix_ns, const char *run_id, char *why,
                 size_t why_size);
void run_dir_close(struct run_dir *d);
/* Closes, and removes the files that a run writes, and the directory if it was made for it: the run never began. */
void run_dir_discard(struct run_dir *d);

/* Creates an empty log to append to; its descriptor, or ERR_EXISTS, ERR_IO. */
int run_dir_create_log(struct run_dir *d, const char *name);
/* Replaces or creates a document. ERR_IO: errno tells; nothing is left behind. */
int run_dir_write(struct run_dir *d, const char *name, const char *data, size_t size);
/* The same for any path, relative to the current directory; missing parents are made. */
int run_dir_write_path(const char *path, const char *data, size_t size);

/* The files of a run, in the order in which they are explained; ends with NULL. */
extern const char *const run_dir_files[];

#endif
