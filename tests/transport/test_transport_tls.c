#include "transport/transport_tls.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/err.h"
#include "base/text.h"
#include "harness.h"
#include "loop/loop_ev.h"
#include "scratch.h"
#include "transport/tls_files.h"
#include "transport/transport_tcp.h"

enum { TURNS_MAX = 2000, PATIENCE_MS = 5 };

/* Both ends, as far as they have come. */
struct ends {
    struct tls_context *server, *client;
    struct connection listener, far, near;
    struct address at;
    int near_result, far_result;
};

static char *directory;

static const char *path_of(const char *name) {
    static char paths[16][512];
    static unsigned turn;
    if (name == NULL)
        return NULL;
    char *path = paths[turn++ % 16];
    snprintf(path, sizeof paths[0], "%s/%s", directory, name);
    return path;
}

static struct tls_context *context_of(const struct tls_settings *s) {
    char why[512] = "";
    struct tls_context *t = NULL;
    CU_ASSERT_EQUAL(transport_tls_context_new(s, &t, why, sizeof why), 0);
    CU_ASSERT_STRING_EQUAL_FATAL(why, "");
    return t;
}

/* One step of whoever has not finished yet. */
static int step(struct connection *c, int result) {
    unsigned wants = 0;
    return result == ERR_AGAIN ? transport_tls.progress(c, &wants) : result;
}

static struct helpers_desk *desk; /* NULL: whoever asks computes */

static void begin(struct ends *e, const struct tls_settings *server, const struct tls_settings *client,
                  const char *name, const struct tls_credentials *who) {
    *e = (struct ends){.listener.fd = -1, .far.fd = -1, .near.fd = -1};
    directory = directory == NULL ? tls_files_new() : directory;
    e->server = context_of(server);
    e->client = context_of(client);
    CU_ASSERT_EQUAL(address_parse("127.0.0.1", 0, &e->at), 0);
    CU_ASSERT_EQUAL(transport_tls_prepare(&e->listener, e->server, NULL, NULL, NULL), 0);
    CU_ASSERT_EQUAL(transport_tls.listen(&e->listener, &e->at), 0);
    CU_ASSERT_EQUAL(transport_tls.where(&e->listener, &e->at), 0);
    CU_ASSERT_EQUAL(transport_tls_prepare(&e->near, e->client, desk, name, who), 0);
    e->near_result = transport_tls.open(&e->near, &e->at, NULL);
    CU_ASSERT_EQUAL(e->near_result, ERR_AGAIN);
    CU_ASSERT((e->near.flags & CONNECTION_OPENING) != 0);
    struct pollfd p = {.fd = e->listener.fd, .events = POLLIN};
    CU_ASSERT_EQUAL(poll(&p, 1, 5000), 1);
    CU_ASSERT_EQUAL(transport_tls.accept(&e->listener, &e->far), 0);
    e->far_result = ERR_AGAIN;
}

static void shake(struct ends *e) {
    for (int turn = 0; turn < TURNS_MAX && (e->near_result == ERR_AGAIN || e->far_result == ERR_AGAIN); turn++) {
        e->near_result = step(&e->near, e->near_result);
        e->far_result = step(&e->far, e->far_result);
        if (e->near_result < 0 && e->near_result != ERR_AGAIN && e->near.fd >= 0)
            transport_tls.finish(&e->near);
        struct pollfd p[2] = {{.fd = e->near.fd, .events = POLLIN}, {.fd = e->far.fd, .events = POLLIN}};
        poll(p, 2, PATIENCE_MS);
    }
}

static void end(struct ends *e) {
    transport_tls.close(&e->near, false);
    transport_tls.close(&e->far, false);
    transport_tls.close(&e->listener, false);
    CU_ASSERT_PTR_NULL(e->near.state);
    CU_ASSERT_EQUAL(e->near.fd, -1);
    transport_tls_context_free(e->server);
    transport_tls_context_free(e->client);
}

static struct tls_settings server_with(const char *certificate) {
    return (struct tls_settings){.server = true, .certificate = path_of(certificate), .key = path_of("leaf.key")};
}

static struct tls_settings client_with(const char *ca) {
    return (struct tls_settings){.ca = path_of(ca)};
}

static int read_all(struct connection *c, uint8_t *into, size_t size) {
    size_t got = 0;
    for (int turn = 0; turn < TURNS_MAX && got < size; turn++) {
        int n = transport_tls.recv(c, into + got, size - got);
        if (n > 0)
            got += (size_t)n;
        else if (n != ERR_AGAIN)
            return n;
        else {
            struct pollfd p = {.fd = c->fd, .events = POLLIN};
            poll(&p, 1, PATIENCE_MS);
        }
    }
    return (int)got;
}

static int ends_with(struct connection *c) {
    uint8_t unread[64];
    int n = ERR_AGAIN;
    for (int turn = 0; turn < TURNS_MAX && n == ERR_AGAIN; turn++) {
        n = transport_tls.recv(c, unread, sizeof unread);
        struct pollfd p = {.fd = c->fd, .events = POLLIN};
        if (n == ERR_AGAIN)
            poll(&p, 1, PATIENCE_MS);
    }
    return n;
}

static void prepare_directory(void) {
    if (directory == NULL)
        directory = tls_files_new();
}

/* --- cases ---------------------------------------------------------------------------------------------------------- */

static void bytes_come_through_both_ways(void) {
    prepare_directory();
    struct ends e;
    struct tls_settings server = server_with("server.pem"), client = client_with("ca.pem");
    begin(&e, &server, &client, "localhost", NULL);
    shake(&e);
    CU_ASSERT_EQUAL(e.near_result, 0);
    CU_ASSERT_EQUAL(e.far_result, 0);
    CU_ASSERT_EQUAL(e.near.flags & (CONNECTION_OPENING | CONNECTION_SECURING), 0);
    uint8_t got[8] = {0};
    CU_ASSERT_EQUAL(transport_tls.send(&e.near, (const uint8_t *)"hello", 5), 5);
    CU_ASSERT_EQUAL(read_all(&e.far, got, 5), 5);
    CU_ASSERT_EQUAL(memcmp(got, "hello", 5), 0);
    CU_ASSERT_EQUAL(transport_tls.send(&e.far, (const uint8_t *)"yes", 3), 3);
    CU_ASSERT_EQUAL(read_all(&e.near, got, 3), 3);
    CU_ASSERT_EQUAL(transport_tls.recv(&e.near, got, sizeof got), ERR_AGAIN);
    CU_ASSERT_FALSE(transport_tls.holds(&e.near));
    struct tls_facts facts = transport_tls_facts(&e.near);
    CU_ASSERT_PTR_NOT_NULL(strstr(facts.version, "TLSv1."));
    CU_ASSERT_PTR_NOT_NULL(strstr(facts.suite, "GCM"));
    CU_ASSERT_PTR_NULL(facts.alpn);
    CU_ASSERT(facts.bytes_up > 200 && facts.bytes_down > 500);
    transport_tls.finish(&e.near);
    CU_ASSERT_EQUAL(ends_with(&e.far), ERR_CLOSED);
    end(&e);
}

static void the_name_may_be_a_numeric_address_that_the_certificate_lists(void) {
    prepare_directory();
    struct ends e;
    struct tls_settings server = server_with("server.pem"), client = client_with("ca.pem");
    begin(&e, &server, &client, "127.0.0.1", NULL);
    shake(&e);
    CU_ASSERT_EQUAL(e.near_result, 0);
    end(&e);
    begin(&e, &server, &client, "127.0.0.2", NULL);
    shake(&e);
    CU_ASSERT_EQUAL(e.near_result, ERR_DENIED);
    CU_ASSERT_EQUAL(transport_tls.why(&e.near), CLOSE_TLS_WRONG_NAME);
    end(&e);
}

static void who_cannot_prove_who_it_is_is_refused(void) {
    static const struct {
        const char *certificate, *ca, *crl, *name;
        enum close_reason why;
    } cases[] = {
        {"server.pem", "other.pem", NULL, "localhost", CLOSE_TLS_UNKNOWN_CA},
        {"wrong.pem", "ca.pem", NULL, "localhost", CLOSE_TLS_WRONG_NAME},
        {"expired.pem", "ca.pem", NULL, "localhost", CLOSE_TLS_CERTIFICATE_EXPIRED},
        {"early.pem", "ca.pem", NULL, "localhost", CLOSE_TLS_CERTIFICATE_NOT_YET_VALID},
        {"revoked.pem", "ca.pem", "crl.pem", "localhost", CLOSE_TLS_CERTIFICATE_REVOKED},
        {"server.pem", "ca.pem", "crl.pem", "localhost", CLOSE_NONE},
        {"wrong.pem", "ca.pem", NULL, "broker.example", CLOSE_NONE},
    };
    prepare_directory();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ends e;
        struct tls_settings server = server_with(cases[i].certificate);
        struct tls_settings client = {.ca = path_of(cases[i].ca), .crl = path_of(cases[i].crl)};
        begin(&e, &server, &client, cases[i].name, NULL);
        shake(&e);
        if (cases[i].why == CLOSE_NONE) {
            CU_ASSERT_EQUAL(e.near_result, 0);
        } else {
            CU_ASSERT_EQUAL(e.near_result, ERR_DENIED);
            CU_ASSERT_EQUAL(transport_tls.why(&e.near), cases[i].why);
        }
        end(&e);
    }
}

static void insecure_believes_everybody(void) {
    prepare_directory();
    struct ends e;
    struct tls_settings server = server_with("expired.pem"), client = {.insecure = true};
    begin(&e, &server, &client, "nobody.example", NULL);
    shake(&e);
    CU_ASSERT_EQUAL(e.near_result, 0);
    end(&e);
    begin(&e, &server, &client, "127.0.0.9", NULL);
    shake(&e);
    CU_ASSERT_EQUAL(e.near_result, 0);
    end(&e);
}

static void a_client_shows_its_certificate_when_it_is_asked(void) {
    prepare_directory();
    struct ends e;
    struct tls_settings server = {.server = true, .certificate = path_of("server.pem"), .key = path_of("leaf.key")};
    server.ca = path_of("ca.pem");
    struct tls_settings client = {.ca = server.ca, .certificate = path_of("client.pem"), .key = server.key};
    begin(&e, &server, &client, "localhost", NULL);
    shake(&e);
    CU_ASSERT_EQUAL(e.near_result, 0);
    CU_ASSERT_EQUAL(e.far_result, 0);
    end(&e);
}

/* With TLS 1.3 the client has finished before it hears of it. */
static enum close_reason refused_by_peer(struct ends *e) {
    if (e->near_result == 0)
        e->near_result = ends_with(&e->near);
    CU_ASSERT_EQUAL(e->near_result, ERR_DENIED);
    return transport_tls.why(&e->near);
}

static void the_peers_alert_says_why_it_refuses(void) {
    prepare_directory();
    struct ends e;
    struct tls_settings server = server_with("server.pem"), client = client_with("ca.pem");
    server.ca = path_of("ca.pem");
    client.certificate = path_of("expired.pem");
    client.key = path_of("leaf.key");
    client.ca = path_of("ca.pem");
    server = server_with("server.pem");
    server.ca = client.ca;
    begin(&e, &server, &client, "localhost", NULL);
    shake(&e);
    CU_ASSERT_EQUAL(refused_by_peer(&e), CLOSE_ALERT_CERTIFICATE_EXPIRED);
    end(&e);
}

static void protocols_are_agreed_on(void) {
    prepare_directory();
    struct ends e;
    struct tls_settings server = server_with("server.pem"), client = client_with("ca.pem");
    server.alpn[0] = "mqtt";
    client.alpn[0] = "x-amzn-mqtt-ca";
    client.alpn[1] = "mqtt";
    begin(&e, &server, &client, "localhost", NULL);
    shake(&e);
    CU_ASSERT_EQUAL(e.near_result, 0);
    CU_ASSERT_STRING_EQUAL(transport_tls_facts(&e.near).alpn, "mqtt");
    end(&e);
    client.alpn[1] = NULL;
    client.ca = path_of("ca.pem");
    begin(&e, &server, &client, "localhost", NULL);
    shake(&e);
    CU_ASSERT_EQUAL(e.near_result, ERR_DENIED);
    CU_ASSERT_EQUAL(transport_tls.why(&e.near), CLOSE_ALERT_NO_APPLICATION_PROTOCOL);
    end(&e);
}

static void shared_keys_stand_for_certificates(void) {
    static const uint8_t key[16] = {1, 2, 3}, other[16] = {3, 2, 1};
    prepare_directory();
    struct ends e;
    struct tls_settings server = {.server = true, .psk = true}, client = {.psk = true};
    server.psk_name = bytes_of_text("meter-7");
    server.psk_key = bytes_of(key, sizeof key);
    struct tls_credentials who = {bytes_of_text("meter-7"), bytes_of(key, sizeof key)};
    begin(&e, &server, &client, "127.0.0.1", &who);
    shake(&e);
    CU_ASSERT_EQUAL(e.near_result, 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(transport_tls_facts(&e.near).suite, "PSK"));
    end(&e);
    who.psk_name = bytes_of_text("meter-8");
    begin(&e, &server, &client, "127.0.0.1", &who);
    shake(&e);
    CU_ASSERT_EQUAL(e.near_result, ERR_DENIED);
    CU_ASSERT_EQUAL(transport_tls.why(&e.near), CLOSE_ALERT_UNKNOWN_PSK_IDENTITY);
    end(&e);
    who = (struct tls_credentials){bytes_of_text("meter-7"), bytes_of(other, sizeof other)};
    begin(&e, &server, &client, "127.0.0.1", &who);
    shake(&e);
    CU_ASSERT(e.near_result != 0 && e.near_result != ERR_AGAIN);
    end(&e);
}

static void names_and_keys_have_limits(void) {
    static const uint8_t key[TLS_PSK_MAX + 1];
    struct tls_settings psk = {.psk = true};
    struct tls_context *t = context_of(&psk);
    struct connection c = {.fd = -1};
    struct tls_credentials who = {bytes_of_text("a"), bytes_of(key, sizeof key)};
    CU_ASSERT_EQUAL(transport_tls_prepare(&c, t, NULL, "localhost", &who), ERR_INVALID);
    who.psk_key.size = 0;
    CU_ASSERT_EQUAL(transport_tls_prepare(&c, t, NULL, "localhost", &who), ERR_INVALID);
    char name[300];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    who.psk_key.size = 16;
    CU_ASSERT_EQUAL(transport_tls_prepare(&c, t, NULL, name, &who), ERR_INVALID);
    CU_ASSERT_PTR_NULL(c.state);
    transport_tls_context_free(t);
}

static void what_the_socket_does_not_take_is_sent_later_and_once(void) {
    enum { SIZE = 4 << 20, READ = 1 << 16 };
    prepare_directory();
    struct ends e;
    struct tls_settings server = server_with("server.pem"), client = client_with("ca.pem");
    begin(&e, &server, &client, "localhost", NULL);
    shake(&e);
    uint8_t *sent = malloc(SIZE), *got = malloc(SIZE);
    CU_ASSERT_FATAL(sent != NULL && got != NULL);
    for (size_t i = 0; i < SIZE; i++)
        sent[i] = (uint8_t)(i * 31 >> 3);
    size_t out = 0, in = 0, held_back = 0;
    for (int turn = 0; turn < 1000000 && in < SIZE; turn++) {
        int n = out == SIZE ? 0 : transport_tls.send(&e.near, sent + out, SIZE - out);
        if (n > 0) {
            out += (size_t)n;
            continue;
        }
        held_back += n == ERR_AGAIN;
        n = transport_tls.recv(&e.far, got + in, SIZE - in < READ ? SIZE - in : READ);
        in += n > 0 ? (size_t)n : 0;
    }
    CU_ASSERT_EQUAL(in, SIZE);
    CU_ASSERT(held_back > 0);
    CU_ASSERT_EQUAL(memcmp(sent, got, SIZE), 0);
    free(sent);
    free(got);
    end(&e);
}

static void a_reader_with_little_room_is_told_that_there_is_more(void) {
    prepare_directory();
    struct ends e;
    struct tls_settings server = server_with("server.pem"), client = client_with("ca.pem");
    begin(&e, &server, &client, "localhost", NULL);
    shake(&e);
    uint8_t got[6] = {0};
    CU_ASSERT_EQUAL(transport_tls.send(&e.near, (const uint8_t *)"abcdef", 6), 6);
    CU_ASSERT_EQUAL(read_all(&e.far, got, 2), 2);
    CU_ASSERT_TRUE(transport_tls.holds(&e.far));
    CU_ASSERT_EQUAL(transport_tls.recv(&e.far, got + 2, 4), 4);
    CU_ASSERT_FALSE(transport_tls.holds(&e.far));
    CU_ASSERT_EQUAL(memcmp(got, "abcdef", 6), 0);
    end(&e);
}

static void what_is_no_tls_ends_the_attempt(void) {
    prepare_directory();
    struct tls_settings client = client_with("ca.pem");
    struct tls_context *t = context_of(&client);
    struct connection listener = {.fd = -1}, far = {.fd = -1}, near = {.fd = -1};
    struct address at;
    CU_ASSERT_EQUAL(address_parse("127.0.0.1", 0, &at), 0);
    CU_ASSERT_EQUAL(transport_tcp.listen(&listener, &at), 0);
    CU_ASSERT_EQUAL(transport_tcp.where(&listener, &at), 0);
    CU_ASSERT_EQUAL(transport_tls_prepare(&near, t, NULL, "localhost", NULL), 0);
    int result = transport_tls.open(&near, &at, NULL);
    CU_ASSERT_EQUAL(result, ERR_AGAIN);
    while (transport_tcp.accept(&listener, &far) == ERR_AGAIN)
        ;
    CU_ASSERT(transport_tcp.send(&far, (const uint8_t *)"HTTP/1.1 400 Bad Request\r\n\r\n", 28) == 28);
    for (int turn = 0; turn < TURNS_MAX && result == ERR_AGAIN; turn++) {
        struct pollfd p = {.fd = near.fd, .events = POLLIN};
        result = step(&near, result);
        poll(&p, 1, PATIENCE_MS);
    }
    CU_ASSERT_EQUAL(result, ERR_DENIED);
    CU_ASSERT_EQUAL(transport_tls.why(&near), CLOSE_TLS_FAILED);
    transport_tls.close(&near, true);
    transport_tcp.close(&far, true);
    transport_tcp.close(&listener, true);
    transport_tls_context_free(t);
}

static void a_peer_that_hangs_up_is_no_matter_of_tls(void) {
    prepare_directory();
    struct ends e;
    struct tls_settings server = server_with("server.pem"), client = client_with("ca.pem");
    begin(&e, &server, &client, "localhost", NULL);
    unsigned wants = 0;
    CU_ASSERT_EQUAL(transport_tls.progress(&e.near, &wants), ERR_AGAIN);
    CU_ASSERT_TRUE((e.near.flags & CONNECTION_SECURING) != 0);
    CU_ASSERT_EQUAL(wants, TRANSPORT_WANTS_READ);
    transport_tls.close(&e.far, false);
    for (int turn = 0; turn < TURNS_MAX && e.near_result == ERR_AGAIN; turn++)
        e.near_result = step(&e.near, e.near_result);
    CU_ASSERT(e.near_result == ERR_CLOSED || e.near_result == ERR_UNREACHABLE);
    end(&e);
}

/* `near` offers the session, if there is one, and keeps the one that it has then. */
static bool goes_on(struct ends *e, struct tls_context *client, uint8_t *session, size_t *size) {
    e->near = e->far = (struct connection){.fd = -1};
    CU_ASSERT_EQUAL(transport_tls_prepare(&e->near, client, NULL, "localhost", NULL), 0);
    if (*size > 0)
        CU_ASSERT_EQUAL(transport_tls_resume(&e->near, bytes_of(session, *size)), 0);
    e->near_result = transport_tls.open(&e->near, &e->at, NULL);
    struct pollfd p = {.fd = e->listener.fd, .events = POLLIN};
    CU_ASSERT_EQUAL(poll(&p, 1, 5000), 1);
    CU_ASSERT_EQUAL(transport_tls.accept(&e->listener, &e->far), 0);
    e->far_result = ERR_AGAIN;
    shake(e);
    CU_ASSERT_EQUAL(e->near_result, 0);
    bool resumed = transport_tls_facts(&e->near).resumed;
    *size = transport_tls_keep(&e->near, session, TLS_KEPT_MAX);
    transport_tls.close(&e->near, false);
    transport_tls.close(&e->far, false);
    return resumed;
}

static void a_session_that_is_kept_goes_on(void) {
    static uint8_t session[TLS_KEPT_MAX];
    size_t size = 0;
    struct ends e, other;
    prepare_directory();
    struct tls_settings server = server_with("server.pem"), client = client_with("ca.pem");
    begin(&e, &server, &client, "localhost", NULL);
    shake(&e);
    bool can_keep = strcmp(transport_tls_facts(&e.near).version, "TLSv1.2") == 0;
    transport_tls.close(&e.near, false);
    transport_tls.close(&e.far, false);
    CU_ASSERT_FALSE(goes_on(&e, e.client, session, &size)); /* nothing was offered */
    CU_ASSERT_EQUAL(size > 0, can_keep);
    CU_ASSERT_EQUAL(goes_on(&e, e.client, session, &size), can_keep);
    CU_ASSERT_EQUAL(goes_on(&e, e.client, session, &size), can_keep); /* and again */
    server = server_with("server.pem");
    client = client_with("ca.pem");
    begin(&other, &server, &client, "localhost", NULL);
    shake(&other);
    transport_tls.close(&other.near, false);
    transport_tls.close(&other.far, false);
    CU_ASSERT_FALSE(goes_on(&other, other.client, session, &size)); /* whom nobody knows there begins anew */
    end(&other);
    CU_ASSERT_EQUAL(transport_tls_prepare(&e.near, e.client, NULL, "localhost", NULL), 0);
    CU_ASSERT_EQUAL(transport_tls_resume(&e.near, bytes_of_text("no session")), ERR_MALFORMED);
    CU_ASSERT_EQUAL(transport_tls_resume(&e.near, bytes_of(NULL, 0)), ERR_MALFORMED);
    end(&e);
}

static void nothing_io(void *context, struct loop_io *io, unsigned ready) {
    (void)context, (void)io, (void)ready;
}
static void nothing_timer(void *context, uint32_t token, instant deadline) {
    (void)context, (void)token, (void)deadline;
}
static void nothing_woken(void *context) {
    (void)context;
}

/* With helpers `near` wants nothing while one of them has it. */
static void shake_with_helpers(struct ends *e) {
    bool away = false;
    for (int turn = 0; turn < TURNS_MAX && (e->near_result == ERR_AGAIN || e->far_result == ERR_AGAIN); turn++) {
        struct connection *back = transport_tls_back(desk);
        CU_ASSERT(back == NULL || (back == &e->near && away));
        away = away && back == NULL;
        if (!away && e->near_result == ERR_AGAIN) {
            unsigned wants = TRANSPORT_WANTS_READ;
            e->near_result = transport_tls.progress(&e->near, &wants);
            away = e->near_result == ERR_AGAIN && wants == 0;
        }
        e->far_result = step(&e->far, e->far_result);
        poll(NULL, 0, 1);
    }
}

static void helpers_compute_what_takes_long(void) {
    struct loop_handlers handlers = {.io = nothing_io, .timer = nothing_timer, .woken = nothing_woken};
    struct loop *loop;
    struct ends e;
    prepare_directory();
    CU_ASSERT_EQUAL_FATAL(loop_ev_new(&handlers, 1, &loop), 0);
    struct helpers *helpers = helpers_new(2);
    desk = helpers_desk_new(helpers, loop);
    struct tls_settings server = server_with("server.pem"), client = client_with("ca.pem");
    begin(&e, &server, &client, "localhost", NULL);
    shake_with_helpers(&e);
    CU_ASSERT_EQUAL(e.near_result, 0);
    CU_ASSERT_EQUAL(e.far_result, 0);
    CU_ASSERT(transport_tls_facts(&e.near).waited > 0);
    CU_ASSERT_EQUAL(transport_tls.send(&e.near, (const uint8_t *)"x", 1), 1);
    end(&e);
    server = server_with("wrong.pem");
    client = client_with("ca.pem");
    begin(&e, &server, &client, "localhost", NULL);
    shake_with_helpers(&e);
    CU_ASSERT_EQUAL(e.near_result, ERR_DENIED);
    CU_ASSERT_EQUAL(transport_tls.why(&e.near), CLOSE_TLS_WRONG_NAME);
    end(&e);
    for (int i = 0; i < 50; i++) { /* who goes away meanwhile is forgotten, whether its turn had come or not */
        server = server_with("server.pem");
        client = client_with("ca.pem");
        begin(&e, &server, &client, "localhost", NULL);
        unsigned wants;
        CU_ASSERT_EQUAL(transport_tls.progress(&e.near, &wants), ERR_AGAIN);
        transport_tls.close(&e.near, true);
        while (i % 2 == 0 && transport_tls_back(desk) != NULL)
            ;
        helpers_stop(helpers); /* the context goes next */
        CU_ASSERT_PTR_NULL(transport_tls_back(desk));
        end(&e);
        helpers_free(helpers);
        helpers_desk_free(desk);
        helpers = helpers_new(1);
        desk = helpers_desk_new(helpers, loop);
    }
    helpers_free(helpers);
    helpers_desk_free(desk);
    desk = NULL;
    loop_close(loop);
}

static void a_record_that_was_tampered_with_ends_the_connection(void) {
    static const uint8_t forged[] = {23, 3,  3,  0,  32, 1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14,
                                     15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32};
    prepare_directory();
    struct ends e;
    struct tls_settings server = server_with("server.pem"), client = client_with("ca.pem");
    begin(&e, &server, &client, "localhost", NULL);
    shake(&e);
    CU_ASSERT_EQUAL(transport_tcp.send(&e.far, forged, sizeof forged), (int)sizeof forged);
    CU_ASSERT_EQUAL(ends_with(&e.near), ERR_DENIED);
    CU_ASSERT_EQUAL(transport_tls.why(&e.near), CLOSE_TLS_FAILED);
    uint8_t more[8];
    CU_ASSERT_EQUAL(transport_tls.recv(&e.near, more, sizeof more), ERR_DENIED);
    end(&e);
    scratch_remove(directory);
    directory = NULL;
}

HARNESS_MAIN("transport_tls", HARNESS_CASE(bytes_come_through_both_ways),
             HARNESS_CASE(the_name_may_be_a_numeric_address_that_the_certificate_lists),
             HARNESS_CASE(who_cannot_prove_who_it_is_is_refused), HARNESS_CASE(insecure_believes_everybody),
             HARNESS_CASE(a_client_shows_its_certificate_when_it_is_asked),
             HARNESS_CASE(the_peers_alert_says_why_it_refuses), HARNESS_CASE(protocols_are_agreed_on),
             HARNESS_CASE(shared_keys_stand_for_certificates), HARNESS_CASE(names_and_keys_have_limits),
             HARNESS_CASE(what_the_socket_does_not_take_is_sent_later_and_once),
             HARNESS_CASE(a_reader_with_little_room_is_told_that_there_is_more),
             HARNESS_CASE(what_is_no_tls_ends_the_attempt), HARNESS_CASE(a_peer_that_hangs_up_is_no_matter_of_tls),
             HARNESS_CASE(a_session_that_is_kept_goes_on), HARNESS_CASE(helpers_compute_what_takes_long),
             HARNESS_CASE(a_record_that_was_tampered_with_ends_the_connection))
