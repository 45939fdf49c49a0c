#include "fleet/process_watch.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COUNTED_MAX = 20000 }; /* descriptors, one by one: more would take too long every second */

/* Field n of proc(5), counted from 1; those up to 2 stand before the last parenthesis. */
enum { FIELD_AFTER_NAME = 3, FIELD_UTIME = 14, FIELD_STIME = 15, FIELD_THREADS = 20, FIELD_START = 22, FIELD_RSS = 24 };

bool process_watch_parse(const char *text, struct process_watch_sample *out) {
    uint64_t fields[FIELD_RSS + 1] = {0};
    const char *at = strrchr(text, ')'); /* the name may hold anything */
    if (at == NULL || at[1] != ' ')
        return false;
    at += 2;
    for (int field = FIELD_AFTER_NAME; field <= FIELD_RSS; field++) {
        char *end;
        fields[field] = strtoull(at, &end, 10);
        at += strcspn(at, " ");
        if (*at != ' ')
            return false;
        at++;
    }
    double ticks = (double)sysconf(_SC_CLK_TCK);
    out->cpu_s = (double)(fields[FIELD_UTIME] + fields[FIELD_STIME]) / ticks;
    out->threads = (uint32_t)fields[FIELD_THREADS];
    out->began = fields[FIELD_START];
    out->rss_bytes = fields[FIELD_RSS] * (uint64_t)sysconf(_SC_PAGESIZE);
    return true;
}

/* Newer kernels tell the number as the directory's size. */
static uint32_t count_descriptors(uint32_t pid) {
    char path[32];
    struct stat told;
    snprintf(path, sizeof path, "/proc/%u/fd", pid);
    if (stat(path, &told) == 0 && told.st_size > 0)
        return (uint32_t)told.st_size;
    DIR *d = opendir(path);
    if (d == NULL)
        return 0;
    uint32_t count = 0;
    for (const struct dirent *e; (e = readdir(d)) != NULL && count <= COUNTED_MAX;)
        count += e->d_name[0] != '.';
    closedir(d);
    return count <= COUNTED_MAX ? count : 0;
}

bool process_watch_read(uint32_t pid, struct process_watch_sample *out) {
    char path[32], text[1024];
    snprintf(path, sizeof path, "/proc/%u/stat", pid);
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return false;
    size_t size = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[size] = '\0';
    if (!process_watch_parse(text, out))
        return false;
    out->descriptors = count_descriptors(pid);
    return true;
}
