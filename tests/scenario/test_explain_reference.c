#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scenario/explain.h"
#include "scenario/schema.h"

#define PATH "docs/scenario-reference.md"

static char *file_text(const char *path) {
    FILE *in = fopen(path, "rb");
    struct text out = {0};
    char buffer[4096];
    size_t got;
    while (in != NULL && (got = fread(buffer, 1, sizeof buffer, in)) > 0)
        text_append_n(&out, buffer, got);
    if (in != NULL)
        fclose(in);
    return out.data == NULL ? text_dup("") : text_take(&out);
}

/* With UPDATE_DOCS in the environment the file is written instead. */
static void the_committed_reference_is_what_the_tables_say(void) {
    struct text out = {0};
    explain_reference(NULL, 0, &out);
    if (getenv("UPDATE_DOCS") != NULL) {
        FILE *file = fopen(PATH, "wb");
        CU_ASSERT_PTR_NOT_NULL_FATAL(file);
        fwrite(text_get(&out), 1, out.size, file);
        fclose(file);
    }
    char *committed = file_text(PATH);
    CU_ASSERT(strcmp(committed, text_get(&out)) == 0);
    if (strcmp(committed, text_get(&out)) != 0)
        puts(PATH " is out of date: run this test with UPDATE_DOCS=1");
    free(committed);
    text_free(&out);
}

static void every_key_is_in_it(void) {
    struct text out = {0};
    explain_reference(NULL, 0, &out);
    for (const struct schema_row *row = &schema_rows[1]; row->path != NULL; row++) {
        char cell[128];
        snprintf(cell, sizeof cell, "| `%s` | ", schema_last(row));
        if (strpbrk(schema_last(row), "*[") == NULL)
            CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), cell));
    }
    text_free(&out);
}

static void topics_become_a_section(void) {
    static const struct explain_topic metrics[] = {{"mqtt.a|b", "metric", "What it is.", NULL}, {.name = NULL}};
    static const struct explain_topic *const topics[] = {metrics};
    struct text out = {0};
    explain_reference(topics, 1, &out);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), "## Metrics\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), "What it is. |\n"));
    text_free(&out);
}

HARNESS_MAIN("scenario/explain_reference", HARNESS_CASE(the_committed_reference_is_what_the_tables_say),
             HARNESS_CASE(every_key_is_in_it), HARNESS_CASE(topics_become_a_section))
