/* Logs that survive: append-only files, written by one thread from one bounded queue, so that a slow disk never delays the control
 * thread. A record is queued whole or dropped and counted; it reaches its file whole, or the file is cut back to the last whole one.
 *
 * When the disk is full, evidence and series stop first, then events, then interval histograms, then
 * tallies; verdict lines go on. Space that was set aside at the
 * start carries them: one part is given back when the disk is first full, the other by log_writer_release, for the last lines and the final
 * documents.
 * Any other error stops that file alone. Each trouble is said once on stderr.
 *
 * Parts: a file that may rotate and has grown to the size of a part ends there, after a whole record, and what follows goes to the next:
 * events.ndjson, events.1.ndjson, events.2.ndjson …, in this order and without gaps (log_writer_part_name). Each part begins with the file's
 * head, for instance the column names of series.csv; lines of events.ndjson are numbered on from part to part. A part that cannot be made
 * leaves the file longer.
 *
 * Evidence is many files, of which one is written at a time: its records go to a function that finds the file. They may fill half of the queue;
 * after the first that was lost none is written, since what numbers them counts on each; and no verdict hangs on them, so they are not counted
 * among the dropped records.
 *
 * All logs together have a cap: as it comes near, what is worth least stops first, as on a full disk, and the
 * verdicts never. */
#ifndef MUSTER_REPORT_LOG_WRITER_H
#define MUSTER_REPORT_LOG_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What a record is worth when space runs out, least first. */
enum log_worth { LOG_EVIDENCE, LOG_SERIES, LOG_EVENTS, LOG_INTERVALS, LOG_TALLIES, LOG_VERDICTS };

enum {
    LOG_WRITER_FILES_MAX = 8,
    LOG_WRITER_QUEUE_BYTES =
        4 << 20, /* records that wait for the thread; while one such batch is written, another can fill */
    LOG_WRITER_RESERVE_BYTES = 1 << 19, /* each of the two parts that are set aside */
    LOG_WRITER_PART_BYTES =
        64 << 20 /* small enough for editors, for artifact stores of CI servers, and to be read as a whole */
};

/* The calls that may fail; tests replace them. */
struct log_writer_io {
    ssize_t (*write)(int fd, const void *data, size_t size);
    int (*sync)(int fd);
    int (*truncate)(int fd, off_t size);
    int (*open_part)(int directory, const char *name); /* a new file to append to; NULL: the system's */
};

struct log_writer;

/* `directory`: descriptor of the directory whose disk gets the reserve; −1: none. `io`: NULL for the system's. Starts the thread. NULL when
 * that fails. */
struct log_writer *log_writer_new(int directory, const struct log_writer_io *io);
/* Adds a file (append-only descriptor, owned from here on); its number. Before the first record. `name` is a static string. */
int log_writer_add(struct log_writer *w, int fd, const char *name);
/* A file whose records are stored by `store`, on the writer's thread: 0, or an errno with nothing of the record left behind. For evidence. Before
 * the first record. */
int log_writer_add_store(struct log_writer *w, int (*store)(void *context, const char *data, size_t size),
                         void *context, const char *name);
/* Lets a file go on in further parts, each of which begins with `head` (copied, "" for none; the caller puts it at the beginning of the first
 * itself). Before its first record. No effect without a directory. */
void log_writer_rotate(struct log_writer *w, int file, const char *head);
/* Bytes of all logs together, and of one part; 0 leaves the default: no cap, LOG_WRITER_PART_BYTES. Before the first record. */
void log_writer_limit(struct log_writer *w, uint64_t all_bytes, uint64_t part_bytes);
/* The producer waits for room rather than lose a record: for runs whose clock stands still meanwhile. Before the first record. */
void log_writer_wait(struct log_writer *w);
/* The name of a part, 0 being the file itself: "events.ndjson" and 2 give "events.2.ndjson". Returns `out`; size ≥ 64. */
char *log_writer_part_name(const char *name, unsigned part, char *out, size_t size);
/* Queues one record, copied. False when it was dropped. One producer at a time. */
bool log_writer_put(struct log_writer *w, int file, enum log_worth worth, const char *data, size_t size);
/* Asks for fdatasync of all files after what is queued now; does not wait. Once a second and at the end of phases. */
void log_writer_sync(struct log_writer *w);
/* The run is over: gives the rest of the reserve back before anything that is queued from here on. */
void log_writer_release(struct log_writer *w);
/* Records that did not reach their file so far; evidence apart. */
uint64_t log_writer_dropped(const struct log_writer *w);
uint64_t log_writer_evidence_dropped(const struct log_writer *w);
/* Writes what is queued, syncs, ends the thread, closes the files, gives the reserve back. Returns the dropped records. */
uint64_t log_writer_close(struct log_writer *w);

#endif
