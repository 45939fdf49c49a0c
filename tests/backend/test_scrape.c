#include "backend/scrape.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "harness.h"

/* One page, for every request; "n" in it is the number of the request. */
static struct {
    int listener;
    uint16_t port;
    const char *head; /* status line and headers */
    size_t filler;    /* bytes of comment before the samples */
    unsigned requests;
    pthread_t thread;
} server;

static void write_all(int fd, const char *text, size_t size) {
    while (size > 0) {
        ssize_t n = send(fd, text, size, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        text += n;
        size -= (size_t)n;
    }
}

static void *serve(void *unused) {
    (void)unused;
    static char filler[4096];
    memset(filler, '#', sizeof filler);
    for (int fd; (fd = accept(server.listener, NULL, NULL)) >= 0; close(fd)) {
        char request[2048], body[64];
        if (recv(fd, request, sizeof request, 0) <= 0)
            continue;
        snprintf(body, sizeof body, "\nn %u\nm{x=\"y\"} 2\n", ++server.requests);
        write_all(fd, server.head, strlen(server.head));
        for (size_t left = server.filler; left > 0; left -= left < sizeof filler ? left : sizeof filler)
            write_all(fd, filler, left < sizeof filler ? left : sizeof filler);
        write_all(fd, body, strlen(body));
    }
    return NULL;
}

static void start(const char *head, size_t filler) {
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof a;
    server.head = head;
    server.filler = filler;
    server.requests = 0;
    server.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(server.listener, (struct sockaddr *)&a, sizeof a) == 0 && listen(server.listener, 8) == 0 &&
          getsockname(server.listener, (struct sockaddr *)&a, &size) == 0);
    server.port = ntohs(a.sin_port);
    CHECK(pthread_create(&server.thread, NULL, serve, NULL) == 0);
}

static void stop(void) {
    shutdown(server.listener, SHUT_RDWR);
    pthread_join(server.thread, NULL);
    close(server.listener);
}

static const char fine[] = "HTTP/1.0 200 OK\r\n\r\n";
static const char *const names[] = {"n", "m", "absent"};
static struct guard_limits limits;

static int open_page(struct scrape **s, char *why, size_t size) {
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%u/metrics", server.port);
    return scrape_open(url, &limits, names, 3, s, why, size);
}

static void the_page_is_read_at_once_and_again_every_second(void) {
    struct scrape *s;
    struct metrics_text_value values[3];
    char why[SCRAPE_WHY_MAX] = "";
    start(fine, 0);
    CU_ASSERT_EQUAL_FATAL(open_page(&s, why, sizeof why), 0);
    CU_ASSERT_TRUE(scrape_latest(s, values));
    CU_ASSERT(values[0].value == 1 && values[1].value == 2 && values[1].found && !values[2].found);
    for (int waited = 0; waited < 1000 && values[0].value < 2; waited++) {
        nanosleep(&(struct timespec){.tv_nsec = 20 * SPAN_MS}, NULL);
        scrape_latest(s, values);
    }
    CU_ASSERT(values[0].value >= 2);
    scrape_close(s);
    stop();
}

static void a_page_that_is_none_is_told(void) {
    static const struct {
        const char *head;
        size_t filler;
        const char *words;
    } rows[] = {{"HTTP/1.0 302 Found\r\nLocation: http://127.0.0.1/\r\n\r\n", 0, "status 302"},
                {"HTTP/1.0 404 Not Found\r\n\r\n", 0, "404"},
                {fine, SCRAPE_PAGE_MAX, "cannot be read"},
                {"no server of this kind\r\n", 0, "cannot be read"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct scrape *s;
        char why[SCRAPE_WHY_MAX] = "";
        start(rows[i].head, rows[i].filler);
        CU_ASSERT_EQUAL(open_page(&s, why, sizeof why), ERR_UNREACHABLE);
        CU_ASSERT_PTR_NULL(s);
        CU_ASSERT_PTR_NOT_NULL(strstr(why, rows[i].words));
        stop();
    }
}

static void only_permitted_addresses_are_connected_to(void) {
    struct scrape *s;
    char why[SCRAPE_WHY_MAX] = "";
    struct guard_limits strict = {.allow_given = true};
    CU_ASSERT_EQUAL(scrape_open("http://192.0.2.1/metrics", &strict, names, 3, &s, why, sizeof why), ERR_DENIED);
    CU_ASSERT_PTR_NULL(s);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "safety: {allow"));
}

static void files_are_no_pages(void) {
    struct scrape *s;
    char why[SCRAPE_WHY_MAX] = "";
    CU_ASSERT_EQUAL(scrape_open("file:///etc/hostname", &limits, names, 3, &s, why, sizeof why), ERR_UNREACHABLE);
    scrape_close(NULL);
}

HARNESS_MAIN("backend/scrape", HARNESS_CASE(the_page_is_read_at_once_and_again_every_second),
             HARNESS_CASE(a_page_that_is_none_is_told), HARNESS_CASE(only_permitted_addresses_are_connected_to),
             HARNESS_CASE(files_are_no_pages))
