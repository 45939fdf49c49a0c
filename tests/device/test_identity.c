#include "device/identity.h"

#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "harness.h"

static struct payload_context context(const struct fleet_group *g) {
    return (struct payload_context){.group = g, .run_id = "a1b2", .seed = 42, .device = 12, .index = 7};
}

static struct template compiled(const char *text) {
    struct template t = {0};
    struct template_error error;
    unsigned scope = TEMPLATE_OF_DEVICE | TEMPLATE_OF_SECRET | TEMPLATE_HMACS;
    CU_ASSERT_EQUAL_FATAL(template_compile(text, scope, NULL, 0, &t, &error), 0);
    return t;
}

static bool is(struct bytes b, const char *text) {
    return bytes_equal(b, bytes_of_text(text));
}

static void without_identity_there_is_a_client_id_and_nothing_else(void) {
    struct fleet_group g = {.fleet = "thermostats"};
    struct payload_context c = context(&g);
    uint8_t buffer[100];
    struct bytes_writer w = bytes_writer_of(buffer, sizeof buffer);
    struct identity_names names;
    CU_ASSERT_EQUAL(identity_render(&c, &w, &names), 0);
    CU_ASSERT(is(names.client_id, "muster-a1b2-thermostats-7"));
    CU_ASSERT_FALSE(names.has_user || names.has_password);
}

static void an_identity_renders_all_its_names(void) {
    struct identity who = {.client_id = compiled("c-${device.index}"),
                           .user = compiled("${device.id}"),
                           .password = compiled("pw-${device.imei}"),
                           .has_user = true,
                           .has_password = true};
    struct fleet_group g = {.fleet = "m", .identity = &who};
    struct payload_context c = context(&g);
    uint8_t buffer[100];
    struct bytes_writer w = bytes_writer_of(buffer, sizeof buffer);
    struct identity_names names;
    char imei[IDENTITY_IMEI_DIGITS];
    identity_imei(42, 12, imei);
    CU_ASSERT_EQUAL(identity_render(&c, &w, &names), 0);
    CU_ASSERT(is(names.client_id, "c-7"));
    CU_ASSERT(is(names.user, "m-7"));
    CU_ASSERT(names.has_user && names.has_password);
    CU_ASSERT_EQUAL(names.password.size, 3 + IDENTITY_IMEI_DIGITS);
    CU_ASSERT_EQUAL(memcmp(names.password.data + 3, imei, sizeof imei), 0);
    for (size_t room = 0; room < bytes_written(&w); room++) {
        struct bytes_writer small = bytes_writer_of(buffer, room);
        CU_ASSERT_EQUAL(identity_render(&c, &small, &names), ERR_TOO_BIG);
    }
    template_free(&who.client_id);
    template_free(&who.user);
    template_free(&who.password);
}

static void an_identity_without_client_id_keeps_the_standard_one(void) {
    struct identity who = {.user = compiled("${device.id}"), .has_user = true};
    struct fleet_group g = {.fleet = "m", .identity = &who};
    struct payload_context c = context(&g);
    uint8_t buffer[100];
    struct bytes_writer w = bytes_writer_of(buffer, sizeof buffer);
    struct identity_names names;
    CU_ASSERT_EQUAL(identity_render(&c, &w, &names), 0);
    CU_ASSERT(is(names.client_id, "muster-a1b2-m-7"));
    CU_ASSERT(names.has_user);
    CU_ASSERT_FALSE(names.has_password);
    template_free(&who.user);
}

static void an_unknown_secret_is_not_replaced_by_nothing(void) {
    struct identity who = {.password = compiled("hmac(${secret.UNKNOWN}, ${device.id})"), .has_password = true};
    struct fleet_group g = {.fleet = "m", .identity = &who};
    struct payload_context c = context(&g);
    uint8_t buffer[200];
    struct bytes_writer w = bytes_writer_of(buffer, sizeof buffer);
    struct identity_names names;
    CU_ASSERT_EQUAL(identity_render(&c, &w, &names), ERR_NOT_FOUND);
    template_free(&who.password);
}

static void a_shared_key_and_its_name_are_rendered_for_the_device(void) {
    struct identity who = {
        .has_psk = true, .psk_id = compiled("meter-${device.id}"), .psk_key = compiled("hmac(k, ${device.id})")};
    struct fleet_group g = {.fleet = "m", .identity = &who};
    struct payload_context c = context(&g);
    uint8_t buffer[200];
    struct bytes_writer w = bytes_writer_of(buffer, sizeof buffer);
    struct bytes name, key;
    CU_ASSERT_EQUAL(identity_shared_key(&c, &w, &name, &key), 0);
    CU_ASSERT(is(name, "meter-m-7"));
    CU_ASSERT_EQUAL(key.size, 64); /* hexadecimal */
    template_free(&who.psk_id);
    template_free(&who.psk_key);
}

static void luhn_gives_known_answers(void) {
    CU_ASSERT_EQUAL(identity_luhn("7992739871", 10), '3');
    CU_ASSERT_EQUAL(identity_luhn("49015420323751", 14), '8');
    CU_ASSERT_EQUAL(identity_luhn("0", 1), '0');
    CU_ASSERT_EQUAL(identity_luhn("5", 1), '9');
    CU_ASSERT_EQUAL(identity_luhn("4", 1), '2');
}

static int compare(const void *a, const void *b) {
    return memcmp(a, b, IDENTITY_IMEI_DIGITS);
}

static void imeis_are_well_formed_and_never_shared(void) {
    enum { N = 200000 };
    char(*all)[IDENTITY_IMEI_DIGITS] = malloc(N * sizeof *all);
    CU_ASSERT_PTR_NOT_NULL_FATAL(all);
    for (uint32_t device = 0; device < N; device++) {
        identity_imei(42, device, all[device]);
        unsigned digits = 0;
        for (unsigned i = 0; i < IDENTITY_IMEI_DIGITS; i++)
            digits += all[device][i] >= '0' && all[device][i] <= '9';
        if (memcmp(all[device], "001", 3) != 0 || digits < IDENTITY_IMEI_DIGITS ||
            all[device][14] != identity_luhn(all[device], 14))
            CU_FAIL("not an IMEI");
    }
    char other[IDENTITY_IMEI_DIGITS];
    identity_imei(43, 0, other);
    CU_ASSERT_NOT_EQUAL(memcmp(other, all[0], sizeof other), 0);
    qsort(all, N, sizeof *all, compare);
    for (uint32_t i = 1; i < N; i++)
        if (memcmp(all[i - 1], all[i], sizeof *all) == 0)
            CU_FAIL("two devices with one IMEI");
    free(all);
}

HARNESS_MAIN("identity", HARNESS_CASE(without_identity_there_is_a_client_id_and_nothing_else),
             HARNESS_CASE(an_identity_renders_all_its_names),
             HARNESS_CASE(an_identity_without_client_id_keeps_the_standard_one),
             HARNESS_CASE(an_unknown_secret_is_not_replaced_by_nothing),
             HARNESS_CASE(a_shared_key_and_its_name_are_rendered_for_the_device),
             HARNESS_CASE(luhn_gives_known_answers), HARNESS_CASE(imeis_are_well_formed_and_never_shared))
