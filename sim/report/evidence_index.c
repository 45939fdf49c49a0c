#include "report/evidence_index.h"

#include <string.h>

#include "base/json_read.h"
#include "metrics/op.h"
#include "metrics/step.h"
#include "report/events_read.h"
#include "report/log_map.h"

struct reading {
    struct evidence_index *index;
    struct json_read json; /* reused */
    unsigned directory;
};

static void get(const struct reading *r, const char *key, char *out, size_t size) {
    if (!json_read_string(json_read_at(&r->json, NULL, key), out, size))
        *out = '\0';
}

static bool same_kind(const struct evidence_entry *a, const struct evidence_entry *b) {
    return strcmp(a->what, b->what) == 0 && strcmp(a->statement, b->statement) == 0 &&
           strcmp(a->operation, b->operation) == 0 && strcmp(a->outcome, b->outcome) == 0 &&
           strcmp(a->why, b->why) == 0 && a->reason_code == b->reason_code;
}

static void add(struct reading *r, const struct events_line *line) {
    struct evidence_entry e = {.directory = r->directory};
    uint64_t code = 0;
    if (json_read_parse(&r->json, line->text, line->size) != 0)
        return;
    get(r, "evidence.file", e.file, sizeof e.file);
    if (e.file[0] == '\0' || !json_read_uint(json_read_at(&r->json, NULL, "evidence.frame"), &e.frame))
        return;
    get(r, "what", e.what, sizeof e.what);
    get(r, "statement", e.statement, sizeof e.statement);
    get(r, "operation", e.operation, sizeof e.operation);
    get(r, "outcome", e.outcome, sizeof e.outcome);
    get(r, "why", e.why, sizeof e.why);
    get(r, "device", e.device, sizeof e.device);
    if (json_read_uint(json_read_at(&r->json, NULL, "reason_code"), &code))
        e.reason_code = (uint8_t)code;
    struct evidence_index *x = r->index;
    for (unsigned i = 0; i < x->count; i++)
        if (same_kind(&x->entries[i], &e))
            return;
    if (x->count < EVIDENCE_INDEX_MAX)
        x->entries[x->count++] = e;
}

/* Lines are many, findings few: only these are parsed. */
static bool may_be_one(const struct events_line *line) {
    static const char kind[] = "\"kind\":\"finding\"", member[] = "\"evidence\":{";
    return memmem(line->text, line->size, kind, sizeof kind - 1) != NULL &&
           memmem(line->text, line->size, member, sizeof member - 1) != NULL;
}

static void read_directory(struct reading *r, const char *directory) {
    struct events_cursor cursor = events_read_begin(NULL, 0);
    for (unsigned part = 0;; part++) {
        struct log_map map = log_map_open_part(directory, "events.ndjson", part);
        if (map.data == NULL)
            return;
        events_read_part(&cursor, map.data, map.size);
        struct events_line line;
        while (events_read_next(&cursor, &line))
            if (may_be_one(&line))
                add(r, &line);
        log_map_close(&map);
        if (cursor.so_far.bytes_ignored > 0)
            return;
    }
}

void evidence_index_read(const char *const *directories, unsigned count, struct evidence_index *out) {
    *out = (struct evidence_index){0};
    struct reading r = {.index = out};
    for (r.directory = 0; r.directory < count; r.directory++)
        read_directory(&r, directories[r.directory]);
    json_read_free(&r.json);
}

const struct evidence_entry *evidence_index_cause(const struct evidence_index *x, const struct reason_row *cause) {
    const struct evidence_entry *alike = NULL;
    bool violated = cause->close_reason == CLOSE_VIOLATION;
    for (unsigned i = 0; i < x->count; i++) {
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
    for (unsigned i = 0; i < x->count; i++) {
        const struct evidence_entry *e = &x->entries[i];
        if (*e->operation != '\0' && strstr(check->expect, e->operation) != NULL)
            return e;
        if (violation == NULL && strcmp(e->what, "violation") == 0)
            violation = e;
    }
    /* a broken rule ends a connection, and with it the operations that a check counts */
    return strstr(check->expect, "mqtt.") != NULL ? violation : NULL;
}
