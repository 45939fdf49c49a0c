#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "backend/builtin.h"
#include "base/err.h"
#include "cli/cmd.h"
#include "cli/front.h"
#include "fleet/run.h"
#include "report/report_session.h"

/* The one place where a signal handler and the program meet. */
static volatile int signal_count, signal_number;

static void on_signal(int number) {
    signal_number = number;
    signal_count++;
    if (signal_count > 1)
        _exit(128 + number); /* the logs are whole lines; nothing else is worth waiting for */
}

static void catch_signals(void) {
    struct sigaction action = {.sa_handler = on_signal};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

/* Secrets stay out of core files. */
static void forbid_cores(void) {
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    prctl(PR_SET_DUMPABLE, 0);
}

/* One built-in backend serves every target that asks for it. */
static int start_builtin(struct plan *plan, struct builtin *backend, struct address *node, char *why, size_t why_size) {
    bool needed = false;
    for (unsigned i = 0; i < plan->target_count; i++)
        needed = needed || plan->targets[i].builtin;
    if (!needed)
        return 0;
    int error = builtin_start(backend, node, why, why_size);
    for (unsigned i = 0; i < plan->target_count && error == 0; i++)
        if (plan->targets[i].builtin) {
            plan->targets[i].nodes = node;
            plan->targets[i].node_count = 1;
        }
    return error;
}

/* A large fleet against an address that is not private is confirmed by a person, or by --yes. */
static bool confirmed(const struct plan *plan, const struct options *o) {
    const struct address *far = NULL;
    for (unsigned t = 0; t < plan->target_count; t++)
        for (unsigned n = 0; n < plan->targets[t].node_count; n++)
            if (!address_is_private(&plan->targets[t].nodes[n]))
                far = &plan->targets[t].nodes[n];
    if (far == NULL || plan->device_count <= 50 || o->yes || !isatty(STDIN_FILENO))
        return true;
    char text[64], answer[8];
    fprintf(stderr, "%u devices will connect to %s (%s), which is not a private address. Go on? [y/N] ",
            plan->device_count, plan->targets[0].url, address_format(far, text, sizeof text));
    return fgets(answer, sizeof answer, stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

static int run(struct plan *plan, const struct options *o) {
    char why[512] = "";
    struct report_options report = {.out = o->out,
                                    .argc = o->argc,
                                    .argv = o->argv,
                                    .json = o->json,
                                    .quiet = o->quiet,
                                    .no_color = o->no_color,
                                    .fail_code = o->fail_code,
                                    .shard = o->shard,
                                    .shards = o->shards};
    struct report_session *session;
    int code = EXIT_INTERNAL;
    if (report_session_open(plan, &report, &session, &code, why, sizeof why) < 0) {
        fprintf(stderr, "%s\n", why);
        return code;
    }
    catch_signals();
    struct run_options options = {.workers = (unsigned)o->workers,
                                  .shard = o->shard,
                                  .shards = o->shards,
                                  .start_at_unix_ns = o->start_at_unix_ns,
                                  .wait = o->wait,
                                  .fail_code = o->fail_code,
                                  .signals = &signal_count,
                                  .signal_number = &signal_number};
    struct run_sink sink = report_session_sink(session);
    struct run_facts facts;
    if (run_plan(plan, &options, &sink, &facts, why, sizeof why) < 0) {
        fprintf(stderr, "%s\n", why);
        code = facts.exit_code;
        report_session_discard(session);
    } else {
        code = report_session_close(session, &facts);
    }
    run_facts_free(&facts);
    return code;
}

int cmd_run(const struct options *o) {
    forbid_cores();
    struct front f;
    int code = front_open(&f, o, o->operand_count > 0 ? o->operands[0] : NULL, true);
    struct builtin backend = BUILTIN_NONE;
    struct address node;
    char why[512] = "";
    if (code == EXIT_PASS && start_builtin(f.plan, &backend, &node, why, sizeof why) < 0) {
        fprintf(stderr, "%s\n", why);
        code = EXIT_ENVIRONMENT;
    } else if (code == EXIT_PASS && !confirmed(f.plan, o)) {
        fputs("not confirmed; nothing was sent\n", stderr);
        code = EXIT_GUARD;
    } else if (code == EXIT_PASS) {
        code = run(f.plan, o);
    }
    builtin_stop(&backend);
    front_free(&f);
    return code;
}
