/* The command line: one table of verbs and one of options. Parsing, help, docs/command-line.md, the manual page and completion all come
 * from their rows, and tests hold the documents against them. */
#ifndef MUSTER_CLI_OPTIONS_H
#define MUSTER_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/instant.h"
#include "base/text.h"

enum verb {
    VERB_RUN,
    VERB_CHECK,
    VERB_PLAN,
    VERB_EXPLAIN,
    VERB_SCHEMA,
    VERB_INIT,
    VERB_BACKEND,
    VERB_REPORT,
    VERB_REPLAY,
    VERB_SHRINK,
    VERB_COMPARE,
    VERB_DOCTOR,
    VERB_CAPACITY,
    VERB_IMPORT,
    VERB_COMPLETION,
    VERB_VERSION,
    VERBS
};

enum {
    OPTIONS_LIST_MAX = 64,
    OPTIONS_OPERANDS_MAX = 64,
    OPTIONS_WORKERS_MAX = 1024,
    OPTIONS_SHARDS_MAX = 1024,
    OPTIONS_REPEATS_MAX = 9
};

/* Values of a repeatable option, borrowed from argv. */
struct options_list {
    const char *items[OPTIONS_LIST_MAX];
    unsigned places[OPTIONS_LIST_MAX]; /* order among the values of all repeatable options */
    unsigned count;
};

struct options {
    enum verb verb;
    int argc;
    char **argv; /* as given, for the manifest */
    const char *operands[OPTIONS_OPERANDS_MAX];
    unsigned operand_count;
    bool divided; /* there was a -- among the operands, after so many of them: */
    unsigned operands_before;
    struct options_list targets, files, sets, unsets, captures, records,
        devices_named; /* sets: of the scenario; backend: of the broker */
    struct options_list misbehave, metrics;
    unsigned list_values;
    uint64_t devices, seed, device, workers; /* devices, workers: 0 when not given */
    bool has_seed, has_device;
    double rate, margin;        /* 0 when not given */
    double min, max, precision; /* of a search; 0 when not given */
    uint64_t repeats;           /* 0 when not given */
    span step_duration, pause;
    const char *by, *who, *payloads; /* who: import's --device */
    const char *out, *run_id, *error_format, *listen, *prometheus, *deny;
    unsigned shard, shards;
    int64_t start_at_unix_ns;
    span wait;
    int fail_code, ready_fd;
    const char *condition; /* --while */
    bool capacity;         /* doctor: measure first */
    bool virtual_time;     /* --virtual */
    bool model;            /* import */
    bool json, quiet, yes, no_color, force, show_origin, forecast, names, help;
};

enum option_type {
    OPTION_FLAG,
    OPTION_TEXT,
    OPTION_LIST,
    OPTION_NUMBER,  /* from 0 */
    OPTION_DEVICES, /* 1 … UINT32_MAX */
    OPTION_WORKERS, /* 1 … OPTIONS_WORKERS_MAX */
    OPTION_DESCRIPTOR,
    OPTION_DURATION, /* 0 or more */
    OPTION_FACTOR,   /* a number from 0.001 to 1,000,000 */
    OPTION_REPEATS,  /* 1 … 9 */
    OPTION_SHARE,    /* above 0, below 100 % */
    OPTION_SHARD,
    OPTION_TIME,
    OPTION_CODE
};

struct option_row {
    char letter;          /* 0: none */
    const char *name;     /* without dashes */
    const char *argument; /* "URI"; NULL for flags */
    enum option_type type;
    unsigned verbs;     /* bit per enum verb */
    size_t offset;      /* of the value in struct options */
    size_t seen_offset; /* of a bool that tells it was given; 0: none */
    const char *doc;
};
extern const struct option_row options_rows[];
extern const size_t options_row_count;

struct options_verb {
    enum verb verb;
    const char *name, *operands; /* "SCENARIO", "" */
    unsigned operands_min, operands_max;
    const char *doc;             /* one sentence */
    const char *more;            /* one paragraph for its own help, as one line; NULL: none */
    const char *const *examples; /* command lines; end with NULL */
};
extern const struct options_verb options_verbs[VERBS];

/* Reads argv[1…]. 0, or an exit code (2) after a message with the next command to try in `message`. */
int options_parse(int argc, char **argv, struct options *out, struct text *message);

struct options_changes {
    unsigned sets, unsets; /* passed so far */
};
/* The next of --set and --unset, in the order of the command line; NULL after the last. `passed` begins zeroed; *removes: it is of --unset. */
const char *options_next_change(const struct options *o, struct options_changes *passed, bool *removes);

#endif
