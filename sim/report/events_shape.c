#include "report/events_shape.h"

#include "metrics/cell.h"
#include "metrics/op.h"
#include "report/summary_shape.h"

enum { ALWAYS = 0, SOME = SCHEMA_OPTIONAL };

/* --- keys of other tables --------------------------------------------------------------------------------------------- */

static const char *outcome_key(unsigned i) {
    return i < OP_OUTCOMES ? op_outcome_names[i] : NULL;
}

static const char *state_key(unsigned i) {
    return i < STATE_KINDS ? state_names[i] : NULL;
}

static const char *counter_key(unsigned i) {
    return i < TALLY_KINDS ? tally_rows[i].metric : NULL;
}

static const char *drop_key(unsigned i) {
    return i + 1 < OP_DROP_REASONS ? op_drop_names[i + 1] : NULL; /* 0 is "none" */
}

static const char *held_key(unsigned i) {
    return i + 1 < OP_HELD_REASONS ? op_held_names[i + 1] : NULL;
}

static const char *edge_word(unsigned i) {
    static const char *const edges[] = {"start", "end"};
    return i < 2 ? edges[i] : NULL;
}

static const char *kind_word(unsigned i) {
    return i < EVENTS_KINDS ? events_rows[i].name : NULL;
}

static const char *verdict_word(unsigned i) {
    return i <= VERDICT_INCOMPLETE ? run_verdict_names[i] : NULL;
}

/* --- what lines have in common ---------------------------------------------------------------------------------------- */

static const struct json_shape line = {
    "line", NULL,
    (const struct json_schema_row[]){
        SCHEMA_ROW("n", SCHEMA_UINT, ALWAYS, "number of the line, from 0; a gap: records were dropped"),
        SCHEMA_ROW("t", SCHEMA_NUMBER, ALWAYS, "seconds since t = 0"),
        SCHEMA_WORD("kind", ALWAYS, "what the line tells", kind_word),
        SCHEMA_ROW("crc", SCHEMA_STRING, SCHEMA_LATER,
                   "CRC-32 (zlib) of the line before this member, eight hexadecimal digits"),
        SCHEMA_END}};

static const struct json_shape labelled = {
    "labelled", &line,
    (const struct json_schema_row[]){SCHEMA_ROW("fleet", SCHEMA_STRING, ALWAYS, "label of the group"),
                                     SCHEMA_ROW("profile", SCHEMA_STRING, ALWAYS, "label"),
                                     SCHEMA_ROW("region", SCHEMA_STRING, ALWAYS, "label, \"\": none"),
                                     SCHEMA_ROW("target", SCHEMA_STRING, ALWAYS, "label: the target's name"),
                                     SCHEMA_END}};

static const struct json_shape drops = {
    "drops", NULL,
    (const struct json_schema_row[]){SCHEMA_KEYS(drop_key, SCHEMA_UINT, SOME, "never sent for this reason", NULL),
                                     SCHEMA_END}};

static const struct json_shape holds = {
    "holds", NULL,
    (const struct json_schema_row[]){SCHEMA_KEYS(held_key, SCHEMA_UINT, SOME, "waited for this reason", NULL),
                                     SCHEMA_END}};

/* A line that says one thing in words. */
#define PLAIN_ROWS                                                                                                     \
    SCHEMA_ROW("id", SCHEMA_STRING, SOME, "of what it is about"), SCHEMA_ROW("text", SCHEMA_STRING, SOME, "a sentence")
#define EDGE_ROW SCHEMA_WORD("edge", ALWAYS, "begins or ends", edge_word)

/* --- kinds ------------------------------------------------------------------------------------------------------------ */

static const struct json_shape started = {
    "started", &line,
    (const struct json_schema_row[]){
        SCHEMA_ROW("unix_ns", SCHEMA_INT, ALWAYS, "the wall clock at t = 0"),
        SCHEMA_ROW("name", SCHEMA_STRING, ALWAYS, "of the scenario"),
        SCHEMA_ROW("run_id", SCHEMA_STRING, ALWAYS, "four hexadecimal digits"),
        SCHEMA_ROW("seed", SCHEMA_UINT, ALWAYS, "of all chance"),
        SCHEMA_ROW("scenario_hash", SCHEMA_STRING, ALWAYS, "equal for runs that may be compared"),
        SCHEMA_ROW("plan_hash", SCHEMA_STRING, ALWAYS, "of hash, seed and who does what when"),
        SCHEMA_ROW("devices", SCHEMA_UINT, ALWAYS, "of the whole plan"),
        SCHEMA_ROW("duration_s", SCHEMA_NUMBER, ALWAYS, "of the timeline"),
        SCHEMA_ROW("warmup_s", SCHEMA_NUMBER, ALWAYS, "operations intended before count in logs only"),
        SCHEMA_ROW("late_limit_ms", SCHEMA_NUMBER, ALWAYS, "lag above it is late"),
        SCHEMA_ROW("edges", SCHEMA_NUMBER, SCHEMA_LIST, "where segments 1, 2 … begin, seconds"), SCHEMA_END}};

static const struct json_shape group = {
    "group", &labelled,
    (const struct json_schema_row[]){SCHEMA_ROW("group", SCHEMA_UINT, ALWAYS, "its number"),
                                     SCHEMA_ROW("devices", SCHEMA_UINT, ALWAYS, "how many it has"), SCHEMA_END}};

static const struct json_shape phase = {"phase", &line,
                                        (const struct json_schema_row[]){EDGE_ROW, PLAIN_ROWS, SCHEMA_END}};
static const struct json_shape action = {"action", &line,
                                         (const struct json_schema_row[]){EDGE_ROW, PLAIN_ROWS, SCHEMA_END}};
static const struct json_shape trust = {"trust", &line, (const struct json_schema_row[]){PLAIN_ROWS, SCHEMA_END}};
static const struct json_shape message = {"message", &line, (const struct json_schema_row[]){PLAIN_ROWS, SCHEMA_END}};

static const struct json_shape device = {
    "device", &line,
    (const struct json_schema_row[]){SCHEMA_ROW("device", SCHEMA_STRING, ALWAYS, "its name"),
                                     SCHEMA_ROW("d", SCHEMA_UINT, ALWAYS, "its index over all fleets"),
                                     SCHEMA_ROW("why", SCHEMA_STRING, SOME, "why a connection ended"),
                                     SCHEMA_ROW("reason_code", SCHEMA_UINT, SOME, "as on the wire"), SCHEMA_END}};

static const struct json_shape finding = {
    "finding", &device,
    (const struct json_schema_row[]){
        SCHEMA_ROW("what", SCHEMA_STRING, ALWAYS, "violation, redirect, operation …"),
        SCHEMA_ROW("operation", SCHEMA_STRING, SOME, "of an operation that failed: its kind"),
        SCHEMA_ROW("outcome", SCHEMA_STRING, SOME, "and how it ended"),
        SCHEMA_ROW("statement", SCHEMA_STRING, SOME, "of the specification"),
        SCHEMA_ROW("detail", SCHEMA_STRING, SOME, "for people"),
        SCHEMA_ROW("packet", SCHEMA_STRING, SOME, "the offending bytes, as far as they were kept, hexadecimal"),
        SCHEMA_END}};

static const struct json_shape state = {
    "state", &device,
    (const struct json_schema_row[]){SCHEMA_WORD("from", ALWAYS, "the state it leaves", state_key),
                                     SCHEMA_WORD("to", ALWAYS, "the state it enters", state_key), SCHEMA_END}};

static const struct json_shape check = {"check", &line, summary_shape_verdict_rows};

static const struct json_shape health = {
    "health", &line,
    (const struct json_schema_row[]){
        SCHEMA_ROW("worker", SCHEMA_UINT, ALWAYS, "its number"),
        SCHEMA_ROW("cpu_share", SCHEMA_NUMBER, ALWAYS, "of one core"),
        SCHEMA_ROW("loop_late_max_ms", SCHEMA_NUMBER, ALWAYS, "the latest its loop came round"),
        SCHEMA_ROW("lag_max_ms", SCHEMA_NUMBER, ALWAYS, "the tool's longest delay of an operation"),
        SCHEMA_ROW("operations", SCHEMA_UINT, SOME, "emitted"),
        SCHEMA_ROW("late", SCHEMA_UINT, SOME, "of these, later than the limit"), SCHEMA_END}};

static const struct json_shape anchor = {
    "anchor", &line,
    (const struct json_schema_row[]){SCHEMA_ROW("unix_ns", SCHEMA_INT, ALWAYS, "the wall clock at t"), PLAIN_ROWS,
                                     SCHEMA_END}};

static const struct json_shape tally = {
    "tally", &labelled,
    (const struct json_schema_row[]){
        SCHEMA_ROW("operation", SCHEMA_STRING, ALWAYS, "kind"),
        SCHEMA_ROW("qos", SCHEMA_UINT, ALWAYS, "of the operation"),
        SCHEMA_ROW("held", SCHEMA_BOOL, ALWAYS, "the device or the guard delayed them"),
        SCHEMA_ROW("segment", SCHEMA_UINT, ALWAYS, "of the intended instant"),
        SCHEMA_ROW("excluded", SCHEMA_UINT, SOME, "bits of the expected_during sets, in the order of the checks"),
        SCHEMA_KEYS(outcome_key, SCHEMA_UINT, ALWAYS, "operations that ended so", NULL),
        SCHEMA_PART("dropped_because", SCHEMA_OBJECT, SOME, "by reason", &drops),
        SCHEMA_PART("held_because", SCHEMA_OBJECT, SOME, "by reason", &holds),
        SCHEMA_ROW("late", SCHEMA_UINT, SOME, "emitted later than the limit"), SCHEMA_END}};

static const struct json_shape counters = {
    "counters", &labelled,
    (const struct json_schema_row[]){
        SCHEMA_ROW("segment", SCHEMA_UINT, ALWAYS, "of the instant"),
        SCHEMA_ROW("qos", SCHEMA_UINT, SOME, "of the messages counted; missing: 0, or what has none"),
        SCHEMA_KEYS(counter_key, SCHEMA_UINT, SOME, "counter of that metric", NULL), SCHEMA_END}};

static const struct json_shape devices = {
    "devices", &labelled,
    (const struct json_schema_row[]){SCHEMA_KEYS(state_key, SCHEMA_UINT, ALWAYS, "devices in that state", NULL),
                                     SCHEMA_END}};

static const struct json_shape cause = {
    "cause", &labelled,
    (const struct json_schema_row[]){SCHEMA_ROW("operation", SCHEMA_STRING, ALWAYS, "kind, or others"),
                                     SCHEMA_ROW("outcome", SCHEMA_STRING, SOME, "how they ended"),
                                     SCHEMA_ROW("reason_code", SCHEMA_UINT, SOME, "as on the wire"),
                                     SCHEMA_ROW("why", SCHEMA_STRING, SOME, "why the connection ended"),
                                     SCHEMA_ROW("count", SCHEMA_UINT, ALWAYS, "how many"),
                                     SCHEMA_ROW("first_t", SCHEMA_NUMBER, ALWAYS, "when first"),
                                     SCHEMA_ROW("d", SCHEMA_UINT, ALWAYS, "one of the devices"), SCHEMA_END}};

static const struct json_shape left_out = {
    "left_out", &line,
    (const struct json_schema_row[]){SCHEMA_ROW("of", SCHEMA_STRING, ALWAYS, "the kind"),
                                     SCHEMA_ROW("count", SCHEMA_UINT, ALWAYS, "how many"), SCHEMA_END}};

static const struct json_shape ended = {
    "ended", &line,
    (const struct json_schema_row[]){SCHEMA_WORD("verdict", ALWAYS, "how the run ended", verdict_word),
                                     SCHEMA_ROW("exit_code", SCHEMA_INT, ALWAYS, "of the program"),
                                     SCHEMA_ROW("finished", SCHEMA_BOOL, ALWAYS, "the timeline came to its end"),
                                     SCHEMA_ROW("decisions_hash", SCHEMA_STRING, ALWAYS, "of what was due"),
                                     SCHEMA_END}};

static const struct json_shape *const shapes[EVENTS_KINDS] = {
    [EVENTS_STARTED] = &started,   [EVENTS_GROUP] = &group,     [EVENTS_PHASE] = &phase,
    [EVENTS_ACTION] = &action,     [EVENTS_FINDING] = &finding, [EVENTS_STATE] = &state,
    [EVENTS_TRUST] = &trust,       [EVENTS_CHECK] = &check,     [EVENTS_HEALTH] = &health,
    [EVENTS_ANCHOR] = &anchor,     [EVENTS_MESSAGE] = &message, [EVENTS_TALLY] = &tally,
    [EVENTS_COUNTERS] = &counters, [EVENTS_DEVICES] = &devices, [EVENTS_CAUSE] = &cause,
    [EVENTS_LEFT_OUT] = &left_out, [EVENTS_ENDED] = &ended,
};

const struct json_shape *events_shape(enum events_kind kind) {
    return shapes[kind];
}

void events_shape_print(struct text *out) {
    json_schema_write_kinds(
        out, "A line of Muster's events.ndjson",
        "What happened in a run, one object per line. Members and kinds may be added, never renamed; "
        "docs/results.md describes them.",
        &line, "kind", shapes, EVENTS_KINDS);
}
