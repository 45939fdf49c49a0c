#include "transport/burst.h"

#include "base/check.h"
#include "base/dist.h"
#include "base/draw.h"

enum { MILLION = 1000000, TURNS_MAX = 1024 };

static const double pareto_alpha = 1.5; /* A: no source gives one for the mean times in use */
static const double memory_cycles = 64; /* after so many mean cycles nobody can tell where the channel was */

struct burst_params burst_of_packets(double loss, double burst) {
    CHECK(loss >= 0 && loss < 1 && burst >= 1);
    double leave = 1 / burst, enter = leave * loss / (1 - loss);
    return (struct burst_params){.kind = BURST_PACKETS,
                                 .enter_ppm = (uint32_t)((enter < 1 ? enter : 1) * MILLION + 0.5),
                                 .leave_ppm = (uint32_t)(leave * MILLION + 0.5)};
}

double burst_loss(const struct burst_params *p) {
    switch (p->kind) {
    case BURST_NONE:
        return 0;
    case BURST_PACKETS:
        return (double)p->enter_ppm / ((double)p->enter_ppm + p->leave_ppm);
    case BURST_TIME:
        return (double)p->bad / ((double)p->good + (double)p->bad);
    }
    return 0;
}

struct draws {
    uint64_t first, second;
};

static struct draws take(struct burst_state *s, uint64_t seed, uint32_t device) {
    struct draw128 block = draw_block(seed, device, draw_stream_key(DRAW_LINK_BURST), s->n++);
    return (struct draws){(uint64_t)block.word[1] << 32 | block.word[0], (uint64_t)block.word[3] << 32 | block.word[2]};
}

static span at_least_one(span x) {
    return x > 0 ? x : 1;
}

/* A whole time in a state. */
static span dwell(const struct burst_params *p, bool bad, uint64_t bits) {
    struct dist d = {.kind = DIST_EXP, .a = (double)(bad ? p->bad : p->good)};
    if (bad && p->pareto)
        d = (struct dist){
            .kind = DIST_PARETO, .a = (double)p->bad * (pareto_alpha - 1) / pareto_alpha, .b = pareto_alpha};
    return at_least_one(dist_sample_span(&d, bits));
}

/* What is left of a time that somebody comes upon: the same again for exponential ones; for Pareto, minimum m and exponent a, what is left
 * is longer than x with probability 1 − x(a − 1)/(a·m) up to m, and (m/x)^(a − 1)/a beyond. */
static span residual(const struct burst_params *p, bool bad, uint64_t bits) {
    if (!bad || !p->pareto)
        return dwell(p, bad, bits);
    double m = (double)p->bad * (pareto_alpha - 1) / pareto_alpha, longer = draw_unit(bits);
    double x = longer > 1 / pareto_alpha ? (1 - longer) * pareto_alpha * m / (pareto_alpha - 1)
                                         : m * dist_exp(-dist_ln(longer * pareto_alpha) / (pareto_alpha - 1));
    return at_least_one(x < 0x1p62 ? (span)x : (span)0x1p62);
}

/* Bad at `at` with that probability, and for how much longer. */
static void come_upon(const struct burst_params *p, struct burst_state *s, uint64_t seed, uint32_t device, instant at,
                      double probability) {
    struct draws d = take(s, seed, device);
    s->begun = true;
    s->bad = draw_unit(d.first) < probability;
    s->until = instant_add(at, residual(p, s->bad, d.second));
}

/* It changed at `until`; the state at `at` follows from that alone. */
static void evolve(const struct burst_params *p, struct burst_state *s, uint64_t seed, uint32_t device, instant at) {
    double share = burst_loss(p), x = s->bad ? 0 : 1, gap = (double)(at - s->until);
    double rate = 1 / (double)p->good + 1 / (double)p->bad;
    come_upon(p, s, seed, device, at, share + (x - share) * dist_exp(-gap * rate));
}

/* Heavy tails remember: every change is gone through, except after ages. */
static void walk(const struct burst_params *p, struct burst_state *s, uint64_t seed, uint32_t device, instant at) {
    bool forgotten = (double)(at - s->until) > memory_cycles * ((double)p->good + (double)p->bad);
    for (int turn = 0; !forgotten && s->until <= at; turn++) {
        s->bad = !s->bad;
        s->until = instant_add(s->until, dwell(p, s->bad, take(s, seed, device).first));
        forgotten = turn == TURNS_MAX;
    }
    if (forgotten)
        come_upon(p, s, seed, device, at, burst_loss(p));
}

static void step(const struct burst_params *p, struct burst_state *s, uint64_t seed, uint32_t device) {
    double u = draw_unit(take(s, seed, device).first) * MILLION;
    if (!s->begun)
        s->bad = u < burst_loss(p) * MILLION;
    else
        s->bad = s->bad ? u >= p->leave_ppm : u < p->enter_ppm;
    s->begun = true;
}

bool burst_loses(const struct burst_params *p, struct burst_state *s, uint64_t seed, uint32_t device, instant at) {
    if (p->kind == BURST_NONE)
        return false;
    if (p->kind == BURST_PACKETS)
        step(p, s, seed, device);
    else if (!s->begun)
        come_upon(p, s, seed, device, at, burst_loss(p));
    else if (s->until <= at && p->pareto)
        walk(p, s, seed, device, at);
    else if (s->until <= at)
        evolve(p, s, seed, device, at);
    return s->bad;
}
