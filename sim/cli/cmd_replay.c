#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "cli/cmd.h"
#include "cli/complain.h"
#include "cli/interrupt.h"
#include "fleet/recording.h"
#include "fleet/run.h"
#include "fleet/virtual.h"
#include "report/log_map.h"
#include "report/report_session.h"
#include "report/run_read.h"
#include "scenario/device_name.h"

enum { SHOWN_MAX = 20 }; /* devices that are told one by one */
static const span real_slack =
    250 * SPAN_MS; /* of a run in real time: its timers were late, and its stalls are not repeated */

/* Which devices: a bit for each of the plan, and then a list in rising order. */
struct chosen {
    const struct plan *plan;
    uint64_t *bits, *recorded;
    uint32_t *list;
    unsigned count;
    bool foreign; /* the recording has devices that the plan has not */
};

static bool has(const uint64_t *bits, uint32_t device) {
    return (bits[device / 64] >> device % 64 & 1) != 0;
}

static void note_recorded(void *context, const struct recording_event *e) {
    struct chosen *c = context;
    if (e->device >= c->plan->device_count)
        c->foreign = true;
    else
        c->recorded[e->device / 64] |= UINT64_C(1) << e->device % 64;
}

static void list_chosen(struct chosen *c) {
    for (uint32_t d = 0; d < c->plan->device_count; d++)
        if (has(c->bits, d))
            c->list[c->count++] = d;
}

/* Those of --device, of which a live run may have any; EXIT_PASS, or the exit code after a message. */
static int choose_named(const struct options *o, struct chosen *c) {
    char why[256];
    for (unsigned i = 0; i < o->devices_named.count; i++) {
        const char *name = o->devices_named.items[i];
        uint32_t device;
        if (device_name_parse(c->plan, name, &device, why, sizeof why) < 0)
            return complain(EXIT_USAGE, "muster replay --help", "--device: %s", why);
        if (o->targets.count == 0 && !has(c->recorded, device))
            return complain(EXIT_USAGE, "record it with muster run --record, or leave --device out for all that are",
                            "--device: %s/recording.bin has nothing of %s", o->operands[0], name);
        c->bits[device / 64] |= UINT64_C(1) << device % 64;
    }
    return EXIT_PASS;
}

/* Those of --device, or all that are recorded. EXIT_PASS, or the exit code after a message. */
static int choose_devices(const struct options *o, struct bytes recording, struct chosen *c) {
    char why[256];
    size_t words = c->plan->device_count / 64 + 1;
    c->bits = calloc(words, sizeof *c->bits);
    c->recorded = calloc(words, sizeof *c->recorded);
    c->list = calloc(c->plan->device_count + 1, sizeof *c->list);
    if (c->bits == NULL || c->recorded == NULL || c->list == NULL)
        return complain(EXIT_ENVIRONMENT, NULL, "out of memory");
    if (recording_read(recording, note_recorded, c, why, sizeof why) < 0)
        return complain(EXIT_USAGE, "muster run --record all makes one", "%s/recording.bin: %s", o->operands[0], why);
    if (c->foreign)
        return complain(EXIT_USAGE, "replay the directory in which it was recorded",
                        "%s/recording.bin is of another run", o->operands[0]);
    int code = choose_named(o, c);
    if (code != EXIT_PASS)
        return code;
    if (o->devices_named.count == 0)
        memcpy(c->bits, c->recorded, words * sizeof *c->bits);
    list_chosen(c);
    if (c->count == 0)
        return complain(EXIT_USAGE, "muster run --record all", "%s/recording.bin has no devices", o->operands[0]);
    return EXIT_PASS;
}

/* Says what became of the devices. EXIT_PASS, or 10 when one departed. */
static int judge(const struct plan *plan, const struct run_facts *facts, span slack) {
    char name[DEVICE_NAME_MAX], at[32];
    unsigned departed = 0;
    for (unsigned i = 0; i < facts->played_count; i++) {
        const struct player_device *d = &facts->played[i];
        departed += d->departed;
        if (i >= SHOWN_MAX)
            continue;
        device_name_format(plan, d->device, name, sizeof name);
        if (d->departed)
            fprintf(stderr, "%s departed from the recording at %s, after %llu of %llu writes: %s\n", name,
                    instant_format_span(d->departed_at, at, sizeof at), (unsigned long long)d->sent,
                    (unsigned long long)d->expected, d->how);
        else
            fprintf(stderr, "%s sent the same bytes at the same instants%s: %llu writes\n", name,
                    slack > 0 ? ", but for what real time is late by" : "", (unsigned long long)d->sent);
    }
    if (facts->played_count > SHOWN_MAX)
        fprintf(stderr, "and %u more devices\n", facts->played_count - SHOWN_MAX);
    if (departed > 0)
        fprintf(stderr, "%u of %u devices departed from the recording\n", departed, facts->played_count);
    return departed > 0 ? EXIT_CHECK_FAILED : EXIT_PASS;
}

static int run(struct plan *plan, const struct options *o, struct bytes recording, const struct chosen *chosen,
               span slack, instant until) {
    char why[512] = "";
    bool live = o->targets.count > 0;
    struct report_options report = {
        .out = o->out, .argc = o->argc, .argv = o->argv, .json = o->json, .quiet = o->quiet, .no_color = o->no_color};
    struct report_session *session;
    int code = EXIT_INTERNAL;
    if (report_session_open(plan, &report, &session, &code, why, sizeof why) < 0)
        return complain(code, "give --out a new directory that can be written, or leave it out", "%s", why);
    const struct interrupts *interrupts = interrupt_catch();
    struct run_options options = {.recording = live ? (struct bytes){0} : recording,
                                  .played = chosen->list,
                                  .played_count = live ? 0 : chosen->count,
                                  .played_slack = slack,
                                  .played_until = live ? 0 : until,
                                  .signals = &interrupts->count,
                                  .signal_number = &interrupts->number};
    struct run_sink sink = report_session_sink(session);
    struct run_facts facts;
    if (run_plan(plan, &options, &sink, &facts, why, sizeof why) < 0) {
        report_session_discard(session);
        code = complain(facts.exit_code, NULL, "%s", why);
    } else {
        code = report_session_close(session, &facts);
        if (!live && facts.signal == 0) { /* what the run's own checks say is not asked here */
            int departed = judge(plan, &facts, slack);
            code = code == EXIT_INTERNAL ? code : departed;
        }
    }
    run_facts_free(&facts);
    return code;
}

int cmd_replay(const struct options *o) {
    char path[PATH_MAX], why[512];
    bool live = o->targets.count > 0;
    struct plan_options options = {
        .targets = o->targets.items, .target_count = o->targets.count, .resolve = live, .virtual_time = !live};
    struct run_read *read;
    if (run_read_open_for(o->operands, 1, &options, &read, why, sizeof why) < 0)
        return complain(EXIT_USAGE, "muster replay --help", "%s", why);
    if (run_read_replay(read, NULL, why, sizeof why) < 0) {
        run_read_free(read);
        return complain(EXIT_USAGE, "muster replay --help", "%s", why);
    }
    struct plan *plan = run_read_plan_again(read);
    snprintf(path, sizeof path, "%s/recording.bin", o->operands[0]);
    struct log_map map = log_map_open(path);
    struct bytes recording = bytes_of(map.data, map.size);
    struct chosen chosen = {.plan = plan};
    int code = EXIT_PASS;
    if (map.data == NULL)
        code = complain(EXIT_USAGE, "record one: muster run SCENARIO --record all", "%s is missing or empty", path);
    else
        code = choose_devices(o, recording, &chosen);
    if (code == EXIT_PASS) {
        plan_keep_only(plan, chosen.list, chosen.count);
        virtual_point_at(plan);
        span slack = run_read_was_virtual(read) ? 0 : real_slack;
        code = run(plan, o, recording, &chosen, slack, run_read_facts(read)->ended);
    }
    free(chosen.bits);
    free(chosen.recorded);
    free(chosen.list);
    log_map_close(&map);
    run_read_free(read);
    return code;
}
