#include "report/run_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/json_read.h"
#include "metrics/recorder.h"
#include "report/events.h"
#include "report/facts.h"
#include "report/hlog.h"
#include "report/hlog_read.h"
#include "scenario/plan_memory.h"

/* What no second of any run reaches: a log that says more is not ours, and its sums must not overflow. */
enum { LINES_PER_SECOND_MAX = 1 << 20, QOS_MAX = 2 };
static const uint64_t count_max = UINT64_C(1) << 40;
static const span second_max = SPAN_DAY;         /* between the ends of two intervals */
static const span run_max = 1000000000 * SPAN_S; /* 31 years */

struct run_log {
    struct plan *plan;
    struct run_log_texts texts;
    struct events_cursor cursor;
    unsigned event_part, interval_part;
    struct hlog_read *intervals;
    const struct hlog_record *record; /* read, and not used yet */
    struct json_read json;
    struct text *labels; /* [group_count]: as they stand in tags */
    unsigned last_group; /* lines come group by group */
    bool begun;          /* the line that says so was read */
    struct run_log_second second;
    size_t line_room, gap_room;
    uint64_t intervals_due, intervals_seen;
    uint32_t *states;      /* [group_count * STATE_KINDS] */
    uint64_t used, before; /* bytes of events: up to the last whole second; of the parts before this one */
    struct run_log_end end;
};

/* --- small readers ---------------------------------------------------------------------------------------------------- */

static bool fail(struct run_log *l, const char *why) {
    if (!l->end.broken)
        snprintf(l->end.why, sizeof l->end.why, "events.ndjson, line %llu: %s",
                 (unsigned long long)l->cursor.so_far.lines, why);
    l->end.broken = true;
    return false;
}

static const struct json_value *member(struct run_log *l, const struct json_value *v, const char *key) {
    return json_read_get(&l->json, v, key);
}

/* A count that may be missing; false when it is no count, or above `max`. */
static bool count_at(struct run_log *l, const struct json_value *v, const char *key, uint64_t max, uint64_t *out) {
    const struct json_value *found = member(l, v, key);
    if (found == NULL)
        return true;
    uint64_t count;
    if (!json_read_uint(found, &count) || count > max)
        return false;
    *out = count;
    return true;
}

static bool int_at(struct run_log *l, const struct json_value *v, const char *key, int64_t *out) {
    return json_read_int(member(l, v, key), out);
}

/* The index of a word in a table of names; `count` when it is none of them. */
static int word_at(struct run_log *l, const struct json_value *v, const char *key, const char *const *names,
                   int count) {
    const struct json_value *found = member(l, v, key);
    int i = 0;
    while (i < count && !json_read_equals(found, names[i]))
        i++;
    return i;
}

static int operation_at(struct run_log *l, const struct json_value *v) {
    const struct json_value *found = member(l, v, "operation");
    int i = 0;
    while (i < OP_KINDS && !json_read_equals(found, op_kinds[i].name))
        i++;
    return i;
}

static bool is_group(struct run_log *l, const struct json_value *v, unsigned group) {
    const struct fleet_group *g = &l->plan->groups[group];
    return json_read_equals(member(l, v, "fleet"), g->fleet) && json_read_equals(member(l, v, "region"), g->region) &&
           json_read_equals(member(l, v, "profile"), g->profile_name) &&
           json_read_equals(member(l, v, "target"), g->target_name);
}

static bool group_at(struct run_log *l, const struct json_value *v, unsigned *group) {
    for (unsigned i = 0; i < l->plan->group_count; i++) {
        unsigned g = (l->last_group + i) % l->plan->group_count;
        if (is_group(l, v, g)) {
            *group = l->last_group = g;
            return true;
        }
    }
    return fail(l, "a group of devices that the scenario does not have");
}

/* --- lines of an interval --------------------------------------------------------------------------------------------- */

static bool parts_at(struct run_log *l, const struct json_value *v, const char *key, const char *const *names,
                     int count, uint64_t *out) {
    const struct json_value *parts = member(l, v, key);
    for (int i = 1; i < count && parts != NULL; i++) {
        uint64_t n = 0;
        if (!count_at(l, parts, names[i], count_max, &n))
            return false;
        out[i] += n;
    }
    return true;
}

/* How many samples, their sum, the least and the greatest; the buckets come from the interval log. */
static bool clock_at(struct run_log *l, const struct json_value *v, const char *key, struct series *s,
                     enum clock_kind clock) {
    enum { NUMBERS = 4 };
    const struct json_value *list = member(l, v, key), *item = json_read_first(&l->json, list);
    if (list == NULL)
        return true;
    int64_t numbers[NUMBERS];
    for (int i = 0; i < NUMBERS; i++) {
        if (item == NULL || !json_read_int(item, &numbers[i]))
            return false;
        item = json_read_next(&l->json, list, item);
    }
    if (numbers[0] <= 0 || numbers[0] > (int64_t)count_max)
        return false;
    histogram_add_exact(series_clock(s, clock), (uint64_t)numbers[0], numbers[1], numbers[2], numbers[3]);
    return true;
}

static bool on_tally(struct run_log *l, const struct json_value *v) {
    unsigned group;
    uint64_t qos = 0, segment = 0, excluded = 0, late = 0;
    bool held = false, sound = true;
    int op = operation_at(l, v);
    if (!group_at(l, v, &group))
        return false;
    if (op == OP_KINDS || !count_at(l, v, "qos", QOS_MAX, &qos) || !json_read_bool(member(l, v, "held"), &held) ||
        !count_at(l, v, "segment", l->plan->segments.count - 1, &segment) ||
        !count_at(l, v, "excluded", UINT8_MAX, &excluded) || !count_at(l, v, "late", count_max, &late))
        return fail(l, "a tally of something that this version or the scenario does not know");
    struct cell_key key = {.group = (uint16_t)group,
                           .segment = (uint16_t)segment,
                           .op = (uint8_t)op,
                           .qos = (uint8_t)qos,
                           .held = held,
                           .excluded = (uint8_t)excluded};
    struct series *s = result_series(l->second.result, key, true);
    for (int o = 0; o < OP_OUTCOMES; o++) {
        uint64_t n = 0;
        sound = sound && count_at(l, v, op_outcome_names[o], count_max, &n);
        s->outcomes[o] += n;
    }
    s->late += late;
    sound = sound && parts_at(l, v, "dropped_because", op_drop_names, OP_DROP_REASONS, s->drops) &&
            parts_at(l, v, "held_because", op_held_names, OP_HELD_REASONS, s->held) &&
            clock_at(l, v, "lag_ns", s, CLOCK_LAG) && clock_at(l, v, "service_ns", s, CLOCK_SERVICE) &&
            clock_at(l, v, "response_ns", s, CLOCK_RESPONSE);
    return sound || fail(l, "a tally with counts that are none");
}

static bool on_counters(struct run_log *l, const struct json_value *v) {
    unsigned group;
    uint64_t segment = 0, qos = 0;
    struct tally_series t = {0};
    bool sound = true;
    if (!group_at(l, v, &group))
        return false;
    sound = count_at(l, v, "segment", l->plan->segments.count - 1, &segment) && count_at(l, v, "qos", QOS_MAX, &qos);
    for (int k = 0; k < TALLY_KINDS; k++)
        sound = sound && count_at(l, v, tally_rows[k].metric, count_max, &t.counts[k]);
    if (!sound)
        return fail(l, "counters that are none");
    t.group = (uint16_t)group;
    t.segment = (uint16_t)segment;
    t.qos = (uint8_t)qos;
    result_add_tally(l->second.result, &t);
    return true;
}

static bool on_devices(struct run_log *l, const struct json_value *v) {
    unsigned group;
    if (!group_at(l, v, &group))
        return false;
    for (int k = 0; k < STATE_KINDS; k++) {
        uint64_t n = 0;
        if (!count_at(l, v, state_names[k], l->plan->device_count, &n))
            return fail(l, "more devices than the scenario has");
        l->states[(size_t)group * STATE_KINDS + (size_t)k] = (uint32_t)n;
    }
    return true;
}

static bool on_cause(struct run_log *l, const struct json_value *v) {
    unsigned group;
    uint64_t reason_code = 0, device = 0, count = 0;
    double first = 0;
    int op = operation_at(l, v); /* OP_KINDS is "others", as in the row itself */
    int outcome = word_at(l, v, "outcome", op_outcome_names, OP_OUTCOMES);
    int why = word_at(l, v, "why", close_reason_names, CLOSE_REASONS);
    if (!group_at(l, v, &group))
        return false;
    if (!count_at(l, v, "reason_code", UINT8_MAX, &reason_code) || !count_at(l, v, "count", count_max, &count) ||
        !count_at(l, v, "d", l->plan->device_count, &device) || !json_read_double(member(l, v, "first_t"), &first) ||
        first < -1e9 || first > 1e9)
        return fail(l, "a cause that is none");
    result_add_reason(l->second.result,
                      &(struct reason_row){.group = (uint16_t)group,
                                           .op = (uint8_t)op,
                                           .outcome = (uint8_t)(outcome < OP_OUTCOMES ? outcome : 0),
                                           .reason_code = (uint8_t)reason_code,
                                           .close_reason = (uint8_t)(why < CLOSE_REASONS ? why : CLOSE_NONE),
                                           .example_device = (uint32_t)device,
                                           .first_at = (instant)(first * 1e9 + (first < 0 ? -0.5 : 0.5)),
                                           .count = count});
    return true;
}

static bool on_trust(struct run_log *l, const struct json_value *v) {
    struct run_facts *f = &l->end.facts;
    struct trust_finding finding = {{0}, 0, 0};
    char *text = json_read_dup(member(l, v, "text"));
    if (text == NULL || !int_at(l, v, "from_ns", &finding.from) || !int_at(l, v, "to_ns", &finding.to)) {
        free(text);
        return fail(l, "a finding without words or times");
    }
    snprintf(finding.text, sizeof finding.text, "%s", text);
    free(text);
    if (f->trust_count < TRUST_REASONS_MAX)
        f->trust[f->trust_count++] = finding;
    return true;
}

static bool on_gap(struct run_log *l, const struct json_value *v) {
    struct run_audit *a = &l->end.facts.audit;
    struct audit_gap gap = {0};
    int kind = word_at(l, v, "why", audit_gap_names, AUDIT_GAP_KINDS);
    if (kind == AUDIT_GAP_KINDS || !int_at(l, v, "from_ns", &gap.from) || !int_at(l, v, "to_ns", &gap.to) ||
        !count_at(l, v, "messages", count_max, &gap.messages))
        return fail(l, "a gap of the audit that cannot be read");
    if (a->gap_count == l->gap_room) {
        l->gap_room = l->gap_room == 0 ? 16 : l->gap_room * 2;
        a->gaps = realloc(a->gaps, l->gap_room * sizeof *a->gaps);
        CHECK(a->gaps != NULL);
    }
    gap.kind = (enum audit_gap_kind)kind;
    a->gaps[a->gap_count++] = gap;
    return true;
}

static bool on_backend(struct run_log *l, const struct json_value *v) {
    struct run_backend *b = &l->end.facts.backend;
    struct backend_counter c;
    if (!json_read_string(member(l, v, "name"), c.name, sizeof c.name) ||
        !json_read_double(member(l, v, "first"), &c.first) || !json_read_double(member(l, v, "last"), &c.last))
        return fail(l, "a counter of the backend that cannot be read");
    if (b->counter_count < RUN_BACKEND_COUNTERS_MAX)
        b->counters[b->counter_count++] = c;
    return true;
}

/* What the end of the log would tell; of a killed run this is all there is. */
static bool on_health(struct run_log *l, const struct json_value *v) {
    uint64_t worker = 0;
    double cpu = 0;
    if (!count_at(l, v, "worker", UINT16_MAX, &worker) || !json_read_double(member(l, v, "cpu_share"), &cpu))
        return fail(l, "a worker's health that cannot be read");
    struct run_facts *f = &l->end.facts;
    f->workers = worker >= f->workers ? (unsigned)worker + 1 : f->workers;
    f->cpu_s += cpu; /* a share of one second */
    return true;
}

/* --- the ends --------------------------------------------------------------------------------------------------------- */

/* What the targets' names stood for when it ran. Nothing is sent anywhere: this is for the documents. */
static bool take_nodes(struct run_log *l, const struct json_value *v) {
    const struct json_value *nodes = member(l, v, "nodes"), *counts = member(l, v, "nodes_of_target");
    const struct json_value *node = json_read_first(&l->json, nodes), *of = json_read_first(&l->json, counts);
    for (unsigned t = 0; t < l->plan->target_count && of != NULL; t++, of = json_read_next(&l->json, counts, of)) {
        enum { NODES_MAX = 1 << 16 };
        struct target *target = &l->plan->targets[t];
        uint64_t count;
        if (!json_read_uint(of, &count) || count > NODES_MAX)
            return false;
        target->nodes = plan_memory_take(l->plan->memory, count + 1, sizeof *target->nodes);
        target->node_count = 0;
        for (; count > 0 && node != NULL; count--, node = json_read_next(&l->json, nodes, node)) {
            char text[64];
            if (!json_read_string(node, text, sizeof text) ||
                address_parse(text, 0, &target->nodes[target->node_count]) != 0)
                return false;
            target->node_count++;
        }
    }
    return true;
}

/* A wall clock and a length that can be added without overflow: until the year 2128, and run_max. */
static bool is_plausible(const struct run_facts *f) {
    const int64_t last = 5000000000 * SPAN_S;
    return f->started_unix_ns >= 0 && f->started_unix_ns <= last && f->ended >= 0 && f->ended <= run_max;
}

static bool on_started(struct run_log *l, const struct json_value *v) {
    if (!json_read_equals(member(l, v, "plan_hash"), l->plan->plan_hash))
        return fail(l, "it is the log of another plan");
    if (l->begun)
        return fail(l, "a second beginning");
    l->begun = true;
    if (!int_at(l, v, "unix_ns", &l->end.facts.started_unix_ns) || !take_nodes(l, v) || !is_plausible(&l->end.facts))
        return fail(l, "a beginning without time or addresses");
    return true;
}

static bool on_group(struct run_log *l, const struct json_value *v) {
    uint64_t group = UINT64_MAX;
    if (!count_at(l, v, "group", UINT64_MAX, &group) || group >= l->plan->group_count ||
        !is_group(l, v, (unsigned)group))
        return fail(l, "the groups of devices are not those of the scenario");
    return true;
}

static bool on_ended(struct run_log *l, const struct json_value *v) {
    int64_t fail_code = 0, aborted_by = -1;
    int_at(l, v, "fail_code", &fail_code);
    int_at(l, v, "aborted_by", &aborted_by);
    if (!facts_read(&l->json, v, &l->end.facts) || !is_plausible(&l->end.facts) || fail_code < 0 ||
        fail_code > UINT8_MAX || aborted_by >= (int64_t)l->plan->check_count)
        return fail(l, "an end that cannot be read");
    l->end.ended = true;
    l->end.fail_code = (int)fail_code;
    l->end.aborted = aborted_by >= 0;
    l->end.aborted_by = aborted_by >= 0 ? (unsigned)aborted_by : 0;
    return true;
}

/* --- the histograms of a second --------------------------------------------------------------------------------------- */

/* The next record of any part; NULL at the end of all. */
static const struct hlog_record *next_record(struct run_log *l) {
    while (l->record == NULL) {
        if (l->intervals != NULL && (l->record = hlog_read_next(l->intervals)) != NULL)
            break;
        bool torn = l->intervals != NULL && hlog_read_end(l->intervals)->error != 0;
        if (torn || l->interval_part == l->texts.interval_parts)
            return NULL;
        const struct run_log_part *part = &l->texts.intervals[l->interval_part++];
        hlog_read_free(l->intervals);
        l->intervals = hlog_read_new(part->data, part->size, HLOG_READ_OURS);
        CHECK(l->intervals != NULL);
    }
    return l->record;
}

/* "operation/clock/LABELS/qos/held/segment": does it name that group? */
static bool has_labels(const struct hlog_tag *tag, const struct text *labels) {
    const char *at = strchr(tag->text, '/');
    at = at != NULL ? strchr(at + 1, '/') : NULL;
    return at != NULL && strncmp(at + 1, labels->data, labels->size) == 0 && at[1 + labels->size] == '/';
}

static struct series *series_of(struct run_log *l, const struct hlog_tag *tag) {
    for (unsigned i = 0; i < l->plan->group_count; i++) {
        unsigned g = (l->last_group + i) % l->plan->group_count;
        if (!has_labels(tag, &l->labels[g]))
            continue;
        l->last_group = g;
        struct cell_key key = {.group = (uint16_t)g,
                               .segment = (uint16_t)tag->segment,
                               .op = (uint8_t)tag->op,
                               .qos = (uint8_t)tag->qos,
                               .held = tag->held,
                               .excluded = (uint8_t)tag->excluded};
        return result_series(l->second.result, key, false);
    }
    return NULL;
}

static void take_record(struct run_log *l, const struct hlog_record *record) {
    if (record->tag.kind != HLOG_CELL)
        return;
    struct series *s = series_of(l, &record->tag);
    struct histogram *h = s != NULL ? s->clocks[record->tag.clock] : NULL;
    if (h == NULL || h->count + record->histogram->count > h->exact)
        return; /* its tally is missing, or tells of fewer */
    h->count += record->histogram->count;
    for (unsigned b = 0; b < HISTOGRAM_BUCKETS; b++)
        h->counts[b] += record->histogram->counts[b];
}

/* The records that begin where the second begins. Older ones belong to seconds that were dropped from the events. */
static void take_intervals(struct run_log *l) {
    int64_t from = hlog_ms(l->second.from);
    l->intervals_seen = 0;
    for (const struct hlog_record *record; (record = next_record(l)) != NULL; l->record = NULL) {
        int64_t start = hlog_ms(record->start);
        if (start > from)
            break;
        if (start < from)
            continue;
        l->intervals_seen++;
        take_record(l, record);
    }
}

/* What only histograms tell: lag of everything. A clock whose samples are not all there has none: half a histogram would be a wrong one. */
static void sum_up(struct run_log *l) {
    struct result *r = l->second.result;
    for (size_t i = 0; i < r->series_count; i++) {
        struct series *s = r->series[i];
        r->late_all += s->late;
        if (s->clocks[CLOCK_LAG] != NULL)
            r->emitted_all += s->clocks[CLOCK_LAG]->exact;
        for (int c = 0; c < CLOCK_KINDS; c++) {
            struct histogram *h = s->clocks[c];
            if (h == NULL || h->count == h->exact)
                continue;
            l->end.intervals_missing++;
            histogram_reset(h);
        }
        if (s->clocks[CLOCK_LAG] != NULL && s->clocks[CLOCK_LAG]->count > 0)
            histogram_add(&r->lag_all, s->clocks[CLOCK_LAG]);
    }
}

/* What the backend used in that second, if anything told. */
static struct backend_second backend_at(struct run_log *l, const struct json_value *v) {
    struct backend_second b = {0};
    uint64_t threads = 0, descriptors = 0;
    b.has_cpu = json_read_double(member(l, v, "backend_cpu_share"), &b.cpu_share);
    b.has_rss = json_read_uint(member(l, v, "backend_rss_bytes"), &b.rss_bytes);
    if (count_at(l, v, "backend_threads", UINT32_MAX, &threads))
        b.threads = (uint32_t)threads;
    if (count_at(l, v, "backend_descriptors", UINT32_MAX, &descriptors))
        b.descriptors = (uint32_t)descriptors;
    return b;
}

static bool on_second(struct run_log *l, const struct json_value *v) {
    instant at;
    int64_t late = 0;
    uint64_t rss = 0, dropped = 0;
    double cpu = 0;
    l->intervals_due = 0;
    if (!int_at(l, v, "at_ns", &at) || at <= l->second.at || at - l->second.at > second_max || at > run_max ||
        !count_at(l, v, "intervals", UINT64_MAX, &l->intervals_due) || !count_at(l, v, "rss_bytes", UINT64_MAX, &rss) ||
        !count_at(l, v, "dropped_records", count_max, &dropped) || !json_read_double(member(l, v, "cpu_share"), &cpu) ||
        !int_at(l, v, "loop_late_max_ns", &late))
        return fail(l, "the end of an interval that cannot be read");
    l->second.from = l->second.at;
    l->second.at = at;
    l->second.cpu_share = cpu;
    l->second.rss_bytes = rss;
    l->second.backend = backend_at(l, v);
    l->end.facts.rss_peak_bytes = rss > l->end.facts.rss_peak_bytes ? rss : l->end.facts.rss_peak_bytes;
    l->second.result->loop_late_max = late;
    l->second.result->dropped_records = dropped;
    take_intervals(l);
    sum_up(l);
    result_add_gauge(l->second.result, at, l->states);
    return true;
}

/* --- walking ---------------------------------------------------------------------------------------------------------- */

static bool on_left_out(struct run_log *l, const struct json_value *v) {
    uint64_t count = 0;
    if (!count_at(l, v, "count", UINT64_MAX, &count))
        return fail(l, "what was left out cannot be read");
    if (json_read_equals(member(l, v, "of"), "note"))
        l->second.result->notes_omitted += count;
    return true;
}

static const struct {
    enum events_kind kind;
    bool (*take)(struct run_log *l, const struct json_value *v);
    bool told; /* it is also a line that tells what happened */
} handlers[] = {
    {EVENTS_STARTED, on_started, false},   {EVENTS_GROUP, on_group, false},      {EVENTS_TALLY, on_tally, false},
    {EVENTS_COUNTERS, on_counters, false}, {EVENTS_DEVICES, on_devices, false},  {EVENTS_CAUSE, on_cause, false},
    {EVENTS_TRUST, on_trust, false},       {EVENTS_SECOND, on_second, false},    {EVENTS_ENDED, on_ended, false},
    {EVENTS_BACKEND, on_backend, false},   {EVENTS_GAP, on_gap, false},          {EVENTS_CHECK, NULL, false},
    {EVENTS_HEALTH, on_health, true},      {EVENTS_LEFT_OUT, on_left_out, true},
};

static void keep_line(struct run_log *l, const struct events_line *line) {
    struct run_log_second *s = &l->second;
    if (s->line_count == LINES_PER_SECOND_MAX)
        return;
    if (s->line_count == l->line_room) {
        l->line_room = l->line_room == 0 ? 64 : l->line_room * 2;
        struct events_line *lines = realloc((void *)(uintptr_t)s->lines, l->line_room * sizeof *lines);
        CHECK(lines != NULL);
        s->lines = lines;
    }
    ((struct events_line *)(uintptr_t)s->lines)[s->line_count++] = *line;
}

/* *kind: of the line, EVENTS_KINDS when it is of another one. False when it cannot be used. */
static bool take_line(struct run_log *l, const struct events_line *line, enum events_kind *kind) {
    if (json_read_parse(&l->json, line->text, line->size) != 0)
        return fail(l, "it is no JSON");
    const struct json_value *v = json_read_root(&l->json), *name = member(l, v, "kind");
    *kind = EVENTS_KINDS;
    for (size_t i = 0; i < COUNT_OF(handlers); i++) {
        if (!json_read_equals(name, events_rows[handlers[i].kind].name))
            continue;
        *kind = handlers[i].kind;
        if (handlers[i].told)
            keep_line(l, line);
        return handlers[i].take == NULL || handlers[i].take(l, v);
    }
    keep_line(l, line);
    return true;
}

static bool next_line(struct run_log *l, struct events_line *line) {
    while (!events_read_next(&l->cursor, line)) {
        if (l->cursor.so_far.why[0] != '\0' || l->event_part == l->texts.event_parts)
            return false;
        l->before += l->cursor.size;
        const struct run_log_part *part = &l->texts.events[l->event_part++];
        events_read_part(&l->cursor, part->data, part->size);
    }
    return true;
}

/* Does any later line close a second, or the run? */
static bool goes_on(const struct run_log *l) {
    static const char *const closing[] = {"\"kind\":\"second\"", "\"kind\":\"ended\""};
    struct run_log ahead = *l; /* the cursor is all that the walk changes */
    struct events_line line;
    while (next_line(&ahead, &line))
        for (size_t i = 0; i < COUNT_OF(closing); i++)
            if (memmem(line.text, line.size, closing[i], strlen(closing[i])) != NULL)
                return true;
    return false;
}

static void finish(struct run_log *l) {
    struct run_log_end *e = &l->end;
    uint64_t all = 0;
    for (unsigned i = 0; i < l->texts.event_parts; i++)
        all += l->texts.events[i].size;
    if (!e->ended)
        e->bytes_ignored = all - l->used;
    else
        e->bytes_ignored = all - l->before - l->cursor.at;
    if (l->intervals != NULL)
        e->bytes_ignored += hlog_read_end(l->intervals)->bytes_ignored;
    for (unsigned i = l->interval_part; i < l->texts.interval_parts && l->record == NULL; i++)
        e->bytes_ignored += l->texts.intervals[i].size;
    e->lines_missing = l->cursor.so_far.missing;
    if (e->why[0] == '\0' && l->cursor.so_far.why[0] != '\0')
        snprintf(e->why, sizeof e->why, "events.ndjson: %s", l->cursor.so_far.why);
    if (!e->ended) {
        struct run_facts *f = &e->facts;
        f->ended = l->second.at;
        for (size_t k = STATE_ONLINE; k < (size_t)l->plan->group_count * STATE_KINDS; k += STATE_KINDS)
            f->online_end += l->states[k];
    }
}

const struct run_log_second *run_log_next(struct run_log *l) {
    struct events_line line;
    enum events_kind kind;
    result_clear(l->second.result);
    l->second.line_count = 0;
    const instant before = l->second.at;
    while (!l->end.broken && next_line(l, &line)) {
        if (!take_line(l, &line, &kind))
            break;
        if (kind != EVENTS_SECOND)
            continue;
        if (l->intervals_seen < l->intervals_due && next_record(l) == NULL && !goes_on(l)) {
            l->second.at = before; /* the crash was between the second and its histograms */
            break;
        }
        l->used = l->before + l->cursor.at;
        l->end.seconds++;
        return &l->second;
    }
    finish(l);
    return NULL;
}

const struct run_log_end *run_log_end(const struct run_log *l) {
    return &l->end;
}

const uint32_t *run_log_states(const struct run_log *l) {
    return l->states;
}

struct run_log *run_log_new(struct plan *plan, const struct run_log_texts *texts) {
    struct run_log *l = calloc(1, sizeof *l);
    if (l == NULL)
        return NULL;
    l->plan = plan;
    l->texts = *texts;
    l->cursor = events_read_begin(NULL, 0);
    l->second.result = result_new(plan->group_count, &plan->segments);
    l->states = calloc((size_t)plan->group_count * STATE_KINDS + 1, sizeof *l->states);
    l->labels = calloc(plan->group_count + 1, sizeof *l->labels);
    if (l->second.result == NULL || l->states == NULL || l->labels == NULL) {
        run_log_free(l);
        return NULL;
    }
    for (unsigned g = 0; g < plan->group_count; g++)
        hlog_labels(&l->labels[g], &plan->groups[g]);
    return l;
}

void run_log_free(struct run_log *l) {
    if (l == NULL)
        return;
    for (unsigned g = 0; l->labels != NULL && g < l->plan->group_count; g++)
        text_free(&l->labels[g]);
    free(l->labels);
    free(l->states);
    free((void *)(uintptr_t)l->second.lines);
    result_free(l->second.result);
    hlog_read_free(l->intervals);
    json_read_free(&l->json);
    free(l->end.facts.audit.gaps);
    free(l);
}
