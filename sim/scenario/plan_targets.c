#include "scenario/plan_targets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/err.h"
#include "base/suggest.h"
#include "scenario/plan_tls.h"
#include "scenario/value.h"
#include "transport/address.h"

enum { WHY_MAX = 320, BITS_PER_BYTE = 8, IPV4_BITS = 32, IPV6_BITS = 128 };

/* --- targets -------------------------------------------------------------------------------------------------------- */

/* One URL and the place it comes from. */
struct given {
    const char *url;
    struct diagnostic_mark mark;
};

static unsigned collect(const struct node *n, struct given *out, unsigned count) {
    if (n == NULL)
        return count;
    if (n->kind == NODE_SCALAR && !node_is_empty(n) && count < PLAN_TARGETS_NODES_MAX)
        out[count++] = (struct given){n->text, n->mark};
    for (size_t i = 0; n->kind == NODE_LIST && i < n->count && count < PLAN_TARGETS_NODES_MAX; i++) {
        const struct node *item = n->entries[i].value;
        out[count++] = (struct given){node_text(item), item->mark};
    }
    return count;
}

/* --target values for this target: "NAME=URI", or bare ones when it is the only target. */
static unsigned overrides(const struct plan_build *b, const char *name, bool only, struct given *out) {
    unsigned count = 0;
    for (unsigned i = 0; i < b->options->target_count && count < PLAN_TARGETS_NODES_MAX; i++) {
        const char *text = b->options->targets[i], *equals = strchr(text, '='), *scheme = strstr(text, "://");
        bool named = equals != NULL && (scheme == NULL || equals < scheme);
        struct diagnostic_mark mark = {diagnostic_source(b->found, "--target", text, strlen(text)), 1, 1,
                                       (int)strlen(text)};
        if (named && strlen(name) == (size_t)(equals - text) && strncmp(text, name, strlen(name)) == 0)
            out[count++] = (struct given){equals + 1, mark};
        else if (!named && only)
            out[count++] = (struct given){text, mark};
    }
    return count;
}

static void append_node(struct target *t, const struct address *a, const char *host, const char **names) {
    if (t->node_count == PLAN_TARGETS_NODES_MAX)
        return;
    names[t->node_count] = host;
    t->nodes[t->node_count++] = *a;
}

static void add_node(struct target *t, const struct address *a, const char *host, const char **names) {
    for (unsigned i = 0; i < t->node_count; i++)
        if (address_equal(&t->nodes[i], a))
            return;
    append_node(t, a, host, names);
}

/* Names that are not looked up yet stand as nodes without an address, so that the number of nodes is known. */
static void add_url(const struct plan_build *b, struct target *t, const struct given *g, const char **names,
                    unsigned *secure) {
    struct url url;
    struct address a = {.any = {0}};
    char why[WHY_MAX];
    if (strcmp(g->url, "builtin") == 0) {
        t->builtin = true;
        address_parse("127.0.0.1", 0, &a);
        add_node(t, &a, "", names);
        return;
    }
    if (url_parse(g->url, &url, why, sizeof why) != 0) {
        diagnostic_add(b->found, "E401", g->mark, "%s", why);
        return;
    }
    *secure += strcmp(url.scheme, "mqtts") == 0;
    const char *host = plan_memory_text(b->memory, url.host);
    if (address_parse(url.host, url.port, &a) == 0) {
        add_node(t, &a, host, names);
    } else if (!b->options->resolve) {
        append_node(t, &(struct address){.any = {0}}, host, names);
    } else {
        struct address found[PLAN_TARGETS_NODES_MAX];
        unsigned count = 0;
        if (address_resolve(url.host, url.port, found, PLAN_TARGETS_NODES_MAX, &count, why, sizeof why) != 0)
            diagnostic_add(b->found, "W501", g->mark, "%s", why);
        for (unsigned i = 0; i < count; i++)
            add_node(t, &found[i], host, names);
    }
}

/* All of a target's nodes are reached in one way. */
static void make_secure(const struct plan_build *b, struct target *t, const struct node *map, const char **names,
                        const struct given *given, unsigned count, unsigned secure) {
    if (secure == 0) {
        plan_tls_unused(b, map);
        return;
    }
    struct target_tls *tls = plan_memory_take(b->memory, 1, sizeof *tls);
    tls->names = names;
    t->tls = tls;
    t->transport = TRANSPORT_TLS;
    plan_tls_target(b, map, t, tls);
    if (secure < count)
        diagnostic_help(
            diagnostic_add(b->found, "E401", given[0].mark, "some nodes are reached by TLS, others are not"),
            "make them two targets");
}

static void make_target(const struct plan_build *b, struct target *t, const char *name, const struct node *map,
                        const struct node *urls, bool only) {
    struct given given[PLAN_TARGETS_NODES_MAX];
    unsigned count = overrides(b, name, only, given);
    if (count == 0)
        count = collect(urls, given, 0);
    t->name = plan_memory_text(b->memory, name);
    t->transport = TRANSPORT_TCP;
    t->nodes = plan_memory_take(b->memory, PLAN_TARGETS_NODES_MAX, sizeof *t->nodes);
    t->url = count > 0 ? plan_memory_text(b->memory, given[0].url) : "builtin";
    const char **names = plan_memory_take(b->memory, PLAN_TARGETS_NODES_MAX, sizeof *names);
    unsigned secure = 0;
    for (unsigned i = 0; i < count; i++)
        add_url(b, t, &given[i], names, &secure);
    make_secure(b, t, map, names, given, count, secure);
    if (t->builtin && count > 1)
        diagnostic_help(
            diagnostic_add(b->found, "E401", given[1].mark, "the built-in broker is one node, and stands alone"),
            "give builtin once, or only the addresses of other brokers");
}

/* Names of --target that no target has, and bare values where a name is needed. */
static void check_overrides(const struct plan_build *b) {
    const struct plan *p = b->plan;
    for (unsigned i = 0; i < b->options->target_count; i++) {
        const char *text = b->options->targets[i], *equals = strchr(text, '='), *scheme = strstr(text, "://");
        struct diagnostic_mark mark = {diagnostic_source(b->found, "--target", text, strlen(text)), 1, 1,
                                       (int)strlen(text)};
        const char *names[PLAN_TARGETS_NODES_MAX];
        char name[64];
        bool known = false;
        unsigned count = 0;
        if (equals == NULL || (scheme != NULL && equals > scheme)) {
            if (p->target_count > 1)
                diagnostic_help(diagnostic_add(b->found, "E402", mark, "the scenario has several targets"),
                                "write --target NAME=%s", text);
            continue;
        }
        snprintf(name, sizeof name, "%.*s", (int)(equals - text), text);
        for (; count < p->target_count && count < COUNT_OF(names); count++) {
            names[count] = p->targets[count].name;
            known = known || strcmp(names[count], name) == 0;
        }
        if (!known)
            diagnostic_suggest(diagnostic_add(b->found, "E402", mark, "the scenario has no target '%s'", name),
                               suggest_nearest(name, names, count));
    }
}

void plan_targets_make(const struct plan_build *b) {
    struct plan *p = b->plan;
    const struct node *targets = node_get(b->root, "targets"), *single = node_get(b->root, "target");
    bool named = targets != NULL && targets->kind == NODE_MAP && targets->count > 0;
    p->target_count = named ? (unsigned)targets->count : 1;
    p->targets = plan_memory_take(b->memory, p->target_count, sizeof *p->targets);
    for (unsigned i = 0; named && i < p->target_count; i++)
        make_target(b, &p->targets[i], targets->entries[i].key, targets->entries[i].value,
                    node_get(targets->entries[i].value, "url"), p->target_count == 1);
    if (!named)
        make_target(b, &p->targets[0], PLAN_TARGETS_UNNAMED, NULL, single, true);
    if (!named && single == NULL && p->targets[0].node_count == 0)
        diagnostic_help(diagnostic_add(b->found, "E403", b->root->mark, "the scenario has no target"),
                        "write target: mqtt://HOST, or target: builtin for the built-in broker, or use --target");
    check_overrides(b);
}

void plan_targets_builtin(const struct plan_build *b) {
    struct plan *p = b->plan;
    const struct node *settings = node_get(b->root, "builtin");
    if (settings == NULL || settings->kind != NODE_MAP)
        return;
    p->builtin_settings = plan_memory_take(b->memory, settings->count, sizeof *p->builtin_settings);
    for (size_t i = 0; i < settings->count; i++) {
        const struct node_entry *e = &settings->entries[i];
        const char *value = node_text(e->value);
        p->builtin_settings[p->builtin_setting_count++] = value == NULL || strcmp(value, "true") == 0
                                                              ? plan_memory_text(b->memory, e->key)
                                                              : plan_memory_format(b->memory, "%s=%s", e->key, value);
    }
}

const struct target *plan_targets_find(const struct plan *p, const char *name) {
    if (name == NULL)
        return p->target_count == 1 ? &p->targets[0] : NULL;
    for (unsigned i = 0; i < p->target_count; i++)
        if (strcmp(p->targets[i].name, name) == 0)
            return &p->targets[i];
    return NULL;
}

bool plan_targets_fails_over(const struct plan_build *b, const struct target *t) {
    const struct node *n = node_get(node_get(b->root, "targets"), t->name);
    return n != NULL && value_word_at(n, "targets.*.failover") == 1;
}

/* --- sources and safety --------------------------------------------------------------------------------------------- */

static void to_address(const uint8_t bytes[16], bool v4, struct address *out) {
    memset(out, 0, sizeof *out);
    if (v4) {
        out->v4.sin_family = AF_INET;
        memcpy(&out->v4.sin_addr, bytes + 12, 4);
    } else {
        out->v6.sin6_family = AF_INET6;
        memcpy(&out->v6.sin6_addr, bytes, 16);
    }
}

/* Calls `each` with every scalar of a value or list. */
static void each_scalar(const struct plan_build *b, const struct node *n,
                        void (*each)(const struct plan_build *, const struct node *)) {
    if (n == NULL)
        return;
    if (n->kind == NODE_SCALAR && !node_is_empty(n))
        each(b, n);
    for (size_t i = 0; n->kind == NODE_LIST && i < n->count; i++)
        each(b, n->entries[i].value);
}

static void add_sources(const struct plan_build *b, const struct node *n) {
    struct plan *p = b->plan;
    struct value_addresses range;
    char why[VALUE_WHY_MAX];
    struct address first, last;
    CHECK(value_addresses(n->text, false, &range, why) == 0);
    to_address(range.first, range.v4, &first);
    to_address(range.last, range.v4, &last);
    for (uint32_t i = 0;; i++) {
        struct address a = address_offset(&first, i);
        if (p->source_count == PLAN_TARGETS_SOURCES_MAX) {
            diagnostic_add(b->found, "E501", n->mark, "more than %d source addresses", PLAN_TARGETS_SOURCES_MAX);
            return;
        }
        p->sources[p->source_count++] = a;
        if (address_equal(&a, &last))
            return;
    }
}

void plan_targets_sources(const struct plan_build *b) {
    const struct node *sources = node_get(b->root, "sources");
    if (sources == NULL)
        return;
    b->plan->sources = plan_memory_take(b->memory, PLAN_TARGETS_SOURCES_MAX, sizeof *b->plan->sources);
    each_scalar(b, sources, add_sources);
}

/* Prefix of an aligned block first … last, as value_addresses gives it for a network. */
static uint8_t prefix_of(const struct value_addresses *range) {
    unsigned bits = range->v4 ? IPV4_BITS : IPV6_BITS, from = range->v4 ? IPV6_BITS - IPV4_BITS : 0, prefix = 0;
    while (prefix < bits) {
        unsigned at = from + prefix;
        unsigned mask = 0x80U >> at % BITS_PER_BYTE;
        if (((range->first[at / BITS_PER_BYTE] ^ range->last[at / BITS_PER_BYTE]) & mask) != 0)
            break;
        prefix++;
    }
    return (uint8_t)prefix;
}

static void allow(const struct plan_build *b, const struct address *a, uint8_t prefix) {
    CHECK(guard_limits_allow(&b->plan->safety, a, prefix) == 0);
}

static uint8_t whole_prefix(const struct address *a) {
    return a->any.sa_family == AF_INET ? IPV4_BITS : IPV6_BITS;
}

static void add_allowed(const struct plan_build *b, const struct node *n) {
    struct value_addresses range;
    struct address a;
    char why[WHY_MAX];
    b->plan->safety.allow_given = true;
    if (value_addresses(n->text, true, &range, why) == 0) {
        to_address(range.first, range.v4, &a);
        allow(b, &a, prefix_of(&range));
        return;
    }
    struct address found[PLAN_TARGETS_NODES_MAX];
    unsigned count = 0;
    if (b->options->resolve && address_resolve(n->text, 0, found, PLAN_TARGETS_NODES_MAX, &count, why, sizeof why) != 0)
        diagnostic_add(b->found, "W501", n->mark, "%s", why);
    for (unsigned i = 0; i < count; i++)
        allow(b, &found[i], whole_prefix(&found[i]));
}

void plan_targets_safety(const struct plan_build *b) {
    struct plan *p = b->plan;
    const struct node *n = node_get(b->root, "safety");
    p->safety.max_connect_rate = value_number_at(n, "safety.max_connect_rate");
    p->safety.max_publish_rate = value_number_at(n, "safety.max_publish_rate");
    p->safety.max_bytes_rate = value_number_at(n, "safety.max_bandwidth") / BITS_PER_BYTE;
    p->safety.max_outstanding_connects = (uint32_t)value_integer_at(n, "safety.max_outstanding_connects");
    each_scalar(b, node_get(n, "allow"), add_allowed);
    for (unsigned t = 0; t < p->target_count; t++)
        for (unsigned i = 0; i < p->targets[t].node_count; i++)
            if (p->targets[t].nodes[i].any.sa_family != 0)
                allow(b, &p->targets[t].nodes[i], whole_prefix(&p->targets[t].nodes[i]));
}

const struct address *plan_targets_far_node(const struct plan *p, const struct target **target) {
    for (unsigned t = 0; t < p->target_count; t++)
        for (unsigned n = 0; n < p->targets[t].node_count; n++)
            if (!address_is_private(&p->targets[t].nodes[n])) {
                *target = &p->targets[t];
                return &p->targets[t].nodes[n];
            }
    return NULL;
}
