#include "scenario/validate.h"

#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/suggest.h"
#include "device/action.h"
#include "scenario/schema.h"
#include "scenario/validate_scalar.h"
#include "scenario/value.h"

enum { KEYS_MAX = 128, ANY_VERB = -1 };

struct level {
    const struct node *node;
    const struct schema_row *row;
    size_t next;
    size_t path_size; /* of the path down to here */
    int verb;         /* of the timeline entry around it, or ANY_VERB */
    bool items;       /* a list whose items have `row` itself (SCHEMA_OR_LIST) */
};

struct walk {
    struct diagnostic_list *list;
    struct level levels[NODE_DEPTH_MAX + 1];
    int depth;
    char path[NODE_PATH_MAX];
    const struct node *fleet;
};

/* Words of other tools and of everyday speech, and ours. Used only where ours is a key. */
static const char *const synonyms[][2] = {
    {"interval", "every"},
    {"period", "every"},
    {"rate", "every"},
    {"devices", "count"},
    {"clients", "count"},
    {"size", "count"},
    {"number", "count"},
    {"clean_session", "clean_start"},
    {"lwt", "will"},
    {"last_will", "will"},
    {"username", "user"},
    {"passwd", "password"},
    {"latency", "rtt"},
    {"delay", "rtt"},
    {"packet_loss", "loss"},
    {"uplink", "up"},
    {"downlink", "down"},
    {"host", "url"},
    {"uri", "url"},
    {"address", "url"},
    {"broker", "target"},
    {"server", "target"},
    {"brokers", "targets"},
    {"devices", "fleets"},
    {"groups", "fleets"},
    {"message", "payload"},
    {"body", "payload"},
    {"data", "payload"},
    {"retained", "retain"},
    {"events", "timeline"},
    {"scenario", "timeline"},
    {"action", "do"},
    {"verb", "do"},
    {"type", "do"},
    {"start", "at"},
    {"time", "at"},
    {"duration", "for"},
    {"lasting", "for"},
    {"select", "who"},
    {"selector", "who"},
    {"devices", "who"},
    {"target", "who"},
    {"ramp", "over"},
    {"mode", "how"},
    {"assertions", "checks"},
    {"thresholds", "checks"},
    {"slos", "checks"},
    {"expr", "expect"},
    {"expression", "expect"},
    {"assert", "expect"},
    {"condition", "expect"},
    {"variables", "vars"},
    {"includes", "include"},
    {"backoff", "policy"},
    {"initial", "first"},
    {"base", "first"},
    {"cap", "max"},
    {"multiplier", "factor"},
    {"max_attempts", "attempts"},
    {"retries", "attempts"},
    {"capacity", "messages"},
    {"limit", "messages"},
    {"markdown", "md"},
    {"region", "regions"},
    {"description", "name"},
    {"title", "name"},
    {"run_time", "duration"},
    {"runtime", "duration"},
    {"random_seed", "seed"},
    {"allowlist", "allow"},
    {"allow_list", "allow"},
    {"inherits", "extends"},
    {"parent", "extends"},
    {"quality_of_service", "qos"},
    {"subscriptions", "subscribe"},
    {"topics", "subscribe"},
};

static const char *where(const struct walk *w, const struct level *l, char *text, size_t size) {
    if (l->path_size == 0)
        snprintf(text, size, "the scenario");
    else
        snprintf(text, size, "%.*s", (int)l->path_size, w->path);
    return text;
}

static const char *find_synonym(const struct schema_row *row, const char *key) {
    for (size_t i = 0; i < COUNT_OF(synonyms); i++) {
        const struct schema_row *child = strcmp(synonyms[i][0], key) == 0 ? schema_child(row, synonyms[i][1]) : NULL;
        if (child != NULL && strcmp(schema_last(child), synonyms[i][1]) == 0)
            return synonyms[i][1];
    }
    return NULL;
}

static const char *find_near(const struct schema_row *row, const char *key) {
    const char *names[KEYS_MAX];
    size_t count = 0;
    const struct schema_row *child = NULL;
    while ((child = schema_next_child(row, child)) != NULL && count < KEYS_MAX)
        names[count++] = schema_last(child);
    return suggest_nearest(key, names, count);
}

static bool is_key(const struct schema_row *row) {
    const char *last = schema_last(row);
    return strcmp(last, "*") != 0 && strcmp(last, "[]") != 0;
}

/* A key of that name further down from here: "mqtt.keepalive" for a profile's "keepalive", exact or nearly. */
static const char *find_below(const struct schema_row *row, const char *key) {
    size_t size = strlen(row->path);
    const char *near = NULL;
    int nearest = strlen(key) < 5 ? 1 : 3;
    for (const struct schema_row *r = row + 1; r->path != NULL && (size == 0 || strncmp(r->path, row->path, size) == 0);
         r++) {
        const char *rest = r->path + (size == 0 ? 0 : size + 1);
        if ((size > 0 && r->path[size] != '.') || !is_key(r) || strpbrk(rest, "*[") != NULL)
            continue;
        int distance = suggest_distance(key, schema_last(r), 2);
        if (distance < nearest) {
            nearest = distance;
            near = rest;
        }
    }
    return near;
}

static const struct schema_row *find_elsewhere(const char *key) {
    for (const struct schema_row *r = &schema_rows[1]; r->path != NULL; r++)
        if (strchr(r->path, '.') != NULL && is_key(r) && strcmp(schema_last(r), key) == 0 &&
            strncmp(r->path, "timeline.[].set.", 16) != 0)
            return r;
    return NULL;
}

/* Of the path without its last part. */
static int parent_size(const struct schema_row *row) {
    const char *last = schema_last(row);
    return last == row->path ? 0 : (int)(last - row->path) - 1;
}

static void report_unknown(struct walk *w, const struct level *l, const struct node_entry *e) {
    char place[NODE_PATH_MAX];
    const struct schema_row *row = l->row;
    struct diagnostic *d = diagnostic_add(w->list, "E201", e->key_mark, "unknown key '%s' in %s", e->key,
                                          where(w, l, place, sizeof place));
    const char *near = find_near(row, e->key);
    const struct schema_row *other = find_elsewhere(e->key);
    if (near == NULL)
        near = find_synonym(row, e->key);
    if (near == NULL)
        near = find_below(row, e->key);
    diagnostic_suggest(d, near);
    if (near == NULL && other != NULL)
        diagnostic_help(d, "'%s' is a key of %.*s; muster explain %s", e->key, parent_size(other), other->path,
                        other->path);
    else if (row->path[0] == '\0')
        diagnostic_help(d, "muster explain scenario lists the keys; notes of your own begin with x-");
    else
        diagnostic_help(d, "muster explain %s", row->path);
}

static void report_kind(struct walk *w, const struct node *n, const struct schema_row *row, const char *key) {
    char described[400];
    schema_describe(row, described, sizeof described);
    struct diagnostic *d =
        key == NULL
            ? diagnostic_add(w->list, "E202", n->mark, "%s stands where %s belongs", node_kind_name(n), described)
            : diagnostic_add(w->list, "E202", n->mark, "'%s' takes %s, not %s", key, described, node_kind_name(n));
    if (row->kind == SCHEMA_LIST)
        diagnostic_help(d, "begin every entry with '- '");
    else if (row->example != NULL && key != NULL)
        diagnostic_help(d, "for instance %s: %s", key, row->example);
}

static bool verb_takes(const struct schema_row *row, int verb) {
    return row->verbs == 0 || verb == ANY_VERB || (row->verbs & SCHEMA_VERB(verb)) != 0;
}

static void report_verb(struct walk *w, const struct schema_row *row, const struct node_entry *e, int verb) {
    struct text takers = {0};
    for (int v = 0; v < ACTION_VERBS; v++)
        if (verb_takes(row, v))
            text_printf(&takers, "%s%s", takers.size == 0 ? "" : ", ", action_verbs[v].name);
    diagnostic_help(
        diagnostic_add(w->list, "E207", e->key_mark, "'%s' does not go with '%s'", e->key, action_verbs[verb].name),
        "it goes with %s", text_get(&takers));
    text_free(&takers);
}

static struct diagnostic_mark mark_of(const struct level *l, const struct node_entry *e) {
    return e != NULL && e->key != NULL ? e->key_mark : l->node->mark;
}

/* An unknown key that is going to be reported with the suggestion to write `key`. */
static bool is_misspelt(const struct level *l, const char *key) {
    for (size_t i = 0; i < l->node->count; i++) {
        const char *written = l->node->entries[i].key;
        if (schema_child(l->row, written) != NULL)
            continue;
        const char *near = find_near(l->row, written);
        near = near == NULL ? find_synonym(l->row, written) : near;
        if (l->node->entries[i].value->refused || (near != NULL && strcmp(near, key) == 0))
            return true;
    }
    return false;
}

/* An empty list says nothing; what is no list is complained of elsewhere. */
static bool is_said(const struct node *n) {
    return n != NULL && (n->refused || n->kind != NODE_LIST || n->count > 0);
}

static void check_required(struct walk *w, const struct level *l, const struct node_entry *e) {
    char place[NODE_PATH_MAX];
    const struct schema_row *child = NULL;
    while (l->row->kind != SCHEMA_NAMED && (child = schema_next_child(l->row, child)) != NULL) {
        const char *key = schema_last(child);
        const struct node *given = node_get(l->node, key);
        bool container = child->kind == SCHEMA_NAMED || child->kind == SCHEMA_MAP || child->kind == SCHEMA_LIST;
        bool none = given == NULL || (container && !given->refused && given->count == 0);
        if ((child->flags & SCHEMA_REQUIRED) == 0 || !verb_takes(child, l->verb) || !none)
            continue;
        if (child->unless != NULL && is_said(node_get(l->node, child->unless)))
            continue;
        if ((l->verb == ANY_VERB && child->verbs != 0) || is_misspelt(l, key))
            continue;
        struct diagnostic *d =
            diagnostic_add(w->list, "E203", mark_of(l, e), "'%s'%s%s%s is missing in %s", key,
                           child->unless != NULL ? " (or '" : "", child->unless != NULL ? child->unless : "",
                           child->unless != NULL ? "')" : "", where(w, l, place, sizeof place));
        if (child->example != NULL)
            diagnostic_help(d, "for instance %s: %s", key, child->example);
        else
            diagnostic_help(d, "muster explain %s", child->path);
    }
}

/* At most one of the keys may be there. */
static const struct {
    const char *path, *keys[3];
} exclusive[] = {
    {"", {"target", "targets", NULL}},
    {"fleets.*", {"profile", "mix", NULL}},
    {"fleets.*.telemetry", {"every", "messages", NULL}},
    {"fleets.*.telemetry", {"first", "messages", NULL}},
    {"timeline.[]", {"at", "after", "when"}},
};

static void check_exclusive(struct walk *w, const struct level *l) {
    for (size_t i = 0; i < COUNT_OF(exclusive); i++) {
        const struct node_entry *first = NULL;
        if (strcmp(exclusive[i].path, l->row->path) != 0)
            continue;
        for (size_t k = 0; k < COUNT_OF(exclusive[i].keys) && exclusive[i].keys[k] != NULL; k++) {
            const struct node_entry *e = node_entry_of(l->node, exclusive[i].keys[k]);
            if (e != NULL && first != NULL)
                diagnostic_help(diagnostic_add(w->list, "E209", e->key_mark, "'%s' and '%s' exclude each other",
                                               first->key, e->key),
                                "keep one of them; --unset takes away what another file has set");
            first = first == NULL ? e : first;
        }
    }
}

static void check_shares(struct walk *w, const struct level *l, const struct node_entry *e) {
    double sum = 0, share;
    char why[VALUE_WHY_MAX];
    for (size_t i = 0; i < l->node->count; i++) {
        const char *text = node_text(l->node->entries[i].value);
        if (text == NULL || value_number(text, UNITS_SHARE, 0, 1, &share, why) != 0)
            return;
        sum += share;
    }
    if (sum < 1 - 1e-9 || sum > 1 + 1e-9)
        diagnostic_add(w->list, "E210", mark_of(l, e), "the shares add up to %.10g%%, not 100%%", sum * 100);
}

static int verb_of(const struct level *l) {
    if (strcmp(l->row->path, "timeline.[]") != 0)
        return l->verb;
    const char *name = node_text(node_get(l->node, "do"));
    for (int v = 0; name != NULL && v < ACTION_VERBS; v++)
        if (strcmp(action_verbs[v].name, name) == 0)
            return v;
    return ANY_VERB;
}

static void enter(struct walk *w, const struct node *n, const struct schema_row *row, const struct node_entry *e,
                  bool items) {
    const struct level *above = w->depth > 0 ? &w->levels[w->depth - 1] : NULL;
    if (w->depth > NODE_DEPTH_MAX)
        return;
    struct level *l = &w->levels[w->depth++];
    *l = (struct level){n, row, 0, strlen(w->path), above == NULL ? ANY_VERB : above->verb, items};
    l->verb = verb_of(l);
    if (n->kind != NODE_MAP)
        return;
    if (strcmp(row->path, "fleets.*") == 0)
        w->fleet = n;
    check_required(w, l, e);
    check_exclusive(w, l);
    if ((row->flags & SCHEMA_WHOLE) != 0)
        check_shares(w, l, e);
}

static void check_empty(struct walk *w, const struct node *n, const struct schema_row *row, const char *key) {
    bool container = row->kind == SCHEMA_MAP || row->kind == SCHEMA_NAMED || row->kind == SCHEMA_LIST;
    if (container && key != NULL)
        return; /* "timeline:" with nothing below is an empty one */
    if (key == NULL)
        diagnostic_add(w->list, "E202", n->mark, "an entry of this list is empty");
    else if (row->kind == SCHEMA_TEMPLATE || row->kind == SCHEMA_TEXT)
        diagnostic_help(diagnostic_add(w->list, "E202", n->mark, "'%s' has no value", key),
                        "write %s: \"\" for an empty text", key);
    else
        diagnostic_add(w->list, "E202", n->mark, "'%s' has no value", key);
}

/* One value at its place: a container is entered, a scalar judged. */
static void visit(struct walk *w, const struct node *n, const struct schema_row *row, const struct node_entry *e) {
    bool map = row->kind == SCHEMA_MAP || row->kind == SCHEMA_NAMED;
    const char *key = e == NULL ? NULL : e->key;
    struct validate_place place = {key, w->fleet};
    if (n->refused)
        return;
    if (node_is_empty(n))
        check_empty(w, n, row, key);
    else if (n->kind == NODE_LIST && (row->flags & SCHEMA_OR_LIST) != 0 &&
             !(w->depth > 0 && w->levels[w->depth - 1].items))
        enter(w, n, row, e, true);
    else if (n->kind == NODE_LIST && row->kind == SCHEMA_LIST)
        enter(w, n, schema_item(row), e, true);
    else if (n->kind == NODE_MAP && (map || (row->flags & SCHEMA_OR_MAP) != 0))
        enter(w, n, row, e, false);
    else if (n->kind == NODE_SCALAR && map && row->words != NULL && schema_word(row, n->text) >= 0)
        return;
    else if (n->kind != NODE_SCALAR || map || row->kind == SCHEMA_LIST)
        report_kind(w, n, row, key);
    else
        validate_scalar(n, row, &place, w->list);
}

static void visit_entry(struct walk *w, struct level *l, const struct node_entry *e) {
    bool named = l->row->kind == SCHEMA_NAMED;
    const struct schema_row *child = l->items ? l->row : schema_child(l->row, e->key);
    if (e->value->refused)
        return;
    if (named && (l->row->flags & SCHEMA_ANY_NAME) == 0 && !value_is_name(e->key)) {
        diagnostic_help(diagnostic_add(w->list, "E208", e->key_mark, "'%s' is no name", e->key),
                        "names have letters, digits, '_', '.' and '-' only, at most 63 of them");
        return;
    }
    if (child == NULL)
        report_unknown(w, l, e);
    else if (!l->items && !verb_takes(child, l->verb))
        report_verb(w, child, e, l->verb);
    else
        visit(w, e->value, child, e);
}

static void extend_path(struct walk *w, const struct level *l, const struct node_entry *e, size_t index) {
    char *end = w->path + l->path_size;
    size_t room = sizeof w->path - l->path_size;
    const char *dot = l->path_size == 0 ? "" : ".";
    if (e->key != NULL)
        snprintf(end, room, "%s%s", dot, e->key);
    else
        snprintf(end, room, "%s%zu", dot, index);
}

void validate_keys(const struct node *root, struct diagnostic_list *list) {
    struct walk w = {.list = list};
    enter(&w, root, &schema_rows[0], NULL, false);
    while (w.depth > 0 && list->count < DIAGNOSTIC_KEPT_MAX) { /* a thousand are enough, and keep this bounded */
        struct level *l = &w.levels[w.depth - 1];
        if (l->next == l->node->count) {
            if (l->node == w.fleet)
                w.fleet = NULL;
            w.depth--;
            continue;
        }
        const struct node_entry *e = &l->node->entries[l->next];
        extend_path(&w, l, e, l->next++);
        visit_entry(&w, l, e);
    }
}
