#include "report/log_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"

struct file {
    int fd;
    const char *name;
    off_t size; /* whole records */
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
    pthread_cond_t wake;
    struct batch filling; /* under the lock, as are the wishes */
    bool sync_wanted, releasing, closing;
    struct batch writing; /* the thread's */
    struct file files[LOG_WRITER_FILES_MAX];
    int file_count;
    int reserve_full, reserve_close; /* unnamed files that hold space; −1: none, or given back */
    enum log_worth least;            /* records below it are no longer written */
    bool told_full;
    atomic_uint_fast64_t dropped;
};

static const struct log_writer_io system_io = {write, fdatasync, ftruncate};

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
    w->least = w->least < LOG_EVENTS ? LOG_EVENTS : w->least == LOG_EVENTS ? LOG_TALLIES : LOG_VERDICTS;
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
    return 0;
}

static void write_record(struct log_writer *w, const struct record *r, const char *data) {
    struct file *f = &w->files[r->file];
    while (!f->failed && r->worth >= w->least) {
        int error = append(w, f, data, r->size);
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
    atomic_fetch_add(&w->dropped, 1);
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
    for (int i = 0; i < w->file_count; i++) {
        struct file *f = &w->files[i];
        if (!f->dirty || f->failed)
            continue;
        f->dirty = false;
        if (w->io.sync(f->fd) != 0 && errno != EINVAL &&
            errno != EROFS) { /* those two: a pipe, which cannot be synced */
            f->failed = true; /* what was written before may be gone too */
            atomic_fetch_add(&w->dropped, 1);
            log_line(LOG_ERROR, "cannot keep %s on disk: %s", f->name, strerror(errno));
        }
    }
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
    free(w->filling.data);
    free(w->writing.data);
    pthread_cond_destroy(&w->wake);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

struct log_writer *log_writer_new(int directory, const struct log_writer_io *io) {
    struct log_writer *w = calloc(1, sizeof *w);
    if (w == NULL)
        return NULL;
    w->io = io != NULL ? *io : system_io;
    w->filling.data = malloc(LOG_WRITER_QUEUE_BYTES);
    w->writing.data = malloc(LOG_WRITER_QUEUE_BYTES);
    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->wake, NULL);
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

bool log_writer_put(struct log_writer *w, int file, enum log_worth worth, const char *data, size_t size) {
    CHECK(file >= 0 && file < w->file_count);
    struct record r = {.size = (uint32_t)size, .file = (uint16_t)file, .worth = (uint16_t)worth};
    pthread_mutex_lock(&w->lock);
    bool fits = size < LOG_WRITER_QUEUE_BYTES && w->filling.size + sizeof r + size <= LOG_WRITER_QUEUE_BYTES;
    if (fits) {
        memcpy(w->filling.data + w->filling.size, &r, sizeof r);
        memcpy(w->filling.data + w->filling.size + sizeof r, data, size);
        w->filling.size += sizeof r + size;
        pthread_cond_signal(&w->wake);
    }
    pthread_mutex_unlock(&w->lock);
    if (!fits)
        atomic_fetch_add(&w->dropped, 1);
    return fits;
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

uint64_t log_writer_close(struct log_writer *w) {
    pthread_mutex_lock(&w->lock);
    w->closing = true;
    pthread_cond_signal(&w->wake);
    pthread_mutex_unlock(&w->lock);
    pthread_join(w->thread, NULL);
    for (int i = 0; i < w->file_count; i++)
        close(w->files[i].fd);
    uint64_t dropped = atomic_load(&w->dropped);
    free_writer(w);
    return dropped;
}
