#include "fleet/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "loop/loop.h"

enum { SIGNAL_EXIT_BASE = 128 /* what shells make of a signal */, CANNOT_START = 127 };

static sigset_t held(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGCHLD);
    return set;
}

void trial_hold_signals(void) {
    sigset_t set = held();
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* In the child, between fork and exec: only what may be called there. It stays in our process group, so that Ctrl-C at a terminal
 * reaches it as it reaches us; a second delivery from us counts as the same request there. */
_Noreturn static void become(const char *program, char *const *argv, int errors, pid_t parent) {
    sigset_t none;
    sigemptyset(&none);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int null = open("/dev/null", O_RDWR);
    if (getppid() == parent && null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(null, STDOUT_FILENO) >= 0 &&
        dup2(errors, STDERR_FILENO) >= 0)
        execv(program, argv);
    _exit(CANNOT_START);
}

/* Waits for a signal, at most that long (negative: for ever). 0: the time has passed. */
static int wait_signal(span length) {
    sigset_t set = held();
    struct timespec time = {length / SPAN_S, length % SPAN_S};
    int number = length < 0 ? sigwaitinfo(&set, NULL) : sigtimedwait(&set, NULL, &time);
    return number > 0 ? number : errno == EAGAIN ? 0 : SIGCHLD; /* EINTR: look again */
}

static int wait_child(pid_t pid, int *signal_number) {
    for (;;) {
        int status;
        pid_t done = waitpid(pid, &status, WNOHANG);
        if (done == pid)
            return WIFEXITED(status) ? WEXITSTATUS(status) : SIGNAL_EXIT_BASE + WTERMSIG(status);
        if (done < 0 && errno != EINTR)
            return ERR_IO;
        int number = wait_signal(-1);
        if (number == SIGINT || number == SIGTERM) {
            *signal_number = number;
            kill(pid, number);
        }
    }
}

int trial_run(const char *program, const char *const *argv, const char *errors, int *signal_number, char *why,
              size_t why_size) {
    trial_hold_signals(); /* SIGCHLD must not be lost between fork and wait */
    int fd = open(errors, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) {
        snprintf(why, why_size, "cannot write %s: %s", errors, strerror(errno));
        return ERR_IO;
    }
    pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        become(program == NULL ? "/proc/self/exe" : program, (char *const *)(uintptr_t)argv, fd, parent);
    int code = pid < 0 ? ERR_IO : wait_child(pid, signal_number);
    if (code < 0)
        snprintf(why, why_size, "cannot start a run: %s", strerror(errno));
    close(fd);
    return code;
}

bool trial_pause(span length, int *signal_number) {
    int64_t end = loop_clock_monotonic() + length;
    for (span left = length; left > 0; left = end - loop_clock_monotonic()) {
        int number = wait_signal(left);
        if (number == SIGINT || number == SIGTERM) {
            *signal_number = number;
            return false;
        }
    }
    return true;
}
