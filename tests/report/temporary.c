#include "report/temporary.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness.h"

struct temporary temporary_make(void) {
    struct temporary t;
    snprintf(t.path, sizeof t.path, "/tmp/muster-test-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(t.path));
    return t;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *walk) {
    (void)st;
    (void)kind;
    (void)walk;
    return remove(path);
}

void temporary_remove(const struct temporary *t) {
    nftw(t->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
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
