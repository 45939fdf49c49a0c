#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "scenario/value.h"

const struct value_function value_functions[] = {
    {"exp", "distribution", "mean",
     "Exponential: gaps of independent events. exp(60s) has mean 60 s and median 41.6 s.", "exp(60s)"},
    {"uniform", "distribution", "min, max", "Any value of the range, all alike.", "uniform(5s, 20min)"},
    {"normal", "distribution", "mean, sd", "Normal, cut at 0.", "normal(10s, 500ms)"},
    {"lognormal", "distribution",
     "p50=, p99=", "Log-normal by its median and a higher percentile (p75 to p99.9): the usual shape of latencies.",
     "lognormal(p50=90ms, p99=700ms)"},
    {"pareto", "distribution", "min, alpha", "Pareto: few values, far out. Below alpha 1 there is no mean.",
     "pareto(1s, 1.5)"},
    {"walk", "signal",
     "start=, step=, min=, max=", "A random walk: per message up or down by at most `step`, kept within min and max.",
     "walk(start=21, step=0.1, min=15, max=28)"},
    {"sine", "signal", "mean=, amplitude=, period=, phase=",
     "A sine over the simulated clock; phase in parts of a period.", "sine(mean=20, amplitude=5, period=1day)"},
    {"uniform", "signal", "min, max", "Drawn anew for every message.", "uniform(0, 100)"},
    {"normal", "signal", "mean, sd, min=, max=", "Drawn anew for every message; cut to min and max when given.",
     "normal(21.5, 0.3)"},
    {"counter", "signal", "start=, step=, max=", "Counts up by `step` per message; starts again when it passes max.",
     "counter(start=0, step=1, max=65535)"},
    {"choice", "signal", "word:weight, …", "One of the words, drawn anew for every message.",
     "choice(ok:0.95, fault:0.05)"},
    {"random", "payload", "size", "So many random bytes; from 22 B on they begin with the mark.", "random(64B)"},
    {"choice", "payload", "text:weight, …", "One of the texts, drawn anew for every message.",
     "choice(on:0.8, off:0.2)"},
    {"hmac", "payload", "key, text", "HMAC-SHA256 in lower-case hexadecimal; for passwords.",
     "hmac(${secret.FLEET_KEY}, ${device.id})"},
    {.name = NULL},
};

static size_t name_size(const char *text) {
    size_t size = 0;
    while ((text[size] >= 'a' && text[size] <= 'z') || (size > 0 && (text[size] == '_')))
        size++;
    return size;
}

bool value_looks_like_call(const char *text) {
    size_t size = name_size(text);
    return size > 0 && text[size] == '(';
}

static int refuse(char *why, const char *sentence, const char *text) {
    snprintf(why, VALUE_WHY_MAX, sentence, text);
    return ERR_MALFORMED;
}

/* key=value, else value; blanks around either do not count. */
static struct value_argument argument_of(const char *at, size_t size) {
    struct value_argument a = {NULL, 0, at, size};
    size_t key = 0;
    while (key < size && ((at[key] >= 'a' && at[key] <= 'z') || at[key] == '_' || at[key] == '.' ||
                          (at[key] >= '0' && at[key] <= '9')))
        key++;
    size_t equals = key;
    while (equals < size && at[equals] == ' ')
        equals++;
    if (key > 0 && equals < size && at[equals] == '=') {
        a.key = at;
        a.key_size = key;
        a.text = at + equals + 1;
        a.size = size - equals - 1;
    }
    while (a.size > 0 && a.text[0] == ' ') {
        a.text++;
        a.size--;
    }
    while (a.size > 0 && a.text[a.size - 1] == ' ')
        a.size--;
    return a;
}

int value_call(const char *text, struct value_call *out, char *why) {
    struct value_call call = {.name = text, .name_size = name_size(text)};
    if (!value_looks_like_call(text))
        return refuse(why, "'%.60s' is not a function", text);
    const char *at = text + call.name_size + 1;
    bool empty = at[strspn(at, " ")] == ')';
    if (empty)
        at += strspn(at, " ");
    while (!empty) {
        while (*at == ' ')
            at++;
        size_t size = strcspn(at, ",()");
        if (at[size] == '\0')
            return refuse(why, "'%.60s' has no closing ')'", text);
        if (at[size] == '(')
            return refuse(why, "'%.60s' has a '(' too many", text);
        if (call.count == VALUE_ARGUMENTS_MAX)
            return refuse(why, "'%.60s' has too many arguments", text);
        call.arguments[call.count] = argument_of(at, size);
        if (call.arguments[call.count++].size == 0)
            return refuse(why, "'%.60s' has an empty argument", text);
        at += size;
        if (*at == ')')
            break;
        at++;
    }
    if (at[1 + strspn(at + 1, " ")] != '\0')
        return refuse(why, "'%.60s' goes on after its ')'", text);
    *out = call;
    return 0;
}
