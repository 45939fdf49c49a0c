#include "report/evidence_index.h"

#include <stdbool.h>
#include <string.h>

#include "base/json_read.h"
#include "metrics/op.h"
#include "metrics/step.h"

static void get(const struct json_read *json, const char *key, char *out, size_t size) {
    if (!json_read_string(json_read_at(json, NULL, key), out, size))
        *out = '\0';
}

static bool same_kind(const struct evidence_entry *a, const struct evidence_entry *b) {
    return strcmp(a->what, b->what) == 0 && strcmp(a->statement, b->statement) == 0 &&
           strcmp(a->operation, b->operation) == 0 && strcmp(a->outcome, b->outcome) == 0 &&
           strcmp(a->why, b->why) == 0 && a->reason_code == b->reason_code;
}

static void read_entry(const struct json_read *json, struct evidence_entry *e) {
    uint64_t code = 0;
    get(json, "evidence.file", e->file, sizeof e->file);
    get(json, "what", e->what, sizeof e->what);
    get(json, "statement", e->statement, sizeof e->statement);
    get(json, "operation", e->operation, sizeof e->operation);
    get(json, "outcome", e->outcome, sizeof e->outcome);
    get(json, "why", e->why, sizeof e->why);
    if (json_read_uint(json_read_at(json, NULL, "reason_code"), &code))
        e->reason_code = (uint8_t)code;
    if (!json_read_uint(json_read_at(json, NULL, "evidence.frame"), &e->frame))
        e->frame = 0;
}

/* Lines are many, findings few: only these are parsed. */
static bool may_be_one(const char *line, size_t size) {
    static const char kind[] = "\"kind\":\"finding\"", member[] = "\"evidence\":{";
    return memmem(line, size, kind, sizeof kind - 1) != NULL && memmem(line, size, member, sizeof member - 1) != NULL;
}

void evidence_index_add(struct evidence_index *x, const char *line, size_t size) {
    if (x->count == EVIDENCE_INDEX_MAX || !may_be_one(line, size))
        return;
    struct json_read json = {0};
    struct evidence_entry e = {0};
    if (json_read_parse(&json, line, size) == 0)
        read_entry(&json, &e);
    json_read_free(&json);
    if (e.file[0] == '\0' || e.frame == 0)
        return;
    for (unsigned i = 0; i < x->count; i++)
        if (same_kind(&x->entries[i], &e))
            return;
    x->entries[x->count++] = e;
}

const struct evidence_entry *evidence_index_cause(const struct evidence_index *x, const struct reason_row *cause) {
    const struct evidence_entry *alike = NULL;
    bool violated = cause->close_reason == CLOSE_VIOLATION;
    for (unsigned i = 0; x != NULL && i < x->count; i++) {
        const struct evidence_entry *e = &x->entries[i];
        if (violated && strcmp(e->what, "violation") == 0)
            return e;
        if (cause->op >= OP_KINDS || cause->outcome >= OP_OUTCOMES ||
            strcmp(e->operation, op_kinds[cause->op].name) != 0 ||
            strcmp(e->outcome, op_outcome_names[cause->outcome]) != 0)
            continue;
        bool ended_so =
            cause->close_reason == CLOSE_NONE ||
            (cause->close_reason < CLOSE_REASONS && strcmp(e->why, close_reason_names[cause->close_reason]) == 0);
        if (e->reason_code == cause->reason_code && ended_so)
            return e;
        if (alike == NULL && e->reason_code == cause->reason_code)
            alike = e;
    }
    return alike;
}

const struct evidence_entry *evidence_index_check(const struct evidence_index *x, const struct check *check) {
    const struct evidence_entry *violation = NULL;
    for (unsigned i = 0; x != NULL && i < x->count; i++) {
        const struct evidence_entry *e = &x->entries[i];
        if (*e->operation != '\0' && strstr(check->expect, e->operation) != NULL)
            return e;
        if (violation == NULL && strcmp(e->what, "violation") == 0)
            violation = e;
    }
    /* a broken rule ends a connection, and with it the operations that a check counts */
    return strstr(check->expect, "mqtt.") != NULL ? violation : NULL;
}
