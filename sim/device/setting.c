#include "base/check.h"
#include "device/action.h"

const struct setting_row setting_rows[SETTING_KEYS] = {
    {SET_RTT, "network.rtt"},
    {SET_LOSS, "network.loss"},
    {SET_UP, "network.up"},
    {SET_DOWN, "network.down"},
    {SET_EVERY, "telemetry.every"},
    {SET_KEEPALIVE, "mqtt.keepalive"},
    {SET_CLEAN_START, "mqtt.clean_start"},
    {SET_RECONNECT_FIRST, "reconnect.first"},
    {SET_RECONNECT_MAX, "reconnect.max"},
    {SET_RECONNECT_FACTOR, "reconnect.factor"},
    {SET_RECONNECT_JITTER, "reconnect.jitter"},
    {SET_BUFFER_MESSAGES, "buffer.messages"},
    {SET_INFLIGHT, "mqtt.inflight"},
    {SET_COMMANDS_REPLY, "commands.reply"},
    {SET_COMMANDS_DELAY, "commands.delay"},
};

enum { PARTS_PER_MILLION = 1000000 };

/* Rounded and cut to [0, max]. */
static uint64_t whole(double value, uint64_t max) {
    if (!(value > 0))
        return 0;
    return value >= (double)max ? max : (uint64_t)(value + 0.5);
}

void setting_apply_network(const struct setting *s, struct network *n) {
    switch (s->key) {
    case SET_RTT:
        n->rtt = s->dist;
        break;
    case SET_LOSS:
        n->loss_ppm = (uint32_t)whole(s->number * PARTS_PER_MILLION, PARTS_PER_MILLION);
        n->burst = (struct burst_params){0};
        break;
    case SET_UP:
        n->up_bps = whole(s->number, INT64_MAX);
        break;
    case SET_DOWN:
        n->down_bps = whole(s->number, INT64_MAX);
        break;
    default: /* another part's value: entries hold settings of several */
        break;
    }
}

void setting_apply_profile(const struct setting *s, struct profile *p) {
    switch (s->key) {
    case SET_KEEPALIVE:
        p->mqtt.keepalive_s = (uint16_t)whole(s->number / (double)SPAN_S, UINT16_MAX);
        break;
    case SET_CLEAN_START:
        p->mqtt.clean_start = s->number != 0;
        break;
    case SET_RECONNECT_FIRST:
        p->reconnect.first = (span)whole(s->number, INT64_MAX);
        break;
    case SET_RECONNECT_MAX:
        p->reconnect.max = (span)whole(s->number, INT64_MAX);
        break;
    case SET_RECONNECT_FACTOR:
        p->reconnect.factor = s->number;
        break;
    case SET_RECONNECT_JITTER:
        p->reconnect.jitter = (enum reconnect_jitter)whole(s->number, JITTER_TENTH);
        break;
    case SET_BUFFER_MESSAGES:
        p->buffer.messages = (uint32_t)whole(s->number, UINT32_MAX);
        break;
    case SET_INFLIGHT:
        p->mqtt.inflight_max = (uint16_t)whole(s->number, UINT16_MAX);
        break;
    case SET_COMMANDS_REPLY:
        p->commands.reply = (enum command_reply)whole(s->number, COMMAND_IGNORE);
        break;
    case SET_COMMANDS_DELAY:
        p->commands.delay = s->dist;
        break;
    default: /* another part's value: entries hold settings of several */
        break;
    }
}
