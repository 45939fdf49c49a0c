#include "cli/man.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/version.h"
#include "cli/help.h"
#include "cli/options.h"

const struct man_variable man_variables[] = {
    {"MUSTER_DATA", "a directory with profiles/ in it, which is searched before the installed one"},
    {"MUSTER_TARGET", "where the starter scenarios and the quickstart connect, instead of the built-in broker"},
    {"MUSTER_SECRET_NAME", "the value of ${secret.NAME}; MUSTER_SECRET_NAME_FILE is a file of mode 0600 that holds it"},
    {"NO_COLOR", "not empty: no colours"},
    {"TERM", "unset, empty or dumb: no colours, and lines instead of a block that is redrawn"},
    {"LC_ALL, LC_CTYPE, LANG",
     "the first that is set says whether the terminal shows UTF-8; without it, signs are ASCII"},
    {"XDG_CACHE_HOME", "where muster doctor keeps what it measured; default ~/.cache"},
    {NULL, NULL},
};

/* Text of a line: what troff would read as a request, an escape or a hyphen is said differently. */
static void put(struct text *out, const char *s, bool literal) {
    bool at_start = out->size == 0 || out->data[out->size - 1] == '\n';
    for (; *s != '\0'; s++) {
        if (at_start && (*s == '.' || *s == '\''))
            text_append(out, "\\&");
        if (*s == '\\')
            text_append(out, "\\e");
        else if (*s == '-' && literal)
            text_append(out, "\\-"); /* a minus that can be copied into a shell */
        else if (*s == '\'')
            text_append(out, "\\(aq");
        else
            text_append_n(out, s, 1);
        at_start = *s == '\n';
    }
}

/* `doc` as a sentence of its own; the name of a file stays as it is. */
static void put_sentence(struct text *out, const char *doc) {
    size_t word = strcspn(doc, " ");
    bool name = memchr(doc, '.', word) != NULL || memchr(doc, '=', word) != NULL;
    char first[2] = {(char)(name ? doc[0] : toupper((unsigned char)doc[0])), '\0'};
    put(out, first, false);
    put(out, doc + 1, false);
    size_t size = out->size;
    text_append(out, size > 0 && (out->data[size - 1] == '.' || out->data[size - 1] == '?') ? "\n" : ".\n");
}

static void put_bold(struct text *out, const char *s) {
    text_append(out, "\\fB");
    put(out, s, true);
    text_append(out, "\\fR");
}

static void put_option(struct text *out, const struct option_row *o) {
    char letter[3] = {'-', o->letter, '\0'};
    text_append(out, ".TP\n");
    if (o->letter != 0) {
        put_bold(out, letter);
        text_append(out, ", ");
    }
    text_append(out, "\\fB\\-\\-");
    put(out, o->name, true);
    text_append(out, "\\fR");
    if (o->argument != NULL) {
        text_append(out, " \\fI");
        put(out, o->argument, true);
        text_append(out, "\\fR");
    }
    text_append(out, "\n");
    put_sentence(out, o->doc);
}

static void put_verb(struct text *out, const struct options_verb *v) {
    text_append(out, ".SS muster ");
    put(out, v->name, true);
    if (*v->operands != '\0') {
        text_append(out, " ");
        put(out, v->operands, true);
    }
    text_append(out, "\n");
    put_sentence(out, v->doc);
    for (size_t i = 0; i < options_row_count; i++)
        if ((options_rows[i].verbs & 1u << v->verb) != 0)
            put_option(out, &options_rows[i]);
    if (v->more != NULL) {
        text_append(out, ".PP\n");
        put_sentence(out, v->more);
    }
    text_append(out, ".PP\n.EX\n");
    for (const char *const *example = v->examples; *example != NULL; example++) {
        put(out, *example, true);
        text_append(out, "\n");
    }
    text_append(out, ".EE\n");
}

static void put_items(struct text *out) {
    text_append(out, ".SH ENVIRONMENT\n");
    for (const struct man_variable *v = man_variables; v->name != NULL; v++) {
        text_append(out, ".TP\n");
        put_bold(out, v->name);
        text_append(out, "\n");
        put_sentence(out, v->doc);
    }
    text_append(out, ".SH \"EXIT STATUS\"\n");
    for (const struct help_exit_code *e = help_exit_codes; e->doc != NULL; e++) {
        text_printf(out, ".TP\n\\fB%d\\fR\n", e->code);
        put_sentence(out, e->doc);
    }
}

void man_write(struct text *out) {
    text_append(out, ".\\\" Generated from the tables of sim/cli/options.c.\n.TH MUSTER 1 \"\" \"Muster ");
    put(out, VERSION_TEXT, true);
    text_append(out,
                "\" \"User Commands\"\n.SH NAME\nmuster \\- simulate a fleet of IoT devices and judge its backend\n"
                ".SH SYNOPSIS\n\\fBmuster\\fR \\fIVERB\\fR [\\fIOPTION\\fR...] [\\fIOPERAND\\fR...]\n"
                ".SH DESCRIPTION\n");
    put_sentence(out, help_about);
    text_append(out, ".PP\n");
    put_sentence(out, help_streams);
    text_append(out, ".SH VERBS\n");
    for (size_t i = 0; i < VERBS; i++)
        put_verb(out, &options_verbs[i]);
    put_items(out);
    text_append(out, ".SH \"SEE ALSO\"\n");
    put_sentence(out, "muster explain KEY documents every key of a scenario, every metric and every finding; the other "
                      "documents are installed in share/doc/muster");
}
