/* The wrong scenarios of tests/scenario/wrong: each says in comments at its head, or in FILE.expect when it cannot have comments, what must be found.
 *
 *   # expect: CODE [FILE] LINE:COLUMN suggest: TEXT [stage: N]
 *   # more                            further errors may be found (default: exactly the expected ones)
 *
 * A '.' in CODE stands for any character. TEXT must occur in suggestion, help or message. Stage: 1 syntax … 3 references (default
 * 3: found by load_scenario), 4 semantics and checks, 5 resources (found by plan_compile). */
#ifndef MUSTER_TESTS_SCENARIO_CORPUS_H
#define MUSTER_TESTS_SCENARIO_CORPUS_H

#include <stdbool.h>
#include <stddef.h>

#include "scenario/diagnostic.h"

enum { CORPUS_EXPECTS_MAX = 8, CORPUS_FILES_MAX = 256 };
#define CORPUS_DIRECTORY "tests/scenario/wrong"

struct corpus_expect {
    char code[8], file[64], suggest[160];
    int line, column, stage;
};

struct corpus_file {
    char path[256];
    struct corpus_expect expects[CORPUS_EXPECTS_MAX];
    size_t count;
    bool more;
    int stage; /* the latest of its expectations */
};

/* Reads the directory, by name; `files` has CORPUS_FILES_MAX places. Returns how many there are. */
size_t corpus_read(struct corpus_file *files);
/* The finding at the expected place with the expected code, or NULL. */
const struct diagnostic *corpus_find(const struct corpus_expect *e, const struct diagnostic_list *list);
/* Whether that finding says what to do. */
bool corpus_suggests(const struct corpus_expect *e, const struct diagnostic *d);

#endif
