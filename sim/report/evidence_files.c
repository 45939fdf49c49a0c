#include "report/evidence_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "base/version.h"
#include "report/evidence_comment.h"
#include "scenario/device_name.h"
#include "transport/capture.h"

static const char directory_name[] = EVIDENCE_FILES_DIRECTORY;

enum { OTHERS = -1 }; /* in place of a device's number */

struct file {
    int64_t device; /* or OTHERS */
    uint64_t frames;
    char path[EVIDENCE_FILES_PATH_MAX];
};

struct found {
    uint32_t device;
    instant at;
    unsigned file;
    uint64_t frame;
};

struct evidence_files {
    const struct plan *plan;
    unsigned shard;
    struct log_writer *log;
    int log_file, directory; /* the directory is used by the writer's thread */
    int64_t start_unix_ns;
    struct file *files; /* [EVIDENCE_FILES_MAX] */
    unsigned file_count;
    struct found *found; /* [EVIDENCE_FILES_FOUND_MAX], of this second */
    unsigned found_count;
    uint64_t bytes, left_out;
    bool told;           /* that some is left out */
    struct text comment; /* reused */
    uint8_t *buffer;     /* [BUFFER_SIZE]: one record */
};

/* A record: the file's path with its NUL, then what is appended. */
enum { BUFFER_SIZE = EVIDENCE_FILES_PATH_MAX + CAPTURE_SNAP_MAX + 3 * CAPTURE_COMMENT_MAX };

/* --- the writer's thread ---------------------------------------------------------------------------------------------- */

static int append(int fd, const char *data, size_t size) {
    struct stat before;
    if (fstat(fd, &before) != 0)
        return errno;
    for (size_t done = 0; done < size;) {
        ssize_t n = write(fd, data + done, size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            int error = n < 0 ? errno : EIO;
            if (ftruncate(fd, before.st_size) != 0)
                return error; /* a torn block at the end: nothing follows it, and readers stop there */
            return error;
        }
        done += (size_t)n;
    }
    return 0;
}

static int open_file(const struct evidence_files *f, const char *path) {
    enum { FLAGS = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW };
    int fd = openat(f->directory, path, FLAGS, 0666);
    if (fd >= 0 || errno != ENOENT)
        return fd;
    if (mkdirat(f->directory, directory_name, 0777) != 0 && errno != EEXIST)
        return -1;
    return openat(f->directory, path, FLAGS, 0666);
}

/* No file stays open: a fleet may need every descriptor. */
static int store(void *context, const char *data, size_t size) {
    const struct evidence_files *f = context;
    int fd = open_file(f, data);
    if (fd < 0)
        return errno;
    size_t path_size = strlen(data) + 1;
    int error = append(fd, data + path_size, size - path_size);
    close(fd);
    return error;
}

/* --- the control thread ----------------------------------------------------------------------------------------------- */

struct evidence_files *evidence_files_new(const struct plan *plan, unsigned shard, int directory,
                                          struct log_writer *log) {
    struct evidence_files *f = calloc(1, sizeof *f);
    if (f == NULL)
        return NULL;
    f->plan = plan;
    f->shard = shard;
    f->log = log;
    f->directory = directory;
    f->files = calloc(EVIDENCE_FILES_MAX, sizeof *f->files);
    f->found = calloc(EVIDENCE_FILES_FOUND_MAX, sizeof *f->found);
    f->buffer = malloc(BUFFER_SIZE);
    if (f->files == NULL || f->found == NULL || f->buffer == NULL) {
        evidence_files_free(f);
        return NULL;
    }
    f->log_file = log_writer_add_store(log, store, f, directory_name);
    return f;
}

void evidence_files_free(struct evidence_files *f) {
    if (f == NULL)
        return;
    free(f->files);
    free(f->found);
    free(f->buffer);
    text_free(&f->comment);
    free(f);
}

static bool is_plain(char c, bool first) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           (!first && (c == '-' || c == '.'));
}

char *evidence_files_path(const struct plan *plan, uint32_t device, char *path, size_t size) {
    enum { NAME_MAX_HERE = 100 };
    char name[DEVICE_NAME_MAX];
    device_name_format(plan, device, name, sizeof name);
    bool changed = strlen(name) > NAME_MAX_HERE;
    name[NAME_MAX_HERE] = '\0';
    for (size_t i = 0; name[i] != '\0'; i++)
        if (!is_plain(name[i], i == 0)) {
            name[i] = '_';
            changed = true;
        }
    if (changed) /* two names may have become one */
        snprintf(path, size, "%s/%s-d%u.pcapng", directory_name, name, device);
    else
        snprintf(path, size, "%s/%s.pcapng", directory_name, name);
    return path;
}

/* The file of a device, listed when it is not yet; NULL: too many. */
static struct file *file_of(struct evidence_files *f, int64_t device, bool make) {
    for (unsigned i = 0; i < f->file_count; i++)
        if (f->files[i].device == device)
            return &f->files[i];
    if (!make || f->file_count == EVIDENCE_FILES_MAX)
        return NULL;
    struct file *file = &f->files[f->file_count++];
    file->device = device;
    if (device == OTHERS && f->shard == 0)
        snprintf(file->path, sizeof file->path, "%s/others.pcapng", directory_name);
    else if (device == OTHERS)
        snprintf(file->path, sizeof file->path, "%s/others-shard%u.pcapng", directory_name, f->shard);
    else
        evidence_files_path(f->plan, (uint32_t)device, file->path, sizeof file->path);
    return file;
}

static void write_head(struct evidence_files *f, struct bytes_writer *w, const struct file *file) {
    char name[DEVICE_NAME_MAX];
    f->comment.size = 0;
    evidence_comment_file(&f->comment, f->plan,
                          file->device == OTHERS
                              ? "devices that were not sampled: the offending ones alone"
                              : device_name_format(f->plan, (uint32_t)file->device, name, sizeof name));
    capture_section(w, "muster " VERSION_TEXT, text_get(&f->comment));
}

static void write_packet(struct evidence_files *f, struct bytes_writer *w, const struct evidence_record *r,
                         const uint8_t *data) {
    bool sent = (r->flags & EVIDENCE_SENT) != 0;
    f->comment.size = 0;
    evidence_comment_packet(&f->comment, f->plan, r);
    capture_packet(w, &(struct capture_packet){.unix_ns = f->start_unix_ns + r->at,
                                               .dissector = r->dissector,
                                               .from = sent ? r->local : r->peer,
                                               .to = sent ? r->peer : r->local,
                                               .sent = sent,
                                               .data = bytes_of(data, r->size),
                                               .original = r->original,
                                               .comment = text_get(&f->comment)});
}

static void leave_out(struct evidence_files *f, uint64_t count, const char *why) {
    f->left_out += count;
    if (!f->told && why != NULL)
        log_line(LOG_WARNING, "%s: packets are left out from here on, and counted in events.ndjson", why);
    f->told = f->told || why != NULL;
}

static bool has_room(const struct evidence_files *f, const struct evidence_record *r, size_t size) {
    bool streamed = (r->flags & EVIDENCE_STREAMED) != 0;
    uint64_t limit = streamed      ? EVIDENCE_FILES_STREAM_MAX
                     : r->violated ? EVIDENCE_FILES_BYTES_MAX
                                   : EVIDENCE_FILES_FAILURES_MAX;
    return f->bytes + size <= limit;
}

/* Is the record in its file? */
static bool put(struct evidence_files *f, struct file *file, const struct evidence_record *r, const uint8_t *data) {
    struct bytes_writer w = bytes_writer_of(f->buffer, BUFFER_SIZE);
    bytes_write(&w, bytes_of(file->path, strlen(file->path) + 1));
    size_t path_size = bytes_written(&w);
    if (file->frames == 0)
        write_head(f, &w, file);
    write_packet(f, &w, r, data);
    size_t size = bytes_written(&w) - path_size;
    if (w.failed || !has_room(f, r, size)) {
        leave_out(f, 1, "evidence has grown to its cap");
        return false;
    }
    if (!log_writer_put(f->log, f->log_file, LOG_EVIDENCE, (const char *)f->buffer, bytes_written(&w))) {
        leave_out(f, 1, NULL); /* the queue is full for a moment */
        return false;
    }
    f->bytes += size;
    file->frames++;
    return true;
}

static void remember(struct evidence_files *f, const struct file *file, const struct evidence_record *r) {
    if (f->found_count < EVIDENCE_FILES_FOUND_MAX && file->frames > 0)
        f->found[f->found_count++] = (struct found){
            .device = r->device, .at = r->trouble_at, .file = (unsigned)(file - f->files), .frame = file->frames};
}

static void take(struct evidence_files *f, const struct evidence_record *r, const uint8_t *data) {
    bool is_empty = (r->flags & EVIDENCE_EMPTY) != 0;
    struct file *file = file_of(f, (r->flags & EVIDENCE_ALONE) != 0 ? OTHERS : (int64_t)r->device, !is_empty);
    if (file == NULL) {
        leave_out(f, is_empty ? 0 : 1, is_empty ? NULL : "evidence has grown to as many files as it may have");
        return;
    }
    bool stands = is_empty || put(f, file, r, data);
    if (stands && (r->flags & (EVIDENCE_BLAMED | EVIDENCE_AFTER | EVIDENCE_EMPTY)) != 0)
        remember(f, file, r);
}

void evidence_files_event(struct evidence_files *f, const struct run_event *e) {
    if (e->kind == RUN_STARTED)
        f->start_unix_ns = e->unix_ns;
    else if (e->kind == RUN_EVIDENCE && e->evidence != NULL)
        take(f, e->evidence, e->evidence_data);
    else if (e->kind == RUN_EVIDENCE)
        leave_out(f, e->omitted, NULL);
}

bool evidence_files_find(const struct evidence_files *f, uint32_t device, instant at, const char **path,
                         uint64_t *frame) {
    for (unsigned i = 0; f != NULL && i < f->found_count; i++) {
        const struct found *found = &f->found[i];
        if (found->device != device || found->at != at)
            continue;
        *path = f->files[found->file].path;
        *frame = found->frame;
        return true;
    }
    return false;
}

uint64_t evidence_files_second(struct evidence_files *f) {
    uint64_t left_out = f->left_out;
    f->left_out = 0;
    f->found_count = 0;
    return left_out;
}
