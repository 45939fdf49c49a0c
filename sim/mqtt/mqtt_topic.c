#include "mqtt/mqtt_topic.h"

#include <string.h>

#include "base/utf8.h"
#include "mqtt/mqtt_field.h"

static const char share_prefix[] = "$share/";
enum { SHARE_PREFIX_SIZE = sizeof share_prefix - 1 };

bool mqtt_topic_has_wildcard(struct bytes name) {
    return name.size > 0 && (memchr(name.data, '+', name.size) || memchr(name.data, '#', name.size));
}

bool mqtt_topic_name_valid(struct bytes name) {
    return name.size > 0 && name.size <= MQTT_STRING_MAX && utf8_valid(name.data, name.size) &&
           !mqtt_topic_has_wildcard(name);
}

static int check_plain(struct bytes filter, enum mqtt_version version, struct mqtt_fault *fault) {
    for (size_t i = 0; i < filter.size; i++) {
        uint8_t c = filter.data[i];
        if (c != '+' && c != '#')
            continue;
        bool begins = i == 0 || filter.data[i - 1] == '/';
        bool last = i + 1 == filter.size;
        if (c == '#' && !(begins && last))
            return mqtt_rule_break(MQTT_RULE_FILTER_MULTI_LEVEL, version, fault);
        if (c == '+' && !(begins && (last || filter.data[i + 1] == '/')))
            return mqtt_rule_break(MQTT_RULE_FILTER_SINGLE_LEVEL, version, fault);
    }
    return 0;
}

static bool is_shared(struct bytes filter) {
    return filter.size >= SHARE_PREFIX_SIZE && memcmp(filter.data, share_prefix, SHARE_PREFIX_SIZE) == 0;
}

/* Splits $share/NAME/FILTER; a missing second slash gives an empty filter. */
static struct mqtt_share split_share(struct bytes filter) {
    struct bytes rest = bytes_of(filter.data + SHARE_PREFIX_SIZE, filter.size - SHARE_PREFIX_SIZE);
    const uint8_t *slash = rest.size ? memchr(rest.data, '/', rest.size) : NULL;
    if (!slash)
        return (struct mqtt_share){rest, {NULL, 0}};
    size_t name = (size_t)(slash - rest.data);
    return (struct mqtt_share){bytes_of(rest.data, name), bytes_of(slash + 1, rest.size - name - 1)};
}

int mqtt_topic_check_filter(struct bytes filter, enum mqtt_version version, struct mqtt_fault *fault) {
    if (filter.size == 0)
        return mqtt_rule_break(MQTT_RULE_NAME_EMPTY, version, fault);
    if (version != MQTT_5_0 || !is_shared(filter))
        return check_plain(filter, version, fault);
    struct mqtt_share share = split_share(filter);
    if (share.name.size == 0)
        return mqtt_rule_break(MQTT_RULE_SHARE_NAME, version, fault);
    if (share.filter.size == 0 || mqtt_topic_has_wildcard(share.name))
        return mqtt_rule_break(MQTT_RULE_SHARE_FILTER, version, fault);
    return check_plain(share.filter, version, fault);
}

bool mqtt_topic_filter_valid(struct bytes filter, enum mqtt_version version) {
    struct mqtt_fault fault;
    return filter.size <= MQTT_STRING_MAX && utf8_valid(filter.data, filter.size) &&
           mqtt_topic_check_filter(filter, version, &fault) == 0;
}

bool mqtt_topic_share(struct bytes filter, struct mqtt_share *out) {
    struct mqtt_fault fault;
    if (!is_shared(filter) || mqtt_topic_check_filter(filter, MQTT_5_0, &fault) < 0)
        return false;
    *out = split_share(filter);
    return true;
}

bool mqtt_topic_matches(struct bytes filter, struct bytes name) {
    if (filter.size == 0 || name.size == 0)
        return false;
    if (name.data[0] == '$' && (filter.data[0] == '+' || filter.data[0] == '#'))
        return false;
    size_t f = 0, n = 0;
    while (f < filter.size) {
        uint8_t c = filter.data[f];
        if (c == '#')
            return true;
        if (c == '+') {
            while (n < name.size && name.data[n] != '/')
                n++;
            f++;
        } else if (n < name.size && name.data[n] == c) {
            f++;
            n++;
        } else {
            /* "a/#" matches its parent level "a" */
            return n == name.size && c == '/' && f + 2 == filter.size && filter.data[f + 1] == '#';
        }
    }
    return n == name.size;
}

/* The level that begins at *at, which moves behind the slash after it; false behind the last one. */
static bool next_level(struct bytes filter, size_t *at, struct bytes *level) {
    if (*at > filter.size)
        return false;
    size_t end = *at;
    while (end < filter.size && filter.data[end] != '/')
        end++;
    *level = bytes_of(filter.data + *at, end - *at);
    *at = end + 1;
    return true;
}

static bool is_wildcard(struct bytes level, char c) {
    return level.size == 1 && level.data[0] == (uint8_t)c;
}

static bool is_any_wildcard(struct bytes level) {
    return is_wildcard(level, '+') || is_wildcard(level, '#');
}

static bool same_level(struct bytes a, struct bytes b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* A wildcard at the beginning stands for no name that begins with '$' (MQTT-4.7.2-1). */
static bool is_hidden_from(struct bytes filter, struct bytes other) {
    return is_any_wildcard(bytes_of(filter.data, 1)) && other.data[0] == '$';
}

bool mqtt_topic_covers(struct bytes wide, struct bytes narrow) {
    size_t w = 0, n = 0;
    struct bytes wide_level, narrow_level;
    if (wide.size == 0 || narrow.size == 0 || is_hidden_from(wide, narrow))
        return false;
    while (next_level(wide, &w, &wide_level)) {
        if (is_wildcard(wide_level, '#'))
            return true;
        if (!next_level(narrow, &n, &narrow_level) || is_wildcard(narrow_level, '#'))
            return false;
        if (!is_wildcard(wide_level, '+') && (is_wildcard(narrow_level, '+') || !same_level(wide_level, narrow_level)))
            return false;
    }
    return n > narrow.size;
}

bool mqtt_topic_overlaps(struct bytes a, struct bytes b) {
    size_t at_a = 0, at_b = 0;
    struct bytes level_a, level_b;
    if (a.size == 0 || b.size == 0 || is_hidden_from(a, b) || is_hidden_from(b, a))
        return false;
    for (;;) {
        bool more_a = next_level(a, &at_a, &level_a), more_b = next_level(b, &at_b, &level_b);
        if ((more_a && is_wildcard(level_a, '#')) || (more_b && is_wildcard(level_b, '#')))
            return true; /* "a/#" matches "a", too */
        if (!more_a || !more_b)
            return more_a == more_b;
        if (!is_wildcard(level_a, '+') && !is_wildcard(level_b, '+') && !same_level(level_a, level_b))
            return false;
    }
}
