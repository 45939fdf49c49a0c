#include "transport/source.h"

#include <stdlib.h>
#include <string.h>

#include "harness.h"

static struct address parsed(const char *text) {
    struct address a = {0};
    CU_ASSERT_EQUAL(address_parse(text, 0, &a), 0);
    return a;
}

static void ten_thousand_connections_need_one_address(void) {
    CU_ASSERT_EQUAL(source_needed(0), 0);
    CU_ASSERT_EQUAL(source_needed(1), 1);
    CU_ASSERT_EQUAL(source_needed(10000), 1);
    CU_ASSERT_EQUAL(source_needed(10001), 2);
    CU_ASSERT_EQUAL(source_needed(1000000), 100);
}

static void loopback_nodes_get_as_many_addresses_as_they_need(void) {
    enum { CONNECTIONS = 200000, ADDRESSES = 20 };
    struct address node = parsed("127.0.0.1:1883"), seen[ADDRESSES];
    unsigned count = 0, load[ADDRESSES] = {0};
    for (uint64_t k = 0; k < CONNECTIONS; k++) {
        struct address from;
        if (!source_choose(NULL, 0, &node, CONNECTIONS, k, &from) || !address_is_loopback(&from))
            CU_FAIL("no loopback source");
        unsigned i = 0;
        while (i < count && !address_equal(&seen[i], &from))
            i++;
        if (i == count && count < ADDRESSES)
            seen[count++] = from;
        CU_ASSERT_FATAL(i < ADDRESSES);
        load[i]++;
    }
    CU_ASSERT_EQUAL(count, ADDRESSES);
    for (unsigned i = 0; i < count; i++)
        CU_ASSERT_EQUAL(load[i], SOURCE_CONNECTIONS_MAX);
}

static void all_loopback_sources_are_distinct_and_ordinary(void) {
    struct address node = parsed("127.0.0.1:1883");
    uint64_t connections = (uint64_t)SOURCE_LOOPBACK_MAX * SOURCE_CONNECTIONS_MAX;
    uint32_t previous = 0;
    for (uint64_t k = 0; k < SOURCE_LOOPBACK_MAX; k++) {
        struct address from;
        CU_ASSERT_FATAL(source_choose(NULL, 0, &node, connections, k, &from));
        uint32_t host = ntohl(from.v4.sin_addr.s_addr);
        if (host <= previous || (host & 255) == 0 || (host & 255) == 255 || host >> 24 != 127)
            CU_FAIL("an address that is not distinct, or not ordinary");
        previous = host;
    }
}

static void elsewhere_the_system_chooses(void) {
    struct address far = parsed("192.0.2.1:1883"), v6 = parsed("[::1]:1883"), from;
    CU_ASSERT_FALSE(source_choose(NULL, 0, &far, 100, 0, &from));
    CU_ASSERT_FALSE(source_choose(NULL, 0, &v6, 100, 0, &from));
    CU_ASSERT_EQUAL(source_available(NULL, 0, &far), 1);
    CU_ASSERT_EQUAL(source_available(NULL, 0, &v6), 1);
}

static void given_sources_are_used_in_turn_within_their_family(void) {
    struct address given[] = {parsed("10.0.0.1"), parsed("2001:db8::1"), parsed("10.0.0.2"), parsed("10.0.0.3")};
    struct address v4 = parsed("127.0.0.1:1883"), v6 = parsed("[2001:db8::9]:1883"), from;
    CU_ASSERT_EQUAL(source_available(given, 4, &v4), 3);
    CU_ASSERT_EQUAL(source_available(given, 4, &v6), 1);
    static const unsigned order[] = {0, 2, 3, 0};
    for (unsigned k = 0; k < 4; k++) {
        CU_ASSERT(source_choose(given, 4, &v4, 4, k, &from));
        CU_ASSERT(address_equal(&from, &given[order[k]]));
        CU_ASSERT(source_choose(given, 4, &v6, 4, k, &from));
        CU_ASSERT(address_equal(&from, &given[1]));
    }
    CU_ASSERT_FALSE(source_choose(given, 1, &v6, 4, 0, &from));
    CU_ASSERT_EQUAL(source_available(given, 1, &v6), 0);
}

HARNESS_MAIN("source", HARNESS_CASE(ten_thousand_connections_need_one_address),
             HARNESS_CASE(loopback_nodes_get_as_many_addresses_as_they_need),
             HARNESS_CASE(all_loopback_sources_are_distinct_and_ordinary), HARNESS_CASE(elsewhere_the_system_chooses),
             HARNESS_CASE(given_sources_are_used_in_turn_within_their_family))
