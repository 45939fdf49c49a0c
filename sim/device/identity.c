#include "device/identity.h"

#include "base/draw.h"
#include "base/err.h"

enum { IMEI_PREFIX_DIGITS = 3, IMEI_SERIAL_DIGITS = IDENTITY_IMEI_DIGITS - IMEI_PREFIX_DIGITS - 1 };

static const uint64_t serials = 100000000000; /* 10^IMEI_SERIAL_DIGITS */
static const uint64_t serial_stride =
    61803398877; /* no factor in common with 10: device by device no serial comes twice */

char identity_luhn(const char *digits, unsigned count) {
    unsigned sum = 0;
    for (unsigned i = 0; i < count; i++) {
        unsigned digit = (unsigned)(digits[count - 1 - i] - '0');
        if (i % 2 == 0) /* every second digit from the right, beginning with the last, counts twice */
            digit = digit < 5 ? 2 * digit : 2 * digit - 9;
        sum += digit;
    }
    return (char)('0' + (10 - sum % 10) % 10);
}

void identity_imei(uint64_t seed, uint32_t device, char digits[IDENTITY_IMEI_DIGITS]) {
    uint64_t offset = draw_below(draw_u64(seed, 0, draw_stream_key(DRAW_IMEI), 0), serials);
    uint64_t serial = (uint64_t)(((unsigned __int128)device * serial_stride + offset) % serials);
    digits[0] = digits[1] = '0';
    digits[2] = '1';
    for (unsigned i = 0; i < IMEI_SERIAL_DIGITS; i++) {
        digits[IMEI_PREFIX_DIGITS + IMEI_SERIAL_DIGITS - 1 - i] = (char)('0' + serial % 10);
        serial /= 10;
    }
    digits[IDENTITY_IMEI_DIGITS - 1] = identity_luhn(digits, IDENTITY_IMEI_DIGITS - 1);
}

int identity_client_id(const struct payload_context *c, struct bytes_writer *out) {
    const struct identity *who = c->group->identity;
    if (who != NULL && who->client_id.count > 0)
        return payload_render(&who->client_id, c, out);
    struct template_token tokens[] = {
        {.kind = TEMPLATE_LITERAL, .text = bytes_of_text("muster-")},
        {.kind = TEMPLATE_RUN_ID},
        {.kind = TEMPLATE_LITERAL, .text = bytes_of_text("-")},
        {.kind = TEMPLATE_DEVICE_ID},
    };
    const struct template standard = {.tokens = tokens, .count = sizeof tokens / sizeof tokens[0]};
    return payload_render(&standard, c, out);
}

/* Renders and borrows what was written. */
static int render(const struct template *t, const struct payload_context *c, struct bytes_writer *out,
                  struct bytes *name) {
    const uint8_t *start = out->at;
    int error = t == NULL ? identity_client_id(c, out) : payload_render(t, c, out);
    *name = bytes_of(start, (size_t)(out->at - start));
    return error;
}

int identity_render(const struct payload_context *c, struct bytes_writer *out, struct identity_names *names) {
    const struct identity *who = c->group->identity;
    *names = (struct identity_names){0};
    int error = render(NULL, c, out, &names->client_id);
    if (error < 0 || who == NULL)
        return error;
    names->has_user = who->has_user;
    names->has_password = who->has_password;
    if (who->has_user)
        error = render(&who->user, c, out, &names->user);
    if (error == 0 && who->has_password)
        error = render(&who->password, c, out, &names->password);
    return error;
}

int identity_shared_key(const struct payload_context *c, struct bytes_writer *out, struct bytes *name,
                        struct bytes *key) {
    int error = render(&c->group->identity->psk_id, c, out, name);
    return error < 0 ? error : render(&c->group->identity->psk_key, c, out, key);
}
