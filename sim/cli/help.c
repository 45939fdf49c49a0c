#include "cli/help.h"

#include <stdio.h>
#include <string.h>

#include "cli/man.h"
#include "fleet/run.h"

enum { COLUMN = 26, WIDTH = 80 };

const struct help_exit_code help_exit_codes[] = {
    {EXIT_PASS, "all checks passed"},
    {EXIT_INTERNAL, "internal error"},
    {EXIT_USAGE, "usage: an option or operand is wrong, or the run directory is in use"},
    {EXIT_SCENARIO, "the scenario is invalid"},
    {EXIT_ENVIRONMENT, "this machine cannot do it"},
    {EXIT_GUARD, "refused by the safety guard"},
    {EXIT_UNREACHABLE, "the target did not answer at the start"},
    {EXIT_CHECK_FAILED, "a check failed"},
    {EXIT_CONFORMANCE, "a conformance check failed"},
    {EXIT_ABORTED, "a check aborted the run"},
    {EXIT_NOT_TRUSTWORTHY, "not trustworthy: the generator was the bottleneck"},
    {EXIT_INCOMPLETE, "incomplete: the run did not come to its end"},
    {EXIT_SIGINT, "interrupted (SIGINT)"},
    {EXIT_SIGTERM, "terminated (SIGTERM)"},
    {0, NULL},
};

const char help_about[] =
    "Muster assembles a fleet of virtual IoT devices, drives it against an MQTT backend, and says "
    "with evidence how the backend did.";
const char help_streams[] = "The result goes to stdout, the progress to stderr. The first Ctrl-C stops the load, "
                            "disconnects politely and writes "
                            "the results; the second ends at once, and the logs stay valid.";

/* Appends `text` word by word in lines from column `indent` to WIDTH; the cursor stands at `indent`. */
static void wrap(struct text *out, const char *text, unsigned indent) {
    unsigned at = indent;
    while (*text != '\0') {
        size_t word = strcspn(text, " ");
        if (at > indent && at + 1 + word > WIDTH) {
            text_printf(out, "\n%*s", (int)indent, "");
            at = indent;
        } else if (at > indent) {
            text_append(out, " ");
            at++;
        }
        text_append_n(out, text, word);
        at += (unsigned)word;
        text += word;
        text += strspn(text, " ");
    }
    text_append(out, "\n");
}

static void row(struct text *out, const char *left, const char *doc) {
    unsigned at = 2 + (unsigned)strlen(left);
    text_printf(out, "  %s", left);
    if (at + 2 > COLUMN) {
        text_append(out, "\n");
        at = 0;
    }
    text_printf(out, "%*s", (int)(COLUMN - at), "");
    wrap(out, doc, COLUMN);
}

static void option_left(const struct option_row *o, char *left, size_t size) {
    if (o->letter != 0)
        snprintf(left, size, "-%c, --%s%s%s", o->letter, o->name, o->argument != NULL ? " " : "",
                 o->argument != NULL ? o->argument : "");
    else
        snprintf(left, size, "    --%s%s%s", o->name, o->argument != NULL ? " " : "",
                 o->argument != NULL ? o->argument : "");
}

void help_program(struct text *out) {
    wrap(out, help_about, 0);
    text_append(out, "\nUsage: muster VERB [OPTION...] [OPERAND...]\n\nVerbs:\n");
    for (size_t i = 0; i < VERBS; i++) {
        char left[80];
        snprintf(left, sizeof left, "%s %s", options_verbs[i].name, options_verbs[i].operands);
        row(out, left, options_verbs[i].doc);
    }
    text_append(out, "\nFirst steps:\n"
                     "  muster init quickstart && muster run quickstart.yaml\n"
                     "  muster VERB --help\n"
                     "\nExit codes:\n");
    for (const struct help_exit_code *e = help_exit_codes; e->doc != NULL; e++)
        text_printf(out, "  %3d  %s\n", e->code, e->doc);
}

void help_verb(enum verb verb, struct text *out) {
    const struct options_verb *v = &options_verbs[verb];
    char sentence[256];
    snprintf(sentence, sizeof sentence, "%c%s.", v->doc[0] - 'a' + 'A', v->doc + 1);
    text_printf(out, "Usage: muster %s [OPTION...]%s%s\n\n", v->name, *v->operands ? " " : "", v->operands);
    wrap(out, sentence, 0);
    text_append(out, "\nOptions:\n");
    for (size_t i = 0; i < options_row_count; i++) {
        if ((options_rows[i].verbs & 1u << verb) == 0)
            continue;
        char left[80];
        option_left(&options_rows[i], left, sizeof left);
        row(out, left, options_rows[i].doc);
    }
    text_append(out, "\n");
    if (v->more != NULL) {
        wrap(out, v->more, 0);
        text_append(out, "\n");
    }
    for (const char *const *example = v->examples; *example != NULL; example++)
        text_printf(out, "  %s\n", *example);
}

static void document_verb(const struct options_verb *v, struct text *out) {
    text_printf(out, "\n## muster %s\n\n`muster %s [OPTION...]%s%s`: %s.\n\n| option | meaning |\n|---|---|\n", v->name,
                v->name, *v->operands ? " " : "", v->operands, v->doc);
    for (size_t i = 0; i < options_row_count; i++) {
        const struct option_row *o = &options_rows[i];
        if ((o->verbs & 1u << v->verb) == 0)
            continue;
        if (o->letter != 0)
            text_printf(out, "| `-%c`, `--%s%s%s` | %s |\n", o->letter, o->name, o->argument != NULL ? " " : "",
                        o->argument != NULL ? o->argument : "", o->doc);
        else
            text_printf(out, "| `--%s%s%s` | %s |\n", o->name, o->argument != NULL ? " " : "",
                        o->argument != NULL ? o->argument : "", o->doc);
    }
    if (v->more != NULL)
        text_printf(out, "\n%s\n", v->more);
    text_append(out, "\n```\n");
    for (const char *const *example = v->examples; *example != NULL; example++)
        text_printf(out, "%s\n", *example);
    text_append(out, "```\n");
}

void help_document(struct text *out) {
    text_append(
        out, "# The command line\n\nGenerated from the tables of `sim/cli/options.c`; `make docs` writes it anew and a "
             "test compares.\n\n| verb | what it does |\n|---|---|\n");
    for (size_t i = 0; i < VERBS; i++)
        text_printf(out, "| [`%s`](#muster-%s) | %s |\n", options_verbs[i].name, options_verbs[i].name,
                    options_verbs[i].doc);
    text_printf(out, "\n%s\n", help_streams);
    for (size_t i = 0; i < VERBS; i++)
        document_verb(&options_verbs[i], out);
    text_append(out, "\n## Exit codes\n\n| code | meaning |\n|---|---|\n");
    for (const struct help_exit_code *e = help_exit_codes; e->doc != NULL; e++)
        text_printf(out, "| %d | %s |\n", e->code, e->doc);
    text_append(out, "\n## Environment\n\n| variable | meaning |\n|---|---|\n");
    for (const struct man_variable *v = man_variables; v->name != NULL; v++)
        text_printf(out, "| `%s` | %s |\n", v->name, v->doc);
}
