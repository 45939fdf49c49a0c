#include "report/evidence_gather.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "harness.h"
#include "report/temporary.h"

static struct temporary t;
static char path[256];
static int sum;

static void put(const char *name, const char *content) {
    FILE *f = fopen(temporary_path(&t, name, path, sizeof path), "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fputs(content, f);
    fclose(f);
}

static void begin(void) {
    t = temporary_make();
    static const char *const directories[] = {"a", "a/evidence", "b", "b/evidence", "sum"};
    for (unsigned i = 0; i < sizeof directories / sizeof directories[0]; i++)
        CU_ASSERT_EQUAL(mkdir(temporary_path(&t, directories[i], path, sizeof path), 0700), 0);
    sum = open(temporary_path(&t, "sum", path, sizeof path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void end(void) {
    close(sum);
    temporary_remove(&t);
}

static void expect(const char *name, const char *content) {
    size_t size;
    char *data = temporary_read(&t, name, &size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(data);
    CU_ASSERT_STRING_EQUAL(data, content);
    free(data);
}

static int gather(const char *name) {
    return evidence_gather(temporary_path(&t, name, path, sizeof path), sum);
}

static void files_of_all_shards_come_together(void) {
    begin();
    put("a/evidence/meters-0.pcapng", "zero");
    put("a/evidence/others-shard1.pcapng", "others of 1");
    put("b/evidence/meters-1.pcapng", "one");
    CU_ASSERT_EQUAL(gather("a"), 0);
    CU_ASSERT_EQUAL(gather("b"), 0);
    CU_ASSERT_EQUAL(gather("b"), 0);
    expect("sum/evidence/meters-0.pcapng", "zero");
    expect("sum/evidence/others-shard1.pcapng", "others of 1");
    expect("sum/evidence/meters-1.pcapng", "one");
    end();
}

static void without_evidence_there_is_no_directory(void) {
    begin();
    CU_ASSERT_EQUAL(gather("a"), 0);
    CU_ASSERT_EQUAL(gather("nowhere"), 0);
    CU_ASSERT_FALSE(temporary_has(&t, "sum/evidence"));
    end();
}

static void what_is_no_evidence_stays_where_it_is(void) {
    begin();
    put("a/secret", "of somebody");
    put("a/evidence/notes.txt", "text");
    put("a/evidence/.pcapng", "no name");
    char target[256];
    CU_ASSERT_EQUAL(symlink(temporary_path(&t, "a/secret", target, sizeof target),
                            temporary_path(&t, "a/evidence/link.pcapng", path, sizeof path)),
                    0);
    CU_ASSERT_EQUAL(mkdir(temporary_path(&t, "a/evidence/directory.pcapng", path, sizeof path), 0700), 0);
    CU_ASSERT_EQUAL(gather("a"), 0);
    CU_ASSERT_FALSE(temporary_has(&t, "sum/evidence"));
    end();
}

static void a_target_that_cannot_be_made_is_an_error(void) {
    begin();
    put("a/evidence/meters-0.pcapng", "zero");
    put("sum/evidence", "a file in its place");
    CU_ASSERT_EQUAL(gather("a"), ERR_IO);
    expect("sum/evidence", "a file in its place");
    end();
}

HARNESS_MAIN("evidence_gather", HARNESS_CASE(files_of_all_shards_come_together),
             HARNESS_CASE(without_evidence_there_is_no_directory), HARNESS_CASE(what_is_no_evidence_stays_where_it_is),
             HARNESS_CASE(a_target_that_cannot_be_made_is_an_error))
