#include "base/check.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness.h"

static void a_failed_check_says_what_and_where_and_aborts(void) {
    int ends[2];
    CU_ASSERT_FATAL(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        CHECK(1 + 1 == 3);
        _exit(0);
    }
    close(ends[1]);
    char said[256] = "";
    CU_ASSERT(read(ends[0], said, sizeof said - 1) > 0);
    close(ends[0]);
    int status = 0;
    CU_ASSERT(waitpid(child, &status, 0) == child);
    CU_ASSERT(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "1 + 1 == 3"));
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "test_check.c:"));
}

static void a_check_that_holds_evaluates_its_expression_once(void) {
    int count = 0;
    CHECK(++count == 1);
    CU_ASSERT_EQUAL(count, 1);
}

HARNESS_MAIN("base/check", HARNESS_CASE(a_failed_check_says_what_and_where_and_aborts),
             HARNESS_CASE(a_check_that_holds_evaluates_its_expression_once))
