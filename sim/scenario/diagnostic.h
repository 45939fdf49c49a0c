/* What is wrong with a scenario, and where: findings with file, line and column, collected until there is nothing more to say.
 *
 * Codes: E1xx the text (syntax, values that do not parse), E2xx keys and types, E3xx references, E4xx semantics, E5xx resources;
 * W is a warning of the same range. Rows of diagnostic_codes.c describe each one.
 *
 * The list owns every string in it, and the file names and texts of all sources: the marks of nodes borrow their file
 * name from here, so the list outlives the trees that were loaded with it. */
#ifndef MUSTER_SCENARIO_DIAGNOSTIC_H
#define MUSTER_SCENARIO_DIAGNOSTIC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

enum { DIAGNOSTIC_SHOWN_MAX = 20, DIAGNOSTIC_KEPT_MAX = 1000 };

/* A place in a file or in the text of a command-line flag (then `file` is "--set" or "--unset", line 1). Lines and columns count from 1,
 * columns in characters; length in characters, at least 1. line 0: the file as a whole. file NULL: no place. */
struct diagnostic_mark {
    const char *file;
    int line, column, length;
};

enum diagnostic_severity { DIAGNOSTIC_ERROR, DIAGNOSTIC_WARNING };
enum diagnostic_format { DIAGNOSTIC_TEXT, DIAGNOSTIC_JSON, DIAGNOSTIC_GCC, DIAGNOSTIC_GITHUB };

struct diagnostic {
    char code[5]; /* "E201" */
    enum diagnostic_severity severity;
    struct diagnostic_mark mark;
    char *message;    /* one sentence, no trailing full stop */
    char *suggestion; /* what the user probably meant, or NULL: "did you mean '…'?" */
    char *help;       /* what to do, or NULL: "= help: …" */
};

struct diagnostic_source {
    char *file, *text; /* text: NUL-terminated copy, or NULL */
    size_t size;
};

struct diagnostic_list {
    struct diagnostic *items;
    size_t count, room;
    size_t errors, warnings; /* all of them, also those past DIAGNOSTIC_KEPT_MAX */
    struct diagnostic_source **sources;
    size_t source_count;
};

void diagnostic_init(struct diagnostic_list *l);
void diagnostic_free(struct diagnostic_list *l);

/* Registers a source (a file's or flag's text, copied) and returns its name, which lives as long as the list. The same name and text
 * twice gives the same pointer; text NULL only interns the name. */
const char *diagnostic_source(struct diagnostic_list *l, const char *file, const char *text, size_t size);

/* Adds a finding; `code` is "E…" or "W…". Strings are copied; foreign bytes in them are made safe for terminals. The same code at the same
 * place with the same message is kept once. Returns the new finding, so that suggestion and help can be attached; never NULL. */
struct diagnostic *diagnostic_add(struct diagnostic_list *l, const char *code, struct diagnostic_mark mark,
                                  const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Set once per finding (a second call replaces). */
void diagnostic_help(struct diagnostic *d, const char *format, ...) __attribute__((format(printf, 2, 3)));
void diagnostic_suggest(struct diagnostic *d, const char *suggestion); /* NULL is ignored */

/* Orders by file (in the order of registration), line, column; equal places keep their order. */
void diagnostic_sort(struct diagnostic_list *l);

struct diagnostic_style {
    enum diagnostic_format format;
    bool color;       /* text only, as is the next */
    unsigned columns; /* for lines of the source; 0: 100 */
};
/* Sorts, and writes at most DIAGNOSTIC_SHOWN_MAX findings (json: all that are kept), then "and N more". */
void diagnostic_write(struct diagnostic_list *l, const struct diagnostic_style *style, struct text *out);
/* "text", "json", "gcc", "github" → format; ERR_NOT_FOUND otherwise. */
int diagnostic_format_of(const char *name, enum diagnostic_format *out);

/* One row per code; ends with code NULL. */
struct diagnostic_code {
    const char *code;  /* "E201" */
    const char *title; /* "unknown key" */
    const char *doc;   /* what it means and what to do */
};
extern const struct diagnostic_code diagnostic_codes[];

#endif
