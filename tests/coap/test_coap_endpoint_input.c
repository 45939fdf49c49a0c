#include "bed.h"

/* What an endpoint without anything outstanding makes of a datagram. */
static const struct {
    const char *rule, *datagram, *told, *wrote, *statement;
} arrivals[] = {
    {"[COAP-7252-3-7] two bytes", "40 01", "V", "", "COAP-7252-3-7"},
    {"[COAP-7252-3-2] another version", "80 01 00 01", "V", "", "COAP-7252-3-2"},
    {"[COAP-7252-3-3] token length 9, CON", "49 01 00 01 '123456789'", "V", "70 00 00 01", "COAP-7252-3-3"},
    {"[COAP-7252-4.3-5] token length 9, NON", "59 01 00 01 '123456789'", "V", "", "COAP-7252-3-3"},
    {"[COAP-7252-4.2-8] token length 9, ACK", "69 45 00 01 '123456789'", "V", "", "COAP-7252-3-3"},
    {"[COAP-7252-4.2-9] a Reset with bytes", "70 00 00 01 FF 'a'", "V", "", "COAP-7252-4.1-2"},
    {"[COAP-7252-4.2-6] an option past the end", "40 01 00 01 B5 'a'", "V", "70 00 00 01", "COAP-7252-3.1-5"},
    {"[COAP-7252-4.2-4] class 7 over UDP", "40 E1 00 01", "V", "70 00 00 01", "COAP-7252-4.2-4"},
    {"[COAP-7252-4.3-2] NON Empty", "50 00 00 01", "V", "", "COAP-7252-4.3-2"},
    {"[COAP-7252-4.2-3] ping", "40 00 12 34", "", "70 00 12 34", NULL},
    {"[COAP-7252-4.2-5] a response nobody asked for", "41 45 00 01 'x'", "L", "70 00 00 01", NULL},
    {"[COAP-7252-4.3-4] the same, NON", "51 45 00 01 'x'", "L", "", NULL},
    {"a notification nobody wants", "51 45 00 01 'x' 61 05", "L", "70 00 00 01", NULL},
    {"an acknowledgement of nothing", "60 00 00 01", "L", "", NULL},
    {"a piggybacked response to nothing", "61 45 00 01 'x'", "L", "", NULL},
    {"a Reset of nothing", "70 00 00 01", "L", "", NULL},
    {"[COAP-7252-5.4.1-4] an unknown critical option, NON", "50 01 00 01 90", "V", "", "COAP-7252-5.4.1-2"},
    {"[COAP-7252-5.4.1-2] an unknown critical option, CON", "41 01 00 01 't' 90", "V",
     "61 82 00 01 't' FF 'an unknown critical option: 9'", "COAP-7252-5.4.1-2"},
    {"[COAP-7959-2.2-2] size exponent 7", "40 01 00 01 D1 0A 07", "V",
     "60 80 00 01 FF 'size exponent 7 in a request: 23'", "COAP-7959-2.2-2"},
    {"a request", "40 01 00 01", "Q", "", NULL},
    {"an unassigned method is a request", "40 1F 00 01", "Q", "", NULL},
};

static void datagrams_are_taken_as_they_are(void) {
    for (unsigned i = 0; i < COUNT_OF(arrivals); i++) {
        struct bed b;
        bed_begin(&b);
        bed_feed(&b, arrivals[i].datagram);
        bool ok = bed_told(&b, arrivals[i].told) && bed_wrote(&b, arrivals[i].wrote) &&
                  (!arrivals[i].statement || (strcmp(bed_event(&b, 0)->fault.statement, arrivals[i].statement) == 0 &&
                                              bed_event(&b, 0)->packet.size > 0));
        CU_ASSERT(ok);
        if (!ok)
            vector_blame(arrivals[i].rule, "taken otherwise");
        bed_end(&b);
    }
}

/* The same with a request outstanding, "44 01 00 01 00 00 00 01 B1 'a'"; afterwards it waits on ('w') or not. */
static const struct {
    const char *rule, *datagram, *told, *wrote;
    bool waits;
} answers[] = {
    {"piggybacked", "64 45 00 01 00 00 00 01", "R", "", false},
    {"an error is an answer", "64 84 00 01 00 00 00 01", "R", "", false},
    {"a class that is not assigned is one too", "64 60 00 01 00 00 00 01", "R", "", false},
    {"[COAP-7252-5.3.2-2] another token", "64 45 00 01 00 00 00 02", "V", "", true},
    {"[COAP-7252-5.3.2-2] a shorter token", "63 45 00 01 00 00 00", "V", "", true},
    {"[COAP-7252-4.4-3] another id", "64 45 00 02 00 00 00 01", "L", "", true},
    {"another id, Empty", "60 00 00 02", "L", "", true},
    {"separate, before its acknowledgement", "44 45 99 99 00 00 00 01", "R", "60 00 99 99", false},
    {"separate, non-confirmable", "54 45 99 99 00 00 00 01", "R", "", false},
    {"separate, of another token", "44 45 99 99 00 00 00 02", "L", "70 00 99 99", true},
    {"Reset", "70 00 00 01", "E", "", false},
    {"an unknown critical option, piggybacked", "64 45 00 01 00 00 00 01 90", "VE", "", false},
    {"an unknown critical option, separate", "44 45 99 99 00 00 00 01 90", "VE", "70 00 99 99", false},
    {"what only the server was forbidden", "64 43 00 01 00 00 00 01 FF 'x'", "VR", "", false},
    {"malformed", "64 45 00 01 00 00 00 01 FF", "V", "", true},
    {"a request of the peer meanwhile", "44 01 00 01 00 00 00 01", "Q", "", true},
};

static void responses_find_their_request(void) {
    for (unsigned i = 0; i < COUNT_OF(answers); i++) {
        struct bed b;
        bed_begin(&b);
        CU_ASSERT_EQUAL(bed_request(&b, COAP_GET, true, false), 0);
        bed_feed(&b, answers[i].datagram);
        bool ok = bed_told(&b, answers[i].told) && bed_wrote(&b, answers[i].wrote) &&
                  (b.endpoint.exchange_count == 1) == answers[i].waits;
        CU_ASSERT(ok);
        if (!ok)
            vector_blame(answers[i].rule, "taken otherwise");
        bed_end(&b);
    }
}

static void resets_and_refusals_are_told_apart(void) {
    struct bed b;
    bed_begin(&b);
    CU_ASSERT_EQUAL(bed_request(&b, COAP_GET, true, false), 0);
    bed_feed(&b, "70 00 00 01");
    CU_ASSERT_EQUAL(bed_event(&b, 0)->outcome, OP_REFUSED);
    CU_ASSERT(bed_event(&b, 0)->reset);
    CU_ASSERT_EQUAL(bed_request(&b, COAP_GET, true, false), 0);
    bed_feed(&b, "64 45 00 02 00 00 00 02 90");
    CU_ASSERT_EQUAL(bed_event(&b, 1)->outcome, OP_REFUSED);
    CU_ASSERT(!bed_event(&b, 1)->reset);
    bed_end(&b);
}

/* [COAP-7252-5.2.2-1] */
static void no_response_comes_in_a_second_acknowledgement(void) {
    struct bed b;
    bed_begin(&b);
    CU_ASSERT_EQUAL(bed_request(&b, COAP_GET, true, false), 0);
    bed_feed(&b, "60 00 00 01");
    bed_feed(&b, "60 00 00 01"); /* a copy of the acknowledgement */
    CU_ASSERT(bed_told(&b, "") && bed_wrote(&b, ""));
    bed_feed(&b, "64 45 00 01 00 00 00 01");
    CU_ASSERT(bed_told(&b, "V"));
    CU_ASSERT_STRING_EQUAL(bed_event(&b, 0)->fault.statement, "COAP-7252-5.2.2-1");
    bed_feed(&b, "44 45 00 77 00 00 00 01");
    CU_ASSERT(bed_told(&b, "R") && bed_wrote(&b, "60 00 00 77"));
    bed_end(&b);
}

static void notifications_come_until_one_is_the_last(void) {
    struct bed b;
    bed_begin(&b);
    CU_ASSERT_EQUAL(bed_request(&b, COAP_GET, true, true), 0);
    bed_feed(&b, "64 45 00 01 00 00 00 01 60");
    CU_ASSERT(bed_told(&b, "R"));
    CU_ASSERT(bed_event(&b, 0)->more);
    bed_feed(&b, "44 45 00 50 00 00 00 01 61 01");
    CU_ASSERT(bed_told(&b, "R") && bed_wrote(&b, "60 00 00 50"));
    bed_feed(&b, "54 45 00 51 00 00 00 01 61 02");
    CU_ASSERT(bed_told(&b, "R") && bed_wrote(&b, ""));
    CU_ASSERT(bed_event(&b, 0)->more);
    bed_feed(&b, "54 45 00 51 00 00 00 01 61 02");
    CU_ASSERT(bed_told(&b, "D") && bed_wrote(&b, ""));
    /* what has to be refused ends it too, and says so */
    CU_ASSERT_EQUAL(bed_request(&b, COAP_GET, true, true), 0);
    bed_feed(&b, "64 45 00 02 00 00 00 02 60");
    bed_feed(&b, "44 45 00 58 00 00 00 02 61 01 30");
    CU_ASSERT(bed_told(&b, "VE") && bed_wrote(&b, "70 00 00 58"));
    CU_ASSERT_EQUAL(bed_event(&b, 1)->outcome, OP_REFUSED);
    /* [COAP-7641-4.2-4]: an error is the last */
    bed_feed(&b, "44 84 00 52 00 00 00 01");
    CU_ASSERT(bed_told(&b, "R") && bed_wrote(&b, "60 00 00 52"));
    CU_ASSERT(!bed_event(&b, 0)->more);
    bed_feed(&b, "44 45 00 53 00 00 00 01 61 03");
    CU_ASSERT(bed_told(&b, "L") && bed_wrote(&b, "70 00 00 53"));
    bed_end(&b);
}

/* Every prefix of every datagram above, with a request outstanding: no crash, no second answer, nothing left behind. */
static void truncated_datagrams_do_no_harm(void) {
    static struct vector v;
    for (unsigned i = 0; i < COUNT_OF(answers) + COUNT_OF(arrivals); i++) {
        const char *text = i < COUNT_OF(answers) ? answers[i].datagram : arrivals[i - COUNT_OF(answers)].datagram;
        vector_parse(&v, text);
        for (size_t cut = 0; cut < v.size; cut++) {
            struct bed b;
            bed_begin(&b);
            CU_ASSERT_EQUAL(bed_request(&b, COAP_GET, true, true), 0);
            uint8_t *copy = malloc(cut ? cut : 1); /* exact, so that sanitizers see a byte too far */
            CHECK(copy);
            memcpy(copy, v.data, cut);
            bed_at(&b, 0);
            coap_endpoint_input(&b.endpoint, &b.config, &b.step, bytes_of(copy, cut));
            CU_ASSERT(b.step.datagrams <= 1 && b.step.event_count <= 2);
            free(copy);
            bed_end(&b);
        }
    }
}

HARNESS_MAIN("coap_endpoint_input", HARNESS_CASE(datagrams_are_taken_as_they_are),
             HARNESS_CASE(responses_find_their_request), HARNESS_CASE(resets_and_refusals_are_told_apart),
             HARNESS_CASE(no_response_comes_in_a_second_acknowledgement),
             HARNESS_CASE(notifications_come_until_one_is_the_last), HARNESS_CASE(truncated_datagrams_do_no_harm))
