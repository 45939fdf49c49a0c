#include "serve.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backend/broker_server.h"
#include "base/check.h"
#include "harness.h"

_Noreturn static void be_broker(const struct address *at, const char *setting, int ready_fd) {
    struct broker_server_options o;
    char why[256] = "";
    broker_server_options_default(&o);
    o.listen = *at;
    CHECK(setting == NULL || broker_server_set(&o, setting, why, sizeof why) == 0);
    o.ready_fd = ready_fd;
    o.quiet = true;
    _exit(broker_server_run(&o, why, sizeof why) == 0 ? 0 : 1);
}

static struct serve start_at(const struct address *at, const char *setting) {
    struct serve s;
    int ready[2];
    char port[16] = "";
    CU_ASSERT_EQUAL_FATAL(pipe(ready), 0);
    fflush(stdout);
    s.pid = fork();
    if (s.pid == 0) {
        close(ready[0]);
        be_broker(at, setting, ready[1]);
    }
    close(ready[1]);
    struct pollfd p = {.fd = ready[0], .events = POLLIN};
    CU_ASSERT_FATAL(poll(&p, 1, SERVE_PATIENCE_MS) > 0 && read(ready[0], port, sizeof port - 1) > 0);
    close(ready[0]);
    CU_ASSERT_EQUAL_FATAL(address_parse("127.0.0.1", (uint16_t)atoi(port), &s.address), 0);
    return s;
}

struct serve serve_start(const char *setting) {
    struct address any_port;
    CU_ASSERT_EQUAL_FATAL(address_parse("127.0.0.1", 0, &any_port), 0);
    return start_at(&any_port, setting);
}

struct serve serve_again(const struct serve *before) {
    return start_at(&before->address, NULL);
}

static void end(const struct serve *s, int number) {
    kill(s->pid, number);
    waitpid(s->pid, NULL, 0);
}

void serve_stop(const struct serve *s) {
    end(s, SIGTERM);
}

void serve_kill(const struct serve *s) {
    end(s, SIGKILL);
}
