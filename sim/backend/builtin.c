#include "backend/builtin.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"

enum { ARGUMENTS_MAX = 64, START_PATIENCE_MS = 10000, STOP_PATIENCE_MS = 5000, REPORT_MAX = 64 * 1024 };

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* In the child, between fork and exec: only what may be called there. */
_Noreturn static void become(const char *program, char *const *argv, int report_fd, pid_t parent) {
    /* A process group of its own: Ctrl-C is for the fleet, which still wants to disconnect politely from us. */
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    int in = open("/dev/null", O_RDONLY);
    if (getppid() == parent && in >= 0 && dup2(in, STDIN_FILENO) >= 0 && dup2(report_fd, STDOUT_FILENO) >= 0)
        execv(program, argv);
    _exit(127);
}

/* Reads "PORT\n"; 0 when the child ended or said something else. */
static unsigned read_port(int fd) {
    char text[16] = "";
    size_t size = 0;
    int64_t end = now_ms() + START_PATIENCE_MS;
    while (size < sizeof text - 1 && memchr(text, '\n', size) == NULL) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int64_t left = end - now_ms();
        if (left <= 0 || (poll(&p, 1, (int)left) < 0 && errno != EINTR))
            return 0;
        ssize_t n = read(fd, text + size, sizeof text - 1 - size);
        if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
            return 0;
        size += n > 0 ? (size_t)n : 0;
    }
    text[size] = '\0';
    unsigned long port = strtoul(text, NULL, 10);
    return port > 0 && port <= 65535 ? (unsigned)port : 0;
}

static int fork_child(struct builtin *b, const char *program, char *const *argv, const int *ready, const int *report) {
    pid_t parent = getpid();
    b->pid = fork();
    if (b->pid == 0)
        become(program, argv, report[1], parent);
    close(ready[1]);
    close(report[1]);
    b->report_fd = report[0];
    if (b->pid > 0)
        return 0;
    *b = BUILTIN_NONE;
    close(report[0]);
    return ERR_IO;
}

int builtin_start_with(struct builtin *b, const char *program, const char *const *arguments, struct address *address,
                       char *why, size_t why_size) {
    static const char *const fixed[] = {"muster", "backend", "--listen", "127.0.0.1:0", "--quiet", "--ready-fd"};
    char number[16];
    const char *argv[ARGUMENTS_MAX + 8];
    size_t argc = 0;
    int ready[2], report[2];
    *b = BUILTIN_NONE;
    /* The child keeps the writing end of `ready` open across exec, and finds the rest closed. */
    if (pipe(ready) < 0 || fcntl(ready[0], F_SETFD, FD_CLOEXEC) < 0 || pipe2(report, O_CLOEXEC) < 0) {
        snprintf(why, why_size, "cannot start the built-in broker: %s", strerror(errno));
        return ERR_IO;
    }
    snprintf(number, sizeof number, "%d", ready[1]);
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        argv[argc++] = fixed[i];
    argv[argc++] = number;
    for (size_t i = 0; arguments != NULL && arguments[i] != NULL && i < ARGUMENTS_MAX; i++)
        argv[argc++] = arguments[i];
    argv[argc] = NULL;
    int result = fork_child(b, program != NULL ? program : "/proc/self/exe", (char *const *)argv, ready, report);
    unsigned port = result == 0 ? read_port(ready[0]) : 0;
    close(ready[0]);
    if (result < 0) {
        snprintf(why, why_size, "cannot start the built-in broker: %s", strerror(errno));
        return result;
    }
    if (port == 0) {
        builtin_stop(b);
        snprintf(why, why_size, "the built-in broker did not start; what it said stands above");
        return ERR_UNREACHABLE;
    }
    return address_parse("127.0.0.1", (uint16_t)port, address);
}

int builtin_start(struct builtin *b, struct address *address, char *why, size_t why_size) {
    return builtin_start_with(b, NULL, NULL, address, why, why_size);
}

/* Takes what the child writes until it ends; one that neither writes nor ends is killed. */
static void collect(const struct builtin *b, struct text *report) {
    char block[4096];
    size_t taken = 0;
    int64_t end = now_ms() + STOP_PATIENCE_MS;
    for (;;) {
        struct pollfd p = {.fd = b->report_fd, .events = POLLIN};
        int64_t left = end - now_ms();
        if (left <= 0) {
            kill(b->pid, SIGKILL);
            return;
        }
        if (poll(&p, 1, (int)left) <= 0)
            continue;
        ssize_t n = read(b->report_fd, block, sizeof block);
        if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
            return;
        if (n > 0 && report != NULL && taken + (size_t)n <= REPORT_MAX) {
            text_append_n(report, block, (size_t)n);
            taken += (size_t)n;
        }
    }
}

/* The end of the pipe is no end of the process: it may hang behind it. */
static void reap(pid_t pid) {
    int64_t end = now_ms() + STOP_PATIENCE_MS;
    int status;
    for (;;) {
        pid_t done = waitpid(pid, &status, WNOHANG);
        if (done == pid || (done < 0 && errno != EINTR))
            return;
        if (now_ms() >= end)
            kill(pid, SIGKILL);
        poll(NULL, 0, 2);
    }
}

void builtin_stop_with_report(struct builtin *b, struct text *report) {
    if (b->pid <= 0)
        return;
    kill(b->pid, SIGTERM);
    collect(b, report);
    reap(b->pid);
    close(b->report_fd);
    *b = BUILTIN_NONE;
}

void builtin_stop(struct builtin *b) {
    builtin_stop_with_report(b, NULL);
}
