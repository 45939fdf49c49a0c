/* What a JSON document of ours may hold, as rows: one per key, with type and sentence. The rows do two things. The JSON Schema (draft-07) that
 * `muster schema` prints is made from them; and a writer is held against them while it writes, so that neither can have a key
 * that the other lacks. */
#ifndef MUSTER_REPORT_JSON_SCHEMA_H
#define MUSTER_REPORT_JSON_SCHEMA_H

#include <stdbool.h>

#include "base/json_write.h"
#include "base/text.h"

enum json_schema_type {
    SHAPE_BOOL,
    SHAPE_UINT,
    SHAPE_INT,
    SHAPE_NUMBER,
    SHAPE_STRING,
    SHAPE_OBJECT, /* of row->shape */
    SHAPE_MAP     /* any keys, each an object of row->shape */
};
enum json_schema_flag {
    SHAPE_OPTIONAL = 1,
    SHAPE_NULLABLE = 2,
    SHAPE_LIST = 4, /* a list of such values */
    SHAPE_LATER = 8 /* appended after the writer closed the object */
};

struct json_shape;
struct json_schema_row {
    const char *key; /* NULL: one row for all keys that `keys` gives */
    enum json_schema_type type;
    unsigned flags;
    const char *doc;
    const struct json_shape *shape;
    const char *(*words)(unsigned i); /* SHAPE_STRING: the i-th value that there is, NULL after the last; NULL: any */
    const char *(*keys)(unsigned i);  /* the i-th key, NULL after the last */
};
/* A plain value · an object or a map of objects · one of some words · all keys of another table · the last row. */
#define SHAPE_ROW(key, type, flags, doc)                                                                               \
    { key, type, flags, doc, NULL, NULL, NULL }
#define SHAPE_PART(key, type, flags, doc, shape)                                                                       \
    { key, type, flags, doc, shape, NULL, NULL }
#define SHAPE_WORD(key, flags, doc, words)                                                                             \
    { key, SHAPE_STRING, flags, doc, NULL, words, NULL }
#define SHAPE_KEYS(keys, type, flags, doc, shape)                                                                      \
    { NULL, type, flags, doc, shape, NULL, keys }
#define SHAPE_END                                                                                                      \
    { NULL, SHAPE_NUMBER, 0, NULL, NULL, NULL, NULL }

/* Rows end with SHAPE_END. `also`: what the object has besides. */
struct json_shape {
    const char *name; /* of its definition in the schema: unique */
    const struct json_shape *also;
    const struct json_schema_row *rows;
};

/* Prints the schema of a document. Objects may have further keys: later versions add some. */
void json_schema_write(struct text *out, const char *title, const char *doc, const struct json_shape *root);
/* The schema of lines that are told apart by the word under `key`: shapes[0 … count) have the words as names. `common` is what all
 * lines have, whatever their kind. */
void json_schema_write_kinds(struct text *out, const char *title, const char *doc, const struct json_shape *common,
                             const char *key, const struct json_shape *const *shapes, unsigned count);

/* --- holding a writer against its rows -------------------------------------------------------------------------------- */

enum { JSON_SCHEMA_DEPTH_MAX = 32 };

struct json_schema_frame {
    const struct json_shape *shape;       /* of an object */
    const struct json_schema_row *row;    /* of a list or map: of what is in it */
    const struct json_schema_row *cursor; /* writers go through the rows in order, as a rule */
    unsigned required;                    /* keys that must be there, so far */
};
struct json_schema_check {
    struct json_schema_frame frames[JSON_SCHEMA_DEPTH_MAX];
    int depth;
    const struct json_shape *root;
    const struct json_schema_row *pending; /* of the value that comes next; NULL: the root, or after a fault */
    char fault[160];                       /* the first departure, "" without one */
};

/* Watches `w`, which is about to write a whole object of that shape. `c` lives as long as `w` writes. */
void json_schema_watch(struct json_schema_check *c, struct json_write *w, const struct json_shape *shape);
/* A departure is a bug of ours: said on stderr, since the document itself is still worth having. False when there was one. */
bool json_schema_report(const struct json_schema_check *c, const char *document);

#endif
