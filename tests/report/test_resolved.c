#include "report/resolved.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "harness.h"
#include "report/sample.h"
#include "scenario/load.h"

static void the_file_loads_to_the_same_scenario(void) {
    static struct sample s;
    struct text out = {0};
    sample_make(&s);
    resolved_write(&out, &s.report);
    struct node *again = load_text("again.yaml", text_get(&out), out.size, &s.sources);
    CU_ASSERT_PTR_NOT_NULL_FATAL(again);
    CU_ASSERT_STRING_EQUAL(node_text(node_at(again, "fleets.meters.count")), "8");
    CU_ASSERT_STRING_EQUAL(node_text(node_at(again, "name")), "sample");
    node_free(again);
    text_free(&out);
    sample_free(&s);
}

static void values_have_their_origin_and_a_drawn_seed_is_said(void) {
    static struct sample s;
    struct text out = {0};
    sample_make(&s);
    s.plan.seed_given = false;
    resolved_write(&out, &s.report);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), "scenarios/sample.yaml:"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), "--seed 7"));
    text_free(&out);
    sample_free(&s);
}

static void read_back_it_keeps_the_places_that_the_run_wrote(void) {
    static struct sample s;
    struct text written = {0}, again = {0}, body = {0};
    sample_make(&s);
    resolved_write(&written, &s.report);
    s.report.resolved = text_get(&written);
    s.report.resolved_size = written.size;
    s.plan.root = (node_free(s.plan.root), load_text("elsewhere.yaml", "version: 1\n", 11, &s.sources));
    resolved_write(&again, &s.report);
    resolved_body(&body, &s.report);
    CU_ASSERT_STRING_EQUAL(text_get(&again), text_get(&written));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&written), text_get(&body)));
    CU_ASSERT_NOT_EQUAL(text_get(&body)[0], '#');
    text_free(&written);
    text_free(&again);
    text_free(&body);
    sample_free(&s);
}

/* As front.c compiles a file, or run_read.c the text that a run left. */
static struct plan *compile(const char *file, const struct text *resolved, struct diagnostic_list *found) {
    const char *const files[] = {file};
    struct load_options load = {.files = files, .file_count = 1, .data_dir = "."};
    struct node *root = NULL;
    if (resolved != NULL) {
        load.text = resolved->data;
        load.text_size = resolved->size;
        load.data_dir = NULL;
    }
    int status = load_scenario(&load, &root, found);
    if (status == 0)
        return plan_compile(root, &(struct plan_options){.skip_resources = true, .rate = resolved == NULL ? 1.5 : 0},
                            found);
    node_free(root);
    return NULL;
}

static void every_scenario_compiles_to_the_same_plan_again(void) {
    static const char *const patterns[] = {"scenarios/*.yaml", "scenarios/*/*.yaml"};
    glob_t files = {0};
    for (size_t i = 0; i < COUNT_OF(patterns); i++)
        glob(patterns[i], i > 0 ? GLOB_APPEND : 0, NULL, &files);
    CU_ASSERT_TRUE(files.gl_pathc >= 5);
    for (size_t i = 0; i < files.gl_pathc; i++) {
        struct diagnostic_list found, again;
        struct text resolved = {0};
        diagnostic_init(&found);
        diagnostic_init(&again);
        struct plan *first = compile(files.gl_pathv[i], NULL, &found), *second = NULL;
        if (first != NULL) {
            struct run_facts facts = {.plan = first};
            resolved_write(&resolved, &(struct report){.facts = &facts});
            second = compile(files.gl_pathv[i], &resolved, &again);
        }
        bool same = first != NULL && second != NULL && strcmp(first->plan_hash, second->plan_hash) == 0 &&
                    strcmp(first->scenario_hash, second->scenario_hash) == 0 && strcmp(first->name, second->name) == 0;
        if (!same)
            printf("     %s: %s\n", files.gl_pathv[i],
                   again.count > 0   ? again.items[0].message
                   : found.count > 0 ? found.items[0].message
                                     : "another plan");
        CU_ASSERT_TRUE(same);
        plan_free(first);
        plan_free(second);
        diagnostic_free(&found);
        diagnostic_free(&again);
        text_free(&resolved);
    }
    globfree(&files);
}

HARNESS_MAIN("report/resolved", HARNESS_CASE(the_file_loads_to_the_same_scenario),
             HARNESS_CASE(values_have_their_origin_and_a_drawn_seed_is_said),
             HARNESS_CASE(every_scenario_compiles_to_the_same_plan_again),
             HARNESS_CASE(read_back_it_keeps_the_places_that_the_run_wrote))
