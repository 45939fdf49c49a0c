/* argv → verb → exit code. */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/complain.h"
#include "cli/help.h"
#include "fleet/run.h"

static int (*const verbs[VERBS])(const struct options *) = {
    [VERB_RUN] = cmd_run,           [VERB_CHECK] = cmd_check,           [VERB_PLAN] = cmd_plan,
    [VERB_EXPLAIN] = cmd_explain,   [VERB_SCHEMA] = cmd_schema,         [VERB_INIT] = cmd_init,
    [VERB_BACKEND] = cmd_backend,   [VERB_REPORT] = cmd_report,         [VERB_REPLAY] = cmd_replay,
    [VERB_SHRINK] = cmd_shrink,     [VERB_COMPARE] = cmd_compare,       [VERB_DOCTOR] = cmd_doctor,
    [VERB_CAPACITY] = cmd_capacity, [VERB_COMPLETION] = cmd_completion, [VERB_IMPORT] = cmd_import,
    [VERB_VERSION] = cmd_version,
};

static int show_help(const struct options *o) {
    struct text out = {0};
    if (o->verb == VERBS)
        help_program(&out);
    else
        help_verb(o->verb, &out);
    fputs(text_get(&out), stdout);
    text_free(&out);
    return EXIT_PASS;
}

int main(int argc, char **argv) {
    struct options options;
    struct text message = {0};
    signal(SIGCHLD,
           SIG_DFL); /* whoever started us may ignore it, and then nobody can tell how our own processes ended */
    int code = options_parse(argc, argv, &options, &message);
    if (code != 0) {
        fputs(text_get(&message), stderr);
        text_free(&message);
        return code;
    }
    code = options.help ? show_help(&options) : verbs[options.verb](&options);
    bool lost = fflush(stdout) != 0 || ferror(stdout);
    if (!lost || code != EXIT_PASS)
        return code;
    return complain(EXIT_INTERNAL, "free some space on the disk, or see where the output goes",
                    "not all of the output could be written");
}
