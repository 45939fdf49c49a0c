#include "report/page.h"

#include <string.h>

#include "report/logged.h"

void page_begin(struct page *p, unsigned seconds) {
    memset(p, 0, sizeof *p);
    sample_make(&p->s);
    p->t = temporary_make();
    p->logs[0] = p->t.path;
    p->s.report.logs = p->logs;
    p->s.report.log_count = 1;
    if (seconds > 0)
        logged_run(&p->t, &p->s, seconds, 20);
    history_read(p->logs, 1, &p->history);
}

void page_end(struct page *p) {
    history_free(&p->history);
    sample_free(&p->s);
    temporary_remove(&p->t);
    text_free(&p->out);
}

bool page_has(const struct page *p, const char *piece) {
    return strstr(text_get(&p->out), piece) != NULL;
}

unsigned page_count(const struct page *p, const char *piece) {
    unsigned n = 0;
    for (const char *at = text_get(&p->out); (at = strstr(at, piece)) != NULL; at++)
        n++;
    return n;
}
