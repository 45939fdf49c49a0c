#include "report/summary_shape.h"

#include "fleet/run.h"
#include "metrics/op.h"
#include "report/figures.h"
#include "report/judged.h"

/* --- words and keys of other tables ----------------------------------------------------------------------------------- */

static const char *verdict_word(unsigned i) {
    return i <= VERDICT_INCOMPLETE ? run_verdict_names[i] : NULL;
}

static const char *kind_word(unsigned i) {
    return i <= CHECK_INFO ? judged_kinds[i] : NULL;
}

static const char *mode_word(unsigned i) {
    static const char *const modes[] = {"real", "virtual"};
    return i < 2 ? modes[i] : NULL;
}

static const char *operation_key(unsigned i) {
    return i < FIGURES_ROWS ? figures_rows[i].key : NULL;
}

static const char *drop_key(unsigned i) {
    return i + 1 < OP_DROP_REASONS ? op_drop_names[i + 1] : NULL; /* 0 is "none" */
}

static const char *held_key(unsigned i) {
    return i + 1 < OP_HELD_REASONS ? op_held_names[i + 1] : NULL;
}

/* --- the parts -------------------------------------------------------------------------------------------------------- */

static const struct json_shape muster = {
    "muster", NULL,
    (const struct json_schema_row[]){SCHEMA_ROW("version", SCHEMA_STRING, 0, "the version that ran"), SCHEMA_END}};

static const struct json_shape scenario = {
    "scenario", NULL,
    (const struct json_schema_row[]){SCHEMA_ROW("name", SCHEMA_STRING, 0, "name in the scenario"),
                                     SCHEMA_ROW("file", SCHEMA_STRING, 0, "its first file"),
                                     SCHEMA_ROW("hash", SCHEMA_STRING, 0, "equal for runs that may be compared"),
                                     SCHEMA_ROW("seed", SCHEMA_UINT, 0, "of all chance"),
                                     SCHEMA_ROW("plan_hash", SCHEMA_STRING, 0, "of hash, seed and who does what when"),
                                     SCHEMA_ROW("decisions_hash", SCHEMA_STRING, 0,
                                                "of what was due in the run: the same for any number of workers"),
                                     SCHEMA_ROW("run_id", SCHEMA_STRING, 0, "four hexadecimal digits"), SCHEMA_END}};

static const struct json_shape shard = {
    "shard", NULL,
    (const struct json_schema_row[]){SCHEMA_ROW("number", SCHEMA_UINT, 0, "which share of the fleet this is, from 1"),
                                     SCHEMA_ROW("of", SCHEMA_UINT, 0, "how many shares there are"), SCHEMA_END}};

static const struct json_shape devices = {
    "devices", NULL,
    (const struct json_schema_row[]){
        SCHEMA_ROW("count", SCHEMA_UINT, 0, "devices of this shard"),
        SCHEMA_ROW("online_peak", SCHEMA_UINT, 0, "the most that were online at the end of a second"),
        SCHEMA_ROW("online_end", SCHEMA_UINT, 0, "online at the end of settling"),
        SCHEMA_ROW("connect_attempts", SCHEMA_UINT, 0, "connection attempts, whatever their end"),
        SCHEMA_ROW("reconnects", SCHEMA_UINT, 0, "accepted connections after a device's first"),
        SCHEMA_ROW("gave_up", SCHEMA_UINT, 0, "devices that stopped reconnecting"), SCHEMA_END}};

const struct json_schema_row summary_shape_verdict_rows[] = {
    SCHEMA_ROW("name", SCHEMA_STRING, 0, "name of the check"),
    SCHEMA_ROW("expect", SCHEMA_STRING, 0, "as written"),
    SCHEMA_WORD("check_kind", 0, "what a failure means", kind_word),
    SCHEMA_ROW("pass", SCHEMA_BOOL, 0, "the check held"),
    SCHEMA_ROW("value", SCHEMA_NUMBER, SCHEMA_NULLABLE, "its left side in `unit`; null when infinite or without data"),
    SCHEMA_ROW("limit", SCHEMA_NUMBER, SCHEMA_NULLABLE, "its right side, likewise"),
    SCHEMA_ROW("unit", SCHEMA_STRING, 0, "of value and limit"),
    SCHEMA_ROW("samples", SCHEMA_UINT, 0, "what the verdict rests on"),
    SCHEMA_ROW("reason", SCHEMA_STRING, SCHEMA_OPTIONAL, "why there is no value, or why it failed"),
    SCHEMA_ROW("aborted", SCHEMA_BOOL, SCHEMA_OPTIONAL, "this check ended the run"),
    SCHEMA_END};
static const struct json_shape verdict = {"verdict", NULL, summary_shape_verdict_rows};

static const struct json_shape clock_shape = {
    "clock", NULL,
    (const struct json_schema_row[]){
        SCHEMA_ROW("p50", SCHEMA_NUMBER, SCHEMA_NULLABLE, "median, milliseconds, over answered operations"),
        SCHEMA_ROW("p90", SCHEMA_NUMBER, SCHEMA_NULLABLE, "90th percentile"),
        SCHEMA_ROW("p99", SCHEMA_NUMBER, SCHEMA_NULLABLE, "99th percentile"),
        SCHEMA_ROW("p999", SCHEMA_NUMBER, SCHEMA_NULLABLE, "99.9th percentile"),
        SCHEMA_ROW("max", SCHEMA_NUMBER, SCHEMA_NULLABLE, "the longest, exact"),
        SCHEMA_ROW("mean", SCHEMA_NUMBER, SCHEMA_NULLABLE, "exact"),
        SCHEMA_ROW("samples", SCHEMA_UINT, 0, "how many there were"), SCHEMA_END}};

static const struct json_shape drops = {
    "drops", NULL,
    (const struct json_schema_row[]){
        SCHEMA_KEYS(drop_key, SCHEMA_UINT, SCHEMA_OPTIONAL, "operations that were never sent for this reason", NULL),
        SCHEMA_END}};

static const struct json_shape holds = {
    "holds", NULL,
    (const struct json_schema_row[]){
        SCHEMA_KEYS(held_key, SCHEMA_UINT, SCHEMA_OPTIONAL, "operations that waited for this reason", NULL),
        SCHEMA_END}};

static const struct json_shape operation = {
    "operation", NULL,
    (const struct json_schema_row[]){
        SCHEMA_ROW("intended", SCHEMA_UINT, 0, "count + withdrawn + dropped + open"),
        SCHEMA_ROW("count", SCHEMA_UINT, 0, "ok + failed"),
        SCHEMA_ROW("ok", SCHEMA_UINT, 0, "answered and accepted; QoS 0: sent"),
        SCHEMA_ROW("failed", SCHEMA_UINT, 0, "refused + timeout + broken"),
        SCHEMA_ROW("refused", SCHEMA_UINT, 0, "answered with an error"),
        SCHEMA_ROW("timeout", SCHEMA_UINT, 0, "no answer in time"),
        SCHEMA_ROW("broken", SCHEMA_UINT, 0, "the connection ended and no session carried it over"),
        SCHEMA_ROW("withdrawn", SCHEMA_UINT, 0,
                   "would have failed, but the device itself was away, or the timeline ended it"),
        SCHEMA_ROW("dropped", SCHEMA_UINT, 0, "never sent"),
        SCHEMA_ROW("open", SCHEMA_UINT, 0, "sent, without an end when the run closed"),
        SCHEMA_PART("dropped_because", SCHEMA_OBJECT, 0, "by reason", &drops),
        SCHEMA_PART("held_because", SCHEMA_OBJECT, 0, "how many waited before they could be sent, by reason", &holds),
        SCHEMA_ROW("late", SCHEMA_UINT, 0, "emitted later than the limit of trust after they were ready"),
        SCHEMA_PART("response_ms", SCHEMA_OBJECT, 0, "from the instant it was meant to start to the felt answer",
                    &clock_shape),
        SCHEMA_PART("service_ms", SCHEMA_OBJECT, 0, "from sending to answer", &clock_shape),
        SCHEMA_PART("lag_ms", SCHEMA_OBJECT, 0, "from ready to emitted: the tool's own delay", &clock_shape),
        SCHEMA_END}};

static const struct json_shape operations = {
    "operations", NULL,
    (const struct json_schema_row[]){SCHEMA_KEYS(operation_key, SCHEMA_OBJECT, SCHEMA_OPTIONAL,
                                                 "operations of that kind; missing when there were none", &operation),
                                     SCHEMA_END}};

static const struct json_shape messages = {
    "messages", NULL,
    (const struct json_schema_row[]){
        SCHEMA_ROW("sent", SCHEMA_UINT, 0, "handed over at least once"),
        SCHEMA_ROW("acked", SCHEMA_UINT, 0, "acknowledged"),
        SCHEMA_ROW("audited", SCHEMA_UINT, 0,
                   "covered by an auditor; what was received, duplicated and reordered rests on these"),
        SCHEMA_ROW("received", SCHEMA_UINT, 0, "distinct messages that an auditor got"),
        SCHEMA_ROW("lost", SCHEMA_UINT, 0, "not accounted for"),
        SCHEMA_ROW("duplicated", SCHEMA_UINT, 0, "copies after the first at one auditor"),
        SCHEMA_ROW("reordered", SCHEMA_UINT, 0, "first copies that came after a later message"),
        SCHEMA_ROW("resent", SCHEMA_UINT, 0, "sent again after a reconnect"),
        SCHEMA_ROW("device_received", SCHEMA_UINT, 0, "what subscribing devices got"),
        SCHEMA_ROW("device_duplicated", SCHEMA_UINT, 0, "of these, copies after the first"), SCHEMA_END}};

static const struct json_shape network = {
    "network", NULL,
    (const struct json_schema_row[]){
        SCHEMA_ROW("bytes_up", SCHEMA_UINT, 0, "application bytes sent"),
        SCHEMA_ROW("bytes_down", SCHEMA_UINT, 0, "application bytes received"),
        SCHEMA_ROW("connections_opened", SCHEMA_UINT, 0, "transports that came up"),
        SCHEMA_ROW("link_lost", SCHEMA_UINT, 0, "units that the modelled link lost"),
        SCHEMA_ROW("ghosts_reset", SCHEMA_UINT, 0, "abandoned sockets that were reset for want of descriptors"),
        SCHEMA_END}};

static const struct json_shape mqtt = {
    "mqtt", NULL,
    (const struct json_schema_row[]){
        SCHEMA_ROW("violations", SCHEMA_UINT, 0, "of the specification by the backend"),
        SCHEMA_ROW("sessions_expected", SCHEMA_UINT, 0, "connections that should have found their session"),
        SCHEMA_ROW("sessions_lost", SCHEMA_UINT, 0, "of these, those that did not"),
        SCHEMA_ROW("late_answers", SCHEMA_UINT, 0, "answers after the timeout"),
        SCHEMA_ROW("redirects", SCHEMA_UINT, 0, "Server Reference seen, never followed"), SCHEMA_END}};

static const struct json_shape headroom = {
    "headroom", NULL,
    (const struct json_schema_row[]){
        SCHEMA_ROW("factor", SCHEMA_NUMBER, 0, "how many times this load the host was measured to carry"),
        SCHEMA_ROW("first", SCHEMA_STRING, 0, "what would reach its ceiling first"),
        SCHEMA_ROW("shape", SCHEMA_STRING, 0, "the load that was measured"), SCHEMA_END}};

static const struct json_shape tool = {
    "tool", NULL,
    (const struct json_schema_row[]){
        SCHEMA_ROW("lag_p999_ms", SCHEMA_NUMBER, SCHEMA_NULLABLE, "the tool's own delay, 99.9th percentile"),
        SCHEMA_ROW("late", SCHEMA_UINT, 0, "operations above the limit"),
        SCHEMA_ROW("dropped", SCHEMA_UINT, 0, "records of the logs that were dropped"),
        SCHEMA_ROW("cpu_s", SCHEMA_NUMBER, 0, "workers and control"),
        SCHEMA_ROW("rss_peak_bytes", SCHEMA_UINT, 0, "memory of the process at its peak"),
        SCHEMA_ROW("bytes_per_device", SCHEMA_NUMBER, 0, "private memory gained by the fleet, per device"),
        SCHEMA_ROW("lag_p99_ms", SCHEMA_NUMBER, SCHEMA_NULLABLE, "99th percentile"),
        SCHEMA_ROW("lag_max_ms", SCHEMA_NUMBER, SCHEMA_NULLABLE, "the longest"),
        SCHEMA_ROW("lag_limit_ms", SCHEMA_NUMBER, 0, "above it an operation is late"),
        SCHEMA_ROW("loop_late_max_ms", SCHEMA_NUMBER, 0, "the latest that a worker's loop came round"),
        SCHEMA_ROW("emitted", SCHEMA_UINT, 0, "operations"),
        SCHEMA_ROW("workers", SCHEMA_UINT, 0, "threads that drove devices"),
        SCHEMA_ROW("private_descriptor_tables", SCHEMA_BOOL, 0, "each worker had its own"),
        SCHEMA_ROW("true_silence", SCHEMA_BOOL, 0, "silent links were silent for the backend's TCP as well"),
        SCHEMA_ROW("guard_held", SCHEMA_UINT, 0, "operations that the safety guard held back"),
        SCHEMA_ROW("guard_refused", SCHEMA_UINT, 0, "connects that it refused"),
        SCHEMA_PART("headroom", SCHEMA_OBJECT, SCHEMA_NULLABLE, "null: this host was not measured", &headroom),
        SCHEMA_END}};

static const struct json_shape finding = {
    "finding", NULL,
    (const struct json_schema_row[]){SCHEMA_ROW("text", SCHEMA_STRING, 0, "why the numbers cannot be trusted"),
                                     SCHEMA_ROW("from_s", SCHEMA_NUMBER, 0, "from when"),
                                     SCHEMA_ROW("to_s", SCHEMA_NUMBER, 0, "to when"), SCHEMA_END}};

static const struct json_shape trust = {
    "trust", NULL,
    (const struct json_schema_row[]){
        SCHEMA_ROW("trustworthy", SCHEMA_BOOL, 0, "nothing speaks against the numbers"),
        SCHEMA_ROW("widened", SCHEMA_BOOL, 0, "the scenario widened the limits"),
        SCHEMA_PART("findings", SCHEMA_OBJECT, SCHEMA_LIST, "what speaks against them", &finding), SCHEMA_END}};

static const struct json_shape cause = {
    "cause", NULL,
    (const struct json_schema_row[]){
        SCHEMA_ROW("fleet", SCHEMA_STRING, 0, "whose operations failed"),
        SCHEMA_ROW("region", SCHEMA_STRING, 0, "\"\": none"),
        SCHEMA_ROW("operation", SCHEMA_STRING, 0, "kind, or others for what is not told apart"),
        SCHEMA_ROW("outcome", SCHEMA_STRING, SCHEMA_OPTIONAL, "how they ended"),
        SCHEMA_ROW("reason_code", SCHEMA_UINT, 0, "as on the wire"),
        SCHEMA_ROW("connection", SCHEMA_STRING, 0, "how the connection ended, when that was the cause"),
        SCHEMA_ROW("count", SCHEMA_UINT, 0, "how many"), SCHEMA_ROW("first_s", SCHEMA_NUMBER, 0, "when first"),
        SCHEMA_ROW("example_device", SCHEMA_UINT, 0, "one of them, index over all fleets"), SCHEMA_END}};

static const struct json_shape fleet = {
    "fleet", NULL,
    (const struct json_schema_row[]){SCHEMA_ROW("devices", SCHEMA_UINT, 0, "of the whole plan"),
                                     SCHEMA_PART("operations", SCHEMA_OBJECT, 0, "of this fleet", &operations),
                                     SCHEMA_PART("messages", SCHEMA_OBJECT, 0, "of this fleet", &messages),
                                     SCHEMA_PART("network", SCHEMA_OBJECT, 0, "of this fleet", &network), SCHEMA_END}};

const struct json_shape summary_shape = {
    "summary", NULL,
    (const struct json_schema_row[]){
        SCHEMA_ROW("schema", SCHEMA_UINT, 0, "1: keys may be added, never renamed"),
        SCHEMA_PART("muster", SCHEMA_OBJECT, 0, "the program", &muster),
        SCHEMA_PART("scenario", SCHEMA_OBJECT, 0, "what ran", &scenario),
        SCHEMA_ROW("target", SCHEMA_STRING, SCHEMA_LIST, "URLs, or builtin"),
        SCHEMA_ROW("nodes", SCHEMA_STRING, SCHEMA_LIST, "the addresses that they resolved to"),
        SCHEMA_WORD("mode", 0, "on the network, or simulated", mode_word),
        SCHEMA_WORD("verdict", 0, "how the run ended", verdict_word),
        SCHEMA_ROW("exit_code", SCHEMA_INT, 0, "of the program"),
        SCHEMA_ROW("duration_s", SCHEMA_NUMBER, 0, "length with settling"),
        SCHEMA_ROW("started_unix_s", SCHEMA_NUMBER, 0, "the wall clock at t = 0"),
        SCHEMA_PART("shard", SCHEMA_OBJECT, 0, "the share of the fleet", &shard),
        SCHEMA_ROW("caveats", SCHEMA_STRING, SCHEMA_LIST, "what belongs before the numbers"),
        SCHEMA_PART("devices", SCHEMA_OBJECT, 0, "of the fleet", &devices),
        SCHEMA_PART("checks", SCHEMA_OBJECT, SCHEMA_LIST, "in the scenario's order", &verdict),
        SCHEMA_PART("operations", SCHEMA_OBJECT, 0, "by kind", &operations),
        SCHEMA_PART("messages", SCHEMA_OBJECT, 0, "what became of them", &messages),
        SCHEMA_PART("network", SCHEMA_OBJECT, 0, "bytes and connections", &network),
        SCHEMA_PART("mqtt", SCHEMA_OBJECT, 0, "of the protocol", &mqtt),
        SCHEMA_PART("tool", SCHEMA_OBJECT, 0, "the state of the generator itself", &tool),
        SCHEMA_PART("trust", SCHEMA_OBJECT, 0, "can these numbers carry a verdict?", &trust),
        SCHEMA_PART("causes", SCHEMA_OBJECT, SCHEMA_LIST, "why operations failed", &cause),
        SCHEMA_PART("fleets", SCHEMA_MAP, 0, "by name", &fleet),
        SCHEMA_END}};

void summary_shape_print(struct text *out) {
    json_schema_write(out, "Muster summary.json",
                      "The result of a run. Keys may be added, never renamed; docs/results.md describes them.",
                      &summary_shape);
}
