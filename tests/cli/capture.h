/* Runs a verb as the program would, in a process and a directory of its own, and keeps what it said. */
#ifndef MUSTER_TESTS_CLI_CAPTURE_H
#define MUSTER_TESTS_CLI_CAPTURE_H

#include <stdbool.h>

#include "cli/options.h"

struct capture {
    int code; /* exit code; −1: it did not end by itself */
    char *out, *err;
};

/* `words`: the command line, "muster" first, NULL last. When the words do not parse, code and err are the parser's. */
struct capture capture_run(int (*verb)(const struct options *), const char *const *words);
#define CAPTURE(verb, ...) capture_run(verb, (const char *const[]){"muster", __VA_ARGS__, NULL})
void capture_free(struct capture *c);

bool capture_says(const struct capture *c, const char *words);  /* on stdout */
bool capture_warns(const struct capture *c, const char *words); /* on stderr */

/* The directory that the verbs run in: empty at first, gone when the test program ends. */
const char *capture_directory(void);
/* A file there. */
void capture_write(const char *name, const char *text);
char *capture_file(const char *name); /* NULL: there is none. The caller frees */

/* A scenario of one small fleet against that target; nothing in it is wrong. */
extern const char capture_scenario[];

/* Do braces, brackets and quotes of a JSON text match, and is there something in it? */
bool capture_is_json(const char *text);

#endif
