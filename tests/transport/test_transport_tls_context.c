#include "transport/transport_tls_context.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/text.h"
#include "harness.h"
#include "scratch.h"
#include "transport/tls_files.h"

static char *directory;
static char why[512];

static char *file(const char *name) {
    return text_format("%s/%s", directory, name);
}

static int make(const char *ca, const char *certificate, const char *key, const char *crl) {
    char *paths[] = {ca == NULL ? NULL : file(ca), certificate == NULL ? NULL : file(certificate),
                     key == NULL ? NULL : file(key), crl == NULL ? NULL : file(crl)};
    struct tls_settings s = {.ca = paths[0], .certificate = paths[1], .key = paths[2], .crl = paths[3]};
    struct tls_context *t = NULL;
    int error = transport_tls_context_new(&s, &t, why, sizeof why);
    CU_ASSERT((error == 0) == (t != NULL));
    transport_tls_context_free(t);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        free(paths[i]);
    return error;
}

static void files_that_fit_are_taken(void) {
    directory = tls_files_new();
    CU_ASSERT_EQUAL(make("ca.pem", NULL, NULL, NULL), 0);
    CU_ASSERT_EQUAL(make("ca.pem", "client.pem", "leaf.key", "crl.pem"), 0);
    scratch_remove(directory);
}

static void what_cannot_be_read_is_named(void) {
    directory = tls_files_new();
    CU_ASSERT_EQUAL(make("nobody.pem", NULL, NULL, NULL), ERR_NOT_FOUND);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "nobody.pem"));
    CU_ASSERT_EQUAL(make("leaf.key", NULL, NULL, NULL), ERR_MALFORMED);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "the CA file"));
    CU_ASSERT_EQUAL(make("ca.pem", NULL, NULL, "ca.pem"), ERR_MALFORMED);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "the revocation list"));
    CU_ASSERT_EQUAL(make("ca.pem", "client.pem", "ca.pem", NULL), ERR_MALFORMED);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "the private key"));
    CU_ASSERT_EQUAL(make("ca.pem", "client.pem", "none.key", NULL), ERR_NOT_FOUND);
    scratch_remove(directory);
}

static void a_key_that_others_may_use_is_refused(void) {
    directory = tls_files_new();
    char *key = file("leaf.key");
    CU_ASSERT_EQUAL(chmod(key, 0640), 0);
    CU_ASSERT_EQUAL(make("ca.pem", "client.pem", "leaf.key", NULL), ERR_DENIED);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "chmod 600"));
    free(key);
    scratch_remove(directory);
}

static void a_certificate_needs_the_key_that_is_its_own(void) {
    directory = tls_files_new();
    CU_ASSERT_EQUAL(make("ca.pem", "client.pem", NULL, NULL), ERR_INVALID);
    CU_ASSERT_EQUAL(make("ca.pem", "client.pem", "other.key", NULL), ERR_MALFORMED);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "is not that of the certificate"));
    scratch_remove(directory);
}

HARNESS_MAIN("transport_tls_context", HARNESS_CASE(files_that_fit_are_taken),
             HARNESS_CASE(what_cannot_be_read_is_named), HARNESS_CASE(a_key_that_others_may_use_is_refused),
             HARNESS_CASE(a_certificate_needs_the_key_that_is_its_own))
