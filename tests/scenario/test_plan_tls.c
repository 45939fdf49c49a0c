#include "scenario/plan_tls.h"

#include <stdio.h>
#include <string.h>

#include "compiled.h"
#include "harness.h"

static struct compiled with(const char *target, const char *identity, const char *more) {
    char text[1500];
    snprintf(text, sizeof text,
             "version: 1\nduration: 1min\ntargets: {broker: {%s}}\nidentities: {own: {%s}}\n"
             "fleets: {a: {count: 3, identity: own, telemetry: {every: 1s, topic: t, payload: \"random(64B)\"}}}\n"
             "timeline: [{do: connect, who: all}]\n%s",
             target, identity, more);
    return compiled_with(text, &(struct plan_options){.skip_resources = true});
}

static void found(struct compiled c, const char *code, const char *words) {
    bool there = compiled_found(&c, code, words);
    CU_ASSERT_TRUE(there);
    if (!there)
        compiled_print(&c);
    compiled_free(&c);
}

static void a_target_with_mqtts_has_what_its_keys_say(void) {
    struct compiled c =
        with("url: [\"mqtts://127.0.0.1\", \"mqtts://127.0.0.2:9\"], ca: pki/ca.pem, crl: /etc/crl.pem, "
             "server_name: broker.example, alpn: [x, mqtt]",
             "kind: none", "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    const struct target *t = &c.plan->targets[0];
    CU_ASSERT_PTR_NOT_NULL_FATAL(t->tls);
    CU_ASSERT_EQUAL(t->transport, TRANSPORT_TLS);
    CU_ASSERT_EQUAL(ntohs(t->nodes[0].v4.sin_port), 8883);
    CU_ASSERT_EQUAL(ntohs(t->nodes[1].v4.sin_port), 9);
    CU_ASSERT_PTR_NOT_NULL(strstr(t->tls->ca, "pki/ca.pem"));
    CU_ASSERT_STRING_EQUAL(t->tls->crl, "/etc/crl.pem");
    CU_ASSERT_STRING_EQUAL(t->tls->names[0], "broker.example");
    CU_ASSERT_STRING_EQUAL(t->tls->names[1], "broker.example");
    CU_ASSERT_STRING_EQUAL(t->tls->alpn[0], "x");
    CU_ASSERT_STRING_EQUAL(t->tls->alpn[1], "mqtt");
    CU_ASSERT_PTR_NULL(t->tls->alpn[2]);
    CU_ASSERT_FALSE(t->tls->insecure);
    compiled_free(&c);
}

static void without_keys_the_name_is_that_of_the_url(void) {
    struct compiled c =
        compiled_with("version: 1\nduration: 1min\ntarget: [mqtts://127.0.0.1, mqtts://broker.example]\n"
                      "fleets: {a: {count: 3}}\n",
                      &(struct plan_options){.skip_resources = true});
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan->targets[0].tls);
    CU_ASSERT_PTR_NULL(c.plan->targets[0].tls->ca);
    CU_ASSERT_STRING_EQUAL(c.plan->targets[0].tls->names[0], "127.0.0.1");
    CU_ASSERT_STRING_EQUAL(c.plan->targets[0].tls->names[1], "broker.example");
    compiled_free(&c);
}

static void identities_say_what_they_show(void) {
    struct compiled c = with("url: \"mqtts://127.0.0.1\"",
                             "kind: certificate, user: me, certificate: a.pem, private_key: keys/a.key", "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    const struct identity *who = c.plan->groups[0].identity;
    CU_ASSERT_PTR_NOT_NULL(strstr(who->certificate, "a.pem"));
    CU_ASSERT_PTR_NOT_NULL(strstr(who->private_key, "keys/a.key"));
    CU_ASSERT_TRUE(who->has_user && !who->has_psk);
    compiled_free(&c);
    c = with("url: \"mqtts://127.0.0.1\"",
             "kind: psk, psk_id: \"${device.id}\", psk_key: \"hmac(${secret.K}, ${device.id})\"", "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(c.plan);
    who = c.plan->groups[0].identity;
    CU_ASSERT_TRUE(who->has_psk && who->psk_id.count > 0 && who->psk_key.count > 0);
    CU_ASSERT_PTR_NULL(who->certificate);
    compiled_free(&c);
}

static void what_lacks_a_part_is_an_error(void) {
    found(with("url: \"mqtts://127.0.0.1\"", "kind: certificate, certificate: a.pem", ""), "E432",
          "lacks its private key");
    found(with("url: \"mqtts://127.0.0.1\"", "kind: certificate", ""), "E432", "lacks its certificate");
    found(with("url: \"mqtts://127.0.0.1\"", "kind: psk, psk_key: \"00\"", ""), "E432", "lacks the name");
    found(with("url: \"mqtts://127.0.0.1\"", "kind: psk, psk_id: a", ""), "E432", "lacks the value");
    found(with("url: \"mqtts://127.0.0.1\"", "kind: psk, psk_id: a, psk_key: xyz", ""), "E432", "is no key");
    found(with("url: [\"mqtts://127.0.0.1\", \"mqtt://127.0.0.2\"]", "kind: none", ""), "E401", "reached by TLS");
}

static void keys_without_tls_have_no_effect(void) {
    found(with("url: \"mqtt://127.0.0.1\", ca: a.pem", "kind: none", ""), "W401", "`ca` has no effect");
    found(with("url: \"mqtt://127.0.0.1\"", "kind: psk, psk_id: a, psk_key: \"00\"", ""), "W401", "is shown by TLS");
    found(with("url: \"mqtts://127.0.0.1\", ca: a.pem, insecure: true", "kind: none", ""), "W401",
          "believes everybody");
}

static void the_observer_speaks_no_tls(void) {
    found(with("url: \"mqtts://127.0.0.1\"", "kind: none", "observe: all\n"), "E432", "the observer does not speak");
    struct compiled c = with("url: \"mqtt://127.0.0.1\"", "kind: none", "observe: all\n");
    CU_ASSERT_PTR_NOT_NULL(c.plan);
    compiled_free(&c);
}

HARNESS_MAIN("plan_tls", HARNESS_CASE(a_target_with_mqtts_has_what_its_keys_say),
             HARNESS_CASE(without_keys_the_name_is_that_of_the_url), HARNESS_CASE(identities_say_what_they_show),
             HARNESS_CASE(what_lacks_a_part_is_an_error), HARNESS_CASE(keys_without_tls_have_no_effect),
             HARNESS_CASE(the_observer_speaks_no_tls))
