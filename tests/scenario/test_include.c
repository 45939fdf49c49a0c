#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scenario/include.h"
#include "scratch.h"

struct set_up {
    char *directory, *data, *main;
    struct include_roots roots;
    struct diagnostic_list list;
    struct node *root;
    int broken;
};

static void begin(struct set_up *s, const char *text) {
    *s = (struct set_up){.directory = scratch_new(), .data = scratch_new()};
    s->main = scratch_write(s->directory, "main.yaml", text);
    s->roots = (struct include_roots){s->directory, {s->data, NULL}};
    diagnostic_init(&s->list);
}

static void add(struct set_up *s, const char *name, const char *text) {
    free(scratch_write(s->directory, name, text));
}

static void load(struct set_up *s) {
    s->root = include_load(s->main, NULL, 0, &s->roots, &s->list, &s->broken);
}

static void end(struct set_up *s) {
    node_free(s->root);
    diagnostic_free(&s->list);
    scratch_remove(s->directory);
    scratch_remove(s->data);
    free(s->main);
}

static void the_including_file_lies_over_what_it_includes(void) {
    struct set_up s;
    begin(&s, "include: [one.yaml, two.yaml]\na: main\n");
    add(&s, "one.yaml", "a: one\nb: one\nc: one\n");
    add(&s, "two.yaml", "a: two\nb: two\n");
    load(&s);
    CU_ASSERT_EQUAL(s.list.count, 0);
    CU_ASSERT_STRING_EQUAL(node_text(node_get(s.root, "a")), "main");
    CU_ASSERT_STRING_EQUAL(node_text(node_get(s.root, "b")), "two");
    CU_ASSERT_STRING_EQUAL(node_text(node_get(s.root, "c")), "one");
    CU_ASSERT_PTR_NULL(node_get(s.root, "include"));
    end(&s);
}

static void paths_are_relative_to_the_file_that_includes(void) {
    struct set_up s;
    begin(&s, "include: lib/one.yaml\n");
    add(&s, "lib/one.yaml", "include: [deeper/two.yaml]\n");
    add(&s, "lib/deeper/two.yaml", "a: found\n");
    load(&s);
    CU_ASSERT_EQUAL(s.list.count, 0);
    CU_ASSERT_STRING_EQUAL(node_text(node_get(s.root, "a")), "found");
    end(&s);
}

static void the_data_directory_comes_after_the_neighbours(void) {
    struct set_up s;
    begin(&s, "include: [profiles/a.yaml, profiles/b.yaml]\n");
    add(&s, "profiles/a.yaml", "a: here\n");
    free(scratch_write(s.data, "profiles/a.yaml", "a: there\n"));
    free(scratch_write(s.data, "profiles/b.yaml", "b: there\n"));
    load(&s);
    CU_ASSERT_EQUAL(s.list.count, 0);
    CU_ASSERT_STRING_EQUAL(node_text(node_get(s.root, "a")), "here");
    CU_ASSERT_STRING_EQUAL(node_text(node_get(s.root, "b")), "there");
    end(&s);
}

static void nothing_outside_is_read(void) {
    struct set_up s;
    begin(&s, "include: [/etc/hostname, link.yaml]\n");
    char *link = text_format("%s/link.yaml", s.directory);
    CU_ASSERT_EQUAL(symlink("/etc/hostname", link), 0);
    free(link);
    load(&s);
    CU_ASSERT_EQUAL(s.list.errors, 2);
    CU_ASSERT_STRING_EQUAL(s.list.items[0].code, "E115");
    CU_ASSERT_STRING_EQUAL(s.list.items[1].code, "E115");
    CU_ASSERT_EQUAL(s.broken, 2);
    end(&s);
}

static void a_cycle_shows_its_chain(void) {
    struct set_up s;
    begin(&s, "include: a.yaml\n");
    add(&s, "a.yaml", "include: b.yaml\n");
    add(&s, "b.yaml", "include: a.yaml\n");
    load(&s);
    CU_ASSERT_EQUAL(s.list.errors, 1);
    CU_ASSERT_STRING_EQUAL(s.list.items[0].code, "E116");
    CU_ASSERT_PTR_NOT_NULL(strstr(s.list.items[0].message, "b.yaml → "));
    end(&s);
}

static void includes_are_at_most_eight_deep(void) {
    struct set_up s;
    char name[32], text[64];
    begin(&s, "include: f1.yaml\n");
    for (int i = 1; i <= 10; i++) {
        snprintf(name, sizeof name, "f%d.yaml", i);
        snprintf(text, sizeof text, "include: f%d.yaml\nk%d: 1\n", i + 1, i);
        add(&s, name, i == 10 ? "k10: 1\n" : text);
    }
    load(&s);
    CU_ASSERT_EQUAL(s.list.errors, 1);
    CU_ASSERT_STRING_EQUAL(s.list.items[0].code, "E117");
    CU_ASSERT_PTR_NOT_NULL(strstr(s.list.items[0].mark.file, "f8.yaml"));
    end(&s);
}

static void a_shared_file_twice_is_no_cycle_but_files_are_counted(void) {
    struct set_up s;
    begin(&s, "include: [a.yaml, a.yaml]\n");
    add(&s, "a.yaml", "include: [b.yaml, b.yaml, b.yaml, b.yaml, b.yaml, b.yaml, b.yaml, b.yaml]\n");
    add(&s, "b.yaml", "include: [c.yaml, c.yaml, c.yaml, c.yaml, c.yaml, c.yaml, c.yaml, c.yaml]\n");
    add(&s, "c.yaml", "k: 1\n");
    load(&s);
    CU_ASSERT(s.list.errors > 0);
    CU_ASSERT_STRING_EQUAL(s.list.items[0].code, "E117");
    end(&s);
}

static void include_takes_paths_only(void) {
    struct set_up s;
    begin(&s, "include: {a: b}\n");
    load(&s);
    CU_ASSERT_STRING_EQUAL(s.list.items[0].code, "E202");
    end(&s);
    begin(&s, "include: [[x], missing.yaml]\n");
    load(&s);
    CU_ASSERT_EQUAL(s.list.errors, 2);
    CU_ASSERT_STRING_EQUAL(s.list.items[1].code, "E114");
    end(&s);
}

static void the_directory_of_a_path(void) {
    char out[64];
    CU_ASSERT_STRING_EQUAL(include_directory("a/b.yaml", out, sizeof out), "a");
    CU_ASSERT_STRING_EQUAL(include_directory("b.yaml", out, sizeof out), ".");
    CU_ASSERT_STRING_EQUAL(include_directory("/b.yaml", out, sizeof out), "/");
}

HARNESS_MAIN("scenario/include", HARNESS_CASE(the_including_file_lies_over_what_it_includes),
             HARNESS_CASE(paths_are_relative_to_the_file_that_includes),
             HARNESS_CASE(the_data_directory_comes_after_the_neighbours), HARNESS_CASE(nothing_outside_is_read),
             HARNESS_CASE(a_cycle_shows_its_chain), HARNESS_CASE(includes_are_at_most_eight_deep),
             HARNESS_CASE(a_shared_file_twice_is_no_cycle_but_files_are_counted),
             HARNESS_CASE(include_takes_paths_only), HARNESS_CASE(the_directory_of_a_path))
