#include "metrics/audit.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/hash.h"
#include "metrics/audit_entries.h"
#include "metrics/audit_gaps.h"
#include "metrics/interval.h"
#include "metrics/keymap.h"

static const span first_reach = SPAN_S; /* a message may be under way so much longer than the slowest seen so far, */
static const span longest_reach = 60 * SPAN_S; /* and never longer than that */
static const span cut_stretch = 10 * SPAN_S;   /* messages of QoS 0 sent so long before a cut may have died with it */
enum { WAITS_LOOKS_MAX = 10000, REPORTS_HELD_MAX = 1 << 18 };

const char *const audit_gap_names[AUDIT_GAP_KINDS] = {
    [AUDIT_GAP_CONNECTION] = "connection",
    [AUDIT_GAP_STALL] = "stall",
    [AUDIT_GAP_QUEUE] = "queue",
    [AUDIT_GAP_REPORTS] = "reports",
};

struct audit {
    struct recorder *recorder;
    uint32_t device_count;
    uint32_t *reported_to; /* [device_count] */
    struct audit_entries entries;
    struct audit_gaps gaps;
    struct audit_report *reports; /* since the last audit_settle */
    uint32_t report_count, report_room;
    struct keymap workers; /* who reports, to the place of how far that is complete in `complete_to` */
    instant *complete_to;
    uint32_t worker_room;
    struct keymap topics; /* (device, topic, QoS) to the place of its highest number in `highest` */
    uint32_t *highest;
    uint32_t highest_room;
    struct keymap cuts; /* (device, stretch of time) to the place of its last cut in `cut_at` */
    instant *cut_at;
    uint32_t cut_room;
    span slowest;  /* from emission to arrival, of all messages so far */
    bool is_blind; /* reports are missing: nothing can be said any more */
};

struct audit *audit_new(unsigned groups, const struct segments *segments, uint32_t devices) {
    struct audit *a = calloc(1, sizeof *a);
    if (a == NULL)
        return NULL;
    a->device_count = devices;
    a->recorder = recorder_new(groups, segments);
    a->reported_to = calloc((size_t)devices + 1, sizeof *a->reported_to);
    if (a->recorder == NULL || a->reported_to == NULL || audit_gaps_init(&a->gaps) < 0) {
        audit_free(a);
        return NULL;
    }
    return a;
}

void audit_free(struct audit *a) {
    if (a == NULL)
        return;
    recorder_free(a->recorder);
    free(a->reported_to);
    audit_entries_free(&a->entries);
    audit_gaps_free(&a->gaps);
    free(a->reports);
    keymap_free(&a->workers);
    free(a->complete_to);
    keymap_free(&a->topics);
    free(a->highest);
    keymap_free(&a->cuts);
    free(a->cut_at);
    free(a);
}

/* --- what is found ---------------------------------------------------------------------------------------------------- */

static void tally(struct audit *a, const struct audit_entry *e, enum tally_kind kind, uint64_t by) {
    if (by > 0)
        recorder_tally_message(a->recorder, e->group, e->qos, e->intended, kind, by);
}

static bool is_excluded(struct audit *a, const struct audit_entry *e, instant from, instant to) {
    int gap = audit_gaps_find(&a->gaps, from, to);
    if (gap == AUDIT_GAPS_NONE)
        return false;
    a->gaps.gaps[gap].messages++;
    tally(a, e, TALLY_AUDIT_EXCLUDED, 1);
    return true;
}

/* Both sides of a message are known. */
static void judge_received(struct audit *a, const struct audit_entry *e) {
    instant last = instant_max(e->emitted, instant_min(e->ended, e->received));
    if (is_excluded(a, e, e->emitted, last))
        return;
    tally(a, e, TALLY_AUDITED, 1);
    tally(a, e, TALLY_AUDIT_RECEIVED, 1);
    tally(a, e, TALLY_AUDIT_DUPLICATED, e->copies > e->own ? (uint64_t)(e->copies - e->own) : 0);
    tally(a, e, TALLY_AUDIT_REORDERED, (e->flags & AUDIT_ENTRY_REORDERED) != 0);
    if (e->received - e->emitted > a->slowest)
        a->slowest = e->received - e->emitted;
    struct op op = {.intended = e->intended,
                    .ready = e->intended,
                    .emitted = e->emitted,
                    .sent = e->emitted,
                    .n = e->sequence,
                    .kind = OP_MQTT_END_TO_END,
                    .qos = e->qos,
                    .held = e->held,
                    .stream = UINT8_MAX};
    recorder_end(a->recorder, e->group, &op, OP_OK, OP_DROP_NONE, e->received, e->received, e->excluded);
}

static uint64_t cut_key(uint32_t device, instant at) {
    return (uint64_t)device << 32 | (uint32_t)(at / cut_stretch);
}

/* Did the device's own link cut it off soon after that? */
static bool was_cut(const struct audit *a, const struct audit_entry *e) {
    uint32_t soon = keymap_find(&a->cuts, cut_key(e->device, e->emitted));
    if (soon != KEYMAP_NONE && a->cut_at[soon] >= e->emitted)
        return true;
    return keymap_find(&a->cuts, cut_key(e->device, e->emitted + cut_stretch)) != KEYMAP_NONE;
}

static bool is_owed(const struct audit *a, const struct audit_entry *e) {
    return e->verdict == AUDIT_UNANSWERED || (e->verdict == AUDIT_OWED && !(e->qos == 0 && was_cut(a, e)));
}

/* The last instant at which a message that has not come may have been on its way. */
static instant reach_of(const struct audit *a, const struct audit_entry *e) {
    span reach = first_reach + a->slowest;
    return instant_add(e->ended, reach < longest_reach ? reach : longest_reach);
}

/* What the backend never acknowledged is lost without the observer's evidence, too. */
static void judge_missing(struct audit *a, const struct audit_entry *e) {
    if (e->verdict != AUDIT_UNANSWERED && is_excluded(a, e, e->emitted, reach_of(a, e)))
        return;
    tally(a, e, TALLY_AUDITED, 1);
    tally(a, e, TALLY_LOST, is_owed(a, e));
}

/* --- entries ---------------------------------------------------------------------------------------------------------- */

/* A place for one more message; NULL: there is none, and from here on the audit is blind. */
static struct audit_entry *add_entry(struct audit *a, uint32_t device, uint32_t sequence, instant now) {
    struct audit_entry *oldest = NULL;
    if (a->entries.count < AUDIT_ENTRIES_MAX)
        return audit_entries_add(&a->entries, device, sequence);
    if ((oldest = audit_entries_first(&a->entries, AUDIT_ENTRIES_SETTLED)) == NULL &&
        (oldest = audit_entries_first(&a->entries, AUDIT_ENTRIES_MISSING)) != NULL)
        judge_missing(a, oldest);
    if (oldest != NULL) {
        audit_entries_remove(&a->entries, oldest);
        return audit_entries_add(&a->entries, device, sequence);
    }
    a->is_blind = true;
    audit_gaps_add(&a->gaps, AUDIT_GAP_REPORTS, now, INSTANT_NEVER);
    return NULL;
}

static bool is_settled(const struct audit_entry *e) {
    return e->list == AUDIT_ENTRIES_SETTLED;
}

/* Copies of the device's own doing may still come. */
static bool expects_copies(const struct audit_entry *e) {
    return e->own > e->copies;
}

/* Without its entry a number up to `reported_to` is known to be settled, and each copy of it a duplicate. */
static void drop_if_done(struct audit *a, struct audit_entry *e) {
    if (is_settled(e) && !expects_copies(e) && e->sequence <= a->reported_to[e->device])
        audit_entries_remove(&a->entries, e);
}

/* Both sides are known and counted. While an earlier number of the device is unreported, what remains tells copies from first ones. */
static void settle_entry(struct audit *a, struct audit_entry *e) {
    e->flags = AUDIT_ENTRY_REPORTED | AUDIT_ENTRY_RECEIVED;
    audit_entries_move(&a->entries, e, AUDIT_ENTRIES_SETTLED);
    drop_if_done(a, e);
}

/* Moves `reported_to` over numbers that were reported out of turn. */
static void advance(struct audit *a, uint32_t device) {
    for (;;) {
        struct audit_entry *next = audit_entries_find(&a->entries, device, a->reported_to[device] + 1);
        if (next == NULL || (next->flags & AUDIT_ENTRY_REPORTED) == 0)
            return;
        a->reported_to[device]++;
        drop_if_done(a, next);
    }
}

/* --- arrivals --------------------------------------------------------------------------------------------------------- */

/* True when a higher number of the same device, topic and QoS has arrived before. */
static bool is_overtaken(struct audit *a, const struct audit_arrival *arrival) {
    if (arrival->topic == 0)
        return false;
    uint64_t key = hash_fold(hash_fold(arrival->topic, arrival->device), arrival->qos);
    uint32_t place = keymap_find(&a->topics, key);
    if (place == KEYMAP_NONE) {
        if (a->topics.count == AUDIT_TOPICS_MAX)
            return false;
        place = a->topics.count;
        a->highest = interval_grow(a->highest, &a->highest_room, place + 1, sizeof *a->highest);
        keymap_put(&a->topics, key, place);
    }
    if (arrival->sequence < a->highest[place])
        return true;
    a->highest[place] = arrival->sequence;
    return false;
}

static void count_copy(struct audit *a, struct audit_entry *e, const struct audit_arrival *arrival) {
    /* What is not reported yet is counted with its report. */
    if (e != NULL && (!is_settled(e) || expects_copies(e))) {
        if (e->copies < UINT16_MAX)
            e->copies++;
        drop_if_done(a, e);
    } else if (audit_gaps_find(&a->gaps, arrival->at, arrival->at) == AUDIT_GAPS_NONE) {
        recorder_tally_message(a->recorder, arrival->group, arrival->qos, arrival->intended, TALLY_AUDIT_DUPLICATED, 1);
    }
}

void audit_arrival(struct audit *a, const struct audit_arrival *arrival) {
    if (a->is_blind || arrival->device >= a->device_count || arrival->sequence == 0)
        return;
    struct audit_entry *e = audit_entries_find(&a->entries, arrival->device, arrival->sequence);
    bool reported = arrival->sequence <= a->reported_to[arrival->device];
    if (e == NULL ? reported : (e->flags & AUDIT_ENTRY_RECEIVED) != 0) {
        count_copy(a, e, arrival);
        return;
    }
    if (e == NULL)
        e = add_entry(a, arrival->device, arrival->sequence, arrival->at);
    if (e == NULL)
        return;
    bool is_missing = (e->flags & AUDIT_ENTRY_REPORTED) != 0;
    e->received = arrival->at;
    if (is_overtaken(a, arrival))
        e->flags |= AUDIT_ENTRY_REORDERED;
    if (!is_missing) {
        e->flags |= AUDIT_ENTRY_RECEIVED;
        return;
    }
    judge_received(a, e);
    settle_entry(a, e);
}

/* --- reports ---------------------------------------------------------------------------------------------------------- */

static bool was_sent(const struct audit_report *r) {
    return r->verdict == AUDIT_OWED || r->verdict == AUDIT_UNANSWERED || r->verdict == AUDIT_FREE;
}

void audit_report(struct audit *a, const struct audit_report *r) {
    CHECK(r->device < a->device_count);
    a->reports = interval_grow(a->reports, &a->report_room, a->report_count + 1, sizeof *a->reports);
    a->reports[a->report_count++] = *r;
    if (was_sent(r))
        audit_gaps_due(&a->gaps, r->intended, r->emitted);
}

/* Workers that stood still, too, report late. */
static void note_worker(struct audit *a, const struct interval *i) {
    uint64_t key = (uint64_t)(uintptr_t)i->owner;
    uint32_t place = keymap_find(&a->workers, key);
    if (place == KEYMAP_NONE) {
        place = a->workers.count;
        a->complete_to = interval_grow(a->complete_to, &a->worker_room, place + 1, sizeof *a->complete_to);
        keymap_put(&a->workers, key, place);
    }
    a->complete_to[place] = i->at;
}

static instant complete_until(const struct audit *a, instant until) {
    for (uint32_t w = 0; until != INSTANT_NEVER && w < a->workers.count; w++)
        until = instant_min(until, a->complete_to[w]);
    return until;
}

void audit_interval(struct audit *a, const struct interval *i) {
    note_worker(a, i);
    for (uint32_t n = 0; n < i->report_count; n++)
        audit_report(a, &i->reports[n]);
    if (i->reports_omitted == 0 || a->is_blind)
        return;
    a->is_blind = true;
    audit_gaps_add(&a->gaps, AUDIT_GAP_REPORTS, i->reports_omitted_from, INSTANT_NEVER);
}

/* A message of QoS 0 is reported when it is sent, which is before the cut: those that the cuts so far excuse are all known. */
static void forget_cuts(struct audit *a) {
    for (struct audit_entry *e = audit_entries_first(&a->entries, AUDIT_ENTRIES_MISSING); e != NULL;
         e = audit_entries_next(&a->entries, e))
        if (!is_owed(a, e))
            e->verdict = AUDIT_FREE;
    keymap_clear(&a->cuts);
}

static void note_cut(struct audit *a, const struct audit_report *r) {
    uint64_t key = cut_key(r->device, r->emitted);
    uint32_t place = keymap_find(&a->cuts, key);
    if (place == KEYMAP_NONE) {
        if (a->cuts.count == AUDIT_CUTS_MAX)
            forget_cuts(a);
        place = a->cuts.count;
        a->cut_at = interval_grow(a->cut_at, &a->cut_room, place + 1, sizeof *a->cut_at);
        a->cut_at[place] = r->emitted;
        keymap_put(&a->cuts, key, place);
    }
    a->cut_at[place] = instant_max(a->cut_at[place], r->emitted);
}

static void fill(struct audit_entry *e, const struct audit_report *r) {
    e->intended = r->intended;
    e->emitted = r->emitted;
    e->ended = r->ended;
    e->group = r->group;
    e->qos = r->qos;
    e->excluded = r->excluded;
    e->verdict = r->verdict;
    e->held = r->held;
    e->flags |= AUDIT_ENTRY_REPORTED;
}

static void take_message(struct audit *a, const struct audit_report *r) {
    struct audit_entry *e = audit_entries_find(&a->entries, r->device, r->sequence);
    bool received = e != NULL && (e->flags & AUDIT_ENTRY_RECEIVED) != 0;
    if (e == NULL && (e = add_entry(a, r->device, r->sequence, r->ended)) == NULL)
        return;
    fill(e, r);
    if (r->verdict == AUDIT_UNSENT) {
        settle_entry(a, e);
    } else if (received) {
        judge_received(a, e);
        settle_entry(a, e);
    } else {
        audit_entries_move(&a->entries, e, AUDIT_ENTRIES_MISSING);
    }
}

/* Nothing can be told apart any more: what was sent is out of the audit. */
static void take_blindly(struct audit *a, const struct audit_report *r) {
    struct audit_entry e = {.intended = r->intended, .group = r->group, .qos = r->qos};
    if (was_sent(r))
        is_excluded(a, &e, INSTANT_NEVER - 1, INSTANT_NEVER - 1);
}

static void note_sent_anew(struct audit *a, const struct audit_report *r) {
    struct audit_entry *e = audit_entries_find(&a->entries, r->device, r->sequence);
    if (r->sequence <= a->reported_to[r->device] || (e != NULL && is_settled(e)))
        return;
    if (e == NULL)
        e = add_entry(a, r->device, r->sequence, r->ended);
    if (e != NULL && e->own < UINT16_MAX)
        e->own++;
}

static void take_report(struct audit *a, const struct audit_report *r) {
    if (r->verdict == AUDIT_CUT) {
        note_cut(a, r);
        return;
    }
    if (r->verdict == AUDIT_SENT_ANEW) {
        if (!a->is_blind)
            note_sent_anew(a, r);
        return;
    }
    if (a->is_blind) {
        take_blindly(a, r);
        return;
    }
    uint32_t *to = &a->reported_to[r->device];
    if (r->sequence <= *to)
        return;
    if (r->sequence == *to + 1)
        ++*to;
    take_message(a, r);
    if (r->sequence == *to)
        advance(a, r->device);
}

void audit_gap(struct audit *a, enum audit_gap_kind kind, instant from, instant to) {
    if (kind == AUDIT_GAP_STALL)
        audit_gaps_suspect(&a->gaps, from, to);
    else
        audit_gaps_add(&a->gaps, kind, from, to);
}

void audit_settle(struct audit *a, instant until) {
    audit_gaps_decide(&a->gaps, complete_until(a, until));
    if (a->gaps.suspect_count > 0 && a->report_count < REPORTS_HELD_MAX)
        return; /* it is not known yet which of them fell into a gap */
    for (uint32_t n = 0; n < a->report_count; n++)
        take_report(a, &a->reports[n]);
    a->report_count = 0;
}

bool audit_waits(const struct audit *a) {
    unsigned looks = 0;
    if (a->is_blind || a->report_count > 0)
        return !a->is_blind;
    for (const struct audit_entry *e = audit_entries_first(&a->entries, AUDIT_ENTRIES_MISSING); e != NULL;
         e = audit_entries_next(&a->entries, e))
        if (++looks > WAITS_LOOKS_MAX ||
            (is_owed(a, e) && (e->verdict == AUDIT_UNANSWERED ||
                               audit_gaps_find(&a->gaps, e->emitted, reach_of(a, e)) == AUDIT_GAPS_NONE)))
            return true;
    return false;
}

void audit_close(struct audit *a) {
    audit_settle(a, INSTANT_NEVER);
    struct audit_entry *e;
    while ((e = audit_entries_first(&a->entries, AUDIT_ENTRIES_MISSING)) != NULL) {
        judge_missing(a, e);
        audit_entries_remove(&a->entries, e);
    }
}

struct interval *audit_swap(struct audit *a, struct interval *spare, instant now) {
    return recorder_swap(a->recorder, spare, now);
}

size_t audit_gaps_told(const struct audit *a, const struct audit_gap **gaps) {
    *gaps = a->gaps.gaps;
    return a->gaps.count;
}

size_t audit_bytes(const struct audit *a) {
    return sizeof *a + a->device_count * sizeof *a->reported_to + audit_entries_bytes(&a->entries) +
           audit_gaps_bytes(&a->gaps) + a->report_room * sizeof *a->reports + keymap_bytes(&a->workers) +
           a->worker_room * sizeof *a->complete_to + keymap_bytes(&a->topics) + a->highest_room * sizeof *a->highest +
           keymap_bytes(&a->cuts) + a->cut_room * sizeof *a->cut_at;
}
