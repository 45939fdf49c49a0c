#include "scenario/plan_tls.h"

#include <limits.h>
#include <string.h>

#include "base/check.h"
#include "crypto/crypto_hex.h"
#include "scenario/include.h"
#include "scenario/plan_memory.h"
#include "scenario/plan_observe.h"
#include "scenario/value.h"

enum { PSK_BYTES_MAX = 32 };

static const char *const target_keys[] = {"ca", "crl", "server_name", "alpn", "insecure"};

const char *plan_tls_path(const struct plan_build *b, const struct node *n) {
    const char *text = n == NULL ? NULL : node_text(n);
    char directory[PATH_MAX];
    if (text == NULL)
        return NULL;
    if (text[0] == '/' || n->mark.file == NULL)
        return plan_memory_text(b->memory, text);
    return plan_memory_format(b->memory, "%s/%s", include_directory(n->mark.file, directory, sizeof directory), text);
}

static void add_protocol(const struct plan_build *b, const struct node *n, struct target_tls *tls) {
    const char *text = node_text(n);
    unsigned count = 0;
    while (tls->alpn[count] != NULL)
        count++;
    if (text == NULL || text[0] == '\0' || strlen(text) > UINT8_MAX)
        diagnostic_add(b->found, "E432", n->mark, "a protocol's name has 1 to 255 bytes");
    else if (count == TARGET_ALPN_MAX)
        diagnostic_add(b->found, "E432", n->mark, "more than %d protocols", TARGET_ALPN_MAX);
    else
        tls->alpn[count] = plan_memory_text(b->memory, text);
}

void plan_tls_target(const struct plan_build *b, const struct node *n, const struct target *t, struct target_tls *tls) {
    tls->ca = plan_tls_path(b, node_get(n, "ca"));
    tls->crl = plan_tls_path(b, node_get(n, "crl"));
    tls->insecure = value_bool_at(n, "targets.*.insecure");
    const char *name = value_text_at(n, "targets.*.server_name");
    for (unsigned i = 0; name != NULL && i < t->node_count; i++)
        tls->names[i] = plan_memory_text(b->memory, name);
    const struct node *alpn = node_get(n, "alpn");
    if (alpn != NULL && alpn->kind == NODE_SCALAR)
        add_protocol(b, alpn, tls);
    for (size_t i = 0; alpn != NULL && alpn->kind == NODE_LIST && i < alpn->count; i++)
        add_protocol(b, alpn->entries[i].value, tls);
    if (tls->insecure && (tls->ca != NULL || tls->crl != NULL))
        diagnostic_help(diagnostic_add(b->found, "W401", node_get(n, "insecure")->mark,
                                       "`insecure` believes everybody, whatever `ca` and `crl` say"),
                        "take one of them out");
}

void plan_tls_unused(const struct plan_build *b, const struct node *n) {
    for (size_t i = 0; i < COUNT_OF(target_keys); i++) {
        const struct node *key = node_get(n, target_keys[i]);
        if (key != NULL)
            diagnostic_help(
                diagnostic_add(b->found, "W401", key->mark, "`%s` has no effect without TLS", target_keys[i]),
                "write mqtts:// in the target's url");
    }
}

/* A key that is no template can be looked at now. */
static bool is_key(const struct template *t) {
    uint8_t key[PSK_BYTES_MAX];
    size_t size = 0;
    if (t->count != 1 || t->tokens[0].kind != TEMPLATE_LITERAL)
        return true;
    const struct bytes text = t->tokens[0].text;
    return crypto_hex_decode((const char *)text.data, text.size, key, sizeof key, &size) == 0 && size > 0;
}

void plan_tls_identity(const struct plan_build *b, const struct node *n, const struct identity *who) {
    int kind = value_word_at(n, "identities.*.kind");
    bool certificate = kind == 2, psk = kind == 3;
    if (certificate && (who->certificate == NULL || who->private_key == NULL))
        diagnostic_help(diagnostic_add(b->found, "E432", n->mark, "identities.%s lacks its %s", who->name,
                                       who->certificate == NULL ? "certificate" : "private key"),
                        "write kind: certificate, certificate: FILE, private_key: FILE");
    bool has_both = who->psk_id.count > 0 && who->psk_key.count > 0;
    if (psk && !has_both)
        diagnostic_help(diagnostic_add(b->found, "E432", n->mark, "identities.%s lacks the %s of its shared key",
                                       who->name, who->psk_id.count == 0 ? "name" : "value"),
                        "write kind: psk, psk_id: TEXT, psk_key: HEX");
    else if (psk && !is_key(&who->psk_key)) /* its text is not shown: it may be a real one */
        diagnostic_help(diagnostic_add(b->found, "E432", node_get(n, "psk_key")->mark,
                                       "identities.%s.psk_key is no key", who->name),
                        "a shared key is 2 to %d hexadecimal digits, two for each byte", 2 * PSK_BYTES_MAX);
}

/* The independent client beside the fleet speaks plain MQTT alone. */
static const struct node *observed(const struct plan_build *b) {
    const struct node *n = node_get(b->root, "observe");
    const struct node *sys = node_get(node_get(n, "backend"), "sys_topics");
    if (plan_observe_wanted(b->root))
        return n;
    return sys != NULL && node_text(sys) != NULL && strcmp(node_text(sys), "true") == 0 ? sys : NULL;
}

static void check_group(const struct plan_build *b, const struct fleet_group *g) {
    const struct identity *who = g->identity;
    const struct node *n = who == NULL ? NULL : node_get(node_get(b->root, "identities"), who->name);
    if (n != NULL && g->target->tls == NULL && (who->certificate != NULL || who->has_psk))
        diagnostic_help(diagnostic_add(b->found, "W401", n->mark,
                                       "identities.%s is shown by TLS, which fleets.%s does not use", who->name,
                                       g->fleet),
                        "write mqtts:// in its target's url");
}

void plan_tls_check(const struct plan_build *b) {
    const struct plan *p = b->plan;
    bool secure = false;
    for (unsigned g = 0; g < p->group_count; g++) {
        secure = secure || p->groups[g].target->tls != NULL;
        if (g == 0 || p->groups[g].fleet != p->groups[g - 1].fleet)
            check_group(b, &p->groups[g]);
    }
    if (!secure || p->virtual_time)
        return;
    const struct node *who = observed(b);
    if (who != NULL)
        diagnostic_help(diagnostic_add(b->found, "E432", who->mark, "the observer does not speak TLS"),
                        "write observe: none, or give it a plain listener's target");
    for (unsigned i = 0; i < p->action_count; i++)
        if (p->actions[i].verb == DO_COMMAND) {
            diagnostic_add(b->found, "E432", b->root->mark,
                           "commands are sent by the observer, which does not speak TLS");
            return;
        }
}
