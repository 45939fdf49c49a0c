#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/suggest.h"
#include "cli/cmd.h"
#include "cli/starters.h"
#include "fleet/run.h"

static const struct starters_row *find(const char *name) {
    for (size_t i = 0; i < starters_count; i++)
        if (strcmp(starters_rows[i].name, name) == 0)
            return &starters_rows[i];
    return NULL;
}

static int unknown(const char *name) {
    const char *names[16];
    CHECK(starters_count <= COUNT_OF(names));
    fprintf(stderr, "there is no starter scenario '%s'", name);
    for (size_t i = 0; i < starters_count; i++)
        names[i] = starters_rows[i].name;
    const char *near = suggest_nearest(name, names, starters_count);
    if (near != NULL)
        fprintf(stderr, "; did you mean '%s'?", near);
    fputs("\nThere are:\n", stderr);
    for (size_t i = 0; i < starters_count; i++)
        fprintf(stderr, "  muster init %-12s %s\n", starters_rows[i].name, starters_rows[i].doc);
    return EXIT_USAGE;
}

int cmd_init(const struct options *o) {
    const struct starters_row *row = find(o->operands[0]);
    if (row == NULL)
        return unknown(o->operands[0]);
    char path[64];
    snprintf(path, sizeof path, "%s.yaml", row->name);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0) {
        if (errno == EEXIST)
            fprintf(stderr, "%s exists already and is left as it is; move it away first\n", path);
        else
            fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return EXIT_USAGE;
    }
    size_t size = strlen(row->text);
    ssize_t written = write(fd, row->text, size);
    if (close(fd) < 0 || written != (ssize_t)size) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return EXIT_ENVIRONMENT;
    }
    printf("wrote %s\nnext: muster run %s\n", path, path);
    return EXIT_PASS;
}
