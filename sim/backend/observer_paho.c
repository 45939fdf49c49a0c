#include <MQTTAsync.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "backend/observer.h"
#include "backend/observer_health.h"
#include "backend/observer_queue.h"
#include "base/check.h"
#include "base/err.h"
#include "base/hash.h"
#include "loop/loop.h"
#include "mqtt/mqtt_topic.h"

enum {
    CONNECT_TIMEOUT_S = 10,
    LEAVE_TIMEOUT_MS = 500,
    RETRY_MS = 250,
    WHY_MAX = 240,
    GRANT_LEAST = 1, /* below it the backend may drop what it likes */
    REASON_FAILURE = 0x80
};
/* The control thread calls observer_drain every 20 ms; so much more than that without running: the whole process stood still. */
static const int64_t drain_pause_ns = 20 * SPAN_MS, standstill_ns = 30 * SPAN_MS;

struct observer {
    struct observer_config config;
    MQTTAsync client;
    char *user; /* the library wants its end marked */
    struct observer_queue queue;
    struct observer_health health; /* of the library's receiving thread, which alone uses it */
    _Atomic unsigned publishing;   /* publications without an end */
    atomic_bool leaving;

    pthread_mutex_t
        lock; /* of what follows. The library calls back while it holds its own lock: never call it under this one */
    enum observer_state state;
    bool connecting;             /* a connect of ours has not ended */
    bool refused;                /* a filter was, on this connection: the rest of them does not matter */
    unsigned asked_count;        /* filters asked for on this connection, */
    unsigned granted_count;      /* and granted */
    uint8_t granted;             /* the lowest QoS of these */
    int64_t retry_ns;            /* when AWAY: try again then */
    int64_t gap_from_ns;         /* when AWAY */
    atomic_bool probed;          /* the last probe was answered */
    _Atomic int64_t heard_at_ns; /* the last sign of the backend: what comes later may be in a gap */
    char why[WHY_MAX];

    /* of the control thread */
    int64_t drained_ns, drained_cpu_ns;
};

static int64_t thread_cpu_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * SPAN_S + t.tv_nsec;
}

/* --- connection ------------------------------------------------------------------------------------------------------- */

/* The connection ended, or could not be made whole: the first time for good, later until it is back. */
static void fail(struct observer *o, const char *doing, const char *text, int code) {
    int64_t now = loop_clock_monotonic();
    pthread_mutex_lock(&o->lock);
    o->connecting = false;
    if (text != NULL && text[0] != '\0')
        snprintf(o->why, sizeof o->why, "%s: %s", doing, text);
    else
        snprintf(o->why, sizeof o->why, "%s: code %d", doing, code);
    bool was_ready = o->state == OBSERVER_READY;
    if (was_ready) {
        o->state = OBSERVER_AWAY;
        o->gap_from_ns = atomic_load(&o->heard_at_ns);
    } else if (o->state == OBSERVER_CONNECTING) {
        o->state = OBSERVER_FAILED;
    }
    o->retry_ns = now + (was_ready ? 0 : RETRY_MS * SPAN_MS);
    struct observer_gap gap = {.kind = OBSERVER_GAP_CONNECTION, .from_ns = o->gap_from_ns, .to_ns = INT64_MAX};
    pthread_mutex_unlock(&o->lock);
    if (was_ready && !atomic_load(&o->leaving))
        observer_queue_gap(&o->queue, &gap);
}

/* Every filter is granted. */
static void become_ready(struct observer *o) {
    int64_t now = loop_clock_monotonic();
    pthread_mutex_lock(&o->lock);
    bool was_away = o->state == OBSERVER_AWAY;
    struct observer_gap gap = {.kind = OBSERVER_GAP_CONNECTION, .from_ns = o->gap_from_ns, .to_ns = now};
    o->state = OBSERVER_READY;
    o->connecting = false;
    atomic_store(&o->heard_at_ns, now);
    pthread_mutex_unlock(&o->lock);
    if (was_away)
        observer_queue_gap(&o->queue, &gap);
}

static unsigned filters_in_all(const struct observer *o) {
    return o->config.filter_count + o->config.answer_count;
}

static const char *filter_at(const struct observer *o, unsigned i) {
    unsigned audited = o->config.filter_count;
    return i < audited ? o->config.filters[i] : o->config.answers[i - audited];
}

static void subscribe_on(struct observer *o);

static bool leave(struct observer *o) {
    MQTTAsync_disconnectOptions options = MQTTAsync_disconnectOptions_initializer;
    options.timeout = LEAVE_TIMEOUT_MS;
    return MQTTAsync_disconnect(o->client, &options) == MQTTASYNC_SUCCESS;
}

/* The observer is of use with all its filters or not at all: it leaves, once for each connection. */
static void give_up(struct observer *o, const char *doing, const char *text, int code) {
    pthread_mutex_lock(&o->lock);
    bool first = !o->refused;
    o->refused = true;
    pthread_mutex_unlock(&o->lock);
    if (!first)
        return;
    fail(o, doing, text, code);
    leave(o);
}

/* One SUBACK: `codes` are the granted QoS or reason codes of the filters that were asked for together. */
static void granted(struct observer *o, const int *codes, unsigned count) {
    unsigned good = 0;
    pthread_mutex_lock(&o->lock);
    unsigned first = o->granted_count;
    for (; good < count && codes[good] >= GRANT_LEAST && codes[good] <= 2; good++)
        if (codes[good] < o->granted)
            o->granted = (uint8_t)codes[good];
    o->granted_count += good;
    bool complete = o->granted_count >= filters_in_all(o), all_answered = o->granted_count == o->asked_count;
    pthread_mutex_unlock(&o->lock);
    if (good < count) {
        char doing[WHY_MAX];
        snprintf(doing, sizeof doing, "the subscription to '%.120s' was not granted at QoS 1",
                 filter_at(o, first + good));
        give_up(o, doing, NULL, codes[good]);
    } else if (complete) {
        become_ready(o);
    } else if (all_answered) {
        subscribe_on(o);
    }
}

static void on_subscribed(void *context, MQTTAsync_successData *data) {
    granted(context, &data->alt.qos, 1);
}

static void on_subscribed_5(void *context, MQTTAsync_successData5 *data) {
    struct observer *o = context;
    int codes[OBSERVER_FILTERS_PER_PACKET];
    unsigned count = o->asked_count - o->granted_count, told = (unsigned)data->alt.sub.reasonCodeCount;
    if (told != count) {
        char doing[WHY_MAX];
        snprintf(doing, sizeof doing, "a subscription to %u filters was answered with %u reason codes", count, told);
        give_up(o, doing, NULL, (int)data->reasonCode);
        return;
    }
    for (unsigned i = 0; i < count; i++)
        codes[i] = (int)(count > 1 ? data->alt.sub.reasonCodes[i] : data->reasonCode);
    granted(o, codes, count);
}

static void on_not_subscribed(void *context, MQTTAsync_failureData *data) {
    give_up(context, "the subscription was refused", data == NULL ? NULL : data->message,
            data == NULL ? 0 : data->code);
}

static void on_not_subscribed_5(void *context, MQTTAsync_failureData5 *data) {
    give_up(context, "the subscription was refused", MQTTReasonCode_toString(data->reasonCode), (int)data->reasonCode);
}

/* Each filter in a SUBSCRIBE of its own: of a SUBACK with several codes the library tells no number, and the backend may have sent fewer
 * than were asked for. */
static int subscribe_one_by_one(struct observer *o, unsigned first, unsigned count) {
    MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
    response.context = o;
    response.onSuccess = on_subscribed;
    response.onFailure = on_not_subscribed;
    int error = MQTTASYNC_SUCCESS;
    for (unsigned i = 0; i < count && error == MQTTASYNC_SUCCESS; i++)
        error = MQTTAsync_subscribe(o->client, filter_at(o, first + i), o->config.qos, &response);
    return error;
}

static int subscribe_together(struct observer *o, unsigned first, unsigned count) {
    char *filters[OBSERVER_FILTERS_PER_PACKET];
    int qos[OBSERVER_FILTERS_PER_PACKET];
    MQTTSubscribe_options options[OBSERVER_FILTERS_PER_PACKET] = {MQTTSubscribe_options_initializer};
    for (unsigned i = 0; i < count; i++) {
        filters[i] = (char *)(uintptr_t)filter_at(o, first + i); /* the library only reads it */
        qos[i] = o->config.qos;
        options[i] = (MQTTSubscribe_options)MQTTSubscribe_options_initializer;
        options[i].retainHandling = filters[i][0] == '$' ? 0 : 2; /* what the backend says of itself is kept there */
    }
    MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
    response.context = o;
    response.onSuccess5 = on_subscribed_5;
    response.onFailure5 = on_not_subscribed_5;
    response.subscribeOptions = options[0];
    response.subscribeOptionsCount = count > 1 ? (int)count : 0;
    response.subscribeOptionsList = options;
    return MQTTAsync_subscribeMany(o->client, (int)count, filters, qos, &response);
}

/* Asks for the next filters. */
static void subscribe_on(struct observer *o) {
    unsigned first = o->granted_count, left = filters_in_all(o) - first;
    unsigned count = left < OBSERVER_FILTERS_PER_PACKET ? left : OBSERVER_FILTERS_PER_PACKET;
    pthread_mutex_lock(&o->lock);
    o->asked_count = first + count;
    pthread_mutex_unlock(&o->lock);
    int error =
        o->config.version == MQTT_5_0 ? subscribe_together(o, first, count) : subscribe_one_by_one(o, first, count);
    if (error != MQTTASYNC_SUCCESS)
        fail(o, "subscribing failed", MQTTAsync_strerror(error), error);
}

static void probe_answered(struct observer *o) {
    atomic_store(&o->heard_at_ns, loop_clock_monotonic());
    atomic_store(&o->probed, true);
}

static void on_probed(void *context, MQTTAsync_successData *data) {
    (void)data;
    probe_answered(context);
}

static void on_probed_5(void *context, MQTTAsync_successData5 *data) {
    (void)data;
    probe_answered(context);
}

int observer_probe(struct observer *o) {
    char *filter = (char *)(uintptr_t)filter_at(o, 0);
    int qos = o->config.qos;
    MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
    response.context = o;
    response.subscribeOptions.retainHandling = 2;
    if (o->config.version == MQTT_5_0)
        response.onSuccess5 = on_probed_5;
    else
        response.onSuccess = on_probed;
    atomic_store(&o->probed, false);
    if (observer_state(o, NULL, 0) != OBSERVER_READY)
        return ERR_AGAIN;
    return MQTTAsync_subscribeMany(o->client, 1, &filter, &qos, &response) == MQTTASYNC_SUCCESS ? 0 : ERR_AGAIN;
}

bool observer_answered(struct observer *o, int64_t *heard_ns) {
    if (heard_ns != NULL)
        *heard_ns = atomic_load(&o->heard_at_ns);
    return atomic_load(&o->probed);
}

static void connected(struct observer *o) {
    pthread_mutex_lock(&o->lock);
    o->refused = false;
    o->granted_count = 0;
    o->granted = 2;
    pthread_mutex_unlock(&o->lock);
    subscribe_on(o);
}

static void on_connected(void *context, MQTTAsync_successData *data) {
    (void)data;
    connected(context);
}

static void on_connected_5(void *context, MQTTAsync_successData5 *data) {
    (void)data;
    connected(context);
}

/* What the return codes of a 3.1.1 CONNACK mean; the library passes them as positive codes. */
static const char *return_code_text(int code) {
    static const char *const texts[] = {NULL,
                                        "unacceptable protocol version",
                                        "identifier rejected",
                                        "server unavailable",
                                        "bad user name or password",
                                        "not authorized"};
    size_t place = code > 0 ? (size_t)code : 0;
    return place < COUNT_OF(texts) ? texts[place] : NULL;
}

static void on_not_connected(void *context, MQTTAsync_failureData *data) {
    int code = data == NULL ? 0 : data->code;
    const char *text = return_code_text(code) != NULL ? return_code_text(code) : data == NULL ? NULL : data->message;
    fail(context, "the connection was refused", text, code);
}

static void on_not_connected_5(void *context, MQTTAsync_failureData5 *data) {
    int code =
        (int)data->reasonCode >= REASON_FAILURE ? (int)data->reasonCode : data->code; /* it has it here or there */
    const char *text = code >= REASON_FAILURE ? MQTTReasonCode_toString((enum MQTTReasonCodes)code) : NULL;
    fail(context, "the connection was refused", text != NULL ? text : data->message, code);
}

static void on_lost(void *context, char *cause) {
    fail(context, "the connection was lost", cause, 0);
}

/* 5.0: the server said goodbye; the library then tells nothing of a lost connection. */
static void on_disconnected(void *context, MQTTProperties *properties, enum MQTTReasonCodes reason) {
    (void)properties;
    fail(context, "the backend disconnected", MQTTReasonCode_toString(reason), (int)reason);
}

static int begin_connect(struct observer *o) {
    const struct observer_config *c = &o->config;
    MQTTAsync_connectOptions plain = MQTTAsync_connectOptions_initializer;
    MQTTAsync_connectOptions five = MQTTAsync_connectOptions_initializer5;
    MQTTAsync_connectOptions options = c->version == MQTT_5_0 ? five : plain;
    options.keepAliveInterval = OBSERVER_KEEPALIVE_S;
    options.connectTimeout = CONNECT_TIMEOUT_S;
    options.maxInflight = OBSERVER_PUBLISHING_MAX;
    options.context = o;
    if (c->version == MQTT_5_0) {
        options.cleanstart = 1;
        options.onSuccess5 = on_connected_5;
        options.onFailure5 = on_not_connected_5;
    } else {
        options.cleansession = 1;
        options.MQTTVersion = MQTTVERSION_3_1_1;
        options.onSuccess = on_connected;
        options.onFailure = on_not_connected;
    }
    options.username = o->user;
    if (c->has_password) {
        options.binarypwd.data = c->password.data;
        options.binarypwd.len = (int)c->password.size;
    }
    return MQTTAsync_connect(o->client, &options);
}

static void try_again(struct observer *o, int64_t now_ns) {
    pthread_mutex_lock(&o->lock);
    bool due = o->state == OBSERVER_AWAY && !o->connecting && now_ns >= o->retry_ns;
    if (due) {
        o->connecting = true;
        o->retry_ns = now_ns + RETRY_MS * SPAN_MS;
    }
    pthread_mutex_unlock(&o->lock);
    if (!due)
        return;
    int error = begin_connect(o);
    if (error != MQTTASYNC_SUCCESS)
        fail(o, "connecting failed", MQTTAsync_strerror(error), error);
}

/* --- messages --------------------------------------------------------------------------------------------------------- */

/* The value of a property; `name`: of the user property with that name. */
static bool property(const MQTTProperties *all, enum MQTTPropertyCodes id, const char *name, struct bytes *out) {
    for (int i = 0; i < all->count; i++) {
        const MQTTProperty *p = &all->array[i];
        if (p->identifier != id)
            continue;
        const MQTTLenString *data = &p->value.data;
        if (name != NULL && ((size_t)data->len != strlen(name) || memcmp(data->data, name, strlen(name)) != 0))
            continue;
        const MQTTLenString *value = name != NULL ? &p->value.value : data;
        *out = bytes_of(value->data, (size_t)value->len);
        return true;
    }
    return false;
}

static bool find_mark(const struct observer *o, const MQTTAsync_message *m, struct payload_mark *mark) {
    const struct observer_config *c = &o->config;
    struct bytes text;
    if (property(&m->properties, MQTTPROPERTY_CODE_USER_PROPERTY, PAYLOAD_MARK_PROPERTY, &text) &&
        text.size == PAYLOAD_MARK_SIZE)
        return payload_mark_decode((const char *)text.data, mark) && mark->run == c->run &&
               mark->device < c->device_count;
    return payload_mark_find(bytes_of(m->payload, (size_t)m->payloadlen), c->run, c->device_count, mark);
}

static void take_answer(struct observer *o, struct bytes topic, const MQTTAsync_message *m, int64_t now_ns) {
    struct observer_answer a = {
        .at_ns = now_ns, .topic = topic, .payload = bytes_of(m->payload, (size_t)m->payloadlen)};
    property(&m->properties, MQTTPROPERTY_CODE_CORRELATION_DATA, NULL, &a.correlation);
    observer_queue_answer(&o->queue, &a);
}

static bool is_answer(const struct observer *o, struct bytes topic) {
    for (unsigned i = 0; i < o->config.answer_count; i++)
        if (mqtt_topic_matches(bytes_of_text(o->config.answers[i]), topic))
            return true;
    return false;
}

static int on_message(void *context, char *name, int length, MQTTAsync_message *m) {
    struct observer *o = context;
    int64_t now = loop_clock_monotonic();
    struct observer_gap stall = {.kind = OBSERVER_GAP_STALL, .to_ns = now};
    if (observer_health_look(&o->health, now, &stall.from_ns))
        observer_queue_gap(&o->queue, &stall);
    atomic_store_explicit(&o->heard_at_ns, now, memory_order_relaxed);
    struct bytes topic = bytes_of(name, length > 0 ? (size_t)length : strlen(name));
    struct observer_arrival a = {.at_ns = now, .qos = (uint8_t)m->qos, .repeated = m->dup != 0};
    if (is_answer(o, topic)) {
        take_answer(o, topic, m, now);
    } else if (!m->retained && find_mark(o, m, &a.mark)) {
        a.topic = hash_fnv1a64(topic.data, topic.size);
        observer_queue_arrival(&o->queue, &a);
    }
    MQTTAsync_freeMessage(&m);
    MQTTAsync_free(name);
    return 1;
}

/* --- publishing ------------------------------------------------------------------------------------------------------- */

struct publishing {
    struct observer *o;
    uint64_t id;
};

static void end_publishing(struct publishing *p, bool ok, int reason_code) {
    struct observer_published done = {
        .id = p->id, .at_ns = loop_clock_monotonic(), .ok = ok, .reason_code = (uint8_t)reason_code};
    observer_queue_published(&p->o->queue, &done);
    atomic_fetch_sub(&p->o->publishing, 1);
    free(p);
}

static void on_published(void *context, MQTTAsync_successData *data) {
    (void)data;
    end_publishing(context, true, 0);
}

static void on_published_5(void *context, MQTTAsync_successData5 *data) {
    end_publishing(context, (int)data->reasonCode < REASON_FAILURE, (int)data->reasonCode);
}

static void on_not_published(void *context, MQTTAsync_failureData *data) {
    (void)data;
    end_publishing(context, false, 0);
}

static void on_not_published_5(void *context, MQTTAsync_failureData5 *data) {
    int code = (int)data->reasonCode;
    end_publishing(context, false, code >= REASON_FAILURE ? code : 0);
}

static void add_property(MQTTProperties *all, enum MQTTPropertyCodes id, struct bytes value) {
    MQTTProperty p = {.identifier = id};
    if (value.size == 0)
        return;
    p.value.data.len = (int)value.size;
    p.value.data.data = (char *)(uintptr_t)value.data; /* copied by the library */
    MQTTProperties_add(all, &p);
}

static void fill_message(MQTTAsync_message *m, const struct observer *o, const struct observer_publication *p) {
    m->payload = (void *)(uintptr_t)p->payload.data;
    m->payloadlen = (int)p->payload.size;
    m->qos = p->qos;
    m->retained = p->retain;
    if (o->config.version != MQTT_5_0)
        return;
    add_property(&m->properties, MQTTPROPERTY_CODE_RESPONSE_TOPIC, p->response_topic);
    add_property(&m->properties, MQTTPROPERTY_CODE_CORRELATION_DATA, p->correlation);
    if (p->message_expiry_s > 0) {
        MQTTProperty expiry = {.identifier = MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL};
        expiry.value.integer4 = p->message_expiry_s;
        MQTTProperties_add(&m->properties, &expiry);
    }
}

int observer_publish(struct observer *o, const struct observer_publication *p) {
    if (observer_state(o, NULL, 0) != OBSERVER_READY || atomic_load(&o->publishing) >= OBSERVER_PUBLISHING_MAX)
        return ERR_AGAIN;
    struct publishing *under_way = malloc(sizeof *under_way);
    char *topic = strndup((const char *)p->topic.data, p->topic.size);
    if (under_way == NULL || topic == NULL) {
        free(under_way);
        free(topic);
        return ERR_NO_MEMORY;
    }
    *under_way = (struct publishing){o, p->id};
    MQTTAsync_message m = MQTTAsync_message_initializer;
    MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
    fill_message(&m, o, p);
    response.context = under_way;
    if (o->config.version == MQTT_5_0) {
        response.onSuccess5 = on_published_5;
        response.onFailure5 = on_not_published_5;
    } else {
        response.onSuccess = on_published;
        response.onFailure = on_not_published;
    }
    atomic_fetch_add(&o->publishing, 1);
    int error = MQTTAsync_sendMessage(o->client, topic, &m, &response);
    MQTTProperties_free(&m.properties);
    free(topic);
    if (error == MQTTASYNC_SUCCESS)
        return 0;
    atomic_fetch_sub(&o->publishing, 1);
    free(under_way);
    return error == MQTTASYNC_DISCONNECTED || error == MQTTASYNC_MAX_BUFFERED_MESSAGES ? ERR_AGAIN : ERR_INVALID;
}

/* --- from outside ----------------------------------------------------------------------------------------------------- */

static int make_client(struct observer *o, char *why, size_t why_size) {
    char node[64], uri[80];
    snprintf(uri, sizeof uri, "tcp://%s", address_format(&o->config.node, node, sizeof node));
    MQTTAsync_createOptions options = MQTTAsync_createOptions_initializer;
    options.MQTTVersion = o->config.version == MQTT_5_0 ? MQTTVERSION_5 : MQTTVERSION_3_1_1;
    options.maxBufferedMessages = OBSERVER_PUBLISHING_MAX;
    int error =
        MQTTAsync_createWithOptions(&o->client, uri, o->config.client_id, MQTTCLIENT_PERSISTENCE_NONE, NULL, &options);
    if (error == MQTTASYNC_SUCCESS)
        error = MQTTAsync_setCallbacks(o->client, o, on_lost, on_message, NULL);
    if (error == MQTTASYNC_SUCCESS)
        error = MQTTAsync_setDisconnected(o->client, o, on_disconnected);
    if (error == MQTTASYNC_SUCCESS) {
        o->connecting = true;
        error = begin_connect(o);
    }
    if (error == MQTTASYNC_SUCCESS)
        return 0;
    const char *text = MQTTAsync_strerror(error);
    snprintf(why, why_size, "the MQTT client library refused: %s (%d)", text != NULL ? text : "unknown", error);
    return ERR_INVALID;
}

int observer_open(const struct observer_config *config, struct observer **out, char *why, size_t why_size) {
    CHECK(config->qos >= 1 && config->qos <= 2 && config->filter_count + config->answer_count > 0);
    struct observer *o = calloc(1, sizeof *o);
    *out = NULL;
    if (o == NULL || observer_queue_init(&o->queue) < 0) {
        free(o);
        return ERR_NO_MEMORY;
    }
    o->config = *config;
    o->granted = config->qos;
    pthread_mutex_init(&o->lock, NULL);
    observer_health_init(&o->health);
    if (config->has_user)
        o->user = strndup((const char *)config->user.data, config->user.size);
    int error = config->has_user && o->user == NULL ? ERR_NO_MEMORY : make_client(o, why, why_size);
    if (error < 0)
        observer_close(o);
    else
        *out = o;
    return error;
}

void observer_close(struct observer *o) {
    if (o == NULL)
        return;
    atomic_store(&o->leaving, true);
    if (o->client != NULL) {
        bool asked = leave(o);
        for (int waited = 0; asked && waited < 2 * LEAVE_TIMEOUT_MS && MQTTAsync_isConnected(o->client); waited += 5)
            nanosleep(&(struct timespec){.tv_nsec = 5 * SPAN_MS}, NULL);
        MQTTAsync_destroy(&o->client);
    }
    pthread_mutex_destroy(&o->lock);
    observer_queue_free(&o->queue);
    observer_health_free(&o->health);
    if (o->user != NULL)
        explicit_bzero(o->user, strlen(o->user));
    free(o->user);
    free(o);
}

enum observer_state observer_state(struct observer *o, char *why, size_t why_size) {
    pthread_mutex_lock(&o->lock);
    enum observer_state state = o->state;
    if (why != NULL)
        snprintf(why, why_size, "%s", o->why);
    pthread_mutex_unlock(&o->lock);
    return state;
}

uint8_t observer_granted(struct observer *o) {
    pthread_mutex_lock(&o->lock);
    uint8_t lowest = o->granted;
    pthread_mutex_unlock(&o->lock);
    return lowest;
}

/* A process that stood still has not run, and has not slept as agreed. */
static void look_at_standstill(struct observer *o, int64_t now_ns) {
    int64_t cpu_ns = thread_cpu_ns();
    int64_t unexplained = now_ns - o->drained_ns - (cpu_ns - o->drained_cpu_ns) - drain_pause_ns;
    if (o->drained_ns != 0 && unexplained >= standstill_ns)
        observer_queue_gap(
            &o->queue, &(struct observer_gap){.kind = OBSERVER_GAP_STALL, .from_ns = o->drained_ns, .to_ns = now_ns});
    o->drained_ns = now_ns;
    o->drained_cpu_ns = cpu_ns;
}

size_t observer_drain(struct observer *o, const struct observer_visitor *visitor) {
    int64_t now = loop_clock_monotonic();
    try_again(o, now);
    look_at_standstill(o, now);
    return observer_queue_visit(&o->queue, visitor, now);
}
