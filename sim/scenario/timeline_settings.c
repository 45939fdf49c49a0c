#include "scenario/timeline_settings.h"

#include <string.h>

#include "base/check.h"
#include "scenario/schema.h"
#include "scenario/value.h"

/* Where each setting stands below `set`, and how it is read. */
static const struct row {
    enum setting_key key;
    const char *section; /* map below `set`; NULL: `set` itself */
    const char *pattern;
    enum { AS_DIST, AS_NUMBER, AS_INTEGER, AS_BOOLEAN, AS_WORD } kind;
} rows[] = {
    {SET_RTT, NULL, "timeline.[].set.rtt", AS_DIST},
    {SET_LOSS, NULL, "timeline.[].set.loss", AS_NUMBER},
    {SET_UP, NULL, "timeline.[].set.up", AS_NUMBER},
    {SET_DOWN, NULL, "timeline.[].set.down", AS_NUMBER},
    {SET_EVERY, "telemetry", "timeline.[].set.telemetry.every", AS_DIST},
    {SET_KEEPALIVE, "mqtt", "timeline.[].set.mqtt.keepalive", AS_NUMBER},
    {SET_CLEAN_START, "mqtt", "timeline.[].set.mqtt.clean_start", AS_BOOLEAN},
    {SET_INFLIGHT, "mqtt", "timeline.[].set.mqtt.inflight", AS_INTEGER},
    {SET_RECONNECT_FIRST, "reconnect", "timeline.[].set.reconnect.first", AS_NUMBER},
    {SET_RECONNECT_MAX, "reconnect", "timeline.[].set.reconnect.max", AS_NUMBER},
    {SET_RECONNECT_FACTOR, "reconnect", "timeline.[].set.reconnect.factor", AS_NUMBER},
    {SET_RECONNECT_JITTER, "reconnect", "timeline.[].set.reconnect.jitter", AS_WORD},
    {SET_BUFFER_MESSAGES, "buffer", "timeline.[].set.buffer.messages", AS_INTEGER},
    {SET_COMMANDS_REPLY, "commands", "timeline.[].set.commands.reply", AS_WORD},
    {SET_COMMANDS_DELAY, "commands", "timeline.[].set.commands.delay", AS_DIST},
};
_Static_assert(COUNT_OF(rows) == SETTING_KEYS, "every setting can be written");

static struct setting read_one(const struct node *map, const struct row *r) {
    struct setting s = {.key = r->key};
    switch (r->kind) {
    case AS_DIST:
        s.dist = value_dist_at(map, r->pattern);
        break;
    case AS_NUMBER:
        s.number = value_number_at(map, r->pattern);
        break;
    case AS_INTEGER:
        s.number = (double)value_integer_at(map, r->pattern);
        break;
    case AS_BOOLEAN:
        s.number = value_bool_at(map, r->pattern);
        break;
    case AS_WORD:
        s.number = value_word_at(map, r->pattern);
        break;
    }
    return s;
}

void timeline_settings_read(const struct plan_build *b, const struct node *set, struct action *a) {
    if (set == NULL || set->kind != NODE_MAP)
        return;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct node *map = rows[i].section == NULL ? set : node_get(set, rows[i].section);
        if (!value_given(map, rows[i].pattern))
            continue;
        if (a->setting_count == SETTINGS_MAX) {
            diagnostic_add(b->found, "E410", set->mark, "an entry changes at most %d values", SETTINGS_MAX);
            return;
        }
        a->settings[a->setting_count++] = read_one(map, &rows[i]);
    }
    if (a->setting_count == 0)
        diagnostic_add(b->found, "W410", set->mark, "%s changes nothing", a->id);
}
