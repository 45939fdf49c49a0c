#include "fleet/backend_watch.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/scrape.h"
#include "base/check.h"
#include "base/err.h"
#include "fleet/process_watch.h"
#include "scenario/plan_backend.h"

#define SYS_PREFIX "$SYS/broker/"

/* The topics of Mosquitto that are kept; others come and go unread. */
static const char *const sys_counters[] = {
    "clients/connected",
    "clients/total",
    "messages/received",
    "messages/sent",
    "messages/stored",
    "bytes/received",
    "bytes/sent",
    "heap/current",
    "publish/messages/sent",
    "publish/messages/received",
    "publish/messages/dropped",
    "retained messages/count",
    "subscriptions/count",
    "store/messages/count",
    "store/messages/bytes",
};

/* Of a page of metrics, before those that the scenario names. */
static const char *const page_defaults[] = {"process_cpu_seconds_total", "process_resident_memory_bytes",
                                            "process_open_fds"};
enum { PAGE_CPU, PAGE_RSS, PAGE_FDS, PAGE_DEFAULTS };
_Static_assert(PAGE_DEFAULTS + PLAN_BACKEND_METRICS_MAX + COUNT_OF(sys_counters) <= RUN_BACKEND_COUNTERS_MAX,
               "every counter has its place");

struct backend_watch {
    const struct plan *plan;
    uint32_t pid; /* 0: no process */
    uint64_t process_began;
    struct scrape *scrape;
    struct metrics_text_value page[PAGE_DEFAULTS + PLAN_BACKEND_METRICS_MAX];
    const char *names[PAGE_DEFAULTS + PLAN_BACKEND_METRICS_MAX];
    unsigned page_count;
    struct observer_visitor listener;
    struct run_backend facts;
    bool began;
    double cpu_first, cpu_before;
    instant before;
};

static void keep(struct run_backend *f, const char *name, double value) {
    unsigned i = 0;
    while (i < f->counter_count && strcmp(f->counters[i].name, name) != 0)
        i++;
    if (i == RUN_BACKEND_COUNTERS_MAX)
        return;
    struct backend_counter *c = &f->counters[i];
    if (i == f->counter_count) {
        f->counter_count++;
        snprintf(c->name, sizeof c->name, "%s", name);
        c->first = value;
    }
    c->last = value;
}

/* --- what the broker says of itself ----------------------------------------------------------------------------------- */

/* "123", "123.45"; not "60 seconds". */
static bool number_of(struct bytes text, double *out) {
    char copy[32], *end;
    if (text.size == 0 || text.size >= sizeof copy)
        return false;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    *out = strtod(copy, &end);
    return *end == '\0' && isfinite(*out);
}

static void take_answer(void *context, const struct observer_answer *a) {
    struct backend_watch *w = context;
    const size_t prefix = strlen(SYS_PREFIX);
    double value;
    if (a->topic.size <= prefix || memcmp(a->topic.data, SYS_PREFIX, prefix) != 0)
        return;
    struct bytes name = {a->topic.data + prefix, a->topic.size - prefix};
    for (size_t i = 0; i < COUNT_OF(sys_counters); i++)
        if (bytes_equal(name, bytes_of_text(sys_counters[i])) && number_of(a->payload, &value))
            keep(&w->facts, sys_counters[i], value);
}

/* --- opening ---------------------------------------------------------------------------------------------------------- */

static int open_process(struct backend_watch *w, char *why, size_t why_size) {
    struct process_watch_sample first;
    if (w->pid == 0)
        return 0;
    if (!process_watch_read(w->pid, &first)) {
        snprintf(why, why_size, "observe.backend.pid: there is no process %u on this machine", w->pid);
        return ERR_NOT_FOUND;
    }
    w->process_began = first.began;
    return 0;
}

static int open_page(struct backend_watch *w, const struct plan_backend *plan, char *why, size_t why_size) {
    if (plan == NULL || plan->prometheus == NULL)
        return 0;
    for (unsigned i = 0; i < PAGE_DEFAULTS; i++)
        w->names[w->page_count++] = page_defaults[i];
    for (unsigned i = 0; i < plan->metric_count; i++)
        w->names[w->page_count++] = plan->metrics[i];
    return scrape_open(plan->prometheus, &w->plan->safety, w->names, w->page_count, &w->scrape, why, why_size);
}

int backend_watch_open(const struct plan *plan, uint32_t builtin_pid, struct observe *observe,
                       struct backend_watch **out, char *why, size_t why_size) {
    *out = NULL;
    const struct plan_backend *wanted = plan->backend;
    uint32_t pid = wanted != NULL && wanted->pid > 0 ? wanted->pid : builtin_pid;
    if (wanted == NULL && pid == 0)
        return 0;
    struct backend_watch *w = calloc(1, sizeof *w);
    if (w == NULL)
        return ERR_NO_MEMORY;
    *w = (struct backend_watch){.plan = plan, .pid = pid};
    w->facts.on = true;
    w->listener = (struct observer_visitor){.context = w, .answer = take_answer};
    int error = open_process(w, why, why_size);
    if (error == 0)
        error = open_page(w, wanted, why, why_size);
    if (error < 0) {
        backend_watch_close(w);
        return error;
    }
    if (wanted != NULL && wanted->sys_topics)
        observe_listen(observe, &w->listener);
    *out = w;
    return 0;
}

void backend_watch_close(struct backend_watch *w) {
    if (w == NULL)
        return;
    scrape_close(w->scrape);
    free(w);
}

/* --- every second ----------------------------------------------------------------------------------------------------- */

static void read_process(struct backend_watch *w, struct backend_second *out) {
    struct process_watch_sample now;
    if (w->pid == 0)
        return;
    if (!process_watch_read(w->pid, &now) || now.began != w->process_began) {
        w->facts.gone = true; /* what it had used is known up to the second before */
        return;
    }
    *out = (struct backend_second){.has_cpu = true,
                                   .has_rss = true,
                                   .cpu_s = now.cpu_s,
                                   .rss_bytes = now.rss_bytes,
                                   .threads = now.threads,
                                   .descriptors = now.descriptors};
}

static uint64_t whole(double value) {
    return value >= 0 && value < 9e18 ? (uint64_t)value : 0;
}

static void read_page(struct backend_watch *w, struct backend_second *out) {
    if (w->scrape == NULL || !scrape_latest(w->scrape, w->page))
        return;
    for (unsigned i = PAGE_DEFAULTS; i < w->page_count; i++)
        if (w->page[i].found)
            keep(&w->facts, w->page[i].name, w->page[i].value);
    if (w->page[PAGE_CPU].found && !out->has_cpu) {
        out->has_cpu = true;
        out->cpu_s = w->page[PAGE_CPU].value;
    }
    if (w->page[PAGE_RSS].found && !out->has_rss) {
        out->has_rss = true;
        out->rss_bytes = whole(w->page[PAGE_RSS].value);
    }
    if (w->page[PAGE_FDS].found && out->descriptors == 0)
        out->descriptors = (uint32_t)fmin(w->page[PAGE_FDS].value > 0 ? w->page[PAGE_FDS].value : 0, 4e9);
}

static void read_all(struct backend_watch *w, struct backend_second *out) {
    *out = (struct backend_second){0};
    read_process(w, out);
    read_page(w, out);
}

static void note_memory(struct run_backend *f, const struct backend_second *now, uint64_t online) {
    if (!now->has_rss)
        return;
    if (!f->has_rss)
        f->rss_first_bytes = now->rss_bytes;
    f->has_rss = true;
    if (now->rss_bytes > f->rss_peak_bytes)
        f->rss_peak_bytes = now->rss_bytes;
    if (online > f->online_peak) {
        f->online_peak = online;
        f->rss_online_bytes = now->rss_bytes;
    }
}

void backend_watch_begin(struct backend_watch *w) {
    struct backend_second now;
    if (w == NULL)
        return;
    read_all(w, &now);
    w->began = now.has_cpu;
    w->cpu_first = w->cpu_before = now.cpu_s;
    w->before = 0;
    note_memory(&w->facts, &now, 0);
}

void backend_watch_second(struct backend_watch *w, instant at, uint64_t online, struct backend_second *out) {
    *out = (struct backend_second){0};
    if (w == NULL)
        return;
    read_all(w, out);
    struct run_backend *f = &w->facts;
    note_memory(f, out, online);
    f->threads_peak = out->threads > f->threads_peak ? out->threads : f->threads_peak;
    f->descriptors_peak = out->descriptors > f->descriptors_peak ? out->descriptors : f->descriptors_peak;
    if (!out->has_cpu)
        return;
    if (!w->began || out->cpu_s < w->cpu_before) { /* the first that is known, or a process that began anew */
        w->cpu_first = out->cpu_s - f->cpu_s;
        w->cpu_before = out->cpu_s;
        w->began = true;
    }
    double seconds = at > w->before ? span_seconds(at - w->before) : 1;
    out->cpu_share = (out->cpu_s - w->cpu_before) / seconds;
    w->cpu_before = out->cpu_s;
    w->before = at;
    out->cpu_s -= w->cpu_first;
    f->has_cpu = true;
    f->cpu_s = out->cpu_s;
    f->cpu_share_max = fmax(f->cpu_share_max, out->cpu_share);
}

void backend_watch_facts(const struct backend_watch *w, struct run_backend *facts) {
    *facts = w == NULL ? (struct run_backend){0} : w->facts;
}
