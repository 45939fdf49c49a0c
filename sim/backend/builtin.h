/* The built-in broker as a process of its own: a child that runs `muster backend` on a free port of the loopback, so that
 * its descriptors, memory and CPU are not counted as ours. It ends with the thread that started it. */
#ifndef MUSTER_BACKEND_BUILTIN_H
#define MUSTER_BACKEND_BUILTIN_H

#include <stddef.h>
#include <sys/types.h>

#include "base/text.h"
#include "transport/address.h"

struct builtin {
    pid_t pid;     /* 0: none */
    int report_fd; /* its stdout: one line of JSON at the end; −1: none */
};
#define BUILTIN_NONE                                                                                                   \
    (struct builtin) {                                                                                                 \
        0, -1                                                                                                          \
    }

/* Starts one and waits, at most 10 s, until it listens; *address is where. ERR_IO or ERR_UNREACHABLE, with a sentence for
 * the user in `why`; nothing is left behind then. */
int builtin_start(struct builtin *b, struct address *address, char *why, size_t why_size);
/* The same with arguments of `muster backend`, for instance {"--misbehave", "drop=1000", NULL}; `program`: NULL for our own. */
int builtin_start_with(struct builtin *b, const char *program, const char *const *arguments, struct address *address,
                       char *why, size_t why_size);
/* Asks it to end (SIGTERM), waits, kills it after 5 s. No effect on BUILTIN_NONE. */
void builtin_stop(struct builtin *b);
/* The same, and appends its report (a line of JSON) to `report`. */
void builtin_stop_with_report(struct builtin *b, struct text *report);

#endif
