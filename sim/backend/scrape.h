/* Reads a backend's page of metrics once a second, on a thread of its own, through libcurl. Only addresses that the guard permits are
 * connected to; redirects are not followed, no proxy is asked, no credentials are sent, and a page has a cap. */
#ifndef MUSTER_BACKEND_SCRAPE_H
#define MUSTER_BACKEND_SCRAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "backend/metrics_text.h"
#include "transport/guard.h"

enum { SCRAPE_PAGE_MAX = 4 << 20, SCRAPE_TIMEOUT_MS = 900, SCRAPE_EVERY_MS = 1000, SCRAPE_WHY_MAX = 256 };

struct scrape;

/* Reads the first page before it returns. Everything is borrowed until scrape_close. ERR_DENIED (the guard), ERR_UNREACHABLE (no page;
 * what was said instead), ERR_NO_MEMORY, with a sentence in `why`. */
int scrape_open(const char *url, const struct guard_limits *limits, const char *const *names, unsigned count,
                struct scrape **out, char *why, size_t why_size);
void scrape_close(struct scrape *s); /* NULL is ignored; takes up to a second */
/* Copies the values of the last page, [count] as opened. False: the last attempt failed, and the values are older. */
bool scrape_latest(struct scrape *s, struct metrics_text_value *values);

#endif
