#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "cli/cmd.h"
#include "cli/complain.h"
#include "cli/front.h"
#include "cli/library.h"
#include "fleet/run.h"
#include "report/terminal.h"
#include "scenario/explain.h"
#include "scenario/metric.h"

static void add_uses(const char *name, struct text *out) {
    const struct metric *m = metric_find(name);
    enum metric_function f = metric_function_find(name);
    if (m != NULL)
        metric_uses(m, out);
    else if (f != METRIC_FUNCTIONS)
        metric_function_uses(f, out);
}

int cmd_explain(const struct options *o) {
    struct explain_topic topics[256];
    CHECK(metric_topics(topics, COUNT_OF(topics)) < COUNT_OF(topics)); /* room for the end, too */
    struct library *library = calloc(1, sizeof *library);
    CHECK(library != NULL);
    char installed[FRONT_DATA_DIR_MAX];
    const char *own = getenv("MUSTER_DATA");
    if (own != NULL)
        library_read(library, own);
    if (front_data_dir(installed, sizeof installed) != NULL)
        library_read(library, installed);
    const struct explain_topic *tables[] = {library->topics, topics};
    struct text out = {0};
    const char *name = o->operands[0];
    int error = 0;
    if (metric_function_find(name) == METRIC_P) /* one row stands for p50, p99, p99.9 … */
        name = metric_functions[METRIC_P].name;
    if (o->names)
        explain_complete(o->operands[0], tables, COUNT_OF(tables), &out);
    else
        error = explain_write(name, tables, COUNT_OF(tables), &out);
    if (error == 0 && !o->names)
        add_uses(o->operands[0], &out);
    if (error < 0)
        complain(EXIT_USAGE, "muster explain scenario lists the top-level keys", "%s", text_get(&out));
    else
        terminal_print(&out, o->names ? TERMINAL_DATA : TERMINAL_PROSE);
    text_free(&out);
    library_free(library);
    free(library);
    return error < 0 ? EXIT_USAGE : EXIT_PASS;
}
