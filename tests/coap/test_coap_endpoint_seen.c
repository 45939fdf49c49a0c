#include "bed.h"
#include "coap/coap_endpoint_state.h"

static void serve(struct bed *b, uint8_t code) {
    struct coap_message response = {.code = code};
    CU_ASSERT(bed_told(b, "Q"));
    CU_ASSERT_EQUAL(coap_endpoint_reply(&b->endpoint, &b->config, &b->step, &bed_event(b, 0)->message, &response), 0);
}

/* [COAP-7252-4.5-1] [COAP-7252-4.5-2]: the same answer, the work done once, for 247 s. */
static void copies_get_the_same_answer(void) {
    struct bed b;
    bed_begin(&b);
    bed_feed(&b, "41 02 00 63 't' FF 'v'");
    serve(&b, COAP_CHANGED);
    for (unsigned n = 0; n < 3; n++) {
        bed_feed(&b, "41 02 00 63 't' FF 'v'");
        CU_ASSERT(bed_told(&b, "D"));
        CU_ASSERT(bed_wrote(&b, "61 44 00 63 't'"));
    }
    bed_at(&b, 247 * SPAN_S - 1);
    bed_feed(&b, "41 02 00 63 't' FF 'v'");
    CU_ASSERT(bed_told(&b, "D"));
    bed_at(&b, 247 * SPAN_S);
    bed_feed(&b, "41 02 00 63 't' FF 'v'");
    CU_ASSERT(bed_told(&b, "Q"));
    bed_end(&b);
}

/* [COAP-7252-4.5-3] */
static void copies_of_non_confirmable_requests_are_ignored(void) {
    struct bed b;
    bed_begin(&b);
    bed_feed(&b, "51 02 00 63 't'");
    serve(&b, COAP_CHANGED);
    bed_at(&b, 145 * SPAN_S - 1);
    bed_feed(&b, "51 02 00 63 't'");
    CU_ASSERT(bed_told(&b, "D") && bed_wrote(&b, ""));
    bed_at(&b, 145 * SPAN_S);
    bed_feed(&b, "51 02 00 63 't'");
    CU_ASSERT(bed_told(&b, "Q"));
    bed_end(&b);
}

/* [COAP-7252-5.2.2-2] */
static void a_deferred_request_is_acknowledged_again(void) {
    struct bed b;
    bed_begin(&b);
    bed_feed(&b, "41 01 00 63 't'");
    serve(&b, COAP_EMPTY);
    bed_feed(&b, "41 01 00 63 't'");
    CU_ASSERT(bed_told(&b, "D"));
    CU_ASSERT(bed_wrote(&b, "60 00 00 63"));
    bed_end(&b);
}

static void separate_responses_are_acknowledged_again(void) {
    struct bed b;
    bed_begin(&b);
    CU_ASSERT_EQUAL(bed_request(&b, COAP_GET, true, false), 0);
    bed_feed(&b, "44 45 00 63 00 00 00 01");
    CU_ASSERT(bed_told(&b, "R") && bed_wrote(&b, "60 00 00 63"));
    bed_feed(&b, "44 45 00 63 00 00 00 01");
    CU_ASSERT(bed_told(&b, "D") && bed_wrote(&b, "60 00 00 63"));
    bed_feed(&b, "44 45 00 64 00 00 00 01"); /* another message: nobody waits any more */
    CU_ASSERT(bed_told(&b, "L") && bed_wrote(&b, "70 00 00 64"));
    bed_feed(&b, "44 45 00 64 00 00 00 01");
    CU_ASSERT(bed_told(&b, "D") && bed_wrote(&b, "70 00 00 64"));
    bed_end(&b);
}

static void the_oldest_is_forgotten_first(void) {
    struct bed b;
    bed_begin(&b);
    char text[32];
    for (unsigned id = 1; id <= COAP_SEEN_MAX + 1; id++) {
        snprintf(text, sizeof text, "40 01 00 %02X", id);
        bed_feed(&b, text);
        serve(&b, COAP_CONTENT);
    }
    CU_ASSERT_EQUAL(b.endpoint.seen_count, COAP_SEEN_MAX);
    bed_feed(&b, "40 01 00 02");
    CU_ASSERT(bed_told(&b, "D"));
    bed_feed(&b, "40 01 00 01");
    CU_ASSERT(bed_told(&b, "Q"));
    bed_end(&b);
}

HARNESS_MAIN("coap_endpoint_seen", HARNESS_CASE(copies_get_the_same_answer),
             HARNESS_CASE(copies_of_non_confirmable_requests_are_ignored),
             HARNESS_CASE(a_deferred_request_is_acknowledged_again),
             HARNESS_CASE(separate_responses_are_acknowledged_again), HARNESS_CASE(the_oldest_is_forgotten_first))
