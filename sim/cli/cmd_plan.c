#include <stdio.h>

#include "cli/cmd.h"
#include "cli/complain.h"
#include "cli/forecasting.h"
#include "cli/front.h"
#include "fleet/run.h"
#include "report/terminal.h"
#include "scenario/plan_print.h"

/* The object `forecast`. */
static void write_forecast(void *context, struct json_write *w) {
    const struct forecasting *f = context;
    json_write_key(w, "forecast");
    json_write_open_object(w);
    forecast_write(f->forecast, w);
    forecast_backends_write(f->backends, f->backend_count, w);
    json_write_close_object(w);
}

static void print_forecast(const struct plan *plan, const struct options *o, struct text *out) {
    char data_dir[FRONT_DATA_DIR_MAX];
    struct forecasting f;
    forecasting_make(&f, plan, front_data_dir(data_dir, sizeof data_dir));
    if (o->json) {
        plan_print_json_with(plan, write_forecast, &f, out);
    } else {
        plan_print_text(plan, out);
        forecast_print(f.forecast, out);
        forecast_backends_print(f.forecast, f.backends, f.backend_count, out);
    }
    forecasting_free(&f);
}

static int print(const struct plan *plan, const struct options *o, struct text *out) {
    if (o->forecast)
        print_forecast(plan, o, out);
    else if (o->show_origin)
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
    if (o->forecast && (o->has_device || o->show_origin))
        return complain(EXIT_USAGE, "muster plan --help", "--forecast does not go with --%s",
                        o->has_device ? "device" : "show-origin");
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
