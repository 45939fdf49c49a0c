#include "report/headroom.h"

#include <stdio.h>

#include "scenario/plan_load.h"

enum { STEPS_MAX = 200000 }; /* of the plan: enough for a mean, and quick */

static void consider(struct headroom *h, const char *what, double ceiling, double load) {
    if (ceiling <= 0 || load <= 0)
        return;
    double factor = ceiling / load;
    if (h->known && factor >= h->factor)
        return;
    *h = (struct headroom){true, factor, what};
}

struct headroom headroom_of(const struct report *r) {
    struct headroom h = {.known = false};
    const struct ceiling *c = r->ceiling;
    if (c == NULL || r->host == NULL || !ceiling_fits(c, r->host->kernel, r->host->cpu, r->host->cores))
        return h;
    const struct run_facts *f = r->facts;
    struct plan_load load;
    plan_load_of(f->plan, STEPS_MAX, &load);
    uint32_t devices = plan_devices_here(f->plan, 1, 1);
    double share = devices == 0 ? 0 : (double)f->devices_here / devices;
    consider(&h, "messages", c->messages_per_s, load.messages_per_s_peak * share);
    consider(&h, "connects", c->connects_per_s, load.connects_per_s_peak * share);
    consider(&h, "devices", (double)c->devices, load.connections_peak * share);
    plan_load_free(&load);
    return h;
}

const char *headroom_sentence(const struct report *r, const struct headroom *h, char *text, size_t size) {
    text[0] = '\0';
    if (!h->known)
        return text;
    int digits = h->factor < 10 ? 1 : 0;
    if (h->factor >= 1)
        snprintf(text, size, "this host can do %.*f times this load (%s run out first; measured with %s)", digits,
                 h->factor, h->first, r->ceiling->shape);
    else
        snprintf(text, size, "this load is %.1f times what this host was measured to do (%s; measured with %s)",
                 1 / h->factor, h->first, r->ceiling->shape);
    return text;
}
