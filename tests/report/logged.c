#include "report/logged.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "report/hlog.h"
#include "report/series_csv.h"

void logged_file(const struct temporary *t, const char *name, const char *text) {
    char path[256];
    FILE *f = fopen(temporary_path(t, name, path, sizeof path), "we");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    CU_ASSERT_EQUAL(fwrite(text, 1, strlen(text), f), strlen(text));
    CU_ASSERT_EQUAL(fclose(f), 0);
}

static void add_cell(struct hlog *h, struct text *out, const struct sample *s, enum op_kind op, enum clock_kind clock,
                     unsigned second, unsigned samples) {
    static struct histogram histogram;
    struct text tag = {0};
    histogram_reset(&histogram);
    for (unsigned i = 0; i < samples; i++)
        histogram_record(&histogram, 20 * SPAN_MS);
    struct cell_key key = {.op = (uint8_t)op, .qos = op == OP_MQTT_PUBLISH, .segment = 1};
    hlog_tag(&tag, &s->plan, &key, clock);
    hlog_record(h, out, text_get(&tag), second * SPAN_S, (second + 1) * SPAN_S, &histogram);
    text_free(&tag);
}

void logged_run(const struct temporary *t, const struct sample *s, unsigned seconds, unsigned samples) {
    struct text series = {0}, log = {0};
    struct hlog *h = hlog_new(&s->plan, NULL, 0);
    hlog_header(&log, s->facts.started_unix_ns);
    text_append(&series, "time_s,phase,online,offline,connects_attempted,connects_ok,publishes_sent,publishes_acked,"
                         "cpu,lag_p999_ms,trustworthy\n");
    for (unsigned i = 0; i < seconds; i++) {
        text_printf(&series, "%u.000,\"ramp, up\",%u,2,100,%u,50,50,0.25,1.5,1\n", i + 1, i == 0 ? 4 : 10,
                    i == 2 ? 40 : 100);
        for (int c = CLOCK_SERVICE; c < CLOCK_KINDS && samples > 0; c++) {
            add_cell(h, &log, s, OP_MQTT_PUBLISH, (enum clock_kind)c, i, samples);
            add_cell(h, &log, s, OP_MQTT_CONNECT, (enum clock_kind)c, i, samples);
        }
    }
    logged_file(t, "series.csv", text_get(&series));
    logged_file(t, "intervals.hlog", text_get(&log));
    hlog_free(h);
    text_free(&series);
    text_free(&log);
}

bool logged_gnuplot(void) {
    bool there = system("command -v gnuplot > /dev/null 2>&1") == 0;
    const char *ci = getenv("CI");
    if (!there)
        printf("     SKIP: gnuplot is not installed\n");
    CU_ASSERT_TRUE(there || ci == NULL || strcmp(ci, "true") != 0);
    return there;
}
