#include "report/summary_md.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "report/backend_cost.h"
#include "report/command.h"
#include "report/energy.h"
#include "report/energy_backend.h"
#include "report/escape.h"
#include "report/figures.h"
#include "report/headroom.h"
#include "report/judged.h"
#include "report/layout.h"
#include "scenario/device_name.h"

/* Each section stops at its share of the page; together they stay below SUMMARY_MD_MAX. A row is cut by its own limit. */
enum { CHECKS_END = 40 * 1024, CAUSES_END = 56 * 1024, ROW_MAX = 3 * 1024, WORD_MAX = 600, AGAIN_MAX = 2048 };

/* Escaped, and cut so that its escapes stay whole. */
static void word(struct text *out, const char *s) {
    struct text cut = {0};
    text_append_safe(&cut, s, strnlen(s, WORD_MAX + 4), WORD_MAX);
    escape_md(out, text_get(&cut));
    if (s[strnlen(s, WORD_MAX)] != '\0')
        text_append(out, "…");
    text_free(&cut);
}

static void write_caveat(void *context, const char *sentence) {
    struct text *out = context;
    text_append(out, "- ");
    word(out, sentence);
    text_append(out, "\n");
}

static void write_head(struct text *out, const struct report *r) {
    const struct run_facts *f = r->facts;
    char length[32];
    text_printf(out, "# %s: ", report_verdict_words[f->verdict]);
    word(out, f->plan->name);
    text_append(out, "\n\n");
    text_append(out, "Verdict: ");
    word(out, report_verdict_sentence(f));
    text_printf(out, ". %u devices, %s, seed %llu, exit code %d.\n\n", f->devices_here,
                instant_format_span(f->ended, length, sizeof length), (unsigned long long)f->plan->seed, f->exit_code);
    for (unsigned i = 0; i < f->trust_count; i++)
        write_caveat(out, f->trust[i].text);
    report_caveats(r, write_caveat, out);
}

static void write_check(struct text *out, const struct check_verdict *v) {
    char value[64], limit[64];
    text_printf(out, "| %s | ", v->pass ? "✓" : v->check->kind == CHECK_INFO ? "–" : "✗");
    word(out, v->check->name);
    text_append(out, " | ");
    word(out, judged_value(v, value, sizeof value));
    text_append(out, " | ");
    word(out, judged_relop(v));
    text_append(out, " ");
    word(out, judged_limit(v, limit, sizeof limit));
    text_printf(out, " | %llu | ", (unsigned long long)v->samples);
    word(out, v->reason);
    text_append(out, " |\n");
}

/* What failed, what did not hold and is for information, what held. */
static int rank(const struct check_verdict *v) {
    return v->pass ? 2 : v->check->kind == CHECK_INFO ? 1 : 0;
}

static void write_checks(struct text *out, const struct run_facts *f) {
    unsigned left = 0;
    if (f->plan->check_count == 0)
        return;
    text_append(out, "\n## Checks\n\n| | check | measured | limit | samples | why |\n|---|---|---:|---:|---:|---|\n");
    for (int worst = 0; worst < 3; worst++)
        for (unsigned i = 0; i < f->plan->check_count; i++) {
            if (rank(&f->checks[i]) != worst)
                continue;
            if (out->size + ROW_MAX > CHECKS_END)
                left++;
            else
                write_check(out, &f->checks[i]);
        }
    if (left > 0)
        text_printf(out, "\n%u more checks are in summary.json.\n", left);
}

static void write_quantile(struct text *out, const struct histogram *h, double q) {
    char value[32];
    double ms = figures_quantile_ms(h, q);
    text_printf(out, " %s |", h->count == 0 ? "" : units_format(UNITS_DURATION, ms * 1e6, value, sizeof value));
}

static unsigned long long messages(const struct run_facts *f, enum tally_kind kind) {
    return (unsigned long long)figures_tally(f->result, f->plan, kind, false, NULL);
}

static void write_operations(struct text *out, const struct run_facts *f) {
    text_append(out, "\n## Operations\n\nLatencies count from the instant an operation was meant to start (response), "
                     "over answered ones; "
                     "service is the backend alone.\n\n"
                     "| operation | ok | failed | withdrawn | dropped | open | p50 | p99 | p99.9 | service p99 |\n"
                     "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n");
    for (int i = 0; i < FIGURES_ROWS; i++) {
        struct figures g = figures_of(f->result, f->plan, (enum figures_id)i, NULL);
        if (g.intended > 0) {
            text_printf(out, "| %s | %llu | %llu | %llu | %llu | %llu |", figures_rows[i].key,
                        (unsigned long long)g.outcomes[OP_OK], (unsigned long long)g.failed,
                        (unsigned long long)g.outcomes[OP_WITHDRAWN], (unsigned long long)g.outcomes[OP_DROPPED],
                        (unsigned long long)g.outcomes[OP_OPEN]);
            write_quantile(out, &g.clocks[CLOCK_RESPONSE], 0.5);
            write_quantile(out, &g.clocks[CLOCK_RESPONSE], 0.99);
            write_quantile(out, &g.clocks[CLOCK_RESPONSE], 0.999);
            write_quantile(out, &g.clocks[CLOCK_SERVICE], 0.99);
            text_append(out, "\n");
        }
        figures_free(&g);
    }
    text_printf(out, "\nMessages: %llu sent, %llu acknowledged, %llu lost", messages(f, TALLY_SENT),
                messages(f, TALLY_ACKED), messages(f, TALLY_LOST));
    if (messages(f, TALLY_AUDITED) > 0)
        text_printf(out, "; of %llu audited, %llu received, %llu duplicated, %llu reordered",
                    messages(f, TALLY_AUDITED), messages(f, TALLY_AUDIT_RECEIVED), messages(f, TALLY_AUDIT_DUPLICATED),
                    messages(f, TALLY_AUDIT_REORDERED));
    text_append(out, ".\n");
}

/* By count, most first; equal ones as they came. */
static int by_count(const void *a, const void *b) {
    const struct reason_row *one = *(const struct reason_row *const *)a, *other = *(const struct reason_row *const *)b;
    return one->count != other->count ? (one->count < other->count ? 1 : -1) : one < other ? -1 : one > other;
}

static void write_causes(struct text *out, const struct report *r) {
    const struct run_facts *f = r->facts;
    if (f->result->reason_count == 0)
        return;
    size_t left = 0, count = f->result->reason_count;
    const struct reason_row **rows = calloc(count, sizeof *rows);
    CHECK(rows != NULL);
    for (size_t i = 0; i < count; i++)
        rows[i] = &f->result->reasons[i];
    qsort(rows, count, sizeof *rows, by_count);
    text_append(out, "\n## Errors by cause\n\n| count | operation | outcome | reason code | connection | fleet | first "
                     "at | device | packets |\n"
                     "|---:|---|---|---:|---|---|---:|---:|---|\n");
    for (size_t i = 0; i < count; i++) {
        const struct reason_row *row = rows[i];
        char device[DEVICE_NAME_MAX];
        if (out->size + ROW_MAX > CAUSES_END) {
            left++;
            continue;
        }
        bool known = row->op < OP_KINDS;
        text_printf(out, "| %llu | %s | %s | 0x%02X | %s | ", (unsigned long long)row->count,
                    known ? op_kinds[row->op].name : "others",
                    known && row->outcome < OP_OUTCOMES ? op_outcome_names[row->outcome] : "", row->reason_code,
                    row->close_reason < CLOSE_REASONS ? close_reason_names[row->close_reason] : "");
        word(out, f->plan->groups[row->group].fleet);
        text_printf(out, " | %.3f s | ", span_seconds(row->first_at));
        word(out, device_name_format(f->plan, row->example_device, device, sizeof device));
        text_append(out, " | ");
        const struct evidence_entry *packets = evidence_index_cause(r->evidence, row);
        if (packets != NULL) {
            word(out, packets->file);
            text_printf(out, " frame %llu", (unsigned long long)packets->frame);
        }
        text_append(out, " |\n");
    }
    if (left > 0)
        text_printf(out, "\n%zu more causes are in summary.json.\n", left);
    free(rows);
}

static void write_tool(struct text *out, const struct report *r) {
    const struct run_facts *f = r->facts;
    unsigned long long dropped = r->log_records_dropped;
    text_printf(
        out,
        "\n## Was the tool the bottleneck?\n\n%s: lag p99.9 %.3f ms (limit %.0f ms), %llu of %llu operations late, "
        "%llu records dropped, %.1f s of CPU, %u workers.\n",
        f->trust_count == 0 ? "No" : "**Yes, or it cannot be ruled out**",
        f->result->lag_all.count == 0 ? 0 : figures_quantile_ms(&f->result->lag_all, 0.999),
        span_millis(f->plan->trust.lag), (unsigned long long)f->result->late_all,
        (unsigned long long)f->result->emitted_all, dropped, f->cpu_s, f->workers);
    char room[256];
    struct headroom headroom = headroom_of(r);
    if (*headroom_sentence(r, &headroom, room, sizeof room) != '\0') {
        text_append(out, "\nHeadroom: ");
        escape_md(out, room);
        text_append(out, ".\n");
    }
    struct text backend = {0};
    backend_cost_sentence(f, &backend);
    if (backend.size > 0)
        text_printf(out, "\nThe backend itself: %s.\n", text_get(&backend));
    text_free(&backend);
}

/* Beside this page, and by names of ours. */
static void write_links(struct text *out, const struct report *r) {
    const char *before = "";
    text_append(out, "\nFiles in ");
    word(out, r->directory);
    text_append(out, ": ");
    for (const struct report_ops *ops = report_table; ops->name != NULL; ops++) {
        if (ops->write == summary_md_write)
            continue;
        text_printf(out, "%s[%s](%s)", before, ops->file, ops->file);
        before = " · ";
    }
    text_append(out, "\n");
}

/* An indented block, in which nothing is markup: it has to stay one line. */
static void write_again(struct text *out, const struct report *r) {
    struct text again = {0};
    command_again(r->facts->plan, r->argc, r->argv, &again);
    if (again.size < AGAIN_MAX) {
        text_append(out, "\n## Again\n\n    ");
        escape_term(out, text_get(&again));
        text_append(out, "\n");
    }
    text_free(&again);
    write_links(out, r);
}

void summary_md_write(struct text *out, const struct report *r) {
    write_head(out, r);
    write_checks(out, r->facts);
    write_again(out, r);
    write_operations(out, r->facts);
    if (energy_modelled(r->facts->plan))
        energy_backend_write_md(out, r->facts);
    write_causes(out, r);
    write_tool(out, r);
}
