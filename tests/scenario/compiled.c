#include "compiled.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/text.h"
#include "scenario/load.h"

static const char *no_environment(void *context, const char *name) {
    (void)context;
    (void)name;
    return NULL;
}

struct compiled compiled_with(const char *text, const struct plan_options *options) {
    static const char *const file = "test.yaml";
    struct compiled c = {.plan = NULL};
    struct node *root = NULL;
    struct load_options load = {
        .files = &file, .file_count = 1, .text = text, .text_size = strlen(text), .env = no_environment};
    diagnostic_init(&c.found);
    if (load_scenario(&load, &root, &c.found) == 0)
        c.plan = plan_compile(root, options, &c.found);
    else
        node_free(root);
    return c;
}

struct compiled compiled_of(const char *text) {
    char *whole = text_format("version: 1\ntarget: builtin\nseed: 7\n%s", text);
    struct compiled c = compiled_with(whole, &(struct plan_options){.target_count = 0});
    free(whole);
    return c;
}

void compiled_free(struct compiled *c) {
    plan_free(c->plan);
    diagnostic_free(&c->found);
}

bool compiled_found(const struct compiled *c, const char *code, const char *words) {
    for (size_t i = 0; i < c->found.count; i++)
        if (strcmp(c->found.items[i].code, code) == 0 && strstr(c->found.items[i].message, words) != NULL)
            return true;
    return false;
}

void compiled_print(const struct compiled *c) {
    for (size_t i = 0; i < c->found.count; i++)
        printf("     %d:%d: %s: %s\n", c->found.items[i].mark.line, c->found.items[i].mark.column,
               c->found.items[i].code, c->found.items[i].message);
}

const struct action *compiled_action(const struct compiled *c, const char *id) {
    for (unsigned i = 0; i < c->plan->action_count; i++)
        if (strcmp(c->plan->actions[i].id, id) == 0)
            return &c->plan->actions[i];
    check_failed("the action exists", __FILE__, __LINE__);
}
