#include "mqtt/mqtt_requests.h"

#include "bed.h"

static struct bed bed;

static int unsubscribe(const char *filter) {
    struct op op = bed_op(&bed, OP_MQTT_UNSUBSCRIBE);
    struct bytes name = bytes_of_text(filter);
    return mqtt_session_unsubscribe(&bed.session, &bed.config, &bed.step, &name, 1, &op);
}

static void subscribe_ends_with_suback(void) {
    bed_online(&bed, MQTT_3_1_1);
    CU_ASSERT_EQUAL(bed_subscribe(&bed, "a/#"), 0);
    CU_ASSERT(bed_wrote(&bed, "82 * 00 01 00 03 'a/#' 01") && bed.step.op_count == 1);
    bed_feed(&bed, "90 03 00 01 01");
    CU_ASSERT(bed_ended(&bed, 2, OP_OK, 0));
    bed_end(&bed);
}

static void subscribe_5_0_sends_options_and_identifier(void) {
    bed_online(&bed, MQTT_5_0);
    struct op op = bed_op(&bed, OP_MQTT_SUBSCRIBE);
    struct mqtt_filter f[2] = {{.filter = bytes_of_text("a"), .qos = 2, .no_local = true, .retain_handling = 1},
                               {.filter = bytes_of_text("$share/g/b"), .retain_as_published = true}};
    CU_ASSERT_EQUAL(mqtt_session_subscribe(&bed.session, &bed.config, &bed.step, f, 2, 200, &op), 0);
    CU_ASSERT(bed_wrote(&bed, "82 * 00 01 03 0B C8 01 00 01 'a' 16 00 0A '$share/g/b' 08"));
    bed_end(&bed);
    bed_online(&bed, MQTT_3_1_1); /* where the options are reserved bits and the identifier does not exist */
    CU_ASSERT_EQUAL(mqtt_session_subscribe(&bed.session, &bed.config, &bed.step, f, 1, 200, &op), 0);
    CU_ASSERT(bed_wrote(&bed, "82 * 00 01 00 01 'a' 02"));
    bed_end(&bed);
}

static void a_refused_filter_refuses_the_operation_with_its_code(void) {
    bed_online(&bed, MQTT_5_0);
    struct op op = bed_op(&bed, OP_MQTT_SUBSCRIBE);
    struct mqtt_filter f[3] = {
        {.filter = bytes_of_text("a")}, {.filter = bytes_of_text("b")}, {.filter = bytes_of_text("c")}};
    mqtt_session_subscribe(&bed.session, &bed.config, &bed.step, f, 3, 0, &op);
    bed_feed(&bed, "90 06 00 01 00 02 87 80");
    CU_ASSERT(bed_ended(&bed, 2, OP_REFUSED, 0x87));
    bed_end(&bed);
    bed_online(&bed, MQTT_3_1_1);
    bed_subscribe(&bed, "a");
    bed_feed(&bed, "90 03 00 01 80");
    CU_ASSERT(bed_ended(&bed, 2, OP_REFUSED, 0x80));
    bed_end(&bed);
}

static void unsubscribe_ends_with_unsuback(void) {
    bed_online(&bed, MQTT_3_1_1);
    CU_ASSERT_EQUAL(unsubscribe("a"), 0);
    CU_ASSERT(bed_wrote(&bed, "A2 * 00 01 00 01 'a'"));
    bed_feed(&bed, "B0 02 00 01");
    CU_ASSERT(bed_ended(&bed, 2, OP_OK, 0));
    bed_end(&bed);
    bed_online(&bed, MQTT_5_0);
    unsubscribe("a");
    unsubscribe("b");
    bed_feed(&bed, "B0 04 00 02 00 87");
    CU_ASSERT(bed_ended(&bed, 3, OP_REFUSED, 0x87));
    bed_feed(&bed, "B0 04 00 01 00 11"); /* nothing to remove is no failure: M5U-3.11.3-a */
    CU_ASSERT(bed_ended(&bed, 2, OP_OK, 0));
    bed_end(&bed);
}

/* 7 of the hostile inputs. */
static void answers_that_do_not_fit_are_violations(void) {
    static const struct {
        const char *packet_3_1_1, *packet_5_0, *in_3_1_1, *in_5_0;
    } cases[] = {
        {"90 03 00 02 00", "90 04 00 02 00 00", "MQTT-2.3.1-7", "MQTT-2.2.1-6"},       /* unknown id */
        {"B0 02 00 01", "B0 04 00 01 00 00", "MQTT-2.3.1-7", "MQTT-2.2.1-6"},          /* the other request's answer */
        {"90 04 00 01 00 00", "90 05 00 01 00 00 00", "MQTT-3.8.4-5", "MQTT-3.8.4-6"}, /* too many codes */
    };
    for (unsigned i = 0; i < 3; i++) {
        for (unsigned v = 0; v < 2; v++) {
            bed_online(&bed, v ? MQTT_5_0 : MQTT_3_1_1);
            bed_subscribe(&bed, "a");
            bed_feed(&bed, v ? cases[i].packet_5_0 : cases[i].packet_3_1_1);
            CU_ASSERT(bed_violated(&bed, v ? cases[i].in_5_0 : cases[i].in_3_1_1, 0x82));
            bed_end(&bed);
        }
    }
    bed_online(&bed, MQTT_5_0);
    unsubscribe("a");
    bed_feed(&bed, "B0 05 00 01 00 00 00");
    CU_ASSERT(bed_violated(&bed, "MQTT-3.11.3-1", 0x82));
    bed_end(&bed);
}

static void what_the_server_does_not_offer_is_not_asked_for(void) {
    bed_begin(&bed, MQTT_5_0);
    bed_accept(&bed, false, "06 28 00 29 00 2A 00");
    bed_step(&bed, 0);
    CU_ASSERT_EQUAL(bed_subscribe(&bed, "a/+"), ERR_DENIED);
    CU_ASSERT_EQUAL(bed_subscribe(&bed, "$share/g/a"), ERR_DENIED);
    struct op op = bed_op(&bed, OP_MQTT_SUBSCRIBE);
    struct mqtt_filter f = {.filter = bytes_of_text("a")};
    CU_ASSERT_EQUAL(mqtt_session_subscribe(&bed.session, &bed.config, &bed.step, &f, 1, 5, &op), ERR_DENIED);
    CU_ASSERT_EQUAL(bed_subscribe(&bed, "a"), 0);
    bed_end(&bed);
}

static void a_timeout_ends_the_operation_and_a_late_answer_is_counted(void) {
    bed_online(&bed, MQTT_3_1_1);
    bed_subscribe(&bed, "a");
    bed_step(&bed, SPAN_S);
    bed_subscribe(&bed, "b");
    CU_ASSERT_EQUAL(mqtt_session_next_deadline(&bed.session, &bed.config), 10 * SPAN_S);
    bed_due(&bed, 10 * SPAN_S);
    CU_ASSERT(bed_ended(&bed, 2, OP_TIMEOUT, 0) && bed.step.event_count == 1);
    CU_ASSERT_EQUAL(mqtt_session_state(&bed.session), MQTT_UP);
    CU_ASSERT_EQUAL(mqtt_session_next_deadline(&bed.session, &bed.config), 11 * SPAN_S);
    bed_feed(&bed, "90 03 00 01 00");
    CU_ASSERT(bed.step.event_count == 1 && bed_event(&bed, EVENT_LATE_ANSWER, 0)->op.n == 2);
    bed_feed(&bed, "90 03 00 02 00");
    CU_ASSERT(bed_ended(&bed, 3, OP_OK, 0));
    bed_end(&bed);
}

static void requests_end_with_their_connection(void) {
    bed_online(&bed, MQTT_5_0);
    bed_subscribe(&bed, "a");
    unsubscribe("b");
    bed_step(&bed, 0);
    CU_ASSERT(!mqtt_session_down(&bed.session, &bed.config, &bed.step, OP_WITHDRAWN));
    CU_ASSERT(bed_ended(&bed, 2, OP_WITHDRAWN, 0) && bed_ended(&bed, 3, OP_WITHDRAWN, 0));
    bed_end(&bed);
}

static void requests_need_a_connection_and_filters(void) {
    bed_begin(&bed, MQTT_5_0);
    CU_ASSERT_EQUAL(bed_subscribe(&bed, "a"), ERR_AGAIN);
    CU_ASSERT_EQUAL(unsubscribe("a"), ERR_AGAIN);
    bed_accept(&bed, false, "00");
    struct op op = bed_op(&bed, OP_MQTT_SUBSCRIBE);
    struct mqtt_filter f[MQTT_FILTERS_MAX + 1] = {{.filter = bytes_of_text("a")}};
    struct bytes names[1] = {bytes_of_text("a")};
    CU_ASSERT_EQUAL(mqtt_session_subscribe(&bed.session, &bed.config, &bed.step, f, 0, 0, &op), ERR_INVALID);
    CU_ASSERT_EQUAL(mqtt_session_subscribe(&bed.session, &bed.config, &bed.step, f, MQTT_FILTERS_MAX + 1, 0, &op),
                    ERR_INVALID);
    CU_ASSERT_EQUAL(mqtt_session_subscribe(&bed.session, &bed.config, &bed.step, f, 1, MQTT_VARINT_MAX + 1, &op),
                    ERR_INVALID);
    CU_ASSERT_EQUAL(mqtt_session_unsubscribe(&bed.session, &bed.config, &bed.step, names, 0, &op), ERR_INVALID);
    bed_end(&bed);
}

HARNESS_MAIN("mqtt_requests", HARNESS_CASE(subscribe_ends_with_suback),
             HARNESS_CASE(subscribe_5_0_sends_options_and_identifier),
             HARNESS_CASE(a_refused_filter_refuses_the_operation_with_its_code),
             HARNESS_CASE(unsubscribe_ends_with_unsuback), HARNESS_CASE(answers_that_do_not_fit_are_violations),
             HARNESS_CASE(what_the_server_does_not_offer_is_not_asked_for),
             HARNESS_CASE(a_timeout_ends_the_operation_and_a_late_answer_is_counted),
             HARNESS_CASE(requests_end_with_their_connection), HARNESS_CASE(requests_need_a_connection_and_filters))
