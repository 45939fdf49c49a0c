#include <string.h>

#include "base/err.h"
#include "device/waiting.h"
#include "harness.h"

static struct device life;
static struct behaviour block;

static int push(struct pool *pool, const char *payload, uint32_t n) {
    struct mqtt_message m = {.topic = bytes_of_text("a/b"), .payload = bytes_of_text(payload), .qos = 1};
    struct op op = {.n = n};
    return waiting_push(pool, &life, &block, &m, &op);
}

static void reset(void) {
    memset(&life, 0, sizeof life);
    memset(&block, 0, sizeof block);
}

static void messages_come_out_in_the_order_in_which_they_went_in(void) {
    reset();
    struct pool *pool = pool_new(1 << 20);
    for (uint32_t n = 1; n <= 5; n++)
        CU_ASSERT_EQUAL(push(pool, "x", n), 0);
    CU_ASSERT_EQUAL(block.queued, 5);
    for (uint32_t n = 1; n <= 5; n++) {
        CU_ASSERT_EQUAL(waiting_first(&life)->op.n, n);
        waiting_pop(pool, &life, &block);
    }
    CU_ASSERT_PTR_NULL(waiting_first(&life));
    CU_ASSERT_EQUAL(pool_in_use(pool), 0);
    pool_free(pool);
}

static void the_block_owns_copies_of_topic_and_payload(void) {
    reset();
    struct pool *pool = pool_new(1 << 20);
    char payload[] = "before";
    CU_ASSERT_EQUAL(push(pool, payload, 1), 0);
    memcpy(payload, "after!", 6);
    CU_ASSERT(bytes_equal(waiting_first(&life)->message.payload, bytes_of_text("before")));
    CU_ASSERT(bytes_equal(waiting_first(&life)->message.topic, bytes_of_text("a/b")));
    waiting_pop(pool, &life, &block);
    pool_free(pool);
}

static void every_part_of_a_message_is_kept(void) {
    reset();
    struct pool *pool = pool_new(1 << 20);
    char text[] = "typeanswerdatamark";
    struct mqtt_message m = {.topic = bytes_of_text("t"),
                             .content_type = bytes_of(text, 4),
                             .response_topic = bytes_of(text + 4, 6),
                             .correlation_data = bytes_of(text + 10, 4),
                             .mark = bytes_of(text + 14, 4),
                             .retain = true,
                             .message_expiry_s = 7};
    CU_ASSERT_EQUAL(waiting_push(pool, &life, &block, &m, &(struct op){.n = 1}), 0);
    memset(text, '-', sizeof text);
    const struct mqtt_message *kept = &waiting_first(&life)->message;
    CU_ASSERT(bytes_equal(kept->content_type, bytes_of_text("type")));
    CU_ASSERT(bytes_equal(kept->response_topic, bytes_of_text("answer")));
    CU_ASSERT(bytes_equal(kept->correlation_data, bytes_of_text("data")));
    CU_ASSERT(bytes_equal(kept->mark, bytes_of_text("mark")));
    CU_ASSERT_TRUE(kept->retain);
    CU_ASSERT_EQUAL(kept->message_expiry_s, 7);
    waiting_pop(pool, &life, &block);
    CU_ASSERT_EQUAL(pool_in_use(pool), 0);
    pool_free(pool);
}

static void a_pool_at_its_cap_is_told(void) {
    reset();
    struct pool *pool = pool_new(1);
    CU_ASSERT_EQUAL(push(pool, "x", 1), ERR_NO_MEMORY);
    CU_ASSERT_EQUAL(block.queued, 0);
    pool_free(pool);
}

HARNESS_MAIN("waiting", HARNESS_CASE(messages_come_out_in_the_order_in_which_they_went_in),
             HARNESS_CASE(the_block_owns_copies_of_topic_and_payload), HARNESS_CASE(every_part_of_a_message_is_kept),
             HARNESS_CASE(a_pool_at_its_cap_is_told))
