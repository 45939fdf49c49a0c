#include "cli/completion.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "cli/starters.h"

/* Options and operands whose values can be offered, by the option's name and the verb's operands as help shows them. */
static const struct row {
    const char *name;
    enum completion_kind kind;
    const char *words; /* NULL with COMPLETION_WORDS: names of verbs, shells or starters, added below */
} options[] =
    {
        {"file", COMPLETION_SCENARIOS, NULL},
        {"out", COMPLETION_DIRECTORIES, NULL},
        {"error-format", COMPLETION_WORDS, "text json gcc github"},
        {"by", COMPLETION_WORDS, "devices rate"},
        {"payloads", COMPLETION_WORDS, "bytes sizes"},
        {"deny", COMPLETION_WORDS, "warnings"},
},
  operands[] = {
      {"SCENARIO", COMPLETION_SCENARIOS, NULL},
      {"SCENARIO...", COMPLETION_SCENARIOS, NULL},
      {"[SCENARIO]", COMPLETION_SCENARIOS, NULL},
      {"CAPTURE", COMPLETION_CAPTURES, NULL},
      {"DIR...", COMPLETION_DIRECTORIES, NULL},
      {"DIR", COMPLETION_DIRECTORIES, NULL},
      {"BEFORE... -- AFTER...", COMPLETION_DIRECTORIES, NULL},
      {"KEY", COMPLETION_NAMES, NULL},
      {"[DOCUMENT]", COMPLETION_WORDS, "scenario summary events"},
      {"SHELL", COMPLETION_WORDS, "bash zsh fish"},
};

static struct completion_value value_of(const struct row *rows, size_t count, const char *name) {
    struct completion_value v = {.kind = COMPLETION_NOTHING};
    for (size_t i = 0; i < count; i++)
        if (strcmp(rows[i].name, name) == 0) {
            v.kind = rows[i].kind;
            snprintf(v.words, sizeof v.words, "%s", rows[i].words != NULL ? rows[i].words : "");
        }
    return v;
}

struct completion_value completion_of_option(const struct option_row *o) {
    return value_of(options, COUNT_OF(options), o->name);
}

struct completion_value completion_of_operand(const struct options_verb *v) {
    struct completion_value value = value_of(operands, COUNT_OF(operands), v->operands);
    if (v->verb == VERB_INIT) {
        value.kind = COMPLETION_WORDS;
        for (size_t i = 0; i < starters_count; i++)
            snprintf(value.words + strlen(value.words), sizeof value.words - strlen(value.words), "%s%s",
                     i > 0 ? " " : "", starters_rows[i].name);
    }
    return value;
}

static bool has(const struct option_row *o, const struct options_verb *v) {
    return (o->verbs & 1u << v->verb) != 0;
}

/* The part of a sentence that fits beside a word. */
static size_t brief(const char *doc) {
    return strcspn(doc, ";");
}

/* --- bash ------------------------------------------------------------------------------------------------------------ */

static const char bash_head[] = "# Completion of muster for bash, written by: muster completion bash\n"
                                "_muster() {\n"
                                "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} "
                                "verb=${COMP_WORDS[1]} kind='' words='' options=''\n"
                                "    if [[ $cur == = ]]; then # bash takes --file=x for three words\n"
                                "        cur=''\n"
                                "    elif [[ $prev == = ]]; then\n"
                                "        prev=${COMP_WORDS[COMP_CWORD-2]}\n"
                                "    fi\n"
                                "    COMPREPLY=()\n";
static const char bash_tail[] =
    "    if [[ $cur == -* && -n $options ]]; then\n"
    "        kind=words words=$options\n"
    "    fi\n"
    "    case $kind in\n"
    "    words) mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\") ;;\n"
    "    scenarios)\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        mapfile -t COMPREPLY < <(\n"
    "            compgen -d -- \"$cur\"\n"
    "            compgen -f -X '!*.yaml' -- \"$cur\"\n"
    "            compgen -f -X '!*.yml' -- \"$cur\"\n"
    "        )\n"
    "        ;;\n"
    "    captures)\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        mapfile -t COMPREPLY < <(\n"
    "            compgen -d -- \"$cur\"\n"
    "            compgen -f -X '!*.pcap*' -- \"$cur\"\n"
    "        )\n"
    "        ;;\n"
    "    directories)\n"
    "        compopt -o filenames 2>/dev/null\n"
    "        mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")\n"
    "        ;;\n"
    "    names)\n"
    "        mapfile -t COMPREPLY < <(\"${COMP_WORDS[0]}\" explain --names -- \"${cur//\\\\/}\" 2>/dev/null)\n"
    "        ((${#COMPREPLY[@]} == 0)) || mapfile -t COMPREPLY < <(printf '%q\\n' \"${COMPREPLY[@]}\")\n"
    "        ;;\n"
    "    esac\n"
    "}\n"
    "complete -F _muster muster\n";
static const char *const kinds[COMPLETION_KINDS] = {"nothing",     "words", "scenarios",
                                                    "directories", "names", "captures"};

static void bash_value(const struct completion_value *v, struct text *out) {
    text_printf(out, "kind=%s", kinds[v->kind]);
    if (v->kind == COMPLETION_WORDS)
        text_printf(out, " words=\"%s\"", v->words);
    text_append(out, " ;;\n");
}

static void bash_verbs(struct text *out) {
    for (size_t i = 0; i < VERBS; i++)
        text_printf(out, "%s%s", i > 0 ? " " : "", options_verbs[i].name);
}

static void write_bash(struct text *out) {
    text_append(out, bash_head);
    text_append(out, "    if ((COMP_CWORD == 1)) || [[ $verb == help ]]; then\n        kind=words words=\"");
    bash_verbs(out);
    text_append(out, "\"\n        ((COMP_CWORD > 1)) || words+=\" help --help --version\"\n    fi\n"
                     "    [[ -n $kind ]] || case \"$verb $prev\" in\n");
    for (size_t k = 0; k < VERBS; k++)
        for (size_t i = 0; i < options_row_count; i++) {
            const struct option_row *o = &options_rows[i];
            if (!has(o, &options_verbs[k]) || o->argument == NULL)
                continue;
            struct completion_value value = completion_of_option(o);
            text_printf(out, "    \"%s --%s\"", options_verbs[k].name, o->name);
            if (o->letter != 0)
                text_printf(out, " | \"%s -%c\"", options_verbs[k].name, o->letter);
            text_append(out, ") ");
            bash_value(&value, out);
        }
    text_append(out, "    *)\n        case $verb in\n");
    for (size_t k = 0; k < VERBS; k++) {
        struct completion_value value = completion_of_operand(&options_verbs[k]);
        text_printf(out, "        %s)\n            options=\"", options_verbs[k].name);
        const char *gap = "";
        for (size_t i = 0; i < options_row_count; i++) {
            const struct option_row *o = &options_rows[i];
            if (!has(o, &options_verbs[k]))
                continue;
            if (o->letter != 0)
                text_printf(out, "%s-%c", gap, o->letter);
            text_printf(out, "%s--%s", o->letter != 0 ? " " : gap, o->name);
            gap = " ";
        }
        text_append(out, "\"\n            ");
        bash_value(&value, out);
    }
    text_append(out, "        esac\n        ;;\n    esac\n");
    text_append(out, bash_tail);
}

/* --- zsh ------------------------------------------------------------------------------------------------------------- */

/* Within single quotes, and within [ ] or before ':' of _arguments. */
static void zsh_quoted(const char *s, size_t size, struct text *out) {
    for (; size > 0 && *s != '\0'; s++, size--) {
        if (*s == '\'')
            text_append(out, "'\\''");
        else
            text_printf(out, "%s%c", strchr("[]:\\", *s) != NULL ? "\\" : "", *s);
    }
}

static void zsh_action(const struct completion_value *v, struct text *out) {
    static const char *const actions[COMPLETION_KINDS] = {
        " ", NULL, "_files -g \"*.(yaml|yml)\"", "_files -/", "_muster_names", "_files -g \"*.(pcap|pcapng)\""};
    if (v->kind == COMPLETION_WORDS)
        text_printf(out, "(%s)", v->words);
    else
        text_append(out, actions[v->kind]);
}

static void zsh_option(const struct option_row *o, struct text *out) {
    struct completion_value value = completion_of_option(o);
    bool repeats = o->type == OPTION_LIST;
    const char *in_place = o->argument == NULL ? "" : "=", *after = o->argument == NULL ? "" : "+";
    text_append(out, "            ");
    if (o->letter != 0 && repeats)
        text_printf(out, "'*'{-%c%s,--%s%s}'[", o->letter, after, o->name, in_place);
    else if (o->letter != 0)
        text_printf(out, "'(-%c --%s)'{-%c%s,--%s%s}'[", o->letter, o->name, o->letter, after, o->name, in_place);
    else
        text_printf(out, "'%s--%s%s[", repeats ? "*" : "", o->name, in_place);
    zsh_quoted(o->doc, brief(o->doc), out);
    text_append(out, "]");
    if (o->argument != NULL) {
        text_append(out, ":");
        zsh_quoted(o->argument, strlen(o->argument), out);
        text_append(out, ":");
        zsh_action(&value, out);
    }
    text_append(out, "' \\\n");
}

static void write_zsh(struct text *out) {
    text_append(out, "#compdef muster\n"
                     "# Completion of muster for zsh, written by: muster completion zsh\n"
                     "_muster_names() {\n"
                     "    local -a names\n"
                     "    names=(${(f)\"$(_call_program names $muster explain --names -- ${(q)PREFIX})\"})\n"
                     "    compadd -a names\n"
                     "}\n"
                     "_muster() {\n"
                     "    local muster=$words[1]\n"
                     "    local -a verbs\n"
                     "    verbs=(\n");
    for (size_t k = 0; k < VERBS; k++) {
        text_printf(out, "        '%s:", options_verbs[k].name);
        zsh_quoted(options_verbs[k].doc, brief(options_verbs[k].doc), out);
        text_append(out, "'\n");
    }
    text_append(out, "    )\n"
                     "    if ((CURRENT == 2)); then\n"
                     "        _describe verb verbs\n"
                     "        return\n"
                     "    fi\n"
                     "    shift words\n"
                     "    ((CURRENT--))\n"
                     "    case $words[1] in\n"
                     "    help) _describe verb verbs ;;\n");
    for (size_t k = 0; k < VERBS; k++) {
        const struct options_verb *v = &options_verbs[k];
        struct completion_value value = completion_of_operand(v);
        text_printf(out, "    %s)\n        _arguments -s -S \\\n", v->name);
        for (size_t i = 0; i < options_row_count; i++)
            if (has(&options_rows[i], v))
                zsh_option(&options_rows[i], out);
        text_append(out, value.kind == COMPLETION_NOTHING ? "            && return\n        ;;\n" : "            '*:");
        if (value.kind == COMPLETION_NOTHING)
            continue;
        zsh_quoted(v->operands, strlen(v->operands), out);
        text_append(out, ":");
        zsh_action(&value, out);
        text_append(out, "'\n        ;;\n");
    }
    text_append(out,
                "    esac\n}\n"
                "if [[ $funcstack[1] == _muster ]]; then\n    _muster \"$@\"\nelse\n    compdef _muster muster\nfi\n");
}

/* --- fish ------------------------------------------------------------------------------------------------------------ */

static void fish_quoted(const char *s, size_t size, struct text *out) {
    text_append(out, "'");
    for (; size > 0 && *s != '\0'; s++, size--)
        text_printf(out, "%s%c", *s == '\'' || *s == '\\' ? "\\" : "", *s);
    text_append(out, "'");
}

static void fish_value(const struct completion_value *v, struct text *out) {
    static const char *const values[COMPLETION_KINDS] = {
        NULL,
        NULL,
        "(__fish_complete_path (commandline -ct) | string match -r '.*(?:/|\\.ya?ml)(?:\\t.*)?$')",
        "(__fish_complete_directories)",
        "(muster explain --names -- (commandline -ct) 2>/dev/null)",
        "(__fish_complete_path (commandline -ct) | string match -r '.*(?:/|\\.pcap(?:ng)?)(?:\\t.*)?$')"};
    const char *value = v->kind == COMPLETION_WORDS ? v->words : values[v->kind];
    if (value == NULL)
        return;
    text_append(out, " -a ");
    fish_quoted(value, strlen(value), out);
}

static void write_fish(struct text *out) {
    text_append(out, "# Completion of muster for fish, written by: muster completion fish\n"
                     "complete -c muster -f\n"
                     "complete -c muster -n __fish_use_subcommand -a help -d 'the help of a verb'\n");
    for (size_t k = 0; k < VERBS; k++) {
        const struct options_verb *v = &options_verbs[k];
        struct completion_value operand = completion_of_operand(v);
        text_printf(out, "complete -c muster -n __fish_use_subcommand -a %s -d ", v->name);
        fish_quoted(v->doc, brief(v->doc), out);
        text_printf(out, "\ncomplete -c muster -n '__fish_seen_subcommand_from help' -a %s\n", v->name);
        if (operand.kind != COMPLETION_NOTHING) {
            text_printf(out, "complete -c muster -n '__fish_seen_subcommand_from %s'", v->name);
            fish_value(&operand, out);
            text_append(out, "\n");
        }
        for (size_t i = 0; i < options_row_count; i++) {
            const struct option_row *o = &options_rows[i];
            if (!has(o, v))
                continue;
            struct completion_value value = completion_of_option(o);
            text_printf(out, "complete -c muster -n '__fish_seen_subcommand_from %s' -l %s", v->name, o->name);
            if (o->letter != 0)
                text_printf(out, " -s %c", o->letter);
            text_append(out, o->argument != NULL ? " -x" : "");
            fish_value(&value, out);
            text_append(out, " -d ");
            fish_quoted(o->doc, brief(o->doc), out);
            text_append(out, "\n");
        }
    }
}

const struct completion_shell completion_shells[] = {
    {"bash", write_bash},
    {"zsh", write_zsh},
    {"fish", write_fish},
    {NULL, NULL},
};
