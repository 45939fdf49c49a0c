#include "fleet/virtual.h"

#include <stdio.h>
#include <stdlib.h>

#include "backend/broker_host.h"
#include "backend/broker_settings.h"
#include "base/err.h"

static const size_t network_cap = (size_t)4 << 30; /* bytes on their way between devices and brokers */
enum { MQTT_PORT = 1883 };

struct virtual_host {
    struct misbehave misbehave;
    struct broker_host *broker;
    struct loop *loop;
};

struct virtual_hosts {
    unsigned count;
    struct virtual_host list[];
};

static struct address ipv4(uint32_t host, uint16_t port) {
    struct address a = {0};
    a.v4.sin_family = AF_INET;
    a.v4.sin_addr.s_addr = htonl(host);
    a.v4.sin_port = htons(port);
    return a;
}

struct address virtual_node(unsigned target) {
    return ipv4(0xC0000201U + target, MQTT_PORT);
}

void virtual_point_at(struct plan *plan) {
    for (unsigned t = 0; plan->virtual_time && t < plan->target_count; t++) {
        plan->targets[t].nodes[0] = virtual_node(t);
        plan->targets[t].node_count = 1;
    }
}

struct address virtual_device(uint32_t index) {
    return ipv4(0x0A000000U + (index & 0x00FFFFFFU), 0);
}

static int set_up(const struct plan *plan, struct broker_options *o, char *why, size_t why_size) {
    int error = 0;
    for (unsigned i = 0; i < plan->builtin_setting_count && error == 0; i++)
        error = broker_settings_set(o, plan->builtin_settings[i], why, why_size);
    return error;
}

static int open_host(struct virtual_run *v, const struct plan *plan, unsigned target, char *why, size_t why_size) {
    struct virtual_host *host = &v->hosts->list[target];
    struct broker_options o;
    broker_options_default(&o);
    o.limits.connections_max = LOOP_WORLD_DESCRIPTORS_MAX / 2;
    misbehave_init(&host->misbehave);
    o.misbehave = &host->misbehave;
    o.seed = plan->seed;
    int error = set_up(plan, &o, why, why_size);
    if (error == 0)
        error = broker_host_new(&o, &host->broker);
    if (error < 0)
        return error;
    struct loop_handlers handlers = broker_host_handlers(host->broker);
    error = loop_virtual_new(v->world, &handlers, BROKER_HOST_TOKENS, &host->loop);
    if (error < 0)
        return error;
    struct address at = virtual_node(target), bound;
    return broker_host_listen(host->broker, host->loop, TRANSPORT_MEMORY, v->net, &at, &bound);
}

int virtual_open(const struct plan *plan, bool brokers, struct virtual_run **out, char *why, size_t why_size) {
    snprintf(why, why_size, "out of memory");
    struct virtual_run *v = calloc(1, sizeof *v);
    if (v == NULL)
        return ERR_NO_MEMORY;
    v->hosts = calloc(1, sizeof *v->hosts + plan->target_count * sizeof *v->hosts->list);
    int error = v->hosts == NULL ? ERR_NO_MEMORY : loop_world_new(&v->world);
    if (error == 0)
        error = memory_net_new(v->world, network_cap, &v->net);
    for (unsigned t = 0; brokers && t < plan->target_count && error == 0; t++) {
        v->hosts->count = t + 1;
        error = open_host(v, plan, t, why, why_size);
    }
    if (error < 0) {
        virtual_close(v);
        return error;
    }
    *out = v;
    return 0;
}

void virtual_close(struct virtual_run *v) {
    if (v == NULL)
        return;
    for (unsigned t = 0; v->hosts != NULL && t < v->hosts->count; t++) {
        broker_host_free(v->hosts->list[t].broker);
        loop_close(v->hosts->list[t].loop);
    }
    memory_net_free(v->net);
    loop_world_free(v->world);
    free(v->hosts);
    free(v);
}
