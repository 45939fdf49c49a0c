#include "import/scalar.h"

#include "base/check.h"
#include "device/template.h"
#include "harness.h"
#include "scenario/load.h"

#define BYTES(text) bytes_of(text, sizeof text - 1)

/* What a scenario gets of the payload: written, loaded as YAML, compiled as a template. */
static void comes_back(struct bytes payload) {
    struct text out = {0};
    struct diagnostic_list found = {0};
    struct template t;
    struct template_error error;
    text_append(&out, "payload: ");
    scalar_write_payload(payload, &out);
    text_append(&out, "\n");
    struct node *root = load_text("test", text_get(&out), out.size, &found);
    CU_ASSERT_PTR_NOT_NULL_FATAL(root);
    CU_ASSERT_EQUAL_FATAL(template_compile(node_text(node_get(root, "payload")), TEMPLATE_HEXES, NULL, 0, &t, &error),
                          0);
    uint8_t rendered[200];
    struct bytes_writer w = bytes_writer_of(rendered, sizeof rendered);
    for (unsigned i = 0; i < t.count; i++) {
        CU_ASSERT_EQUAL(t.tokens[i].kind, TEMPLATE_LITERAL);
        bytes_write(&w, t.tokens[i].text);
    }
    CU_ASSERT_TRUE(bytes_equal(bytes_of(rendered, bytes_written(&w)), payload));
    template_free(&t);
    node_free(root);
    diagnostic_free(&found);
    text_free(&out);
}

static void every_payload_comes_back(void) {
    const struct bytes payloads[] = {BYTES(""),
                                     BYTES("hello"),
                                     BYTES("{\"t\": 21.5}"),
                                     BYTES("a ${device.id} b"),
                                     BYTES("$${"),
                                     BYTES("$$$${x}"),
                                     BYTES("tab\tline\nend"),
                                     BYTES("back\\slash 'and' \"quotes\""),
                                     BYTES("random(5B)"),
                                     BYTES("hex(00)"),
                                     BYTES("choice(a:1)"),
                                     BYTES("hmac(a, b)"),
                                     BYTES("\0\1\2"),
                                     BYTES("\xff\xfe"),
                                     BYTES("gr\xc3\xbc\xc3\x9f"),
                                     BYTES("\xe2\x80\xa8"),
                                     BYTES("\xef\xbb\xbf{}"),
                                     BYTES("# no comment"),
                                     BYTES(" - : "),
                                     BYTES("null"),
                                     BYTES("cr\r\n"),
                                     BYTES("\x7f"),
                                     BYTES("\xc2\x85"),
                                     BYTES("\xf0\x9f\x98\x80"),
                                     BYTES("\xef\xbf\xbf"),
                                     BYTES("ends with $"),
                                     BYTES("${")};
    for (size_t i = 0; i < COUNT_OF(payloads); i++)
        comes_back(payloads[i]);
}

static void comments_stay_on_their_line(void) {
    struct text out = {0};
    scalar_write_comment(BYTES("a\nb\x1b[0m\xe2\x80\xa8 \xff gr\xc3\xbc\xc3\x9f"), 100, &out);
    CU_ASSERT_STRING_EQUAL(text_get(&out), "a\\x0Ab\\x1B[0m\\xE2\\x80\\xA8 \\xFF gr\xc3\xbc\xc3\x9f");
    text_free(&out);
    scalar_write_comment(BYTES("abc\xc3\xbc"), 4, &out);
    CU_ASSERT_STRING_EQUAL(text_get(&out), "abc…");
    text_free(&out);
}

static void texts_that_are_no_templates_have_no_variables(void) {
    CU_ASSERT_TRUE(scalar_is_plain(BYTES("celsius")));
    CU_ASSERT_FALSE(scalar_is_plain(BYTES("${vars.x}")));
    CU_ASSERT_TRUE(scalar_is_sayable(BYTES("${vars.x}")));
    CU_ASSERT_FALSE(scalar_is_sayable(BYTES("a\0b")));
}

HARNESS_MAIN("import/scalar", HARNESS_CASE(every_payload_comes_back), HARNESS_CASE(comments_stay_on_their_line),
             HARNESS_CASE(texts_that_are_no_templates_have_no_variables))
