#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/broker_server.h"
#include "cli/cmd.h"
#include "fleet/run.h"

/* "127.0.0.1:1883", "[::1]:0" */
static bool read_listen(const char *text, struct address *out) {
    char host[64];
    const char *colon = strrchr(text, ':');
    if (colon == NULL || colon == text || (size_t)(colon - text) >= sizeof host)
        return false;
    bool bracketed = text[0] == '[' && colon[-1] == ']';
    size_t size = (size_t)(colon - text) - (bracketed ? 2 : 0);
    memcpy(host, text + bracketed, size);
    host[size] = '\0';
    char *end;
    unsigned long port = strtoul(colon + 1, &end, 10);
    return *end == '\0' && end != colon + 1 && port <= UINT16_MAX && address_parse(host, (uint16_t)port, out) == 0;
}

int cmd_backend(const struct options *o) {
    struct broker_server_options server;
    broker_server_options_default(&server);
    char why[512] = "";
    if (o->listen != NULL && !read_listen(o->listen, &server.listen)) {
        fprintf(stderr, "--listen %s: expected ADDRESS:PORT, as in 127.0.0.1:1883 or [::1]:0\n", o->listen);
        return EXIT_USAGE;
    }
    for (unsigned i = 0; i < o->misbehave.count; i++)
        if (broker_server_set(&server, o->misbehave.items[i], why, sizeof why) < 0) {
            fprintf(stderr, "--misbehave %s: %s\n", o->misbehave.items[i], why);
            return EXIT_USAGE;
        }
    server.ready_fd = o->ready_fd;
    server.report_fd = STDOUT_FILENO;
    server.quiet = o->quiet;
    if (broker_server_run(&server, why, sizeof why) < 0) {
        fprintf(stderr, "%s\n", why);
        return EXIT_ENVIRONMENT;
    }
    return EXIT_PASS;
}
