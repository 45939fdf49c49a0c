/* What checks may ask about: metrics, functions over them, labels that narrow them. Const tables, from which the check grammar, `muster
 * explain` and docs/checks.md all read; their meaning stands in docs/semantics.md. */
#ifndef MUSTER_SCENARIO_METRIC_H
#define MUSTER_SCENARIO_METRIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "base/units.h"
#include "metrics/cell.h"
#include "metrics/op.h"
#include "scenario/explain.h"

enum metric_kind {
    METRIC_TIMING,  /* durations of answered operations; unanswered ones are infinite */
    METRIC_OUTCOME, /* how operations or devices ended, as a part of something: *of* */
    METRIC_MESSAGE, /* what publishes carry */
    METRIC_COUNTER, /* counted things and bytes */
    METRIC_GAUGE,   /* devices in a state */
    METRIC_DEVICE,  /* a value per device, when the run ends */
    METRIC_KINDS
};
extern const char *const metric_kind_names[METRIC_KINDS]; /* "timing", "outcome", … */

/* Where a metric's number is found in a result. */
enum metric_source {
    METRIC_FROM_CLOCKS,     /* the response clock of `op`, or the one that the label `clock` names */
    METRIC_FROM_LAG,        /* the lag clock of every operation */
    METRIC_FROM_OUTCOME,    /* outcomes[outcome] of `op` */
    METRIC_FROM_FAILED,     /* refused + timeout + broken of `op` */
    METRIC_FROM_HELD,       /* operations of `op` that were held back */
    METRIC_FROM_OPERATIONS, /* ok + failed of `op` */
    METRIC_FROM_SENT,       /* messages of `op` that were handed over */
    METRIC_FROM_LATE,       /* operations emitted later than the trust limit */
    METRIC_FROM_RECORDS,    /* records that the tool itself dropped */
    METRIC_FROM_TALLY,      /* counts[tally] */
    METRIC_FROM_BYTES,      /* bytes up and down */
    METRIC_FROM_STATE,      /* devices in `state` */
    METRIC_FROM_VALUES,     /* values of devices, kept as responses of `op` */
    METRIC_FROM_ENERGY      /* microjoules of all causes */
};

/* What a metric is a part of: the denominator of `ratio`, and the data without which a check fails. */
enum metric_of {
    METRIC_OF_SELF,     /* its own samples */
    METRIC_OF_COUNT,    /* ok + failed of `op` */
    METRIC_OF_INTENDED, /* every operation of `op` that was intended */
    METRIC_OF_EMITTED,  /* every operation that was emitted */
    METRIC_OF_TALLY,    /* counts[of_tally] */
    METRIC_OF_ACCEPTED, /* mqtt.connect.ok */
    METRIC_OF_DEVICES   /* devices */
};

struct metric {
    const char *name;
    enum metric_kind kind;
    enum metric_source source;
    enum metric_of of;
    enum op_kind op;
    enum op_outcome outcome;
    enum tally_kind tally, of_tally;
    enum device_state state;
    enum units_dimension unit; /* of one count: UNITS_BYTES, UNITS_ENERGY or UNITS_PLAIN; of a device's value */
    const char *doc;
};
extern const struct metric metric_table[]; /* ends with name NULL */

const struct metric *metric_find(const char *name); /* NULL when there is none */
/* The nearest name of a metric, of a function, of a label; NULL when none is near. */
const char *metric_nearest(const char *name);

enum metric_function {
    METRIC_P, /* pN: a percentile */
    METRIC_MIN,
    METRIC_MEAN,
    METRIC_MAX,
    METRIC_COUNT,
    METRIC_RATE,
    METRIC_RATIO,
    METRIC_LOST,
    METRIC_DUPLICATED,
    METRIC_REORDERED,
    METRIC_TIME_TO,
    METRIC_FUNCTIONS
};
struct metric_function_row {
    enum metric_function function;
    const char *name;
    unsigned kinds; /* bits 1 << enum metric_kind that it takes */
    bool grows;     /* over a run the value never falls */
    const char *doc, *example;
};
extern const struct metric_function_row metric_functions[METRIC_FUNCTIONS];
/* By name; "p" and a number gives METRIC_P. METRIC_FUNCTIONS when there is none. */
enum metric_function metric_function_find(const char *name);
const char *metric_function_nearest(const char *name);

enum metric_label {
    LABEL_FLEET,
    LABEL_PROFILE,
    LABEL_REGION,
    LABEL_TARGET,
    LABEL_QOS,
    LABEL_REASON,
    LABEL_HELD,
    LABEL_CLOCK,
    METRIC_LABELS
};
struct metric_label_row {
    enum metric_label label;
    const char *name;
    const char *const *words; /* all values that it can have, or NULL: names of the scenario */
    const char *doc;
};
extern const struct metric_label_row metric_labels[METRIC_LABELS];
enum metric_label metric_label_find(const char *name); /* METRIC_LABELS when there is none */
/* Does that metric have that label? */
bool metric_has_label(const struct metric *m, enum metric_label label);
/* The label's possible words for that metric (`reason` depends on it); NULL: names of the scenario. Ends with NULL. */
const char *const *metric_label_words(const struct metric *m, enum metric_label label);

/* What a check may do with the metric, and with what the function works: lines for `explain`. */
void metric_uses(const struct metric *m, struct text *out);
void metric_function_uses(enum metric_function f, struct text *out);

/* Rows for `explain` and docs/checks.md: metrics, functions and labels in table order. Returns how many there are; at most `room` are written,
 * then one with name NULL if there is room for it. */
size_t metric_topics(struct explain_topic *out, size_t room);

#endif
