/* A made-up run and what a part of its page writes. */
#ifndef MUSTER_TESTS_REPORT_PAGE_H
#define MUSTER_TESTS_REPORT_PAGE_H

#include "report/history.h"
#include "report/html_parts.h"
#include "report/sample.h"
#include "report/temporary.h"

struct page {
    struct sample s;
    struct temporary t;
    const char *logs[1];
    struct history history;
    struct text out;
};

/* The sample, with logs of `seconds` seconds when that is above 0. */
void page_begin(struct page *p, unsigned seconds);
void page_end(struct page *p);
bool page_has(const struct page *p, const char *piece);
/* How often it is there. */
unsigned page_count(const struct page *p, const char *piece);

#endif
