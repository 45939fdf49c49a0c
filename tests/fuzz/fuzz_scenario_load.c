/* Arbitrary bytes as a scenario, through loading, merging, flags, variables, inheritance and validation. What loads is written as YAML, and
 * must load again to the same tree.
 *
 * Input: the scenario; lines after one that begins with "%%" are flags, "path=value" for --set, "-path" for --unset. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "scenario/load.h"
#include "scenario/node_write.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OVERRIDES_MAX = 8 };

static const char *no_environment(void *context, const char *name) {
    (void)context;
    return strcmp(name, "SET") == 0 ? "va${lue" : NULL;
}

static struct node *load(const char *text, size_t size, const struct load_override *o, size_t count,
                         struct diagnostic_list *list, int *rc) {
    static const char *const path = "fuzz.yaml";
    struct load_options options = {.files = &path,
                                   .file_count = 1,
                                   .text = text,
                                   .text_size = size,
                                   .overrides = o,
                                   .override_count = count,
                                   .env = no_environment};
    struct node *root;
    diagnostic_init(list);
    *rc = load_scenario(&options, &root, list);
    CHECK((*rc == 0) == (list->errors == 0));
    return root;
}

static size_t split_flags(char *text, struct load_override *out) {
    char *flags = strstr(text, "\n%%");
    size_t count = 0;
    if (flags == NULL)
        return 0;
    *flags = '\0';
    char *state = NULL;
    for (char *line = strtok_r(flags + 3, "\n", &state); line != NULL && count < OVERRIDES_MAX;
         line = strtok_r(NULL, "\n", &state)) {
        bool unset = line[0] == '-';
        out[count++] = (struct load_override){unset ? LOAD_UNSET : LOAD_SET, unset ? line + 1 : line};
    }
    return count;
}

static void check_marks(const struct diagnostic_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        const struct diagnostic_mark *m = &list->items[i].mark;
        CHECK(m->file == NULL || (m->line >= 0 && m->length >= 1 && (m->line == 0 || m->column >= 1)));
    }
}

static void check_round_trip(const struct node *root) {
    struct text yaml = {0}, first = {0}, second = {0};
    struct diagnostic_list list;
    int rc;
    node_write_yaml(root, true, &yaml);
    node_write_canonical(root, NULL, &first);
    struct node *again = load(text_get(&yaml), yaml.size, NULL, 0, &list, &rc);
    if (rc == 0) { /* a text of the environment may read as a variable the second time */
        node_write_canonical(again, NULL, &second);
        CHECK(strcmp(text_get(&first), text_get(&second)) == 0);
    }
    node_free(again);
    diagnostic_free(&list);
    text_free(&yaml);
    text_free(&first);
    text_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct load_override overrides[OVERRIDES_MAX];
    struct diagnostic_list list;
    struct text shown = {0};
    int rc;
    char *text = malloc(size + 1);
    CHECK(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    size_t count = memchr(text, '\0', size) == NULL ? split_flags(text, overrides) : 0;
    struct node *root = load(text, count > 0 ? strlen(text) : size, overrides, count, &list, &rc);
    check_marks(&list);
    for (int format = DIAGNOSTIC_TEXT; format <= DIAGNOSTIC_GITHUB; format++) {
        struct diagnostic_style style = {.format = (enum diagnostic_format)format};
        diagnostic_write(&list, &style, &shown);
    }
    text_free(&shown);
    if (rc == 0)
        check_round_trip(root);
    node_free(root);
    diagnostic_free(&list);
    free(text);
    return 0;
}
