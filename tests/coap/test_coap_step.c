#include "base/err.h"
#include "coap/coap_step.h"
#include "harness.h"

static void datagrams_keep_their_ends(void) {
    static struct coap_step s;
    uint8_t out[20];
    s.out = bytes_writer_of(out, sizeof out);
    coap_step_begin(&s, 5);
    struct coap_message reset = {.type = COAP_RST, .id = 1},
                        bad = {.code = COAP_GET, .token = bytes_of("123456789", 9)};
    CU_ASSERT_EQUAL(coap_step_send(&s, &reset), 0);
    CU_ASSERT_EQUAL(coap_step_send(&s, &bad), ERR_INVALID);
    CU_ASSERT_EQUAL(coap_step_send_bytes(&s, bytes_of("abcdef", 6)), 0);
    CU_ASSERT_EQUAL(s.datagrams, 2);
    CU_ASSERT(bytes_equal(coap_step_datagram(&s, 0), bytes_of("\x70\x00\x00\x01", 4)));
    CU_ASSERT(bytes_equal(coap_step_datagram(&s, 1), bytes_of("abcdef", 6)));
    /* no room: nothing is written */
    CU_ASSERT_EQUAL(coap_step_send_bytes(&s, bytes_of("0123456789a", 11)), ERR_AGAIN);
    CU_ASSERT_EQUAL(s.datagrams, 2);
    CU_ASSERT_EQUAL(coap_step_send_bytes(&s, bytes_of("0123456789", 10)), 0);
    CU_ASSERT_EQUAL(coap_step_send(&s, &reset), ERR_AGAIN);
    coap_step_begin(&s, 6);
    CU_ASSERT_EQUAL(s.datagrams, 0);
    CU_ASSERT_EQUAL(s.now, 6);
    CU_ASSERT_EQUAL(bytes_written(&s.out), 0);
}

static void a_step_has_so_many_datagrams_and_events(void) {
    static struct coap_step s;
    uint8_t out[4 * COAP_STEP_DATAGRAMS_MAX + 4];
    struct coap_message reset = {.type = COAP_RST, .id = 1};
    s.out = bytes_writer_of(out, sizeof out);
    coap_step_begin(&s, 0);
    for (unsigned n = 0; n < COAP_STEP_DATAGRAMS_MAX; n++)
        CU_ASSERT_EQUAL(coap_step_send(&s, &reset), 0);
    CU_ASSERT_EQUAL(coap_step_send(&s, &reset), ERR_AGAIN);
    CU_ASSERT_EQUAL(coap_step_send_bytes(&s, bytes_of("a", 1)), ERR_AGAIN);
    for (unsigned n = COAP_STEP_EVENTS_MAX; n > 0; n--) {
        CU_ASSERT_EQUAL(coap_step_room(&s), n);
        CU_ASSERT_EQUAL(coap_step_event(&s, COAP_EVENT_LATE)->kind, COAP_EVENT_LATE);
    }
    CU_ASSERT_EQUAL(coap_step_room(&s), 0);
}

HARNESS_MAIN("coap_step", HARNESS_CASE(datagrams_keep_their_ends),
             HARNESS_CASE(a_step_has_so_many_datagrams_and_events))
