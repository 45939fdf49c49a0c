#include "device/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "harness.h"

static struct template_token naming(const char *name) {
    return (struct template_token){.kind = TEMPLATE_SECRET, .text = bytes_of_text(name)};
}

static int load(struct secret_table *table, const char *name, char *why, size_t why_size) {
    struct template_token tokens[] = {{.kind = TEMPLATE_LITERAL, .text = bytes_of_text("x")}, naming(name)};
    struct template t = {.tokens = tokens, .count = 2};
    return secret_table_load(table, &t, why, why_size);
}

static bool holds(const struct secret_table *table, const char *name, const char *value) {
    return bytes_equal(secret_value(table, bytes_of_text(name)), bytes_of_text(value));
}

/* A file with that content and mode, named by MUSTER_SECRET_T_FILE; it is gone once the test has ended. */
static void give_file(const char *content, size_t size, mode_t mode) {
    char path[64];
    int fd = memfd_create("secret", MFD_CLOEXEC);
    CU_ASSERT_FATAL(fd >= 0);
    CU_ASSERT_EQUAL(write(fd, content, size), (ssize_t)size);
    CU_ASSERT_EQUAL(fchmod(fd, mode), 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    setenv("MUSTER_SECRET_T_FILE", path, 1);
}

static void a_secret_comes_from_the_environment(void) {
    struct secret_table table = {0};
    char why[200] = "";
    setenv("MUSTER_SECRET_KEY_1", "k\xff", 1);
    CU_ASSERT_EQUAL(load(&table, "KEY_1", why, sizeof why), 0);
    CU_ASSERT_EQUAL(load(&table, "KEY_1", why, sizeof why), 0);
    CU_ASSERT_EQUAL(table.count, 1);
    CU_ASSERT(holds(&table, "KEY_1", "k\xff"));
    CU_ASSERT_PTR_NULL(secret_value(&table, bytes_of_text("KEY_")).data);
    CU_ASSERT_PTR_NULL(secret_value(NULL, bytes_of_text("KEY_1")).data);
    secret_table_free(&table);
    CU_ASSERT_PTR_NULL(secret_value(&table, bytes_of_text("KEY_1")).data);
}

static void a_secret_comes_from_a_private_file_without_its_line_end(void) {
    static const char *const contents[] = {"s3cret", "s3cret\n", "s3cret\r\n"};
    for (size_t i = 0; i < 3; i++) {
        struct secret_table table = {0};
        char why[200] = "";
        give_file(contents[i], strlen(contents[i]), i == 0 ? 0400 : 0600);
        CU_ASSERT_EQUAL(load(&table, "T", why, sizeof why), 0);
        CU_ASSERT(holds(&table, "T", "s3cret"));
        secret_table_free(&table);
    }
}

static void a_file_that_others_may_use_is_refused(void) {
    static const mode_t modes[] = {0640, 0604, 0620, 0602, 0610, 0601};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        struct secret_table table = {0};
        char why[200] = "";
        give_file("s3cret", 6, modes[i]);
        CU_ASSERT_EQUAL(load(&table, "T", why, sizeof why), ERR_DENIED);
        CU_ASSERT_PTR_NOT_NULL(strstr(why, "chmod 600"));
        CU_ASSERT_PTR_NULL(strstr(why, "s3cret"));
        CU_ASSERT_EQUAL(table.count, 0);
    }
}

static void what_is_no_file_is_refused(void) {
    struct secret_table table = {0};
    char why[200] = "";
    setenv("MUSTER_SECRET_T_FILE", "/", 1);
    CU_ASSERT_EQUAL(load(&table, "T", why, sizeof why), ERR_IO);
    setenv("MUSTER_SECRET_T_FILE", "/dev/zero", 1);
    CU_ASSERT_EQUAL(load(&table, "T", why, sizeof why), ERR_IO);
    setenv("MUSTER_SECRET_T_FILE", "/nonexistent/secret", 1);
    CU_ASSERT_EQUAL(load(&table, "T", why, sizeof why), ERR_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "/nonexistent/secret"));
}

static void a_missing_secret_says_how_to_give_it(void) {
    struct secret_table table = {0};
    char why[300] = "";
    CU_ASSERT_EQUAL(load(&table, "NOT_THERE", why, sizeof why), ERR_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "MUSTER_SECRET_NOT_THERE"));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "MUSTER_SECRET_NOT_THERE_FILE"));
}

static void empty_and_oversized_values_are_refused(void) {
    struct secret_table table = {0};
    char why[200] = "";
    static char large[SECRET_BYTES_MAX + 100];
    memset(large, 'a', sizeof large);
    give_file("\n", 1, 0600);
    CU_ASSERT_EQUAL(load(&table, "T", why, sizeof why), ERR_INVALID);
    give_file(large, sizeof large, 0600);
    CU_ASSERT_EQUAL(load(&table, "T", why, sizeof why), ERR_TOO_BIG);
    give_file(large, SECRET_BYTES_MAX + 1, 0600);
    CU_ASSERT_EQUAL(load(&table, "T", why, sizeof why), ERR_TOO_BIG);
    give_file(large, SECRET_BYTES_MAX, 0600);
    CU_ASSERT_EQUAL(load(&table, "T", why, sizeof why), 0);
    secret_table_free(&table);
    setenv("MUSTER_SECRET_EMPTY", "", 1);
    CU_ASSERT_EQUAL(load(&table, "EMPTY", why, sizeof why), ERR_INVALID);
}

static void names_that_no_variable_has_are_refused(void) {
    static const char *const names[] = {
        "", "A=B", "a b", "\xc3\xa9", "A-B", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"};
    struct secret_table table = {0};
    char why[200] = "";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        CU_ASSERT_EQUAL(load(&table, names[i], why, sizeof why), ERR_INVALID);
}

static void the_table_holds_a_named_number_of_secrets(void) {
    struct secret_table table = {0};
    char why[200] = "", name[24], variable[48];
    for (int i = 0; i <= SECRETS_MAX; i++) {
        snprintf(name, sizeof name, "N%d", i);
        snprintf(variable, sizeof variable, "MUSTER_SECRET_%s", name);
        setenv(variable, name, 1);
        CU_ASSERT_EQUAL(load(&table, name, why, sizeof why), i < SECRETS_MAX ? 0 : ERR_TOO_BIG);
    }
    CU_ASSERT(holds(&table, "N63", "N63"));
    secret_table_free(&table);
}

HARNESS_MAIN("secret", HARNESS_CASE(a_secret_comes_from_the_environment),
             HARNESS_CASE(a_secret_comes_from_a_private_file_without_its_line_end),
             HARNESS_CASE(a_file_that_others_may_use_is_refused), HARNESS_CASE(what_is_no_file_is_refused),
             HARNESS_CASE(a_missing_secret_says_how_to_give_it), HARNESS_CASE(empty_and_oversized_values_are_refused),
             HARNESS_CASE(names_that_no_variable_has_are_refused),
             HARNESS_CASE(the_table_holds_a_named_number_of_secrets))
