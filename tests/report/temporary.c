#include "report/temporary.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scratch.h"

struct temporary temporary_make(void) {
    return (struct temporary){.path = scratch_new()};
}

void temporary_remove(const struct temporary *t) {
    scratch_remove(t->path);
}

char *temporary_path(const struct temporary *t, const char *name, char *path, size_t size) {
    snprintf(path, size, "%s/%s", t->path, name);
    return path;
}

char *temporary_read(const struct temporary *t, const char *name, size_t *size) {
    char path[256];
    FILE *f = fopen(temporary_path(t, name, path, sizeof path), "re");
    struct stat st;
    if (f == NULL || fstat(fileno(f), &st) != 0) {
        if (f != NULL)
            fclose(f);
        return NULL;
    }
    char *data = malloc((size_t)st.st_size + 1);
    *size = fread(data, 1, (size_t)st.st_size, f);
    data[*size] = '\0';
    fclose(f);
    return data;
}

bool temporary_has(const struct temporary *t, const char *name) {
    char path[256];
    return access(temporary_path(t, name, path, sizeof path), F_OK) == 0;
}
