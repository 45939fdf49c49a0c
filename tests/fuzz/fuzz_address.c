/* Addresses and URLs, as scenarios, flags and backends (MQTT 5.0 Server Reference) write them: any text is either taken
 * apart or refused with a sentence that is safe to print; an address reads back as it is shown, and never passes the guard
 * as something else than what it is. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/utf8.h"
#include "transport/address.h"
#include "transport/guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_sentence(const char *why) {
    size_t size = strlen(why);
    CHECK(size > 0 && utf8_valid((const uint8_t *)why, size));
    for (size_t i = 0; i < size; i++)
        CHECK((uint8_t)why[i] >= 0x20 && why[i] != 0x7f);
}

static void check_address(const struct address *a) {
    static const struct guard_limits nobody_else = {0};
    struct address back;
    char text[64];
    CHECK(address_parse(address_format(a, text, sizeof text), 0, &back) == 0);
    CHECK(address_equal(a, &back));
    CHECK(!address_is_loopback(a) || address_is_private(a));
    CHECK(guard_limits_permit(&nobody_else, a) == address_is_loopback(a));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = malloc(size + 1);
    CHECK(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    struct address a;
    if (address_parse(text, 1883, &a) == 0)
        check_address(&a);
    struct url u;
    char why[400] = "";
    int error = url_parse(text, &u, why, sizeof why);
    if (error == 0) {
        CHECK(u.port > 0 && strlen(u.host) > 0 && strlen(u.path) < sizeof u.path);
        if (address_parse(u.host, u.port, &a) == 0)
            check_address(&a);
    } else {
        CHECK(error == ERR_MALFORMED || error == ERR_DENIED);
        check_sentence(why);
    }
    (void)guard_is_public_sandbox(text);
    free(text);
    return 0;
}
