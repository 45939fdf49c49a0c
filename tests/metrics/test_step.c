#include "metrics/step.h"

#include <string.h>

#include "harness.h"

static uint8_t buffer[32];
static struct step s;

static void begin(void) {
    memset(&s, 0xee, sizeof s); /* as a step before it left it */
    s.out = bytes_writer_of(buffer, sizeof buffer);
    bytes_write_u32(&s.out, 1);
    s.out.failed = true;
    step_begin(&s, 200, 100);
}

static void a_step_begins_empty(void) {
    begin();
    CU_ASSERT_EQUAL(s.now, 200);
    CU_ASSERT_EQUAL(s.answered, 100);
    CU_ASSERT_EQUAL(bytes_written(&s.out), 0);
    CU_ASSERT_EQUAL(bytes_room(&s.out), sizeof buffer);
    CU_ASSERT_FALSE(s.out.failed);
    CU_ASSERT_EQUAL(s.event_count, 0);
    CU_ASSERT_EQUAL(s.event_handled, 0);
    CU_ASSERT_EQUAL(s.op_count, 0);
    CU_ASSERT_EQUAL(step_room(&s), STEP_EVENTS_MAX);
}

static void events_keep_their_order_and_begin_zeroed(void) {
    begin();
    struct event *up = step_event(&s, EVENT_SESSION_UP), *close = step_event(&s, EVENT_CLOSE);
    CU_ASSERT_PTR_EQUAL(up, &s.events[0]);
    CU_ASSERT_PTR_EQUAL(close, &s.events[1]);
    CU_ASSERT_EQUAL(close->kind, EVENT_CLOSE);
    CU_ASSERT(close->close_reason == 0 && close->statement == NULL && close->packet.data == NULL && !close->duplicate);
    CU_ASSERT_EQUAL(close->op.intended, 0);
    CU_ASSERT_EQUAL(step_room(&s), STEP_EVENTS_MAX - 2);
    while (step_room(&s) > 0)
        step_event(&s, EVENT_RESENT);
    CU_ASSERT_EQUAL(s.event_count, STEP_EVENTS_MAX);
}

static void the_end_of_an_operation_carries_a_copy_of_it(void) {
    begin();
    struct op op = {.intended = 5, .n = 7, .kind = OP_MQTT_PUBLISH, .qos = 1};
    step_end_op(&s, &op, OP_REFUSED, 0x97);
    op.n = 0;
    CU_ASSERT_EQUAL(s.events[0].kind, EVENT_OP_END);
    CU_ASSERT_EQUAL(s.events[0].outcome, OP_REFUSED);
    CU_ASSERT_EQUAL(s.events[0].reason_code, 0x97);
    CU_ASSERT_EQUAL(s.events[0].op.n, 7);
    CU_ASSERT_EQUAL(s.events[0].drop, OP_DROP_NONE);
}

static void emitting_stamps_the_operation_and_remembers_it(void) {
    begin();
    struct op op = {.intended = 5};
    step_emit_op(&s, &op);
    CU_ASSERT_EQUAL(op.emitted, 200);
    CU_ASSERT_EQUAL(s.op_count, 1);
    CU_ASSERT_PTR_EQUAL(s.ops[0], &op);
}

static void every_reason_to_close_has_a_name_of_its_own(void) {
    for (int i = 0; i < CLOSE_REASONS; i++) {
        CU_ASSERT_PTR_NOT_NULL_FATAL(close_reason_names[i]);
        for (int j = 0; j < i; j++)
            CU_ASSERT_STRING_NOT_EQUAL(close_reason_names[i], close_reason_names[j]);
    }
}

HARNESS_MAIN("metrics/step", HARNESS_CASE(a_step_begins_empty), HARNESS_CASE(events_keep_their_order_and_begin_zeroed),
             HARNESS_CASE(the_end_of_an_operation_carries_a_copy_of_it),
             HARNESS_CASE(emitting_stamps_the_operation_and_remembers_it),
             HARNESS_CASE(every_reason_to_close_has_a_name_of_its_own))
