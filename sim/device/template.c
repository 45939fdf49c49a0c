#include "device/template.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/suggest.h"
#include "base/units.h"

const struct template_variable template_variables[] = {
    {"device.id", TEMPLATE_DEVICE_ID, TEMPLATE_OF_DEVICE, "Fleet and number: meters-17."},
    {"device.index", TEMPLATE_DEVICE_INDEX, TEMPLATE_OF_DEVICE, "The number within the fleet, from 0."},
    {"device.imei", TEMPLATE_DEVICE_IMEI, TEMPLATE_OF_DEVICE,
     "15 digits with a valid check digit, drawn from the seed."},
    {"device.region", TEMPLATE_DEVICE_REGION, TEMPLATE_OF_DEVICE,
     "The region that the device was dealt; empty without regions."},
    {"device.fleet", TEMPLATE_DEVICE_FLEET, TEMPLATE_OF_DEVICE, "The fleet's name."},
    {"device.profile", TEMPLATE_DEVICE_PROFILE, TEMPLATE_OF_DEVICE, "The name of the device's profile."},
    {"run.id", TEMPLATE_RUN_ID, TEMPLATE_OF_DEVICE, "Four hexadecimal digits of the run."},
    {"msg.seq", TEMPLATE_MSG_SEQ, TEMPLATE_OF_MESSAGE, "The message's number, from 1."},
    {"msg.time", TEMPLATE_MSG_TIME, TEMPLATE_OF_MESSAGE, "The intended instant in Unix milliseconds."},
    {"msg.mark", TEMPLATE_MSG_MARK, TEMPLATE_OF_MESSAGE,
     "22 characters by which subscribers of the run recognise the message."},
    {"signal.*", TEMPLATE_SIGNAL, TEMPLATE_OF_SIGNAL,
     "The value of one of the fleet's signals; ${signal.temp:.1f} has one digit after the point."},
    {"secret.*", TEMPLATE_SECRET, TEMPLATE_OF_SECRET,
     "A secret, from MUSTER_SECRET_<NAME> or the file that MUSTER_SECRET_<NAME>_FILE names. It appears in no output."},
    {"vars.*", TEMPLATE_LITERAL, 0, "A variable of the scenario, put in when the scenario is loaded; anywhere."},
    {"env.*", TEMPLATE_LITERAL, 0,
     "An environment variable, put in when the scenario is loaded: ${env.X} or ${env.X:-default}; anywhere."},
    {.name = NULL},
};

struct compiler {
    char *storage; /* copy of the text; literals point into it */
    unsigned scope;
    const char *const *signals;
    unsigned signal_count;
    struct template_token *tokens;
    unsigned count, uses;
    bool has_mark;
    struct template_error *error;
};

__attribute__((format(printf, 4, 5))) static int refuse(struct compiler *c, size_t offset, size_t size,
                                                        const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(c->error->why, sizeof c->error->why, format, args);
    va_end(args);
    c->error->offset = offset;
    c->error->size = size;
    return ERR_MALFORMED;
}

static struct template_token *add(struct compiler *c, enum template_kind kind) {
    if (c->count == TEMPLATE_TOKENS_MAX) {
        refuse(c, 0, strlen(c->storage), "more than %d pieces in one template", TEMPLATE_TOKENS_MAX);
        return NULL;
    }
    struct template_token *t = &c->tokens[c->count++];
    *t = (struct template_token){.kind = (uint8_t)kind, .precision = -1};
    return t;
}

static int add_literal(struct compiler *c, size_t from, size_t to) {
    if (from == to)
        return 0;
    struct template_token *t = add(c, TEMPLATE_LITERAL);
    if (t == NULL)
        return ERR_MALFORMED;
    t->text = bytes_of(c->storage + from, to - from);
    return 0;
}

static bool has_suffix_star(const char *name) {
    return name[strlen(name) - 1] == '*';
}

static const struct template_variable *find_variable(const char *name, size_t size) {
    for (const struct template_variable *v = template_variables; v->name != NULL; v++) {
        size_t length = strlen(v->name);
        if (has_suffix_star(v->name) ? size > length - 1 && memcmp(name, v->name, length - 1) == 0
                                     : size == length && memcmp(name, v->name, length) == 0)
            return v;
    }
    return NULL;
}

static int refuse_unknown(struct compiler *c, size_t at, size_t whole, const char *name) {
    const char *names[32];
    size_t count = 0;
    for (const struct template_variable *v = template_variables; v->name != NULL && count < COUNT_OF(names); v++)
        if ((v->scope & c->scope) != 0 && !has_suffix_star(v->name))
            names[count++] = v->name;
    const char *near = suggest_nearest(name, names, count);
    if (near != NULL)
        snprintf(c->error->suggestion, sizeof c->error->suggestion, "%s", near);
    return refuse(c, at, whole, "there is no variable '%.60s'", name);
}

static int compile_signal(struct compiler *c, size_t at, size_t whole, const char *name, const char *format) {
    int precision = -1;
    if (format != NULL) {
        bool fits = format[0] == '.' && format[1] >= '0' && format[1] <= '9' && strcmp(format + 2, "f") == 0;
        if (!fits)
            return refuse(c, at, whole, "'%.20s' is not a format; write for instance ${signal.%.40s:.1f}", format,
                          name);
        precision = format[1] - '0';
    }
    for (unsigned i = 0; i < c->signal_count; i++) {
        if (strcmp(c->signals[i], name) != 0)
            continue;
        struct template_token *t = add(c, TEMPLATE_SIGNAL);
        if (t == NULL)
            return ERR_MALFORMED;
        t->signal = (uint16_t)i;
        t->precision = (int8_t)precision;
        c->uses |= TEMPLATE_OF_SIGNAL;
        return 0;
    }
    const char *near = suggest_nearest(name, c->signals, c->signal_count);
    if (near != NULL)
        snprintf(c->error->suggestion, sizeof c->error->suggestion, "signal.%.50s", near);
    return refuse(c, at, whole, "the fleet has no signal '%.60s'", name);
}

static int compile_secret(struct compiler *c, size_t at, size_t whole, size_t name, size_t size) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
    for (size_t i = 0; i < size; i++)
        if (strchr(letters, c->storage[name + i]) == NULL)
            return refuse(c, at, whole, "names of secrets have letters, digits and '_' only");
    struct template_token *t = add(c, TEMPLATE_SECRET);
    if (t == NULL)
        return ERR_MALFORMED;
    t->text = bytes_of(c->storage + name, size);
    c->uses |= TEMPLATE_OF_SECRET;
    return 0;
}

static const char *place_of(unsigned scope) {
    return scope == TEMPLATE_OF_MESSAGE  ? "where a message is sent"
           : scope == TEMPLATE_OF_SIGNAL ? "where a message is sent"
           : scope == TEMPLATE_OF_SECRET ? "in credentials and payloads"
                                         : "while the scenario is loaded";
}

/* ${name} or ${name:format}; `at` is the '$', `whole` its size with braces. */
static int compile_variable(struct compiler *c, size_t at, size_t whole) {
    char name[128];
    size_t size = whole - 3;
    if (size >= sizeof name)
        return refuse(c, at, whole, "a variable's name of more than %d characters", (int)sizeof name - 1);
    memcpy(name, c->storage + at + 2, size);
    name[size] = '\0';
    char *format = strchr(name, ':');
    if (format != NULL)
        *format++ = '\0';
    const struct template_variable *v = find_variable(name, strlen(name));
    if (v == NULL)
        return refuse_unknown(c, at, whole, name);
    if ((v->scope & c->scope) == 0)
        return refuse(c, at, whole, "'%.60s' has a value only %s", name, place_of(v->scope));
    if (v->kind == TEMPLATE_SIGNAL)
        return compile_signal(c, at, whole, name + strlen("signal."), format);
    if (format != NULL)
        return refuse(c, at, whole, "'%.60s' takes no format; only signals do", name);
    if (v->kind == TEMPLATE_SECRET)
        return compile_secret(c, at, whole, at + 2 + strlen("secret."), strlen(name) - strlen("secret."));
    if (add(c, v->kind) == NULL)
        return ERR_MALFORMED;
    c->uses |= v->scope;
    c->has_mark = c->has_mark || v->kind == TEMPLATE_MSG_MARK;
    return 0;
}

/* The pieces of storage[from … to). */
static int compile_piece(struct compiler *c, size_t from, size_t to) {
    size_t start = from;
    for (size_t at = from; at + 1 < to; at++) {
        const char *p = c->storage + at;
        if (p[0] != '$' || (p[1] != '{' && !(p[1] == '$' && at + 2 < to && p[2] == '{')))
            continue;
        if (add_literal(c, start, at) != 0)
            return ERR_MALFORMED;
        if (p[1] == '$') { /* "$${": go on with the second '$' as text */
            start = at + 1;
            at += 2;
            continue;
        }
        const char *close = memchr(p, '}', to - at);
        if (close == NULL)
            return refuse(c, at, to - at, "'${' has no closing '}'; write $${ for a literal one");
        size_t whole = (size_t)(close - p) + 1;
        if (compile_variable(c, at, whole) != 0)
            return ERR_MALFORMED;
        at += whole - 1;
        start = at + 1;
    }
    return add_literal(c, start, to);
}

static void trim(const struct compiler *c, size_t *from, size_t *to) {
    while (*from < *to && c->storage[*from] == ' ')
        ++*from;
    while (*to > *from && c->storage[*to - 1] == ' ')
        --*to;
}

static int compile_random(struct compiler *c, size_t from, size_t to) {
    char why[TEMPLATE_WHY_MAX];
    double size;
    trim(c, &from, &to);
    if (units_parse_as(c->storage + from, to - from, UNITS_BYTES, &size, why, sizeof why) != 0)
        return refuse(c, from, to - from, "%s", why);
    if (size < 0 || size > TEMPLATE_RANDOM_MAX)
        return refuse(c, from, to - from, "random() makes 0 B to 256 KiB");
    struct template_token *t = add(c, TEMPLATE_RANDOM);
    if (t == NULL)
        return ERR_MALFORMED;
    t->size = (uint32_t)size;
    c->uses |= TEMPLATE_RANDOMS;
    return 0;
}

static int compile_hmac(struct compiler *c, size_t from, size_t to) {
    size_t comma = from;
    bool inside = false;
    for (; comma < to && (inside || c->storage[comma] != ','); comma++)
        inside = c->storage[comma] == '{' ? true : c->storage[comma] == '}' ? false : inside;
    if (comma == to)
        return refuse(c, from, to - from, "hmac() takes a key and a text: hmac(${secret.KEY}, ${device.id})");
    size_t key_end = comma, text_start = comma + 1;
    trim(c, &from, &key_end);
    trim(c, &text_start, &to);
    unsigned token = c->count;
    if (add(c, TEMPLATE_HMAC) == NULL || compile_piece(c, from, key_end) != 0)
        return ERR_MALFORMED;
    unsigned middle = c->count;
    if (compile_piece(c, text_start, to) != 0)
        return ERR_MALFORMED;
    c->tokens[token].key_count = (uint16_t)(middle - token - 1);
    c->tokens[token].message_count = (uint16_t)(c->count - middle);
    c->uses |= TEMPLATE_HMACS;
    if (middle == token + 1)
        return refuse(c, from, key_end - from, "hmac() with an empty key");
    return 0;
}

/* Reads "text:weight". */
static int compile_option(struct compiler *c, size_t from, size_t to, double *weight) {
    char why[TEMPLATE_WHY_MAX];
    trim(c, &from, &to);
    size_t colon = to;
    while (colon > from && c->storage[colon - 1] != ':')
        colon--;
    size_t number = colon, end = to;
    trim(c, &number, &end);
    bool percent = end > number && c->storage[end - 1] == '%';
    if (colon < from + 2 ||
        units_parse_as(c->storage + number, end - number, percent ? UNITS_SHARE : UNITS_PLAIN, weight, why,
                       sizeof why) != 0 ||
        *weight < 0 || *weight > 1e6)
        return refuse(c, from, to - from, "choice() takes texts with weights: choice(on:0.8, off:0.2)");
    return add_literal(c, from, colon - 1);
}

static int compile_choice(struct compiler *c, size_t from, size_t to) {
    double sum = 0, running = 0;
    unsigned token = c->count;
    double *weights = calloc(TEMPLATE_TOKENS_MAX, sizeof *weights);
    CHECK(weights != NULL);
    int failed = add(c, TEMPLATE_CHOICE) == NULL;
    while (!failed && from <= to) {
        size_t comma = from;
        while (comma < to && c->storage[comma] != ',')
            comma++;
        unsigned option = c->count;
        double weight = 0;
        failed = compile_option(c, from, comma, &weight);
        weights[option < TEMPLATE_TOKENS_MAX ? option : 0] = weight;
        sum += weight;
        from = comma + 1;
    }
    if (!failed && sum <= 0)
        failed = refuse(c, 0, strlen(c->storage), "choice() needs a weight above 0");
    for (unsigned i = token + 1; !failed && i < c->count; i++) {
        running += weights[i];
        c->tokens[i].weight = i + 1 == c->count ? (uint64_t)1 << 32 : (uint64_t)(running / sum * 4294967296.0);
    }
    free(weights);
    if (failed)
        return ERR_MALFORMED;
    c->tokens[token].option_count = (uint16_t)(c->count - token - 1);
    c->uses |= TEMPLATE_RANDOMS;
    return 0;
}

/* The digits give way to the bytes that they stand for: a literal. */
static int compile_hex(struct compiler *c, size_t from, size_t to) {
    static const char digits[] = "0123456789abcdefABCDEF";
    trim(c, &from, &to);
    char *bytes = c->storage + from;
    size_t count = 0, odd = 0;
    for (size_t i = from; i < to; i++) {
        const char *digit = strchr(digits, c->storage[i]);
        if (c->storage[i] == ' ')
            continue;
        if (digit == NULL)
            return refuse(c, i, 1, "hex() takes hexadecimal digits, two for each byte: hex(00 1f ff)");
        unsigned value = (unsigned)(digit - digits);
        value -= value < 16 ? 0 : 6;
        bytes[count] = (char)(odd == 0 ? value << 4 : (unsigned char)bytes[count] | value);
        count += odd;
        odd ^= 1;
    }
    if (odd != 0)
        return refuse(c, from, to - from, "hex() with half a byte: an odd number of digits");
    return add_literal(c, from, from + count);
}

static const struct function {
    const char *name;
    unsigned scope;
    const char *place;
    int (*compile)(struct compiler *c, size_t from, size_t to);
} functions[] = {
    {"random(", TEMPLATE_RANDOMS, "payloads", compile_random},
    {"choice(", TEMPLATE_RANDOMS, "payloads", compile_choice},
    {"hex(", TEMPLATE_HEXES, "payloads", compile_hex},
    {"hmac(", TEMPLATE_HMACS, "user names and passwords", compile_hmac},
};

static int compile_whole(struct compiler *c) {
    size_t size = strlen(c->storage);
    for (size_t i = 0; i < COUNT_OF(functions); i++) {
        size_t name = strlen(functions[i].name);
        if (strncmp(c->storage, functions[i].name, name) != 0)
            continue;
        if ((functions[i].scope & c->scope) == 0)
            return refuse(c, 0, size, "%s) is for %s", functions[i].name, functions[i].place);
        if (c->storage[size - 1] != ')')
            return refuse(c, 0, size, "'%.60s' has no closing ')' at its end", c->storage);
        return functions[i].compile(c, name, size - 1);
    }
    return compile_piece(c, 0, size);
}

int template_compile(const char *text, unsigned scope, const char *const *signals, unsigned signal_count,
                     struct template *out, struct template_error *error) {
    *error = (struct template_error){0, 0, "", ""};
    *out = (struct template){0};
    struct compiler c = {.scope = scope, .signals = signals, .signal_count = signal_count, .error = error};
    c.storage = strdup(text);
    c.tokens = calloc(TEMPLATE_TOKENS_MAX, sizeof *c.tokens);
    CHECK(c.storage != NULL && c.tokens != NULL);
    if (compile_whole(&c) != 0) {
        free(c.tokens);
        free(c.storage);
        return ERR_MALFORMED;
    }
    if (c.count == 0) {
        free(c.tokens);
        c.tokens = NULL;
    } else {
        struct template_token *fitted = realloc(c.tokens, c.count * sizeof *fitted);
        c.tokens = fitted == NULL ? c.tokens : fitted;
    }
    *out = (struct template){c.tokens, c.count, c.uses, c.has_mark, c.storage};
    return 0;
}

void template_free(struct template *t) {
    free(t->tokens);
    free(t->storage);
    *t = (struct template){0};
}

bool template_is_literal(const struct template *t) {
    return t->uses == 0;
}

bool template_tells_devices_apart(const struct template *t) {
    for (unsigned i = 0; i < t->count; i++)
        switch (t->tokens[i].kind) {
        case TEMPLATE_DEVICE_ID:
        case TEMPLATE_DEVICE_INDEX:
        case TEMPLATE_DEVICE_IMEI:
            return true;
        default:
            break;
        }
    return false;
}
