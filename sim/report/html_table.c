#include <string.h>

#include "base/units.h"
#include "report/html_parts.h"

void html_table_begin(struct text *out, const char *id, const char *title) {
    text_printf(out,
                "<section>\n<h2 id=\"%s\">%s</h2>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" "
                "aria-labelledby=\"%s\">\n<table>\n<thead><tr>",
                id, title, id);
}

void html_table_columns(struct text *out, const char *columns) {
    for (const char *at = columns; *at != '\0';) {
        size_t size = strcspn(at, "|");
        bool number = *at == '#';
        text_printf(out, "<th scope=\"col\"%s>%.*s</th>", number ? " class=\"number\"" : "", (int)size - number,
                    at + number);
        at += size + (at[size] == '|');
    }
    text_append(out, "</tr></thead>\n<tbody>\n");
}

void html_table_end(struct text *out, size_t left) {
    text_append(out, "</tbody>\n</table>\n</div>\n");
    if (left > 0)
        text_printf(out, "<p>%zu more are in summary.json.</p>\n", left);
    text_append(out, "</section>\n");
}

void html_table_count(struct text *out, uint64_t n) {
    text_append(out, n == 0 ? "<td class=\"number zero\">" : "<td class=\"number\">");
    html_count(out, n);
    text_append(out, "</td>");
}

void html_table_latency(struct text *out, const struct histogram *h, double q) {
    text_append(out, "<td class=\"number\">");
    html_millis(out, q < 1 ? figures_quantile_ms(h, q) : figures_max_ms(h));
    text_append(out, "</td>");
}

void html_table_bytes(struct text *out, uint64_t n) {
    char value[32];
    text_printf(out, "<td class=\"number\">%s</td>", units_format(UNITS_BYTES, (double)n, value, sizeof value));
}
