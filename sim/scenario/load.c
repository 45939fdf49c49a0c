#include "scenario/load.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libfyaml.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "base/suggest.h"
#include "base/utf8.h"

enum { ENTRIES_MAX = 4096 }; /* per map or list: keys are compared one by one */

struct frame {
    struct node *node;
    bool orphan; /* the value of a key that was refused: read and thrown away */
    bool has_key;
    char *key;
    struct diagnostic_mark key_mark;
};

struct reader {
    struct diagnostic_list *list;
    const char *file, *text;
    size_t size;
    struct node *root;
    struct frame frames[NODE_DEPTH_MAX + 1];
    int depth, documents;
    size_t nodes;
    bool stop;
    const char *last, *last_end; /* the last scalar in the text: what a syntax error stumbles over */
    struct diagnostic_mark last_mark;
};

/* Marks count characters; the text was found to be UTF-8. */
static int characters(const char *from, const char *to) {
    int n = 0;
    for (; from < to && *from != '\n'; from++)
        n += ((unsigned char)*from & 0xc0) != 0x80;
    return n;
}

static const char *at_offset(const struct reader *r, size_t offset) {
    return r->text + (offset < r->size ? offset : r->size);
}

static struct diagnostic_mark place(const struct reader *r, const struct fy_mark *start, const struct fy_mark *end,
                                    bool quoted) {
    struct diagnostic_mark m = {r->file, 0, 0, 1};
    if (start == NULL)
        return m;
    m.line = start->line + 1;
    m.column = start->column + 1;
    if (end != NULL)
        m.length = characters(at_offset(r, start->input_pos), at_offset(r, end->input_pos));
    if (quoted && m.column > 1) {
        m.column--;
        m.length += 2;
    }
    if (m.length < 1)
        m.length = 1;
    return m;
}

static struct diagnostic_mark place_of_token(const struct reader *r, struct fy_token *token) {
    return place(r, fy_token_start_mark(token), fy_token_end_mark(token), false);
}

/* The same for &name and *name, whose tokens begin after the sign. */
static struct diagnostic_mark place_of_name(const struct reader *r, struct fy_token *token) {
    struct diagnostic_mark m = place_of_token(r, token);
    if (m.column > 1) {
        m.column--;
        m.length++;
    }
    return m;
}

/* Refused things are reported and then treated as if they were not there: nothing is ever looked up or expanded. */
static void refuse_decoration(struct reader *r, struct fy_token *anchor, struct fy_token *tag) {
    if (anchor != NULL)
        diagnostic_help(diagnostic_add(r->list, "E107", place_of_name(r, anchor), "anchors (&name) are not accepted"),
                        "give the thing a name and inherit with 'extends:', or use 'vars:'");
    if (tag != NULL)
        diagnostic_help(diagnostic_add(r->list, "E108", place_of_token(r, tag), "tags (!name) are not accepted"),
                        "write the value alone; its type follows from the key");
}

static bool report_key(struct reader *r, struct frame *f, const char *key, struct diagnostic_mark mark) {
    const struct node_entry *before = node_entry_of(f->node, key);
    if (strcmp(key, "<<") == 0) {
        diagnostic_help(diagnostic_add(r->list, "E109", mark, "merge keys (<<) are not accepted"),
                        "inherit with 'extends:', or split the file and use 'include:'");
        return false;
    }
    if (key[0] == '\0') {
        diagnostic_add(r->list, "E121", mark, "a key is missing before ':'");
        return false;
    }
    if (before != NULL) {
        diagnostic_help(diagnostic_add(r->list, "E112", mark, "key '%s' is there twice", key),
                        "the first one is at line %d; keep one of them", before->key_mark.line);
        return false;
    }
    return true;
}

/* Puts a finished scalar or an opened container where it belongs; false: nobody wants it. */
static bool attach(struct reader *r, struct node *n) {
    if (++r->nodes > LOAD_NODES_MAX) {
        diagnostic_add(r->list, "E122", n->mark, "more than %d values in one file", LOAD_NODES_MAX);
        r->stop = true;
        return false;
    }
    if (r->depth == 0) {
        if (r->root != NULL)
            return false;
        r->root = n;
        return true;
    }
    struct frame *f = &r->frames[r->depth - 1];
    if (f->node->count >= ENTRIES_MAX) {
        diagnostic_add(r->list, "E122", n->mark, "more than %d entries in %s", ENTRIES_MAX, node_kind_name(f->node));
        r->stop = true;
        return false;
    }
    if (f->node->kind == NODE_LIST) {
        node_add(f->node, NULL, (struct diagnostic_mark){0}, n);
        return true;
    }
    bool wanted = report_key(r, f, f->key, f->key_mark);
    if (wanted)
        node_add(f->node, f->key, f->key_mark, n);
    free(f->key);
    f->key = NULL;
    f->has_key = false;
    return wanted;
}

static void take_key(struct frame *f, const char *text, struct diagnostic_mark mark) {
    f->key = text_dup(text);
    f->key_mark = mark;
    f->has_key = true;
}

/* A scalar's text without quotes, escapes and folds. Chunk by chunk, because fy_token_get_text of 0.7.12 loses its list of chunks when
 * it is long (many escaped quotes), and fy_token_iter_read does not move on in its buffer. */
static struct text text_of(struct fy_token *token, int *error) {
    struct text out = {0};
    struct fy_token_iter *chunks = token == NULL ? NULL : fy_token_iter_create(token);
    const struct fy_iter_chunk *c = NULL;
    *error = 0;
    while (chunks != NULL && (c = fy_token_iter_chunk_next(chunks, c, error)) != NULL)
        text_append_n(&out, c->str, c->len);
    if (chunks != NULL)
        fy_token_iter_destroy(chunks);
    return out;
}

/* Gives a scalar to the map or list that waits for it, as key or value. */
static void take_scalar(struct reader *r, struct frame *f, const char *text, enum node_style style,
                        struct diagnostic_mark mark) {
    if (f != NULL && f->node->kind == NODE_MAP && !f->has_key) {
        take_key(f, text, mark);
        return;
    }
    struct node *n = node_scalar(text, style, mark);
    if (!attach(r, n))
        node_free(n);
}

static void on_scalar(struct reader *r, struct fy_event *e) {
    struct fy_token *token = e->scalar.value;
    enum fy_scalar_style style = token == NULL ? FYSS_PLAIN : fy_token_scalar_style(token);
    bool quoted = style == FYSS_SINGLE_QUOTED || style == FYSS_DOUBLE_QUOTED;
    const struct fy_mark *start = token == NULL ? NULL : fy_token_start_mark(token);
    const struct fy_mark *end = token == NULL ? NULL : fy_token_end_mark(token);
    struct diagnostic_mark mark = place(r, start, end, quoted);
    struct frame *f = r->depth > 0 ? &r->frames[r->depth - 1] : NULL;
    /* nothing stands there, which libfyaml 0.8 calls a plain scalar of no length: the place is that of the key, or of the list */
    bool absent = start == NULL || end == NULL || (style == FYSS_PLAIN && start->input_pos == end->input_pos);
    if (absent && f != NULL)
        mark = f->has_key ? f->key_mark : f->node->mark;
    refuse_decoration(r, e->scalar.anchor, e->scalar.tag);
    int error;
    struct text text = text_of(token, &error);
    if (error != 0)
        diagnostic_add(r->list, "E101", mark, "this value cannot be read");
    if (text.size > 0 && memchr(text.data, '\0', text.size) != NULL)
        diagnostic_add(r->list, "E103", mark, "a value with a NUL character (\\0)");
    if (!absent) {
        r->last = at_offset(r, start->input_pos);
        r->last_end = at_offset(r, end->input_pos);
        r->last_mark = mark;
    }
    take_scalar(r, f, text_get(&text), quoted ? NODE_QUOTED : style == FYSS_PLAIN ? NODE_PLAIN : NODE_BLOCK, mark);
    text_free(&text);
}

static void on_open(struct reader *r, struct fy_event *e, enum node_kind kind) {
    bool map = kind == NODE_MAP;
    struct fy_token *open = map ? e->mapping_start.mapping_start : e->sequence_start.sequence_start;
    struct diagnostic_mark mark = place(r, fy_event_start_mark(e), NULL, false);
    struct frame *f = r->depth > 0 ? &r->frames[r->depth - 1] : NULL;
    if (r->depth == NODE_DEPTH_MAX) {
        diagnostic_help(diagnostic_add(r->list, "E106", mark, "nested deeper than %d levels", NODE_DEPTH_MAX),
                        "a scenario needs fewer than ten; look for a bracket that is never closed");
        r->stop = true;
        return;
    }
    if (f != NULL && f->node->kind == NODE_MAP && !f->has_key) {
        diagnostic_help(
            diagnostic_add(r->list, "E121", mark, "a key must be a single word, not %s", map ? "a map" : "a list"),
            "if this is a template, put the whole value in quotes: \"${...}\"");
        r->stop = true;
        return;
    }
    refuse_decoration(r, map ? e->mapping_start.anchor : e->sequence_start.anchor,
                      map ? e->mapping_start.tag : e->sequence_start.tag);
    struct node *n = node_new(kind, mark);
    n->flow = open != NULL && mark.line > 0 && strchr("{[", *at_offset(r, fy_event_start_mark(e)->input_pos)) != NULL;
    bool kept = attach(r, n);
    if (r->stop) {
        node_free(n);
        return;
    }
    r->frames[r->depth++] = (struct frame){.node = n, .orphan = !kept};
}

static int open_parens(const char *s) {
    int open = 0;
    for (; *s != '\0'; s++)
        open += *s == '(' ? 1 : *s == ')' ? -1 : 0;
    return open;
}

static bool may_be_rest(const struct node *container, size_t i) {
    const struct node_entry *e = &container->entries[i];
    if (container->kind == NODE_LIST)
        return e->value->kind == NODE_SCALAR && e->value->style == NODE_PLAIN;
    return node_is_empty(e->value);
}

/* {rtt: lognormal(p50=90ms, p99=700ms)} is two keys to YAML. Says so, and glues the value together again so that the later passes
 * see what was meant. */
static void mend_commas(struct reader *r, struct node *n) {
    for (size_t i = 0; i < n->count; i++) {
        struct node *v = n->entries[i].value;
        if (v->kind != NODE_SCALAR || v->style != NODE_PLAIN)
            continue;
        int open = open_parens(v->text);
        size_t last = i;
        while (open > 0 && last + 1 < n->count && may_be_rest(n, last + 1)) {
            last++;
            open += open_parens(n->kind == NODE_LIST ? n->entries[last].value->text : n->entries[last].key);
        }
        if (last == i || open != 0)
            continue;
        struct text whole = {0};
        text_append(&whole, v->text);
        for (size_t k = i + 1; k <= last; k++)
            text_printf(&whole, ", %s", n->kind == NODE_LIST ? n->entries[k].value->text : n->entries[k].key);
        struct diagnostic *d =
            diagnostic_add(r->list, "E105", v->mark, "this value was cut at a comma: '%s' has no closing ')'", v->text);
        if (n->kind == NODE_MAP)
            diagnostic_help(d, "inside { } put functions in quotes: %s: \"%s\"", n->entries[i].key, text_get(&whole));
        else
            diagnostic_help(d, "inside [ ] put functions in quotes: \"%s\"", text_get(&whole));
        node_set_text(v, text_get(&whole));
        text_free(&whole);
        for (size_t k = i + 1; k <= last; k++) {
            free(n->entries[k].key);
            node_free(n->entries[k].value);
        }
        memmove(&n->entries[i + 1], &n->entries[last + 1], (n->count - last - 1) * sizeof *n->entries);
        n->count -= last - i;
    }
}

/* {qos:1} is the key "qos:1" without a value. */
static void report_glued_keys(struct reader *r, const struct node *map) {
    for (size_t i = 0; i < map->count; i++) {
        const struct node_entry *e = &map->entries[i];
        const char *colon = strchr(e->key, ':');
        if (colon == NULL || !node_is_empty(e->value) || e->value->mark.line != e->key_mark.line)
            continue;
        diagnostic_help(diagnostic_add(r->list, "E121", e->key_mark, "a space is missing after ':' in '%s'", e->key),
                        "write %.*s: %s", (int)(colon - e->key), e->key, colon + 1);
        e->value->refused = true;
    }
}

static void on_close(struct reader *r) {
    struct frame *f = &r->frames[--r->depth];
    if (f->node->flow) {
        mend_commas(r, f->node);
        if (f->node->kind == NODE_MAP)
            report_glued_keys(r, f->node);
    }
    free(f->key);
    if (f->orphan)
        node_free(f->node);
}

static void on_alias(struct reader *r, struct fy_event *e) {
    struct diagnostic_mark mark = place_of_name(r, e->alias.anchor);
    struct frame *f = r->depth > 0 ? &r->frames[r->depth - 1] : NULL;
    diagnostic_help(diagnostic_add(r->list, "E107", mark, "aliases (*name) are not accepted"),
                    "give the thing a name and inherit with 'extends:', or use 'vars:'");
    if (f != NULL && f->node->kind == NODE_MAP && !f->has_key) {
        take_key(f, "*", mark);
        return;
    }
    struct node *n = node_new(NODE_SCALAR, mark);
    n->refused = true;
    if (!attach(r, n))
        node_free(n);
}

static void on_event(struct reader *r, struct fy_event *e) {
    switch (e->type) {
    case FYET_DOCUMENT_START:
        if (++r->documents > 1) {
            struct diagnostic_mark mark = place(r, fy_event_start_mark(e), NULL, false);
            diagnostic_help(diagnostic_add(r->list, "E113", mark, "a second document starts here"),
                            "one file holds one scenario: remove the line '---' or split the file");
            r->stop = true;
        }
        break;
    case FYET_MAPPING_START:
        on_open(r, e, NODE_MAP);
        break;
    case FYET_SEQUENCE_START:
        on_open(r, e, NODE_LIST);
        break;
    case FYET_MAPPING_END:
    case FYET_SEQUENCE_END:
        on_close(r);
        break;
    case FYET_SCALAR:
        on_scalar(r, e);
        break;
    case FYET_ALIAS:
        on_alias(r, e);
        break;
    default:
        break;
    }
}

/* What libfyaml says, and what we say instead. The first row whose text occurs in the message counts. */
struct sentence {
    const char *theirs, *ours, *help;
    bool at_bracket; /* the place is the bracket that is still open, not the end of the file */
};
enum { SENTENCE_BRACE, SENTENCE_BRACKET, SENTENCE_QUOTE }; /* rows that are also chosen by other means */
static const struct sentence sentences[] = {
    {"without a closing brace", "this '{' is never closed", "add the missing '}'", true},
    {"without a closing bracket", "this '[' is never closed", "add the missing ']'", true},
    {"without closing quote", "this quote is never closed", "end the text with the quote that began it", false},
    {"invalid multiline plain key", "this value runs into the next line, and that line looks like a key",
     "indent the next line like the key of this one, or put the value in quotes", false},
    {"missing comma in flow mapping", "a ',' or '}' is missing before this",
     "inside { } put texts with { } [ ] , in quotes", false},
    {"missing comma in flow sequence", "a ',' or ']' is missing before this",
     "inside [ ] put texts with { } [ ] , in quotes", false},
    {"nested block mapping on the same line", "a second ':' in one line", "put a text that contains ': ' in quotes",
     false},
    {"extra closing brace", "this '}' closes nothing", "remove it, or put the text in quotes", false},
    {"extra closing bracket", "this ']' closes nothing", "remove it, or put the text in quotes", false},
    {"plain scalar cannot start with", "an unquoted value cannot begin with this character", "put the value in quotes",
     false},
    {"invalid scalar at the end of block sequence", "a key where the next '-' of the list was expected",
     "indent the list below its key, or the key like the ones above", false},
    {"invalid escape", "this escape sequence does not exist", "write \\\\ for a backslash, or use single quotes",
     false},
    {"tab", "a tab cannot indent YAML", "use spaces", false},
};

/* Tabs in the indentation are what people see last and what libfyaml reports as something else. */
static bool find_tab(const struct reader *r, int line, struct diagnostic_mark *mark) {
    int at = 1;
    for (const char *p = r->text; p != NULL && *p != '\0' && at <= line + 1; at++) {
        size_t blank = strspn(p, " \t");
        const char *tab = memchr(p, '\t', blank);
        if (at >= line && tab != NULL && strchr("\r\n", p[blank]) == NULL) {
            *mark = (struct diagnostic_mark){r->file, at, (int)(tab - p) + 1, 1};
            return true;
        }
        p = strchr(p, '\n');
        p = p == NULL ? NULL : p + 1;
    }
    return false;
}

/* libfyaml counts a line more when the text ends without a line end. */
static bool past_end(const struct reader *r, int line) {
    int lines = 0;
    for (const char *p = r->text; p != NULL && *p != '\0'; lines++) {
        p = strchr(p, '\n');
        p = p == NULL ? NULL : p + 1;
    }
    return line > lines;
}

static void report_template(const struct reader *r) {
    const struct node *n = r->frames[r->depth - 1].node;
    const struct frame *f = &r->frames[r->depth - 1];
    const char *name = f->key != NULL ? f->key : n->count > 0 ? n->entries[n->count - 1].key : NULL;
    struct diagnostic_mark mark = r->last_mark;
    mark.length++;
    struct diagnostic *d =
        diagnostic_add(r->list, "E101", mark, "this value was cut at '{', which opens a map inside { } and [ ]");
    size_t size = strcspn(r->last, "}\n");
    if (name != NULL && r->last[0] == '$' && r->last[size] == '}')
        diagnostic_help(d, "put it in quotes: %s: \"%.*s}\"", name, (int)size, r->last);
    else
        diagnostic_help(d, "put the whole value in quotes");
}

static void report_syntax(struct reader *r, struct fy_diag *diag) {
    void *it = NULL;
    const struct fy_diag_error *error = fy_diag_errors_iterate(diag, &it);
    struct diagnostic_mark mark = {r->file, 1, 1, 1};
    const struct sentence *s = NULL;
    if (error != NULL) {
        mark.line = error->line < 1 ? 1 : error->line;
        mark.column = error->column < 1 ? 1 : error->column;
        for (size_t i = 0; i < COUNT_OF(sentences) && s == NULL; i++)
            if (strstr(error->msg, sentences[i].theirs) != NULL)
                s = &sentences[i];
    }
    bool flow = r->depth > 0 && r->frames[r->depth - 1].node->flow;
    struct diagnostic_mark tab;
    if (find_tab(r, mark.line, &tab)) {
        mark = tab;
        s = &sentences[COUNT_OF(sentences) - 1];
    } else if (flow && r->last_end != NULL && *r->last_end == '{') {
        report_template(r);
        return;
    } else if (flow && s != NULL && s->at_bracket) {
        mark = r->frames[r->depth - 1].node->mark;
    } else if (flow && error != NULL && past_end(r, mark.line)) {
        mark = r->frames[r->depth - 1].node->mark;
        s = &sentences[r->frames[r->depth - 1].node->kind == NODE_MAP ? SENTENCE_BRACE : SENTENCE_BRACKET];
    } else if (s == &sentences[SENTENCE_QUOTE] && mark.column > 1) {
        mark.column--;
    }
    if (s != NULL)
        diagnostic_help(diagnostic_add(r->list, "E101", mark, "%s", s->ours), "%s", s->help);
    else
        diagnostic_add(r->list, "E101", mark, "this is not YAML: %s", error != NULL ? error->msg : "it cannot be read");
}

static void read_events(struct reader *r) {
    struct fy_diag_cfg diag_cfg;
    fy_diag_cfg_default(&diag_cfg);
    diag_cfg.fp = NULL;
    diag_cfg.colorize = false;
    struct fy_diag *diag = fy_diag_create(&diag_cfg);
    CHECK(diag != NULL);
    fy_diag_set_collect_errors(diag, true);
    struct fy_parse_cfg cfg = {.flags = FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE | FYPCF_QUIET, .diag = diag};
    struct fy_parser *parser = fy_parser_create(&cfg);
    CHECK(parser != NULL);
    CHECK(fy_parser_set_string(parser, r->text, r->size) == 0);
    struct fy_event *e;
    while (!r->stop && (e = fy_parser_parse(parser)) != NULL) {
        on_event(r, e);
        fy_parser_event_free(parser, e);
    }
    if (!r->stop && fy_parser_get_stream_error(parser)) {
        report_syntax(r, diag);
        r->stop = true;
    }
    for (; r->depth > 0; r->depth--) {
        free(r->frames[r->depth - 1].key);
        if (r->frames[r->depth - 1].orphan)
            node_free(r->frames[r->depth - 1].node);
    }
    fy_parser_destroy(parser);
    fy_diag_destroy(diag);
}

/* The line and column of a byte. */
static struct diagnostic_mark place_of_byte(const char *file, const char *text, size_t offset) {
    struct diagnostic_mark m = {file, 1, 1, 1};
    for (size_t i = 0; i < offset; i++) {
        if (text[i] == '\n') {
            m.line++;
            m.column = 1;
        } else {
            m.column += ((unsigned char)text[i] & 0xc0) != 0x80;
        }
    }
    return m;
}

/* Refuses what is no text, before the YAML library sees it. */
static bool is_text(const char *file, const char *text, size_t size, struct diagnostic_list *list) {
    size_t line = 0;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 && c != '\t' && c != '\n' && c != '\r') {
            diagnostic_help(diagnostic_add(list, "E103", place_of_byte(file, text, i),
                                           "byte 0x%02x is not text: this is no YAML file", c),
                            "scenarios are UTF-8 text files");
            return false;
        }
    }
    for (size_t i = 0; i <= size; i++) {
        if (i < size && text[i] != '\n')
            continue;
        if (!utf8_valid((const uint8_t *)text + line, i - line)) {
            diagnostic_help(
                diagnostic_add(list, "E104", place_of_byte(file, text, line), "this line is not valid UTF-8"),
                "save the file as UTF-8");
            return false;
        }
        line = i + 1;
    }
    return true;
}

/* *root: whatever stands in the text, NULL when that is nothing; false: it does not parse. */
static bool parse(const char *name, const char *text, size_t size, struct diagnostic_list *list, struct node **root) {
    char *copy = strndup(text, size); /* ends with a NUL, so that a byte past a token may be looked at */
    CHECK(copy != NULL);
    struct reader r = {.list = list, .file = name, .text = copy, .size = size};
    read_events(&r);
    free(copy);
    *root = r.root;
    if (r.stop) {
        node_free(r.root);
        *root = NULL;
    }
    return !r.stop;
}

struct node *load_value(const char *name, const char *text, size_t start, struct diagnostic_list *list) {
    size_t size = strlen(text);
    struct diagnostic_mark mark = {name, 1, (int)start + 1, 1};
    if (!is_text(name, text, size, list))
        return NULL;
    char *padded = text_dup(text);
    memset(padded, ' ', start);
    struct node *root = NULL;
    bool parsed = parse(name, padded, size, list, &root);
    free(padded);
    return parsed && root == NULL ? node_new(NODE_SCALAR, mark) : root;
}

struct node *load_text(const char *file, const char *text, size_t size, struct diagnostic_list *list) {
    if (size > LOAD_FILE_MAX) {
        struct diagnostic_mark whole = {diagnostic_source(list, file, NULL, 0), 0, 0, 1};
        diagnostic_help(diagnostic_add(list, "E102", whole, "the file is larger than 1 MiB"),
                        "a scenario describes a fleet by rules; it does not list devices");
        return NULL;
    }
    const char *name = diagnostic_source(list, file, text, size);
    if (!is_text(name, text, size, list))
        return NULL;
    struct node *root;
    if (!parse(name, text, size, list, &root) || (root != NULL && root->kind == NODE_MAP))
        return root;
    struct diagnostic_mark mark = root == NULL ? (struct diagnostic_mark){name, 1, 1, 1} : root->mark;
    struct diagnostic *d =
        root == NULL ? diagnostic_add(list, "E120", mark, "the file is empty")
                     : diagnostic_add(list, "E120", mark, "a scenario is a map of keys, not %s", node_kind_name(root));
    diagnostic_help(d, "start with 'version: 1'");
    node_free(root);
    return NULL;
}

/* Reads at most one byte more than is accepted; load_text refuses by size. Devices and pipes that never end stop there too. */
static int read_all(const char *path, char **data, size_t *size) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat st;
    if (fd < 0)
        return errno;
    if (fstat(fd, &st) != 0 || S_ISDIR(st.st_mode)) {
        close(fd);
        return EISDIR;
    }
    char *buffer = malloc(LOAD_FILE_MAX + 2);
    CHECK(buffer != NULL);
    size_t used = 0;
    ssize_t got = 1;
    while (used < LOAD_FILE_MAX + 1 && got > 0) {
        got = read(fd, buffer + used, LOAD_FILE_MAX + 1 - used);
        if (got < 0 && errno == EINTR)
            got = 1;
        else if (got > 0)
            used += (size_t)got;
    }
    int failed = got < 0 ? errno : 0;
    close(fd);
    if (failed != 0) {
        free(buffer);
        return failed;
    }
    *data = buffer;
    *size = used;
    return 0;
}

/* The file of the same directory that was probably meant. */
static void suggest_file(struct diagnostic *d, const char *path) {
    const char *slash = strrchr(path, '/');
    int prefix = slash == NULL ? 0 : (int)(slash + 1 - path);
    char *directory = text_format("%.*s", prefix > 0 ? prefix : 1, prefix > 0 ? path : ".");
    struct dirent **entries = NULL;
    int count = scandir(directory, &entries, NULL, alphasort);
    const char **names = calloc(count > 0 ? (size_t)count : 1, sizeof *names);
    CHECK(names != NULL);
    for (int i = 0; i < count; i++)
        names[i] = entries[i]->d_name;
    const char *near = suggest_nearest(path + prefix, names, count > 0 ? (size_t)count : 0);
    char *suggestion = near == NULL ? NULL : text_format("%.*s%s", prefix, path, near);
    diagnostic_suggest(d, suggestion);
    if (near == NULL)
        diagnostic_help(d, "muster init quickstart writes a first scenario");
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    free(names);
    free(suggestion);
    free(directory);
}

struct node *load_file(const char *path, struct diagnostic_mark from, struct diagnostic_list *list) {
    char *data = NULL;
    size_t size = 0;
    int failed = read_all(path, &data, &size);
    if (failed != 0) {
        struct diagnostic_mark mark = from;
        if (mark.file == NULL)
            mark = (struct diagnostic_mark){diagnostic_source(list, path, NULL, 0), 0, 0, 1};
        struct diagnostic *d = diagnostic_add(list, "E114", mark, "cannot read '%s': %s", path, strerror(failed));
        if (failed == ENOENT)
            suggest_file(d, path);
        return NULL;
    }
    struct node *root = load_text(path, data, size, list);
    free(data);
    return root;
}
