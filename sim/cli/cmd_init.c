#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/suggest.h"
#include "cli/cmd.h"
#include "cli/complain.h"
#include "cli/starters.h"
#include "fleet/run.h"

enum { STARTERS_MAX = 16 };

static const struct starters_row *find(const char *name) {
    for (size_t i = 0; i < starters_count; i++)
        if (strcmp(starters_rows[i].name, name) == 0)
            return &starters_rows[i];
    return NULL;
}

static int unknown(const char *name) {
    const char *names[STARTERS_MAX];
    struct text all = {0};
    CHECK(starters_count <= COUNT_OF(names));
    for (size_t i = 0; i < starters_count; i++) {
        names[i] = starters_rows[i].name;
        text_printf(&all, "%s%s", i == 0 ? "" : i + 1 < starters_count ? ", " : " and ", names[i]);
    }
    const char *near = suggest_nearest(name, names, starters_count);
    char hint[64];
    snprintf(hint, sizeof hint, "muster init %s", near != NULL ? near : names[0]);
    if (near != NULL)
        complain(EXIT_USAGE, hint, "there is no starter scenario '%s'; did you mean '%s'?", name, near);
    else
        complain(EXIT_USAGE, hint, "there is no starter scenario '%s'; there are %s", name, text_get(&all));
    text_free(&all);
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
        char hint[128];
        snprintf(hint, sizeof hint, "muster run %s, or move it away first", path);
        if (errno == EEXIST)
            return complain(EXIT_USAGE, hint, "%s exists already and is left as it is", path);
        return complain(EXIT_ENVIRONMENT, "change to a directory that can be written", "cannot write %s: %s", path,
                        strerror(errno));
    }
    size_t size = strlen(row->text);
    ssize_t written = write(fd, row->text, size);
    bool whole = written == (ssize_t)size;
    if (written >= 0 && !whole) /* which sets no error */
        errno = ENOSPC;
    if (close(fd) < 0 || !whole) {
        complain(EXIT_ENVIRONMENT, "free some space on the disk", "cannot write %s: %s", path, strerror(errno));
        unlink(path); /* a part of it would be in the way of the next attempt */
        return EXIT_ENVIRONMENT;
    }
    printf("wrote %s\nnext: muster run %s\n", path, path);
    return EXIT_PASS;
}
