#include "device/link.h"

static span median(const struct network *n) {
    span shifted = instant_add(n->rtt_shift, (span)dist_median(&n->rtt));
    return n->rtt_max > 0 ? instant_min(shifted, n->rtt_max) : shifted;
}

struct impair_params link_params(const struct network *n) {
    if (n == NULL)
        return (struct impair_params){0};
    return (struct impair_params){.rtt = n->rtt,
                                  .rtt_shift = n->rtt_shift,
                                  .rtt_max = n->rtt_max,
                                  .loss_ppm = n->loss_ppm,
                                  .burst = n->burst,
                                  .up_bps = n->up_bps,
                                  .down_bps = n->down_bps,
                                  .duty_ppm = n->duty_ppm,
                                  .rtt_median = median(n)};
}

struct impair_params link_params_with(const struct network *base, const struct action *const *active, unsigned count) {
    struct network now = base == NULL ? (struct network){0} : *base;
    for (unsigned i = 0; i < count; i++)
        for (unsigned k = 0; k < active[i]->setting_count; k++)
            setting_apply_network(&active[i]->settings[k], &now);
    return link_params(&now);
}
