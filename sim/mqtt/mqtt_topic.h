/* Topic names and filters (3.1.1 section 4.7; 5.0 sections 4.7 and 4.8.2): syntax, matching, shared subscriptions.
 * Everything here runs in one pass without recursion: 65,535 slashes are as good as one. */
#ifndef MUSTER_MQTT_MQTT_TOPIC_H
#define MUSTER_MQTT_MQTT_TOPIC_H

#include <stdbool.h>

#include "base/bytes.h"
#include "mqtt/mqtt_rule.h"

/* 1 to 65,535 bytes of UTF-8 without U+0000 and without wildcards. */
bool mqtt_topic_name_valid(struct bytes name);
/* No + and no #: what is left to test of a name that was read as a string. */
bool mqtt_topic_has_wildcard(struct bytes name);
/* Syntax of a filter that was read as a string; 5.0: of a shared one too. 0, or ERR_MALFORMED with *fault. */
int mqtt_topic_check_filter(struct bytes filter, enum mqtt_version version, struct mqtt_fault *fault);
/* As above, and the string rules; for filters from a scenario. */
bool mqtt_topic_filter_valid(struct bytes filter, enum mqtt_version version);

/* Does the name match the (valid, not shared) filter? A filter that begins with a wildcard matches no name that begins with
 * '$' (MQTT-4.7.2-1). */
bool mqtt_topic_matches(struct bytes filter, struct bytes name);

/* Of two (valid, not shared) filters: does `wide` match every name that `narrow` matches; is there a name that both match? */
bool mqtt_topic_covers(struct bytes wide, struct bytes narrow);
bool mqtt_topic_overlaps(struct bytes a, struct bytes b);

struct mqtt_share {
    struct bytes name, filter;
};
/* True when the filter is $share/NAME/FILTER (5.0), and its parts. False for an ordinary filter and for a broken shared one. */
bool mqtt_topic_share(struct bytes filter, struct mqtt_share *out);

#endif
