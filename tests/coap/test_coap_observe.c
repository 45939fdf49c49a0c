#include "coap/coap_observe.h"
#include "harness.h"

enum { LAST = COAP_OBSERVE_MODULUS - 1, HALF = COAP_OBSERVE_MODULUS / 2 };

/* RFC 7641 section 3.4, as its formula has it. */
static void the_fresher_notification_wins(void) {
    static const struct {
        uint32_t first, second;
        span later;
        bool fresher;
    } rows[] = {
        {0, 1, 0, true},
        {1, 0, 0, false},
        {5, 5, 0, false},
        {0, HALF - 1, 0, true},
        {0, HALF, 0, false},
        {0, HALF + 1, 0, false},
        {LAST, 0, 0, true},
        {0, LAST, 0, false},
        {LAST, HALF - 2, 0, true},
        {LAST, HALF - 1, 0, false},
        {HALF + 5, 4, 0, true},
        {9, 3, 128 * SPAN_S, false},
        {9, 3, 128 * SPAN_S + 1, true},
        {9, 9, 200 * SPAN_S, true},
    };
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct coap_freshness f = {0};
        CU_ASSERT(coap_observe_fresher(&f, rows[i].first, SPAN_S)); /* the first is always news */
        CU_ASSERT_EQUAL(coap_observe_fresher(&f, rows[i].second, SPAN_S + rows[i].later), rows[i].fresher);
        CU_ASSERT_EQUAL(f.number, rows[i].fresher ? rows[i].second : rows[i].first);
    }
}

/* Numbers of a server that counts through the wrap are all believed, in order; copies and overtaken ones are not. */
static void counting_survives_the_wrap(void) {
    struct coap_observer o = {.number = LAST - 500};
    struct coap_freshness f = {0};
    uint32_t before = 0;
    for (unsigned n = 0; n < 1000; n++) {
        uint32_t number = coap_observe_number(&o);
        CU_ASSERT(number < COAP_OBSERVE_MODULUS);
        CU_ASSERT(coap_observe_fresher(&f, number, n * SPAN_MS));
        CU_ASSERT(!coap_observe_fresher(&f, number, n * SPAN_MS));
        CU_ASSERT(n == 0 || !coap_observe_fresher(&f, before, n * SPAN_MS));
        before = number;
    }
    CU_ASSERT_EQUAL(o.number, 499);
}

static void a_token_has_one_entry(void) {
    static struct coap_observers o;
    CU_ASSERT_PTR_NOT_NULL(coap_observe_add(&o, bytes_of("a", 1), 1, 0));
    CU_ASSERT_PTR_NOT_NULL(coap_observe_add(&o, bytes_of(NULL, 0), 2, 0));
    CU_ASSERT_PTR_NOT_NULL(coap_observe_add(&o, bytes_of("a", 1), 3, 0));
    CU_ASSERT_EQUAL(o.count, 2);
    CU_ASSERT_EQUAL(o.list[0].resource, 3);
    CU_ASSERT_PTR_NULL(coap_observe_add(&o, bytes_of("123456789", 9), 1, 0));
    CU_ASSERT(coap_observe_remove(&o, bytes_of("a", 1)));
    CU_ASSERT(!coap_observe_remove(&o, bytes_of("a", 1)));
    CU_ASSERT_EQUAL(o.count, 1);
    CU_ASSERT_EQUAL(o.list[0].resource, 2);
    for (uint8_t n = 0; o.count < COAP_OBSERVERS_MAX; n++)
        CU_ASSERT_PTR_NOT_NULL(coap_observe_add(&o, bytes_of(&n, 1), n, 0));
    CU_ASSERT_PTR_NULL(coap_observe_add(&o, bytes_of("new", 3), 1, 0));
    CU_ASSERT_PTR_NOT_NULL(coap_observe_add(&o, bytes_of(NULL, 0), 9, 0));
}

static void a_reset_removes_whom_it_is_for(void) {
    static struct coap_observers o;
    coap_observe_add(&o, bytes_of("a", 1), 1, 0);
    coap_observe_add(&o, bytes_of("b", 1), 2, 0);
    CU_ASSERT(!coap_observe_reset(&o, 0)); /* nobody was notified yet */
    o.list[1].last_id = 77;
    o.list[1].notified = true;
    CU_ASSERT(!coap_observe_reset(&o, 78));
    CU_ASSERT(coap_observe_reset(&o, 77));
    CU_ASSERT_EQUAL(o.count, 1);
    CU_ASSERT_EQUAL(o.list[0].resource, 1);
}

static void a_day_passes_with_a_confirmable_notification(void) {
    static struct coap_observers o;
    struct coap_observer *observer = coap_observe_add(&o, bytes_of("a", 1), 1, SPAN_H);
    CU_ASSERT_PTR_NOT_NULL_FATAL(observer);
    CU_ASSERT(!coap_observe_must_confirm(observer, 25 * SPAN_H - 1));
    CU_ASSERT(coap_observe_must_confirm(observer, 25 * SPAN_H));
}

HARNESS_MAIN("coap_observe", HARNESS_CASE(the_fresher_notification_wins), HARNESS_CASE(counting_survives_the_wrap),
             HARNESS_CASE(a_token_has_one_entry), HARNESS_CASE(a_reset_removes_whom_it_is_for),
             HARNESS_CASE(a_day_passes_with_a_confirmable_notification))
