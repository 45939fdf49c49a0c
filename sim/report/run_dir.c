#include "report/run_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "report/evidence_files.h"
#include "report/log_writer.h"

enum { NAME_TRIES = 60, NAME_ROOM = 64 };

const char *const run_dir_files[] = {"manifest.json", "scenario.resolved.yaml",
                                     "events.ndjson", "intervals.hlog",
                                     "series.csv",    "summary.json",
                                     "summary.md",    "junit.xml",
                                     "report.html",   NULL};

/* mkdir -p for everything before the last slash. */
static int make_parents(const char *path) {
    char part[PATH_MAX];
    if ((size_t)snprintf(part, sizeof part, "%s", path) >= sizeof part) {
        errno = ENAMETOOLONG;
        return ERR_IO;
    }
    for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST)
            return ERR_IO;
        *slash = '/';
    }
    return 0;
}

static const char *used_by(int fd) {
    struct stat st;
    char name[64];
    for (size_t i = 0; run_dir_files[i] != NULL; i++)
        for (unsigned part = 0; part < 2; part++) /* a part that is left would be read as one of the new run's */
            if (fstatat(fd, log_writer_part_name(run_dir_files[i], part, name, sizeof name), &st,
                        AT_SYMLINK_NOFOLLOW) == 0)
                return run_dir_files[i];
    /* files there are appended to, and only when something goes wrong */
    return fstatat(fd, EVIDENCE_FILES_DIRECTORY, &st, AT_SYMLINK_NOFOLLOW) == 0 ? EVIDENCE_FILES_DIRECTORY : NULL;
}

/* events.ndjson is the claim: of two runs that start at once, one creates it. */
static int claim(struct run_dir *d, char *why, size_t why_size) {
    const char *name = used_by(d->fd);
    if (name == NULL) {
        int fd = openat(d->fd, "events.ndjson", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0) {
            close(fd);
            return 0;
        }
        if (errno != EEXIST) {
            snprintf(why, why_size, "cannot write to %s: %s", d->path, strerror(errno));
            return ERR_IO;
        }
        name = "events.ndjson";
    }
    snprintf(why, why_size, "%s holds the results of another run (%s is there); choose another directory or remove it",
             d->path, name);
    return ERR_EXISTS;
}

static int open_existing(struct run_dir *d, char *why, size_t why_size) {
    d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (d->fd < 0) {
        snprintf(why, why_size, "cannot open the directory %s: %s", d->path, strerror(errno));
        return ERR_IO;
    }
    int status = claim(d, why, why_size);
    if (status != 0) {
        close(d->fd);
        d->fd = -1;
    }
    return status;
}

static int open_given(struct run_dir *d, const char *out, char *why, size_t why_size) {
    if ((size_t)snprintf(d->path, sizeof d->path, "%s", out) >= sizeof d->path || *out == '\0') {
        snprintf(why, why_size, "'%.40s' cannot be a directory's name", out);
        return ERR_IO;
    }
    if (make_parents(d->path) == 0 && mkdir(d->path, 0777) == 0) {
        d->created = true;
    } else if (errno != EEXIST) {
        snprintf(why, why_size, "cannot create %s: %s", d->path, strerror(errno));
        return ERR_IO;
    }
    return open_existing(d, why, why_size);
}

static int open_named(struct run_dir *d, int64_t unix_ns, const char *run_id, char *why, size_t why_size) {
    for (int attempt = 0; attempt < NAME_TRIES; attempt++) {
        time_t second = (time_t)(unix_ns / 1000000000) + attempt;
        struct tm tm;
        char stamp[NAME_ROOM];
        gmtime_r(&second, &tm);
        strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &tm);
        snprintf(d->path, sizeof d->path, "run-%s-%s", stamp, run_id);
        if (mkdir(d->path, 0777) == 0) {
            d->created = true;
            return open_existing(d, why, why_size);
        }
        if (errno != EEXIST)
            break;
    }
    snprintf(why, why_size, "cannot create %s: %s", d->path, strerror(errno));
    return ERR_IO;
}

int run_dir_open(struct run_dir *d, const char *out, int64_t started_unix_ns, const char *run_id, char *why,
                 size_t why_size) {
    *d = (struct run_dir){.fd = -1};
    if (out != NULL)
        return open_given(d, out, why, why_size);
    return open_named(d, started_unix_ns, run_id, why, why_size);
}

void run_dir_close(struct run_dir *d) {
    if (d->fd >= 0)
        close(d->fd);
    d->fd = -1;
}

void run_dir_discard(struct run_dir *d) {
    if (d->fd < 0)
        return;
    for (size_t i = 0; run_dir_files[i] != NULL; i++)
        unlinkat(d->fd, run_dir_files[i], 0);
    run_dir_close(d);
    if (d->created)
        rmdir(d->path);
}

int run_dir_create_log(struct run_dir *d, const char *name) {
    /* the claim made events.ndjson, empty; any other log must be new */
    int flags = strcmp(name, "events.ndjson") == 0 ? 0 : O_CREAT | O_EXCL;
    int fd = openat(d->fd, name, O_WRONLY | O_APPEND | O_CLOEXEC | flags, 0666);
    if (fd < 0)
        return errno == EEXIST ? ERR_EXISTS : ERR_IO;
    return fd;
}

static int write_all(int fd, const char *data, size_t size) {
    while (size > 0) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return ERR_IO;
        data += n;
        size -= (size_t)n;
    }
    return 0;
}

static int write_at(int dir, const char *name, const char *data, size_t size) {
    char temporary[NAME_MAX + 1];
    if ((size_t)snprintf(temporary, sizeof temporary, ".%s.tmp", name) >= sizeof temporary) {
        errno = ENAMETOOLONG;
        return ERR_IO;
    }
    int fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
        return ERR_IO;
    int status = write_all(fd, data, size);
    if (status == 0 && fsync(fd) != 0)
        status = ERR_IO;
    int saved = errno;
    if (close(fd) != 0 && status == 0) {
        status = ERR_IO;
        saved = errno;
    }
    if (status == 0 && renameat(dir, temporary, dir, name) != 0) {
        status = ERR_IO;
        saved = errno;
    }
    if (status == 0)
        return fsync(dir) == 0 ? 0 : ERR_IO;
    unlinkat(dir, temporary, 0);
    errno = saved;
    return status;
}

int run_dir_write(struct run_dir *d, const char *name, const char *data, size_t size) {
    return write_at(d->fd, name, data, size);
}

int run_dir_write_path(const char *path, const char *data, size_t size) {
    if (make_parents(path) != 0)
        return ERR_IO;
    const char *slash = strrchr(path, '/');
    char directory[PATH_MAX] = ".";
    if (slash != NULL)
        snprintf(directory, sizeof directory, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    int dir = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return ERR_IO;
    int status = write_at(dir, slash != NULL ? slash + 1 : path, data, size);
    int saved = errno;
    close(dir);
    errno = saved;
    return status;
}
