#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "cli/ceiling_search.h"
#include "cli/cmd.h"
#include "cli/complain.h"
#include "cli/front.h"
#include "fleet/run.h"
#include "report/doctor.h"
#include "report/terminal.h"
#include "scenario/plan_load.h"
#include "scenario/plan_logs.h"

/* The nearest directory on the way to where a run would be written. */
static void place_of(const char *out, char *path, size_t size) {
    snprintf(path, size, "%s", out == NULL ? "." : out);
    while (access(path, F_OK) != 0 && strcmp(path, ".") != 0) {
        char *slash = strrchr(path, '/');
        if (slash == NULL)
            snprintf(path, size, ".");
        else
            slash[slash == path] = '\0';
    }
}

static void examine(const struct plan *plan, const struct options *o, struct text *out, int *code) {
    struct machine machine;
    struct ceiling ceiling;
    char path[4096];
    struct requirement list[REQUIREMENT_ROWS_MAX];
    machine_read(&machine);
    place_of(o->out, path, sizeof path);
    machine_probe(&machine, path);
    struct requirement_input in = {.machine = &machine, .plan = plan, .names_looked_up = true, .ceiling_asked = true};
    if (ceiling_find(plan == NULL ? NULL : plan->name, &ceiling) == 0 &&
        ceiling_fits(&ceiling, machine.kernel, machine.cpu, machine.cores))
        in.ceiling = &ceiling;
    if (plan != NULL) {
        struct plan_load load;
        plan_load_of(plan, 0, &load);
        in.needs = plan_resources_of(plan);
        in.messages_per_s = load.messages_per_s_peak;
        in.connects_per_s = load.connects_per_s_peak;
        plan_load_free(&load);
        uint64_t logs = plan_logs_of(plan).total, cap = plan_logs_cap(plan->root);
        in.log_bytes = logs < cap ? logs : cap;
    }
    struct doctor d = {.machine = &machine, .plan = plan, .list = list, .count = requirement_judge(&in, list)};
    if (o->json)
        doctor_json(out, &d);
    else
        doctor_text(out, &d, terminal_colors(STDOUT_FILENO, o->no_color));
    *code = requirement_worst(list, d.count) == REQUIREMENT_SHORT ? EXIT_ENVIRONMENT : EXIT_PASS;
}

/* What would change a scenario, without one to change: nobody should believe that it counted. */
static bool changes_nothing(const struct options *o) {
    return o->targets.count + o->sets.count + o->unsets.count > 0 || o->devices > 0 || o->rate > 0 || o->has_seed;
}

int cmd_doctor(const struct options *o) {
    bool general = o->operand_count == 0 && o->files.count == 0;
    if (!o->capacity && (o->max > 0 || o->step_duration > 0))
        return complain(EXIT_USAGE, "muster doctor --help", "--max and --step-duration belong to --capacity");
    if (general && changes_nothing(o))
        return complain(EXIT_USAGE, "muster doctor SCENARIO, or muster doctor alone for the machine in general",
                        "--target, --set, --unset, --devices, --rate and --seed change a scenario, and there is none");
    int measured = o->capacity ? ceiling_search_run(o) : EXIT_PASS;
    if (measured != EXIT_PASS)
        return measured;
    const char *scenario = o->operand_count > 0 ? o->operands[0] : NULL;
    struct front f = {.plan = NULL};
    int code = general ? EXIT_PASS : front_open_for(&f, o, scenario, FRONT_RESOLVE | FRONT_WITHOUT_RESOURCES);
    if (code == EXIT_PASS) {
        struct text out = {0};
        examine(f.plan, o, &out, &code);
        terminal_print(&out, o->json ? TERMINAL_DATA : TERMINAL_TABLE);
    }
    if (!general)
        front_free(&f);
    return code;
}
