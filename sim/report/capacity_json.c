#include <math.h>

#include "base/json_write.h"
#include "base/version.h"
#include "report/capacity.h"
#include "report/command.h"

static const char *const ends[] = {"searching", "found", "tool_limit", "at_max", "none", "none_trusted"};

static void object(struct json_write *w, const char *key) {
    json_write_key(w, key);
    json_write_open_object(w);
}

static void write_command(struct json_write *w, const struct capacity *c) {
    json_write_key(w, "command");
    json_write_open_array(w);
    for (int i = 0; i < c->argc; i++) {
        struct text word = {0};
        command_redact(c->argv[i], &word);
        json_write_string(w, text_get(&word));
        text_free(&word);
    }
    json_write_close_array(w);
}

static void write_scenario(struct json_write *w, const struct plan *p) {
    object(w, "scenario");
    json_write_member_string(w, "name", p->name);
    json_write_member_string(w, "file", p->file);
    json_write_member_uint(w, "seed", p->seed);
    json_write_close_object(w);
    json_write_key(w, "target");
    json_write_open_array(w);
    for (unsigned t = 0; t < p->target_count; t++)
        json_write_string(w, p->targets[t].builtin ? "builtin" : p->targets[t].url);
    json_write_close_array(w);
}

static void write_options(struct json_write *w, const struct capacity *c) {
    const struct knee_options *o = &c->knee->options;
    object(w, "options");
    json_write_member_double(w, "start", o->start);
    json_write_member_double(w, "min", o->min);
    json_write_member_double(w, "max", o->max);
    json_write_member_double(w, "precision", o->precision);
    json_write_member_uint(w, "repeats", o->repeats);
    json_write_member_double(w, "step_duration_s",
                             span_seconds(c->step_duration > 0 ? c->step_duration : c->plan->duration));
    json_write_close_object(w);
}

static void write_row(struct json_write *w, const struct capacity_row *r) {
    json_write_member_double(w, "load", r->load);
    json_write_member_uint(w, "devices", r->devices);
    json_write_member_double(w, "messages_per_s", r->messages_per_s);
    json_write_member_double(w, "connects_per_s", r->connects_per_s);
    json_write_member_double(w, "answered_per_s", r->answered_per_s);
    json_write_member_double(w, "publish_p99_ms", r->publish_p99_ms);
    json_write_member_double(w, "connect_p99_ms", r->connect_p99_ms);
    json_write_member_uint(w, "failed", r->failed);
    json_write_member_uint(w, "lost", r->lost);
    json_write_member_double(w, "cpu", r->cpu);
    json_write_member_double(w, "backend_cores", r->backend_cores);
    json_write_member_uint(w, "met", r->met);
    json_write_member_uint(w, "runs", r->runs);
    json_write_member_string(w, "verdict", knee_verdict_names[r->verdict]);
    json_write_member_string(w, "reason", r->reason[0] == '\0' ? NULL : r->reason);
}

/* The row of that load, or null. */
static void write_edge(struct json_write *w, const char *key, const struct capacity_row *rows, unsigned count,
                       double load) {
    const struct capacity_row *row = capacity_row_at(rows, count, load);
    json_write_key(w, key);
    if (row == NULL) {
        json_write_null(w);
        return;
    }
    json_write_open_object(w);
    write_row(w, row);
    json_write_close_object(w);
}

static void write_step(struct json_write *w, const struct capacity_step *s) {
    json_write_open_object(w);
    json_write_member_double(w, "load", s->load);
    json_write_member_string(w, "verdict", knee_verdict_names[s->verdict]);
    json_write_member_string(w, "directory", s->ran ? s->directory : NULL);
    json_write_member_string(w, "run_verdict", s->ran ? s->facts.verdict : NULL);
    json_write_member_double(w, "answered_per_s", s->ran ? s->facts.messages_per_s : (double)NAN);
    json_write_member_double(w, "publish_p50_ms", s->ran ? s->facts.publish_p50_ms : (double)NAN);
    json_write_member_double(w, "publish_p99_ms", s->ran ? s->facts.publish_p99_ms : (double)NAN);
    json_write_member_string(w, "reason", s->reason[0] == '\0' ? NULL : s->reason);
    json_write_close_object(w);
}

void capacity_json(struct text *out, const struct capacity *c) {
    struct capacity_row rows[KNEE_LEVELS_MAX];
    unsigned count = capacity_rows(c, rows);
    struct knee_result r = knee_result_of(c->knee);
    struct json_write writer = json_write_to(out, 2), *w = &writer;
    json_write_open_object(w);
    json_write_member_int(w, "schema", 1);
    object(w, "muster");
    json_write_member_string(w, "version", VERSION_TEXT);
    json_write_close_object(w);
    write_scenario(w, c->plan);
    write_command(w, c);
    json_write_member_string(w, "by", c->by == CAPACITY_DEVICES ? "devices" : "rate");
    write_options(w, c);
    json_write_member_bool(w, "complete", c->ended);
    json_write_member_string(w, "end", ends[c->ended ? r.end : KNEE_SEARCHING]);
    json_write_member_string(w, "stopped", c->stopped);
    json_write_member_int(w, "exit_code", c->exit_code);
    write_edge(w, "knee", rows, count, r.load);
    write_edge(w, "above", rows, count, r.above);
    json_write_key(w, "table");
    json_write_open_array(w);
    for (unsigned i = 0; i < count; i++) {
        json_write_open_object(w);
        write_row(w, &rows[i]);
        json_write_close_object(w);
    }
    json_write_close_array(w);
    json_write_key(w, "steps");
    json_write_open_array(w);
    for (unsigned i = 0; i < c->count; i++)
        write_step(w, &c->steps[i]);
    json_write_close_array(w);
    json_write_close_object(w);
    text_append(out, "\n");
}
