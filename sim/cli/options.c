#include "cli/options.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/check.h"
#include "base/suggest.h"
#include "base/units.h"
#include "cli/complain.h"
#include "fleet/run.h"

#define VERB_BIT(verb) (1u << (verb))
#define AT(member)     offsetof(struct options, member)

enum {
    ON_RUN = VERB_BIT(VERB_RUN),
    ON_BACKEND = VERB_BIT(VERB_BACKEND),
    ON_PLAN = VERB_BIT(VERB_PLAN),
    ON_JUDGING = VERB_BIT(VERB_CHECK) | VERB_BIT(VERB_PLAN),
    ON_DOCTOR = VERB_BIT(VERB_DOCTOR),
    ON_CAPACITY = VERB_BIT(VERB_CAPACITY),
    ON_IMPORT = VERB_BIT(VERB_IMPORT),
    ON_REPORT = VERB_BIT(VERB_REPORT),
    ON_REPLAY = VERB_BIT(VERB_REPLAY),
    ON_SHRINK = VERB_BIT(VERB_SHRINK),
    ON_COMPARE = VERB_BIT(VERB_COMPARE),
    ON_SCENARIO = VERB_BIT(VERB_RUN) | VERB_BIT(VERB_CHECK) | VERB_BIT(VERB_PLAN) | ON_DOCTOR | ON_CAPACITY | ON_SHRINK,
    ON_ALL = VERB_BIT(VERBS) - 1
};

enum { SHOWN_MAX = 80 }; /* of a word that is repeated in a message */

const struct option_row options_rows[] = {
    {0, "while", "EXPR", OPTION_TEXT, ON_SHRINK, AT(condition), 0,
     "what has to stay true at the end of the run, as a check says it: 'lost(mqtt.publish) > 0'"},
    {'o', "out", "FILE", OPTION_TEXT, ON_SHRINK, AT(out), 0, "file for the small scenario; default stdout"},
    {0, "device", "DEVICE", OPTION_LIST, ON_REPLAY, AT(devices_named), 0,
     "one of the recorded devices, as in meters-17 or its number over all fleets; default all of them; repeatable"},
    {0, "target", "[NAME=]URI", OPTION_LIST, ON_REPLAY, AT(targets), 0,
     "run the devices in real time against that backend; NAME= when the scenario names several targets"},
    {'o', "out", "DIR", OPTION_TEXT, ON_REPLAY, AT(out), 0,
     "run directory to write, new or without a run; default run-TIME-ID in the current directory"},
    {0, "target", "[NAME=]URI", OPTION_LIST, ON_SCENARIO, AT(targets), 0,
     "where devices connect, instead of the scenario's target; repeat it for the nodes of a cluster, NAME= when the "
     "scenario names several"},
    {'f', "file", "FILE", OPTION_LIST, ON_SCENARIO, AT(files), 0,
     "one more scenario file, merged over the ones before: maps merge, lists replace"},
    {'s', "set", "PATH=VALUE", OPTION_LIST, ON_SCENARIO, AT(sets), 0, "set one key, as in fleets.meters.count=500"},
    {0, "unset", "PATH", OPTION_LIST, ON_SCENARIO, AT(unsets), 0,
     "remove one key; --set and --unset take effect in the order in which they are given"},
    {'n', "devices", "N", OPTION_DEVICES, ON_SCENARIO, AT(devices), 0,
     "so many devices in all; every fleet's count is scaled in proportion"},
    {0, "rate", "F", OPTION_FACTOR, ON_SCENARIO, AT(rate), 0,
     "F times as many messages from the same devices: every gap between telemetry messages is divided by it"},
    {0, "seed", "N", OPTION_NUMBER, ON_SCENARIO, AT(seed), AT(has_seed),
     "seed of all chance; without one in scenario or options, one is drawn, printed and kept"},
    {'o', "out", "DIR", OPTION_TEXT, ON_RUN, AT(out), 0,
     "run directory to write, new or without a run; default run-TIME-ID in the current directory"},
    {'o', "out", "DIR", OPTION_TEXT, ON_REPORT, AT(out), 0,
     "the directory for what several directories add up to, or for a copy of one; it must be new or empty"},
    {'o', "out", "DIR", OPTION_TEXT, ON_DOCTOR, AT(out), 0,
     "where runs will be written, for the space on that disk; default the current directory"},
    {'o', "out", "DIR", OPTION_TEXT, ON_CAPACITY, AT(out), 0,
     "directory for the results and every run, new or empty; default capacity-TIME in the current directory"},
    {'o', "out", "FILE", OPTION_TEXT, ON_IMPORT, AT(out), 0,
     "where the scenario goes, which must not be there yet; default stdout"},
    {'b', "by", "WHAT", OPTION_TEXT, ON_CAPACITY, AT(by), 0,
     "what grows: devices, which is the default, or rate, the messages of the devices that there are"},
    {0, "min", "N", OPTION_FACTOR, ON_CAPACITY, AT(min), 0,
     "lowest load to try, in devices or as a multiple of the rate"},
    {0, "max", "N", OPTION_FACTOR, ON_CAPACITY, AT(max), 0, "highest load to try; default 1000000 devices"},
    {0, "capacity", NULL, OPTION_FLAG, ON_DOCTOR, AT(capacity), 0,
     "first measure what this machine can carry against the built-in broker, with the scenario or a usual fleet, and "
     "keep it: about two minutes"},
    {0, "max", "N", OPTION_FACTOR, ON_DOCTOR, AT(max), 0,
     "with --capacity: highest load to try, in devices, messages/s and connects/s"},
    {0, "precision", "SHARE", OPTION_SHARE, ON_CAPACITY, AT(precision), 0,
     "how close the load that holds and the one that does not have to be; default 5%"},
    {0, "repeats", "N", OPTION_REPEATS, ON_CAPACITY, AT(repeats), 0,
     "runs of which most decide about a load near the knee; odd, default 3"},
    {0, "step-duration", "D", OPTION_DURATION, ON_CAPACITY, AT(step_duration), 0,
     "length of each run, instead of the scenario's duration"},
    {0, "step-duration", "D", OPTION_DURATION, ON_DOCTOR, AT(step_duration), 0, "with --capacity: length of each run"},
    {0, "pause", "D", OPTION_DURATION, ON_CAPACITY, AT(pause), 0, "rest for the backend between runs; default 2s"},
    {0, "virtual", NULL, OPTION_FLAG, ON_RUN | VERB_BIT(VERB_CHECK), AT(virtual_time), 0,
     "on a simulated clock, against the built-in broker in memory: as fast as this machine computes, and the same byte "
     "for byte for a seed"},
    {'w', "workers", "N", OPTION_WORKERS, ON_RUN, AT(workers), 0,
     "threads that drive devices; default one per core, more when descriptors ask for it"},
    {0, "capture", "DEVICE", OPTION_LIST, ON_RUN, AT(captures), 0,
     "write every packet of that device, as in meters-17 or its number over all fleets, to evidence/DEVICE.pcapng; "
     "repeatable"},
    {0, "record", "DEVICE", OPTION_LIST, ON_RUN, AT(records), 0,
     "keep what the peer of that device sends, and when, for muster replay; all: of every device; repeatable"},
    {0, "shard", "I/N", OPTION_SHARD, ON_RUN, AT(shard), 0, "drive the I-th of N shares of the fleet"},
    {0, "start-at", "TIME", OPTION_TIME, ON_RUN, AT(start_at_unix_ns), 0,
     "t = 0 at that instant, so that shards begin together: 2026-11-22T08:30:00Z or @SECONDS"},
    {0, "run-id", "HEX", OPTION_TEXT, ON_RUN, AT(run_id), 0, "four hex digits for ${run.id}"},
    {0, "wait", "D", OPTION_DURATION, ON_RUN | ON_CAPACITY, AT(wait), 0,
     "wait that long for the target to have a name and to answer, as in 30s"},
    {0, "fail-code", "N", OPTION_CODE, ON_RUN, AT(fail_code), 0, "exit with N instead of 10, 11 or 12"},
    {'y', "yes", NULL, OPTION_FLAG, ON_RUN | ON_CAPACITY, AT(yes), 0,
     "do not ask before a large fleet goes to an address that is not private; such an address stands in safety.allow "
     "all the same"},
    {0, "device", "N", OPTION_NUMBER, ON_PLAN, AT(device), AT(has_device),
     "list the intended operations of device N (index over all fleets, from 0)"},
    {0, "device", "WHO", OPTION_TEXT, ON_IMPORT, AT(who), 0,
     "whom to follow: a client id, or ADDRESS[:PORT] of a client; needed when the capture shows several"},
    {0, "model", NULL, OPTION_FLAG, ON_IMPORT, AT(model), 0,
     "periods, distributions and a reconnect policy in place of the exact instants: to make a fleet of such devices"},
    {0, "payloads", "bytes|sizes", OPTION_TEXT, ON_IMPORT, AT(payloads), 0,
     "bytes: what was sent, which is the default; sizes: random bytes, as many"},
    {0, "show-origin", NULL, OPTION_FLAG, ON_PLAN, AT(show_origin), 0,
     "print every value with the file and line, or the option, that it comes from"},
    {0, "forecast", NULL, OPTION_FLAG, ON_PLAN, AT(forecast), 0,
     "run the scenario, or a sample of its devices, in simulated time: messages, bytes, connections, energy, battery "
     "lives, and what limits of backends it would hit"},
    {0, "names", NULL, OPTION_FLAG, VERB_BIT(VERB_EXPLAIN), AT(names), 0,
     "print every name that begins with KEY, one per line"},
    {0, "deny", "warnings", OPTION_TEXT, ON_JUDGING, AT(deny), 0, "warnings count as errors (exit 3)"},
    {0, "error-format", "F", OPTION_TEXT, ON_SCENARIO, AT(error_format), 0, "findings as text, json, gcc or github"},
    {0, "prometheus", "[ADDRESS:]PORT", OPTION_TEXT, ON_RUN, AT(prometheus), 0,
     "serve the numbers of the run for Prometheus at /metrics while it goes on; on 127.0.0.1 unless an address is "
     "given, "
     "port 0 for a free one"},
    {'j', "json", NULL, OPTION_FLAG, ON_RUN | ON_REPORT | ON_REPLAY, AT(json), 0,
     "summary.json on stdout in place of the text"},
    {'j', "json", NULL, OPTION_FLAG, ON_PLAN | ON_COMPARE | ON_DOCTOR | ON_CAPACITY | VERB_BIT(VERB_VERSION), AT(json),
     0, "the result as JSON"},
    {'q', "quiet", NULL, OPTION_FLAG, ON_RUN | ON_REPLAY | ON_SHRINK | ON_CAPACITY | ON_DOCTOR, AT(quiet), 0,
     "no progress on stderr"},
    {'q', "quiet", NULL, OPTION_FLAG, ON_BACKEND, AT(quiet), 0, "do not say when it starts and stops"},
    {0, "no-color", NULL, OPTION_FLAG, ON_SCENARIO | ON_REPORT | ON_REPLAY | ON_COMPARE, AT(no_color), 0,
     "no colours (the variable NO_COLOR does the same)"},
    {'l', "listen", "ADDRESS:PORT", OPTION_TEXT, ON_BACKEND, AT(listen), 0,
     "where to listen; default 127.0.0.1:1883, port 0 for a free one"},
    {'s', "set", "NAME=VALUE", OPTION_LIST, ON_BACKEND, AT(sets), 0,
     "set a limit or a speed, as in queue=100 or service=20ms; repeatable, the names are in docs/builtin-broker.md"},
    {0, "misbehave", "NAME[=VALUE]", OPTION_LIST, ON_BACKEND, AT(misbehave), 0,
     "deviate from the specification on purpose, as in drop=1000; repeatable, the names are in docs/builtin-broker.md"},
    {0, "ready-fd", "N", OPTION_DESCRIPTOR, ON_BACKEND, AT(ready_fd), 0,
     "write the port and a line end to this open descriptor when listening"},
    {'m', "metric", "METRIC", OPTION_LIST, ON_COMPARE, AT(metrics), 0,
     "what decides, instead of what was found on both sides, as in p99(mqtt.publish.ack) or failed(mqtt.connect); "
     "repeatable"},
    {0, "margin", "SHARE", OPTION_SHARE, ON_COMPARE, AT(margin), 0, "how much a latency may change; default 5%"},
    {0, "force", NULL, OPTION_FLAG, ON_COMPARE, AT(force), 0,
     "compare runs that do not belong together all the same; the result says so"},
    {'h', "help", NULL, OPTION_FLAG, ON_ALL, AT(help), 0, "this text"},
};
const size_t options_row_count = COUNT_OF(options_rows);

#define EXAMPLES(...)                                                                                                  \
    (const char *const[]) {                                                                                            \
        __VA_ARGS__, NULL                                                                                              \
    }

const struct options_verb options_verbs[VERBS] = {
    {VERB_RUN, "run", "SCENARIO", 0, 1, "drive the fleet, write a run directory, judge the checks",
     "The exit code tells how it went: 0 all checks passed, 10 a check failed, 11 a conformance check failed, 12 a "
     "check aborted the run, 13 not trustworthy (the generator was the bottleneck), 6 the target does not answer, 5 "
     "refused by the safety guard, 4 the machine cannot do it, 3 the scenario is wrong, 2 usage.",
     EXAMPLES("muster run scenarios/quickstart.yaml",
              "muster run scenarios/ci-smoke.yaml --target mqtt://127.0.0.1:1883 -o out")},
    {VERB_CHECK, "check", "SCENARIO...", 0, OPTIONS_OPERANDS_MAX,
     "validate scenarios: every error with file:line:column; sends nothing",
     "Exit code 0 when there is nothing to correct, 3 otherwise.",
     EXAMPLES("muster check scenarios/*.yaml --deny warnings")},
    {VERB_PLAN, "plan", "SCENARIO", 0, 1, "what would happen: load curve, peaks, sockets, memory; sends nothing", NULL,
     EXAMPLES("muster plan scenarios/load/steady-10k.yaml", "muster plan scenarios/quickstart.yaml --device 7",
              "muster plan scenarios/load/steady-10k.yaml --forecast")},
    {VERB_EXPLAIN, "explain", "KEY", 1, 1,
     "document a key of the scenario language, a metric, a function, a variable or the code of an error",
     "The key \"scenario\" lists the keys of the top level.",
     EXAMPLES("muster explain 'profiles.*.reconnect'", "muster explain mqtt.publish.ack")},
    {VERB_SCHEMA, "schema", "[DOCUMENT]", 0, 1,
     "print a JSON Schema (draft-07): of the scenario language, for editors, or of a result",
     "DOCUMENT is scenario, which is the default, summary for summary.json, or events for a line of events.ndjson.",
     EXAMPLES("muster schema > muster.schema.json", "muster schema summary")},
    {VERB_INIT, "init", "NAME", 1, 1, "write a commented starter scenario: quickstart, storm or ci",
     "Writes NAME.yaml into the current directory and leaves a file that exists alone.",
     EXAMPLES("muster init quickstart && muster run quickstart.yaml")},
    {VERB_BACKEND, "backend", "", 0, 0,
     "run the built-in broker in the foreground: demos, tests, misbehaviour on request",
     "It serves until SIGTERM or Ctrl-C, and then prints one line of JSON with what it counted. It is for trials and "
     "tests: no access control, no TLS.",
     EXAMPLES("muster backend --listen 127.0.0.1:1883", "muster backend --set queue=100 --misbehave drop=1000")},
    {VERB_REPORT, "report", "DIR...", 1, OPTIONS_OPERANDS_MAX,
     "make the documents of a run again from its logs, also of one that was killed; or add up the shards of one",
     "One directory: its summary.json, summary.md, junit.xml and report.html are written anew. Several, the shards of "
     "one run: --out gets logs and documents of the whole. Exit code: that of the run; 14 when the run did not come to "
     "its end.",
     EXAMPLES("muster report run-20261122T083000Z-3f9a", "muster report shard-1 shard-2 --out whole")},
    {VERB_REPLAY, "replay", "DIR", 1, 1,
     "let recorded devices of a run live their lives again, alone, in simulated time",
     "DIR is the directory of a run with --record. Each device gets the draws, the faults and the bytes of its peer "
     "that it had then, at the "
     "same instants; it is said whether it sent the same. With --target the devices run live against another backend, "
     "without what was "
     "recorded. Exit code 0: as recorded, 10: a device departed from it.",
     EXAMPLES("muster replay run-20261122T083000Z-3f9a --device thermostats-17 --out alone")},
    {VERB_SHRINK, "shrink", "SCENARIO", 0, 1,
     "the smallest scenario that still shows something, found in simulated time",
     "Devices, timeline entries, duration and keys are taken away as long as the expression of --while holds. Exit "
     "code 0: a scenario was "
     "written, 10: the expression does not hold in the whole one.",
     EXAMPLES("muster shrink scenarios/quickstart.yaml --while 'count(mqtt.publish) > 3'")},
    {VERB_COMPARE, "compare", "BEFORE... -- AFTER...", 2, OPTIONS_OPERANDS_MAX,
     "is one side's run worse than the other's? statistics over whole runs",
     "One run a side, for which -- may be left out, or at least four. Exit code 0: same or better, 10: worse, 13: the "
     "runs cannot tell.",
     EXAMPLES("muster compare run-before run-after", "muster compare a1 a2 a3 a4 a5 -- b1 b2 b3 b4 b5 --margin 10%")},
    {VERB_DOCTOR, "doctor", "[SCENARIO]", 0, 1,
     "whether this machine can do it: need, have, and the command that changes it; sends nothing to the target",
     "Without a scenario it looks at the machine in general. Exit code 0 when there is enough of everything, 4 when "
     "something is short.",
     EXAMPLES("muster doctor", "muster doctor scenarios/load/connect-200k.yaml", "muster doctor --capacity")},
    {VERB_CAPACITY, "capacity", "SCENARIO", 0, 1, "search for the highest load that still meets the scenario's checks",
     "Doubles the load until a check fails, then closes in; every load is a run of its own below --out. The exit code "
     "is 0 when the knee was found or --max holds, 10 when even --min is too much, 13 when this generator was the "
     "limit.",
     EXAMPLES("muster capacity scenarios/load/knee.yaml --target mqtt://127.0.0.1:1883",
              "muster capacity scenarios/load/knee.yaml --by rate --max 50")},
    {VERB_IMPORT, "import", "CAPTURE", 1, 1,
     "a packet capture of one MQTT device becomes a scenario that does the same again",
     "CAPTURE is pcapng or pcap, of plain MQTT: encrypted connections cannot be read. The scenario's comments say what "
     "was seen and what a scenario cannot say; passwords are never written. Exit code 2 when there is no such device, "
     "or "
     "several and no --device; they are listed then.",
     EXAMPLES("muster import capture.pcapng --device meter-17 -o meter-17.yaml",
              "muster import capture.pcapng --device 10.0.0.7 --model -o meters.yaml")},
    {VERB_COMPLETION, "completion", "SHELL", 1, 1, "print the completion for a shell: bash, zsh or fish",
     "make install installs them for all users; these commands do it for one.",
     EXAMPLES("muster completion bash > ~/.local/share/bash-completion/completions/muster",
              "muster completion fish > ~/.config/fish/completions/muster.fish")},
    {VERB_VERSION, "version", "", 0, 0, "version, build and libraries", NULL, EXAMPLES("muster version --json")},
};

static const struct options_verb *find_verb(const char *name) {
    for (size_t i = 0; i < VERBS; i++)
        if (strcmp(options_verbs[i].name, name) == 0)
            return &options_verbs[i];
    return NULL;
}

static const struct option_row *find_option(const struct options *o, const char *name, size_t size) {
    for (size_t i = 0; i < options_row_count; i++) {
        const struct option_row *row = &options_rows[i];
        if ((row->verbs & VERB_BIT(o->verb)) != 0 && strlen(row->name) == size && strncmp(row->name, name, size) == 0)
            return row;
    }
    return NULL;
}

static const struct option_row *find_letter(const struct options *o, char letter) {
    for (size_t i = 0; i < options_row_count; i++)
        if ((options_rows[i].verbs & VERB_BIT(o->verb)) != 0 && options_rows[i].letter == letter)
            return &options_rows[i];
    return NULL;
}

/* With the verb's own help as what to try next. */
static void refuse(const struct options *o, struct text *message, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void refuse(const struct options *o, struct text *message, const char *format, ...) {
    struct text sentence = {0};
    char hint[32];
    va_list args;
    va_start(args, format);
    text_vprintf(&sentence, format, args);
    va_end(args);
    snprintf(hint, sizeof hint, "muster %s --help", options_verbs[o->verb].name);
    complain_to(message, hint, "%s", text_get(&sentence));
    text_free(&sentence);
}

/* `word`: as it stands on the command line. */
static int unknown_option(const struct options *o, const char *word, struct text *message) {
    const char *names[COUNT_OF(options_rows)];
    size_t count = 0;
    char name[SHOWN_MAX];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    for (size_t i = 0; i < options_row_count; i++)
        if ((options_rows[i].verbs & VERB_BIT(o->verb)) != 0)
            names[count++] = options_rows[i].name;
    const char *near = text_has_prefix(name, "--") ? suggest_nearest(name + 2, names, count) : NULL;
    refuse(o, message, "muster %s has no option %.*s%s%s%s", options_verbs[o->verb].name, SHOWN_MAX, word,
           near != NULL ? "; did you mean --" : "", near != NULL ? near : "", near != NULL ? "?" : "");
    return EXIT_USAGE;
}

static bool read_number(const char *text, uint64_t *out) {
    if (*text < '0' || *text > '9')
        return false;
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0';
}

static bool read_shard(const char *text, struct options *o) {
    uint64_t shard, shards;
    const char *slash = strchr(text, '/');
    char first[24];
    if (slash == NULL || (size_t)(slash - text) >= sizeof first)
        return false;
    memcpy(first, text, (size_t)(slash - text));
    first[slash - text] = '\0';
    if (!read_number(first, &shard) || !read_number(slash + 1, &shards) || shard < 1 || shard > shards ||
        shards > OPTIONS_SHARDS_MAX)
        return false;
    o->shard = (unsigned)shard;
    o->shards = (unsigned)shards;
    return true;
}

static bool read_time(const char *text, int64_t *unix_ns) {
    uint64_t seconds;
    if (*text != '@' || !read_number(text + 1, &seconds)) {
        struct tm parts = {0};
        const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
        if (end == NULL || strcmp(end, "Z") != 0)
            return false;
        seconds = (uint64_t)timegm(&parts); /* before 1970: huge, and refused */
    }
    if (seconds > INT64_MAX / SPAN_S)
        return false;
    *unix_ns = (int64_t)seconds * SPAN_S;
    return true;
}

/* Nobody waits for a year; what is longer is a slip. */
static bool read_duration(const char *text, span *out, char *why, size_t why_size) {
    double ns;
    if (units_parse_as(text, strlen(text), UNITS_DURATION, &ns, why, why_size) < 0)
        return false;
    snprintf(why, why_size, "expected a duration from 0s to 365 days");
    if (ns < 0 || ns > 365.0 * (double)SPAN_DAY)
        return false;
    *out = (span)ns;
    return true;
}

static bool read_factor(const char *text, double *out) {
    char why[240];
    double value;
    if (units_parse_as(text, strlen(text), UNITS_PLAIN, &value, why, sizeof why) < 0 || value < 0.001 || value > 1e6)
        return false;
    *out = value;
    return true;
}

static bool read_share(const char *text, double *out) {
    char why[240];
    return units_parse_as(text, strlen(text), UNITS_SHARE, out, why, sizeof why) == 0 && *out > 0 && *out < 1;
}

/* Stores one value. False with what was expected, or is wrong. */
static bool store(const struct option_row *row, const char *value, struct options *o, const char **expected, char *why,
                  size_t why_size) {
    char *at = (char *)o + row->offset;
    uint64_t number;
    switch (row->type) {
    case OPTION_FLAG:
        *(bool *)(void *)at = true;
        return true;
    case OPTION_TEXT:
        *(const char **)(void *)at = value;
        return true;
    case OPTION_LIST: {
        struct options_list *list = (struct options_list *)(void *)at;
        *expected = "there may be 64 of them";
        if (list->count == OPTIONS_LIST_MAX)
            return false;
        list->places[list->count] = o->list_values++;
        list->items[list->count++] = value;
        return true;
    }
    case OPTION_NUMBER:
        *expected = "expected a whole number";
        return read_number(value, (uint64_t *)(void *)at);
    case OPTION_DEVICES:
        *expected = "expected a whole number from 1";
        return read_number(value, (uint64_t *)(void *)at) && *(uint64_t *)(void *)at >= 1;
    case OPTION_WORKERS:
        *expected = "expected a whole number from 1 to 1024";
        return read_number(value, (uint64_t *)(void *)at) && *(uint64_t *)(void *)at >= 1 &&
               *(uint64_t *)(void *)at <= OPTIONS_WORKERS_MAX;
    case OPTION_DESCRIPTOR:
        *expected = "expected the number of a descriptor";
        if (!read_number(value, &number) || number > INT_MAX)
            return false;
        *(int *)(void *)at = (int)number;
        return true;
    case OPTION_DURATION:
        *expected = why;
        return read_duration(value, (span *)(void *)at, why, why_size);
    case OPTION_FACTOR:
        *expected = "expected a number from 0.001 to 1000000, as in 2.5";
        return read_factor(value, (double *)(void *)at);
    case OPTION_SHARE:
        *expected = "expected a share above 0% and below 100%, as in 5%";
        return read_share(value, (double *)(void *)at);
    case OPTION_REPEATS:
        *expected = "expected an odd number from 1 to 9, so that most can agree";
        return read_number(value, (uint64_t *)(void *)at) && *(uint64_t *)(void *)at % 2 == 1 &&
               *(uint64_t *)(void *)at <= OPTIONS_REPEATS_MAX;
    case OPTION_SHARD:
        *expected = "expected I/N with 1 <= I <= N, as in 1/2";
        return read_shard(value, o);
    case OPTION_TIME:
        *expected = "expected 2026-11-22T08:30:00Z or @SECONDS since 1970";
        return read_time(value, (int64_t *)(void *)at);
    case OPTION_CODE:
        *expected = "expected a number from 1 to 255";
        if (!read_number(value, &number) || number < 1 || number > 255)
            return false;
        *(int *)(void *)at = (int)number;
        return true;
    }
    return false;
}

static int take(const struct option_row *row, const char *value, struct options *o, struct text *message) {
    const char *expected = "";
    char why[240];
    if (!store(row, value, o, &expected, why, sizeof why)) {
        refuse(o, message, "--%s %.*s: %s", row->name, SHOWN_MAX, value, expected);
        return EXIT_USAGE;
    }
    if (row->seen_offset != 0)
        *(bool *)(void *)((char *)o + row->seen_offset) = true;
    return 0;
}

static int parse_option(int argc, char **argv, int *i, struct options *o, struct text *message) {
    const char *word = argv[*i], *value = NULL;
    const struct option_row *row;
    if (word[1] == '-') {
        const char *name = word + 2, *equals = strchr(name, '=');
        size_t size = equals == NULL ? strlen(name) : (size_t)(equals - name);
        row = find_option(o, name, size);
        if (row == NULL)
            return unknown_option(o, word, message);
        value = equals == NULL ? NULL : equals + 1;
    } else {
        row = find_letter(o, word[1]);
        if (row == NULL)
            return unknown_option(o, word, message);
        value = word[2] == '\0' ? NULL : word + 2;
    }
    if (row->argument == NULL && value != NULL) {
        refuse(o, message, "--%s takes no value", row->name);
        return EXIT_USAGE;
    }
    if (row->argument != NULL && value == NULL) {
        if (*i + 1 >= argc) {
            refuse(o, message, "--%s needs a value: %s", row->name, row->argument);
            return EXIT_USAGE;
        }
        value = argv[++*i];
    }
    return take(row, value, o, message);
}

static int unknown_verb(const char *name, struct text *message) {
    const char *names[VERBS];
    for (size_t i = 0; i < VERBS; i++)
        names[i] = options_verbs[i].name;
    const char *near = suggest_nearest(name, names, VERBS);
    complain_to(message, "muster --help", "%s '%.*s'%s%s%s",
                *name == '-' ? "expected a verb first, not" : "muster has no verb", SHOWN_MAX, name,
                near != NULL ? "; did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
    return EXIT_USAGE;
}

static int check_operands(const struct options *o, struct text *message) {
    const struct options_verb *v = &options_verbs[o->verb];
    bool takes_files = (ON_SCENARIO & VERB_BIT(o->verb)) != 0;
    unsigned given = o->operand_count + (takes_files ? o->files.count : 0);
    bool optional = v->operands[0] == '[';
    unsigned least = takes_files && !optional ? 1 : v->operands_min;
    if (given >= least && o->operand_count <= v->operands_max)
        return 0;
    if (given < least)
        refuse(o, message, "muster %s: expected %s", v->name, v->operands);
    else
        refuse(o, message, "muster %s takes %s; '%.*s' is one too many", v->name,
               *v->operands ? v->operands : "no operand", SHOWN_MAX, o->operands[v->operands_max]);
    return EXIT_USAGE;
}

int options_parse(int argc, char **argv, struct options *o, struct text *message) {
    *o = (struct options){
        .verb = VERBS, .argc = argc, .argv = argv, .shard = 1, .shards = 1, .ready_fd = -1, .pause = 2 * SPAN_S};
    if (argc < 2) {
        complain_to(message, "muster --help", "expected a verb, as in muster run SCENARIO");
        return EXIT_USAGE;
    }
    bool asks_help = strcmp(argv[1], "help") == 0;
    if ((asks_help && argc < 3) || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        o->help = true;
        return 0;
    }
    const char *name = asks_help ? argv[2] : strcmp(argv[1], "--version") == 0 ? "version" : argv[1];
    const struct options_verb *verb = find_verb(name);
    if (verb == NULL)
        return unknown_verb(name, message);
    o->verb = verb->verb;
    o->help = asks_help;
    bool only_operands = false;
    for (int i = 2; i < argc; i++) {
        bool is_option = !only_operands && argv[i][0] == '-' && argv[i][1] != '\0';
        if (is_option && strcmp(argv[i], "--") == 0) {
            only_operands = o->verb != VERB_COMPARE; /* there it stands between two sides */
            o->divided = true;
            o->operands_before = o->operand_count;
        } else if (is_option) {
            int code = parse_option(argc, argv, &i, o, message);
            if (code != 0)
                return code;
        } else if (o->operand_count == OPTIONS_OPERANDS_MAX) {
            refuse(o, message, "too many operands: at most %d", OPTIONS_OPERANDS_MAX);
            return EXIT_USAGE;
        } else {
            o->operands[o->operand_count++] = argv[i];
        }
    }
    return o->help ? 0 : check_operands(o, message);
}

const char *options_next_change(const struct options *o, struct options_changes *passed, bool *removes) {
    const struct options_list *sets = &o->sets, *unsets = &o->unsets;
    bool set = passed->sets < sets->count, unset = passed->unsets < unsets->count;
    if (!set && !unset)
        return NULL;
    *removes = !set || (unset && unsets->places[passed->unsets] < sets->places[passed->sets]);
    return *removes ? unsets->items[passed->unsets++] : sets->items[passed->sets++];
}
