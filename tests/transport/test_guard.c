#include "transport/guard.h"

#include <arpa/inet.h>

#include "base/check.h"
#include "base/err.h"
#include "harness.h"

static struct address parsed(const char *text) {
    struct address a = {0};
    CU_ASSERT_EQUAL(address_parse(text, 0, &a), 0);
    return a;
}

static bool permits(const struct guard_limits *l, const char *text) {
    struct address a = parsed(text);
    return guard_limits_permit(l, &a);
}

static void allow(struct guard_limits *l, const char *text, uint8_t prefix) {
    struct address a = parsed(text);
    CU_ASSERT_EQUAL(guard_limits_allow(l, &a, prefix), 0);
}

static void only_loopback_is_allowed_without_a_list(void) {
    struct guard_limits l = {0};
    CU_ASSERT(permits(&l, "127.0.0.1:1883"));
    CU_ASSERT(permits(&l, "127.9.9.9:1"));
    CU_ASSERT(permits(&l, "[::1]:1"));
    CU_ASSERT_FALSE(permits(&l, "10.0.0.1:1883"));
    CU_ASSERT_FALSE(permits(&l, "[fd00::1]:1883"));
    CU_ASSERT_FALSE(permits(&l, "0.0.0.0:1883"));
    CU_ASSERT_FALSE(permits(&l, "[::]:1883"));
}

static void a_network_allows_exactly_its_addresses(void) {
    struct guard_limits l = {0};
    allow(&l, "10.20.0.0", 16);
    allow(&l, "192.0.2.7", 32);
    allow(&l, "203.0.113.64", 26);
    allow(&l, "2001:db8:40::", 42);
    static const struct {
        const char *text;
        bool allowed;
    } rows[] = {
        {"10.20.0.0:1", true},      {"10.20.255.255:65535", true}, {"10.21.0.0:1", false},
        {"10.19.255.255:1", false}, {"192.0.2.7:9", true},         {"192.0.2.6:9", false},
        {"203.0.113.64", true},     {"203.0.113.127", true},       {"203.0.113.128", false},
        {"203.0.113.63", false},    {"2001:db8:40::1", true},      {"2001:db8:7f:ffff::1", true},
        {"2001:db8:80::1", false},  {"2001:db8:3f::1", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        CU_ASSERT_EQUAL(permits(&l, rows[i].text), rows[i].allowed);
    guard_limits_free(&l);
    CU_ASSERT_FALSE(permits(&l, "10.20.0.0:1"));
}

static void prefix_zero_allows_one_whole_family(void) {
    struct guard_limits l = {0};
    allow(&l, "0.0.0.0", 0);
    CU_ASSERT(permits(&l, "8.8.8.8:1"));
    CU_ASSERT_FALSE(permits(&l, "[2001:db8::1]:1"));
    guard_limits_free(&l);
}

static void a_mapped_address_does_not_slip_through(void) {
    struct guard_limits l = {0};
    allow(&l, "192.0.2.0", 24);
    struct address a = {.v6 = {.sin6_family = AF_INET6}};
    CU_ASSERT_EQUAL(inet_pton(AF_INET6, "::ffff:192.0.2.9", &a.v6.sin6_addr), 1);
    CU_ASSERT(guard_limits_permit(&l, &a));
    CU_ASSERT_EQUAL(inet_pton(AF_INET6, "::ffff:192.0.3.9", &a.v6.sin6_addr), 1);
    CU_ASSERT_FALSE(guard_limits_permit(&l, &a));
    guard_limits_free(&l);
}

static void a_prefix_longer_than_the_address_is_refused(void) {
    struct guard_limits l = {0};
    struct address v4 = parsed("10.0.0.0"), v6 = parsed("2001:db8::");
    CU_ASSERT_EQUAL(guard_limits_allow(&l, &v4, 33), ERR_INVALID);
    CU_ASSERT_EQUAL(guard_limits_allow(&l, &v6, 129), ERR_INVALID);
    CU_ASSERT_EQUAL(l.allow_count, 0);
    CU_ASSERT_EQUAL(guard_limits_allow(&l, &v6, 128), 0);
    guard_limits_free(&l);
}

static void refusals_are_counted(void) {
    struct guard_limits l = {.max_outstanding_connects = 64};
    struct guard g;
    CU_ASSERT_EQUAL(guard_init(&g, &l, 1, 1), 0);
    struct address near = parsed("127.0.0.1:1"), far = parsed("192.0.2.1:1");
    CU_ASSERT_EQUAL(guard_check(&g, &near), 0);
    CU_ASSERT_EQUAL(guard_check(&g, &far), ERR_DENIED);
    CU_ASSERT_EQUAL(guard_check(&g, &far), ERR_DENIED);
    CU_ASSERT_EQUAL(g.refused, 2);
    guard_free(&g);
}

static void sandboxes_are_known_by_name(void) {
    static const char *const known[] = {"test.mosquitto.org",   "TEST.Mosquitto.ORG", "test.mosquitto.org.",
                                        "broker.hivemq.com",    "broker.emqx.io",     "leshan.eclipseprojects.io",
                                        "eu.test.mosquitto.org"};
    static const char *const unknown[] = {
        "", ".", "mosquitto.org", "mytest.mosquitto.org", "localhost", "test.mosquitto.org.example", "hivemq.com"};
    for (size_t i = 0; i < COUNT_OF(known); i++)
        CU_ASSERT(guard_is_public_sandbox(known[i]));
    for (size_t i = 0; i < COUNT_OF(unknown); i++)
        CU_ASSERT_FALSE(guard_is_public_sandbox(unknown[i]));
}

/* Asks without end for `seconds`; returns how many times it was let. */
static unsigned taken_in(struct guard *g, enum guard_bucket bucket, double amount, double seconds) {
    instant now = 0, again = 0, end = (instant)(seconds * (double)SPAN_S);
    unsigned taken = 0;
    while (now < end) {
        int result = guard_take(g, bucket, amount, now, &again);
        taken += result == 0;
        if (result == 0)
            continue;
        CU_ASSERT_EQUAL_FATAL(result, ERR_AGAIN);
        CU_ASSERT_FATAL(again > now);
        now = again;
    }
    return taken;
}

static void a_cap_is_kept_over_time(void) {
    struct guard_limits l = {.max_connect_rate = 500, .max_publish_rate = 20, .max_bytes_rate = 1e6};
    struct guard g;
    CU_ASSERT_EQUAL(guard_init(&g, &l, 1, 1), 0);
    CU_ASSERT_DOUBLE_EQUAL(taken_in(&g, GUARD_CONNECTS, 1, 10), 5050, 5);
    CU_ASSERT(g.held > 0);
    CU_ASSERT_DOUBLE_EQUAL(taken_in(&g, GUARD_PUBLISHES, 1, 10), 202, 2);
    CU_ASSERT_DOUBLE_EQUAL(taken_in(&g, GUARD_BYTES, 1000, 10), 10100, 5);
    guard_free(&g);
}

static void asking_again_at_the_named_instant_succeeds(void) {
    struct guard_limits l = {.max_connect_rate = 7};
    struct guard g;
    CU_ASSERT_EQUAL(guard_init(&g, &l, 1, 1), 0);
    instant now = 0, again = 0;
    for (int i = 0; i < 1000; i++) {
        if (guard_take(&g, GUARD_CONNECTS, 1, now, &again) == 0)
            continue;
        now = again;
        CU_ASSERT_EQUAL(guard_take(&g, GUARD_CONNECTS, 1, now, &again), 0);
    }
    guard_free(&g);
}

static void what_is_larger_than_the_bucket_goes_and_leaves_a_debt(void) {
    struct guard_limits l = {.max_bytes_rate = 1000};
    struct guard g;
    CU_ASSERT_EQUAL(guard_init(&g, &l, 1, 1), 0);
    instant again = 0;
    CU_ASSERT_EQUAL(guard_take(&g, GUARD_BYTES, 5000, 0, &again), 0);
    CU_ASSERT_EQUAL(guard_take(&g, GUARD_BYTES, 1, 0, &again), ERR_AGAIN);
    CU_ASSERT(again >= 4901 * SPAN_MS && again <= 4902 * SPAN_MS);
    guard_free(&g);
}

static void what_is_spent_leaves_a_debt_that_others_wait_for(void) {
    struct guard_limits l = {.max_bytes_rate = 1000};
    struct guard g;
    CU_ASSERT_EQUAL(guard_init(&g, &l, 1, 1), 0);
    instant again = 0;
    CU_ASSERT_EQUAL(guard_take(&g, GUARD_BYTES, 0, 0, &again), 0);
    guard_spend(&g, GUARD_BYTES, 50, 0);
    CU_ASSERT_EQUAL(guard_take(&g, GUARD_BYTES, 0, 0, &again), 0);
    guard_spend(&g, GUARD_BYTES, 2050, 0); /* the bucket held 100: two seconds are missing */
    CU_ASSERT_EQUAL(guard_take(&g, GUARD_BYTES, 0, 0, &again), ERR_AGAIN);
    CU_ASSERT(again >= 2 * SPAN_S && again <= 2 * SPAN_S + SPAN_MS);
    CU_ASSERT_EQUAL(guard_take(&g, GUARD_BYTES, 0, again, &again), 0);
    guard_spend(&g, GUARD_CONNECTS, 1e9, 0);
    CU_ASSERT_EQUAL(guard_take(&g, GUARD_CONNECTS, 1, 0, &again), 0); /* no cap there */
    guard_free(&g);
}

static void no_cap_means_no_waiting(void) {
    struct guard_limits l = {0};
    struct guard g;
    CU_ASSERT_EQUAL(guard_init(&g, &l, 1, 1), 0);
    instant again = 0;
    for (int i = 0; i < 1000; i++)
        CU_ASSERT_EQUAL(guard_take(&g, GUARD_CONNECTS, 1e9, 0, &again), 0);
    CU_ASSERT_EQUAL(g.held, 0);
    guard_free(&g);
}

static void shares_add_up_but_never_fall_below_one(void) {
    struct guard_limits l = {.max_connect_rate = 100, .max_outstanding_connects = 64};
    struct guard g;
    CU_ASSERT_EQUAL(guard_init(&g, &l, 0.25, 3), 0);
    CU_ASSERT_DOUBLE_EQUAL(taken_in(&g, GUARD_CONNECTS, 1, 100), 2503, 5);
    CU_ASSERT_EQUAL(g.outstanding_max, 16);
    CU_ASSERT_EQUAL(g.outstanding[0] + g.outstanding[1] + g.outstanding[2], 0);
    guard_free(&g);
    CU_ASSERT_EQUAL(guard_init(&g, &l, 0.0001, 1), 0);
    CU_ASSERT_DOUBLE_EQUAL(taken_in(&g, GUARD_CONNECTS, 1, 100), 101, 1);
    CU_ASSERT_EQUAL(g.outstanding_max, 1);
    guard_free(&g);
}

HARNESS_MAIN("guard", HARNESS_CASE(only_loopback_is_allowed_without_a_list),
             HARNESS_CASE(a_network_allows_exactly_its_addresses), HARNESS_CASE(prefix_zero_allows_one_whole_family),
             HARNESS_CASE(a_mapped_address_does_not_slip_through),
             HARNESS_CASE(a_prefix_longer_than_the_address_is_refused), HARNESS_CASE(refusals_are_counted),
             HARNESS_CASE(sandboxes_are_known_by_name), HARNESS_CASE(a_cap_is_kept_over_time),
             HARNESS_CASE(asking_again_at_the_named_instant_succeeds),
             HARNESS_CASE(what_is_larger_than_the_bucket_goes_and_leaves_a_debt),
             HARNESS_CASE(what_is_spent_leaves_a_debt_that_others_wait_for), HARNESS_CASE(no_cap_means_no_waiting),
             HARNESS_CASE(shares_add_up_but_never_fall_below_one))
