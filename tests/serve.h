/* The built-in broker in a child, for tests whose other side must be a whole one. */
#ifndef MUSTER_TESTS_SERVE_H
#define MUSTER_TESTS_SERVE_H

#include <sys/types.h>

#include "transport/address.h"

enum { SERVE_PATIENCE_MS = 20000 }; /* for slow machines */

struct serve {
    pid_t pid;
    struct address address; /* on 127.0.0.1 */
};

/* `setting`: one of the broker's own (backend/broker_settings.h), or NULL. Returns when it listens. */
struct serve serve_start(const char *setting);
/* A new one at the address of one that has ended. */
struct serve serve_again(const struct serve *before);
void serve_stop(const struct serve *s); /* it says goodbye */
void serve_kill(const struct serve *s);

#endif
