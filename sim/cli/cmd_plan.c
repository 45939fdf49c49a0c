#include <stdio.h>

#include "cli/cmd.h"
#include "cli/complain.h"
#include "cli/front.h"
#include "fleet/run.h"
#include "report/terminal.h"
#include "scenario/plan_print.h"

static int print(const struct plan *plan, const struct options *o, struct text *out) {
    if (o->show_origin)
        plan_print_origin(plan, out);
    else if (o->has_device)
        return plan_print_device(plan, o->device, o->json, out);
    else if (o->json)
        plan_print_json(plan, out);
    else
        plan_print_text(plan, out);
    return 0;
}

int cmd_plan(const struct options *o) {
    struct front f;
    int code = front_open(&f, o, o->operand_count > 0 ? o->operands[0] : NULL, false);
    if (code == EXIT_PASS) {
        struct text out = {0};
        if (print(f.plan, o, &out) < 0)
            code = complain(EXIT_USAGE, "muster plan SCENARIO lists the fleets", "--device: %s", text_get(&out));
        else
            terminal_print(&out, o->json || o->show_origin ? TERMINAL_DATA : TERMINAL_PROSE);
        text_free(&out);
    }
    front_free(&f);
    return code;
}
