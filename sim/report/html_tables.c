#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "report/evidence_index.h"
#include "report/html_parts.h"

static void begin_table(struct text *out, const char *id, const char *title) {
    text_printf(out,
                "<section>\n<h2 id=\"%s\">%s</h2>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" "
                "aria-labelledby=\"%s\">\n<table>\n<thead><tr>",
                id, title, id);
}

/* Columns separated by "|"; one that begins with "#" is of numbers. */
static void write_columns(struct text *out, const char *columns) {
    for (const char *at = columns; *at != '\0';) {
        size_t size = strcspn(at, "|");
        bool number = *at == '#';
        text_printf(out, "<th scope=\"col\"%s>%.*s</th>", number ? " class=\"number\"" : "", (int)size - number,
                    at + number);
        at += size + (at[size] == '|');
    }
    text_append(out, "</tr></thead>\n<tbody>\n");
}

static void end_table(struct text *out, size_t left) {
    text_append(out, "</tbody>\n</table>\n</div>\n");
    if (left > 0)
        text_printf(out, "<p>%zu more are in summary.json.</p>\n", left);
    text_append(out, "</section>\n");
}

static void count_cell(struct text *out, uint64_t n) {
    text_append(out, n == 0 ? "<td class=\"number zero\">" : "<td class=\"number\">");
    html_count(out, n);
    text_append(out, "</td>");
}

static void latency_cell(struct text *out, const struct histogram *h, double q) {
    text_append(out, "<td class=\"number\">");
    html_millis(out, q < 1 ? figures_quantile_ms(h, q) : figures_max_ms(h));
    text_append(out, "</td>");
}

static void bytes_cell(struct text *out, uint64_t n) {
    char value[32];
    text_printf(out, "<td class=\"number\">%s</td>", units_format(UNITS_BYTES, (double)n, value, sizeof value));
}

/* --- operations ------------------------------------------------------------------------------------------------------- */

static void write_operation(struct text *out, const struct figures *g, const char *name) {
    const struct histogram *response = &g->clocks[CLOCK_RESPONSE];
    text_printf(out, "<tr><th scope=\"row\"><code>%s</code></th>", name);
    count_cell(out, g->outcomes[OP_OK]);
    count_cell(out, g->failed);
    count_cell(out, g->outcomes[OP_WITHDRAWN]);
    count_cell(out, g->outcomes[OP_DROPPED]);
    count_cell(out, g->outcomes[OP_OPEN]);
    latency_cell(out, response, 0.5);
    latency_cell(out, response, 0.99);
    latency_cell(out, response, 0.999);
    latency_cell(out, response, 1);
    latency_cell(out, &g->clocks[CLOCK_SERVICE], 0.99);
    text_append(out, "</tr>\n");
}

void html_operations(struct text *out, const struct report *r) {
    const struct run_facts *f = r->facts;
    begin_table(out, "operations", "Operations");
    write_columns(out, "Operation|#ok|#failed|#withdrawn|#dropped|#open|#p50|#p99|#p99.9|#worst|#service p99");
    for (int i = 0; i < FIGURES_ROWS; i++) {
        struct figures g = figures_of(f->result, f->plan, (enum figures_id)i, NULL);
        if (g.intended > 0)
            write_operation(out, &g, figures_rows[i].key);
        figures_free(&g);
    }
    text_append(out, "</tbody>\n</table>\n</div>\n"
                     "<p class=\"read\">Latencies are what devices felt: from the instant an operation was meant to "
                     "start to its answer. “Service” is the backend and the network to it alone. Withdrawn: "
                     "the device’s own modelled link was down. Dropped: never sent.</p>\n</section>\n");
}

/* --- errors ----------------------------------------------------------------------------------------------------------- */

static const char *connection_word(const struct reason_row *row) {
    return row->close_reason != CLOSE_NONE && row->close_reason < CLOSE_REASONS ? close_reason_names[row->close_reason]
                                                                                : "";
}

/* "meters-17": the name that the scenario gives the device. */
static void write_device(struct text *out, const struct plan *p, uint32_t device) {
    for (unsigned i = 0; i < p->fleet_count; i++)
        if (device >= p->fleets[i].first && device - p->fleets[i].first < p->fleets[i].count) {
            html_text(out, p->fleets[i].name);
            text_printf(out, "-%u", device - p->fleets[i].first);
            return;
        }
    text_printf(out, "%u", device);
}

static void write_evidence(struct text *out, const struct reason_row *row, const struct evidence_index *evidence) {
    const struct evidence_entry *e = evidence_index_cause(evidence, row);
    if (e == NULL)
        return;
    text_append(out, "<br><code>");
    html_text(out, e->file);
    text_printf(out, "</code> frame %llu", (unsigned long long)e->frame);
}

static void write_error(struct text *out, const struct reason_row *row, const struct plan *p,
                        const struct evidence_index *evidence) {
    bool known = row->op < OP_KINDS;
    text_append(out, "<tr>");
    count_cell(out, row->count);
    text_printf(out, "<th scope=\"row\">%s %s</th>", known ? op_kinds[row->op].name : "others",
                known && row->outcome < OP_OUTCOMES ? op_outcome_names[row->outcome] : "");
    text_append(out, "<td>");
    if (row->reason_code != 0)
        text_printf(out, "code <code>0x%02X</code> ", row->reason_code);
    text_append(out, connection_word(row));
    text_append(out, "</td><td>");
    html_text(out, p->groups[row->group].fleet);
    if (p->groups[row->group].region != NULL && p->groups[row->group].region[0] != '\0') {
        text_append(out, ", ");
        html_text(out, p->groups[row->group].region);
    }
    text_append(out, "</td><td class=\"number\">");
    html_time(out, span_seconds(row->first_at));
    text_append(out, "</td><td>");
    write_device(out, p, row->example_device);
    write_evidence(out, row, evidence);
    text_append(out, "</td></tr>\n");
}

/* The most frequent first; equal ones by when they were first seen. */
static int compare_errors(const void *a, const void *b) {
    const struct reason_row *x = *(const struct reason_row *const *)a, *y = *(const struct reason_row *const *)b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return (x->first_at > y->first_at) - (x->first_at < y->first_at);
}

void html_errors(struct text *out, const struct report *r) {
    const struct result *result = r->facts->result;
    size_t count = result->reason_count;
    if (count == 0)
        return;
    const struct reason_row **rows = calloc(count, sizeof *rows);
    CHECK(rows != NULL);
    for (size_t i = 0; i < count; i++)
        rows[i] = &result->reasons[i];
    qsort(rows, count, sizeof *rows, compare_errors);
    struct evidence_index evidence;
    evidence_index_read(r->logs, r->log_count, &evidence);
    begin_table(out, "errors", "Errors by cause");
    write_columns(out, evidence.count > 0 ? "#Count|What|Cause|Fleet|#First at|Example, evidence"
                                          : "#Count|What|Cause|Fleet|#First at|Example");
    for (size_t i = 0; i < count && i < HTML_ROWS_MAX; i++)
        write_error(out, rows[i], r->facts->plan, &evidence);
    end_table(out, count > HTML_ROWS_MAX ? count - HTML_ROWS_MAX : 0);
    free(rows);
}

/* --- fleets ----------------------------------------------------------------------------------------------------------- */

void html_fleets(struct text *out, const struct report *r) {
    const struct run_facts *f = r->facts;
    unsigned count = f->plan->fleet_count;
    begin_table(out, "fleets", "Fleets");
    write_columns(out, "Fleet|#devices|#connects|#failed|#messages sent|#acknowledged|#lost|#publish p50|#publish "
                       "p99|#up|#down");
    for (unsigned i = 0; i < count && i < HTML_ROWS_MAX; i++) {
        const char *name = f->plan->fleets[i].name;
        struct figures connects = figures_of(f->result, f->plan, FIGURES_CONNECT, name);
        struct figures publishes = figures_of(f->result, f->plan, FIGURES_PUBLISH_ACK, name);
        text_append(out, "<tr><th scope=\"row\">");
        html_text(out, name);
        text_append(out, "</th>");
        count_cell(out, f->plan->fleets[i].count);
        count_cell(out, connects.count);
        count_cell(out, connects.failed);
        count_cell(out, figures_tally(f->result, f->plan, TALLY_SENT, false, name));
        count_cell(out, figures_tally(f->result, f->plan, TALLY_ACKED, false, name));
        count_cell(out, figures_tally(f->result, f->plan, TALLY_LOST, false, name));
        latency_cell(out, &publishes.clocks[CLOCK_RESPONSE], 0.5);
        latency_cell(out, &publishes.clocks[CLOCK_RESPONSE], 0.99);
        bytes_cell(out, figures_tally(f->result, f->plan, TALLY_BYTES_UP, true, name));
        bytes_cell(out, figures_tally(f->result, f->plan, TALLY_BYTES_DOWN, true, name));
        text_append(out, "</tr>\n");
        figures_free(&connects);
        figures_free(&publishes);
    }
    end_table(out, count > HTML_ROWS_MAX ? count - HTML_ROWS_MAX : 0);
}
