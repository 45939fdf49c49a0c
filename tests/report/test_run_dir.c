#include "report/run_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/err.h"
#include "harness.h"
#include "report/temporary.h"

static char why[512];

static void a_missing_directory_is_made_with_its_parents(void) {
    struct temporary t = temporary_make();
    char path[256];
    struct run_dir d;
    CU_ASSERT_EQUAL_FATAL(run_dir_open(&d, temporary_path(&t, "a/b/c", path, sizeof path), 0, "3f9a", why, sizeof why),
                          0);
    CU_ASSERT_TRUE(temporary_has(&t, "a/b/c/events.ndjson"));
    CU_ASSERT_TRUE(d.created);
    run_dir_close(&d);
    temporary_remove(&t);
}

static void an_empty_directory_may_be_given(void) {
    struct temporary t = temporary_make();
    struct run_dir d;
    CU_ASSERT_EQUAL_FATAL(run_dir_open(&d, t.path, 0, "3f9a", why, sizeof why), 0);
    CU_ASSERT_FALSE(d.created);
    run_dir_close(&d);
    temporary_remove(&t);
}

static void a_used_directory_is_refused_and_untouched(void) {
    for (size_t i = 0; run_dir_files[i] != NULL; i++) {
        struct temporary t = temporary_make();
        char path[256];
        struct run_dir d;
        FILE *f = fopen(temporary_path(&t, run_dir_files[i], path, sizeof path), "we");
        fputs("old", f);
        fclose(f);
        CU_ASSERT_EQUAL(run_dir_open(&d, t.path, 0, "3f9a", why, sizeof why), ERR_EXISTS);
        CU_ASSERT_PTR_NOT_NULL(strstr(why, run_dir_files[i]));
        size_t size;
        char *kept = temporary_read(&t, run_dir_files[i], &size);
        CU_ASSERT_STRING_EQUAL(kept, "old");
        free(kept);
        temporary_remove(&t);
    }
}

static void a_part_of_a_log_that_was_left_is_not_adopted(void) {
    struct temporary t = temporary_make();
    struct run_dir d;
    char path[PATH_MAX];
    fclose(fopen(temporary_path(&t, "events.1.ndjson", path, sizeof path), "we"));
    CU_ASSERT_EQUAL(run_dir_open(&d, t.path, 0, "3f9a", why, sizeof why), ERR_EXISTS);
    CU_ASSERT_FALSE(temporary_has(&t, "events.ndjson"));
    temporary_remove(&t);
}

static void evidence_that_was_left_is_not_added_to(void) {
    struct temporary t = temporary_make();
    char path[256];
    struct run_dir d;
    CU_ASSERT_EQUAL(mkdir(temporary_path(&t, "evidence", path, sizeof path), 0700), 0);
    CU_ASSERT_EQUAL(run_dir_open(&d, t.path, 0, "3f9a", why, sizeof why), ERR_EXISTS);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "evidence"));
    temporary_remove(&t);
}

static void of_two_runs_the_second_is_refused(void) {
    struct temporary t = temporary_make();
    struct run_dir first, second;
    CU_ASSERT_EQUAL(run_dir_open(&first, t.path, 0, "3f9a", why, sizeof why), 0);
    CU_ASSERT_EQUAL(run_dir_open(&second, t.path, 0, "3f9a", why, sizeof why), ERR_EXISTS);
    run_dir_close(&first);
    temporary_remove(&t);
}

static void without_a_name_the_directory_says_when_and_who(void) {
    struct temporary t = temporary_make();
    char before[PATH_MAX];
    CU_ASSERT_PTR_NOT_NULL_FATAL(getcwd(before, sizeof before));
    CU_ASSERT_EQUAL_FATAL(chdir(t.path), 0);
    struct run_dir a, b;
    int64_t at = 1795336200 * INT64_C(1000000000);
    CU_ASSERT_EQUAL(run_dir_open(&a, NULL, at, "3f9a", why, sizeof why), 0);
    CU_ASSERT_EQUAL(run_dir_open(&b, NULL, at, "3f9a", why, sizeof why), 0);
    CU_ASSERT_STRING_EQUAL(a.path, "run-20261122T083000Z-3f9a");
    CU_ASSERT_STRING_EQUAL(b.path, "run-20261122T083001Z-3f9a");
    run_dir_close(&a);
    run_dir_close(&b);
    CU_ASSERT_EQUAL(chdir(before), 0);
    temporary_remove(&t);
}

static void a_document_replaces_the_one_before_and_leaves_nothing_else(void) {
    struct temporary t = temporary_make();
    struct run_dir d;
    size_t size;
    CU_ASSERT_EQUAL_FATAL(run_dir_open(&d, t.path, 0, "3f9a", why, sizeof why), 0);
    CU_ASSERT_EQUAL(run_dir_write(&d, "manifest.json", "first", 5), 0);
    CU_ASSERT_EQUAL(run_dir_write(&d, "manifest.json", "second", 6), 0);
    char *text = temporary_read(&t, "manifest.json", &size);
    CU_ASSERT_STRING_EQUAL(text, "second");
    CU_ASSERT_FALSE(temporary_has(&t, ".manifest.json.tmp"));
    free(text);
    run_dir_close(&d);
    temporary_remove(&t);
}

/* In a process whose files may have 4 bytes: a full disk, as far as the writer can see. */
static void a_document_that_cannot_be_written_leaves_the_old_one(void) {
    struct temporary t = temporary_make();
    struct run_dir d;
    CU_ASSERT_EQUAL_FATAL(run_dir_open(&d, t.path, 0, "3f9a", why, sizeof why), 0);
    CU_ASSERT_EQUAL(run_dir_write(&d, "summary.md", "old", 3), 0);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){4, 4});
        _exit(run_dir_write(&d, "summary.md", "much longer", 11) == ERR_IO ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    size_t size;
    char *text = temporary_read(&t, "summary.md", &size);
    CU_ASSERT_STRING_EQUAL(text, "old");
    CU_ASSERT_FALSE(temporary_has(&t, ".summary.md.tmp"));
    free(text);
    run_dir_close(&d);
    temporary_remove(&t);
}

static void logs_are_appended_to_and_made_once(void) {
    struct temporary t = temporary_make();
    struct run_dir d;
    CU_ASSERT_EQUAL_FATAL(run_dir_open(&d, t.path, 0, "3f9a", why, sizeof why), 0);
    int events = run_dir_create_log(&d, "events.ndjson"), series = run_dir_create_log(&d, "series.csv");
    CU_ASSERT_TRUE(events >= 0 && series >= 0);
    CU_ASSERT_TRUE((fcntl(events, F_GETFL) & O_APPEND) != 0);
    CU_ASSERT_EQUAL(run_dir_create_log(&d, "series.csv"), ERR_EXISTS);
    close(events);
    close(series);
    run_dir_close(&d);
    temporary_remove(&t);
}

static void a_discarded_run_leaves_nothing_that_it_made(void) {
    struct temporary t = temporary_make();
    char path[256];
    struct run_dir d;
    CU_ASSERT_EQUAL_FATAL(run_dir_open(&d, temporary_path(&t, "new", path, sizeof path), 0, "3f9a", why, sizeof why),
                          0);
    CU_ASSERT_EQUAL(run_dir_write(&d, "manifest.json", "x", 1), 0);
    run_dir_discard(&d);
    CU_ASSERT_FALSE(temporary_has(&t, "new"));
    FILE *f = fopen(temporary_path(&t, "mine.txt", path, sizeof path), "we");
    fclose(f);
    CU_ASSERT_EQUAL_FATAL(run_dir_open(&d, t.path, 0, "3f9a", why, sizeof why), 0);
    run_dir_discard(&d);
    CU_ASSERT_TRUE(temporary_has(&t, "mine.txt"));
    CU_ASSERT_FALSE(temporary_has(&t, "events.ndjson"));
    temporary_remove(&t);
}

static void copies_go_where_they_are_asked_for(void) {
    struct temporary t = temporary_make();
    char path[256];
    size_t size;
    CU_ASSERT_EQUAL(run_dir_write_path(temporary_path(&t, "ci/deep/x.xml", path, sizeof path), "<a/>", 4), 0);
    char *text = temporary_read(&t, "ci/deep/x.xml", &size);
    CU_ASSERT_STRING_EQUAL(text, "<a/>");
    free(text);
    CU_ASSERT_EQUAL(run_dir_write_path(temporary_path(&t, "ci/deep/x.xml/y", path, sizeof path), "", 0), ERR_IO);
    temporary_remove(&t);
}

static void what_is_no_directory_is_refused_with_its_name(void) {
    struct temporary t = temporary_make();
    char path[256];
    struct run_dir d;
    FILE *f = fopen(temporary_path(&t, "file", path, sizeof path), "we");
    fclose(f);
    CU_ASSERT_EQUAL(run_dir_open(&d, path, 0, "3f9a", why, sizeof why), ERR_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, path));
    CU_ASSERT_EQUAL(run_dir_open(&d, "", 0, "3f9a", why, sizeof why), ERR_IO);
    temporary_remove(&t);
}

HARNESS_MAIN("report/run_dir", HARNESS_CASE(a_missing_directory_is_made_with_its_parents),
             HARNESS_CASE(an_empty_directory_may_be_given), HARNESS_CASE(a_used_directory_is_refused_and_untouched),
             HARNESS_CASE(a_part_of_a_log_that_was_left_is_not_adopted),
             HARNESS_CASE(evidence_that_was_left_is_not_added_to), HARNESS_CASE(of_two_runs_the_second_is_refused),
             HARNESS_CASE(without_a_name_the_directory_says_when_and_who),
             HARNESS_CASE(a_document_replaces_the_one_before_and_leaves_nothing_else),
             HARNESS_CASE(a_document_that_cannot_be_written_leaves_the_old_one),
             HARNESS_CASE(logs_are_appended_to_and_made_once),
             HARNESS_CASE(a_discarded_run_leaves_nothing_that_it_made),
             HARNESS_CASE(copies_go_where_they_are_asked_for),
             HARNESS_CASE(what_is_no_directory_is_refused_with_its_name))
