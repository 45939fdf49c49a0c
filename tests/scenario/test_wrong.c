/* The part of the wrong scenarios that only the plan can refuse (passes 4 and 5); the others are in test_load_scenario.c. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>

#include "corpus.h"
#include "scenario/load.h"
#include "scenario/plan.h"

static void plan_one(const struct corpus_file *f, struct diagnostic_list *list) {
    const char *path = f->path;
    struct load_options o = {.files = &path, .file_count = 1};
    struct plan_options options = {0};
    struct node *root;
    CU_ASSERT_EQUAL(load_scenario(&o, &root, list), 0);
    if (list->errors == 0)
        plan_free(plan_compile(root, &options, list));
    else
        node_free(root);
}

static void wrong_scenarios_are_refused_by_the_plan_at_the_right_place(void) {
    struct corpus_file *files = calloc(CORPUS_FILES_MAX, sizeof *files);
    size_t count = corpus_read(files), judged = 0;
    for (size_t i = 0; i < count; i++) {
        const struct corpus_file *f = &files[i];
        if (f->stage <= 3)
            continue;
        struct diagnostic_list list;
        diagnostic_init(&list);
        plan_one(f, &list);
        CU_ASSERT_EQUAL(list.errors, f->count);
        for (size_t k = 0; k < f->count; k++) {
            const struct diagnostic *d = corpus_find(&f->expects[k], &list);
            bool right = d != NULL && corpus_suggests(&f->expects[k], d);
            CU_ASSERT(right);
            if (!right)
                printf("%s: %s at %d:%d, '%s': %s\n", f->path, f->expects[k].code, f->expects[k].line,
                       f->expects[k].column, f->expects[k].suggest, d == NULL ? "not found" : "no suggestion");
        }
        judged++;
        diagnostic_free(&list);
    }
    CU_ASSERT(judged >= 10);
    free(files);
}

HARNESS_MAIN("scenario/wrong", HARNESS_CASE(wrong_scenarios_are_refused_by_the_plan_at_the_right_place))
