#include "report/resolved.h"

#include <string.h>

#include "base/version.h"
#include "scenario/node_write.h"

/* A reader of the file gets its comments at the head from resolved_write: they are about the file. */
static size_t head_size(const char *text, size_t size) {
    size_t at = 0;
    while (at < size && text[at] == '#') {
        const char *end = memchr(text + at, '\n', size - at);
        at = end != NULL ? (size_t)(end - text) + 1 : size;
    }
    return at;
}

void resolved_body(struct text *out, const struct report *r) {
    if (r->resolved == NULL) {
        node_write_yaml(r->facts->plan->root, true, out);
        return;
    }
    size_t head = head_size(r->resolved, r->resolved_size);
    text_append_n(out, r->resolved + head, r->resolved_size - head);
}

void resolved_write(struct text *out, const struct report *r) {
    text_printf(
        out, "# As muster %s read it: includes, inheritance and options applied; each value with where it was set.\n",
        VERSION_TEXT);
    if (!r->facts->plan->seed_given)
        text_printf(out, "# The seed was drawn: run it with --seed %llu to repeat it.\n",
                    (unsigned long long)r->facts->plan->seed);
    resolved_body(out, r);
}
