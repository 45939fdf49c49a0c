/* Templates, compiled once and rendered per device and message (device/payload.c renders).
 *
 * Variables: ${device.id|index|imei|region|fleet|profile}, ${msg.seq|time|mark}, ${signal.x}, ${signal.x:.1f}, ${secret.X},
 * ${run.id}. "$${" is a literal "${". ${vars.x} and ${env.X} are gone before: loading replaces them. A text that is as a whole
 * one of random(64B), hex(00ff), hmac(KEY, TEXT), choice(a:0.8,b:0.2) is that function; the arguments of hmac are templates. */
#ifndef MUSTER_DEVICE_TEMPLATE_H
#define MUSTER_DEVICE_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

enum {
    TEMPLATE_TOKENS_MAX = 256,
    TEMPLATE_RANDOM_MAX = 1 << 18, /* random(256KiB) */
    TEMPLATE_PRECISION_MAX = 9,
    TEMPLATE_WHY_MAX = 240,
    TEMPLATE_SIGNALS_MAX = 64 /* per fleet */
};

enum template_kind {
    TEMPLATE_LITERAL, /* text */
    TEMPLATE_DEVICE_ID,
    TEMPLATE_DEVICE_INDEX,
    TEMPLATE_DEVICE_IMEI,
    TEMPLATE_DEVICE_REGION,
    TEMPLATE_DEVICE_FLEET,
    TEMPLATE_DEVICE_PROFILE,
    TEMPLATE_MSG_SEQ,
    TEMPLATE_MSG_TIME, /* intended instant, Unix milliseconds */
    TEMPLATE_MSG_MARK, /* 22 base64url characters */
    TEMPLATE_RUN_ID,
    TEMPLATE_SIGNAL, /* index into the fleet's signals; precision */
    TEMPLATE_SECRET, /* text: the name X of ${secret.X} */
    TEMPLATE_RANDOM, /* size bytes */
    TEMPLATE_HMAC, /* HMAC-SHA256 in lower-case hex: the next key_count tokens are the key, the message_count after them the message */
    TEMPLATE_CHOICE, /* the next option_count tokens are literals, each with its share in `weight` (of 2^32, running sum) */
};

/* Which variables a place may use: bits. */
enum template_scope {
    TEMPLATE_OF_DEVICE = 1,  /* device.*, run.id */
    TEMPLATE_OF_MESSAGE = 2, /* msg.* */
    TEMPLATE_OF_SIGNAL = 4,  /* signal.* */
    TEMPLATE_OF_SECRET = 8,  /* secret.X */
    TEMPLATE_RANDOMS = 16,   /* random(N), choice(…) */
    TEMPLATE_HMACS = 32,     /* hmac(key, text) */
    TEMPLATE_HEXES = 64      /* hex(…): bytes that no text can have */
};

struct template_token {
    uint8_t kind;                      /* enum template_kind */
    int8_t precision;                  /* SIGNAL: digits after the point; -1: shortest */
    uint16_t signal;                   /* SIGNAL */
    uint16_t key_count, message_count; /* HMAC */
    uint16_t option_count;             /* CHOICE */
    uint32_t size;                     /* RANDOM */
    uint64_t weight;                   /* an option of CHOICE: running sum of shares, the last is 2^32 */
    struct bytes text;                 /* LITERAL, SECRET; borrowed from `storage` */
};

struct template {
    struct template_token *tokens;
    unsigned count;
    unsigned uses; /* bits of enum template_scope that occur */
    bool has_mark; /* ${msg.mark} occurs */
    char *storage;
};

struct template_error {
    size_t offset, size; /* the piece of the text that is wrong */
    char why[TEMPLATE_WHY_MAX];
    char suggestion[64]; /* "" : none */
};

/* Compiles `text`. `scope`: bits of enum template_scope that the place allows; `signals`: the names of the fleet's signals, in the
 * order of its table. On failure ERR_MALFORMED and *error; `out` is then empty. */
int template_compile(const char *text, unsigned scope, const char *const *signals, unsigned signal_count,
                     struct template *out, struct template_error *error);
void template_free(struct template *t);
bool template_is_literal(const struct template *t);          /* the same for every device and message */
bool template_tells_devices_apart(const struct template *t); /* another text for every device of a fleet */

/* The variables, for documentation and completion; ends with name NULL. */
struct template_variable {
    const char *name; /* "device.id", "signal.*" */
    enum template_kind kind;
    unsigned scope;
    const char *doc;
};
extern const struct template_variable template_variables[];

#endif
