#include "fleet/run.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/check.h"
#include "base/err.h"
#include "harness.h"
#include "made.h"

static struct made m;
static struct run_facts facts;
static char why[256];

static int go(const struct run_options *options) {
    const struct run_sink sink = {0};
    return run_plan(&m.plan, options, &sink, &facts, why, sizeof why);
}

static void done(struct peer *peer) {
    run_facts_free(&facts);
    made_free(&m);
    peer_free(peer);
}

static uint64_t publishes(enum op_outcome outcome) {
    return made_outcome(facts.result, OP_MQTT_PUBLISH, outcome);
}

static void a_clean_run_passes_and_its_books_balance(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    made_plan(&m, 20, &peer);
    CU_ASSERT_EQUAL_FATAL(go(&(struct run_options){0}), 0);
    CU_ASSERT_EQUAL(facts.exit_code, EXIT_PASS);
    CU_ASSERT_EQUAL(facts.verdict, VERDICT_PASS);
    CU_ASSERT_TRUE(facts.finished);
    CU_ASSERT_EQUAL(facts.trust_count, 0);
    CU_ASSERT_EQUAL(publishes(OP_OK), made_intended(&m));
    CU_ASSERT_EQUAL(made_sum(facts.result, OP_MQTT_PUBLISH), made_intended(&m));
    CU_ASSERT_EQUAL(made_sum(facts.result, OP_MQTT_CONNECT), 20);
    CU_ASSERT_TRUE(peer_reaches(&peer.seen->polite_ends, 20));
    CU_ASSERT(facts.ended >= m.plan.duration && facts.ended < m.plan.duration + 3 * SPAN_S);
    CU_ASSERT(facts.cpu_s > 0 && facts.rss_peak_bytes > 0);
    done(&peer);
}

static void the_same_decisions_fall_with_any_workers_and_shards(void) {
    struct {
        unsigned workers, shard, shards;
        uint64_t hash, intended;
    } runs[] = {{.workers = 1}, {.workers = 4}, {1, 1, 2, 0, 0}, {2, 2, 2, 0, 0}};
    for (size_t i = 0; i < COUNT_OF(runs); i++) {
        const struct peer_script script = {0};
        struct peer peer = peer_start(&script);
        made_plan(&m, 31, &peer);
        CU_ASSERT_EQUAL_FATAL(
            go(&(struct run_options){.workers = runs[i].workers, .shard = runs[i].shard, .shards = runs[i].shards}), 0);
        runs[i].hash = facts.decisions_hash;
        runs[i].intended = made_sum(facts.result, OP_MQTT_PUBLISH);
        CU_ASSERT_EQUAL(facts.workers, runs[i].workers);
        CU_ASSERT_EQUAL(facts.devices_here, runs[i].shards == 0 ? 31 : runs[i].shard == 1 ? 16 : 15);
        if (i < 2)
            CU_ASSERT_EQUAL(runs[i].intended, made_intended(&m));
        done(&peer);
    }
    CU_ASSERT_NOT_EQUAL(runs[0].hash, 0);
    CU_ASSERT_EQUAL(runs[1].hash, runs[0].hash);
    CU_ASSERT_EQUAL(runs[2].hash + runs[3].hash, runs[0].hash);
    CU_ASSERT_EQUAL(runs[2].intended + runs[3].intended, runs[0].intended);
}

static void nobody_there_is_unreachable(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    made_plan(&m, 2, &peer);
    peer_stop(&peer);
    CU_ASSERT_EQUAL(go(&(struct run_options){0}), ERR_UNREACHABLE);
    CU_ASSERT_EQUAL(facts.exit_code, EXIT_UNREACHABLE);
    CU_ASSERT(strlen(why) > 0);
    done(&peer);
}

static void a_large_fleet_against_a_public_address_is_refused(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    made_plan(&m, 51, &peer);
    CU_ASSERT_EQUAL_FATAL(address_parse("192.0.2.1", 1883, &m.nodes[0]), 0);
    CU_ASSERT_EQUAL(go(&(struct run_options){0}), ERR_DENIED);
    CU_ASSERT_EQUAL(facts.exit_code, EXIT_GUARD);
    CU_ASSERT_PTR_NOT_NULL(strstr(why, "192.0.2.1"));
    done(&peer);
}

static void a_public_test_server_takes_five_devices_at_most(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    made_plan(&m, 6, &peer);
    m.target.url = "mqtt://test.mosquitto.org";
    CU_ASSERT_EQUAL(go(&(struct run_options){0}), ERR_DENIED);
    CU_ASSERT_EQUAL(facts.exit_code, EXIT_GUARD);
    done(&peer);
}

struct signalled {
    int count, number;
};

static void signal_after_a_second(void *context, const struct run_second *second) {
    struct signalled *s = context;
    (void)second;
    s->count++;
    s->number = SIGINT;
}

static void a_signal_ends_the_run_politely_with_its_results(void) {
    const struct peer_script script = {.no_acks = true};
    struct peer peer = peer_start(&script);
    made_plan(&m, 10, &peer);
    m.plan.duration = 60 * SPAN_S;
    struct signalled s = {0};
    const struct run_sink sink = {.context = &s, .second = signal_after_a_second};
    const struct run_options options = {.signals = &s.count, .signal_number = &s.number};
    CU_ASSERT_EQUAL_FATAL(run_plan(&m.plan, &options, &sink, &facts, why, sizeof why), 0);
    CU_ASSERT_EQUAL(facts.exit_code, EXIT_SIGINT);
    CU_ASSERT_EQUAL(facts.verdict, VERDICT_INCOMPLETE);
    CU_ASSERT_FALSE(facts.finished);
    CU_ASSERT(facts.ended >= SPAN_S && facts.ended < 10 * SPAN_S);
    CU_ASSERT(publishes(OP_OPEN) >= 90);
    CU_ASSERT_EQUAL(publishes(OP_OPEN), made_sum(facts.result, OP_MQTT_PUBLISH));
    CU_ASSERT_EQUAL(made_tally(facts.result, TALLY_LOST), 0); /* nobody settled to wait for the answers */
    CU_ASSERT_TRUE(peer_reaches(&peer.seen->polite_ends, 10));
    done(&peer);
}

/* --- runs in a process of their own ---------------------------------------------------------------------------- */

struct shared {
    int error, exit_code;
    unsigned workers, trust_count;
    bool private_tables;
    uint64_t connects_ok, publishes_ok, publishes;
    char finding[200];
};

static struct shared *share(void) {
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(s != MAP_FAILED);
    return s;
}

_Noreturn static void run_here(struct shared *s) {
    s->error = go(&(struct run_options){0});
    s->exit_code = facts.exit_code;
    s->workers = facts.workers;
    s->private_tables = facts.private_descriptor_tables;
    s->connects_ok = made_outcome(facts.result, OP_MQTT_CONNECT, OP_OK);
    s->publishes_ok = publishes(OP_OK);
    s->publishes = made_sum(facts.result, OP_MQTT_PUBLISH);
    s->trust_count = facts.trust_count;
    memcpy(s->finding, facts.trust[0].text, sizeof s->finding);
    _exit(0);
}

static void join(pid_t child) {
    int status = -1;
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

#ifndef __SANITIZE_THREAD__ /* equal descriptor numbers in different tables look like races to it */
static void a_fleet_beyond_the_descriptor_limit_gets_private_tables_and_works(void) {
    enum { LIMIT = 400, DEVICES = 600 };
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    struct shared *s = share();
    made_plan(&m, DEVICES, &peer);
    m.actions[0].over = 200 * SPAN_MS;
    m.telemetry.every.a = 500e6;
    m.plan.duration = 1500 * SPAN_MS; /* time for slow machines to connect them all */
    m.plan.settle = 5 * SPAN_S;
    pid_t child = fork();
    if (child == 0) {
        setrlimit(RLIMIT_NOFILE, &(struct rlimit){LIMIT, LIMIT});
        run_here(s);
    }
    join(child);
    CU_ASSERT_EQUAL(s->error, 0);
    CU_ASSERT_TRUE(s->private_tables);
    CU_ASSERT(s->workers >= 3);
    CU_ASSERT_EQUAL(s->connects_ok, DEVICES);
    CU_ASSERT_EQUAL(s->publishes, made_intended(&m));
    CU_ASSERT_EQUAL(s->publishes_ok, s->publishes);
    CU_ASSERT_TRUE(peer_reaches(&peer.seen->polite_ends, DEVICES)); /* DISCONNECT and FIN of every one */
    munmap(s, sizeof *s);
    done(&peer);
}
#endif

static void a_stalled_generator_is_not_trusted(void) {
    const struct peer_script script = {0};
    struct peer peer = peer_start(&script);
    struct shared *s = share();
    made_plan(&m, 10, &peer);
    m.plan.duration = 2 * SPAN_S;
    m.plan.trust = (struct trust_limits){.lag = 10 * SPAN_MS, .stall = 250 * SPAN_MS, .cpu = 100};
    pid_t child = fork();
    if (child == 0)
        run_here(s);
    CU_ASSERT_TRUE(peer_reaches(&peer.seen->publishes, 30));
    kill(child, SIGSTOP);
    nanosleep(&(struct timespec){.tv_nsec = 600 * SPAN_MS}, NULL);
    kill(child, SIGCONT);
    join(child);
    CU_ASSERT_EQUAL(s->error, 0);
    CU_ASSERT_EQUAL(s->exit_code, EXIT_NOT_TRUSTWORTHY);
    CU_ASSERT(s->trust_count >= 2); /* the stall, and the operations that left late */
    CU_ASSERT_PTR_NOT_NULL(strstr(s->finding, "stalled"));
    munmap(s, sizeof *s);
    done(&peer);
}

HARNESS_MAIN("run", HARNESS_CASE(a_clean_run_passes_and_its_books_balance),
             HARNESS_CASE(the_same_decisions_fall_with_any_workers_and_shards),
             HARNESS_CASE(nobody_there_is_unreachable), HARNESS_CASE(a_large_fleet_against_a_public_address_is_refused),
             HARNESS_CASE(a_public_test_server_takes_five_devices_at_most),
             HARNESS_CASE(a_signal_ends_the_run_politely_with_its_results),
#ifndef __SANITIZE_THREAD__
             HARNESS_CASE(a_fleet_beyond_the_descriptor_limit_gets_private_tables_and_works),
#endif
             HARNESS_CASE(a_stalled_generator_is_not_trusted))
