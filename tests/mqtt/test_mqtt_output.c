#include "mqtt/mqtt_output.h"

#include "bed.h"

static struct bed bed;

static void acks_carry_a_reason_only_in_5_0_and_only_when_it_says_something(void) {
    bed_online(&bed, MQTT_5_0);
    mqtt_output_ack(&bed.session, &bed.config, &bed.step, MQTT_PUBREL, 0x1234, 0);
    mqtt_output_ack(&bed.session, &bed.config, &bed.step, MQTT_PUBCOMP, 1, 0x92);
    CU_ASSERT(bed_wrote(&bed, "62 02 12 34 70 03 00 01 92"));
    bed_end(&bed);
    bed_online(&bed, MQTT_3_1_1);
    mqtt_output_ack(&bed.session, &bed.config, &bed.step, MQTT_PUBCOMP, 1, 0x92);
    CU_ASSERT(bed_wrote(&bed, "70 02 00 01"));
    bed_end(&bed);
}

static void nothing_larger_than_the_server_takes_goes_out(void) { /* MQTT-3.2.2-15 */
    bed_begin(&bed, MQTT_5_0);
    bed_accept(&bed, false, "05 27 00 00 00 03");
    CU_ASSERT_EQUAL(mqtt_session_state(&bed.session), MQTT_UP);
    CU_ASSERT_EQUAL(bed_subscribe(&bed, "a"), ERR_TOO_BIG);
    bed_feed(&bed, "32 * 00 01 'a' 00 01 00");
    CU_ASSERT(bed_count(&bed, EVENT_MESSAGE) == 1 && bed_closes(&bed, CLOSE_LOCAL, 0) && bed_wrote(&bed, ""));
    bed_end(&bed);
    bed_begin(&bed, MQTT_5_0);
    bed_accept(&bed, false, "05 27 00 00 00 02");
    bed_feed(&bed, "D1 00"); /* a violation, but even DISCONNECT is too large */
    CU_ASSERT(bed_closes(&bed, CLOSE_VIOLATION, 0x81) && bed_wrote(&bed, ""));
    bed_end(&bed);
}

static void disconnect_uses_only_codes_that_a_client_has(void) {
    bed_online(&bed, MQTT_5_0);
    mqtt_output_disconnect(&bed.session, &bed.config, &bed.step, CLOSE_VIOLATION, 0x8F, NULL);
    CU_ASSERT(bed_wrote(&bed, "E0 01 82") && bed_closes(&bed, CLOSE_VIOLATION, 0x8F));
    bed_end(&bed);
}

static void a_packet_that_cannot_fit_is_too_big_and_one_that_may_is_again(void) {
    bed_online(&bed, MQTT_3_1_1);
    struct mqtt_packet p = {.type = MQTT_PUBLISH};
    p.publish = (struct mqtt_publish){.topic = bytes_of_text("a"), .payload = bytes_of_text("0123456789")};
    bed.step.out = bytes_writer_of(bed.out, 10);
    CU_ASSERT_EQUAL(mqtt_output_packet(&bed.session, &bed.config, &bed.step, &p), ERR_TOO_BIG);
    bed.step.out = bytes_writer_of(bed.out, 20);
    CU_ASSERT_EQUAL(mqtt_output_packet(&bed.session, &bed.config, &bed.step, &p), 0);
    CU_ASSERT_EQUAL(mqtt_output_packet(&bed.session, &bed.config, &bed.step, &p), ERR_AGAIN);
    CU_ASSERT(!bed.step.out.failed);
    bed.step.out = bytes_writer_of(bed.out, sizeof bed.out);
    bed_end(&bed);
}

HARNESS_MAIN("mqtt_output", HARNESS_CASE(acks_carry_a_reason_only_in_5_0_and_only_when_it_says_something),
             HARNESS_CASE(nothing_larger_than_the_server_takes_goes_out),
             HARNESS_CASE(disconnect_uses_only_codes_that_a_client_has),
             HARNESS_CASE(a_packet_that_cannot_fit_is_too_big_and_one_that_may_is_again))
