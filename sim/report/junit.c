#include "report/junit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "report/command.h"
#include "report/escape.h"
#include "report/evidence_index.h"
#include "report/judged.h"

enum outcome { PASSED, FAILURE, ERROR, SKIPPED, OUTCOMES };

static const char *const elements[OUTCOMES] = {[FAILURE] = "failure", [ERROR] = "error", [SKIPPED] = "skipped"};

static const char health_name[] = "tool.health";

struct junit_case {
    const char *suite; /* last part of the class name */
    const char *name;  /* escaped */
    span time;
    enum outcome outcome;
    const char *type;                      /* attribute of failure and error */
    const char *sentence;                  /* first line of the content; of a case that passed: its output */
    const struct evidence_entry *evidence; /* NULL: none */
};

struct writer {
    struct text *out;
    const struct report *r;
    struct text suite, again; /* escaped */
    unsigned counts[OUTCOMES];
};

/* A text cut to `max` bytes of whole characters, escaped. `line`: as one line, which is what parsers make of an attribute. */
static void put_text(struct text *out, const char *s, size_t max, bool line) {
    struct text cut = {0};
    size_t size = strnlen(s, max);
    while (s[size] != '\0' && size > 0 && ((unsigned char)s[size] & 0xc0) == 0x80)
        size--;
    text_append_n(&cut, s, size);
    for (size_t i = 0; line && i < cut.size; i++)
        if (cut.data[i] == '\n' || cut.data[i] == '\t' || cut.data[i] == '\r')
            cut.data[i] = ' ';
    escape_xml(out, text_get(&cut));
    if (s[size] != '\0')
        text_append(out, "…");
    text_free(&cut);
}

static void put_attribute(struct text *out, const char *key, const char *value) {
    text_printf(out, " %s=\"", key);
    put_text(out, value, JUNIT_TEXT_MAX, true);
    text_append(out, "\"");
}

/* --- the parts of a case ---------------------------------------------------------------------------------------------- */

/* What did not pass: first what a reader needs in one line, then how to see it again. */
static void write_outcome(struct writer *w, const struct junit_case *c) {
    const char *element = elements[c->outcome];
    text_printf(w->out, "      <%s", element);
    put_attribute(w->out, "message", c->sentence);
    if (c->type != NULL)
        put_attribute(w->out, "type", c->type);
    text_append(w->out, ">");
    put_text(w->out, c->sentence, JUNIT_TEXT_MAX, false);
    text_append(w->out, "\nagain: ");
    text_append(w->out, text_get(&w->again));
    text_append(w->out, "\nresults: ");
    put_text(w->out, w->r->directory, JUNIT_TEXT_MAX, false);
    if (c->evidence != NULL) {
        text_append(w->out, "\nevidence: ");
        put_text(w->out, c->evidence->file, JUNIT_TEXT_MAX, false);
        text_printf(w->out, " frame %llu", (unsigned long long)c->evidence->frame);
    }
    text_printf(w->out, "</%s>\n", element);
}

/* GitLab ends the path at the first brackets and needs it as one line. */
static bool is_linkable(const char *path) {
    for (const unsigned char *at = (const unsigned char *)path; *at != '\0'; at++)
        if (*at < 0x20 || *at == 0x7f || strchr("[]|<>&\"", *at) != NULL)
            return false;
    return strlen(path) < JUNIT_TEXT_MAX;
}

static void write_attachment(struct writer *w) {
    const struct report_ops *page = report_find("html");
    if (page != NULL && is_linkable(w->r->directory))
        text_printf(w->out, "[[ATTACHMENT|%s/%s]]\n", w->r->directory, page->file);
}

static void write_caveat(void *context, const char *sentence) {
    struct writer *w = context;
    put_text(w->out, sentence, JUNIT_TEXT_MAX, false);
    text_append(w->out, "\n");
}

static void write_case(struct writer *w, const struct junit_case *c) {
    w->counts[c->outcome]++;
    text_printf(w->out, "    <testcase classname=\"%s.%s\" name=\"%s\"", text_get(&w->suite), c->suite, c->name);
    put_attribute(w->out, "file", w->r->facts->plan->file);
    text_printf(w->out, " time=\"%.3f\">\n", span_seconds(c->time));
    if (c->outcome != PASSED)
        write_outcome(w, c);
    text_append(w->out, "      <system-out>");
    if (c->outcome == PASSED) {
        put_text(w->out, c->sentence, JUNIT_TEXT_MAX, false);
        text_append(w->out, "\n");
    }
    if (c->name == health_name)
        report_caveats(w->r, write_caveat, w);
    if (c->outcome != PASSED || c->name == health_name)
        write_attachment(w);
    text_append(w->out, "</system-out>\n    </testcase>\n");
}

/* --- checks ----------------------------------------------------------------------------------------------------------- */

static bool is_taken(char *const *names, unsigned count, const char *name) {
    for (unsigned i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return strcmp(name, health_name) == 0;
}

/* The escaped name of a check, with a number when it would be another's: what is compared is what a parser sees. */
static char *unique_name(const struct run_facts *f, char *const *names, unsigned index) {
    struct text base = {0}, name = {0};
    put_text(&base, f->checks[index].check->name, JUNIT_NAME_MAX, true);
    text_append(&name, text_get(&base));
    for (unsigned n = 2; is_taken(names, index, text_get(&name)); n++) {
        name.size = 0;
        text_printf(&name, "%s (%u)", text_get(&base), n);
    }
    text_free(&base);
    return text_take(&name);
}

static void write_check(struct writer *w, const struct check_verdict *v, const char *name) {
    const struct run_facts *f = w->r->facts;
    struct text sentence = {0};
    struct junit_case c = {.suite = "checks", .name = name, .outcome = v->pass ? PASSED : FAILURE};
    judged_sentence(&sentence, v);
    if (!v->pass && v->check->kind == CHECK_INFO) {
        c.outcome = SKIPPED;
        text_append(&sentence, "; this check is for information");
    } else if (v->pass && f->verdict != VERDICT_PASS && f->verdict != VERDICT_FAIL) {
        c.outcome = SKIPPED;
        text_printf(&sentence, "; it held, but proves nothing: %s", report_verdict_sentence(f));
    } else if (!v->pass) {
        c.type = v->value_known || v->value_infinite ? judged_kinds[v->check->kind] : "no data";
        c.evidence = evidence_index_check(w->r->evidence, v->check);
    }
    c.sentence = text_get(&sentence);
    write_case(w, &c);
    text_free(&sentence);
}

static void write_checks(struct writer *w) {
    const struct run_facts *f = w->r->facts;
    unsigned count = f->plan->check_count;
    char **names = calloc(count + 1, sizeof *names);
    CHECK(names != NULL);
    for (unsigned i = 0; i < count; i++) {
        names[i] = unique_name(f, names, i);
        write_check(w, &f->checks[i], names[i]);
    }
    for (unsigned i = 0; i < count; i++)
        free(names[i]);
    free(names);
}

/* --- the run and the tool --------------------------------------------------------------------------------------------- */

/* Servers add up the times of cases, so this one alone carries the length of the run. */
static void write_health(struct writer *w) {
    const struct run_facts *f = w->r->facts;
    struct text sentence = {0};
    struct junit_case c = {.suite = "tool", .name = health_name, .time = f->ended};
    text_append(&sentence, "expected a whole run whose numbers can carry a verdict, observed ");
    bool cut_short = f->verdict == VERDICT_INCOMPLETE || f->verdict == VERDICT_ABORTED;
    if (cut_short)
        text_printf(&sentence, "that %s", report_verdict_sentence(f));
    for (unsigned i = 0; i < f->trust_count; i++)
        text_printf(&sentence, "%s%s", i > 0 || cut_short ? "; " : "", f->trust[i].text);
    if (cut_short || f->trust_count > 0) {
        c.outcome = ERROR;
        c.type = cut_short ? "incomplete" : "not trustworthy";
    } else {
        text_append(&sentence, "one");
    }
    c.sentence = text_get(&sentence);
    write_case(w, &c);
    text_free(&sentence);
}

static void write_suite(struct text *out, const struct writer *w) {
    const struct run_facts *f = w->r->facts;
    char stamp[32] = "";
    time_t second = (time_t)(f->started_unix_ns / SPAN_S);
    struct tm utc;
    unsigned all = 0;
    for (int i = 0; i < OUTCOMES; i++)
        all += w->counts[i];
    gmtime_r(&second, &utc);
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &utc);
    text_printf(out, "  <testsuite name=\"%s\" timestamp=\"%s\"", text_get(&w->suite), stamp);
    text_printf(out, " tests=\"%u\" failures=\"%u\" errors=\"%u\" skipped=\"%u\" time=\"%.3f\">\n", all,
                w->counts[FAILURE], w->counts[ERROR], w->counts[SKIPPED], span_seconds(f->ended));
}

/* Dots part packages: those of the scenario's own name must not. */
static void name_suite(struct writer *w) {
    put_text(&w->suite, w->r->facts->plan->name, JUNIT_NAME_MAX, true);
    for (size_t i = 0; i < w->suite.size; i++)
        if (w->suite.data[i] == '.')
            w->suite.data[i] = '_';
}

void junit_write(struct text *out, const struct report *r) {
    struct text cases = {0}, again = {0};
    struct writer w = {.out = &cases, .r = r};
    name_suite(&w);
    command_again(r->facts->plan, r->argc, r->argv, &again);
    put_text(&w.again, text_get(&again), JUNIT_TEXT_MAX, false);
    write_checks(&w);
    write_health(&w);
    text_append(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    write_suite(out, &w);
    text_append(out, text_get(&cases));
    text_append(out, "  </testsuite>\n</testsuites>\n");
    text_free(&again);
    text_free(&w.again);
    text_free(&w.suite);
    text_free(&cases);
}
