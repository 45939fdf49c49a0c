#include "report/report_text.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/backend_cost.h"
#include "report/command.h"
#include "report/energy.h"
#include "report/escape.h"
#include "report/figures.h"
#include "report/headroom.h"
#include "report/judged.h"
#include "report/layout.h"
#include "scenario/device_name.h"

enum {
    NAME_COLUMNS = 36,
    CAUSES_SHOWN = 3,
    CHECK_INDENT = 12,
    PER_DEVICE_FROM = 1000 /* below, pages and thread stacks weigh more than devices */
};

struct writer {
    struct text *out;
    const struct report *r;
    bool color;
    unsigned caveats; /* written so far */
};

enum tone { TONE_GOOD, TONE_BAD, TONE_WARN };

static void toned(const struct writer *w, enum tone tone, const char *s) {
    static const char *const codes[] = {[TONE_GOOD] = "32", [TONE_BAD] = "31", [TONE_WARN] = "33"};
    if (w->color)
        text_printf(w->out, "\033[1;%sm%s\033[0m", codes[tone], s);
    else
        text_append(w->out, s);
}

static const enum tone verdict_tones[] = {
    [VERDICT_PASS] = TONE_GOOD,       [VERDICT_FAIL] = TONE_BAD,
    [VERDICT_ABORTED] = TONE_BAD,     [VERDICT_NOT_TRUSTWORTHY] = TONE_WARN,
    [VERDICT_INCOMPLETE] = TONE_WARN,
};

/* " PASS  name                                20m00s   seed 20261122" */
static void write_head(const struct writer *w) {
    const struct run_facts *f = w->r->facts;
    char length[32], right[80];
    snprintf(right, sizeof right, "%8s   seed %llu", instant_format_span(f->ended, length, sizeof length),
             (unsigned long long)f->plan->seed);
    const char *word = report_verdict_words[f->verdict];
    text_append(w->out, " ");
    toned(w, verdict_tones[f->verdict], word);
    text_append(w->out, "  ");
    size_t left = LAYOUT_COLUMNS - 1 - strlen(word) - 2 - 1 - layout_width(right);
    layout_cell(w->out, f->plan->name, left);
    text_printf(w->out, " %s\n", right);
    if (f->verdict != VERDICT_PASS && f->verdict != VERDICT_FAIL) {
        layout_label(w->out, "");
        layout_wrap(w->out, report_verdict_sentence(f), LAYOUT_INDENT, LAYOUT_INDENT, "");
    }
}

static void write_trust(const struct writer *w) {
    const struct run_facts *f = w->r->facts;
    for (unsigned i = 0; i < f->trust_count; i++) {
        layout_label(w->out, i == 0 ? "trust" : "");
        toned(w, TONE_BAD, "✗");
        text_append(w->out, " ");
        layout_wrap(w->out, f->trust[i].text, CHECK_INDENT, CHECK_INDENT, "");
    }
}

static void write_check(const struct writer *w, const struct check_verdict *v, bool first) {
    char value[64], limit[64];
    layout_label(w->out, first ? "checks" : "");
    if (v->pass)
        toned(w, TONE_GOOD, "✓");
    else if (v->check->kind == CHECK_INFO)
        toned(w, TONE_WARN, "–"); /* told, and never counted */
    else
        toned(w, TONE_BAD, "✗");
    text_append(w->out, " ");
    layout_cell(w->out, v->check->name, NAME_COLUMNS);
    text_printf(w->out, " %10s   ", judged_value(v, value, sizeof value));
    snprintf(value, sizeof value, "limit %s %s", judged_relop(v), judged_limit(v, limit, sizeof limit));
    layout_cell(w->out, value, LAYOUT_COLUMNS - CHECK_INDENT - NAME_COLUMNS - 1 - 10 - 3);
    while (w->out->size > 0 && w->out->data[w->out->size - 1] == ' ') /* no blanks at the end of a line */
        w->out->data[--w->out->size] = '\0';
    text_append(w->out, "\n");
    if (v->pass)
        return;
    if (strcmp(v->check->name, v->check->expect) != 0 || layout_width(v->check->expect) > NAME_COLUMNS) {
        text_printf(w->out, "%*sexpected ", CHECK_INDENT, "");
        layout_wrap(w->out, v->check->expect, CHECK_INDENT + 9, CHECK_INDENT + 2, "");
    }
    if (v->reason[0] != '\0') {
        text_printf(w->out, "%*s", CHECK_INDENT, "");
        layout_wrap(w->out, v->reason, CHECK_INDENT, CHECK_INDENT, "");
    }
}

static void write_checks(const struct writer *w) {
    const struct run_facts *f = w->r->facts;
    bool first = true;
    for (int pass = 0; pass < 2; pass++) /* failed ones first */
        for (unsigned i = 0; i < f->plan->check_count; i++)
            if (f->checks[i].pass == (pass == 1)) {
                write_check(w, &f->checks[i], first);
                first = false;
            }
    if (first) {
        layout_label(w->out, "checks");
        text_append(w->out, "none: nothing was judged\n");
    }
}

static void write_fleet(const struct writer *w) {
    const struct run_facts *f = w->r->facts;
    struct figures connects = figures_of(f->result, NULL, FIGURES_CONNECT, NULL);
    char n[5][32];
    struct text line = {0};
    text_printf(&line, "%s devices  online peak %s, at the end %s  %s connects, %s failed",
                layout_count(f->devices_here, n[0], sizeof n[0]),
                layout_count(f->result->online_peak, n[1], sizeof n[1]), layout_count(f->online_end, n[2], sizeof n[2]),
                layout_count(connects.intended - connects.outcomes[OP_DROPPED], n[3], sizeof n[3]),
                layout_count(connects.failed, n[4], sizeof n[4]));
    layout_label(w->out, "fleet");
    layout_wrap(w->out, text_get(&line), LAYOUT_INDENT, LAYOUT_INDENT, "");
    text_free(&line);
    figures_free(&connects);
}

static void write_messages(const struct writer *w) {
    static const struct {
        enum op_outcome outcome;
        const char *word;
    } others[] = {{OP_DROPPED, "dropped"}, {OP_WITHDRAWN, "withdrawn"}, {OP_OPEN, "open"}};
    const struct run_facts *f = w->r->facts;
    struct figures acked = figures_of(f->result, f->plan, FIGURES_PUBLISH_ACK, NULL);
    struct figures sent = figures_of(f->result, f->plan, FIGURES_PUBLISH_SENT, NULL);
    char n[3][32];
    struct text line = {0};
    text_printf(&line, "%s sent  %s acknowledged  %s lost",
                layout_count(figures_tally(f->result, f->plan, TALLY_SENT, false, NULL), n[0], sizeof n[0]),
                layout_count(figures_tally(f->result, f->plan, TALLY_ACKED, false, NULL), n[1], sizeof n[1]),
                layout_count(figures_tally(f->result, f->plan, TALLY_LOST, false, NULL), n[2], sizeof n[2]));
    if (acked.failed + sent.failed > 0)
        text_printf(&line, "  %s failed", layout_count(acked.failed + sent.failed, n[0], sizeof n[0]));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        uint64_t count = acked.outcomes[others[i].outcome] + sent.outcomes[others[i].outcome];
        if (count > 0)
            text_printf(&line, "  %s %s", layout_count(count, n[0], sizeof n[0]), others[i].word);
    }
    if (acked.intended + sent.intended > 0) {
        layout_label(w->out, "messages");
        layout_wrap(w->out, text_get(&line), LAYOUT_INDENT, LAYOUT_INDENT, "");
    }
    text_free(&line);
    figures_free(&acked);
    figures_free(&sent);
}

/* What an observer of its own saw of the messages, when there was one. */
static void write_audit(const struct writer *w) {
    const struct run_facts *f = w->r->facts;
    static const struct {
        enum tally_kind kind;
        const char *word;
    } found[] = {{TALLY_AUDIT_DUPLICATED, "duplicated"}, {TALLY_AUDIT_REORDERED, "reordered"}};
    uint64_t audited = figures_tally(f->result, f->plan, TALLY_AUDITED, false, NULL);
    uint64_t received = figures_tally(f->result, f->plan, TALLY_AUDIT_RECEIVED, false, NULL);
    uint64_t excluded = figures_tally(f->result, f->plan, TALLY_AUDIT_EXCLUDED, false, NULL);
    if (audited + excluded == 0)
        return;
    char n[2][32];
    struct text line = {0};
    /* How many of the missing ones are lost stands in the line above: some are excused. */
    text_printf(&line, "%s of %s arrived", layout_count(received, n[0], sizeof n[0]),
                layout_count(audited, n[1], sizeof n[1]));
    for (size_t i = 0; i < sizeof found / sizeof found[0]; i++)
        text_printf(&line, "  %s %s",
                    layout_count(figures_tally(f->result, f->plan, found[i].kind, false, NULL), n[0], sizeof n[0]),
                    found[i].word);
    if (excluded > 0)
        text_printf(&line, "  %s not judged", layout_count(excluded, n[0], sizeof n[0]));
    layout_label(w->out, "audit");
    layout_wrap(w->out, text_get(&line), LAYOUT_INDENT, LAYOUT_INDENT, "");
    text_free(&line);
}

static char *quantile(const struct histogram *h, double q, char *text, size_t size) {
    if (h->count == 0)
        snprintf(text, size, "-");
    else
        instant_format_span((span)(figures_quantile_ms(h, q) * 1e6), text, (unsigned)size);
    return text;
}

/* One row per operation that was answered, columns below each other; the backend's own time stands apart. */
static void write_energy(const struct writer *w) {
    struct text line = {0};
    if (!energy_modelled(w->r->facts->plan))
        return;
    energy_write_text(&line, w->r->facts);
    if (line.size > 0) {
        layout_label(w->out, "energy");
        layout_wrap(w->out, text_get(&line), LAYOUT_INDENT, LAYOUT_INDENT, "");
    }
    text_free(&line);
}

static void write_latency(const struct writer *w) {
    static const struct {
        enum figures_id id;
        const char *word;
    } rows[] = {{FIGURES_CONNECT, "connect→ack"},     {FIGURES_HANDSHAKE, "TLS handshake"},
                {FIGURES_RESUMPTION, "TLS resumed"},  {FIGURES_PUBLISH_ACK, "publish→ack"},
                {FIGURES_SUBSCRIBE, "subscribe→ack"}, {FIGURES_END_TO_END, "end to end"},
                {FIGURES_COMMAND, "command→reply"}};
    bool first = true;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct figures f = figures_of(w->r->facts->result, w->r->facts->plan, rows[i].id, NULL);
        const struct histogram *h = &f.clocks[CLOCK_RESPONSE];
        char value[5][32];
        if (h->count > 0) {
            if (first) {
                layout_label(w->out, "latency");
                text_printf(w->out, "%-13s %9s %9s %9s %9s %16s\n", "", "p50", "p99", "p99.9", "max", "service p99");
            }
            layout_label(w->out, "");
            layout_cell(w->out, rows[i].word, 13);
            text_printf(w->out, " %9s %9s %9s %9s %16s\n", quantile(h, 0.5, value[0], sizeof value[0]),
                        quantile(h, 0.99, value[1], sizeof value[1]), quantile(h, 0.999, value[2], sizeof value[2]),
                        quantile(h, 1, value[3], sizeof value[3]),
                        quantile(&f.clocks[CLOCK_SERVICE], 0.99, value[4], sizeof value[4]));
            first = false;
        }
        figures_free(&f);
    }
}

/* The index of the most frequent cause that comes after `previous` in the order (count falling, place rising). */
static size_t next_cause(const struct result *r, size_t previous) {
    size_t best = r->reason_count;
    for (size_t i = 0; i < r->reason_count; i++) {
        uint64_t count = r->reasons[i].count;
        if (previous < r->reason_count) {
            uint64_t before = r->reasons[previous].count;
            if (count > before || (count == before && i <= previous))
                continue;
        }
        if (best == r->reason_count || count > r->reasons[best].count)
            best = i;
    }
    return best;
}

static void write_causes(const struct writer *w) {
    const struct result *r = w->r->facts->result;
    size_t cause = r->reason_count;
    for (int shown = 0; shown < CAUSES_SHOWN; shown++) {
        cause = next_cause(r, cause);
        if (cause >= r->reason_count)
            return;
        const struct reason_row *row = &r->reasons[cause];
        char count[32], since[32], device[DEVICE_NAME_MAX];
        struct text line = {0};
        text_printf(&line, "%s × %s", layout_count(row->count, count, sizeof count),
                    row->op < OP_KINDS ? op_kinds[row->op].name : "other operations");
        if (row->op < OP_KINDS && row->outcome < OP_OUTCOMES)
            text_printf(&line, " %s", op_outcome_names[row->outcome]);
        if (row->reason_code != 0)
            text_printf(&line, ", reason code 0x%02X", row->reason_code);
        if (row->close_reason != CLOSE_NONE && row->close_reason < CLOSE_REASONS)
            text_printf(&line, ", connection: %s", close_reason_names[row->close_reason]);
        text_printf(&line, " (fleet %s, from %s on, as %s", w->r->facts->plan->groups[row->group].fleet,
                    instant_format_span(row->first_at, since, sizeof since),
                    device_name_format(w->r->facts->plan, row->example_device, device, sizeof device));
        const struct evidence_entry *packets = evidence_index_cause(w->r->evidence, row);
        if (packets != NULL)
            text_printf(&line, "; %s frame %llu", packets->file, (unsigned long long)packets->frame);
        text_append(&line, ")");
        layout_label(w->out, shown == 0 ? "errors" : "");
        layout_wrap(w->out, text_get(&line), LAYOUT_INDENT, LAYOUT_INDENT + 2, "");
        text_free(&line);
    }
}

static void write_tool(const struct writer *w) {
    const struct run_facts *f = w->r->facts;
    const struct histogram *lag = &f->result->lag_all;
    char n[2][32];
    struct text line = {0};
    char value[32];
    if (lag->count > 0)
        text_printf(&line, "  lag p99.9 %s", quantile(lag, 0.999, value, sizeof value));
    text_printf(&line, "  late %s  dropped %s  CPU %.1fs", layout_count(f->result->late_all, n[0], sizeof n[0]),
                layout_count(w->r->log_records_dropped, n[1], sizeof n[1]), f->cpu_s);
    if (f->bytes_per_device > 0 && f->devices_here >= PER_DEVICE_FROM)
        text_printf(&line, "  %.0f B/device", f->bytes_per_device);
    layout_label(w->out, "tool");
    const char *word = f->trust_count == 0 ? "OK" : "NOT OK";
    toned(w, f->trust_count == 0 ? TONE_GOOD : TONE_BAD, word);
    text_append(w->out, "  ");
    layout_wrap(w->out, text_get(&line) + 2, LAYOUT_INDENT + strlen(word) + 2, LAYOUT_INDENT, "");
    text_free(&line);
}

static void write_backend(const struct writer *w) {
    struct text line = {0};
    backend_cost_sentence(w->r->facts, &line);
    if (line.size > 0) {
        layout_label(w->out, "backend");
        layout_wrap(w->out, text_get(&line), LAYOUT_INDENT, LAYOUT_INDENT, "");
    }
    text_free(&line);
}

static void write_headroom(const struct writer *w) {
    struct headroom h = headroom_of(w->r);
    char sentence[200];
    if (!h.known)
        return;
    layout_label(w->out, "headroom");
    layout_wrap(w->out, headroom_sentence(w->r, &h, sentence, sizeof sentence), LAYOUT_INDENT, LAYOUT_INDENT, "");
}

static void write_caveat(void *context, const char *sentence) {
    struct writer *w = context;
    layout_label(w->out, w->caveats++ == 0 ? "note" : "");
    layout_wrap(w->out, sentence, LAYOUT_INDENT, LAYOUT_INDENT, "");
}

static void write_next(const struct writer *w) {
    struct text again = {0};
    command_again(w->r->facts->plan, w->r->argc, w->r->argv, &again);
    layout_label(w->out, "next");
    char *path = text_format("%s/%s", w->r->directory, report_find("html")->file);
    struct text word = {0};
    escape_shell(&word, path);
    text_append(w->out, "open ");
    escape_term(w->out, text_get(&word));
    text_append(w->out, "\n");
    text_free(&word);
    free(path);
    layout_label(w->out, "again");
    layout_wrap(w->out, text_get(&again), LAYOUT_INDENT, LAYOUT_INDENT + 2, " \\");
    text_free(&again);
}

void report_text_write(struct text *out, const struct report *r, bool color) {
    struct writer w = {.out = out, .r = r, .color = color};
    write_head(&w);
    write_trust(&w);
    write_checks(&w);
    write_fleet(&w);
    write_messages(&w);
    write_audit(&w);
    write_energy(&w);
    write_latency(&w);
    write_causes(&w);
    write_tool(&w);
    write_backend(&w);
    write_headroom(&w);
    report_caveats(r, write_caveat, &w);
    write_next(&w);
}
