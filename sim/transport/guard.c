#include "transport/guard.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/check.h"
#include "base/err.h"

enum { IPV4_BITS = 32, IPV6_BITS = 128, IPV4_MAPPED_BITS = 96 };

/* A bucket holds what flows in during this time, so that a cap is kept from one tenth of a second to the next. */
static const double burst_seconds = 0.1;

/* Brokers and servers that are open to everybody, for trying out, and not for load. */
static const char *const public_sandboxes[] = {
    "test.mosquitto.org",
    "mqtt.eclipse.org",
    "mqtt.eclipseprojects.io",
    "iot.eclipse.org",
    "broker.hivemq.com",
    "broker.mqttdashboard.com",
    "broker.mqtt-dashboard.com",
    "broker.emqx.io",
    "broker-cn.emqx.io",
    "broker.emqx.com",
    "mqtt.flespi.io",
    "public.mqtthq.com",
    "public.cloud.shiftr.io",
    "mqtt.fluux.io",
    "mqtt.tyckr.io",
    "test.mosca.io",
    "leshan.eclipseprojects.io",
    "leshan.eclipse.org",
    "californium.eclipseprojects.io",
    "californium.eclipse.org",
    "coap.me",
};

/* All addresses as 16 bytes: IPv4 in its mapped form, so that one comparison serves both families. */
static void to_bytes(const struct address *a, uint8_t out[16]) {
    if (a->any.sa_family == AF_INET6) {
        memcpy(out, &a->v6.sin6_addr, 16);
        return;
    }
    memset(out, 0, 10);
    out[10] = out[11] = 0xff;
    memcpy(out + 12, &a->v4.sin_addr, 4);
}

static bool contains(const struct guard_net *net, const struct address *a) {
    uint8_t left[16], right[16];
    to_bytes(&net->address, left);
    to_bytes(a, right);
    unsigned bits = net->prefix + (net->address.any.sa_family == AF_INET ? IPV4_MAPPED_BITS : 0U);
    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(left, right, whole) != 0)
        return false;
    return rest == 0 || (left[whole] ^ right[whole]) >> (8 - rest) == 0;
}

int guard_limits_allow(struct guard_limits *l, const struct address *a, uint8_t prefix) {
    if (prefix > (a->any.sa_family == AF_INET ? IPV4_BITS : IPV6_BITS))
        return ERR_INVALID;
    struct guard_net *grown = realloc(l->allow, (l->allow_count + 1) * sizeof *grown);
    if (grown == NULL)
        return ERR_NO_MEMORY;
    grown[l->allow_count++] = (struct guard_net){.address = *a, .prefix = prefix};
    l->allow = grown;
    return 0;
}

void guard_limits_free(struct guard_limits *l) {
    free(l->allow);
    l->allow = NULL;
    l->allow_count = 0;
}

bool guard_limits_permit(const struct guard_limits *l, const struct address *a) {
    if (address_is_loopback(a))
        return true;
    for (unsigned i = 0; i < l->allow_count; i++)
        if (contains(&l->allow[i], a))
            return true;
    return false;
}

bool guard_is_public_sandbox(const char *host) {
    size_t size = strlen(host);
    if (size > 0 && host[size - 1] == '.') /* a fully qualified name may end in a dot */
        size--;
    for (size_t i = 0; i < COUNT_OF(public_sandboxes); i++) {
        size_t known = strlen(public_sandboxes[i]);
        if (size < known || strncasecmp(host + size - known, public_sandboxes[i], known) != 0)
            continue;
        if (size == known || host[size - known - 1] == '.')
            return true;
    }
    return false;
}

int guard_init(struct guard *g, const struct guard_limits *limits, double share, unsigned nodes) {
    *g = (struct guard){.limits = limits};
    const double rates[GUARD_BUCKETS] = {
        [GUARD_CONNECTS] = limits->max_connect_rate,
        [GUARD_PUBLISHES] = limits->max_publish_rate,
        [GUARD_BYTES] = limits->max_bytes_rate,
    };
    for (int i = 0; i < GUARD_BUCKETS; i++) {
        if (rates[i] <= 0)
            continue;
        double rate = rates[i] * share, burst = rate * burst_seconds;
        g->buckets[i].rate = rate > 1 ? rate : 1;
        g->buckets[i].burst = g->buckets[i].level = burst > 1 ? burst : 1;
    }
    double outstanding = limits->max_outstanding_connects * share;
    g->outstanding_max = outstanding > 1 ? (uint32_t)outstanding : 1;
    g->outstanding = calloc(nodes > 0 ? nodes : 1, sizeof *g->outstanding);
    return g->outstanding == NULL ? ERR_NO_MEMORY : 0;
}

void guard_free(struct guard *g) {
    free(g->outstanding);
    g->outstanding = NULL;
}

int guard_check(struct guard *g, const struct address *a) {
    if (guard_limits_permit(g->limits, a))
        return 0;
    g->refused++;
    return ERR_DENIED;
}

/* What flowed into the bucket since it was last looked at. */
static void fill(struct guard *g, enum guard_bucket bucket, instant now) {
    double *level = &g->buckets[bucket].level, burst = g->buckets[bucket].burst;
    if (now <= g->buckets[bucket].filled)
        return;
    double filled = *level + g->buckets[bucket].rate * span_seconds(now - g->buckets[bucket].filled);
    *level = filled < burst ? filled : burst;
    g->buckets[bucket].filled = now;
}

int guard_take(struct guard *g, enum guard_bucket bucket, double amount, instant now, instant *again) {
    CHECK((unsigned)bucket < GUARD_BUCKETS);
    double rate = g->buckets[bucket].rate, burst = g->buckets[bucket].burst, *level = &g->buckets[bucket].level;
    if (rate <= 0)
        return 0;
    fill(g, bucket, now);
    /* what is larger than the bucket may go when it is full, and leaves a debt */
    double needed = amount < burst ? amount : burst;
    if (*level < needed) {
        g->held++;
        double wait = (needed - *level) / rate * (double)SPAN_S;
        *again = instant_add(now, (span)wait + SPAN_US); /* rounded up, or it would be asked again a moment too early */
        return ERR_AGAIN;
    }
    *level -= amount;
    return 0;
}

void guard_spend(struct guard *g, enum guard_bucket bucket, double amount, instant now) {
    CHECK((unsigned)bucket < GUARD_BUCKETS);
    if (g->buckets[bucket].rate <= 0)
        return;
    fill(g, bucket, now);
    g->buckets[bucket].level -= amount;
}
