#include "harness.h"

#include <string.h>

#include "base/err.h"
#include "scenario/explain.h"
#include "scenario/schema.h"

static const struct explain_topic metrics[] = {
    {"mqtt.publish.ack", "metric", "From PUBLISH to its acknowledgement.", "p99(mqtt.publish.ack) < 250ms"},
    {.name = NULL}};
static const struct explain_topic *const topics[] = {metrics};

static void expect(const char *name, int rc, const char *part) {
    struct text out = {0};
    CU_ASSERT_EQUAL(explain_write(name, topics, 1, &out), rc);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), part));
    text_free(&out);
}

static void keys_are_found_by_path_pattern_and_end(void) {
    expect("profiles.*.mqtt.keepalive", 0, "default 60s");
    expect("profiles.meter.mqtt.keepalive", 0, "Keep Alive");
    expect("mqtt.keepalive", 0, "profiles.*.mqtt.keepalive\n");
    expect("keepalive", 0, "timeline.[].set.mqtt.keepalive");
    expect("networks", 0, "keys: extends, rtt, rtt_shift");
    expect("scenario", 0, "keys: version");
    expect("timeline.[].how", 0, "goes with: link_down");
    expect("fleets.*.count", 0, "required");
}

static void other_things_are_explained_too(void) {
    expect("link_down", 0, "timeline verb");
    expect("lognormal", 0, "distribution function");
    expect("uniform", 0, "signal function");
    expect("${device.imei}", 0, "check digit");
    expect("msg.mark", 0, "template variable");
    expect("decorrelated", 0, "way to reconnect");
    expect("E105", 0, "quotes");
    expect("mqtt.publish.ack", 0, "metric");
}

static void unknown_names_get_a_suggestion(void) {
    expect("keepalve", ERR_NOT_FOUND, "did you mean 'keepalive'?");
    expect("mqtt.publish.akc", ERR_NOT_FOUND, "did you mean 'mqtt.publish.ack'?");
    expect("mqtt.keepaliv", ERR_NOT_FOUND, "did you mean 'mqtt.keepalive'?");
    expect("profiles.*.mqtt.keepaliv", ERR_NOT_FOUND, "did you mean 'profiles.*.mqtt.keepalive'?");
    expect("profiles.meter.mqtt.keepaliv", ERR_NOT_FOUND, "did you mean 'profiles.meter.mqtt.keepalive'?");
    expect("fleets.a.telemtry", ERR_NOT_FOUND, "did you mean 'fleets.a.telemetry'?");
    expect("nothing-like-it", ERR_NOT_FOUND, "nothing is called 'nothing-like-it'");
    expect("\033[31m", ERR_NOT_FOUND, "\\x1B");
}

static void every_row_can_be_explained(void) {
    for (const struct schema_row *row = &schema_rows[1]; row->path != NULL; row++)
        expect(row->path, 0, row->doc);
}

static void completion_lists_what_begins_so(void) {
    struct text out = {0};
    explain_complete("profiles.*.mqtt.keep", topics, 1, &out);
    CU_ASSERT_STRING_EQUAL(text_get(&out), "profiles.*.mqtt.keepalive\n");
    text_free(&out);
    explain_complete("mqtt.", topics, 1, &out);
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), "mqtt.keepalive\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text_get(&out), "mqtt.publish.ack\n"));
    CU_ASSERT_PTR_NULL(strstr(text_get(&out), "profiles"));
    text_free(&out);
}

HARNESS_MAIN("scenario/explain", HARNESS_CASE(keys_are_found_by_path_pattern_and_end),
             HARNESS_CASE(other_things_are_explained_too), HARNESS_CASE(unknown_names_get_a_suggestion),
             HARNESS_CASE(every_row_can_be_explained), HARNESS_CASE(completion_lists_what_begins_so))
