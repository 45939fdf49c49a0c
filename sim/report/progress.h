/* What a person sees on stderr while a run goes on: on a terminal a block that is redrawn in place, elsewhere one plain line now and then.
 *
 * The cursor is never hidden and every picture is one write that leaves colours as they were, so that whatever ends the
 * program leaves a usable terminal. */
#ifndef MUSTER_REPORT_PROGRESS_H
#define MUSTER_REPORT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "fleet/run.h"

enum { PROGRESS_LIVE, PROGRESS_PLAIN, PROGRESS_SILENT };
enum { PROGRESS_LINES = 4 };

struct progress {
    const struct plan *plan;
    int mode;
    bool color, ascii;
    int fd;
    unsigned lines;                  /* of the block on the screen now */
    unsigned widths[PROGRESS_LINES]; /* in columns, of these lines */
    uint64_t log_count;              /* when it was drawn */
    int64_t drawn_at_ns;             /* monotonic; when it last drew or spoke */
    bool has_begun;                  /* drawn_at_ns means something */
};

/* `fd` is where to write, normally stderr. A terminal gets the live block, unless its TERM is "dumb". */
void progress_begin(struct progress *p, const struct plan *plan, int fd, bool quiet, bool no_color);
/* `now_ns`: monotonic clock. A live block is drawn at most 5 times a second, a plain line comes each 10 s. */
void progress_second(struct progress *p, const struct run_second *s, int64_t now_ns);
/* Takes the live block off the screen. */
void progress_end(struct progress *p);

/* The block and the plain line, for tests too. `columns`: width of the terminal; no line of the block is as wide. Fills p->lines and widths. */
void progress_block(struct progress *p, const struct run_second *s, unsigned columns, struct text *out);
void progress_line(const struct progress *p, const struct run_second *s, struct text *out);

#endif
