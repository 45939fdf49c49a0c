#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "corpus.h"
#include "scenario/load.h"

static int load(const char *path, const char *text, struct node **root, struct diagnostic_list *list) {
    struct load_options o = {
        .files = &path, .file_count = 1, .text = text, .text_size = text == NULL ? 0 : strlen(text)};
    diagnostic_init(list);
    return load_scenario(&o, root, list);
}

#define FLEET                                                                                                          \
    "fleets:\n"                                                                                                        \
    "  meters:\n"                                                                                                      \
    "    count: ${vars.size}\n"                                                                                        \
    "    telemetry: {every: 10s, topic: \"m/${device.id}\", payload: \"random(64B)\", qos: 1}\n"

static void a_good_scenario_loads_without_a_finding(void) {
    struct diagnostic_list list;
    struct node *root;
    int rc = load("good.yaml", "version: 1\ntarget: builtin\nduration: 1min\nvars: {size: 7}\nx-note: {a: [1]}\n" FLEET,
                  &root, &list);
    CU_ASSERT_EQUAL(rc, 0);
    CU_ASSERT_EQUAL(list.count, 0);
    CU_ASSERT_STRING_EQUAL(node_text(node_at(root, "fleets.meters.count")), "7");
    CU_ASSERT_PTR_NULL(node_get(root, "x-note"));
    node_free(root);
    diagnostic_free(&list);
}

static void flags_win_over_files_in_their_order(void) {
    static const char *const path = "flags.yaml";
    static const char text[] = "version: 1\ntarget: builtin\nduration: 1min\nvars: {size: 7}\n" FLEET;
    struct load_override o[] = {{LOAD_SET, "vars.size=9"},
                                {LOAD_SET, "safety={max_connect_rate: 5/s}"},
                                {LOAD_UNSET, "fleets.meters.telemetry.qos"},
                                {LOAD_SET, "vars.size=11"}};
    struct load_options options = {.files = &path,
                                   .file_count = 1,
                                   .text = text,
                                   .text_size = sizeof text - 1,
                                   .overrides = o,
                                   .override_count = 4};
    struct diagnostic_list list;
    struct node *root;
    char origin[64];
    diagnostic_init(&list);
    CU_ASSERT_EQUAL(load_scenario(&options, &root, &list), 0);
    CU_ASSERT_STRING_EQUAL(node_text(node_at(root, "fleets.meters.count")), "11");
    CU_ASSERT_STRING_EQUAL(node_text(node_at(root, "safety.max_connect_rate")), "5/s");
    CU_ASSERT_PTR_NULL(node_at(root, "fleets.meters.telemetry.qos"));
    CU_ASSERT_STRING_EQUAL(node_origin(node_at(root, "vars.size"), origin, sizeof origin), "--set vars.size");
    node_free(root);
    diagnostic_free(&list);
}

static void a_broken_file_gives_its_own_error_alone(void) {
    struct diagnostic_list list;
    struct node *root;
    CU_ASSERT_EQUAL(load("broken.yaml", "version: 1\nname: \"x\n", &root, &list), ERR_MALFORMED);
    CU_ASSERT_EQUAL(list.errors, 1);
    CU_ASSERT_STRING_EQUAL(list.items[0].code, "E101");
    node_free(root);
    diagnostic_free(&list);
}

static void a_file_of_2_MiB_is_refused_unread(void) {
    size_t size = 2 << 20;
    char *text = malloc(size + 1);
    memset(text, '#', size);
    text[size] = '\0';
    struct diagnostic_list list;
    struct node *root;
    CU_ASSERT_EQUAL(load("large.yaml", text, &root, &list), ERR_MALFORMED);
    CU_ASSERT_EQUAL(list.errors, 1);
    CU_ASSERT_STRING_EQUAL(list.items[0].code, "E102");
    CU_ASSERT_PTR_NULL(root);
    diagnostic_free(&list);
    free(text);
}

static void a_missing_file_is_an_error_of_the_command_line(void) {
    struct diagnostic_list list;
    struct node *root;
    CU_ASSERT_EQUAL(load("tests/scenario/no-such-file.yaml", NULL, &root, &list), ERR_MALFORMED);
    CU_ASSERT_EQUAL(list.errors, 1);
    CU_ASSERT_STRING_EQUAL(list.items[0].code, "E114");
    diagnostic_free(&list);
}

static void note(const struct corpus_file *f, const char *what, const struct corpus_expect *e) {
    printf("%s: %s: %s %d:%d '%s'\n", f->path, what, e->code, e->line, e->column, e->suggest);
}

/* Every expected error at its line and column, and no other. */
static void wrong_scenarios_are_refused_at_the_right_place(void) {
    struct corpus_file *files = calloc(CORPUS_FILES_MAX, sizeof *files);
    size_t count = corpus_read(files), expected = 0, suggested = 0, judged = 0;
    CU_ASSERT(count >= 40);
    for (size_t i = 0; i < count; i++) {
        const struct corpus_file *f = &files[i];
        struct diagnostic_list list;
        struct node *root;
        int rc = load(f->path, NULL, &root, &list);
        CU_ASSERT(f->count > 0);
        if (f->stage <= 3) {
            bool complete = f->more || list.errors == f->count;
            CU_ASSERT_EQUAL(rc, ERR_MALFORMED);
            CU_ASSERT(complete);
            if (!complete)
                printf("%s: %zu errors\n", f->path, list.errors);
            judged++;
        } else {
            CU_ASSERT_EQUAL(rc, 0);
            if (rc != 0)
                printf("%s: stopped before stage %d: %s\n", f->path, f->stage, list.items[0].message);
        }
        for (size_t k = 0; k < f->count && f->stage <= 3; k++) {
            const struct diagnostic *d = corpus_find(&f->expects[k], &list);
            CU_ASSERT_PTR_NOT_NULL(d);
            if (d == NULL)
                note(f, "not found", &f->expects[k]);
            expected++;
            if (d != NULL && corpus_suggests(&f->expects[k], d))
                suggested++;
            else
                note(f, "no suggestion", &f->expects[k]);
        }
        node_free(root);
        diagnostic_free(&list);
    }
    CU_ASSERT(judged >= 40);
    CU_ASSERT(suggested * 10 >= expected * 9);
    free(files);
}

HARNESS_MAIN("scenario/load_scenario", HARNESS_CASE(a_good_scenario_loads_without_a_finding),
             HARNESS_CASE(flags_win_over_files_in_their_order), HARNESS_CASE(a_broken_file_gives_its_own_error_alone),
             HARNESS_CASE(a_file_of_2_MiB_is_refused_unread),
             HARNESS_CASE(a_missing_file_is_an_error_of_the_command_line),
             HARNESS_CASE(wrong_scenarios_are_refused_at_the_right_place))
