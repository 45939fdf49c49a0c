#include "report/html.h"

#include "report/html_parts.h"
#include "report/templates.h"

static void write_begin(struct text *out, const struct plan *plan) {
    text_append(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     /* before anything that it could concern */
                     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                     "'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                     "<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"referrer\" "
                     "content=\"no-referrer\">\n<title>");
    html_text(out, plan->name);
    text_append(out, " – Muster</title>\n<style>\n");
    text_append(out, templates_css);
    text_append(out, "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to the results</a>\n");
}

void html_write(struct text *out, const struct report *r) {
    struct history history;
    history_read(r->logs, r->log_count, &history);
    write_begin(out, r->facts->plan);
    html_head(out, r);
    html_checks(out, r);
    html_health(out, r, &history);
    html_plots(out, r, &history);
    html_operations(out, r);
    html_errors(out, r);
    html_audit(out, r);
    html_energy(out, r);
    html_fleets(out, r);
    html_appendix(out, r);
    text_append(out, "</main>\n<footer>Written by Muster from the files of this run’s directory; "
                     "<code>muster report</code> writes it again.</footer>\n</body>\n</html>\n");
    history_free(&history);
}
