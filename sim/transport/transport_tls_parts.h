/* Between the files of the TLS transport; nobody else includes mbedTLS. 2.28 and 3.6 differ in names alone where both are used here. */
#ifndef MUSTER_TRANSPORT_TRANSPORT_TLS_PARTS_H
#define MUSTER_TRANSPORT_TRANSPORT_TLS_PARTS_H

#include <mbedtls/pk.h>
#include <mbedtls/ssl.h>
#include <mbedtls/ssl_cache.h>
#include <mbedtls/version.h>
#include <mbedtls/x509_crl.h>
#include <mbedtls/x509_crt.h>

#include "transport/transport_tls_context.h"

struct tls_context {
    mbedtls_ssl_config config;
    mbedtls_x509_crt ca, certificate;
    mbedtls_x509_crl crl;
    mbedtls_pk_context key;
    mbedtls_ssl_cache_context sessions; /* of a server's clients */
    const char *alpn[TLS_ALPN_MAX + 1];
    bool server, insecure, psk, has_certificate, has_ca, has_crl;
};

/* Makes a configuration like the context's. One of a connection's own is needed where a shared key comes in, which mbedTLS keeps there. */
int transport_tls_context_configure(struct tls_context *context, mbedtls_ssl_config *config);

#endif
