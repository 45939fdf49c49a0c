#include "transport/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "harness.h"

static struct address parsed(const char *text) {
    struct address a = {0};
    CU_ASSERT_EQUAL(address_parse(text, 0, &a), 0);
    return a;
}

static void numeric_addresses_are_read_and_written(void) {
    static const struct {
        const char *text, *shown;
    } rows[] = {
        {"127.0.0.1:1883", "127.0.0.1:1883"},
        {"10.20.7.10", "10.20.7.10:99"},
        {"[::1]:1883", "[::1]:1883"},
        {"[2001:db8::7]", "[2001:db8::7]:99"},
        {"2001:db8::7", "[2001:db8::7]:99"},
        {"::1", "[::1]:99"},
        {"0.0.0.0:0", "0.0.0.0"},
        {"::ffff:10.0.0.1", "10.0.0.1:99"},
        {"[2001:db8:1111:2222:3333:4444:5555:6666]:65535", "[2001:db8:1111:2222:3333:4444:5555:6666]:65535"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct address a;
        char text[64];
        CU_ASSERT_EQUAL(address_parse(rows[i].text, 99, &a), 0);
        CU_ASSERT_STRING_EQUAL(address_format(&a, text, sizeof text), rows[i].shown);
    }
}

static void anything_else_is_refused(void) {
    static const char *const rows[] = {
        "",
        "localhost",
        "1.2.3",
        "1.2.3.4.5",
        "1.2.3.256",
        "1.2.3.4:",
        "1.2.3.4:65536",
        "[::1",
        "[::1]1883",
        "[1.2.3.4]:1",
        ":1883",
        "1.2.3.4:18x",
        "1.2.3.4:-1",
        "[::1]:",
        ":::1",
        "[]",
        "[]:1",
        " 1.2.3.4",
        "1.2.3.4 ",
        "99999999999:1883",
        "::1%lo",
        "1:2:3:4:5:6:7:8:9:10:11:12:13:14:15:16:17:18:19:20:21:22:23:24:25:26:27:28:29:30",
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct address a;
        CU_ASSERT_EQUAL(address_parse(rows[i], 1, &a), ERR_MALFORMED);
    }
}

static void loopback_and_private_are_told_apart(void) {
    static const struct {
        const char *text;
        bool loopback, private;
    } rows[] = {
        {"127.0.0.1", true, true},
        {"127.255.255.254", true, true},
        {"::1", true, true},
        {"128.0.0.1", false, false},
        {"126.255.255.255", false, false},
        {"10.0.0.1", false, true},
        {"172.16.0.1", false, true},
        {"172.31.255.255", false, true},
        {"172.32.0.1", false, false},
        {"172.15.255.255", false, false},
        {"192.168.255.1", false, true},
        {"192.169.0.1", false, false},
        {"169.254.1.1", false, true},
        {"fd00::1", false, true},
        {"fc00::1", false, true},
        {"fe80::1", false, true},
        {"fec0::1", false, false},
        {"2001:db8::1", false, false},
        {"0.0.0.0", false, false},
        {"::", false, false},
        {"8.8.8.8", false, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct address a = parsed(rows[i].text);
        CU_ASSERT_EQUAL(address_is_loopback(&a), rows[i].loopback);
        CU_ASSERT_EQUAL(address_is_private(&a), rows[i].private);
    }
}

/* A backend could name ::ffff:127.0.0.1; the kernel would connect to 127.0.0.1. */
static void an_ipv4_address_in_ipv6_clothes_is_known(void) {
    struct address a = {.v6 = {.sin6_family = AF_INET6}};
    CU_ASSERT_EQUAL(inet_pton(AF_INET6, "::ffff:127.0.0.1", &a.v6.sin6_addr), 1);
    CU_ASSERT(address_is_loopback(&a));
    CU_ASSERT_EQUAL(inet_pton(AF_INET6, "::ffff:192.168.0.1", &a.v6.sin6_addr), 1);
    CU_ASSERT(address_is_private(&a));
    CU_ASSERT_EQUAL(inet_pton(AF_INET6, "::ffff:8.8.8.8", &a.v6.sin6_addr), 1);
    CU_ASSERT_FALSE(address_is_private(&a));
}

static void equality_is_address_port_and_family(void) {
    struct address a = parsed("10.0.0.1:5"), b = parsed("10.0.0.1:6"), c = parsed("10.0.0.2:5");
    struct address d = parsed("[2001:db8::1]:5"), e = parsed("[2001:db8::2]:5"), f = parsed("[2001:db8::1]:6");
    CU_ASSERT(address_equal(&a, &a));
    CU_ASSERT_FALSE(address_equal(&a, &b));
    CU_ASSERT_FALSE(address_equal(&a, &c));
    CU_ASSERT_FALSE(address_equal(&a, &d));
    CU_ASSERT(address_equal(&d, &d));
    CU_ASSERT_FALSE(address_equal(&d, &e));
    CU_ASSERT_FALSE(address_equal(&d, &f));
    CU_ASSERT_EQUAL(address_size(&a), sizeof(struct sockaddr_in));
    CU_ASSERT_EQUAL(address_size(&d), sizeof(struct sockaddr_in6));
}

static void ranges_count_through_the_last_bytes(void) {
    static const struct {
        const char *from, *to;
        uint32_t offset;
    } rows[] = {
        {"10.20.7.10", "10.20.7.15", 5},
        {"10.20.7.250", "10.20.8.4", 10},
        {"10.255.255.255", "11.0.0.0", 1},
        {"2001:db8::ffff:ffff", "2001:db8::1:0:0", 1},
        {"2001:db8::", "2001:db8::ffff:ffff", UINT32_MAX},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct address from = parsed(rows[i].from), to = parsed(rows[i].to);
        struct address got = address_offset(&from, rows[i].offset);
        CU_ASSERT(address_equal(&got, &to));
    }
}

static void localhost_resolves_without_duplicates(void) {
    struct address found[8];
    unsigned count = 0;
    char why[200] = "";
    CU_ASSERT_EQUAL(address_resolve("localhost", 1883, found, 8, &count, why, sizeof why), 0);
    CU_ASSERT(count >= 1);
    for (unsigned i = 0; i < count; i++) {
        CU_ASSERT(address_is_loopback(&found[i]));
        for (unsigned k = 0; k < i; k++)
            CU_ASSERT_FALSE(address_equal(&found[i], &found[k]));
    }
    char text[64];
    CU_ASSERT_PTR_NOT_NULL(strstr(address_format(&found[0], text, sizeof text), ":1883"));
}

static void numbers_resolve_to_themselves(void) {
    struct address found[2], want = parsed("[2001:db8::9]:7");
    unsigned count = 0;
    char why[200];
    CU_ASSERT_EQUAL(address_resolve("2001:db8::9", 7, found, 2, &count, why, sizeof why), 0);
    CU_ASSERT_EQUAL(count, 1);
    CU_ASSERT(address_equal(&found[0], &want));
    want = parsed("192.0.2.1:7");
    CU_ASSERT_EQUAL(address_resolve("::ffff:192.0.2.1", 7, found, 2, &count, why, sizeof why), 0);
    CU_ASSERT(address_equal(&found[0], &want));
}

static void a_name_that_does_not_exist_says_so(void) {
    struct address found[2];
    unsigned count = 77;
    char why[200] = "";
    CU_ASSERT_EQUAL(address_resolve("no-such-host.invalid", 1, found, 2, &count, why, sizeof why), ERR_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "no-such-host.invalid"));
    CU_ASSERT_EQUAL(count, 77);
}

HARNESS_MAIN("address", HARNESS_CASE(numeric_addresses_are_read_and_written), HARNESS_CASE(anything_else_is_refused),
             HARNESS_CASE(loopback_and_private_are_told_apart), HARNESS_CASE(an_ipv4_address_in_ipv6_clothes_is_known),
             HARNESS_CASE(equality_is_address_port_and_family), HARNESS_CASE(ranges_count_through_the_last_bytes),
             HARNESS_CASE(localhost_resolves_without_duplicates), HARNESS_CASE(numbers_resolve_to_themselves),
             HARNESS_CASE(a_name_that_does_not_exist_says_so))
