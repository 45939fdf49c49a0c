#include "mqtt/mqtt_idset.h"

#include "base/draw.h"
#include "base/err.h"
#include "harness.h"

static void ids_are_in_until_removed(void) {
    struct pool *pool = pool_new(1 << 20);
    struct mqtt_idset s = {0};
    CU_ASSERT(!mqtt_idset_has(&s, 1) && !mqtt_idset_remove(&s, pool, 1));
    CU_ASSERT_EQUAL(mqtt_idset_add(&s, pool, 1), 0);
    CU_ASSERT_EQUAL(mqtt_idset_add(&s, pool, 1), 0);
    CU_ASSERT_EQUAL(mqtt_idset_add(&s, pool, 65535), 0);
    CU_ASSERT(s.count == 2 && mqtt_idset_has(&s, 1) && mqtt_idset_has(&s, 65535) && !mqtt_idset_has(&s, 2));
    CU_ASSERT(mqtt_idset_remove(&s, pool, 1) && !mqtt_idset_remove(&s, pool, 1) && !mqtt_idset_has(&s, 1));
    CU_ASSERT(mqtt_idset_remove(&s, pool, 65535));
    CU_ASSERT_EQUAL(pool_in_use(pool), 0);
    pool_free(pool);
}

static void it_agrees_with_a_plain_array_while_it_grows_and_shrinks(void) {
    static bool in[65536];
    struct pool *pool = pool_new(1 << 20);
    struct mqtt_idset s = {0};
    unsigned count = 0;
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t bits = draw_u64(1, 0, 0, i);
        uint16_t id = (uint16_t)(1 + (bits >> 32) % 300);
        bool add = (bits & 7) < (i / 2000 % 2 ? 2U : 6U);
        if (add) {
            CU_ASSERT_EQUAL(mqtt_idset_add(&s, pool, id), 0);
            count += !in[id];
            in[id] = true;
        } else {
            CU_ASSERT_EQUAL(mqtt_idset_remove(&s, pool, id), in[id]);
            count -= in[id];
            in[id] = false;
        }
        CU_ASSERT(s.count == count && mqtt_idset_has(&s, id) == in[id]);
    }
    mqtt_idset_clear(&s, pool);
    CU_ASSERT_EQUAL(pool_in_use(pool), 0);
    pool_free(pool);
}

static void all_ids_fit_into_8_kib(void) {
    struct pool *pool = pool_new(1 << 20);
    struct mqtt_idset s = {0};
    for (unsigned id = 1; id < 65536; id++)
        CU_ASSERT_EQUAL(mqtt_idset_add(&s, pool, (uint16_t)id), 0);
    CU_ASSERT(s.count == 65535 && pool_in_use(pool) == MQTT_IDSET_BITMAP_BYTES);
    mqtt_idset_clear(&s, pool);
    mqtt_idset_clear(&s, pool);
    CU_ASSERT_EQUAL(pool_in_use(pool), 0);
    pool_free(pool);
}

static void a_failing_pool_leaves_the_set_as_it_was(void) {
    struct pool *none = pool_new(0), *pool = pool_new(1 << 20);
    struct mqtt_idset s = {0};
    CU_ASSERT_EQUAL(mqtt_idset_add(&s, none, 1), ERR_NO_MEMORY);
    CU_ASSERT(s.count == 0 && !mqtt_idset_has(&s, 1));
    for (uint16_t id = 1; id <= MQTT_IDSET_LIST_MAX; id++)
        mqtt_idset_add(&s, pool, id);
    CU_ASSERT_EQUAL(mqtt_idset_add(&s, none, 1000), ERR_NO_MEMORY);
    CU_ASSERT(s.count == MQTT_IDSET_LIST_MAX && mqtt_idset_has(&s, 64) && !mqtt_idset_has(&s, 1000));
    mqtt_idset_clear(&s, pool);
    pool_free(none);
    pool_free(pool);
}

HARNESS_MAIN("mqtt_idset", HARNESS_CASE(ids_are_in_until_removed),
             HARNESS_CASE(it_agrees_with_a_plain_array_while_it_grows_and_shrinks),
             HARNESS_CASE(all_ids_fit_into_8_kib), HARNESS_CASE(a_failing_pool_leaves_the_set_as_it_was))
