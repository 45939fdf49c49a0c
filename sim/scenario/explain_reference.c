/* docs/scenario-reference.md, written from the tables. */
#include <string.h>

#include "base/units.h"
#include "device/action.h"
#include "device/reconnect.h"
#include "device/template.h"
#include "scenario/diagnostic.h"
#include "scenario/explain.h"
#include "scenario/schema.h"
#include "scenario/value.h"

static const char introduction[] =
    "# Scenario reference\n"
    "\n"
    "Written from the program's tables, and compared with them by a test; do not edit. `muster explain KEY` says the "
    "same on the\n"
    "command line, `muster schema` writes the JSON Schema for editors.\n"
    "\n"
    "A scenario is YAML 1.2 without anchors, aliases, tags and merge keys, at most 1 MiB. Every key that is not listed "
    "here is an\n"
    "error, except keys that begin with `x-`: they are notes. In paths `*` is a name that you choose, `[]` an entry of "
    "a list.\n"
    "\n"
    "- **Units** are mandatory where a value has one: `10s`, not `10`. `1h30min` is one value, `_` may separate "
    "digits.\n"
    "- **Commas**: inside `{ }` and `[ ]` YAML ends a value at a comma or brace. Put functions and templates in quotes "
    "there.\n"
    "- **Names** have letters, digits, `_`, `.` and `-`.\n"
    "- **Several files**: `include:` and further `-f FILE` are laid over each other: maps merge, lists replace. `--set "
    "path=value` and\n"
    "  `--unset path` come last, in their order.\n"
    "- **Inheritance**: `extends: name` takes what the entry does not say itself from another one of the same kind, of "
    "the scenario or of\n"
    "  the library (`profiles/networks/*.yaml`, `profiles/devices/*.yaml` with profiles and whole fleets,\n"
    "  `profiles/backends/*.yaml`; beside the scenario, in `$MUSTER_DATA`, or as installed). Profiles, networks and "
    "limits "
    "that fleets\n"
    "  and targets name without defining them come from the library, too.\n"
    "- **Variables**: `${vars.x}` and `${env.X:-default}` stand for values anywhere. `$${` is a literal `${`.\n";

/* Cells of a table: '|' would end them. */
static void write_cell(const char *s, struct text *out) {
    for (; *s != '\0'; s++)
        text_printf(out, *s == '|' ? "\\%c" : "%c", *s);
}

static void write_key_row(const struct schema_row *row, struct text *out) {
    char described[400];
    text_printf(out, "| `%s` | ", strcmp(schema_last(row), "*") == 0 ? "*name*" : schema_last(row));
    write_cell(schema_describe(row, described, sizeof described), out);
    text_append(out, " | ");
    if (row->unless != NULL)
        text_printf(out, "required, or `%s`", row->unless);
    else if ((row->flags & SCHEMA_REQUIRED) != 0)
        text_append(out, "required");
    else if (row->standard != NULL && row->standard[0] != '\0')
        text_printf(out, "`%s`", row->standard);
    else if (row->standard != NULL)
        text_append(out, "empty");
    text_append(out, " | ");
    write_cell(row->doc, out);
    if ((row->flags & SCHEMA_SETTABLE) != 0)
        text_append(out, " Can change while it runs.");
    if (row->verbs != 0) {
        text_append(out, " With:");
        for (int v = 0; v < ACTION_VERBS; v++)
            if ((row->verbs & SCHEMA_VERB(v)) != 0)
                text_printf(out, " %s", action_verbs[v].name);
        text_append(out, ".");
    }
    if (row->example != NULL) {
        text_append(out, " Example: `");
        write_cell(row->example, out);
        text_append(out, "`");
    }
    text_append(out, " |\n");
}

static bool has_keys(const struct schema_row *row) {
    const struct schema_row *child = schema_next_child(row, NULL);
    return child != NULL && strcmp(schema_last(child), "*") != 0 && strcmp(schema_last(child), "[]") != 0;
}

static void write_section(const struct schema_row *row, struct text *out) {
    const struct schema_row *child = NULL;
    if (row->path[0] == '\0')
        text_append(out, "\n## Top level\n\n");
    else
        text_printf(out, "\n## `%s`\n\n%s\n\n", row->path, row->doc);
    text_append(out, "| key | value | default | meaning |\n|---|---|---|---|\n");
    while ((child = schema_next_child(row, child)) != NULL)
        write_key_row(child, out);
}

static void write_verbs(struct text *out) {
    text_append(
        out, "\n## Timeline verbs\n\n| verb | what it does | `for` undoes it | keys of its own |\n|---|---|---|---|\n");
    for (int v = 0; v < ACTION_VERBS; v++) {
        text_printf(out, "| `%s` | %s | %s | ", action_verbs[v].name, action_verbs[v].doc,
                    action_verbs[v].undoable ? "yes" : "no");
        const struct schema_row *row = NULL;
        while ((row = schema_next_child(schema_find("timeline.[]"), row)) != NULL)
            if ((row->verbs & SCHEMA_VERB(v)) != 0)
                text_printf(out, "`%s` ", schema_last(row));
        text_append(out, "|\n");
    }
}

static void write_functions(struct text *out) {
    text_append(out, "\n## Functions in values\n\nResults below 0 are cut to 0 in durations and sizes.\n\n"
                     "| function | for | meaning | example |\n|---|---|---|---|\n");
    for (const struct value_function *f = value_functions; f->name != NULL; f++)
        text_printf(out, "| `%s(%s)` | %s | %s | `%s` |\n", f->name, f->parameters, f->kind, f->doc, f->example);
}

static void write_variables(struct text *out) {
    text_append(out, "\n## Template variables\n\n| variable | meaning |\n|---|---|\n");
    for (const struct template_variable *v = template_variables; v->name != NULL; v++)
        text_printf(out, "| `${%s}` | %s |\n", v->name, v->doc);
}

static void write_personalities(struct text *out) {
    text_append(out, "\n## Reconnect personalities\n\nWords of `profiles.*.reconnect.policy` that stand for all values "
                     "of its map.\n\n| word | waits | read where |\n|---|---|---|\n");
    for (const struct reconnect_personality *p = reconnect_personalities; p->name != NULL; p++)
        text_printf(out, "| `%s` | %s | %s |\n", p->name, p->rule, p->evidence);
}

static void write_units(struct text *out) {
    text_append(out, "\n## Units\n\n| kind | units |\n|---|---|\n");
    for (int d = 0; d < UNITS_DIMENSIONS; d++) {
        bool any = false;
        for (const struct units_row *u = units_rows; u->suffix != NULL; u++) {
            if ((int)u->dimension != d)
                continue;
            if (any)
                text_printf(out, " `%s`", u->suffix);
            else
                text_printf(out, "| %s | `%s`", units_dimension_name(u->dimension), u->suffix);
            any = true;
        }
        if (any)
            text_append(out, " |\n");
    }
}

static void write_codes(struct text *out) {
    text_append(out, "\n## Errors and warnings\n\n| code | what | meaning |\n|---|---|---|\n");
    for (const struct diagnostic_code *c = diagnostic_codes; c->code != NULL; c++)
        text_printf(out, "| %s | %s | %s |\n", c->code, c->title, c->doc);
}

void explain_reference(const struct explain_topic *const *topics, size_t count, struct text *out) {
    text_append(out, introduction);
    for (const struct schema_row *row = schema_rows; row->path != NULL; row++)
        if (has_keys(row))
            write_section(row, out);
    write_verbs(out);
    write_functions(out);
    write_variables(out);
    write_personalities(out);
    write_units(out);
    write_codes(out);
    for (size_t t = 0; t < count; t++) {
        text_printf(out, "\n## %c%ss\n\n| name | meaning |\n|---|---|\n", topics[t]->kind[0] - 'a' + 'A',
                    topics[t]->kind + 1);
        for (const struct explain_topic *e = topics[t]; e->name != NULL; e++) {
            text_printf(out, "| `%s` | ", e->name);
            write_cell(e->doc, out);
            text_append(out, " |\n");
        }
    }
}
