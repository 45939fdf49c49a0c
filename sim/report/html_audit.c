#include "metrics/audit.h"
#include "report/html_parts.h"
#include "scenario/plan_observe.h"

static const enum tally_kind shown[] = {TALLY_AUDITED, TALLY_AUDIT_RECEIVED, TALLY_AUDIT_DUPLICATED,
                                        TALLY_AUDIT_REORDERED, TALLY_AUDIT_EXCLUDED};

static uint64_t audited(const struct run_facts *f, enum tally_kind kind, const char *fleet) {
    return figures_tally(f->result, f->plan, kind, false, fleet);
}

/* `fleet` NULL: the sum. */
static void write_row(struct text *out, const struct run_facts *f, const char *fleet) {
    uint64_t n[sizeof shown / sizeof shown[0]];
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++)
        n[i] = audited(f, shown[i], fleet);
    if (n[0] + n[4] == 0)
        return; /* nobody observed this fleet */
    text_append(out, "<tr><th scope=\"row\">");
    html_text(out, fleet != NULL ? fleet : "All");
    text_append(out, "</th>");
    html_table_count(out, n[0]);
    html_table_count(out, n[1]);
    html_table_count(out, n[0] - n[1]);
    for (int i = 2; i < 5; i++)
        html_table_count(out, n[i]);
    text_append(out, "</tr>\n");
}

static void write_gaps(struct text *out, const struct run_facts *f) {
    if (f->audit.gap_count == 0)
        return;
    text_append(out, "<p>The observer could not see everything; what fell due in these stretches is not judged:</p>\n"
                     "<ul class=\"notes\">\n");
    for (size_t i = 0; i < f->audit.gap_count && i < HTML_ROWS_MAX; i++) {
        const struct audit_gap *gap = &f->audit.gaps[i];
        text_printf(out, "<li>%s, ", audit_gap_names[gap->kind]);
        html_time(out, span_seconds(gap->from));
        text_append(out, "–");
        html_time(out, span_seconds(gap->to == INSTANT_NEVER ? f->ended : gap->to));
        text_append(out, ": ");
        html_count(out, gap->messages);
        text_append(out, " messages</li>\n");
    }
    text_append(out, "</ul>\n");
}

void html_audit(struct text *out, const struct report *r) {
    const struct run_facts *f = r->facts;
    const struct plan_observe *o = f->plan->observe;
    if (audited(f, TALLY_AUDITED, NULL) + audited(f, TALLY_AUDIT_EXCLUDED, NULL) == 0)
        return;
    html_table_begin(out, "audit", "What the application saw");
    html_table_columns(out, "Fleet|#audited|#arrived|#lost|#duplicated|#reordered|#not judged");
    for (unsigned i = 0; f->plan->fleet_count > 1 && i < f->plan->fleet_count && i < HTML_ROWS_MAX; i++)
        write_row(out, f, f->plan->fleets[i].name);
    write_row(out, f, NULL);
    text_append(out,
                "</tbody>\n</table>\n</div>\n<p class=\"read\">An independent subscriber received the messages as the "
                "application would, at QoS ");
    text_printf(out, "%u, ", f->audit.granted);
    if (o != NULL) {
        text_append(out, "those of ");
        html_count(out, o->audited);
        text_append(out, " of ");
        html_count(out, o->candidates);
        text_append(out, " devices. ");
    }
    text_append(
        out, "Lost: sent, owed, and never arrived. Reordered: overtaken by a later message of the same device.</p>\n");
    write_gaps(out, f);
    text_append(out, "</section>\n");
}
