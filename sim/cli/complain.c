#include "cli/complain.h"

#include <stdarg.h>
#include <stdio.h>

#include "fleet/run.h"

enum { SHOWN_MAX = 1000 };

const struct complain_hint complain_hints[] = {
    {EXIT_INTERNAL, "this is a fault of Muster; muster version --json says what to name in a report of it"},
    {EXIT_USAGE, "muster --help"},
    {EXIT_SCENARIO, "muster check SCENARIO"},
    {EXIT_ENVIRONMENT, "muster doctor SCENARIO says what this machine lacks, and what to do"},
    {EXIT_GUARD, "muster explain safety.allow"},
    {EXIT_UNREACHABLE, "start the backend, let --wait 30s wait for it, or try --target builtin"},
    {0, NULL},
};

const char *complain_hint_of(int code) {
    const struct complain_hint *h = complain_hints;
    while (h->hint != NULL && h->code != code)
        h++;
    return h->hint != NULL ? h->hint : "muster --help";
}

static void write_both(struct text *out, const char *hint, const char *format, va_list args) {
    struct text message = {0};
    text_vprintf(&message, format, args);
    text_append(out, "error: ");
    text_append_safe(out, text_get(&message), message.size, SHOWN_MAX);
    text_printf(out, "\nhint:  %s\n", hint);
    text_free(&message);
}

void complain_to(struct text *out, const char *hint, const char *format, ...) {
    va_list args;
    va_start(args, format);
    write_both(out, hint, format, args);
    va_end(args);
}

int complain(int code, const char *hint, const char *format, ...) {
    struct text out = {0};
    va_list args;
    va_start(args, format);
    write_both(&out, hint != NULL ? hint : complain_hint_of(code), format, args);
    va_end(args);
    fputs(text_get(&out), stderr);
    text_free(&out);
    return code;
}
