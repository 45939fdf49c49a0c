#include <stdio.h>

#include "base/units.h"
#include "base/version.h"
#include "report/escape.h"
#include "report/html_parts.h"
#include "report/resolved.h"

enum { SCENARIO_MAX = 256 * 1024 };

static void number_row(struct text *out, const char *term, uint64_t n) {
    html_row_begin(out, term);
    html_count(out, n);
    html_row_end(out);
}

static void bytes_row(struct text *out, const char *term, uint64_t n) {
    char value[32];
    html_row(out, term, units_format(UNITS_BYTES, (double)n, value, sizeof value));
}

/* The counters that no table of the page shows, each with what it counts. */
static void write_counters(struct text *out, const struct run_facts *f) {
    bool open = false;
    for (int k = 0; k < TALLY_KINDS; k++) {
        uint64_t n = figures_tally(f->result, f->plan, (enum tally_kind)k, true, NULL);
        if (n == 0)
            continue;
        if (!open)
            text_append(
                out,
                "<details>\n<summary>Counters</summary>\n<table>\n<thead><tr><th scope=\"col\">Counter</th><th "
                "scope=\"col\" class=\"number\">Whole run</th><th scope=\"col\">Meaning</th></tr></thead>\n<tbody>\n");
        open = true;
        text_printf(out, "<tr><th scope=\"row\"><code>%s</code></th><td class=\"number\">", tally_rows[k].metric);
        html_count(out, n);
        text_append(out, "</td><td>");
        html_text(out, tally_rows[k].doc);
        text_append(out, "</td></tr>\n");
    }
    if (open)
        text_append(out, "</tbody>\n</table>\n</details>\n");
}

static void write_identity(struct text *out, const struct report *r) {
    const struct run_facts *f = r->facts;
    char hash[24];
    text_append(out, "<details>\n<summary>Hashes</summary>\n<ul class=\"facts long\">\n");
    html_row(out, "Scenario", f->plan->scenario_hash);
    html_row(out, "Plan", f->plan->plan_hash);
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)f->decisions_hash);
    html_row(out, "Decisions", hash);
    if (f->plan->virtual_time) {
        snprintf(hash, sizeof hash, "%016llx", (unsigned long long)f->trace_hash);
        html_row(out, "Trace", hash);
    }
    text_append(
        out,
        "</ul>\n<p class=\"read\">Runs may be compared when their scenario hashes are equal. Equal plan hashes: the "
        "same devices meant to do the same at the same instants.</p>\n</details>\n");
}

static void write_machine(struct text *out, const struct report *r) {
    const struct host *h = r->host;
    text_append(out, "<details>\n<summary>Machine</summary>\n<ul class=\"facts long\">\n");
    html_row(out, "Host", h->name);
    html_row(out, "Kernel", h->kernel);
    html_row(out, "CPU", h->cpu);
    number_row(out, "Cores", h->cores);
    bytes_row(out, "Memory", h->memory_bytes);
    html_row(out, "Clock source", h->clock_source);
    number_row(out, "Open files, soft limit", h->nofile_soft);
    number_row(out, "Open files, hard limit", h->nofile_hard);
    html_row(out, "Local ports", h->ports);
    number_row(out, "Workers", r->facts->workers);
    bytes_row(out, "Memory at most", r->facts->rss_peak_bytes);
    html_row(out, "Muster", VERSION_TEXT);
    text_append(out, "</ul>\n</details>\n");
}

/* The scenario is as long as its author likes: beyond a page's measure it stays in its file. */
static void write_scenario(struct text *out, const struct report *r) {
    struct text yaml = {0};
    resolved_body(&yaml, r);
    text_append(out, "<details>\n<summary>Resolved scenario</summary>\n");
    if (yaml.size > SCENARIO_MAX) {
        text_append(out, "<p>It is long; read scenario.resolved.yaml beside this file.</p>\n");
    } else {
        text_append(out, "<pre tabindex=\"0\"><code>");
        escape_html(out, text_get(&yaml));
        text_append(out, "</code></pre>\n");
    }
    text_append(out, "</details>\n");
    text_free(&yaml);
}

void html_appendix(struct text *out, const struct report *r) {
    text_append(out, "<section class=\"appendix\">\n<h2 id=\"appendix\">Appendix</h2>\n");
    write_scenario(out, r);
    write_counters(out, r->facts);
    write_identity(out, r);
    write_machine(out, r);
    text_append(out, "</section>\n");
}
