#include "base/directory.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

enum {
    NAMES_TRIED = 1000,
    OPEN_DIRECTORIES = 8, /* descriptors that a walk may hold */
};

/* mkdir takes nothing that is there already, so the name need not be secret; what a killed process left is passed by. */
char *directory_temporary(const char *purpose) {
    const char *below = getenv("TMPDIR");
    for (int n = 0; n < NAMES_TRIED; n++) {
        char *path = text_format("%s/muster-%s-%ld-%d", below != NULL && below[0] == '/' ? below : "/tmp", purpose,
                                 (long)getpid(), n);
        if (mkdir(path, 0700) == 0)
            return path;
        free(path);
        if (errno != EEXIST)
            return NULL;
    }
    return NULL;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *at) {
    (void)status;
    (void)type;
    (void)at;
    remove(path);
    return 0;
}

void directory_remove(const char *path) {
    nftw(path, remove_entry, OPEN_DIRECTORIES, FTW_DEPTH | FTW_PHYS);
}
