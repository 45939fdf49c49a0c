#include "report/capacity.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "report/escape.h"
#include "report/layout.h"

const char *capacity_load(enum capacity_by by, double load, char *text, size_t size) {
    if (by == CAPACITY_DEVICES)
        snprintf(text, size, "%.0f device%s", load, load > 0.5 && load < 1.5 ? "" : "s");
    else
        snprintf(text, size, "%.4g times the rate", load);
    return text;
}

/* --- the table ------------------------------------------------------------------------------------------------------ */

/* Sums that become means; what a run has no data for does not count. */
struct mean {
    double sum;
    unsigned count;
};

static void add(struct mean *m, double value) {
    if (isnan(value))
        return;
    m->sum += value;
    m->count++;
}

static double mean_of(const struct mean *m) {
    return m->count > 0 ? m->sum / m->count : (double)NAN;
}

static double worst(double a, double b) {
    return isnan(a) || b > a ? b : a;
}

/* A run that decided: its numbers are the load's. */
static void add_run(struct capacity_row *row, const struct capacity_step *s) {
    if (row->reason[0] == '\0')
        row->reason = s->reason;
    if (!s->ran)
        return;
    row->publish_p99_ms = worst(row->publish_p99_ms, s->facts.publish_p99_ms);
    row->connect_p99_ms = worst(row->connect_p99_ms, s->facts.connect_p99_ms);
    row->failed = s->facts.failed > row->failed ? s->facts.failed : row->failed;
    row->lost = s->facts.lost > row->lost ? s->facts.lost : row->lost;
}

static struct capacity_row row_of(const struct capacity *c, const struct knee_level *level) {
    struct capacity_row row = {.load = level->load,
                               .publish_p99_ms = NAN,
                               .connect_p99_ms = NAN,
                               .reason = "",
                               .verdict = knee_verdict_of(c->knee, level)};
    struct mean answered = {0}, cpu = {0}, backend = {0};
    for (unsigned i = 0; i < c->count; i++) {
        const struct capacity_step *s = &c->steps[i];
        if (s->load != level->load)
            continue;
        row.devices = s->devices;
        row.messages_per_s = s->messages_per_s;
        row.connects_per_s = s->connects_per_s;
        row.runs++;
        row.met += s->verdict == KNEE_MET;
        if (s->verdict != row.verdict)
            continue;
        add_run(&row, s);
        if (!s->ran)
            continue;
        add(&answered, s->facts.messages_per_s);
        add(&cpu, s->facts.cpu);
        add(&backend, s->facts.backend_cores);
    }
    row.answered_per_s = mean_of(&answered);
    row.cpu = mean_of(&cpu);
    row.backend_cores = mean_of(&backend);
    return row;
}

unsigned capacity_rows(const struct capacity *c, struct capacity_row *out) {
    for (unsigned i = 0; i < c->knee->count; i++)
        out[i] = row_of(c, &c->knee->levels[i]);
    return c->knee->count;
}

const struct capacity_row *capacity_row_at(const struct capacity_row *rows, unsigned count, double load) {
    for (unsigned i = 0; i < count; i++)
        if (rows[i].load == load)
            return &rows[i];
    return NULL;
}

/* --- for a terminal ------------------------------------------------------------------------------------------------- */

/* "1.2ms"; "-" without data. */
static const char *milliseconds(double ms, char *text, size_t size) {
    if (isnan(ms))
        snprintf(text, size, "-");
    else
        instant_format_span((span)(ms * 1e6), text, (unsigned)size);
    return text;
}

static const char *number(double value, const char *format, char *text, size_t size) {
    if (isnan(value))
        snprintf(text, size, "-");
    else if (strcmp(format, "%") == 0)
        snprintf(text, size, "%.0f%%", value * 100);
    else if (strcmp(format, ".2") == 0)
        snprintf(text, size, "%.2f", value);
    else
        snprintf(text, size, value < 10 ? "%.2g" : "%.0f", value);
    return text;
}

static const char *const words[] = {"met", "broke", "tool"}; /* by enum knee_verdict */

void capacity_line(struct text *out, const struct capacity *c, const struct capacity_step *s) {
    char load[64], ms[40];
    capacity_load(c->by, s->load, load, sizeof load);
    bool publishes = s->messages_per_s > 0;
    text_printf(out, "%-18s %8.0f %s  %s", load, publishes ? s->messages_per_s : s->connects_per_s,
                publishes ? "messages/s" : "connects/s", words[s->verdict]);
    if (s->ran && !isnan(s->facts.publish_p99_ms))
        text_printf(out, "  p99 %s", milliseconds(s->facts.publish_p99_ms, ms, sizeof ms));
    if (s->reason[0] != '\0') {
        text_append(out, "  ");
        text_append_safe(out, s->reason, strlen(s->reason), sizeof s->reason);
    }
}

struct head {
    const char *word, *color;
};

/* How it ended, in capitals. */
static struct head head_of(const struct capacity *c, const struct knee_result *r) {
    if (!c->ended)
        return (struct head){"INCOMPLETE", "33"};
    switch (r->end) {
    case KNEE_FOUND:
        return (struct head){"KNEE", "32"};
    case KNEE_AT_MAX:
    case KNEE_TOOL_LIMIT:
        return (struct head){"AT LEAST", "33"};
    case KNEE_NONE:
        return (struct head){"NOT MET", "31"};
    case KNEE_NONE_TRUSTED:
        return (struct head){"NOT TRUSTWORTHY", "33"};
    case KNEE_SEARCHING:
        break;
    }
    return (struct head){"INCOMPLETE", "33"};
}

static void labelled(struct text *out, const char *label, const struct text *line) {
    layout_label(out, label);
    layout_wrap(out, text_get(line), LAYOUT_INDENT, LAYOUT_INDENT, "");
}

static void write_answer(struct text *out, const struct capacity *c, const struct knee_result *r,
                         const struct capacity_row *rows, unsigned count) {
    char load[64], a[40];
    struct text line = {0};
    const struct capacity_row *low = capacity_row_at(rows, count, r->load),
                              *high = capacity_row_at(rows, count, r->above);
    if (low != NULL) {
        text_printf(&line, "%s: %.0f messages/s intended, %s answered, %.0f connects/s at the peak",
                    capacity_load(c->by, low->load, load, sizeof load), low->messages_per_s,
                    number(low->answered_per_s, "", a, sizeof a), low->connects_per_s);
        labelled(out, "carries", &line);
        text_free(&line);
    }
    if (high != NULL) {
        text_printf(&line, "%s: %s%s", capacity_load(c->by, high->load, load, sizeof load),
                    high->verdict == KNEE_TOOL ? "this generator is the limit, not the backend: " : "", high->reason);
        labelled(out, high->verdict == KNEE_TOOL ? "unknown" : "breaks", &line);
        text_free(&line);
    }
    if (r->end == KNEE_AT_MAX && c->ended) {
        text_append(&line, "nothing broke up to the highest load allowed; --max allows more");
        labelled(out, "", &line);
        text_free(&line);
    }
    if (c->stopped != NULL) {
        text_append(&line, c->stopped);
        labelled(out, "stopped", &line);
        text_free(&line);
    }
}

static void write_table(struct text *out, const struct capacity *c, const struct capacity_row *rows, unsigned count) {
    text_printf(out, "\n %9s  messages/s  answered  publish p99   failed   cpu backend runs\n",
                c->by == CAPACITY_DEVICES ? "devices" : "rate");
    for (unsigned i = 0; i < count; i++) {
        const struct capacity_row *r = &rows[i];
        char load[32], answered[40], p99[40], cpu[40], backend[40];
        snprintf(load, sizeof load, c->by == CAPACITY_DEVICES ? "%.0f" : "%.4g", r->load);
        text_printf(out, " %9s  %10.0f %9s  %11s %8llu %5s %7s  %u/%u  %s\n", load, r->messages_per_s,
                    number(r->answered_per_s, "", answered, sizeof answered),
                    milliseconds(r->publish_p99_ms, p99, sizeof p99), (unsigned long long)r->failed,
                    number(r->cpu, "%", cpu, sizeof cpu), number(r->backend_cores, ".2", backend, sizeof backend),
                    r->met, r->runs, words[r->verdict]);
    }
    text_append(out, "\n");
}

void capacity_text(struct text *out, const struct capacity *c, bool color) {
    struct capacity_row rows[KNEE_LEVELS_MAX];
    unsigned count = capacity_rows(c, rows);
    struct knee_result r = knee_result_of(c->knee);
    struct head head = head_of(c, &r);
    char load[64] = "", right[100];
    if (r.load > 0)
        capacity_load(c->by, r.load, load, sizeof load);
    text_append(out, " ");
    text_printf(out, color ? "\033[1;%sm" : "%.0s", head.color);
    text_append(out, head.word);
    text_append(out, color ? "\033[0m" : "");
    text_append(out, "  ");
    snprintf(right, sizeof right, "%u runs   seed %llu", c->count, (unsigned long long)c->plan->seed);
    size_t taken = 1 + strlen(head.word) + 2 + layout_width(load) + (load[0] != '\0' ? 2 : 0) + 1 + layout_width(right);
    text_printf(out, "%s%s", load, load[0] != '\0' ? "  " : "");
    layout_cell(out, c->plan->name, taken < LAYOUT_COLUMNS ? LAYOUT_COLUMNS - taken : 1);
    text_printf(out, " %s\n", right);
    write_answer(out, c, &r, rows, count);
    if (count > 0)
        write_table(out, c, rows, count);
    layout_label(out, "results");
    escape_term(out, c->directory);
    text_append(out, "/capacity.md\n");
}
