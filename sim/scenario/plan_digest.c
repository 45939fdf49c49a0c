#include "scenario/plan_digest.h"

#include <string.h>

#include "base/text.h"
#include "crypto/crypto_digest.h"
#include "crypto/crypto_hex.h"
#include "scenario/node_write.h"

enum { FORMAT = 1, SEPARATOR = 0 };

static void finish(struct crypto_digest *d, char out[65]) {
    uint8_t digest[CRYPTO_DIGEST_BYTES];
    crypto_digest_end(d, digest);
    crypto_hex_encode(digest, sizeof digest, out);
}

void plan_digest_scenario(const struct node *root, char out[65]) {
    /* `vars` were put in where they are used; what is left of them has no effect */
    static const char *const leave_out[] = {"seed",  "name", "target",  "targets", "sources",  "safety", "outputs",
                                            "trust", "vars", "builtin", "limits",  "backends", NULL};
    struct text json = {0};
    struct crypto_digest d;
    node_write_canonical(root, leave_out, &json);
    crypto_digest_begin(&d);
    crypto_digest_add(&d, text_get(&json), json.size);
    finish(&d, out);
    text_free(&json);
}

/* Numbers go in as eight bytes, least first, so that machines agree. */
static void add_number(struct crypto_digest *d, uint64_t value) {
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    crypto_digest_add(d, bytes, sizeof bytes);
}

static void add_text(struct crypto_digest *d, const char *text) {
    const char end = SEPARATOR;
    crypto_digest_add(d, text, strlen(text));
    crypto_digest_add(d, &end, 1);
}

static void add_devices(struct crypto_digest *d, const struct plan *p) {
    for (unsigned i = 0; i < p->fleet_count; i++) {
        add_text(d, p->fleets[i].name);
        add_number(d, p->fleets[i].first);
        add_number(d, p->fleets[i].count);
    }
    for (unsigned i = 0; i < p->group_count; i++) {
        add_text(d, p->groups[i].profile_name);
        add_text(d, p->groups[i].region);
    }
    for (uint32_t i = 0; i < p->device_count; i++)
        add_number(d, p->group_of[i]);
}

/* What is in a file beside the scenario, which its hash does not see. */
static void add_traces(struct crypto_digest *d, const struct fleet_group *g) {
    for (unsigned i = 0; i < g->signal_count; i++) {
        const struct signal_trace *t = &g->signals[i].of.trace;
        for (unsigned k = 0; g->signals[i].kind == SIGNAL_TRACE && k < t->count; k++) {
            uint64_t bits[2];
            memcpy(&bits[0], &t->seconds[k], sizeof bits[0]);
            memcpy(&bits[1], &t->values[k], sizeof bits[1]);
            add_number(d, bits[0]);
            add_number(d, bits[1]);
        }
    }
}

static void add_action(struct crypto_digest *d, const struct plan *p, const struct action *a) {
    add_text(d, a->id);
    add_number(d, (uint64_t)a->verb);
    add_number(d, (uint64_t)a->start);
    add_number(d, (uint64_t)a->end);
    add_number(d, (uint64_t)a->over);
    add_number(d, a->uniform);
    add_number(d, a->selected);
    for (uint32_t i = 0; a->rank != NULL && i < p->device_count; i++)
        add_number(d, a->rank[i]);
}

void plan_digest_plan(const struct plan *p, char out[65]) {
    struct crypto_digest d;
    crypto_digest_begin(&d);
    add_number(&d, FORMAT);
    add_number(&d, p->seed);
    add_text(&d, p->scenario_hash);
    add_devices(&d, p);
    for (unsigned i = 0; i < p->group_count; i++)
        add_traces(&d, &p->groups[i]);
    for (unsigned i = 0; i < p->action_count; i++)
        add_action(&d, p, &p->actions[i]);
    finish(&d, out);
}
