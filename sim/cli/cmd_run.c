#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "backend/builtin.h"
#include "base/log.h"
#include "cli/cmd.h"
#include "cli/complain.h"
#include "cli/front.h"
#include "cli/interrupt.h"
#include "fleet/reach.h"
#include "fleet/run.h"
#include "fleet/virtual.h"
#include "loop/loop.h"
#include "report/report_session.h"
#include "scenario/device_name.h"
#include "scenario/plan_load.h"
#include "scenario/plan_targets.h"

enum {
    SMALL_FLEET = 50, /* larger ones are confirmed where others may be hit */
    BUILTIN_SETTINGS_MAX = OPTIONS_LIST_MAX,
};

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
    virtual_point_at(plan);
    if (!needed || plan->virtual_time)
        return 0;
    const char *arguments[2 * BUILTIN_SETTINGS_MAX + 1];
    size_t count = 0;
    for (unsigned i = 0; i < plan->builtin_setting_count && i < BUILTIN_SETTINGS_MAX; i++) {
        arguments[count++] = "--set";
        arguments[count++] = plan->builtin_settings[i];
    }
    arguments[count] = NULL;
    int error = builtin_start_with(backend, NULL, arguments, node, why, why_size);
    for (unsigned i = 0; i < plan->target_count && error == 0; i++)
        if (plan->targets[i].builtin) {
            plan->targets[i].nodes = node;
            plan->targets[i].node_count = 1;
        }
    return error;
}

/* The first target without an address: its name does not resolve, as a finding has said. */
static const struct target *unresolved(const struct plan *plan) {
    for (unsigned t = 0; t < plan->target_count; t++)
        if (plan->targets[t].node_count == 0)
            return &plan->targets[t];
    return NULL;
}

/* A large fleet against an address that is not private is confirmed by a person at a terminal, or by --yes. Whether the
 * scenario allows the address at all is the guard's business (fleet/run.c); where it does not, nobody is asked. */
static bool confirmed(const struct plan *plan, const struct options *o) {
    const struct target *target = NULL;
    const struct address *far = plan_targets_far_node(plan, &target);
    if (far == NULL || plan->device_count <= SMALL_FLEET || !plan->safety.allow_given || o->yes ||
        !isatty(STDIN_FILENO))
        return true;
    struct plan_load load;
    char text[64], answer[8];
    plan_load_of(plan, 0, &load);
    fprintf(stderr,
            "%s (%s) is not a private address:\n"
            "%u devices will connect, up to %.0f connects/s and %.0f messages/s. Go on? [y/N] ",
            target->url, address_format(far, text, sizeof text), plan->device_count, load.connects_per_s_peak,
            load.messages_per_s_peak);
    plan_load_free(&load);
    return fgets(answer, sizeof answer, stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

/* The devices that an option names. False after a message. */
static bool find_devices(const struct plan *plan, const char *option, const struct options_list *names,
                         uint32_t *devices) {
    char why[256];
    for (unsigned i = 0; i < names->count; i++)
        if (device_name_parse(plan, names->items[i], &devices[i], why, sizeof why) < 0) {
            complain(EXIT_USAGE, "muster plan SCENARIO lists the fleets", "--%s: %s; nothing was sent", option, why);
            return false;
        }
    return true;
}

/* --capture and --record. */
struct chosen {
    uint32_t captures[OPTIONS_LIST_MAX], records[OPTIONS_LIST_MAX];
    bool record_all;
    unsigned record_count;
};

static bool choose_devices(const struct plan *plan, const struct options *o, struct chosen *out) {
    out->record_all = o->records.count == 1 && strcmp(o->records.items[0], "all") == 0;
    out->record_count = out->record_all ? 0 : o->records.count;
    return find_devices(plan, "capture", &o->captures, out->captures) &&
           (out->record_all || find_devices(plan, "record", &o->records, out->records));
}

static int run(struct plan *plan, const struct options *o, span wait, const struct chosen *chosen, pid_t builtin) {
    char why[512] = "";
    struct report_options report = {.out = o->out,
                                    .argc = o->argc,
                                    .argv = o->argv,
                                    .json = o->json,
                                    .quiet = o->quiet,
                                    .records = o->records.count > 0,
                                    .prometheus = o->prometheus,
                                    .no_color = o->no_color,
                                    .shard = o->shard,
                                    .shards = o->shards,
                                    .fail_code = o->fail_code};
    struct report_session *session;
    int code = EXIT_INTERNAL;
    if (report_session_open(plan, &report, &session, &code, why, sizeof why) < 0)
        return complain(code,
                        o->prometheus == NULL
                            ? "give --out a new directory that can be written, or leave it out"
                            : "give --prometheus a free port, and --out a new directory that can be written",
                        "%s", why);
    const struct interrupts *interrupts = interrupt_catch();
    struct run_options options = {.workers = (unsigned)o->workers,
                                  .shard = o->shard,
                                  .shards = o->shards,
                                  .start_at_unix_ns = o->start_at_unix_ns,
                                  .wait = wait,
                                  .fail_code = o->fail_code,
                                  .captures = chosen->captures,
                                  .capture_count = o->captures.count,
                                  .record_all = chosen->record_all,
                                  .records = chosen->records,
                                  .record_count = chosen->record_count,
                                  .builtin_pid = (uint32_t)builtin,
                                  .signals = &interrupts->count,
                                  .signal_number = &interrupts->number};
    struct run_sink sink = report_session_sink(session);
    struct run_facts facts;
    if (run_plan(plan, &options, &sink, &facts, why, sizeof why) < 0) {
        report_session_discard(session); /* takes the progress off the screen first */
        code = complain(facts.exit_code, NULL, "%s", why);
    } else {
        code = report_session_close(session, &facts);
    }
    run_facts_free(&facts);
    return code;
}

/* --wait covers names, too: where containers are started together, a service has no name until it runs. What is left of it goes to *left. */
static int open_front(struct front *f, const struct options *o, span *left) {
    const char *scenario = o->operand_count > 0 ? o->operands[0] : NULL;
    int64_t end = loop_clock_monotonic() + o->wait;
    int code = front_open(f, o, scenario, true);
    const struct target *unnamed;
    *left = o->wait;
    while (code == EXIT_PASS && *left > 0 && (unnamed = unresolved(f->plan)) != NULL) {
        bool known = reach_name(unnamed->url, *left, NULL);
        *left = end - loop_clock_monotonic();
        if (!known)
            break;
        front_free(f);
        code = front_open(f, o, scenario, true);
    }
    *left = *left > 0 ? *left : 0;
    return code;
}

/* Shards that were to begin together would not, and nobody would notice. */
static bool starts_in_the_past(const struct options *o) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return o->start_at_unix_ns != 0 && o->start_at_unix_ns < (int64_t)now.tv_sec * SPAN_S;
}

/* Whoever sits before a terminal on which nothing moves should know why. */
static void say_what_it_waits_for(const struct options *o, span wait) {
    struct timespec now;
    char length[32];
    clock_gettime(CLOCK_REALTIME, &now);
    if (o->quiet)
        return;
    if (wait > 0)
        log_line(LOG_INFO, "the target has up to %s to answer", instant_format_span(wait, length, sizeof length));
    if (o->start_at_unix_ns != 0)
        log_line(LOG_INFO, "the run begins in %s",
                 instant_format_span(o->start_at_unix_ns - (int64_t)now.tv_sec * SPAN_S, length, sizeof length));
}

/* The first option that makes no sense on a simulated clock; NULL: there is none. */
static const char *real_time_option(const struct options *o) {
    return !o->virtual_time           ? NULL
           : o->shards > 1            ? "--shard"
           : o->workers > 0           ? "--workers"
           : o->start_at_unix_ns != 0 ? "--start-at"
           : o->wait > 0              ? "--wait"
           : o->prometheus != NULL    ? "--prometheus"
                                      : NULL;
}

int cmd_run(const struct options *o) {
    const char *real = real_time_option(o);
    if (real != NULL)
        return complain(EXIT_USAGE, "muster run --help",
                        "%s does not go with --virtual: one thread runs the whole fleet "
                        "on a clock of its own",
                        real);
    if (starts_in_the_past(o))
        return complain(EXIT_USAGE, "muster run --help", "--start-at lies in the past; nothing was sent");
    forbid_cores();
    struct front f;
    span wait;
    int code = open_front(&f, o, &wait);
    struct builtin backend = BUILTIN_NONE;
    struct address node;
    char why[512] = "";
    struct chosen chosen;
    if (code == EXIT_PASS && !choose_devices(f.plan, o, &chosen))
        code = EXIT_USAGE;
    if (code == EXIT_PASS && start_builtin(f.plan, &backend, &node, why, sizeof why) < 0) {
        code = complain(EXIT_ENVIRONMENT, NULL, "%s", why);
    } else if (code == EXIT_PASS && unresolved(f.plan) != NULL) {
        code = complain(EXIT_UNREACHABLE, "correct the name, or try --target builtin",
                        "%s has no address to connect to; nothing was sent", unresolved(f.plan)->url);
    } else if (code == EXIT_PASS && !confirmed(f.plan, o)) {
        code = complain(EXIT_GUARD, "--yes answers the question beforehand", "not confirmed; nothing was sent");
    } else if (code == EXIT_PASS) {
        say_what_it_waits_for(o, wait);
        code = run(f.plan, o, wait, &chosen, backend.pid);
    }
    builtin_stop(&backend);
    front_free(&f);
    return code;
}
