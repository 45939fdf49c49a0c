#include "scenario/plan_downtime.h"

#include <stdlib.h>
#include <string.h>

#include "compiled.h"
#include "harness.h"

static const char text[] = "duration: 30day\nsettle: 10s\n"
                           "networks: {n: {cells: {count: 5}, outages: {cell: {scope: cell, mttf: 5day, down: 1h}}}}\n"
                           "outages:\n"
                           "  window: {scope: region, every: week, at: 26h, down: 30min, regions: north}\n"
                           "  shadow: {scope: device, mttf: 3day, down: 10min}\n"
                           "fleets: {a: {count: 100, network: n, regions: {north: 40%, south: 60%}}}\n";

static const struct plan_downtime *find(const struct plan_downtime *all, unsigned count, const char *id) {
    for (unsigned i = 0; i < count; i++)
        if (strcmp(all[i].outage->id, id) == 0)
            return &all[i];
    return NULL;
}

static void kinds_are_added_up_over_their_scopes(void) {
    struct compiled c = compiled_of(text);
    compiled_print(&c);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    unsigned count;
    struct plan_downtime *all = plan_downtime_of(c.plan, &count);
    CU_ASSERT_EQUAL(count, 3);
    const struct plan_downtime *window = find(all, count, "window"), *cell = find(all, count, "n.cell"),
                               *shadow = find(all, count, "shadow");
    CU_ASSERT_FATAL(window != NULL && cell != NULL && shadow != NULL);
    /* 30 days from a Thursday: Tuesdays 6, 13, 20 and 27 January */
    CU_ASSERT(window->scopes == 1 && window->scopes_hit == 1 && window->outages == 4);
    CU_ASSERT(window->down == 2 * SPAN_H && window->device_seconds == 4 * 1800 * 40);
    CU_ASSERT_EQUAL(window->first_start, 5 * SPAN_DAY + 2 * SPAN_H);
    CU_ASSERT_EQUAL(window->first_end, window->first_start + 30 * SPAN_MIN);
    CU_ASSERT(cell->scopes <= 10 && cell->scopes >= 8);
    CU_ASSERT(cell->outages > cell->scopes * 3 && cell->outages < cell->scopes * 9);
    CU_ASSERT_EQUAL(cell->down / SPAN_H, (span)cell->outages);
    CU_ASSERT(shadow->scopes == 100 && shadow->outages > 850 && shadow->outages < 1150);
    CU_ASSERT_DOUBLE_EQUAL((double)shadow->device_seconds, (double)shadow->outages * 600, 1200);
    free(all);
    compiled_free(&c);
}

static void stretches_are_those_of_shared_scopes_in_order(void) {
    enum { ROOM = 200 };
    struct compiled c = compiled_of(text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    struct plan_downtime_stretch s[ROOM];
    unsigned count;
    struct plan_downtime *all = plan_downtime_of(c.plan, &count);
    size_t n = plan_downtime_stretches(c.plan, s, ROOM);
    CU_ASSERT_EQUAL(n, find(all, count, "window")->outages + find(all, count, "n.cell")->outages);
    CU_ASSERT_FATAL(n <= ROOM);
    for (size_t i = 0; i < n; i++) {
        CU_ASSERT(s[i].outage->scope != OUTAGE_DEVICE && s[i].end > s[i].start && s[i].devices > 0);
        if (i > 0 && s[i].outage == s[i - 1].outage && s[i].scope == s[i - 1].scope)
            CU_ASSERT(s[i].start >= s[i - 1].end);
    }
    CU_ASSERT_EQUAL(plan_downtime_stretches(c.plan, s, 1), n);
    free(all);
    compiled_free(&c);
}

/* The area below the curve is the time that devices are cut off. */
static void the_curve_holds_the_same_time(void) {
    enum { COLUMNS = 300 };
    static double curve[COLUMNS * OUTAGE_SCOPES];
    struct compiled c = compiled_of(text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    unsigned count;
    struct plan_downtime *all = plan_downtime_of(c.plan, &count);
    plan_downtime_curve(c.plan, c.plan->duration / COLUMNS, COLUMNS, curve);
    double seconds[OUTAGE_SCOPES] = {0}, expected[OUTAGE_SCOPES] = {0};
    for (unsigned k = 0; k < COLUMNS; k++)
        for (unsigned s = 0; s < OUTAGE_SCOPES; s++)
            seconds[s] += curve[k * OUTAGE_SCOPES + s] * (double)(c.plan->duration / COLUMNS) / SPAN_S;
    for (unsigned i = 0; i < count; i++)
        expected[all[i].outage->scope] += (double)all[i].device_seconds;
    for (unsigned s = 0; s < OUTAGE_SCOPES; s++)
        CU_ASSERT_DOUBLE_EQUAL(seconds[s], expected[s], 2000);
    CU_ASSERT(seconds[OUTAGE_CELL] > 1e6 && seconds[OUTAGE_BACKEND] == 0);
    free(all);
    compiled_free(&c);
}

static void without_outages_there_is_nothing(void) {
    struct compiled c = compiled_of("duration: 1h\nfleets: {a: {count: 3}}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    unsigned count = 7;
    free(plan_downtime_of(c.plan, &count));
    CU_ASSERT_EQUAL(count, 0);
    CU_ASSERT_EQUAL(plan_downtime_stretches(c.plan, NULL, 0), 0);
    compiled_free(&c);
}

HARNESS_MAIN("scenario/plan_downtime", HARNESS_CASE(kinds_are_added_up_over_their_scopes),
             HARNESS_CASE(stretches_are_those_of_shared_scopes_in_order), HARNESS_CASE(the_curve_holds_the_same_time),
             HARNESS_CASE(without_outages_there_is_nothing))
