#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/suggest.h"
#include "cli/cmd.h"
#include "cli/complain.h"
#include "fleet/run.h"
#include "report/events_shape.h"
#include "report/summary_shape.h"
#include "scenario/explain.h"

static const struct {
    const char *document;
    void (*print)(struct text *out);
} schemas[] = {
    {"scenario", explain_json_schema},
    {"summary", summary_shape_print},
    {"events", events_shape_print},
};

static int unknown(const char *document) {
    const char *names[COUNT_OF(schemas)];
    for (size_t i = 0; i < COUNT_OF(schemas); i++)
        names[i] = schemas[i].document;
    const char *near = suggest_nearest(document, names, COUNT_OF(schemas));
    return complain(EXIT_USAGE, "muster schema --help", "there is no schema of '%s'%s%s%s", document,
                    near != NULL ? "; did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
}

int cmd_schema(const struct options *o) {
    const char *document = o->operand_count > 0 ? o->operands[0] : schemas[0].document;
    for (size_t i = 0; i < COUNT_OF(schemas); i++) {
        if (strcmp(document, schemas[i].document) != 0)
            continue;
        struct text out = {0};
        schemas[i].print(&out);
        fputs(text_get(&out), stdout);
        text_free(&out);
        return EXIT_PASS;
    }
    return unknown(document);
}
