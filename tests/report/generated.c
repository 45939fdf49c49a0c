#include "generated.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/check.h"
#include "base/dist.h"
#include "base/draw.h"
#include "report/events.h"
#include "report/hlog.h"
#include "sample.h"

static struct histogram histogram;

static void write_file(const char *directory, const char *name, const char *text) {
    char path[PATH_MAX + 32];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *f = fopen(path, "we");
    CHECK(f != NULL);
    fputs(text, f);
    CHECK(fclose(f) == 0);
}

static void write_documents(const char *directory, const struct generated *g) {
    struct text out = {0};
    text_printf(&out,
                "{\"schema\":1,\"complete\":%s,\"version\":\"0.1.0\",\"run_id\":\"3f9a\",\"scenario\":{\"name\":"
                "\"made\",\"hash\":\"%s\",\"seed\":%llu,\"seed_given\":%s},\"shard\":{\"number\":1,\"of\":1}}\n",
                g->incomplete ? "false" : "true", g->hash != NULL ? g->hash : "abcd", (unsigned long long)g->seed,
                g->drawn_seed ? "false" : "true");
    write_file(directory, "manifest.json", text_get(&out));
    out.size = 0;
    text_printf(&out, "{\"schema\":1,\"trust\":{\"trustworthy\":%s}}\n", g->untrustworthy ? "false" : "true");
    write_file(directory, "summary.json", text_get(&out));
    text_free(&out);
}

static void write_tally(struct text *out, unsigned *n, const char *operation, unsigned second, unsigned tried,
                        unsigned failed) {
    struct text line = {0};
    text_printf(&line,
                "{\"n\":%u,\"t\":%u,\"kind\":\"tally\",\"operation\":\"%s\",\"ok\":%u,\"refused\":%u,"
                "\"timeout\":0,\"broken\":0",
                (*n)++, second, operation, tried - failed, failed);
    events_seal(&line);
    text_append(out, text_get(&line));
    text_free(&line);
}

static void write_logs(const char *directory, const struct generated *g, unsigned seconds, unsigned per_second) {
    static struct sample s;
    sample_make(&s);
    struct hlog *log = hlog_new(&s.plan, NULL, 0);
    struct text hlog = {0}, events = {0};
    unsigned n = 0, sent = 0;
    text_printf(&events, "{\"n\":%u,\"t\":0,\"kind\":\"started\",\"warmup_s\":%g", n++, g->warmup_s);
    events_seal(&events);
    hlog_header(&hlog, 0);
    double slower = g->p99_factor > 0 ? g->p99_factor : 1;
    struct dist service = {.kind = DIST_LOGNORMAL, .a = 20.0 * (double)SPAN_MS};
    service.b = dist_lognormal_sigma(20, 0.99, 60 * slower);
    for (unsigned second = 1; second <= seconds; second++) {
        unsigned failed = 0;
        histogram_reset(&histogram);
        for (unsigned i = 0; i < per_second; i++) {
            failed += g->failed_every > 0 && ++sent % g->failed_every == 0;
            histogram_record(&histogram, dist_sample_span(&service, draw_u64(g->seed, second, 1, i)));
        }
        hlog_record(log, &hlog, "mqtt.publish.ack/response/f/p/-/t/1/0/0", (second - 1) * SPAN_S, second * SPAN_S,
                    &histogram);
        write_tally(&events, &n, "mqtt.publish", second, per_second, failed);
        if (second == 1 && g->connects > 0) {
            histogram_reset(&histogram);
            for (unsigned i = 0; i < g->connects; i++)
                histogram_record(&histogram, dist_sample_span(&service, draw_u64(g->seed, 0, 2, i)));
            hlog_record(log, &hlog, "mqtt.connect.ack/response/f/p/-/t/0/0/0", 0, SPAN_S, &histogram);
            write_tally(&events, &n, "mqtt.connect", second, g->connects, 0);
        }
    }
    if (g->torn)
        text_append(&hlog, "Tag=mqtt.publish.ack/response/f/p/-/t/1/0/0,99.000,1.0");
    write_file(directory, "intervals.hlog", text_get(&hlog));
    write_file(directory, "events.ndjson", text_get(&events));
    text_free(&hlog);
    text_free(&events);
    hlog_free(log);
    sample_free(&s);
}

const char *generated_write(const struct temporary *t, const char *name, const struct generated *g) {
    static char path[PATH_MAX];
    temporary_path(t, name, path, sizeof path);
    CHECK(mkdir(path, 0777) == 0);
    write_documents(path, g);
    write_logs(path, g, g->seconds > 0 ? g->seconds : 20, g->per_second > 0 ? g->per_second : 500);
    return path;
}

struct compare_run generated_run(const struct temporary *t, const char *name, const struct generated *g) {
    struct compare_run run;
    char why[PATH_MAX + 200];
    int error = compare_run_read(generated_write(t, name, g), &run, why, sizeof why);
    if (error < 0)
        fprintf(stderr, "%s\n", why);
    CHECK(error == 0);
    return run;
}
