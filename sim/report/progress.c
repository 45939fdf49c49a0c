#include "report/progress.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/log.h"
#include "base/units.h"
#include "report/figures.h"
#include "report/layout.h"
#include "report/terminal.h"

enum { BAR_MIN = 8, BAR_MAX = 50, NARROW = 70, PHASE_MAX = 24, NUMBER = 32 };
static const int64_t redraw_ns = 200 * SPAN_MS, line_ns = 9500 * SPAN_MS; /* each 10 s: seconds do not come to the ns */
/* A second that is later than this was slept through: the program was stopped, and others have written meanwhile. */
static const int64_t slept_ns = 3 * SPAN_S;

void progress_begin(struct progress *p, const struct plan *plan, int fd, bool quiet, bool no_color) {
    *p = (struct progress){.plan = plan, .fd = fd, .color = terminal_colors(fd, no_color), .ascii = !terminal_utf8()};
    p->mode = quiet ? PROGRESS_SILENT : terminal_redraws(fd) ? PROGRESS_LIVE : PROGRESS_PLAIN;
}

/* --- a line of parts ------------------------------------------------------------------------------------------------- */

/* Parts that do not fit are left out, the last ones first: a part of a number says something else. */
struct line {
    struct text text;
    unsigned room; /* columns */
    bool full;
};

static void part(struct line *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void part(struct line *l, const char *format, ...) {
    struct text t = {0};
    va_list args;
    va_start(args, format);
    text_vprintf(&t, format, args);
    va_end(args);
    const char *gap = l->text.size > 0 && l->text.data[l->text.size - 1] != ' ' ? "   " : "";
    l->full = l->full || layout_width(text_get(&l->text)) + strlen(gap) + layout_width(text_get(&t)) > l->room;
    if (!l->full)
        text_printf(&l->text, "%s%s", gap, text_get(&t));
    text_free(&t);
}

/* --- what there is to say -------------------------------------------------------------------------------------------- */

static uint64_t devices_in(const struct result *r, enum device_state state) {
    uint64_t sum = 0;
    if (r->gauge_count > 0)
        for (unsigned g = 0; g < r->group_count; g++)
            sum += r->gauges[r->gauge_count - 1].counts[g * STATE_KINDS + state];
    return sum;
}

static void add_states(const struct progress *p, const struct run_second *s, struct line *l) {
    static const struct {
        enum device_state state;
        const char *words;
    } others[] = {{STATE_CONNECTING, "connecting"},
                  {STATE_BACKOFF, "in back-off"},
                  {STATE_OFFLINE, "offline"},
                  {STATE_ASLEEP, "asleep"},
                  {STATE_DEAD, "dead"}};
    char n[2][NUMBER];
    part(l, "%s of %s", layout_count(devices_in(s->second, STATE_ONLINE), n[0], sizeof n[0]),
         layout_count(plan_devices_here(p->plan, 1, 1), n[1], sizeof n[1]));
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        uint64_t count = devices_in(s->second, others[i].state);
        if (count > 0)
            part(l, "%s %s", layout_count(count, n[0], sizeof n[0]), others[i].words);
    }
}

/* The interval's 99th percentile of publishes, or of connects while nothing is published. */
static void add_p99(const struct result *r, struct line *l) {
    static const struct {
        enum figures_id id;
        const char *word;
    } rows[] = {{FIGURES_PUBLISH_ACK, "publish"}, {FIGURES_CONNECT, "connect"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct figures f = figures_of(r, NULL, rows[i].id, NULL);
        double ms = figures_quantile_ms(&f.clocks[CLOCK_RESPONSE], 0.99);
        figures_free(&f);
        if (isnan(ms))
            continue;
        char value[NUMBER];
        part(l, "%s p99 %s", rows[i].word, units_format(UNITS_DURATION, ms * 1e6, value, sizeof value));
        return;
    }
}

static void add_traffic(const struct run_second *s, struct line *l) {
    char n[NUMBER];
    uint64_t failed = 0, connects = 0;
    for (int i = 0; i < FIGURES_ROWS; i++) {
        struct figures f = figures_of(s->second, NULL, (enum figures_id)i, NULL);
        failed += f.failed;
        connects += i == FIGURES_CONNECT ? f.count : 0;
        figures_free(&f);
    }
    part(l, "%s msg/s",
         layout_count(figures_tally(s->second, NULL, TALLY_SENT, true, NULL) +
                          figures_tally(s->second, NULL, TALLY_RECEIVED, true, NULL),
                      n, sizeof n));
    add_p99(s->second, l);
    if (failed > 0)
        part(l, "%s failed/s", layout_count(failed, n, sizeof n));
    if (connects > 0)
        part(l, "%s connects/s", layout_count(connects, n, sizeof n));
}

static void add_health(const struct run_second *s, struct line *l) {
    double lag = figures_quantile_ms(&s->second->lag_all, 0.999);
    char value[NUMBER];
    part(l, "%s", s->trustworthy ? "OK" : "NOT TRUSTWORTHY");
    if (!isnan(lag))
        part(l, "lag p99.9 %s", units_format(UNITS_DURATION, lag * 1e6, value, sizeof value));
    part(l, "CPU %.0f%%", 100 * s->cpu_share_max);
}

static void add_time_left(const struct progress *p, const struct run_second *s, struct line *l) {
    char left[NUMBER];
    if (s->at < p->plan->duration)
        part(l, "%s left", instant_format_span(p->plan->duration - s->at, left, sizeof left));
    else if (s->at < p->plan->duration + p->plan->settle)
        part(l, "up to %s left", instant_format_span(p->plan->duration + p->plan->settle - s->at, left, sizeof left));
}

static void add_time(const struct progress *p, const struct run_second *s, struct line *l) {
    char at[NUMBER], all[NUMBER];
    part(l, "%s of %s", instant_format_span(s->at, at, sizeof at),
         instant_format_span(p->plan->duration, all, sizeof all));
}

/* --- the block ------------------------------------------------------------------------------------------------------- */

/* " steady   ██████████░░░░░░░░░░   42%   5m48s left   4m12s of 10m00s": the bar takes what the words leave. */
static void bar_line(const struct progress *p, const struct run_second *s, struct line *l) {
    double share = p->plan->duration > 0 ? (double)s->at / (double)p->plan->duration : 1;
    struct text *out = &l->text;
    const char *phase = s->phase != NULL ? s->phase : "";
    size_t name = layout_width(phase), most = l->room < NARROW ? LAYOUT_INDENT - 2 : PHASE_MAX;
    name = name < LAYOUT_INDENT - 2 ? LAYOUT_INDENT - 2 : name > most ? most : name;
    size_t column = name + 2;
    text_append(out, " ");
    layout_cell(out, phase, name);
    text_append(out, " ");
    struct line words = {.room = l->room > column + BAR_MIN + 3 ? (unsigned)(l->room - column) - BAR_MIN - 3 : 0};
    part(&words, "%.0f%%", share >= 1 ? 100 : floor(100 * share));
    add_time_left(p, s, &words);
    add_time(p, s, &words);
    size_t taken = column + 3 + layout_width(text_get(&words.text));
    size_t width = l->room > taken ? l->room - taken : 0;
    width = width > BAR_MAX ? BAR_MAX : width;
    for (size_t i = 0; i < width; i++)
        text_append(out, (double)i + 1 <= share * (double)width ? "█" : "░");
    part(l, "%s", text_get(&words.text));
    text_free(&words.text);
}

void progress_block(struct progress *p, const struct run_second *s, unsigned columns, struct text *out) {
    struct line lines[PROGRESS_LINES];
    for (unsigned i = 0; i < PROGRESS_LINES; i++)
        lines[i] =
            (struct line){.room = columns - 1}; /* the last column stays free: terminals differ in what follows it */
    bar_line(p, s, &lines[0]);
    layout_label(&lines[1].text, "online");
    add_states(p, s, &lines[1]);
    layout_label(&lines[2].text, "traffic");
    add_traffic(s, &lines[2]);
    layout_label(&lines[3].text, "tool");
    add_health(s, &lines[3]);
    for (unsigned i = 0; i < PROGRESS_LINES; i++) {
        bool alarm = i == 3 && p->color && !s->trustworthy;
        struct text *t = &lines[i].text;
        while (t->size > 0 && t->data[t->size - 1] == ' ')
            t->data[--t->size] = '\0';
        p->widths[i] = (unsigned)layout_width(text_get(t));
        text_printf(out, "%s%s%s\033[K\n", alarm ? "\033[1;31m" : "", text_get(t), alarm ? "\033[0m" : "");
        text_free(t);
    }
    p->lines = PROGRESS_LINES;
}

void progress_line(const struct progress *p, const struct run_second *s, struct text *out) {
    struct line line = {.room = 1000};
    add_time(p, s, &line);
    part(&line, "%s", s->phase != NULL ? s->phase : "-");
    part(&line, "online ");
    add_states(p, s, &line);
    add_traffic(s, &line);
    part(&line, "tool ");
    add_health(s, &line);
    text_append_safe(out, text_get(&line.text), line.text.size, line.text.size);
    text_append(out, "\n");
    text_free(&line.text);
}

/* --- on the screen --------------------------------------------------------------------------------------------------- */

/* One write per picture; nobody is told when nobody looks. */
static void show(const struct progress *p, struct text *t) {
    if (p->ascii)
        terminal_ascii(t);
    if (t->size > 0 && write(p->fd, t->data, t->size) < 0)
        return;
}

/* Rows that the block takes up now: a terminal that became narrower has wrapped what was too wide. */
static unsigned rows_on_screen(const struct progress *p, unsigned columns) {
    unsigned rows = 0;
    for (unsigned i = 0; i < p->lines; i++)
        rows += p->widths[i] > columns ? (p->widths[i] + columns - 1) / columns : 1;
    return rows;
}

/* To where the block begins. What others wrote since stays on the screen, and the block begins anew below it. */
static void go_back(const struct progress *p, struct text *out) {
    if (p->lines > 0 && log_count() == p->log_count)
        text_printf(out, "\r\033[%uA", rows_on_screen(p, terminal_columns(p->fd)));
}

void progress_second(struct progress *p, const struct run_second *s, int64_t now_ns) {
    int64_t pause = p->mode == PROGRESS_LIVE ? redraw_ns : line_ns;
    if (p->mode == PROGRESS_SILENT || (p->has_begun && now_ns - p->drawn_at_ns < pause))
        return;
    bool first = !p->has_begun;
    struct text out = {0};
    if (p->mode == PROGRESS_LIVE) {
        if (now_ns - p->drawn_at_ns > slept_ns)
            p->lines = 0;
        go_back(p, &out);
        progress_block(p, s, terminal_columns(p->fd), &out);
        text_append(&out, "\033[J");
    } else if (!first) { /* the first line comes after the first pause */
        progress_line(p, s, &out);
    }
    p->has_begun = true;
    p->drawn_at_ns = first && p->mode == PROGRESS_PLAIN ? now_ns - instant_min(s->at, line_ns) : now_ns;
    p->log_count = log_count();
    show(p, &out);
    text_free(&out);
}

void progress_end(struct progress *p) {
    struct text out = {0};
    go_back(p, &out);
    if (out.size > 0)
        text_append(&out, "\033[J");
    p->lines = 0;
    show(p, &out);
    text_free(&out);
}
