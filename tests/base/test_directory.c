#include "base/directory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "harness.h"

static void put(const char *directory, const char *name) {
    char *path = text_format("%s/%s", directory, name);
    FILE *f = fopen(path, "w");
    CU_ASSERT_FATAL(f != NULL && fclose(f) == 0);
    free(path);
}

static void each_is_a_place_of_its_own_for_its_owner_alone(void) {
    char *a = directory_temporary("test"), *b = directory_temporary("test");
    struct stat status;
    CU_ASSERT_FATAL(a != NULL && b != NULL);
    CU_ASSERT_STRING_NOT_EQUAL(a, b);
    CU_ASSERT_PTR_NOT_NULL(strstr(a, "/muster-test-"));
    CU_ASSERT_FATAL(stat(a, &status) == 0 && S_ISDIR(status.st_mode));
    CU_ASSERT_EQUAL(status.st_mode & 0777, 0700);
    directory_remove(a);
    directory_remove(b);
    CU_ASSERT_EQUAL(access(a, F_OK), -1);
    free(a);
    free(b);
}

static void what_is_in_it_goes_too_but_nothing_that_a_link_leads_to(void) {
    char *kept = directory_temporary("test"), *gone = directory_temporary("test");
    char *inner = text_format("%s/inner", gone), *link = text_format("%s/link", inner);
    char *file = text_format("%s/file", kept);
    CU_ASSERT_EQUAL_FATAL(mkdir(inner, 0700), 0);
    put(kept, "file");
    put(gone, "outer");
    CU_ASSERT_EQUAL_FATAL(symlink(kept, link), 0);
    directory_remove(gone);
    CU_ASSERT_EQUAL(access(gone, F_OK), -1);
    CU_ASSERT_EQUAL(access(file, F_OK), 0);
    directory_remove(kept);
    CU_ASSERT_EQUAL(access(kept, F_OK), -1);
    free(kept);
    free(gone);
    free(inner);
    free(link);
    free(file);
}

static void the_environment_says_where_and_a_place_that_is_missing_is_an_error(void) {
    char *outer = directory_temporary("test");
    CU_ASSERT_EQUAL(setenv("TMPDIR", outer, 1), 0);
    char *inner = directory_temporary("test");
    CU_ASSERT_PTR_NOT_NULL_FATAL(inner);
    CU_ASSERT_EQUAL(strncmp(inner, outer, strlen(outer)), 0);
    free(inner);
    directory_remove(outer);
    CU_ASSERT_PTR_NULL(directory_temporary("test"));
    CU_ASSERT_EQUAL(errno, ENOENT);
    CU_ASSERT_EQUAL(setenv("TMPDIR", "relative", 1), 0);
    inner = directory_temporary("test");
    CU_ASSERT_EQUAL_FATAL(strncmp(inner, "/tmp/", 5), 0);
    directory_remove(inner);
    free(inner);
    free(outer);
    unsetenv("TMPDIR");
}

HARNESS_MAIN("base/directory", HARNESS_CASE(each_is_a_place_of_its_own_for_its_owner_alone),
             HARNESS_CASE(what_is_in_it_goes_too_but_nothing_that_a_link_leads_to),
             HARNESS_CASE(the_environment_says_where_and_a_place_that_is_missing_is_an_error))
