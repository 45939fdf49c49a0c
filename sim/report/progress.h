/* What a person sees on stderr while a run goes on: on a terminal a block that is redrawn in place, elsewhere one plain line now and then. */
#ifndef MUSTER_REPORT_PROGRESS_H
#define MUSTER_REPORT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "fleet/run.h"

enum { PROGRESS_LIVE, PROGRESS_PLAIN, PROGRESS_SILENT };

struct progress {
    const struct plan *plan;
    int mode;
    bool color;
    int fd;
    unsigned lines;      /* of the block on the screen now */
    int64_t drawn_at_ns; /* monotonic; when it last drew or spoke */
    bool has_begun;      /* drawn_at_ns means something */
};

/* `fd` is where to write, normally stderr. A terminal gets the live block, unless its TERM is "dumb". */
void progress_begin(struct progress *p, const struct plan *plan, int fd, bool quiet, bool color);
/* `now_ns`: monotonic clock. A live block is drawn at most 5 times a second, a plain line comes each 10 s. */
void progress_second(struct progress *p, const struct run_second *s, int64_t now_ns);
/* Takes the live block off the screen. */
void progress_end(struct progress *p);

/* The block's lines and the plain line, for tests too. `columns`: width of the terminal. */
unsigned progress_block(const struct progress *p, const struct run_second *s, unsigned columns, struct text *out);
void progress_line(const struct progress *p, const struct run_second *s, struct text *out);

#endif
