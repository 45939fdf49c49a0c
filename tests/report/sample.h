/* A small finished run, made up: two fleets, a warm-up, checks that passed and failed, all kinds of outcomes. Tests change it as they
 * need. */
#ifndef MUSTER_TESTS_REPORT_SAMPLE_H
#define MUSTER_TESTS_REPORT_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "metrics/recorder.h"
#include "report/report.h"
#include "scenario/diagnostic.h"

enum { SAMPLE_CHECKS = 4, SAMPLE_GROUPS = 3, SAMPLE_DEVICES = 10 };

struct sample {
    struct plan plan;
    struct fleet fleets[2];
    struct fleet_group groups[SAMPLE_GROUPS];
    struct target target;
    struct telemetry telemetry;
    uint16_t group_of[SAMPLE_DEVICES];
    instant edges[3];
    struct check checks[SAMPLE_CHECKS];
    struct check_verdict verdicts[SAMPLE_CHECKS];
    struct diagnostic_list sources;
    struct result *result;
    struct run_facts facts;
    struct host host;
    struct report report;
};

/* Texts that no document may let through: markup of XML, HTML and Markdown, a terminal's escapes, a line break, ill-formed UTF-8. */
extern const char sample_hostile[];

void sample_make(struct sample *s);
void sample_free(struct sample *s);
/* Adds `count` operations of that outcome, intended at `at`, answered after `response` (service 1 ms less). */
void sample_add(struct sample *s, unsigned group, enum op_kind kind, unsigned qos, enum op_outcome outcome, instant at,
                span response, unsigned count);

/* Counts so many in the first group, after the warm-up. */
void sample_tally(struct sample *s, enum tally_kind kind, uint64_t count);

/* Values of a JSON text by path, "operations.mqtt\.publish\.ack.count" with escaped dots, "checks.0.name": a small reader for tests. Missing or of another
 * type: NAN, false, NULL. Strings are copied to `text`. */
double sample_json_number(const char *json, const char *path);
bool sample_json_is_null(const char *json, const char *path);
char *sample_json_string(const char *json, const char *path, char *text, size_t size);
bool sample_json_bool(const char *json, const char *path, bool *value);
/* The whole text is one well-formed JSON value. */
bool sample_json_valid(const char *json, size_t size);

#endif
