#include "report/command.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "report/escape.h"

static const char hidden[] = "***";

/* The last part of a path says so, whatever stands before it: "identities.fleet.password". */
static bool names_a_secret(const char *path, size_t size) {
    static const char *const words[] = {"password", "passwd", "secret", "token", "key", "psk"};
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        size_t length = strlen(words[i]);
        if (size >= length && strncasecmp(path + size - length, words[i], length) == 0)
            return true;
    }
    return false;
}

void command_redact(const char *argument, struct text *out) {
    const char *scheme = strstr(argument, "://");
    if (scheme != NULL) {
        const char *host = scheme + 3;
        size_t authority = strcspn(host, "/?#");
        const char *at = memrchr(host, '@', authority);
        if (at != NULL) {
            text_append_n(out, argument, (size_t)(host - argument));
            text_append(out, hidden);
            text_append(out, at);
            return;
        }
    }
    for (const char *equals = strchr(argument, '='); equals != NULL; equals = strchr(equals + 1, '='))
        if (names_a_secret(argument, (size_t)(equals - argument))) { /* also --set=path=value */
            text_append_n(out, argument, (size_t)(equals + 1 - argument));
            text_append(out, hidden);
            return;
        }
    text_append(out, argument);
}

static void add_word(struct text *out, const char *word) {
    struct text redacted = {0};
    command_redact(word, &redacted);
    if (out->size > 0)
        text_append(out, " ");
    escape_shell(out, text_get(&redacted));
    text_free(&redacted);
}

/* Options of `run` that are about this run's results, not about the run. */
static const struct {
    const char *name, *letter;
    bool takes_value;
} left_out[] = {
    {"--out", "-o", true},    {"--json", "-j", false},    {"--quiet", "-q", false},     {"--no-color", NULL, false},
    {"--run-id", NULL, true}, {"--start-at", NULL, true}, {"--prometheus", NULL, true},
};

/* How many arguments the option at `argument` takes up when it is to be left out; 0: it stays. */
static int skipped(const char *argument) {
    for (size_t k = 0; k < COUNT_OF(left_out); k++) {
        size_t length = strlen(left_out[k].name);
        bool named = strncmp(argument, left_out[k].name, length) == 0;
        bool lettered = left_out[k].letter != NULL && strncmp(argument, left_out[k].letter, 2) == 0;
        if ((named && argument[length] == '=') || (lettered && argument[2] != '\0'))
            return 1; /* the value is part of the word */
        if ((named && argument[length] == '\0') || lettered)
            return left_out[k].takes_value ? 2 : 1;
    }
    return 0;
}

static bool has_option(int argc, char *const *argv, const char *name) {
    size_t length = strlen(name);
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], name, length) == 0 && (argv[i][length] == '\0' || argv[i][length] == '='))
            return true;
    return false;
}

static void add_targets(const struct plan *plan, struct text *out) {
    for (unsigned t = 0; t < plan->target_count; t++) {
        const struct target *target = &plan->targets[t];
        if (target->builtin)
            continue;
        struct text value = {0};
        if (plan->target_count > 1)
            text_printf(&value, "%s=", target->name);
        text_append(&value, target->url);
        add_word(out, "--target");
        add_word(out, text_get(&value));
        text_free(&value);
    }
}

void command_again(const struct plan *plan, int argc, char *const *argv, struct text *out) {
    text_append(out, "muster");
    for (int i = 1; i < argc;) {
        int skip = skipped(argv[i]);
        if (skip == 0)
            add_word(out, argv[i]);
        i += skip > 0 ? skip : 1;
    }
    if (argc > 1 && strcmp(argv[1], "replay") == 0)
        return; /* the directory says the rest */
    if (!has_option(argc, argv, "--target"))
        add_targets(plan, out);
    if (!has_option(argc, argv, "--seed")) {
        char seed[24];
        snprintf(seed, sizeof seed, "%llu", (unsigned long long)plan->seed);
        add_word(out, "--seed");
        add_word(out, seed);
    }
}
