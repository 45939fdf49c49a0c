/* Certificates for tests, valid from 2020 to 2049 unless their name says otherwise:
 *
 *   ca.pem, other.pem   two authorities; other.key is the key of the second
 *   server.pem          localhost and 127.0.0.1, of the first; wrong.pem (broker.example), expired.pem, early.pem and
 *                       revoked.pem are like it but for what they are called after
 *   client.pem          device-1
 *   leaf.key            the key of all that are no authorities
 *   crl.pem             revokes revoked.pem */
#ifndef MUSTER_TESTS_TRANSPORT_TLS_FILES_H
#define MUSTER_TESTS_TRANSPORT_TLS_FILES_H

/* Writes them into a directory of their own, for scratch_remove. */
char *tls_files_new(void);

#endif
