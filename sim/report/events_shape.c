#include "report/events_shape.h"

#include "metrics/cell.h"
#include "metrics/op.h"
#include "report/facts.h"
#include "report/summary_shape.h"

enum { ALWAYS = 0, SOME = SHAPE_OPTIONAL };

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

/* The i-th fact of one of these types. */
static const char *fact(unsigned i, unsigned types) {
    for (const struct facts_row *row = facts_rows; row->key != NULL; row++)
        if ((types & 1U << row->type) != 0 && i-- == 0)
            return row->key;
    return NULL;
}

static const char *fact_bool(unsigned i) {
    return fact(i, 1U << FACTS_BOOL);
}
static const char *fact_int(unsigned i) {
    return fact(i, 1U << FACTS_INT | 1U << FACTS_I64);
}
static const char *fact_uint(unsigned i) {
    return fact(i, 1U << FACTS_UNSIGNED | 1U << FACTS_U32 | 1U << FACTS_U64);
}
static const char *fact_number(unsigned i) {
    return fact(i, 1U << FACTS_DOUBLE);
}
static const char *fact_string(unsigned i) {
    return fact(i, 1U << FACTS_HEX);
}

/* --- what lines have in common ---------------------------------------------------------------------------------------- */

static const struct json_shape line = {
    "line", NULL,
    (const struct json_schema_row[]){
        SHAPE_ROW("n", SHAPE_UINT, ALWAYS, "number of the line, from 0; a gap: records were dropped"),
        SHAPE_ROW("t", SHAPE_NUMBER, ALWAYS, "seconds since t = 0"),
        SHAPE_WORD("kind", ALWAYS, "what the line tells", kind_word),
        SHAPE_ROW("crc", SHAPE_STRING, SHAPE_LATER,
                  "CRC-32 (zlib) of the line before this member, eight hexadecimal digits"),
        SHAPE_END}};

static const struct json_shape labelled = {
    "labelled", &line,
    (const struct json_schema_row[]){SHAPE_ROW("fleet", SHAPE_STRING, ALWAYS, "label of the group"),
                                     SHAPE_ROW("profile", SHAPE_STRING, ALWAYS, "label"),
                                     SHAPE_ROW("region", SHAPE_STRING, ALWAYS, "label, \"\": none"),
                                     SHAPE_ROW("target", SHAPE_STRING, ALWAYS, "label: the target's name"), SHAPE_END}};

static const struct json_shape drops = {
    "drops", NULL,
    (const struct json_schema_row[]){SHAPE_KEYS(drop_key, SHAPE_UINT, SOME, "never sent for this reason", NULL),
                                     SHAPE_END}};

static const struct json_shape holds = {
    "holds", NULL,
    (const struct json_schema_row[]){SHAPE_KEYS(held_key, SHAPE_UINT, SOME, "waited for this reason", NULL),
                                     SHAPE_END}};

/* A line that says one thing in words. */
#define PLAIN_ROWS                                                                                                     \
    SHAPE_ROW("id", SHAPE_STRING, SOME, "of what it is about"), SHAPE_ROW("text", SHAPE_STRING, SOME, "a sentence")
#define EDGE_ROW SHAPE_WORD("edge", ALWAYS, "begins or ends", edge_word)

/* --- kinds ------------------------------------------------------------------------------------------------------------ */

static const struct json_shape started = {
    "started", &line,
    (const struct json_schema_row[]){
        SHAPE_ROW("unix_ns", SHAPE_INT, ALWAYS, "the wall clock at t = 0"),
        SHAPE_ROW("name", SHAPE_STRING, ALWAYS, "of the scenario"),
        SHAPE_ROW("run_id", SHAPE_STRING, ALWAYS, "four hexadecimal digits"),
        SHAPE_ROW("seed", SHAPE_UINT, ALWAYS, "of all chance"),
        SHAPE_ROW("scenario_hash", SHAPE_STRING, ALWAYS, "equal for runs that may be compared"),
        SHAPE_ROW("plan_hash", SHAPE_STRING, ALWAYS, "of hash, seed and who does what when"),
        SHAPE_ROW("devices", SHAPE_UINT, ALWAYS, "of the whole plan"),
        SHAPE_ROW("duration_s", SHAPE_NUMBER, ALWAYS, "of the timeline"),
        SHAPE_ROW("warmup_s", SHAPE_NUMBER, ALWAYS, "operations intended before count in logs only"),
        SHAPE_ROW("late_limit_ms", SHAPE_NUMBER, ALWAYS, "lag above it is late"),
        SHAPE_ROW("edges", SHAPE_NUMBER, SHAPE_LIST, "where segments 1, 2 … begin, seconds"),
        SHAPE_ROW("nodes", SHAPE_STRING, SHAPE_LIST, "the addresses of all targets"),
        SHAPE_ROW("nodes_of_target", SHAPE_UINT, SHAPE_LIST, "how many of them each target has, in their order"),
        SHAPE_END}};

static const struct json_shape group = {
    "group", &labelled,
    (const struct json_schema_row[]){SHAPE_ROW("group", SHAPE_UINT, ALWAYS, "its number"),
                                     SHAPE_ROW("devices", SHAPE_UINT, ALWAYS, "how many it has"), SHAPE_END}};

static const struct json_shape phase = {"phase", &line,
                                        (const struct json_schema_row[]){EDGE_ROW, PLAIN_ROWS, SHAPE_END}};
static const struct json_shape action = {"action", &line,
                                         (const struct json_schema_row[]){EDGE_ROW, PLAIN_ROWS, SHAPE_END}};
static const struct json_shape trust = {
    "trust", &line,
    (const struct json_schema_row[]){SHAPE_ROW("text", SHAPE_STRING, ALWAYS, "a sentence"),
                                     SHAPE_ROW("from_ns", SHAPE_INT, ALWAYS, "when it was so: from"),
                                     SHAPE_ROW("to_ns", SHAPE_INT, ALWAYS, "to"), SHAPE_END}};
static const struct json_shape message = {"message", &line, (const struct json_schema_row[]){PLAIN_ROWS, SHAPE_END}};

static const struct json_shape device = {
    "device", &line,
    (const struct json_schema_row[]){SHAPE_ROW("device", SHAPE_STRING, ALWAYS, "its name"),
                                     SHAPE_ROW("d", SHAPE_UINT, ALWAYS, "its index over all fleets"),
                                     SHAPE_ROW("why", SHAPE_STRING, SOME, "why a connection ended"),
                                     SHAPE_ROW("reason_code", SHAPE_UINT, SOME, "as on the wire"), SHAPE_END}};

static const struct json_shape evidence = {
    "evidence", NULL,
    (const struct json_schema_row[]){SHAPE_ROW("file", SHAPE_STRING, ALWAYS, "in the run's directory"),
                                     SHAPE_ROW("frame", SHAPE_UINT, ALWAYS, "its number there, from 1"), SHAPE_END}};

static const struct json_shape finding = {
    "finding", &device,
    (const struct json_schema_row[]){
        SHAPE_ROW("what", SHAPE_STRING, ALWAYS, "violation, redirect, operation …"),
        SHAPE_ROW("operation", SHAPE_STRING, SOME, "of an operation that failed: its kind"),
        SHAPE_ROW("outcome", SHAPE_STRING, SOME, "and how it ended"),
        SHAPE_ROW("statement", SHAPE_STRING, SOME, "of the specification"),
        SHAPE_ROW("detail", SHAPE_STRING, SOME, "for people"),
        SHAPE_ROW("packet", SHAPE_STRING, SOME, "the offending bytes, as far as they were kept, hexadecimal"),
        SHAPE_PART("evidence", SHAPE_OBJECT, SOME, "where the packets are", &evidence), SHAPE_END}};

static const struct json_shape state = {
    "state", &device,
    (const struct json_schema_row[]){SHAPE_WORD("from", ALWAYS, "the state it leaves", state_key),
                                     SHAPE_WORD("to", ALWAYS, "the state it enters", state_key), SHAPE_END}};

static const struct json_shape check = {"check", &line, summary_shape_verdict_rows};

static const struct json_shape health = {
    "health", &line,
    (const struct json_schema_row[]){
        SHAPE_ROW("worker", SHAPE_UINT, ALWAYS, "its number"),
        SHAPE_ROW("cpu_share", SHAPE_NUMBER, ALWAYS, "of one core"),
        SHAPE_ROW("loop_late_max_ms", SHAPE_NUMBER, ALWAYS, "the latest its loop came round"),
        SHAPE_ROW("lag_max_ms", SHAPE_NUMBER, ALWAYS, "the tool's longest delay of an operation"),
        SHAPE_ROW("operations", SHAPE_UINT, SOME, "emitted"),
        SHAPE_ROW("late", SHAPE_UINT, SOME, "of these, later than the limit"), SHAPE_END}};

static const struct json_shape anchor = {
    "anchor", &line,
    (const struct json_schema_row[]){SHAPE_ROW("unix_ns", SHAPE_INT, ALWAYS, "the wall clock at t"), PLAIN_ROWS,
                                     SHAPE_END}};

static const struct json_shape tally = {
    "tally", &labelled,
    (const struct json_schema_row[]){
        SHAPE_ROW("operation", SHAPE_STRING, ALWAYS, "kind"), SHAPE_ROW("qos", SHAPE_UINT, ALWAYS, "of the operation"),
        SHAPE_ROW("held", SHAPE_BOOL, ALWAYS, "the device or the guard delayed them"),
        SHAPE_ROW("segment", SHAPE_UINT, ALWAYS, "of the intended instant"),
        SHAPE_ROW("excluded", SHAPE_UINT, SOME, "bits of the expected_during sets, in the order of the checks"),
        SHAPE_KEYS(outcome_key, SHAPE_UINT, ALWAYS, "operations that ended so", NULL),
        SHAPE_PART("dropped_because", SHAPE_OBJECT, SOME, "by reason", &drops),
        SHAPE_PART("held_because", SHAPE_OBJECT, SOME, "by reason", &holds),
        SHAPE_ROW("late", SHAPE_UINT, SOME, "emitted later than the limit"),
        SHAPE_ROW("lag_ns", SHAPE_INT, SOME | SHAPE_LIST, "ready to emitted: samples, sum, least, greatest"),
        SHAPE_ROW("service_ns", SHAPE_INT, SOME | SHAPE_LIST, "sent to answered: the same"),
        SHAPE_ROW("response_ns", SHAPE_INT, SOME | SHAPE_LIST, "intended to felt: the same"), SHAPE_END}};

static const struct json_shape counters = {
    "counters", &labelled,
    (const struct json_schema_row[]){
        SHAPE_ROW("segment", SHAPE_UINT, ALWAYS, "of the instant"),
        SHAPE_ROW("qos", SHAPE_UINT, SOME, "of the messages counted; missing: 0, or what has none"),
        SHAPE_KEYS(counter_key, SHAPE_UINT, SOME, "counter of that metric", NULL), SHAPE_END}};

static const struct json_shape devices = {
    "devices", &labelled,
    (const struct json_schema_row[]){SHAPE_KEYS(state_key, SHAPE_UINT, ALWAYS, "devices in that state", NULL),
                                     SHAPE_END}};

static const char *gap_word(unsigned i) {
    return i < AUDIT_GAP_KINDS ? audit_gap_names[i] : NULL;
}

static const struct json_shape gap = {
    "gap", &line,
    (const struct json_schema_row[]){
        SHAPE_WORD("why", ALWAYS, "why the observer could not see", gap_word),
        SHAPE_ROW("from_ns", SHAPE_INT, ALWAYS, "since when"),
        SHAPE_ROW("to_ns", SHAPE_INT, ALWAYS, "until when; 9223372036854775807: until the end"),
        SHAPE_ROW("messages", SHAPE_UINT, ALWAYS, "how many it took out of the audit"), SHAPE_END}};

static const struct json_shape backend = {
    "backend", &line,
    (const struct json_schema_row[]){SHAPE_ROW("name", SHAPE_STRING, ALWAYS, "as the backend calls it"),
                                     SHAPE_ROW("first", SHAPE_NUMBER, ALWAYS, "the first value that was read"),
                                     SHAPE_ROW("last", SHAPE_NUMBER, ALWAYS, "and the last"), SHAPE_END}};

static const struct json_shape cause = {
    "cause", &labelled,
    (const struct json_schema_row[]){SHAPE_ROW("operation", SHAPE_STRING, ALWAYS, "kind, or others"),
                                     SHAPE_ROW("outcome", SHAPE_STRING, SOME, "how they ended"),
                                     SHAPE_ROW("reason_code", SHAPE_UINT, SOME, "as on the wire"),
                                     SHAPE_ROW("why", SHAPE_STRING, SOME, "why the connection ended"),
                                     SHAPE_ROW("count", SHAPE_UINT, ALWAYS, "how many"),
                                     SHAPE_ROW("first_t", SHAPE_NUMBER, ALWAYS, "when first"),
                                     SHAPE_ROW("d", SHAPE_UINT, ALWAYS, "one of the devices"), SHAPE_END}};

static const struct json_shape left_out = {
    "left_out", &line,
    (const struct json_schema_row[]){SHAPE_ROW("of", SHAPE_STRING, ALWAYS, "the kind"),
                                     SHAPE_ROW("count", SHAPE_UINT, ALWAYS, "how many"), SHAPE_END}};

static const struct json_shape second = {
    "second", &line,
    (const struct json_schema_row[]){
        SHAPE_ROW("at_ns", SHAPE_INT, ALWAYS, "the end of the interval"),
        SHAPE_ROW("intervals", SHAPE_UINT, ALWAYS, "records of it in intervals.hlog"),
        SHAPE_ROW("dropped_records", SHAPE_UINT, ALWAYS, "log records that were dropped in the interval"),
        SHAPE_ROW("loop_late_max_ns", SHAPE_INT, ALWAYS, "the latest that a worker's loop came round"),
        SHAPE_ROW("cpu_share", SHAPE_NUMBER, ALWAYS, "share of a core that the busiest worker used"),
        SHAPE_ROW("rss_bytes", SHAPE_UINT, ALWAYS, "anonymous memory of the process"),
        SHAPE_ROW("backend_cpu_share", SHAPE_NUMBER, SOME, "share of a core that the backend used"),
        SHAPE_ROW("backend_rss_bytes", SHAPE_UINT, SOME, "memory of the backend"),
        SHAPE_ROW("backend_threads", SHAPE_UINT, SOME, "its threads"),
        SHAPE_ROW("backend_descriptors", SHAPE_UINT, SOME, "its descriptors"), SHAPE_END}};

static const struct json_shape ended = {
    "ended", &line,
    (const struct json_schema_row[]){
        SHAPE_WORD("verdict", ALWAYS, "how the run ended", verdict_word),
        SHAPE_ROW("exit_code", SHAPE_INT, ALWAYS, "of the program"),
        SHAPE_ROW("fail_code", SHAPE_INT, ALWAYS, "--fail-code, or 0"),
        SHAPE_ROW("aborted_by", SHAPE_INT, ALWAYS, "number of the check that ended the run, from 0; -1: none"),
        SHAPE_KEYS(fact_bool, SHAPE_BOOL, ALWAYS, "what only the end tells", NULL),
        SHAPE_KEYS(fact_int, SHAPE_INT, ALWAYS, "what only the end tells", NULL),
        SHAPE_KEYS(fact_uint, SHAPE_UINT, ALWAYS, "what only the end tells", NULL),
        SHAPE_KEYS(fact_number, SHAPE_NUMBER, ALWAYS, "what only the end tells", NULL),
        SHAPE_KEYS(fact_string, SHAPE_STRING, ALWAYS, "what only the end tells", NULL), SHAPE_END}};

static const struct json_shape *const shapes[EVENTS_KINDS] = {
    [EVENTS_STARTED] = &started,   [EVENTS_GROUP] = &group,     [EVENTS_PHASE] = &phase,
    [EVENTS_ACTION] = &action,     [EVENTS_FINDING] = &finding, [EVENTS_STATE] = &state,
    [EVENTS_TRUST] = &trust,       [EVENTS_CHECK] = &check,     [EVENTS_HEALTH] = &health,
    [EVENTS_ANCHOR] = &anchor,     [EVENTS_MESSAGE] = &message, [EVENTS_TALLY] = &tally,
    [EVENTS_COUNTERS] = &counters, [EVENTS_DEVICES] = &devices, [EVENTS_CAUSE] = &cause,
    [EVENTS_GAP] = &gap,           [EVENTS_BACKEND] = &backend, [EVENTS_LEFT_OUT] = &left_out,
    [EVENTS_SECOND] = &second,     [EVENTS_ENDED] = &ended,
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
