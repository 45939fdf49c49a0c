#include "scenario/plan_payload.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/suggest.h"
#include "codec/senml.h"
#include "codec/sparkplug.h"
#include "scenario/plan_profiles.h"
#include "scenario/schema.h"
#include "scenario/value.h"

#define KEY(name) "fleets.*.telemetry.payload." name

static bool is_senml(enum payload_kind kind) {
    return kind == PAYLOAD_SENML_JSON || kind == PAYLOAD_SENML_CBOR;
}

static int signal_named(const struct fleet_group *g, const char *name) {
    for (unsigned i = 0; i < g->signal_count; i++)
        if (strcmp(g->signals[i].name, name) == 0)
            return (int)i;
    return -1;
}

static void report_unknown(const struct plan_build *b, const struct fleet_group *g, const struct node_entry *e) {
    const char *names[TEMPLATE_SIGNALS_MAX];
    for (unsigned i = 0; i < g->signal_count; i++)
        names[i] = g->signals[i].name;
    diagnostic_suggest(diagnostic_add(b->found, "E301", e->key_mark, "the fleet has no signal '%s'", e->key),
                       suggest_nearest(e->key, names, g->signal_count));
}

/* Keys that say nothing in this format. */
static void refuse_strangers(const struct plan_build *b, const struct node *n, enum payload_kind kind) {
    const struct {
        const char *key;
        bool wrong;
        const char *whose;
    } rows[] = {
        {"keys", kind != PAYLOAD_CBOR, "cbor"},
        {"base_name", !is_senml(kind), "senml-json and senml-cbor"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (rows[i].wrong && node_get(n, rows[i].key) != NULL)
            diagnostic_add(b->found, "E209", node_get(n, rows[i].key)->mark, "'%s' is for the formats %s", rows[i].key,
                           rows[i].whose);
}

/* The words of `type` are the names of types, in the order of their numbers, but for the texts. */
static uint8_t type_at(const struct node *n) {
    if (!value_given(n, KEY("signals.*.type")))
        return SPARKPLUG_UNKNOWN;
    const char *word = value_text_at(n, KEY("signals.*.type"));
    for (unsigned i = 1; i < SPARKPLUG_TYPES; i++)
        if (strcmp(sparkplug_type_name((enum sparkplug_type)i), word) == 0)
            return (uint8_t)i;
    CHECK(!"a type of the schema");
}

static void check_unit(const struct plan_build *b, const struct node *n, enum payload_kind kind, const char *unit) {
    const struct node *at = node_get(n, "unit");
    if (!is_senml(kind))
        diagnostic_add(b->found, "E209", at->mark, "'unit' is for the formats senml-json and senml-cbor");
    else if (!senml_unit_known(bytes_of_text(unit)))
        diagnostic_suggest(diagnostic_add(b->found, "E204", at->mark, "SenML has no unit '%s'", unit),
                           senml_unit_near(unit));
}

static void read_field(const struct plan_build *b, const struct fleet_group *g, const struct node_entry *e,
                       enum payload_kind kind, struct payload_field *f) {
    const struct node *n = e->value;
    const char *unit = value_text_at(n, KEY("signals.*.unit")), *name = value_text_at(n, KEY("signals.*.name"));
    f->name = plan_memory_bytes(b->memory, name == NULL ? e->key : name);
    if (value_given(n, KEY("signals.*.decimals")))
        f->decimals = (int8_t)value_integer_at(n, KEY("signals.*.decimals"));
    f->type = type_at(n);
    if (unit != NULL) {
        check_unit(b, n, kind, unit);
        f->unit = plan_memory_bytes(b->memory, unit);
    }
    bool text = g->signals[f->signal].kind == SIGNAL_CHOICE;
    if (text && (f->type != SPARKPLUG_UNKNOWN || f->decimals >= 0))
        diagnostic_add(b->found, "E209", n->mark, "signal '%s' is a text: it takes neither `type` nor `decimals`",
                       e->key);
    if (f->name.size > PLAN_PAYLOAD_NAME_MAX)
        diagnostic_add(b->found, "E205", n->mark, "a field's name has at most %d bytes", PLAN_PAYLOAD_NAME_MAX);
}

/* The listed signals; without a list all, in their order. */
static unsigned read_fields(const struct plan_build *b, const struct node *n, const struct fleet_group *g,
                            enum payload_kind kind, struct payload_field *fields) {
    const struct node *list = node_get(n, "signals");
    unsigned count = 0;
    if (list == NULL || list->kind != NODE_MAP) {
        for (unsigned i = 0; i < g->signal_count; i++)
            fields[count++] = (struct payload_field){
                .signal = (uint8_t)i, .decimals = -1, .name = plan_memory_bytes(b->memory, g->signals[i].name)};
        return count;
    }
    for (size_t i = 0; i < list->count; i++) {
        int signal = signal_named(g, list->entries[i].key);
        if (signal < 0) {
            report_unknown(b, g, &list->entries[i]);
            continue;
        }
        fields[count] = (struct payload_field){.signal = (uint8_t)signal, .decimals = -1};
        read_field(b, g, &list->entries[i], kind, &fields[count++]);
    }
    return count;
}

/* Only the first character of the whole has to be a letter or a digit. */
static bool fits_senml(struct bytes name, bool follows) {
    char whole[1 + PLAN_PAYLOAD_NAME_MAX] = "a";
    if (!follows || name.size > PLAN_PAYLOAD_NAME_MAX)
        return senml_name_valid(name);
    memcpy(whole + 1, name.data, name.size);
    return senml_name_valid(bytes_of(whole, 1 + name.size));
}

static void check_names(const struct plan_build *b, const struct node *n, const struct payload_format *f) {
    for (unsigned i = 0; i < f->field_count; i++) {
        struct bytes name = f->fields[i].name;
        for (unsigned k = 0; k < i; k++)
            if (bytes_equal(name, f->fields[k].name))
                diagnostic_help(diagnostic_add(b->found, "E112", n->mark, "two fields of the payload are called '%.*s'",
                                               (int)name.size, (const char *)name.data),
                                "give one of them another `name`");
        if (is_senml(f->kind) && !fits_senml(name, f->base_name.count > 0))
            diagnostic_add(b->found, "E208", n->mark, "'%.*s' is no name in SenML", (int)name.size,
                           (const char *)name.data);
    }
}

/* RFC 8949 section 4.2.1: by the bytes of the keys as they are encoded; numbers are counted off in that order already. */
static int by_key(const void *a, const void *b) {
    const struct payload_field *x = a, *y = b;
    if (x->name.size != y->name.size)
        return x->name.size < y->name.size ? -1 : 1;
    return memcmp(x->name.data, y->name.data, x->name.size);
}

static void add_time_and_mark(const struct plan_build *b, const struct node *n, struct payload_format *f,
                              struct payload_field *fields) {
    const char *mark = value_text_at(n, KEY("mark"));
    bool map = !is_senml(f->kind);
    if (map && f->time != PAYLOAD_TIME_NONE) {
        memmove(fields + 1, fields, f->field_count * sizeof *fields);
        fields[0] = (struct payload_field){.source = PAYLOAD_OF_TIME, .name = bytes_of_text("ts")};
        f->field_count++;
    }
    if (mark != NULL) {
        fields[f->field_count++] =
            (struct payload_field){.source = PAYLOAD_OF_MARK, .name = plan_memory_bytes(b->memory, mark)};
        f->has_mark = true;
    }
    uint32_t number = f->time == PAYLOAD_TIME_NONE ? 1 : 0;
    for (unsigned i = 0; i < f->field_count; i++)
        fields[i].number = number++;
}

const struct payload_format *plan_payload_format(const struct plan_build *b, const struct node *n,
                                                 const struct fleet_group *g) {
    enum { OWN_FIELDS = 2 };
    if (n == NULL || n->kind != NODE_MAP)
        return NULL;
    struct payload_format *f = plan_memory_take(b->memory, 1, sizeof *f);
    struct payload_field *fields = plan_memory_take(b->memory, TEMPLATE_SIGNALS_MAX + OWN_FIELDS, sizeof *fields);
    f->kind = (enum payload_kind)value_word_at(n, KEY("format"));
    f->time = (enum payload_time)value_word_at(n, KEY("time"));
    refuse_strangers(b, n, f->kind);
    f->numbered = f->kind == PAYLOAD_CBOR && value_word_at(n, KEY("keys")) == 1;
    if (is_senml(f->kind))
        f->base_name = plan_profiles_template(b, value_text_at(n, KEY("base_name")),
                                              schema_find(KEY("base_name"))->scope, NULL, 0);
    f->field_count = read_fields(b, n, g, f->kind, fields);
    if (f->field_count == 0) {
        diagnostic_help(diagnostic_add(b->found, "E406", n->mark, "the payload carries no signal"),
                        "give fleets.%s some `signals`", g->fleet);
        return NULL;
    }
    add_time_and_mark(b, n, f, fields);
    f->fields = fields;
    check_names(b, n, f);
    if (f->kind == PAYLOAD_CBOR && !f->numbered)
        qsort(fields, f->field_count, sizeof *fields, by_key);
    return f;
}
