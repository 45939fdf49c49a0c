#include "report/junit.h"

#include <stdio.h>
#include <string.h>

#include "report/command.h"
#include "report/escape.h"
#include "report/judged.h"

/* One case; `failure` NULL: passed. `output` goes to system-out. */
struct junit_case {
    const char *suite, *name;
    const char *failure, *output;
};

struct writer {
    struct text *out;
    const struct report *r;
    struct text again;
    unsigned cases, failures;
};

/* Servers split classname at dots: those of the scenario's name must not count. */
static void write_classname(const struct writer *w, const char *suite) {
    struct text name = {0};
    text_append(&name, w->r->facts->plan->name);
    for (size_t i = 0; i < name.size; i++)
        if (name.data[i] == '.')
            name.data[i] = '_';
    escape_xml(w->out, text_get(&name));
    text_printf(w->out, ".%s", suite);
    text_free(&name);
}

static void write_attribute(struct text *out, const char *key, const char *value) {
    text_printf(out, " %s=\"", key);
    escape_xml(out, value);
    text_append(out, "\"");
}

static void write_failure(struct writer *w, const char *failure) {
    w->failures++;
    text_append(w->out, "    <failure");
    write_attribute(w->out, "message", failure);
    text_append(w->out, ">");
    escape_xml(w->out, failure);
    text_append(w->out, "\nagain: ");
    escape_xml(w->out, text_get(&w->again));
    text_append(w->out, "\nresults: ");
    escape_xml(w->out, w->r->directory);
    text_append(w->out, "</failure>\n");
}

static void write_case(struct writer *w, const struct junit_case *c) {
    w->cases++;
    text_append(w->out, "  <testcase classname=\"");
    write_classname(w, c->suite);
    text_append(w->out, "\"");
    write_attribute(w->out, "name", c->name);
    write_attribute(w->out, "file", w->r->facts->plan->file);
    text_printf(w->out, " time=\"%.3f\">\n", span_seconds(w->r->facts->ended));
    if (c->failure != NULL)
        write_failure(w, c->failure);
    if (c->output != NULL) {
        text_append(w->out, "    <system-out>");
        escape_xml(w->out, c->output);
        text_append(w->out, "</system-out>\n");
    }
    text_append(w->out, "  </testcase>\n");
}

/* The name, with its number among equal ones: servers drop the second of a pair. */
static void unique_name(const struct run_facts *f, unsigned index, struct text *name) {
    unsigned same = 1;
    for (unsigned i = 0; i < index; i++)
        same += strcmp(f->checks[i].check->name, f->checks[index].check->name) == 0;
    text_append(name, f->checks[index].check->name);
    if (same > 1)
        text_printf(name, " (%u)", same);
}

static void write_check(struct writer *w, unsigned index) {
    const struct run_facts *f = w->r->facts;
    const struct check_verdict *v = &f->checks[index];
    struct text name = {0}, sentence = {0};
    unique_name(f, index, &name);
    judged_sentence(&sentence, v);
    bool counts = v->check->kind != CHECK_INFO;
    write_case(w, &(struct junit_case){.suite = "checks",
                                       .name = text_get(&name),
                                       .failure = counts && !v->pass ? text_get(&sentence) : NULL,
                                       .output = counts && !v->pass ? NULL : text_get(&sentence)});
    text_free(&name);
    text_free(&sentence);
}

static void write_health(struct writer *w) {
    const struct run_facts *f = w->r->facts;
    struct text findings = {0};
    text_append(&findings, "expected numbers that can carry a verdict, observed:");
    for (unsigned i = 0; i < f->trust_count; i++)
        text_printf(&findings, "%s %s", i > 0 ? ";" : "", f->trust[i].text);
    write_case(w, &(struct junit_case){.suite = "tool",
                                       .name = "tool.health",
                                       .failure = f->trust_count > 0 ? text_get(&findings) : NULL});
    text_free(&findings);
}

static void write_caveat(void *context, const char *sentence) {
    struct text *out = context;
    text_printf(out, "%s\n", sentence);
}

static void write_run(struct writer *w) {
    const struct run_facts *f = w->r->facts;
    struct text failure = {0}, caveats = {0};
    bool whole = f->verdict != VERDICT_INCOMPLETE && f->verdict != VERDICT_ABORTED;
    text_printf(&failure, "expected a run that comes to its end, observed: %s", report_verdict_sentence(f));
    report_caveats(w->r, write_caveat, &caveats);
    write_case(w, &(struct junit_case){.suite = "run",
                                       .name = "run.complete",
                                       .failure = whole ? NULL : text_get(&failure),
                                       .output = caveats.size > 0 ? text_get(&caveats) : NULL});
    text_free(&failure);
    text_free(&caveats);
}

void junit_write(struct text *out, const struct report *r) {
    struct text cases = {0};
    struct writer w = {.out = &cases, .r = r};
    command_again(r->facts->plan, r->argc, r->argv, &w.again);
    for (unsigned i = 0; i < r->facts->plan->check_count; i++)
        write_check(&w, i);
    write_health(&w);
    write_run(&w);
    text_append(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n <testsuite");
    write_attribute(out, "name", r->facts->plan->name);
    text_printf(out, " tests=\"%u\" failures=\"%u\" errors=\"0\" skipped=\"0\" time=\"%.3f\">\n", w.cases, w.failures,
                span_seconds(r->facts->ended));
    text_append(out, text_get(&cases));
    text_append(out, " </testsuite>\n</testsuites>\n");
    text_free(&w.again);
    text_free(&cases);
}
