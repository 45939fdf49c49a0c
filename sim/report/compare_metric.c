/* The metrics that `compare` can be asked for: fn(operation) or fn(operation{clock=service}). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/suggest.h"
#include "report/compare.h"

static int find_operation(const char *name, enum compare_stat stat) {
    for (int op = 0; op < OP_KINDS; op++)
        if (strcmp(name, op_kinds[op].timing) == 0 || (stat == COMPARE_FAILED && strcmp(name, op_kinds[op].name) == 0))
            return op;
    return -1;
}

static int refuse(char *why, size_t why_size, const char *text) {
    snprintf(why, why_size,
             "'%.80s' is no metric to compare: expected p99(mqtt.publish.ack), p50(mqtt.connect.ack{clock=service}) or "
             "failed(mqtt.publish)",
             text);
    return ERR_MALFORMED;
}

static int refuse_operation(char *why, size_t why_size, const char *name) {
    const char *names[OP_KINDS];
    for (int op = 0; op < OP_KINDS; op++)
        names[op] = op_kinds[op].timing;
    const char *near = suggest_nearest(name, names, OP_KINDS);
    snprintf(why, why_size, "there is no operation '%.60s'%s%s%s", name, near == NULL ? "" : ": did you mean '",
             near == NULL ? "" : near, near == NULL ? "" : "'?");
    return ERR_MALFORMED;
}

int compare_metric_parse(const char *text, struct compare_metric *out, char *why, size_t why_size) {
    char function[16], operation[64], clock[16] = "response", end[2] = "";
    *out = (struct compare_metric){.clock = CLOCK_RESPONSE};
    snprintf(out->name, sizeof out->name, "%s", text);
    int plain = sscanf(text, "%15[a-z0-9.](%63[a-z0-9_.]%1[)]", function, operation, end);
    size_t length = strlen(text);
    if (plain != 3) {
        end[0] = '\0';
        if (sscanf(text, "%15[a-z0-9.](%63[a-z0-9_.]{clock=%15[a-z]}%1[)]", function, operation, clock, end) != 4)
            return refuse(why, why_size, text);
    }
    if (length >= sizeof out->name || text[length - 1] != ')' || strchr(text, ')') != text + length - 1)
        return refuse(why, why_size, text);
    if (strcmp(function, "failed") == 0) {
        out->stat = COMPARE_FAILED;
    } else {
        char *rest = NULL;
        double percent = function[0] == 'p' ? strtod(function + 1, &rest) : NAN;
        if (rest == NULL || *rest != '\0' || !(percent > 0 && percent < 100))
            return refuse(why, why_size, text);
        out->q = percent / 100;
    }
    int op = find_operation(operation, out->stat);
    if (op < 0)
        return refuse_operation(why, why_size, operation);
    out->op = (enum op_kind)op;
    for (int c = 0; c < CLOCK_KINDS; c++)
        if (strcmp(clock, clock_names[c]) == 0) {
            out->clock = (enum clock_kind)c;
            return 0;
        }
    return refuse(why, why_size, text);
}
