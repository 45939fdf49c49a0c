/* A directory of a test's own, removed with all that is in it. */
#ifndef MUSTER_TESTS_REPORT_TEMPORARY_H
#define MUSTER_TESTS_REPORT_TEMPORARY_H

#include <stdbool.h>
#include <stddef.h>

struct temporary {
    char *path;
};

struct temporary temporary_make(void);
void temporary_remove(const struct temporary *t);
/* "<directory>/<name>"; returns `path`. */
char *temporary_path(const struct temporary *t, const char *name, char *path, size_t size);
/* The whole of a file, NUL-terminated, to be freed; NULL when it cannot be read. */
char *temporary_read(const struct temporary *t, const char *name, size_t *size);
bool temporary_has(const struct temporary *t, const char *name);

#endif
