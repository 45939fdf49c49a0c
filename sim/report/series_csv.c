#include "report/series_csv.h"

#include <math.h>
#include <stdlib.h>

#include "report/energy.h"
#include "report/escape.h"
#include "report/figures.h"

const struct series_csv_column series_csv_columns[] = {
    {"time_s", "end of the interval, seconds since t = 0"},
    {"phase", "the phase it lies in; where phases overlap, the one that the scenario names last"},
    {"dead", "devices without power at the end of the interval"},
    {"asleep", "devices that sleep by their own choice"},
    {"offline", "devices that are not asked to connect, were told to disconnect, or gave up"},
    {"connecting", "devices with a connection attempt under way"},
    {"backoff", "devices that wait before the next attempt"},
    {"online", "devices that believe they are online"},
    {"connects_attempted", "connection attempts that ended in the interval"},
    {"connects_ok", "of these, accepted"},
    {"connects_refused", "refused by the backend with a code"},
    {"connects_failed", "refused, timed out or broken"},
    {"connect_response_p50_ms", "response time of connects that were answered in the interval"},
    {"connect_response_p99_ms", "the same, 99th percentile"},
    {"connect_service_p50_ms", "their service time"},
    {"connect_service_p99_ms", "the same, 99th percentile"},
    {"publishes_sent", "messages handed over for the first time"},
    {"publishes_acked", "messages acknowledged"},
    {"publishes_failed", "publishes that ended refused, timed out or broken"},
    {"publishes_dropped", "publishes that were given up unsent"},
    {"publish_response_p50_ms", "response time of publishes of QoS 1 and 2 that were answered in the interval"},
    {"publish_response_p99_ms", "the same, 99th percentile"},
    {"publish_service_p50_ms", "their service time"},
    {"publish_service_p99_ms", "the same, 99th percentile"},
    {"received", "publishes that devices got"},
    {"bytes_up", "application bytes sent"},
    {"bytes_down", "application bytes received"},
    {"lag_p999_ms", "the tool's own delay, 99.9th percentile"},
    {"late", "operations that the tool emitted later than the limit"},
    {"cpu", "share of a core that the busiest worker used"},
    {"rss_bytes", "anonymous memory of the process"},
    {"trustworthy", "1 as long as nothing speaks against the numbers, else 0"},
    {"backend_cpu", "share of a core that the backend used, all its threads together; empty: not known"},
    {"backend_rss_bytes", "memory of the backend"},
    {"backend_threads", "threads of the backend"},
    {"backend_descriptors", "descriptors that the backend has open"},
    {"soc_p5", "state of charge: 5 % of the batteries that were looked at have no more; empty: none was"},
    {"soc_p25", "a quarter of them"},
    {"soc_p50", "half of them"},
    {"soc_p75", "three quarters"},
    {"soc_p95", "95 %"},
    {NULL, NULL},
};

void series_csv_header(struct text *out) {
    for (const struct series_csv_column *c = series_csv_columns; c->name != NULL; c++)
        text_printf(out, "%s%s", c == series_csv_columns ? "" : ",", c->name);
    text_append(out, "\n");
}

static void put_count(struct text *out, uint64_t n) {
    text_printf(out, ",%llu", (unsigned long long)n);
}

static void put_quantile(struct text *out, const struct histogram *h, double q) {
    double ms = figures_quantile_ms(h, q);
    if (isnan(ms))
        text_append(out, ",");
    else
        text_printf(out, ",%.3f", ms);
}

static void put_clocks(struct text *out, const struct figures *f) {
    put_quantile(out, &f->clocks[CLOCK_RESPONSE], 0.5);
    put_quantile(out, &f->clocks[CLOCK_RESPONSE], 0.99);
    put_quantile(out, &f->clocks[CLOCK_SERVICE], 0.5);
    put_quantile(out, &f->clocks[CLOCK_SERVICE], 0.99);
}

static void put_states(struct text *out, const struct result *r) {
    uint64_t states[STATE_KINDS] = {0};
    if (r->gauge_count > 0)
        for (size_t k = 0; k < (size_t)r->group_count * STATE_KINDS; k++)
            states[k % STATE_KINDS] += r->gauges[r->gauge_count - 1].counts[k];
    for (int k = 0; k < STATE_KINDS; k++)
        put_count(out, states[k]);
}

static void put_connects(struct text *out, const struct result *r) {
    struct figures f = figures_of(r, NULL, FIGURES_CONNECT, NULL);
    put_count(out, f.intended - f.outcomes[OP_DROPPED]);
    put_count(out, f.outcomes[OP_OK]);
    put_count(out, f.outcomes[OP_REFUSED]);
    put_count(out, f.failed);
    put_clocks(out, &f);
    figures_free(&f);
}

static void put_publishes(struct text *out, const struct result *r) {
    struct figures acked = figures_of(r, NULL, FIGURES_PUBLISH_ACK, NULL);
    struct figures sent = figures_of(r, NULL, FIGURES_PUBLISH_SENT, NULL);
    put_count(out, figures_tally(r, NULL, TALLY_SENT, true, NULL));
    put_count(out, figures_tally(r, NULL, TALLY_ACKED, true, NULL));
    put_count(out, acked.failed + sent.failed);
    put_count(out, acked.outcomes[OP_DROPPED] + sent.outcomes[OP_DROPPED]);
    put_clocks(out, &acked);
    figures_free(&acked);
    figures_free(&sent);
}

static void put_if(struct text *out, bool known, uint64_t n) {
    if (known)
        put_count(out, n);
    else
        text_append(out, ",");
}

static void put_backend(struct text *out, const struct backend_second *b) {
    if (b->has_cpu)
        text_printf(out, ",%.3f", b->cpu_share);
    else
        text_append(out, ",");
    put_if(out, b->has_rss, b->rss_bytes);
    put_if(out, b->threads > 0, b->threads);
    put_if(out, b->descriptors > 0, b->descriptors);
}

static void put_batteries(struct text *out, const struct result *r) {
    static const double quantiles[] = {0.05, 0.25, 0.5, 0.75, 0.95};
    struct histogram *levels = energy_values(r, NULL, OP_BATTERY_LEVEL, NULL);
    for (size_t i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++)
        if (levels->count > 0)
            text_printf(out, ",%.4f", figures_quantile_ms(levels, quantiles[i]) / 1e3);
        else
            text_append(out, ",");
    free(levels);
}

void series_csv_row(struct text *out, const struct run_second *s) {
    text_printf(out, "%.3f,", span_seconds(s->at));
    escape_csv(out, s->phase != NULL ? s->phase : "");
    put_states(out, s->second);
    put_connects(out, s->second);
    put_publishes(out, s->second);
    put_count(out, figures_tally(s->second, NULL, TALLY_RECEIVED, true, NULL));
    put_count(out, figures_tally(s->second, NULL, TALLY_BYTES_UP, true, NULL));
    put_count(out, figures_tally(s->second, NULL, TALLY_BYTES_DOWN, true, NULL));
    put_quantile(out, &s->second->lag_all, 0.999);
    put_count(out, s->second->late_all);
    text_printf(out, ",%.3f", s->cpu_share_max);
    put_count(out, s->rss_bytes);
    text_append(out, s->trustworthy ? ",1" : ",0");
    put_backend(out, &s->backend);
    put_batteries(out, s->second);
    text_append(out, "\n");
}
