#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/version.h"
#include "report/command.h"
#include "report/html_parts.h"
#include "report/judged.h"
#include "report/layout.h"

/* How a verdict looks: its mark, its class in the style sheet. */
static const struct face {
    const char *mark, *style;
} faces[] = {
    [VERDICT_PASS] = {"✓", "pass"},
    [VERDICT_FAIL] = {"✗", "fail"},
    [VERDICT_ABORTED] = {"✗", "fail"},
    [VERDICT_NOT_TRUSTWORTHY] = {"?", "doubt"},
    [VERDICT_INCOMPLETE] = {"…", "incomplete"},
};

/* The failed check that is named in the banner: the one that ended the run, or the first. */
static const struct check_verdict *worst(const struct run_facts *f, unsigned *failed) {
    const struct check_verdict *found = NULL;
    *failed = 0;
    for (unsigned i = 0; i < f->plan->check_count; i++) {
        const struct check_verdict *v = &f->checks[i];
        if (v->pass || v->check->kind == CHECK_INFO)
            continue;
        ++*failed;
        if (found == NULL || v->aborted_the_run)
            found = v;
    }
    return found;
}

/* What the verdict means and what it rests on, in one sentence. */
static void write_sentence(struct text *out, const struct run_facts *f) {
    char value[64], limit[64];
    unsigned failed;
    const struct check_verdict *v = worst(f, &failed);
    const char *sentence = report_verdict_sentence(f);
    bool doubt = f->verdict == VERDICT_NOT_TRUSTWORTHY && f->trust_count > 0;
    size_t size = doubt ? strcspn(sentence, ":") : strlen(sentence); /* the finding takes the place of the rest */
    text_printf(out, "%c%.*s", toupper((unsigned char)sentence[0]), (int)size - 1, sentence + 1);
    if (doubt) {
        text_append(out, ": ");
        html_text(out, f->trust[0].text);
    } else if (v != NULL && f->verdict != VERDICT_PASS) {
        text_printf(out, failed == 1 ? ": “" : " (%u in all): “", failed);
        html_text(out, v->check->name);
        text_append(out, "” measured ");
        html_text(out, judged_value(v, value, sizeof value));
        text_append(out, ", and should be ");
        html_text(out, judged_relop(v));
        text_append(out, " ");
        html_text(out, judged_limit(v, limit, sizeof limit));
    }
    text_append(out, ".");
}

static void write_banner(struct text *out, const struct run_facts *f) {
    const struct face *face = &faces[f->verdict];
    text_printf(
        out,
        "<header class=\"banner %s\">\n<p class=\"verdict\"><span class=\"mark\" aria-hidden=\"true\">%s</span> "
        "%s%s</p>\n<h1>",
        face->style, face->mark, report_verdict_words[f->verdict], f->plan->virtual_time ? " · VIRTUAL" : "");
    html_text(out, f->plan->name);
    text_append(out, "</h1>\n<p class=\"sentence\">");
    write_sentence(out, f);
    text_append(out, "</p>\n</header>\n");
}

static void write_started(struct text *out, int64_t unix_ns) {
    char stamp[40];
    time_t second = (time_t)(unix_ns / SPAN_S);
    struct tm tm;
    gmtime_r(&second, &tm);
    strftime(stamp, sizeof stamp, "%Y-%m-%d %H:%M:%S UTC", &tm);
    html_row(out, "Started", stamp);
}

static void write_targets(struct text *out, const struct plan *p) {
    html_row_begin(out, "Target");
    for (unsigned i = 0; i < p->target_count; i++) {
        struct text url = {0};
        command_redact(p->targets[i].url, &url);
        text_append(out, i > 0 ? ", " : "");
        html_text(out, p->targets[i].builtin ? "the built-in broker" : text_get(&url));
        text_free(&url);
    }
    html_row_end(out);
}

static void write_what(struct text *out, const struct report *r) {
    const struct run_facts *f = r->facts;
    char length[32], number[32];
    text_append(out, "<ul class=\"facts\">\n");
    html_row_begin(out, "Scenario");
    html_path(out, f->plan->file);
    html_row_end(out);
    write_targets(out, f->plan);
    write_started(out, f->started_unix_ns);
    html_row(out, "Length", instant_format_span(f->ended, length, sizeof length));
    html_row_begin(out, "Devices");
    html_count(out, f->devices_here);
    if (f->shards > 1)
        text_printf(out, " (shard %u of %u)", f->shard, f->shards);
    html_row_end(out);
    snprintf(number, sizeof number, "%llu", (unsigned long long)f->plan->seed);
    html_row(out, "Seed", number);
    text_printf(out,
                "<li><span class=\"term\">Scenario hash</span> <span class=\"fact\"><code>%.12s</code></span></li>\n",
                f->plan->scenario_hash);
    text_printf(
        out,
        "<li><span class=\"term\">Muster</span> <span class=\"fact\">%s, run <code>%.4s</code></span></li>\n</ul>\n",
        VERSION_TEXT, f->plan->run_id);
}

static void write_command(struct text *out, const struct report *r) {
    struct text again = {0};
    command_again(r->facts->plan, r->argc, r->argv, &again);
    text_append(out, "<h2 id=\"again\">The same run again</h2>\n<pre class=\"command\" tabindex=\"0\"><code>");
    html_text(out, text_get(&again));
    text_append(out, "</code></pre>\n");
    text_free(&again);
}

static void write_caveat(void *context, const char *sentence) {
    struct text *out = context;
    text_append(out, "<li>");
    html_text(out, sentence);
    text_append(out, "</li>\n");
}

static void write_notes(struct text *out, const struct report *r) {
    struct text notes = {0};
    report_caveats(r, write_caveat, &notes);
    if (notes.size > 0)
        text_printf(out, "<h2 id=\"before\">Before you read the numbers</h2>\n<ul class=\"notes\">\n%s</ul>\n",
                    text_get(&notes));
    text_free(&notes);
}

/* --- key figures ------------------------------------------------------------------------------------------------------ */

static void begin_tile(struct text *out, const char *label) {
    text_printf(out, "<li><span class=\"label\">%s</span> <span class=\"value\">", label);
}

static void end_tile(struct text *out, const char *detail) {
    text_printf(out, "</span> <span class=\"detail\">%s</span></li>\n", detail);
}

static void write_latency_tile(struct text *out, const struct run_facts *f, enum figures_id id, const char *label) {
    struct figures g = figures_of(f->result, f->plan, id, NULL);
    const struct histogram *h = &g.clocks[CLOCK_RESPONSE];
    if (h->count > 0) {
        struct text detail = {0};
        begin_tile(out, label);
        html_millis(out, figures_quantile_ms(h, 0.99));
        text_append(&detail, "p50 ");
        html_millis(&detail, figures_quantile_ms(h, 0.5));
        text_append(&detail, "<br>worst ");
        html_millis(&detail, figures_max_ms(h));
        end_tile(out, text_get(&detail));
        text_free(&detail);
    }
    figures_free(&g);
}

static void write_count_tile(struct text *out, const char *label, uint64_t n, const char *detail, uint64_t of) {
    struct text text = {0};
    begin_tile(out, label);
    html_count(out, n);
    html_count(&text, of);
    text_printf(&text, " %s", detail);
    end_tile(out, text_get(&text));
    text_free(&text);
}

static void write_tiles(struct text *out, const struct run_facts *f) {
    struct figures connects = figures_of(f->result, f->plan, FIGURES_CONNECT, NULL);
    uint64_t lost = figures_tally(f->result, f->plan, TALLY_LOST, false, NULL);
    text_append(out, "<ul class=\"tiles\" aria-label=\"Key figures\">\n");
    write_count_tile(out, "Online at most", f->result->online_peak, "at the end", f->online_end);
    write_count_tile(out, "Connects", connects.count, "failed", connects.failed);
    write_count_tile(out, "Messages sent", figures_tally(f->result, f->plan, TALLY_SENT, false, NULL), "acknowledged",
                     figures_tally(f->result, f->plan, TALLY_ACKED, false, NULL));
    begin_tile(out, "Messages lost");
    html_count(out, lost);
    end_tile(out, lost == 0 ? "none" : "see the errors");
    write_latency_tile(out, f, FIGURES_CONNECT, "Connect p99");
    write_latency_tile(out, f, FIGURES_PUBLISH_ACK, "Publish p99");
    write_latency_tile(out, f, FIGURES_END_TO_END, "End to end p99");
    text_append(out, "</ul>\n");
    figures_free(&connects);
}

void html_head(struct text *out, const struct report *r) {
    write_banner(out, r->facts);
    text_append(out, "<main id=\"main\">\n<section aria-label=\"What ran\">\n");
    write_what(out, r);
    write_tiles(out, r->facts);
    write_notes(out, r);
    write_command(out, r);
    text_append(out, "</section>\n");
}
