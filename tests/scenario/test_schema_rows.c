#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/action.h"
#include "device/profile.h"
#include "scenario/load.h"
#include "scenario/schema.h"
#include "scenario/validate_scalar.h"

static bool is_container(const struct schema_row *row) {
    return row->kind == SCHEMA_MAP || row->kind == SCHEMA_NAMED || row->kind == SCHEMA_LIST;
}

static void every_row_has_a_parent_before_it_and_a_sentence(void) {
    for (const struct schema_row *row = &schema_rows[1]; row->path != NULL; row++) {
        char parent[128];
        const char *dot = strrchr(row->path, '.');
        snprintf(parent, sizeof parent, "%.*s", dot == NULL ? 0 : (int)(dot - row->path), row->path);
        const struct schema_row *above = schema_find(parent);
        CU_ASSERT(above != NULL && above < row);
        CU_ASSERT(schema_next_child(above, row) == NULL || schema_next_child(above, row) > row);
        CU_ASSERT(row->doc != NULL && row->doc[strlen(row->doc) - 1] == '.');
        CU_ASSERT(row->since != NULL);
        CU_ASSERT_PTR_EQUAL(schema_find(row->path), row); /* no path twice */
    }
}

static void kinds_have_what_they_need(void) {
    for (const struct schema_row *row = &schema_rows[1]; row->path != NULL; row++) {
        if (row->kind == SCHEMA_WORD)
            CU_ASSERT(row->words != NULL && row->words[0] != NULL && row->words[1] != NULL);
        if (row->kind == SCHEMA_NAMED)
            CU_ASSERT_PTR_NOT_NULL(schema_child(row, "*"));
        if (row->kind == SCHEMA_LIST)
            CU_ASSERT_PTR_NOT_NULL(schema_item(row));
        if (row->kind == SCHEMA_REFERENCE)
            CU_ASSERT(row->refers != NULL && (strcmp(row->refers, "regions") == 0 || schema_find(row->refers) != NULL));
        if (row->kind == SCHEMA_TEMPLATE)
            CU_ASSERT(row->scope != 0);
        if (!is_container(row))
            CU_ASSERT_PTR_NOT_NULL(row->example);
        CU_ASSERT(row->standard == NULL || (row->flags & SCHEMA_REQUIRED) == 0);
    }
}

static void judge(const struct schema_row *row, const char *text, const char *what) {
    struct diagnostic_list list;
    diagnostic_init(&list);
    char *flag = text_format("x=%s", text);
    const char *name = diagnostic_source(&list, "example", flag, strlen(flag));
    struct node *n = load_value(name, flag, 2, &list);
    struct validate_place place = {schema_last(row), NULL};
    for (size_t i = 0; n != NULL && n->kind == NODE_LIST && i < n->count; i++)
        if (n->entries[i].value->kind == NODE_SCALAR)
            validate_scalar(n->entries[i].value, row, &place, &list);
    if (n != NULL && n->kind == NODE_SCALAR)
        validate_scalar(n, row, &place, &list);
    CU_ASSERT(n != NULL);
    CU_ASSERT_EQUAL(list.errors, 0);
    if (list.errors > 0)
        printf("%s: %s '%s': %s\n", row->path, what, text, list.items[0].message);
    node_free(n);
    diagnostic_free(&list);
    free(flag);
}

static void defaults_and_examples_are_valid(void) {
    for (const struct schema_row *row = &schema_rows[1]; row->path != NULL; row++) {
        if (row->standard != NULL && row->standard[0] != '\0' && row->kind != SCHEMA_TEMPLATE && !is_container(row))
            judge(row, row->standard, "default");
        if (row->example != NULL && !is_container(row))
            judge(row, row->example, "example");
    }
}

static void words_stand_in_the_order_of_the_device_s_enums(void) {
    const struct schema_row *policy = schema_find("profiles.*.reconnect.policy"),
                            *jitter = schema_find("profiles.*.reconnect.jitter"),
                            *on_full = schema_find("profiles.*.buffer.on_full"), *how = schema_find("timeline.[].how"),
                            *pace = schema_find("fleets.*.telemetry.pace"),
                            *set = schema_find("timeline.[].set.reconnect.jitter");
    CU_ASSERT(schema_word(policy, "quadratic") == RECONNECT_QUADRATIC &&
              schema_word(policy, "never") == RECONNECT_NEVER);
    CU_ASSERT(schema_word(jitter, "none") == JITTER_NONE && schema_word(jitter, "decorrelated") == JITTER_DECORRELATED);
    CU_ASSERT_PTR_EQUAL(schema_word(set, "equal") == JITTER_EQUAL ? jitter : NULL, jitter);
    CU_ASSERT(schema_word(on_full, "drop_newest") == BUFFER_DROP_NEWEST);
    CU_ASSERT(schema_word(how, "silent") == LINK_SILENT && schema_word(how, "refuse") == LINK_REFUSE &&
              schema_word(how, "captive") == LINK_CAPTIVE);
    CU_ASSERT(schema_word(pace, "closed") == PACE_CLOSED);
    CU_ASSERT(schema_word(schema_find("fleets.*.telemetry.alignment"), "wallclock") == ALIGN_WALLCLOCK);
}

static void verbs_and_states_are_the_device_s(void) {
    const struct schema_row *verbs = schema_find("timeline.[].do"), *state = schema_find("timeline.[].who.state");
    for (int v = 0; v < ACTION_VERBS; v++) {
        bool lasts = (schema_find("timeline.[].for")->verbs & SCHEMA_VERB(v)) != 0;
        bool selects = (schema_find("timeline.[].who")->verbs & SCHEMA_VERB(v)) != 0;
        CU_ASSERT_EQUAL(schema_word(verbs, action_verbs[v].name), v);
        CU_ASSERT_EQUAL(lasts, action_verbs[v].undoable);
        CU_ASSERT_EQUAL(selects, action_verbs[v].per_device);
    }
    CU_ASSERT_PTR_NULL(verbs->words[ACTION_VERBS]);
    for (int i = 0; state->words[i] != NULL; i++) {
        bool known = false;
        for (const char *const *w = state_variables[VAR_STATE].words; *w != NULL; w++)
            known = known || strcmp(*w, state->words[i]) == 0;
        CU_ASSERT(known);
    }
}

/* What `set` and `link` may change is known to the device's table; here each value stands twice, where it is set and where it begins. */
static void settable_rows_are_the_device_s_settings(void) {
    int settable = 0;
    for (const struct schema_row *row = schema_rows; row->path != NULL; row++)
        settable += (row->flags & SCHEMA_SETTABLE) != 0;
    CU_ASSERT_EQUAL(settable, SETTING_KEYS);
    for (int i = 0; i < SETTING_KEYS; i++) {
        const char *path = setting_rows[i].path;
        bool link = strncmp(path, "network.", 8) == 0, stream = strncmp(path, "telemetry.", 10) == 0;
        char origin[128], setter[128];
        snprintf(origin, sizeof origin, "%s.*.%s",
                 link     ? "networks"
                 : stream ? "fleets"
                          : "profiles",
                 link ? path + 8 : path);
        snprintf(setter, sizeof setter, "timeline.[].set.%s", link ? path + 8 : path);
        const struct schema_row *from = schema_find(origin), *to = schema_find(setter);
        CU_ASSERT(from != NULL && (from->flags & SCHEMA_SETTABLE) != 0);
        CU_ASSERT_PTR_NOT_NULL(to);
        if (from == NULL || to == NULL)
            continue;
        CU_ASSERT(to->kind == from->kind && to->dimension == from->dimension && to->min == from->min &&
                  to->max == from->max);
        CU_ASSERT_EQUAL(to->verbs, SCHEMA_VERB(link ? DO_LINK : DO_SET));
    }
}

static void keys_of_later_versions_are_unknown(void) {
    static const char *const later[] = {"behaviours",      "suites",           "profiles.*.firmware",
                                        "profiles.*.dtls", "profiles.*.lwm2m", "timeline.[].http"};
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++)
        CU_ASSERT_PTR_NULL(schema_find(later[i]));
}

HARNESS_MAIN("scenario/schema_rows", HARNESS_CASE(every_row_has_a_parent_before_it_and_a_sentence),
             HARNESS_CASE(kinds_have_what_they_need), HARNESS_CASE(defaults_and_examples_are_valid),
             HARNESS_CASE(words_stand_in_the_order_of_the_device_s_enums),
             HARNESS_CASE(verbs_and_states_are_the_device_s), HARNESS_CASE(settable_rows_are_the_device_s_settings),
             HARNESS_CASE(keys_of_later_versions_are_unknown))
