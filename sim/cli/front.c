#include "cli/front.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "backend/broker_settings.h"
#include "backend/misbehave.h"
#include "cli/complain.h"
#include "fleet/run.h"
#include "report/terminal.h"
#include "scenario/checks.h"
#include "scenario/load.h"

const char *front_data_dir(char *path, size_t size) {
    char program[4096];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length <= 0)
        return NULL;
    program[length] = '\0';
    char *slash = strrchr(program, '/');
    if (slash == NULL)
        return NULL;
    *slash = '\0';
    static const char *const places[] = {"/../share/muster", "/.."};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        char probe[FRONT_DATA_DIR_MAX];
        snprintf(probe, sizeof probe, "%s%s/profiles", program, places[i]);
        if (access(probe, R_OK) == 0 && (size_t)snprintf(path, size, "%s%s", program, places[i]) < size)
            return path;
    }
    return NULL;
}

static size_t overrides(const struct options *o, struct load_override *out) {
    struct options_changes passed = {0, 0};
    const char *change;
    size_t count = 0;
    bool removes;
    while ((change = options_next_change(o, &passed, &removes)) != NULL)
        out[count++] = (struct load_override){removes ? LOAD_UNSET : LOAD_SET, change};
    return count;
}

/* Client ids carry the run id: a run of its own must not meet the sessions that an earlier one left behind. Shards share the one that
 * follows from the plan. */
static bool random_run_id(char *text, size_t size) {
    uint16_t number;
    if (getrandom(&number, sizeof number, 0) != sizeof number)
        return false;
    snprintf(text, size, "%04x", number);
    return true;
}

static void print_findings(struct front *f, const struct options *o, enum diagnostic_format format) {
    if (f->found.count == 0)
        return;
    struct text out = {0};
    struct diagnostic_style style = {.format = format,
                                     .color = terminal_colors(STDERR_FILENO, o->no_color),
                                     .columns = isatty(STDERR_FILENO) ? terminal_columns(STDERR_FILENO) : 0};
    diagnostic_write(&f->found, &style, &out);
    for (size_t i = 0; i < f->found.count && format == DIAGNOSTIC_TEXT && f->found.errors > 0; i++)
        if (f->found.items[i].severity == DIAGNOSTIC_ERROR) {
            text_printf(&out, "hint:  muster explain %s\n", f->found.items[i].code);
            break;
        }
    fputs(text_get(&out), stderr);
    text_free(&out);
}

/* The broker's settings are known to the broker alone. */
static void check_builtin(struct front *f) {
    const struct node *settings = f->plan == NULL ? NULL : node_get(f->plan->root, "builtin");
    for (unsigned i = 0; settings != NULL && i < f->plan->builtin_setting_count; i++) {
        struct broker_options o;
        struct misbehave misbehave;
        char why[256];
        broker_options_default(&o);
        misbehave_init(&misbehave);
        o.misbehave = &misbehave;
        if (broker_settings_set(&o, f->plan->builtin_settings[i], why, sizeof why) < 0)
            diagnostic_help(diagnostic_add(&f->found, "E430", settings->entries[i].value->mark, "%s", why),
                            "docs/builtin-broker.md has the list");
    }
}

int front_open(struct front *f, const struct options *o, const char *scenario, bool resolve) {
    return front_open_for(f, o, scenario, resolve ? FRONT_RESOLVE : 0);
}

int front_open_for(struct front *f, const struct options *o, const char *scenario, unsigned use) {
    bool resolve = (use & FRONT_RESOLVE) != 0 && !o->virtual_time;
    *f = (struct front){0};
    diagnostic_init(&f->found);
    enum diagnostic_format format = DIAGNOSTIC_TEXT;
    char help[32];
    snprintf(help, sizeof help, "muster %s --help", options_verbs[o->verb].name);
    if (o->error_format != NULL && diagnostic_format_of(o->error_format, &format) < 0)
        return complain(EXIT_USAGE, help, "--error-format %s: expected text, json, gcc or github", o->error_format);
    if (o->deny != NULL && strcmp(o->deny, "warnings") != 0)
        return complain(EXIT_USAGE, help, "--deny %s: expected warnings", o->deny);
    const char *files[OPTIONS_LIST_MAX + 1];
    size_t file_count = 0;
    if (scenario != NULL)
        files[file_count++] = scenario;
    for (unsigned i = 0; i < o->files.count; i++)
        files[file_count++] = o->files.items[i];
    struct load_override changes[2 * OPTIONS_LIST_MAX];
    char data_dir[FRONT_DATA_DIR_MAX];
    struct load_options load = {.files = files,
                                .file_count = file_count,
                                .overrides = changes,
                                .override_count = overrides(o, changes),
                                .data_dir = front_data_dir(data_dir, sizeof data_dir)};
    struct node *root = NULL;
    char run_id[8];
    bool own_id = resolve && o->shards <= 1 && random_run_id(run_id, sizeof run_id);
    if (load_scenario(&load, &root, &f->found) == 0) {
        struct plan_options options = {.targets = o->targets.items,
                                       .target_count = o->targets.count,
                                       .devices = o->devices,
                                       .rate = o->rate,
                                       .has_seed = o->has_seed,
                                       .seed = o->seed,
                                       .run_id = o->run_id != NULL || !own_id ? o->run_id : run_id,
                                       .resolve = resolve,
                                       .virtual_time = o->virtual_time,
                                       .skip_resources = (use & FRONT_WITHOUT_RESOURCES) != 0 || o->virtual_time};
        f->plan = plan_compile(root, &options, &f->found);
        check_builtin(f);
    } else {
        if (root != NULL)
            checks_validate(root, &f->found); /* so that all errors are told at once */
        node_free(root);
    }
    if ((use & FRONT_SILENT) == 0)
        print_findings(f, o, format);
    bool denied = o->deny != NULL && f->found.warnings > 0;
    return f->plan == NULL || f->found.errors > 0 || denied ? EXIT_SCENARIO : EXIT_PASS;
}

void front_free(struct front *f) {
    if (f->plan != NULL)
        plan_free(f->plan);
    diagnostic_free(&f->found);
}
