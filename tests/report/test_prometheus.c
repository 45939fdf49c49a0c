#include "report/prometheus.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "harness.h"
#include "report/sample.h"

static struct sample s;
static struct prometheus *p;
static struct address there;

static void begin(void) {
    char why[200];
    struct address where;
    sample_make(&s);
    CU_ASSERT_EQUAL_FATAL(prometheus_parse("0", &where, why, sizeof why), 0);
    CU_ASSERT_EQUAL_FATAL(prometheus_open(&s.plan, &where, &p, why, sizeof why), 0);
    unsigned port = 0;
    CU_ASSERT_EQUAL_FATAL(sscanf(prometheus_url(p), "http://127.0.0.1:%u/metrics", &port), 1);
    CU_ASSERT_EQUAL_FATAL(address_parse("127.0.0.1", (uint16_t)port, &there), 0);
}

static void end(void) {
    prometheus_close(p);
    sample_free(&s);
}

static int dial(void) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_EQUAL_FATAL(connect(fd, &there.any, address_size(&there)), 0);
    return fd;
}

/* What comes back until the server closes; to be freed. */
static char *ask(const char *request, size_t size) {
    struct text answer = {0};
    char piece[4096];
    int fd = dial();
    for (size_t done = 0; done < size;) {
        ssize_t n = send(fd, request + done, size - done, MSG_NOSIGNAL);
        if (n <= 0)
            break; /* refused half-way */
        done += (size_t)n;
    }
    shutdown(fd, SHUT_WR);
    for (ssize_t n; (n = recv(fd, piece, sizeof piece, 0)) > 0;)
        text_append_n(&answer, piece, (size_t)n);
    close(fd);
    text_append(&answer, "");
    return text_take(&answer);
}

/* Sends and goes away. */
static void shove(const char *bytes, size_t size) {
    int fd = dial();
    (void)!send(fd, bytes, size, MSG_NOSIGNAL);
    close(fd);
}

static bool answers(const char *request, const char *piece) {
    char *answer = ask(request, strlen(request));
    bool found = strstr(answer, piece) != NULL;
    if (!found)
        printf("     %s answers %.200s\n", request, answer);
    free(answer);
    return found;
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"

static void a_port_alone_is_on_loopback(void) {
    static const struct {
        const char *text, *address; /* NULL: refused */
    } rows[] = {{"9464", "127.0.0.1:9464"},
                {"0", "127.0.0.1"},
                {"10.0.0.1:80", "10.0.0.1:80"},
                {"0.0.0.0:9464", "0.0.0.0:9464"},
                {"[::1]:9464", "[::1]:9464"},
                {"", NULL},
                {"65536", NULL},
                {"127.0.0.1", NULL},
                {"[::1]", NULL},
                {"::1", NULL},
                {"localhost:9464", NULL},
                {"9464x", NULL},
                {":9464", NULL}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[64], why[200] = "";
        struct address a;
        int error = prometheus_parse(rows[i].text, &a, why, sizeof why);
        if (rows[i].address == NULL) {
            CU_ASSERT_EQUAL(error, ERR_MALFORMED);
            CU_ASSERT_PTR_NOT_NULL(strstr(why, "expected PORT or ADDRESS:PORT"));
        } else {
            CU_ASSERT_EQUAL_FATAL(error, 0);
            CU_ASSERT_STRING_EQUAL(address_format(&a, text, sizeof text), rows[i].address);
        }
    }
}

static void the_page_is_there_before_the_first_second_and_changes_with_each(void) {
    begin();
    CU_ASSERT_TRUE(answers(GET("/metrics"), "Content-Type: text/plain; version=0.0.4"));
    CU_ASSERT_TRUE(answers(GET("/metrics"), "\nmuster_run_time_seconds 0\n"));
    for (int i = 1; i <= 3; i++) {
        char line[64];
        prometheus_second(p, &(struct run_second){.at = i * SPAN_S, .second = s.result, .total = s.result});
        snprintf(line, sizeof line, "\nmuster_run_time_seconds %d\n", i);
        CU_ASSERT_TRUE(answers(GET("/metrics"), line));
    }
    end();
}

static void only_get_and_head_of_one_path_are_answered(void) {
    begin();
    CU_ASSERT_TRUE(answers(GET("/"), " 404 "));
    CU_ASSERT_TRUE(answers(GET("/metrics/../../etc/passwd"), " 404 "));
    CU_ASSERT_TRUE(answers("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc", " 405 "));
    CU_ASSERT_TRUE(answers("DELETE /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "Allow: GET, HEAD"));
    char *answer = ask("HEAD /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 55);
    CU_ASSERT_PTR_NOT_NULL(strstr(answer, " 200 "));
    CU_ASSERT_PTR_NULL(strstr(answer, "muster_"));
    free(answer);
    end();
}

static void what_is_no_request_does_no_harm(void) {
    static const char *const requests[] = {
        "",
        "\r\n\r\n\r\n",
        "GET\r\n\r\n",
        "GET /metrics\r\n\r\n",
        "GET /metrics HTTP/9.9\r\n\r\n",
        "GET /%00%ff%2e%2e/ HTTP/1.1\r\nHost: x\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: -1\r\n\r\n",
        "GET /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\nx",
        "GET /metrics HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx",
        "GET /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", /* a TLS client */
    };
    begin();
    for (size_t i = 0; i < sizeof requests / sizeof requests[0]; i++)
        shove(requests[i], strlen(requests[i]));
    struct text long_line = {0};
    text_append(&long_line, "GET /");
    for (int i = 0; i < 20000; i++)
        text_append(&long_line, "aaaaaaaaaa");
    shove(long_line.data, long_line.size);
    text_free(&long_line);
    CU_ASSERT_TRUE(answers("GET /metrics\r\n\r\n", " 400 "));
    CU_ASSERT_TRUE(
        answers("GET /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\nx", "HTTP/1.1 4"));
    CU_ASSERT_TRUE(answers(GET("/metrics"), "muster_run_info"));
    end();
}

static void idle_connections_beyond_the_limit_are_turned_away(void) {
    begin();
    int held[2 * PROMETHEUS_CONNECTIONS_MAX];
    for (int i = 0; i < 2 * PROMETHEUS_CONNECTIONS_MAX; i++)
        held[i] = dial();
    for (int i = 0; i < 2 * PROMETHEUS_CONNECTIONS_MAX; i++)
        close(held[i]);
    bool served = false; /* as soon as the server has noticed */
    for (int i = 0; i < 200 && !served; i++) {
        char *answer = ask(GET("/metrics"), strlen(GET("/metrics")));
        served = strstr(answer, "muster_run_info") != NULL;
        free(answer);
        usleep(10000);
    }
    CU_ASSERT_TRUE(served);
    end();
}

static void a_port_that_is_taken_is_said(void) {
    begin();
    struct prometheus *second = NULL;
    char why[200] = "";
    CU_ASSERT_EQUAL(prometheus_open(&s.plan, &there, &second, why, sizeof why), ERR_IO);
    CU_ASSERT_PTR_NULL(second);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "cannot serve metrics at 127.0.0.1:"));
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "in use"));
    end();
}

static void a_client_in_the_middle_of_a_page_does_not_hold_up_the_end(void) {
    begin();
    int fd = dial();
    CU_ASSERT_TRUE(send(fd, "GET /metrics HT", 15, 0) == 15);
    end();
    close(fd);
}

HARNESS_MAIN("report/prometheus", HARNESS_CASE(a_port_alone_is_on_loopback),
             HARNESS_CASE(the_page_is_there_before_the_first_second_and_changes_with_each),
             HARNESS_CASE(only_get_and_head_of_one_path_are_answered), HARNESS_CASE(what_is_no_request_does_no_harm),
             HARNESS_CASE(idle_connections_beyond_the_limit_are_turned_away),
             HARNESS_CASE(a_port_that_is_taken_is_said),
             HARNESS_CASE(a_client_in_the_middle_of_a_page_does_not_hold_up_the_end))
