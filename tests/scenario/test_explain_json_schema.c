#include "harness.h"

#include <string.h>

#include "scenario/explain.h"
#include "scenario/load.h"
#include "scenario/schema.h"

/* JSON is YAML: our own loader reads it back. */
static struct node *schema(struct diagnostic_list *list) {
    struct text out = {0};
    diagnostic_init(list);
    explain_json_schema(&out);
    struct node *root = load_text("schema.json", text_get(&out), out.size, list);
    text_free(&out);
    return root;
}

static void it_is_draft_07(void) {
    struct diagnostic_list list;
    struct node *root = schema(&list);
    CU_ASSERT_EQUAL(list.count, 0);
    CU_ASSERT_STRING_EQUAL(node_text(node_get(root, "$schema")), "http://json-schema.org/draft-07/schema#");
    node_free(root);
    diagnostic_free(&list);
}

static void every_row_has_a_definition_and_every_reference_one_to_go_to(void) {
    struct diagnostic_list list;
    struct node *root = schema(&list), *definitions = node_get(root, "definitions");
    size_t rows = 0, references = 0;
    for (const struct schema_row *row = &schema_rows[1]; row->path != NULL; row++)
        rows += (row->flags & SCHEMA_OR_LIST) != 0 ? 2U : 1U;
    CU_ASSERT_EQUAL(definitions->count, rows);
    struct node_walk w = node_walk_of(root);
    while (node_walk_next(&w)) {
        if (w.entry == NULL || w.entry->key == NULL || strcmp(w.entry->key, "$ref") != 0)
            continue;
        CU_ASSERT_PTR_NOT_NULL(node_get(definitions, w.node->text + strlen("#/definitions/")));
        references++;
    }
    CU_ASSERT(references > rows);
    node_free(root);
    diagnostic_free(&list);
}

static void maps_are_closed_and_words_are_listed(void) {
    struct diagnostic_list list;
    struct node *root = schema(&list), *definitions = node_get(root, "definitions");
    const struct node *mqtt = node_at(node_get(definitions, "profiles.NAME.mqtt"), "anyOf.0");
    CU_ASSERT_STRING_EQUAL(node_text(node_get(mqtt, "additionalProperties")), "false");
    CU_ASSERT_PTR_NOT_NULL(node_get(node_get(mqtt, "properties"), "keepalive"));
    CU_ASSERT_STRING_EQUAL(node_text(node_at(node_get(definitions, "profiles.NAME.protocol"), "anyOf.0.enum.1")),
                           "mqtt5");
    CU_ASSERT_STRING_EQUAL(node_text(node_at(node_get(definitions, "fleets.NAME.telemetry"), "anyOf.1.type")), "array");
    CU_ASSERT_STRING_EQUAL(node_text(node_at(root, "allOf.0.required.0")), "version");
    node_free(root);
    diagnostic_free(&list);
}

HARNESS_MAIN("scenario/explain_json_schema", HARNESS_CASE(it_is_draft_07),
             HARNESS_CASE(every_row_has_a_definition_and_every_reference_one_to_go_to),
             HARNESS_CASE(maps_are_closed_and_words_are_listed))
