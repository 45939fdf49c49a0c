#include "metrics/recorder.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "metrics/interval.h"

enum { QOS_COUNT = 3 };

struct recorder {
    struct interval *interval;
    const struct segments *segments;
    unsigned group_count;
    uint32_t *states; /* [group_count * STATE_KINDS], devices by state now */
    uint64_t online;
    /* The last look-ups: neighbours in time mostly share segment, series and counters. */
    unsigned segment;
    instant segment_from, segment_to; /* of `segment`; [0, 0) matches nothing */
    uint64_t series_key;
    struct interval_series *series;        /* NULL: none yet in this interval */
    struct tally_series *tally[QOS_COUNT]; /* of tally_group, for instants in [tally_from, tally_to) */
    unsigned tally_group;
    instant tally_from, tally_to;
};

struct recorder *recorder_new(unsigned groups, const struct segments *segments) {
    CHECK(groups <= UINT16_MAX && segments->count >= 1 && segments->count <= UINT16_MAX);
    struct recorder *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    r->segments = segments;
    r->group_count = groups;
    r->interval = interval_new(groups);
    r->states = calloc((size_t)groups * STATE_KINDS + 1, sizeof *r->states);
    if (r->interval == NULL || r->states == NULL) {
        recorder_free(r);
        return NULL;
    }
    return r;
}

void recorder_free(struct recorder *r) {
    if (r == NULL)
        return;
    interval_free(r->interval);
    free(r->states);
    free(r);
}

static unsigned segment_of(struct recorder *r, instant at) {
    if (at >= r->segment_from && at < r->segment_to)
        return r->segment;
    unsigned found = segments_find(r->segments, at);
    r->segment = found;
    r->segment_from = r->segments->edges[found];
    r->segment_to = found + 1 < r->segments->count ? r->segments->edges[found + 1] : INSTANT_NEVER;
    return found;
}

static struct interval_series *series_of(struct recorder *r, struct cell_key key) {
    uint64_t word;
    memcpy(&word, &key, sizeof word);
    if (r->series == NULL || r->series_key != word) {
        r->series = interval_series_of(r->interval, key);
        r->series_key = word;
    }
    return r->series;
}

/* ok and refused operations have an answer, except QoS 0 publishes, which end when they are sent. */
static bool is_answered(const struct op *op, enum op_outcome outcome) {
    return (outcome == OP_OK || outcome == OP_REFUSED) && !(op->kind == OP_MQTT_PUBLISH && op->qos == 0);
}

/* An operation that ended ok or refused was emitted, even at the very instant 0, which otherwise means "not yet". */
static bool was_emitted(const struct op *op, enum op_outcome outcome) {
    if (outcome == OP_DROPPED)
        return false;
    return op->emitted != 0 || outcome == OP_OK || outcome == OP_REFUSED;
}

static void sample_clocks(struct interval_series *s, const struct op *op, enum op_outcome outcome, instant answered,
                          instant felt) {
    if (op->kind >= OP_BATTERY_SOC) { /* a value; endless ones have no length */
        if (outcome == OP_OK)
            interval_sample(&s->clocks[CLOCK_RESPONSE], felt - op->intended);
        return;
    }
    if (op->kind == OP_MQTT_END_TO_END) { /* it has no emission of its own: sender and subscriber are two devices */
        interval_sample(&s->clocks[CLOCK_RESPONSE], felt - op->intended);
        return;
    }
    if (was_emitted(op, outcome))
        interval_sample(&s->clocks[CLOCK_LAG], op->emitted - op->ready);
    if (is_answered(op, outcome)) {
        interval_sample(&s->clocks[CLOCK_SERVICE], answered - instant_max(op->sent, op->emitted));
        interval_sample(&s->clocks[CLOCK_RESPONSE], felt - op->intended);
    }
}

void recorder_end(struct recorder *r, unsigned group, const struct op *op, enum op_outcome outcome, enum op_drop drop,
                  instant answered, instant felt, uint8_t excluded) {
    CHECK(group < r->group_count && op->kind < OP_KINDS && outcome < OP_OUTCOMES && drop < OP_DROP_REASONS &&
          op->held < OP_HELD_REASONS);
    struct cell_key key = {
        .group = (uint16_t)group,
        .segment = (uint16_t)segment_of(r, op->intended),
        .op = op->kind,
        .qos = op->qos,
        .held = op->held != OP_HELD_NONE,
        .excluded = excluded,
    };
    struct interval_series *s = series_of(r, key);
    s->outcomes[outcome]++;
    s->held[op->held]++;
    if (outcome == OP_DROPPED)
        s->drops[drop]++;
    sample_clocks(s, op, outcome, answered, felt);
}

void recorder_value(struct recorder *r, unsigned group, enum op_kind what, instant at, span value, bool endless) {
    struct op op = {.intended = at, .ready = at, .kind = (uint8_t)what, .stream = UINT8_MAX};
    recorder_end(r, group, &op, endless ? OP_OPEN : OP_OK, OP_DROP_NONE, at, instant_add(at, value), 0);
}

static void forget_tallies(struct recorder *r) {
    memset(r->tally, 0, sizeof r->tally);
}

/* A new row may move the others. */
static struct tally_series *find_tally(struct recorder *r, unsigned group, unsigned segment, uint8_t qos) {
    uint32_t rows = r->interval->tally_count;
    struct tally_series *found = interval_tally_of(r->interval, group, segment, qos);
    if (r->interval->tally_count != rows)
        forget_tallies(r);
    return found;
}

void recorder_tally_message(struct recorder *r, unsigned group, uint8_t qos, instant at, enum tally_kind kind,
                            uint64_t by) {
    CHECK(group < r->group_count && qos < QOS_COUNT && kind < TALLY_KINDS);
    if (group != r->tally_group || at < r->tally_from || at >= r->tally_to) {
        forget_tallies(r);
        segment_of(r, at);
        r->tally_group = group;
        r->tally_from = r->segment_from;
        r->tally_to = r->segment_to;
    }
    if (r->tally[qos] == NULL)
        r->tally[qos] = find_tally(r, group, segment_of(r, at), qos);
    r->tally[qos]->counts[kind] += by;
}

void recorder_tally(struct recorder *r, unsigned group, instant at, enum tally_kind kind, uint64_t by) {
    recorder_tally_message(r, group, 0, at, kind, by);
}

void recorder_reason(struct recorder *r, unsigned group, uint32_t device, enum op_kind op, enum op_outcome outcome,
                     uint8_t reason_code, enum close_reason close, instant at) {
    CHECK(group < r->group_count);
    struct interval *i = r->interval;
    struct reason_row row = {
        .group = (uint16_t)group,
        .op = (uint8_t)op,
        .outcome = (uint8_t)outcome,
        .reason_code = reason_code,
        .close_reason = (uint8_t)close,
        .example_device = device,
        .first_at = at,
    };
    uint32_t found = keymap_find(&i->reason_index, interval_reason_key(&row));
    if (found == KEYMAP_NONE && i->reasons_of[group] >= RECORDER_REASONS - 1) {
        row.op = REASON_OTHERS;
        row.outcome = row.reason_code = row.close_reason = 0;
        found = keymap_find(&i->reason_index, interval_reason_key(&row));
    }
    if (found == KEYMAP_NONE) {
        i->reasons = interval_grow(i->reasons, &i->reason_room, i->reason_count + 1, sizeof *i->reasons);
        found = i->reason_count++;
        keymap_put(&i->reason_index, interval_reason_key(&row), found);
        i->reasons_of[group]++;
        i->reasons[found] = row;
    }
    i->reasons[found].count++;
}

void recorder_note(struct recorder *r, const struct note *n) {
    struct interval *i = r->interval;
    if (i->note_count == RECORDER_NOTES_MAX) {
        i->notes_omitted++;
        return;
    }
    i->notes = interval_grow(i->notes, &i->note_room, i->note_count + 1, sizeof *i->notes);
    i->notes[i->note_count++] = *n;
}

uint8_t *recorder_evidence(struct recorder *r, size_t size) {
    struct interval *i = r->interval;
    if (size > RECORDER_EVIDENCE_MAX - i->evidence_size) {
        i->evidence_omitted++;
        return NULL;
    }
    uint32_t needed = i->evidence_size + (uint32_t)size;
    i->evidence = interval_grow(i->evidence, &i->evidence_room, needed, 1);
    uint8_t *at = i->evidence + i->evidence_size;
    i->evidence_size = needed;
    return at;
}

uint8_t *recorder_recorded(struct recorder *r, size_t size) {
    struct interval *i = r->interval;
    if (size > RECORDER_RECORDED_MAX - i->recorded_size)
        return NULL;
    uint32_t needed = i->recorded_size + (uint32_t)size;
    i->recorded = interval_grow(i->recorded, &i->recorded_room, needed, 1);
    uint8_t *at = i->recorded + i->recorded_size;
    i->recorded_size = needed;
    return at;
}

bool recorder_chunk_is_open(const struct recorder *r) {
    return r->interval->recorded_size > 0;
}

void recorder_evidence_omitted(struct recorder *r) {
    r->interval->evidence_omitted++;
}

void recorder_report(struct recorder *r, const struct audit_report *report, instant at) {
    struct interval *i = r->interval;
    if (i->report_count == RECORDER_REPORTS_MAX) {
        if (i->reports_omitted++ == 0)
            i->reports_omitted_from = at;
        return;
    }
    i->reports = interval_grow(i->reports, &i->report_room, i->report_count + 1, sizeof *i->reports);
    i->reports[i->report_count++] = *report;
}

void recorder_state(struct recorder *r, unsigned group, enum device_state from, enum device_state to) {
    CHECK(group < r->group_count && from < STATE_KINDS && to < STATE_KINDS);
    uint32_t *states = r->states + (size_t)group * STATE_KINDS;
    if (from != to) {
        CHECK(states[from] > 0);
        states[from]--;
        r->online -= from == STATE_ONLINE;
    }
    states[to]++;
    r->online += to == STATE_ONLINE;
}

void recorder_loop_late(struct recorder *r, span late) {
    if (late > r->interval->loop_late_max)
        r->interval->loop_late_max = late;
}

uint64_t recorder_online(const struct recorder *r) {
    return r->online;
}

struct interval *recorder_swap(struct recorder *r, struct interval *spare, instant now) {
    struct interval *full = r->interval;
    if (spare == NULL) {
        spare = interval_new(r->group_count);
        CHECK(spare != NULL);
    } else {
        CHECK(spare->group_count == r->group_count);
        interval_clear(spare);
    }
    full->owner = r;
    full->at = now;
    memcpy(full->states, r->states, (size_t)r->group_count * STATE_KINDS * sizeof *r->states);
    r->interval = spare;
    r->series = NULL;
    forget_tallies(r);
    return full;
}
