#include "report/summary_shape.h"

#include "fleet/run.h"
#include "metrics/op.h"
#include "report/figures.h"
#include "report/judged.h"

/* --- words and keys of other tables ----------------------------------------------------------------------------------- */

static const char *gap_word(unsigned i) {
    return i < AUDIT_GAP_KINDS ? audit_gap_names[i] : NULL;
}

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
    (const struct json_schema_row[]){SHAPE_ROW("version", SHAPE_STRING, 0, "the version that ran"), SHAPE_END}};

static const struct json_shape scenario = {
    "scenario", NULL,
    (const struct json_schema_row[]){
        SHAPE_ROW("name", SHAPE_STRING, 0, "name in the scenario"),
        SHAPE_ROW("file", SHAPE_STRING, 0, "its first file"),
        SHAPE_ROW("hash", SHAPE_STRING, 0, "equal for runs that may be compared"),
        SHAPE_ROW("seed", SHAPE_UINT, 0, "of all chance"),
        SHAPE_ROW("plan_hash", SHAPE_STRING, 0, "of hash, seed and who does what when"),
        SHAPE_ROW("decisions_hash", SHAPE_STRING, 0, "of what was due in the run: the same for any number of workers"),
        SHAPE_ROW("run_id", SHAPE_STRING, 0, "four hexadecimal digits"), SHAPE_END}};

static const struct json_shape shard = {
    "shard", NULL,
    (const struct json_schema_row[]){SHAPE_ROW("number", SHAPE_UINT, 0, "which share of the fleet this is, from 1"),
                                     SHAPE_ROW("of", SHAPE_UINT, 0, "how many shares there are"), SHAPE_END}};

static const struct json_shape devices = {
    "devices", NULL,
    (const struct json_schema_row[]){
        SHAPE_ROW("count", SHAPE_UINT, 0, "devices of this shard"),
        SHAPE_ROW("online_peak", SHAPE_UINT, 0, "the most that were online at the end of a second"),
        SHAPE_ROW("online_end", SHAPE_UINT, 0, "online at the end of settling"),
        SHAPE_ROW("connect_attempts", SHAPE_UINT, 0, "connection attempts, whatever their end"),
        SHAPE_ROW("reconnects", SHAPE_UINT, 0, "accepted connections after a device's first"),
        SHAPE_ROW("gave_up", SHAPE_UINT, 0, "devices that stopped reconnecting"), SHAPE_END}};

const struct json_schema_row summary_shape_verdict_rows[] = {
    SHAPE_ROW("name", SHAPE_STRING, 0, "name of the check"),
    SHAPE_ROW("expect", SHAPE_STRING, 0, "as written"),
    SHAPE_WORD("check_kind", 0, "what a failure means", kind_word),
    SHAPE_ROW("pass", SHAPE_BOOL, 0, "the check held"),
    SHAPE_ROW("value", SHAPE_NUMBER, SHAPE_NULLABLE, "its left side in `unit`; null when infinite or without data"),
    SHAPE_ROW("limit", SHAPE_NUMBER, SHAPE_NULLABLE, "its right side, likewise"),
    SHAPE_ROW("unit", SHAPE_STRING, 0, "of value and limit"),
    SHAPE_ROW("samples", SHAPE_UINT, 0, "what the verdict rests on"),
    SHAPE_ROW("reason", SHAPE_STRING, SHAPE_OPTIONAL, "why there is no value, or why it failed"),
    SHAPE_ROW("aborted", SHAPE_BOOL, SHAPE_OPTIONAL, "this check ended the run"),
    SHAPE_END};
static const struct json_shape verdict = {"verdict", NULL, summary_shape_verdict_rows};

static const struct json_shape clock_shape = {
    "clock", NULL,
    (const struct json_schema_row[]){
        SHAPE_ROW("p50", SHAPE_NUMBER, SHAPE_NULLABLE, "median, milliseconds, over answered operations"),
        SHAPE_ROW("p90", SHAPE_NUMBER, SHAPE_NULLABLE, "90th percentile"),
        SHAPE_ROW("p99", SHAPE_NUMBER, SHAPE_NULLABLE, "99th percentile"),
        SHAPE_ROW("p999", SHAPE_NUMBER, SHAPE_NULLABLE, "99.9th percentile"),
        SHAPE_ROW("max", SHAPE_NUMBER, SHAPE_NULLABLE, "the longest, exact"),
        SHAPE_ROW("mean", SHAPE_NUMBER, SHAPE_NULLABLE, "exact"),
        SHAPE_ROW("samples", SHAPE_UINT, 0, "how many there were"), SHAPE_END}};

static const struct json_shape drops = {
    "drops", NULL,
    (const struct json_schema_row[]){
        SHAPE_KEYS(drop_key, SHAPE_UINT, SHAPE_OPTIONAL, "operations that were never sent for this reason", NULL),
        SHAPE_END}};

static const struct json_shape holds = {
    "holds", NULL,
    (const struct json_schema_row[]){
        SHAPE_KEYS(held_key, SHAPE_UINT, SHAPE_OPTIONAL, "operations that waited for this reason", NULL), SHAPE_END}};

static const struct json_shape operation = {
    "operation", NULL,
    (const struct json_schema_row[]){
        SHAPE_ROW("intended", SHAPE_UINT, 0, "count + withdrawn + dropped + open"),
        SHAPE_ROW("count", SHAPE_UINT, 0, "ok + failed"),
        SHAPE_ROW("ok", SHAPE_UINT, 0, "answered and accepted; QoS 0: sent"),
        SHAPE_ROW("failed", SHAPE_UINT, 0, "refused + timeout + broken"),
        SHAPE_ROW("refused", SHAPE_UINT, 0, "answered with an error"),
        SHAPE_ROW("timeout", SHAPE_UINT, 0, "no answer in time"),
        SHAPE_ROW("broken", SHAPE_UINT, 0, "the connection ended and no session carried it over"),
        SHAPE_ROW("withdrawn", SHAPE_UINT, 0,
                  "would have failed, but the device itself was away, or the timeline ended it"),
        SHAPE_ROW("dropped", SHAPE_UINT, 0, "never sent"),
        SHAPE_ROW("open", SHAPE_UINT, 0, "sent, without an end when the run closed"),
        SHAPE_PART("dropped_because", SHAPE_OBJECT, 0, "by reason", &drops),
        SHAPE_PART("held_because", SHAPE_OBJECT, 0, "how many waited before they could be sent, by reason", &holds),
        SHAPE_ROW("late", SHAPE_UINT, 0, "emitted later than the limit of trust after they were ready"),
        SHAPE_PART("response_ms", SHAPE_OBJECT, 0, "from the instant it was meant to start to the felt answer",
                   &clock_shape),
        SHAPE_PART("service_ms", SHAPE_OBJECT, 0, "from sending to answer", &clock_shape),
        SHAPE_PART("lag_ms", SHAPE_OBJECT, 0, "from ready to emitted: the tool's own delay", &clock_shape), SHAPE_END}};

static const struct json_shape operations = {
    "operations", NULL,
    (const struct json_schema_row[]){SHAPE_KEYS(operation_key, SHAPE_OBJECT, SHAPE_OPTIONAL,
                                                "operations of that kind; missing when there were none", &operation),
                                     SHAPE_END}};

static const struct json_shape fates = {
    "fates", NULL,
    (const struct json_schema_row[]){
        SHAPE_ROW("sent", SHAPE_UINT, 0, "handed over at least once"),
        SHAPE_ROW("acked", SHAPE_UINT, 0, "acknowledged"),
        SHAPE_ROW("audited", SHAPE_UINT, 0,
                  "judged by the audit; what was received, duplicated and reordered rests on these"),
        SHAPE_ROW("received", SHAPE_UINT, 0, "distinct messages that the observer got"),
        SHAPE_ROW("lost", SHAPE_UINT, 0, "not accounted for"),
        SHAPE_ROW("duplicated", SHAPE_UINT, 0, "copies after the first at the observer"),
        SHAPE_ROW("reordered", SHAPE_UINT, 0, "first copies that came after a later message"),
        SHAPE_ROW("excluded", SHAPE_UINT, 0, "sent while the observer could not see: out of the audit"), SHAPE_END}};

static const struct json_shape messages = {
    "messages", &fates,
    (const struct json_schema_row[]){
        SHAPE_PART("qos", SHAPE_MAP, 0, "the same by quality of service: 0, 1, 2, as far as any was sent", &fates),
        SHAPE_ROW("resent", SHAPE_UINT, 0, "sent again after a reconnect"),
        SHAPE_ROW("device_received", SHAPE_UINT, 0, "what subscribing devices got"),
        SHAPE_ROW("device_duplicated", SHAPE_UINT, 0, "of these, copies after the first"), SHAPE_END}};

static const struct json_shape gap = {
    "gap", NULL,
    (const struct json_schema_row[]){SHAPE_WORD("kind", 0, "why the observer could not see", gap_word),
                                     SHAPE_ROW("from_s", SHAPE_NUMBER, 0, "since when"),
                                     SHAPE_ROW("to_s", SHAPE_NUMBER, SHAPE_NULLABLE, "until when; null: until the end"),
                                     SHAPE_ROW("messages", SHAPE_UINT, 0, "how many it took out of the audit"),
                                     SHAPE_END}};

static const struct json_shape audit = {
    "audit", NULL,
    (const struct json_schema_row[]){
        SHAPE_ROW("observed", SHAPE_BOOL, 0, "an observer listened"),
        SHAPE_ROW("devices", SHAPE_UINT, 0, "whose messages are audited"),
        SHAPE_ROW("of_devices", SHAPE_UINT, 0, "of so many that could be"),
        SHAPE_ROW("granted_qos", SHAPE_UINT, 0, "the lowest that the backend granted the observer"),
        SHAPE_PART("gaps", SHAPE_OBJECT, SHAPE_LIST, "when the observer could not see", &gap), SHAPE_END}};

static const struct json_shape network = {
    "network", NULL,
    (const struct json_schema_row[]){
        SHAPE_ROW("bytes_up", SHAPE_UINT, 0, "application bytes sent"),
        SHAPE_ROW("bytes_down", SHAPE_UINT, 0, "application bytes received"),
        SHAPE_ROW("connections_opened", SHAPE_UINT, 0, "transports that came up"),
        SHAPE_ROW("link_lost", SHAPE_UINT, 0, "units that the modelled link lost"),
        SHAPE_ROW("ghosts_reset", SHAPE_UINT, 0, "abandoned sockets that were reset for want of descriptors"),
        SHAPE_END}};

static const struct json_shape causes_j = {
    "causes_j", NULL,
    (const struct json_schema_row[]){
        SHAPE_ROW("floor", SHAPE_NUMBER, 0, "board and sleeping radio"),
        SHAPE_ROW("sensing", SHAPE_NUMBER, 0, "measurements"),
        SHAPE_ROW("attach", SHAPE_NUMBER, 0, "registration with the network"),
        SHAPE_ROW("connect", SHAPE_NUMBER, 0, "connecting by the device's own plan"),
        SHAPE_ROW("reconnect", SHAPE_NUMBER, 0, "connecting again after a connection was lost"),
        SHAPE_ROW("session_lost", SHAPE_NUMBER, 0, "sent only because the backend forgot the session"),
        SHAPE_ROW("message", SHAPE_NUMBER, 0, "messages and their answers"),
        SHAPE_ROW("keepalive", SHAPE_NUMBER, 0, "pings and their answers"),
        SHAPE_ROW("receive", SHAPE_NUMBER, 0, "what came unasked, and its answers"),
        SHAPE_ROW("retransmission", SHAPE_NUMBER, 0, "what the network lost, and messages sent again"),
        SHAPE_ROW("tracking", SHAPE_NUMBER, 0, "tracking-area updates"),
        SHAPE_ROW("self_discharge", SHAPE_NUMBER, 0, "the battery's own"), SHAPE_END}};

static const struct json_shape energy_quantiles = {
    "energy_quantiles", NULL,
    (const struct json_schema_row[]){SHAPE_ROW("p5", SHAPE_NUMBER, SHAPE_NULLABLE, "5 % of the devices are below"),
                                     SHAPE_ROW("p50", SHAPE_NUMBER, SHAPE_NULLABLE, "half of them"),
                                     SHAPE_ROW("p95", SHAPE_NUMBER, SHAPE_NULLABLE, "95 %"), SHAPE_END}};

static const struct json_shape energy_backend = {
    "energy_backend", NULL,
    (const struct json_schema_row[]){
        SHAPE_ROW("cause", SHAPE_STRING, 0, "a key of causes_j"),
        SHAPE_ROW("behaviour", SHAPE_STRING, 0, "what the backend did, in words"),
        SHAPE_ROW("used_j", SHAPE_NUMBER, 0, "what it made devices use"),
        SHAPE_ROW("share", SHAPE_NUMBER, SHAPE_NULLABLE, "of all that they used"),
        SHAPE_ROW("per_device_j", SHAPE_NUMBER, SHAPE_NULLABLE, "per device with power"),
        SHAPE_ROW("per_device_mah_day", SHAPE_NUMBER, SHAPE_NULLABLE,
                  "per device and day, at the voltage of its profile"),
        SHAPE_ROW("life_lost_days", SHAPE_NUMBER, SHAPE_NULLABLE,
                  "how much longer the median battery would last without; null: not known, or without end"),
        SHAPE_END}};

static const struct json_shape energy = {
    "energy", NULL,
    (const struct json_schema_row[]){
        SHAPE_ROW("used_j", SHAPE_NUMBER, 0, "what devices used, in joules"),
        SHAPE_PART("causes_j", SHAPE_OBJECT, 0, "for what", &causes_j),
        SHAPE_ROW("tail_j", SHAPE_NUMBER, 0, "of it, the radio connected or listening after the last byte"),
        SHAPE_ROW("harvested_j", SHAPE_NUMBER, 0, "what charged batteries"),
        SHAPE_ROW("per_message_j", SHAPE_NUMBER, SHAPE_NULLABLE, "used_j by messages sent; null: none was"),
        SHAPE_PART("soc", SHAPE_OBJECT, 0, "what batteries have left at the end, as a share", &energy_quantiles),
        SHAPE_PART("projected_life_days", SHAPE_OBJECT, 0, "how long full ones would last; null: without end",
                   &energy_quantiles),
        SHAPE_ROW("died", SHAPE_UINT, 0, "batteries that were empty"),
        SHAPE_ROW("brownouts", SHAPE_UINT, 0, "resets because the voltage broke down"),
        SHAPE_ROW("power_lost", SHAPE_UINT, 0, "losses of power, by the timeline or empty"),
        SHAPE_ROW("refused_work", SHAPE_UINT, 0, "messages not intended, the battery being low"),
        SHAPE_PART("backend", SHAPE_OBJECT, SHAPE_LIST, "what the backend's behaviour cost", &energy_backend),
        SHAPE_END}};

static const struct json_shape mqtt = {
    "mqtt", NULL,
    (const struct json_schema_row[]){
        SHAPE_ROW("violations", SHAPE_UINT, 0, "of the specification by the backend"),
        SHAPE_ROW("sessions_expected", SHAPE_UINT, 0, "connections that should have found their session"),
        SHAPE_ROW("sessions_lost", SHAPE_UINT, 0, "of these, those that did not"),
        SHAPE_ROW("late_answers", SHAPE_UINT, 0, "answers after the timeout"),
        SHAPE_ROW("redirects", SHAPE_UINT, 0, "Server Reference seen, never followed"), SHAPE_END}};

static const struct json_shape headroom = {
    "headroom", NULL,
    (const struct json_schema_row[]){
        SHAPE_ROW("factor", SHAPE_NUMBER, 0, "how many times this load the host was measured to carry"),
        SHAPE_ROW("first", SHAPE_STRING, 0, "what would reach its ceiling first"),
        SHAPE_ROW("shape", SHAPE_STRING, 0, "the load that was measured"), SHAPE_END}};

static const struct json_shape tool = {
    "tool", NULL,
    (const struct json_schema_row[]){
        SHAPE_ROW("lag_p999_ms", SHAPE_NUMBER, SHAPE_NULLABLE, "the tool's own delay, 99.9th percentile"),
        SHAPE_ROW("late", SHAPE_UINT, 0, "operations above the limit"),
        SHAPE_ROW("dropped", SHAPE_UINT, 0, "records of the logs that were dropped"),
        SHAPE_ROW("cpu_s", SHAPE_NUMBER, 0, "workers and control"),
        SHAPE_ROW("rss_peak_bytes", SHAPE_UINT, 0, "memory of the process at its peak"),
        SHAPE_ROW("bytes_per_device", SHAPE_NUMBER, 0, "private memory gained by the fleet, per device"),
        SHAPE_ROW("lag_p99_ms", SHAPE_NUMBER, SHAPE_NULLABLE, "99th percentile"),
        SHAPE_ROW("lag_max_ms", SHAPE_NUMBER, SHAPE_NULLABLE, "the longest"),
        SHAPE_ROW("lag_limit_ms", SHAPE_NUMBER, 0, "above it an operation is late"),
        SHAPE_ROW("loop_late_max_ms", SHAPE_NUMBER, 0, "the latest that a worker's loop came round"),
        SHAPE_ROW("emitted", SHAPE_UINT, 0, "operations"),
        SHAPE_ROW("workers", SHAPE_UINT, 0, "threads that drove devices"),
        SHAPE_ROW("private_descriptor_tables", SHAPE_BOOL, 0, "each worker had its own"),
        SHAPE_ROW("true_silence", SHAPE_BOOL, 0, "silent links were silent for the backend's TCP as well"),
        SHAPE_ROW("guard_held", SHAPE_UINT, 0, "operations that the safety guard held back"),
        SHAPE_ROW("guard_refused", SHAPE_UINT, 0, "connects that it refused"),
        SHAPE_PART("headroom", SHAPE_OBJECT, SHAPE_NULLABLE, "null: this host was not measured", &headroom),
        SHAPE_END}};

static const struct json_shape counter = {
    "counter", NULL,
    (const struct json_schema_row[]){SHAPE_ROW("first", SHAPE_NUMBER, 0, "the first value that was read"),
                                     SHAPE_ROW("last", SHAPE_NUMBER, 0, "and the last"), SHAPE_END}};

static const struct json_shape backend = {
    "backend", NULL,
    (const struct json_schema_row[]){
        SHAPE_ROW("cpu_s", SHAPE_NUMBER, SHAPE_NULLABLE, "its processor time from t = 0 on"),
        SHAPE_ROW("cpu_share_max", SHAPE_NUMBER, SHAPE_NULLABLE, "of one core, the most in a second"),
        SHAPE_ROW("cpu_us_per_message", SHAPE_NUMBER, SHAPE_NULLABLE,
                  "processor time by messages that devices sent, microseconds"),
        SHAPE_ROW("rss_first_bytes", SHAPE_UINT, SHAPE_NULLABLE, "its memory at t = 0"),
        SHAPE_ROW("rss_peak_bytes", SHAPE_UINT, SHAPE_NULLABLE, "and at most"),
        SHAPE_ROW("bytes_per_device", SHAPE_NUMBER, SHAPE_NULLABLE,
                  "memory gained since t = 0 when most devices were online, by these"),
        SHAPE_ROW("threads_peak", SHAPE_UINT, SHAPE_NULLABLE, "its threads at most"),
        SHAPE_ROW("descriptors_peak", SHAPE_UINT, SHAPE_NULLABLE, "its descriptors at most"),
        SHAPE_ROW("ended_early", SHAPE_BOOL, 0, "its process ended before the run did"),
        SHAPE_PART("counters", SHAPE_MAP, 0, "what it says of itself, by its own names", &counter), SHAPE_END}};

static const struct json_shape finding = {
    "finding", NULL,
    (const struct json_schema_row[]){SHAPE_ROW("text", SHAPE_STRING, 0, "why the numbers cannot be trusted"),
                                     SHAPE_ROW("from_s", SHAPE_NUMBER, 0, "from when"),
                                     SHAPE_ROW("to_s", SHAPE_NUMBER, 0, "to when"), SHAPE_END}};

static const struct json_shape trust = {
    "trust", NULL,
    (const struct json_schema_row[]){
        SHAPE_ROW("trustworthy", SHAPE_BOOL, 0, "nothing speaks against the numbers"),
        SHAPE_ROW("widened", SHAPE_BOOL, 0, "the scenario widened the limits"),
        SHAPE_PART("findings", SHAPE_OBJECT, SHAPE_LIST, "what speaks against them", &finding), SHAPE_END}};

static const struct json_shape cause = {
    "cause", NULL,
    (const struct json_schema_row[]){
        SHAPE_ROW("fleet", SHAPE_STRING, 0, "whose operations failed"),
        SHAPE_ROW("region", SHAPE_STRING, 0, "\"\": none"),
        SHAPE_ROW("operation", SHAPE_STRING, 0, "kind, or others for what is not told apart"),
        SHAPE_ROW("outcome", SHAPE_STRING, SHAPE_OPTIONAL, "how they ended"),
        SHAPE_ROW("reason_code", SHAPE_UINT, 0, "as on the wire"),
        SHAPE_ROW("connection", SHAPE_STRING, 0, "how the connection ended, when that was the cause"),
        SHAPE_ROW("count", SHAPE_UINT, 0, "how many"), SHAPE_ROW("first_s", SHAPE_NUMBER, 0, "when first"),
        SHAPE_ROW("example_device", SHAPE_UINT, 0, "one of them, index over all fleets"), SHAPE_END}};

static const struct json_shape fleet = {
    "fleet", NULL,
    (const struct json_schema_row[]){SHAPE_ROW("devices", SHAPE_UINT, 0, "of the whole plan"),
                                     SHAPE_PART("operations", SHAPE_OBJECT, 0, "of this fleet", &operations),
                                     SHAPE_PART("messages", SHAPE_OBJECT, 0, "of this fleet", &messages),
                                     SHAPE_PART("network", SHAPE_OBJECT, 0, "of this fleet", &network),
                                     SHAPE_PART("energy", SHAPE_OBJECT, SHAPE_OPTIONAL, "of this fleet", &energy),
                                     SHAPE_END}};

static const struct json_shape simulation = {
    "simulation", NULL,
    (const struct json_schema_row[]){
        SHAPE_ROW("trace_hash", SHAPE_STRING, 0, "of every step of every device, in order: equal runs have equal ones"),
        SHAPE_ROW("steps", SHAPE_UINT, 0, "how many steps there were"),
        SHAPE_ROW("interval_s", SHAPE_UINT, 0, "length of the intervals of logs and series"), SHAPE_END}};

const struct json_shape summary_shape = {
    "summary", NULL,
    (const struct json_schema_row[]){
        SHAPE_ROW("schema", SHAPE_UINT, 0, "1: keys may be added, never renamed"),
        SHAPE_PART("muster", SHAPE_OBJECT, 0, "the program", &muster),
        SHAPE_PART("scenario", SHAPE_OBJECT, 0, "what ran", &scenario),
        SHAPE_ROW("target", SHAPE_STRING, SHAPE_LIST, "URLs, or builtin"),
        SHAPE_ROW("nodes", SHAPE_STRING, SHAPE_LIST, "the addresses that they resolved to"),
        SHAPE_WORD("mode", 0, "on the network, or simulated", mode_word),
        SHAPE_PART("simulation", SHAPE_OBJECT, SHAPE_OPTIONAL, "of a run in simulated time", &simulation),
        SHAPE_WORD("verdict", 0, "how the run ended", verdict_word),
        SHAPE_ROW("exit_code", SHAPE_INT, 0, "of the program"),
        SHAPE_ROW("duration_s", SHAPE_NUMBER, 0, "length with settling"),
        SHAPE_ROW("started_unix_s", SHAPE_NUMBER, 0, "the wall clock at t = 0"),
        SHAPE_PART("shard", SHAPE_OBJECT, 0, "the share of the fleet", &shard),
        SHAPE_ROW("caveats", SHAPE_STRING, SHAPE_LIST, "what belongs before the numbers"),
        SHAPE_PART("devices", SHAPE_OBJECT, 0, "of the fleet", &devices),
        SHAPE_PART("checks", SHAPE_OBJECT, SHAPE_LIST, "in the scenario's order", &verdict),
        SHAPE_PART("operations", SHAPE_OBJECT, 0, "by kind", &operations),
        SHAPE_PART("messages", SHAPE_OBJECT, 0, "what became of them", &messages),
        SHAPE_PART("audit", SHAPE_OBJECT, 0, "who observed, and what of it could be seen", &audit),
        SHAPE_PART("network", SHAPE_OBJECT, 0, "bytes and connections", &network),
        SHAPE_PART("energy", SHAPE_OBJECT, SHAPE_OPTIONAL, "of fleets with power", &energy),
        SHAPE_PART("mqtt", SHAPE_OBJECT, 0, "of the protocol", &mqtt),
        SHAPE_PART("tool", SHAPE_OBJECT, 0, "the state of the generator itself", &tool),
        SHAPE_PART("backend", SHAPE_OBJECT, SHAPE_NULLABLE, "what the backend used of itself; null: nobody told",
                   &backend),
        SHAPE_PART("trust", SHAPE_OBJECT, 0, "can these numbers carry a verdict?", &trust),
        SHAPE_PART("causes", SHAPE_OBJECT, SHAPE_LIST, "why operations failed", &cause),
        SHAPE_PART("fleets", SHAPE_MAP, 0, "by name", &fleet),
        SHAPE_END}};

void summary_shape_print(struct text *out) {
    json_schema_write(out, "Muster summary.json",
                      "The result of a run. Keys may be added, never renamed; docs/results.md describes them.",
                      &summary_shape);
}
