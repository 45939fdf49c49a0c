#include "report/compare_print.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json_read.h"
#include "generated.h"
#include "harness.h"

static struct compare_run before, after;
static struct comparison c;
static struct text out;

static void compare(struct generated a, struct generated b) {
    struct temporary t = temporary_make();
    before = generated_run(&t, "a", &a);
    after = generated_run(&t, "b", &b);
    temporary_remove(&t);
    compare_sides(&before, 1, &after, 1, &(struct compare_options){0}, &c);
}

static struct compare_report report(const char *forced) {
    return (struct compare_report){&before, &after, &c, forced, 10};
}

static void drop(void) {
    compare_run_free(&before);
    compare_run_free(&after);
    text_free(&out);
}

static void the_worst_metric_comes_first_and_lines_fit(void) {
    compare((struct generated){.seed = 1, .failed_every = 500}, (struct generated){.seed = 2, .p99_factor = 1.5});
    struct compare_report r = report(NULL);
    snprintf(before.directory, sizeof before.directory, "a");
    snprintf(after.directory, sizeof after.directory, "b");
    compare_print_text(&out, &r, false);
    const char *text = text_get(&out);
    CU_ASSERT_EQUAL(strncmp(text, " WORSE  a metric got worse", 26), 0);
    const char *p99 = strstr(text, "p99(mqtt.publish.ack)"), *failed = strstr(text, "failed(mqtt.publish)"),
               *p50 = strstr(text, "p50(mqtt.publish.ack)");
    CU_ASSERT(p99 != NULL && failed != NULL && p50 != NULL && p99 < failed && failed < p50);
    CU_ASSERT_PTR_NULL(strchr(text, '\033'));
    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1)
        CU_ASSERT(strcspn(line, "\n") <= 80);
    drop();
}

static void colours_are_for_terminals(void) {
    compare((struct generated){.seed = 1}, (struct generated){.seed = 2, .p99_factor = 1.5});
    struct compare_report r = report(NULL);
    compare_print_text(&out, &r, true);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), "\033[31mWORSE\033[0m"));
    drop();
}

static void names_from_files_cannot_reach_the_terminal(void) {
    compare((struct generated){.seed = 1}, (struct generated){.seed = 2});
    snprintf(before.name, sizeof before.name, "x\033[2J\n::error::y");
    struct compare_report r = report("because \033 of that");
    compare_print_text(&out, &r, false);
    CU_ASSERT_PTR_NULL(strchr(text_get(&out), '\033'));
    CU_ASSERT_PTR_NULL(strstr(text_get(&out), "\n::error"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), "forced"));
    drop();
}

static void json_has_every_metric_with_its_numbers(void) {
    compare((struct generated){.seed = 1, .connects = 500}, (struct generated){.seed = 2, .p99_factor = 1.5});
    struct compare_report r = report("they differ");
    compare_print_json(&out, &r);
    struct json_read doc = {0};
    CU_ASSERT_EQUAL_FATAL(json_read_parse(&doc, out.data, out.size), 0);
    CU_ASSERT(json_read_equals(json_read_at(&doc, NULL, "verdict"), "worse"));
    CU_ASSERT(json_read_equals(json_read_at(&doc, NULL, "forced"), "they differ"));
    const struct json_value *metrics = json_read_at(&doc, NULL, "metrics");
    unsigned count = 0;
    for (const struct json_value *m = json_read_first(&doc, metrics); m != NULL; m = json_read_next(&doc, metrics, m)) {
        double change;
        CU_ASSERT(json_read_double(json_read_get(&doc, m, "change"), &change));
        count++;
    }
    CU_ASSERT_EQUAL(count, c.row_count);
    json_read_free(&doc);
    drop();
}

HARNESS_MAIN("report/compare_print", HARNESS_CASE(the_worst_metric_comes_first_and_lines_fit),
             HARNESS_CASE(colours_are_for_terminals), HARNESS_CASE(names_from_files_cannot_reach_the_terminal),
             HARNESS_CASE(json_has_every_metric_with_its_numbers))
