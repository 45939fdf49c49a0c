#include <stdio.h>

#include "cli/cmd.h"
#include "cli/front.h"
#include "fleet/run.h"

int cmd_check(const struct options *o) {
    int worst = EXIT_PASS;
    unsigned count = o->operand_count > 0 ? o->operand_count : 1;
    for (unsigned i = 0; i < count; i++) {
        const char *scenario = o->operand_count > 0 ? o->operands[i] : NULL;
        struct front f;
        int code = front_open(&f, o, scenario, false);
        if (code == EXIT_PASS)
            printf("%s: ok, %u devices, %s, plan %.12s\n", scenario != NULL ? scenario : o->files.items[0],
                   f.plan->device_count, f.plan->observe != NULL ? "audited" : "not audited", f.plan->plan_hash);
        else
            worst = code;
        front_free(&f);
        if (code == EXIT_USAGE)
            break;
    }
    return worst;
}
