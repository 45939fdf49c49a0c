#include "cli/sizing.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"
#include "cli/complain.h"
#include "cli/front.h"
#include "fleet/run.h"
#include "fleet/trial.h"
#include "report/run_dir.h"
#include "report/terminal.h"
#include "scenario/plan_load.h"
#include "scenario/plan_targets.h"
#include "scenario/requirement.h"

enum {
    DEVICES_MOST = 1000000, /* what one process was tried with */
    RATE_RANGE = 1000,      /* times more or less than the scenario's */
    LOAD_STEPS = 1000000,   /* of the plan, to know what is intended */
    STEPS_MAX = 256,
    REPEATS = 3,
    EXIT_OF_SIGNALS = 128
};
static const double precision_usual = 0.05;
#define WAIT_BETWEEN (30 * SPAN_S)
/* Above that share of held operations it was the guard that shaped the load. */
static const double held_max = 0.01;

struct sizing {
    struct sizing_request request;
    struct front front; /* of the first load: names, seed, targets */
    struct machine machine;
    struct knee knee;
    struct capacity_step steps[STEPS_MAX];
    struct capacity capacity;
    char seed[24], duration[48], stopped[400];
    int signal_number;
};

/* What the plan of one load intends. */
struct intended {
    uint64_t devices, messages;
    double messages_per_s, messages_per_s_peak, connects_per_s;
    double from_s, to_s; /* the steady stretch */
};

/* --- one load, before it runs --------------------------------------------------------------------------------------- */

static struct intended intended_of(const struct plan *p) {
    struct intended in = {.devices = p->device_count, .to_s = span_seconds(p->duration)};
    instant from = p->warmup;
    for (unsigned i = 0; i < p->action_count; i++) { /* until all have been told to connect */
        const struct action *a = &p->actions[i];
        instant joined = a->verb == DO_CONNECT && !a->when ? instant_add(a->start, a->over) : 0;
        from = joined > from && joined < p->duration ? joined : from;
    }
    in.from_s = span_seconds(from);
    struct plan_load load;
    plan_load_of(p, LOAD_STEPS, &load);
    double messages = 0, seconds = 0;
    for (unsigned i = 0; i < load.bucket_count; i++)
        if ((instant)i * load.width >= from && (instant)(i + 1) * load.width <= p->duration) {
            messages += load.buckets[i].messages;
            seconds += span_seconds(load.width);
        }
    in.messages = (uint64_t)load.messages_total;
    in.messages_per_s = seconds > 0 ? messages / seconds : load.messages_total / in.to_s;
    in.connects_per_s = load.connects_per_s_peak;
    in.messages_per_s_peak = load.messages_per_s_peak;
    plan_load_free(&load);
    return in;
}

/* What keeps this machine from that load; false: nothing does. */
static bool is_beyond(const struct sizing *s, const struct plan *p, char *why, size_t size) {
    struct requirement list[REQUIREMENT_ROWS_MAX];
    struct requirement_input in = {.machine = &s->machine, .plan = p, .needs = plan_resources_of(p)};
    unsigned count = requirement_judge(&in, list);
    for (unsigned i = 0; i < count; i++)
        if (list[i].verdict == REQUIREMENT_SHORT && list[i].row->short_code != NULL) {
            snprintf(why, size, "%s", list[i].why);
            return true;
        }
    return false;
}

/* The command line as it is for that load. */
static struct options options_at(const struct sizing_request *r, double load, const char *duration) {
    struct options o = *r->options;
    if (r->by == CAPACITY_DEVICES)
        o.devices = (uint64_t)load;
    else
        o.rate = load;
    if (duration[0] != '\0' && o.sets.count < OPTIONS_LIST_MAX) {
        o.sets.places[o.sets.count] = o.list_values++;
        o.sets.items[o.sets.count++] = duration;
    }
    return o;
}

/* Compiles that load. False, with the verdict and its reason, when it cannot be run here. */
static bool prepare(struct sizing *s, struct capacity_step *step, struct intended *in) {
    struct options o = options_at(&s->request, step->load, s->duration);
    struct front f;
    int code = front_open_for(&f, &o, s->request.scenario, FRONT_RESOLVE | FRONT_WITHOUT_RESOURCES | FRONT_SILENT);
    step->verdict = KNEE_TOOL;
    bool runs = code == EXIT_PASS;
    if (!runs) /* the first load compiled: what is wrong is wrong with this one */
        snprintf(step->reason, sizeof step->reason, "%s", f.found.count > 0 ? f.found.items[0].message : "not valid");
    else if (is_beyond(s, f.plan, step->reason, sizeof step->reason))
        runs = false;
    if (f.plan != NULL) {
        *in = intended_of(f.plan);
        step->devices = in->devices;
        step->messages_per_s = in->messages_per_s;
        step->messages_per_s_peak = in->messages_per_s_peak;
        step->connects_per_s = in->connects_per_s;
    }
    front_free(&f);
    return runs;
}

/* --- one run -------------------------------------------------------------------------------------------------------- */

static void add_list(const char **argv, int *count, const char *name, const struct options_list *list) {
    for (unsigned i = 0; i < list->count; i++) {
        argv[(*count)++] = name;
        argv[(*count)++] = list->items[i];
    }
}

static void add_changes(const char **argv, int *count, const struct options *o) {
    struct options_changes passed = {0, 0};
    const char *change;
    bool removes;
    while ((change = options_next_change(o, &passed, &removes)) != NULL) {
        argv[(*count)++] = removes ? "--unset" : "--set";
        argv[(*count)++] = change;
    }
}

int sizing_arguments(const struct sizing_request *r, const struct sizing_words *w, const char **argv) {
    const struct options *o = r->options;
    int count = 0;
    argv[count++] = "muster";
    argv[count++] = "run";
    if (r->scenario != NULL)
        argv[count++] = r->scenario;
    add_list(argv, &count, "--file", &o->files);
    add_list(argv, &count, "--target", &o->targets);
    add_changes(argv, &count, o);
    if (w->duration[0] != '\0') {
        argv[count++] = "--set";
        argv[count++] = w->duration;
    }
    argv[count++] = r->by == CAPACITY_DEVICES ? "--devices" : "--rate";
    argv[count++] = w->load;
    argv[count++] = "--seed";
    argv[count++] = w->seed;
    argv[count++] = "--wait";
    argv[count++] = w->wait;
    if (o->yes)
        argv[count++] = "--yes";
    argv[count++] = "--quiet";
    argv[count++] = "--out";
    argv[count++] = w->directory;
    argv[count] = NULL;
    return count;
}

/* The other quantity stays as it is on the command line: the rate of a search by devices, and the devices of one by rate. */
static void add_fixed(const struct sizing_request *r, const char **argv, int count, char *text, size_t size) {
    const struct options *o = r->options;
    bool devices = r->by == CAPACITY_RATE && o->devices > 0, rate = r->by == CAPACITY_DEVICES && o->rate > 0;
    if (!devices && !rate)
        return;
    if (devices)
        snprintf(text, size, "%llu", (unsigned long long)o->devices);
    else
        snprintf(text, size, "%.17g", o->rate);
    argv[count++] = devices ? "--devices" : "--rate";
    argv[count++] = text;
    argv[count] = NULL;
}

/* Why a run stopped, from what it said on stderr: its error, which may stand below warnings, else the first line. */
static void reason_of(const char *path, char *out, size_t size) {
    static const char prefix[] = "error: "; /* of cli/complain.h */
    char line[300];
    bool found = false;
    out[0] = '\0';
    FILE *f = fopen(path, "re");
    while (f != NULL && !found && fgets(line, sizeof line, f) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        found = text_has_prefix(line, prefix);
        if (found || out[0] == '\0')
            snprintf(out, size, "%s", line + (found ? sizeof prefix - 1 : 0));
    }
    if (f != NULL)
        fclose(f);
}

/* Runs one load. Returns the exit code of the run. */
static int run(struct sizing *s, struct capacity_step *step, char *said, size_t said_size) {
    const struct sizing_request *r = &s->request;
    const char *argv[SIZING_ARGUMENTS_MAX];
    char load[40], fixed[40], wait[40], directory[4096], errors[4200], why[300] = "";
    snprintf(load, sizeof load, r->by == CAPACITY_DEVICES ? "%.0f" : "%.9g", step->load);
    snprintf(step->directory, sizeof step->directory, "step-%02u-%s", s->capacity.count + 1, load);
    snprintf(directory, sizeof directory, "%.4000s/%s", r->out, step->directory);
    /* later on the backend may still be busy with the load before */
    span patience = s->capacity.count > 0 && r->options->wait < WAIT_BETWEEN ? WAIT_BETWEEN : r->options->wait;
    snprintf(wait, sizeof wait, "%.6fs", span_seconds(patience));
    snprintf(errors, sizeof errors, "%s.log", directory);
    const struct sizing_words words = {load, s->seed, s->duration, wait, directory};
    int count = sizing_arguments(r, &words, argv);
    add_fixed(r, argv, count, fixed, sizeof fixed);
    int code = trial_run(NULL, argv, errors, &s->signal_number, why, sizeof why);
    reason_of(errors, said, said_size);
    if (code < 0) {
        snprintf(said, said_size, "%s", why);
        code = EXIT_INTERNAL;
    }
    if (said[0] == '\0')
        unlink(errors); /* an empty file would only be in the way */
    return code;
}

/* What its checks say about a finished run. */
static enum knee_verdict judge_checks(struct capacity_step *step, int code, uint64_t messages) {
    const struct trial_facts *f = &step->facts;
    if (code == EXIT_PASS)
        return KNEE_MET;
    if (code == EXIT_NOT_TRUSTWORTHY) {
        snprintf(step->reason, sizeof step->reason, "%s", f->trust);
        return KNEE_TOOL;
    }
    if ((double)f->guard_held > held_max * (double)(messages + step->devices)) {
        snprintf(step->reason, sizeof step->reason,
                 "the scenario's safety limits held back %llu operations; raise `safety`, or the load is not the load",
                 (unsigned long long)f->guard_held);
        return KNEE_TOOL;
    }
    snprintf(step->reason, sizeof step->reason, "%s", f->broke);
    return KNEE_BROKE;
}

static bool tells_about_the_load(int code) {
    return code == EXIT_PASS || (code >= EXIT_CHECK_FAILED && code <= EXIT_NOT_TRUSTWORTHY);
}

/* Runs one load and reads its result. Returns 0, or the exit code with which the search stops. */
static int try_load(struct sizing *s, struct capacity_step *step) {
    struct intended in = {.devices = 0};
    char said[300];
    if (!prepare(s, step, &in))
        return 0;
    int code = run(s, step, said, sizeof said);
    if (s->signal_number != 0) {
        snprintf(s->stopped, sizeof s->stopped, "by a signal");
        return EXIT_OF_SIGNALS + s->signal_number;
    }
    char path[4200];
    snprintf(path, sizeof path, "%.4000s/%s", s->request.out, step->directory);
    if (!tells_about_the_load(code) || trial_read(path, in.from_s, in.to_s, &step->facts) < 0) {
        snprintf(s->stopped, sizeof s->stopped, "%s", said);
        if (said[0] == '\0')
            snprintf(s->stopped, sizeof s->stopped, "a run ended with exit code %d", code);
        return code == EXIT_PASS || code > EXIT_UNREACHABLE ? EXIT_INTERNAL : code;
    }
    step->ran = true;
    if (s->request.judge == NULL && step->facts.too_few) {
        char load[64];
        snprintf(s->stopped, sizeof s->stopped, "%s cannot be judged: %.250s",
                 capacity_load(s->request.by, step->load, load, sizeof load), step->facts.broke);
        return s->capacity.count == 0 ? EXIT_SCENARIO : EXIT_CHECK_FAILED;
    }
    step->verdict = s->request.judge != NULL ? s->request.judge(step) : judge_checks(step, code, in.messages);
    return 0;
}

/* --- the search ----------------------------------------------------------------------------------------------------- */

static void write_document(const struct sizing *s, const char *name,
                           void (*write)(struct text *, const struct capacity *)) {
    char path[4200];
    struct text out = {0};
    write(&out, &s->capacity);
    snprintf(path, sizeof path, "%.4000s/%s", s->request.out, name);
    if (run_dir_write_path(path, text_get(&out), out.size) < 0)
        log_line(LOG_ERROR, "cannot write %s", path);
    text_free(&out);
}

/* After every run, so that what is known survives whatever ends the program. */
static void write_documents(const struct sizing *s) {
    write_document(s, "capacity.json", capacity_json);
    write_document(s, "capacity.md", capacity_md);
}

/* On a terminal what is being tried stands there until its result takes the line. */
static void announce(const struct sizing *s, double load) {
    char text[64];
    if (!s->request.quiet && terminal_redraws(STDERR_FILENO))
        fprintf(stderr, "%3u  %s ...", s->capacity.count + 1, capacity_load(s->request.by, load, text, sizeof text));
}

static void tell(const struct sizing *s, const struct capacity_step *step) {
    struct text line = {0};
    if (s->request.quiet)
        return;
    capacity_line(&line, &s->capacity, step);
    fprintf(stderr, "%s%3u  %s\n", terminal_redraws(STDERR_FILENO) ? "\r\033[K" : "", s->capacity.count,
            text_get(&line));
    text_free(&line);
}

static int exit_code_of(enum knee_end end) {
    switch (end) {
    case KNEE_FOUND:
    case KNEE_AT_MAX:
        return EXIT_PASS;
    case KNEE_NONE:
        return EXIT_CHECK_FAILED;
    case KNEE_TOOL_LIMIT:
    case KNEE_NONE_TRUSTED:
        return EXIT_NOT_TRUSTWORTHY;
    case KNEE_SEARCHING:
        break;
    }
    return EXIT_INTERNAL;
}

static int search(struct sizing *s) {
    struct capacity *c = &s->capacity;
    double load;
    int code = 0;
    while (code == 0 && c->count < STEPS_MAX && knee_next(&s->knee, &load)) {
        if (c->count > 0 && !trial_pause(s->request.pause, &s->signal_number)) {
            snprintf(s->stopped, sizeof s->stopped, "by a signal");
            code = EXIT_OF_SIGNALS + s->signal_number;
            break;
        }
        struct capacity_step *step = &s->steps[c->count];
        *step = (struct capacity_step){.load = load};
        announce(s, load);
        code = try_load(s, step);
        if (code != 0)
            break;
        /* what cannot be run here will not run at the next attempt either */
        unsigned times = step->ran ? 1 : s->knee.options.repeats;
        for (unsigned i = 0; i < times; i++)
            knee_take(&s->knee, load, step->verdict);
        c->count++;
        tell(s, step);
        write_documents(s);
    }
    if (code != 0 && !s->request.quiet && terminal_redraws(STDERR_FILENO))
        fputs("\r\033[K", stderr);
    struct knee_result result = knee_result_of(&s->knee);
    c->ended = code == 0 && result.end != KNEE_SEARCHING;
    c->stopped = s->stopped[0] == '\0' ? NULL : s->stopped;
    c->exit_code = code != 0 ? code : exit_code_of(result.end);
    return c->exit_code;
}

static struct knee_options knee_options_of(const struct sizing_request *r, const struct plan *plan) {
    bool devices = r->by == CAPACITY_DEVICES;
    double own = devices ? plan->device_count : r->options->rate > 0 ? r->options->rate : 1;
    struct knee_options o = {.precision = r->precision > 0 ? r->precision : precision_usual,
                             .repeats = r->repeats > 0 ? r->repeats : REPEATS,
                             .whole = devices};
    o.min = r->min > 0 ? r->min : devices ? plan->fleet_count : own / RATE_RANGE;
    o.max = r->max > 0 ? r->max : devices ? fmax(DEVICES_MOST, own) : own * RATE_RANGE;
    if (devices) {
        o.min = floor(fmax(o.min, plan->fleet_count)); /* every fleet keeps a device */
        o.max = floor(o.max);
    }
    o.max = fmax(o.max, o.min);
    o.start = fmin(fmax(own, o.min), o.max);
    return o;
}

/* A directory of the search's own, new or empty. */
static int make_place(const char *path) {
    char part[4096];
    for (const char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        mkdir(part, 0777); /* what is missing in the end shows below */
    }
    if (mkdir(path, 0777) < 0 && errno != EEXIST)
        return complain(EXIT_ENVIRONMENT, NULL, "cannot make the directory %s: %s", path, strerror(errno));
    DIR *directory = opendir(path);
    if (directory == NULL)
        return complain(EXIT_ENVIRONMENT, NULL, "cannot open the directory %s: %s", path, strerror(errno));
    int entries = 0;
    while (entries <= 2 && readdir(directory) != NULL)
        entries++; /* "." and ".." are always there */
    closedir(directory);
    return entries <= 2 ? EXIT_PASS
                        : complain(EXIT_USAGE, "give --out a new directory", "%s is not empty; nothing was sent", path);
}

/* What has to hold before anything is sent. */
static int admit(const struct sizing_request *r, const struct plan *plan) {
    if (r->judge == NULL && plan->check_count == 0)
        return complain(
            EXIT_SCENARIO, "muster explain checks",
            "the scenario has no checks, so nothing would tell when the load is too much; nothing was sent");
    const struct target *far;
    if (plan_targets_far_node(plan, &far) != NULL && !r->options->yes)
        return complain(EXIT_GUARD, "add --yes if the target is yours to load, and --max for the highest load",
                        "%s is not a private address, and the search goes until it breaks; nothing was sent", far->url);
    return make_place(r->out);
}

/* Nothing came of it: the place is free for the next attempt. A run that did come to an end stays, to be looked at. */
static void discard(const struct sizing *s) {
    char path[4200];
    snprintf(path, sizeof path, "%.4000s/%s.log", s->request.out, s->steps[0].directory);
    unlink(path);
    rmdir(s->request.out);
}

int sizing_run(const struct sizing_request *request, struct sizing **out) {
    *out = NULL;
    struct sizing *s = calloc(1, sizeof *s);
    CHECK(s != NULL);
    s->request = *request;
    int code = front_open_for(&s->front, request->options, request->scenario, FRONT_RESOLVE | FRONT_WITHOUT_RESOURCES);
    const struct plan *plan = s->front.plan;
    if (code == EXIT_PASS)
        code = admit(request, plan);
    if (code != EXIT_PASS) {
        sizing_free(s);
        return code;
    }
    machine_read(&s->machine);
    snprintf(s->seed, sizeof s->seed, "%llu", (unsigned long long)plan->seed);
    if (request->step_duration > 0)
        snprintf(s->duration, sizeof s->duration, "duration=%.6fs", span_seconds(request->step_duration));
    struct knee_options options = knee_options_of(request, plan);
    knee_begin(&s->knee, &options);
    s->capacity = (struct capacity){.plan = plan,
                                    .by = request->by,
                                    .knee = &s->knee,
                                    .steps = s->steps,
                                    .step_duration = request->step_duration,
                                    .directory = request->out,
                                    .argc = request->options->argc,
                                    .argv = request->options->argv};
    trial_hold_signals();
    code = search(s);
    if (s->capacity.count == 0 && s->signal_number == 0) {
        discard(s);
        complain(code, code == EXIT_SCENARIO ? "try more --devices, a longer --step-duration, or min_samples" : NULL,
                 "%s", s->stopped);
        sizing_free(s);
        return code;
    }
    write_documents(s);
    *out = s;
    return code;
}

const struct capacity *sizing_capacity(const struct sizing *s) {
    return &s->capacity;
}

void sizing_free(struct sizing *s) {
    if (s == NULL)
        return;
    front_free(&s->front);
    free(s);
}
