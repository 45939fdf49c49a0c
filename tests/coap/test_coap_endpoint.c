#include "base/draw.h"
#include "bed.h"
#include "goodness.h"

static void a_request_has_id_and_token(void) {
    struct bed b;
    bed_begin(&b);
    CU_ASSERT_EQUAL(bed_request(&b, COAP_GET, true, false), 0);
    CU_ASSERT(bed_wrote(&b, "44 01 00 01 00 00 00 01 B1 'a'"));
    bed_feed(&b, "64 45 00 01 00 00 00 01 FF 'x'");
    CU_ASSERT(bed_told(&b, "R"));
    CU_ASSERT_EQUAL(bed_event(&b, 0)->op.n, 1);
    CU_ASSERT_EQUAL(bed_event(&b, 0)->message.code, COAP_CONTENT);
    CU_ASSERT(!bed_event(&b, 0)->more);
    CU_ASSERT_EQUAL(pool_in_use(b.pool), 0); /* a device at rest keeps nothing */
    CU_ASSERT_EQUAL(bed_request(&b, COAP_FETCH, false, false), 0);
    CU_ASSERT(bed_wrote(&b, "54 05 00 02 00 00 00 02 B1 'a'"));
    CU_ASSERT_EQUAL(bed_request(&b, COAP_CONTENT, true, false), ERR_INVALID);
    bed_end(&b);
}

static void ids_and_tokens_begin_by_device_and_seed(void) {
    uint32_t beginnings[3];
    for (unsigned i = 0; i < 3; i++) {
        struct bed b;
        bed_begin(&b);
        b.endpoint.started = false;
        b.step.device = i == 1 ? 8 : 7; /* the third is the first again */
        CU_ASSERT_EQUAL(bed_request(&b, COAP_GET, true, false), 0);
        struct bytes d = coap_step_datagram(&b.step, 0);
        beginnings[i] = (uint32_t)d.data[2] << 24 | (uint32_t)d.data[3] << 16 | (uint32_t)d.data[6] << 8 | d.data[7];
        bed_end(&b);
    }
    CU_ASSERT_EQUAL(beginnings[0], beginnings[2]);
    CU_ASSERT_NOT_EQUAL(beginnings[0], beginnings[1]);
}

/* RFC 7252 section 4.7. */
static void nstart_limits_what_is_outstanding(void) {
    struct bed b;
    bed_begin(&b);
    CU_ASSERT_EQUAL(bed_request(&b, COAP_GET, true, false), 0);
    CU_ASSERT_EQUAL(bed_request(&b, COAP_GET, true, false), ERR_AGAIN);
    CU_ASSERT_EQUAL(bed_request(&b, COAP_GET, false, false), ERR_AGAIN);
    CU_ASSERT_EQUAL(coap_endpoint_ready(&b.endpoint, &b.config, 0, true), INSTANT_NEVER);
    struct op op = {0};
    CU_ASSERT_EQUAL(coap_endpoint_ping(&b.endpoint, &b.config, &b.step, &op), ERR_AGAIN);
    CU_ASSERT_EQUAL(b.step.datagrams, 1);
    /* an acknowledgement is enough: the response may take its time */
    bed_feed(&b, "60 00 00 01");
    CU_ASSERT_EQUAL(coap_endpoint_ready(&b.endpoint, &b.config, 0, true), 0);
    CU_ASSERT_EQUAL(bed_request(&b, COAP_GET, true, false), 0);
    b.config.timing.nstart = 3;
    CU_ASSERT_EQUAL(bed_request(&b, COAP_GET, true, false), 0);
    CU_ASSERT_EQUAL(bed_request(&b, COAP_GET, true, false), 0);
    CU_ASSERT_EQUAL(bed_request(&b, COAP_GET, true, false), ERR_AGAIN);
    bed_end(&b);
}

static void probing_rate_limits_what_a_silent_peer_is_sent(void) {
    struct bed b;
    bed_begin(&b);
    b.config.timing.nstart = 9;
    CU_ASSERT_EQUAL(bed_request(&b, COAP_POST, false, false), 0); /* 10 bytes at 1 byte per second */
    CU_ASSERT_EQUAL(bed_request(&b, COAP_POST, false, false), ERR_AGAIN);
    CU_ASSERT_EQUAL(coap_endpoint_ready(&b.endpoint, &b.config, 0, false), 10 * SPAN_S);
    CU_ASSERT_EQUAL(coap_endpoint_ready(&b.endpoint, &b.config, 0, true), 0);
    bed_at(&b, 10 * SPAN_S);
    CU_ASSERT_EQUAL(bed_request(&b, COAP_POST, false, false), 0);
    CU_ASSERT_EQUAL(bed_request(&b, COAP_POST, false, false), ERR_AGAIN);
    bed_feed(&b, "54 44 12 34 00 00 00 02"); /* whoever answers is not silent */
    CU_ASSERT(bed_told(&b, "R"));
    CU_ASSERT_EQUAL(bed_request(&b, COAP_POST, false, false), 0);
    b.config.timing.probing_rate = 0;
    bed_feed(&b, "40 00 00 09");
    CU_ASSERT_EQUAL(bed_request(&b, COAP_POST, false, false), 0);
    CU_ASSERT_EQUAL(bed_request(&b, COAP_POST, false, false), 0);
    bed_end(&b);
}

static void a_request_that_wants_no_answer_ends_at_once(void) {
    struct bed b;
    bed_begin(&b);
    b.config.timing.probing_rate = 0;
    struct coap_sending request = {.code = COAP_POST, .unanswered = true};
    struct op op = {.n = 5};
    CU_ASSERT_EQUAL(coap_endpoint_request(&b.endpoint, &b.config, &b.step, &request, &op), 0);
    CU_ASSERT(bed_told(&b, "E"));
    CU_ASSERT_EQUAL(bed_event(&b, 0)->outcome, OP_OK);
    CU_ASSERT_EQUAL(pool_in_use(b.pool), 0);
    CU_ASSERT_EQUAL(coap_endpoint_request(&b.endpoint, &b.config, &b.step, &request, &op), 0);
    bed_end(&b);
}

static void tokens_in_use_are_not_chosen_again(void) {
    struct bed b;
    bed_begin(&b);
    b.config.timing.nstart = 200;
    b.config.token_size = 0;
    CU_ASSERT_EQUAL(bed_request(&b, COAP_GET, true, false), 0);
    CU_ASSERT(bed_wrote(&b, "40 01 00 01 B1 'a'"));
    CU_ASSERT_EQUAL(bed_request(&b, COAP_GET, true, false), ERR_AGAIN);
    b.config.token_size = 1;
    b.endpoint.token = 254;
    CU_ASSERT_EQUAL(bed_request(&b, COAP_GET, true, false), 0); /* FF */
    b.endpoint.token = 254;
    bed_at(&b, 0);
    CU_ASSERT_EQUAL(bed_request(&b, COAP_GET, true, false), 0);
    CU_ASSERT(bed_wrote(&b, "41 01 00 03 00 B1 'a'"));
    bed_end(&b);
}

static void what_waits_is_bounded(void) {
    struct bed b;
    bed_begin(&b);
    b.config.timing.nstart = 255;
    for (unsigned n = 0; n < COAP_EXCHANGES_MAX; n++) {
        bed_at(&b, 0);
        CU_ASSERT_EQUAL(bed_request(&b, COAP_GET, true, false), 0);
    }
    bed_at(&b, 0);
    CU_ASSERT_EQUAL(bed_request(&b, COAP_GET, true, false), ERR_AGAIN);
    CU_ASSERT_EQUAL(b.step.datagrams, 0);
    bed_end(&b);
}

static void message_ids_are_not_reused_within_a_lifetime(void) {
    struct bed b;
    bed_begin(&b);
    struct coap_sending response = {.code = COAP_CONTENT, .token = bytes_of("t", 1)};
    unsigned sent = 0;
    for (unsigned n = 0; n < 70000; n++) {
        bed_at(&b, 0);
        sent += coap_endpoint_respond(&b.endpoint, &b.config, &b.step, &response, NULL, NULL) == 0;
    }
    CU_ASSERT_EQUAL(sent, COAP_MESSAGES_PER_WINDOW);
    bed_at(&b, 247 * SPAN_S);
    CU_ASSERT_EQUAL(coap_endpoint_respond(&b.endpoint, &b.config, &b.step, &response, NULL, NULL), 0);
    bed_end(&b);
}

static void failures_leave_nothing_behind(void) {
    struct bed b;
    bed_begin(&b);
    b.step.out.end = b.step.out.start + 9; /* one byte too few */
    CU_ASSERT_EQUAL(bed_request(&b, COAP_GET, true, false), ERR_AGAIN);
    CU_ASSERT_EQUAL(b.step.datagrams, 0);
    CU_ASSERT_EQUAL(pool_in_use(b.pool), 0);
    b.step.out.end = b.out + sizeof b.out;
    struct coap_sending bad = {.code = COAP_GET, .confirmable = true, .token = bytes_of("123456789", 9)};
    struct op op = {0};
    CU_ASSERT_EQUAL(coap_endpoint_request(&b.endpoint, &b.config, &b.step, &bad, &op), ERR_INVALID);
    CU_ASSERT_EQUAL(pool_in_use(b.pool), 0);
    struct pool *full = pool_new(1), *whole = b.pool;
    b.step.pool = full;
    CU_ASSERT_EQUAL(bed_request(&b, COAP_GET, true, false), ERR_NO_MEMORY);
    CU_ASSERT_EQUAL(b.step.datagrams, 0);
    /* requests of the peer are served without memory too, only their copies are not known */
    bed_feed(&b, "40 01 00 05");
    CU_ASSERT(bed_told(&b, "Q"));
    struct coap_message response = {.code = COAP_CONTENT};
    CU_ASSERT_EQUAL(coap_endpoint_reply(&b.endpoint, &b.config, &b.step, &bed_event(&b, 0)->message, &response), 0);
    CU_ASSERT(bed_wrote(&b, "60 45 00 05"));
    b.step.pool = whole;
    pool_free(full);
    bed_end(&b);
}

static void a_ping_is_answered_by_reset(void) {
    struct bed b;
    bed_begin(&b);
    struct op op = {.n = 3};
    CU_ASSERT_EQUAL(coap_endpoint_ping(&b.endpoint, &b.config, &b.step, &op), 0);
    CU_ASSERT(bed_wrote(&b, "40 00 00 01"));
    bed_feed(&b, "70 00 00 01");
    CU_ASSERT(bed_told(&b, "E"));
    CU_ASSERT_EQUAL(bed_event(&b, 0)->outcome, OP_OK);
    CU_ASSERT_EQUAL(bed_event(&b, 0)->op.n, 3);
    bed_end(&b);
}

static void replies_ride_in_the_acknowledgement_or_come_on_their_own(void) {
    struct bed b;
    bed_begin(&b);
    struct coap_message response = {.code = COAP_CONTENT, .payload = bytes_of("v", 1)}, later = {.code = COAP_EMPTY};
    bed_feed(&b, "42 01 12 34 'to' B1 'x'");
    CU_ASSERT(bed_told(&b, "Q"));
    coap_endpoint_reply(&b.endpoint, &b.config, &b.step, &bed_event(&b, 0)->message, &response);
    CU_ASSERT(bed_wrote(&b, "62 45 12 34 'to' FF 'v'"));
    bed_feed(&b, "52 01 12 35 'to' B1 'x'"); /* [COAP-7252-5.2.3-1] */
    coap_endpoint_reply(&b.endpoint, &b.config, &b.step, &bed_event(&b, 0)->message, &response);
    CU_ASSERT(bed_wrote(&b, "52 45 00 01 'to' FF 'v'"));
    bed_feed(&b, "42 01 12 36 'tt' B1 'x'");
    coap_endpoint_reply(&b.endpoint, &b.config, &b.step, &bed_event(&b, 0)->message, &later);
    CU_ASSERT(bed_wrote(&b, "60 00 12 36"));
    bed_at(&b, SPAN_S);
    struct coap_sending separate = {
        .code = COAP_CONTENT, .confirmable = true, .token = bytes_of("tt", 2), .payload = bytes_of("v", 1)};
    struct op op = {.n = 8};
    uint16_t id = 0;
    CU_ASSERT_EQUAL(coap_endpoint_respond(&b.endpoint, &b.config, &b.step, &separate, &op, &id), 0);
    CU_ASSERT(bed_wrote(&b, "42 45 00 02 'tt' FF 'v'")); /* [COAP-7252-5.2.2-4] */
    CU_ASSERT_EQUAL(id, 2);
    bed_feed(&b, "60 00 00 02");
    CU_ASSERT(bed_told(&b, "E"));
    CU_ASSERT_EQUAL(bed_event(&b, 0)->outcome, OP_OK);
    CU_ASSERT_EQUAL(coap_endpoint_next_deadline(&b.endpoint), INSTANT_NEVER);
    bed_end(&b);
}

/* Both ends over a network that loses `loss` of 1000 datagrams each way; the client's sendings per exchange are counted. */
static void run_lossy(unsigned loss, unsigned exchanges, unsigned *sendings, unsigned *given_up, unsigned *served) {
    static struct bed client, server;
    bed_begin(&client);
    bed_begin(&server);
    uint64_t datagrams = 0;
    for (unsigned n = 0; n < exchanges; n++) {
        bed_at(&client, client.step.now + 300 * SPAN_S);
        client.step.device = n;
        CU_ASSERT_EQUAL(bed_request(&client, COAP_POST, true, false), 0);
        for (unsigned sent = 1;; sent++) {
            bool answered = false;
            if (client.step.datagrams > 0 && draw_below(draw_u64(3, 0, 1, datagrams++), 1000) >= loss) {
                bed_at(&server, client.step.now);
                coap_endpoint_input(&server.endpoint, &server.config, &server.step,
                                    coap_step_datagram(&client.step, 0));
                if (server.step.events[0].kind == COAP_EVENT_REQUEST) {
                    struct coap_message response = {.code = COAP_CHANGED};
                    coap_endpoint_reply(&server.endpoint, &server.config, &server.step, &server.step.events[0].message,
                                        &response);
                    ++*served;
                }
                CU_ASSERT_EQUAL_FATAL(server.step.datagrams, 1);
                if (draw_below(draw_u64(3, 0, 1, datagrams++), 1000) >= loss) {
                    bed_at(&client, client.step.now + 50 * SPAN_MS);
                    coap_endpoint_input(&client.endpoint, &client.config, &client.step,
                                        coap_step_datagram(&server.step, 0));
                    answered = bed_told(&client, "R");
                    CU_ASSERT(answered);
                }
            }
            if (answered) {
                sendings[sent - 1]++;
                break;
            }
            bed_due(&client, coap_endpoint_next_deadline(&client.endpoint));
            if (client.step.events[0].kind == COAP_EVENT_END) {
                CU_ASSERT_EQUAL(client.step.events[0].outcome, OP_TIMEOUT);
                ++*given_up;
                break;
            }
        }
    }
    bed_end(&client);
    bed_end(&server);
}

/* With independent losses the number of sendings is geometric, and what five sendings cannot bring is given up. No request is carried out
 * twice, though most are repeated ([COAP-7252-4.5-2]). */
static void retransmission_shares_are_those_of_the_losses(void) {
    enum { N = 4000, SENDINGS = 5 };
    static const unsigned losses[] = {20, 100, 300};
    for (unsigned i = 0; i < COUNT_OF(losses); i++) {
        unsigned seen[SENDINGS + 1] = {0}, served = 0;
        run_lossy(losses[i], N, seen, &seen[SENDINGS], &served);
        double once = (1 - losses[i] / 1000.0) * (1 - losses[i] / 1000.0), left = 1;
        for (unsigned n = 0; n <= SENDINGS; n++) {
            double share = n < SENDINGS ? left * once : left;
            CU_ASSERT_TRUE(goodness_share(seen[n], N, share));
            left -= left * once;
        }
        CU_ASSERT(served <= N && served >= N - seen[SENDINGS]);
    }
}

HARNESS_MAIN("coap_endpoint", HARNESS_CASE(a_request_has_id_and_token),
             HARNESS_CASE(ids_and_tokens_begin_by_device_and_seed), HARNESS_CASE(nstart_limits_what_is_outstanding),
             HARNESS_CASE(probing_rate_limits_what_a_silent_peer_is_sent),
             HARNESS_CASE(a_request_that_wants_no_answer_ends_at_once),
             HARNESS_CASE(tokens_in_use_are_not_chosen_again), HARNESS_CASE(what_waits_is_bounded),
             HARNESS_CASE(message_ids_are_not_reused_within_a_lifetime), HARNESS_CASE(failures_leave_nothing_behind),
             HARNESS_CASE(a_ping_is_answered_by_reset),
             HARNESS_CASE(replies_ride_in_the_acknowledgement_or_come_on_their_own),
             HARNESS_CASE(retransmission_shares_are_those_of_the_losses))
