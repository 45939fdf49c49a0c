/* What the TLS connections of some devices have in common: files, rules and random numbers. Read-only once it is made, so workers share it.
 *
 * TLS 1.2, and 1.3 where the library has it. Key exchange is ephemeral, or by a shared key; ciphers are AEAD. */
#ifndef MUSTER_TRANSPORT_TRANSPORT_TLS_CONTEXT_H
#define MUSTER_TRANSPORT_TRANSPORT_TLS_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

enum { TLS_ALPN_MAX = 8, TLS_KEY_FILE_MAX = 1 << 16, TLS_PSK_MAX = 32, TLS_PSK_NAME_MAX = 128 };

/* Paths and names are borrowed until the context has been made; ALPN names until it is freed. */
struct tls_settings {
    bool server;                   /* the far end, for tests */
    bool insecure;                 /* clients: whoever answers is believed */
    const char *ca, *crl;          /* PEM; ca NULL: the system's; of a server: of its clients, NULL: it asks for none */
    const char *certificate, *key; /* PEM: one's own with its chain, and its private key; NULL: none */
    const char *alpn[TLS_ALPN_MAX + 1]; /* in the order of preference; NULL ends them */
    bool psk;                           /* by shared key, without certificates; clients: tls_credentials carry it */
    struct bytes psk_name, psk_key;     /* of a server */
};

struct tls_context;

/* Reads the files. A private key must be a regular file that nobody but its owner may read or write. On failure a sentence in `why`, which
 * names the file and never what is in it: ERR_NOT_FOUND · ERR_DENIED others may use the key · ERR_MALFORMED · ERR_NO_MEMORY. */
int transport_tls_context_new(const struct tls_settings *settings, struct tls_context **out, char *why,
                              size_t why_size);
/* After the last connection that uses it. Wipes the key. */
void transport_tls_context_free(struct tls_context *context);

#endif
