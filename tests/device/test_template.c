#include "harness.h"

#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "device/template.h"

enum { ANYTHING = ~0 };

static struct template t;
static struct template_error error;
static const char *const signals[] = {"temp", "hum"};

static int compile(const char *text, unsigned scope) {
    return template_compile(text, scope, signals, 2, &t, &error);
}

static bool is_text(const struct template_token *token, const char *text) {
    return token->text.size == strlen(text) && memcmp(token->text.data, text, token->text.size) == 0;
}

static void literals_and_variables_become_tokens_in_order(void) {
    CU_ASSERT_EQUAL(compile("home/${device.id}/temp", (unsigned)ANYTHING), 0);
    CU_ASSERT_EQUAL(t.count, 3);
    CU_ASSERT(t.tokens[0].kind == TEMPLATE_LITERAL && is_text(&t.tokens[0], "home/"));
    CU_ASSERT_EQUAL(t.tokens[1].kind, TEMPLATE_DEVICE_ID);
    CU_ASSERT(t.tokens[2].kind == TEMPLATE_LITERAL && is_text(&t.tokens[2], "/temp"));
    CU_ASSERT_EQUAL(t.uses, TEMPLATE_OF_DEVICE);
    CU_ASSERT_FALSE(template_is_literal(&t));
    template_free(&t);
}

static void signals_have_an_index_and_a_format(void) {
    CU_ASSERT_EQUAL(compile("{\"h\": ${signal.hum:.1f}, \"t\": ${signal.temp}}", (unsigned)ANYTHING), 0);
    CU_ASSERT(t.tokens[1].kind == TEMPLATE_SIGNAL && t.tokens[1].signal == 1 && t.tokens[1].precision == 1);
    CU_ASSERT(t.tokens[3].kind == TEMPLATE_SIGNAL && t.tokens[3].signal == 0 && t.tokens[3].precision == -1);
    template_free(&t);
    CU_ASSERT_EQUAL(compile("${signal.hum:5d}", (unsigned)ANYTHING), ERR_MALFORMED);
    CU_ASSERT_EQUAL(compile("${device.id:.1f}", (unsigned)ANYTHING), ERR_MALFORMED);
    CU_ASSERT_EQUAL(compile("${signal.tepm}", (unsigned)ANYTHING), ERR_MALFORMED);
    CU_ASSERT_STRING_EQUAL(error.suggestion, "signal.temp");
}

static void two_dollars_are_a_literal(void) {
    CU_ASSERT_EQUAL(compile("$${device.id} $ $x {} $$", (unsigned)ANYTHING), 0);
    CU_ASSERT_EQUAL(t.count, 1);
    CU_ASSERT(is_text(&t.tokens[0], "${device.id} $ $x {} $$"));
    CU_ASSERT(template_is_literal(&t));
    template_free(&t);
    CU_ASSERT_EQUAL(compile("a$${b", (unsigned)ANYTHING), 0);
    CU_ASSERT_EQUAL(t.count, 2);
    CU_ASSERT(is_text(&t.tokens[0], "a") && is_text(&t.tokens[1], "${b"));
    template_free(&t);
}

static void an_empty_text_has_no_tokens(void) {
    CU_ASSERT_EQUAL(compile("", (unsigned)ANYTHING), 0);
    CU_ASSERT_EQUAL(t.count, 0);
    CU_ASSERT(template_is_literal(&t));
    template_free(&t);
}

static void some_variables_tell_the_devices_of_a_fleet_apart(void) {
    static const char *const apart[] = {"${device.id}", "a/${device.index}", "${device.region}/${device.imei}"};
    static const char *const alike[] = {"", "a", "${device.fleet}/${device.region}", "${msg.seq}", "${run.id}"};
    for (size_t i = 0; i < COUNT_OF(apart); i++) {
        CU_ASSERT_EQUAL(compile(apart[i], (unsigned)ANYTHING), 0);
        CU_ASSERT_TRUE(template_tells_devices_apart(&t));
        template_free(&t);
    }
    for (size_t i = 0; i < COUNT_OF(alike); i++) {
        CU_ASSERT_EQUAL(compile(alike[i], (unsigned)ANYTHING), 0);
        CU_ASSERT_FALSE(template_tells_devices_apart(&t));
        template_free(&t);
    }
}

static void a_mark_is_noticed(void) {
    CU_ASSERT_EQUAL(compile("${msg.mark}${msg.seq}${msg.time}", (unsigned)ANYTHING), 0);
    CU_ASSERT(t.has_mark && t.uses == TEMPLATE_OF_MESSAGE && t.count == 3);
    template_free(&t);
    CU_ASSERT(compile("${msg.seq}", (unsigned)ANYTHING) == 0 && !t.has_mark);
    template_free(&t);
}

static void errors_point_at_the_variable(void) {
    CU_ASSERT_EQUAL(compile("m/${device.idd}/x", (unsigned)ANYTHING), ERR_MALFORMED);
    CU_ASSERT_EQUAL(error.offset, 2);
    CU_ASSERT_EQUAL(error.size, 13);
    CU_ASSERT_STRING_EQUAL(error.suggestion, "device.id");
    CU_ASSERT_EQUAL(t.count, 0);
    CU_ASSERT_EQUAL(compile("ab${device.id", (unsigned)ANYTHING), ERR_MALFORMED);
    CU_ASSERT_EQUAL(error.offset, 2);
    CU_ASSERT_EQUAL(compile("${}", (unsigned)ANYTHING), ERR_MALFORMED);
}

static void a_place_allows_some_variables_only(void) {
    CU_ASSERT_EQUAL(compile("${device.id}-${run.id}", TEMPLATE_OF_DEVICE), 0);
    template_free(&t);
    CU_ASSERT_EQUAL(compile("${msg.seq}", TEMPLATE_OF_DEVICE), ERR_MALFORMED);
    CU_ASSERT_EQUAL(compile("${secret.K}", TEMPLATE_OF_DEVICE | TEMPLATE_OF_MESSAGE), ERR_MALFORMED);
    CU_ASSERT_EQUAL(compile("random(8B)", TEMPLATE_OF_DEVICE), ERR_MALFORMED);
    CU_ASSERT_EQUAL(compile("hmac(a, b)", TEMPLATE_OF_DEVICE | TEMPLATE_RANDOMS), ERR_MALFORMED);
    CU_ASSERT_EQUAL(compile("${vars.x}", (unsigned)ANYTHING), ERR_MALFORMED);
}

static void random_has_a_size(void) {
    CU_ASSERT_EQUAL(compile("random(64B)", (unsigned)ANYTHING), 0);
    CU_ASSERT(t.count == 1 && t.tokens[0].kind == TEMPLATE_RANDOM && t.tokens[0].size == 64);
    template_free(&t);
    static const char *const wrong[] = {"random(64)", "random()", "random(1MiB)", "random(64B", "random(-1B)"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CU_ASSERT_EQUAL(compile(wrong[i], (unsigned)ANYTHING), ERR_MALFORMED);
}

static void hmac_holds_the_tokens_of_key_and_text(void) {
    CU_ASSERT_EQUAL(compile("hmac(${secret.FLEET_KEY}, a/${device.id})", (unsigned)ANYTHING), 0);
    CU_ASSERT_EQUAL(t.count, 4);
    CU_ASSERT(t.tokens[0].kind == TEMPLATE_HMAC && t.tokens[0].key_count == 1 && t.tokens[0].message_count == 2);
    CU_ASSERT(t.tokens[1].kind == TEMPLATE_SECRET && is_text(&t.tokens[1], "FLEET_KEY"));
    CU_ASSERT(is_text(&t.tokens[2], "a/") && t.tokens[3].kind == TEMPLATE_DEVICE_ID);
    template_free(&t);
    CU_ASSERT_EQUAL(compile("hmac(key)", (unsigned)ANYTHING), ERR_MALFORMED);
    CU_ASSERT_EQUAL(compile("hmac(, text)", (unsigned)ANYTHING), ERR_MALFORMED);
    CU_ASSERT_EQUAL(compile("${secret.A-B}", (unsigned)ANYTHING), ERR_MALFORMED);
}

static void choices_carry_running_shares(void) {
    CU_ASSERT_EQUAL(compile("choice(on:3, off:1)", (unsigned)ANYTHING), 0);
    CU_ASSERT(t.count == 3 && t.tokens[0].kind == TEMPLATE_CHOICE && t.tokens[0].option_count == 2);
    CU_ASSERT(is_text(&t.tokens[1], "on") && t.tokens[1].weight == 3221225472U);
    CU_ASSERT(is_text(&t.tokens[2], "off") && t.tokens[2].weight == (uint64_t)1 << 32);
    CU_ASSERT_EQUAL(t.uses, TEMPLATE_RANDOMS);
    template_free(&t);
    static const char *const wrong[] = {"choice()",     "choice(a)",   "choice(a:0)",
                                        "choice(a:1,)", "choice(a:x)", "choice(:1)"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CU_ASSERT_EQUAL(compile(wrong[i], (unsigned)ANYTHING), ERR_MALFORMED);
}

static void tokens_are_bounded(void) {
    char text[3 * TEMPLATE_TOKENS_MAX * 12 + 1];
    size_t used = 0;
    for (int i = 0; i <= TEMPLATE_TOKENS_MAX; i++) {
        memcpy(text + used, "${run.id}", 9);
        used += 9;
    }
    text[used] = '\0';
    CU_ASSERT_EQUAL(compile(text, (unsigned)ANYTHING), ERR_MALFORMED);
    text[used - 9] = '\0';
    CU_ASSERT_EQUAL(compile(text, (unsigned)ANYTHING), 0);
    CU_ASSERT_EQUAL(t.count, TEMPLATE_TOKENS_MAX);
    template_free(&t);
}

static void hex_is_a_literal_of_bytes(void) {
    CU_ASSERT_EQUAL(compile("hex(00 1f FF)", (unsigned)ANYTHING), 0);
    CU_ASSERT(t.count == 1 && bytes_equal(t.tokens[0].text, bytes_of("\0\x1f\xff", 3)));
    CU_ASSERT_TRUE(template_is_literal(&t));
    template_free(&t);
    CU_ASSERT_EQUAL(compile("hex()", (unsigned)ANYTHING), 0);
    CU_ASSERT_EQUAL(t.count, 0);
    template_free(&t);
    static const char *const wrong[] = {"hex(0)", "hex(0g)", "hex(00", "hex(0x00)", "hex(00,11)"};
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        CU_ASSERT_EQUAL(compile(wrong[i], (unsigned)ANYTHING), ERR_MALFORMED);
    CU_ASSERT_EQUAL(compile("hex(00)", TEMPLATE_OF_DEVICE), ERR_MALFORMED);
}

HARNESS_MAIN("device/template", HARNESS_CASE(literals_and_variables_become_tokens_in_order),
             HARNESS_CASE(signals_have_an_index_and_a_format), HARNESS_CASE(two_dollars_are_a_literal),
             HARNESS_CASE(an_empty_text_has_no_tokens), HARNESS_CASE(some_variables_tell_the_devices_of_a_fleet_apart),
             HARNESS_CASE(a_mark_is_noticed), HARNESS_CASE(errors_point_at_the_variable),
             HARNESS_CASE(a_place_allows_some_variables_only), HARNESS_CASE(random_has_a_size),
             HARNESS_CASE(hmac_holds_the_tokens_of_key_and_text), HARNESS_CASE(choices_carry_running_shares),
             HARNESS_CASE(tokens_are_bounded), HARNESS_CASE(hex_is_a_literal_of_bytes))
