#include "mqtt/mqtt_packet_id.h"

#include "bed.h"

static struct bed bed;

static void ids_ascend_and_skip_0(void) {
    bed_begin(&bed, MQTT_3_1_1);
    for (unsigned i = 1; i <= 65535; i++)
        CU_ASSERT_EQUAL(mqtt_packet_id_take(&bed.session), i);
    CU_ASSERT_EQUAL(mqtt_packet_id_take(&bed.session), 1); /* nothing is outstanding */
    bed_end(&bed);
}

static void ids_in_use_are_passed_over(void) { /* MQTT-2.3.1-2, MQTT-4.3.2-1 */
    bed_online(&bed, MQTT_3_1_1);
    bed_publish(&bed, 1, "a", "x"); /* 1 */
    bed_publish(&bed, 2, "a", "x"); /* 2 */
    bed_subscribe(&bed, "a");       /* 3 */
    bed_publish(&bed, 1, "a", "x"); /* 4 */
    bed_feed(&bed, "50 02 00 02");  /* waits for PUBCOMP under 2 */
    bed_feed(&bed, "40 02 00 04");
    for (unsigned i = 5; i <= 65535; i++)
        CU_ASSERT_EQUAL(mqtt_packet_id_take(&bed.session), i);
    CU_ASSERT_EQUAL(mqtt_packet_id_take(&bed.session), 4);
    bed_feed(&bed, "40 02 00 01");
    for (unsigned i = 5; i <= 65535; i++)
        mqtt_packet_id_take(&bed.session);
    CU_ASSERT_EQUAL(mqtt_packet_id_take(&bed.session), 1);
    bed_end(&bed);
}

static void there_are_65535_and_no_more(void) {
    bed_online(&bed, MQTT_3_1_1);
    for (unsigned i = 0; i < 65535; i++) {
        bed_step(&bed, 0);
        CU_ASSERT_EQUAL(bed_publish(&bed, 1, "a", "x"), 0);
    }
    bed_step(&bed, 0);
    CU_ASSERT_EQUAL(bed_publish(&bed, 1, "a", "x"), ERR_AGAIN);
    CU_ASSERT_EQUAL(mqtt_packet_id_take(&bed.session), 0);
    CU_ASSERT_EQUAL(bed_subscribe(&bed, "a"), ERR_AGAIN);
    bed_feed(&bed, "40 02 12 34");
    CU_ASSERT_EQUAL(mqtt_packet_id_take(&bed.session), 0x1234);
    bed_end(&bed);
}

HARNESS_MAIN("mqtt_packet_id", HARNESS_CASE(ids_ascend_and_skip_0), HARNESS_CASE(ids_in_use_are_passed_over),
             HARNESS_CASE(there_are_65535_and_no_more))
