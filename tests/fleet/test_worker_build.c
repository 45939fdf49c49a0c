#include "device/behaviour.h"
#include "harness.h"
#include "made.h"

/* Nothing here runs: no peer is needed. */
static const struct peer nobody = {.ports = {1883, 1884, 1885}};
static struct made m;

static void build(struct worker *w, unsigned worker, unsigned workers, unsigned shard, unsigned shards) {
    CU_ASSERT_EQUAL_FATAL(worker_build(w, &m.plan, worker, workers, shard, shards, NULL, NULL), 0);
}

static void every_device_lives_on_one_worker_of_one_shard(void) {
    enum { DEVICES = 101, WORKERS = 3, SHARDS = 2 };
    unsigned homes[DEVICES] = {0};
    made_plan(&m, DEVICES, &nobody);
    for (unsigned shard = 1; shard <= SHARDS; shard++)
        for (unsigned worker = 0; worker < WORKERS; worker++) {
            struct worker w;
            build(&w, worker, WORKERS, shard, SHARDS);
            for (uint32_t i = 0; i < w.count; i++) {
                uint32_t id = w.lives[i].id;
                CU_ASSERT_EQUAL(id % SHARDS, shard - 1);
                CU_ASSERT_EQUAL(id / SHARDS % WORKERS, worker);
                homes[id]++;
            }
            worker_build_free(&w);
        }
    for (unsigned id = 0; id < DEVICES; id++)
        CU_ASSERT_EQUAL(homes[id], 1);
    made_free(&m);
}

static void devices_are_laid_out_by_group_and_their_pieces_do_not_overlap(void) {
    made_plan(&m, 30, &nobody);
    struct fleet_group groups[3] = {m.group, m.group, m.group};
    groups[1].telemetry_count = 0;
    struct signal signals[2] = {{.name = "s"}, {.name = "t"}};
    groups[2].signals = signals;
    groups[2].signal_count = 2;
    m.plan.groups = groups;
    m.plan.group_count = 3;
    for (uint32_t id = 0; id < 30; id++)
        m.plan.group_of[id] = (uint16_t)(id % 3);
    struct worker w;
    build(&w, 0, 2, 1, 1);
    CU_ASSERT_EQUAL(w.count, 15);
    const uint8_t *end = w.behaviours;
    for (uint32_t i = 0; i < w.count; i++) {
        struct device_slot s = worker_slot(&w, i);
        CU_ASSERT_EQUAL(s.life->id % 3, s.life->group);
        CU_ASSERT_PTR_EQUAL(s.group, &groups[s.life->group]);
        CU_ASSERT(i == 0 || s.life->group >= w.lives[i - 1].group);
        CU_ASSERT_PTR_EQUAL((const uint8_t *)s.behaviour, end);
        end += behaviour_size(s.group, 0);
        CU_ASSERT_PTR_EQUAL((uint8_t *)s.session, w.sessions + i * w.session_size);
        CU_ASSERT_PTR_NULL(s.link);
    }
    worker_build_free(&w);
    made_free(&m);
}

static void links_are_made_only_for_plans_that_have_any(void) {
    for (int kind = 0; kind < 4; kind++) {
        made_plan(&m, 3, &nobody);
        if (kind == 1)
            made_network(&m, SPAN_MS);
        if (kind == 2)
            made_action(&m, DO_LINK, SPAN_S, 0);
        if (kind == 3)
            made_action(&m, DO_LINK_DOWN, SPAN_S, 0);
        struct worker w;
        build(&w, 0, 1, 1, 1);
        CU_ASSERT_EQUAL(w.links != NULL, kind > 0);
        worker_build_free(&w);
        made_free(&m);
    }
}

static void nodes_are_dealt_by_position_in_the_group_whatever_the_workers(void) {
    made_plan(&m, 40, &nobody);
    struct fleet_group groups[2] = {m.group, m.group};
    m.plan.groups = groups;
    m.plan.group_count = 2;
    uint32_t position_of[40], positions[2] = {0};
    for (uint32_t id = 0; id < 40; id++) {
        m.plan.group_of[id] = id % 5 < 2 ? 0 : 1;
        position_of[id] = positions[m.plan.group_of[id]]++;
    }
    for (unsigned workers = 1; workers <= 4; workers++)
        for (unsigned worker = 0; worker < workers; worker++) {
            struct worker w;
            build(&w, worker, workers, 1, 1);
            for (uint32_t i = 0; i < w.count; i++)
                CU_ASSERT_EQUAL(w.dialer.device_node[i], position_of[w.lives[i].id] % 3);
            worker_build_free(&w);
        }
    made_free(&m);
}

static void rates_and_slots_are_dealt_by_the_share_of_devices(void) {
    made_plan(&m, 100, &nobody);
    m.plan.safety.max_connect_rate = 400;
    m.plan.safety.max_outstanding_connects = 40;
    for (unsigned shard = 1; shard <= 2; shard++)
        for (unsigned worker = 0; worker < 2; worker++) {
            struct worker w;
            build(&w, worker, 2, shard, 2);
            CU_ASSERT_EQUAL(w.count, 25);
            CU_ASSERT_EQUAL(w.guard.outstanding_max, 10);
            CU_ASSERT_DOUBLE_EQUAL(w.guard.buckets[GUARD_CONNECTS].rate, 100, 1e-9);
            worker_build_free(&w);
        }
    made_free(&m);
}

static void a_worker_without_devices_is_built_too(void) {
    made_plan(&m, 2, &nobody);
    struct worker w;
    build(&w, 3, 4, 1, 1);
    CU_ASSERT_EQUAL(w.count, 0);
    CU_ASSERT_EQUAL(w.guard.outstanding_max, 1);
    worker_build_free(&w);
    made_free(&m);
}

HARNESS_MAIN("worker_build", HARNESS_CASE(every_device_lives_on_one_worker_of_one_shard),
             HARNESS_CASE(devices_are_laid_out_by_group_and_their_pieces_do_not_overlap),
             HARNESS_CASE(links_are_made_only_for_plans_that_have_any),
             HARNESS_CASE(nodes_are_dealt_by_position_in_the_group_whatever_the_workers),
             HARNESS_CASE(rates_and_slots_are_dealt_by_the_share_of_devices),
             HARNESS_CASE(a_worker_without_devices_is_built_too))
