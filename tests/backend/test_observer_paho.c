#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "backend/observer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/hash.h"
#include "harness.h"
#include "loop/loop.h"
#include "serve.h"

enum { PATIENCE_MS = 20000, RUN = 0x3f9a, DEVICES = 10 };

struct seen {
    unsigned arrivals, answers, ok, failed, gaps;
    struct observer_arrival arrival;
    struct observer_gap gap;
    char answer[200];
};

static void see_arrival(void *context, const struct observer_arrival *a) {
    struct seen *s = context;
    s->arrivals++;
    s->arrival = *a;
}

static void see_answer(void *context, const struct observer_answer *a) {
    struct seen *s = context;
    s->answers++;
    snprintf(s->answer, sizeof s->answer, "%.*s|%.*s|%.*s", (int)a->topic.size, (const char *)a->topic.data,
             (int)a->payload.size, (const char *)a->payload.data, (int)a->correlation.size,
             (const char *)a->correlation.data);
}

static void see_published(void *context, const struct observer_published *p) {
    struct seen *s = context;
    s->ok += p->ok;
    s->failed += !p->ok;
}

static void see_gap(void *context, const struct observer_gap *g) {
    struct seen *s = context;
    if (g->kind != OBSERVER_GAP_CONNECTION) /* a busy machine may stall us */
        return;
    s->gaps++;
    s->gap = *g;
}

static void wait_a_little(void) {
    nanosleep(&(struct timespec){.tv_nsec = 2 * SPAN_MS}, NULL);
}

/* Drains until `*count` has come to `wanted`. */
static void drain_until(struct observer *o, struct seen *s, const unsigned *count, unsigned wanted) {
    const struct observer_visitor v = {s, see_arrival, see_answer, see_published, see_gap};
    int64_t end = loop_clock_monotonic() + PATIENCE_MS * SPAN_MS;
    do {
        observer_drain(o, &v);
        if (*count >= wanted)
            break;
        wait_a_little();
    } while (loop_clock_monotonic() < end);
    CU_ASSERT_EQUAL(*count, wanted);
}

static enum observer_state settle_state(struct observer *o, enum observer_state not_yet, char *why, size_t size) {
    int64_t end = loop_clock_monotonic() + PATIENCE_MS * SPAN_MS;
    while (observer_state(o, why, size) == not_yet && loop_clock_monotonic() < end)
        wait_a_little();
    return observer_state(o, why, size);
}

static const char *const filters[] = {"a/+/t", "b/#"}, *const answers[] = {"r/#"};

static struct observer_config config_for(const struct serve *s, enum mqtt_version version) {
    return (struct observer_config){.node = s->address,
                                    .version = version,
                                    .client_id = "observer",
                                    .filters = filters,
                                    .filter_count = 2,
                                    .answers = answers,
                                    .answer_count = 1,
                                    .qos = 2,
                                    .run = RUN,
                                    .device_count = DEVICES};
}

static struct observer *open_ready(const struct observer_config *config) {
    struct observer *o;
    char why[256] = "";
    CU_ASSERT_EQUAL_FATAL(observer_open(config, &o, why, sizeof why), 0);
    CU_ASSERT_EQUAL_FATAL(settle_state(o, OBSERVER_CONNECTING, why, sizeof why), OBSERVER_READY);
    return o;
}

/* Publishes with a mark in the payload. */
static int publish(struct observer *o, const char *topic, uint16_t run, uint32_t device, uint8_t qos, bool retain) {
    char payload[64] = "x:";
    struct payload_mark mark = {.run = run, .device = device, .sequence = 5, .intended_us = 77};
    payload_mark_encode(&mark, payload + 2);
    struct observer_publication p = {.id = 1,
                                     .topic = bytes_of_text(topic),
                                     .payload = bytes_of(payload, 2 + PAYLOAD_MARK_SIZE),
                                     .qos = qos,
                                     .retain = retain};
    return observer_publish(o, &p);
}

static void what_arrives_is_told(enum mqtt_version version) {
    struct serve s = serve_start(NULL);
    struct observer_config config = config_for(&s, version);
    struct observer *o = open_ready(&config);
    struct seen seen = {0};
    CU_ASSERT_EQUAL(observer_granted(o), 2);
    for (uint8_t qos = 0; qos <= 2; qos++) {
        CU_ASSERT_EQUAL(publish(o, "a/7/t", RUN, 3, qos, false), 0);
        drain_until(o, &seen, &seen.arrivals, qos + 1U);
        CU_ASSERT_EQUAL(seen.arrival.qos, qos);
    }
    CU_ASSERT(seen.arrival.mark.device == 3 && seen.arrival.mark.sequence == 5 && seen.arrival.mark.intended_us == 77);
    CU_ASSERT_EQUAL(seen.arrival.topic, hash_fnv1a64("a/7/t", 5));
    CU_ASSERT(seen.arrival.at_ns <= loop_clock_monotonic() && seen.arrival.at_ns > 0);
    publish(o, "a/7/t", RUN + 1, 3, 0, false);   /* another run's */
    publish(o, "a/7/t", RUN, DEVICES, 0, false); /* no device of this one */
    publish(o, "c/7/t", RUN, 3, 0, false);       /* not observed */
    publish(o, "b", RUN, 4, 0, false);
    drain_until(o, &seen, &seen.arrivals, 4);
    CU_ASSERT_EQUAL(seen.arrival.mark.device, 4);
    drain_until(o, &seen, &seen.ok, 7);
    CU_ASSERT_EQUAL(seen.failed, 0);
    observer_close(o);
    serve_stop(&s);
}

static void what_arrives_is_told_in_3_1_1(void) {
    what_arrives_is_told(MQTT_3_1_1);
}

static void what_arrives_is_told_in_5_0(void) {
    what_arrives_is_told(MQTT_5_0);
}

static void retained_messages_are_of_another_time(void) {
    for (int version = 0; version < 2; version++) {
        struct serve s = serve_start(NULL);
        struct observer_config config = config_for(&s, version == 0 ? MQTT_3_1_1 : MQTT_5_0);
        struct observer *o = open_ready(&config);
        struct seen seen = {0};
        publish(o, "a/1/t", RUN, 1, 1, true);
        drain_until(o, &seen, &seen.arrivals, 1);
        drain_until(o, &seen, &seen.ok, 1);
        observer_close(o);
        o = open_ready(&config);
        publish(o, "a/1/t", RUN, 2, 1, false);
        drain_until(o, &seen, &seen.arrivals, 2);
        CU_ASSERT_EQUAL(seen.arrival.mark.device, 2);
        observer_close(o);
        serve_stop(&s);
    }
}

static void answers_come_with_their_correlation(void) {
    struct serve s = serve_start(NULL);
    struct observer_config config = config_for(&s, MQTT_5_0);
    struct observer *o = open_ready(&config);
    struct seen seen = {0};
    struct observer_publication p = {.id = 9,
                                     .topic = bytes_of_text("r/1/x"),
                                     .payload = bytes_of_text("done"),
                                     .qos = 1,
                                     .response_topic = bytes_of_text("r/1/y"),
                                     .correlation = bytes_of_text("c7"),
                                     .message_expiry_s = 60};
    CU_ASSERT_EQUAL(observer_publish(o, &p), 0);
    drain_until(o, &seen, &seen.answers, 1);
    CU_ASSERT_STRING_EQUAL(seen.answer, "r/1/x|done|c7");
    CU_ASSERT_EQUAL(seen.arrivals, 0);
    observer_close(o);
    serve_stop(&s);
}

static void a_refused_observer_says_why(void) {
    for (int version = 0; version < 2; version++) {
        struct serve s = serve_start("refuse_connects=0x87");
        struct observer_config config = config_for(&s, version == 0 ? MQTT_3_1_1 : MQTT_5_0);
        struct observer *o;
        char why[256] = "";
        CU_ASSERT_EQUAL_FATAL(observer_open(&config, &o, why, sizeof why), 0);
        CU_ASSERT_EQUAL(settle_state(o, OBSERVER_CONNECTING, why, sizeof why), OBSERVER_FAILED);
        for (char *c = why; *c != '\0'; c++)
            *c = *c >= 'A' && *c <= 'Z' ? (char)(*c + 'a' - 'A') : *c;
        if (strstr(why, "not authori") == NULL)
            printf("     %s\n", why);
        CU_ASSERT_PTR_NOT_NULL(strstr(why, "not authori"));
        CU_ASSERT_EQUAL(publish(o, "a/1/t", RUN, 1, 0, false), ERR_AGAIN);
        observer_close(o);
        serve_stop(&s);
    }
}

static void nobody_there_is_a_failure(void) {
    struct serve s = serve_start(NULL);
    serve_stop(&s);
    struct observer_config config = config_for(&s, MQTT_5_0);
    struct observer *o;
    char why[256] = "";
    CU_ASSERT_EQUAL_FATAL(observer_open(&config, &o, why, sizeof why), 0);
    CU_ASSERT_EQUAL(settle_state(o, OBSERVER_CONNECTING, why, sizeof why), OBSERVER_FAILED);
    CU_ASSERT(why[0] != '\0');
    observer_close(o);
}

/* The broker is killed, or says goodbye, and comes back at the same address. */
static void comes_back(enum mqtt_version version, void (*leaves)(const struct serve *s)) {
    struct serve s = serve_start(NULL);
    struct observer_config config = config_for(&s, version);
    struct observer *o = open_ready(&config);
    struct seen seen = {0};
    publish(o, "a/1/t", RUN, 1, 1, false);
    drain_until(o, &seen, &seen.arrivals, 1);
    int64_t heard = seen.arrival.at_ns;
    leaves(&s);
    drain_until(o, &seen, &seen.gaps, 1);
    CU_ASSERT(seen.gap.from_ns >= heard && seen.gap.to_ns == INT64_MAX);
    CU_ASSERT_EQUAL(observer_state(o, NULL, 0), OBSERVER_AWAY);
    CU_ASSERT_EQUAL(publish(o, "a/1/t", RUN, 1, 1, false), ERR_AGAIN);
    s = serve_again(&s);
    int64_t from = seen.gap.from_ns;
    drain_until(o, &seen, &seen.gaps, 2);
    CU_ASSERT(seen.gap.from_ns == from && seen.gap.to_ns > from && seen.gap.to_ns < INT64_MAX);
    CU_ASSERT_EQUAL(observer_state(o, NULL, 0), OBSERVER_READY);
    publish(o, "b/x", RUN, 6, 1, false);
    drain_until(o, &seen, &seen.arrivals, 2);
    observer_close(o);
    serve_stop(&s);
}

static void a_lost_connection_is_a_gap_until_it_is_subscribed_again(void) {
    comes_back(MQTT_3_1_1, serve_kill);
    comes_back(MQTT_5_0, serve_kill);
    comes_back(MQTT_5_0, serve_stop);
}

static void a_probe_is_answered_as_long_as_somebody_is_there(void) {
    for (int version = 0; version < 2; version++) {
        struct serve s = serve_start(NULL);
        struct observer_config config = config_for(&s, version == 0 ? MQTT_3_1_1 : MQTT_5_0);
        struct observer *o = open_ready(&config);
        struct seen seen = {0};
        int64_t before = loop_clock_monotonic(), heard = 0;
        CU_ASSERT_EQUAL(observer_probe(o), 0);
        for (int waited = 0; waited < PATIENCE_MS && !observer_answered(o, &heard); waited += 2)
            wait_a_little();
        CU_ASSERT_TRUE(observer_answered(o, &heard) && heard >= before);
        publish(o, "a/1/t", RUN, 1, 1, false); /* still once */
        publish(o, "b/1", RUN, 2, 1, false);
        drain_until(o, &seen, &seen.arrivals, 2);
        CU_ASSERT_EQUAL(seen.arrival.mark.device, 2);
        kill(s.pid, SIGSTOP);
        CU_ASSERT_EQUAL(observer_probe(o), 0);
        nanosleep(&(struct timespec){.tv_nsec = 100 * SPAN_MS}, NULL);
        CU_ASSERT_FALSE(observer_answered(o, NULL));
        kill(s.pid, SIGCONT);
        observer_close(o);
        serve_stop(&s);
    }
}

/* What was handed over and is not acknowledged has its end with the connection. */
static void a_publication_ends_with_its_connection(void) {
    for (int version = 0; version < 2; version++) {
        struct serve s = serve_start(NULL);
        struct observer_config config = config_for(&s, version == 0 ? MQTT_3_1_1 : MQTT_5_0);
        struct observer *o = open_ready(&config);
        struct seen seen = {0};
        kill(s.pid, SIGSTOP);
        for (unsigned i = 0; i < 3; i++)
            CU_ASSERT_EQUAL(publish(o, "a/1/t", RUN, 1, 1, false), 0);
        nanosleep(&(struct timespec){.tv_nsec = 100 * SPAN_MS}, NULL);
        serve_kill(&s);
        drain_until(o, &seen, &seen.failed, 3);
        CU_ASSERT_EQUAL(seen.ok, 0);
        observer_close(o);
    }
}

/* More filters than one SUBSCRIBE takes. */
static void many_filters_are_all_subscribed(void) {
    enum { MANY = 3 * OBSERVER_FILTERS_PER_PACKET + 1 };
    static char text[MANY][16];
    static const char *all[MANY];
    for (int i = 0; i < MANY; i++) {
        snprintf(text[i], sizeof text[i], "f/%d", i);
        all[i] = text[i];
    }
    for (int version = 0; version < 2; version++) {
        struct serve s = serve_start(NULL);
        struct observer_config config = config_for(&s, version == 0 ? MQTT_3_1_1 : MQTT_5_0);
        config.filters = all;
        config.filter_count = MANY;
        config.answer_count = 0;
        struct observer *o = open_ready(&config);
        struct seen seen = {0};
        publish(o, text[0], RUN, 1, 1, false);
        publish(o, text[MANY - 1], RUN, 1, 1, false);
        drain_until(o, &seen, &seen.arrivals, 2);
        observer_close(o);
        serve_stop(&s);
    }
}

/* A backend, in a child, that takes every connection and answers each SUBSCRIBE with that many codes of QoS 1. Ends when its client has
 * gone. */
static void answer_with_codes(int listener, enum mqtt_version version, size_t codes) {
    enum { CONNECT = 1, SUBSCRIBE = 8 };
    const uint8_t plain[] = {0x20, 2, 0, 0}, five[] = {0x20, 3, 0, 0, 0};
    uint8_t head[4], body[1 << 14], answer[64] = {0x90};
    int fd = accept(listener, NULL, NULL);
    while (recv(fd, head, 2, MSG_WAITALL) == 2) {
        size_t size = head[1];
        if (size >= 0x80) {
            CHECK(recv(fd, head + 2, 1, MSG_WAITALL) == 1 && head[2] < 0x80);
            size = (size & 0x7f) | (size_t)head[2] << 7;
        }
        CHECK(size <= sizeof body && recv(fd, body, size, MSG_WAITALL) == (ssize_t)size);
        if (head[0] >> 4 == CONNECT)
            CHECK(send(fd, version == MQTT_5_0 ? five : plain, version == MQTT_5_0 ? sizeof five : sizeof plain, 0) >
                  0);
        if (head[0] >> 4 != SUBSCRIBE)
            continue;
        size_t at = 2;
        answer[at++] = body[0];
        answer[at++] = body[1];
        if (version == MQTT_5_0)
            answer[at++] = 0;
        memset(answer + at, 1, codes);
        answer[1] = (uint8_t)(at - 2 + codes);
        CHECK(send(fd, answer, at + codes, 0) > 0);
    }
    _exit(0);
}

static struct serve start_answering(enum mqtt_version version, size_t codes) {
    struct serve s;
    CU_ASSERT_EQUAL_FATAL(address_parse("127.0.0.1", 0, &s.address), 0);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    socklen_t size = sizeof s.address;
    CU_ASSERT_FATAL(bind(listener, &s.address.any, sizeof s.address.v4) == 0 && listen(listener, 8) == 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(listener, &s.address.any, &size), 0);
    fflush(stdout);
    s.pid = fork();
    if (s.pid == 0)
        answer_with_codes(listener, version, codes);
    close(listener);
    return s;
}

/* Too few codes, or too many, are no grant, and nothing beyond them is read. */
static void codes_that_do_not_fit_the_filters_are_a_refusal(void) {
    const struct {
        enum mqtt_version version;
        unsigned filters;
        size_t codes;
        enum observer_state state;
    } rows[] = {{MQTT_3_1_1, 2, 1, OBSERVER_READY}, /* each filter has a SUBACK of its own */
                {MQTT_3_1_1, 2, 2, OBSERVER_FAILED}, {MQTT_3_1_1, 1, 40, OBSERVER_FAILED},
                {MQTT_5_0, 2, 2, OBSERVER_READY},    {MQTT_5_0, 2, 1, OBSERVER_FAILED},
                {MQTT_5_0, 1, 2, OBSERVER_FAILED},   {MQTT_5_0, 2, 40, OBSERVER_FAILED}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct serve s = start_answering(rows[i].version, rows[i].codes);
        struct observer_config config = config_for(&s, rows[i].version);
        config.filter_count = rows[i].filters;
        config.answer_count = 0;
        struct observer *o;
        char why[256] = "";
        CU_ASSERT_EQUAL_FATAL(observer_open(&config, &o, why, sizeof why), 0);
        CU_ASSERT_EQUAL(settle_state(o, OBSERVER_CONNECTING, why, sizeof why), rows[i].state);
        CU_ASSERT_EQUAL(strstr(why, "subscription") != NULL, rows[i].state == OBSERVER_FAILED);
        observer_close(o);
        serve_stop(&s);
    }
}

HARNESS_MAIN("backend/observer_paho", HARNESS_CASE(what_arrives_is_told_in_3_1_1),
             HARNESS_CASE(what_arrives_is_told_in_5_0), HARNESS_CASE(retained_messages_are_of_another_time),
             HARNESS_CASE(answers_come_with_their_correlation), HARNESS_CASE(a_refused_observer_says_why),
             HARNESS_CASE(nobody_there_is_a_failure),
             HARNESS_CASE(a_lost_connection_is_a_gap_until_it_is_subscribed_again),
             HARNESS_CASE(a_probe_is_answered_as_long_as_somebody_is_there),
             HARNESS_CASE(a_publication_ends_with_its_connection), HARNESS_CASE(many_filters_are_all_subscribed),
             HARNESS_CASE(codes_that_do_not_fit_the_filters_are_a_refusal))
