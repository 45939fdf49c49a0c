#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "cli/cmd.h"
#include "cli/complain.h"
#include "fleet/run.h"
#include "report/compare_print.h"
#include "report/terminal.h"

static int refuse(const char *why) {
    return complain(EXIT_USAGE, "muster compare --help", "%s", why);
}

static int exit_code_of(enum compare_verdict v) {
    switch (v) {
    case COMPARE_SAME:
    case COMPARE_BETTER:
        return EXIT_PASS;
    case COMPARE_WORSE:
        return EXIT_CHECK_FAILED;
    case COMPARE_INCONCLUSIVE:
    case COMPARE_VERDICTS:
        break;
    }
    return EXIT_NOT_TRUSTWORTHY;
}

static bool read_options(const struct options *o, struct compare_metric *metrics, struct compare_options *out,
                         char *why, size_t why_size) {
    *out = (struct compare_options){
        .margin = o->margin, .metrics = o->metrics.count > 0 ? metrics : NULL, .metric_count = o->metrics.count};
    for (unsigned i = 0; i < o->metrics.count; i++)
        if (compare_metric_parse(o->metrics.items[i], &metrics[i], why, why_size) < 0)
            return false;
    return true;
}

static void print(const struct options *o, const struct compare_report *r) {
    struct text out = {0};
    if (o->json)
        compare_print_json(&out, r);
    else
        compare_print_text(&out, r, terminal_colors(STDOUT_FILENO, o->no_color));
    terminal_print(&out, o->json ? TERMINAL_DATA : TERMINAL_TABLE);
}

static int compare(const struct options *o, struct compare_run *runs, unsigned before_count) {
    char why[PATH_MAX + 400];
    struct compare_metric metrics[OPTIONS_LIST_MAX];
    struct compare_options options;
    if (!read_options(o, metrics, &options, why, sizeof why))
        return refuse(why);
    for (unsigned i = 0; i < o->operand_count; i++)
        if (compare_run_read(o->operands[i], &runs[i], why, sizeof why) < 0)
            return refuse(why);
    const struct compare_run *after = runs + before_count;
    unsigned after_count = o->operand_count - before_count;
    bool admitted = compare_admit(runs, before_count, after, after_count, why, sizeof why) == 0;
    if (!admitted && !o->force)
        return complain(EXIT_USAGE, "the same with --force, which the result will state", "%s", why);
    struct comparison *c = malloc(sizeof *c);
    CHECK(c != NULL);
    compare_sides(runs, before_count, after, after_count, &options, c);
    struct compare_report r = {.before = runs,
                               .after = after,
                               .comparison = c,
                               .forced = admitted ? NULL : why,
                               .exit_code = exit_code_of(c->verdict)};
    print(o, &r);
    free(c);
    return r.exit_code;
}

int cmd_compare(const struct options *o) {
    unsigned before = o->divided ? o->operands_before : 1;
    unsigned after = o->operand_count - before;
    if (!o->divided && o->operand_count != 2)
        return refuse("several runs a side need -- between the sides: muster compare A1 A2 A3 A4 -- B1 B2 B3 B4");
    if (before == 0 || after == 0)
        return refuse("each side needs a run directory: muster compare BEFORE... -- AFTER...");
    if (before > COMPARE_RUNS_MAX || after > COMPARE_RUNS_MAX)
        return refuse("at most 64 runs a side");
    struct compare_run *runs = calloc(o->operand_count, sizeof *runs);
    CHECK(runs != NULL);
    int code = compare(o, runs, before);
    for (unsigned i = 0; i < o->operand_count; i++)
        compare_run_free(&runs[i]);
    free(runs);
    return code;
}
