#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/complain.h"
#include "fleet/run.h"
#include "import/imported.h"
#include "import/scalar.h"

enum { SHOWN_MAX = 20, ID_MAX = 40 };

static int refuse_file(const struct options *o, const char *why) {
    return complain(EXIT_USAGE, "muster import --help", "%s: %s", o->operands[0], why);
}

/* --- whom? ------------------------------------------------------------------------------------------------------------- */

static void append_kind(struct text *out, const struct talk_kind *k, const char *what) {
    char server[64];
    if (k->count > 0)
        text_printf(out, "%s%llu %s (as to %s)", out->size > 0 ? "; " : "", (unsigned long long)k->count, what,
                    address_format(&k->server, server, sizeof server));
}

/* Nobody speaks MQTT that could be read: says what there is instead. */
static int refuse_nobody(const struct options *o, const struct talk_counts *c) {
    struct text what = {0};
    const char *hint = "capture where MQTT is plain, or let Wireshark decrypt and export it (docs/import.md)";
    append_kind(&what, &c->encrypted, "TCP connections are encrypted (TLS)");
    append_kind(&what, &c->websocket, "carry WebSockets, which are not read");
    append_kind(&what, &c->mqtt31, "speak MQTT 3.1, which Muster does not");
    append_kind(&what, &c->broken, "begin with a CONNECT that breaks the protocol");
    append_kind(&what, &c->midway, "began before the capture, so that no CONNECT is there");
    append_kind(&what, &c->other, "speak something else");
    if (c->unknown_link > 0)
        text_printf(&what, "%s%llu packets are of link type %u, which is not known", what.size > 0 ? "; " : "",
                    (unsigned long long)c->unknown_link, c->link);
    if (c->trouble != NULL)
        text_printf(&what, "%s%s", what.size > 0 ? "; " : "", c->trouble);
    if (c->encrypted.count == 0 && c->midway.count > 0)
        hint = "start the capture before the device connects, or make it connect again";
    else if (c->encrypted.count == 0)
        hint = "muster import --help";
    int code = complain(EXIT_USAGE, hint, "%s shows no MQTT device in %llu packets%s%s", o->operands[0],
                        (unsigned long long)c->packets, what.size > 0 ? ": " : "", text_get(&what));
    text_free(&what);
    return code;
}

static void list_devices(const struct observed_devices *d, bool asked_for) {
    unsigned shown = 0, all = 0;
    fprintf(stderr, "  %11s %9s  %-22s client id\n", "connections", "messages", "address");
    for (unsigned i = 0; i < d->count; i++) {
        const struct observed_device *one = &d->list[i];
        char address[64];
        struct text id = {0};
        if (asked_for && !one->asked_for)
            continue;
        if (all++ >= SHOWN_MAX)
            continue;
        shown++;
        scalar_write_comment(bytes_of_text(one->client_id), ID_MAX, &id);
        fprintf(stderr, "  %11u %9llu  %-22s %s\n", one->connections, (unsigned long long)one->messages,
                address_format(&one->client, address, sizeof address), id.size > 0 ? text_get(&id) : "(none)");
        text_free(&id);
    }
    if (all > shown || d->left_out > 0)
        fprintf(stderr, "  and %llu more\n", (unsigned long long)(all - shown) + (unsigned long long)d->left_out);
}

static int refuse_choice(const struct options *o, const struct observed_devices *d, unsigned asked_for) {
    char hint[PATH_MAX + 200], address[64];
    struct text id = {0};
    scalar_write_comment(bytes_of_text(d->list[0].client_id), ID_MAX, &id);
    snprintf(hint, sizeof hint, "muster import %s --device %s", o->operands[0],
             id.size > 0 ? text_get(&id) : address_format(&d->list[0].client, address, sizeof address));
    if (o->who == NULL)
        complain(EXIT_USAGE, hint, "%s shows %u devices; --device says which one", o->operands[0], d->count);
    else if (asked_for > 0)
        complain(EXIT_USAGE, "give --device the client id, or the address with its port",
                 "there are several devices at %s", o->who);
    else
        complain(EXIT_USAGE, hint, "%s shows no device '%.80s'", o->operands[0], o->who);
    list_devices(d, asked_for > 0);
    text_free(&id);
    return EXIT_USAGE;
}

/* Index of the device to follow, or -1: none, or several with different client ids. */
static int choose(const struct options *o, const struct observed_devices *d, unsigned *asked_for) {
    int chosen = -1;
    bool several = false;
    *asked_for = 0;
    for (unsigned i = 0; i < d->count; i++) {
        if (o->who != NULL && !d->list[i].asked_for)
            continue;
        ++*asked_for;
        if (d->by_client_id && strcmp(d->list[i].client_id, o->who) != 0)
            continue;
        several = several || (chosen >= 0 && (strcmp(d->list[chosen].client_id, d->list[i].client_id) != 0 ||
                                              d->list[i].client_id[0] == '\0'));
        chosen = chosen < 0 ? (int)i : chosen;
    }
    return several ? -1 : chosen;
}

/* --- the scenario -------------------------------------------------------------------------------------------------------- */

static int write_file(const char *path, const struct text *scenario) {
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0 && errno == EEXIST)
        return complain(EXIT_USAGE, "choose another name, or move it away first",
                        "%s exists already and is left as it is", path);
    if (fd < 0)
        return complain(EXIT_ENVIRONMENT, "change to a directory that can be written", "cannot write %s: %s", path,
                        strerror(errno));
    ssize_t written = write(fd, text_get(scenario), scenario->size);
    bool whole = written == (ssize_t)scenario->size;
    if (written >= 0 && !whole) /* which sets no error */
        errno = ENOSPC;
    if (close(fd) < 0 || !whole) {
        complain(EXIT_ENVIRONMENT, "free some space on the disk", "cannot write %s: %s", path, strerror(errno));
        unlink(path);
        return EXIT_ENVIRONMENT;
    }
    return EXIT_PASS;
}

static int hand_out(const struct options *o, const struct observed *seen, const struct text *scenario) {
    if (o->out == NULL) {
        fputs(text_get(scenario), stdout);
        return EXIT_PASS;
    }
    int code = write_file(o->out, scenario);
    if (code == EXIT_PASS)
        printf("wrote %s: %u connection%s, %u message%s%s\nnext: muster run %s\n", o->out, seen->connection_count,
               seen->connection_count == 1 ? "" : "s", seen->message_count, seen->message_count == 1 ? "" : "s",
               seen->has_password ? "; it needs MUSTER_SECRET_DEVICE_PASSWORD" : "", o->out);
    return code;
}

static int import(const struct options *o, FILE *f, const struct observed_device *device) {
    struct observed_who who = {device->client_id, device->client};
    struct observed seen;
    struct talk_counts counts;
    char why[TALK_WHY_MAX];
    const char *name = strrchr(o->operands[0], '/');
    struct imported_options options = {.source = name != NULL ? name + 1 : o->operands[0],
                                       .model = o->model,
                                       .sizes = o->payloads != NULL && strcmp(o->payloads, "sizes") == 0};
    rewind(f);
    if (observed_read(f, &who, &seen, &counts, why) < 0)
        return refuse_file(o, why);
    int code;
    if (seen.connection_count == 0) {
        code = refuse_file(o, "it changed while it was read");
    } else {
        struct text scenario = {0};
        imported_write(&seen, &counts, &options, &scenario);
        code = hand_out(o, &seen, &scenario);
        text_free(&scenario);
    }
    observed_free(&seen);
    return code;
}

int cmd_import(const struct options *o) {
    struct observed_devices devices;
    struct talk_counts counts;
    char why[TALK_WHY_MAX];
    unsigned asked_for;
    if (o->payloads != NULL && strcmp(o->payloads, "bytes") != 0 && strcmp(o->payloads, "sizes") != 0)
        return complain(EXIT_USAGE, "muster import --help", "--payloads %.40s: expected bytes or sizes", o->payloads);
    FILE *f = fopen(o->operands[0], "re");
    if (f == NULL)
        return refuse_file(o, strerror(errno));
    int code;
    if (observed_devices(f, o->who, &devices, &counts, why) < 0) {
        code = refuse_file(o, why);
    } else {
        int chosen = choose(o, &devices, &asked_for);
        code = devices.count == 0 ? refuse_nobody(o, &counts)
               : chosen < 0       ? refuse_choice(o, &devices, o->who == NULL ? 0 : asked_for)
                                  : import(o, f, &devices.list[chosen]);
    }
    observed_devices_free(&devices);
    fclose(f);
    return code;
}
