#include "device/action.h"

#include "base/check.h"
#include "base/draw.h"

const struct action_verb_row action_verbs[ACTION_VERBS] = {
    {DO_CONNECT, "connect", "devices connect, and reconnect whenever they lose their connection", true, true},
    {DO_DISCONNECT, "disconnect", "devices end their connection in order and stay away", true, true},
    {DO_HOLD, "hold", "names a stretch of the run for checks and reports; does nothing", true, false},
    {DO_BURST, "burst", "devices send extra messages at once", false, true},
    {DO_LINK, "link", "changes round-trip time, loss or rates of the devices' network", true, true},
    {DO_LINK_DOWN, "link_down", "cuts the devices off: silent, reset or refuse", true, true},
    {DO_RESET, "reset", "cuts the devices' connections by RST; they reconnect as their profile says", false, true},
    {DO_SET, "set", "changes values of the devices' profile", true, true},
    {DO_MARK, "mark", "puts a line into the run's events; does nothing else", false, false},
    {DO_STOP, "stop", "devices stop for good: they intend nothing more and disconnect", false, true},
    {DO_COMMAND, "command", "the observer sends each of the devices a command and waits for its reply", false, true},
    {DO_ROAM, "roam", "devices move to another network: a new address, and a new connection", true, true},
    {DO_CLOCK_SKEW, "clock_skew", "devices' clocks go wrong: what they report as the time, and when they think it is",
     true, true},
    {DO_POWER_ON, "power_on", "devices get power, boot and connect; before it they are dead", true, true},
    {DO_POWER_CUT, "power_cut", "devices lose their mains, or their battery where there is no mains", true, true},
    {DO_DRAIN, "drain", "sets the devices' batteries to a state of charge", false, true},
};

bool action_selects(const struct action *a, uint32_t device) {
    return a->rank == NULL || a->rank[device] != UINT32_MAX;
}

instant action_start(const struct action *a, uint64_t seed, uint32_t device) {
    if (a->over <= 0)
        return a->start;
    if (a->uniform) {
        uint64_t bits = draw_u64(seed, device, draw_stream_key(DRAW_CONNECT_OFFSET), a->index);
        return instant_add(a->start, (span)draw_below(bits, (uint64_t)a->over));
    }
    CHECK(a->rank != NULL && a->rank[device] < a->selected);
    if (a->steps > 0) {
        uint64_t step = (uint64_t)a->rank[device] * a->steps / a->selected;
        return instant_add(a->start, a->steps > 1 ? (span)((__int128)a->over * step / (a->steps - 1U)) : 0);
    }
    __int128 twice_place = 2 * (__int128)a->rank[device] + 1; /* (rank + ½) · 2 */
    return instant_add(a->start, (span)(a->over * twice_place / (2 * (__int128)a->selected)));
}

enum { INDEX_BITS = 16 }; /* of action.index; the number of the firing lies above them */

instant action_end(const struct action *a, uint64_t seed, uint32_t device, instant fired, uint32_t nth) {
    if (!a->has_for)
        return INSTANT_NEVER;
    uint64_t bits = draw_u64(seed, device, draw_stream_key(DRAW_TIMELINE_FOR), (uint64_t)nth << INDEX_BITS | a->index);
    span lasting = dist_sample_span(&a->lasting, bits);
    return instant_add(fired, lasting > 0 ? lasting : 0);
}
