#include <stdio.h>

#include "cli/cmd.h"
#include "fleet/run.h"
#include "scenario/explain.h"

int cmd_schema(const struct options *o) {
    (void)o;
    struct text out = {0};
    explain_json_schema(&out);
    fputs(text_get(&out), stdout);
    text_free(&out);
    return EXIT_PASS;
}
