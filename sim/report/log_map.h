/* A log of a run directory as bytes in memory, read only. */
#ifndef MUSTER_REPORT_LOG_MAP_H
#define MUSTER_REPORT_LOG_MAP_H

#include <stddef.h>

struct log_map {
    const char *data; /* NULL when the file is empty, missing or no regular file */
    size_t size;
};

struct log_map log_map_open(const char *path);
void log_map_close(struct log_map *m);

#endif
