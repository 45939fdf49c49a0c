/* Middleboxes that forget: a mapping that nothing has used for longer than its limit is gone, and the next packet finds out.
 * Limits in use (realism 2.5): KORE's Super SIM 6 h for TCP and 30 s for UDP, Soracom about 1 h (both V); homes the 2 h 4 min that
 * RFC 5382 asks for and the 2 min and more of RFC 4787. */
#ifndef MUSTER_DEVICE_NAT_H
#define MUSTER_DEVICE_NAT_H

#include <stdbool.h>

#include "base/instant.h"

enum nat_expiry {
    NAT_BLACKHOLE, /* packets vanish in both directions, as with most carriers: each side learns by its own timeout */
    NAT_RST,       /* the next packet is answered with RST */
    NAT_REBIND /* it leaves from a new port: another peer to the backend. TCP does not survive that, so there it is NAT_RST */
};

struct nat {
    span tcp, udp; /* idle limits; 0: it never forgets */
    enum nat_expiry on_expire;
};

enum nat_fate { NAT_PASSES, NAT_SWALLOWS, NAT_BREAKS, NAT_REBINDS };

/* What becomes of a packet at `now` when the last one in either direction passed at `used`. */
enum nat_fate nat_fate(const struct nat *n, bool stream, instant used, instant now);

/* Limits by name, for `nat: carrier`. Ends with name NULL. */
struct nat_preset {
    const char *name;
    struct nat nat;
};
extern const struct nat_preset nat_presets[];

#endif
