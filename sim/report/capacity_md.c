#include <math.h>
#include <stdio.h>

#include "report/capacity.h"
#include "report/command.h"
#include "report/escape.h"

static const char *const verdicts[] = {"met", "**broke**", "generator's limit"}; /* by enum knee_verdict */

static void cell(struct text *out, double value, const char *format) {
    if (isnan(value))
        text_append(out, " | –");
    else if (*format == 't')
        text_printf(out, " | %.3g ms", value);
    else if (*format == 'p')
        text_printf(out, " | %.0f %%", value * 100);
    else if (*format == 'c')
        text_printf(out, " | %.2f", value);
    else
        text_printf(out, " | %.0f", value);
}

static void write_answer(struct text *out, const struct capacity *c, const struct knee_result *r) {
    char load[64], above[64];
    capacity_load(c->by, r->load, load, sizeof load);
    capacity_load(c->by, r->above, above, sizeof above);
    enum knee_end end = c->ended ? r->end : KNEE_SEARCHING;
    switch (end) {
    case KNEE_FOUND:
        text_printf(out, "The checks hold up to **%s** and no longer hold at %s.\n", load, above);
        break;
    case KNEE_TOOL_LIMIT:
        text_printf(out,
                    "The checks hold at **%s**. At %s this generator was the limit, so the backend's own limit is "
                    "not known.\n",
                    load, above);
        break;
    case KNEE_AT_MAX:
        text_printf(out, "The checks hold at **%s**, the highest load that was allowed.\n", load);
        break;
    case KNEE_NONE:
        text_printf(out, "The checks do not hold even at %s, the lowest load that was allowed.\n", above);
        break;
    case KNEE_NONE_TRUSTED:
        text_printf(out, "Even at %s this generator was the limit: nothing is known about the backend.\n", above);
        break;
    case KNEE_SEARCHING:
        text_append(out, "**INCOMPLETE**: the search was stopped before it came to an end");
        if (c->stopped != NULL) {
            text_append(out, ": ");
            escape_md(out, c->stopped);
        }
        if (r->load > 0)
            text_printf(out, ". So far the checks hold at %s", load);
        text_append(out, ".\n");
        break;
    }
}

static void write_table(struct text *out, const struct capacity_row *rows, unsigned count, enum capacity_by by) {
    text_printf(out,
                "\n| %s | messages/s intended | answered | connects/s | publish p99 | failed | lost | generator CPU | "
                "backend cores | runs met | verdict |\n|---|---|---|---|---|---|---|---|---|---|---|\n",
                by == CAPACITY_DEVICES ? "devices" : "rate");
    for (unsigned i = 0; i < count; i++) {
        const struct capacity_row *r = &rows[i];
        text_printf(out, by == CAPACITY_DEVICES ? "| %.0f" : "| %.4g", r->load);
        cell(out, r->messages_per_s, "n");
        cell(out, r->answered_per_s, "n");
        cell(out, r->connects_per_s, "n");
        cell(out, r->publish_p99_ms, "t");
        text_printf(out, " | %llu | %llu", (unsigned long long)r->failed, (unsigned long long)r->lost);
        cell(out, r->cpu, "p");
        cell(out, r->backend_cores, "c");
        text_printf(out, " | %u of %u | %s |\n", r->met, r->runs, verdicts[r->verdict]);
    }
}

static void write_breaks(struct text *out, const struct capacity_row *rows, unsigned count, enum capacity_by by) {
    bool first = true;
    for (unsigned i = 0; i < count; i++) {
        char load[64];
        if (rows[i].reason[0] == '\0')
            continue;
        text_append(out, first ? "\n## What broke\n\n" : "");
        first = false;
        text_printf(out, "- %s: ", capacity_load(by, rows[i].load, load, sizeof load));
        escape_md(out, rows[i].reason);
        text_append(out, "\n");
    }
}

static void write_steps(struct text *out, const struct capacity *c) {
    text_append(out, "\n## Runs\n\n");
    for (unsigned i = 0; i < c->count; i++) {
        const struct capacity_step *s = &c->steps[i];
        char load[64];
        text_printf(out, "%u. %s: %s", i + 1, capacity_load(c->by, s->load, load, sizeof load), verdicts[s->verdict]);
        if (s->ran)
            text_printf(out, ", [%s](%s/summary.md)\n", s->directory, s->directory);
        else
            text_append(out, ", not run\n");
    }
}

/* An indented block: nothing in it is markup. */
static void write_command(struct text *out, const struct capacity *c) {
    struct text line = {0};
    for (int i = 0; i < c->argc; i++) {
        struct text word = {0};
        command_redact(i == 0 ? "muster" : c->argv[i], &word);
        text_append(&line, i == 0 ? "" : " ");
        escape_shell(&line, text_get(&word));
        text_free(&word);
    }
    for (size_t i = 0; i < line.size; i++)
        line.data[i] = (char)(line.data[i] == '\n' ? ' ' : line.data[i]);
    text_printf(out, "\n## Again\n\n    %s\n", text_get(&line));
    text_free(&line);
}

void capacity_md(struct text *out, const struct capacity *c) {
    struct capacity_row rows[KNEE_LEVELS_MAX];
    unsigned count = capacity_rows(c, rows);
    struct knee_result r = knee_result_of(c->knee);
    text_append(out, "# Capacity: ");
    escape_md(out, c->plan->name);
    text_append(out, "\n\n");
    write_answer(out, c, &r);
    if (count > 0)
        write_table(out, rows, count, c->by);
    write_breaks(out, rows, count, c->by);
    if (c->count > 0)
        write_steps(out, c);
    write_command(out, c);
}
