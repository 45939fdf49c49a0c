/* The built-in broker as a program of its own, for the end-to-end tests that need no fleet.
 *
 *   broker_server_main [--listen ADDRESS:PORT] [--ready-fd N] [--quiet] [--set NAME=VALUE | --misbehave NAME=VALUE]…
 *
 * Without --ready-fd it prints the port on stdout; at the end, the report. `backend` as first argument is passed over, so that
 * backend/builtin can start it in place of muster. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/broker_server.h"

int main(int argc, char **argv) {
    struct broker_server_options o;
    char why[512] = "";
    broker_server_options_default(&o);
    address_parse("127.0.0.1:0", 0, &o.listen);
    o.ready_fd = -1;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(argv[i], "backend") == 0)
            continue;
        if (strcmp(argv[i], "--quiet") == 0) {
            o.quiet = true;
            continue;
        }
        int result = -1;
        if (strcmp(argv[i], "--listen") == 0)
            result = address_parse(value, 1883, &o.listen);
        else if (strcmp(argv[i], "--ready-fd") == 0)
            result = (o.ready_fd = atoi(value)) >= 0 ? 0 : -1;
        else if (strcmp(argv[i], "--set") == 0 || strcmp(argv[i], "--misbehave") == 0)
            result = broker_server_set(&o, value, why, sizeof why);
        if (result < 0) {
            fprintf(stderr, "%s %s: %s\n", argv[i], value, why);
            return 2;
        }
        i++;
    }
    if (o.ready_fd < 0)
        o.ready_fd = dup(STDOUT_FILENO);
    o.report_fd = STDOUT_FILENO;
    if (broker_server_run(&o, why, sizeof why) < 0) {
        fprintf(stderr, "%s\n", why);
        return 4;
    }
    return 0;
}
