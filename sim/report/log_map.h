/* A log of a run directory as bytes in memory, read only. */
#ifndef MUSTER_REPORT_LOG_MAP_H
#define MUSTER_REPORT_LOG_MAP_H

#include <stddef.h>

struct log_map {
    const char *data; /* NULL when the file is empty, missing or no regular file */
    size_t size;
};

struct log_map log_map_open(const char *path);
/* One part of a log of a run directory: 0 is the file itself, "series.csv", 1 is "series.1.csv" (report/log_writer.h). A part without
 * bytes ends the log. */
struct log_map log_map_open_part(const char *directory, const char *name, unsigned part);
void log_map_close(struct log_map *m);

#endif
