#include "transport/transport_tls_context.h"

#include <errno.h>
#include <fcntl.h>
#include <mbedtls/error.h>
#include <mbedtls/platform_util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "transport/transport_tls_parts.h"
#if MBEDTLS_VERSION_MAJOR >= 3
#include <psa/crypto.h>
#endif

/* Where Debian and most others keep what the system trusts. */
#define SYSTEM_CA "/etc/ssl/certs/ca-certificates.crt"

enum { SAID_MAX = 160 };

/* From the kernel, so that threads share nothing. */
static int random_bytes(void *unused, unsigned char *out, size_t size) {
    (void)unused;
    while (size > 0) {
        ssize_t got = getrandom(out, size, 0);
        if (got < 0 && errno != EINTR)
            return MBEDTLS_ERR_SSL_NO_RNG;
        out += got < 0 ? 0 : got;
        size -= got < 0 ? 0 : (size_t)got;
    }
    return 0;
}

static int refuse(int error, const char *what, const char *path, int code, char *why, size_t why_size) {
    char said[SAID_MAX] = "";
    if (code != 0)
        mbedtls_strerror(code, said, sizeof said);
    snprintf(why, why_size, "%s %s cannot be used: %s", what, path, code != 0 ? said : strerror(errno));
    return error;
}

/* --- files ---------------------------------------------------------------------------------------------------------- */

static int read_certificates(const char *what, const char *path, bool all, mbedtls_x509_crt *into, char *why,
                             size_t why_size) {
    if (access(path, R_OK) < 0)
        return refuse(ERR_NOT_FOUND, what, path, 0, why, why_size);
    int code = mbedtls_x509_crt_parse_file(into, path);
    /* positive: so many of them could not be read. Among the system's there are some of kinds that are not known here */
    return code == 0 || (code > 0 && !all)
               ? 0
               : refuse(ERR_MALFORMED, what, path, code < 0 ? code : MBEDTLS_ERR_X509_INVALID_FORMAT, why, why_size);
}

static int read_key_bytes(const char *path, unsigned char *into, size_t *size, char *why, size_t why_size) {
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &about) < 0 || !S_ISREG(about.st_mode)) {
        int error =
            refuse(ERR_NOT_FOUND, "the private key", path, fd < 0 ? 0 : MBEDTLS_ERR_PK_FILE_IO_ERROR, why, why_size);
        if (fd >= 0)
            close(fd);
        return error;
    }
    if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        close(fd);
        snprintf(why, why_size, "the private key %s: others may use it; run chmod 600 on it", path);
        return ERR_DENIED;
    }
    ssize_t got;
    while (*size < TLS_KEY_FILE_MAX - 1 && (got = read(fd, into + *size, TLS_KEY_FILE_MAX - 1 - *size)) > 0)
        *size += (size_t)got;
    close(fd);
    into[(*size)++] = '\0'; /* PEM is parsed as a text, which counts its end */
    return 0;
}

static int read_key(const char *path, mbedtls_pk_context *into, char *why, size_t why_size) {
    unsigned char *text = malloc(TLS_KEY_FILE_MAX);
    size_t size = 0;
    if (text == NULL)
        return ERR_NO_MEMORY;
    int error = read_key_bytes(path, text, &size, why, why_size);
    if (error == 0) {
#if MBEDTLS_VERSION_MAJOR >= 3
        int code = mbedtls_pk_parse_key(into, text, size, NULL, 0, random_bytes, NULL);
#else
        int code = mbedtls_pk_parse_key(into, text, size, NULL, 0);
#endif
        if (code != 0)
            error = refuse(ERR_MALFORMED, "the private key", path, code, why, why_size);
    }
    mbedtls_platform_zeroize(text, TLS_KEY_FILE_MAX);
    free(text);
    return error;
}

static int read_own(struct tls_context *t, const struct tls_settings *s, char *why, size_t why_size) {
    if (s->certificate == NULL)
        return 0;
    if (s->key == NULL) {
        snprintf(why, why_size, "the certificate %s has no private key beside it", s->certificate);
        return ERR_INVALID;
    }
    int error = read_certificates("the certificate", s->certificate, true, &t->certificate, why, why_size);
    if (error == 0)
        error = read_key(s->key, &t->key, why, why_size);
    if (error < 0)
        return error;
#if MBEDTLS_VERSION_MAJOR >= 3
    int code = mbedtls_pk_check_pair(&t->certificate.pk, &t->key, random_bytes, NULL);
#else
    int code = mbedtls_pk_check_pair(&t->certificate.pk, &t->key);
#endif
    if (code != 0) {
        snprintf(why, why_size, "the private key %s is not that of the certificate %s", s->key, s->certificate);
        return ERR_MALFORMED;
    }
    t->has_certificate = true;
    return 0;
}

static int read_trusted(struct tls_context *t, const struct tls_settings *s, char *why, size_t why_size) {
    bool given = s->ca != NULL;
    if (s->insecure || s->psk || (s->server && !given))
        return 0;
    int error = read_certificates("the CA file", given ? s->ca : SYSTEM_CA, given, &t->ca, why, why_size);
    if (error < 0)
        return error;
    t->has_ca = true;
    if (s->crl == NULL)
        return 0;
    if (access(s->crl, R_OK) < 0)
        return refuse(ERR_NOT_FOUND, "the revocation list", s->crl, 0, why, why_size);
    int code = mbedtls_x509_crl_parse_file(&t->crl, s->crl);
    if (code != 0)
        return refuse(ERR_MALFORMED, "the revocation list", s->crl, code, why, why_size);
    t->has_crl = true;
    return 0;
}

/* --- rules ---------------------------------------------------------------------------------------------------------- */

/* AES-128 first: nothing that a device sends needs more, and it costs least. */
static const int suites[] = {
#if MBEDTLS_VERSION_MAJOR >= 3
    MBEDTLS_TLS1_3_AES_128_GCM_SHA256,
    MBEDTLS_TLS1_3_AES_256_GCM_SHA384,
    MBEDTLS_TLS1_3_CHACHA20_POLY1305_SHA256,
#endif
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_ECDHE_ECDSA_WITH_AES_128_CCM,
    0,
};
static const int psk_suites[] = {
    MBEDTLS_TLS_PSK_WITH_AES_128_GCM_SHA256,
    MBEDTLS_TLS_PSK_WITH_AES_256_GCM_SHA384,
    MBEDTLS_TLS_PSK_WITH_AES_128_CCM,
    MBEDTLS_TLS_PSK_WITH_AES_128_CCM_8,
    MBEDTLS_TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256,
    MBEDTLS_TLS_PSK_WITH_CHACHA20_POLY1305_SHA256,
    0,
};

/* P-256 first. The library's own list begins with secp521r1, which some servers take and which costs half as much again; P-384 and P-521 are
 * there for certificates that have them. */
static void set_groups(mbedtls_ssl_config *config) {
#if MBEDTLS_VERSION_MAJOR >= 3
    static const uint16_t groups[] = {MBEDTLS_SSL_IANA_TLS_GROUP_SECP256R1, MBEDTLS_SSL_IANA_TLS_GROUP_X25519,
                                      MBEDTLS_SSL_IANA_TLS_GROUP_SECP384R1, MBEDTLS_SSL_IANA_TLS_GROUP_SECP521R1,
                                      MBEDTLS_SSL_IANA_TLS_GROUP_NONE};
    mbedtls_ssl_conf_groups(config, groups);
#else
    static const mbedtls_ecp_group_id groups[] = {MBEDTLS_ECP_DP_SECP256R1, MBEDTLS_ECP_DP_CURVE25519,
                                                  MBEDTLS_ECP_DP_SECP384R1, MBEDTLS_ECP_DP_SECP521R1,
                                                  MBEDTLS_ECP_DP_NONE};
    mbedtls_ssl_conf_curves(config, groups);
#endif
}

static void set_versions(mbedtls_ssl_config *config, bool psk) {
#if MBEDTLS_VERSION_MAJOR >= 3
    mbedtls_ssl_conf_min_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_2);
    if (psk) /* the shared keys of 1.3 are bound to a hash, which nobody tells us */
        mbedtls_ssl_conf_max_tls_version(config, MBEDTLS_SSL_VERSION_TLS1_2);
#else
    (void)psk;
    mbedtls_ssl_conf_min_version(config, MBEDTLS_SSL_MAJOR_VERSION_3, MBEDTLS_SSL_MINOR_VERSION_3);
#endif
}

int transport_tls_context_configure(struct tls_context *t, mbedtls_ssl_config *config) {
    mbedtls_ssl_config_init(config);
    int code = mbedtls_ssl_config_defaults(config, t->server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
                                           MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT);
    if (code != 0)
        return code;
    mbedtls_ssl_conf_rng(config, random_bytes, NULL);
    mbedtls_ssl_conf_ciphersuites(config, t->psk ? psk_suites : suites);
    set_groups(config);
    set_versions(config, t->psk);
    bool believes = t->insecure || (t->server && !t->has_ca);
    mbedtls_ssl_conf_authmode(config, believes ? MBEDTLS_SSL_VERIFY_NONE : MBEDTLS_SSL_VERIFY_REQUIRED);
    if (t->server)
        mbedtls_ssl_conf_session_cache(config, &t->sessions, mbedtls_ssl_cache_get, mbedtls_ssl_cache_set);
    if (t->has_ca)
        mbedtls_ssl_conf_ca_chain(config, &t->ca, t->has_crl ? &t->crl : NULL);
    if (t->has_certificate)
        code = mbedtls_ssl_conf_own_cert(config, &t->certificate, &t->key);
    if (code == 0 && t->alpn[0] != NULL)
        code = mbedtls_ssl_conf_alpn_protocols(config, t->alpn);
    return code;
}

/* An elliptic key keeps a table of multiples of the curve's base point from its first use on, without a lock: it gets that use here, before
 * threads share the key. The signature is well-formed (1, 1) and wrong, which is found out by computing. */
static void make_ready(mbedtls_pk_context *key, bool is_private) {
    static const unsigned char hash[32] = {0x80, 7}, one_one[] = {0x30, 6, 2, 1, 1, 2, 1, 1};
    unsigned char signature[MBEDTLS_PK_SIGNATURE_MAX_SIZE];
    size_t size = 0;
    if (mbedtls_pk_can_do(key, MBEDTLS_PK_ECDSA) == 0)
        return;
    (void)mbedtls_pk_verify(key, MBEDTLS_MD_SHA256, hash, sizeof hash, one_one, sizeof one_one);
    if (!is_private)
        return;
#if MBEDTLS_VERSION_MAJOR >= 3
    (void)mbedtls_pk_sign(key, MBEDTLS_MD_SHA256, hash, sizeof hash, signature, sizeof signature, &size, random_bytes,
                          NULL);
#else
    (void)mbedtls_pk_sign(key, MBEDTLS_MD_SHA256, hash, sizeof hash, signature, &size, random_bytes, NULL);
#endif
}

static void make_all_ready(struct tls_context *t) {
    for (mbedtls_x509_crt *c = &t->ca; t->has_ca && c != NULL; c = c->next)
        make_ready(&c->pk, false);
    if (t->has_certificate)
        make_ready(&t->key, true);
}

static int build(struct tls_context *t, const struct tls_settings *s, char *why, size_t why_size) {
    int error = read_trusted(t, s, why, why_size);
    if (error == 0)
        error = read_own(t, s, why, why_size);
    if (error < 0)
        return error;
    make_all_ready(t);
    int code = transport_tls_context_configure(t, &t->config);
    if (code == 0 && s->server && s->psk)
        code = mbedtls_ssl_conf_psk(&t->config, s->psk_key.data, s->psk_key.size, s->psk_name.data, s->psk_name.size);
    return code == 0 ? 0 : refuse(ERR_INVALID, "what is set for", "TLS", code, why, why_size);
}

int transport_tls_context_new(const struct tls_settings *s, struct tls_context **out, char *why, size_t why_size) {
    struct tls_context *t = calloc(1, sizeof *t);
    if (t == NULL) {
        snprintf(why, why_size, "there is no memory for TLS");
        return ERR_NO_MEMORY;
    }
#if MBEDTLS_VERSION_MAJOR >= 3
    psa_crypto_init(); /* TLS 1.3 computes by it; a second call does nothing */
#endif
    mbedtls_ssl_config_init(&t->config);
    mbedtls_x509_crt_init(&t->ca);
    mbedtls_x509_crt_init(&t->certificate);
    mbedtls_x509_crl_init(&t->crl);
    mbedtls_pk_init(&t->key);
    mbedtls_ssl_cache_init(&t->sessions);
    t->server = s->server;
    t->insecure = s->insecure;
    t->psk = s->psk;
    memcpy(t->alpn, s->alpn, sizeof t->alpn);
    int error = build(t, s, why, why_size);
    if (error < 0) {
        transport_tls_context_free(t);
        return error;
    }
    *out = t;
    return 0;
}

void transport_tls_context_free(struct tls_context *t) {
    if (t == NULL)
        return;
    mbedtls_ssl_config_free(&t->config);
    mbedtls_x509_crt_free(&t->ca);
    mbedtls_x509_crt_free(&t->certificate);
    mbedtls_x509_crl_free(&t->crl);
    mbedtls_pk_free(&t->key);
    mbedtls_ssl_cache_free(&t->sessions);
    free(t);
}
