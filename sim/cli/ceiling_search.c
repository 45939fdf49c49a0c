#include "cli/ceiling_search.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/directory.h"
#include "base/version.h"
#include "cli/complain.h"
#include "cli/front.h"
#include "cli/sizing.h"
#include "fleet/run.h"
#include "report/run_dir.h"
#include "scenario/machine.h"
#include "scenario/requirement.h"

enum { BROKER_RESERVE = 200, CONNECTS_START = 1000, CONNECTS_MOST = 64000 };
#define MESSAGES_START 4.0 /* times 1,000 a second */
#define PRECISION      0.15
static const double cpu_max = 0.8;       /* of a core, by the busiest worker: as in the rule of trust */
static const double answered_min = 0.95; /* of what was intended */
static const double connect_p99_max_ms = 1000;
static const double busy_max = 0.3; /* load of each core, before anything is measured */

/* What devices usually do: a small message each second, acknowledged. */
static const char usual_messages[] =
    "version: 1\n"
    "name: QoS 1 fleet\n"
    "target: builtin\n"
    "duration: 5s\n"
    "settle: 2s\n"
    "safety: {max_outstanding_connects: 1000}\n"
    "fleets:\n"
    "  devices:\n"
    "    count: 1000\n"
    "    telemetry: {every: exp(1s), topic: \"d/${device.id}\", payload: \"random(64B)\", "
    "qos: 1}\n"
    "timeline: [{do: connect, who: all, over: 1s}]\n";
static const char usual_connects[] = "version: 1\n"
                                     "name: QoS 1 fleet\n"
                                     "target: builtin\n"
                                     "duration: 3s\n"
                                     "settle: 1s\n"
                                     "safety: {max_outstanding_connects: 1000}\n"
                                     "fleets: {devices: {count: 1000}}\n"
                                     "timeline: [{do: connect, who: all, over: 1s}]\n";

/* --- judging -------------------------------------------------------------------------------------------------------- */

enum knee_verdict ceiling_search_made(struct capacity_step *s) {
    if (s->facts.trust[0] != '\0')
        snprintf(s->reason, sizeof s->reason, "%s", s->facts.trust);
    else if (s->facts.cpu > cpu_max)
        snprintf(s->reason, sizeof s->reason, "the busiest worker used %.0f %% of a core", s->facts.cpu * 100);
    else
        return KNEE_MET;
    return KNEE_TOOL;
}

enum knee_verdict ceiling_search_carried(struct capacity_step *s) {
    enum knee_verdict verdict = ceiling_search_made(s);
    if (verdict != KNEE_MET)
        return verdict;
    if (s->facts.online_peak < s->devices)
        snprintf(s->reason, sizeof s->reason, "%llu of %llu devices were online",
                 (unsigned long long)s->facts.online_peak, (unsigned long long)s->devices);
    else if (s->facts.connect_p99_ms > connect_p99_max_ms)
        snprintf(s->reason, sizeof s->reason, "p99 of connects was %.0f ms", s->facts.connect_p99_ms);
    else if (s->facts.messages_per_s < answered_min * s->messages_per_s)
        snprintf(s->reason, sizeof s->reason, "%.0f of %.0f messages/s were answered", s->facts.messages_per_s,
                 s->messages_per_s);
    else
        return KNEE_MET;
    return KNEE_BROKE;
}

/* --- places --------------------------------------------------------------------------------------------------------- */

static bool write_scenario(const char *place, const char *name, const char *text, char *path, size_t size) {
    snprintf(path, size, "%s/%s", place, name);
    return run_dir_write_path(path, text, strlen(text)) == 0;
}

/* --- searching ------------------------------------------------------------------------------------------------------ */

/* The options of a search of our own: nothing of the command line but what it means for all searches. */
static struct options plain_options(const struct options *o, const char *scenario) {
    struct options plain = {.verb = VERB_CAPACITY,
                            .argc = o->argc,
                            .argv = o->argv,
                            .shard = 1,
                            .shards = 1,
                            .has_seed = true,
                            .seed = 1,
                            .no_color = o->no_color};
    plain.operands[plain.operand_count++] = scenario;
    return plain;
}

/* Searches; *out becomes the row of the highest load that was carried. */
static int search(struct sizing_request *request, const char *place, const char *name, struct capacity_row *row,
                  double *peak) {
    char out[PATH_MAX];
    struct sizing *s;
    snprintf(out, sizeof out, "%s/%s", place, name);
    if (!request->quiet)
        fprintf(stderr, "%s, by %s:\n", name, request->by == CAPACITY_DEVICES ? "devices" : "rate");
    request->out = out;
    request->pause = 0;
    int code = sizing_run(request, &s);
    if (s == NULL)
        return code;
    const struct capacity *c = sizing_capacity(s);
    struct capacity_row rows[KNEE_LEVELS_MAX];
    unsigned count = capacity_rows(c, rows);
    double load = knee_result_of(c->knee).load;
    code = load > 0 ? EXIT_PASS : EXIT_NOT_TRUSTWORTHY;
    if (!c->ended) {
        code = c->exit_code;
        complain(code, NULL, "stopped: %s", c->stopped == NULL ? "too many runs" : c->stopped);
    } else if (code != EXIT_PASS) {
        complain(code, "look at what else this machine is doing", "not even the lowest load could be carried");
    }
    for (unsigned i = 0; i < count; i++)
        if (rows[i].load == load)
            *row = rows[i];
    for (unsigned i = 0; i < c->count; i++)
        if (c->steps[i].load == load)
            *peak = c->steps[i].messages_per_s_peak;
    sizing_free(s);
    return code;
}

static int measure_usual(const struct options *o, const struct machine *m, const char *place, struct ceiling *c) {
    char messages[PATH_MAX], connects[PATH_MAX];
    if (!write_scenario(place, "messages.yaml", usual_messages, messages, sizeof messages) ||
        !write_scenario(place, "connects.yaml", usual_connects, connects, sizeof connects))
        return complain(EXIT_ENVIRONMENT, NULL, "cannot write into %s: %s", place, strerror(errno));
    struct capacity_row row = {.load = 0};
    double peak = 0;
    struct options plain = plain_options(o, messages);
    plain.rate = MESSAGES_START;
    struct sizing_request request = {.options = &plain,
                                     .scenario = messages,
                                     .by = CAPACITY_RATE,
                                     .min = 0.1,
                                     .max = o->max > 0 ? fmax(o->max / 1000, 0.1) : 0,
                                     .precision = PRECISION,
                                     .step_duration = o->step_duration,
                                     .quiet = o->quiet,
                                     .judge = ceiling_search_carried};
    int code = search(&request, place, "messages", &row, &peak);
    c->messages_per_s = row.messages_per_s;
    if (code != EXIT_PASS)
        return code;
    /* the broker is one process with one descriptor table */
    double most = m->nofile_hard > 2 * BROKER_RESERVE ? (double)(m->nofile_hard - BROKER_RESERVE) : BROKER_RESERVE;
    plain = plain_options(o, connects);
    plain.devices = CONNECTS_START;
    request.scenario = connects;
    request.by = CAPACITY_DEVICES;
    request.min = 1;
    request.max = fmin(fmin(most, CONNECTS_MOST), o->max > 0 ? o->max : CONNECTS_MOST);
    code = search(&request, place, "connects", &row, &peak);
    c->connects_per_s = row.connects_per_s;
    c->devices = requirement_devices(m);
    snprintf(c->shape, sizeof c->shape, "QoS 1 fleet");
    return code;
}

/* The scenario as it is, but against the built-in broker, however many targets it names. */
static int measure_scenario(const struct options *o, const char *place, struct ceiling *c) {
    char targets[OPTIONS_LIST_MAX][80];
    struct front f;
    struct options own = *o;
    const char *scenario = o->operand_count > 0 ? o->operands[0] : NULL;
    int code = front_open_for(&f, o, scenario, FRONT_WITHOUT_RESOURCES);
    own.targets.count = 0;
    for (unsigned t = 0; code == EXIT_PASS && t < f.plan->target_count && t < OPTIONS_LIST_MAX; t++) {
        snprintf(targets[t], sizeof targets[t], f.plan->target_count > 1 ? "%.64s=builtin" : "%.0sbuiltin",
                 f.plan->targets[t].name);
        own.targets.items[own.targets.count++] = targets[t];
    }
    if (code == EXIT_PASS)
        snprintf(c->shape, sizeof c->shape, "%s", f.plan->name);
    front_free(&f);
    if (code != EXIT_PASS)
        return code;
    struct capacity_row row = {.load = 0};
    struct sizing_request request = {.options = &own,
                                     .scenario = scenario,
                                     .by = CAPACITY_DEVICES,
                                     .max = o->max,
                                     .precision = PRECISION,
                                     .step_duration = o->step_duration,
                                     .quiet = o->quiet,
                                     .judge = ceiling_search_made};
    code = search(&request, place, "scenario", &row, &c->messages_per_s);
    c->connects_per_s = row.connects_per_s;
    c->devices = row.devices;
    return code;
}

static int keep(const struct ceiling *c, const char *shape) {
    char path[PATH_MAX];
    struct text out = {0};
    if (ceiling_path(shape, path, sizeof path) == NULL)
        return complain(EXIT_ENVIRONMENT, "set XDG_CACHE_HOME or HOME", "there is no directory to keep the result in");
    ceiling_write(c, &out);
    int error = run_dir_write_path(path, text_get(&out), out.size);
    text_free(&out);
    return error == 0 ? EXIT_PASS : complain(EXIT_ENVIRONMENT, NULL, "cannot write %s: %s", path, strerror(errno));
}

/* What else runs takes its part, and the ceiling would be remembered as too low. */
static void warn_if_busy(const struct machine *m, bool quiet) {
    double load;
    if (!quiet && getloadavg(&load, 1) == 1 && load > busy_max * machine_cores(m))
        fprintf(stderr, "this machine is busy (load %.1f on %.3g cores): what is measured now will be too low\n", load,
                machine_cores(m));
}

int ceiling_search_run(const struct options *o) {
    struct machine m;
    bool usual = o->operand_count == 0 && o->files.count == 0;
    char *place = directory_temporary("capacity");
    if (place == NULL)
        return complain(EXIT_ENVIRONMENT, NULL, "cannot make a directory for temporary files: %s", strerror(errno));
    machine_read(&m);
    warn_if_busy(&m, o->quiet);
    struct ceiling c = {.cores = m.cores, .measured_unix_s = (int64_t)time(NULL)};
    snprintf(c.version, sizeof c.version, "%s", VERSION_TEXT);
    snprintf(c.kernel, sizeof c.kernel, "%s", m.kernel);
    snprintf(c.cpu, sizeof c.cpu, "%s", m.cpu);
    int code = usual ? measure_usual(o, &m, place, &c) : measure_scenario(o, place, &c);
    if (code == EXIT_PASS)
        code = keep(&c, usual ? NULL : c.shape);
    directory_remove(place);
    free(place);
    return code;
}
