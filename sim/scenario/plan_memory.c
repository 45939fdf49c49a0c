#include "scenario/plan_memory.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/text.h"

struct piece {
    struct piece *next;
    void (*release)(void *);
    void *what;
};

struct plan_memory {
    struct piece *latest;
};

struct plan_memory *plan_memory_new(void) {
    struct plan_memory *m = calloc(1, sizeof *m);
    CHECK(m != NULL);
    return m;
}

void plan_memory_free(struct plan_memory *m) {
    if (m == NULL)
        return;
    while (m->latest != NULL) {
        struct piece *p = m->latest;
        m->latest = p->next;
        p->release(p->what);
        free(p);
    }
    free(m);
}

void plan_memory_defer(struct plan_memory *m, void (*release)(void *), void *what) {
    struct piece *p = calloc(1, sizeof *p);
    CHECK(p != NULL);
    *p = (struct piece){m->latest, release, what};
    m->latest = p;
}

void *plan_memory_take(struct plan_memory *m, size_t count, size_t size) {
    void *block = calloc(count > 0 ? count : 1, size);
    CHECK(block != NULL);
    plan_memory_defer(m, free, block);
    return block;
}

char *plan_memory_text(struct plan_memory *m, const char *text) {
    char *copy = text_dup(text);
    plan_memory_defer(m, free, copy);
    return copy;
}

char *plan_memory_format(struct plan_memory *m, const char *format, ...) {
    struct text t = {0};
    va_list args;
    va_start(args, format);
    text_vprintf(&t, format, args);
    va_end(args);
    char *made = plan_memory_text(m, text_get(&t));
    text_free(&t);
    return made;
}

struct bytes plan_memory_bytes(struct plan_memory *m, const char *text) {
    return bytes_of_text(plan_memory_text(m, text));
}
