#include "scenario/plan_rate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/units.h"
#include "scenario/value.h"

/* Appends a duration divided by `rate`; what is no duration, such as the alpha of a pareto, as it is. */
static void append_scaled(struct text *out, const char *text, size_t size, double rate) {
    struct units_quantity q;
    char why[VALUE_WHY_MAX], number[48];
    if (units_parse(text, size, &q, why, sizeof why) < 0 || q.dimension != UNITS_DURATION) {
        text_append_n(out, text, size);
        return;
    }
    int length = snprintf(number, sizeof number, "%.9f", q.value / rate / (double)SPAN_S);
    while (number[length - 1] == '0')
        length--;
    length -= number[length - 1] == '.';
    text_append_n(out, number, (size_t)length);
    text_append(out, "s");
}

char *plan_rate_scaled(const char *every, double rate) {
    struct text out = {0};
    struct value_call call;
    char why[VALUE_WHY_MAX];
    if (!value_call_begins(every)) {
        append_scaled(&out, every, strlen(every), rate);
        return text_take(&out);
    }
    CHECK(value_call(every, &call, why) == 0); /* validated */
    text_append_n(&out, call.name, call.name_size);
    for (int i = 0; i < call.count; i++) {
        const struct value_argument *a = &call.arguments[i];
        text_append(&out, i == 0 ? "(" : ", ");
        if (a->key != NULL) {
            text_append_n(&out, a->key, a->key_size);
            text_append(&out, "=");
        }
        append_scaled(&out, a->text, a->size, rate);
    }
    text_append(&out, ")");
    return text_take(&out);
}

static void scale_key(struct node *map, const char *key, double rate) {
    struct node *value = node_get(map, key);
    if (node_is_empty(value))
        return;
    char *scaled = plan_rate_scaled(node_text(value), rate);
    node_set_text(value, scaled);
    free(scaled);
}

static void scale_stream(struct node *stream, double rate) {
    const struct node *messages = node_get(stream, "messages");
    scale_key(stream, "every", rate);
    scale_key(stream, "first", rate);
    scale_key(node_get(stream, "motion"), "still", rate);
    for (size_t i = 0; messages != NULL && i < messages->count; i++)
        scale_key(messages->entries[i].value, "at", rate);
}

/* One stream's map, or a list of them. */
static void scale_streams(struct node *telemetry, double rate) {
    if (telemetry == NULL || telemetry->kind == NODE_SCALAR)
        return;
    size_t count = telemetry->kind == NODE_LIST ? telemetry->count : 1;
    for (size_t i = 0; i < count; i++)
        scale_stream(telemetry->kind == NODE_LIST ? telemetry->entries[i].value : telemetry, rate);
}

void plan_rate_scale(struct node *root, double rate) {
    struct node *fleets = node_get(root, "fleets"), *timeline = node_get(root, "timeline");
    for (size_t i = 0; fleets != NULL && i < fleets->count; i++)
        scale_streams(node_get(fleets->entries[i].value, "telemetry"), rate);
    for (size_t i = 0; timeline != NULL && i < timeline->count; i++)
        scale_streams(node_get(node_get(timeline->entries[i].value, "set"), "telemetry"), rate);
}
