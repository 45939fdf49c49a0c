#include "import/estimate.h"

#include "base/check.h"
#include "base/dist.h"
#include "base/draw.h"
#include "harness.h"

enum { N = 2000 };

static span gaps[N];

static struct estimate drawn(const struct dist *d) {
    for (uint32_t i = 0; i < N; i++)
        gaps[i] = dist_sample_span(d, draw_u64(5, 1, draw_stream_key(DRAW_TELEMETRY_EVERY), i));
    return estimate_of(gaps, N);
}

static void is_written(const struct estimate *e, const char *expected) {
    struct text out = {0};
    estimate_write(e, &out);
    CU_ASSERT_STRING_EQUAL(text_get(&out), expected);
    text_free(&out);
}

static void a_heartbeat_with_a_little_jitter_is_regular(void) {
    for (uint32_t i = 0; i < N; i++)
        gaps[i] = 10 * SPAN_S + ((span)(i % 7) - 3) * SPAN_MS;
    gaps[5] = 47 * SPAN_S; /* an exception is none of its habits */
    struct estimate e = estimate_of(gaps, N);
    CU_ASSERT_EQUAL(e.kind, ESTIMATE_REGULAR);
    is_written(&e, "10s");
    CU_ASSERT_EQUAL(e.most, 47 * SPAN_S);
}

static void distributions_are_recognised(void) {
    struct estimate e = drawn(&(struct dist){.kind = DIST_NORMAL, .cut_at_zero = true, .a = 10e9, .b = 2e9});
    CU_ASSERT_EQUAL(e.kind, ESTIMATE_NORMAL);
    CU_ASSERT_DOUBLE_EQUAL(e.mean, 10e9, 0.2e9);
    CU_ASSERT_DOUBLE_EQUAL(e.sd, 2e9, 0.1e9);
    e = drawn(&(struct dist){.kind = DIST_EXP, .cut_at_zero = true, .a = 60e9});
    CU_ASSERT_EQUAL(e.kind, ESTIMATE_EXP);
    CU_ASSERT_DOUBLE_EQUAL(e.mean, 60e9, 4e9);
    e = drawn(&(struct dist){.kind = DIST_LOGNORMAL, .cut_at_zero = true, .a = 1e9, .b = 1.3});
    CU_ASSERT_EQUAL(e.kind, ESTIMATE_LOGNORMAL);
    struct text out = {0};
    estimate_write(&e, &out);
    CU_ASSERT_TRUE(text_has_prefix(text_get(&out), "lognormal(p50="));
    text_free(&out);
}

static void bursts_keep_their_mean(void) {
    for (uint32_t i = 0; i < N; i++)
        gaps[i] = i % 5 == 0 ? 60 * SPAN_S : 100 * SPAN_US;
    struct estimate e = estimate_of(gaps, N);
    is_written(&e, "exp(12s)");
    for (uint32_t i = 0; i < 10; i++)
        gaps[i] = 0;
    e = estimate_of(gaps, 10);
    is_written(&e, "exp(1ms)"); /* never a flood */
}

static void periods_hold_for_all_or_not_at_all(void) {
    int64_t at[100];
    for (int i = 0; i < 100; i++)
        at[i] = 1234 * SPAN_MS + i * 30 * SPAN_S + (i % 3 - 1) * 2 * SPAN_MS;
    span tolerance = 10 * SPAN_MS;
    CU_ASSERT_EQUAL(estimate_period(at, 100, &tolerance), 30 * SPAN_S);
    CU_ASSERT_TRUE(tolerance >= 2 * SPAN_MS && tolerance < 5 * SPAN_MS);
    at[50] += 300 * SPAN_MS;
    tolerance = 10 * SPAN_MS;
    CU_ASSERT_EQUAL(estimate_period(at, 100, &tolerance), 0);
}

static void spans_are_written_exactly(void) {
    static const struct {
        span s;
        const char *text;
    } cases[] = {{0, "0s"},
                 {-5, "0s"},
                 {SPAN_S, "1s"},
                 {2500 * SPAN_MS, "2.5s"},
                 {250 * SPAN_MS, "250ms"},
                 {1, "0.000001ms"},
                 {1234567891, "1.234567891s"},
                 {3600 * SPAN_S, "3600s"}};
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct text out = {0};
        estimate_write_span(cases[i].s, &out);
        CU_ASSERT_STRING_EQUAL(text_get(&out), cases[i].text);
        text_free(&out);
    }
    CU_ASSERT_EQUAL(estimate_rounded(10.004e9), 10 * SPAN_S);
    CU_ASSERT_EQUAL(estimate_rounded(10.4e9), 10400 * SPAN_MS);
    CU_ASSERT_EQUAL(estimate_rounded(0), SPAN_US);
    CU_ASSERT_EQUAL(estimate_of(gaps, 0).kind, ESTIMATE_NONE);
}

HARNESS_MAIN("import/estimate", HARNESS_CASE(a_heartbeat_with_a_little_jitter_is_regular),
             HARNESS_CASE(distributions_are_recognised), HARNESS_CASE(bursts_keep_their_mean),
             HARNESS_CASE(periods_hold_for_all_or_not_at_all), HARNESS_CASE(spans_are_written_exactly))
