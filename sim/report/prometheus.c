#include "report/prometheus.h"

#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "report/exposition.h"

/* Pages are responses of libmicrohttpd: it counts who still sends one, and frees it after the last. */
struct prometheus {
    struct exposition *exposition;
    struct MHD_Daemon *daemon;
    pthread_mutex_t lock;
    struct MHD_Response *page; /* under the lock */
    struct MHD_Response *unknown, *forbidden;
    char url[96];
};

int prometheus_parse(const char *text, struct address *out, char *why, size_t why_size) {
    char local[32];
    size_t digits = strspn(text, "0123456789");
    snprintf(local, sizeof local, "127.0.0.1:%.6s", text);
    bool port_alone = digits > 0 && digits <= 5 && text[digits] == '\0';
    const char *colon = strchr(text, ':'); /* a bare IPv6 address has several, and no port */
    bool has_port = text[0] == '[' ? strstr(text, "]:") != NULL : colon != NULL && colon == strrchr(text, ':');
    if ((port_alone || has_port) && address_parse(port_alone ? local : text, 0, out) == 0)
        return 0;
    snprintf(why, why_size, "expected PORT or ADDRESS:PORT with a numeric address, as in 9464 or 127.0.0.1:9464");
    return ERR_MALFORMED;
}

/* --- serving ---------------------------------------------------------------------------------------------------------- */

static enum MHD_Result answer(struct prometheus *p, struct MHD_Connection *c, const char *url) {
    if (strcmp(url, "/metrics") != 0)
        return MHD_queue_response(c, MHD_HTTP_NOT_FOUND, p->unknown);
    pthread_mutex_lock(&p->lock);
    enum MHD_Result result = MHD_queue_response(c, MHD_HTTP_OK, p->page);
    pthread_mutex_unlock(&p->lock);
    return result;
}

/* Called when the headers are there, again for each piece of a body, and when the request is complete. A body is not waited for. */
static enum MHD_Result handle(void *context, struct MHD_Connection *c, const char *url, const char *method,
                              const char *version, const char *body, size_t *body_size, void **seen) {
    struct prometheus *p = context;
    (void)version;
    (void)body;
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return *seen == NULL ? MHD_queue_response(c, MHD_HTTP_METHOD_NOT_ALLOWED, p->forbidden) : MHD_NO;
    if (*seen == NULL) {
        *seen = p; /* anything but NULL */
        return MHD_YES;
    }
    return *body_size > 0 ? MHD_NO : answer(p, c, url);
}

static struct MHD_Response *response_of(struct text *text) {
    size_t size = text->size;
    struct MHD_Response *r = MHD_create_response_from_buffer(size, text_take(text), MHD_RESPMEM_MUST_FREE);
    if (r == NULL)
        return NULL;
    MHD_add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8");
    MHD_add_response_header(r, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
    return r;
}

static struct MHD_Response *sentence(const char *s) {
    struct text text = {0};
    text_append(&text, s);
    return response_of(&text);
}

static struct MHD_Response *page_of(const struct exposition *x) {
    struct text text = {0};
    exposition_write(x, &text);
    return response_of(&text);
}

/* --- beginning and end ------------------------------------------------------------------------------------------------ */

static int listen_at(const struct address *where, struct address *bound) {
    int fd = socket(where->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    socklen_t size = sizeof *bound;
    *bound = *where;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (bind(fd, &where->any, address_size(where)) != 0 || listen(fd, PROMETHEUS_CONNECTIONS_MAX) != 0 ||
        getsockname(fd, &bound->any, &size) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

/* Its thread takes no signals: those are the control thread's. */
static struct MHD_Daemon *start(struct prometheus *p, int fd) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    struct MHD_Daemon *d =
        MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, handle, p, MHD_OPTION_LISTEN_SOCKET, fd,
                         MHD_OPTION_CONNECTION_LIMIT, (unsigned)PROMETHEUS_CONNECTIONS_MAX,
                         MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)PROMETHEUS_TIMEOUT_S,
                         MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)PROMETHEUS_REQUEST_BYTES_MAX, MHD_OPTION_END);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return d;
}

int prometheus_open(const struct plan *plan, const struct address *where, struct prometheus **out, char *why,
                    size_t why_size) {
    char text[64];
    struct address bound;
    struct prometheus *p = calloc(1, sizeof *p);
    if (p == NULL)
        return ERR_NO_MEMORY;
    pthread_mutex_init(&p->lock, NULL);
    p->exposition = exposition_new(plan);
    p->page = page_of(p->exposition);
    p->unknown = sentence("the numbers are at /metrics\n");
    p->forbidden = sentence("only GET and HEAD\n");
    if (p->forbidden != NULL)
        MHD_add_response_header(p->forbidden, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    int fd = p->page != NULL && p->unknown != NULL && p->forbidden != NULL ? listen_at(where, &bound) : -1;
    if (fd >= 0 && (p->daemon = start(p, fd)) == NULL)
        close(fd);
    if (p->daemon == NULL) {
        snprintf(why, why_size, "cannot serve metrics at %s: %s", address_format(where, text, sizeof text),
                 fd < 0 ? strerror(errno) : "libmicrohttpd did not start");
        prometheus_close(p);
        return ERR_IO;
    }
    snprintf(p->url, sizeof p->url, "http://%s/metrics", address_format(&bound, text, sizeof text));
    *out = p;
    return 0;
}

const char *prometheus_url(const struct prometheus *p) {
    return p->url;
}

void prometheus_second(struct prometheus *p, const struct run_second *s) {
    exposition_second(p->exposition, s);
    struct MHD_Response *fresh = page_of(p->exposition);
    if (fresh == NULL)
        return; /* out of memory: the page before stays */
    pthread_mutex_lock(&p->lock);
    struct MHD_Response *old = p->page;
    p->page = fresh;
    pthread_mutex_unlock(&p->lock);
    MHD_destroy_response(old);
}

void prometheus_close(struct prometheus *p) {
    if (p == NULL)
        return;
    struct MHD_Response *const responses[] = {p->page, p->unknown, p->forbidden};
    if (p->daemon != NULL)
        MHD_stop_daemon(p->daemon); /* closes what it listens on */
    for (size_t i = 0; i < sizeof responses / sizeof responses[0]; i++)
        if (responses[i] != NULL)
            MHD_destroy_response(responses[i]);
    exposition_free(p->exposition);
    pthread_mutex_destroy(&p->lock);
    free(p);
}
