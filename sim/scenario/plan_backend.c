#include "scenario/plan_backend.h"

#include <string.h>

#include "scenario/plan_observe.h"
#include "scenario/value.h"

/* A URL without a login, a blank or anything a header could be made of. */
static bool is_http(const char *url) {
    const char *host = strncmp(url, "http://", 7) == 0 ? url + 7 : strncmp(url, "https://", 8) == 0 ? url + 8 : NULL;
    if (host == NULL || strlen(url) > PLAN_BACKEND_URL_MAX)
        return false;
    size_t size = strcspn(host, "/?#");
    if (size == 0 || memchr(host, '@', size) != NULL)
        return false;
    for (const char *c = host; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~')
            return false;
    return true;
}

static void read_url(const struct plan_build *b, const struct node *n, struct plan_backend *w) {
    const char *url = value_text_at(n, "observe.backend.prometheus");
    if (url == NULL || url[0] == '\0')
        return;
    if (is_http(url))
        w->prometheus = plan_memory_text(b->memory, url);
    else
        diagnostic_help(diagnostic_add(b->found, "E428", node_get(n, "prometheus")->mark,
                                       "this is no address to read metrics from"),
                        "write http://host:port/metrics");
}

static void read_metrics(const struct plan_build *b, const struct node *n, struct plan_backend *w) {
    const struct node *list = node_get(n, "metrics");
    size_t count = list == NULL || node_is_empty(list) ? 0 : list->kind == NODE_LIST ? list->count : 1;
    if (count == 0)
        return;
    if (count > PLAN_BACKEND_METRICS_MAX || w->prometheus == NULL) {
        if (w->prometheus == NULL)
            diagnostic_add(b->found, "E428", list->mark, "metrics are chosen of `prometheus`, which is not given");
        else
            diagnostic_add(b->found, "E428", list->mark, "more than %d metrics of a backend", PLAN_BACKEND_METRICS_MAX);
        return;
    }
    const char **names = plan_memory_take(b->memory, count, sizeof *names);
    for (size_t i = 0; i < count; i++) {
        const struct node *one = list->kind == NODE_LIST ? list->entries[i].value : list;
        names[i] = plan_memory_text(b->memory, one->text);
        if (!value_is_name(one->text))
            diagnostic_add(b->found, "E428", one->mark, "'%s' is no name of a metric", one->text);
    }
    w->metrics = names;
    w->metric_count = (unsigned)count;
}

void plan_backend_make(const struct plan_build *b) {
    const struct node *n = node_get(node_get(b->root, "observe"), "backend");
    if (n == NULL || n->kind != NODE_MAP)
        return;
    struct plan_backend *w = plan_memory_take(b->memory, 1, sizeof *w);
    w->pid = (uint32_t)value_integer_at(n, "observe.backend.pid");
    w->sys_topics = value_bool_at(n, "observe.backend.sys_topics");
    size_t errors = b->found->errors;
    read_url(b, n, w);
    if (b->found->errors == errors)
        read_metrics(b, n, w);
    w->version = plan_observe_version(b, &b->plan->groups[0]);
    w->identity = plan_observe_identity(b);
    if (w->pid == 0 && w->prometheus == NULL && !w->sys_topics && b->found->errors == errors)
        diagnostic_help(diagnostic_add(b->found, "E428", n->mark, "this names nothing to read of the backend"),
                        "backend: {pid: 1234}, {prometheus: http://host:port/metrics} or {sys_topics: true}");
    else
        b->plan->backend = w;
}
