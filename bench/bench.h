/* What the two yardsticks share. They measure what the machine can do with the least possible code, so they use nothing
 * of the program that is held against them. */
#ifndef MUSTER_BENCH_BENCH_H
#define MUSTER_BENCH_BENCH_H

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

/* MQTT packet types: the upper half of the first byte (MQTT 3.1.1, 2.2.1). */
enum {
    MQTT_CONNECT = 1,
    MQTT_CONNACK,
    MQTT_PUBLISH,
    MQTT_PUBACK,
    MQTT_PUBREC,
    MQTT_PUBREL,
    MQTT_PUBCOMP,
    MQTT_SUBSCRIBE,
    MQTT_SUBACK,
    MQTT_UNSUBSCRIBE,
    MQTT_UNSUBACK,
    MQTT_PINGREQ,
    MQTT_PINGRESP,
    MQTT_DISCONNECT
};

static inline _Noreturn void bench_fail(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

/* A whole number in [low, high] from the command line; anything else ends the program. */
static inline long bench_number(const char *name, const char *text, long low, long high) {
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < low || value > high) {
        fprintf(stderr, "--%s: expected a number from %ld to %ld, found '%s'\n", name, low, high, text);
        exit(2);
    }
    return value;
}

/* Raises the soft limit of descriptors to the hard one and returns it. */
static inline size_t bench_descriptors(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        bench_fail("getrlimit");
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
        bench_fail("setrlimit");
    return (size_t)limit.rlim_cur;
}

static inline double bench_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct bench_cpu {
    double user_s, system_s;
};

static inline struct bench_cpu bench_cpu(void) {
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (struct bench_cpu){(double)u.ru_utime.tv_sec + (double)u.ru_utime.tv_usec / 1e6,
                              (double)u.ru_stime.tv_sec + (double)u.ru_stime.tv_usec / 1e6};
}

#endif
