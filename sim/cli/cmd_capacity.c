#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/complain.h"
#include "cli/sizing.h"
#include "fleet/run.h"
#include "report/terminal.h"

/* "capacity-20261122T083000Z" */
static void name_by_time(char *name, size_t size) {
    struct tm parts;
    time_t now = time(NULL);
    gmtime_r(&now, &parts);
    strftime(name, size, "capacity-%Y%m%dT%H%M%SZ", &parts);
}

static void print(const struct capacity *c, const struct options *o) {
    struct text out = {0};
    if (o->json)
        capacity_json(&out, c);
    else
        capacity_text(&out, c, terminal_colors(STDOUT_FILENO, o->no_color));
    terminal_print(&out, o->json ? TERMINAL_DATA : TERMINAL_TABLE);
}

int cmd_capacity(const struct options *o) {
    char name[64];
    name_by_time(name, sizeof name);
    bool by_rate = o->by != NULL && strcmp(o->by, "rate") == 0;
    if (o->by != NULL && !by_rate && strcmp(o->by, "devices") != 0)
        return complain(EXIT_USAGE, "muster capacity --help", "--by %s: expected devices or rate", o->by);
    if (o->max > 0 && o->min > o->max)
        return complain(EXIT_USAGE, "muster capacity --help", "--min %g is above --max %g", o->min, o->max);
    struct sizing_request request = {.options = o,
                                     .scenario = o->operand_count > 0 ? o->operands[0] : NULL,
                                     .by = by_rate ? CAPACITY_RATE : CAPACITY_DEVICES,
                                     .min = o->min,
                                     .max = o->max,
                                     .precision = o->precision,
                                     .repeats = (unsigned)o->repeats,
                                     .step_duration = o->step_duration,
                                     .pause = o->pause,
                                     .out = o->out != NULL ? o->out : name,
                                     .quiet = o->quiet};
    struct sizing *s;
    int code = sizing_run(&request, &s);
    if (s != NULL)
        print(sizing_capacity(s), o);
    sizing_free(s);
    return code;
}
