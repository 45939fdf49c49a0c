#include "report/backend_cost.h"

#include <math.h>
#include <string.h>

#include "harness.h"
#include "metrics/recorder.h"

static instant edges[] = {INT64_MIN};
static const struct segments segments = {edges, 1};
static struct plan plan = {.group_count = 1};
static struct run_facts facts;

/* A run in which devices sent so many messages. */
static void begin(uint64_t sent) {
    struct result *r = result_new(1, &segments);
    struct tally_series tally = {.qos = 1};
    tally.counts[TALLY_SENT] = sent;
    result_add_tally(r, &tally);
    facts = (struct run_facts){.plan = &plan, .result = r};
    facts.backend = (struct run_backend){.on = true,
                                         .has_cpu = true,
                                         .has_rss = true,
                                         .cpu_s = 2.5,
                                         .cpu_share_max = 0.75,
                                         .rss_first_bytes = 1000000,
                                         .rss_peak_bytes = 3000000,
                                         .rss_online_bytes = 2000000,
                                         .online_peak = 500};
}

static void end(void) {
    result_free((struct result *)(uintptr_t)facts.result);
}

static void costs_are_per_message_and_per_device(void) {
    begin(10000);
    struct backend_cost cost = backend_cost_of(&facts);
    CU_ASSERT_DOUBLE_EQUAL(cost.cpu_us_per_message, 250, 1e-9);
    CU_ASSERT_DOUBLE_EQUAL(cost.bytes_per_device, 2000, 1e-9);
    facts.backend.rss_online_bytes = 1; /* it gave memory back */
    CU_ASSERT_EQUAL(backend_cost_of(&facts).bytes_per_device, 0);
    end();
}

static void what_is_not_known_costs_nothing_that_could_be_named(void) {
    begin(0);
    CU_ASSERT_TRUE(isnan(backend_cost_of(&facts).cpu_us_per_message));
    facts.backend.online_peak = 0;
    CU_ASSERT_TRUE(isnan(backend_cost_of(&facts).bytes_per_device));
    facts.backend = (struct run_backend){.on = true};
    struct text out = {0};
    backend_cost_sentence(&facts, &out);
    CU_ASSERT_EQUAL(out.size, 0);
    text_free(&out);
    end();
}

static void the_sentence_says_what_is_known(void) {
    begin(10000);
    facts.backend.gone = true;
    struct text out = {0};
    backend_cost_sentence(&facts, &out);
    CU_ASSERT_STRING_EQUAL(text_get(&out),
                           "CPU 2.5s, at most 75% of a core, 250 us a message; memory at most 2.861MiB, "
                           "2000 B a device; its process ended during the run");
    text_free(&out);
    end();
}

static void the_summary_has_it_whole_or_null(void) {
    begin(10000);
    facts.backend.counters[facts.backend.counter_count++] = (struct backend_counter){"clients", 1, 500};
    struct text out = {0};
    struct json_write w = json_write_to(&out, 0);
    backend_cost_write(&w, &facts);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), "\"cpu_us_per_message\":250"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), "\"threads_peak\":null"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), "\"counters\":{\"clients\":{\"first\":1,\"last\":500}}"));
    text_free(&out);
    facts.backend.on = false;
    w = json_write_to(&out, 0);
    backend_cost_write(&w, &facts);
    CU_ASSERT_STRING_EQUAL(text_get(&out), "null");
    text_free(&out);
    end();
}

HARNESS_MAIN("report/backend_cost", HARNESS_CASE(costs_are_per_message_and_per_device),
             HARNESS_CASE(what_is_not_known_costs_nothing_that_could_be_named),
             HARNESS_CASE(the_sentence_says_what_is_known), HARNESS_CASE(the_summary_has_it_whole_or_null))
