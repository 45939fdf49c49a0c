#include "cli/interrupt.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness.h"

static void the_first_signal_is_counted_and_its_echo_is_not(void) {
    const struct interrupts *seen = interrupt_catch();
    CU_ASSERT_EQUAL(seen->count, 0);
    raise(SIGTERM);
    CU_ASSERT_EQUAL(seen->count, 1);
    CU_ASSERT_EQUAL(seen->number, SIGTERM);
    raise(SIGINT); /* at the same moment: timeout(1) tells the process, then its group */
    CU_ASSERT_EQUAL(seen->count, 1);
}

static void a_second_one_ends_the_program(void) {
    pid_t child = fork();
    if (child == 0) {
        interrupt_catch();
        raise(SIGINT);
        nanosleep(&(struct timespec){.tv_nsec = 400 * 1000 * 1000}, NULL);
        raise(SIGINT);
        _exit(0);
    }
    int status;
    CU_ASSERT_EQUAL_FATAL(waitpid(child, &status, 0), child);
    CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 128 + SIGINT);
}

/* The fork comes first: what the parent has counted by then is the child's as well. */
HARNESS_MAIN("cli/interrupt", HARNESS_CASE(a_second_one_ends_the_program),
             HARNESS_CASE(the_first_signal_is_counted_and_its_echo_is_not))
