#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/suggest.h"
#include "base/text.h"
#include "scenario/value.h"

const struct value_function value_functions[] = {
    {"exp", "distribution", "mean",
     "Exponential: gaps of independent events. exp(60s) has mean 60 s and median 41.6 s.", "exp(60s)", DIST_EXP},
    {"uniform", "distribution", "min, max", "Any value of the range, all alike.", "uniform(5s, 20min)", DIST_UNIFORM},
    {"normal", "distribution", "mean, sd", "Normal, cut at 0.", "normal(10s, 500ms)", DIST_NORMAL},
    {"lognormal", "distribution",
     "p50=, p99=", "Log-normal by its median and a higher percentile (p75 to p99.9): the usual shape of latencies.",
     "lognormal(p50=90ms, p99=700ms)", DIST_LOGNORMAL},
    {"pareto", "distribution", "min, alpha", "Pareto: few values, far out. Below alpha 1 there is no mean.",
     "pareto(1s, 1.5)", DIST_PARETO},
    {"constant", "signal", "value", "Always the same; the number alone means it, too.", "constant(21.5)",
     SIGNAL_CONSTANT},
    {"walk", "signal",
     "start=, step=, min=, max=", "A random walk: per message up or down by at most `step`, kept within min and max.",
     "walk(start=21, step=0.1, min=15, max=28)", SIGNAL_WALK},
    {"sine", "signal",
     "mean=, amplitude=, period=, phase=", "A sine over the simulated clock; phase in parts of a period.",
     "sine(mean=20, amplitude=5, period=1day)", SIGNAL_SINE},
    {"uniform", "signal", "min, max", "Drawn anew for every message.", "uniform(0, 100)", SIGNAL_UNIFORM},
    {"normal", "signal", "mean, sd, min=, max=", "Drawn anew for every message; cut to min and max when given.",
     "normal(21.5, 0.3)", SIGNAL_NORMAL},
    {"counter", "signal", "start=, step=, max=", "Counts up by `step` per message; starts again when it passes max.",
     "counter(start=0, step=1, max=65535)", SIGNAL_COUNTER},
    {"choice", "signal", "word:weight, …", "One of the words, drawn anew for every message.",
     "choice(ok:0.95, fault:0.05)", SIGNAL_CHOICE},
    {"analog", "signal", "mean, amplitude=, peak=15h, sd=, memory=1h, spread=, lsb=, stuck=, spike=, gap=",
     "A slow sensor: a daily sine that is highest at `peak`, noise that forgets within `memory`, means that differ by "
     "`spread` "
     "between devices, in steps of `lsb`; faults as shares: hours stuck at a value, samples 10 sd off, samples missing "
     "(null).",
     "analog(mean=18, amplitude=6, sd=0.8, memory=2h, lsb=0.1, gap=0.1%)", SIGNAL_ANALOG},
    {"meter", "signal", "per_day, size, start=, spread=, lsb=1, max=, swap=, day=, peak=19h, weekend=",
     "A counter of events: `per_day` of them, each of mean `size`, more around `peak` by the share `day`; it shows "
     "whole "
     "steps of `lsb`, rolls over at `max`, and begins at 0 when it is exchanged, every `swap` on average.",
     "meter(per_day=40, size=8, spread=100000, max=1000000, day=60%)", SIGNAL_METER},
    {"position", "signal", "centre, reach, speed, memory=2min, scale=111320, fix=5",
     "One axis of a vehicle in degrees: at most `reach` metres from `centre`, `speed` in m/s, `scale` metres per "
     "degree, "
     "fixes `fix` metres off. It stands when the fleet's motion says so.",
     "position(52.52, reach=8000, speed=8)", SIGNAL_POSITION},
    {"vibration", "signal", "base, onset=, doubling=14day, sd=5%, idle=, from=, to=",
     "RMS of a machine: doubles every `doubling` after a defect that comes after `onset` on average; `idle` outside "
     "the "
     "shift from … to, Monday to Friday.",
     "vibration(1.2, onset=60day, idle=0.1, from=6h, to=22h)", SIGNAL_VIBRATION},
    {"trace", "signal", "file, column=1, steps=0, shuffle=0%",
     "What a CSV file beside the scenario says: seconds in its first column, values in the others; a line between "
     "them, or "
     "steps. It begins again at its end; `shuffle` lets devices begin at different places.",
     "trace(drive.csv, column=2, shuffle=100%)", SIGNAL_TRACE},
    {"random", "payload", "size", "So many random bytes; from 22 B on they begin with the mark.", "random(64B)", 0},
    {"choice", "payload", "text:weight, …", "One of the texts, drawn anew for every message.",
     "choice(on:0.8, off:0.2)", 0},
    {"hex", "payload", "digits", "Bytes in hexadecimal, two digits each; for payloads that are no text.",
     "hex(00 1f ff)", 0},
    {"hmac", "payload", "key, text", "HMAC-SHA256 in lower-case hexadecimal; for passwords.",
     "hmac(${secret.FLEET_KEY}, ${device.id})", 0},
    {.name = NULL},
};

const struct value_function *value_function_find(const char *kind, const struct value_call *call, char *why) {
    const char *names[COUNT_OF(value_functions)];
    char name[32];
    size_t count = 0;
    snprintf(name, sizeof name, "%.*s", (int)call->name_size, call->name);
    for (const struct value_function *f = value_functions; f->name != NULL; f++) {
        if (strcmp(f->kind, kind) != 0)
            continue;
        if (strcmp(f->name, name) == 0)
            return f;
        names[count++] = f->name;
    }
    const char *near = suggest_nearest(name, names, count);
    struct text all = {0};
    for (size_t i = 0; i < count; i++)
        text_printf(&all, "%s%s", i == 0 ? "" : i + 1 < count ? ", " : " and ", names[i]);
    if (near != NULL)
        snprintf(why, VALUE_WHY_MAX, "there is no %s function '%s'; did you mean '%s'?", kind, name, near);
    else
        snprintf(why, VALUE_WHY_MAX, "there is no %s function '%s'; there are %s", kind, name, text_get(&all));
    text_free(&all);
    return NULL;
}

int value_function_refuse(const struct value_function *f, const char *text, char *why) {
    snprintf(why, VALUE_WHY_MAX, "'%.60s' does not fit %s(%s); write for instance %s", text, f->name, f->parameters,
             f->example);
    return ERR_MALFORMED;
}
