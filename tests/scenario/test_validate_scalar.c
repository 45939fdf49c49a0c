#include "harness.h"

#include <stdio.h>
#include <string.h>

#include "scenario/validate_scalar.h"

static const struct diagnostic_mark at = {"t.yaml", 1, 1, 1};

/* `code` NULL: the value is fine. Returns nothing; `part` must occur in message, suggestion or help. */
static void expect(const char *pattern, const char *text, const char *code, const char *part) {
    struct diagnostic_list list;
    diagnostic_init(&list);
    const struct schema_row *row = schema_find(pattern);
    struct validate_place place = {schema_last(row), NULL};
    struct node *n = node_scalar(text, NODE_PLAIN, at);
    validate_scalar(n, row, &place, &list);
    CU_ASSERT_EQUAL(list.count, code == NULL ? 0 : 1);
    if (list.count == 1 && code != NULL) {
        const struct diagnostic *d = &list.items[0];
        CU_ASSERT_STRING_EQUAL(d->code, code);
        CU_ASSERT(strstr(d->message, part) != NULL || (d->suggestion != NULL && strstr(d->suggestion, part) != NULL) ||
                  (d->help != NULL && strstr(d->help, part) != NULL));
    }
    if ((list.count == 1) != (code != NULL))
        printf("%s: %s: %s\n", pattern, text, list.count > 0 ? list.items[0].message : "nothing found");
    node_free(n);
    diagnostic_free(&list);
}

static void a_missing_unit_is_shown_with_its_key(void) {
    expect("fleets.*.telemetry.every", "10", "E110", "'every: 10' has no unit; write 10s, 10ms or 10min");
    expect("safety.max_connect_rate", "6000", "E110", "6000/s");
    expect("fleets.*.telemetry.every", "10s", NULL, "");
    expect("fleets.*.telemetry.every", "0", NULL, "");
    expect("profiles.*.reconnect.factor", "2", NULL, "");
    expect("timeline.[].who.percent", "5", NULL, "");
}

static void quantities_stay_within_their_limits(void) {
    expect("profiles.*.mqtt.keepalive", "65535s", NULL, "");
    expect("profiles.*.mqtt.keepalive", "1day", "E205", "not between");
    expect("networks.*.loss", "100%", "E205", "99%");
    expect("timeline.[].who.percent", "101", "E205", "100");
    expect("duration", "0s", "E205", "not between");
    expect("warmup", "-1s", "E205", "negative");
    expect("networks.*.rtt", "20min", "E205", "more than");
}

static void words_stand_beside_quantities(void) {
    expect("profiles.*.timeouts.ack", "none", NULL, "");
    expect("profiles.*.timeouts.ack", "non", "E111", "ack: 30s");
    expect("networks.*.up", "unlimited", NULL, "");
    expect("epoch", "now", NULL, "");
    expect("profiles.*.reconnect.jitter", "ful", "E204", "full");
}

static void booleans_and_integers(void) {
    expect("checks.[].abort", "yes", "E206", "write true");
    expect("fleets.*.telemetry.qos", "3", "E205", "between 0 and 2");
    expect("fleets.*.count", "many", "E111", "not a whole number");
    expect("seed", "18446744073709551615", NULL, "");
}

static void targets_are_urls_or_builtin(void) {
    expect("target", "builtin", NULL, "");
    expect("target", "builtn", "E111", "builtin");
    expect("target", "mqtt://[::1]:1883", NULL, "");
    expect("target", "http://x", "E111", "mqtt://");
    expect("target", "mqtt://user:secret@host", "E111", "identities");
}

static void allow_lists_have_names_addresses_and_networks(void) {
    static const char *const good[] = {"broker.lab.example", "10.20.0.0/16", "10.1.2.3",
                                       "fd00::/8",           "::1",          "localhost"};
    static const char *const bad[] = {"mqtt://x", "10.0.0", "10.0.0.0/33", "a b", "-x", "host/8"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        expect("safety.allow", good[i], NULL, "");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        expect("safety.allow", bad[i], "E111", "");
}

static void templates_know_what_has_a_value_where(void) {
    expect("fleets.*.telemetry.topic", "m/${device.id}/${msg.seq}", NULL, "");
    expect("fleets.*.telemetry.topic", "m/${device.idd}", "E127", "device.id");
    expect("identities.*.client_id", "c-${msg.seq}", "E127", "where a message is sent");
    expect("identities.*.password", "hmac(${secret.K}, ${device.id})", NULL, "");
    expect("fleets.*.telemetry.topic", "random(64B)", "E127", "payloads");
    expect("fleets.*.count", "${device.index}", "E127", "${vars.x}");
    expect("fleets.*.telemetry.payload", "${signal.temp}", "E127", "no signal 'temp'");
}

static void signals_of_the_fleet_are_known(void) {
    struct diagnostic_list list;
    diagnostic_init(&list);
    struct node *fleet = node_new(NODE_MAP, at), *signals = node_new(NODE_MAP, at),
                *n = node_scalar("${signal.temp:.1f} ${signal.tmep}", NODE_QUOTED,
                                 (struct diagnostic_mark){"t.yaml", 4, 10, 35});
    node_add(signals, "temp", at, node_scalar("21", NODE_PLAIN, at));
    node_add(fleet, "signals", at, signals);
    struct validate_place place = {"payload", fleet};
    validate_scalar(n, schema_find("fleets.*.telemetry.payload"), &place, &list);
    CU_ASSERT_EQUAL(list.count, 1);
    CU_ASSERT_STRING_EQUAL(list.items[0].suggestion, "signal.temp");
    CU_ASSERT_EQUAL(list.items[0].mark.column, 30);
    CU_ASSERT_EQUAL(list.items[0].mark.length, 14);
    node_free(n);
    node_free(fleet);
    diagnostic_free(&list);
}

HARNESS_MAIN("scenario/validate_scalar", HARNESS_CASE(a_missing_unit_is_shown_with_its_key),
             HARNESS_CASE(quantities_stay_within_their_limits), HARNESS_CASE(words_stand_beside_quantities),
             HARNESS_CASE(booleans_and_integers), HARNESS_CASE(targets_are_urls_or_builtin),
             HARNESS_CASE(allow_lists_have_names_addresses_and_networks),
             HARNESS_CASE(templates_know_what_has_a_value_where), HARNESS_CASE(signals_of_the_fleet_are_known))
