#include "report/manifest_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/err.h"
#include "base/instant.h"
#include "base/json_read.h"
#include "report/manifest.h"

/* Texts that are shown, not needed: one that is missing or too long stays empty. */
static void take_text(const struct json_read *doc, const struct json_value *from, const char *path, char *out,
                      size_t room) {
    if (!json_read_string(json_read_at(doc, from, path), out, room))
        out[0] = '\0';
}

static bool take_count(const struct json_read *doc, const char *path, uint64_t max, uint64_t *out) {
    return json_read_uint(json_read_at(doc, NULL, path), out) && *out <= max;
}

/* "2026-11-22T18:35:09.065Z" */
static bool take_time(const struct json_read *doc, const char *path, int64_t *unix_ns) {
    char text[40];
    struct tm tm = {0};
    take_text(doc, NULL, path, text, sizeof text);
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    char *end;
    long ms = rest != NULL && *rest == '.' ? strtol(rest + 1, &end, 10) : -1;
    if (ms < 0 || ms > 999 || strcmp(end, "Z") != 0)
        return false;
    int64_t seconds = (int64_t)timegm(&tm);
    if (seconds < 0 || seconds >= INT64_MAX / SPAN_S) /* a year of more than four digits */
        return false;
    *unix_ns = seconds * SPAN_S + ms * SPAN_MS;
    return true;
}

static bool take_command(const struct json_read *doc, struct manifest *m) {
    const struct json_value *list = json_read_at(doc, NULL, "command"), *item = json_read_first(doc, list);
    m->argv = calloc(MANIFEST_READ_ARGUMENTS_MAX + 1, sizeof *m->argv);
    if (m->argv == NULL || list == NULL)
        return false;
    for (; item != NULL && m->argc < MANIFEST_READ_ARGUMENTS_MAX; item = json_read_next(doc, list, item)) {
        m->argv[m->argc] = json_read_dup(item);
        if (m->argv[m->argc] == NULL)
            return false;
        m->argc++;
    }
    return true;
}

static void take_host(const struct json_read *doc, struct host *h) {
    uint64_t cores = 0;
    const struct json_value *host = json_read_at(doc, NULL, "host"), *limits = json_read_at(doc, NULL, "limits");
    if (host == NULL || limits == NULL)
        return;
    take_text(doc, host, "name", h->name, sizeof h->name);
    take_text(doc, host, "kernel", h->kernel, sizeof h->kernel);
    take_text(doc, host, "machine", h->machine, sizeof h->machine);
    take_text(doc, host, "cpu", h->cpu, sizeof h->cpu);
    take_text(doc, host, "clock_source", h->clock_source, sizeof h->clock_source);
    take_text(doc, limits, "local_ports", h->ports, sizeof h->ports);
    if (json_read_uint(json_read_get(doc, host, "cores"), &cores) && cores <= UINT16_MAX)
        h->cores = (unsigned)cores;
    json_read_uint(json_read_get(doc, host, "memory_bytes"), &h->memory_bytes);
    json_read_uint(json_read_get(doc, limits, "nofile_soft"), &h->nofile_soft);
    json_read_uint(json_read_get(doc, limits, "nofile_hard"), &h->nofile_hard);
}

static void take_ceiling(const struct json_read *doc, struct manifest *m) {
    const struct json_value *c = json_read_at(doc, NULL, "ceiling");
    struct ceiling *into = &m->ceiling;
    uint64_t cores = 0;
    if (c == NULL)
        return;
    take_text(doc, c, "shape", into->shape, sizeof into->shape);
    take_text(doc, c, "version", into->version, sizeof into->version);
    take_text(doc, c, "kernel", into->kernel, sizeof into->kernel);
    take_text(doc, c, "cpu", into->cpu, sizeof into->cpu);
    m->measured = json_read_double(json_read_get(doc, c, "messages_per_s"), &into->messages_per_s) &&
                  json_read_double(json_read_get(doc, c, "connects_per_s"), &into->connects_per_s) &&
                  json_read_uint(json_read_get(doc, c, "devices"), &into->devices) &&
                  json_read_uint(json_read_get(doc, c, "cores"), &cores) && cores <= UINT16_MAX &&
                  json_read_int(json_read_get(doc, c, "measured_unix_s"), &into->measured_unix_s);
    into->cores = (unsigned)cores;
}

/* Everything without which nothing can be computed again. */
static const char *take(const struct json_read *doc, struct manifest *m) {
    uint64_t shard = 1, shards = 1, seed;
    m->file = json_read_dup(json_read_at(doc, NULL, "scenario.file"));
    take_text(doc, NULL, "version", m->version, sizeof m->version);
    take_text(doc, NULL, "run_id", m->run_id, sizeof m->run_id);
    take_text(doc, NULL, "scenario.plan_hash", m->plan_hash, sizeof m->plan_hash);
    if (!json_read_bool(json_read_at(doc, NULL, "complete"), &m->complete))
        return "it does not say whether the run is complete";
    if (m->file == NULL || strlen(m->plan_hash) != 64 || strlen(m->run_id) != 4)
        return "it does not say what was run";
    if (!json_read_uint(json_read_at(doc, NULL, "scenario.seed"), &seed) ||
        !json_read_bool(json_read_at(doc, NULL, "scenario.seed_given"), &m->seed_given))
        return "it has no seed";
    if (!take_count(doc, "shard.of", UINT16_MAX, &shards) || !take_count(doc, "shard.number", shards, &shard) ||
        shard == 0)
        return "it does not say which shard it is";
    if (!take_time(doc, "started", &m->started_unix_ns))
        return "it does not say when the run started";
    if (!take_command(doc, m))
        return "it has no command line";
    const struct json_value *mode = json_read_at(doc, NULL, "mode");
    m->virtual_time = mode != NULL && json_read_equals(mode, "virtual");
    m->shard = (unsigned)shard;
    m->shards = (unsigned)shards;
    return NULL;
}

int manifest_read(const char *text, size_t size, struct manifest *out, char *why, size_t why_size) {
    struct json_read doc = {0};
    *out = (struct manifest){0};
    uint64_t schema = 0;
    int status = json_read_parse(&doc, text, size);
    const char *wrong = NULL;
    if (status < 0) {
        snprintf(why, why_size, "it is no JSON: %s expected at byte %zu", doc.error, doc.error_at);
        status = ERR_MALFORMED;
    } else if (!json_read_uint(json_read_at(&doc, NULL, "schema"), &schema) || schema != MANIFEST_SCHEMA) {
        snprintf(why, why_size, "it is of schema %llu, this version reads %d", (unsigned long long)schema,
                 MANIFEST_SCHEMA);
        status = ERR_INVALID;
    } else if ((wrong = take(&doc, out)) != NULL) {
        snprintf(why, why_size, "%s", wrong);
        status = ERR_MALFORMED;
    } else {
        take_host(&doc, &out->host);
        take_ceiling(&doc, out);
        out->directory = json_read_dup(json_read_at(&doc, NULL, "directory"));
        json_read_uint(json_read_at(&doc, NULL, "log_records_dropped"), &out->log_records_dropped);
    }
    json_read_free(&doc);
    return status;
}

void manifest_read_free(struct manifest *m) {
    for (int i = 0; i < m->argc; i++)
        free(m->argv[i]);
    free(m->argv);
    free(m->file);
    free(m->directory);
    *m = (struct manifest){0};
}
