#include "scenario/plan_filters.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "device/payload.h"
#include "mqtt/mqtt_topic.h"

/* --- one topic -------------------------------------------------------------------------------------------------------- */

/* The level being written: from `level` on, `varies` if anything in it does. */
struct writing {
    struct text *out;
    size_t level;
    bool varies, deep; /* deep: what varies may have slashes of its own */
};

static void end_level(struct writing *w) {
    if (!w->varies)
        return;
    w->out->size = w->level;
    text_append(w->out, w->deep ? "#" : "+");
    w->varies = false;
}

static void write_literal(struct writing *w, const char *data, size_t size) {
    for (size_t i = 0; i < size && !w->deep; i++) {
        if (data[i] == '/') {
            end_level(w);
            text_append(w->out, "/");
            w->level = w->out->size;
        } else if (!w->varies) {
            text_append_n(w->out, &data[i], 1);
        }
    }
}

static bool has_slashes(const struct fleet_group *g, const struct template_token *t) {
    const struct signal *s = &g->signals[t->signal];
    for (unsigned i = 0; s->kind == SIGNAL_CHOICE && i < s->word_count; i++)
        if (strchr(s->words[i], '/') != NULL)
            return true;
    return false;
}

static void write_token(struct writing *w, const struct plan *p, const struct fleet_group *g,
                        const struct template_token *token, uint32_t device) {
    uint8_t buffer[512];
    struct bytes_writer rendered = bytes_writer_of(buffer, sizeof buffer);
    struct template alone = {.tokens = (struct template_token *)(uintptr_t)token, .count = 1};
    bool any = device == PLAN_FILTERS_ANY_DEVICE;
    struct payload_context context = {.group = g, .run_id = p->run_id, .seed = p->seed, .device = any ? 0 : device};
    context.index = any ? 0 : device - p->fleets[g->fleet_index].first;
    switch ((enum template_kind)token->kind) {
    case TEMPLATE_LITERAL:
        write_literal(w, (const char *)token->text.data, token->text.size);
        return;
    case TEMPLATE_DEVICE_ID:
    case TEMPLATE_DEVICE_INDEX:
    case TEMPLATE_DEVICE_IMEI:
        w->varies = w->varies || any;
        break;
    case TEMPLATE_DEVICE_REGION:
    case TEMPLATE_DEVICE_FLEET:
    case TEMPLATE_DEVICE_PROFILE:
    case TEMPLATE_RUN_ID:
        break;
    case TEMPLATE_SIGNAL:
        w->deep = w->deep || has_slashes(g, token);
        w->varies = true;
        break;
    default:
        w->varies = true;
        break;
    }
    if (!w->varies && payload_render(&alone, &context, &rendered) == 0)
        write_literal(w, (const char *)buffer, bytes_written(&rendered));
}

void plan_filters_of_stream(const struct plan *p, const struct fleet_group *g, const struct telemetry *t,
                            uint32_t device, struct text *out) {
    struct writing w = {.out = out, .level = out->size};
    for (unsigned i = 0; i < t->topic.count && !w.deep; i++)
        write_token(&w, p, g, &t->topic.tokens[i], device);
    end_level(&w);
}

/* --- a set of filters ------------------------------------------------------------------------------------------------- */

static void drop(struct plan_filters *f, unsigned i) {
    free(f->all[i]);
    f->all[i] = f->all[--f->count];
}

static void append(struct plan_filters *f, const char *filter) {
    if (f->count == f->room) {
        f->room = f->room == 0 ? 16 : 2 * f->room;
        f->all = realloc(f->all, f->room * sizeof *f->all);
        CHECK(f->all != NULL);
    }
    f->all[f->count] = strdup(filter);
    CHECK(f->all[f->count] != NULL);
    f->count++;
}

/* The narrowest filter that covers two that overlap: levels that differ become '+', and where one of them ends in '#', so does it. */
static char *cover_both(const char *a, const char *b) {
    struct text out = {0};
    while (*a != '\0' || *b != '\0') {
        size_t size_a = strcspn(a, "/"), size_b = strcspn(b, "/");
        if (*a == '#' || *b == '#' || *a == '\0' || *b == '\0') {
            text_append(&out, "#");
            break;
        }
        if (size_a == size_b && memcmp(a, b, size_a) == 0)
            text_append_n(&out, a, size_a);
        else
            text_append(&out, "+");
        a += size_a;
        b += size_b;
        if (*a == '/' || *b == '/')
            text_append(&out, "/");
        a += *a == '/';
        b += *b == '/';
    }
    char *joined = strdup(text_get(&out));
    CHECK(joined != NULL);
    text_free(&out);
    return joined;
}

void plan_filters_add(struct plan_filters *f, const char *filter) {
    char *wanted = strdup(filter);
    CHECK(wanted != NULL);
    for (unsigned i = f->device_from; i < f->count;) {
        if (!mqtt_topic_overlaps(bytes_of_text(f->all[i]), bytes_of_text(wanted))) {
            i++;
            continue;
        }
        char *joined = cover_both(f->all[i], wanted);
        drop(f, i);
        free(wanted);
        wanted = joined;
        i = f->device_from; /* what did not overlap before may do so now */
    }
    append(f, wanted);
    free(wanted);
}

void plan_filters_add_stream(struct plan_filters *f, const struct plan *p, const struct fleet_group *g,
                             const struct telemetry *t, uint32_t device) {
    struct text filter = {0};
    plan_filters_of_stream(p, g, t, device, &filter);
    plan_filters_add(f, text_get(&filter));
    text_free(&filter);
}

void plan_filters_begin_device(struct plan_filters *f) {
    f->device_from = f->count;
}

static int compare(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void plan_filters_join(struct plan_filters *f) {
    if (f->count == 0)
        return;
    qsort(f->all, f->count, sizeof *f->all, compare);
    unsigned kept = 1;
    for (unsigned i = 1; i < f->count; i++)
        if (strcmp(f->all[i], f->all[kept - 1]) == 0)
            free(f->all[i]);
        else
            f->all[kept++] = f->all[i];
    f->count = kept;
    f->device_from = 0;
}

void plan_filters_free(struct plan_filters *f) {
    for (unsigned i = 0; i < f->count; i++)
        free(f->all[i]);
    free(f->all);
    *f = (struct plan_filters){0};
}
