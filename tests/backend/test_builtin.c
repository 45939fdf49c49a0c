#include "backend/builtin.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/broker_server.h"
#include "base/err.h"
#include "harness.h"

/* This program is its own child: with "backend" as first argument it serves like `muster backend`. */
static int serve(int argc, char **argv) {
    struct broker_server_options o;
    char why[256] = "";
    broker_server_options_default(&o);
    for (int i = 2; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "--quiet") == 0) {
            o.quiet = true;
            continue;
        }
        int result = strcmp(argv[i], "--listen") == 0     ? address_parse(value, 0, &o.listen)
                     : strcmp(argv[i], "--ready-fd") == 0 ? sscanf(value, "%d", &o.ready_fd) - 1
                                                          : broker_server_set(&o, value, why, sizeof why);
        if (result != 0)
            return 2;
        i++;
    }
    o.report_fd = STDOUT_FILENO;
    return broker_server_run(&o, why, sizeof why) == 0 ? 0 : 4;
}

static int dial(const struct address *a) {
    int fd = socket(a->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, &a->any, address_size(a)) == 0)
        return fd;
    close(fd);
    return -1;
}

static void it_starts_listens_and_stops(void) {
    struct builtin b = BUILTIN_NONE;
    struct address address;
    struct text report = {0};
    char why[256] = "";
    CU_ASSERT_EQUAL_FATAL(builtin_start(&b, &address, why, sizeof why), 0);
    CU_ASSERT_TRUE(b.pid > 0);
    CU_ASSERT_TRUE(address_is_loopback(&address));
    int fd = dial(&address);
    CU_ASSERT_TRUE(fd >= 0);
    close(fd);
    pid_t pid = b.pid;
    builtin_stop_with_report(&b, &report);
    CU_ASSERT_EQUAL(b.pid, 0);
    CU_ASSERT_EQUAL(kill(pid, 0), -1); /* reaped */
    CU_ASSERT_EQUAL(dial(&address), -1);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&report), "\"opened\":"));
    text_free(&report);
    builtin_stop(&b);
}

static void arguments_reach_it(void) {
    struct builtin b;
    struct address address;
    struct text report = {0};
    char why[256] = "";
    const char *const arguments[] = {"--misbehave", "drop=7", NULL};
    CU_ASSERT_EQUAL_FATAL(builtin_start_with(&b, NULL, arguments, &address, why, sizeof why), 0);
    builtin_stop_with_report(&b, &report);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&report), "\"drop\":{\"value\":\"7\",\"count\":0}"));
    text_free(&report);
}

static void one_that_does_not_start_is_told(void) {
    struct builtin b;
    struct address address;
    char why[256] = "";
    const char *const arguments[] = {"--misbehave", "no_such_thing", NULL};
    CU_ASSERT_EQUAL(builtin_start_with(&b, NULL, arguments, &address, why, sizeof why), ERR_UNREACHABLE);
    CU_ASSERT_TRUE(strlen(why) > 5);
    CU_ASSERT_EQUAL(b.pid, 0);
    CU_ASSERT_EQUAL(builtin_start_with(&b, "/nonexistent", NULL, &address, why, sizeof why), ERR_UNREACHABLE);
    CU_ASSERT_EQUAL(b.pid, 0);
    CU_ASSERT_TRUE(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
}

static void it_ends_with_its_parent(void) {
    int to_us[2];
    CU_ASSERT_EQUAL_FATAL(pipe(to_us), 0);
    fflush(stdout);
    pid_t middle = fork();
    if (middle == 0) {
        struct builtin b;
        struct address address;
        char why[256] = "";
        bool started = builtin_start(&b, &address, why, sizeof why) == 0;
        bool told = write(to_us[1], &address, sizeof address) == sizeof address;
        _exit(started && told ? 0 : 1); /* without builtin_stop */
    }
    int status = -1;
    struct address address;
    CU_ASSERT_EQUAL(waitpid(middle, &status, 0), middle);
    CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    close(to_us[1]);
    CU_ASSERT_EQUAL_FATAL(read(to_us[0], &address, sizeof address), sizeof address);
    /* The child held the writing end of our pipe open; its end closes it. */
    char byte;
    CU_ASSERT_EQUAL(read(to_us[0], &byte, 1), 0);
    CU_ASSERT_EQUAL(dial(&address), -1);
    close(to_us[0]);
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "backend") == 0)
        return serve(argc, argv);
    static const struct harness_case cases[] = {
        HARNESS_CASE(it_starts_listens_and_stops),
        HARNESS_CASE(arguments_reach_it),
        HARNESS_CASE(one_that_does_not_start_is_told),
        HARNESS_CASE(it_ends_with_its_parent),
    };
    return harness_run("builtin", cases, sizeof cases / sizeof cases[0]);
}
