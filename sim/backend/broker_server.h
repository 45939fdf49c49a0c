/* The built-in broker on sockets: one thread, one loop, as many connections as descriptors allow. `muster backend` runs it in
 * the foreground; backend/builtin.h starts it as a process of its own.
 *
 * A client that does not read: its messages wait in its session from `backlog` bytes on (broker_limits); its own requests are
 * answered until another MiB is unsent, and then nothing more is read from it. */
#ifndef MUSTER_BACKEND_BROKER_SERVER_H
#define MUSTER_BACKEND_BROKER_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "backend/broker.h"
#include "transport/address.h"

struct broker_server_options {
    struct address listen;        /* port 0: a free one */
    struct broker_options broker; /* limits.connections_max 0: what the descriptor limit allows; broker.misbehave is set
                                     by broker_server_run to the one below */
    struct misbehave misbehave;
    int ready_fd;  /* gets "PORT\n" when listening, and is closed; −1: none */
    int report_fd; /* gets one line of JSON at the end (broker_report); −1: none */
    bool quiet;    /* no lines on stderr about starting and stopping */
};

/* 127.0.0.1:1883, no descriptors, broker_options_default with connections_max 0. */
void broker_server_options_default(struct broker_server_options *o);
/* "name=value": any row of broker_settings_rows or misbehave_rows; errors as broker_settings_set. */
int broker_server_set(struct broker_server_options *o, const char *argument, char *why, size_t why_size);
/* Serves until SIGTERM or SIGINT, then says goodbye to everyone (2 s at most) and reports. Raises the soft descriptor
 * limit to the hard one. The process must have no other use for these signals. Returns 0, or an error with a sentence for the
 * user in `why` when it could not listen. */
int broker_server_run(struct broker_server_options *o, char *why, size_t why_size);

#endif
