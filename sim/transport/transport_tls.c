#include "transport/transport_tls.h"

#include <mbedtls/error.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/platform_util.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "transport/transport_tcp.h"
#include "transport/transport_tls_parts.h"
#if MBEDTLS_VERSION_MAJOR >= 3
#include <mbedtls/private_access.h>
#else
#define MBEDTLS_PRIVATE(member) member
#endif

/* Bytes on their way between the socket and a handshake, which does not touch the socket itself. */
struct pipe {
    uint8_t *data;
    size_t at, size, room;
};

struct tls_session {
    struct helpers_job job; /* first: a helper hands this back */
    struct helpers_desk *desk;
    struct pipe in, out; /* until the handshake is over; what is left of `in` is read first then */
    int result;          /* of mbedtls_ssl_handshake, as far as it has come */
    bool away; /* a helper has the session, or will: nobody else touches it but for this, `abandoned` and `waited` */
    bool abandoned; /* its connection is gone: whoever gets it back frees it */
    span waited;    /* for helpers */
    mbedtls_ssl_context ssl;
    mbedtls_ssl_config own; /* where the context's does not do */
    bool has_own, ready;
    bool offered, resumed;    /* an earlier session, whose secret is: */
    unsigned char secret[48]; /* (RFC 5246 section 8.1) */
    bool numeric;             /* the server is named by `address`, which its certificate has to list */
    struct address address;
    struct tls_context *context;
    struct connection *connection; /* that it is the state of */
    size_t unsent; /* bytes that mbedTLS took and could not send whole: the next send must begin with them */
    uint64_t bytes_up, bytes_down;
    int below; /* what the socket said last; 0: nothing that ends a connection */
    enum close_reason why;
};

static struct tls_session *session_of(const struct connection *c) {
    CHECK(c->state != NULL);
    return c->state;
}

/* --- the socket below ----------------------------------------------------------------------------------------------- */

/* A peer that says more than this in one handshake wants to fill our memory. */
enum { PIPE_MAX = 1 << 18, PIPE_STEP = 2048 };

static bool pipe_reserve(struct pipe *p, size_t size) {
    if (p->size + size <= p->room)
        return true;
    size_t room = (p->size + size + PIPE_STEP - 1) / PIPE_STEP * PIPE_STEP;
    uint8_t *larger = room > PIPE_MAX ? NULL : realloc(p->data, room);
    if (larger == NULL)
        return false;
    p->data = larger;
    p->room = room;
    return true;
}

static size_t pipe_left(const struct pipe *p) {
    return p->size - p->at;
}

static void pipe_drop(struct pipe *p) {
    free(p->data);
    *p = (struct pipe){0};
}

static int below_send(void *context, const unsigned char *data, size_t size) {
    struct tls_session *s = context;
    if (!s->ready) {
        if (!pipe_reserve(&s->out, size))
            return MBEDTLS_ERR_SSL_ALLOC_FAILED;
        memcpy(s->out.data + s->out.size, data, size);
        s->out.size += size;
        return (int)size;
    }
    int n = transport_tcp.send(s->connection, data, size);
    if (n == ERR_AGAIN)
        return MBEDTLS_ERR_SSL_WANT_WRITE;
    if (n < 0) {
        s->below = n;
        return MBEDTLS_ERR_NET_SEND_FAILED;
    }
    s->bytes_up += (uint64_t)n;
    return n;
}

static int below_recv(void *context, unsigned char *data, size_t size) {
    struct tls_session *s = context;
    size_t left = pipe_left(&s->in);
    if (left > 0) {
        size_t part = left < size ? left : size;
        memcpy(data, s->in.data + s->in.at, part);
        s->in.at += part;
        return (int)part;
    }
    if (!s->ready)
        return MBEDTLS_ERR_SSL_WANT_READ;
    if (s->in.data != NULL)
        pipe_drop(&s->in);
    int n = transport_tcp.recv(s->connection, data, size);
    if (n == ERR_AGAIN)
        return MBEDTLS_ERR_SSL_WANT_READ;
    if (n < 0) {
        s->below = n;
        return n == ERR_CLOSED ? 0 : MBEDTLS_ERR_NET_RECV_FAILED;
    }
    s->bytes_down += (uint64_t)n;
    return n;
}

/* --- why it failed -------------------------------------------------------------------------------------------------- */

/* RFC 5246 section 7.2, RFC 8446 section 6 */
static enum close_reason reason_of_alert(uint8_t alert) {
    static const struct {
        uint8_t alert;
        enum close_reason reason;
    } rows[] = {
        {20, CLOSE_ALERT_BAD_RECORD_MAC},
        {40, CLOSE_ALERT_HANDSHAKE_FAILURE},
        {42, CLOSE_ALERT_BAD_CERTIFICATE},
        {44, CLOSE_ALERT_CERTIFICATE_REVOKED},
        {45, CLOSE_ALERT_CERTIFICATE_EXPIRED},
        {46, CLOSE_ALERT_CERTIFICATE_UNKNOWN},
        {48, CLOSE_ALERT_UNKNOWN_CA},
        {49, CLOSE_ALERT_ACCESS_DENIED},
        {51, CLOSE_ALERT_DECRYPT_ERROR},
        {70, CLOSE_ALERT_PROTOCOL_VERSION},
        {112, CLOSE_ALERT_UNRECOGNIZED_NAME},
        {115, CLOSE_ALERT_UNKNOWN_PSK_IDENTITY},
        {116, CLOSE_ALERT_CERTIFICATE_REQUIRED},
        {120, CLOSE_ALERT_NO_APPLICATION_PROTOCOL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].alert == alert)
            return rows[i].reason;
    return CLOSE_ALERT_OTHER;
}

/* The gravest first: what a certificate says of itself counts for nothing when nobody vouches for it. */
static enum close_reason reason_of_flags(uint32_t flags) {
    static const struct {
        uint32_t flags;
        enum close_reason reason;
    } rows[] = {
        {MBEDTLS_X509_BADCERT_NOT_TRUSTED, CLOSE_TLS_UNKNOWN_CA},
        {MBEDTLS_X509_BADCERT_REVOKED, CLOSE_TLS_CERTIFICATE_REVOKED},
        {MBEDTLS_X509_BADCERT_EXPIRED, CLOSE_TLS_CERTIFICATE_EXPIRED},
        {MBEDTLS_X509_BADCERT_FUTURE, CLOSE_TLS_CERTIFICATE_NOT_YET_VALID},
        {MBEDTLS_X509_BADCERT_CN_MISMATCH, CLOSE_TLS_WRONG_NAME},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if ((flags & rows[i].flags) != 0)
            return rows[i].reason;
    return CLOSE_TLS_BAD_CERTIFICATE;
}

/* Keeps the reason and translates. The end of the connection below stays what it is. */
static int fail(struct tls_session *s, int code) {
    if (code ==
        MBEDTLS_ERR_SSL_FATAL_ALERT_MESSAGE) /* type and description of the alert lie where its record was read */
        s->why = reason_of_alert(s->ssl.MBEDTLS_PRIVATE(in_msg)[1]);
    else if (code == MBEDTLS_ERR_X509_CERT_VERIFY_FAILED)
        s->why = reason_of_flags(mbedtls_ssl_get_verify_result(&s->ssl));
    else if (code == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY && s->ready)
        return ERR_CLOSED;
    else if (s->below < 0)
        return s->below;
    else if (code == MBEDTLS_ERR_SSL_ALLOC_FAILED)
        s->why = CLOSE_LOCAL;
    else
        s->why = CLOSE_TLS_FAILED;
    return ERR_DENIED;
}

static enum close_reason tls_why(const struct connection *c) {
    const struct tls_session *s = c->state;
    return s == NULL || s->why == CLOSE_NONE ? CLOSE_TLS_FAILED : s->why;
}

/* --- names ---------------------------------------------------------------------------------------------------------- */

static bool lists_address(const mbedtls_x509_crt *certificate, const struct address *a) {
    enum { TAG_KIND = 0x1f, IP_ADDRESS = 7 }; /* GeneralName, RFC 5280 section 4.2.1.6 */
    const void *wanted = a->any.sa_family == AF_INET ? (const void *)&a->v4.sin_addr : (const void *)&a->v6.sin6_addr;
    size_t size = a->any.sa_family == AF_INET ? sizeof a->v4.sin_addr : sizeof a->v6.sin6_addr;
    for (const mbedtls_x509_sequence *name = &certificate->subject_alt_names; name != NULL; name = name->next)
        if (name->buf.p != NULL && (name->buf.tag & TAG_KIND) == IP_ADDRESS && name->buf.len == size &&
            memcmp(name->buf.p, wanted, size) == 0)
            return true;
    return false;
}

/* Numeric addresses: 2.28 compares DNS names alone. */
static int check_address(void *context, mbedtls_x509_crt *certificate, int depth, uint32_t *flags) {
    const struct tls_session *s = context;
    if (depth == 0 && !lists_address(certificate, &s->address))
        *flags |= MBEDTLS_X509_BADCERT_CN_MISMATCH;
    return 0;
}

/* mbedTLS has to be told in any case, if only that there is no DNS name: without, old versions check nothing. A numeric address
 * is never sent as SNI (RFC 6066 section 3). */
static int set_name(struct tls_session *s, const char *name) {
    s->numeric = address_parse(name, 0, &s->address) == 0;
    int code = mbedtls_ssl_set_hostname(&s->ssl, s->numeric ? NULL : name);
    if (s->numeric && !s->context->insecure)
        mbedtls_ssl_set_verify(&s->ssl, check_address, s);
    return code;
}

/* --- handshake ------------------------------------------------------------------------------------------------------ */

/* As far as it goes with what has come. By a helper, perhaps. */
static void compute(struct helpers_job *job) {
    struct tls_session *s = (struct tls_session *)(void *)job;
    s->result = mbedtls_ssl_handshake(&s->ssl);
}

/* --- life ----------------------------------------------------------------------------------------------------------- */

static int set_up(struct tls_session *s, const char *name, const struct tls_credentials *who) {
    bool own_key = who != NULL && s->context->psk && !s->context->server;
    int code = 0;
    if (own_key) {
        if (who->psk_key.size == 0 || who->psk_key.size > TLS_PSK_MAX || who->psk_name.size == 0 ||
            who->psk_name.size > TLS_PSK_NAME_MAX)
            return ERR_INVALID;
        s->has_own = true;
        code = transport_tls_context_configure(s->context, &s->own);
        if (code == 0)
            code = mbedtls_ssl_conf_psk(&s->own, who->psk_key.data, who->psk_key.size, who->psk_name.data,
                                        who->psk_name.size);
    }
    if (code == 0)
        code = mbedtls_ssl_setup(&s->ssl, own_key ? &s->own : &s->context->config);
    if (code == 0 && !s->context->server)
        code = set_name(s, name);
    mbedtls_ssl_set_bio(&s->ssl, s, below_send, below_recv, NULL);
    return code == 0 ? 0 : code == MBEDTLS_ERR_SSL_BAD_INPUT_DATA ? ERR_INVALID : ERR_NO_MEMORY;
}

static void free_session(struct tls_session *s) {
    mbedtls_platform_zeroize(s->secret, sizeof s->secret);
    mbedtls_ssl_free(&s->ssl);
    if (s->has_own)
        mbedtls_ssl_config_free(&s->own);
    pipe_drop(&s->in);
    pipe_drop(&s->out);
    free(s);
}

void transport_tls_abandon(struct connection *c) {
    struct tls_session *s = c->state;
    c->state = NULL;
    if (s == NULL)
        return;
    if (s->away && !helpers_withdraw(s->desk, &s->job))
        s->abandoned = true;
    else
        free_session(s);
}

struct connection *transport_tls_back(struct helpers_desk *desk) {
    struct helpers_job *job;
    while ((job = helpers_take(desk)) != NULL) {
        struct tls_session *s = (struct tls_session *)(void *)job;
        s->away = false;
        s->waited += job->begun_ns - job->given_ns;
        if (!s->abandoned)
            return s->connection;
        free_session(s);
    }
    return NULL;
}

int transport_tls_prepare(struct connection *c, struct tls_context *context, struct helpers_desk *desk,
                          const char *name, const struct tls_credentials *who) {
    struct tls_session *s = calloc(1, sizeof *s);
    if (s == NULL)
        return ERR_NO_MEMORY;
    mbedtls_ssl_init(&s->ssl);
    s->context = context;
    s->connection = c;
    s->desk = desk;
    s->job.work = compute;
    s->result = MBEDTLS_ERR_SSL_WANT_WRITE; /* there is something to compute before anything has come */
    c->state = s;
    int error = set_up(s, name, who);
    if (error < 0)
        transport_tls_abandon(c);
    return error;
}

int transport_tls_resume(struct connection *c, struct bytes kept) {
    struct tls_session *s = session_of(c);
    mbedtls_ssl_session session;
    mbedtls_ssl_session_init(&session);
    int code = mbedtls_ssl_session_load(&session, kept.data, kept.size);
    if (code == 0)
        code = mbedtls_ssl_set_session(&s->ssl, &session);
    s->offered = code == 0;
    if (s->offered)
        memcpy(s->secret, session.MBEDTLS_PRIVATE(master), sizeof s->secret);
    mbedtls_ssl_session_free(&session);
    return code == 0 ? 0 : ERR_MALFORMED;
}

/* 1.2 alone: its sessions are whole when the handshake is over. */
static bool has_session(const struct tls_session *s) {
    return strcmp(mbedtls_ssl_get_version(&s->ssl), "TLSv1.2") == 0;
}

size_t transport_tls_keep(const struct connection *c, uint8_t *out, size_t room) {
    const struct tls_session *s = session_of(c);
    mbedtls_ssl_session session;
    size_t size = 0;
    if (!s->ready || !has_session(s))
        return 0;
    mbedtls_ssl_session_init(&session);
    int code = mbedtls_ssl_get_session(&s->ssl, &session);
    if (code == 0)
        code = mbedtls_ssl_session_save(&session, out, room, &size);
    mbedtls_ssl_session_free(&session);
    return code == 0 ? size : 0;
}

struct tls_facts transport_tls_facts(const struct connection *c) {
    const struct tls_session *s = session_of(c);
    struct tls_facts f = {
        .bytes_up = s->bytes_up, .bytes_down = s->bytes_down, .waited = s->waited, .resumed = s->resumed};
    if (!s->ready)
        return f;
    f.version = mbedtls_ssl_get_version(&s->ssl);
    f.suite = mbedtls_ssl_get_ciphersuite(&s->ssl);
    f.alpn = mbedtls_ssl_get_alpn_protocol(&s->ssl);
    return f;
}

/* --- the slots ------------------------------------------------------------------------------------------------------ */

/* Sends what the handshake wrote: 0 when all of it has gone. A peer that has refused us and hung up breaks this; what it said still waits
 * to be read. */
static int send_flight(struct connection *c, struct tls_session *s) {
    while (pipe_left(&s->out) > 0 && s->below == 0) {
        int n = transport_tcp.send(c, s->out.data + s->out.at, pipe_left(&s->out));
        if (n == ERR_AGAIN)
            return ERR_AGAIN;
        if (n < 0) {
            s->below = n;
            break;
        }
        s->out.at += (size_t)n;
        s->bytes_up += (uint64_t)n;
    }
    s->out.at = s->out.size = 0;
    return 0;
}

/* Reads what is there: bytes, ERR_AGAIN, or what ended the connection. */
static int read_flight(struct connection *c, struct tls_session *s) {
    enum { READ = 8192 };
    if (pipe_left(&s->in) == 0)
        s->in.at = s->in.size = 0;
    if (!pipe_reserve(&s->in, READ))
        return ERR_NO_MEMORY;
    int n = transport_tcp.recv(c, s->in.data + s->in.size, READ);
    if (n <= 0)
        return n == ERR_AGAIN && s->below < 0 ? s->below : n;
    s->in.size += (size_t)n;
    s->bytes_down += (uint64_t)n;
    return n;
}

/* The secret of a session that goes on is that of the session before. */
static bool went_on(const struct tls_session *s) {
    if (!s->offered || !has_session(s))
        return false;
    const mbedtls_ssl_session *now = s->ssl.MBEDTLS_PRIVATE(session);
    return now != NULL && memcmp(now->MBEDTLS_PRIVATE(master), s->secret, sizeof s->secret) == 0;
}

static int finish_handshake(struct connection *c, struct tls_session *s) {
    s->ready = true;
    s->resumed = went_on(s);
    mbedtls_platform_zeroize(s->secret, sizeof s->secret);
    pipe_drop(&s->out);
    if (pipe_left(&s->in) == 0)
        pipe_drop(&s->in);
    c->flags &= (uint8_t) ~(CONNECTION_OPENING | CONNECTION_SECURING);
    return 0;
}

/* Goes on with the handshake: flights go out whole, what comes is read, and what there is to compute is computed by a helper, if there are
 * helpers. */
static int shake_hands(struct connection *c, unsigned *wants) {
    struct tls_session *s = session_of(c);
    *wants = 0;
    while (!s->away) {
        *wants = TRANSPORT_WANTS_WRITE;
        if (send_flight(c, s) < 0)
            return ERR_AGAIN;
        if (s->result == 0)
            return s->below < 0 ? s->below : finish_handshake(c, s);
        if (s->result != MBEDTLS_ERR_SSL_WANT_READ && s->result != MBEDTLS_ERR_SSL_WANT_WRITE)
            return fail(s, s->result);
        *wants = TRANSPORT_WANTS_READ;
        int n = s->result == MBEDTLS_ERR_SSL_WANT_READ ? read_flight(c, s) : 1;
        if (n == ERR_NO_MEMORY)
            return fail(s, MBEDTLS_ERR_SSL_ALLOC_FAILED);
        if (n < 0)
            return n;
        *wants = 0;
        s->away = s->desk != NULL;
        if (s->away)
            helpers_give(s->desk, &s->job);
        else
            compute(&s->job);
    }
    return ERR_AGAIN;
}

static int tls_progress(struct connection *c, unsigned *wants) {
    if ((c->flags & CONNECTION_SECURING) == 0) {
        int error = transport_tcp.progress(c, wants);
        if (error < 0)
            return error;
        c->flags |= CONNECTION_OPENING | CONNECTION_SECURING;
    }
    return shake_hands(c, wants);
}

/* TCP may be up at once; the handshake begins when the loop has said so, because nobody has been told yet that it begins. */
static int tls_open(struct connection *c, const struct address *to, const struct address *from) {
    int error = transport_tcp.open(c, to, from);
    if (error < 0 && error != ERR_AGAIN) {
        transport_tls_abandon(c);
        return error;
    }
    c->flags |= CONNECTION_OPENING;
    return ERR_AGAIN;
}

static int tls_send(struct connection *c, const uint8_t *data, size_t size) {
    struct tls_session *s = session_of(c);
    size_t most = (size_t)mbedtls_ssl_get_max_out_record_payload(&s->ssl);
    size_t part = s->unsent > 0 ? s->unsent : size < most ? size : most;
    CHECK(part <= size);
    int n = mbedtls_ssl_write(&s->ssl, data, part);
    if (n == MBEDTLS_ERR_SSL_WANT_WRITE) {
        s->unsent = part;
        return ERR_AGAIN;
    }
    if (n == MBEDTLS_ERR_SSL_WANT_READ)
        return ERR_AGAIN;
    s->unsent = 0;
    return n < 0 ? fail(s, n) : n;
}

static int read_once(struct tls_session *s, uint8_t *data, size_t size) {
    int n = mbedtls_ssl_read(&s->ssl, data, size);
#if defined(MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
    while (n == MBEDTLS_ERR_SSL_RECEIVED_NEW_SESSION_TICKET)
        n = mbedtls_ssl_read(&s->ssl, data, size);
#endif
    if (n > 0)
        return n;
    if (n == MBEDTLS_ERR_SSL_WANT_READ || n == MBEDTLS_ERR_SSL_WANT_WRITE)
        return ERR_AGAIN;
    if (n == 0) /* the end without close_notify */
        return s->below < 0 ? s->below : ERR_CLOSED;
    return fail(s, n);
}

/* As many records as fit: what is left of one inside mbedTLS wakes nobody up. An error that comes behind data is told by the next call. */
static int tls_recv(struct connection *c, uint8_t *data, size_t size) {
    struct tls_session *s = session_of(c);
    CHECK(size > 0);
    size_t got = 0;
    int n = 0;
    if (s->why != CLOSE_NONE)
        return ERR_DENIED;
    do {
        n = read_once(s, data + got, size - got);
        got += n > 0 ? (size_t)n : 0;
    } while (n > 0 && size - got >= MBEDTLS_SSL_IN_CONTENT_LEN);
    return got > 0 ? (int)got : n;
}

static bool tls_holds(const struct connection *c) {
    const struct tls_session *s = session_of(c);
    return mbedtls_ssl_get_bytes_avail(&s->ssl) > 0 || pipe_left(&s->in) > 0;
}

static void say_goodbye(struct connection *c) {
    struct tls_session *s = c->state;
    if (s != NULL && s->ready && s->why == CLOSE_NONE && s->below == 0)
        (void)mbedtls_ssl_close_notify(&s->ssl); /* nobody waits for the room if there is none */
}

static void tls_finish(struct connection *c) {
    say_goodbye(c);
    transport_tcp.finish(c);
}

static void tls_close(struct connection *c, bool reset) {
    if (!reset && c->fd >= 0)
        say_goodbye(c);
    transport_tls_abandon(c);
    transport_tcp.close(c, reset);
}

static int tls_silence(struct connection *c, bool silent) {
    return transport_tcp.silence(c, silent);
}

static int tls_listen(struct connection *c, const struct address *at) {
    return transport_tcp.listen(c, at);
}

static int tls_where(const struct connection *c, struct address *at) {
    return transport_tcp.where(c, at);
}

static bool tls_ended(const struct connection *c) {
    return transport_tcp.ended(c);
}

static int tls_accept(struct connection *listener, struct connection *c) {
    int error = transport_tcp.accept(listener, c);
    if (error < 0)
        return error;
    error = transport_tls_prepare(c, session_of(listener)->context, NULL, NULL, NULL);
    if (error < 0) {
        c->state = NULL;
        transport_tcp.close(c, true);
        return ERR_IO;
    }
    c->flags |= CONNECTION_OPENING | CONNECTION_SECURING;
    return 0;
}

const struct transport_ops transport_tls = {
    .name = "tls",
    .stream = true,
    .open = tls_open,
    .progress = tls_progress,
    .send = tls_send,
    .recv = tls_recv,
    .finish = tls_finish,
    .close = tls_close,
    .silence = tls_silence,
    .listen = tls_listen,
    .where = tls_where,
    .ended = tls_ended,
    .accept = tls_accept,
    .why = tls_why,
    .holds = tls_holds,
};
