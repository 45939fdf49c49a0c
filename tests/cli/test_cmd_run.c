#include <arpa/inet.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/broker_server.h"
#include "base/check.h"
#include "cli/capture.h"
#include "cli/cmd.h"
#include "fleet/run.h"
#include "harness.h"

/* A port of the loopback at which nobody answers: taken, and not listened at. */
static int nobody(char *url, size_t size) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0 && bind(fd, (struct sockaddr *)&address, length) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&address, &length) == 0);
    snprintf(url, size, "mqtt://127.0.0.1:%u", ntohs(address.sin_port));
    return fd;
}

/* The built-in broker in a process of its own. */
static pid_t somebody(char *url, size_t size) {
    int ready[2];
    CHECK(pipe(ready) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        struct broker_server_options o;
        char why[256];
        broker_server_options_default(&o);
        address_parse("127.0.0.1", 0, &o.listen);
        o.ready_fd = ready[1];
        o.quiet = true;
        _exit(broker_server_run(&o, why, sizeof why) < 0);
    }
    close(ready[1]);
    FILE *f = fdopen(ready[0], "r");
    unsigned port = 0;
    CHECK(f != NULL && fscanf(f, "%u", &port) == 1);
    fclose(f);
    snprintf(url, size, "mqtt://127.0.0.1:%u", port);
    return child;
}

static unsigned run_directories(void) {
    DIR *d = opendir(capture_directory());
    const struct dirent *e;
    unsigned count = 0;
    while ((e = readdir(d)) != NULL)
        count += strncmp(e->d_name, "run-", 4) == 0;
    closedir(d);
    return count;
}

static void a_target_that_does_not_answer_is_told_and_leaves_no_directory(void) {
    char url[64];
    int fd = nobody(url, sizeof url);
    capture_write("small.yaml", capture_scenario);
    struct capture c = CAPTURE(cmd_run, "run", "small.yaml", "--target", url);
    CU_ASSERT_EQUAL(c.code, EXIT_UNREACHABLE);
    CU_ASSERT_TRUE(capture_warns(&c, "nobody answers at 127.0.0.1:"));
    CU_ASSERT_STRING_EQUAL(c.out, "");
    CU_ASSERT_EQUAL(run_directories(), 0);
    capture_free(&c);
    close(fd);
}

/* RFC 5737: 192.0.2.0/24 belongs to nobody; the guard refuses before anything is sent. */
static void a_large_fleet_does_not_go_to_a_public_address_that_is_not_allowed(void) {
    capture_write("small.yaml", capture_scenario);
    struct capture c =
        CAPTURE(cmd_run, "run", "small.yaml", "--target", "mqtt://192.0.2.1", "--devices", "51", "--yes");
    CU_ASSERT_EQUAL(c.code, EXIT_GUARD);
    CU_ASSERT_TRUE(capture_warns(&c, "safety: {allow: [192.0.2.1]}"));
    CU_ASSERT_EQUAL(run_directories(), 0);
    capture_free(&c);
}

static void a_wrong_scenario_sends_nothing(void) {
    capture_write("wrong.yaml", "version: 1\ntarget: mqtt://127.0.0.1:1\n");
    struct capture c = CAPTURE(cmd_run, "run", "wrong.yaml");
    CU_ASSERT_EQUAL(c.code, EXIT_SCENARIO);
    CU_ASSERT_EQUAL(run_directories(), 0);
    capture_free(&c);
}

static void a_start_in_the_past_is_refused(void) {
    capture_write("small.yaml", capture_scenario);
    struct capture c = CAPTURE(cmd_run, "run", "small.yaml", "--start-at", "2020-01-01T00:00:00Z");
    CU_ASSERT_EQUAL(c.code, EXIT_USAGE);
    CU_ASSERT_TRUE(capture_warns(&c, "in the past"));
    capture_free(&c);
}

/* What the verdict is depends on how busy this machine is; that code and document agree does not. */
static void the_exit_code_is_the_one_in_the_summary(void) {
    char url[64], expected[64];
    pid_t broker = somebody(url, sizeof url);
    capture_write("small.yaml", capture_scenario);
    struct capture c = CAPTURE(cmd_run, "run", "small.yaml", "--target", url, "--out", "results", "--quiet", "--json");
    CU_ASSERT_TRUE(c.code == EXIT_PASS || c.code == EXIT_NOT_TRUSTWORTHY);
    snprintf(expected, sizeof expected, "\"exit_code\": %d", c.code);
    char *summary = capture_file("results/summary.json");
    CU_ASSERT_PTR_NOT_NULL_FATAL(summary);
    CU_ASSERT_PTR_NOT_NULL(strstr(summary, expected));
    CU_ASSERT_TRUE(capture_is_json(c.out));
    CU_ASSERT_STRING_EQUAL(c.err, "");
    free(summary);
    capture_free(&c);

    c = CAPTURE(cmd_run, "run", "small.yaml", "--target", url, "--out", "results");
    CU_ASSERT_EQUAL(c.code, EXIT_USAGE);
    CU_ASSERT_TRUE(capture_warns(&c, "results"));
    capture_free(&c);
    kill(broker, SIGTERM);
    waitpid(broker, NULL, 0);
}

HARNESS_MAIN("cli/cmd_run", HARNESS_CASE(a_target_that_does_not_answer_is_told_and_leaves_no_directory),
             HARNESS_CASE(a_large_fleet_does_not_go_to_a_public_address_that_is_not_allowed),
             HARNESS_CASE(a_wrong_scenario_sends_nothing), HARNESS_CASE(a_start_in_the_past_is_refused),
             HARNESS_CASE(the_exit_code_is_the_one_in_the_summary))
