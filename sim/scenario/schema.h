/* Every key of the scenario language, once. The validator, `explain`, the JSON Schema, docs/scenario-reference.md, completion and the
 * defaults that the plan uses are all read from this table.
 *
 * A path is written with "." between keys, "*" for a name that the user chooses and "[]" for the items of a list. Rows stand in
 * pre-order: a row's descendants follow it directly. Keys that start with "x-" are allowed in every map and mean nothing. */
#ifndef MUSTER_SCENARIO_SCHEMA_H
#define MUSTER_SCENARIO_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/units.h"

enum schema_kind {
    SCHEMA_MAP,    /* the row's children are its keys */
    SCHEMA_NAMED,  /* a map from names to the child "*" */
    SCHEMA_LIST,   /* items are the child "[]" */
    SCHEMA_SCALAR, /* any scalar (vars) */
    SCHEMA_TEXT,   /* a text without templates */
    SCHEMA_NAME,   /* an identifier: letters, digits, _ . - */
    SCHEMA_BOOLEAN,
    SCHEMA_INTEGER,    /* min … max */
    SCHEMA_QUANTITY,   /* a number of `dimension`, min … max in base units */
    SCHEMA_DIST,       /* a quantity, or a distribution over `dimension` */
    SCHEMA_WORD,       /* one of `words` */
    SCHEMA_TEMPLATE,   /* a text with ${…}; `scope` says which variables */
    SCHEMA_SIGNAL,     /* walk(…) and its like */
    SCHEMA_TIMESTAMP,  /* 2026-01-01T00:00:00Z */
    SCHEMA_URL,        /* mqtt://host:port or builtin */
    SCHEMA_ADDRESSES,  /* an address or a range a-b */
    SCHEMA_ALLOW,      /* a host name, an address or a network in CIDR form */
    SCHEMA_REFERENCE,  /* a name that must exist in the map at `refers` */
    SCHEMA_AFTER,      /* id, id + 30s, id.start + 30s */
    SCHEMA_PREDICATE,  /* state == online and attempts > 3 */
    SCHEMA_EXPRESSION, /* a check */
    SCHEMA_INDEX,      /* 7 or 3-9 */
    SCHEMA_FILE,       /* a path */
};

enum schema_flag {
    SCHEMA_REQUIRED = 1,
    SCHEMA_OR_LIST = 2,   /* one value of the kind, or a list of them; no "[]" in the paths below */
    SCHEMA_OR_MAP = 4,    /* a scalar of the kind, or a map of the children */
    SCHEMA_SETTABLE = 8,  /* the verb `set` may change it at run time */
    SCHEMA_PERCENT = 16,  /* QUANTITY of a share: a number without unit is in percent */
    SCHEMA_ANY_NAME = 32, /* NAMED: the names are any texts */
    SCHEMA_WHOLE = 64,    /* NAMED: the shares below add up to 100 % */
};

/* Bits of schema_row.verbs. */
#define SCHEMA_VERB(verb) (1u << (verb))

struct schema_row {
    const char *path;
    enum schema_kind kind;
    unsigned flags;
    enum units_dimension dimension; /* QUANTITY, DIST */
    double min, max;                /* INTEGER, QUANTITY; both 0: no limits */
    const char *const *words;       /* WORD: all of them; other kinds: accepted besides. Ends with NULL */
    unsigned scope;                 /* TEMPLATE: enum template_scope of device/template.h */
    unsigned verbs; /* below timeline.[]: SCHEMA_VERB bits of the verbs (device/action.h) that take the key; 0: all */
    const char *unless;   /* REQUIRED: not where this key of the same map is, and never beside it; NULL: always */
    const char *refers;   /* REFERENCE: "profiles", "regions", "timeline"; NAMED: the names themselves refer */
    const char *standard; /* the default as the user would write it; NULL: none */
    const char *example;
    const char *doc;   /* sentences for people */
    const char *since; /* version of Muster, "0.1" */
};

extern const struct schema_row schema_rows[]; /* schema_rows[0] is the root with path "" ; ends with path NULL */

/* The row of a pattern ("profiles.*.mqtt"), exactly; NULL when there is none. */
const struct schema_row *schema_find(const char *pattern);
/* The row of a concrete or half-concrete path ("profiles.meter.mqtt.keepalive", "timeline.3.who", "timeline[].do"); NULL when there is none. */
const struct schema_row *schema_match(const char *path);
/* The child row for key `key` of `parent`: by name, else "*". */
const struct schema_row *schema_child(const struct schema_row *parent, const char *key);
const struct schema_row *schema_item(const struct schema_row *list); /* the child "[]" */
/* Children in table order: start with NULL. */
const struct schema_row *schema_next_child(const struct schema_row *parent, const struct schema_row *previous);
const char *schema_last(const struct schema_row *row); /* last part of the path: "keepalive" */
/* Index of the word, or -1. */
int schema_word(const struct schema_row *row, const char *text);
/* The kind in words: "a duration (10s, 250ms, 1h30min)". Returns `text`. */
char *schema_describe(const struct schema_row *row, char *text, size_t size);

#endif
