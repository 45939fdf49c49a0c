#include "report/json_schema.h"

#include <string.h>

#include "harness.h"
#include "report/sample.h"

static const char *word(unsigned i) {
    static const char *const words[] = {"red", "green"};
    return i < 2 ? words[i] : NULL;
}

static const char *color(unsigned i) {
    static const char *const colors[] = {"cyan", "magenta"};
    return i < 2 ? colors[i] : NULL;
}

static const struct json_shape leaf = {
    "leaf", NULL,
    (const struct json_schema_row[]){SHAPE_ROW("x", SHAPE_NUMBER, SHAPE_NULLABLE, "a number"), SHAPE_END}};
static const struct json_shape base = {
    "base", NULL, (const struct json_schema_row[]){SHAPE_ROW("id", SHAPE_UINT, 0, "a count"), SHAPE_END}};
static const struct json_shape tree = {
    "tree", &base,
    (const struct json_schema_row[]){
        SHAPE_WORD("paint", 0, "a word", word), SHAPE_ROW("names", SHAPE_STRING, SHAPE_LIST, "some texts"),
        SHAPE_PART("leaf", SHAPE_OBJECT, SHAPE_NULLABLE, "one leaf", &leaf),
        SHAPE_PART("leaves", SHAPE_OBJECT, SHAPE_LIST, "several", &leaf),
        SHAPE_PART("by_name", SHAPE_MAP, 0, "any keys", &leaf), SHAPE_KEYS(color, SHAPE_UINT, 0, "how much ink", NULL),
        SHAPE_ROW("maybe", SHAPE_BOOL, SHAPE_OPTIONAL, "not always"),
        SHAPE_ROW("seal", SHAPE_STRING, SHAPE_LATER, "comes after the object is closed"), SHAPE_END}};

static struct text out;
static struct json_write w;
static struct json_schema_check check;

static void begin(void) {
    text_free(&out);
    w = json_write_to(&out, 0);
    json_schema_watch(&check, &w, &tree);
    json_write_open_object(&w);
}

static void write_leaf(const char *key, double x) {
    if (key != NULL)
        json_write_key(&w, key);
    json_write_open_object(&w);
    json_write_member_double(&w, "x", x);
    json_write_close_object(&w);
}

/* Everything that is always there, but `id` and `magenta`. */
static void write_most(void) {
    json_write_member_string(&w, "paint", "red");
    json_write_key(&w, "names");
    json_write_open_array(&w);
    json_write_string(&w, "a");
    json_write_string(&w, "b");
    json_write_close_array(&w);
    write_leaf("leaf", 1.5);
    json_write_key(&w, "leaves");
    json_write_open_array(&w);
    write_leaf(NULL, 1);
    write_leaf(NULL, 2);
    json_write_close_array(&w);
    json_write_key(&w, "by_name");
    json_write_open_object(&w);
    write_leaf("whatever", 3);
    write_leaf("you like", 4);
    json_write_close_object(&w);
    json_write_member_uint(&w, "cyan", 7);
}

static void write_rest(void) {
    json_write_member_uint(&w, "id", 1);
    json_write_member_uint(&w, "magenta", 8);
}

static const char *end(void) {
    json_write_close_object(&w);
    text_free(&out);
    return check.fault;
}

static void a_document_with_all_its_keys_has_no_fault(void) {
    begin();
    write_most();
    write_rest();
    json_write_member_bool(&w, "maybe", true);
    CU_ASSERT_STRING_EQUAL(end(), "");
    begin(); /* in another order */
    write_rest();
    write_most();
    CU_ASSERT_STRING_EQUAL(end(), "");
    CU_ASSERT_TRUE(json_schema_report(&check, "x"));
}

static void a_key_without_a_row_is_a_fault(void) {
    begin();
    write_most();
    write_rest();
    json_write_member_uint(&w, "new", 1);
    CU_ASSERT_STRING_EQUAL(end(), "tree: no row for the key new");
}

static void what_is_inside_an_unknown_key_is_not_looked_at(void) {
    begin();
    json_write_key(&w, "new");
    json_write_open_object(&w);
    write_leaf("deep", 1);
    json_write_close_object(&w);
    write_most();
    write_rest();
    CU_ASSERT_STRING_EQUAL(end(), "tree: no row for the key new");
}

static void a_key_without_a_row_is_found_at_any_depth(void) {
    begin();
    write_rest();
    json_write_key(&w, "leaves");
    json_write_open_array(&w);
    json_write_open_object(&w);
    json_write_member_double(&w, "y", 1);
    json_write_close_object(&w);
    json_write_close_array(&w);
    CU_ASSERT_STRING_EQUAL(end(), "leaf: no row for the key y");
}

static void a_row_without_its_key_is_a_fault(void) {
    begin();
    write_most();
    json_write_member_uint(&w, "id", 1);
    CU_ASSERT_STRING_EQUAL(end(), "tree: a key that is always there is missing, or there twice");
}

static void a_value_of_another_type_is_a_fault(void) {
    begin();
    json_write_member_string(&w, "id", "1");
    CU_ASSERT_STRING_EQUAL(end(), "tree: another type than its row says has the key id");
    begin();
    json_write_member_int(&w, "id", -1);
    CU_ASSERT_STRING_EQUAL(end(), "tree: another type than its row says has the key id");
    begin();
    json_write_member_string(&w, "names", "not a list");
    CU_ASSERT_STRING_EQUAL(end(), "tree: another type than its row says has the key names");
    begin();
    json_write_key(&w, "paint");
    json_write_null(&w);
    CU_ASSERT_STRING_EQUAL(end(), "tree: another type than its row says has the key paint");
}

static void null_is_for_rows_that_allow_it(void) {
    begin();
    json_write_key(&w, "leaf");
    json_write_null(&w);
    CU_ASSERT_STRING_EQUAL(check.fault, "");
    write_leaf("by_name", 0.0 / 0.0); /* a number that is none; and by_name is a map */
    CU_ASSERT_STRING_EQUAL(check.fault, "tree: another type than its row says has the key by_name");
    end();
}

static bool has(const char *piece) {
    return strstr(text_get(&out), piece) != NULL;
}

static void the_schema_says_what_the_rows_say(void) {
    json_schema_write(&out, "Title", "What it is.", &tree);
    CU_ASSERT_TRUE(sample_json_valid(text_get(&out), out.size));
    const char *json = text_get(&out);
    char text[80];
    CU_ASSERT_STRING_EQUAL(sample_json_string(json, "properties.id.type", text, sizeof text), "integer");
    CU_ASSERT_EQUAL(sample_json_number(json, "properties.id.minimum"), 0);
    CU_ASSERT_STRING_EQUAL(sample_json_string(json, "properties.paint.enum.1", text, sizeof text), "green");
    CU_ASSERT_STRING_EQUAL(sample_json_string(json, "properties.names.items.type", text, sizeof text), "string");
    CU_ASSERT_STRING_EQUAL(sample_json_string(json, "properties.leaf.anyOf.1.type", text, sizeof text), "null");
    CU_ASSERT_STRING_EQUAL(sample_json_string(json, "properties.leaves.items.$ref", text, sizeof text),
                           "#/definitions/leaf");
    CU_ASSERT_STRING_EQUAL(sample_json_string(json, "properties.by_name.additionalProperties.$ref", text, sizeof text),
                           "#/definitions/leaf");
    CU_ASSERT_STRING_EQUAL(sample_json_string(json, "properties.magenta.description", text, sizeof text),
                           "how much ink");
    CU_ASSERT_STRING_EQUAL(sample_json_string(json, "definitions.leaf.properties.x.type.1", text, sizeof text), "null");
    CU_ASSERT_TRUE(has("\"seal\""));
    CU_ASSERT_FALSE(has("\"maybe\",")); /* not among those required */
    text_free(&out);
}

static void kinds_of_lines_are_told_apart_by_a_word(void) {
    static const struct json_shape *const shapes[] = {&leaf, &tree};
    json_schema_write_kinds(&out, "Title", "What it is.", &base, "kind", shapes, 2);
    const char *json = text_get(&out);
    char text[80];
    CU_ASSERT_TRUE(sample_json_valid(json, out.size));
    CU_ASSERT_STRING_EQUAL(sample_json_string(json, "allOf.1.if.properties.kind.const", text, sizeof text), "tree");
    CU_ASSERT_STRING_EQUAL(sample_json_string(json, "allOf.1.then.$ref", text, sizeof text), "#/definitions/tree");
    CU_ASSERT_STRING_EQUAL(sample_json_string(json, "required.0", text, sizeof text), "id");
    CU_ASSERT_STRING_EQUAL(sample_json_string(json, "definitions.tree.type", text, sizeof text), "object");
    text_free(&out);
}

HARNESS_MAIN("report/json_schema", HARNESS_CASE(a_document_with_all_its_keys_has_no_fault),
             HARNESS_CASE(a_key_without_a_row_is_a_fault), HARNESS_CASE(what_is_inside_an_unknown_key_is_not_looked_at),
             HARNESS_CASE(a_key_without_a_row_is_found_at_any_depth), HARNESS_CASE(a_row_without_its_key_is_a_fault),
             HARNESS_CASE(a_value_of_another_type_is_a_fault), HARNESS_CASE(null_is_for_rows_that_allow_it),
             HARNESS_CASE(the_schema_says_what_the_rows_say), HARNESS_CASE(kinds_of_lines_are_told_apart_by_a_word))
