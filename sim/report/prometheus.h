/* The numbers of a run that goes on, for Prometheus and whatever else reads its text format: GET /metrics.
 *
 * A thread of libmicrohttpd serves a page that the control thread replaces once a second; no worker takes part. It listens on
 * loopback unless an address is given, takes few connections at a time, drops slow ones, and answers only GET and HEAD;
 * nothing that a client sends has any effect on the run. */
#ifndef MUSTER_REPORT_PROMETHEUS_H
#define MUSTER_REPORT_PROMETHEUS_H

#include <stddef.h>

#include "fleet/run.h"
#include "transport/address.h"

enum {
    PROMETHEUS_CONNECTIONS_MAX = 16,
    PROMETHEUS_TIMEOUT_S = 10,              /* of a connection on which nothing moves */
    PROMETHEUS_REQUEST_BYTES_MAX = 32 << 10 /* request line and headers; what is longer is refused */
};

struct prometheus;

/* "9464", "127.0.0.1:9464", "[::1]:9464": a port alone is one of 127.0.0.1. ERR_MALFORMED with a sentence in `why`. */
int prometheus_parse(const char *text, struct address *out, char *why, size_t why_size);
/* Begins to serve; port 0 takes a free one. `plan` is borrowed. ERR_IO with a sentence in `why`. */
int prometheus_open(const struct plan *plan, const struct address *where, struct prometheus **out, char *why,
                    size_t why_size);
/* "http://127.0.0.1:9464/metrics" */
const char *prometheus_url(const struct prometheus *p);
/* Replaces the page by one that has this second, too. */
void prometheus_second(struct prometheus *p, const struct run_second *s);
/* Ends; NULL is allowed. */
void prometheus_close(struct prometheus *p);

#endif
