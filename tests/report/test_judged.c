#include "report/judged.h"

#include "harness.h"
#include "report/sample.h"

static const struct check a_check = {.name = "n", .expect = "p99(x) < 250ms"};

static struct check_verdict verdict(double value, const char *unit, double factor) {
    return (struct check_verdict){.check = &a_check,
                                  .value_known = true,
                                  .value = value,
                                  .limit_known = true,
                                  .limit = value,
                                  .unit = unit,
                                  .unit_factor = factor};
}

static void values_are_said_in_fitting_units(void) {
    static const struct {
        double value;
        const char *unit;
        double factor;
        const char *said;
    } cases[] = {
        {312e6, "ms", 1e6, "312ms"}, {221e9, "ms", 1e6, "3min41s"},
        {0.995, "%", 0.01, "99.5%"}, {1912404, "", 1, "1912404"},
        {1.21, "", 1, "1.21"},       {10, "devices", 1, "10 devices"},
        {6000, "/s", 1, "6000/s"},   {0, "", 1, "0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64];
        struct check_verdict v = verdict(cases[i].value, cases[i].unit, cases[i].factor);
        CU_ASSERT_STRING_EQUAL(judged_value(&v, text, sizeof text), cases[i].said);
        CU_ASSERT_STRING_EQUAL(judged_limit(&v, text, sizeof text), cases[i].said);
    }
}

static void what_is_missing_or_infinite_is_said_so(void) {
    char text[64];
    struct check_verdict v = verdict(1, "ms", 1e6);
    v.value_infinite = true;
    CU_ASSERT_STRING_EQUAL(judged_value(&v, text, sizeof text), "infinite");
    v.value_known = false;
    CU_ASSERT_STRING_EQUAL(judged_value(&v, text, sizeof text), "no data");
    v.limit_infinite = true;
    CU_ASSERT_STRING_EQUAL(judged_limit(&v, text, sizeof text), "infinite");
}

static void the_sentence_says_expected_observed_and_why(void) {
    struct text out = {0};
    struct check_verdict v = verdict(312e6, "ms", 1e6);
    judged_sentence(&out, &v);
    CU_ASSERT_STRING_EQUAL(text_get(&out), "expected p99(x) < 250ms, observed 312ms");
    text_free(&out);
    struct check_verdict w = {.check = &a_check, .unit = "ms", .unit_factor = 1e6, .reason = "no samples"};
    judged_sentence(&out, &w);
    CU_ASSERT_STRING_EQUAL(text_get(&out), "expected p99(x) < 250ms, observed no data (no samples)");
    text_free(&out);
}

static void members_are_in_the_unit_that_they_name(void) {
    struct text out = {0};
    struct json_write w = json_write_to(&out, 0);
    struct check_verdict v = verdict(0.995, "%", 0.01);
    v.limit_infinite = true;
    v.aborted_the_run = true;
    json_write_open_object(&w);
    judged_members(&w, &v);
    json_write_close_object(&w);
    bool aborted = false;
    CU_ASSERT_DOUBLE_EQUAL(sample_json_number(text_get(&out), "value"), 99.5, 1e-9);
    CU_ASSERT_TRUE(sample_json_is_null(text_get(&out), "limit"));
    CU_ASSERT_TRUE(sample_json_bool(text_get(&out), "aborted", &aborted) && aborted);
    text_free(&out);
}

HARNESS_MAIN("report/judged", HARNESS_CASE(values_are_said_in_fitting_units),
             HARNESS_CASE(what_is_missing_or_infinite_is_said_so),
             HARNESS_CASE(the_sentence_says_expected_observed_and_why),
             HARNESS_CASE(members_are_in_the_unit_that_they_name))
