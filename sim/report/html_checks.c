#include <string.h>

#include "report/html_parts.h"
#include "report/judged.h"
#include "scenario/expr.h"
#include "scenario/measure.h"

/* The stretch of the run that a check looks at, in seconds: of all its calls together. */
static void stretch_of(const struct check *check, const struct plan *plan, double end, double *from, double *to) {
    *from = end;
    *to = 0;
    for (int i = 0; check->expr != NULL && i < check->expr->call_count; i++) {
        struct measure_scope scope;
        measure_scope_of(&check->expr->calls[i], check, plan, &scope);
        double begins = scope.from < 0 ? 0 : span_seconds(scope.from);
        double ends = scope.to == INSTANT_NEVER ? end : span_seconds(scope.to);
        measure_scope_free(&scope);
        *from = begins < *from ? begins : *from;
        *to = ends > *to ? ends : *to;
    }
    *to = *to > end ? end : *to;
    if (*from >= *to) { /* no expression, or a stretch that the run never reached */
        *from = 0;
        *to = end;
    }
}

static void write_stretch(struct text *out, const struct check *check, const struct run_facts *f) {
    double end = span_seconds(f->ended), from, to;
    stretch_of(check, f->plan, end, &from, &to);
    double length = end > 0 ? end : 1;
    text_printf(out, "<td class=\"when\"><span class=\"stretch\" style=\"--from:%.1f%%;--to:%.1f%%\">",
                100 * from / length, 100 * to / length);
    html_time(out, from);
    text_append(out, "–");
    html_time(out, to);
    text_append(out, "</span></td>\n");
}

static void write_check(struct text *out, const struct check_verdict *v, const struct run_facts *f) {
    char value[64], limit[64];
    bool info = v->check->kind == CHECK_INFO;
    const char *word = v->pass ? "passed" : info ? "missed" : "failed";
    text_printf(out, "<tr class=\"%s\"><td class=\"state\"><b aria-hidden=\"true\">%s</b> %s</td>\n<th scope=\"row\">",
                v->pass ? "passed"
                : info  ? "info"
                        : "failed",
                v->pass ? "✓"
                : info  ? "–"
                        : "✗",
                word);
    html_text(out, v->check->name);
    if (strcmp(v->check->name, v->check->expect) != 0) {
        text_append(out, "<code>");
        html_text(out, v->check->expect);
        text_append(out, "</code>");
    }
    if (v->check->kind != CHECK_SLO)
        text_printf(out, "<span class=\"kind\">%s</span>", info ? "for information" : judged_kinds[v->check->kind]);
    if (v->reason[0] != '\0') {
        text_append(out, "<span class=\"reason\">");
        html_text(out, v->reason);
        text_append(out, "</span>");
    }
    if (v->aborted_the_run)
        text_append(out, "<span class=\"reason\">ended the run</span>");
    text_append(out, "</th>\n<td class=\"number\">");
    html_text(out, judged_value(v, value, sizeof value));
    text_append(out, "</td>\n<td class=\"number\">");
    html_text(out, judged_relop(v));
    text_append(out, " ");
    html_text(out, judged_limit(v, limit, sizeof limit));
    text_append(out, "</td>\n<td class=\"number\">");
    html_count(out, v->samples);
    text_append(out, "</td>\n");
    write_stretch(out, v->check, f);
    text_append(out, "</tr>\n");
}

void html_checks(struct text *out, const struct report *r) {
    const struct run_facts *f = r->facts;
    unsigned shown = 0;
    if (f->plan->check_count == 0)
        return;
    text_append(out, "<section>\n<h2 id=\"checks\">Checks</h2>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" "
                     "aria-labelledby=\"checks\">\n<table class=\"checks\">\n"
                     "<thead><tr><th scope=\"col\">Result</th><th scope=\"col\">Check</th><th scope=\"col\" "
                     "class=\"number\">Measured</th>"
                     "<th scope=\"col\" class=\"number\">Expected</th><th scope=\"col\" class=\"number\">Samples</th>"
                     "<th scope=\"col\">When</th></tr></thead>\n<tbody>\n");
    for (int pass = 0; pass < 2; pass++) /* failed ones first */
        for (unsigned i = 0; i < f->plan->check_count; i++)
            if (f->checks[i].pass == (pass == 1) && shown < HTML_ROWS_MAX) {
                write_check(out, &f->checks[i], f);
                shown++;
            }
    text_append(out, "</tbody>\n</table>\n</div>\n");
    if (shown < f->plan->check_count)
        text_printf(out, "<p>%u more are in summary.json.</p>\n", f->plan->check_count - shown);
    text_append(out, "</section>\n");
}
