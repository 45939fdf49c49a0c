#include <string.h>

#include "coap/coap_echo.h"
#include "harness.h"

static const struct bytes key = {(const uint8_t *)"secret", 6}, here = {(const uint8_t *)"\x7f\x01\x02\x03\x16\x33", 6},
                          there = {(const uint8_t *)"\x7f\x01\x02\x03\x16\x34", 6};

/* [COAP-9175-2.3-1] */
static void values_are_fresh_for_their_time_and_address(void) {
    uint8_t value[COAP_ECHO_OURS];
    struct bytes v = {value, sizeof value};
    coap_echo_make(key, here, 100 * SPAN_S, value);
    CU_ASSERT(coap_echo_is_fresh(key, here, 100 * SPAN_S, SPAN_S, v));
    CU_ASSERT(coap_echo_is_fresh(key, here, 101 * SPAN_S, SPAN_S, v));
    CU_ASSERT(!coap_echo_is_fresh(key, here, 101 * SPAN_S + 1, SPAN_S, v));
    CU_ASSERT(!coap_echo_is_fresh(key, here, 99 * SPAN_S, SPAN_S, v)); /* not from the future */
    CU_ASSERT(!coap_echo_is_fresh(key, there, 100 * SPAN_S, SPAN_S, v));
    CU_ASSERT(!coap_echo_is_fresh(bytes_of("other", 5), here, 100 * SPAN_S, SPAN_S, v));
    for (unsigned bit = 0; bit < 8 * COAP_ECHO_OURS; bit++) {
        value[bit / 8] ^= (uint8_t)(1 << bit % 8);
        CU_ASSERT(!coap_echo_is_fresh(key, here, 100 * SPAN_S, SPAN_DAY, v));
        value[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    for (size_t cut = 0; cut < sizeof value; cut++)
        CU_ASSERT(!coap_echo_is_fresh(key, here, 100 * SPAN_S, SPAN_S, bytes_of(value, cut)));
    coap_echo_make(key, here, -5 * SPAN_S, value); /* before t = 0 */
    CU_ASSERT(coap_echo_is_fresh(key, here, -4 * SPAN_S, SPAN_S, v));
}

static bool learned(struct coap_echo *e, uint8_t code, size_t size) {
    static const uint8_t text[COAP_ECHO_MAX + 1] = "an Echo value that is forty bytes long..";
    static uint8_t room[128];
    struct coap_option option = {COAP_ECHO, bytes_of(text, size)};
    struct coap_message m = {.type = COAP_ACK, .code = code, .list = &option, .count = 1}, out;
    struct bytes_writer w = bytes_writer_of(room, sizeof room);
    struct coap_fault fault;
    size_t consumed;
    CU_ASSERT_EQUAL_FATAL(coap_codec_encode(&w, &m, COAP_UDP), 0);
    CU_ASSERT_EQUAL_FATAL(coap_codec_decode(bytes_of(room, bytes_written(&w)), COAP_UDP, 0, &out, &consumed, &fault),
                          0);
    return coap_echo_learn(e, &out);
}

static void clients_return_what_they_were_given(void) {
    struct coap_echo e = {0};
    CU_ASSERT(!learned(&e, COAP_UNAUTHORIZED, 0)); /* of illegal length: as if it were not there */
    CU_ASSERT(!learned(&e, COAP_UNAUTHORIZED, COAP_ECHO_MAX + 1));
    CU_ASSERT_EQUAL(e.size, 0);
    CU_ASSERT(learned(&e, COAP_UNAUTHORIZED, 5));
    CU_ASSERT(e.size == 5 && memcmp(e.value, "an Ec", 5) == 0);
    CU_ASSERT(!learned(&e, COAP_CONTENT, COAP_ECHO_MAX)); /* for the next request; this one is answered */
    CU_ASSERT_EQUAL(e.size, COAP_ECHO_MAX);
}

HARNESS_MAIN("coap_echo", HARNESS_CASE(values_are_fresh_for_their_time_and_address),
             HARNESS_CASE(clients_return_what_they_were_given))
