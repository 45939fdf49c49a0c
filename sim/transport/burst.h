/* Losses that come in bursts: the Gilbert–Elliott channel, which is Good (nothing is lost) or Bad (everything is).
 *
 *   BURST_PACKETS  the channel moves on with every packet: Good → Bad with probability p, Bad → Good with r.
 *                  Mean loss L = p/(p + r), mean burst B = 1/r packets, so r = 1/B and p = r·L/(1 − L).
 *   BURST_TIME     the channel stays Good and Bad for times with means Tg and Tb, whoever sends: L = Tb/(Tg + Tb).
 *                  The only form that means anything for a device that sends once an hour. Evolved from the last use, not by ticks:
 *                  P(bad at t + dt) = L + (x − L)·exp(−dt·(1/Tg + 1/Tb)), x = 1 if it was bad at t.
 *
 * Times in Bad are exponential, or Pareto with exponent 1.5: studies of 802.11 found losses with heavy tails (Cardoso and de Rezende,
 * IEEE Communications Letters 13(6), 2009; Carvalho et al. 2005). Times in Good are exponential. */
#ifndef MUSTER_TRANSPORT_BURST_H
#define MUSTER_TRANSPORT_BURST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/instant.h"

enum burst_kind { BURST_NONE, BURST_PACKETS, BURST_TIME };

struct burst_params {
    enum burst_kind kind;
    uint32_t enter_ppm, leave_ppm; /* BURST_PACKETS: p and r, parts per million; leave_ppm ≥ 1 */
    span good, bad;                /* BURST_TIME: Tg and Tb, both ≥ 1 ns */
    bool pareto;                   /* BURST_TIME: times in Bad */
};
/* The per-packet channel with that mean loss (share, below 1) and mean burst (packets, at least 1). */
struct burst_params burst_of_packets(double loss, double burst);
double burst_loss(const struct burst_params *p); /* L */

/* One device's channel; zero is one that was never used, and begins in its stationary state. */
struct burst_state {
    instant until; /* BURST_TIME: it stays as it is until then */
    uint32_t n;    /* draws so far */
    bool begun, bad;
};
_Static_assert(sizeof(struct burst_state) == 16, "part of struct radio_state");

/* Is a packet lost that is sent at `at`? BURST_TIME: moves the channel on to `at`; an earlier `at` than last time finds it as it was left. A
 * copy of the state tells what the same channel will be like later. BURST_PACKETS: moves it on by one packet. */
bool burst_loses(const struct burst_params *p, struct burst_state *s, uint64_t seed, uint32_t device, instant at);

#endif
