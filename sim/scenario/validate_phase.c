#include <string.h>

#include "base/check.h"
#include "base/suggest.h"
#include "scenario/validate.h"

static const char *const implicit[] = {"ramp", "steady", "settle"};

size_t validate_phase_names(const struct node *root, const char **names, size_t max) {
    const struct node *timeline = node_get(root, "timeline");
    size_t count = 0;
    for (size_t i = 0; timeline != NULL && timeline->kind == NODE_LIST && i < timeline->count && count < max; i++) {
        const char *id = node_text(node_get(timeline->entries[i].value, "id"));
        if (id != NULL && id[0] != '\0')
            names[count++] = id;
    }
    for (size_t i = 0; i < COUNT_OF(implicit) && count < max; i++)
        names[count++] = implicit[i];
    return count;
}

bool validate_phase_exists(const struct node *root, const char *id) {
    const char *names[VALIDATE_PHASES_MAX];
    size_t count = validate_phase_names(root, names, VALIDATE_PHASES_MAX);
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], id) == 0)
            return true;
    return false;
}

const char *validate_phase_nearest(const struct node *root, const char *id) {
    const char *names[VALIDATE_PHASES_MAX];
    return suggest_nearest(id, names, validate_phase_names(root, names, VALIDATE_PHASES_MAX));
}
