#include "scenario/diagnostic.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/json_write.h"
#include "scenario/diagnostic_excerpt.h"

enum { MESSAGE_MAX = 600, COLUMNS = 100 };

void diagnostic_init(struct diagnostic_list *l) {
    *l = (struct diagnostic_list){0};
}

static void clear(struct diagnostic *d) {
    free(d->message);
    free(d->suggestion);
    free(d->help);
}

void diagnostic_free(struct diagnostic_list *l) {
    for (size_t i = 0; i < l->count; i++)
        clear(&l->items[i]);
    for (size_t i = 0; i < l->source_count; i++) {
        free(l->sources[i]->file);
        free(l->sources[i]->text);
        free(l->sources[i]);
    }
    free(l->items);
    free(l->sources);
    diagnostic_init(l);
}

/* Flags share a name ("--set") and differ in their text; files are told apart by name. */
static bool same_source(const struct diagnostic_source *s, const char *file, const char *text, size_t size) {
    if (strcmp(s->file, file) != 0)
        return false;
    return text == NULL || (s->text != NULL && s->size == size && memcmp(s->text, text, size) == 0);
}

const char *diagnostic_source(struct diagnostic_list *l, const char *file, const char *text, size_t size) {
    for (size_t i = 0; i < l->source_count; i++)
        if (same_source(l->sources[i], file, text, size))
            return l->sources[i]->file;
    struct diagnostic_source *s = calloc(1, sizeof *s);
    struct diagnostic_source **grown = realloc(l->sources, (l->source_count + 1) * sizeof *grown);
    CHECK(s != NULL && grown != NULL);
    l->sources = grown;
    l->sources[l->source_count++] = s;
    s->file = text_dup(file);
    if (text != NULL) {
        s->text = malloc(size + 1);
        CHECK(s->text != NULL);
        memcpy(s->text, text, size);
        s->text[size] = '\0';
        s->size = size;
    }
    return s->file;
}

/* Control bytes and invalid UTF-8 made visible: messages quote what the user's file holds. */
static char *safe_copy(const char *s) {
    struct text t = {0};
    text_append_safe(&t, s, strlen(s), MESSAGE_MAX);
    return t.data == NULL ? text_dup("") : text_take(&t);
}

static bool same_place(struct diagnostic_mark a, struct diagnostic_mark b) {
    return a.file == b.file && a.line == b.line && a.column == b.column;
}

static struct diagnostic *find(struct diagnostic_list *l, const char *code, struct diagnostic_mark mark,
                               const char *message) {
    for (size_t i = 0; i < l->count; i++) {
        struct diagnostic *d = &l->items[i];
        if (same_place(d->mark, mark) && strcmp(d->code, code) == 0 && strcmp(d->message, message) == 0)
            return d;
    }
    return NULL;
}

struct diagnostic *diagnostic_add(struct diagnostic_list *l, const char *code, struct diagnostic_mark mark,
                                  const char *format, ...) {
    struct text raw = {0};
    va_list args;
    va_start(args, format);
    text_vprintf(&raw, format, args);
    va_end(args);
    char *message = safe_copy(text_get(&raw));
    text_free(&raw);
    struct diagnostic *d = find(l, code, mark, message);
    if (d != NULL) {
        free(message);
        return d;
    }
    if (code[0] == 'E')
        l->errors++;
    else
        l->warnings++;
    if (l->count < DIAGNOSTIC_KEPT_MAX) {
        if (l->count == l->room) {
            l->room = l->room == 0 ? 32 : l->room * 2;
            struct diagnostic *grown = realloc(l->items, l->room * sizeof *grown);
            CHECK(grown != NULL);
            l->items = grown;
        }
        d = &l->items[l->count++];
    } else { /* counted, and the last one kept gives way so that the caller can go on as usual */
        d = &l->items[l->count - 1];
        clear(d);
    }
    *d = (struct diagnostic){.mark = mark, .message = message};
    snprintf(d->code, sizeof d->code, "%s", code);
    d->severity = code[0] == 'E' ? DIAGNOSTIC_ERROR : DIAGNOSTIC_WARNING;
    return d;
}

void diagnostic_help(struct diagnostic *d, const char *format, ...) {
    struct text raw = {0};
    va_list args;
    va_start(args, format);
    text_vprintf(&raw, format, args);
    va_end(args);
    free(d->help);
    d->help = safe_copy(text_get(&raw));
    text_free(&raw);
}

void diagnostic_suggest(struct diagnostic *d, const char *suggestion) {
    if (suggestion == NULL)
        return;
    char *copy = safe_copy(suggestion);
    free(d->suggestion);
    d->suggestion = copy;
}

static size_t source_rank(const struct diagnostic_list *l, const char *file) {
    size_t i = 0;
    while (i < l->source_count && l->sources[i]->file != file)
        i++;
    return i;
}

static int compare(const struct diagnostic_list *l, const struct diagnostic *a, const struct diagnostic *b) {
    size_t ra = source_rank(l, a->mark.file), rb = source_rank(l, b->mark.file);
    if (ra != rb)
        return ra < rb ? -1 : 1;
    if (a->mark.line != b->mark.line)
        return a->mark.line < b->mark.line ? -1 : 1;
    return a->mark.column < b->mark.column ? -1 : a->mark.column > b->mark.column;
}

/* Insertion sort: stable, and the list arrives nearly in order. */
void diagnostic_sort(struct diagnostic_list *l) {
    for (size_t i = 1; i < l->count; i++) {
        struct diagnostic d = l->items[i];
        size_t at = i;
        for (; at > 0 && compare(l, &l->items[at - 1], &d) > 0; at--)
            l->items[at] = l->items[at - 1];
        l->items[at] = d;
    }
}

int diagnostic_format_of(const char *name, enum diagnostic_format *out) {
    static const char *const names[] = {"text", "json", "gcc", "github"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (strcmp(name, names[i]) == 0) {
            *out = (enum diagnostic_format)i;
            return 0;
        }
    }
    return ERR_NOT_FOUND;
}

static const struct diagnostic_source *source_of(const struct diagnostic_list *l, const char *file) {
    size_t i = source_rank(l, file);
    return i < l->source_count ? l->sources[i] : NULL;
}

/* The line's first byte and its length without the line end; NULL when the source has no such line. */
static const char *line_of(const struct diagnostic_source *s, int line, size_t *size) {
    if (s == NULL || s->text == NULL || line < 1)
        return NULL;
    const char *at = s->text, *end = s->text + s->size;
    for (int i = 1; i < line; i++) {
        at = memchr(at, '\n', (size_t)(end - at));
        if (at == NULL)
            return NULL;
        at++;
    }
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    *size = (size_t)((stop == NULL ? end : stop) - at);
    while (*size > 0 && at[*size - 1] == '\r')
        --*size;
    return at;
}

static const char *severity_name(const struct diagnostic *d) {
    return d->severity == DIAGNOSTIC_ERROR ? "error" : "warning";
}

static void write_place(const struct diagnostic *d, struct text *out) {
    if (d->mark.file == NULL)
        text_append(out, "muster: ");
    else if (d->mark.line > 0)
        text_printf(out, "%s:%d:%d: ", d->mark.file, d->mark.line, d->mark.column);
    else
        text_printf(out, "%s: ", d->mark.file);
}

static void write_excerpt(const struct diagnostic_list *l, const struct diagnostic *d,
                          const struct diagnostic_style *style, struct text *out) {
    size_t size = 0;
    const char *line = line_of(source_of(l, d->mark.file), d->mark.line, &size);
    unsigned columns = style->columns == 0 ? COLUMNS : style->columns;
    if (line != NULL)
        diagnostic_excerpt(line, size, d->mark, d->suggestion, columns, style->color, out);
    else if (d->suggestion != NULL)
        text_printf(out, "      did you mean '%s'?\n", d->suggestion);
    if (d->help != NULL)
        text_printf(out, "      = help: %s\n", d->help);
}

static void write_text(const struct diagnostic_list *l, const struct diagnostic *d,
                       const struct diagnostic_style *style, struct text *out) {
    const char *paint = !style->color ? "" : d->severity == DIAGNOSTIC_ERROR ? "\033[1;31m" : "\033[1;33m";
    write_place(d, out);
    text_printf(out, "%s%s %s%s: %s\n", paint, severity_name(d), d->code, style->color ? "\033[0m" : "", d->message);
    write_excerpt(l, d, style, out);
}

static void write_gcc(const struct diagnostic *d, struct text *out) {
    write_place(d, out);
    text_printf(out, "%s: %s", severity_name(d), d->message);
    if (d->suggestion != NULL)
        text_printf(out, "; did you mean '%s'?", d->suggestion);
    text_printf(out, " [%s]\n", d->code);
}

/* GitHub reads %, CR and LF in messages as %25, %0D, %0A, and in properties also ':' and ','. */
static void write_github_escaped(const char *s, bool property, struct text *out) {
    for (; *s != '\0'; s++) {
        if (*s == '%' || *s == '\r' || *s == '\n' || (property && (*s == ':' || *s == ',')))
            text_printf(out, "%%%02X", (unsigned char)*s);
        else
            text_append_n(out, s, 1);
    }
}

static void write_github(const struct diagnostic *d, struct text *out) {
    text_printf(out, "::%s ", severity_name(d));
    if (d->mark.file != NULL) {
        text_append(out, "file=");
        write_github_escaped(d->mark.file, true, out);
        if (d->mark.line > 0)
            text_printf(out, ",line=%d,col=%d", d->mark.line, d->mark.column);
        text_append(out, ",");
    }
    text_printf(out, "title=%s::", d->code);
    write_github_escaped(d->message, false, out);
    if (d->suggestion != NULL) {
        text_append(out, "; did you mean '");
        write_github_escaped(d->suggestion, false, out);
        text_append(out, "'?");
    }
    text_append(out, "\n");
}

static void write_json(const struct diagnostic_list *l, struct text *out) {
    struct json_write w = json_write_to(out, 2);
    json_write_open_object(&w);
    json_write_member_uint(&w, "errors", l->errors);
    json_write_member_uint(&w, "warnings", l->warnings);
    json_write_key(&w, "findings");
    json_write_open_array(&w);
    for (size_t i = 0; i < l->count; i++) {
        const struct diagnostic *d = &l->items[i];
        json_write_open_object(&w);
        json_write_member_string(&w, "severity", severity_name(d));
        json_write_member_string(&w, "code", d->code);
        json_write_member_string(&w, "file", d->mark.file);
        json_write_member_int(&w, "line", d->mark.line);
        json_write_member_int(&w, "column", d->mark.column);
        json_write_member_int(&w, "length", d->mark.length);
        json_write_member_string(&w, "message", d->message);
        json_write_member_string(&w, "suggestion", d->suggestion);
        json_write_member_string(&w, "help", d->help);
        json_write_close_object(&w);
    }
    json_write_close_array(&w);
    json_write_close_object(&w);
    text_append(out, "\n");
}

void diagnostic_write(struct diagnostic_list *l, const struct diagnostic_style *style, struct text *out) {
    diagnostic_sort(l);
    if (style->format == DIAGNOSTIC_JSON) {
        write_json(l, out);
        return;
    }
    size_t shown = l->count < DIAGNOSTIC_SHOWN_MAX ? l->count : DIAGNOSTIC_SHOWN_MAX;
    for (size_t i = 0; i < shown; i++) {
        if (style->format == DIAGNOSTIC_TEXT)
            write_text(l, &l->items[i], style, out);
        else if (style->format == DIAGNOSTIC_GCC)
            write_gcc(&l->items[i], out);
        else
            write_github(&l->items[i], out);
    }
    size_t all = l->errors + l->warnings;
    if (all > shown && style->format != DIAGNOSTIC_GITHUB)
        text_printf(out, "and %zu more\n", all - shown);
}
