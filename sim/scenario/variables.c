#include "scenario/variables.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/suggest.h"

enum { NAMES_MAX = 256 };

struct replacer {
    const struct node *vars;
    const struct load_options *options;
    struct diagnostic_list *list;
    size_t total; /* bytes made so far */
    bool missing; /* a variable of the scalar at hand does not exist */
};

size_t variables_next(const char *text, size_t from) {
    for (size_t i = from; text[i] != '\0'; i++) {
        if (text[i] != '$')
            continue;
        if (text[i + 1] == '$' && text[i + 2] == '{')
            i += 2;
        else if (text[i + 1] == '{')
            return i;
    }
    return SIZE_MAX;
}

struct variables_reference variables_reference_at(const char *text, size_t at) {
    struct variables_reference r = {.name = at + 2};
    size_t inside = strcspn(text + r.name, "}");
    if (text[r.name + inside] == '\0')
        return r;
    r.size = inside + 3;
    r.name_size = inside;
    const char *colon = memchr(text + r.name, ':', inside);
    if (colon != NULL) {
        r.name_size = (size_t)(colon - text) - r.name;
        r.rest = r.name + r.name_size + 1;
        r.rest_size = inside - r.name_size - 1;
    }
    return r;
}

static bool is_kind(const char *text, const struct variables_reference *r, const char *prefix) {
    size_t size = strlen(prefix);
    return r->name_size > size && memcmp(text + r->name, prefix, size) == 0;
}

static const char *ask_environment(const struct load_options *options, const char *name) {
    return options->env != NULL ? options->env(options->env_context, name) : getenv(name);
}

/* A value from outside keeps its bytes, but cannot name a template: "${" becomes "$${". */
static void append_foreign(struct text *out, const char *value) {
    for (size_t i = 0; value[i] != '\0'; i++) {
        if (value[i] == '$' && value[i + 1] == '{')
            text_append(out, "$");
        text_append_n(out, value + i, 1);
    }
}

static void replace_env(struct replacer *p, const struct node *n, const struct variables_reference *r,
                        struct text *out) {
    char name[NODE_PATH_MAX];
    size_t size = r->name_size - 4;
    if (size >= sizeof name)
        return;
    memcpy(name, n->text + r->name + 4, size);
    name[size] = '\0';
    const char *value = ask_environment(p->options, name);
    bool has_default = r->rest_size > 0 && n->text[r->rest] == '-';
    if (value != NULL && (value[0] != '\0' || !has_default)) {
        append_foreign(out, value);
    } else if (has_default) {
        text_append_n(out, n->text + r->rest + 1, r->rest_size - 1);
    } else {
        struct diagnostic_mark mark = node_mark_within(n, r->name - 2, r->size);
        p->missing = true;
        diagnostic_help(
            diagnostic_add(p->list, "E124", mark, "the environment variable %s is not set and has no default", name),
            "set it, or write ${env.%s:-value}", name);
    }
}

static void report_unknown(struct replacer *p, const struct node *n, const struct variables_reference *r,
                           const char *name) {
    const char *names[NAMES_MAX];
    size_t count = 0;
    p->missing = true;
    for (size_t i = 0; p->vars != NULL && p->vars->kind == NODE_MAP && i < p->vars->count && count < NAMES_MAX; i++)
        names[count++] = p->vars->entries[i].key;
    struct diagnostic_mark mark = node_mark_within(n, r->name - 2, r->size);
    struct diagnostic *d = diagnostic_add(p->list, "E123", mark, "there is no variable '%s' in vars", name);
    const char *near = suggest_nearest(name, names, count);
    diagnostic_suggest(d, near);
    if (near == NULL)
        diagnostic_help(d, "define it: vars: {%s: …}", name);
}

static void replace_var(struct replacer *p, const struct node *n, const struct variables_reference *r,
                        struct text *out) {
    char name[NODE_PATH_MAX];
    size_t size = r->name_size - 5;
    if (size >= sizeof name)
        return;
    memcpy(name, n->text + r->name + 5, size);
    name[size] = '\0';
    const struct node *value = node_get(p->vars, name);
    if (value == NULL)
        report_unknown(p, n, r, name);
    else if (value->kind == NODE_SCALAR)
        text_append(out, value->text);
}

/* One pass over one scalar; true when something was replaced. */
static bool replace_once(struct replacer *p, struct node *n) {
    struct text out = {0};
    size_t from = 0, at;
    bool replaced = false;
    p->missing = false;
    while ((at = variables_next(n->text, from)) != SIZE_MAX && out.size <= VARIABLES_TEXT_MAX &&
           p->list->count < DIAGNOSTIC_KEPT_MAX) {
        struct variables_reference r = variables_reference_at(n->text, at);
        if (r.size == 0)
            break;
        bool var = is_kind(n->text, &r, "vars."), env = is_kind(n->text, &r, "env.");
        text_append_n(&out, n->text + from, at - from);
        if (var)
            replace_var(p, n, &r, &out);
        else if (env)
            replace_env(p, n, &r, &out);
        else
            text_append_n(&out, n->text + at, r.size);
        replaced = replaced || var || env;
        from = at + r.size;
    }
    if (replaced) {
        text_append(&out, n->text + from);
        p->total += out.size;
        if (out.size > VARIABLES_TEXT_MAX || p->total > VARIABLES_TOTAL_MAX) {
            diagnostic_add(p->list, "E125", n->mark, "variables make this value longer than %d KiB",
                           VARIABLES_TEXT_MAX >> 10);
            node_set_text(n, "");
            n->refused = true;
        } else {
            node_set_text(n, text_get(&out));
        }
    }
    text_free(&out);
    n->refused = n->refused || p->missing;
    return replaced && !n->refused;
}

static bool names_secret(const char *text) {
    for (size_t at = variables_next(text, 0); at != SIZE_MAX; at = variables_next(text, at + 2)) {
        struct variables_reference r = variables_reference_at(text, at);
        if (r.size > 0 && is_kind(text, &r, "secret."))
            return true;
    }
    return false;
}

void variables_replace(struct node *tree, const struct node *vars, const struct load_options *options,
                       struct diagnostic_list *list) {
    struct replacer p = {vars, options, list, 0, false};
    struct node_walk w = node_walk_of(tree);
    while (node_walk_next(&w)) {
        if (w.node == vars) {
            node_walk_skip(&w);
        } else if (w.node->kind == NODE_SCALAR) {
            replace_once(&p, w.node);
            w.node->secret = names_secret(w.node->text);
        }
    }
}

/* The first variable that a text names, or NULL. */
static const struct node_entry *first_named(const struct node *vars, const struct node *n) {
    for (size_t at = variables_next(n->text, 0); at != SIZE_MAX; at = variables_next(n->text, at + 2)) {
        struct variables_reference r = variables_reference_at(n->text, at);
        if (r.size == 0 || !is_kind(n->text, &r, "vars."))
            continue;
        for (size_t i = 0; i < vars->count; i++) {
            const char *key = vars->entries[i].key;
            if (strlen(key) == r.name_size - 5 && memcmp(key, n->text + r.name + 5, r.name_size - 5) == 0)
                return &vars->entries[i];
        }
    }
    return NULL;
}

/* Follows first references from `e` until a name comes back: e's own loop, or one that it leads into. */
static bool write_loop(const struct node *vars, const struct node_entry *e, struct text *chain) {
    const struct node_entry *at = e;
    text_append(chain, e->key);
    for (int i = 0; i <= VARIABLES_NESTING_MAX; i++) {
        at = at->value->kind == NODE_SCALAR ? first_named(vars, at->value) : NULL;
        if (at == NULL)
            return false;
        text_printf(chain, " → %s", at->key);
        if (at == e)
            return true;
    }
    return true;
}

void variables_settle(struct node *vars, const struct load_options *options, struct diagnostic_list *list) {
    if (vars == NULL || vars->kind != NODE_MAP)
        return;
    struct replacer p = {vars, options, list, 0, false};
    for (size_t i = 0; i < vars->count; i++) {
        const struct node_entry *e = &vars->entries[i];
        struct text chain = {0};
        if (e->value->kind == NODE_SCALAR && write_loop(vars, e, &chain)) {
            struct diagnostic *d =
                diagnostic_add(list, "E126", e->value->mark, "variables lead back to themselves: %s", text_get(&chain));
            diagnostic_help(d, "give one of them a value that names no variable; at most %d levels are followed",
                            VARIABLES_NESTING_MAX);
            e->value->refused = true;
        }
        text_free(&chain);
    }
    for (size_t i = 0; i < vars->count; i++)
        if (vars->entries[i].value->refused)
            node_set_text(vars->entries[i].value, "");
    for (int pass = 0; pass < VARIABLES_NESTING_MAX; pass++) {
        bool again = false;
        for (size_t i = 0; i < vars->count; i++)
            if (vars->entries[i].value->kind == NODE_SCALAR && !vars->entries[i].value->refused)
                again = replace_once(&p, vars->entries[i].value) || again;
        if (!again)
            return;
    }
}
