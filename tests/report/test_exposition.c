#include "report/exposition.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "report/sample.h"

static struct sample s;
static struct exposition *x;
static struct text out;

static void begin(void) {
    sample_make(&s);
    x = exposition_new(&s.plan);
}

static void second(void) {
    struct run_second at = {.at = 10 * SPAN_S,
                            .second = s.result,
                            .total = s.result,
                            .cpu_share_max = 0.25,
                            .rss_bytes = 4096,
                            .phase = "ramp",
                            .trustworthy = true};
    exposition_second(x, &at);
    out.size = 0;
    exposition_write(x, &out);
}

static void end(void) {
    exposition_free(x);
    sample_free(&s);
    text_free(&out);
}

static bool has(const char *piece) {
    return strstr(text_get(&out), piece) != NULL;
}

/* The value of the line that begins so; −1 without one. */
static double value(const char *series) {
    size_t length = strlen(series);
    for (const char *at = text_get(&out); at != NULL && *at != '\0';) {
        if (strncmp(at, series, length) == 0 && at[length] == ' ')
            return strtod(at + length, NULL);
        at = strchr(at, '\n');
        at = at != NULL ? at + 1 : NULL;
    }
    return -1;
}

static unsigned lines(const char *piece) {
    unsigned n = 0;
    for (const char *at = text_get(&out); (at = strstr(at, piece)) != NULL; at++)
        n++;
    return n;
}

#define METERS "fleet=\"meters\",profile=\"plain\",region=\"\",target=\"main\""

static void operations_are_counted_by_group_and_outcome(void) {
    begin();
    second();
    CU_ASSERT_EQUAL(value("muster_operations_total{" METERS ",operation=\"mqtt.publish.ack\",outcome=\"ok\"}"), 600);
    CU_ASSERT_EQUAL(value("muster_operations_total{" METERS ",operation=\"mqtt.publish.ack\",outcome=\"broken\"}"), 5);
    CU_ASSERT_EQUAL(value("muster_operations_total{fleet=\"gates\",profile=\"plain\",region=\"\",target=\"main\","
                          "operation=\"mqtt.publish.sent\",outcome=\"ok\"}"),
                    50);
    CU_ASSERT_FALSE(has("mqtt.ping.ack"));                            /* there was none */
    CU_ASSERT_EQUAL(lines("operation=\"mqtt.publish.sent\",le="), 0); /* nothing answers it */
    end();
}

static void counters_grow_second_by_second(void) {
    begin();
    second();
    double before = value("muster_net_bytes_up_total{" METERS "}");
    second();
    CU_ASSERT_EQUAL(before, 1000);
    CU_ASSERT_EQUAL(value("muster_net_bytes_up_total{" METERS "}"), 2000);
    CU_ASSERT_EQUAL(value("muster_response_seconds_count{" METERS ",operation=\"mqtt.publish.ack\"}"), 1200);
    end();
}

static void buckets_add_up(void) {
    begin();
    second();
    CU_ASSERT_EQUAL(value("muster_response_seconds_bucket{" METERS ",operation=\"mqtt.publish.ack\",le=\"0.01\"}"), 0);
    CU_ASSERT_EQUAL(value("muster_response_seconds_bucket{" METERS ",operation=\"mqtt.publish.ack\",le=\"0.025\"}"),
                    600);
    CU_ASSERT_EQUAL(value("muster_response_seconds_bucket{" METERS ",operation=\"mqtt.publish.ack\",le=\"+Inf\"}"),
                    600);
    CU_ASSERT_DOUBLE_EQUAL(value("muster_response_seconds_sum{" METERS ",operation=\"mqtt.publish.ack\"}"), 12, 1e-6);
    CU_ASSERT_DOUBLE_EQUAL(value("muster_service_seconds_sum{" METERS ",operation=\"mqtt.publish.ack\"}"), 11.4, 1e-6);
    CU_ASSERT_EQUAL(value("muster_tool_lag_seconds_count"), (double)s.result->lag_all.count);
    end();
}

static void gauges_are_those_of_the_last_second(void) {
    begin();
    second();
    second();
    CU_ASSERT_EQUAL(value("muster_devices{" METERS ",state=\"online\"}"), 4);
    CU_ASSERT_EQUAL(value("muster_run_time_seconds"), 10);
    CU_ASSERT_EQUAL(value("muster_tool_memory_bytes"), 4096);
    CU_ASSERT_EQUAL(value("muster_run_trustworthy"), 1);
    CU_ASSERT_EQUAL(value("muster_run_phase{phase=\"ramp\"}"), 1);
    end();
}

static void every_family_is_described_once(void) {
    begin();
    second();
    unsigned helps = 0, types = 0;
    for (const char *at = text_get(&out); (at = strstr(at, "# HELP ")) != NULL; at++) {
        char name[80];
        CU_ASSERT_EQUAL_FATAL(sscanf(at, "# HELP %79s", name), 1);
        char line[120];
        snprintf(line, sizeof line, "# TYPE %s ", name);
        const char *type = strstr(text_get(&out), line);
        CU_ASSERT_PTR_NOT_NULL_FATAL(type);
        CU_ASSERT_PTR_NULL(strstr(type + 1, line));
        helps++;
    }
    for (const char *at = text_get(&out); (at = strstr(at, "# TYPE ")) != NULL; at++)
        types++;
    CU_ASSERT_EQUAL(helps, types);
    CU_ASSERT_TRUE(helps > 20);
    end();
}

static void foreign_text_stays_within_its_label(void) {
    begin();
    s.plan.name = "a\"} 1\nmuster_evil 1\n\\";
    second();
    CU_ASSERT_FALSE(has("\nmuster_evil"));
    CU_ASSERT_TRUE(has("scenario=\"a\\\"} 1\\nmuster_evil 1\\n\\\\\""));
    end();
}

static void groups_with_equal_labels_are_one_series(void) {
    sample_make(&s);
    s.groups[1].region = ""; /* as two links of one region would be */
    x = exposition_new(&s.plan);
    second();
    CU_ASSERT_EQUAL(value("muster_devices{" METERS ",state=\"online\"}"), 8);
    const char *first = strstr(text_get(&out), "muster_devices{" METERS ",state=\"online\"}");
    CU_ASSERT_PTR_NOT_NULL_FATAL(first);
    CU_ASSERT_PTR_NULL(strstr(first + 1, "muster_devices{" METERS ",state=\"online\"}"));
    end();
}

/* A plan of many groups, in so many fleets. */
static void many_groups(struct plan *p, unsigned groups, unsigned fleets) {
    p->groups = calloc(groups, sizeof *p->groups);
    char(*names)[16] = calloc(groups, sizeof *names);
    for (unsigned g = 0; g < groups; g++) {
        snprintf(names[g], sizeof names[g], "f%u", g % fleets);
        p->groups[g] = (struct fleet_group){.fleet = names[g],
                                            .profile_name = "p",
                                            .region = names[g / fleets],
                                            .target_name = "main",
                                            .fleet_index = (uint16_t)(g % fleets)};
    }
    p->group_count = groups;
    p->fleet_count = fleets;
}

static void many_groups_are_added_up(void) {
    static const unsigned rows[][3] = {{32, 8, 32}, {1000, 10, 10}, {1000, 500, 1}};
    for (size_t i = 0; i < 3; i++) {
        struct plan p = {.name = "many", .run_id = "0000", .plan_hash = "00"};
        many_groups(&p, rows[i][0], rows[i][1]);
        x = exposition_new(&p);
        out.size = 0;
        exposition_write(x, &out);
        CU_ASSERT_EQUAL(lines("state=\"online\""), rows[i][2]);
        exposition_free(x);
        free((void *)(size_t)p.groups[0].fleet);
        free(p.groups);
    }
    text_free(&out);
}

HARNESS_MAIN("report/exposition", HARNESS_CASE(operations_are_counted_by_group_and_outcome),
             HARNESS_CASE(counters_grow_second_by_second), HARNESS_CASE(buckets_add_up),
             HARNESS_CASE(gauges_are_those_of_the_last_second), HARNESS_CASE(every_family_is_described_once),
             HARNESS_CASE(foreign_text_stays_within_its_label), HARNESS_CASE(groups_with_equal_labels_are_one_series),
             HARNESS_CASE(many_groups_are_added_up))
