#include "scenario/plan_backend.h"

#include <stdio.h>

#include "compiled.h"
#include "harness.h"

static struct compiled scenario(const char *backend) {
    char text[2048];
    snprintf(text, sizeof text, "duration: 1min\nfleets: {a: {count: 1}}\nobserve: {audit: none, backend: %s}\n",
             backend);
    return compiled_of(text);
}

static void sources_are_read_and_may_be_combined(void) {
    struct compiled c =
        scenario("{pid: 42, sys_topics: true, prometheus: \"http://h:9/m?x=y\", metrics: [a_total, b]}");
    if (c.plan == NULL)
        compiled_print(&c);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    const struct plan_backend *b = c.plan->backend;
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    CU_ASSERT(b->pid == 42 && b->sys_topics && b->metric_count == 2 && b->version == MQTT_5_0);
    CU_ASSERT_STRING_EQUAL(b->prometheus, "http://h:9/m?x=y");
    CU_ASSERT_STRING_EQUAL(b->metrics[1], "b");
    CU_ASSERT_PTR_NULL(c.plan->observe); /* audit: none */
    compiled_free(&c);
}

static void without_the_key_nothing_is_watched(void) {
    struct compiled c = compiled_of("duration: 1min\nfleets: {a: {count: 1}}\nobserve: none\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    CU_ASSERT_PTR_NULL(c.plan->backend);
    compiled_free(&c);
}

static void nonsense_is_refused(void) {
    static const struct {
        const char *backend, *words;
    } rows[] = {{"{sys_topics: false}", "names nothing"},
                {"{prometheus: \"mqtt://h/\"}", "no address"},
                {"{prometheus: \"http:///metrics\"}", "no address"},
                {"{prometheus: \"http://user:word@h/\"}", "no address"},
                {"{prometheus: \"http://h/a b\"}", "no address"},
                {"{pid: 1, metrics: [x]}", "not given"},
                {"{prometheus: \"http://h/\", metrics: [\"a b\"]}", "no name of a metric"},
                {"{prometheus: \"http://h/\", metrics: [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q]}", "16"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct compiled c = scenario(rows[i].backend);
        bool found = compiled_found(&c, "E428", rows[i].words);
        CU_ASSERT_TRUE(found);
        if (!found)
            compiled_print(&c);
        compiled_free(&c);
    }
}

HARNESS_MAIN("scenario/plan_backend", HARNESS_CASE(sources_are_read_and_may_be_combined),
             HARNESS_CASE(without_the_key_nothing_is_watched), HARNESS_CASE(nonsense_is_refused))
