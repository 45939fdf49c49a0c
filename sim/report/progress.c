#include "report/progress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/units.h"
#include "report/figures.h"
#include "report/layout.h"

enum { COLUMNS_DEFAULT = 80, COLUMNS_MIN = 20, COLUMNS_MAX = 120, BAR_MAX = 40 };
static const int64_t redraw_ns = 200 * SPAN_MS, line_ns = 9500 * SPAN_MS; /* each 10 s: seconds do not come to the ns */

void progress_begin(struct progress *p, const struct plan *plan, int fd, bool quiet, bool color) {
    const char *term = getenv("TERM");
    bool terminal = isatty(fd) && term != NULL && strcmp(term, "dumb") != 0;
    *p = (struct progress){.plan = plan, .fd = fd, .color = color};
    p->mode = quiet ? PROGRESS_SILENT : terminal ? PROGRESS_LIVE : PROGRESS_PLAIN;
}

static unsigned terminal_columns(int fd) {
    struct winsize size;
    if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return COLUMNS_DEFAULT;
    return size.ws_col < COLUMNS_MIN ? COLUMNS_MIN : size.ws_col > COLUMNS_MAX ? COLUMNS_MAX : size.ws_col;
}

static uint64_t online(const struct result *r) {
    uint64_t sum = 0;
    if (r->gauge_count > 0)
        for (unsigned g = 0; g < r->group_count; g++)
            sum += r->gauges[r->gauge_count - 1].counts[g * STATE_KINDS + STATE_ONLINE];
    return sum;
}

/* The interval's 99th percentile of publishes, or of connects while nothing is published; "" without either. */
static void describe_p99(const struct result *r, struct text *out) {
    static const struct {
        enum figures_id id;
        const char *word;
    } rows[] = {{FIGURES_PUBLISH_ACK, "publish"}, {FIGURES_CONNECT, "connect"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct figures f = figures_of(r, NULL, rows[i].id, NULL);
        double ms = figures_quantile_ms(&f.clocks[CLOCK_RESPONSE], 0.99);
        figures_free(&f);
        if (isnan(ms))
            continue;
        char value[32];
        text_printf(out, "  %s p99 %s", rows[i].word, units_format(UNITS_DURATION, ms * 1e6, value, sizeof value));
        return;
    }
}

static void describe_load(const struct progress *p, const struct run_second *s, struct text *out) {
    char n[3][32];
    uint64_t failed = 0;
    for (int i = 0; i < FIGURES_ROWS; i++) {
        struct figures f = figures_of(s->second, NULL, (enum figures_id)i, NULL);
        failed += f.failed;
        figures_free(&f);
    }
    text_printf(out, "online %s of %s  %s msg/s", layout_count(online(s->second), n[0], sizeof n[0]),
                layout_count(p->plan->device_count, n[1], sizeof n[1]),
                layout_count(figures_tally(s->second, NULL, TALLY_SENT, true, NULL) +
                                 figures_tally(s->second, NULL, TALLY_RECEIVED, true, NULL),
                             n[2], sizeof n[2]));
    describe_p99(s->second, out);
    if (failed > 0)
        text_printf(out, "  %s failed/s", layout_count(failed, n[0], sizeof n[0]));
}

static void describe_health(const struct run_second *s, struct text *out) {
    double lag = figures_quantile_ms(&s->second->lag_all, 0.999);
    char value[32] = "-";
    if (!isnan(lag))
        units_format(UNITS_DURATION, lag * 1e6, value, sizeof value);
    text_printf(out, "tool %s  lag p99.9 %s  CPU %.0f%%", s->trustworthy ? "OK" : "NOT OK", value,
                100 * s->cpu_share_max);
}

static void describe_time(const struct progress *p, const struct run_second *s, struct text *out) {
    char at[32], all[32];
    text_printf(out, "%s of %s", instant_format_span(s->at, at, sizeof at),
                instant_format_span(p->plan->duration, all, sizeof all));
}

static void put_bar(const struct progress *p, const struct run_second *s, unsigned columns, struct text *out) {
    unsigned width = columns / 3 < BAR_MAX ? columns / 3 : BAR_MAX;
    double share = p->plan->duration > 0 ? (double)s->at / (double)p->plan->duration : 1;
    unsigned full = share >= 1 ? width : (unsigned)(share * width);
    for (unsigned i = 0; i < width; i++)
        text_append(out, i < full ? "█" : "░");
    text_append(out, "  ");
}

/* A line cut to the width, so that the terminal never wraps it: the block would then be taller than we think. */
static void put_line(struct text *out, const struct text *line, unsigned columns) {
    layout_cell(out, text_get(line), columns - 1);
    text_append(out, "\033[K\n");
}

unsigned progress_block(const struct progress *p, const struct run_second *s, unsigned columns, struct text *out) {
    struct text lines[3] = {0};
    put_bar(p, s, columns, &lines[0]);
    describe_time(p, s, &lines[0]);
    text_printf(&lines[0], "  %s", s->phase != NULL ? s->phase : "");
    describe_load(p, s, &lines[1]);
    describe_health(s, &lines[2]);
    for (unsigned i = 0; i < 3; i++) {
        bool alarm = i == 2 && p->color && !s->trustworthy;
        text_append(out, alarm ? "\033[1;31m" : "");
        put_line(out, &lines[i], columns);
        text_append(out, alarm ? "\033[0m" : "");
        text_free(&lines[i]);
    }
    return 3;
}

void progress_line(const struct progress *p, const struct run_second *s, struct text *out) {
    struct text line = {0};
    describe_time(p, s, &line);
    text_printf(&line, "  %s  ", s->phase != NULL ? s->phase : "");
    describe_load(p, s, &line);
    text_append(&line, "  ");
    describe_health(s, &line);
    text_append_safe(out, text_get(&line), line.size, line.size);
    text_append(out, "\n");
    text_free(&line);
}

/* One write per picture; nobody is told when nobody looks. */
static void show(const struct progress *p, const struct text *t) {
    if (t->size > 0 && write(p->fd, t->data, t->size) < 0)
        return;
}

static void erase(struct progress *p, struct text *out) {
    if (p->lines > 0)
        text_printf(out, "\033[%uA\r\033[J", p->lines);
    p->lines = 0;
}

void progress_second(struct progress *p, const struct run_second *s, int64_t now_ns) {
    int64_t pause = p->mode == PROGRESS_LIVE ? redraw_ns : line_ns;
    if (p->mode == PROGRESS_SILENT || (p->has_begun && now_ns - p->drawn_at_ns < pause))
        return;
    if (!p->has_begun && p->mode == PROGRESS_PLAIN) { /* the first line comes after the first pause */
        p->has_begun = true;
        p->drawn_at_ns = now_ns;
        return;
    }
    struct text out = {0};
    if (p->mode == PROGRESS_LIVE) {
        erase(p, &out);
        p->lines = progress_block(p, s, terminal_columns(p->fd), &out);
    } else {
        progress_line(p, s, &out);
    }
    p->has_begun = true;
    p->drawn_at_ns = now_ns;
    show(p, &out);
    text_free(&out);
}

void progress_end(struct progress *p) {
    struct text out = {0};
    erase(p, &out);
    show(p, &out);
    text_free(&out);
}
