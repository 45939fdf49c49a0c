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
