#include "report/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/check.h"
#include "base/json_write.h"
#include "metrics/interval.h"
#include "report/events_shape.h"
#include "report/evidence_files.h"
#include "report/evidence_index.h"
#include "report/facts.h"
#include "report/judged.h"
#include "scenario/device_name.h"

const struct events_row events_rows[EVENTS_KINDS] = {
    {EVENTS_STARTED, "started", false, LOG_VERDICTS,
     "the run begins: what it is, its seed and hashes, the edges of its segments"},
    {EVENTS_GROUP, "group", false, LOG_VERDICTS, "a group of devices and its labels"},
    {EVENTS_PHASE, "phase", false, LOG_EVENTS, "a phase begins or ends"},
    {EVENTS_ACTION, "action", true, LOG_EVENTS, "an entry of the timeline begins or ends"},
    {EVENTS_FINDING, "finding", true, LOG_EVENTS,
     "something a device met: a broken rule, a redirect, a failed operation"},
    {EVENTS_STATE, "state", true, LOG_EVENTS, "a sampled device changed its state"},
    {EVENTS_TRUST, "trust", true, LOG_VERDICTS, "a reason not to trust the numbers"},
    {EVENTS_CHECK, "check", false, LOG_VERDICTS, "how a check ended"},
    {EVENTS_HEALTH, "health", true, LOG_EVENTS, "a worker's load in one second"},
    {EVENTS_ANCHOR, "anchor", false, LOG_EVENTS, "the wall clock at an instant of the run"},
    {EVENTS_MESSAGE, "message", true, LOG_EVENTS, "something else worth knowing"},
    {EVENTS_TALLY, "tally", false, LOG_TALLIES, "how operations of one cell ended in one interval"},
    {EVENTS_COUNTERS, "counters", false, LOG_TALLIES, "counters of one group in one interval"},
    {EVENTS_DEVICES, "devices", false, LOG_TALLIES, "a group's devices by state, when that changed"},
    {EVENTS_CAUSE, "cause", false, LOG_TALLIES, "why operations failed in one interval"},
    {EVENTS_GAP, "gap", false, LOG_VERDICTS, "at the end: when the observer could not see"},
    {EVENTS_BACKEND, "backend", false, LOG_VERDICTS, "at the end: a counter that the backend keeps of itself"},
    {EVENTS_LEFT_OUT, "left_out", false, LOG_EVENTS, "how many records of a kind a cap left out in one interval"},
    {EVENTS_SECOND, "second", false, LOG_TALLIES, "the last line of an interval: all of it is there"},
    {EVENTS_ENDED, "ended", false, LOG_VERDICTS, "the run is over: its verdict"},
};

static const char *const note_names[EVENT_KINDS] = {
    [EVENT_SESSION_UP] = "session_up", [EVENT_SESSION_LOST] = "session_lost",
    [EVENT_OP_END] = "operation",      [EVENT_MESSAGE] = "message",
    [EVENT_VIOLATION] = "violation",   [EVENT_CLOSE] = "closed",
    [EVENT_RESENT] = "resent",         [EVENT_LATE_ANSWER] = "late_answer",
    [EVENT_REDIRECT] = "redirect",     [EVENT_AUTH] = "auth",
};

struct events {
    const struct plan *plan;
    struct log_writer *log;
    int file;
    uint64_t n;
    uint32_t this_second[EVENTS_KINDS];
    uint64_t left_out[EVENTS_KINDS];
    unsigned trust_told; /* findings that have their line */
    uint32_t *states;    /* [group_count * STATE_KINDS]: as the last `devices` lines said */
    const struct evidence_files *evidence;
    struct evidence_index index;
    struct text line; /* reused */
    struct json_write json;
    struct json_schema_check check; /* of the line that is being written */
    bool told;                      /* that a line departs from its schema */
};

struct events *events_new(const struct plan *plan, struct log_writer *log, int file) {
    struct events *e = calloc(1, sizeof *e);
    if (e == NULL)
        return NULL;
    e->states = calloc((size_t)plan->group_count * STATE_KINDS + 1, sizeof *e->states);
    if (e->states == NULL) {
        free(e);
        return NULL;
    }
    e->plan = plan;
    e->log = log;
    e->file = file;
    return e;
}

void events_use_evidence(struct events *e, const struct evidence_files *evidence) {
    e->evidence = evidence;
}

const struct evidence_index *events_evidence(const struct events *e) {
    return &e->index;
}

void events_free(struct events *e) {
    if (e == NULL)
        return;
    text_free(&e->line);
    free(e->states);
    free(e);
}

bool events_keep_to_schema(const struct events *e) {
    return !e->told;
}

void events_seal(struct text *line) {
    uLong crc = crc32(0, (const Bytef *)line->data, (uInt)line->size);
    text_printf(line, ",\"crc\":\"%08lx\"}\n", crc);
}

/* --- one line --------------------------------------------------------------------------------------------------------- */

/* Begins a line; false when its kind has had its share of this second. */
static bool begin(struct events *e, enum events_kind kind, instant at) {
    if (events_rows[kind].capped && e->this_second[kind]++ >= EVENTS_PER_SECOND_MAX) {
        e->left_out[kind]++;
        return false;
    }
    e->line.size = 0;
    e->json = json_write_to(&e->line, 0);
    json_schema_watch(&e->check, &e->json, events_shape(kind));
    json_write_open_object(&e->json);
    json_write_member_uint(&e->json, "n", e->n);
    json_write_member_double(&e->json, "t", span_seconds(at));
    json_write_member_string(&e->json, "kind", events_rows[kind].name);
    return true;
}

/* A number is spent even when the record is dropped, so that the gap shows. */
static void end(struct events *e, enum events_kind kind) {
    json_write_close_object(&e->json);
    e->told = e->told || !json_schema_report(&e->check, "events.ndjson");
    e->line.size--; /* the brace comes after the checksum */
    events_seal(&e->line);
    if (e->line.size > EVENTS_LINE_MAX) { /* a name without measure: readers refuse such lines */
        e->left_out[kind]++;
        return;
    }
    log_writer_put(e->log, e->file, events_rows[kind].worth, e->line.data, e->line.size);
    if (kind == EVENTS_FINDING)
        evidence_index_add(&e->index, e->line.data, e->line.size);
    e->n++;
}

static void put_text(struct events *e, const char *key, const char *value) {
    if (value != NULL)
        json_write_member_string(&e->json, key, value);
}

static void put_long_text(struct events *e, const char *key, const char *value) {
    enum { SHOWN_MAX = 4000 };
    if (value == NULL)
        return;
    json_write_key(&e->json, key);
    json_write_string_n(&e->json, value, strnlen(value, SHOWN_MAX));
}

static void put_count(struct events *e, const char *key, uint64_t value) {
    if (value > 0)
        json_write_member_uint(&e->json, key, value);
}

static void put_labels(struct events *e, unsigned group) {
    const struct fleet_group *g = &e->plan->groups[group];
    put_text(e, "fleet", g->fleet);
    put_text(e, "profile", g->profile_name);
    put_text(e, "region", g->region);
    put_text(e, "target", g->target_name);
}

/* --- what the run says ------------------------------------------------------------------------------------------------ */

static void write_groups(struct events *e) {
    uint32_t *devices = calloc(e->plan->group_count + 1, sizeof *devices);
    CHECK(devices != NULL);
    for (uint32_t d = 0; d < e->plan->device_count; d++)
        devices[e->plan->group_of[d]]++;
    for (unsigned g = 0; g < e->plan->group_count; g++) {
        begin(e, EVENTS_GROUP, 0);
        json_write_member_uint(&e->json, "group", g);
        put_labels(e, g);
        json_write_member_uint(&e->json, "devices", devices[g]);
        end(e, EVENTS_GROUP);
    }
    free(devices);
}

/* What the targets' names stood for in this run, in the plan's order. */
static void put_nodes(struct events *e) {
    enum { NODES_SHOWN_MAX = 500 };
    const struct plan *p = e->plan;
    unsigned room = NODES_SHOWN_MAX;
    json_write_key(&e->json, "nodes");
    json_write_open_array(&e->json);
    for (unsigned t = 0; t < p->target_count; t++)
        for (unsigned n = 0; n < p->targets[t].node_count && room > 0; n++, room--) {
            char address[64];
            json_write_string(&e->json, address_format(&p->targets[t].nodes[n], address, sizeof address));
        }
    json_write_close_array(&e->json);
    json_write_key(&e->json, "nodes_of_target");
    json_write_open_array(&e->json);
    for (unsigned t = 0; t < p->target_count && t < NODES_SHOWN_MAX; t++)
        json_write_uint(&e->json, p->targets[t].node_count);
    json_write_close_array(&e->json);
}

static void write_started(struct events *e, const struct run_event *event) {
    const struct plan *p = e->plan;
    begin(e, EVENTS_STARTED, event->at);
    json_write_member_int(&e->json, "unix_ns", event->unix_ns);
    put_long_text(e, "name", p->name);
    put_text(e, "run_id", p->run_id);
    json_write_member_uint(&e->json, "seed", p->seed);
    put_text(e, "scenario_hash", p->scenario_hash);
    put_text(e, "plan_hash", p->plan_hash);
    json_write_member_uint(&e->json, "devices", p->device_count);
    json_write_member_double(&e->json, "duration_s", span_seconds(p->duration));
    json_write_member_double(&e->json, "warmup_s", span_seconds(p->warmup));
    json_write_member_double(&e->json, "late_limit_ms", span_millis(p->trust.lag));
    json_write_key(&e->json, "edges");
    json_write_open_array(&e->json);
    enum { EDGES_SHOWN_MAX = 2000 };
    for (unsigned i = 1; i < p->segments.count && i <= EDGES_SHOWN_MAX; i++) /* the first lies before everything */
        json_write_double(&e->json, span_seconds(p->segments.edges[i]));
    json_write_close_array(&e->json);
    put_nodes(e);
    end(e, EVENTS_STARTED);
    write_groups(e);
}

static void put_device(struct events *e, const struct note *n) {
    char name[DEVICE_NAME_MAX];
    put_text(e, "device", device_name_format(e->plan, n->device, name, sizeof name));
    json_write_member_uint(&e->json, "d", n->device);
}

static void put_packet(struct events *e, const struct note *n) {
    char hex[2 * RECORDER_NOTE_PACKET + 1];
    size_t size = n->packet_size < RECORDER_NOTE_PACKET ? n->packet_size : RECORDER_NOTE_PACKET;
    for (size_t i = 0; i < size; i++)
        snprintf(hex + 2 * i, 3, "%02x", n->packet[i]);
    if (size > 0)
        put_text(e, "packet", hex);
}

static void put_evidence(struct events *e, const struct note *n) {
    const char *path;
    uint64_t frame;
    if (!evidence_files_find(e->evidence, n->device, n->at, &path, &frame))
        return;
    json_write_key(&e->json, "evidence");
    json_write_open_object(&e->json);
    json_write_member_string(&e->json, "file", path);
    json_write_member_uint(&e->json, "frame", frame);
    json_write_close_object(&e->json);
}

static void write_state(struct events *e, const struct note *n) {
    if (n->from >= STATE_KINDS || n->to >= STATE_KINDS || !begin(e, EVENTS_STATE, n->at))
        return;
    put_device(e, n);
    put_text(e, "from", state_names[n->from]);
    put_text(e, "to", state_names[n->to]);
    if (n->close_reason != CLOSE_NONE && n->close_reason < CLOSE_REASONS)
        put_text(e, "why", close_reason_names[n->close_reason]);
    put_count(e, "reason_code", n->reason_code);
    end(e, EVENTS_STATE);
}

static void write_finding(struct events *e, const struct note *n) {
    if (n->kind >= EVENT_KINDS || !begin(e, EVENTS_FINDING, n->at))
        return;
    put_text(e, "what", note_names[n->kind]);
    put_device(e, n);
    if (n->kind == EVENT_OP_END && n->op < OP_KINDS && n->outcome < OP_OUTCOMES) {
        put_text(e, "operation", op_kinds[n->op].name);
        put_text(e, "outcome", op_outcome_names[n->outcome]);
    }
    put_text(e, "statement", n->statement);
    put_text(e, "detail", n->detail);
    put_count(e, "reason_code", n->reason_code);
    if (n->close_reason != CLOSE_NONE && n->close_reason < CLOSE_REASONS)
        put_text(e, "why", close_reason_names[n->close_reason]);
    put_packet(e, n);
    put_evidence(e, n);
    end(e, EVENTS_FINDING);
}

static void write_note(struct events *e, const struct note *n) {
    CHECK(n->group < e->plan->group_count);
    if (n->kind == NOTE_STATE)
        write_state(e, n);
    else
        write_finding(e, n);
}

static void write_health(struct events *e, const struct run_event *event) {
    const struct health *h = event->health;
    if (!begin(e, EVENTS_HEALTH, event->at))
        return;
    json_write_member_uint(&e->json, "worker", h->worker);
    json_write_member_double(&e->json, "cpu_share", h->cpu_share);
    json_write_member_double(&e->json, "loop_late_max_ms", span_millis(h->loop_late_max));
    json_write_member_double(&e->json, "lag_max_ms", span_millis(h->lag_max));
    put_count(e, "operations", h->operations);
    put_count(e, "late", h->late);
    end(e, EVENTS_HEALTH);
}

static void write_check(struct events *e, instant at, const struct check_verdict *v) {
    begin(e, EVENTS_CHECK, at);
    judged_members(&e->json, v);
    end(e, EVENTS_CHECK);
}

static void write_trust(struct events *e, instant at, const char *text, instant from, instant to) {
    e->trust_told++;
    if (!begin(e, EVENTS_TRUST, at))
        return;
    put_long_text(e, "text", text);
    json_write_member_int(&e->json, "from_ns", from);
    json_write_member_int(&e->json, "to_ns", to);
    end(e, EVENTS_TRUST);
}

static void write_plain(struct events *e, enum events_kind kind, const struct run_event *event) {
    if (!begin(e, kind, event->at))
        return;
    put_long_text(e, "id", event->id);
    if (kind == EVENTS_PHASE || kind == EVENTS_ACTION)
        put_text(e, "edge", event->start ? "start" : "end");
    if (kind == EVENTS_ANCHOR)
        json_write_member_int(&e->json, "unix_ns", event->unix_ns);
    put_long_text(e, "text", event->text);
    end(e, kind);
}

void events_event(struct events *e, const struct run_event *event) {
    switch (event->kind) {
    case RUN_STARTED:
        write_started(e, event);
        break;
    case RUN_PHASE:
        write_plain(e, EVENTS_PHASE, event);
        break;
    case RUN_ACTION:
        write_plain(e, EVENTS_ACTION, event);
        break;
    case RUN_NOTE:
        write_note(e, event->note);
        break;
    case RUN_TRUST:
        write_trust(e, event->at, event->text, event->from, event->to);
        break;
    case RUN_CHECK:
        write_check(e, event->at, event->verdict);
        break;
    case RUN_HEALTH:
        write_health(e, event);
        break;
    case RUN_ANCHOR:
        write_plain(e, EVENTS_ANCHOR, event);
        break;
    case RUN_MESSAGE:
        write_plain(e, EVENTS_MESSAGE, event);
        break;
    case RUN_RECORDED: /* a file of its own */
    case RUN_EVIDENCE: /* goes to files of its own; the findings name them */
    case RUN_ENDED:    /* the last line is written with the facts */
        break;
    }
}

/* --- one interval ----------------------------------------------------------------------------------------------------- */

static void put_parts(struct events *e, const char *key, const uint64_t *counts, const char *const *names, int count) {
    bool open = false;
    for (int i = 1; i < count; i++) { /* 0 is "none" */
        if (counts[i] == 0)
            continue;
        if (!open) {
            json_write_key(&e->json, key);
            json_write_open_object(&e->json);
            open = true;
        }
        json_write_member_uint(&e->json, names[i], counts[i]);
    }
    if (open)
        json_write_close_object(&e->json);
}

/* What a histogram of the interval log cannot carry: samples, and their exact sum, least and greatest. */
static void put_clocks(struct events *e, const struct series *s) {
    static const char *const keys[] = {
        [CLOCK_LAG] = "lag_ns", [CLOCK_SERVICE] = "service_ns", [CLOCK_RESPONSE] = "response_ns"};
    for (int c = 0; c < CLOCK_KINDS; c++) {
        const struct histogram *h = s->clocks[c];
        if (h == NULL || h->count == 0)
            continue;
        json_write_key(&e->json, keys[c]);
        json_write_open_array(&e->json);
        json_write_int(&e->json, (int64_t)h->count);
        json_write_int(&e->json, h->sum_ns);
        json_write_int(&e->json, h->min_ns);
        json_write_int(&e->json, h->max_ns);
        json_write_close_array(&e->json);
    }
}

static void write_tally(struct events *e, instant at, const struct series *s) {
    uint64_t all = 0;
    for (int o = 0; o < OP_OUTCOMES; o++)
        all += s->outcomes[o];
    if (all == 0)
        return;
    begin(e, EVENTS_TALLY, at);
    put_text(e, "operation", op_kinds[s->key.op].name);
    put_labels(e, s->key.group);
    json_write_member_uint(&e->json, "qos", s->key.qos);
    json_write_member_bool(&e->json, "held", s->key.held);
    json_write_member_uint(&e->json, "segment", s->key.segment);
    put_count(e, "excluded", s->key.excluded);
    for (int o = 0; o < OP_OUTCOMES; o++)
        json_write_member_uint(&e->json, op_outcome_names[o], s->outcomes[o]);
    put_parts(e, "dropped_because", s->drops, op_drop_names, OP_DROP_REASONS);
    put_parts(e, "held_because", s->held, op_held_names, OP_HELD_REASONS);
    put_count(e, "late", s->late);
    put_clocks(e, s);
    end(e, EVENTS_TALLY);
}

static void write_counters(struct events *e, instant at, const struct tally_series *t) {
    begin(e, EVENTS_COUNTERS, at);
    put_labels(e, t->group);
    json_write_member_uint(&e->json, "segment", t->segment);
    put_count(e, "qos", t->qos);
    for (int k = 0; k < TALLY_KINDS; k++)
        put_count(e, tally_rows[k].metric, t->counts[k]);
    end(e, EVENTS_COUNTERS);
}

static void write_devices(struct events *e, instant at, const struct gauge_row *row) {
    for (unsigned g = 0; g < e->plan->group_count; g++) {
        const uint32_t *now = row->counts + (size_t)g * STATE_KINDS;
        uint32_t *before = e->states + (size_t)g * STATE_KINDS;
        if (memcmp(now, before, STATE_KINDS * sizeof *now) == 0)
            continue;
        memcpy(before, now, STATE_KINDS * sizeof *now);
        begin(e, EVENTS_DEVICES, at);
        put_labels(e, g);
        for (int k = 0; k < STATE_KINDS; k++)
            json_write_member_uint(&e->json, state_names[k], now[k]);
        end(e, EVENTS_DEVICES);
    }
}

void events_left_out(struct events *e, instant at, const char *of, uint64_t count) {
    if (count == 0)
        return;
    begin(e, EVENTS_LEFT_OUT, at);
    put_text(e, "of", of);
    json_write_member_uint(&e->json, "count", count);
    end(e, EVENTS_LEFT_OUT);
}

static void write_cause(struct events *e, instant at, const struct reason_row *r) {
    begin(e, EVENTS_CAUSE, at);
    put_labels(e, r->group);
    put_text(e, "operation", r->op < OP_KINDS ? op_kinds[r->op].name : "others");
    if (r->op < OP_KINDS && r->outcome < OP_OUTCOMES)
        put_text(e, "outcome", op_outcome_names[r->outcome]);
    put_count(e, "reason_code", r->reason_code);
    if (r->close_reason != CLOSE_NONE && r->close_reason < CLOSE_REASONS)
        put_text(e, "why", close_reason_names[r->close_reason]);
    json_write_member_uint(&e->json, "count", r->count);
    json_write_member_double(&e->json, "first_t", span_seconds(r->first_at));
    json_write_member_uint(&e->json, "d", r->example_device);
    end(e, EVENTS_CAUSE);
}

static void write_second(struct events *e, const struct run_second *s, uint64_t intervals) {
    begin(e, EVENTS_SECOND, s->at);
    json_write_member_int(&e->json, "at_ns", s->at);
    json_write_member_uint(&e->json, "intervals", intervals);
    json_write_member_uint(&e->json, "dropped_records", s->second->dropped_records);
    json_write_member_int(&e->json, "loop_late_max_ns", s->second->loop_late_max);
    json_write_member_double(&e->json, "cpu_share", s->cpu_share_max);
    json_write_member_uint(&e->json, "rss_bytes", s->rss_bytes);
    if (s->backend.has_cpu)
        json_write_member_double(&e->json, "backend_cpu_share", s->backend.cpu_share);
    if (s->backend.has_rss)
        json_write_member_uint(&e->json, "backend_rss_bytes", s->backend.rss_bytes);
    put_count(e, "backend_threads", s->backend.threads);
    put_count(e, "backend_descriptors", s->backend.descriptors);
    end(e, EVENTS_SECOND);
}

void events_second(struct events *e, const struct run_second *s, uint64_t intervals) {
    for (size_t i = 0; i < s->second->series_count; i++)
        write_tally(e, s->at, s->second->series[i]);
    for (size_t i = 0; i < s->second->tally_count; i++)
        write_counters(e, s->at, &s->second->tallies[i]);
    for (size_t i = 0; i < s->second->reason_count; i++)
        write_cause(e, s->at, &s->second->reasons[i]);
    if (s->second->gauge_count > 0)
        write_devices(e, s->at, &s->second->gauges[s->second->gauge_count - 1]);
    for (int k = 0; k < EVENTS_KINDS; k++) {
        events_left_out(e, s->at, events_rows[k].name, e->left_out[k]);
        e->left_out[k] = 0;
        e->this_second[k] = 0;
    }
    events_left_out(e, s->at, "note", s->second->notes_omitted);
    write_second(e, s, intervals);
}

void events_copy(struct events *e, const char *line, size_t size) {
    static const char crc[] = ",\"crc\":\"01234567\"}";
    size_t head = 0; /* its number, which it gets anew */
    while (head < size && line[head] != ',')
        head++;
    CHECK(size - head >= sizeof crc);
    e->line.size = 0;
    text_printf(&e->line, "{\"n\":%llu", (unsigned long long)e->n);
    text_append_n(&e->line, line + head, size - head - (sizeof crc - 1));
    events_seal(&e->line);
    if (e->line.size > EVENTS_LINE_MAX)
        return;
    log_writer_put(e->log, e->file, LOG_EVENTS, e->line.data, e->line.size);
    evidence_index_add(&e->index, e->line.data, e->line.size);
    e->n++;
}

/* --- after the run ---------------------------------------------------------------------------------------------------- */

static void write_gap(struct events *e, instant at, const struct audit_gap *gap) {
    begin(e, EVENTS_GAP, at);
    put_text(e, "why", audit_gap_names[gap->kind]);
    json_write_member_int(&e->json, "from_ns", gap->from);
    json_write_member_int(&e->json, "to_ns", gap->to);
    json_write_member_uint(&e->json, "messages", gap->messages);
    end(e, EVENTS_GAP);
}

static void write_counter(struct events *e, instant at, const struct backend_counter *c) {
    begin(e, EVENTS_BACKEND, at);
    put_text(e, "name", c->name);
    json_write_member_double(&e->json, "first", c->first);
    json_write_member_double(&e->json, "last", c->last);
    end(e, EVENTS_BACKEND);
}

/* The check that ended the run; −1: none did. */
static int aborted_by(const struct run_facts *facts) {
    for (unsigned i = 0; i < facts->plan->check_count; i++)
        if (facts->checks[i].aborted_the_run)
            return (int)i;
    return -1;
}

void events_facts(struct events *e, const struct run_facts *facts, int fail_code) {
    for (size_t i = 0; i < facts->audit.gap_count; i++)
        write_gap(e, facts->ended, &facts->audit.gaps[i]);
    for (unsigned i = 0; i < facts->backend.counter_count; i++)
        write_counter(e, facts->ended, &facts->backend.counters[i]);
    for (unsigned i = e->trust_told; i < facts->trust_count; i++)
        write_trust(e, facts->ended, facts->trust[i].text, facts->trust[i].from, facts->trust[i].to);
    for (unsigned i = 0; i < facts->plan->check_count; i++)
        write_check(e, facts->ended, &facts->checks[i]);
    begin(e, EVENTS_ENDED, facts->ended);
    put_text(e, "verdict", run_verdict_names[facts->verdict]);
    json_write_member_int(&e->json, "exit_code", facts->exit_code);
    json_write_member_int(&e->json, "fail_code", fail_code);
    json_write_member_int(&e->json, "aborted_by", aborted_by(facts));
    facts_write(&e->json, facts);
    end(e, EVENTS_ENDED);
}
