/* What the system says of another process: /proc/PID/stat and the number of its descriptors. */
#ifndef MUSTER_FLEET_PROCESS_WATCH_H
#define MUSTER_FLEET_PROCESS_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct process_watch_sample {
    double cpu_s; /* user and system, of all threads, since it began */
    uint64_t rss_bytes;
    uint32_t threads;
    uint32_t descriptors; /* 0: not ours to know, or too many to count */
    uint64_t began;       /* tells it from a later process of the same number */
};

/* False: there is no such process (any more). */
bool process_watch_read(uint32_t pid, struct process_watch_sample *out);
/* The text of /proc/PID/stat; false when it is none. Leaves `descriptors` alone. */
bool process_watch_parse(const char *text, struct process_watch_sample *out);

#endif
