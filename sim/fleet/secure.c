#include "fleet/secure.h"

#include <stdlib.h>
#include <string.h>

#include "base/draw.h"
#include "base/err.h"
#include "device/effective.h"
#include "fleet/worker.h"
#include "transport/transport_tls.h"

enum { PPM = 1000000 };

struct secure {
    struct tls_context **contexts; /* [group_count], of each group with TLS; several may have the same */
    unsigned group_count;
    struct helpers *helpers; /* NULL: not yet, or no more */
};

static struct tls_settings settings_of(const struct fleet_group *g) {
    const struct target_tls *tls = g->target->tls;
    const struct identity *who = g->identity;
    struct tls_settings s = {.insecure = tls->insecure, .ca = tls->ca, .crl = tls->crl};
    _Static_assert(sizeof s.alpn == sizeof tls->alpn, "as many protocols");
    memcpy(s.alpn, tls->alpn, sizeof s.alpn);
    if (who == NULL)
        return s;
    s.certificate = who->certificate;
    s.key = who->private_key;
    s.psk = who->has_psk;
    return s;
}

/* An earlier group with the same target and the same credentials has the same context. */
static struct tls_context *made_before(const struct secure *s, const struct plan *plan, unsigned group) {
    for (unsigned g = 0; g < group; g++)
        if (plan->groups[g].target == plan->groups[group].target &&
            plan->groups[g].identity == plan->groups[group].identity)
            return s->contexts[g];
    return NULL;
}

int secure_open(const struct plan *plan, struct secure **out, char *why, size_t why_size) {
    bool wanted = false;
    for (unsigned g = 0; g < plan->group_count; g++)
        wanted = wanted || plan->groups[g].target->tls != NULL;
    *out = NULL;
    if (!wanted)
        return 0;
    struct secure *s = calloc(1, sizeof *s);
    struct tls_context **contexts = calloc(plan->group_count, sizeof(struct tls_context *));
    int error = s == NULL || contexts == NULL ? ERR_NO_MEMORY : 0;
    if (error < 0) {
        free(s);
        free(contexts);
        return error;
    }
    *s = (struct secure){.contexts = contexts, .group_count = plan->group_count};
    for (unsigned g = 0; g < plan->group_count && error == 0; g++) {
        if (plan->groups[g].target->tls == NULL)
            continue;
        contexts[g] = made_before(s, plan, g);
        struct tls_settings settings = settings_of(&plan->groups[g]);
        if (contexts[g] == NULL)
            error = transport_tls_context_new(&settings, &contexts[g], why, why_size);
    }
    if (error < 0) {
        secure_close(s);
        return error;
    }
    *out = s;
    return 0;
}

static bool is_last(const struct secure *s, unsigned group) {
    for (unsigned g = group + 1; g < s->group_count; g++)
        if (s->contexts[g] == s->contexts[group])
            return false;
    return true;
}

void secure_close(struct secure *s) {
    if (s == NULL)
        return;
    for (unsigned g = 0; g < s->group_count; g++)
        if (is_last(s, g))
            transport_tls_context_free(s->contexts[g]);
    free(s->contexts);
    free(s);
}

int secure_staff(struct secure *s, struct worker *w, unsigned threads) {
    if (s == NULL || w->world != NULL)
        return 0;
    if (s->helpers == NULL)
        s->helpers = helpers_new(threads);
    w->desk = s->helpers == NULL ? NULL : helpers_desk_new(s->helpers, w->loop);
    return w->desk == NULL ? ERR_NO_MEMORY : 0;
}

void secure_dismiss(struct secure *s, struct worker *workers, unsigned count) {
    if (s == NULL || s->helpers == NULL)
        return;
    helpers_stop(s->helpers);
    for (unsigned i = 0; i < count; i++) {
        while (workers[i].desk != NULL && transport_tls_back(workers[i].desk) != NULL)
            ;
        helpers_desk_free(workers[i].desk);
        workers[i].desk = NULL;
    }
    helpers_free(s->helpers);
    s->helpers = NULL;
}

void secure_back(struct worker *w) {
    struct connection *c;
    while (w->desk != NULL && (c = transport_tls_back(w->desk)) != NULL)
        if ((c->flags & CONNECTION_GHOST) == 0)
            dialer_progress(w, c->device);
}

int secure_prepare(struct worker *w, uint32_t number) {
    struct device_slot slot = worker_slot(w, number);
    struct connection *c = slot.life->connection;
    if (c->kind != TRANSPORT_TLS)
        return 0;
    unsigned node = c->node - w->dialer.target_first[slot.group->target - w->plan->targets];
    struct tls_credentials who = {0};
    int error = 0;
    if (slot.group->identity != NULL && slot.group->identity->has_psk)
        error = device_shared_key(&w->host, &slot, &who.psk_name, &who.psk_key);
    if (error == 0)
        error = transport_tls_prepare(c, w->secure->contexts[slot.life->group], w->desk,
                                      slot.group->target->tls->names[node], &who);
    const struct dial *dial = (const struct dial *)c->owner;
    const struct kept *kept = dial->resumes ? w->kept[number] : NULL;
    if (error == 0 && kept != NULL) /* one that cannot be read is as none */
        (void)transport_tls_resume(c, bytes_of(kept->data, kept->size));
    if (who.psk_key.size > 0)
        explicit_bzero((uint8_t *)(uintptr_t)who.psk_key.data, who.psk_key.size);
    return error;
}

void secure_forget(struct worker *w, uint32_t number) {
    struct kept *kept = w->kept == NULL ? NULL : w->kept[number];
    if (kept == NULL)
        return;
    explicit_bzero(kept->data, kept->size);
    pool_give(w->pool, kept, sizeof *kept + kept->size);
    w->kept[number] = NULL;
}

/* The latest session is the one that counts, whether it is new or goes on. */
static void keep(struct worker *w, uint32_t number) {
    uint8_t session[TLS_KEPT_MAX];
    const struct device_slot slot = worker_slot(w, number);
    const struct connection *c = slot.life->connection;
    if (w->kept == NULL || slot.group->target->tls == NULL || slot.group->profile->tls_resume_ppm == 0)
        return;
    size_t size = c->kind == TRANSPORT_TLS ? transport_tls_keep(c, session, sizeof session) : 0;
    secure_forget(w, number);
    if (size == 0 && c->kind == TRANSPORT_TLS)
        return;
    struct kept *kept = pool_take(w->pool, sizeof *kept + size);
    if (kept != NULL) { /* without memory the next handshake is a full one */
        kept->size = (uint32_t)size;
        memcpy(kept->data, session, size);
        w->kept[number] = kept;
    }
    explicit_bzero(session, size);
}

bool secure_resumes(struct worker *w, uint32_t number) {
    const struct device_slot slot = worker_slot(w, number);
    if (w->kept == NULL || w->kept[number] == NULL)
        return false;
    uint64_t luck = draw_u64(w->host.seed, slot.life->id, draw_stream_key(DRAW_TLS_RESUME), slot.life->attempts + 1u);
    return draw_below(luck, PPM) < slot.group->profile->tls_resume_ppm;
}

/* Each of them like that of a connect, which what is lost delays. */
span secure_delay(struct worker *w, uint32_t number, bool resumes) {
    enum { ATTEMPT_BITS = 17 };
    struct device_slot slot = worker_slot(w, number);
    if (slot.group->target->tls == NULL || slot.link == NULL)
        return 0;
    struct impair_params params = effective_link(&w->host, &slot);
    span all = 0;
    uint64_t trips = resumes ? SECURE_ROUND_TRIPS_RESUMED : SECURE_ROUND_TRIPS;
    for (uint64_t i = 1; i <= trips; i++)
        all += impair_connect_delay(&params, (struct impair_key){w->host.seed, slot.life->id},
                                    (i << ATTEMPT_BITS) + slot.life->attempts + 1u, loop_now(w->loop));
    return all;
}

static void note_bytes(struct dial *dial, const struct connection *c) {
    if (c->kind != TRANSPORT_TLS || c->state == NULL)
        return;
    struct tls_facts facts = transport_tls_facts(c);
    dial->bytes_up = facts.bytes_up;
    dial->bytes_down = facts.bytes_down;
    dial->waited = facts.waited;
    dial->resumed = facts.resumed;
}

/* A whole handshake fits into one call when this thread had to wait for its processor. */
static bool has_begun(const struct connection *c, const struct dial *dial) {
    bool securing = (c->flags & CONNECTION_SECURING) != 0, over = (c->flags & CONNECTION_OPENING) == 0;
    return c->kind == TRANSPORT_TLS && (securing || over) && !dial->secured;
}

void secure_progress(struct worker *w, uint32_t number, instant before) {
    struct device_slot slot = worker_slot(w, number);
    const struct connection *c = slot.life->connection;
    struct dial *dial = (struct dial *)c->owner;
    note_bytes(dial, c);
    if (!has_begun(c, dial))
        return;
    dial->secure_from = before - dial->secure_delay;
    dial->secured = true;
    worker_step(w, loop_now(w->loop));
    device_securing(&w->host, &slot, dial->secure_from);
    worker_settle(w, number);
}

/* Bytes of a handshake of TLS 1.2, as measured against mosquitto 2.0 with P-256 certificates of 400 bytes. */
static const struct model {
    uint64_t up, down;
} of_server = {231, 1208}, of_both = {613, 1553}, of_shared_key = {230, 372}, of_resumed = {397, 141},
  of_both_resumed = {685, 141}; /* a ticket holds the client's certificate */

/* In simulated time the handshake is over when it begins: it took what the link takes. */
static void model(struct worker *w, const struct device_slot *slot, struct dial *dial) {
    const struct identity *who = slot->group->identity;
    bool shown = who != NULL && who->certificate != NULL;
    const struct model *m = dial->resumes && shown        ? &of_both_resumed
                            : dial->resumes               ? &of_resumed
                            : who != NULL && who->has_psk ? &of_shared_key
                            : shown                       ? &of_both
                                                          : &of_server;
    dial->secure_from = w->host.step.now - dial->secure_delay;
    dial->secured = true;
    dial->resumed = dial->resumes;
    dial->bytes_up = m->up;
    dial->bytes_down = m->down;
}

void secure_end(struct worker *w, uint32_t number, enum close_reason why) {
    struct device_slot slot = worker_slot(w, number);
    struct connection *c = slot.life->connection;
    struct dial *dial = (struct dial *)c->owner;
    if (w->world != NULL && why == CLOSE_NONE && slot.group->target->tls != NULL && w->player == NULL)
        model(w, &slot, dial);
    if (!dial->secured)
        return;
    note_bytes(dial, c);
    device_secured(&w->host, &slot, dial, why);
    if (why == CLOSE_NONE)
        keep(w, number);
    else if (dial->resumes && close_is_of_tls(why)) /* the next attempt does without it */
        secure_forget(w, number);
}
