/* Reads events.ndjson back, also after a crash: stops at the first record that is not whole and says how much it ignored. */
#ifndef MUSTER_REPORT_EVENTS_READ_H
#define MUSTER_REPORT_EVENTS_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct events_read {
    uint64_t lines;         /* whole records */
    uint64_t missing;       /* records that their numbers say were dropped in between */
    uint64_t bytes_ignored; /* from the first bad record to the end */
    char why[96];           /* what was wrong with it; "" when nothing was */
};

/* Walks `data`. `visit` (may be NULL) gets each whole line, without its newline and NUL-terminated only by chance, and its number. */
struct events_read events_read(const char *data, size_t size,
                               void (*visit)(void *context, uint64_t n, const char *line, size_t line_size),
                               void *context);
/* The same, pulled line by line:
 *     struct events_cursor c = events_read_begin(data, size);
 *     while (events_read_next(&c, &line)) …
 *     c.so_far …
 * A log in several parts goes on with events_read_part, when the part before has come to its end without a fault. */
struct events_cursor {
    const char *data;
    size_t size, at; /* of this part */
    uint64_t least;  /* the next line has at least this number */
    struct events_read so_far;
};
struct events_line {
    uint64_t n;
    const char *text; /* without its newline; lives as long as the data */
    size_t size;
};
struct events_cursor events_read_begin(const char *data, size_t size);
void events_read_part(struct events_cursor *c, const char *data, size_t size);
bool events_read_next(struct events_cursor *c, struct events_line *line);

/* The same for a file. ERR_IO, ERR_NOT_FOUND. */
int events_read_file(const char *path, void (*visit)(void *context, uint64_t n, const char *line, size_t line_size),
                     void *context, struct events_read *out);

#endif
