#include "report/log_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"
#include "base/text.h"

struct file {
    int fd; /* −1: none, `store` takes the records */
    int (*store)(void *context, const char *data, size_t size);
    void *context;
    const char *name;
    off_t size; /* whole records of this part */
    unsigned part;
    char *head;         /* of further parts; NULL: the file does not rotate */
    off_t rotates_from; /* the size at which the next part is tried */
    bool dirty, failed;
};

/* Before each record in the queue. */
struct record {
    uint32_t size;
    uint16_t file, worth;
};

struct batch {
    char *data; /* [LOG_WRITER_QUEUE_BYTES] */
    size_t size;
};

struct log_writer {
    struct log_writer_io io;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake, room; /* there is something to write; there is room again */
    struct batch filling;      /* under the lock, as are the wishes */
    bool sync_wanted, releasing, closing, patient;
    struct batch writing; /* the thread's */
    struct file files[LOG_WRITER_FILES_MAX];
    int file_count;
    int reserve_full, reserve_close; /* unnamed files that hold space; −1: none, or given back */
    enum log_worth least;            /* records below it are no longer written */
    bool told_full;
    int directory;                           /* where parts are made; -1: none */
    uint64_t part_bytes, cap_bytes, written; /* cap 0: none */
    bool told_cap[LOG_VERDICTS + 1];
    atomic_uint_fast64_t dropped, evidence_dropped;
};

/* How much of the cap may be full before records of that worth stop. */
static const unsigned cap_percent[] = {
    [LOG_EVIDENCE] = 90,  [LOG_SERIES] = 90,   [LOG_EVENTS] = 94,
    [LOG_INTERVALS] = 97, [LOG_TALLIES] = 100, [LOG_VERDICTS] = 0, /* never */
};
static const char *const worth_names[] = {
    [LOG_EVIDENCE] = "evidence", [LOG_SERIES] = "series",
    [LOG_EVENTS] = "events",     [LOG_INTERVALS] = "interval histograms",
    [LOG_TALLIES] = "tallies",
};

static int open_part(int directory, const char *name) {
    return openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
}

static const struct log_writer_io system_io = {write, fdatasync, ftruncate, open_part};

static int take_reserve(int directory) {
    if (directory < 0)
        return -1;
    int fd = openat(directory, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 && fallocate(fd, 0, 0, LOG_WRITER_RESERVE_BYTES) != 0) {
        close(fd);
        fd = -1; /* the file system cannot set space aside: go on without */
    }
    return fd;
}

static void give_back(int *reserve) {
    if (*reserve >= 0)
        close(*reserve);
    *reserve = -1;
}

/* The disk is full: records worth less than the answer are no longer written. */
static void lose_space(struct log_writer *w) {
    if (!w->told_full)
        log_line(LOG_ERROR, "the disk is full: series and evidence stop here, verdicts go on; the results will say so");
    w->told_full = true;
    give_back(&w->reserve_full);
    w->least = w->least < LOG_EVENTS ? LOG_EVENTS : w->least < LOG_VERDICTS ? w->least + 1 : LOG_VERDICTS;
}

static bool is_full(int error) {
    return error == ENOSPC || error == EDQUOT;
}

/* One attempt: the whole record, or none of it. */
static int append(struct log_writer *w, struct file *f, const char *data, size_t size) {
    size_t done = 0;
    while (done < size) {
        ssize_t n = w->io.write(f->fd, data + done, size - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            int error = n < 0 ? errno : EIO;
            if (done > 0 && w->io.truncate(f->fd, f->size) != 0)
                f->failed = true; /* half a record stays: nothing may follow it */
            return error;
        }
        done += (size_t)n;
    }
    f->size += (off_t)size;
    f->dirty = true;
    w->written += size;
    return 0;
}

static void sync_file(struct log_writer *w, struct file *f) {
    if (!f->dirty || f->failed)
        return;
    f->dirty = false;
    if (w->io.sync(f->fd) != 0 && errno != EINVAL && errno != EROFS) { /* those two: a pipe, which cannot be synced */
        f->failed = true;                                              /* what was written before may be gone too */
        atomic_fetch_add(&w->dropped, 1);
        log_line(LOG_ERROR, "cannot keep %s on disk: %s", f->name, strerror(errno));
    }
}

/* Goes on in the next part, or in the same one for as long again when that cannot be made. */
static void rotate(struct log_writer *w, struct file *f) {
    char name[64];
    f->rotates_from += (off_t)w->part_bytes;
    int fd = w->io.open_part(w->directory, log_writer_part_name(f->name, f->part + 1, name, sizeof name));
    if (fd < 0)
        return;
    sync_file(w, f);
    close(f->fd);
    f->fd = fd;
    f->part++;
    f->size = 0;
    f->rotates_from = (off_t)w->part_bytes;
    if (*f->head != '\0' && append(w, f, f->head, strlen(f->head)) != 0)
        f->failed = true; /* rows without their names would be read wrongly */
}

static bool passes_cap(struct log_writer *w, const struct record *r) {
    if (w->cap_bytes == 0 || r->worth == LOG_VERDICTS ||
        w->written + r->size <= w->cap_bytes / 100 * cap_percent[r->worth])
        return false;
    if (!w->told_cap[r->worth])
        log_line(LOG_ERROR,
                 "the logs have grown to their cap (outputs.logs_max): %s stop here; the results will say so",
                 worth_names[r->worth]);
    w->told_cap[r->worth] = true;
    return true;
}

static void write_record(struct log_writer *w, const struct record *r, const char *data) {
    struct file *f = &w->files[r->file];
    bool capped = passes_cap(w, r);
    if (f->head != NULL && f->size >= f->rotates_from && !f->failed && !w->told_full)
        rotate(w, f);
    while (!capped && !f->failed && r->worth >= w->least) {
        int error = f->store != NULL ? f->store(f->context, data, r->size) : append(w, f, data, r->size);
        if (error == 0)
            return;
        if (is_full(error) && w->least < LOG_VERDICTS) {
            lose_space(w);
            continue;
        }
        if (is_full(error))
            break; /* not even this record; a smaller one, or one after others made room, may still fit */
        f->failed = true;
        log_line(LOG_ERROR, "cannot write %s any more: %s", f->name, strerror(error));
    }
    f->failed = f->failed || r->worth == LOG_EVIDENCE;
    atomic_fetch_add(r->worth == LOG_EVIDENCE ? &w->evidence_dropped : &w->dropped, 1);
}

static void write_batch(struct log_writer *w) {
    for (size_t at = 0; at < w->writing.size;) {
        struct record r;
        memcpy(&r, w->writing.data + at, sizeof r);
        write_record(w, &r, w->writing.data + at + sizeof r);
        at += sizeof r + r.size;
    }
    w->writing.size = 0;
}

static void sync_files(struct log_writer *w) {
    for (int i = 0; i < w->file_count; i++)
        sync_file(w, &w->files[i]);
}

static void *run(void *context) {
    struct log_writer *w = context;
    for (bool closing = false; !closing;) {
        pthread_mutex_lock(&w->lock);
        while (w->filling.size == 0 && !w->sync_wanted && !w->closing)
            pthread_cond_wait(&w->wake, &w->lock);
        struct batch full = w->filling;
        w->filling = w->writing;
        w->writing = full;
        bool sync = w->sync_wanted;
        bool release = w->releasing;
        closing = w->closing;
        w->sync_wanted = false;
        pthread_cond_signal(&w->room);
        pthread_mutex_unlock(&w->lock);
        if (release)
            give_back(&w->reserve_close);
        write_batch(w);
        if (sync || closing)
            sync_files(w);
    }
    return NULL;
}

static void free_writer(struct log_writer *w) {
    give_back(&w->reserve_full);
    give_back(&w->reserve_close);
    for (int i = 0; i < w->file_count; i++)
        free(w->files[i].head);
    free(w->filling.data);
    free(w->writing.data);
    pthread_cond_destroy(&w->wake);
    pthread_cond_destroy(&w->room);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

struct log_writer *log_writer_new(int directory, const struct log_writer_io *io) {
    struct log_writer *w = calloc(1, sizeof *w);
    if (w == NULL)
        return NULL;
    w->io = io != NULL ? *io : system_io;
    if (w->io.open_part == NULL)
        w->io.open_part = open_part;
    w->directory = directory;
    w->part_bytes = LOG_WRITER_PART_BYTES;
    w->filling.data = malloc(LOG_WRITER_QUEUE_BYTES);
    w->writing.data = malloc(LOG_WRITER_QUEUE_BYTES);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->wake, NULL);
    pthread_cond_init(&w->room, NULL);
    w->reserve_full = take_reserve(directory);
    w->reserve_close = take_reserve(directory);
    /* signals are the control thread's */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = w->filling.data != NULL && w->writing.data != NULL && pthread_create(&w->thread, NULL, run, w) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (started)
        return w;
    free_writer(w);
    return NULL;
}

int log_writer_add(struct log_writer *w, int fd, const char *name) {
    CHECK(w->file_count < LOG_WRITER_FILES_MAX);
    struct stat st;
    w->files[w->file_count] = (struct file){.fd = fd, .name = name, .size = fstat(fd, &st) == 0 ? st.st_size : 0};
    return w->file_count++;
}

int log_writer_add_store(struct log_writer *w, int (*store)(void *context, const char *data, size_t size),
                         void *context, const char *name) {
    CHECK(w->file_count < LOG_WRITER_FILES_MAX);
    w->files[w->file_count] = (struct file){.fd = -1, .store = store, .context = context, .name = name};
    return w->file_count++;
}

void log_writer_rotate(struct log_writer *w, int file, const char *head) {
    CHECK(file >= 0 && file < w->file_count);
    struct file *f = &w->files[file];
    if (w->directory < 0)
        return;
    f->head = text_dup(head);
    f->rotates_from = (off_t)w->part_bytes;
}

void log_writer_limit(struct log_writer *w, uint64_t all_bytes, uint64_t part_bytes) {
    w->cap_bytes = all_bytes;
    w->part_bytes = part_bytes > 0 ? part_bytes : LOG_WRITER_PART_BYTES;
    for (int i = 0; i < w->file_count; i++)
        w->files[i].rotates_from = (off_t)w->part_bytes;
}

char *log_writer_part_name(const char *name, unsigned part, char *out, size_t size) {
    const char *dot = strrchr(name, '.');
    int stem = (int)(dot != NULL ? (size_t)(dot - name) : strlen(name));
    if (part == 0)
        snprintf(out, size, "%s", name);
    else
        snprintf(out, size, "%.*s.%u%s", stem, name, part, dot != NULL ? dot : "");
    return out;
}

bool log_writer_put(struct log_writer *w, int file, enum log_worth worth, const char *data, size_t size) {
    CHECK(file >= 0 && file < w->file_count);
    struct record r = {.size = (uint32_t)size, .file = (uint16_t)file, .worth = (uint16_t)worth};
    pthread_mutex_lock(&w->lock);
    size_t share = worth == LOG_EVIDENCE ? LOG_WRITER_QUEUE_BYTES / 2 : LOG_WRITER_QUEUE_BYTES;
    while (w->patient && size < share && w->filling.size > 0 && w->filling.size + sizeof r + size > share)
        pthread_cond_wait(&w->room, &w->lock);
    bool fits = size < share && w->filling.size + sizeof r + size <= share;
    if (fits) {
        memcpy(w->filling.data + w->filling.size, &r, sizeof r);
        memcpy(w->filling.data + w->filling.size + sizeof r, data, size);
        w->filling.size += sizeof r + size;
        pthread_cond_signal(&w->wake);
    }
    pthread_mutex_unlock(&w->lock);
    if (!fits && worth != LOG_EVIDENCE) /* the caller knows, and does not count it as written */
        atomic_fetch_add(&w->dropped, 1);
    return fits;
}

void log_writer_wait(struct log_writer *w) {
    w->patient = true;
}

void log_writer_sync(struct log_writer *w) {
    pthread_mutex_lock(&w->lock);
    w->sync_wanted = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
}

void log_writer_release(struct log_writer *w) {
    pthread_mutex_lock(&w->lock);
    w->releasing = true;
    pthread_mutex_unlock(&w->lock);
}

uint64_t log_writer_dropped(const struct log_writer *w) {
    return atomic_load(&w->dropped);
}

uint64_t log_writer_evidence_dropped(const struct log_writer *w) {
    return atomic_load(&w->evidence_dropped);
}

uint64_t log_writer_close(struct log_writer *w) {
    pthread_mutex_lock(&w->lock);
    w->closing = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    for (int i = 0; i < w->file_count; i++)
        if (w->files[i].fd >= 0)
            close(w->files[i].fd);
    uint64_t dropped = atomic_load(&w->dropped);
    free_writer(w);
    return dropped;
}
