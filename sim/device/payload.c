#include "device/payload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/draw.h"
#include "base/err.h"
#include "crypto/crypto_digest.h"
#include "crypto/crypto_hex.h"
#include "device/identity.h"
#include "device/payload_format.h"

enum {
    NUMBER_MAX = 400,         /* "%.9f" of the largest double needs 320 characters */
    SHORTEST_DIGITS_MIN = 15, /* every decimal of so many digits survives being a double */
    SHORTEST_DIGITS_MAX = 17
};

static void write_text(struct bytes_writer *out, const char *text) {
    bytes_write(out, bytes_of_text(text));
}

static void write_uint(struct bytes_writer *out, uint64_t value) {
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0);
    bytes_write(out, bytes_of(digits + at, sizeof digits - at));
}

static void write_int(struct bytes_writer *out, int64_t value) {
    if (value < 0)
        bytes_write_u8(out, '-');
    write_uint(out, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

/* `precision` −1: the fewest digits that read back as the same number. */
static void write_number(struct bytes_writer *out, double value, int precision) {
    char text[NUMBER_MAX];
    if (value != value) { /* the sensor gave none */
        write_text(out, "null");
        return;
    }
    if (precision >= 0) {
        snprintf(text, sizeof text, "%.*f", precision, value);
    } else {
        int digits = SHORTEST_DIGITS_MIN;
        do
            snprintf(text, sizeof text, "%.*g", digits, value);
        while (digits++ < SHORTEST_DIGITS_MAX && strtod(text, NULL) != value);
    }
    write_text(out, text);
}

static void write_signal(struct bytes_writer *out, const struct payload_context *c, const struct template_token *t) {
    CHECK(t->signal < c->group->signal_count && c->signals != NULL);
    const struct signal *s = &c->group->signals[t->signal];
    double value = c->signals[t->signal];
    if (s->kind != SIGNAL_CHOICE) {
        write_number(out, value, t->precision);
        return;
    }
    CHECK(value >= 0 && value < s->word_count);
    write_text(out, s->words[(unsigned)value]);
}

static void write_mark(struct bytes_writer *out, const struct payload_context *c) {
    char text[PAYLOAD_MARK_SIZE];
    struct payload_mark mark = payload_mark_of(c);
    payload_mark_encode(&mark, text);
    bytes_write(out, bytes_of(text, sizeof text));
}

/* Tokens that stand for themselves. */
static int render_one(const struct template_token *t, const struct payload_context *c, struct bytes_writer *out) {
    char imei[IDENTITY_IMEI_DIGITS];
    struct bytes secret;
    switch ((enum template_kind)t->kind) {
    case TEMPLATE_LITERAL:
        bytes_write(out, t->text);
        return 0;
    case TEMPLATE_DEVICE_ID:
        write_text(out, c->group->fleet);
        bytes_write_u8(out, '-');
        write_uint(out, c->index);
        return 0;
    case TEMPLATE_DEVICE_INDEX:
        write_uint(out, c->index);
        return 0;
    case TEMPLATE_DEVICE_IMEI:
        identity_imei(c->seed, c->device, imei);
        bytes_write(out, bytes_of(imei, sizeof imei));
        return 0;
    case TEMPLATE_DEVICE_REGION:
        write_text(out, c->group->region);
        return 0;
    case TEMPLATE_DEVICE_FLEET:
        write_text(out, c->group->fleet);
        return 0;
    case TEMPLATE_DEVICE_PROFILE:
        write_text(out, c->group->profile_name);
        return 0;
    case TEMPLATE_MSG_SEQ:
        write_uint(out, c->seq);
        return 0;
    case TEMPLATE_MSG_TIME:
        write_int(out, c->unix_ms);
        return 0;
    case TEMPLATE_MSG_MARK:
        write_mark(out, c);
        return 0;
    case TEMPLATE_RUN_ID:
        write_text(out, c->run_id);
        return 0;
    case TEMPLATE_SIGNAL:
        write_signal(out, c, t);
        return 0;
    case TEMPLATE_SECRET:
        secret = secret_value(c->secrets, t->text);
        bytes_write(out, secret);
        return secret.data == NULL ? ERR_NOT_FOUND : 0;
    case TEMPLATE_RANDOM:
        return payload_random(c, t->size, false, out);
    case TEMPLATE_HMAC:
    case TEMPLATE_CHOICE:
        break;
    }
    CHECK(!"a token without parts");
}

static int render_each(const struct template_token *tokens, unsigned count, const struct payload_context *c,
                       struct bytes_writer *out) {
    for (unsigned i = 0; i < count; i++) {
        int error = render_one(&tokens[i], c, out);
        if (error < 0)
            return error;
    }
    return out->failed ? ERR_TOO_BIG : 0;
}

static int render_hmac(const struct template_token *t, const struct payload_context *c, struct bytes_writer *out) {
    uint8_t key[PAYLOAD_HMAC_MAX], text[PAYLOAD_HMAC_MAX];
    struct bytes_writer key_out = bytes_writer_of(key, sizeof key), text_out = bytes_writer_of(text, sizeof text);
    int error = render_each(t + 1, t->key_count, c, &key_out);
    if (error == 0)
        error = render_each(t + 1 + t->key_count, t->message_count, c, &text_out);
    if (error == 0) {
        uint8_t digest[CRYPTO_DIGEST_BYTES];
        char hex[2 * CRYPTO_DIGEST_BYTES + 1];
        crypto_digest_hmac_sha256(key, bytes_written(&key_out), text, bytes_written(&text_out), digest);
        crypto_hex_encode(digest, sizeof digest, hex);
        bytes_write(out, bytes_of(hex, sizeof hex - 1));
    }
    explicit_bzero(key, bytes_written(&key_out));
    explicit_bzero(text, bytes_written(&text_out));
    return error;
}

static void render_choice(const struct template_token *t, const struct payload_context *c, struct bytes_writer *out) {
    CHECK(t->option_count > 0);
    uint64_t bits = draw_u64(c->seed, c->device, draw_stream_key(DRAW_PAYLOAD_CHOICE), c->seq) >> 32;
    const struct template_token *option = t + 1, *last = t + t->option_count;
    while (option < last && bits >= option->weight)
        option++;
    bytes_write(out, option->text);
}

int payload_render(const struct template *t, const struct payload_context *c, struct bytes_writer *out) {
    int error = 0;
    for (unsigned i = 0; i < t->count && error == 0; i++) {
        const struct template_token *token = &t->tokens[i];
        if (token->kind == TEMPLATE_HMAC) {
            error = render_hmac(token, c, out);
            i += (unsigned)token->key_count + token->message_count;
        } else if (token->kind == TEMPLATE_CHOICE) {
            render_choice(token, c, out);
            i += token->option_count;
        } else {
            error = render_one(token, c, out);
        }
    }
    return error < 0 ? error : out->failed ? ERR_TOO_BIG : 0;
}

int payload_random(const struct payload_context *c, uint32_t size, bool marked, struct bytes_writer *out) {
    if (out->failed || bytes_room(out) < size) {
        out->failed = true;
        return ERR_TOO_BIG;
    }
    uint8_t *start = out->at;
    draw_fill(c->seed, c->device, draw_stream_key(DRAW_PAYLOAD_RANDOM), c->seq, start, size);
    if (marked && size >= PAYLOAD_MARK_SIZE)
        write_mark(out, c);
    out->at = start + size;
    return 0;
}

int payload_of_message(const struct telemetry *t, const struct payload_context *c, struct bytes_writer *out) {
    const struct telemetry_message *listed =
        t->message_count == 0 ? NULL : &t->messages[c->n == 0 ? 0 : (c->n - 1) % t->message_count];
    if (t->format != NULL)
        return payload_format_write(t->format, c, out);
    uint32_t size = listed != NULL ? listed->random_size : t->random_size;
    if (size > 0)
        return payload_random(c, size, t->mark == MARK_HEAD, out);
    return payload_render(listed != NULL ? &listed->payload : &t->payload, c, out);
}
