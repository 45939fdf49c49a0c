#include <stdio.h>

#include "cli/cmd.h"
#include "fleet/run.h"
#include "scenario/explain.h"
#include "scenario/metric.h"

int cmd_explain(const struct options *o) {
    struct explain_topic topics[256];
    (void)metric_topics(topics, sizeof topics / sizeof topics[0]);
    const struct explain_topic *tables[] = {topics};
    struct text out = {0};
    int error = explain_write(o->operands[0], tables, 1, &out);
    fputs(text_get(&out), error < 0 ? stderr : stdout);
    text_free(&out);
    return error < 0 ? EXIT_USAGE : EXIT_PASS;
}
