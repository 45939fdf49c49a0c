#include "backend/broker_settings.h"

#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "harness.h"

static struct misbehave misbehave;
static struct broker_options options;
static char why[512];

static int set(const char *argument) {
    *why = '\0';
    return broker_settings_set(&options, argument, why, sizeof why);
}

static void begin(void) {
    broker_options_default(&options);
    misbehave_init(&misbehave);
    options.misbehave = &misbehave;
}

static void every_limit_is_set_by_its_name(void) {
    begin();
    CU_ASSERT_EQUAL(set("connections=7"), 0);
    CU_ASSERT_EQUAL(options.limits.connections_max, 7);
    CU_ASSERT_EQUAL(set("sessions=8"), 0);
    CU_ASSERT_EQUAL(options.limits.sessions_max, 8);
    CU_ASSERT_EQUAL(set("memory=2MiB"), 0);
    CU_ASSERT_EQUAL(options.limits.memory_max, 2 << 20);
    CU_ASSERT_EQUAL(set("packet=1KiB"), 0);
    CU_ASSERT_EQUAL(options.limits.packet_max, 1024);
    CU_ASSERT_EQUAL(set("queue=0"), 0);
    CU_ASSERT_EQUAL(options.limits.queue_max, 0);
    CU_ASSERT_EQUAL(set("inflight=20"), 0);
    CU_ASSERT_EQUAL(options.limits.inflight_max, 20);
    CU_ASSERT_EQUAL(set("receive_maximum=65535"), 0);
    CU_ASSERT_EQUAL(options.limits.receive_maximum, 65535);
    CU_ASSERT_EQUAL(set("topic_aliases=0"), 0);
    CU_ASSERT_EQUAL(options.limits.topic_alias_maximum, 0);
    CU_ASSERT_EQUAL(set("keep_alive=1min"), 0);
    CU_ASSERT_EQUAL(options.limits.server_keep_alive_s, 60);
    CU_ASSERT_EQUAL(set("session_expiry=2h"), 0);
    CU_ASSERT_EQUAL(options.limits.session_expiry_max_s, 7200);
    CU_ASSERT_EQUAL(set("backlog=64KiB"), 0);
    CU_ASSERT_EQUAL(options.limits.backlog_max, 65536);
    CU_ASSERT_EQUAL(set("connect_timeout=1500ms"), 0);
    CU_ASSERT_EQUAL(options.limits.connect_timeout, 1500 * SPAN_MS);
    CU_ASSERT_EQUAL(set("admit=50/s"), 0);
    CU_ASSERT_EQUAL(options.admit_per_s, 50);
    CU_ASSERT_EQUAL(options.admit_window, 0);
    CU_ASSERT_EQUAL(set("admit_window=1s"), 0);
    CU_ASSERT_EQUAL(options.admit_window, SPAN_S);
    CU_ASSERT_EQUAL(set("seed=0x7"), 0);
    CU_ASSERT_EQUAL(options.seed, 7);
    CU_ASSERT_EQUAL(set("service=20ms"), 0);
    CU_ASSERT_TRUE(dist_is_constant(&options.service));
    CU_ASSERT_EQUAL(options.service.a, 20e6);
    CU_ASSERT_EQUAL(set("service=lognormal(p50=20ms, p99=60ms)"), 0);
    CU_ASSERT_FALSE(dist_is_constant(&options.service));
}

static void misbehaviours_are_set_by_the_same_call(void) {
    begin();
    CU_ASSERT_EQUAL(set("drop=3"), 0);
    CU_ASSERT_TRUE(misbehave_on(&misbehave, MISBEHAVE_DROP));
    CU_ASSERT_EQUAL(set("dorp=3"), ERR_NOT_FOUND);
}

static void wrong_values_are_explained_and_change_nothing(void) {
    begin();
    static const char *const wrong[] = {"queue",
                                        "queue=",
                                        "queue=x",
                                        "inflight=0",
                                        "inflight=32768",
                                        "packet=10",
                                        "packet=1GiB",
                                        "memory=1B",
                                        "admit=0/s",
                                        "service=20",
                                        "keep_alive=100000s",
                                        "seed=-1",
                                        "receive_maximum=0"};
    struct broker_options before = options;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        CU_ASSERT_EQUAL(set(wrong[i]), ERR_MALFORMED);
        CU_ASSERT_TRUE(strlen(why) > 5);
    }
    CU_ASSERT_EQUAL(memcmp(&before, &options, sizeof options), 0);
}

static void the_manual_has_every_row_word_for_word(void) {
    static char text[65536];
    FILE *f = fopen("docs/builtin-broker.md", "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    for (const struct broker_settings_row *r = broker_settings_rows; r->name != NULL; r++) {
        char line[1024];
        snprintf(line, sizeof line, "\n| `%s` | %s |\n", r->name, r->doc);
        CU_ASSERT_PTR_NOT_NULL(strstr(text, line));
        if (strstr(text, line) == NULL)
            printf("docs/builtin-broker.md lacks the line:%s", line);
    }
}

HARNESS_MAIN("broker_settings", HARNESS_CASE(every_limit_is_set_by_its_name),
             HARNESS_CASE(misbehaviours_are_set_by_the_same_call),
             HARNESS_CASE(wrong_values_are_explained_and_change_nothing),
             HARNESS_CASE(the_manual_has_every_row_word_for_word))
