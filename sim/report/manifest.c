#include "report/manifest.h"

#include <stdio.h>
#include <time.h>

#include "base/json_write.h"
#include "base/version.h"
#include "report/command.h"
#include "report/run_dir.h"

static void object(struct json_write *w, const char *key) {
    json_write_key(w, key);
    json_write_open_object(w);
}

static void write_time(struct json_write *w, const char *key, int64_t unix_ns) {
    char stamp[40], whole[64];
    time_t second = (time_t)(unix_ns / SPAN_S);
    struct tm tm;
    gmtime_r(&second, &tm);
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(whole, sizeof whole, "%s.%03dZ", stamp, (int)(unix_ns / SPAN_MS % 1000));
    json_write_member_string(w, key, whole);
}

static void write_host(struct json_write *w, const struct host *h) {
    object(w, "host");
    json_write_member_string(w, "name", h->name);
    json_write_member_string(w, "kernel", h->kernel);
    json_write_member_string(w, "machine", h->machine);
    json_write_member_string(w, "cpu", h->cpu);
    json_write_member_uint(w, "cores", h->cores);
    json_write_member_uint(w, "memory_bytes", h->memory_bytes);
    json_write_member_string(w, "clock_source", h->clock_source);
    json_write_close_object(w);
    object(w, "limits");
    json_write_member_uint(w, "nofile_soft", h->nofile_soft);
    json_write_member_uint(w, "nofile_hard", h->nofile_hard);
    json_write_member_string(w, "local_ports", h->ports);
    json_write_close_object(w);
}

static void write_scenario(struct json_write *w, const struct report *r) {
    const struct plan *p = r->facts->plan;
    object(w, "scenario");
    json_write_member_string(w, "name", p->name);
    json_write_member_string(w, "file", p->file);
    json_write_member_string(w, "hash", p->scenario_hash);
    json_write_member_string(w, "plan_hash", p->plan_hash);
    json_write_member_uint(w, "seed", p->seed);
    json_write_member_bool(w, "seed_given", p->seed_given);
    json_write_member_uint(w, "devices", p->device_count);
    json_write_member_double(w, "duration_s", span_seconds(p->duration));
    json_write_close_object(w);
}

static void write_end(struct json_write *w, const struct report *r) {
    const struct run_facts *f = r->facts;
    char hash[24];
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)f->decisions_hash);
    write_time(w, "ended", f->started_unix_ns + f->ended);
    json_write_member_string(w, "verdict", run_verdict_names[f->verdict]);
    json_write_member_int(w, "exit_code", f->exit_code);
    json_write_member_string(w, "decisions_hash", hash);
    json_write_member_uint(w, "workers", f->workers);
    json_write_member_uint(w, "log_records_dropped", r->log_records_dropped);
}

void manifest_write(struct text *out, const struct report *r) {
    struct json_write writer = json_write_to(out, 2), *w = &writer;
    json_write_open_object(w);
    json_write_member_uint(w, "schema", MANIFEST_SCHEMA);
    json_write_member_bool(w, "complete", r->complete);
    json_write_member_string(w, "version", VERSION_TEXT);
    json_write_member_string(w, "run_id", r->facts->plan->run_id);
    write_time(w, "started", r->facts->started_unix_ns);
    json_write_key(w, "command");
    json_write_open_array(w);
    for (int i = 0; i < r->argc; i++) {
        struct text argument = {0};
        command_redact(r->argv[i], &argument);
        json_write_string(w, text_get(&argument));
        text_free(&argument);
    }
    json_write_close_array(w);
    write_scenario(w, r);
    object(w, "shard");
    json_write_member_uint(w, "number", r->facts->shard);
    json_write_member_uint(w, "of", r->facts->shards);
    json_write_close_object(w);
    json_write_member_uint(w, "interval_s", (uint64_t)(r->facts->plan->interval / SPAN_S));
    json_write_member_string(w, "mode", r->facts->plan->virtual_time ? "virtual" : "real");
    json_write_member_string(w, "directory", r->directory);
    write_host(w, r->host);
    if (r->ceiling != NULL) { /* as it was measured when the run began: a later measurement says nothing about it */
        object(w, "ceiling");
        ceiling_members(w, r->ceiling);
        json_write_close_object(w);
    }
    if (r->facts->result != NULL)
        write_end(w, r);
    json_write_close_object(w);
    text_append(out, "\n");
}
