#include "device/link.h"

struct impair_params link_params(const struct network *n) {
    if (n == NULL)
        return (struct impair_params){0};
    return (struct impair_params){.rtt = n->rtt,
                                  .loss_ppm = n->loss_ppm,
                                  .up_bps = n->up_bps,
                                  .down_bps = n->down_bps,
                                  .rtt_median = (span)dist_median(&n->rtt)};
}

struct impair_params link_params_with(const struct network *base, const struct action *const *active, unsigned count) {
    struct network now = base == NULL ? (struct network){0} : *base;
    for (unsigned i = 0; i < count; i++)
        for (unsigned k = 0; k < active[i]->setting_count; k++)
            setting_apply_network(&active[i]->settings[k], &now);
    return link_params(&now);
}
