#include "report/compare_print.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json_write.h"
#include "base/units.h"
#include "report/escape.h"
#include "report/layout.h"

enum { COMPARE_SCHEMA = 1, NAME_WIDTH = 32, FIGURE_WIDTH = 9, STRIP_WIDTH = 25, CELL = 40 };

/* --- for people ------------------------------------------------------------------------------------------------------- */

static const char *const sentences[COMPARE_VERDICTS] = {
    "no metric that decides changed by more than the margin",
    "a metric improved by more than the margin, and none got worse",
    "a metric got worse by more than the margin",
    "the runs cannot tell",
};
static const char *const titles[COMPARE_VERDICTS] = {"SAME", "BETTER", "WORSE", "INCONCLUSIVE"};
static const char *const colors[COMPARE_VERDICTS] = {"\033[32m", "\033[32m", "\033[31m", "\033[33m"};

static bool is_share(const struct compare_row *row) {
    return row->metric.stat == COMPARE_FAILED;
}

static void figure(const struct compare_row *row, double value, char *text, size_t size) {
    if (isnan(value))
        snprintf(text, size, "no data");
    else
        units_format(is_share(row) ? UNITS_SHARE : UNITS_DURATION, is_share(row) ? value : value * (double)SPAN_MS,
                     text, size);
}

/* "+12.3 %", or "+0.20 pt" for a difference of shares. */
static void change(const struct compare_row *row, double value, char *text, size_t size) {
    if (isnan(value))
        snprintf(text, size, "-");
    else if (isinf(value))
        snprintf(text, size, value > 0 ? "any" : "-any");
    else
        snprintf(text, size, is_share(row) ? "%+.2fpt" : "%+.1f%%", value * 100);
}

/* The interval of the change on a line from −4 to +4 margins: '|' zero, ':' the margins, '<' and '>' what goes beyond. */
static void strip(const struct compare_row *row, double margin, char out[STRIP_WIDTH + 1]) {
    double reach = 4 * margin;
    int middle = STRIP_WIDTH / 2;
    memset(out, ' ', STRIP_WIDTH);
    out[STRIP_WIDTH] = '\0';
    out[middle] = '|';
    out[middle - middle / 4] = out[middle + middle / 4] = ':';
    if (isnan(row->low) || isnan(row->high))
        return;
    double scale = middle / reach;
    int from = row->low < -reach ? 0 : row->low > reach ? STRIP_WIDTH - 1 : middle + (int)lround(row->low * scale);
    int to = row->high > reach ? STRIP_WIDTH - 1 : row->high < -reach ? 0 : middle + (int)lround(row->high * scale);
    for (int i = from; i <= to; i++)
        out[i] = '-';
    if (row->low < -reach)
        out[0] = '<';
    if (row->high > reach)
        out[STRIP_WIDTH - 1] = '>';
    double at = row->change < -reach ? -reach : row->change > reach ? reach : row->change;
    out[middle + (int)lround(at * scale)] = 'o';
}

static void print_row(struct text *out, const struct comparison *c, const struct compare_row *row, bool color) {
    char before[CELL], after[CELL], by[CELL], low[CELL], high[CELL], drawn[STRIP_WIDTH + 1];
    figure(row, row->before, before, sizeof before);
    figure(row, row->after, after, sizeof after);
    change(row, row->change, by, sizeof by);
    change(row, row->low, low, sizeof low);
    change(row, row->high, high, sizeof high);
    text_append(out, " ");
    layout_cell(out, row->metric.name, NAME_WIDTH);
    bool tinted = color && row->gate;
    text_printf(out, " %*s %*s %*s  %s%s%s\n", FIGURE_WIDTH, before, FIGURE_WIDTH, after, FIGURE_WIDTH, by,
                tinted ? colors[row->verdict] : "", row->gate ? compare_verdict_names[row->verdict] : "(shown only)",
                tinted ? "\033[0m" : "");
    if (row->reason[0] != '\0') {
        text_printf(out, "   %s\n", row->reason);
    } else if (!isnan(row->low)) {
        strip(row, compare_margin(c, row), drawn);
        text_printf(out, "   %s  90 %%: %s to %s\n", drawn, low, high);
    }
}

static void print_sides(struct text *out, const char *label, const struct compare_run *runs, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        layout_label(out, i == 0 ? label : "");
        struct text line = {0};
        text_printf(&line, "%s   seed %llu%s", runs[i].directory, (unsigned long long)runs[i].seed,
                    !runs[i].complete      ? "   INCOMPLETE"
                    : !runs[i].trustworthy ? "   NOT TRUSTWORTHY"
                                           : "");
        layout_wrap(out, text_get(&line), LAYOUT_INDENT, LAYOUT_INDENT, "");
        text_free(&line);
    }
}

static void print_rows(struct text *out, const struct comparison *c, bool color) {
    static const enum compare_verdict order[] = {COMPARE_WORSE, COMPARE_INCONCLUSIVE, COMPARE_BETTER, COMPARE_SAME};
    text_append(out, "\n ");
    layout_cell(out, "metric", NAME_WIDTH);
    text_printf(out, " %*s %*s %*s\n", FIGURE_WIDTH, "before", FIGURE_WIDTH, "after", FIGURE_WIDTH, "change");
    for (size_t v = 0; v < sizeof order / sizeof *order; v++)
        for (unsigned i = 0; i < c->row_count; i++)
            if (c->rows[i].gate && c->rows[i].verdict == order[v])
                print_row(out, c, &c->rows[i], color);
    for (unsigned i = 0; i < c->row_count; i++)
        if (!c->rows[i].gate)
            print_row(out, c, &c->rows[i], color);
}

void compare_print_text(struct text *out, const struct compare_report *r, bool color) {
    const struct comparison *c = r->comparison;
    text_printf(out, " %s%s%s  ", color ? colors[c->verdict] : "", titles[c->verdict], color ? "\033[0m" : "");
    struct text line = {0};
    text_append(&line, c->reason[0] != '\0' ? c->reason : sentences[c->verdict]);
    size_t title = strlen(titles[c->verdict]) + 3;
    layout_wrap(out, text_get(&line), title, LAYOUT_INDENT, "");
    line.size = 0;
    layout_label(out, "scenario");
    layout_wrap(out, r->before[0].name, LAYOUT_INDENT, LAYOUT_INDENT, "");
    print_sides(out, "before", r->before, c->before_count);
    print_sides(out, "after", r->after, c->after_count);
    layout_label(out, "method");
    text_printf(&line, "%s, %u run%s against %u, margin %.3g %% (failures %.2g points)",
                compare_method_names[c->method], c->after_count, c->after_count == 1 ? "" : "s", c->before_count,
                c->margin * 100, COMPARE_MARGIN_SHARE * 100);
    layout_wrap(out, text_get(&line), LAYOUT_INDENT, LAYOUT_INDENT, "");
    text_free(&line);
    if (r->forced != NULL) {
        layout_label(out, "forced");
        layout_wrap(out, r->forced, LAYOUT_INDENT, LAYOUT_INDENT, "");
    }
    print_rows(out, c, color);
}

/* --- for programs ----------------------------------------------------------------------------------------------------- */

static void write_sides(struct json_write *w, const char *key, const struct compare_run *runs, unsigned count) {
    json_write_key(w, key);
    json_write_open_array(w);
    for (unsigned i = 0; i < count; i++) {
        json_write_open_object(w);
        json_write_member_string(w, "directory", runs[i].directory);
        json_write_member_string(w, "run_id", runs[i].run_id);
        json_write_member_string(w, "version", runs[i].version);
        json_write_member_uint(w, "seed", runs[i].seed);
        json_write_member_bool(w, "complete", runs[i].complete);
        json_write_member_bool(w, "trustworthy", runs[i].trustworthy);
        json_write_close_object(w);
    }
    json_write_close_array(w);
}

static void write_row(struct json_write *w, const struct comparison *c, const struct compare_row *row) {
    json_write_open_object(w);
    json_write_member_string(w, "name", row->metric.name);
    json_write_member_bool(w, "gate", row->gate);
    json_write_member_string(w, "verdict", compare_verdict_names[row->verdict]);
    json_write_member_string(w, "unit", is_share(row) ? "share" : "ms");
    json_write_member_double(w, "before", row->before);
    json_write_member_double(w, "after", row->after);
    json_write_member_double(w, "change", row->change);
    json_write_member_double(w, "change_low", row->low);
    json_write_member_double(w, "change_high", row->high);
    json_write_member_double(w, "margin", compare_margin(c, row));
    json_write_member_double(w, "p_worse", row->p_worse);
    json_write_member_double(w, "p_better", row->p_better);
    json_write_member_uint(w, "samples_before", row->samples_before);
    json_write_member_uint(w, "samples_after", row->samples_after);
    if (row->reason[0] != '\0')
        json_write_member_string(w, "reason", row->reason);
    json_write_close_object(w);
}

void compare_print_json(struct text *out, const struct compare_report *r) {
    const struct comparison *c = r->comparison;
    struct json_write writer = json_write_to(out, 2), *w = &writer;
    json_write_open_object(w);
    json_write_member_int(w, "schema", COMPARE_SCHEMA);
    json_write_member_string(w, "verdict", compare_verdict_names[c->verdict]);
    json_write_member_int(w, "exit_code", r->exit_code);
    if (c->reason[0] != '\0')
        json_write_member_string(w, "reason", c->reason);
    json_write_member_string(w, "scenario", r->before[0].name);
    json_write_member_string(w, "method", compare_method_names[c->method]);
    json_write_member_double(w, "margin", c->margin);
    if (r->forced != NULL)
        json_write_member_string(w, "forced", r->forced);
    write_sides(w, "before", r->before, c->before_count);
    write_sides(w, "after", r->after, c->after_count);
    json_write_key(w, "metrics");
    json_write_open_array(w);
    for (unsigned i = 0; i < c->row_count; i++)
        write_row(w, c, &c->rows[i]);
    json_write_close_array(w);
    json_write_close_object(w);
    text_append(out, "\n");
}
