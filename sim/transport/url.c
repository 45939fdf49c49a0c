#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/text.h"
#include "transport/address.h"

static const struct scheme {
    const char *name;
    uint16_t port;
} schemes[] = {
    {"mqtt", 1883},
    {"mqtts", 8883},
};

enum { PORT_MAX = 65535, SHOWN_MAX = 80 };

static const struct scheme *scheme_named(const char *name, size_t size) {
    for (size_t i = 0; i < COUNT_OF(schemes); i++)
        if (strlen(schemes[i].name) == size && memcmp(schemes[i].name, name, size) == 0)
            return &schemes[i];
    return NULL;
}

/* The text is shown with whatever a terminal might obey made harmless. */
static int refuse(const char *sentence, const char *text, char *why, size_t why_size) {
    struct text shown = {0};
    text_append_safe(&shown, text, strlen(text), SHOWN_MAX);
    snprintf(why, why_size, "'%s' %s", text_get(&shown), sentence);
    text_free(&shown);
    return ERR_MALFORMED;
}

static bool is_host_character(char c, bool numeric_v6) {
    bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return alphanumeric || c == '.' || (numeric_v6 ? c == ':' || c == '%' : c == '-' || c == '_');
}

/* Copies the host between `start` and `end`, brackets left out. */
static bool copy_host(const char *start, const char *end, bool numeric_v6, struct url *u) {
    size_t size = (size_t)(end - start);
    if (size == 0 || size >= sizeof u->host)
        return false;
    for (size_t i = 0; i < size; i++)
        if (!is_host_character(start[i], numeric_v6))
            return false;
    memcpy(u->host, start, size);
    u->host[size] = '\0';
    return true;
}

static bool copy_port(const char *start, const char *end, struct url *u) {
    uint32_t port = 0;
    for (const char *p = start; p < end; p++) {
        if (*p < '0' || *p > '9')
            return false;
        port = port * 10 + (uint32_t)(*p - '0');
        if (port > PORT_MAX)
            return false;
    }
    u->port = (uint16_t)port;
    return port > 0;
}

/* "host", "host:port", "[v6]", "[v6]:port" between `start` and `end`. */
static int parse_authority(const char *text, const char *start, const char *end, struct url *u, char *why,
                           size_t why_size) {
    bool bracket = start < end && *start == '[';
    const char *host = bracket ? start + 1 : start;
    const char *host_end = memchr(host, bracket ? ']' : ':', (size_t)(end - host));
    if (bracket && host_end == NULL)
        return refuse("has no ']' after its IPv6 address", text, why, why_size);
    if (host_end == NULL)
        host_end = end;
    const char *rest = bracket ? host_end + 1 : host_end;
    if (!bracket && rest < end && memchr(rest + 1, ':', (size_t)(end - rest - 1)) != NULL)
        return refuse("has an IPv6 address without brackets; write [address]:port", text, why, why_size);
    if (!copy_host(host, host_end, bracket, u))
        return refuse("has no valid host name", text, why, why_size);
    if (rest < end && (*rest != ':' || !copy_port(rest + 1, end, u)))
        return refuse("has no valid port; write 1 to 65535 after the colon", text, why, why_size);
    return 0;
}

int url_parse(const char *text, struct url *out, char *why, size_t why_size) {
    struct url u = {0};
    const char *colon = strstr(text, "://");
    if (colon == NULL)
        return refuse("has no scheme; write mqtt://host:port, or mqtts:// for TLS", text, why, why_size);
    const struct scheme *scheme = scheme_named(text, (size_t)(colon - text));
    if (scheme == NULL)
        return refuse("has a scheme that Muster does not speak; write mqtt://host:port, or mqtts:// for TLS", text, why,
                      why_size);
    snprintf(u.scheme, sizeof u.scheme, "%s", scheme->name);
    u.port = scheme->port;
    const char *start = colon + 3, *end = start + strcspn(start, "/?#");
    const char *at = memchr(start, '@', (size_t)(end - start));
    if (at != NULL) { /* the text is not shown: it holds a password */
        snprintf(why, why_size, "a URL may not carry credentials; put user and password into identities");
        out->has_credentials = true;
        return ERR_DENIED;
    }
    int error = parse_authority(text, start, end, &u, why, why_size);
    if (error < 0)
        return error;
    if (strlen(end) >= sizeof u.path)
        return refuse("has too long a path", text, why, why_size);
    snprintf(u.path, sizeof u.path, "%s", end);
    *out = u;
    return 0;
}
