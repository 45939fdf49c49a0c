#include "report/log_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"
#include "report/temporary.h"

static struct temporary t;

static int new_file(const char *name) {
    char path[256];
    return open(temporary_path(&t, name, path, sizeof path), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void expect(const char *name, const char *content) {
    size_t size = 0;
    char *data = temporary_read(&t, name, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(data);
    CU_ASSERT_STRING_EQUAL(data, content);
    free(data);
}

/* --- a disk that misbehaves on request ------------------------------------------------------------------------------- */

static atomic_long space; /* bytes that still fit; then ENOSPC, after what fits of a record */
static atomic_int sync_error, syncs;

static ssize_t limited_write(int fd, const void *data, size_t size) {
    long left = atomic_load(&space);
    if (left <= 0) {
        errno = ENOSPC;
        return -1;
    }
    size_t fits = (long)size < left ? size : (size_t)left;
    atomic_fetch_sub(&space, (long)fits);
    return write(fd, data, fits);
}

static int counted_sync(int fd) {
    (void)fd;
    atomic_fetch_add(&syncs, 1);
    errno = atomic_load(&sync_error);
    return errno == 0 ? 0 : -1;
}

static const struct log_writer_io limited = {limited_write, counted_sync, ftruncate, NULL};

static void begin(long bytes) {
    t = temporary_make();
    atomic_store(&space, bytes);
    atomic_store(&sync_error, 0);
    atomic_store(&syncs, 0);
}

static bool put(struct log_writer *w, int file, enum log_worth worth, const char *line) {
    return log_writer_put(w, file, worth, line, strlen(line));
}

/* What is said on stderr belongs to these tests, not to the reader of their output. */
static int silence(void) {
    int kept = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dup2(null, STDERR_FILENO);
    close(null);
    return kept;
}

static void speak(int kept) {
    dup2(kept, STDERR_FILENO);
    close(kept);
}

/* --- the rules ------------------------------------------------------------------------------------------------------- */

static void records_reach_their_files_in_order(void) {
    begin(1 << 20);
    struct log_writer *w = log_writer_new(-1, NULL);
    int a = log_writer_add(w, new_file("a"), "a"), b = log_writer_add(w, new_file("b"), "b");
    put(w, a, LOG_EVENTS, "one\n");
    put(w, b, LOG_SERIES, "x\n");
    put(w, a, LOG_EVENTS, "two\n");
    CU_ASSERT_EQUAL(log_writer_close(w), 0);
    expect("a", "one\ntwo\n");
    expect("b", "x\n");
    temporary_remove(&t);
}

static void many_records_keep_their_order_through_the_thread(void) {
    begin(0);
    struct log_writer *w = log_writer_new(-1, NULL);
    int file = log_writer_add(w, new_file("a"), "a");
    struct {
        char line[16];
    } *lines = calloc(20000, sizeof *lines);
    for (int i = 0; i < 20000; i++) {
        snprintf(lines[i].line, sizeof lines[i].line, "%d\n", i);
        while (!put(w, file, LOG_EVENTS, lines[i].line))
            usleep(100);
        if (i % 1000 == 0)
            log_writer_sync(w);
    }
    log_writer_close(w);
    size_t size;
    char *data = temporary_read(&t, "a", &size), *at = data;
    for (int i = 0; i < 20000; i++) {
        size_t length = strlen(lines[i].line);
        if (strncmp(at, lines[i].line, length) != 0) {
            CU_FAIL("a line is missing or out of order");
            break;
        }
        at += length;
    }
    CU_ASSERT_EQUAL(at - data, (long)size);
    free(data);
    free(lines);
    temporary_remove(&t);
}

static atomic_bool gate_open;

static ssize_t gated_write(int fd, const void *data, size_t size) {
    while (!atomic_load(&gate_open))
        usleep(1000);
    return write(fd, data, size);
}

static void a_full_queue_drops_whole_records_and_counts_them(void) {
    begin(0);
    static char record[64 * 1024];
    memset(record, 'x', sizeof record);
    record[sizeof record - 1] = '\n';
    atomic_store(&gate_open, false);
    static const struct log_writer_io gated = {gated_write, fdatasync, ftruncate, NULL};
    struct log_writer *w = log_writer_new(-1, &gated);
    int file = log_writer_add(w, new_file("a"), "a");
    uint64_t dropped = 0, kept = 0;
    for (int i = 0; i < 3 * LOG_WRITER_QUEUE_BYTES / (int)sizeof record; i++)
        if (log_writer_put(w, file, LOG_EVENTS, record, sizeof record))
            kept++;
        else
            dropped++;
    CU_ASSERT_TRUE(dropped > 0);
    atomic_store(&gate_open, true);
    CU_ASSERT_EQUAL(log_writer_close(w), dropped);
    size_t size;
    char *data = temporary_read(&t, "a", &size);
    CU_ASSERT_EQUAL(size, kept * sizeof record);
    free(data);
    temporary_remove(&t);
}

static void a_full_disk_leaves_whole_records(void) {
    begin(10);
    int kept = silence();
    struct log_writer *w = log_writer_new(-1, &limited);
    int file = log_writer_add(w, new_file("a"), "a");
    put(w, file, LOG_EVENTS, "12345\n");
    put(w, file, LOG_EVENTS, "67890\n"); /* 4 of its 6 bytes fit */
    CU_ASSERT_EQUAL(log_writer_close(w), 1);
    speak(kept);
    expect("a", "12345\n");
    temporary_remove(&t);
}

/* A disk where only small records still fit, as between the last free blocks. */
static ssize_t small_write(int fd, const void *data, size_t size) {
    if (size > 8) {
        errno = ENOSPC;
        return -1;
    }
    return write(fd, data, size);
}

static void series_stop_first_then_events_then_tallies_and_verdicts_go_on(void) {
    static const struct log_writer_io small = {small_write, fdatasync, ftruncate, NULL};
    begin(0);
    int kept = silence();
    struct log_writer *w = log_writer_new(-1, &small);
    int events = log_writer_add(w, new_file("events"), "events"),
        series = log_writer_add(w, new_file("series"), "series");
    put(w, series, LOG_SERIES, "1\n");
    put(w, series, LOG_SERIES, "too long for it\n");
    put(w, series, LOG_SERIES, "2\n");
    put(w, events, LOG_EVENTS, "event\n");
    put(w, events, LOG_EVENTS, "too long as well\n");
    put(w, events, LOG_EVENTS, "late\n");
    put(w, events, LOG_TALLIES, "tally\n");
    put(w, events, LOG_TALLIES, "too long again\n");
    put(w, events, LOG_TALLIES, "late\n");
    put(w, events, LOG_VERDICTS, "pass\n");
    CU_ASSERT_EQUAL(log_writer_close(w), 6);
    speak(kept);
    expect("series", "1\n");
    expect("events", "event\ntally\npass\n");
    temporary_remove(&t);
}

static void an_error_stops_its_file_alone(void) {
    begin(1 << 20);
    int kept = silence();
    struct log_writer *w = log_writer_new(-1, &limited);
    int broken = log_writer_add(w, -1, "broken"), whole = log_writer_add(w, new_file("whole"), "whole");
    put(w, broken, LOG_VERDICTS, "x\n"); /* EBADF */
    put(w, whole, LOG_EVENTS, "fine\n");
    put(w, broken, LOG_VERDICTS, "y\n");
    CU_ASSERT_EQUAL(log_writer_close(w), 2);
    speak(kept);
    expect("whole", "fine\n");
    temporary_remove(&t);
}

static void a_disk_that_cannot_keep_what_it_took_counts_as_a_loss(void) {
    begin(1 << 20);
    int kept = silence();
    atomic_store(&sync_error, EIO);
    struct log_writer *w = log_writer_new(-1, &limited);
    int file = log_writer_add(w, new_file("a"), "a");
    put(w, file, LOG_EVENTS, "x\n");
    CU_ASSERT_EQUAL(log_writer_close(w), 1);
    speak(kept);
    temporary_remove(&t);
}

static void files_are_synced_when_asked_and_at_the_end(void) {
    begin(1 << 20);
    struct log_writer *w = log_writer_new(-1, &limited);
    int file = log_writer_add(w, new_file("a"), "a");
    log_writer_sync(w); /* nothing was written: nothing to sync */
    put(w, file, LOG_EVENTS, "x\n");
    log_writer_close(w);
    CU_ASSERT_EQUAL(atomic_load(&syncs), 1);
    temporary_remove(&t);
}

static int directory(void) {
    return open(t.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void parts_are_numbered_before_the_extension(void) {
    char name[64];
    CU_ASSERT_STRING_EQUAL(log_writer_part_name("events.ndjson", 0, name, sizeof name), "events.ndjson");
    CU_ASSERT_STRING_EQUAL(log_writer_part_name("events.ndjson", 1, name, sizeof name), "events.1.ndjson");
    CU_ASSERT_STRING_EQUAL(log_writer_part_name("intervals.hlog", 12, name, sizeof name), "intervals.12.hlog");
    CU_ASSERT_STRING_EQUAL(log_writer_part_name("log", 3, name, sizeof name), "log.3");
}

static void a_file_goes_on_in_parts_of_whole_records_with_their_head(void) {
    begin(0);
    int dir = directory();
    struct log_writer *w = log_writer_new(dir, NULL);
    int series = log_writer_add(w, new_file("series.csv"), "series.csv"), other = log_writer_add(w, new_file("o"), "o");
    log_writer_rotate(w, series, "time\n");
    log_writer_limit(w, 0, 10);
    put(w, series, LOG_SERIES, "time\n");
    for (int i = 0; i < 3; i++) {
        put(w, series, LOG_SERIES, "123\n");
        put(w, series, LOG_SERIES, "456\n");
        put(w, other, LOG_SERIES, "0123456789\n");
    }
    CU_ASSERT_EQUAL(log_writer_close(w), 0);
    close(dir);
    expect("series.csv", "time\n123\n456\n");
    expect("series.1.csv", "time\n123\n456\n");
    expect("series.2.csv", "time\n123\n456\n");
    CU_ASSERT_FALSE(temporary_has(&t, "series.3.csv"));
    CU_ASSERT_FALSE(temporary_has(&t, "o.1")); /* nobody asked for parts of it */
    temporary_remove(&t);
}

static int no_part(int where, const char *name) {
    (void)where;
    (void)name;
    errno = EMFILE;
    return -1;
}

static void a_part_that_cannot_be_made_leaves_the_file_longer(void) {
    static const struct log_writer_io io = {write, fdatasync, ftruncate, no_part};
    begin(0);
    int dir = directory();
    struct log_writer *w = log_writer_new(dir, &io);
    int file = log_writer_add(w, new_file("a"), "a");
    log_writer_rotate(w, file, "");
    log_writer_limit(w, 0, 4);
    for (int i = 0; i < 4; i++)
        put(w, file, LOG_EVENTS, "123\n");
    CU_ASSERT_EQUAL(log_writer_close(w), 0);
    close(dir);
    expect("a", "123\n123\n123\n123\n");
    temporary_remove(&t);
}

static void at_the_cap_what_is_worth_least_stops_first_and_verdicts_never(void) {
    begin(0);
    int kept = silence();
    struct log_writer *w = log_writer_new(-1, NULL);
    int file = log_writer_add(w, new_file("a"), "a");
    log_writer_limit(w, 200, 0);
    char line[65];
    memset(line, 'x', 64);
    line[63] = '\n';
    line[64] = '\0';
    put(w, file, LOG_TALLIES, line);
    put(w, file, LOG_TALLIES, line);
    put(w, file, LOG_TALLIES, line + 13); /* 179 of 200: series stop at 180 */
    put(w, file, LOG_SERIES, "no\n");
    put(w, file, LOG_EVENTS, "event\n");
    put(w, file, LOG_EVENTS, "event\n"); /* beyond 188 */
    put(w, file, LOG_TALLIES, "tally\n");
    put(w, file, LOG_TALLIES, "too long for it\n");
    put(w, file, LOG_VERDICTS, "verdict\n");
    put(w, file, LOG_VERDICTS, "verdict\n");
    CU_ASSERT_EQUAL(log_writer_close(w), 3);
    speak(kept);
    size_t size = 0;
    char *data = temporary_read(&t, "a", &size);
    CU_ASSERT_STRING_EQUAL(data + 179, "event\ntally\nverdict\nverdict\n");
    free(data);
    temporary_remove(&t);
}

static void the_reserve_leaves_no_file_behind(void) {
    begin(0);
    int dir = directory();
    struct log_writer *w = log_writer_new(dir, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w);
    log_writer_close(w);
    close(dir);
    CU_ASSERT_EQUAL(rmdir(t.path), 0); /* only an empty one goes */
    temporary_remove(&t);
}

/* --- evidence -------------------------------------------------------------------------------------------------------- */

static struct {
    char taken[256];
    atomic_int refuses; /* errno; 0: none */
} shelf;

static int shelve(void *context, const char *data, size_t size) {
    int error = atomic_load(&shelf.refuses);
    if (error == 0)
        strncat((char *)context, data, size);
    return error;
}

static void records_of_a_store_go_to_its_function(void) {
    begin(1 << 20);
    memset(&shelf, 0, sizeof shelf);
    struct log_writer *w = log_writer_new(-1, NULL);
    int a = log_writer_add(w, new_file("a"), "a"), e = log_writer_add_store(w, shelve, shelf.taken, "e");
    put(w, e, LOG_EVIDENCE, "one ");
    put(w, a, LOG_EVENTS, "x\n");
    put(w, e, LOG_EVIDENCE, "two");
    CU_ASSERT_EQUAL(log_writer_close(w), 0);
    CU_ASSERT_STRING_EQUAL(shelf.taken, "one two");
    expect("a", "x\n");
    temporary_remove(&t);
}

static void lost_evidence_ends_evidence_and_nothing_else(void) {
    static const int errors[] = {ENOSPC, EIO};
    for (int i = 0; i < 2; i++) {
        begin(1 << 20);
        memset(&shelf, 0, sizeof shelf);
        struct log_writer *w = log_writer_new(-1, NULL);
        int a = log_writer_add(w, new_file("a"), "a"), e = log_writer_add_store(w, shelve, shelf.taken, "e");
        int kept = silence();
        atomic_store(&shelf.refuses, errors[i]);
        put(w, e, LOG_EVIDENCE, "lost");
        while (log_writer_evidence_dropped(w) == 0)
            usleep(100);
        atomic_store(&shelf.refuses, 0); /* there would be room again, but frames are numbered */
        put(w, e, LOG_EVIDENCE, "late");
        put(w, a, LOG_EVENTS, "x\n");
        CU_ASSERT_EQUAL(log_writer_dropped(w), 0);
        CU_ASSERT_EQUAL(log_writer_close(w), 0);
        speak(kept);
        CU_ASSERT_STRING_EQUAL(shelf.taken, "");
        expect("a", "x\n");
        temporary_remove(&t);
    }
}

static int dawdle(void *context, const char *data, size_t size) {
    (void)data;
    (void)size;
    while (atomic_load((atomic_int *)context) != 0)
        usleep(100);
    return 0;
}

static void evidence_may_fill_half_of_the_queue(void) {
    begin(1 << 20);
    static atomic_int held;
    atomic_store(&held, 1);
    struct log_writer *w = log_writer_new(-1, NULL);
    int a = log_writer_add(w, new_file("a"), "a"), e = log_writer_add_store(w, dawdle, &held, "e");
    enum { SIZE = 100 << 10 };
    char *record = calloc(1, SIZE);
    unsigned taken = 0;
    while (log_writer_put(w, e, LOG_EVIDENCE, record,
                          SIZE)) /* at most one batch is being written, half of another waits */
        taken++;
    CU_ASSERT(taken >= LOG_WRITER_QUEUE_BYTES / 2 / SIZE - 1 && taken <= LOG_WRITER_QUEUE_BYTES / SIZE);
    CU_ASSERT_TRUE(put(w, a, LOG_TALLIES, "x\n"));
    CU_ASSERT_EQUAL(log_writer_dropped(w), 0);
    atomic_store(&held, 0);
    CU_ASSERT_EQUAL(log_writer_close(w), 0);
    expect("a", "x\n");
    free(record);
    temporary_remove(&t);
}

HARNESS_MAIN(
    "report/log_writer", HARNESS_CASE(records_reach_their_files_in_order),
    HARNESS_CASE(many_records_keep_their_order_through_the_thread),
    HARNESS_CASE(a_full_queue_drops_whole_records_and_counts_them), HARNESS_CASE(a_full_disk_leaves_whole_records),
    HARNESS_CASE(series_stop_first_then_events_then_tallies_and_verdicts_go_on),
    HARNESS_CASE(an_error_stops_its_file_alone), HARNESS_CASE(a_disk_that_cannot_keep_what_it_took_counts_as_a_loss),
    HARNESS_CASE(files_are_synced_when_asked_and_at_the_end), HARNESS_CASE(parts_are_numbered_before_the_extension),
    HARNESS_CASE(a_file_goes_on_in_parts_of_whole_records_with_their_head),
    HARNESS_CASE(a_part_that_cannot_be_made_leaves_the_file_longer),
    HARNESS_CASE(at_the_cap_what_is_worth_least_stops_first_and_verdicts_never),
    HARNESS_CASE(the_reserve_leaves_no_file_behind), HARNESS_CASE(records_of_a_store_go_to_its_function),
    HARNESS_CASE(lost_evidence_ends_evidence_and_nothing_else), HARNESS_CASE(evidence_may_fill_half_of_the_queue))
