#include "report/resolved.h"

#include "base/version.h"
#include "scenario/node_write.h"

void resolved_write(struct text *out, const struct report *r) {
    text_printf(
        out, "# As muster %s read it: includes, inheritance and options applied; each value with where it was set.\n",
        VERSION_TEXT);
    if (!r->facts->plan->seed_given)
        text_printf(out, "# The seed was drawn: run it with --seed %llu to repeat it.\n",
                    (unsigned long long)r->facts->plan->seed);
    node_write_yaml(r->facts->plan->root, true, out);
}
