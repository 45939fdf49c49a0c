#include "device/drivers.h"

#include <string.h>

#include "harness.h"
#include "rig.h"

static struct rig r;
static struct subscription subscriptions[3];

static void literal(struct template *t, const char *text) {
    struct template_error error;
    CU_ASSERT_EQUAL_FATAL(template_compile(text, TEMPLATE_OF_DEVICE, NULL, 0, t, &error), 0);
}

static void subscribe_to(const char *const *filters, const uint32_t *ids, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        subscriptions[i] = (struct subscription){.qos = 1, .id = ids[i]};
        literal(&subscriptions[i].filter, filters[i]);
    }
    r.group.subscriptions = subscriptions;
    r.group.subscription_count = count;
}

static void forget_subscriptions(void) {
    for (unsigned i = 0; i < r.group.subscription_count; i++)
        template_free(&subscriptions[i].filter);
}

/* Packets of a type in what the last step sent. */
static unsigned packets(uint8_t first_byte) {
    unsigned count = 0;
    for (size_t at = 0; at + 1 < r.sent_size; at += 2u + r.sent[at + 1])
        count += r.sent[at] == first_byte;
    return count;
}

static void mqtt_is_the_driver_of_every_group(void) {
    rig_make(&r);
    rig_begin(&r, 0);
    CU_ASSERT_PTR_EQUAL(drivers_of(&r.group), &drivers_mqtt);
    CU_ASSERT_STRING_EQUAL(drivers_mqtt.name, "mqtt");
    CU_ASSERT(drivers_mqtt.session_size <= 192);
    rig_free(&r);
}

static void connect_carries_the_default_identity(void) {
    rig_make(&r);
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_open(&r, 0);
    static const char expected[] = "muster-00ff-bench-0";
    CU_ASSERT(bytes_equal(bytes_of(r.sent + 14, r.sent[13]), bytes_of_text(expected)));
    rig_free(&r);
}

static void filters_with_one_id_travel_together(void) {
    rig_make(&r);
    r.profile.mqtt.version = MQTT_5_0;
    subscribe_to((const char *const[]){"a", "b/${device.index}", "c"}, (const uint32_t[]){1, 2, 1}, 3);
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_open(&r, 0);
    rig_receive(&r, SPAN_MS, "20 03 00 00 00");
    CU_ASSERT_EQUAL(packets(0x82), 2);
    forget_subscriptions();
    rig_free(&r);
}

static void what_is_sent_again_waits_for_the_socket(void) {
    rig_make(&r);
    r.profile.mqtt.clean_start = false;
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_online(&r, SPAN_MS, false);
    rig_run(&r, 3 * SPAN_S);
    unsigned messages = drivers_mqtt.in_flight(&r.slot);
    CU_ASSERT(messages >= 2);
    rig_lose(&r, 3 * SPAN_S, CLOSE_RESET);
    rig_run(&r, r.life.attempt_at);
    rig_open(&r, r.host.step.now);
    r.connection.flags |= CONNECTION_BLOCKED;
    rig_receive(&r, r.host.step.now, "20 02 01 00");
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_RESENT), 0);
    CU_ASSERT(device_next(&r.host, &r.slot) > r.host.step.now); /* it does not spin */
    r.connection.flags = 0;
    CU_ASSERT(device_next(&r.host, &r.slot) <= r.host.step.now);
    rig_due(&r, r.host.step.now);
    CU_ASSERT_EQUAL(rig_tally(&r, TALLY_RESENT), messages);
    rig_free(&r);
}

static void what_was_never_acknowledged_is_subscribed_again_though_the_session_is_present(void) {
    rig_make(&r);
    r.profile.mqtt.clean_start = false;
    subscribe_to((const char *const[]){"a"}, (const uint32_t[]){0}, 1);
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_online(&r, SPAN_MS, false);
    CU_ASSERT_EQUAL(packets(0x82), 1);
    rig_lose(&r, 3 * SPAN_MS, CLOSE_BY_PEER); /* no SUBACK came */
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_SUBSCRIBE, OP_BROKEN), 1);
    rig_run(&r, r.life.attempt_at);
    rig_online(&r, 3 * SPAN_S, true);
    CU_ASSERT_EQUAL(packets(0x82), 1);
    rig_receive(&r, 3 * SPAN_S, "90 03 00 02 01");
    rig_lose(&r, 3 * SPAN_S + SPAN_MS, CLOSE_BY_PEER);
    rig_run(&r, r.life.attempt_at);
    rig_online(&r, 6 * SPAN_S, true);
    CU_ASSERT_EQUAL(packets(0x82), 0);
    forget_subscriptions();
    rig_free(&r);
}

static void a_session_that_is_present_is_not_subscribed_again(void) {
    rig_make(&r);
    r.profile.mqtt.clean_start = false;
    subscribe_to((const char *const[]){"a"}, (const uint32_t[]){0}, 1);
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_online(&r, SPAN_MS, false);
    CU_ASSERT_EQUAL(packets(0x82), 1);
    rig_receive(&r, 2 * SPAN_MS, "90 03 00 01 01");
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_SUBSCRIBE, OP_OK), 1);
    rig_lose(&r, 3 * SPAN_MS, CLOSE_BY_PEER);
    rig_run(&r, r.life.attempt_at);
    rig_online(&r, 3 * SPAN_S, true);
    CU_ASSERT_EQUAL(packets(0x82), 0);
    forget_subscriptions();
    rig_free(&r);
}

static void a_subscription_that_the_backend_does_not_offer_ends_refused(void) {
    rig_make(&r);
    r.profile.mqtt.version = MQTT_5_0;
    r.group.telemetry_count = 0;
    subscribe_to((const char *const[]){"a/#"}, (const uint32_t[]){0}, 1);
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_open(&r, 0);
    rig_receive(&r, SPAN_MS, "20 05 00 00 02 28 00"); /* no wildcards */
    CU_ASSERT_EQUAL(r.life.state, STATE_ONLINE);
    CU_ASSERT_EQUAL(packets(0x82), 0);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_SUBSCRIBE, OP_REFUSED), 1);
    CU_ASSERT_EQUAL(rig_longest(&r, OP_MQTT_SUBSCRIBE, CLOCK_SERVICE), 0);
    forget_subscriptions();
    rig_free(&r);
}

static void an_identity_that_mqtt_forbids_ends_the_attempt(void) {
    rig_make(&r);
    struct identity identity = {.name = "i", .has_password = true};
    literal(&identity.client_id, "x");
    literal(&identity.password, "secret"); /* 3.1.1: no password without a user name */
    r.group.identity = &identity;
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_open(&r, 0);
    CU_ASSERT_EQUAL(r.life.state, STATE_BACKOFF);
    CU_ASSERT_EQUAL(rig_outcome(&r, OP_MQTT_CONNECT, OP_BROKEN), 1);
    template_free(&identity.client_id);
    template_free(&identity.password);
    rig_free(&r);
}

static void the_window_follows_the_settings_that_hold(void) {
    rig_make(&r);
    r.profile.mqtt.inflight_max = 5;
    struct action *a = rig_action(&r, DO_SET, SPAN_S / 2);
    a->settings[0] = (struct setting){.key = SET_INFLIGHT, .number = 2};
    a->setting_count = 1;
    r.telemetry.every.a = 1000e9;
    rig_begin(&r, 0);
    rig_due(&r, 0);
    rig_online(&r, SPAN_MS, false);
    CU_ASSERT_EQUAL(drivers_mqtt.window(&r.host, &r.slot), 5);
    rig_run(&r, SPAN_S / 2);
    CU_ASSERT_EQUAL(drivers_mqtt.window(&r.host, &r.slot), 2);
    rig_free(&r);
}

static void masks(const char *packet, size_t size, const char *masked, size_t hidden) {
    uint8_t copy[64];
    memcpy(copy, packet, size);
    CU_ASSERT_EQUAL(drivers_mqtt.mask(copy, size), hidden);
    CU_ASSERT_EQUAL(memcmp(copy, masked, size), 0);
}
#define MASKS(packet, masked, hidden) masks(packet, sizeof(packet) - 1, masked, hidden)

static void credentials_are_masked_and_packets_stay_well_formed(void) {
    /* 3.1.1: client id "c", user "u", password "pass" */
    MASKS("\x10\x16\0\x04MQTT\x04\xc2\0\x3c\0\x01"
          "c\0\x01"
          "u\0\x04pass",
          "\x10\x16\0\x04MQTT\x04\xc2\0\x3c\0\x01"
          "c\0\x01"
          "u\0\x04****",
          4);
    /* 5.0: method "m", data "key" */
    MASKS("\x10\x18\0\x04MQTT\x05\x02\0\x3c\x0a\x15\0\x01m\x16\0\x03key\0\x01"
          "c",
          "\x10\x18\0\x04MQTT\x05\x02\0\x3c\x0a\x15\0\x01m\x16\0\x03***\0\x01"
          "c",
          3);
    MASKS("\xf0\x0c\x18\x0a\x15\0\x01m\x16\0\x03key", "\xf0\x0c\x18\x0a\x15\0\x01m\x16\0\x03***", 3);
    MASKS("\x30\x07\0\x01tpass", "\x30\x07\0\x01tpass", 0);
    MASKS("\xc0\x00", "\xc0\x00", 0);
    MASKS("", "", 0);
}

static void of_a_connect_that_was_cut_nothing_that_may_be_secret_stays(void) {
    MASKS("\x10\x7f\0\x04MQTT\x04\xc2\0\x3c\0\x01"
          "c\0\x01"
          "u\0\x40pa",
          "\x10\x7f\0\x04MQTT\x04\xc2\0\x3c\0\x01"
          "c*******",
          7);
    MASKS("\x10", "\x10", 0);
    MASKS("\xf0\x0c\x18\x0a\x15", "\xf0\x0c***", 3);
}

static void packets_of_both_sides_are_framed(void) {
    CU_ASSERT_EQUAL(drivers_mqtt.frame(bytes_of("\xc0\x00\xc0\x00", 4)), 2);
    CU_ASSERT_EQUAL(drivers_mqtt.frame(bytes_of("\x30\x81\x01", 3)), 132);
    CU_ASSERT_EQUAL(drivers_mqtt.frame(bytes_of("\x30\x81", 2)), 0);
    CU_ASSERT_EQUAL(drivers_mqtt.frame(bytes_of("\x30\xff\xff\xff\xff\x01", 6)), 0);
    CU_ASSERT_EQUAL(drivers_mqtt.frame(bytes_of("", 0)), 0);
}

HARNESS_MAIN("drivers", HARNESS_CASE(mqtt_is_the_driver_of_every_group),
             HARNESS_CASE(connect_carries_the_default_identity), HARNESS_CASE(filters_with_one_id_travel_together),
             HARNESS_CASE(what_is_sent_again_waits_for_the_socket),
             HARNESS_CASE(what_was_never_acknowledged_is_subscribed_again_though_the_session_is_present),
             HARNESS_CASE(a_session_that_is_present_is_not_subscribed_again),
             HARNESS_CASE(a_subscription_that_the_backend_does_not_offer_ends_refused),
             HARNESS_CASE(an_identity_that_mqtt_forbids_ends_the_attempt),
             HARNESS_CASE(the_window_follows_the_settings_that_hold),
             HARNESS_CASE(credentials_are_masked_and_packets_stay_well_formed),
             HARNESS_CASE(of_a_connect_that_was_cut_nothing_that_may_be_secret_stays),
             HARNESS_CASE(packets_of_both_sides_are_framed))
