#include "device/nat.h"

#include <stddef.h>

const struct nat_preset nat_presets[] = {
    {"none", {0}},
    {"strict", {.tcp = 300 * SPAN_S, .udp = 30 * SPAN_S}},    /* A */
    {"carrier", {.tcp = 3600 * SPAN_S, .udp = 60 * SPAN_S}},  /* A, near Soracom's hour (V) */
    {"iot-sim", {.tcp = 21600 * SPAN_S, .udp = 30 * SPAN_S}}, /* V: KORE, Super SIM */
    {"home", {.tcp = 7440 * SPAN_S, .udp = 180 * SPAN_S}},    /* TCP: RFC 5382 (NV); UDP: V- ERONEN */
    {NULL, {0}},
};

enum nat_fate nat_fate(const struct nat *n, bool stream, instant used, instant now) {
    span limit = stream ? n->tcp : n->udp;
    if (limit == 0 || now - used <= limit)
        return NAT_PASSES;
    switch (n->on_expire) {
    case NAT_BLACKHOLE:
        return NAT_SWALLOWS;
    case NAT_RST:
        return NAT_BREAKS;
    case NAT_REBIND:
        return stream ? NAT_BREAKS : NAT_REBINDS;
    }
    return NAT_PASSES;
}
