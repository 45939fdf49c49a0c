#include "scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/check.h"
#include "base/directory.h"
#include "base/text.h"

char *scratch_new(void) {
    char *path = directory_temporary("test");
    CHECK(path != NULL);
    return path;
}

char *scratch_write(const char *directory, const char *name, const char *text) {
    char *path = text_format("%s/%s", directory, name);
    for (char *slash = strchr(path + strlen(directory) + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    FILE *out = fopen(path, "w");
    CHECK(out != NULL && fputs(text, out) >= 0 && fclose(out) == 0);
    return path;
}

void scratch_remove(char *directory) {
    directory_remove(directory);
    free(directory);
}
