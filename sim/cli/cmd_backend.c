#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/broker_server.h"
#include "backend/broker_settings.h"
#include "base/err.h"
#include "base/suggest.h"
#include "cli/cmd.h"
#include "cli/complain.h"
#include "fleet/run.h"

enum { NAMES_MAX = 64 };

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

static const char *nearest_setting(const char *argument) {
    const char *names[NAMES_MAX];
    char name[64];
    size_t count = 0;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(argument, "="), argument);
    for (const struct broker_settings_row *r = broker_settings_rows; r->name != NULL && count < NAMES_MAX; r++)
        names[count++] = r->name;
    return suggest_nearest(name, names, count);
}

/* Settings and misbehaviours are rows of two tables with one namespace; either option takes both. */
static bool take_all(struct broker_server_options *server, const char *option, const struct options_list *values) {
    char why[512] = "";
    for (unsigned i = 0; i < values->count; i++) {
        int error = broker_server_set(server, values->items[i], why, sizeof why);
        if (error == 0)
            continue;
        const char *near = error == ERR_NOT_FOUND ? nearest_setting(values->items[i]) : NULL;
        if (near != NULL)
            snprintf(why, sizeof why, "did you mean '%s'?", near);
        complain(EXIT_USAGE, "muster backend --help", "--%s %s: %s", option, values->items[i], why);
        return false;
    }
    return true;
}

int cmd_backend(const struct options *o) {
    struct broker_server_options server;
    broker_server_options_default(&server);
    char why[512] = "";
    if (o->listen != NULL && !read_listen(o->listen, &server.listen))
        return complain(EXIT_USAGE, "muster backend --listen 127.0.0.1:1883",
                        "--listen %s: expected ADDRESS:PORT, as in 127.0.0.1:1883 or [::1]:0", o->listen);
    if (!take_all(&server, "set", &o->sets) || !take_all(&server, "misbehave", &o->misbehave))
        return EXIT_USAGE;
    server.ready_fd = o->ready_fd;
    server.report_fd = STDOUT_FILENO;
    server.quiet = o->quiet;
    if (broker_server_run(&server, why, sizeof why) < 0)
        return complain(EXIT_ENVIRONMENT, "muster backend --listen 127.0.0.1:0 takes a free port", "%s", why);
    return EXIT_PASS;
}
