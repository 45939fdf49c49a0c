#include "fleet/trial.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"
#include "harness.h"
#include "scratch.h"

static char *errors; /* where the programs' stderr goes */
static char why[200];
static int signal_number;

/* What a shell does with that line. */
static int shell(const char *line) {
    const char *argv[] = {"sh", "-c", line, NULL};
    signal_number = 0;
    why[0] = '\0';
    return trial_run("/bin/sh", argv, errors, &signal_number, why, sizeof why);
}

static void the_exit_code_is_the_program_s(void) {
    CU_ASSERT_EQUAL(shell("exit 0"), 0);
    CU_ASSERT_EQUAL(shell("exit 10"), 10);
    CU_ASSERT_EQUAL(shell("kill -KILL $$"), 137);
    CU_ASSERT_EQUAL(signal_number, 0);
}

static void what_it_says_on_stderr_is_kept_and_stdin_is_empty(void) {
    char text[100] = "";
    CU_ASSERT_EQUAL(shell("cat; echo out; echo err >&2"), 0);
    FILE *f = fopen(errors, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    CU_ASSERT_EQUAL(fread(text, 1, sizeof text - 1, f), 4);
    fclose(f);
    CU_ASSERT_STRING_EQUAL(text, "err\n");
}

static void what_cannot_be_started_or_written_says_so(void) {
    const char *argv[] = {"x", NULL};
    CU_ASSERT_EQUAL(trial_run("/nonexistent", argv, errors, &signal_number, why, sizeof why), 127);
    CU_ASSERT_EQUAL(trial_run("/bin/true", argv, "/nonexistent/errors", &signal_number, why, sizeof why), ERR_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "/nonexistent/errors"));
}

static void a_signal_is_passed_on_and_reported(void) {
    /* the shell itself tells us that it listens, by sending us the signal */
    CU_ASSERT_EQUAL(shell("trap 'exit 5' TERM; kill -TERM $PPID; while :; do sleep 0.01; done"), 5);
    CU_ASSERT_EQUAL(signal_number, SIGTERM);
}

static void a_run_s_signals_are_not_held(void) {
    CU_ASSERT_EQUAL(shell("kill -TERM $$; sleep 5; exit 1"), 128 + SIGTERM);
}

static void a_pause_lasts_or_is_ended_by_a_signal(void) {
    signal_number = 0;
    CU_ASSERT_TRUE(trial_pause(SPAN_MS, &signal_number));
    CU_ASSERT_EQUAL(signal_number, 0);
    pthread_kill(pthread_self(), SIGINT); /* held, so it waits for whoever asks */
    CU_ASSERT_FALSE(trial_pause(600 * SPAN_S, &signal_number));
    CU_ASSERT_EQUAL(signal_number, SIGINT);
}

int main(void) {
    static const struct harness_case cases[] = {HARNESS_CASE(the_exit_code_is_the_program_s),
                                                HARNESS_CASE(what_it_says_on_stderr_is_kept_and_stdin_is_empty),
                                                HARNESS_CASE(what_cannot_be_started_or_written_says_so),
                                                HARNESS_CASE(a_signal_is_passed_on_and_reported),
                                                HARNESS_CASE(a_run_s_signals_are_not_held),
                                                HARNESS_CASE(a_pause_lasts_or_is_ended_by_a_signal)};
    char *directory = scratch_new();
    errors = text_format("%s/errors", directory);
    trial_hold_signals();
    int status = harness_run("fleet/trial", cases, sizeof cases / sizeof cases[0]);
    free(errors);
    scratch_remove(directory);
    return status;
}
