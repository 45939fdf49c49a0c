#include "backend/scrape.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/instant.h"
#include "loop/loop.h"

enum { STATUS_OK = 200 };

struct page {
    char *data; /* [SCRAPE_PAGE_MAX] */
    size_t size;
};

struct scrape {
    const struct guard_limits *limits;
    CURL *curl;
    char error[CURL_ERROR_SIZE];
    struct page page;
    bool denied;                     /* the guard said no in the last attempt */
    struct metrics_text_value *read; /* of the thread */
    unsigned count;
    pthread_t thread;
    bool started;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t wake;
    bool leaving, fresh;
    struct metrics_text_value *values;
};

static size_t take(char *data, size_t one, size_t count, void *context) {
    struct page *p = context;
    size_t size = one * count;
    if (size > SCRAPE_PAGE_MAX - p->size)
        return 0; /* ends the transfer */
    memcpy(p->data + p->size, data, size);
    p->size += size;
    return size;
}

/* The choke point: whatever a name or a server leads to, only permitted addresses get a socket. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *to) {
    struct scrape *s = context;
    struct address node = {0};
    if (purpose != CURLSOCKTYPE_IPCXN || to->addrlen > sizeof node)
        return CURL_SOCKET_BAD;
    memcpy(&node, &to->addr, to->addrlen);
    if (!guard_limits_permit(s->limits, &node)) {
        s->denied = true;
        return CURL_SOCKET_BAD;
    }
    return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

static CURLcode prepare(struct scrape *s, const char *url) {
    const struct {
        CURLoption option;
        long value;
    } numbers[] = {{CURLOPT_NOSIGNAL, 1},
                   {CURLOPT_FOLLOWLOCATION, 0},
                   {CURLOPT_FAILONERROR, 1},
                   {CURLOPT_TIMEOUT_MS, SCRAPE_TIMEOUT_MS}};
    CURLcode error = curl_easy_setopt(s->curl, CURLOPT_URL, url);
    for (size_t i = 0; error == CURLE_OK && i < sizeof numbers / sizeof numbers[0]; i++)
        error = curl_easy_setopt(s->curl, numbers[i].option, numbers[i].value);
    if (error == CURLE_OK)
        error = curl_easy_setopt(s->curl, CURLOPT_PROTOCOLS_STR, "http,https");
    if (error == CURLE_OK)
        error = curl_easy_setopt(s->curl, CURLOPT_PROXY, "");
    if (error == CURLE_OK)
        error = curl_easy_setopt(s->curl, CURLOPT_ERRORBUFFER, s->error);
    if (error == CURLE_OK)
        error = curl_easy_setopt(s->curl, CURLOPT_WRITEFUNCTION, take);
    if (error == CURLE_OK)
        error = curl_easy_setopt(s->curl, CURLOPT_WRITEDATA, &s->page);
    if (error == CURLE_OK)
        error = curl_easy_setopt(s->curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    if (error == CURLE_OK)
        error = curl_easy_setopt(s->curl, CURLOPT_OPENSOCKETDATA, s);
    return error;
}

/* One page; the values of the thread then hold what it said. */
static CURLcode read_page(struct scrape *s) {
    s->page.size = 0;
    s->denied = false;
    s->error[0] = '\0';
    CURLcode error = curl_easy_perform(s->curl);
    long status = 0;
    if (error == CURLE_OK && curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK &&
        status != STATUS_OK) {
        error = CURLE_HTTP_RETURNED_ERROR;
        snprintf(s->error, sizeof s->error, "it answers with status %ld", status);
    }
    if (error == CURLE_OK)
        metrics_text_read(s->page.data, s->page.size, s->read, s->count);
    pthread_mutex_lock(&s->lock);
    s->fresh = error == CURLE_OK;
    if (s->fresh)
        memcpy(s->values, s->read, s->count * sizeof *s->values);
    pthread_mutex_unlock(&s->lock);
    return error;
}

static void *work(void *context) {
    struct scrape *s = context;
    int64_t due_ns = loop_clock_monotonic();
    pthread_mutex_lock(&s->lock);
    while (!s->leaving) {
        due_ns = instant_max(due_ns + SCRAPE_EVERY_MS * SPAN_MS, loop_clock_monotonic()); /* what was missed stays so */
        struct timespec due = {.tv_sec = due_ns / SPAN_S, .tv_nsec = due_ns % SPAN_S};
        while (!s->leaving && pthread_cond_timedwait(&s->wake, &s->lock, &due) == 0)
            continue;
        if (s->leaving)
            break;
        pthread_mutex_unlock(&s->lock);
        (void)read_page(s);
        pthread_mutex_lock(&s->lock);
    }
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static int first_page(struct scrape *s, const char *url, char *why, size_t why_size) {
    CURLcode error = prepare(s, url);
    if (error == CURLE_OK)
        error = read_page(s);
    bool any = false;
    for (unsigned i = 0; i < s->count; i++)
        any = any || s->read[i].found;
    if (error == CURLE_OK && any)
        return 0;
    if (error == CURLE_OK) {
        snprintf(why, why_size, "%s has none of the metrics that are wanted, such as %s", url, s->read[0].name);
        return ERR_UNREACHABLE;
    }
    if (s->denied) {
        snprintf(why, why_size,
                 "the metrics of %s are at an address that is not allowed; add it to 'safety: {allow: [...]}'", url);
        return ERR_DENIED;
    }
    snprintf(why, why_size, "the metrics of %s cannot be read: %s", url,
             s->error[0] != '\0' ? s->error : curl_easy_strerror(error));
    return ERR_UNREACHABLE;
}

/* On the clock that nobody sets. */
static void make_wake(pthread_cond_t *wake) {
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(wake, &attributes);
    pthread_condattr_destroy(&attributes);
}

int scrape_open(const char *url, const struct guard_limits *limits, const char *const *names, unsigned count,
                struct scrape **out, char *why, size_t why_size) {
    *out = NULL;
    struct scrape *s = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? calloc(1, sizeof *s) : NULL;
    if (s == NULL)
        return ERR_NO_MEMORY;
    s->limits = limits;
    s->count = count;
    pthread_mutex_init(&s->lock, NULL);
    make_wake(&s->wake);
    s->curl = curl_easy_init();
    s->page.data = malloc(SCRAPE_PAGE_MAX);
    s->read = calloc(count + 1, sizeof *s->read);
    s->values = calloc(count + 1, sizeof *s->values);
    int error = s->curl == NULL || s->page.data == NULL || s->read == NULL || s->values == NULL ? ERR_NO_MEMORY : 0;
    for (unsigned i = 0; error == 0 && i < count; i++)
        s->read[i].name = s->values[i].name = names[i];
    if (error == 0)
        error = first_page(s, url, why, why_size);
    if (error == 0) {
        s->started = pthread_create(&s->thread, NULL, work, s) == 0;
        error = s->started ? 0 : ERR_NO_MEMORY;
    }
    if (error < 0)
        scrape_close(s);
    else
        *out = s;
    return error;
}

void scrape_close(struct scrape *s) {
    if (s == NULL)
        return;
    if (s->started) {
        pthread_mutex_lock(&s->lock);
        s->leaving = true;
        pthread_cond_signal(&s->wake);
        pthread_mutex_unlock(&s->lock);
        pthread_join(s->thread, NULL);
    }
    curl_easy_cleanup(s->curl);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->wake);
    free(s->page.data);
    free(s->read);
    free(s->values);
    free(s);
    curl_global_cleanup();
}

bool scrape_latest(struct scrape *s, struct metrics_text_value *values) {
    pthread_mutex_lock(&s->lock);
    memcpy(values, s->values, s->count * sizeof *values);
    bool fresh = s->fresh;
    pthread_mutex_unlock(&s->lock);
    return fresh;
}
