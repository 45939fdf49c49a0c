#include "backend/broker_table.h"

#include "base/err.h"
#include "harness.h"

struct item {
    struct broker_entry entry;
    int value;
};

static bool same_value(const struct broker_entry *e, const void *key) {
    return ((const struct item *)e)->value == *(const int *)key;
}

static struct item *find(const struct broker_table *t, uint64_t hash, int value) {
    return (struct item *)broker_table_find(t, hash, same_value, &value);
}

static void what_was_added_is_found_until_it_is_removed(void) {
    struct pool *pool = pool_new(16 << 20);
    struct broker_table t;
    static struct item items[10000];
    broker_table_init(&t, pool);
    CU_ASSERT_PTR_NULL(find(&t, 1, 1));
    for (int i = 0; i < 10000; i++) {
        items[i].value = i;
        CU_ASSERT_EQUAL(broker_table_add(&t, &items[i].entry, (uint64_t)i * 7919), 0);
    }
    for (int i = 0; i < 10000; i += 2)
        broker_table_remove(&t, &items[i].entry);
    CU_ASSERT_EQUAL(t.count, 5000);
    for (int i = 0; i < 10000; i++)
        CU_ASSERT_PTR_EQUAL(find(&t, (uint64_t)i * 7919, i), i % 2 == 0 ? NULL : &items[i]);
    broker_table_free(&t);
    CU_ASSERT_EQUAL(pool_in_use(pool), 0);
    pool_free(pool);
}

static void equal_hashes_are_told_apart_by_key(void) {
    struct pool *pool = pool_new(1 << 20);
    struct broker_table t;
    struct item items[3] = {{.value = 1}, {.value = 2}, {.value = 3}};
    broker_table_init(&t, pool);
    for (int i = 0; i < 3; i++)
        broker_table_add(&t, &items[i].entry, 42);
    CU_ASSERT_PTR_EQUAL(find(&t, 42, 2), &items[1]);
    broker_table_remove(&t, &items[1].entry);
    CU_ASSERT_PTR_NULL(find(&t, 42, 2));
    CU_ASSERT_PTR_EQUAL(find(&t, 42, 1), &items[0]);
    CU_ASSERT_PTR_EQUAL(find(&t, 42, 3), &items[2]);
    pool_free(pool);
}

static void a_table_that_cannot_grow_goes_on(void) {
    struct pool *pool = pool_new(64 << 10); /* room for the first buckets and a few doublings */
    struct broker_table t;
    static struct item items[50000];
    broker_table_init(&t, pool);
    for (int i = 0; i < 50000; i++) {
        items[i].value = i;
        CU_ASSERT_EQUAL(broker_table_add(&t, &items[i].entry, (uint64_t)i), 0);
    }
    CU_ASSERT_TRUE(t.room < 50000);
    CU_ASSERT_PTR_EQUAL(find(&t, 49999, 49999), &items[49999]);
    pool_free(pool);
    struct pool *none = pool_new(0);
    broker_table_init(&t, none);
    CU_ASSERT_EQUAL(broker_table_add(&t, &items[0].entry, 1), ERR_NO_MEMORY);
    pool_free(none);
}

HARNESS_MAIN("broker_table", HARNESS_CASE(what_was_added_is_found_until_it_is_removed),
             HARNESS_CASE(equal_hashes_are_told_apart_by_key), HARNESS_CASE(a_table_that_cannot_grow_goes_on))
