#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "harness.h"
#include "transport/address.h"

static void urls_are_taken_apart(void) {
    static const struct {
        const char *text, *host, *path;
        uint16_t port;
    } rows[] = {
        {"mqtt://localhost", "localhost", "", 1883},
        {"mqtt://localhost:1884", "localhost", "", 1884},
        {"mqtt://10.0.0.1:1/", "10.0.0.1", "/", 1},
        {"mqtt://[::1]", "::1", "", 1883},
        {"mqtt://[2001:db8::1]:65535/a/b?c#d", "2001:db8::1", "/a/b?c#d", 65535},
        {"mqtt://broker_1.lab-2.example:1883", "broker_1.lab-2.example", "", 1883},
        {"mqtts://localhost", "localhost", "", 8883},
        {"mqtt://[fe80::1%eth0]:1883", "fe80::1%eth0", "", 1883},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct url u;
        char why[300] = "";
        CU_ASSERT_EQUAL(url_parse(rows[i].text, &u, why, sizeof why), 0);
        CU_ASSERT_STRING_EQUAL(u.scheme, u.port == 8883 ? "mqtts" : "mqtt");
        CU_ASSERT_STRING_EQUAL(u.host, rows[i].host);
        CU_ASSERT_STRING_EQUAL(u.path, rows[i].path);
        CU_ASSERT_EQUAL(u.port, rows[i].port);
        CU_ASSERT_FALSE(u.has_credentials);
    }
}

static void wrong_urls_are_refused_with_a_reason(void) {
    static const struct {
        const char *text, *why;
    } rows[] = {
        {"localhost:1883", "scheme"},
        {"", "scheme"},
        {"coap://localhost", "scheme"},
        {"MQTT://localhost", "scheme"},
        {"://localhost", "scheme"},
        {"mqtt://", "host"},
        {"mqtt://:1883", "host"},
        {"mqtt://a b", "host"},
        {"mqtt://a;b", "host"},
        {"mqtt://[]:1", "host"},
        {"mqtt://host:", "port"},
        {"mqtt://host:0", "port"},
        {"mqtt://host:65536", "port"},
        {"mqtt://host:1883x", "port"},
        {"mqtt://host:99999999999", "port"},
        {"mqtt://[::1", "]"},
        {"mqtt://[::1]1883", "port"},
        {"mqtt://::1:1883", "brackets"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct url u;
        char why[300] = "";
        CU_ASSERT_EQUAL(url_parse(rows[i].text, &u, why, sizeof why), ERR_MALFORMED);
        CU_ASSERT_PTR_NOT_NULL(strstr(why, rows[i].why));
    }
}

static void credentials_are_refused_and_not_repeated(void) {
    struct url u = {0};
    char why[300] = "";
    CU_ASSERT_EQUAL(url_parse("mqtt://user:hunter2@host:1883", &u, why, sizeof why), ERR_DENIED);
    CU_ASSERT(u.has_credentials);
    CU_ASSERT_PTR_NULL(strstr(why, "hunter2"));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "identities"));
}

static void a_reason_is_safe_to_print(void) {
    struct url u;
    char why[300] = "";
    CU_ASSERT_EQUAL(url_parse("\x1b[31mmqtt\n://h\xff", &u, why, sizeof why), ERR_MALFORMED);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "'\\x1B[31mmqtt\\x0A://h\\xFF'"));
}

static void long_parts_are_refused(void) {
    struct url u;
    char why[300], text[700] = "mqtt://";
    memset(text + 7, 'a', 256);
    CU_ASSERT_EQUAL(url_parse(text, &u, why, sizeof why), ERR_MALFORMED);
    text[7 + 255] = '\0';
    CU_ASSERT_EQUAL(url_parse(text, &u, why, sizeof why), 0);
    CU_ASSERT_EQUAL(strlen(u.host), 255);
    memset(text + 8, '/', 256);
    text[8 + 256] = '\0';
    CU_ASSERT_EQUAL(url_parse(text, &u, why, sizeof why), ERR_MALFORMED);
}

HARNESS_MAIN("url", HARNESS_CASE(urls_are_taken_apart), HARNESS_CASE(wrong_urls_are_refused_with_a_reason),
             HARNESS_CASE(credentials_are_refused_and_not_repeated), HARNESS_CASE(a_reason_is_safe_to_print),
             HARNESS_CASE(long_parts_are_refused))
