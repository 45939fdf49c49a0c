#include <stdio.h>

#include "base/check.h"
#include "cli/cmd.h"
#include "fleet/run.h"
#include "scenario/explain.h"
#include "scenario/metric.h"

int cmd_explain(const struct options *o) {
    struct explain_topic topics[256];
    CHECK(metric_topics(topics, COUNT_OF(topics)) < COUNT_OF(topics)); /* room for the end, too */
    const struct explain_topic *tables[] = {topics};
    struct text out = {0};
    const char *name = o->operands[0];
    if (metric_function_find(name) == METRIC_P) /* one row stands for p50, p99, p99.9 … */
        name = metric_functions[METRIC_P].name;
    int error = explain_write(name, tables, 1, &out);
    fputs(text_get(&out), error < 0 ? stderr : stdout);
    text_free(&out);
    return error < 0 ? EXIT_USAGE : EXIT_PASS;
}
