#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "mqtt/mqtt_tables.h"
#include "report/evidence_index.h"
#include "report/html_parts.h"
#include "scenario/device_name.h"

/* --- operations ------------------------------------------------------------------------------------------------------- */

static void write_operation(struct text *out, const struct figures *g, const char *name) {
    const struct histogram *response = &g->clocks[CLOCK_RESPONSE];
    text_printf(out, "<tr><th scope=\"row\"><code>%s</code></th>", name);
    html_table_count(out, g->outcomes[OP_OK]);
    html_table_count(out, g->failed);
    html_table_count(out, g->outcomes[OP_WITHDRAWN]);
    html_table_count(out, g->outcomes[OP_DROPPED]);
    html_table_count(out, g->outcomes[OP_OPEN]);
    html_table_latency(out, response, 0.5);
    html_table_latency(out, response, 0.99);
    html_table_latency(out, response, 0.999);
    html_table_latency(out, response, 1);
    html_table_latency(out, &g->clocks[CLOCK_SERVICE], 0.99);
    text_append(out, "</tr>\n");
}

void html_operations(struct text *out, const struct report *r) {
    const struct run_facts *f = r->facts;
    html_table_begin(out, "operations", "Operations");
    html_table_columns(out, "Operation|#ok|#failed|#withdrawn|#dropped|#open|#p50|#p99|#p99.9|#worst|#service p99");
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

static void write_evidence(struct text *out, const struct reason_row *row, const struct evidence_index *evidence) {
    const struct evidence_entry *e = evidence_index_cause(evidence, row);
    if (e == NULL)
        return;
    text_append(out, "<br><code>");
    html_text(out, e->file);
    text_printf(out, "</code> frame %llu", (unsigned long long)e->frame);
}

/* With its name. Below 0x80 only return codes of CONNACK in 3.1.1 are refusals, above it only reasons of 5.0 (and 0x80 of both). */
static void write_code(struct text *out, uint8_t code) {
    if (code == 0)
        return;
    const char *name = mqtt_tables_reason_name(code < 0x80 ? MQTT_3_1_1 : MQTT_5_0, MQTT_CONNACK, code);
    text_printf(out, "<code>0x%02X</code> %s ", code, name != NULL ? name : "");
}

/* One cause in one fleet: the sum of the rows of its groups, with the first instant and the device it hit. */
struct error {
    struct reason_row row;
    uint16_t fleet;
    bool spread; /* over several regions */
};

static void write_where(struct text *out, const struct error *e, const struct plan *p) {
    const struct fleet_group *g = &p->groups[e->row.group];
    html_text(out, g->fleet);
    if (e->spread) {
        text_append(out, ", several regions");
    } else if (g->region != NULL && g->region[0] != '\0') {
        text_append(out, ", ");
        html_text(out, g->region);
    }
}

static void write_error(struct text *out, const struct error *e, const struct plan *p,
                        const struct evidence_index *evidence) {
    const struct reason_row *row = &e->row;
    bool known = row->op < OP_KINDS;
    char device[DEVICE_NAME_MAX];
    text_append(out, "<tr>");
    html_table_count(out, row->count);
    text_printf(out, "<th scope=\"row\">%s %s</th>", known ? op_kinds[row->op].name : "others",
                known && row->outcome < OP_OUTCOMES ? op_outcome_names[row->outcome] : "");
    text_append(out, "<td>");
    write_code(out, row->reason_code);
    text_append(out, connection_word(row));
    text_append(out, "</td><td>");
    write_where(out, e, p);
    text_append(out, "</td><td class=\"number\">");
    html_time(out, span_seconds(row->first_at));
    text_append(out, "</td><td>");
    html_text(out, device_name_format(p, row->example_device, device, sizeof device));
    write_evidence(out, row, evidence);
    text_append(out, "</td></tr>\n");
}

static int compare_numbers(uint64_t a, uint64_t b) {
    return (a > b) - (a < b);
}

/* Equal: the same cause in the same fleet. */
static int compare_causes(const struct error *x, const struct error *y) {
    uint64_t a = (uint64_t)x->fleet << 32 | (uint64_t)x->row.op << 24 | (uint64_t)x->row.outcome << 16 |
                 (uint64_t)x->row.reason_code << 8 | x->row.close_reason;
    uint64_t b = (uint64_t)y->fleet << 32 | (uint64_t)y->row.op << 24 | (uint64_t)y->row.outcome << 16 |
                 (uint64_t)y->row.reason_code << 8 | y->row.close_reason;
    return compare_numbers(a, b);
}

/* By cause, and of one cause the first to occur before the others. */
static int compare_for_merging(const void *a, const void *b) {
    const struct error *x = a, *y = b;
    int order = compare_causes(x, y);
    return order != 0 ? order : (x->row.first_at > y->row.first_at) - (x->row.first_at < y->row.first_at);
}

/* The most frequent first; equal ones by when they were first seen. */
static int compare_for_reading(const void *a, const void *b) {
    const struct error *x = a, *y = b;
    if (x->row.count != y->row.count)
        return compare_numbers(y->row.count, x->row.count);
    return (x->row.first_at > y->row.first_at) - (x->row.first_at < y->row.first_at);
}

static bool same_region(const struct plan *p, const struct error *a, const struct error *b) {
    const char *x = p->groups[a->row.group].region, *y = p->groups[b->row.group].region;
    return strcmp(x != NULL ? x : "", y != NULL ? y : "") == 0;
}

/* Groups differ in profile, region and target, which a reader of causes does not ask for. Returns how many errors there are. */
static size_t merge_errors(const struct report *r, struct error *errors) {
    const struct result *result = r->facts->result;
    const struct plan *p = r->facts->plan;
    size_t count = 0;
    for (size_t i = 0; i < result->reason_count; i++)
        errors[i] = (struct error){result->reasons[i], p->groups[result->reasons[i].group].fleet_index, false};
    qsort(errors, result->reason_count, sizeof *errors, compare_for_merging);
    for (size_t i = 0; i < result->reason_count; i++) {
        struct error *last = count > 0 ? &errors[count - 1] : NULL;
        if (last != NULL && compare_causes(last, &errors[i]) == 0) {
            last->row.count += errors[i].row.count;
            last->spread |= !same_region(p, last, &errors[i]);
        } else {
            errors[count++] = errors[i];
        }
    }
    qsort(errors, count, sizeof *errors, compare_for_reading);
    return count;
}

void html_errors(struct text *out, const struct report *r) {
    if (r->facts->result->reason_count == 0)
        return;
    struct error *errors = calloc(r->facts->result->reason_count, sizeof *errors);
    CHECK(errors != NULL);
    size_t count = merge_errors(r, errors);
    html_table_begin(out, "errors", "Errors by cause");
    html_table_columns(out, r->evidence != NULL && r->evidence->count > 0
                                ? "#Count|What|Cause|Fleet|#First at|Example, evidence"
                                : "#Count|What|Cause|Fleet|#First at|Example");
    for (size_t i = 0; i < count && i < HTML_ROWS_MAX; i++)
        write_error(out, &errors[i], r->facts->plan, r->evidence);
    html_table_end(out, count > HTML_ROWS_MAX ? count - HTML_ROWS_MAX : 0);
    free(errors);
}

/* --- fleets ----------------------------------------------------------------------------------------------------------- */

void html_fleets(struct text *out, const struct report *r) {
    const struct run_facts *f = r->facts;
    unsigned count = f->plan->fleet_count;
    html_table_begin(out, "fleets", "Fleets");
    html_table_columns(out, "Fleet|#devices|#connects|#failed|#sent|#acknowledged|#lost|#publish p50|#publish "
                            "p99|#up|#down");
    for (unsigned i = 0; i < count && i < HTML_ROWS_MAX; i++) {
        const char *name = f->plan->fleets[i].name;
        struct figures connects = figures_of(f->result, f->plan, FIGURES_CONNECT, name);
        struct figures publishes = figures_of(f->result, f->plan, FIGURES_PUBLISH_ACK, name);
        text_append(out, "<tr><th scope=\"row\">");
        html_text(out, name);
        text_append(out, "</th>");
        html_table_count(out, f->plan->fleets[i].count);
        html_table_count(out, connects.count);
        html_table_count(out, connects.failed);
        html_table_count(out, figures_tally(f->result, f->plan, TALLY_SENT, false, name));
        html_table_count(out, figures_tally(f->result, f->plan, TALLY_ACKED, false, name));
        html_table_count(out, figures_tally(f->result, f->plan, TALLY_LOST, false, name));
        html_table_latency(out, &publishes.clocks[CLOCK_RESPONSE], 0.5);
        html_table_latency(out, &publishes.clocks[CLOCK_RESPONSE], 0.99);
        html_table_bytes(out, figures_tally(f->result, f->plan, TALLY_BYTES_UP, true, name));
        html_table_bytes(out, figures_tally(f->result, f->plan, TALLY_BYTES_DOWN, true, name));
        text_append(out, "</tr>\n");
        figures_free(&connects);
        figures_free(&publishes);
    }
    html_table_end(out, count > HTML_ROWS_MAX ? count - HTML_ROWS_MAX : 0);
}
