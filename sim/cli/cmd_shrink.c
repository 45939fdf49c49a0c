#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "cli/cmd.h"
#include "cli/complain.h"
#include "cli/front.h"
#include "cli/interrupt.h"
#include "cli/shrinking.h"
#include "fleet/run.h"
#include "report/run_dir.h"
#include "scenario/node_write.h"

enum { TRIALS_MAX = 2000 };

static void show_progress(void *context, const struct shrinking_facts *f) {
    (void)context;
    char duration[32];
    fprintf(stderr, "\rtrial %u: %u devices, %zu timeline entries, %s ", f->trials, f->devices, f->entries,
            instant_format_span(f->duration, duration, sizeof duration));
    fflush(stderr);
}

static void describe(const struct options *o, const struct shrinking_facts *f, struct text *out) {
    char duration[32], before[32];
    instant_format_span(f->duration, duration, sizeof duration);
    instant_format_span(f->duration_before, before, sizeof before);
    text_printf(out,
                "# %s, made smaller while this held: %s\n"
                "# %u of %u devices, %zu of %zu timeline entries, %s of %s; %u trials.\n"
                "# muster run FILE --virtual shows it.\n",
                o->operand_count > 0 ? o->operands[0] : o->files.items[0], o->condition, f->devices, f->devices_before,
                f->entries, f->entries_before, duration, before, f->trials);
}

static int write_result(const struct options *o, const struct node *tree, const struct shrinking_facts *f) {
    struct text out = {0};
    describe(o, f, &out);
    node_write_yaml(tree, false, &out);
    int code = EXIT_PASS;
    if (o->out != NULL && run_dir_write_path(o->out, text_get(&out), out.size) != 0)
        code = complain(EXIT_ENVIRONMENT, "what was found follows on standard output", "cannot write %s: %s", o->out,
                        strerror(errno));
    if (o->out == NULL || code != EXIT_PASS)
        fputs(text_get(&out), stdout);
    text_free(&out);
    return code;
}

static int shrink(const struct options *o, const struct plan *plan) {
    const struct interrupts *interrupts = interrupt_catch();
    bool shows = !o->quiet && isatty(STDERR_FILENO);
    struct shrinking_request request = {.plan = plan,
                                        .expression = o->condition,
                                        .trials_max = TRIALS_MAX,
                                        .signals = &interrupts->count,
                                        .progress = shows ? show_progress : NULL};
    struct shrinking_facts facts;
    struct node *tree = NULL;
    int error = shrinking_search(&request, &tree, &facts);
    if (shows)
        fputc('\n', stderr);
    if (error == ERR_AGAIN)
        return complain(interrupts->number == SIGTERM ? EXIT_SIGTERM : EXIT_SIGINT, "start it again",
                        "interrupted before the whole scenario had been tried; nothing was written");
    if (error < 0)
        return complain(EXIT_CHECK_FAILED, "muster run SCENARIO --virtual shows what does",
                        "'%s' does not hold in the whole scenario", o->condition);
    int code = write_result(o, tree, &facts);
    if (!o->quiet && code == EXIT_PASS)
        fprintf(stderr, "%u of %u devices and %zu of %zu timeline entries are enough, after %u trials\n", facts.devices,
                facts.devices_before, facts.entries, facts.entries_before, facts.trials);
    node_free(tree);
    return code;
}

/* False after a message. */
static bool is_understood(const struct plan *plan, const char *expression) {
    struct diagnostic_list found;
    diagnostic_init(&found);
    struct plan_options options = {.virtual_time = true, .skip_resources = true};
    struct plan *p = plan_compile(shrinking_whole(plan, expression), &options, &found);
    if (p == NULL)
        complain(EXIT_SCENARIO, "muster explain checks.[].expect", "--while: %s",
                 found.count > 0 ? found.items[0].message : "it is not understood");
    else
        plan_free(p);
    diagnostic_free(&found);
    return p != NULL;
}

int cmd_shrink(const struct options *o) {
    if (o->condition == NULL)
        return complain(EXIT_USAGE, "muster shrink --help", "--while EXPR says what has to stay true");
    if (o->out != NULL && access(o->out, F_OK) == 0)
        return complain(EXIT_USAGE, "choose another name, or move it away first",
                        "%s exists already and is left as it is", o->out);
    struct options simulated = *o;
    simulated.virtual_time = true;
    struct front f;
    int code = front_open(&f, &simulated, o->operand_count > 0 ? o->operands[0] : NULL, false);
    if (code == EXIT_PASS)
        code = is_understood(f.plan, o->condition) ? shrink(o, f.plan) : EXIT_SCENARIO;
    front_free(&f);
    return code;
}
