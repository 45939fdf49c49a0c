/* Plots by gnuplot, as SVG for the inside of a page.
 *
 * A script is made of numbers that we print and of constant text (report/templates.h). Nothing that a scenario or a backend says
 * goes into it, for gnuplot runs commands in back-quotes and behind "<". gnuplot runs without a shell, without the user's start-up file,
 * in an empty environment, and not for ever. */
#ifndef MUSTER_REPORT_PLOT_H
#define MUSTER_REPORT_PLOT_H

#include <stddef.h>

#include "base/text.h"

enum {
    PLOT_TIMEOUT_MS = 20000,
    PLOT_SVG_MAX = 4 << 20, /* more than any plot of reduced data takes */
    PLOT_WHY_MAX = 256
};

/* Runs `script` and appends what gnuplot wrote to *svg. ERR_NOT_FOUND: there is no gnuplot; ERR_IO, ERR_TOO_BIG, or ERR_AGAIN when it took too
 * long; then *svg is as it was and `why` [PLOT_WHY_MAX] has a sentence. */
int plot_run(const struct text *script, struct text *svg, char *why);

/* Appends gnuplot's SVG as an element of a page: without prologue and comments, with ids (and references to them) that begin with `prefix`, with
 * `title` and `description` in place of gnuplot's, colours as #rrggbb, which the page's style sheet maps to its themes. The three are
 * constant text. ERR_MALFORMED: it is no SVG. */
int plot_inline(struct text *out, const char *svg, const char *prefix, const char *title, const char *description);

#endif
